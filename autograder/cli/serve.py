"""autograder serve: the live service, and what is done beside it."""

from __future__ import annotations

import os
import tempfile
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from autograder.cli.console import out
from autograder.cli.options import CourseOption, Jobs, Require
from autograder.course.layout import Course
from autograder.errors import UsageError
from autograder.model import Person, Tier
from autograder.report.sanitize import count

if TYPE_CHECKING:
    from autograder.service.service import Options, Service

app = typer.Typer(help="The live service: students submit and read their feedback at once.")
Data = Annotated[Path, typer.Option("--data", help="The service's folder, on a local disk.")]
Database = Annotated[
    str | None,
    typer.Option(help="PostgreSQL's URL; SQLite in the data folder when left out.",
                 envvar="AUTOGRADER_DATABASE"),
]  # fmt: skip
Url = Annotated[str, typer.Option("--url", help="How browsers reach the service.")]
_DATA = Path("service-data")
_URL = "http://localhost:8000"


@app.callback(invoke_without_command=True)
def serve(
    context: typer.Context,
    data: Data = _DATA,
    url: Url = _URL,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    database: Database = None,
    require: Require = Tier.ISOLATED,
    jobs: Jobs = None,
    proxy: Annotated[
        str | None, typer.Option(help="The reverse proxy's address, which may name clients.")
    ] = None,
    user_header: Annotated[
        str | None, typer.Option(help="A header in which that proxy names who has signed in.")
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Show the sample class in a fresh folder.")
    ] = False,
    course: CourseOption = None,
) -> None:
    """Run the live service, or one of the commands below."""
    os.umask(0o077)  # what the service keeps is nobody else's to read
    if context.invoked_subcommand is not None:
        return
    from autograder.running.local import cores
    from autograder.service.run import run
    from autograder.service.service import Options

    _check(url, proxy, user_header)
    home = _course(course)
    if demo:
        _demo(home, host, port, require, jobs or cores())
        return
    options = Options(home, data, url.rstrip("/"), database, require, jobs or cores(), proxy,
                      user_header)  # fmt: skip
    run(options, host, port, lambda: _say_where(options, host, port))


@app.command()
def invite(
    handles: Annotated[list[str] | None, typer.Argument(help="People; all when left out.")] = None,
    path: Annotated[Path, typer.Option("--out", help="The sheet to write.")] = Path("links.csv"),
    data: Data = _DATA,
    url: Url = _URL,
    database: Database = None,
    course: CourseOption = None,
) -> None:
    """Write everybody's personal sign-in link as a CSV for a mail merge."""
    from autograder.service.invitations import write_links

    service = _open(data, url, database, course)
    done = "replaced" if path.exists() else "written"
    people = [_person(service, h) for h in handles] if handles else service.people.roster.people
    write_links(service.identity, list(people), service.options.url, path)
    service.stop(0)
    links = count(len(people), "link")
    out.print(f"{done}: {path} ({links}; whoever has one can sign in)", soft_wrap=True)


@app.command()
def revoke(
    handles: Annotated[list[str], typer.Argument(help="People whose links become void.")],
    data: Data = _DATA,
    database: Database = None,
    course: CourseOption = None,
) -> None:
    """Make the links, sessions and notebook keys of people void; then invite them again."""
    service = _open(data, _URL, database, course)
    for handle in handles:
        service.people.revoke(_person(service, handle).student)
        out.print(f"revoked: {handle}")
    service.stop(0)


@app.command()
def backup(target: Annotated[Path, typer.Argument(help="A zip file.")], data: Data = _DATA) -> None:
    """Write all that the service keeps into one file, also while it runs."""
    from autograder.service.backup import back_up

    files = count(back_up(data, target), "file")
    rows = "With PostgreSQL its rows are not in there: run pg_dump, too."
    out.print(f"written: {target} ({files}). {rows}", soft_wrap=True)


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="What backup has written.")], data: Data = _DATA
) -> None:
    """Fill a new data folder from a backup."""
    from autograder.service.backup import restore as fill

    out.print(f"restored: {data} ({count(fill(source, data), 'file')})", soft_wrap=True)


def _check(url: str, proxy: str | None, user_header: str | None) -> None:
    if not url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        raise UsageError(
            f"--url {url}: an address with https is needed, since links and sessions must not be "
            "read on the way. Put a proxy such as Caddy before the service: docs/recipes/service.md"
        )
    if user_header and not proxy:
        raise UsageError("--user-header is believed of one proxy only. Name its address: --proxy")
    try:
        if proxy:
            ip_address(proxy)
    except ValueError:
        raise UsageError(f"--proxy {proxy}: an IP address is expected.") from None


def _course(path: Path | None) -> Course:
    return Course.find((path or Path.cwd()).resolve())


def _open(data: Path, url: str, database: str | None, course: Path | None) -> Service:
    """The service's storage, beside the process that serves."""
    from autograder.service.service import Options, Service

    return Service(Options(_course(course), data, url.rstrip("/"), database))


def _person(service: Service, handle: str) -> Person:
    person = service.people.find(handle)
    if person is None:
        raise UsageError(f"{handle}: is not on the roster. See: autograder roster check")
    return person


def _demo(course: Course, host: str, port: int, require: Tier, jobs: int) -> None:
    from autograder.service import demo
    from autograder.service.invitations import link
    from autograder.service.run import run
    from autograder.service.service import Options, Service

    with tempfile.TemporaryDirectory(prefix="autograder-demo-") as folder:
        copied = demo.make_course(course, Path(folder, "course"))
        options = Options(copied, Path(folder, "data"), f"http://localhost:{port}",
                          require=require, cores=jobs)  # fmt: skip
        service = Service(options)
        student = demo.submit_samples(course, service)
        for title, person in (("As a student", student), ("As an instructor", demo.INSTRUCTOR)):
            where = link(service.identity, person, options.url)
            out.print(f"{title}: {where}", soft_wrap=True, highlight=False)
        service.stop(0)
        out.print("Ctrl+C ends the demonstration and removes its folder.")
        run(options, host, port, lambda: _say_where(options, host, port))


def _say_where(options: Options, host: str, port: int) -> None:
    where = f"Listening on http://{f'[{host}]' if ':' in host else host}:{port}"
    out.print(f"{where}; browsers come by {options.url}", soft_wrap=True)
