"""One JupyterLab and axe-core for all tests with a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.lab import Server
from tests.conftest import ROOT
from tests.service.running import Running
from tests.support.marks import one_quick

AXE = ROOT / ".venv" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab that serves copies of the release notebooks."""
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    for path in (ROOT / "release").glob("*/*.ipynb"):
        shutil.copy(path, folder)
    server = Server(folder, home)
    server.wait()
    yield server
    server.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core, the accessibility checker."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm install --prefix .venv axe-core@4.10.3")
    return Path(AXE).read_text(encoding="utf-8")


# --- of the live service: a test file has the fixture ``running`` of its own ---


@pytest.fixture(scope="module")
def links(running: Running) -> dict[str, str]:
    """Everybody's sign-in link."""
    return running.links()


@pytest.fixture(params=one_quick([("light", 1280), ("dark", 390)]))
def tab(browser: Any, request: Any) -> Iterator[Any]:
    """A tab in both colour schemes, wide and narrow, that must not complain about anything."""
    scheme, width = request.param
    size = {"width": width, "height": 900}
    page = browser.new_context(viewport=size, color_scheme=scheme).new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    yield page
    page.context.close()
    assert troubles == []
