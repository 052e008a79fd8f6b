# `make run` and `make test` are all a newcomer needs; both make their own environment first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run test lint bench lock clean
help:                   ## this list
	@sed -n 's/^\([a-z.]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST)

.venv: requirements.lock ## the environment alone: exact versions, checked against their hashes
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@touch .venv

run: .venv              ## the service on embedded SQLite, with sample orders and keys to try
	$(BIN)/python run.py serve --demo

test: .venv             ## the whole test suite
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

lint: .venv             ## ruff and mypy
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: .venv            ## the figures, side by side in one run; AGAINST=FOLDER compares with another checkout
	$(BIN)/python -m bench $(if $(AGAINST),--against '$(AGAINST)')

lock:                   ## resolve pyproject.toml anew into requirements.lock (needs uv)
	uv pip compile --quiet --universal --generate-hashes --no-annotate --no-emit-index-url --no-header \
	  --group dev pyproject.toml --output-file requirements.lock

clean:                  ## drop what can be made again; never touches var/, where the ledger lives
	rm -rf .venv bench/.venv .pytest_cache .mypy_cache .ruff_cache .hypothesis bench/out
