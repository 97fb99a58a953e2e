"""The exceptions, sorted by whose fault they are.

    AutograderError                 anything this package raises on purpose
    ├── AuthorError                 the course is wrong: source, graders, mistakes (exit 2)
    ├── UsageError                  the command was called wrongly (exit code 2)
    ├── SubmissionError             the student's file cannot be read (status "unreadable")
    └── InfrastructureError         the machine failed: sandbox, disk (exit code 3, "not graded")
        ├── FileError               one submission's file is out of reach; the others are not
        └── KilledError             somebody or something outside ended one of our processes

A student's wrong or crashing *code* is not an exception here: it is data, in a Check.
"""

from __future__ import annotations


class AutograderError(Exception):
    """A failure with a sentence for people: where, what is wrong, what to do."""


class AuthorError(AutograderError):
    """The course itself is wrong; its author can fix it."""

    def __init__(self, where: str, what: str, remedy: str) -> None:
        super().__init__(f"{where}: {what}. {remedy}")
        self.what = what
        self.remedy = remedy

    def at(self, where: str) -> AuthorError:
        """The same error, with the place that only the caller knows."""
        return AuthorError(where, self.what, self.remedy)


class UsageError(AutograderError):
    """The command line was used wrongly."""


class SubmissionError(AutograderError):
    """A submission cannot be read; the message is for the student."""


class InfrastructureError(AutograderError):
    """The machine failed, so nothing may be said about the student's work."""


class FileError(InfrastructureError):
    """One submission's file cannot be reached; the others can still be graded."""


class KilledError(InfrastructureError):
    """A process that no student can reach was killed: by a person, or because memory ran out.

    The submission in hand has no part in that, so it is graded again.
    """
