"""Where settings come from: options over a TOML file over the environment over defaults."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnbench.config.run_config import RunConfig
from snnbench.config.settings import Settings
from snnbench.errors import UserError, did_you_mean

PREFIX = "SNNBENCH_"
_NOT_SETTINGS = ("SNNBENCH_DATA", "SNNBENCH_CACHE")


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
    try:
        text = path.read_text(encoding="utf-8")
        settings = tomllib.loads(text)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Check the path.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not a UTF-8 text file.", "Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not TOML: {error}.", "Write lines such as: lr = 0.1") from None
    for name, value in settings.items():
        where = f"{path}, line {_line_of(name, text)}"
        if name not in Settings.model_fields:
            remedy = did_you_mean(name, Settings.model_fields)
            raise UserError(f"{where}: unknown setting '{name}'.", remedy)
        if isinstance(value, dict | list):
            raise UserError(f"{where}: {name} must be one value.", "Use `sweep` for several.")
    return settings


def settings_from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the settings in `SNNBENCH_*` variables.

    Raises:
        UserError: a variable begins with SNNBENCH_ but names no setting.
    """
    names = {PREFIX + name.upper(): name for name in Settings.model_fields}
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


def _line_of(name: str, text: str) -> int:
    """Return the line (from 1) on which `name` is set."""
    pattern = re.compile(rf"""^\s*\[*["']?{re.escape(name)}\b""")
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if pattern.match(line)), 1)
