"""What somebody who means harm sends: nothing falls, nothing leaks, others are served meanwhile.

The number of guesses is 1,000; AUTOGRADER_GUESSES=10000 makes it another one.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import resource
import socket
import time
import zipfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from typing import TypeVar

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

from autograder.service.storage import files
from autograder.service.storage.files import Files
from autograder.service.web import connections, limits
from autograder.service.web.connections import OnTime
from autograder.service.web.limits import Rate
from autograder.service.web.open_requests import MOST_OF_PERSON
from autograder.service.web.uploads import bytes_per_person
from tests.service.running import ASSIGNMENT, Running, result, submit

Said = TypeVar("Said")
GUESSES = int(os.environ.get("AUTOGRADER_GUESSES", "1000"))
SLOW = 60  # uploads at a time that never end; of one person, the first twenty are taken
LONG = 8 << 20  # bytes of an answer that no system's buffers take in
SCRIPT = "</pre></code></script><script>alert(1)</script><img src=x onerror=alert(1)>"


def upload_head(running: Running, cookie: str, *more: str) -> bytes:
    """The head of an upload whose body is still to come."""
    lines = (
        f"POST /api/assignments/{ASSIGNMENT}/attempts HTTP/1.1", "Host: localhost",
        f"Cookie: session={cookie}", f"Origin: {running.url}", *more,
    )  # fmt: skip
    return "\r\n".join((*lines, "", "")).encode()


def is_well(client: httpx.Client, content: bytes) -> bool:
    """Whether a student who does nothing wrong is served."""
    return result(client, submit(client, content))["state"] == "graded"


def test_uploads_that_never_end_keep_nobody_waiting(service, clients, samples):
    """Many connections that send a byte and no more; meanwhile a student has a result."""
    cookie = clients["bela"].cookies["session"]
    head = upload_head(service, cookie, "Content-Length: 1000000")
    with ExitStack() as opened:
        for _ in range(SLOW):
            connection = socket.create_connection(("localhost", service.port))
            opened.enter_context(connection).sendall(head + b"{")
        assert is_well(clients["ada"], samples["ada"])
    assert service.process.poll() is None


def test_an_upload_that_takes_too_long_is_cut_off(monkeypatch):
    """After the time for a request is over, the answer says so and nothing more is read."""
    monkeypatch.setattr(limits, "SECONDS", 0.2)
    said: list[dict] = []

    async def never() -> dict:
        await asyncio.sleep(3600)
        raise AssertionError

    async def note(message: dict) -> None:
        said.append(message)

    async def reader(scope, receive, send) -> None:
        await receive()

    scope = {"type": "http", "method": "POST", "path": "/api/assignments/x/attempts"}
    asyncio.run(limits.BodyLimits(reader)(scope, never, note))
    assert said[0]["status"] == 408
    assert b"took too long" in said[1]["body"]


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /"],
)
def test_a_connection_on_which_no_request_begins_is_closed(monkeypatch, begun):
    """Whoever opens all connections and says nothing keeps nobody else out for long."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(begun)
        try:
            return await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()

    said = asyncio.run(while_served(talk))
    assert (b" 200 " in said) == begun.endswith(b"GET /")


def test_a_head_without_end_is_not_taken_in():
    """A connection on which a request's head goes on for ever is closed at once."""

    async def talk(port: int) -> bool:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nX: " + b"a" * (200 << 10))
        with suppress(ConnectionError):
            await asyncio.wait_for(reader.read(), 5)
        writer.close()
        return True

    assert asyncio.run(while_served(talk))


def test_trailers_without_end_are_not_taken_in():
    """A connection on which what follows a body goes on for ever is closed at once."""

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"1\r\n{\r\n0\r\nX: ")
        await asyncio.sleep(0.1)
        writer.write(b"a" * (200 << 10))
        try:
            return await asyncio.wait_for(reader.read(), 5)
        except ConnectionError:
            return b""
        finally:
            writer.close()

    assert asyncio.run(while_served(talk)) == b""


