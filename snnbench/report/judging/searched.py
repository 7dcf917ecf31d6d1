"""What a study looked for, and what it found: the best by its objective, or the Pareto set."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snnbench.report.reading.columns import heading, name_of
from snnbench.report.reading.groups import Configuration, pooled
from snnbench.report.reading.statistics import mean
from snnbench.studies.objective import TEST_ACCURACY, Objective
from snnbench.studies.selecting import BETWEEN_VARIANTS
from snnbench.studies.study import EVOLVING, LISTED, POPULATION, Study

_MOST_NAMED = 8


@dataclass(frozen=True)
class Search:
    """A search and its outcome.

    Attributes:
        study: that says what is searched, how, and for what.
        trials: the configurations in the order in which they were suggested, or else recorded; one
            that was suggested twice is there twice.
        found: the best by the objective; of several objectives the Pareto set, than which no trial
            is as good in all and better in one, the best by the first objective first.
    """

    study: Study
    trials: tuple[Configuration, ...]
    found: tuple[Configuration, ...]

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """What is looked for."""
        return self.study.sought

    @property
    def varied(self) -> tuple[str, ...]:
        """The settings that are chosen."""
        axes = (axis for variant in self.study.variants for axis in self.study.axes_of(variant))
        return tuple(dict.fromkeys(axis.name for axis in axes))

    @property
    def population(self) -> int | None:
        """Trials of a generation, of a search that has some."""
        return (self.study.population or POPULATION) if self.study.search == EVOLVING else None


def search_of(
    study: Study | None,
    configurations: Sequence[Configuration],
    suggested: Sequence[Sequence[str]] = (),
) -> Search | None:
    """Return a study's search, or None if it looks for nothing.

    Args:
        study: that was run.
        configurations: its runs.
        suggested: the names of the runs of each suggestion, in their order, where that is known.
    """
    if study is None or (study.search in LISTED and not study.objectives):
        return None
    own = [c for c in configurations if study.search in LISTED or _is_searched(study, c)]
    of_run = {run: c for c in own for run in c.runs["run_id"]}
    trials = [of_run[runs[0]] for runs in suggested if runs and runs[0] in of_run]
    trials = trials or sorted(own, key=lambda c: min(c.runs.index))
    return Search(study, tuple(trials), _found(own, study.sought))


def value_in(configuration: Configuration, objective: Objective) -> float | None:
    """Return the mean over the seeds; None also of what a network without answers costs."""
    values = pooled([configuration], objective.column)
    return mean(list(values.values())).value if values else None


def _is_searched(study: Study, configuration: Configuration) -> bool:
    """Whether it is of a variant in which something is chosen."""
    own = str(configuration.row["variant"]).split(BETWEEN_VARIANTS)
    return any(v.name in (None, *own) and study.axes_of(v) for v in study.variants)


def _found(
    configurations: Sequence[Configuration], objectives: Sequence[Objective]
) -> tuple[Configuration, ...]:
    known = []
    for configuration in configurations:
        values = [value_in(configuration, objective) for objective in objectives]
        signed = [-v if o.direction == "max" else v
                  for o, v in zip(objectives, values, strict=True) if v is not None]  # fmt: skip
        if len(signed) == len(objectives):
            known.append((configuration, signed))
    known.sort(key=lambda pair: pair[1])
    front = [c for c, own in known if not any(_dominates(other, own) for _, other in known)]
    return tuple(front if len(objectives) > 1 else front[:1])


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether one is as low everywhere and lower somewhere."""
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


def sentences(search: Search | None) -> list[str]:
    """Return what was looked for, and what was found; nothing where nothing was."""
    if search is None:
        return []
    named = [_described(search, c) for c in search.found[:_MOST_NAMED]]
    left = len(search.found) - len(named)
    listed = "; ".join([*named, *([f"and {left} more"] if left else [])])
    if not search.found:
        outcome = "No run has a value in it."
    elif len(search.objectives) > 1:
        names = join(name_of(objective.column) for objective in search.objectives)
        outcome = f"Pareto set by {names}: {listed}."
    else:
        outcome = f"Best by {name_of(search.objectives[0].column)} (the objective): {listed}."
        if search.objectives[0] == TEST_ACCURACY:
            outcome += " It was chosen by the data it is tested on: its accuracy is optimistic."
    return [asked(search.study, len({c.name for c in search.trials})), outcome]


def asked(study: Study, done: int | None = None) -> str:
    """Return what is searched and how; and how many trials have runs, where not all do."""
    whole = Search(study, (), ())
    sought = join(f"the {'highest' if o.direction == 'max' else 'lowest'} {name_of(o.column)}"
                  for o in whole.objectives)  # fmt: skip
    if study.trials is None:
        return f"Looked for: {sought}."
    trials = study.trials * sum(bool(study.axes_of(variant)) for variant in study.variants)
    recorded = f" ({done} different ones have runs)" if done is not None and done < trials else ""
    said = f"Search by {study.search}: {trials} trials{recorded} of {join(whole.varied)}"
    if whole.population is None:
        return f"{said} for {sought}."
    random = (" No more than one generation: all are drawn at random."
              if study.trials <= whole.population else "")  # fmt: skip
    return f"{said}, generations of {whole.population}, for {sought}.{random}"


def _described(search: Search, configuration: Configuration) -> str:
    """Return a name with its objectives, and the test accuracy where that is none of them."""
    columns = [objective.column for objective in search.objectives]
    parts = [_value(configuration, column) for column in columns]
    if TEST_ACCURACY.column not in columns:
        parts.append(_value(configuration, TEST_ACCURACY.column))
    one = len(columns) == 1
    said = [p.removeprefix(f"{name_of(columns[0])} ") if one and not i else p
            for i, p in enumerate(parts) if p]  # fmt: skip
    return f"{configuration.name} ({'; '.join(said)})"


def _value(configuration: Configuration, column: str) -> str:
    found = configuration.mean(column)
    if found is None:
        return ""
    label, factor = heading(column, [found.value])
    name, unit = name_of(column), label.removeprefix(name_of(column)).lstrip(", ")
    return f"{name} {found.value / factor:.4g}{' ' if unit[:1] not in ('', '/') else ''}{unit}"


def to_document(search: Search | None) -> dict[str, Any] | None:
    """Return a search as what JSON knows."""
    if search is None:
        return None
    return {
        "search": search.study.search,
        "trials": search.study.trials,
        "population": search.population,
        "objectives": [str(objective) for objective in search.objectives],
        "varied": list(search.varied),
        "found": [c.name for c in search.found],
    }


def join(texts: Any) -> str:
    """Return "a, b and c"."""
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else str(last)
