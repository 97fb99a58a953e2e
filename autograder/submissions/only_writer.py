"""One writer of a file at a time, whichever process it is in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import filelock

from autograder.errors import InfrastructureError

_WAIT = 10  # seconds for another writer, who takes milliseconds


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Keep all other writers of a file waiting; readers need not ask.

    Raises:
        InfrastructureError: another one does not come to an end, or the file cannot be written.
    """
    try:
        with filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=_WAIT):
            yield
    except filelock.Timeout:
        raise InfrastructureError(
            f"{path}: another command has been writing here for {_WAIT} seconds. Try again."
        ) from None
    except OSError as error:
        raise InfrastructureError(f"{path}: cannot be written ({error.strerror}).") from error
