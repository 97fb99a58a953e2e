"""The service as browsers see it: who may do what, and what every response holds back."""

import re
import socket
import time

import pytest

from autograder.course.layout import Course
from autograder.model import ExerciseReport, Report, Status, Tier
from autograder.service.people import Role
from autograder.service.web.access import RULES, Need, allowed
from autograder.service.web.progress import progress
from tests.service.conftest import ROOT
from tests.service.running import ASSIGNMENT, result, submit

# Each role, and the addresses that it may open: 1, 2, ... are attempts of ada's and bela's.
PAGES = {
    "/": "students staff observers",
    f"/assignments/{ASSIGNMENT}": "students",
    "/attempts/ADA": "ada tara grace",
    "/attempts/ADA/part": "ada tara grace",
    "/attempts/ADA/events": "ada tara grace",
    "/attempts/ADA/file": "ada tara grace",
    "/api/attempts/ADA": "ada tara grace",
    "/attempts/BELA": "bela grace",
    "/attempts/BELA/file": "bela grace",
    f"/class/{ASSIGNMENT}": "staff",
    f"/class/{ASSIGNMENT}/part": "staff",
    f"/class/{ASSIGNMENT}/report/": "staff",
    f"/class/{ASSIGNMENT}/report/plotly.min.js": "staff",
    f"/class/{ASSIGNMENT}/report/grades.csv": "staff",
    f"/class/{ASSIGNMENT}/report/students/{ASSIGNMENT}--ada.html": "staff",
    f"/class/{ASSIGNMENT}/report/students/{ASSIGNMENT}--bela.html": "grace",
    f"/class/{ASSIGNMENT}/students/ada": "staff",
    f"/class/{ASSIGNMENT}/students/bela": "grace",
    f"/class/{ASSIGNMENT}/exports/csv": "grace",
    "/regrades/1": "grace",
    "/gradebook": "staff",
    "/gradebook.csv": "staff",
    "/api/me": "students staff observers",
    "/sign-in": "students staff observers nobody",
    "/healthz": "students staff observers nobody",
    "/readyz": "students staff observers nobody",
    "/hand_in.py": "students staff observers nobody",
    "/static/style.css": "students staff observers nobody",
    "/static/icon.svg": "students staff observers nobody",
    "/static/service.js": "students staff observers nobody",
    "/api/openapi.json": "students staff observers nobody",
}
GROUPS = {"students": {"ada", "bela", "chen"}, "staff": {"tara", "grace"}, "observers": {"otto"}}
EVERYBODY = ("ada", "bela", "chen", "tara", "grace", "otto", "nobody")


@pytest.fixture(scope="module")
def attempts(clients, samples) -> dict[str, int]:
    """One attempt of ada's and one of bela's, and a re-grade."""
    found = {who: submit(clients[who], samples["goran"]) for who in ("ada", "bela")}
    for who, id in found.items():
        assert result(clients[who], id)["state"] == "graded"
    assert clients["grace"].post(f"/class/{ASSIGNMENT}/regrades").status_code == 303
    return found


def named(words: str) -> set[str]:
    """The people whom words stand for."""
    return {name for word in words.split() for name in GROUPS.get(word, {word})}


def test_each_page_opens_for_those_who_may_and_for_nobody_else(clients, attempts):
    """The matrix: all people and all pages. What is closed looks as if it did not exist."""
    for page, who in PAGES.items():
        address = page.replace("ADA", str(attempts["ada"])).replace("BELA", str(attempts["bela"]))
        for name in EVERYBODY:
            answer = clients[name].get(address)
            opened = answer.status_code in (200, 403) and answer.status_code != 404
            assert (opened and answer.status_code == 200) == (
                name in named(who) and not (name == "otto" and page == "/")
            ), (page, name, answer.status_code)
            if name not in named(who):
                assert answer.status_code in (303, 401, 404), (page, name)


