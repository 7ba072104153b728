# `make run` starts ConvScope, `make test` checks everything; both set themselves up on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin
DEV := .venv/.dev
APP := .venv/.app
NODE := node_modules/.dev

# How many times `make random` draws new examples.
ROUNDS ?= 20
# Tests run in as many processes as there are cores, at most four, whole files in each; each computes with one thread.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder
# What concerns a graphics card, for `make card`: on an imitated one (tests/stand_in.py).
CARD := $(addprefix tests/core/explain/test_,explain_record.py explain_terms.py explain_gradients.py \
  explain_line.py explain_unseen.py attribution.py) $(addprefix tests/core/training/test_training_,engine.py \
  slow_motion.py calibration.py) $(addprefix tests/explorer/test_,explorer.py own.py inputs.py compare.py why.py edits.py \
  kernels_view.py sums.py shown.py memory.py)

COMMA := ,
ENGINE := explorer/web/engine

.PHONY: run test card random lint wasm bench constraints clean

run: $(APP)
	$(BIN)/python -m explorer $(ARGS)

test: lint
	npm test
	$(PYTEST)
	$(MAKE) card

card: $(DEV)
	TORCH_DEVICE=stand-in $(PYTEST) -q $(CARD)

random: $(DEV)
	for round in $$(seq $(ROUNDS)); do $(PYTEST) -q -m hypothesis --hypothesis-profile=random || exit 1; done

lint: $(DEV) $(NODE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm run lint

# The inner loops of the engine in the browser; needs clang and lld. The sums tell a test that both belong together.
wasm:
	clang --target=wasm32 -O3 -msimd128 -nostdlib -ffreestanding -Wall -Werror -Wl,--no-entry -Wl,--strip-all \
	  $(addprefix -Wl$(COMMA)--export=,pack conv weight_grad relu max_pool __heap_base) -o $(ENGINE)/conv.wasm $(ENGINE)/conv.c
	cd $(ENGINE) && sha256sum conv.c conv.wasm > conv.sha256

bench: $(DEV)
	$(BIN)/python -m benchmarks.conv2d
	$(BIN)/python -m benchmarks.operators
	$(BIN)/python -m benchmarks.explorer
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.training

# The installed versions become those that everybody gets; after `make test` passed with them.
constraints: $(DEV)
	echo "# The exact versions that CI ran, by \`make constraints\`; requirements.txt holds the ranges." > constraints.txt
	$(BIN)/pip freeze --all --exclude-editable | grep -v '^pip==' | sed 's/+.*//' | LC_ALL=C sort -f >> constraints.txt

.venv:
	$(PYTHON) -m venv .venv

$(APP): requirements.txt constraints.txt | .venv
	$(BIN)/pip install -q -r requirements.txt -c constraints.txt
	touch $@

$(DEV): requirements-dev.txt requirements.txt constraints.txt | .venv
	$(BIN)/pip install -q -r requirements-dev.txt -c constraints.txt
	$(BIN)/python -m tests.browser.chromium
	touch $@

$(NODE): package-lock.json
	npm ci --no-progress
	touch $@

clean:
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache
