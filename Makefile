# The two commands that matter: make run, make test. Everything lives in .venv and build/; nothing else is touched.
#
#   make run                         start the switch (first time: make .venv and install)
#   make test                        every test            (PYTHON=python3.13 for another interpreter)
#   make check                       format, lint, types, layers, pages
#   make install | bench | fuzz | soak | clean

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet --quiet
CONSTRAINED := --constraint constraints.txt --build-constraint constraints.txt
# "3.11.7 /usr/bin/python3.11", or nothing where the interpreter does not run.
FOUND := $(shell $(PYTHON) -c 'import os, platform, sys; print(platform.python_version(), os.path.realpath(sys.executable))' 2>/dev/null)
MADE := .venv/.made-$(firstword $(FOUND))
FUZZ_SCALE ?= 100
# Each behaviour meets so many times the deaths of the brain that it meets in `make test`.
REFOLDS ?= 8
RACES := tests/component/test_control_races.py tests/component/test_conference_races.py
SOAK_S ?= 600
BENCHES := $(basename $(notdir $(wildcard $(addprefix bench/,sip_message.py call_setup.py attended_transfers.py registrations.py relay.py doubling.py recording.py slow_disk.py encodings.py rooms.py kernels.py journal.py fact_cost.py queue_router.py queue_estimate.py queue_offer.py queue_day.py ivr.py site_load.py scenario_calls.py))))
BENCHES += capacity ticks

.PHONY: run install test check bench fuzz soak clean programs

run: install
	@exec .venv/bin/softswitch run

install: .venv/.installed

# Another interpreter, or another version of the same: the environment is made anew.
$(MADE):
	@tools/make_venv "$(PYTHON)" "$(FOUND)"
	touch $@

.venv/.installed: $(MADE) pyproject.toml constraints.txt
	@echo "Installing softswitch into .venv ..."
	$(PIP) install --constraint constraints.txt --upgrade pip
	$(PIP) install $(CONSTRAINED) --editable .
	touch $@

.venv/.tested: .venv/.installed
	@echo "Installing what tests and checks need into .venv ..."
	$(PIP) install $(CONSTRAINED) --group test --group check
	touch $@

# Machine code for the media workers' loops. Where it cannot be made, workers do without, and so do tests.
.venv/.compiled: .venv/.installed $(wildcard softswitch/media/loops/*.py)
	@if $(PIP) install $(CONSTRAINED) --editable ".[compile]" && .venv/bin/softswitch compile; then
	    touch $@
	else
	    echo "softswitch: media workers' loops are not compiled; tests and benchmarks go without." >&2
	fi

programs:
	@tools/install_programs

# Tests of pure code run side by side; those with real programs a file at a time, four files side by side on two cores,
# because half of their time they wait for sound to pass.
test: .venv/.tested programs .venv/.compiled
	@.venv/bin/pytest -q -n 2 --dist worksteal tests/unit tests/component tests/fuzz
	.venv/bin/pytest -q -n 4 --dist loadfile tests/integration tests/interop

check: .venv/.tested
	@.venv/bin/ruff format --check --quiet .
	.venv/bin/ruff check --quiet .
	.venv/bin/mypy --no-error-summary
	.venv/bin/lint-imports
	.venv/bin/python tools/behaviours.py --check

bench: .venv/.tested programs .venv/.compiled
	@for each in $(BENCHES); do
		.venv/bin/python -m bench.$$each
	done

fuzz: .venv/.tested
	@FUZZ_SCALE=$(FUZZ_SCALE) .venv/bin/pytest -q -n 2 --timeout 0 tests/fuzz $(RACES)
	@FUZZ_SCALE=$(REFOLDS) .venv/bin/pytest -q -n 2 --timeout 0 tests/component

soak: .venv/.tested .venv/.compiled
	@tools/install_programs tshark=tshark
	@SOAK_S=$(SOAK_S) .venv/bin/pytest -q --timeout 0 tests/integration/run/test_soak.py tests/interop/test_killed_often.py \
		tests/interop/test_queue.py tests/soak

clean:
	rm -rf .venv build dist bench/build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