def test_every_route_has_a_rule_and_every_rule_a_route(service):
    """A route that somebody adds and forgets to list is closed, and found here."""
    from autograder.service.web import app

    rooms = (app.api, app.decisions, app.instructors, app.operations, app.signing_in, app.students,
             app.written)  # fmt: skip
    names = {route.name for room in rooms for route in room.router.routes}
    assert names == set(RULES)


@pytest.mark.parametrize("need", list(Need))
def test_roles_meet_needs(need):
    """Whoever has signed in may do no more than their role, and nobody the least."""
    may = {role for role in (*Role, None) if allowed(need, role)}
    staff = {Role.TA, Role.INSTRUCTOR}
    assert (
        may
        == {
            Need.NOTHING: {*Role, None},
            Need.PERSON: {*Role},
            Need.STUDENT: {Role.STUDENT},
            Need.STAFF: staff,
            Need.INSTRUCTOR: {Role.INSTRUCTOR},
            Need.MACHINE: set(),
        }[need]
    )


@pytest.mark.parametrize(
    "address",
    [f"/class/{ASSIGNMENT}/regrades", "/regrades/1/decision", "/notebook-key",
     f"/class/{ASSIGNMENT}/confirmations", f"/class/{ASSIGNMENT}/extensions",
     f"/class/{ASSIGNMENT}/students/ada/adjustments", f"/class/{ASSIGNMENT}/written/why/0123",
     f"/assignments/{ASSIGNMENT}/requests",
     f"/assignments/{ASSIGNMENT}/attempts", f"/api/assignments/{ASSIGNMENT}/attempts"],
)  # fmt: skip
def test_another_site_cannot_act_for_who_is_signed_in(clients, attempts, address):
    """CSRF: a request with the cookie, but from elsewhere or from nowhere, changes nothing."""
    who = "ada" if "assignments" in address or "key" in address else "grace"
    for origin in ("https://evil.example", "null", ""):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        answer = clients[who].post(address, headers=headers, content=b"{}")
        assert answer.status_code == 403, (origin, answer.status_code)
    assert clients[who].post(address, headers={"Origin": "null"}).status_code == 403


