"""Nothing that was acknowledged is lost, and no name that a student chooses becomes a path."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from autograder.errors import InfrastructureError, UsageError
from autograder.model import Person
from autograder.service.deciding import ask_again
from autograder.service.storage.attempts import now
from autograder.service.storage.database import network_file_system, open_database
from autograder.service.storage.files import Files, harmless
from autograder.service.storage.ledger import Ledger
from autograder.service.storage.tables import Outcome, adjustments, metadata
from autograder.service.work.intake import Intake


def test_the_migrations_make_exactly_the_tables_that_queries_use(store):
    """A column that is added in one place only is found here."""
    with store.database.reading() as connection:
        found = sa.inspect(connection)
        made = {
            table: {column["name"]: column["nullable"] for column in found.get_columns(table)}
            for table in found.get_table_names()
            if table != "alembic_version"
        }
        indexes = {i["name"] for table in made for i in found.get_indexes(table)}
    wanted = {
        name: {column.name: bool(column.nullable) for column in table.columns}
        for name, table in metadata.tables.items()
    }
    assert made == wanted
    assert {i.name for table in metadata.tables.values() for i in table.indexes} <= indexes


def test_opening_a_database_again_keeps_what_it_holds(store, database_url):
    """The migrations run once."""
    id = store.submit("ada")
    again = open_database(store.folder, database_url)
    with again.reading() as connection:
        assert connection.scalar(sa.text("SELECT id FROM attempts")) == id
    again.close()


@pytest.mark.parametrize("verb", ["UPDATE adjustments SET value = '9'", "DELETE FROM adjustments"])
def test_adjustments_are_append_only(store, verb):
    """The database itself refuses to change what a person has decided."""
    row = {"kind": "points", "student": "ada", "assignment": "a1_layers", "value": "1"}
    with store.database.writing() as connection:
        connection.execute(adjustments.insert().values(**row, who="grace", at=now(), why="asked"))
    with (
        pytest.raises(sa.exc.DBAPIError, match="append-only"),
        store.database.writing() as connection,
    ):
        connection.exec_driver_sql(verb)


def test_a_moment_comes_back_with_its_zone(store):
    """SQLite drops the zone; nobody may notice."""
    before = now()
    attempt = store.attempts.find(store.submit("ada"))
    assert before <= attempt.received <= now()
    assert attempt.received.utcoffset() == datetime.timedelta(0)


def test_attempts_are_numbered_for_each_student(store):
    """What one student does leaves the other's numbers alone."""
    ids = [
        store.submit(who, content) for who, content in [("ada", b"1"), ("bo", b"2"), ("ada", b"3")]
    ]
    assert [store.attempts.find(id).number for id in ids] == [1, 1, 2]


def test_a_newer_attempt_replaces_one_that_waits(store):
    """The older one stays in the history, and only the newer one is graded."""
    first, second = store.submit("ada", b"1"), store.submit("ada", b"2")
    assert store.attempts.find(first).outcome is Outcome.REPLACED
    assert store.queue().claim().attempt.id == second
    assert store.queue().claim() is None


def test_sending_the_waiting_file_again_makes_no_new_attempt(store):
    """Who repeats a submission because no answer came finds the first one."""
    assert store.submit("ada", b"1") == store.submit("ada", b"1")
    assert len(store.attempts.of_student("ada")) == 1


def test_arrivals_at_the_same_time_get_numbers_of_their_own(store):
    """Several processes may receive for one student at a time."""
    ids: list[int] = []
    sends = [
        threading.Thread(target=lambda n=n: ids.append(store.submit("ada", b"%d" % n)))
        for n in range(12)
    ]
    for send in sends:
        send.start()
    for send in sends:
        send.join()
    numbers = sorted(store.attempts.find(id).number for id in ids)
    assert numbers == list(range(1, 13))


def test_arrivals_in_one_transaction_count_as_one_after_the_other(store):
    """A class comes at once: a newer file replaces, the same file again is the same attempt."""
    store.submit("ada", b"0")
    sent = [("ada", b"1"), ("bo", b"1"), ("ada", b"2"), ("bo", b"1"), ("cy", b"1"), ("ada", b"2")]
    arrivals = [store.arrival(student, content) for student, content in sent]
    ids = store.attempts.receive(arrivals)
    found = [store.attempts.find(id) for id in ids]
    assert [(one.student, one.number) for one in found] == [
        ("ada", 2), ("bo", 1), ("ada", 3), ("bo", 1), ("cy", 1), ("ada", 3),
    ]  # fmt: skip
    assert [one.outcome for one in store.attempts.of_student("ada")] == [
        Outcome.WAITING, Outcome.REPLACED, Outcome.REPLACED,
    ]  # fmt: skip
    assert sorted(store.queue().waiting()) == sorted({ids[1], ids[4], ids[5]})
    assert [store.attempts.known_owner(id) for id in ids] == [student for student, _ in sent]