@pytest.mark.parametrize("pause", [0.0, 0.1])
@pytest.mark.parametrize("trailer", ["X-Remote-User", "X-Forwarded-For", "Cookie", "Origin"])
def test_what_follows_a_body_is_no_header(trailer, pause):
    """Headers that a proxy sets or checks are not taken from trailers, at once or later."""

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        await asyncio.sleep(pause)
        writer.write(f"{trailer}: grace\r\n\r\nGET / HTTP/1.1\r\nVia: x\r\n\r\n".encode())
        said = b""
        while said.count(b"}") < 2:
            said += await asyncio.wait_for(reader.read(1 << 16), 5)
        writer.close()
        return said

    said = asyncio.run(while_served(talk, telling_its_headers))
    assert b"{host transfer-encoding}" in said
    assert b"{via}" in said


def test_who_hangs_up_is_sent_no_answer():
    """Of several requests on one connection, the first hears of its end as the last does."""
    heard: list[str] = []

    async def waiting(scope, receive, send) -> None:
        await receive()
        with suppress(TimeoutError):
            heard.append((await asyncio.wait_for(receive(), 2))["type"])

    async def talk(port: int) -> list[str]:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        await asyncio.sleep(0.2)
        writer.close()
        await asyncio.sleep(0.2)
        return list(heard)

    assert asyncio.run(while_served(talk, waiting)) == ["http.disconnect"]


async def telling_its_headers(scope, receive, send) -> None:
    """An application that waits for the whole request and names its headers."""
    while (await receive()).get("more_body"):
        pass
    body = b"{%s}" % b" ".join(name for name, _ in scope["headers"])
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


def test_an_answer_that_takes_its_time_is_not_cut_off(monkeypatch):
    """Pages that wait for a result stay connected for as long as it takes."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.1)

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        try:
            return await asyncio.wait_for(reader.read(), 10)
        finally:
            writer.close()

    assert asyncio.run(while_served(talk)).endswith(b"done")


def test_a_line_break_after_an_answer_keeps_no_connection(monkeypatch):
    """It ends the wait for the next request, and does not begin one."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(reader.readuntil(b"done"), 5)
        await asyncio.sleep(0.1)
        try:
            writer.write(b"\r\n")
            return await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()

    assert asyncio.run(while_served(talk)) == b""


