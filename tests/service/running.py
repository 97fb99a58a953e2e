"""A real service for tests: ``autograder serve`` in a process of its own, on a course of one."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from autograder.course.config import FILE
from autograder.model import Person
from autograder.submissions.roster import write_roster
from autograder.targets.committed import tree
from autograder.targets.tree import write
from tests.gradebook.questions import with_question
from tests.support.courses import NAME, write_course

ROOT = Path(__file__).parents[2]
ASSIGNMENT = "a1_layers"
PEOPLE = (
    Person("ada", "Ada Lovelace", "ada@example.org", "A"),
    Person("bela", "Béla <script>alert(1)</script>", "bela@example.org", "B"),
    Person("chen", "Chen", "chen@example.org", "A"),
    Person("tara", "Tara", "tara@example.org", "A", "ta"),
    Person("grace", "Grace", "grace@example.org", "", "instructor"),
    Person("otto", "Otto", "otto@example.org", "", "observer"),
)


def make_course(folder: Path) -> Path:
    """A course with one assignment and a small roster, whose TAs see their own sections."""
    for part in ("source", "release"):
        shutil.copytree(ROOT / part / ASSIGNMENT, folder / part / ASSIGNMENT)
    (folder / "solutions").mkdir()
    shutil.copy(ROOT / "solutions" / f"{ASSIGNMENT}.py", folder / "solutions")
    text = (ROOT / FILE).read_text(encoding="utf-8")
    own = "\n[service]\ntas_see_their_sections_only = true\n"
    (folder / FILE).write_text(f'roster = "roster.csv"\n{text}{own}', encoding="utf-8")
    write_roster(PEOPLE, folder / "roster.csv")
    return folder


def make_small_course(folder: Path) -> Path:
    """A course with one exercise for the machine and one for people, and the same roster."""
    course = with_question(write_course(folder))
    write(tree(course, NAME), folder)
    text = (folder / FILE).read_text(encoding="utf-8")
    own = "\n[service]\ntas_see_their_sections_only = true\n"
    rules = f"\n[assignments.{NAME}]\ndue = 2099-10-11T23:59:00\n"
    head = 'roster = "roster.csv"\ntimezone = "Europe/Berlin"\n'
    (folder / FILE).write_text(f"{head}{text}{own}{rules}", encoding="utf-8")
    write_roster(PEOPLE, folder / "roster.csv")
    return folder


class Running:
    """One service, which can be stopped, killed and started again."""

    def __init__(self, folder: Path, database: str | None = None) -> None:
        self.folder = folder
        self.course = folder / "course"
        self.data = folder / "data"
        if not self.course.exists():
            self.course.mkdir()
            make_course(self.course)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self._clients: list[httpx.Client] = []
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        if database:
            self._environment["AUTOGRADER_DATABASE"] = database

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One of the commands beside the service."""
        line = [sys.executable, "-m", "autograder", "serve", *words, "--data", str(self.data)]
        return subprocess.run(line, cwd=self.course, env=self._environment, capture_output=True,
                              text=True, check=False, timeout=120)  # fmt: skip

    def start(self, *words: str) -> None:
        """Start it, and wait until it is ready."""
        line = [sys.executable, "-m", "autograder", "serve", "--data", str(self.data),
                "--port", str(self.port), "--url", self.url, *words]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                line, cwd=self.course, env=self._environment, stdout=log, stderr=log
            )
        for _ in range(1200):
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, self.log()
            time.sleep(0.1)
        raise AssertionError(self.log())

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it in good order; return its exit code."""
        for client in self._clients:
            client.close()
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def log(self) -> str:
        """What it has said."""
        return (self.folder / "log").read_text()[-3000:]

    def links(self) -> dict[str, str]:
        """Everybody's sign-in link, as the command writes them."""
        sheet = self.folder / "links.csv"
        done = self.command("invite", "--out", str(sheet), "--url", self.url)
        assert done.returncode == 0, done.stderr
        with sheet.open(encoding="utf-8-sig", newline="") as file:
            return {row["student"]: row["link"] for row in csv.DictReader(file)}

    def anybody(self) -> httpx.Client:
        """A browser that has not signed in."""
        headers = {"Origin": self.url, "Accept": "text/html"}
        self._clients.append(httpx.Client(base_url=self.url, headers=headers, timeout=60))
        return self._clients[-1]

    def signed_in(self, link: str) -> httpx.Client:
        """A browser that has signed in by a link."""
        client = self.anybody()
        key = parse_qs(urlsplit(link).query)["key"][0]
        assert client.post("/sign-in", data={"key": key}).status_code == 303
        return client


def submit(
    client: httpx.Client, content: bytes, name: str = "a1_layers.ipynb",
    assignment: str = ASSIGNMENT,
) -> int:  # fmt: skip
    """Submit as the page's script does; return the attempt."""
    where = f"/api/assignments/{assignment}/attempts"
    answer = client.post(where, params={"file": name, "way": "browser"}, content=content)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def result(client: httpx.Client, attempt: int, seconds: float = 120) -> dict:
    """Wait for the result of an attempt."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = client.get(f"/api/attempts/{attempt}").json()
        if found["state"] != "waiting":
            return found
        time.sleep(0.05)
    raise AssertionError("no result came")
