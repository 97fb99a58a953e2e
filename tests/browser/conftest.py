"""One JupyterLab and axe-core for all tests with a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.lab import Server
from tests.conftest import ROOT

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
