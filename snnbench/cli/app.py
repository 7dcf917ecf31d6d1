"""The program's entry: commands, and what an error or a signal does to the exit code."""

import shlex
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from snnbench import __version__, plugins
from snnbench.cli.console import print_error, say
from snnbench.cli.options import PluginFiles
from snnbench.cli.stopping import Stopped, stop_at_signals
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
    from snnbench.cli.datasets import datasets
    from snnbench.cli.flops import flops
    from snnbench.cli.report import report
    from snnbench.cli.studies import studies
    from snnbench.cli.sweep import sweep
    from snnbench.cli.train import train

    app = typer.Typer(
        name="snnbench",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_snnbench)
    for command in (train, sweep, flops, report):
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


def main() -> None:
    """Run the program; exit with 0, 1 (our fault), 2 (usage or input), or 128 + signal."""
    stop_at_signals()
    choose_waiting()
    try:
        arguments = load_plugins(sys.argv[1:])
        make_app()(args=arguments)
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
