.PHONY: check format lint types test

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
