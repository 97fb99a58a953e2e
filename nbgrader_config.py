"""nbgrader's view of this course: its commands work at this root, and grade behind the wall.

AUTOGRADER_SEED (or c.SandboxedGrade.seed) fixes the drawn inputs; each run draws others without it.
"""

from pathlib import Path

from autograder.integrations.nbgrader import configure

c = get_config()  # noqa: F821  (nbgrader defines it)
configure(c, Path(__file__).parent)
