"""The zip that an instructor uploads to Gradescope: engine, hidden files, and two scripts."""

from __future__ import annotations

import json

from autograder.model import Assignment
from autograder.targets.options import Visibility
from autograder.targets.tree import Tree, zipped

SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image: everything that grading needs.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends python3 python3-venv bubblewrap
python=python3
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv
    python=python3.11
fi
"$python" -m venv venv
venv/bin/pip install --quiet --constraint constraints.txt torch
venv/bin/pip install --quiet --constraint constraints.txt .
# Only what the package needs stays there: the package itself runs from here, closed to others.
venv/bin/pip uninstall --quiet --yes autograder-engine
rm -rf build ./*.egg-info
chmod -R go-rwx source solutions
"""

RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for each submission, as /autograder/run_autograder.
set -euo pipefail
root="$(dirname "$(readlink -f "$0")")"
cd "$root/source"
exec venv/bin/python -m autograder.integrations.gradescope "$root"
"""


def gradescope(assignment: Assignment, engine: Tree, hidden_checks: Visibility) -> Tree:
    """Return dist/gradescope/<name>.zip; ``hidden_checks`` says when students see those."""
    settings = {"assignment": assignment.name, "hidden_checks": hidden_checks.value}
    content = {
        **engine,
        "setup.sh": SETUP.encode(),
        "run_autograder": RUN.encode(),
        "settings.json": (json.dumps(settings, indent=1) + "\n").encode(),
    }
    return {f"dist/gradescope/{assignment.name}.zip": zipped(content)}
