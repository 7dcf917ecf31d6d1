"""Which runs a claim or a published number speaks of: of a plan, or of the rows of `runs.csv`."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snnbench.config.setting import Value

VARIANT = "variant"
# Between the names of a run that belongs to several variants, as `runs.csv` has them.
BETWEEN_VARIANTS = ", "


@dataclass(frozen=True)
class Selector:
    """Which runs are spoken of: those with one of the values, for every name.

    Attributes:
        wanted: settings, or "variant", each with its values. None is a value, too: a setting
            that is left out, or has no effect in the run.
    """

    wanted: tuple[tuple[str, tuple[Value, ...]], ...] = ()

    def selects(self, row: Mapping[str, Any]) -> bool:
        """Whether a row of `runs.csv`, column -> value with None for missing, is spoken of."""
        return all(
            any(_is_in(wanted, name, row.get(name)) for wanted in values)
            for name, values in self.wanted
        )

    def __and__(self, other: "Selector") -> "Selector":
        return Selector(self.wanted + other.wanted)

    def __str__(self) -> str:
        return ", ".join(
            f"{name} = {' or '.join(map(value_text, values))}" for name, values in self.wanted
        )


EVERYTHING = Selector()


def select(selector: Selector, rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows that are spoken of, in their order."""
    return [row for row in rows if selector.selects(row)]


def value_text(value: Value) -> str:
    """Return a value as a study's file has it, without quotes."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def values_along(name: str, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return the values of a setting, none twice; numbers ascending, others as they come."""
    found = list(dict.fromkeys(row[name] for row in rows if row[name] is not None))
    return sorted(found) if all(isinstance(value, int | float) for value in found) else found


def _is_in(wanted: Value, name: str, value: object) -> bool:
    """Whether a cell holds the value; NaN counts as missing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return wanted is None
    if name == VARIANT:
        return wanted in str(value).split(BETWEEN_VARIANTS)
    return bool(wanted == value)