def test_another_site_cannot_sign_anybody_in(service, links):
    """Else a classmate's form would have a student submit into the classmate's account."""
    key = links["chen"].partition("key=")[2]
    for origin in ("https://evil.example", "null", ""):
        headers = {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
        answer = service.anybody().post("/sign-in", data={"key": key}, headers=headers)
        assert answer.status_code == 403
        assert not answer.cookies


def test_what_a_student_sees_holds_no_hidden_check_and_nobody_else(clients, attempts):
    """Names of checks, expected values and classmates stay on the server."""
    graders = Course(ROOT).graders(ASSIGNMENT).read_text(encoding="utf-8")
    secret = set(re.findall(r"def (test_\w+)", graders))
    assert secret
    id = attempts["ada"]
    for page in ("/", f"/assignments/{ASSIGNMENT}", f"/attempts/{id}", f"/api/attempts/{id}"):
        text = clients["ada"].get(page).text
        assert not {name for name in secret if name in text}, page
        assert "bela" not in text.lower()
        assert "Traceback" not in text


def test_a_name_with_a_script_in_it_is_shown_as_text(clients, attempts):
    """Names and file names are hostile text."""
    id = submit(clients["bela"], b'{"cells": [1]}', '"><img src=x onerror=alert(1)>.ipynb')
    result(clients["bela"], id)
    for who, page in [("grace", f"/class/{ASSIGNMENT}"), ("grace", f"/attempts/{id}"),
                      ("bela", f"/attempts/{id}"), ("bela", "/")]:  # fmt: skip
        text = clients[who].get(page).text
        assert "<script>alert" not in text
        assert "<img" not in text


def test_every_response_has_a_strict_policy(clients, attempts):
    """Nothing runs but our own script, nobody frames a page, nothing is kept in caches."""
    for who, page in [("ada", "/"), ("nobody", "/sign-in"), ("ada", "/nowhere"), ("nobody", "/")]:
        headers = clients[who].get(page).headers
        assert "default-src 'none'; script-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(service, links):
    """HttpOnly and SameSite; by https also Secure and bound to this host."""
    link = links["ada"]
    answer = service.anybody().post("/sign-in", data={"key": link.partition("key=")[2]})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_opening_a_link_signs_nobody_in(service, links):
    """A mail scanner that opens every link has no session; the page says whose link it is."""
    client = service.anybody()
    page = client.get(links["ada"])
    assert "Sign in as <bdi>Ada Lovelace</bdi>" in page.text
    assert "set-cookie" not in page.headers
    assert client.get("/").status_code == 303


@pytest.mark.parametrize(
    "change", [lambda key: key[:-1], lambda key: "x" + key, lambda key: key * 50, lambda key: "%00"]
)
def test_a_forged_link_is_refused(service, links, change):
    """One letter more or less, and it opens nothing."""
    key = links["ada"].partition("key=")[2]
    client = service.anybody()
    answer = client.post("/sign-in", data={"key": change(key)})
    assert answer.status_code in (403, 429)
    assert "set-cookie" not in answer.headers


def test_a_session_opens_no_notebook_and_a_key_no_page(service, clients):
    """Each token is for one purpose."""
    page = clients["chen"].post("/notebook-key").text
    key = re.search(r'class="key">([^<]+)<', page)[1]
    with_key = service.anybody()
    with_key.headers["Authorization"] = f"Bearer {key}"
    assert with_key.get("/api/me").json()["student"] == "chen"
    assert with_key.get("/").status_code == 303
    with_key.headers["Authorization"] = f"Bearer {clients['chen'].cookies['session']}"
    assert with_key.get("/api/me").status_code == 401


def test_a_revoked_link_and_its_sessions_are_void(service, links, clients):
    """And the next invitation works again."""
    link = links["otto"]
    client = service.signed_in(link)
    assert client.get("/api/me").status_code == 200
    assert service.command("revoke", "otto").returncode == 0
    assert client.get("/api/me").status_code == 401
    key = link.partition("key=")[2]
    assert service.anybody().post("/sign-in", data={"key": key}).status_code == 403
    clients["otto"] = service.signed_in(service.links()["otto"])
    assert clients["otto"].get("/api/me").json()["role"] == "nobody"


def test_headers_that_name_somebody_are_not_believed(service):
    """Nobody has named a proxy here, so its header is only text."""
    client = service.anybody()
    for header in ("X-Remote-User", "Remote-User", "X-Forwarded-User"):
        assert client.get("/api/me", headers={header: "grace"}).status_code == 401


def test_metrics_are_for_this_machine_only(service, clients, attempts):
    """Not through a proxy; here they tell the queue, the phases and the verdicts."""
    text = clients["nobody"].get("/metrics").text
    assert 'autograder_reports_total{outcome="graded"}' in text
    assert 'autograder_queue{state="queued"}' in text
    assert 'autograder_seconds_count{phase="total"}' in text
    through = clients["grace"].get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"})
    assert through.status_code == 404


# --- uploads -------------------------------------------------------------------------------------


def test_an_upload_without_javascript_leads_to_its_page(clients, samples):
    """A plain form: 303 to the page, which loads itself again while it waits."""
    files = {"file": ("a1_layers.ipynb", samples["nils"])}
    answer = clients["chen"].post(f"/assignments/{ASSIGNMENT}/attempts", files=files)
    assert answer.status_code == 303
    page = clients["chen"].get(answer.headers["location"]).text
    waits = '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page
    assert waits or "points" in page
    found = result(clients["chen"], int(answer.headers["location"].rpartition("/")[2]))
    assert found["score"] == 88.0


def test_the_second_attempt_says_what_is_right_now(clients, samples):
    """By exercise, since the attempt before."""
    for name in ("goran", "ada"):
        id = submit(clients["chen"], samples[name])
        result(clients["chen"], id)
    page = clients["chen"].get(f"/attempts/{id}").text
    assert "Now right:</b>" in page
    assert "Still open:</b>" not in page


def test_progress_names_what_is_right_now_what_is_open_and_what_is_lost():
    """Each exercise that is not simply right both times is named once."""
    found = progress(report("a", "b"), report("b", "c", others=("a", "d")))
    assert (found.now_right, found.still_open, found.no_longer_right) == (("c",), ("d",), ("a",))


def report(*passed: str, others: tuple[str, ...] = ()) -> Report:
    """A report in which these exercises passed and the others failed."""
    parts = [(one, Status.PASSED) for one in passed] + [(one, Status.FAILED) for one in others]
    made = tuple(ExerciseReport(n, n, 1.0, 0.0, s, (), None, ()) for n, s in parts)
    return Report("x", "ada", "x", "", 4.0, 1, Tier.ISOLATED, exercises=made)


def test_the_page_is_told_when_the_result_is_there(clients, samples):
    """Server-sent events: places in the queue, then done."""
    id = submit(clients["chen"], samples["goran"])
    with clients["chen"].stream("GET", f"/attempts/{id}/events") as stream:
        events = [line for line in stream.iter_lines() if line.startswith("event:")]
    assert events[-1] == "event: done"
    assert clients["chen"].get(f"/api/attempts/{id}").json()["state"] == "graded"


@pytest.mark.parametrize("declared", [True, False])
def test_an_upload_that_is_too_large_is_cut_off(service, clients, declared):
    """With a length that says so, or in pieces without any."""
    piece = b"x" * (1 << 20)
    cookie = f"session={clients['bela'].cookies['session']}"
    head = (
        f"POST /api/assignments/{ASSIGNMENT}/attempts HTTP/1.1\r\nHost: localhost\r\n"
        f"Cookie: {cookie}\r\nOrigin: {service.url}\r\n"
    )
    framing = f"Content-Length: {1 << 40}" if declared else "Transfer-Encoding: chunked"
    with socket.create_connection(("localhost", service.port)) as connection:
        connection.sendall(f"{head}{framing}\r\n\r\n".encode())
        try:
            for _ in range(110):
                frame = piece if declared else b"%x\r\n%s\r\n" % (len(piece), piece)
                connection.sendall(frame)
        except OSError:
            pass
        connection.settimeout(10)
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413")
    assert not list((service.data / "coming").iterdir())


@pytest.mark.parametrize(
    ("content", "status"), [(b"", 400), (b"\0" * 1000, 201), (b"PK\3\4broken", 201)]
)
def test_what_is_no_notebook_is_said_kindly(clients, content, status):
    """An empty file is refused; a broken one is an attempt with a sentence and 0 points."""
    where = f"/api/assignments/{ASSIGNMENT}/attempts"
    answer = clients["bela"].post(where, params={"file": "x.ipynb"}, content=content)
    assert answer.status_code == status
    if status == 201:
        assert result(clients["bela"], answer.json()["id"])["score"] == 0.0


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "a\r\nSet-Cookie: x=1", "x" * 5000, "é\u202e.ipynb"]
)
def test_a_file_name_is_only_a_name(service, clients, name):
    """No path, no header: what comes back as a download has a harmless name."""
    id = submit(clients["ada"], b'{"cells": []}' + name.encode()[:9], name)
    answer = clients["ada"].get(f"/attempts/{id}/file")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "/" not in answer.headers["content-disposition"].partition("filename")[2]
    assert answer.headers["content-type"] == "application/octet-stream"


