"""The configurations of a sweep, best first: a table, and what it says in words."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from snnbench.errors import and_more
from snnbench.report.judging.searched import Search, sentences
from snnbench.report.judging.standing import ACCURACY, Standing
from snnbench.report.page.cells import estimate_text
from snnbench.report.reading.columns import heading, name_of
from snnbench.studies.objective import Objective
from snnbench.words.energies import HEADLINE

_MOST_NAMED = 5


class Ranking(NamedTuple):
    """A row a configuration.

    Attributes:
        header, rows: names with units, and a value for each.
        keep: columns that are the last to be left out.
    """

    header: list[str]
    rows: list[list[Any]]
    keep: list[str]


def ranking(ranked: Sequence[Standing], objectives: Sequence[Objective]) -> Ranking:
    """Return the table of configurations: objectives, accuracy, energy, its ratio to the ANN's.

    Args:
        ranked: best first.
        objectives: what was looked for.
    """
    energies = [one.energy.value if one.energy else None for one in ranked]
    energy, factor = heading(HEADLINE.column, energies)
    accuracy = heading(ACCURACY)[0]
    columns = [o.column for o in objectives if o.column not in (ACCURACY, HEADLINE.column)]
    units = {name: heading(name) for name in columns}
    header = ["configuration", *(unit for unit, _ in units.values()), accuracy, "n", energy]
    twins = any(one.ratio for one in ranked)
    rows = [
        [
            one.configuration.name,
            *(_spread(one.configuration.mean(name), by) for name, (_, by) in units.items()),
            _spread(one.accuracy),
            len(one.configuration.done),
            _spread(one.energy, factor),
            *([_spread(one.ratio)] if twins else []),
        ]
        for one in ranked
    ]
    return Ranking([*header, *(["energy / ANN's"] if twins else [])], rows, [energy, accuracy])


def _spread(found: Any, factor: float = 1) -> Any:
    return None if found is None else estimate_text(found, factor)


def ranking_words(
    ranked: Sequence[Standing], objective: Objective, search: Search | None = None
) -> list[str]:
    """Return what is best, what cannot be told from it, and which networks are no good."""
    known = [one for one in ranked if one.objective is not None]
    said = [*_common(ranked), *sentences(search)]
    if len(known) > 1 and (search is None or len(search.objectives) == 1):
        best, column = known[0].configuration.name, name_of(objective.column)
        tied = [one for one in known[1:] if one.tied]
        unknown = [one for one in known[1:] if one.tied is None]
        which = "Highest" if objective.direction == "max" else "Lowest"
        end = "" if tied or unknown else ", distinguishable from all others (95 %, seed by seed)"
        if search is None:
            said.append(f"{which} mean {column}: {best}{end}.")
        if tied:
            said.append(f"Not distinguishable from it (95 %, seed by seed): {_named(tied)}.")
        if unknown:
            said.append(f"Too few seeds to tell it from {_named(unknown)}: give --seeds 5.")
    if any(one.energy for one in ranked):
        said.append(f"Energy by {HEADLINE.label}: {HEADLINE.assumption}.")
    dead = [one for one in ranked if one.configuration.dead]
    if dead:
        said.append(
            f"Silent or saturated: {_named(dead, _dead)}. Such a network gives the same answer to"
            " everything: what they cost is no price of an answer."
        )
    at_chance = [one for one in ranked if one.at_chance]
    if at_chance:
        said.append(f"No better than a guess: {_named(at_chance)}.")
    return said


def _common(ranked: Sequence[Standing]) -> list[str]:
    """Return the settings that say most of what was trained, where all agree in them."""
    said = []
    for name in ("dataset", "arch", "T"):
        values = {one.configuration.row[name] for one in ranked} - {None}
        if len(values) == 1:
            said.append(f"{name} = {values.pop()}")
    return [f"In all: {', '.join(said)}."] if said else []


def _dead(one: Standing) -> str:
    found = one.configuration
    return " (" + ", ".join(f"{n} of {len(found.done)} {s}" for s, n in found.dead.items()) + ")"


def _named(those: Sequence[Standing], more_of: Callable[[Standing], str] = lambda one: "") -> str:
    return and_more([one.configuration.name + more_of(one) for one in those], _MOST_NAMED, "; ")
