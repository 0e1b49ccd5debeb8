# Thin: each target is a line or two. ARGS= passes options on, as in: make run ARGS="--set rate_rps=200"
PYTHON ?= python3
ARGS ?=
TIER ?= cluster and not evidence
HERE := not cluster and not evidence
BIN := .venv/bin
TESTS = $(BIN)/python -m pytest -q
# What measures has the machine for itself, but not from its neighbours: what failed is tried once more, and both are told.
ALONE = $(TESTS) -m "alone and ($(1))" --durations 10 $(2) $(ARGS) || { [ $$? = 1 ] && echo "-- once more, what failed:" && \
	$(TESTS) -m "alone and ($(1))" --last-failed --last-failed-no-failures none $(2) $(ARGS); }

.DEFAULT_GOAL := help
.PHONY: help run answer test test-slow check golden bench images cluster-test evidence kind kind-down clean

help:  ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: .venv/ready  ## a preview of gateway-comparison on this machine (under 4 minutes)
	@$(BIN)/python -m pipelines run gateway-comparison --quick $(ARGS)

answer: .venv/ready  ## the decisive run of gateway-comparison on this machine (under 15 minutes)
	@$(BIN)/python -m pipelines run gateway-comparison $(ARGS)

test: .venv/ready  ## the tests, on real processes (about 3 minutes)
	@$(TESTS) -n 2 --dist loadfile -m "not alone and not slow and $(HERE)" $(ARGS)

test-slow: .venv/ready  ## the tests that take longer, and those that measure and want the machine for themselves (half an hour)
	@$(TESTS) -n 2 -m "not alone and slow and $(HERE)" --durations 10 $(ARGS)
	@$(call ALONE,$(HERE),tests)

check: .venv/ready  ## style, types, the floors of the house, and every experiment's manifest
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache && $(BIN)/python -m pipelines lint

golden: .venv/ready  ## writes the golden manifests anew; read the diff before you commit it
	@$(BIN)/python -m tests.golden.write

bench: .venv/ready  ## the driver's and the interpreter's own figures
	@$(BIN)/python tests/benchmarks/driver.py && $(BIN)/python tests/benchmarks/interpreter.py && $(BIN)/python tests/benchmarks/command_line.py

images: .venv/ready  ## the image of the steps, named by its content; ARGS="--registry registry.example/team --push"
	@$(BIN)/python images/build.py $(ARGS)

cluster-test: .venv/ready  ## the tests on a real cluster, the one that kubectl would take; TIER="cluster and not argo" leaves Argo out
	@$(TESTS) -n 3 --dist loadgroup -m "not alone and ($(TIER))" --durations 10 tests/cluster $(ARGS) || [ $$? = 5 ]  # none of them is asked for
	@$(call ALONE,$(TIER),tests/cluster)

evidence: .venv/ready  ## what counts: ten of ten here, 200 cells and goldens made anew on a cluster (hours, on a quiet machine)
	@$(TESTS) -m evidence tests $(ARGS)

kind: images  ## a kind cluster on this machine with Argo Workflows and the lab in it
	@images/kind/up $(BIN)/python

kind-down:  ## removes that cluster
	@kind delete cluster --name benchlab

clean:  ## removes the environment and caches; results are kept
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache build *.egg-info

# Made anew when the lock changes. The checks come first: a half-made environment helps nobody.
.venv/ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is missing or older than 3.11; install Python 3.11 or later, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "make: $(PYTHON) has no venv; install it (Debian, Ubuntu: sudo apt install python3-venv)" >&2; exit 1; }
	@echo "making .venv from requirements.lock (about a minute) …"
	@rm -rf .venv && $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	@touch $@
