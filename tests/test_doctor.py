"""The doctor's look at a course: who can read its repository."""

import functools
import http.server
import subprocess
import threading

import pytest

from autograder.doctor import _remote, _remotes


def git(folder, *words: str) -> None:
    """Run git as somebody with a name."""
    name = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "-C", str(folder), *name, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path):
    """A repository as a web server offers it to everybody."""
    home = tmp_path / "home"
    home.mkdir()
    git(home, "init", "-q")
    git(home, "commit", "-q", "--allow-empty", "-m", "x")
    git(tmp_path, "clone", "-q", "--bare", "home", "course.git")
    git(tmp_path / "course.git", "update-server-info")
    return tmp_path


@pytest.fixture
def web(repository):
    """The address of a web server with the repository in it."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(repository))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_repository_that_everybody_can_read_is_warned_of(web, repository):
    """The remote of a course is asked for without a password."""
    git(repository / "home", "remote", "add", "origin", f"{web}/course.git")
    (url,) = _remotes(repository / "home")
    finding = _remote(url)
    assert not finding.good
    assert "everybody can read it" in finding.says
    assert "private" in finding.remedy


@pytest.mark.parametrize("url", ["{web}/private.git", "/srv/git/course.git"])
def test_a_repository_that_cannot_be_read_is_no_cause_for_worry(url, web):
    """One that asks for a password, and one that is not on the web."""
    assert _remote(url.format(web=web)).good


@pytest.mark.parametrize(
    ("url", "asked"),
    [("git@example.org:me/course.git", "https://example.org/me/course.git"),
     ("ssh://git@example.org/me/course.git", "https://example.org/me/course.git")],
)  # fmt: skip
def test_a_remote_with_a_key_is_asked_for_as_a_browser_would(url, asked, repository):
    """Who pushes with a key may still have a public page."""
    git(repository / "home", "remote", "add", "origin", url)
    assert _remotes(repository / "home") == [asked]


def test_a_password_in_the_address_is_neither_used_nor_shown(web):
    """What is tried is what everybody can do."""
    finding = _remote(web.replace("://", "://me:secret@") + "/course.git")
    assert not finding.good
    assert "secret" not in finding.what
