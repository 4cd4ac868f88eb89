# Huiyin: every command a newcomer needs. `make help` lists them.
#
# PYTHON=…        the interpreter to make .venv with (3.11 or newer)
# DEMO_SECONDS=…  the demo ends by itself after so long, and prints its figures
# DEMO_FOLDER=…   where the demo keeps its data
# BENCH=…         one benchmark instead of all
# PLOTS=quick     the plots at tiny sizes, into build/
# TESTS=…         arguments for pytest instead of the whole suite

SHELL := /bin/sh
BIN := .venv/bin
DEMO_FOLDER ?= .demo
DEMO_SECONDS ?=
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test lint bench bench-plots assets lock

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F '\t' '{ printf "  make %-12s %s\n", $$1, $$2 }'

demo: ## hub, kiosk and a dozen button terminals on this machine; Ctrl-C ends them all
	@deploy/setup.sh run && deploy/setup.sh assets
	@exec $(BIN)/huiyin-sim demo --folder "$(DEMO_FOLDER)" $(if $(DEMO_SECONDS),--seconds "$(DEMO_SECONDS)")

demo-reset: ## forget the demo's data
	@if [ -e "$(DEMO_FOLDER)" ] && [ ! -e "$(DEMO_FOLDER)/hub.toml" ]; then \
		echo "$(DEMO_FOLDER) holds no demo: it is left as it is" >&2; exit 1; \
	fi
	@rm -rf -- "$(DEMO_FOLDER)"

test: ## everything that must be green: style, types, import contracts, tests
	@deploy/test-packages.sh
	@deploy/setup.sh test && deploy/setup.sh assets
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-fold-skipped $(TESTS)

lint: ## style, types and import contracts only
	@deploy/setup.sh test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: ## measured figures, one line of JSON each
	@deploy/setup.sh test && deploy/setup.sh assets
	@$(BIN)/python -m tests.bench $(BENCH)

bench-plots: ## draw how ingest grows into tests/bench/growth.svg (a quarter of an hour, 15 GB of disk)
	@deploy/setup.sh test && deploy/setup.sh assets
	@$(BIN)/python -m tests.bench.growth $(PLOTS)

assets: ## fetch the pages' scripts by their lock file
	@deploy/setup.sh run && deploy/setup.sh assets

# No registry address may stand in the locks: without them a mirror of one's own can be used.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --no-annotate $(LOCK_OPTIONS)

lock: ## resolve the requirement files anew (LOCK_OPTIONS=--upgrade for newer versions)
	@deploy/setup.sh test
	$(LOCK) pyproject.toml --extra kiosk --extra hub --extra sim --group build --group dev --output-file deploy/requirements/dev.txt
	$(LOCK) pyproject.toml --extra kiosk --extra hub --extra sim --group build --constraint deploy/requirements/dev.txt --output-file deploy/requirements/all.txt
	for unit in kiosk hub sim; do \
		$(LOCK) pyproject.toml --extra $$unit --group build --constraint deploy/requirements/dev.txt --output-file deploy/requirements/$$unit.txt || exit 1; \
	done
	$(LOCK) --group assets --output-file deploy/requirements/assets.txt
