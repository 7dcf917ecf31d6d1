"""What changed from one folder of results to another: settings, origins, results.

Configurations are paired by their settings, but for those in which the folders differ as wholes:
a folder with beta = 0.5 alone is compared with one of beta = 0.9, and one that was trained again
on other data with the old one. Runs are paired by their seeds; those of equal names must be equal
to the last bit.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from snnbench.config.setting import SETTINGS
from snnbench.report.judging.curves import least_seeds
from snnbench.report.reading.columns import ORIGIN
from snnbench.report.reading.groups import Configuration, binomial_error_of, keys_of
from snnbench.report.reading.names import short_names
from snnbench.report.reading.source import Tables
from snnbench.report.reading.statistics import CONFIDENCE, Estimate, difference, mean, ratio
from snnbench.results.frames import to_rows
from snnbench.results.outcomes import outcomes_of
from snnbench.studies.selecting import value_text

Word = Literal["rose", "fell", "the same", "undecided"]
Key = tuple[Any, ...]

_SETTINGS_TOO = ("device", "engine", "dataset", "data_sha256")  # they tell configurations apart
_ORIGINS = (*(name for name in ORIGIN if name not in _SETTINGS_TOO),
            "path", "numerics", "plugins", "energy_counters")  # fmt: skip
AS_RATIO = ("train_seconds",)  # said as after / before, not as a difference


@dataclass(frozen=True)
class Change:
    """A column whose values are not the same in both folders: what each has, in words."""

    column: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """What became of a configuration in one column.

    Attributes:
        configuration: its name.
        column: of `runs.csv`, or an energy's.
        before, after: the means, of the seeds that both have where they share any.
        change: after - before, or after / before of a column of `AS_RATIO`.
        word: whether it rose or fell, by the interval at 1 - 5 % / k, of k configurations; or is
            the same to the last bit.
    """

    configuration: str
    column: str
    before: Estimate
    after: Estimate
    change: Estimate
    word: Word


@dataclass(frozen=True)
class Unequal:
    """Two records of a run that are not equal: the columns, the first of them with both values."""

    run_id: str
    configuration: str
    seed: int | None
    columns: tuple[str, ...]
    before: Any
    after: Any


@dataclass(frozen=True)
class Comparison:
    """A folder beside the baseline.

    Attributes:
        before, after: names of the baseline and of the other folder.
        settings: in which the folders differ.
        origins: versions, commits and machines that are not the same.
        configurations: names of those in both.
        effects: by configuration and column.
        common: how many runs of equal names both have.
        unequal: those of them that are not equal.
        alone: runs of configurations in both, whose seed the other folder lacks: of either.
        only_before, only_after: names of the configurations that the other folder lacks.
    """

    before: str
    after: str
    settings: tuple[Change, ...]
    origins: tuple[Change, ...]
    configurations: tuple[str, ...]
    effects: tuple[Effect, ...]
    common: int
    unequal: tuple[Unequal, ...]
    alone: tuple[int, int]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    @property
    def nothing_changed(self) -> bool:
        """Whether every run of either folder is in the other, equal to the last bit."""
        lacking = (*self.only_before, *self.only_after, *self.unequal)
        return self.common > 0 and not lacking and not any(self.alone)


def compare_folders(before: Tables, after: Tables) -> Comparison | tuple[Change, ...]:
    """Compare a folder with the baseline.

    Args:
        before, after: the tables of a folder each, with the same energy model.

    Returns:
        The comparison; where no configuration is in both, what differs.
    """
    tables = (before, after)
    keys = [keys_of(one.runs).assign(study=one.runs["study"]) for one in tables]
    settings = tuple(_changes(keys, [str(name) for name in keys[0]], counted=False))
    apart = _different_as_wholes(keys, [change.column for change in settings])
    names = [str(name) for name in keys[0] if name not in apart]
    groups = [_groups(key, names) for key in keys]
    paired = [key for key in groups[0] if key in groups[1]]
    if not paired:
        return settings
    every = list(dict.fromkeys((*groups[0], *groups[1])))
    said = short_names([dict(zip(names, key, strict=True)) for key in every])
    called = dict(zip(every, said, strict=True))
    sides = [
        [
            _configuration(called[key], rows, one.runs, group[key])
            for rows, one, group in zip(keys, tables, groups, strict=True)
        ]
        for key in paired
    ]
    of_run = {
        run_id: called[key]
        for key, where in groups[0].items()
        for run_id in before.runs["run_id"].iloc[where]
    }
    common, unequal = _unequal(before.runs, after.runs, of_run)
    columns = ("test_accuracy", after.energy.column, "firing_rate", *AS_RATIO)
    changed = {run.run_id for run in unequal}
    return Comparison(
        before=str(before.folders[0]),
        after=str(after.folders[0]),
        settings=settings,
        origins=tuple(_changes([before.runs, after.runs], _ORIGINS, counted=True)),
        configurations=tuple(called[key] for key in paired),
        effects=tuple(e for column in columns for e in _effects(sides, column, changed)),
        common=common,
        unequal=unequal,
        alone=_alone(sides),
        only_before=tuple(called[key] for key in groups[0] if key not in groups[1]),
        only_after=tuple(called[key] for key in groups[1] if key not in groups[0]),
    )


def _changes(
    frames: Sequence[pd.DataFrame], columns: Sequence[str], *, counted: bool
) -> Iterator[Change]:
    """Yield the columns whose values differ; `counted`: each with its number of runs."""
    for column in columns:
        found = [Counter(_texts(runs[column])) for runs in frames]
        if found[0].keys() != found[1].keys():
            yield Change(column, *(_listed(counts, counted=counted) for counts in found))


def _texts(column: "pd.Series[Any]") -> list[str]:
    missing = "none" if column.name in SETTINGS else "unknown"
    return [missing if pd.isna(value) else value_text(value) for value in column]


def _listed(counts: Mapping[str, int], *, counted: bool) -> tuple[str, ...]:
    runs = {text: f" ({n} {'run' if n == 1 else 'runs'})" for text, n in counts.items()}
    return tuple(text + (runs[text] if counted else "") for text in sorted(counts))


def _different_as_wholes(keys: Sequence[pd.DataFrame], differing: Sequence[str]) -> list[str]:
    """Return columns that do not tell which configuration of a folder is which of the other.

    Each has at most one value in a folder, as the data's checksum has for each data set, and
    without it as many configurations are told apart as with it. A data set is never taken for
    another: accuracies on both have nothing in common.
    """
    apart: list[str] = []
    for column in differing:
        single = all(key[column].dropna().nunique() <= 1 for key in keys)
        if column == "dataset" or not (single or column == "data_sha256"):
            continue
        kept = [str(name) for name in keys[0] if name not in apart]
        less = [name for name in kept if name != column]
        if all(len(_groups(key, kept)) == len(_groups(key, less)) for key in keys):
            apart.append(column)
    return apart


def _groups(keys: pd.DataFrame, names: Sequence[str]) -> dict[Key, list[int]]:
    """Return configuration -> positions of its runs."""
    groups: dict[Key, list[int]] = {}
    for position, key in enumerate(keys[list(names)].itertuples(index=False, name=None)):
        groups.setdefault(key, []).append(position)
    return groups


def _configuration(
    name: str, keys: pd.DataFrame, runs: pd.DataFrame, where: Sequence[int]
) -> Configuration:
    row = {str(column): value for column, value in keys.iloc[where[0]].items()}
    return Configuration(name, row, {}, runs.iloc[list(where)])


def _effects(
    sides: Sequence[Sequence[Configuration]], column: str, unequal: Collection[str]
) -> Iterator[Effect]:
    """Yield what became of each configuration that both folders know the column of."""
    known = [pair for pair in sides if all(c.comparable(column) for c in pair)]
    for before, after in known:
        a, b = _of_common_seeds(after.comparable(column), before.comparable(column))
        means = [mean(list(values.values())) for values in (b, a)]
        errors = [binomial_error_of([c], column, v) for c, v in ((after, a), (before, b))]
        # The same network tested on the same samples: what testing leaves open is the same.
        ids = [set(c.done.loc[c.done["seed"].isin(a), "run_id"]) for c in (before, after)]
        equal = ids[0] == ids[1] and ids[0].isdisjoint(unequal)
        error = 0.0 if equal else math.hypot(*errors)
        compared = ratio if column in AS_RATIO else difference
        change = compared(a, b, error=error)
        if change is None:
            continue
        strict = compared(a, b, 1 - (1 - CONFIDENCE) / len(known), error=error)
        assert strict is not None, "the same values have an estimate at any confidence"
        word = _word(strict, 1.0 if column in AS_RATIO else 0.0, least_seeds(column))
        if equal and column not in AS_RATIO:
            word = "the same"
        yield Effect(before.name, column, means[0], means[1], change, word)


def _of_common_seeds(
    a: Mapping[int, float], b: Mapping[int, float]
) -> tuple[Mapping[int, float], Mapping[int, float]]:
    """Return both sides' values of the seeds that they share; all where they share none."""
    seeds = sorted(a.keys() & b.keys())
    if not seeds:
        return a, b
    return {seed: a[seed] for seed in seeds}, {seed: b[seed] for seed in seeds}


