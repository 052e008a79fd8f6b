# `make run` and `make test` are all a newcomer needs; both make their own environment first.
PYTHON ?= python3
BIN := .venv/bin
DEV := .venv-dev/bin

.PHONY: help run test test-postgres failover torture types check-types lint bench lock clean
help:                   ## this list
	@sed -n 's/^\([a-z.-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST)

# Exact versions, checked against their hashes. The setuptools that Python 3.11 puts into an environment is of 2022.
define environment
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version)'
	$(PYTHON) -m venv --clear $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	$@/bin/python -m pip uninstall --quiet --disable-pip-version-check --yes setuptools
	@touch $@
endef

.venv: requirements.lock ## the environment that serves, alone
	$(environment)

.venv-dev: requirements-dev.lock ## the same versions, and what tests and lints
	$(environment)

run: .venv              ## the service on embedded SQLite, with sample orders and keys to try
	$(BIN)/python run.py serve --demo

test: .venv-dev         ## the whole test suite
	$(DEV)/python -m pytest --numprocesses auto --dist loadfile

test-postgres: .venv-dev ## what is asked over HTTP, with the ledger on a PostgreSQL of the tests' own
	TEST_LEDGERS_ON=postgresql $(DEV)/python -m pytest --numprocesses auto --dist loadfile tests/api tests/privacy

failover: .venv-dev     ## what may go wrong with PostgreSQL, at full size and under load; some ten minutes
	$(DEV)/python -m tests.failover

torture: .venv-dev      ## every attack and fault at full size, with tables of what came of it; under an hour
	$(DEV)/python -m tests.torture

types: docs/client/node_modules ## docs/client/ledger.d.ts made anew of docs/openapi.json (needs npm)
	node docs/client/types.mjs > docs/client/ledger.d.ts.new && mv docs/client/ledger.d.ts.new docs/client/ledger.d.ts

check-types: docs/client/node_modules ## is that file of this openapi.json, and does what is written with it hold?
	node docs/client/types.mjs > docs/client/node_modules/ledger.d.ts
	cmp docs/client/ledger.d.ts docs/client/node_modules/ledger.d.ts || { echo 'it is stale; `make types` makes it anew'; exit 1; }
	docs/client/node_modules/.bin/tsc --project docs/client

docs/client/node_modules: docs/client/package-lock.json
	cd docs/client && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

lint: .venv-dev         ## ruff and mypy
	$(DEV)/ruff check . && $(DEV)/ruff format --check . && $(DEV)/mypy

bench: .venv            ## the figures, side by side in one run; AGAINST=FOLDER compares with another checkout
	$(BIN)/python -m bench $(if $(AGAINST),--against '$(AGAINST)')

COMPILE := uv pip compile --quiet --universal --generate-hashes --no-annotate --no-emit-index-url --no-header pyproject.toml
lock:                   ## resolve pyproject.toml anew into the two lock files (needs uv)
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --extra otel --group dev --constraint requirements.lock --output-file requirements-dev.lock

clean:                  ## drop what can be made again; never touches var/, where the ledger lives
	rm -rf .venv .venv-dev bench/.venv docs/client/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis bench/out
