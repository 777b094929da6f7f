# Two commands do everything on a fresh machine (Debian, Python 3.11 or newer, make):
#   make demo    sets itself up (light core, no torch), draws pictures, detects, writes pages
#   make test    sets itself up (all extras), runs the whole suite

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/python -m pip --disable-pip-version-check --quiet
LIGHT  := $(VENV)/.light-stamp
FULL   := $(VENV)/.full-stamp
DEMO   ?= lydite-demo
PEERS  := benchmarks/.peers

.PHONY: help setup check test bench peers demo docs wheel clean

help:
	@echo "make demo | test | check | bench | peers | docs | wheel | setup | clean"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Lydite needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "The venv module is missing; on Debian: apt-get install python3-venv"; exit 2; }

$(LIGHT): $(BIN)/python pyproject.toml constraints.txt
	@echo "setting up the light core in $(VENV) ..."
	@$(PIP) install --editable .
	@touch $@

$(FULL): $(LIGHT)
	@echo "setting up all extras in $(VENV) (torch is large) ..."
	@$(PIP) install --editable '.[torch,sam,heif,postgres,cvat,ray,dev]'
	@touch $@

setup: $(FULL)

demo: $(LIGHT)
	@$(BIN)/lydite demo --out $(DEMO)

check: $(FULL)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/cli_docs.py --check docs/cli.md

test: $(FULL)
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(FULL)
	$(BIN)/python benchmarks/pooling.py
	$(BIN)/python benchmarks/encoder_exactness.py
	$(BIN)/python benchmarks/detect.py
	$(BIN)/python benchmarks/folds.py
	$(BIN)/python benchmarks/probe.py
	$(BIN)/python benchmarks/encoders.py
	$(BIN)/python benchmarks/prompts.py
	$(BIN)/python benchmarks/stages.py
	$(BIN)/python benchmarks/review.py
	$(BIN)/python benchmarks/train_speed.py

$(PEERS)/.stamp: benchmarks/peers/requirements.txt
	@echo "setting up the independent readers in $(PEERS) ..."
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip --disable-pip-version-check --quiet install --requirement $<
	@touch $@

$(PEERS)-opencv/.stamp: benchmarks/peers/selective_search.txt
	@echo "setting up selective search in $(PEERS)-opencv ..."
	@$(PYTHON) -m venv $(PEERS)-opencv
	@$(PEERS)-opencv/bin/python -m pip --disable-pip-version-check --quiet install --requirement $<
	@touch $@

peers: $(LIGHT) $(PEERS)/.stamp $(PEERS)-opencv/.stamp
	$(BIN)/python benchmarks/formats_read_back.py
	$(BIN)/python benchmarks/sources_read_alike.py
	$(BIN)/python benchmarks/versions.py
	$(BIN)/python benchmarks/clean.py
	$(BIN)/python benchmarks/recall.py

docs: $(FULL)
	$(BIN)/python tools/cli_docs.py docs/cli.md

wheel: $(FULL)
	$(BIN)/python -m build --wheel --outdir dist

clean:
	rm -rf $(VENV) $(PEERS) $(PEERS)-opencv build dist $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis
