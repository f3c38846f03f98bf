# One command for each habit; CI calls the same ones. Needs python3 and make, and uv for `make lock` alone.

PYTHON ?= python3
UV ?= uv
ARGS ?=
UPGRADE ?=

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
SOURCES := server udfs catalog_sql flight clients tests
COMPILE := $(UV) pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev setup-gpu setup-lance setup-otel serve demo test check format bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.setup ## Make .venv from requirements.lock

setup-dev: $(VENV)/.setup-dev ## Add what tests and checks need

setup-gpu: $(VENV)/.setup-gpu ## Put the GPU build of faiss in place of the CPU one

setup-lance: $(VENV)/.setup-lance ## Add the package of the Lance extension

setup-otel: $(VENV)/.setup-otel ## Add what sends traces over OTLP

serve: setup ## Start a server (ARGS="--data DIR --port N")
	$(BIN)/python -m server serve $(ARGS)

demo: setup ## Start a server with the demo data and show it at work
	$(BIN)/python -m clients.demo --data .demo $(ARGS)

test: setup-dev ## Run the tests (ARGS="-k name")
	$(BIN)/python -m pytest $(ARGS)

check: setup-dev ## Check format, lint and types
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy $(SOURCES)

format: setup-dev ## Format, and fix what the linter can
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: setup-dev ## Measure (ARGS="name ...")
	$(BIN)/python -m tests.benches $(ARGS)

# Pins stay unless pyproject.toml asks for more. The lock for a GPU is a full alternative, the others add to the plain one.
lock: ## Resolve the lock files anew (UPGRADE=--upgrade moves the pins)
	$(COMPILE) --universal $(UPGRADE) pyproject.toml -o requirements.lock
	$(COMPILE) --universal $(UPGRADE) --group dev -c requirements.lock -o requirements-dev.lock
	$(COMPILE) --universal $(UPGRADE) --group lance -c requirements.lock -o requirements-lance.lock
	$(COMPILE) --universal $(UPGRADE) --group otel -c requirements.lock -o requirements-otel.lock
	$(COMPILE) --python-platform x86_64-manylinux_2_28 $(UPGRADE) --group gpu --override requirements/gpu-overrides.txt \
		-c requirements.lock pyproject.toml -o requirements-gpu.lock

clean: ## Remove .venv, caches and the demo's data
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Each stamp is newer than its lock while the environment is up to date, so a second run does nothing.
$(VENV)/.setup: requirements.lock | $(BIN)/python
	$(PIP_INSTALL) -r requirements.lock
	@touch $@

$(VENV)/.setup-dev: requirements-dev.lock $(VENV)/.setup
	$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@

$(VENV)/.setup-lance: requirements-lance.lock $(VENV)/.setup
	$(PIP_INSTALL) -r requirements-lance.lock
	@touch $@

$(VENV)/.setup-otel: requirements-otel.lock $(VENV)/.setup
	$(PIP_INSTALL) -r requirements-otel.lock
	@touch $@

# Both builds of faiss write the same files, so the CPU one leaves first.
$(VENV)/.setup-gpu: requirements-gpu.lock | $(BIN)/python
	-$(BIN)/python -m pip uninstall --quiet --yes faiss-cpu
	$(PIP_INSTALL) -r requirements-gpu.lock
	@touch $@ $(VENV)/.setup
