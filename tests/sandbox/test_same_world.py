"""Every process finds the same world: what it draws, its clock's zone, its language."""

from __future__ import annotations

from autograder.sandbox import bubblewrap
from autograder.sandbox.client import SandboxProcess
from autograder.sandbox.tiers import Sandbox
from tests.sandbox.support import ask, result


def test_draws_depend_on_the_seed_alone(sandbox: Sandbox) -> None:
    """Processes forked from one parent draw alike from one seed, and otherwise from another."""
    body = "import random; return [torch.rand(1).item(), random.random(), hash('a')]"
    drawn = []
    for seed in (7, 7, 8):
        process = sandbox.zygote.open()
        drawn.append(result(ask(process, body, seed=seed)))
        process.close()
    assert drawn[0] == drawn[1]
    assert all(one != other for one, other in zip(drawn[1][:2], drawn[2][:2], strict=True))


def test_the_environment_is_fixed(process: SandboxProcess) -> None:
    """Time zone, language, threads and variables are those that the wall sets, and no others."""
    body = """
        import os, time
        names = [name for name in os.environ if name != "PWD" and "TORCH" not in name]
        return [names, time.tzname[0], os.environ['LC_ALL'], torch.get_num_threads()]
        """
    names, zone, language, threads = result(ask(process, body))
    assert set(names) <= set(bubblewrap.ENVIRONMENT)
    assert (zone, language, threads) == ("UTC", "C.UTF-8", 1)
