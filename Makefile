# `make run` starts ConvScope, `make test` checks everything; both set themselves up on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin
DEV := .venv/.dev
APP := .venv/.app
NODE := node_modules/.dev

.PHONY: run test lint bench clean

run: $(APP)
	$(BIN)/python -m explorer $(ARGS)

test: lint
	npm test
	$(BIN)/python -m pytest

lint: $(DEV) $(NODE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm run lint

bench: $(DEV)
	$(BIN)/python -m benchmarks.conv2d
	$(BIN)/python -m benchmarks.explorer
	$(BIN)/python -m benchmarks.training

.venv:
	$(PYTHON) -m venv .venv

$(APP): requirements.txt | .venv
	$(BIN)/pip install -q -r requirements.txt
	touch $@

$(DEV): requirements-dev.txt requirements.txt | .venv
	$(BIN)/pip install -q -r requirements-dev.txt
	$(BIN)/python -m tests.browser.chromium
	touch $@

$(NODE): package-lock.json
	npm ci --no-progress
	touch $@

clean:
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache
