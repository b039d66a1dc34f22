# Two commands for a newcomer: `make demo` and `make test`. Everything they make stays in this folder.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo up test test-release bench lint format lock clean environment environment-scale environment-test axe

# Relative on purpose: the folder's own path may contain spaces.
BIN := .venv/bin
ARGS ?=
TOPIC ?= *

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

demo: environment ## plays one cohort from aanmelding to evaluation; ARGS="--no-serve --seed 7"
	@$(BIN)/vitale demo $(ARGS)

up: environment ## server, schedules, portal and mailbox on this laptop
	@$(BIN)/vitale up $(ARGS)

test: lint axe ## lint, types, import contracts, then every test this machine can run
	@$(BIN)/python -m pytest -n 2 -m "not release" $(ARGS)

test-release: lint axe ## the same, and the long ones, with coverage
	@$(BIN)/python -m pytest -n 2 --timeout=1800 --hypothesis-profile=thorough --cov --cov-report= $(ARGS)
	@$(BIN)/coverage report --fail-under=95
	@$(BIN)/coverage report --fail-under=100 --include="vitale_core/domain/*,vitale_core/planning/*,vitale_core/steps/*"

bench: environment-test ## what we claim to be fast, beside what one would pick instead; TOPIC=prefect ARGS=--quick
	@set -e; for script in benchmarks/$(TOPIC)/run.py; do echo "== $$script"; $(BIN)/python "$$script" $(ARGS); done

lint: environment-test ## ruff, mypy, import contracts
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/python -m mypy --no-error-summary
	@mkdir -p .cache && PYTHONPATH=. $(BIN)/lint-imports --cache-dir .cache/import-linter > .cache/import-linter.txt 2>&1 || { cat .cache/import-linter.txt; exit 1; }

format: environment-test ## lets ruff put everything in order
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

lock: ## makes both lock files anew, together, so that they agree; needs uv
	@sh deployments/lock.sh $(ARGS)

clean: ## removes what these commands made; keeps var/, where the facts are
	@rm -rf .venv .cache dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

environment:
	@sh deployments/environment.sh run

environment-scale:
	@sh deployments/environment.sh scale

environment-test:
	@sh deployments/environment.sh test

axe:
	@sh deployments/axe.sh