def test_many_attempts_in_a_short_time_are_slowed_down(service, clients):
    """Each person has twenty at once; the answer says when to try again."""
    where = f"/api/assignments/{ASSIGNMENT}/attempts"
    answers = [clients["bela"].post(where, content=b"{%d}" % n) for n in range(25)]
    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert int(refused[0].headers["retry-after"]) >= 0
    assert "Try again in" in refused[0].text


def test_guesses_of_links_are_slowed_down_and_right_links_still_work(service, links):
    """Whoever guesses from an address soon waits; a classmate with a right link does not."""
    client = service.anybody()
    codes = [client.post("/sign-in", data={"key": f"guess{n}"}).status_code for n in range(40)]
    assert codes[-1] == 429
    service.signed_in(links["ada"])


# --- instructors ---------------------------------------------------------------------------------


def test_the_class_page_says_who_has_submitted_and_who_has_not(clients, attempts):
    """An instructor sees everybody, a TA their own section."""
    page = clients["grace"].get(f"/class/{ASSIGNMENT}").text
    assert ">ada<" in page
    assert ">bela<" in page
    assert ">bela<" not in clients["tara"].get(f"/class/{ASSIGNMENT}").text


@pytest.mark.parametrize("target", ["csv", "canvas", "moodle", "gradescope", "junit"])
def test_results_go_out_through_every_export(clients, attempts, target):
    """Each target gives a file to download."""
    answer = clients["grace"].get(f"/class/{ASSIGNMENT}/exports/{target}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.content


def test_a_regrade_shows_the_difference_before_it_is_published(clients, attempts):
    """Nothing changes without a decision; without a changed grader nothing would change."""
    asked = clients["grace"].post(f"/class/{ASSIGNMENT}/regrades").headers["location"]
    for _ in range(600):
        page = clients["grace"].get(asked).text
        if "Everything is graded again" in page:
            break
        time.sleep(0.1)
    assert "Nothing is published yet" in page
    assert "keep their results" in page or "keeps its result" in page
    decided = clients["grace"].post(f"{asked}/decision", data={"decision": "applied"})
    assert decided.status_code == 303
    again = clients["grace"].post(f"{asked}/decision", data={"decision": "dropped"})
    assert again.status_code == 409


def test_a_regrade_that_fails_says_why_and_changes_nothing(service, clients, attempts):
    """A grader that is broken costs nobody a result, and whoever asked reads what is wrong."""
    graders = service.course / "source" / ASSIGNMENT / "graders.py"
    text = graders.read_text(encoding="utf-8")
    before = result(clients["ada"], attempts["ada"])
    graders.write_text(f"{text}\nraise ValueError('half written')\n", encoding="utf-8")
    try:
        asked = clients["grace"].post(f"/class/{ASSIGNMENT}/regrades").headers["location"]
        for _ in range(3000):  # the first attempts start workers, in vain
            page = clients["grace"].get(asked).text
            if "Everything is graded again" in page:
                break
            time.sleep(0.1)
    finally:
        graders.write_text(text, encoding="utf-8")
    assert "could not be graded this time, and keeps its result" in page
    assert "half written" in page
    clients["grace"].post(f"{asked}/decision", data={"decision": "applied"})
    assert result(clients["ada"], attempts["ada"]) == before


def test_logs_hold_no_link_no_file_name_and_no_code(service, clients, attempts):
    """One line of JSON for each request: the route and never the address."""
    log = (service.folder / "log").read_text()
    assert '"route": "api_submit"' in log
    assert "key=" not in log
    assert "a1_layers.ipynb" not in log
    assert "def linear" not in log


def test_a_copied_file_is_flagged_for_those_who_teach(clients, samples):
    """On the report of the class, and on no page of a student."""
    content = samples["chen"] + b"\n"
    ids = {who: submit(clients[who], content) for who in ("ada", "chen")}
    for who, id in ids.items():
        result(clients[who], id)
        assert "byte for byte" not in clients[who].get(f"/attempts/{id}").text
    said = clients["grace"].get(f"/class/{ASSIGNMENT}/report/").text
    for who in ids:
        assert re.search(f"byte for byte, as that of [a-z, ]*{who}", said)
