"""What a search looks for: a column of `runs.csv`, and which way is better."""

from dataclasses import dataclass
from typing import Literal

from snnbench.config.setting import SETTINGS
from snnbench.errors import UserError, did_you_mean
from snnbench.results.schema import columns_of

# Numbers about the table or the machine, not about how good a run is.
_NOT_RESULTS = ("schema", "cohort_size", "cpu_threads", "numerics")


def result_columns() -> tuple[str, ...]:
    """Return the numbers that a run computes, by their columns in `runs.csv`."""
    return tuple(
        column.name
        for column in columns_of("runs")
        if column.kind in ("number", "integer")
        and column.name not in SETTINGS
        and column.name not in _NOT_RESULTS
    )


@dataclass(frozen=True)
class Objective:
    """A numeric column that every finished run fills, to be as large or as small as can be."""

    column: str
    direction: Literal["max", "min"]

    def __str__(self) -> str:
        return f"{self.column}:{self.direction}"


TEST_ACCURACY = Objective("test_accuracy", "max")


def parse_objective(text: str) -> Objective:
    """Parse COLUMN:max or COLUMN:min.

    Raises:
        UserError: the column is none that a run computes, or the direction is missing.
    """
    column, _, direction = text.strip().partition(":")
    known = result_columns()
    if column not in known:
        what = "is a setting" if column in SETTINGS else "is no number a run computes"
        raise UserError(f"Objective '{text}': '{column}' {what}.", did_you_mean(column, known))
    if direction == "max":
        return Objective(column, "max")
    if direction == "min":
        return Objective(column, "min")
    raise UserError(
        f"Objective '{text}' does not say which way is better.",
        f"Write {column}:max or {column}:min.",
    )
