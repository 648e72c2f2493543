# Needs only make, a Python from 3.11 to 3.13, and a C/C++ compiler. Everything else lands in .venv, from uv.lock.
.DEFAULT_GOAL := help
.PHONY: help demo test check fix lab bench clean
export PYTHON DATA

BIN := .venv/bin
LOCKED := uv.lock pyproject.toml scripts/environment

help: ## say what can be made
	@sed -n 's/^\([a-z]*\):.*## /  make \1 — /p' Makefile

demo: .venv/stamps/starter ## install, ingest the sample corpus, answer questions with citations, stop everything
	@scripts/demo

test: .venv/stamps/dev ## run every check and every test (installs Chromium where it is missing and may)
	@scripts/system-packages
	@scripts/check
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

check: .venv/stamps/dev ## format, lint, types, import contracts and house rules: a minute
	@scripts/check
	@$(BIN)/python -m pytest -q tests/house -m "not slow"

fix: .venv/stamps/dev ## format, and mend what the linter can mend
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

lab: .venv/stamps/lab ## open JupyterLab on notebooks/
	@$(BIN)/python -m jupyter lab --notebook-dir=notebooks

bench: .venv/stamps/dev ## run the benchmarks (ONLY=name for one; DATA=folder of question sets; PEERS=1 installs the peers, with torch)
	@$(if $(PEERS),scripts/environment peers)
	@scripts/bench $(ONLY)

clean: ## remove the environment, caches, build results and the demo's data (your .janus data stays)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .janus-demo dist build tests/artefacts benchmarks/out
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/stamps/%: $(LOCKED)
	@scripts/environment $*
