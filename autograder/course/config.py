"""Reads course.toml: what the engine must know of a course, each setting with a good default.

title = "Shallow learning"          # as students and class pages read it
id = "shallow-learning"             # as nbgrader's gradebook knows the course
roster = "roster.csv"               # the people of the course; without it nobody is known

[sandbox]
packages = ["plotly"]               # importable beside torch and the standard library
stand_ins = ["matplotlib"]          # modules that can be imported and do nothing
memory_mib = 3072                   # of one process of student code
cpu_seconds = 600                   # of one process of student code

[budget]                            # of one submission; when it is used up, the rest is not run
seconds = 120                       # more where slow checks or the reference need more
cpu_seconds = 120                   # the same, of all its threads together
answers_mib = 64                    # of all its answers; of one answer, a 32nd of that
cells = 1000                        # of code; answers are read first

[tolerances]                        # relative and absolute, where not as usual for a dtype
float32 = [1e-4, 1e-5]

[service]
tas_see_their_sections_only = true  # of the class, in the live service; otherwise everybody

When each assignment is due, what late work costs and which attempt counts: see policy.py.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.course.policy import KEYS, USUAL, Policy, read_policies
from autograder.course.table import Table, short
from autograder.errors import AuthorError
from autograder.model import Budget, SandboxSettings

FILE = "course.toml"
STAND_INS = tuple(
    "matplotlib mpl_toolkits pylab seaborn tqdm fastprogress rich alive_progress progressbar "
    "ipywidgets IPython google".split()
)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
DTYPES = ("float64", "float32", "float16", "bfloat16")  # that have tolerances
_MIB = 1 << 20


@dataclass(frozen=True)
class CourseConfig:
    """A course's own settings."""

    title: str
    id: str
    roster: Path | None
    sandbox: SandboxSettings
    tolerances: Mapping[str, tuple[float, float]]  # by dtype, where not the usual ones
    zone: datetime.tzinfo | None = None  # of times that say none; None: no zone is named
    usual_policy: Policy = field(default=USUAL)  # of an assignment that has no table of its own
    policies: Mapping[str, Policy] = field(default_factory=dict)  # by assignment
    tas_see_their_sections_only: bool = False

    def policy(self, assignment: str) -> Policy:
        """The rules of one assignment."""
        return self.policies.get(assignment) or replace(self.usual_policy, assignment=assignment)


def read_config(root: Path) -> CourseConfig:
    """Read ``root/course.toml``; whatever is wrong with it is said with the line and a remedy."""
    path = root / FILE
    try:
        text = path.read_text(encoding="utf-8-sig")  # as some editors save it
        table = Table(path, text, "", tomllib.loads(text))
    except FileNotFoundError:
        raise AuthorError(str(path), "there is no such file", 'Write one: title = "..."') from None
    except OSError as error:
        what = f"it cannot be read ({error.strerror})"
        raise AuthorError(str(path), what, "Put a file of text there.") from None
    except (ValueError, RecursionError) as error:  # also what Python's own reader lets through
        what = f"not TOML: {short(str(error))}"
        raise AuthorError(str(path), what, "See https://toml.io/en/") from None
    table.refuse_others(
        {"title", "id", "roster", "sandbox", "budget", "tolerances", "service"} | KEYS
    )
    title = table.text("title", root.resolve().name)
    identifier = table.text("id", _as_id(title))
    if not _ID.fullmatch(identifier):
        wanted = "letters, digits, dots, hyphens and underscores after a letter or digit"
        raise table.fault("id", wanted)
    roster = root / table.text("roster", "") if "roster" in table else None
    budget = _budget(table.table("budget"))
    sandbox = _sandbox(table.table("sandbox"), budget)
    tolerances = _tolerances(table.table("tolerances"))
    policies = read_policies(table)
    sections_only = _sections_only(table.table("service"))
    about = (title, identifier, roster, sandbox, tolerances)
    return CourseConfig(*about, *policies, tas_see_their_sections_only=sections_only)


def _as_id(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "course"


def _sandbox(table: Table, budget: Budget) -> SandboxSettings:
    table.refuse_others({"packages", "stand_ins", "memory_mib", "cpu_seconds"})
    return SandboxSettings(
        packages=table.texts("packages", ("plotly",)),
        stand_ins=table.texts("stand_ins", STAND_INS),
        memory=table.whole_number("memory_mib", 3072, least=1024) * _MIB,
        cpu_seconds=table.whole_number("cpu_seconds", 600),
        budget=budget,
    )


def _budget(table: Table) -> Budget:
    table.refuse_others({"seconds", "cpu_seconds", "answers_mib", "cells"})
    usual = Budget()
    return Budget(
        seconds=table.whole_number("seconds", int(usual.seconds)),
        cpu_seconds=table.whole_number("cpu_seconds", int(usual.cpu_seconds)),
        answer_bytes=table.whole_number("answers_mib", usual.answer_bytes // _MIB) * _MIB,
        cells=table.whole_number("cells", usual.cells),
    )


def _sections_only(table: Table) -> bool:
    table.refuse_others({"tas_see_their_sections_only"})
    return table.truth("tas_see_their_sections_only", False)


def _tolerances(table: Table) -> dict[str, tuple[float, float]]:
    table.refuse_others(DTYPES)
    return {dtype: table.two_numbers(dtype) for dtype in DTYPES if dtype in table}
