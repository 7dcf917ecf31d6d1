"""The studies that ship with the program, by name."""

import os
from pathlib import Path

from snnbench.errors import LONGEST_PATH, UserError, did_you_mean, shortened
from snnbench.studies.reading import read_study
from snnbench.studies.study import Study

_FOLDER = Path(__file__).parent


def shipped() -> dict[str, Path]:
    """Return name -> file of the shipped studies."""
    files = {path.stem: path for path in _FOLDER.glob("*.toml")}
    return {name: files[name] for name in sorted(files)}


def find_study(text: str) -> Study:
    """Read a shipped study by its name, or one from a TOML file.

    Raises:
        UserError: there is none, or see `read_study`.
    """
    known = shipped()
    if text in known:
        return read_study(known[text])
    path = Path(text)
    if path.suffix == ".toml" or os.path.isfile(text):  # which takes any text
        return read_study(path)
    remedy = did_you_mean(text, known) if known else "Name a TOML file."
    raise UserError(f"There is no study '{shortened(text, LONGEST_PATH)}'.", remedy)
