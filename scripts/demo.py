"""The demo: grades the sample class with the real command line and writes its pages."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
AUTOGRADER = [sys.executable, "-m", "autograder"]


def main() -> None:
    """Grade samples/, write the pages, say where they are and how long it took."""
    started = time.perf_counter()
    for words in (
        ["build", "--check"],
        ["grade", "samples", "--seed", "2026", "--force", "--out", "results"],
        ["report", "results", "--quiet"],
    ):
        subprocess.run([*AUTOGRADER, *words], cwd=ROOT, check=True)
    page = ROOT / "results" / "pages" / "index.html"
    print(f"Class page: {page}\nThe whole demo took {time.perf_counter() - started:.1f} s.")
    print("The same class, live in a browser: .venv/bin/autograder serve --demo")


if __name__ == "__main__":
    main()
