"""The command to type next, as it stands."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnbench.cli.console import print_words, stdout
from snnbench.config.setting import SETTINGS
from snnbench.errors import UserError

if TYPE_CHECKING:
    from snnbench.config import RunConfig

_PLUGIN = "--plugin"


def print_next(purpose: str, command: str) -> None:
    """Print a command below what it is for; it is one line, to be copied."""
    print_words(f"Next, {purpose}:")
    print(f"  {command}", file=stdout().file)


def report_command(folder: Path) -> str:
    """Return the command that reports on a folder of results."""
    page = folder / "report.html"
    return _command("report", _path(folder), "--html", _path(page))


def next_of_run(config: "RunConfig", folder: Path, study: str) -> tuple[str, str]:
    """Return what to do after a run, and how: train its counterpart, or else compare both.

    The counterpart of an SNN is the ANN with the same settings, and the other way round.
    """
    other = "ann" if config.model == "snn" else "snn"
    try:
        counterpart = config.changed(model=other)
    except UserError:  # an SNN takes no such data or layers
        return "the numbers with a page of figures", report_command(folder)
    if _is_recorded(counterpart, folder):
        return f"both beside each other, the {other.upper()} being recorded", report_command(folder)
    given = {n: v for n, v in counterpart.effective.items() if n in counterpart.model_fields_set}
    settings = [word for name, value in given.items() for word in _option(name, value)]
    out = [] if folder == Path("results") / study else ["--out", _path(folder)]
    named = [] if study == "adhoc" else ["--study", study]
    return f"the {other.upper()} of the same settings", _command("train", *settings, *named, *out)


def _is_recorded(config: "RunConfig", folder: Path) -> bool:
    """Whether a folder has a run of these settings, but for those that one model alone has."""
    from snnbench.report.judging.standing import is_of_model
    from snnbench.results.frames import read_runs, to_rows

    wanted = {
        name: value
        for name, value in config.effective.items()
        if SETTINGS[name].role in _DECIDING and name != "loss" and not is_of_model(name)
    }
    try:
        runs = read_runs(folder)
    except UserError:  # what is wrong with other rows is said where they are used
        return False
    same = (runs["model"] == config.model) & (runs["seed"] == config.seed)
    rows: Sequence[Mapping[str, Any]] = to_rows(runs[same])
    return any(all(row.get(n) == v for n, v in wanted.items()) for row in rows)


_DECIDING = ("computation", "file", "repetition")


def _option(name: str, value: Any) -> list[str]:
    """Return a setting as the command line has it."""
    option = SETTINGS[name].option
    if value is None:
        return []
    if isinstance(value, bool):
        return [option if value else f"--no-{option[2:]}"]
    text = (
        f"{value:.15g}" if isinstance(value, float) and float(f"{value:.15g}") == value else value
    )
    return [f"{option}={value}"] if str(value).startswith("-") else [option, str(text)]


def _command(*words: str | Path) -> str:
    return shlex.join(["snnbench", str(words[0]), *_plugins(), *map(str, words[1:])])


def _plugins() -> list[str]:
    """Return the options with which this command was given plug-ins."""
    found: list[str] = []
    for place, argument in enumerate(sys.argv):
        if argument == _PLUGIN:
            found += sys.argv[place : place + 2]
        elif argument.startswith(f"{_PLUGIN}="):
            found.append(argument)
    return found


def _path(path: Path) -> str:
    """Return a path that is not taken for an option."""
    return f"./{path}" if str(path).startswith("-") else str(path)
