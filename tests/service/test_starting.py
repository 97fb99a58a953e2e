"""How a service is started: whom it believes beside it, and what is refused with a sentence."""

import socket

import pytest

from autograder.course.config import FILE
from autograder.course.layout import Course
from autograder.errors import InfrastructureError
from autograder.service.backup import back_up
from autograder.service.service import Options, Service
from tests.service.running import Running, make_small_course
from tests.support.courses import NAME


@pytest.mark.slow
def test_the_named_header_of_the_named_proxy_signs_in(tmp_path):
    """From the proxy's address, in that header and given once; nothing else is believed."""
    running = Running(tmp_path)
    running.start("--proxy", "127.0.0.1", "--user-header", "X-Remote-User")
    client = running.anybody()
    named = client.get("/api/me", headers={"X-Remote-User": "ada"})
    assert named.json()["student"] == "ada"
    twice = [("X-Remote-User", "ada"), ("X-Remote-User", "grace")]
    assert client.get("/api/me", headers=twice).status_code == 401
    assert client.get("/api/me", headers={"X-Remote-User": "stranger"}).status_code == 401
    assert client.get("/api/me", headers={"Remote-User": "ada"}).status_code == 401
    evil = {"X-Remote-User": "ada", "Origin": "https://evil.example"}
    assert client.post("/notebook-key", headers=evil).status_code == 403
    assert client.post("/notebook-key", headers={"X-Remote-User": "ada"}).status_code == 200
    before = running.signed_in(running.links()["grace"])  # whoever sat here earlier
    assert before.get("/api/me").json()["student"] == "grace"
    for now in ("stranger", ""):
        assert before.get("/api/me", headers={"X-Remote-User": now}).status_code == 401
    running.stop()
    running.start("--proxy", "192.0.2.1", "--user-header", "X-Remote-User")
    beside = running.anybody()
    assert beside.get("/api/me", headers={"X-Remote-User": "ada"}).status_code == 401
    running.stop()


@pytest.mark.slow
def test_behind_a_proxy_each_client_has_its_own_tries(tmp_path):
    """The address that the proxy adds counts; what the client itself wrote before it does not."""
    running = Running(tmp_path)
    running.start("--proxy", "127.0.0.1")
    client = running.anybody()

    def guess(addresses: str) -> int:
        headers = {"X-Forwarded-For": addresses}
        return client.post("/sign-in", data={"key": "guess"}, headers=headers).status_code

    codes = [guess(f"198.51.100.{n}, 192.0.2.7") for n in range(30)]
    assert codes[0] == 403
    assert codes[-1] == 429
    assert guess("192.0.2.8") == 403
    lines = [("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-For", "192.0.2.7")]
    assert client.post("/sign-in", data={"key": "guess"}, headers=lines).status_code == 429
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"):
        assert client.get("/metrics", headers={name: "127.0.0.1"}).status_code == 404
    running.stop()


@pytest.mark.slow
def test_students_hear_of_no_assignment_before_it_opens(tmp_path):
    """Not by its name, its page or its upload; the instructor sees it."""
    make_small_course(tmp_path / "course")
    running = Running(tmp_path)
    settings = running.course / FILE
    text = settings.read_text(encoding="utf-8")
    rules = "due = 2099-10-11T23:59:00\nopens = 2099-10-01T08:00:00\n"
    settings.write_text(text.replace("due = 2099-10-11T23:59:00\n", rules), encoding="utf-8")
    running.start()
    ada, grace = (running.signed_in(running.links()[name]) for name in ("ada", "grace"))
    assert ada.get("/api/me").json()["assignments"] == []
    assert NAME not in ada.get("/").text
    assert ada.get(f"/assignments/{NAME}").status_code == 404
    upload = ada.post(f"/api/assignments/{NAME}/attempts?way=browser&file=a.ipynb", content=b"{}")
    assert upload.status_code == 403
    asked = [
        ada.post(f"/assignments/{name}/requests", data={"value": "x", "exercise": exercise})
        for name in (NAME, "no-such")
        for exercise in ("", "half", "no-such")
    ]
    assert {(one.status_code, one.text) for one in asked} == {(404, asked[0].text)}
    assert grace.get("/api/me").json()["assignments"] == [NAME]
    running.stop()


def test_what_the_service_keeps_is_nobody_elses_to_read(tmp_path):
    """Whatever the folder's own mode; a sheet of links takes no mode over from an older one."""
    make_small_course(tmp_path / "course")
    running = Running(tmp_path)
    running.data.mkdir(0o755)
    sheet = tmp_path / "links.csv"
    sheet.write_text("old")
    sheet.chmod(0o644)
    running.start()
    running.links()
    kept = [sheet, *running.data.rglob("*")]
    running.stop()
    assert {"service.db", "secret"} < {path.name for path in kept}
    assert [path for path in kept if path.exists() and path.stat().st_mode & 0o077] == []


def test_a_backup_that_fails_leaves_nothing(tmp_path):
    """Not even the beginning of a file, which would hold the key that signs links."""
    Service(Options(Course(make_small_course(tmp_path / "course")), tmp_path / "data", "")).stop(0)
    place = tmp_path / "place"
    (place / "taken.zip").mkdir(parents=True)
    with pytest.raises(InfrastructureError, match="cannot be written"):
        back_up(tmp_path / "data", place / "taken.zip")
    assert [path.name for path in place.iterdir()] == ["taken.zip"]


def test_a_header_without_a_proxy_is_refused(tmp_path):
    """The command says what is missing."""
    running = Running(tmp_path)
    done = running.command("--user-header", "X-Remote-User")
    assert done.returncode == 2
    assert "--proxy" in done.stderr


def test_an_address_without_https_is_refused(tmp_path):
    """Links and sessions must not be read on the way."""
    done = Running(tmp_path).command("--url", "http://course.example.org")
    assert done.returncode == 2
    assert "https" in done.stderr


def test_a_course_without_a_roster_is_refused(tmp_path):
    """Nobody could sign in: the sentence says how to make one."""
    running = Running(tmp_path)
    config = running.course / "course.toml"
    config.write_text(config.read_text().replace('roster = "roster.csv"\n', ""))
    done = running.command("--port", "1")
    assert done.returncode == 2
    assert "autograder roster import" in done.stderr


def test_a_second_service_on_one_folder_is_refused(tmp_path):
    """Two would share out the same work; and the first goes on as if nothing had been."""
    running = Running(tmp_path)
    running.start()
    second = running.command("--port", "0")
    assert second.returncode == 2
    assert "another autograder serve runs on this folder" in " ".join(second.stderr.split())
    assert "Listening" not in second.stdout
    assert running.anybody().get("/readyz").status_code == 200
    running.stop()


def test_a_port_that_is_taken_is_refused(tmp_path):
    """The sentence names the port, before anything is said to be listening."""
    running = Running(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = running.command("--port", str(port))
    assert done.returncode == 2
    assert f"port {port}: the service cannot listen there" in " ".join(done.stderr.split())
    assert "Listening" not in done.stdout
