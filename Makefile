# `make setup check test` is the whole of what CI runs (.ci/run).
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3,$(if $(shell $(p) -c 'import sys; print("y" if sys.version_info >= (3, 11) else "")' 2>/dev/null),$(p))))
VENV ?= .venv
BIN = $(VENV)/bin
JOBS ?= 2

help:  ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

setup: $(BIN)/python  ## make .venv ready to develop in
	$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[dev]'

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo 'tyrex needs Python 3.11 or newer; set PYTHON=...'; exit 1; }
	$(PYTHON) -m venv $(VENV)

check:  ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright

test: test-unit test-lit  ## every test

test-unit:  ## pytest
	$(BIN)/pytest -q -n $(JOBS)

test-lit:  ## IR in, IR out (FileCheck)
	$(BIN)/lit -sv -j $(JOBS) lit_tests

format:  ## rewrite the sources in the house's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## remove what the other targets made
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache

.PHONY: help setup check test test-unit test-lit format clean
