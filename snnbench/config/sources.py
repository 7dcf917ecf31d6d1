"""Where settings come from: options over a TOML file over the environment over defaults."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnbench.config.run_config import RunConfig
from snnbench.config.setting import SETTINGS
from snnbench.config.toml_file import read_toml
from snnbench.errors import UserError, did_you_mean

PREFIX = "SNNBENCH_"
_NOT_SETTINGS = ("SNNBENCH_DATA", "SNNBENCH_CACHE", "SNNBENCH_POWERCAP")


def build_config(
    options: Mapping[str, Any],
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> RunConfig:
    """Merge the sources of settings into one RunConfig.

    Args:
        options: settings from the command line; None means not given.
        file: a TOML file of settings.
        environment: variables; `SNNBENCH_<NAME>` sets what the others leave open, where it
            can have an effect.

    Raises:
        UserError: see RunConfig; messages about a file name the file and the line.
    """
    given = settings_from_toml(file) if file is not None else {}
    given |= {name: value for name, value in options.items() if value is not None}
    return RunConfig.from_layers(given, settings_from_environment(environment or os.environ))


def settings_from_toml(path: Path) -> dict[str, Any]:
    """Read a flat TOML file of settings.

    Raises:
        UserError: the file is missing, is not TOML, or names an unknown setting.
    """
    file = read_toml(path)
    for name, value in file.content.items():
        if name not in SETTINGS:
            remedy = did_you_mean(name, SETTINGS)
            raise file.error((name,), f"unknown setting '{name}'.", remedy)
        if isinstance(value, dict | list):
            raise file.error((name,), f"{name} must be one value.", "Use `sweep` for several.")
    return dict(file.content)


def settings_from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings in `SNNBENCH_*` variables.

    Raises:
        UserError: a variable begins with SNNBENCH_ but names no setting.
    """
    names = {PREFIX + name.upper(): name for name in SETTINGS}
    settings = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable in _NOT_SETTINGS:
            continue
        if variable not in names:
            raise UserError(
                f"Environment variable {variable} names no setting.",
                did_you_mean(variable, [*names, *_NOT_SETTINGS]),
            )
        if value:
            settings[names[variable]] = value
    return settings
