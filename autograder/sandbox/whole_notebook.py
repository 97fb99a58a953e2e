"""A submission that is run as its notebook is: from top to bottom, in one process, cell by cell.

A cell that ends the process, or does not end itself, is left out from then on; whatever else a
cell raises stays behind, as in Jupyter.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from autograder.model import Submission
from autograder.sandbox.answers import Stopped
from autograder.sandbox.budget import Account
from autograder.sandbox.client import Zygote
from autograder.sandbox.inside import protocol
from autograder.sandbox.session import BudgetSpent, Session

CELL_SECONDS = 20.0
MAX_LEFT_OUT = 3  # cells; where more end the process, nothing more is run


class WholeNotebook(Session):
    """The transport into a notebook that has been run as far as it was asked to."""

    AS_NOTEBOOK = True

    def __init__(
        self, zygote: Zygote, submission: Submission, setup: Sequence[str], account: Account
    ) -> None:
        zygote.load_notebook()
        self._sources = [cell.source for cell in submission.cells]
        self._left_out = set[int]()
        self._ran = 0  # cells
        self._bound = ""  # the exercise that is asked about
        super().__init__(zygote, submission, setup, account=account)

    def could_hide(self, exercise: str, forbidden: Collection[str]) -> bool:
        """Any cell above may have left what is forbidden, under any name."""
        return True

    def run_to_check(self, exercise: str) -> bool:
        """Run the cells above an exercise's check; whether its function is bound by then.

        Where nothing above binds it, the other cells are run as well.
        """
        self._bound = exercise
        return self._run_to(self.cells_before(exercise)) and self._bind()

    def cells_before(self, exercise: str) -> int:
        """How many cells are run before an exercise is asked about; ask in this order."""
        everything = len(self._sources)
        if exercise in self.inventory.below:
            return everything
        return self._above.get(exercise, everything)

    def _run_to(self, end: int) -> bool:
        while self._ran < end:
            if len(self._left_out) > MAX_LEFT_OUT:
                return False
            index = self._ran
            self._ran += 1
            if index not in self._left_out and not self._run(index):
                self._left_out.add(index)
        return True

    def _run(self, index: int) -> bool:
        """Run one cell in a process in which those before it were run; whether it survives."""
        frame = protocol.pack({"do": "run_cell", "source": self._sources[index]}, {})
        try:
            self.ask(frame, time.monotonic() + CELL_SECONDS)
        except BudgetSpent:
            raise
        except Stopped:
            return False
        return True

    def _bind(self) -> bool:
        frame = protocol.pack({"do": "bind", "exercise": self._bound}, {})
        return self.ask(frame, time.monotonic() + CELL_SECONDS).result is True

    def _catch_up(self) -> None:
        end, self._ran = self._ran, 0
        self._run_to(end)
        if self._bound:
            self._bind()
