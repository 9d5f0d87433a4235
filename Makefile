# make demo   the whole thing on this machine, without network: http://127.0.0.1:8000/
# make test   everything that must hold
# make pytest DATABASE=postgres  the tests, on a private PostgreSQL server; PYTEST=… says which
# make stranger  build the wheel, and try it in fresh environments, in sites that nobody here wrote
# make bench  how fast it is beside others, in a quarter of an hour; BENCH=… says which part
# make fetch  mirror the first 100 Pokémon from https://pokeapi.co

PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
BIN := $(VENV)/bin
SERVER := $(if $(filter postgres,$(DATABASE)),$(BIN)/python -m tests.support.postgres)

.PHONY: demo test check pytest stranger bench fetch clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
.PHONY: help

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.site: $(BIN)/python requirements.txt
	$(BIN)/python -m pip install -q -r requirements.txt
	@touch $@

$(VENV)/.tests: $(BIN)/python requirements.txt tests/requirements.txt
	$(BIN)/python -m pip install -q -r tests/requirements.txt
	@touch $@

$(VENV)/.bench: $(BIN)/python requirements.txt bench/requirements.txt
	$(BIN)/python -m pip install -q -r bench/requirements.txt
	@touch $@

demo: $(VENV)/.site
	@PATH="$(abspath $(BIN)):$$PATH" PORT=$(PORT) bash docs/demo.sh

fetch: $(VENV)/.site
	$(BIN)/python manage.py migrate -v0
	$(BIN)/python manage.py fetch_sprites --workers 8

test: check pytest

check: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	git ls-files '*.html' | xargs -r $(BIN)/djade --target-version 5.2 --check
	$(BIN)/python manage.py makemigrations --check --dry-run

pytest: $(VENV)/.tests
	$(SERVER) $(BIN)/python -m pytest -n auto $(PYTEST)

stranger: $(VENV)/.tests
	$(BIN)/python -m pytest -m packaging tests/packaging

bench: $(VENV)/.bench
	$(BIN)/python -m bench $(BENCH)

clean:
	rm -rf $(VENV) .demo .bench
