"""The program's entry: commands, and what an error or a signal does to the exit code."""

import shlex
import sys
from typing import Annotated

import typer

from snnbench import __version__
from snnbench.cli.console import print_error, say
from snnbench.cli.datasets import datasets
from snnbench.cli.flops import flops
from snnbench.cli.report import report
from snnbench.cli.stopping import Stopped, stop_at_signals
from snnbench.cli.studies import studies
from snnbench.cli.sweep import sweep
from snnbench.cli.train import train
from snnbench.errors import UserError

app = typer.Typer(
    name="snnbench",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(train)
app.command()(sweep)
app.command()(flops)
app.command()(report)
app.add_typer(datasets, name="datasets")
app.add_typer(studies, name="studies")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"snnbench {__version__}")
        raise typer.Exit


@app.callback()
def snnbench(
    version: Annotated[
        bool | None,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = None,
) -> None:
    """Benchmark spiking neural networks against ordinary ones.

    Example: snnbench train --dataset digits --arch 64-10 -T 10
    """


def main() -> None:
    """Run the program; exit with 0, 1 (our fault), 2 (usage or input), or 128 + signal."""
    stop_at_signals()
    try:
        app()
    except UserError as error:
        print_error(error)
        sys.exit(2)
    except Stopped as stopped:
        say("Stopped; what was finished is recorded. To do the rest:")
        say(f"  {shlex.join(['snnbench', *sys.argv[1:]])}")
        sys.exit(128 + stopped.number)
    except BrokenPipeError:
        # The reader of our output is gone, which is its right: `snnbench ... | head`.
        sys.stderr.close()
        sys.exit(141)