def test_a_body_that_nobody_reads_does_not_keep_its_connection(monkeypatch):
    """Who is answered before the end of a body, and sends a byte now and then, is left alone."""
    monkeypatch.setattr(connections, "REST_SECONDS", 0.3)

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n{")
        said = await asyncio.wait_for(reader.readuntil(b"done"), 5)
        try:
            writer.write(b"{")
            return said + await asyncio.wait_for(reader.read(), 5)
        finally:
            writer.close()

    assert asyncio.run(while_served(talk)).endswith(b"done")


@pytest.mark.parametrize("rest", [1, 1000])
def test_a_body_that_comes_after_its_answer_ends_no_connection(monkeypatch, rest):
    """Whoever is refused before the end of a long body asks again on the same connection."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(connections, "MOST_OF_HEAD", 256)

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: {rest}\r\n\r\n".encode())
        await asyncio.wait_for(reader.readuntil(b"done"), 5)
        writer.write(b"a" * rest)
        await asyncio.sleep(0.6)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            return await asyncio.wait_for(reader.readuntil(b"done"), 5)
        finally:
            writer.close()

    assert asyncio.run(while_served(talk)).endswith(b"done")


@pytest.mark.parametrize("path", ["/whole", "/pieces"])
@pytest.mark.parametrize("end", ["close", "keep-alive"])
def test_who_does_not_read_is_cut_off(monkeypatch, path, end):
    """Neither a page that is made nor one that is being made waits for ever to be read."""
    monkeypatch.setattr(connections, "TAKING_SECONDS", 0.3)
    assert asyncio.run(while_served(lambda port: read_slowly(port, path, end, 2.0))) < LONG


@pytest.mark.parametrize("path", ["/whole", "/pieces"])
def test_who_reads_slowly_gets_all(monkeypatch, path):
    """A line that is slow is no attack, as long as something moves on it."""
    monkeypatch.setattr(connections, "TAKING_SECONDS", 0.3)
    got = asyncio.run(while_served(lambda port: read_slowly(port, path, "close", 0.0)))
    assert got > LONG


async def read_slowly(port: int, path: str, end: str, pause: float) -> int:
    """Ask, wait, and read some of the answer every tenth of a second; how much there was."""
    loop = asyncio.get_running_loop()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        connection.setblocking(False)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: {end}\r\n\r\n"
        await loop.sock_sendall(connection, request.encode())
        await asyncio.sleep(pause)
        got = 0
        with suppress(ConnectionError, TimeoutError):
            while piece := await asyncio.wait_for(loop.sock_recv(connection, 1 << 18), 2):
                got += len(piece)
                await asyncio.sleep(0 if pause else 0.02)
        return got


def test_more_connections_are_open_than_is_usual():
    """A low limit on descriptors is raised, as far as the system lets."""
    before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before // 2, most))
        connections.raise_the_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(most, before)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, most))


async def answering(scope, receive, send) -> None:
    """An application that answers at once, or slowly, or much."""
    await asyncio.sleep(1 if scope["path"] == "/slow" else 0)
    pieces = {"/whole": [bytes(LONG)], "/pieces": [bytes(LONG >> 8)] * 256}
    body = [*pieces.get(scope["path"], []), b"done"]
    head = [(b"content-length", str(sum(map(len, body))).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    for piece in body:
        more = piece is not body[-1]
        await send({"type": "http.response.body", "body": piece, "more_body": more})


async def while_served(talk: Callable[[int], Awaitable[Said]], app: ASGIApp = answering) -> Said:
    """What a client hears from a server like ours."""
    config = uvicorn.Config(app, port=0, http=OnTime, lifespan="off", log_config=None,
                            timeout_keep_alive=60)  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        return await talk(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        await serving


def test_nobody_fills_the_disk_alone():
    """A person who sends the largest file again and again has to wait; others need not."""
    uploaded: Rate = bytes_per_person()
    assert [bool(uploaded.take("ada", limits.MAX_FILE)) for _ in range(6)] == [False] * 5 + [True]
    assert not uploaded.take("bela", limits.MAX_FILE)


def test_a_disk_that_is_nearly_full_takes_no_file(tmp_path, monkeypatch):
    """The database and the files that are there already need what is left."""
    assert Files(tmp_path).has_room
    monkeypatch.setattr(files, "ROOM", 1 << 62)
    assert not Files(tmp_path).has_room


@pytest.mark.parametrize("end", [b"", b"zz\r\n", b"ffffffffffffffff\r\n", b"5\r\nab"])
def test_a_broken_upload_is_no_attempt(service, clients, end):
    """A connection that ends or lies about its pieces leaves no file and no attempt."""
    before = clients["chen"].get(f"/assignments/{ASSIGNMENT}").text.count("Attempt ")
    head = upload_head(service, clients["chen"].cookies["session"], "Transfer-Encoding: chunked")
    with socket.create_connection(("localhost", service.port)) as connection:
        connection.sendall(head + b"3\r\n{}\n\r\n" + end)
    assert clients["chen"].get("/healthz").status_code == 200
    after = clients["chen"].get(f"/assignments/{ASSIGNMENT}").text.count("Attempt ")
    assert after == before
    assert not list((service.data / "coming").iterdir())


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0",
        b"GET /" + b"a" * 300_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused(service, clients, head):
    """Another protocol, endless headers, two lengths, an endless address: no page, no harm."""
    with socket.create_connection(("localhost", service.port)) as connection:
        connection.settimeout(20)
        try:
            connection.sendall(head)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(4096)
        except OSError:
            answer = b""
    assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 5"))
    assert clients["ada"].get("/").status_code == 200


def packed(name: str, content: bytes) -> bytes:
    """A zip file with one member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


EXHAUSTING: dict[str, Callable[[], bytes]] = {
    "a zip of 150 kB that unpacks to 150 MB": lambda: packed("a.ipynb", bytes(150 << 20)),
    "a zip in a zip": lambda: packed("inner.zip", packed("a.ipynb", bytes(1 << 20))),
    "a million brackets": lambda: b"[" * 1_000_000,
    "a number of a million digits": lambda: b'{"cells": ' + b"9" * 1_000_000 + b"}",
}


@pytest.mark.parametrize("what", EXHAUSTING)
def test_a_file_that_means_to_exhaust_its_reader_is_an_attempt_with_no_points(clients, what):
    """It has its sentence and 0 points, and takes nobody's worker with it."""
    found = result(clients["ada"], submit(clients["ada"], EXHAUSTING[what]()))
    assert (found["state"], found["score"]) == ("graded", 0.0)


def test_code_with_a_script_in_it_is_shown_as_text(service, clients, samples):
    """What a student wrote stands in the feedback, on the class page and in its report, as text."""
    notebook = json.loads(samples["goran"])
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = [*cell["source"], f"\n# {SCRIPT}\nraise ValueError({SCRIPT!r})"]
    id = submit(clients["ada"], json.dumps(notebook).encode())
    assert result(clients["ada"], id)["state"] == "graded"
    student = f"/class/{ASSIGNMENT}/report/students/{ASSIGNMENT}--ada.html"
    for who, page in [("ada", f"/attempts/{id}"), ("ada", f"/attempts/{id}/part"),
                      ("grace", f"/attempts/{id}"), ("grace", f"/class/{ASSIGNMENT}"),
                      ("grace", student)]:  # fmt: skip
        answer = clients[who].get(page)
        assert answer.status_code == 200, page
        assert "<script>alert" not in answer.text, page
        assert "<img src=x" not in answer.text, page


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../secret", "/static/..%2f..%2fsecret", "/static/%2e%2e/%2e%2e/secret",
        "/assignments/..%2f..%2fetc%2fpasswd", "/assignments/.", "/class/..%2f..%2fsource",
        f"/class/{ASSIGNMENT}/report/..%2f..%2f..%2fcourse.toml",
        f"/class/{ASSIGNMENT}/report/%2fetc%2fpasswd",
        f"/class/{ASSIGNMENT}/exports/..%2fcsv", f"/class/{ASSIGNMENT}/students/..%2fgrace",
        "/attempts/0", "/attempts/-1", "/attempts/99999999999999999999", "/attempts/1%00",
        "/attempts/1e3", "/attempts/ada",
    ],
)  # fmt: skip
def test_an_address_leads_nowhere_else(clients, path):
    """Neither out of a folder nor to a page that is not listed, whoever asks."""
    for who in ("ada", "grace"):
        answer = clients[who].get(path)
        assert answer.status_code == 404, (who, answer.status_code)
        assert "root:" not in answer.text
        assert "[service]" not in answer.text


