"""nbgrader's view of this course: its commands work at this root, and grade behind our wall.

AUTOGRADER_SEED (or c.SandboxedGrade.seed) fixes the drawn inputs; each run draws others without it.
"""

from pathlib import Path

from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute

from autograder.course.layout import Course
from autograder.integrations.nbgrader import (
    MASTERS,
    SandboxedGrade,
    SoundNotebooks,
    prepare,
    refresh_master,
    write_masters,
)

c = get_config()  # noqa: F821  (nbgrader defines it)
root = Path(__file__).parent
prepare()
write_masters(root)

c.CourseDirectory.course_id = Course(root).config.id
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = MASTERS  # made from source/, where the text files are
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
c.GenerateAssignment.pre_convert_hook = refresh_master
c.GenerateSolution.pre_convert_hook = refresh_master
usual = Autograde.class_traits()["autograde_preprocessors"].default()
c.Autograde.autograde_preprocessors = [SandboxedGrade if p is Execute else p for p in usual]
c.Autograde.exporter_class = SoundNotebooks
