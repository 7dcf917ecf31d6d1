"""What changed from one folder of results to others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from snnbench.errors import UserError, and_more

if TYPE_CHECKING:
    from snnbench.report.page.sections import Report
    from snnbench.words.energies import Energy


@dataclass(frozen=True, repr=False)
class Changes:
    """Folders of results beside the one that they are compared with.

    Attributes:
        report: what is written of it.
        files: that were written.
    """

    report: "Report"
    files: tuple[Path, ...] = ()

    def __str__(self) -> str:
        from snnbench.report.page.changes import sentences

        return "\n".join(line for change in self.report.changes for line in sentences(change))

    def __repr__(self) -> str:
        before, *after = self.report.folders
        return f"<Changes from {before} to {', '.join(after)}>"


def baseline_folder(text: str | None, places: Sequence[Path]) -> Path | None:
    """Return which of the folders given is the baseline; None if a configuration is meant, or none.

    Raises:
        UserError: it is a folder that was not given, or both a folder and NAME=VALUE.
    """
    from snnbench.report.reading.conditions import parse_where

    if text is None:
        return None
    found = {place.resolve(): place for place in places}.get(Path(text).resolve())
    if found is None:
        if Path(text).is_dir() and "=" not in text:
            raise UserError(
                f"--baseline: {text} is not among the folders given.",
                f"Name it, too: snnbench report {' '.join(map(str, (text, *places)))}"
                f" --baseline {text}",
            )
        return None
    try:
        parse_where(text)
    except UserError:
        return found
    name, _, value = text.partition("=")
    raise UserError(
        f"--baseline: {text} is one of the folders given, and a configuration.",
        f"Write ./{text} for the folder, or '{name} = {value}' for the configuration.",
    )


def compare_with(
    baseline: Path, places: Sequence[Path], energy: "Energy", useless: Mapping[str, object]
) -> Changes:
    """Return what changed from the baseline to each of the other folders.

    Args:
        baseline: one of the places.
        places: folders of results.
        energy: the model that is compared.
        useless: options that have nothing to work on here -> what was given.

    Raises:
        UserError: a folder cannot be read, or has nothing in common with the baseline; or there is
            but one; or one of the useless options was given.
    """
    from snnbench.report.judging.folders import Comparison, compare_folders
    from snnbench.report.page.changes import RULE
    from snnbench.report.page.sections import Report
    from snnbench.report.reading.neurobench import is_file
    from snnbench.report.reading.source import load, refuse_twice

    for option, given in useless.items():
        if given is not None:
            raise UserError(
                f"{option} has no effect where folders are compared.",
                f"Leave it out, or give it to a report on one folder: snnbench report {places[-1]}",
            )
    for place in filter(is_file, places):
        raise UserError(f"{place} is no folder of results.", "Name folders of snnbench's only.")
    refuse_twice(places)
    others = [place for place in places if place != baseline]
    if not others:
        raise UserError(
            f"There is no folder to compare with {baseline}.",
            f"Name it: snnbench report {baseline} OTHER --baseline {baseline}",
        )
    before = load([baseline], energy)
    notes = [f"{baseline}: {note}" for note in before.notes]
    changes: list[Comparison] = []
    for place in others:
        after = load([place], energy)
        notes += [f"{place}: {note}" for note in after.notes]
        found = compare_folders(before, after)
        if not isinstance(found, Comparison):
            columns = [change.column for change in found]
            raise UserError(
                f"{place} has no configuration in common with {baseline}: they differ in"
                f" {and_more(columns)}.",
                "Compare runs on the same data set, with the same settings or with others in all"
                " runs of a folder.",
            )
        changes.append(found)
    folders = tuple(map(str, (baseline, *others)))
    return Changes(Report(folders, tuple(notes), (), rule=RULE, changes=tuple(changes)))
