"""The documentation site: it builds without a warning or the network, and shows the code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.report.schema import result_schema
from tests.conftest import ROOT

ELSEWHERE = re.compile(r"""(?:src|<link[^>]+href)=["']?https?://[^"'> ]+""")


@pytest.fixture(scope="module", name="site")
def the_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a broken link, anchor or reference ends the build."""
    pytest.importorskip("mkdocs", reason='needs: pip install "autograder-engine[docs]"')
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "WARNING" not in done.stderr
    return folder


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    """Fonts, scripts and pictures come with the site."""
    pages = [path.read_text(encoding="utf-8") for path in site.rglob("*.html")]
    assert len(pages) > 15
    assert [found for page in pages for found in ELSEWHERE.findall(page)] == []


def test_every_command_and_setting_is_on_its_page(site: Path) -> None:
    """The reference is made from the code: each command, and each table of course.toml."""
    from typer.main import get_command

    from autograder.cli.commands import app

    page = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    for name in get_command(app).commands:  # type: ignore[attr-defined]
        assert f"autograder {name}</code>" in page, name
    settings = (site / "reference" / "course-toml.html").read_text(encoding="utf-8")
    for table in ("sandbox", "budget", "tolerances"):
        assert table in settings


def test_the_schema_is_published(site: Path) -> None:
    """What lies on the site is the schema of the code, and its fields stand on the page."""
    published = json.loads((site / "reference" / "result-v1.schema.json").read_text())
    assert published == result_schema()
    page = (site / "reference" / "results.html").read_text(encoding="utf-8")
    assert all(f"<code>{name}</code>" in page for name in result_schema()["properties"])


def test_the_picture_is_what_its_script_draws() -> None:
    """The picture of the data's way is not edited by hand."""
    from scripts.draw_data_flow import PICTURE, picture

    assert PICTURE.read_text(encoding="utf-8") == picture()
