# The front door: `make` shows what there is. NIGHTLENS_HOME (default ./.nightlens) holds everything that a run makes.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help install install-video install-transformers up status logs down reset backup restore demo test test-rest check check-tests coverage docs fit-python

NIGHTLENS_HOME ?= $(CURDIR)/.nightlens
export NIGHTLENS_HOME
export NO_ALBUMENTATIONS_UPDATE := 1
ifdef IMAGES
export IMAGES
endif
ifdef ANNOTATORS
export ANNOTATORS
endif
ifdef SOURCE
export SOURCE
endif

# A Python that fits; say PYTHON=/path/to/python to choose.
PYTHON ?= $(shell for one in python3.11 python3.12 python3; do "$$one" -c $(FITS) 2>/dev/null && { echo "$$one"; break; }; done)
FITS := 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))'
RUN := .venv/bin/python
# The installer is uv, which is itself installed by pip; INSTALLER=pip where uv does not reach your package index.
INSTALLER ?= uv
# TORCH_INDEX=https://download.pytorch.org/whl/cpu takes the build of PyTorch without CUDA (2 GB less).
TORCH_INDEX ?=

digest = $(shell cat $(1) | sha256sum | cut -c1-16)
PIPELINE_STAMP := .venv/installed-$(call digest,requirements.txt requirements-dev.txt)
PACKAGE_STAMP := .venv/package-$(call digest,pyproject.toml)
DVC_STAMP := .venv-dvc/installed-$(call digest,requirements-dvc.txt)
BENCH_STAMP := .venv-bench/installed-$(call digest,requirements-bench.txt)
LIGHTLY_STUDIO_STAMP := .venv-lightly-studio/installed-$(call digest,requirements-lightly-studio.txt)
LABEL_STUDIO_STAMP := .venv-label-studio/installed-$(call digest,requirements-label-studio.txt)

help:  ## show this
	@grep -hE '^[a-z%-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z%-]+):.*## /\1\t/' | awk -F'\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

install:  ## make .venv and .venv-label-studio from the pinned files; a second run installs nothing
	@$(MAKE) -s --no-print-directory -j2 $(PACKAGE_STAMP) $(LABEL_STUDIO_STAMP)

up: install  ## start PostgreSQL, Airflow, Label Studio, MLflow and the prediction servers; print addresses and logins
	@$(RUN) -m local_stack up $(if $(filter s3,$(SOURCE)),--with-s3)

status:  ## show each service: state, process, address, restarts
	@$(RUN) -m local_stack status

logs:  ## show the end of each log, or of one: SERVICE=airflow-scheduler
	@$(RUN) -m local_stack logs $(SERVICE)

down:  ## end all services; no process of ours is left
	@if [ -x $(RUN) ]; then $(RUN) -m local_stack down; else echo "found no .venv, so nothing of this checkout runs"; fi

reset:  ## end all services and delete NIGHTLENS_HOME: YES=1
	@YES=$(YES) $(RUN) -m local_stack reset

backup: install  ## copy everything of NIGHTLENS_HOME, databases too, while it runs: PLACE=<folder on another disk>
	@$(RUN) -m local_stack back_up --place "$(PLACE)"

restore: install  ## bring such a copy into an empty NIGHTLENS_HOME: PLACE=<folder>
	@$(RUN) -m local_stack restore --place "$(PLACE)"

demo: install  ## run two nights on drawn parts (or IMAGES=<labelled images>; KIND=box or mask for trays; SOURCE=s3 for a bucket; ANNOTATORS=none to answer yourself)
	@$(RUN) -m demo

# Two processes of one thread each: second threads wait for each other on two cores.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

check: install  ## ruff, mypy --strict, fast tests (import plan and generated docs among them)
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy --strict
	@$(ONE_THREAD) $(RUN) -m pytest -q -n 2 -m "not slow and not airflow and not services and not browser"

test-rest: install  ## the tests that `make check` leaves out, also those with the real services
	@$(ONE_THREAD) $(RUN) -m pytest -q -n 2 -m "(slow or airflow) and not services and not browser"
	@$(RUN) -m pytest -q -n 2 -m "services or browser"

check-tests: install  ## lenient types of tests and benchmarks: calls and names that are no longer there
	@.venv/bin/mypy --config-file tests/mypy.ini

test: install  ## all tests, also those with the real services
	@$(ONE_THREAD) $(RUN) -m pytest -q -n 2 -m "not services and not browser"
	@$(RUN) -m pytest -q -n 2 -m "services or browser"

coverage: install  ## branch coverage of pipeline_tasks by the tests that need no services
	@$(ONE_THREAD) $(RUN) -m pytest -q -n 2 -m "not services and not browser" --cov --cov-report=term

