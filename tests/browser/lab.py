"""A real JupyterLab on the loopback, driven as a student drives it: keyboard, cells, outputs."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
START_SECONDS = 90
_INDEX = """id => jupyterapp.shell.currentWidget.content.widgets.findIndex(
    cell => cell.model.sharedModel.metadata.nbgrader?.grade_id === id)"""
_SHOW = """async index => {
    const notebook = jupyterapp.shell.currentWidget.content;
    notebook.mode = 'command';
    notebook.activeCellIndex = index;
    notebook.deselectAll();
    await notebook.scrollToItem(index, 'start');
    notebook.node.focus();
}"""
_OUTPUT = (
    """index => jupyterapp.shell.currentWidget.content.widgets[index].model.outputs.toJSON()"""
)
_LAST = "() => jupyterapp.shell.currentWidget.content.widgets.length - 1"
_SAYS = """([index, text]) => JSON.stringify(
    jupyterapp.shell.currentWidget.content.widgets[index].model.outputs.toJSON()).includes(text)"""
_RUNS = """index => {
    const model = jupyterapp.shell.currentWidget.content.widgets[index].model;
    return model.executionState === 'idle' && model.executionCount !== null;
}"""


class Server:
    """A JupyterLab server of its own: a free port, a token, a folder, no settings of the user."""

    def __init__(self, folder: Path, home: Path) -> None:
        _without_news(home)
        self.token = secrets.token_hex(16)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.address = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *self._options(folder)],
            env={**os.environ, **_homes(home), "JUPYTER_PLATFORM_DIRS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _options(self, folder: Path) -> list[str]:
        port = self.address.rsplit(":", 1)[1]
        return [
            "--no-browser", "--allow-root", "--expose-app-in-browser", "--ip=127.0.0.1",
            f"--port={port}", "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={folder}",
        ]  # fmt: skip

    def wait(self) -> None:
        """Block until it answers."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.address}/api?token={self.token}", timeout=5).close()
                return
            except OSError:
                time.sleep(0.3)
        self.close()
        raise RuntimeError("JupyterLab did not start")

    def close(self) -> None:
        """End the server and its kernels."""
        self._process.terminate()
        self._process.wait(timeout=30)


def _without_news(home: Path) -> None:
    """Answer JupyterLab's question about news, which would cover the notebook's corner."""
    folder = home / "jupyterlab_settings_dir" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    (folder / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')


def _homes(home: Path) -> dict[str, str]:
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
             "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")  # fmt: skip
    return {name: str(home / name.lower()) for name in names}


class Notebook:
    """One notebook open in a tab of the browser."""

    def __init__(self, page: Any, server: Server, name: str) -> None:
        self.page = page
        page.goto(f"{server.address}/lab/tree/{name}?token={server.token}&reset")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.content?.widgets?.length > 3"
            " && jupyterapp.shell.currentWidget.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=START_SECONDS * 1000,
        )

    def place(self, grade_id: str) -> int:
        """Which cell has this id."""
        index = self.page.evaluate(_INDEX, grade_id)
        assert index >= 0, f"no cell {grade_id}"
        return int(index)

    def show(self, grade_id: str) -> Any:
        """Scroll to a cell and select it; return its element."""
        self.page.evaluate(_SHOW, self.place(grade_id))
        cell = self.page.locator(".jp-Notebook:visible .jp-Cell.jp-mod-active")
        cell.wait_for(timeout=20_000)
        return cell

    def write(self, grade_id: str, text: str) -> None:
        """Replace what is in a cell by typing, then run it."""
        self.show(grade_id)
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        self.run(grade_id, show=False)

    def append(self, text: str) -> int:
        """Write a new last cell and start it; return which cell it is."""
        last = int(self.page.evaluate(_LAST))
        self.page.evaluate(_SHOW, last)
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:insert-cell-below')")
        self.page.wait_for_function(f"last => ({_LAST})() > last", arg=last)
        self.page.keyboard.press("Enter")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Control+Enter")
        return last + 1

    def run_again(self, place: int) -> None:
        """Start a cell once more."""
        self.page.evaluate(_SHOW, place)
        self.page.keyboard.press("Control+Enter")

    def save(self) -> None:
        """Save the notebook to its file."""
        self.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")

    def output_of(self, place: int, until: str) -> str:
        """The text below a cell, once it holds a certain text."""
        self.page.wait_for_function(_SAYS, arg=[place, until], timeout=90_000)
        return _text(self.page.evaluate(_OUTPUT, place))

    def run(self, grade_id: str, show: bool = True) -> str:
        """Run a cell with Shift+Enter, and return what a student reads below it."""
        if show:
            self.show(grade_id)
        place = self.place(grade_id)
        self.page.evaluate("i => jupyterapp.shell.currentWidget.content.widgets[i].model"
                           ".sharedModel.execution_count = null", place)  # fmt: skip
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_function(_RUNS, arg=place, timeout=60_000)
        return self.output(grade_id)

    def output(self, grade_id: str) -> str:
        """The text below a cell."""
        return _text(self.page.evaluate(_OUTPUT, self.place(grade_id)))

    def read(self, grade_id: str) -> str:
        """What the page shows below a cell, as the browser draws it."""
        return str(self.show(grade_id).locator(".jp-OutputArea-output").all_inner_texts())

    def run_all(self) -> None:
        """Choose "Run All Cells" and wait until the last cell has run."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(_RUNS, arg=self.place("scorecard"), timeout=180_000)

    def hints(self, exercise: str) -> Any:
        """The folded hints below an exercise's check."""
        self.show(f"{exercise}-check")
        self.page.keyboard.press("ArrowDown")
        return self.page.locator(".jp-Notebook:visible .jp-Cell.jp-mod-active details")

    def close(self) -> None:
        """Shut the kernel down, so that the next one has the memory."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")


def _text(outputs: list[dict[str, Any]]) -> str:
    return "".join(
        "\n".join(one["traceback"]) if one["output_type"] == "error" else one.get("text", "")
        for one in outputs
    )
