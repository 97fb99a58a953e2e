"""Release, grade and report the exercises of a course, safely and fast."""

__version__ = "0.1.0"  # the only place; pyproject.toml, the command line and results read it
