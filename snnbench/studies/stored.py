"""The studies that a folder of results was made by, kept in it: `studies/NAME.toml`."""

from pathlib import Path

from snnbench.config.toml_file import read_toml
from snnbench.errors import UserError
from snnbench.results import disk
from snnbench.studies.reading import read_study
from snnbench.studies.study import Study, check_name
from snnbench.studies.writing import to_toml

_FOLDER = "studies"
_ABOUT = "# The study as it was run last in this folder; `snnbench report` reads it.\n"


def store_study(folder: Path, study: Study) -> None:
    """Put a study into a folder of results, in the place of the one of its name.

    After a kill the old one is there or the new one.

    Raises:
        UserError: the disk does not take it.
    """
    path = stored_path(folder, study.name)
    text = (_ABOUT + to_toml(study)).encode(errors="replace")
    try:
        if not path.is_file() or path.read_bytes() != text:
            disk.make_folder(path.parent)
            disk.replace_file(path, [text])
    except OSError as error:
        raise disk.trouble(error, path) from error


def stored_study(folder: Path, name: str) -> Study | None:
    """Return the study of a name that a folder of results holds, or None if it holds none.

    The plug-ins that it names are not loaded: a folder is data, whoever it is from.

    Raises:
        UserError: the file is not that study.
    """
    path = stored_path(folder, name)
    if not path.exists():
        return None
    try:
        study = read_study(path, with_plugins=False)
    except UserError as error:
        remedy = "Name the plug-ins of its words with --plugin." if _names_plugins(path) else ""
        raise UserError(error.problem, remedy or error.remedy) from None
    if study.name != name:
        raise UserError(f"{path}: the study '{study.name}' has another name.", "Restore the file.")
    return study


def stored_path(folder: Path, name: str) -> Path:
    """Return where a folder of results keeps a study.

    Raises:
        UserError: the name is none.
    """
    return folder / _FOLDER / f"{check_name(name)}.toml"


def _names_plugins(path: Path) -> bool:
    try:
        return bool(read_toml(path).content.get("plugins"))
    except UserError:
        return False
