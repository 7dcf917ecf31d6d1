"""Every setting of RunConfig as an option of a command, made from the settings themselves."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from snnbench.config.settings import Settings, choices

_ALIASES = {"T": ("--timesteps", "-T")}

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE.toml", help="Read settings from this file."),
]


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every setting; it receives those given as `settings`.

    Values stay text here: RunConfig reads and checks them, the same from every source.
    """
    parameters = [p for p in inspect.signature(command).parameters.values() if p.name != "settings"]
    options = [_option(name) for name in Settings.model_fields]

    @functools.wraps(command)
    def run(**arguments: Any) -> None:
        settings = {name: arguments.pop(name) for name in Settings.model_fields}
        given = {name: value for name, value in settings.items() if value is not None}
        command(**arguments, settings=given)

    run.__signature__ = inspect.Signature([*parameters, *options])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in [*parameters, *options]}
    return run


def _option(name: str) -> inspect.Parameter:
    field = Settings.model_fields[name]
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    flag = "--" + name.replace("_", "-")
    is_truth = field.annotation is bool
    names = _ALIASES.get(name, (f"{flag}/--no-{flag[2:]}",) if is_truth else (flag,))
    default = field.default if field.default_factory is None else None
    note = "" if default is None or default is False else f" \\[default: {default}]"
    option = typer.Option(
        *names,
        help=_sentence(field.description, note),
        metavar=None if is_truth else _metavar(name),
        rich_help_panel=f"Settings: {extra['group']}",
        show_default=False,
    )
    kind = bool if is_truth else str
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )


def _sentence(description: str | None, note: str) -> str:
    text = description or ""
    return f"{text[0].upper()}{text[1:]}.{note}"


def _metavar(name: str) -> str:
    allowed = choices(name)
    if allowed:
        return "|".join(allowed)
    return {"data_dir": "DIR", "data_file": "FILE", "teacher": "FILE", "arch": "LAYERS"}.get(
        name, "VALUE"
    )
