"""A tier is what attacks from inside could not do, and never what was hoped for."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from autograder.errors import InfrastructureError, KilledError
from autograder.model import Tier
from autograder.sandbox import bubblewrap, tiers
from autograder.sandbox.client import SandboxProcess, Zygote
from autograder.sandbox.launch import launch
from autograder.sandbox.tiers import Sandbox
from tests.sandbox import old_kernel
from tests.sandbox.support import ask, result
from tests.support import runners

isolated = pytest.mark.skipif(
    not bubblewrap.bubblewrap_works(), reason="bubblewrap does not work here"
)


def test_nothing_that_is_tried_succeeds(sandbox: Sandbox) -> None:
    """The wall of this machine holds against every attack of the examination."""
    assert sandbox.breaches == ()
    assert sandbox.tier in (Tier.ISOLATED, Tier.CONFINED)


def test_every_layer_is_named(process: SandboxProcess) -> None:
    """Each process says which layers took hold around it."""
    assert [layer.split("-")[0] for layer in process.layers] == ["rlimits", "landlock", "seccomp"]


@isolated
def test_a_hole_in_the_wall_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where files lie open, the tier is the lowest, whatever layers are there."""
    monkeypatch.setattr(tempfile, "tempdir", "/var/tmp")
    shown = [*bubblewrap.libraries(()), "/var/tmp"]
    monkeypatch.setattr(bubblewrap, "libraries", lambda packages: shown)
    with Zygote(launch(["import torch"], bubblewrap=True)) as zygote:
        found = tiers.examine(zygote, bubblewrap=True)
    assert found.tier is Tier.SEPARATE
    assert "read a private file" in found.breaches


@isolated
def test_an_engine_in_reach_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the engine itself can be read, the tier is the lowest."""
    shown = [*bubblewrap.libraries(()), str(bubblewrap.PACKAGE / "grading")]
    monkeypatch.setattr(bubblewrap, "libraries", lambda packages: shown)
    with Zygote(launch(["import torch"], bubblewrap=True)) as zygote:
        found = tiers.examine(zygote, bubblewrap=True)
    assert found.breaches == ("read the engine",)
    assert found.tier is Tier.SEPARATE


@isolated
def test_hidden_checks_in_reach_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a course's own hidden files can be seen, the tier is the lowest."""
    secret = Path("/var/tmp") / "hidden-checks-of-a-course"
    secret.mkdir(exist_ok=True)
    shown = [*bubblewrap.libraries(()), str(secret)]
    monkeypatch.setattr(bubblewrap, "libraries", lambda packages: shown)
    with Zygote(launch(["import torch"], bubblewrap=True)) as zygote:
        found = tiers.examine(zygote, [secret], bubblewrap=True)
    secret.rmdir()
    assert found.breaches == ("list the hidden checks",)
    assert found.tier is Tier.SEPARATE


@isolated
def test_a_missing_inner_wall_is_found() -> None:
    """Where the kernel filters no system calls, processes can be started, and it is noticed."""
    with (
        old_kernel.imitated([old_kernel.WITHOUT_SECCOMP]),
        Zygote(launch(["import torch"], bubblewrap=True)) as zygote,
    ):
        found = tiers.examine(zygote, bubblewrap=True)
    assert "start a process" in found.breaches
    assert found.tier is Tier.SEPARATE


def test_grading_below_the_required_tier_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal names the tier that was reached, and the package that brings the missing one."""
    monkeypatch.setattr(bubblewrap, "bubblewrap_works", lambda: False)
    sandbox = Sandbox(None, Tier.CONFINED, (), ())  # type: ignore[arg-type]
    said = tiers._refusal(sandbox, Tier.ISOLATED)
    assert "confined, but isolated is required" in said
    assert "apt-get install bubblewrap" in said


def test_a_trial_of_bubblewrap_that_is_killed_does_not_say_that_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A kill in the first moment of a worker is somebody's act, and no fact about the machine."""
    script = tmp_path / "bwrap"
    script.write_text("#!/bin/sh\nkill -KILL $$\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(KilledError):
        launch(["import torch"])


@pytest.mark.parametrize(
    "runner", [r for r in runners.available() if r.tier is Tier.CONFINED], ids=lambda r: r.name
)
def test_isolation_is_not_silently_absent(runner: runners.Runner, tmp_path: Path) -> None:
    """Without bubblewrap, a grader that was asked for isolation grades nothing."""
    with runner.start("tests.support.worker", str(tmp_path), "isolated", "calm") as worker:
        said = worker.communicate(timeout=200)[1]
    assert worker.returncode != 0
    assert "isolated is required" in said


def test_a_python_out_of_reach_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without bubblewrap, a Python in a private folder gives one clear sentence."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    (private / "python").touch()
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setattr(bubblewrap, "interpreter", lambda: str(private / "python"))
    monkeypatch.setattr(bubblewrap, "_folders", lambda packages: [])
    with pytest.raises(InfrastructureError, match="Without bubblewrap student code runs as"):
        launch([], bubblewrap=False)


def test_a_sandbox_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last thing that a dying zygote said reaches the instructor."""
    monkeypatch.setattr(bubblewrap, "_START", "raise ImportError('no torch here')")
    with (
        launch(["import torch"]) as process,
        pytest.raises(InfrastructureError, match="no torch here"),
    ):
        process.wait_until_ready()


def test_the_command_line_of_the_zygote_holds_no_secret(sandbox: Sandbox) -> None:
    """All users of a machine may read command lines: no hidden name stands in this one."""
    arguments = sandbox.zygote._process.process.args
    assert isinstance(arguments, list)
    words = " ".join(map(str, arguments))
    assert "import torch" in words
    assert not any(
        word in words for word in ("graders", "mistakes", "solutions", "test_", "points")
    )


def test_a_process_sees_no_other(process: SandboxProcess) -> None:
    """Only the channel and the three silenced standard handles are open."""
    body = """
        import os
        found = []
        for handle in range(5000):
            try:
                found.append([handle, os.fstat(handle).st_mode & 0o170000])
            except OSError:
                pass
        return found
        """
    character_device, socket = 0o020000, 0o140000
    assert result(ask(process, body)) == [
        [0, character_device], [1, character_device], [2, character_device], [3, socket],
    ]  # fmt: skip


def test_other_systems_than_linux_are_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no wall can be raised, nothing is started, and the message says where to grade."""
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(InfrastructureError, match=r"this is darwin.*Grade in a Linux container"):
        launch(["import torch"])
