"""What MkDocs builds into the site beside docs/: pages made from the code, and the root's pages.

Named in mkdocs.yml. Nothing that is made here is kept in the repository, so it cannot grow old.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from autograder.report.schema import result_schema  # noqa: E402

SETTINGS = ("config.py", "policy.py")  # of autograder/course
AT_THE_ROOT = ("SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from the code and from the files at the root."""
    for name in AT_THE_ROOT:
        text = (ROOT / name).read_text(encoding="utf-8")
        add(files, config, name.lower(), from_docs(text))
    add(files, config, "reference/commands.md", commands())
    add(files, config, "reference/course-toml.md", course_toml())
    add(files, config, "reference/result-v1.schema.json", schema())
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in the tables of a result's fields, and turn links to the root into links here."""
    for name in AT_THE_ROOT:
        markdown = markdown.replace(f"](../{name}", f"]({name.lower()}")
    return markdown.replace("<!-- fields -->", "\n".join(tables("The file", result_schema())))


def tables(title: str, part: dict[str, Any]) -> Iterator[str]:
    """A table of an object's fields, then the tables of the objects in it."""
    yield f"\n## {title}\n\n| field | type | |\n|---|---|---|"
    inner = {}
    for name, field in part["properties"].items():
        optional = "" if name in part["required"] else " (may be left out)"
        yield f"| `{name}` | {kind(field)} | {field['description']}{optional} |"
        item = field.get("items", field)
        if "properties" in item:
            inner[name] = item
    for name, item in inner.items():
        yield from tables(f"In `{name}`", item)


def kind(field: dict[str, Any]) -> str:
    """What a field may be, in words."""
    if "const" in field:
        return f'`"{field["const"]}"`'
    if "enum" in field:
        return ", ".join(f'`"{value}"`' for value in field["enum"])
    if field["type"] == "array":
        return f"list of {kind(field['items'])}s"
    return " or ".join(field["type"]) if isinstance(field["type"], list) else str(field["type"])


def add(files: Files, config: MkDocsConfig, name: str, text: str) -> None:
    """Add one file to the site."""
    files.append(File.generated(config, name, content=text))


def from_docs(text: str) -> str:
    """Links of a page at the root, as they are from docs/."""
    for name in AT_THE_ROOT:
        text = text.replace(f"]({name}", f"]({name.lower()}")
    return text.replace("](docs/", "](").replace("](README.md)", "](index.md)")


def commands() -> str:
    """The page of all commands, with their arguments and options."""
    words = ["-m", "typer", "autograder.cli.commands", "utils", "docs", "--name", "autograder"]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    text = re.sub(r"^# `autograder`", "# Commands", done.stdout, flags=re.MULTILINE)
    return f"{text}\n{EXIT_CODES}"


EXIT_CODES = """\
## Exit codes

| code | means |
|---:|---|
| 0 | done, whatever the scores are |
| 1 | `verify`, `build --check`, `watch --once` or `doctor` found a fault |
| 2 | the command was used wrongly, or the course has a mistake that its author can fix |
| 3 | the machine failed, or something could not be graded |
"""


def course_toml() -> str:
    """The page of all settings: what stands at the top of the files that read them."""
    parts = ["# course.toml", "Every line can be left out. The values are defaults, or examples."]
    for name in SETTINGS:
        path = ROOT / "autograder" / "course" / name
        if path.exists():
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            parts += map(settings_or_prose, re.split(r"\n\n(?![\[])", text))
    return "\n\n".join(parts) + "\n"


def settings_or_prose(paragraph: str) -> str:
    """A paragraph as it is, or as TOML if it holds settings."""
    return f"```toml\n{paragraph}\n```" if re.match(r"\[|\w+ += ", paragraph) else paragraph


def schema() -> str:
    """The JSON Schema of result files."""
    return json.dumps(result_schema(), indent=2) + "\n"