def test_a_form_that_no_page_has_gets_a_sentence(clients):
    """A file where a text belongs: nothing of how the service is made comes back."""
    answer = clients["ada"].post(
        f"/assignments/{ASSIGNMENT}/requests",
        files={"value": ("a.txt", b"please")},
        headers={"Accept": "text/html"},
    )
    assert answer.status_code == 400
    assert "The service has not understood that" in answer.text
    assert "_max_size" not in answer.text


def test_a_line_break_makes_no_header(service, clients):
    """In a file's name, in an address, in a key: what comes back has our headers only."""
    name = "a\r\nX-Evil: 1\r\n\r\n<script>.ipynb"
    id = submit(clients["chen"], b'{"cells": [2]}', name)
    answers = [
        clients["chen"].get(f"/attempts/{id}/file"),
        clients["chen"].get("/attempts/1%0d%0aX-Evil:%201"),
        clients["chen"].get("/sign-in", params={"key": name}),
        clients["chen"].post("/sign-out", params={"next": name}),
    ]
    clients["chen"] = service.signed_in(service.links()["chen"])
    assert all("x-evil" not in answer.headers for answer in answers)


def test_a_forged_host_is_not_repeated(service):
    """No page and no redirect names the host that a request claims to come to."""
    client, evil = service.anybody(), "evil.example"
    forged = {"Host": evil, "X-Forwarded-Host": evil, "X-Forwarded-Proto": evil}
    for path in ("/", "/sign-in", "/hand_in.py", "/nowhere"):
        answer = client.get(path, headers=forged)
        assert evil not in answer.text + str(answer.headers)


@pytest.mark.slow
def test_no_guess_signs_in_and_a_forged_address_gives_no_more_tries(service, links):
    """All guesses are refused, nearly all unread, whatever address each claims to come from."""
    client = service.anybody()
    right = links["ada"].partition("key=")[2]
    body, _, signature = right.rpartition(".")
    answers = [
        client.post(
            "/sign-in",
            data={"key": f"{body}.{n:06d}{signature[6:]}"},
            headers={"X-Forwarded-For": f"192.0.2.{n % 256}"},
        )
        for n in range(GUESSES)
    ]
    codes = [answer.status_code for answer in answers]
    assert set(codes) <= {403, 429}
    assert codes.count(403) < 200
    assert all("set-cookie" not in answer.headers for answer in answers)
    service.signed_in(links["ada"])


