"""Submits the notebook that calls it, and shows what the checks say: hand_in("ASSIGNMENT").

It needs Python alone. The service that it submits to serves this very file, with its address filled
in. Who you are it knows by your key, which it asks for once and keeps outside the notebook.
"""

from __future__ import annotations

import getpass
import json
import os
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

SERVICE = ""
_KEYS = Path("~/.config/autograder/keys").expanduser()  # a file for each service
_STALE = 60  # seconds after which a saved file may not be what is on the screen
_WAIT = 600  # seconds for a result
_MARKS = {True: "✓", False: "✗"}


def hand_in(assignment: str, notebook: str | None = None, service: str = SERVICE) -> None:
    """Submit a notebook and print what became of each exercise."""
    name, content = _notebook(notebook)
    query = urllib.parse.urlencode({"file": name, "way": "notebook"})
    where = f"{service}/api/assignments/{urllib.parse.quote(assignment)}/attempts?{query}"
    try:
        received = _ask(where, content)
        print(f"Received: {name}. Your feedback will also be at {service}{received['page']}")
        _show(_wait(f"{service}/api/attempts/{received['id']}"))
    except urllib.error.HTTPError as error:
        print(f"Not submitted: {error.read().decode(errors='replace').strip()}")
    except (urllib.error.URLError, TimeoutError) as error:
        print(f"{service} cannot be reached ({error}). Check your connection and run this again.")


def _ask(where: str, content: bytes | None = None) -> Any:
    """Ask with the key; where it is refused, forget it and ask for another one, once."""
    place = _KEYS / re.sub(r"\W", "-", urllib.parse.urlsplit(where).netloc)
    for last in (False, True):
        headers = {"Authorization": f"Bearer {_key(place)}"}
        headers["Content-Type"] = "application/octet-stream"
        request = urllib.request.Request(where, content, headers)
        try:
            with urllib.request.build_opener(_StaysHere).open(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 401 or last:
                raise
            place.unlink(missing_ok=True)
            print("This key does not work, or no longer. Your assignment's page shows your key.")
    raise AssertionError("unreachable")


class _StaysHere(urllib.request.HTTPRedirectHandler):
    """Follows nobody to another place, who would get the key too."""

    def redirect_request(self, *_: Any) -> None:
        """None: the answer that names the other place is the last one."""


def _key(place: Path) -> str:
    """The key for one service: another course's service must not see it."""
    if place.is_file():
        return place.read_text().strip()
    key = getpass.getpass("Your key, from the assignment's page: ").strip()
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(key)
    return key


# --- which notebook ------------------------------------------------------------------------------


def _notebook(named: str | None) -> tuple[str, bytes]:
    """The name and the contents of the notebook that runs this."""
    if named is None and "google.colab" in sys.modules:
        return _from_colab()
    path = Path(named or _path() or input("The notebook's file name: ").strip())
    while not path.is_file():
        path = Path(input(f"{path} is no file. The notebook's file name: ").strip())
    age = time.time() - path.stat().st_mtime
    if age > _STALE:
        print(f"{path.name} was saved {age / 60:.0f} minutes ago, and that is what is submitted.")
    return path.name, path.read_bytes()


def _path() -> str | None:
    """Where Jupyter or VS Code says that the notebook lies."""
    names = getattr(sys.modules.get("__main__"), "__dict__", {})
    found = names.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    for path in (Path(found), Path(Path(found).name)) if found else ():
        if path.is_file():
            return str(path)
    only = list(Path().glob("*.ipynb"))
    return str(only[0]) if len(only) == 1 else None


def _from_colab() -> tuple[str, bytes]:
    """Colab keeps no file: it is asked for what is on the screen."""
    from google.colab import _message  # type: ignore[import-not-found]

    found = _message.blocking_request("get_ipynb", timeout_sec=60)
    content = found["ipynb"]
    name = content.get("metadata", {}).get("colab", {}).get("name", "notebook.ipynb")
    return str(name), json.dumps(content).encode()


# --- what came of it -----------------------------------------------------------------------------


def _wait(where: str) -> Any:
    """Wait for the result, and say how far it is when that changes."""
    said, end = "", time.monotonic() + _WAIT
    while time.monotonic() < end:
        attempt = _ask(where)
        if attempt["state"] != "waiting":
            return attempt
        if attempt["waiting"] != said:
            said = attempt["waiting"]
            print(said)
        time.sleep(0.5)
    return attempt


def _show(attempt: Any) -> None:
    if attempt["state"] == "waiting":
        print("It still waits: look at the page above later. Nothing is lost.")
        return
    if attempt["score"] is None and attempt["state"] == "graded":
        print(f"Received. {attempt['later']}")
        return
    if attempt["score"] is None:
        print("Not graded yet. This says nothing about your answers; your instructor sees why.")
        return
    print(f"Attempt {attempt['number']}: {attempt['score']:g} of {attempt['max_score']:g} points")
    for exercise in attempt["exercises"]:
        print(f"{_MARKS[exercise['passed']]} {exercise['title']}: {exercise['words']}")
        if exercise["remark"]:
            print(f"    {exercise['remark']}")
