"""What authors of graders and mistakes import; everything else is the engine's own.

Graders are pytest functions marked ``@pytest.mark.exercise("linear", weight=1, seconds=5)`` (and
``@pytest.mark.slow``) that take the fixtures they need: ``same``, ``student``, ``reference`` and
``draw``. The first line of a grader's docstring is what students read.

    @pytest.mark.exercise("linear")
    def test_square_weights(same, draw):
        '''Works when the layer is square, where a missing transpose goes unnoticed.'''
        same.linear(draw(4, 4), draw(4, 4), draw(4))

    @mistake("linear", "Which axis of `weight` counts inputs?")
    def weight_not_transposed(x, weight, bias):
        return x @ weight + bias
"""

from autograder.authoring.probes import gradients, operations, where_results_live
from autograder.course.mistakes import alternative, mistake
from autograder.grading.compare import assert_same

__all__ = [
    "alternative",
    "assert_same",
    "gradients",
    "mistake",
    "operations",
    "where_results_live",
]