install-video: install  ## PyAV, which sources of kind video need (see its licences in requirements-video.txt)
	@.venv/bin/pip install -q --disable-pip-version-check -r requirements-video.txt

install-transformers: install  ## transformers, which the backbones resnet18 … dinov2_small need (requirements-transformers.txt)
	@.venv/bin/pip install -q --disable-pip-version-check -r requirements-transformers.txt

docs: install  ## make docs/dags.md, docs/settings.md and docs/tables.md anew
	@$(RUN) docs/generate.py

BENCHES = $(sort $(foreach one,$(shell grep -l __main__ benchmarks/*.py | grep -v _side.py),$(subst _,-,$(basename $(notdir $(one))))))

bench-%: install  ## side by side with a peer: benchmarks/<name>.py
	@test -e benchmarks/$(subst -,_,$*).py || { echo "make bench-$*: there is no benchmarks/$(subst -,_,$*).py; there are: $(BENCHES)" >&2; exit 2; }
	@PYTHONPATH=.:plugins:tests $(RUN) -m benchmarks.$(subst -,_,$*)

bench-selection bench-label-efficiency bench-exports bench-imported-sets: $(BENCH_STAMP)

bench-selection: $(LIGHTLY_STUDIO_STAMP)

bench-labels: bench-annotators  ## consensus, escalation and pausing of simulated annotators
	@:

drill-%: install  ## at full size, by hand: tests/drills/<name>.py
	@test -e tests/drills/$(subst -,_,$*).py || { echo "make drill-$*: there is no tests/drills/$(subst -,_,$*).py" >&2; exit 2; }
	@PYTHONPATH=.:plugins:tests $(RUN) tests/drills/$(subst -,_,$*).py

bench-dvc drill-dvc: $(DVC_STAMP)

# --- the environments; each stamp's name holds the digest of what it was installed from

fit-python:
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c $(FITS); then \
	    echo "Nightlens needs Python 3.11 or 3.12; found $$(python3 --version 2>&1 || echo none). Say PYTHON=/path/to/python3.11." >&2; exit 1; fi

.venv/bin/uv: | fit-python
	@test -x .venv/bin/pip || "$(PYTHON)" -m venv .venv || { echo "the venv module is missing; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@.venv/bin/pip install -q --disable-pip-version-check $$(grep '^uv==' requirements.txt)

# PyTorch comes first and by pip: it has builds of its own for each machine, with requirements that differ; all else is frozen.
$(PIPELINE_STAMP): | .venv/bin/uv
	@echo "installing the pipeline's environment (.venv)"
	@rm -f .venv/installed-*
	@.venv/bin/pip install -q --no-compile --disable-pip-version-check -c requirements.txt $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $$(grep '^torch==' requirements.txt)
	@$(call install-frozen,.venv,-r requirements.txt -r requirements-dev.txt)
	@touch $@

$(PACKAGE_STAMP): $(PIPELINE_STAMP)
	@rm -f .venv/package-*
	@.venv/bin/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(LABEL_STUDIO_STAMP): | .venv/bin/uv
	@echo "installing Label Studio's environment (.venv-label-studio)"
	@test -x .venv-label-studio/bin/python || "$(PYTHON)" -m venv .venv-label-studio
	@rm -f .venv-label-studio/installed-*
	@$(call install-frozen,.venv-label-studio,-r requirements-label-studio.txt)
	@touch $@

$(DVC_STAMP): | .venv/bin/uv
	@echo "installing DVC's environment (.venv-dvc)"
	@test -x .venv-dvc/bin/python || "$(PYTHON)" -m venv .venv-dvc
	@rm -f .venv-dvc/installed-*
	@$(call install-frozen,.venv-dvc,-r requirements-dvc.txt)
	@touch $@

$(BENCH_STAMP): | .venv/bin/uv
	@echo "installing the environment of the benchmarks' peers (.venv-bench)"
	@test -x .venv-bench/bin/python || "$(PYTHON)" -m venv .venv-bench
	@rm -f .venv-bench/installed-*
	@$(call install-frozen,.venv-bench,-r requirements-bench.txt)
	@touch $@

$(LIGHTLY_STUDIO_STAMP): | .venv/bin/uv
	@echo "installing LightlyStudio's environment (.venv-lightly-studio)"
	@test -x .venv-lightly-studio/bin/python || "$(PYTHON)" -m venv .venv-lightly-studio
	@rm -f .venv-lightly-studio/installed-*
	@$(call install-frozen,.venv-lightly-studio,-r requirements-lightly-studio.txt)
	@touch $@

ifeq ($(INSTALLER),pip)
install-frozen = $(1)/bin/python -m pip install -q --disable-pip-version-check --no-deps $(2)
else
install-frozen = .venv/bin/uv --system-certs pip install -q --no-deps --python $(1)/bin/python $(2)
endif
