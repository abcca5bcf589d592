# Everything a person does with this project, by name. `make` alone lists it.
PYTHON ?= python3
BIN := .venv/bin
PACKAGES := gisgrid boundaries tracks web

.DEFAULT_GOAL := help
.PHONY: help install demo test lint check long bench bundle lock format clean

help: ## list what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: ## set up .venv with locked packages and the scripts of the maps
	@$(PYTHON) scripts/install.py

demo: install ## show the main jobs on the sample district and serve it
	@$(BIN)/gisgrid demo

test: install ## run the tests
	@$(BIN)/python -m pytest -n auto --dist loadfile

lint: install ## run the linters: style, types, direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## linters and tests

long: install ## run the long proofs too
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "long or not long"

bench: install ## measure against peers
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@$(BIN)/python -m benchmarks

bundle: install ## an offline package in dist/ (FOR=win_amd64 or linux_aarch64 for other machines, WITH=3.12)
	@$(BIN)/python scripts/bundle.py $(if $(FOR),--for $(FOR)) $(if $(WITH),--python $(WITH))

format: install ## bring the code into the house's layout
	@$(BIN)/ruff format .

lock: install ## renew requirements/*.txt from pyproject.toml
	@$(BIN)/python scripts/lock.py

clean: ## remove what was built; sources and data stay
	@rm -rf .venv build dist node_modules gisgrid/mapping/vendor .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
