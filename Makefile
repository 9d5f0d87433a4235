PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
BIN := $(VENV)/bin
SERVER := $(if $(filter postgres,$(DATABASE)),$(BIN)/python -m tests.support.postgres)

.DEFAULT_GOAL := help
.PHONY: help demo class fetch test check format pytest stranger bench clean

help: ## say what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

demo: $(VENV)/.site ## the whole thing on this machine, without network; PORT=8000
	@PATH="$(abspath $(BIN)):$$PATH" PORT=$(PORT) bash pokesite/demo.sh

class: $(VENV)/.class ## serve the first 100 Pokémon to a class, on this network; LIMIT, ADDRESS, PORT, PROCESSES
	@PATH="$(abspath $(BIN)):$$PATH" PORT=$(PORT) bash pokesite/class.sh

fetch: $(VENV)/.site ## mirror the first 100 Pokémon from https://pokeapi.co
	$(BIN)/python manage.py migrate -v0
	$(BIN)/python manage.py fetch_sprites --workers 8

test: check pytest ## everything that must hold

check: $(VENV)/.dev ## what the tools say of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	git ls-files '*.html' | xargs -r $(BIN)/djade --target-version 5.2 --check
	$(BIN)/python manage.py makemigrations --check --dry-run

format: $(VENV)/.dev ## let the tools put code and templates into their form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	git ls-files '*.html' | xargs -r $(BIN)/djade --target-version 5.2

pytest: $(VENV)/.dev ## the tests; PYTEST=… says which, DATABASE=postgres runs them on PostgreSQL
	$(SERVER) $(BIN)/python -m pytest -n auto $(PYTEST)

stranger: $(VENV)/.dev ## build the wheel and try it in fresh sites
	$(BIN)/python -m pytest -m packaging tests/packaging

bench: $(VENV)/.bench ## how fast it is beside others, in twenty minutes; BENCH=… says which part
	$(BIN)/python -m bench $(BENCH)

clean: ## remove what these made
	rm -rf $(VENV) .demo .bench

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.site: $(BIN)/python pyproject.toml requirements.txt
	$(BIN)/python -m pip install -q -r requirements.txt
	@touch $@

$(VENV)/.class: $(BIN)/python pyproject.toml requirements.txt pokesite/requirements.txt
	$(BIN)/python -m pip install -q -r pokesite/requirements.txt
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install -q -e ".[dev]"
	@touch $@

$(VENV)/.bench: $(BIN)/python pyproject.toml requirements.txt bench/requirements.txt
	$(BIN)/python -m pip install -q -r bench/requirements.txt
	@touch $@
