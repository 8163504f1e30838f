# `make demo` and `make test` need Python 3.11 or newer with pip, nothing else; both set up .venv.

VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first interpreter that is new enough and has pip and venv.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$python -c 'import sys, pip, venv; sys.exit(sys.version_info < (3, 11))' \
		2>/dev/null && echo $$python && break; done)
PIP = $(PYTHON) -m pip --python $(BIN)/python install -qq -c constraints.txt

.PHONY: help demo test lint types floors units bench clean
help:
	@echo "make demo   find the tones of a piano recording; results in demo/"
	@echo "make test   linters, types, floors, doctests and tests"
	@echo "make lint   linters, types and floors alone"
	@echo "make bench  measure speed, memory and rivals; writes docs/results.md"
	@echo "make clean  remove .venv, demo/ and caches"

# Torch first and alone: whatever needs it must find it rather than choose another build.
$(VENV)/.torch: constraints.txt
	@test -n "$(PYTHON)" || { echo "ondes needs Python 3.11 or newer with pip; \
	name it with: make PYTHON=/path/to/python" >&2; exit 2; }
	@echo "Setting up $(VENV): torch and the other dependencies (once, some minutes)"
	@$(PYTHON) -m venv --without-pip $(VENV)
	@$(PIP) "$$(grep '^torch==' constraints.txt)"
	@touch $@

$(VENV)/.ondes: $(VENV)/.torch pyproject.toml
	@$(PIP) -e .
	@touch $@

$(VENV)/.test: $(VENV)/.ondes
	@$(PIP) -e '.[test]'
	@touch $@

$(VENV)/.bench: $(VENV)/.ondes
	@$(PIP) -e '.[bench]'
	@$(PIP) --no-deps basic-pitch  # it asks for a tensorflow that no longer installs; ONNX does
	@touch $@

demo: $(VENV)/.ondes
	@$(BIN)/ondes demo -o demo

test: lint units

lint: $(VENV)/.test
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy

units: $(VENV)/.test
	@$(BIN)/pytest -q -n auto --maxprocesses 4 --durations 10

bench: $(VENV)/.bench
	@$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) demo .mypy_cache .pytest_cache .ruff_cache .hypothesis
