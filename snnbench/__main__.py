"""`python -m snnbench` is `snnbench`."""

from snnbench.cli.app import main

main()
