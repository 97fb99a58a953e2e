"""What authors of graders and mistakes import; everything else is the engine's own.

Graders are pytest functions marked ``@pytest.mark.exercise("half", weight=1, seconds=5)`` (and
``@pytest.mark.slow``) that take the fixtures they need: ``same``, ``student``, ``reference`` and
``draw``. The first line of a grader's docstring is what students read.

    @pytest.mark.exercise("half")
    def test_any_table(same, draw):
        '''Halves every number of a table, and refuses a text.'''
        same.half(draw(4, 3))
        same(raises=TypeError).half("four")

    @mistake("half", "What is half of four?")
    def doubles(x):
        return 2 * x
"""

from autograder.authoring.own_work import AUTOGRAD, assert_own_work
from autograder.authoring.probes import (
    as_text,
    asked_of_curves,
    from_transposed,
    gradients,
    neighbours,
    operations,
    stays,
    transposed,
    where_results_live,
)
from autograder.course.mistakes import alternative, mistake
from autograder.grading.compare import assert_same, require

__all__ = [
    "AUTOGRAD", "alternative", "as_text", "asked_of_curves", "assert_own_work", "assert_same",
    "from_transposed", "gradients", "mistake", "neighbours", "operations", "require", "stays",
    "transposed", "where_results_live",
]  # fmt: skip
