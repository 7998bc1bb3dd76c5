# `make help` lists the targets. Requires make, and Python 3.11 or later with its venv module
# (Debian and Ubuntu: apt install make python3 python3-venv).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
APPS   := ws_gateway/web/index.html
CODE   := dispatch ws_gateway sim bench taxi_cli tests docs/examples

# Options of `taxi demo`: make run ARGS="--cars 100 --port 0"
ARGS   ?=
# Number of processes of the unit tests.
JOBS   ?= auto
# Number of whole systems that run at once in the integration tests: they mostly wait. A city on a fast clock runs after them.
SYSTEMS ?= 2

.DEFAULT_GOAL := help
# Compile our own modules once, even if the environment disables bytecode.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup web run test waiting computing lint types imports unit webtest browser integration simtest mutants chaos long screenshots docs format lock audit clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | while IFS="$$(printf '\t')" read -r name what; \
	do printf '  make %-13s %s\n' "$$name" "$$what"; done

setup: $(STAMP) ## install requirements.lock into .venv; again only after a change of it or of pyproject.toml

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || \
	{ echo "make: $(PYTHON) not found. Debian: apt install python3 python3-venv. Otherwise: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "make: Python 3.11 or later required, $(PYTHON) is $$($(PYTHON) --version). Otherwise: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	{ echo "make: $(PYTHON) has no venv module. Debian: apt install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo "Installing requirements.lock into $(VENV): one or two minutes the first time"
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

NPM     := $(BIN)/python web/npm.py
MODULES := web/node_modules/.installed

$(MODULES): web/package-lock.json $(STAMP)
	@echo "Installing web/package-lock.json into web/node_modules: half a minute the first time"
	@$(NPM) ci --no-audit --no-fund --loglevel=error
	@touch $@

$(APPS): $(MODULES) $(shell find web -path web/node_modules -prune -o -type f -print)
	@$(NPM) run --silent build -- --logLevel warn
	@touch $@

web: $(APPS) ## build the three apps into ws_gateway/web

run: setup ## simulate a city on this machine until Ctrl-C
	@$(MAKE) --no-print-directory web || echo "make: web apps not built; the city runs without them" >&2
	@$(BIN)/taxi demo $(ARGS)

# Tests that wait (for processes, sockets, browsers) and tests that compute run side by side: the first leave half of
# the machine idle. The computing tests run with a high niceness, so that they take only that half. -O prints each part
# when it is complete.
test: setup ## run all checks except the slow ones
	@$(MAKE) --no-print-directory -O -j2 waiting computing

waiting: webtest integration

computing: setup
	@nice -n 19 $(MAKE) --no-print-directory lint types imports simtest unit

long: mutants chaos ## run the slow checks: planted bugs, whole systems under faults

lint: setup ## ruff: rules and format
	$(BIN)/ruff check -q $(CODE)
	$(BIN)/ruff format -q --check $(CODE)

types: setup ## mypy, strict
	$(BIN)/mypy
	$(BIN)/mypy docs/examples

imports: setup ## check the import contracts (.importlinter)
	$(BIN)/lint-imports --no-logo

unit: setup ## run tests without processes, sockets and databases, in parallel
	$(BIN)/pytest -q -n $(JOBS) -m "not integration and not simtest and not mutants"

webtest: $(MODULES) ## check the web apps: types, lint, unit tests
	$(NPM) run --silent check

browser: ## find Chromium for the tests, or install Debian's package (as root)
	@command -v chromium || command -v chromium-browser || command -v google-chrome || \
	{ test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } || \
	{ echo "make: the tests require Chromium. Debian, as root: apt-get install chromium" >&2; exit 1; }

integration: setup browser web ## run tests with real parts: Valkey, PostgreSQL, Ray, sockets, Chromium
	$(BIN)/pytest -q -n $(SYSTEMS) --dist loadfile --no-loadscope-reorder -m "integration and not chaos" --ignore tests/sim/city
	$(BIN)/pytest -q -m "integration and not chaos" tests/sim/city

simtest: setup ## run three hundred simulated worlds with faults: five minutes on two cores
	$(BIN)/pytest -q -n $(JOBS) -m simtest tests/sim/simtest

mutants: setup ## run planted bugs that the simulated worlds must find
	$(BIN)/pytest -q -n $(JOBS) -m mutants tests/sim/simtest

chaos: setup web ## run a city under faults, a killed node of two, an actor for each entity: a quarter of an hour
	$(BIN)/pytest -q -m chaos

screenshots: setup browser web ## take pictures of the three apps into docs/pictures
	$(BIN)/python web/screenshots.py

docs: setup ## generate documents and types from the code
	$(BIN)/python -m dispatch.codegen.markdown docs
	$(BIN)/python -m dispatch.codegen.typescript web/src/protocol

format: setup ## format the code
	$(BIN)/ruff check -q --fix $(CODE)
	$(BIN)/ruff format -q $(CODE)
	@test ! -f $(MODULES) || $(NPM) run --silent format

lock: ## resolve the dependencies again (requires uv)
	uv pip compile pyproject.toml --all-extras --generate-hashes --no-emit-index-url --universal \
	  --python-version 3.11 --upgrade -q -o requirements.lock

audit: setup $(MODULES) ## list known vulnerabilities of the dependencies (requires uv and the network; not part of `make test`)
	uvx pip-audit --require-hashes --disable-pip -r requirements.lock
	$(NPM) audit

clean: ## remove .venv, caches and run data in var/
	rm -rf $(VENV) var dist ws_gateway/web web/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
