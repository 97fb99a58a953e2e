"""The recipes: what of them can be run on one machine is run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.running.machines import free_port
from tests.support.cases import ROOT
from tests.support.classes import SEED, results_in

RECIPES = ROOT / "docs" / "recipes"
OBJECTS = list(yaml.safe_load_all((RECIPES / "kubernetes.yaml").read_text()))


def deployments() -> dict[str, dict[str, Any]]:
    """The pods' templates by the names of their deployments."""
    found = (o for o in OBJECTS if o["kind"] == "Deployment")
    return {o["metadata"]["name"]: o["spec"]["template"] for o in found}


def test_every_selector_of_the_kubernetes_recipe_finds_its_pods():
    """The service, the deployments and the policy name labels that pods carry."""
    labels = [template["metadata"]["labels"] for template in deployments().values()]
    for found in OBJECTS:
        spec = found["spec"]
        selector = spec.get("podSelector") or spec["selector"]
        assert selector.get("matchLabels", selector) in labels, found["metadata"]["name"]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[str]:
    """The containers' commands, run here; yields the scheduler's address."""
    port = str(free_port("127.0.0.1"))
    processes = []
    with (tmp_path / "log").open("wb") as log:
        for template in deployments().values():
            container = template["spec"]["containers"][0]
            words = [
                word.replace("grading-scheduler", "127.0.0.1") for word in container["command"]
            ]
            words = [word.replace("8786", port) for word in words]
            command = [sys.executable, "-m", *words]
            environment = {**os.environ, "AUTOGRADER_COURSE": str(ROOT)}
            processes.append(
                subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
            )
        try:
            yield f"tcp://127.0.0.1:{port}"
        finally:
            for process in reversed(processes):
                process.terminate()
                process.wait(60)


@pytest.mark.slow
def test_the_commands_of_the_kubernetes_recipe_grade(run, graded, started, tmp_path):
    """Scheduler and worker started as in the pods grade a submission as always."""
    done = run("grade", "samples/ada", "--scheduler", started, "--seed", str(SEED),
               "--out", str(tmp_path / "out"), "--quiet")  # fmt: skip
    assert done.returncode == 0, done.stderr
    known = results_in(graded["ada"]["folder"])
    assert results_in(tmp_path / "out") == {"ada.json": known["ada.json"]}


def test_the_slurm_recipe_makes_a_job_script(monkeypatch):
    """dask-jobqueue makes a job of it that starts one single-threaded worker per core."""
    pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
    monkeypatch.setenv("AUTOGRADER_COURSE", "/shared/course")
    done = subprocess.run(
        [sys.executable, "-c", "import slurm_cluster; print(slurm_cluster.cluster.job_script())"],
        cwd=RECIPES, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "export AUTOGRADER_COURSE=/shared/course" in done.stdout
    assert "--nthreads 1" in done.stdout
    assert "--nworkers 8" in done.stdout
