"""One style a configuration, in all figures of a section."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snnbench.report.figures.drawing import DASHES, MARKERS, MOST_LINES, RAMP, SERIES
from snnbench.report.reading.groups import Configuration, varied_numbers

_SOLID = "-"


@dataclass(frozen=True)
class Style:
    """How a configuration is drawn: colour, dashes of its line, marker."""

    colour: str
    dashes: Any
    marker: str

    @property
    def line(self) -> dict[str, Any]:
        """As matplotlib's `plot` takes it."""
        return {"color": self.colour, "linestyle": self.dashes, "marker": self.marker}

    @property
    def point(self) -> dict[str, Any]:
        """The same without the line."""
        return self.line | {"linestyle": "none"}


def nth_style(index: int) -> Style:
    """Return the nth style: no two alike among the first 24, nor colours among the first 6."""
    return Style(
        SERIES[index % len(SERIES)],
        DASHES[(index + index // len(SERIES)) % len(DASHES)],
        MARKERS[index % len(MARKERS)],
    )


class Palette:
    """The styles of a section's configurations.

    Where these differ in one number alone (and some in what else they are), its values go through
    one hue by their order; all others have colours of their own, spiking networks first.

    Args:
        configurations: of the section.
    """

    def __init__(self, configurations: Sequence[Configuration]) -> None:
        ordered = _ordered(configurations)
        self._of = tuple(configurations)  # so that ids stay theirs; names need not differ
        self._styles: dict[int, Style] = {}
        for rank, c in enumerate(ordered):
            step = round(rank * (len(RAMP) - 1) / (len(ordered) - 1))
            self._styles[id(c)] = Style(RAMP[step], _SOLID, MARKERS[rank % len(MARKERS)])
        number = 1 if ordered else 0  # the first colour is the hue's
        for c in sorted(configurations, key=lambda c: c.row["model"] != "snn"):
            if id(c) not in self._styles:
                self._styles[id(c)] = nth_style(number)
                number += 1

    def in_order(self, best: Sequence[Configuration]) -> list[Configuration]:
        """Return those that are drawn, of many the best, in the tables' order; then the others."""
        ranks = {id(c): rank for rank, c in enumerate(self._of)}
        drawn = sorted(best[:MOST_LINES], key=lambda c: ranks[id(c)])
        return [*drawn, *best[MOST_LINES:]]

    def __getitem__(self, configuration: Configuration) -> Style:
        return self._styles[id(configuration)]


def rest_of(configuration: Configuration, name: str) -> dict[str, Any]:
    """Return what else it is; variants may be named after the very value that is varied."""
    return {k: v for k, v in configuration.row.items() if k not in (name, "variant")}


def families_of(
    configurations: Sequence[Configuration], name: str
) -> dict[tuple[Any, ...], list[Configuration]]:
    """Return configurations that differ in a setting alone, by what else they are."""
    families: dict[tuple[Any, ...], list[Configuration]] = {}
    for configuration in configurations:
        if configuration.row[name] is not None:
            rest = tuple(rest_of(configuration, name).values())
            families.setdefault(rest, []).append(configuration)
    return families


def _ordered(configurations: Sequence[Configuration]) -> list[Configuration]:
    """Return those that differ in one number alone, ascending; none where there are other such."""
    names = varied_numbers(configurations)
    if len(names) != 1:
        return []
    families = [f for f in families_of(configurations, names[0]).values() if len(f) > 1]
    if len(families) != 1:
        return []
    return sorted(families[0], key=lambda c: float(str(c.row[names[0]])))
