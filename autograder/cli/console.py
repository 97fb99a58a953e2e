"""The two streams of the command line: what is said on them, and the progress bar."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich import progress as bars
from rich.console import Console
from rich.markup import escape

# What is printed is mostly words of others, such as names: only what asks for it is markup.
out = Console(markup=False, emoji=False)
err = Console(stderr=True, markup=False, emoji=False)
MOST = 10  # names or files in one remark
T = TypeVar("T")


def take_any_letter() -> None:
    """Let both streams spell letters that their encoding lacks: no name ends a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def headed(head: str, text: str, console: Console) -> None:
    """Print a word in a style of rich's markup, and behind it a sentence as it is."""
    console.print(f"{head} {escape(text)}", markup=True, soft_wrap=True)


def note(text: str) -> None:
    """Say what an instructor should know, beside the command's output."""
    headed("[bold]Note:[/]", text, err)


def say(text: str, *, quiet: bool) -> None:
    """Print a sentence, unless asked to be quiet."""
    if not quiet:
        out.print(text)


def counted(items: Iterable[T], total: int, progress: Callable[[int, int], None]) -> Iterator[T]:
    """The same items, with the progress bar moving on after each."""
    for done, item in enumerate(items):
        progress(done, total)
        yield item


@contextmanager
def progress_bar(label: str, *, show: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar with an ETA on a terminal, and a callback that moves it."""
    columns = (
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeRemainingColumn(),
    )
    console = Console(file=sys.stderr)
    hidden = not (show and console.is_terminal)
    with bars.Progress(*columns, console=console, disable=hidden, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