def _word(strict: Estimate, neutral: float, least: int) -> Word:
    if strict.low is None or strict.high is None or strict.n < least:
        return "undecided"
    if strict.low > neutral:
        return "rose"
    return "fell" if strict.high < neutral else "undecided"


def _unequal(
    before: pd.DataFrame, after: pd.DataFrame, called: Mapping[str, str]
) -> tuple[int, tuple[Unequal, ...]]:
    """Return how many runs both have, and those whose records are not equal.

    A column that came later than version 1 of the tables is compared where both have it.
    """
    one, other = ({row["run_id"]: row for row in to_rows(runs)} for runs in (before, after))
    common = [run_id for run_id in one if run_id in other]
    found = []
    for run_id in common:
        a, b = one[run_id], other[run_id]
        columns = [
            column.name
            for column in outcomes_of("runs")
            if a[column.name] != b[column.name]
            and not (column.since > 1 and None in (a[column.name], b[column.name]))
        ]
        if columns:
            values = (a[columns[0]], b[columns[0]])
            name = called.get(run_id, "")
            found.append(Unequal(run_id, name, a["seed"], tuple(columns), *values))
    return len(common), tuple(found)


def _alone(sides: Sequence[Sequence[Configuration]]) -> tuple[int, int]:
    """Return how many runs of the configurations have a seed that the other folder lacks."""
    counts = [0, 0]
    for pair in sides:
        seeds = [set(c.runs["seed"]) for c in pair]
        for side in (0, 1):
            counts[side] += len(seeds[side] - seeds[1 - side])
    return counts[0], counts[1]
