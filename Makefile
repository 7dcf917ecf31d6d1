.PHONY: check format lint types test notebook

# Everything that must hold before a commit.
check: format lint types test

format:
	ruff format .

lint:
	ruff check .

types:
	mypy

test:
	pytest

# Executes docs/notebook.ipynb, and keeps its outputs.
notebook:
	python -m tests.test_notebook
