# `make run` starts ConvScope, `make test` checks everything; both set themselves up on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin
DEV := .venv/.dev
APP := .venv/.app
NODE := node_modules/.dev

# How many times `make random` draws new examples.
ROUNDS ?= 20

.PHONY: run test random lint bench clean

run: $(APP)
	$(BIN)/python -m explorer $(ARGS)

test: lint
	npm test
	$(BIN)/python -m pytest

random: $(DEV)
	for round in $$(seq $(ROUNDS)); do $(BIN)/python -m pytest -q -m hypothesis --hypothesis-profile=random || exit 1; done

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
