.DEFAULT_GOAL := help
.PHONY: help run test lint check format bench tour clean

PYTHON ?= python3
export PYTHON

# The file .venv/ready marks a finished set-up; a changed pyproject.toml asks for another.
.venv/ready: pyproject.toml
	@.ci/set-up

help: ## show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

run: .venv/ready ## open Deepscope (ARGS="--tab agents" and so on)
	.venv/bin/python main.py $(ARGS)

# foolbox, a peer that tests compare with, loads GitPython, which fails where there is no git.
test: export GIT_PYTHON_REFRESH = quiet
test: .venv/ready ## run every test (ARGS="-x tests/engine" and so on)
	.venv/bin/python -m pytest $(ARGS)

lint: .venv/ready ## check format, style and types
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

check: lint test ## everything that a commit must pass

format: .venv/ready ## put every file into its format
	.venv/bin/ruff check --fix-only --quiet .
	.venv/bin/ruff format .

bench: .venv/ready ## measure against peers (tests/benchmarks)
	@for script in $(wildcard tests/benchmarks/*.py); do .venv/bin/python $$script || exit 1; done

tour: .venv/ready ## photograph every station into ./tour (ARGS="--theme dark" and so on)
	.venv/bin/python main.py tour tour $(ARGS)

clean: ## remove .venv and everything that was generated
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache tour
	find main.py engine gui tests -name __pycache__ -prune -exec rm -rf {} +
