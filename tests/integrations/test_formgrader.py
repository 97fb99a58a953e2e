"""The formgrader in a real browser: an instructor's click grades behind our wall."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.integrations.conftest import NAME, SEED, copy_course
from tests.integrations.test_parity import in_gradebook, scores

STUDENT = "chen"


@pytest.fixture
def address(tmp_path) -> Iterator[tuple[str, object]]:
    """A Jupyter server with the formgrader at the root of a course with one submission."""
    place = copy_course(tmp_path / "course", (STUDENT,))
    made = place.tool("nbgrader", "generate_assignment", NAME, "--force")
    assert made.returncode == 0, made.stderr
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    homes = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root",
         f"--port={port}", "--ip=127.0.0.1", f"--IdentityProvider.token={token}",
         "--ServerApp.port_retries=0"],
        cwd=place.root, env={**os.environ, **homes, "AUTOGRADER_SEED": SEED},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait(f"http://127.0.0.1:{port}/api?token={token}", server)
        yield f"http://127.0.0.1:{port}/{{}}?token={token}", place
    finally:
        server.terminate()
        server.wait(timeout=60)


def wait(url: str, server: subprocess.Popen) -> None:
    """Block until the server answers."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError("the Jupyter server did not start")


@pytest.mark.slow
def test_the_formgraders_button_grades_with_our_checks(address, browser):
    """A click on Autograde gives the command line's scores, and the page shows the remarks."""
    url, place = address
    graded = place.tool("autograder", "grade", "submitted", "--out", "results", "--json")
    assert graded.returncode == 0, graded.stderr
    page = browser.new_page()
    page.goto(url.format("login"))
    page.goto(url.format(f"formgrader/manage_submissions/{NAME}"))
    page.locator("td.autograde a").click()
    page.get_by_text("Success", exact=True).wait_for(timeout=200_000)
    page.goto(url.format(f"formgrader/gradebook/{NAME}/{NAME}"))
    page.get_by_text("Submission #1").click()
    page.wait_for_url("**/submissions/**")
    page.locator("text=stopped with an error").first.wait_for(timeout=60_000)
    page.close()
    result = read(place)
    assert in_gradebook(place.root, STUDENT) == scores(result)
    assert 0 < result["score"] < result["max_score"]


def read(place) -> dict:
    """Our own result of the one submission."""
    return json.loads((place.root / "results" / NAME / f"{STUDENT}.json").read_text())
