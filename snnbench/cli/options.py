"""Every setting of RunConfig as an option of a command, made from the settings themselves."""

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from snnbench.cli import completing
from snnbench.config.setting import SETTINGS, Setting
from snnbench.errors import UserError
from snnbench.words.energies import ENERGIES

_ALIASES = {"T": ("--timesteps", "-T")}

CheckpointEvery = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="Time between checkpoints, from which an interrupted run goes on. \\[default: 30]",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE.toml", help="Read settings from this file."),
]
PluginFiles = Annotated[
    list[Path] | None,
    typer.Option("--plugin", metavar="FILE.py", help="Add words of your own. Repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
MeasureEnergy = Annotated[
    bool,
    typer.Option(
        "--measure-energy",
        help="Measure energy by the machine's counters (RAPL, NVML), after 2 seconds of idling;"
        " where there are none, its columns stay empty.",
    ),
]
EnergyModel = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL[:OPTION=N,...]",
        help="The energy that figures, comparisons and answers tell first.",
        autocompletion=completing.words(ENERGIES),
    ),
]
SaveModel = Annotated[bool, typer.Option("--save-model", help="Keep the weights in OUT/models.")]
Jobs = Annotated[
    int | None, typer.Option(metavar="N", help="Worker processes. \\[default: all cores]")
]


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every setting; it receives those given as `settings`.

    Values stay text here: RunConfig reads and checks them, the same from every source.
    """
    parameters = [p for p in inspect.signature(command).parameters.values() if p.name != "settings"]
    parameters.append(_PLUGIN)
    options = [_option(setting) for setting in SETTINGS.values()]

    @functools.wraps(command)
    def run(**arguments: Any) -> None:
        del arguments["plugin"]  # loaded before the command was made
        settings = {name: arguments.pop(name) for name in SETTINGS}
        given = {name: value for name, value in settings.items() if value is not None}
        command(**arguments, settings=given)

    run.__signature__ = inspect.Signature([*parameters, *options])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in [*parameters, *options]}
    return run


def refuse_useless(options: Mapping[str, object], why: str) -> None:
    """Raise UserError if one of these options was given, which has no effect.

    Args:
        options: name -> value, None where it was not given.
        why: follows "NAME has no effect".
    """
    for name, value in options.items():
        if value is not None:
            raise UserError(f"{name} has no effect{why}.", f"Leave {name} out.")


_PLUGIN = inspect.Parameter(
    "plugin", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=PluginFiles
)


def _option(setting: Setting) -> inspect.Parameter:
    flag = "--" + setting.name.replace("_", "-")
    is_truth = setting.kind == "boolean"
    names = _ALIASES.get(setting.name, (f"{flag}/--no-{flag[2:]}",) if is_truth else (flag,))
    default = setting.default
    note = "" if default is None or default is False else f" \\[default: {default}]"
    option = typer.Option(
        *names,
        help=f"{setting.meaning[0].upper()}{setting.meaning[1:]}.{note}",
        metavar=None if is_truth else " | ".join(setting.choices) or setting.metavar,
        rich_help_panel=f"Settings: {setting.group}",
        show_default=False,
        autocompletion=None if setting.words is None else completing.words(setting.words),
    )
    kind = bool if is_truth else str
    return inspect.Parameter(
        setting.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )
