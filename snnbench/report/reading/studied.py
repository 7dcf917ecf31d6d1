"""Which study the runs of a report are of: as given, as stored with them, or as shipped."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

from snnbench.errors import UserError
from snnbench.studies.catalogue import find_study, shipped
from snnbench.studies.stored import stored_path, stored_study
from snnbench.studies.study import Study


def studies_of(
    names: Iterable[str], folders: Sequence[Path], given: Study | None = None
) -> tuple[dict[str, Study | str], list[str]]:
    """Return study's name -> the study, or why there is none; and what is to be known of them.

    Args:
        names: of the runs' studies.
        folders: of results; what was run there counts more than what ships.
        given: a study that counts more than both.

    Raises:
        UserError: there are no runs of the given study.
    """
    names = [name for name in names if name]
    if given is not None and given.name not in names:
        raise UserError(
            f"--study names the study '{given.name}', of which there is no run here.",
            f"The runs are of: {', '.join(names) or 'no study'}.",
        )
    found: dict[str, Study | str] = {}
    notes: list[str] = []
    for name in names:
        if given is not None and name == given.name:
            found[name] = given
        else:
            found[name] = _stored_or_shipped(name, folders, notes)
    return found, notes


def _stored_or_shipped(name: str, folders: Sequence[Path], notes: list[str]) -> Study | str:
    known = shipped()
    stored = _stored(name, folders, notes)
    if not stored:
        if name in known:
            return find_study(name)
        return (f"no study '{name}' ships with snnbench or is stored with the runs; name its file"
                " with --study.")  # fmt: skip
    (folder, study), *others = stored.items()
    for other, another in others:
        if differing := _differing(study, another):
            notes.append(
                f"The study {name} was not the same in {folder} and {other}: they differ in"
                f" {differing}. That of {folder} is shown."
            )
    if name in known and (differing := _differing(study, find_study(name))):
        notes.append(
            f"The study {name} that was run, {stored_path(folder, name)}, and the one that ships"
            f" differ in {differing}. That of the runs is shown; --study {name} takes the other."
        )
    return study


def _stored(name: str, folders: Sequence[Path], notes: list[str]) -> dict[Path, Study]:
    found = {}
    for folder in folders:
        try:
            study = stored_study(folder, name)
        except UserError as error:
            notes.append(
                f"The stored study {name} cannot be read and is left out. {error.problem}"
                f" {error.remedy}"
            )
            continue
        if study is not None:
            found[folder] = study
    return found


def _differing(study: Study, other: Study) -> str:
    names = [f.name for f in fields(Study) if f.compare]
    differing = [name for name in names if getattr(study, name) != getattr(other, name)]
    return ", ".join("vary" if name == "axes" else name for name in differing)  # as its file has it
