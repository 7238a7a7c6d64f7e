# What a newcomer and CI type. Every target does its own set-up; a second call finds it done.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check lint types layers generated generate site bench conformance fuzz pins clean

PY := .venv/bin/python
MLSPEC := $(PY) -m mlspec
TARGETS := -t kubeflow -t airflow -t jenkins
EXAMPLES := $(sort $(wildcard examples/*/mlspec.yaml))
QUOTING := README.md $(sort $(wildcard docs/*.md docs/*/*.md))
N ?= 200000
PEERS := dvc kedro metaflow snakemake
SETUP := pyproject.toml constraints.txt scripts/install

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

demo: .venv-demo/.ready ## validate, compile and run examples/employment (own environment, about 1 GB)
	@scripts/demo

test: .venv/.ready .venv-airflow2/.ready ## all tests, on the real engines (own environment, about 2 GB; ARGS="-k NAME" for some)
	@scripts/system-packages
	@scripts/node-packages
	$(PY) -m pytest $(ARGS)

check: lint types layers generated site ## style, types, import layers, that generated files are up to date and the site builds

lint: .venv/.ready
	$(PY) -m ruff check
	$(PY) -m ruff format --check

types: .venv/.ready
	$(PY) -m mypy
	$(PY) -m mypy --config-file tests/mypy.ini

layers: .venv/.ready
	.venv/bin/lint-imports --no-cache

generated: .venv/.ready
	$(MLSPEC) schema --check
	$(MLSPEC) schema --events --check
	$(MLSPEC) lock --quiet --check $(EXAMPLES)
	$(MLSPEC) compile --quiet $(EXAMPLES) $(TARGETS) --check
	$(PY) scripts/made_by.py --check $(QUOTING)

generate: .venv/.ready ## write what `make check` compares: schema, the examples' pipelines, documents' quotations
	$(MLSPEC) schema --output schemas/mlspec.v1.schema.json
	$(MLSPEC) schema --events --output schemas/mlspec.run-events.v1.schema.json
	$(PY) scripts/grammar.py
	$(MLSPEC) compile --quiet $(EXAMPLES) $(TARGETS)
	$(PY) scripts/made_by.py $(QUOTING)

site: .venv/.ready ## build the documentation into build/site; every link must lead somewhere
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet

conformance: .venv/.ready .venv-airflow2/.ready ## draw N specs and run each on every engine (SEED=0 chooses them; hours for N=2000)
	$(PY) -m tests.conformance --examples $(or $(N),2000) --seed $(or $(SEED),0)

fuzz: .venv/.ready ## try more texts than the tests do, and other ones each time (N=200000)
	FUZZ=$(N) $(PY) -m pytest -q tests/fuzz/test_specs.py tests/fuzz/test_expressions.py

bench: .venv/.ready $(PEERS:%=.venv-%/.ready) ## measure compile, start and run times as ratios (about 15 minutes)
	PYTHONPATH=. $(PY) benchmarks/run.py

pins: .venv/.ready ## write constraints.txt anew; pins that still fit stay (ARGS=--upgrade for the newest)
	$(PY) -m uv pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
	    --no-header --no-annotate --all-extras --group dev --group test --group demo --group docs --group bootstrap --group build \
	    $(ARGS) --output-file constraints.txt pyproject.toml
	$(PY) -m uv pip compile --quiet --no-header --no-annotate --no-deps --group data >> constraints.txt
	LC_ALL=C sort -u -o constraints.txt constraints.txt
	$(MLSPEC) lock --quiet $(EXAMPLES) -c constraints.txt $(ARGS)
	$(PY) -m uv pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
	    --no-header --no-annotate --group airflow2 --group bootstrap --group build \
	    $(ARGS) --output-file constraints-airflow2.txt
	for peer in $(PEERS); do $(PY) -m uv pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 \
	    --no-header --no-annotate --group $$peer --group bootstrap --group build \
	    $(ARGS) --output-file constraints-$$peer.txt; done

clean: ## remove what runs, tests and builds left behind (the environments stay)
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis examples/*/.mlspec
	find src tests benchmarks examples -name __pycache__ -prune -exec rm -rf {} +

.venv/.ready: $(SETUP)
	scripts/install .venv --editable '.[all]' --group dev --group test --group demo --group docs --group build
	scripts/install .venv --no-deps --group data
	scripts/install .venv --group torch || echo "no PyTorch for CPUs at hand: the tests that train with it are skipped"
	@touch $@

.venv-airflow2/.ready: pyproject.toml constraints-airflow2.txt scripts/install
	CONSTRAINTS=constraints-airflow2.txt scripts/install .venv-airflow2 --group airflow2 || \
	    echo "no Airflow 2.11 for this Python: the tests that run it are skipped"
	@touch $@

$(PEERS:%=.venv-%/.ready): .venv-%/.ready: pyproject.toml constraints-%.txt scripts/install
	CONSTRAINTS=constraints-$*.txt scripts/install .venv-$* --group $*
	@touch $@

.venv-demo/.ready: $(SETUP)
	scripts/install .venv-demo --editable . --group demo
	scripts/install .venv-demo --no-deps --group data
	@touch $@
