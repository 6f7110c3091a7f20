# `make` alone lists the targets. The variables below can be set on the command line.
PYTHON ?= python3
# Not `?=`: shells and container platforms export HOST and PORT for purposes of their own.
HOST :=
PORT :=
BUNDLE :=
CHECKPOINT :=
PRECISIONS :=
TENSORRT :=
DATASETS :=
WEB :=
ARGS :=

SERVE := .venv-serve
DEV := .venv
LOAD := runs/load-test
PIP_OPTIONS := --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup serve triton test lint export demo-student load-test capacity real-data bench bench-load clean

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

export: $(DEV)/.installed ## compile CHECKPOINT (default: finished last under runs/); PRECISIONS=fp32,int8, TENSORRT=1, ARGS=--force replaces
	$(DEV)/bin/quickstep export $(if $(CHECKPOINT),"$(CHECKPOINT)") $(if $(PRECISIONS),--precisions $(PRECISIONS)) \
		$(if $(TENSORRT),--tensorrt) $(ARGS)

demo-student: $(DEV)/.installed ## train, measure and export the demo student again (about an hour on 2 cores)
	$(DEV)/bin/python -m benchmarks.demo_student $(ARGS)

load-test: $(DEV)/.installed ## drive a running server with Locust, report in runs/load-test; WEB=1 keeps its page; ARGS="--arrival-rate 50 --p99-ms 100"
	@mkdir -p $(LOAD)
	$(DEV)/bin/locust -f benchmarks/locustfile.py --host http://$(or $(HOST),127.0.0.1):$(or $(PORT),8000) \
		--users 4 --spawn-rate 4 --run-time 20s --only-summary --csv $(LOAD)/load --html $(LOAD)/load.html \
		--summary $(LOAD)/load.json --plot $(LOAD)/load.png $(if $(WEB),--autostart --web-host 127.0.0.1,--headless) $(ARGS)

capacity: $(DEV)/.installed ## find the highest arrival rate at which a running server keeps its p99; ARGS="--p99-ms 100"
	$(DEV)/bin/python -m benchmarks.capacity --host http://$(or $(HOST),127.0.0.1):$(or $(PORT),8000) \
		--results $(LOAD) $(ARGS)

real-data: $(DEV)/.installed ## train on cqa and svamp of DATASETS (paper's release), serve, ask every test row
	$(DEV)/bin/python -m benchmarks.real_data $(if $(DATASETS),--datasets $(DATASETS)) $(ARGS)

bench: $(DEV)/.installed $(SERVE)/.installed ## measure start, overhead over the graph, latency beside peers, and memory (an hour and a half)
	$(DEV)/bin/pip install $(PIP_OPTIONS) --editable ".[peers]"
	$(DEV)/bin/python -m benchmarks.startup --python $(SERVE)/bin/python
	$(DEV)/bin/python -m benchmarks.http_overhead
	$(DEV)/bin/python -m benchmarks.latency $(ARGS)
	$(DEV)/bin/python -m benchmarks.choices
	$(DEV)/bin/python -m benchmarks.memory

bench-load: $(DEV)/.installed ## requests a second within 100 ms, ours and FastAPI, LitServe and Triton before other runtimes (40 minutes)
	$(DEV)/bin/pip install $(PIP_OPTIONS) --editable ".[peers]"
	$(DEV)/bin/python -m benchmarks.load $(ARGS)

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
