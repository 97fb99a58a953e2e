"""What pip needs to install this engine wherever a package of ours is unpacked.

It is told from the installed engine itself, so that a package that is built from a wheel is the
same as one that is built from the engine's repository: what grading and the course's packages need,
in the versions that are installed here.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Collection, Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from autograder.errors import AuthorError
from autograder.targets.tree import Tree

ENGINE = "autograder-engine"
_EXTRA = "grading"
_PROJECT = """\
[build-system]
requires = ["setuptools>=75"]
build-backend = "setuptools.build_meta"

[project]
name = "{name}"
version = "{version}"
requires-python = ">=3.11"
dependencies = {dependencies}

[tool.setuptools.packages.find]
include = ["autograder*"]

[tool.setuptools.package-data]
"*" = ["templates/*"]
"""


def project(packages: Collection[str]) -> Tree:
    """pyproject.toml and constraints.txt of the engine with what a course's answers may import."""
    wanted = [*_required(ENGINE, _EXTRA), *packages]
    text = _PROJECT.format(
        name=ENGINE,
        version=importlib.metadata.version(ENGINE),
        dependencies=json.dumps(wanted, indent=2),
    )
    pinned = "".join(f"{name}=={version}\n" for name, version in sorted(_versions(wanted).items()))
    return {"pyproject.toml": text.encode(), "constraints.txt": pinned.encode()}


def _required(name: str, extra: str = "") -> Iterator[str]:
    """What a distribution requires here, without the conditions under which it does."""
    try:
        lines = importlib.metadata.requires(name) or ()
    except importlib.metadata.PackageNotFoundError:
        if name != ENGINE:
            return  # what is required on other machines only
        raise AuthorError(name, "the engine is not installed", f"Run: pip install {name}") from None
    for line in lines:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            requirement.marker = None
            yield str(requirement)


def _versions(wanted: Collection[str]) -> dict[str, str]:
    """The installed version of everything that is needed, directly or not."""
    found: dict[str, str] = {}
    waiting = list(wanted)
    while waiting:
        requirement = _parsed(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name in found:
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            continue  # needed on other machines only
        found[name] = version.partition("+")[0]  # +cpu and the like are one machine's
        waiting += _required(requirement.name)
        for extra in requirement.extras:
            waiting += _required(requirement.name, extra)
    return found


def _parsed(text: str) -> Requirement:
    try:
        return Requirement(text)
    except InvalidRequirement:
        what = f"{text!r} in [sandbox] packages is no package's name"
        raise AuthorError("course.toml", what, "Write it as for pip install.") from None
