"""What names a run: 12 hex digits of a SHA-256 over its settings and its data."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from snnbench.config.setting import SETTINGS, Setting

IDENTITY_VERSION = 1  # of what names a run; another one would give every recorded run a new name
DIGITS = 12


def run_name(
    settings: Mapping[str, Any],
    data_sha256: str,
    numerics: int = 1,
    plugins: Sequence[str] = (),
    threads: int = 1,
) -> str:
    """Return 12 hex digits that name a run: what is computed, on which data.

    Settings of version 1 of the tables enter always, empty where they have no effect; later ones
    where they have an effect and differ from what the program did before them. So a run keeps its
    name when settings are added.

    Args:
        settings: name -> value; None where a setting has no effect or is left open.
        data_sha256: checksum of the data, which stands for their place on disk.
        numerics: version of the engine's numbers; 1 does not enter.
        plugins: SHA-256 of the plug-ins' files whose words the run uses, sorted.
        threads: among which sums are shared out whose bits depend on it; 1 does not enter.
    """
    named = {name: value for name, value in settings.items() if _enters(SETTINGS[name], value)}
    content = {name: _content(SETTINGS[name], value) for name, value in named.items()}
    if threads > 1:
        content["threads"] = threads
    identity = {"settings": content, "data": data_sha256, "schema": IDENTITY_VERSION}
    if numerics > 1:
        identity["numerics"] = numerics
    if plugins:
        identity["plugins"] = list(plugins)
    return _digits(json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False))


def piece(about: Setting, value: Any) -> str:
    """Return what a setting contributes to `name_of_pieces`; "" if it does not enter."""
    if not _enters(about, value):
        return ""
    return f"{json.dumps(about.name)}:{json.dumps(_content(about, value), allow_nan=False)},"


def name_of_pieces(pieces: Sequence[str], data_sha256: str, numerics: str = "") -> str:
    """Return `run_name`, for very many runs that share most of their pieces.

    Args:
        pieces: of the settings, sorted by their names.
        data_sha256: see `run_name`.
        numerics: version of the numbers where it enters, as text.
    """
    version = f',"numerics":{numerics}' if numerics else ""
    settings = "".join(pieces).removesuffix(",")
    return _digits(
        f'{{"data":{json.dumps(data_sha256)}{version},"schema":{IDENTITY_VERSION}'
        f',"settings":{{{settings}}}}}'
    )


def _enters(about: Setting, value: Any) -> bool:
    if about.identity == "nothing":
        return False
    return about.since == 1 or value not in (None, about.absent)


def _content(about: Setting, value: Any) -> Any:
    return Path(value).stem if about.identity == "stem" and value is not None else value


def _digits(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
