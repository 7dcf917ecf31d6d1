"""`trials.csv`: what a search suggested, in its order."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snnbench.errors import UserError
from snnbench.results import disk

_COLUMNS = ("trial", "variant", "parameters", "run_ids")
_FILE = "trials.csv"


@dataclass(frozen=True)
class Trial:
    """What was suggested: a line of `trials.csv`."""

    number: int
    variant: str | None
    parameters: Mapping[str, Any]
    run_ids: tuple[str, ...]

    def cells(self) -> tuple[str, ...]:
        """The line's text."""
        parameters = json.dumps(self.parameters, allow_nan=False)
        return (str(self.number), self.variant or "", parameters, " ".join(self.run_ids))


def suggested_runs(folder: Path) -> list[tuple[str, ...]]:
    """Return the names of the runs of each suggestion, in their order; of a torn file what holds.

    Nothing that is judged follows from them: they say when a run was suggested.
    """
    try:
        rows = _rows((folder / _FILE).read_text(encoding="utf-8", errors="replace"))
    except (OSError, csv.Error):
        return []
    return [tuple(row[-1].split()) for row in rows if len(row) == len(_COLUMNS)]


class TrialLog:
    """The order of suggestions, on disk; another order than the recorded one is refused."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / _FILE
        self.count = 0
        self.recorded: list[tuple[str, ...]] = []
        if self.path.exists():
            self.recorded = _rows(self.path.read_text(encoding="utf-8"))

    def add(self, trials: Sequence[Trial]) -> None:
        """Record a round's suggestions.

        Raises:
            UserError: the folder has others at their place.
        """
        lines = [trial.cells() for trial in trials]
        there = self.recorded[self.count : self.count + len(lines)]
        if there != lines[: len(there)]:
            raise UserError(
                f"{self.path} records other suggestions: of another search, other seeds, or "
                "another version of Optuna.",
                "Name a new folder with --out.",
            )
        self.count += len(lines)
        if len(self.recorded) < self.count:
            self.recorded[self.count - len(lines) :] = lines
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows([_COLUMNS, *self.recorded])
            try:
                disk.replace_file(self.path, [text.getvalue().encode()])
            except OSError as error:
                raise disk.trouble(error, self.path) from error


def _rows(text: str) -> list[tuple[str, ...]]:
    return [tuple(row) for row in csv.reader(io.StringIO(text))][1:]
