# `make` alone lists the targets. The variables below can be set on the command line.
PYTHON ?= python3
# Not `?=`: shells and container platforms export HOST and PORT for purposes of their own.
HOST :=
PORT :=
BUNDLE :=
CHECKPOINT :=
PRECISIONS :=
DATASETS :=
ARGS :=

SERVE := .venv-serve
DEV := .venv
PIP_OPTIONS := --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup serve triton test lint export demo-student load-test real-data bench clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SERVE)/.installed $(DEV)/.installed ## install everything: .venv-serve (serving alone) and .venv (development)

serve: $(SERVE)/.installed ## answer /predict and /explain on HOST:PORT (default 127.0.0.1:8000) from BUNDLE
	@$(SERVE)/bin/quickstep serve $(if $(HOST),--host $(HOST)) $(if $(PORT),--port $(PORT)) \
		$(if $(BUNDLE),--bundle "$(BUNDLE)") $(ARGS)

triton: $(SERVE)/.installed ## serve BUNDLE from a Triton on this machine (gRPC 8001); QUICKSTEP_ENGINE=triton make serve asks it
	@$(SERVE)/bin/quickstep triton $(if $(BUNDLE),"$(BUNDLE)") --run $(ARGS)

test: $(DEV)/.installed $(SERVE)/.installed ## run all tests
	$(DEV)/bin/pytest $(ARGS)

lint: $(DEV)/.installed ## ruff (check and format) and mypy, strict
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/mypy

export: $(DEV)/.installed ## compile CHECKPOINT (default: finished last under runs/); PRECISIONS=fp32,int8, ARGS=--force replaces
	$(DEV)/bin/quickstep export $(if $(CHECKPOINT),"$(CHECKPOINT)") $(if $(PRECISIONS),--precisions $(PRECISIONS)) $(ARGS)

demo-student: $(DEV)/.installed ## train, measure and export the demo student again (about an hour on 2 cores)
	$(DEV)/bin/python -m benchmarks.demo_student $(ARGS)

load-test: $(DEV)/.installed ## drive a running server with Locust; ARGS="--users 8 --run-time 30s"
	$(DEV)/bin/locust -f benchmarks/locustfile.py --headless --host http://$(or $(HOST),127.0.0.1):$(or $(PORT),8000) \
		--users 4 --spawn-rate 4 --run-time 20s --only-summary $(ARGS)

real-data: $(DEV)/.installed ## train on cqa and svamp of DATASETS (paper's release), serve, ask every test row
	$(DEV)/bin/python -m benchmarks.real_data $(if $(DATASETS),--datasets $(DATASETS)) $(ARGS)

bench: $(DEV)/.installed $(SERVE)/.installed ## measure start, overhead over the graph, latency beside peers, and memory (an hour and a half)
	$(DEV)/bin/pip install $(PIP_OPTIONS) --editable ".[peers]"
	$(DEV)/bin/python -m benchmarks.startup --python $(SERVE)/bin/python
	$(DEV)/bin/python -m benchmarks.http_overhead
	$(DEV)/bin/python -m benchmarks.latency $(ARGS)
	$(DEV)/bin/python -m benchmarks.choices
	$(DEV)/bin/python -m benchmarks.memory

clean: ## remove environments and caches; trained students (runs, bundles) stay
	rm -rf $(SERVE) $(DEV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(SERVE)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(SERVE)
	$(SERVE)/bin/pip install $(PIP_OPTIONS) --editable ".[serve,triton]"
	@touch $@

$(DEV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DEV)
	$(DEV)/bin/pip install $(PIP_OPTIONS) --editable ".[dev]"
	@touch $@
