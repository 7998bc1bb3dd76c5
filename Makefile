# `make help` lists what can be made. Needs make, and Python 3.11 or later with its venv module
# (Debian and Ubuntu: apt install make python3 python3-venv).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
APPS   := ws_gateway/web/index.html
CODE   := dispatch ws_gateway sim bench taxi_cli tests docs/examples

# Options of `taxi demo`: make run ARGS="--cars 100 --port 0"
ARGS   ?=
# Processes that the unit tests are spread over.
JOBS   ?= auto
# Whole systems that the integration tests keep at once: they mostly wait. A world on a fast clock comes after.
SYSTEMS ?= 2

.DEFAULT_GOAL := help
# Our own modules are compiled once, also where the machine says that Python shall write no bytecode.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup web run test waiting computing lint types imports unit webtest browser integration simtest mutants chaos long screenshots docs format lock audit clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name what; \
	do printf '  make %-13s %s\n' "$$name" "$$what"; done

setup: $(STAMP) ## .venv with everything of requirements.lock; again only when that or pyproject.toml changed

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || \
	{ echo "make: $(PYTHON) is not there. Debian: apt install python3 python3-venv. Else: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "make: Python 3.11 or later is needed, $(PYTHON) is $$($(PYTHON) --version). Else: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	{ echo "make: $(PYTHON) has no venv module. Debian: apt install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "Installing what requirements.lock names into $(VENV): a minute or two the first time"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

NPM     := $(BIN)/python web/npm.py
MODULES := web/node_modules/.installed

$(MODULES): web/package-lock.json $(STAMP)
	@echo "Installing what web/package-lock.json names into web/node_modules: half a minute the first time"
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

$(APPS): $(MODULES) $(shell find web -path web/node_modules -prune -o -type f -print)
	@$(NPM) run --silent build -- --logLevel warn
	@touch $@

web: $(APPS) ## the three apps, built to where the gateway serves them from

run: setup ## a city at work on this machine, until Ctrl-C
	@$(MAKE) --no-print-directory web || echo "make: the web apps are not built; the city runs without them" >&2
	@$(BIN)/taxi demo $(ARGS)

# Tests that wait (for processes, sockets, browsers) and tests that compute run side by side: the first leave half of
# the machine idle. What computes is nice, so that it takes that half alone. -O prints each part when it is complete.
test: setup ## everything that must hold, except what takes long
	@$(MAKE) --no-print-directory -O -j2 waiting computing

waiting: webtest integration

computing: setup
	@nice -n 19 $(MAKE) --no-print-directory lint types imports simtest unit

long: mutants chaos ## what must hold and takes long: planted bugs are found, whole systems under kills

lint: setup ## ruff: rules and format
	$(BIN)/ruff check -q $(CODE)
	$(BIN)/ruff format -q --check $(CODE)

types: setup ## mypy, strict
	$(BIN)/mypy
	$(BIN)/mypy docs/examples

imports: setup ## which part may know which (.importlinter)
	$(BIN)/lint-imports --no-logo

unit: setup ## tests without processes, sockets and databases, in parallel
	$(BIN)/pytest -q -n $(JOBS) -m "not integration and not simtest and not mutants"

webtest: $(MODULES) ## the apps' own tests: types, lint, units
	$(NPM) run --silent check

browser: ## Chromium for the tests: the system's, else Debian's package (as root)
	@command -v chromium || command -v chromium-browser || command -v google-chrome || \
	{ test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } || \
	{ echo "make: the tests need Chromium. Debian, as root: apt-get install chromium" >&2; exit 1; }

integration: setup browser web ## tests with real parts: Valkey, PostgreSQL, Ray, sockets, Chromium
	$(BIN)/pytest -q -n $(SYSTEMS) --dist loadfile --no-loadscope-reorder -m "integration and not chaos" --ignore tests/sim/city
	$(BIN)/pytest -q -m "integration and not chaos" tests/sim/city

simtest: setup ## three hundred simulated worlds with faults: five minutes on two cores
	$(BIN)/pytest -q -n $(JOBS) -m simtest tests/sim/simtest

mutants: setup ## planted bugs, each of which the simulated worlds find
	$(BIN)/pytest -q -n $(JOBS) -m mutants tests/sim/simtest

chaos: setup web ## a city under faults, a node of two killed, an actor for each entity: a quarter of an hour
	$(BIN)/pytest -q -m chaos

screenshots: setup browser web ## pictures of the three apps at work, into docs/pictures
	$(BIN)/python web/screenshots.py

docs: setup ## write the documents that are made from the code
	$(BIN)/python -m dispatch.codegen.markdown docs
	$(BIN)/python -m dispatch.codegen.typescript web/src/protocol

format: setup ## put the code in its form
	$(BIN)/ruff check -q --fix $(CODE)
	$(BIN)/ruff format -q $(CODE)
	@test ! -f $(MODULES) || $(NPM) run --silent format

lock: ## resolve the dependencies anew (needs uv)
	uv pip compile pyproject.toml --all-extras --generate-hashes --no-emit-index-url --universal \
	  --python-version 3.11 --upgrade -q -o requirements.lock

audit: setup $(MODULES) ## known faults in what we depend on (needs uv and the network; no part of `make test`)
	uvx pip-audit --require-hashes --disable-pip -r requirements.lock
	$(NPM) audit

clean: ## remove .venv, caches and what runs have left in var/
	rm -rf $(VENV) var dist ws_gateway/web web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