def test_of_one_student_files_for_two_assignments_wait_side_by_side(store):
    """Only a newer file of the same assignment takes a place."""
    ids = store.attempts.receive(
        [store.arrival("ada", b"1", name) for name in ("a1_layers", "a2_activations")]
    )
    assert store.queue().waiting() == ids
    assert [store.attempts.find(id).number for id in ids] == [1, 1]


def test_an_arrival_that_cannot_be_written_is_not_acknowledged(store):
    """Who waits hears of the failure instead of waiting for ever."""
    intake = Intake(store.attempts, lambda: None)
    bad = intake.submit(None)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        bad.result(10)
    intake.close()


# --- files ---------------------------------------------------------------------------------------


def test_a_file_is_found_by_its_contents(tmp_path):
    """What was put comes back; the same contents are kept once."""
    files = Files(tmp_path)
    digest = files.put(b"abc")
    assert files.put(b"abc") == digest
    assert files.read(digest) == b"abc"
    assert [path.name for path in (tmp_path / "files").glob("*/*")] == [digest]


def test_a_file_that_breaks_off_leaves_nothing(tmp_path):
    """Only what has come whole is kept."""
    files = Files(tmp_path)
    with files.coming() as arriving:
        arriving.write(b"half")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("digest", ["../../etc/passwd", "", "a" * 63, "A" * 64])
def test_what_is_no_digest_is_no_path(tmp_path, digest):
    """A damaged row leads nowhere."""
    with pytest.raises(InfrastructureError, match="no digest"):
        Files(tmp_path).read(digest)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a1_layers (2).ipynb", "a1_layers (2).ipynb"),
        ("../../x.ipynb", "_.._x.ipynb"),
        ("..", "notebook"),
        ("", "notebook"),
        (".ipynb", "ipynb"),
        ("C:\\Users\\a.py", "C:_Users_a.py"),
        ("a\0b\n\x1b[31m.ipynb", "ab .ipynb"),
        ("é" * 200 + ".ipynb", "é" * 72 + ".ipynb"),
    ],
)
def test_a_name_is_made_harmless(tmp_path, name, expected):
    """It names one file in its folder and keeps its ending."""
    files = Files(tmp_path)
    with files.under_name(files.put(b"x"), name) as path:
        assert path.read_bytes() == b"x"
        assert path.parent.parent == tmp_path / "work"
    assert not path.parent.exists()
    assert harmless(name) == expected


# --- where the database may lie ------------------------------------------------------------------


def test_a_network_file_system_is_refused(tmp_path, monkeypatch):
    """SQLite's locks do not hold there: a sentence says what to do."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda rw\n"
        "2 1 0:5 / /home rw - nfs4 server:/home rw\n"
        "3 1 0:6 / /homes rw - ext4 /dev/sdb rw\n"
    )
    assert network_file_system(Path("/home/course"), mounts) == "nfs4"
    assert network_file_system(Path("/homes/course"), mounts) == ""
    monkeypatch.setattr(
        "autograder.service.storage.database.network_file_system", lambda folder: "nfs4"
    )
    with pytest.raises(UsageError, match=r"network file system \(nfs4\).*--database"):
        open_database(tmp_path)


@pytest.mark.parametrize("url", ["mysql://root@localhost/x", "service.db", "postgresql://"])
def test_a_url_of_another_kind_is_refused(tmp_path, url):
    """The sentence shows what a right one looks like."""
    with pytest.raises(UsageError, match="postgresql://user:password@host/name"):
        open_database(tmp_path, url)


def test_a_server_that_is_away_is_an_infrastructure_error_without_the_password(tmp_path):
    """Nobody reads a password in a log."""
    with pytest.raises(InfrastructureError, match="cannot be opened") as failure:
        open_database(tmp_path, "postgresql://course:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in str(failure.value)


def test_of_two_requests_in_two_processes_one_is_taken(store, database_url):
    """A student who asks twice in the same moment, of two services, has one request open."""
    other = open_database(store.folder, database_url)
    ada, names = Person("ada"), [f"a{number}" for number in range(20)]
    columns = [SimpleNamespace(name=name, exercises=()) for name in names]
    services = [
        SimpleNamespace(ledger=Ledger(database), columns=columns)
        for database in (store.database, other)
    ]
    at_once = threading.Barrier(len(services))

    def ask(service: SimpleNamespace, name: str) -> bool:
        at_once.wait()
        try:
            ask_again(service, ada, name, "Look again.", None)
        except UsageError:
            return False
        return True

    with ThreadPoolExecutor(len(services)) as threads:
        taken = [list(threads.map(ask, services, [name, name])) for name in names]
    assert [sum(pair) for pair in taken] == [1] * len(names)
    assert sorted(one.assignment for one in services[0].ledger.all()) == sorted(names)
    other.close()
