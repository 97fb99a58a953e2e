"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.model import Device, Tier

HandedIn = Annotated[
    list[Path], typer.Argument(help="A download, folders or notebooks: docs/submissions.md.")
]
AsAssignment = Annotated[str | None, typer.Option(help="Grade as this assignment.")]
Names = Annotated[list[str] | None, typer.Argument(help="Assignments; all when left out.")]
CourseOption = Annotated[Path | None, typer.Option("--course", help="The course's folder.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]
LayoutOption = Annotated[
    str | None,
    typer.Option(help="What the parts of a path are, such as '{section}/{student}/{file}'."),
]
Anonymous = Annotated[bool, typer.Option("--anonymous", help="Hide who is who.")]
Scheduler = Annotated[
    str | None, typer.Option(help="A Dask scheduler's address, or local, for a cluster.")
]
Require = Annotated[Tier, typer.Option("--require", help="The weakest isolation tier to accept.")]
OnDevice = Annotated[Device, typer.Option("--device", help="Where student code computes.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Workers; one per core, on a GPU at most four.")
]
