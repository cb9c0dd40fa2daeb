# `make` lists the targets. Each installs what it needs first; Python 3.11 (or 3.12), Node 20 and make are enough.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test check chaos bench serve gateway acceptance chromium pictures clean

PY      := .venv/bin/python
VENV    := .venv/.installed
AZURITE := lab/azurite/node_modules/.package-lock.json

# What runs in the foreground ends with its make, even if that is killed.
RUN     := exec $(PY) -I -S lab/tied.py $$PPID $(PY) -m

# Two makes at once in one checkout must not install over each other: the second waits and finds the work done.
LOCKED  := mkdir -p .local && $(if $(shell command -v flock),flock .local/make.lock,)

help:  ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV) $(AZURITE)  ## migrate a simulated portal, check that everything arrived, stop; exit code 0 only if it did
	@$(RUN) lab.demo

test: $(VENV) $(AZURITE)  ## the whole test suite
	@exec $(PY) -m pytest -n 3 --dist loadfile

check: $(VENV)  ## format, lint, types, infrastructure
	@$(PY) -m ruff format --check --quiet .
	@$(PY) -m ruff check --quiet .
	@$(PY) -m mypy
	@$(PY) -m lab.bicep

chaos: $(VENV) $(AZURITE)  ## kills and faults on every link, seed by seed; a table, and .local/chaos
	@$(RUN) lab.chaos --seeds 10

bench: $(VENV) $(AZURITE)  ## how fast it is, as shares of what the limits allow; a table, and .local/bench/bench.json
	@$(RUN) lab.bench

serve: $(VENV) $(AZURITE)  ## the function app in the foreground, on Azurite unless AzureWebJobsStorage is set
	@$(RUN) lab.serve

gateway: $(VENV)  ## the import gateway in the foreground
	@$(RUN) gateway

acceptance: $(VENV) $(AZURITE)  ## what takes longer than the tests: the bench, and the demo
	@$(RUN) lab.bench
	@$(RUN) lab.demo
	@$(RUN) lab.packaging.proof

chromium:  ## a browser for the tests, where it can be installed
	@. lab/install.sh && install_chromium

pictures: $(VENV) $(AZURITE)  ## docs/screenshots
	@$(RUN) lab.screenshots

clean:  ## remove what was installed and everything that runs left behind (local data too)
	@rm -rf .venv .local lab/azurite/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV): requirements.txt requirements-dev.txt gateway/requirements.txt
	@$(LOCKED) sh -c 'test $@ -nt requirements.txt -a $@ -nt requirements-dev.txt -a $@ -nt gateway/requirements.txt \
	  || { . lab/install.sh && install_python && touch $@; }'

$(AZURITE): lab/azurite/package-lock.json
	@$(LOCKED) sh -c 'test $@ -nt $< || { . lab/install.sh && install_azurite && touch $@; }'