def test_forms_that_never_end_are_counted_before_they_are_read(service, clients):
    """What a person's unfinished forms may fill on the disk is what any uploads may."""
    cookie = clients["chen"].cookies["session"]
    form = "Content-Type: multipart/form-data; boundary=x"
    head = upload_head(service, cookie, f"Content-Length: {60 << 20}", form)
    head = head.replace(b"/api/assignments", b"/assignments")
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.ipynb"\r\n\r\n{'
    with ExitStack() as opened:
        answers = []
        for _ in range(10):
            connection = socket.create_connection(("localhost", service.port))
            opened.enter_context(connection).sendall(head + start)
            connection.settimeout(1)
            with suppress(TimeoutError):
                answers.append(connection.recv(4096))
    assert answers
    assert all(answer.startswith(b"HTTP/1.1 429") for answer in answers)
    assert "Traceback" not in service.log()


def test_a_person_has_so_many_requests_open_and_no_more(service, clients, samples):
    """Downloads that are not read take nobody else's place, nor keep the service from ending."""
    huge = json.dumps({"cells": [], "metadata": {"x": "x" * LONG}}).encode()
    id = submit(clients["bela"], huge)
    cookie = clients["bela"].cookies["session"]
    ask = f"GET /attempts/{id}/file HTTP/1.1\r\nHost: x\r\nCookie: session={cookie}\r\n\r\n"
    answers = []
    with ExitStack() as opened:
        for _ in range(MOST_OF_PERSON + 20):
            connection = opened.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 10)
            connection.connect(("localhost", service.port))
            connection.sendall(ask.encode())
            connection.settimeout(20)
            answers.append(connection.recv(12))
        assert answers.count(b"HTTP/1.1 200") == MOST_OF_PERSON
        assert answers.count(b"HTTP/1.1 429") == 20
        assert clients["bela"].get("/").status_code == 429
        assert is_well(clients["ada"], samples["ada"])
    wait_for(lambda: clients["bela"].get("/").status_code == 200)


def wait_for(happens: Callable[[], bool]) -> None:
    """Until something happens."""
    end = time.monotonic() + 20
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.mark.slow
def test_who_does_not_read_keeps_the_service_from_no_stop(tmp_path):
    """SIGTERM ends it in seconds while downloads and live pages are open that nobody reads."""
    running = Running(tmp_path)
    running.start()
    ada = running.signed_in(running.links()["ada"])
    id = submit(ada, json.dumps({"cells": [], "metadata": {"x": "x" * LONG}}).encode())
    assert result(ada, id)["state"] == "graded"
    waiting = submit(ada, b"{}")
    cookie = ada.cookies["session"]
    with ExitStack() as opened:
        for path in [f"/attempts/{id}/file"] * 20 + [f"/attempts/{waiting}/events"] * 10:
            connection = opened.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 10)
            connection.connect(("localhost", running.port))
            head = f"GET {path} HTTP/1.1\r\nHost: x\r\nCookie: session={cookie}\r\n\r\n"
            connection.sendall(head.encode())
            connection.settimeout(20)
            connection.recv(12)
        before = time.monotonic()
        assert running.stop() == 0
        assert time.monotonic() - before < 15
    assert "Traceback" not in running.log()


PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.ipynb"\r\n'
TEXT = PART.replace(b'; filename="a.ipynb"', b"")
FORM = "multipart/form-data; boundary=x"
END = b"\r\n--x--\r\n"
FORMS: dict[str, tuple[str, bytes]] = {
    "another boundary": ("multipart/form-data; boundary=y", PART + b"\r\n{}" + END),
    "no boundary": ("multipart/form-data", PART + b"\r\n{}" + END),
    "a long boundary": (f"multipart/form-data; boundary={'x' * 10_000}", PART + b"\r\n{}" + END),
    "no end": (FORM, PART + b"\r\n" + b"{" * 100_000),
    "no part": (FORM, b"--x--"),
    "nothing": (FORM, b""),
    "thousands of files": (FORM, (PART + b"\r\n{}\r\n") * 5_000 + END),
    "thousands of fields": (FORM, TEXT * 5_000 + END),
    "a head of 5 MB": (FORM, PART + b"X: " + b"a" * (5 << 20) + b"\r\n\r\n{}" + END),
    "thousands of heads": (FORM, PART + b"X: a\r\n" * 50_000 + b"\r\n{}" + END),
    "a field of 5 MB": (
        FORM,
        PART.replace(b"; filename", b"; x") + b"\r\n" + b"a" * (5 << 20) + END,
    ),
    "a file without name": (FORM, PART.replace(b'name="file"; ', b"") + b"\r\n{}" + END),
    "a text in its place": (FORM, TEXT + b"\r\n{}" + END),
    "another charset": (f"{FORM}; charset=undefined", PART + b"\r\n{}" + END),
    "a charset that fails": (
        f"{FORM}; charset=punycode",
        PART.replace(b"a.ip", b"\xff-\xfe") + END,
    ),
    "a charset that takes the square of the length": (
        f"{FORM}; charset=PunyCode",
        TEXT + b"\r\n" + b"x" * 500_000 + b"-" + b"a" * 500_000 + END,
    ),
    "half of a letter": (f"{FORM}; charset='unicode_escape'", TEXT + b"\r\n\\ud800" + END),
    "a form of another kind": ("application/x-www-form-urlencoded", b"file=a&" * 100_000),
    "a broken one": ("application/x-www-form-urlencoded", b"&=%zz;" * 100_000),
    "a file that is packed": (FORM, gzip.compress(PART + b"\r\n" + bytes(50 << 20) + END)),
    "an empty file": (FORM, PART + b"\r\n" + END),
}


@pytest.mark.parametrize("what", FORMS)
def test_a_form_that_is_none_is_refused(service, clients, what):
    """It is no attempt, no failure of the service's, and leaves nothing behind."""
    kind, body = FORMS[what]
    uploading = clients["bela"]
    before = uploading.get(f"/assignments/{ASSIGNMENT}").text
    headers = {"Content-Type": kind, "Content-Encoding": "gzip" if "packed" in what else "identity"}
    answer = post(uploading, body, headers)
    while answer.status_code == 429:  # other tests have uploaded, too
        time.sleep(3)
        answer = post(uploading, body, headers)
    assert answer.status_code in (400, 413), answer.text
    after = uploading.get(f"/assignments/{ASSIGNMENT}").text
    assert after.count("Attempt ") == before.count("Attempt ")
    assert not list((service.data / "coming").iterdir())
    assert "Traceback" not in service.log()


def post(client: httpx.Client, body: bytes, headers: dict[str, str]) -> httpx.Response:
    """Send a form."""
    return client.post(f"/assignments/{ASSIGNMENT}/attempts", content=body, headers=headers)


@pytest.mark.parametrize("headers", [{"Content-Type": f"{FORM}; charset=punycode"}, {}])
def test_who_is_refused_in_the_middle_of_a_body_reads_why(headers):
    """A refusal arrives, though most of the body was never read: nothing closes on it."""

    async def app(scope, receive, send) -> None:
        while (await receive())["more_body"]:
            pass

    async def talk(port: int) -> httpx.Response:
        address, content = f"http://127.0.0.1:{port}/x", bytes(8 << 20)
        async with httpx.AsyncClient() as client:
            return await client.post(address, content=content, headers=headers)

    said = asyncio.run(while_served(talk, limits.BodyLimits(app)))
    assert said.status_code == (400 if headers else 413)
    assert said.text.count("\n") == 1


@pytest.mark.parametrize("said", [10, 1 << 40, -1])
def test_a_length_that_is_wrong_is_no_attempt(service, clients, said):
    """Fewer or more bytes than a request said that it has, or a length that is none."""
    head = upload_head(service, clients["bela"].cookies["session"], f"Content-Length: {said}")
    with socket.create_connection(("localhost", service.port)) as connection:
        connection.sendall(head + b'{"cells": []}')
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(20)
        with suppress(OSError):
            while connection.recv(1 << 16):
                pass
    assert not list((service.data / "coming").iterdir())
    assert "Traceback" not in service.log()
    assert clients["ada"].get("/").status_code == 200
