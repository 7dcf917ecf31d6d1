"""The commands, made of the settings there are once plug-ins are loaded."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from snnbench import __version__, plugins
from snnbench.cli.console import print_error
from snnbench.cli.options import PluginFiles
from snnbench.environment import choose_waiting
from snnbench.errors import UserError

_PLUGIN = "--plugin"


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"snnbench {__version__}")
        raise typer.Exit


def _snnbench(
    version: Annotated[
        bool | None,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = None,
    plugin: PluginFiles = None,
) -> None:
    """Benchmark spiking neural networks against ordinary ones.

    Example: snnbench train --dataset digits --arch 64-10 -T 10
    """


def make_app() -> typer.Typer:
    """Return the program's commands, with options for all settings there are now."""
    from snnbench.cli.compare import compare
    from snnbench.cli.datasets import datasets
    from snnbench.cli.exchange import export
    from snnbench.cli.flops import flops
    from snnbench.cli.report import report
    from snnbench.cli.studies import studies
    from snnbench.cli.sweep import sweep
    from snnbench.cli.train import train
    from snnbench.cli.verify import verify

    app = typer.Typer(
        name="snnbench",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_snnbench)
    for command in (compare, train, sweep, flops, export, report, verify):
        app.command()(command)
    app.add_typer(datasets, name="datasets")
    app.add_typer(studies, name="studies")
    return app


def load_plugins(arguments: Sequence[str]) -> list[str]:
    """Load the plug-ins that are installed or named, and return the other arguments.

    They are loaded before the commands are made, whose options follow from the settings.

    Raises:
        UserError: a plug-in cannot be loaded, or --plugin names no file.
    """
    plugins.load_installed()
    rest: list[str] = []
    left = iter(arguments)
    for argument in left:
        name, equals, value = argument.partition("=")
        if name != _PLUGIN:
            rest.append(argument)
            continue
        path = value if equals else next(left, "")
        if not path or path.startswith("-"):
            raise UserError("--plugin names no file.", "Write --plugin FILE.py.")
        plugins.load(path)
    return rest


def run_command(arguments: Sequence[str]) -> None:
    """Run a command with its arguments.

    Raises:
        SystemExit: when it is done, with the exit code.
    """
    choose_waiting()
    try:
        rest = load_plugins(arguments)
        make_app()(args=rest)
    except UserError as error:
        print_error(error)
        sys.exit(2)
