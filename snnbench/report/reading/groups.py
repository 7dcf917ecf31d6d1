"""Runs that differ only in the seed are one configuration, which has means and a name."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

import pandas as pd

from snnbench.config.setting import Value
from snnbench.cost.activity import ALIVE
from snnbench.report.reading.columns import ACCURACIES, is_cost, numbers, telling
from snnbench.report.reading.names import short_names
from snnbench.report.reading.statistics import Estimate, binomial_error, mean
from snnbench.studies.selecting import BETWEEN_VARIANTS
from snnbench.studies.study import Study
from snnbench.words.datasets import DATASETS


@dataclass(frozen=True)
class Configuration:
    """One configuration and its runs.

    Attributes:
        name: what tells it from the other configurations of the study, for people.
        row: column of `runs.csv` -> value, None for missing: variant and settings.
        differing: name -> value of all that differs among the configurations of the study.
        runs: all of its rows of `runs.csv`, whatever their status.
    """

    name: str
    row: Mapping[str, Value]
    differing: Mapping[str, Value]
    runs: pd.DataFrame

    @cached_property
    def done(self) -> pd.DataFrame:
        """The runs that finished: only their results count."""
        return self.runs[self.runs["status"] == "done"]

    @cached_property
    def _by_seed(self) -> dict[str, dict[int, float]]:
        return {}

    @cached_property
    def unfinished(self) -> dict[str, int]:
        """Status -> number of the runs that did not finish."""
        counts = self.runs["status"].value_counts(sort=False)
        return {str(status): int(n) for status, n in counts.items() if status != "done"}

    def by_seed(self, column: str) -> dict[int, float]:
        """Return seed -> value of the finished runs that have one."""
        if column not in self._by_seed:
            rows = self.done[["seed", column]].dropna()
            self._by_seed[column] = {int(s): float(v) for s, v in rows.itertuples(index=False)}
        return self._by_seed[column]

    @cached_property
    def dead(self) -> dict[str, int]:
        """Activity -> number of the finished runs that give the same answer to everything."""
        counts = self.done["activity"].value_counts(sort=False)
        return {str(said): int(n) for said, n in counts.items() if said != ALIVE}

    @property
    def alive(self) -> pd.DataFrame:
        """The finished runs but those that give the same answer to everything."""
        return self.done[self.done["activity"].isna() | self.done["activity"].eq(ALIVE)]

    def comparable(self, column: str) -> dict[int, float]:
        """Return `by_seed`, but no cost of a network that gives the same answer to everything."""
        values = self.by_seed(column)
        if not self.dead or not is_cost(column):
            return values
        seeds = {int(seed) for seed in self.alive["seed"]}
        return {seed: value for seed, value in values.items() if seed in seeds}

    def tested(self, column: str) -> float:
        """Return on how many samples each run's value in a column was found; infinite if it is not
        a share of samples, or that is not known."""
        part = ACCURACIES.get(column)
        if part is None:
            return math.inf
        sizes = self.done[f"{part}_size"].dropna()
        if len(sizes):
            return float(sizes.min())
        asked, known = self.row[f"{part}_samples"], DATASETS.get(str(self.row["dataset"]))
        most = getattr(known, f"n_{part}", None)
        return float(str(asked or most or math.inf))

    def mean(self, column: str) -> Estimate | None:
        """Return the mean over the seeds, or None if no finished run has a value."""
        values = self.by_seed(column)
        error = binomial_error_of([self], column, values)
        return mean(list(values.values()), error=error) if values else None


def configurations_of(runs: pd.DataFrame, study: Study | None = None) -> list[Configuration]:
    """Group runs of one study by the values of what differs: numbers ascending, names in the order
    of their first run.

    A student's teacher is another run for every seed: it is told apart by the teacher's variant.

    Args:
        runs: rows of `runs.csv`.
        study: what it varies is said in every name.
    """
    if runs.empty:
        return []
    keys = keys_of(runs)
    names = [str(name) for name in keys]
    differing = [name for name in names if keys[name].nunique(dropna=False) > 1]
    groups: dict[tuple[Any, ...], list[int]] = {}
    for position, key in enumerate(keys.itertuples(index=False, name=None)):
        groups.setdefault(key, []).append(position)
    rows = [dict(zip(names, key, strict=True)) for key in groups]
    called = short_names(rows, [_varied(study, row) for row in rows])
    found = [
        Configuration(
            name, row, {n: row[n] for n in differing if row[n] is not None}, runs.iloc[where]
        )
        for name, row, where in zip(called, rows, groups.values(), strict=True)
    ]
    ranks = {name: _ranks([row[name] for row in rows]) for name in differing}
    return sorted(found, key=lambda c: [ranks[name][c.row[name]] for name in differing])


def varied_numbers(configurations: Sequence[Configuration]) -> list[str]:
    """Return the settings that take two or more numbers, as beta does in a sweep over it."""
    return [name for name in numbers() if len({c.row[name] for c in configurations} - {None}) > 1]


def pooled(configurations: Iterable[Configuration], column: str) -> dict[int, float]:
    """Return seed -> mean over several configurations, of the seeds that all of them have."""
    return mean_by_seed([c.comparable(column) for c in configurations])


def binomial_error_of(
    configurations: Sequence[Configuration], column: str, values: Mapping[int, float]
) -> float:
    """Return the standard error that the tested samples leave in the mean of `values`.

    Args:
        configurations: whose means, seed by seed, the values are.
        column: of them.
        values: seed -> value.
    """
    tested = sum(c.tested(column) for c in configurations) * len(values)
    if not values or math.isinf(tested):
        return 0.0
    return binomial_error(mean(list(values.values())).value, tested)


def mean_by_seed(values: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """Return seed -> mean over several numbers by seed, of the seeds that all of them have."""
    seeds = set.intersection(*(set(one) for one in values)) if values else set()
    return {seed: mean([one[seed] for one in values]).value for seed in sorted(seeds)}


def dead_notes(configurations: Sequence[Configuration]) -> list[str]:
    """Return a sentence for the configurations some of whose networks answer nothing."""
    listed = [
        f"{c.name} ({', '.join(f'{n} of {len(c.done)} {said}' for said, n in c.dead.items())})"
        for c in configurations
        if c.dead
    ]
    if not listed:
        return []
    return [
        "Silent or saturated networks, in which a spiking layer fires never or always, so that"
        " they give the same answer to everything, are left out wherever costs are compared: "
        + "; ".join(listed) + "."
    ]  # fmt: skip


def _varied(study: Study | None, row: Mapping[str, Value]) -> tuple[str, ...]:
    """Return what a study varies in a configuration; around a base that needs not be said."""
    if study is None or study.search == "one-at-a-time":
        return ()
    own = str(row["variant"]).split(BETWEEN_VARIANTS)
    axes = (
        axis.name for v in study.variants if v.name in (None, *own) for axis in study.axes_of(v)
    )
    return tuple(dict.fromkeys(axes))


def keys_of(runs: pd.DataFrame) -> pd.DataFrame:
    """Return what tells the configurations of runs apart, a row a run; None for missing."""
    keys = runs[["variant", *telling(), "data_sha256"]].astype(object)
    keys = keys.where(keys.notna(), None)
    if keys["teacher"].notna().any():
        variants = dict(zip(runs["run_id"], runs["variant"].astype(object), strict=True))
        paths = keys["teacher"]
        names = [None if path is None else _teacher(str(path), variants) for path in paths]
        # as objects: pandas would make NaN of None, which differs from itself
        keys["teacher"] = pd.Series(names, index=keys.index, dtype=object)
    return keys


def _teacher(path: str, variants: Mapping[str, object]) -> str:
    run_id = PurePath(path).stem
    variant = variants.get(run_id)
    return variant if isinstance(variant, str) else run_id


def _ranks(values: Sequence[Value]) -> dict[Value, int]:
    found = list(dict.fromkeys(values))
    numbers = sorted(value for value in found if isinstance(value, int | float))
    others = [value for value in found if not isinstance(value, int | float)]
    return {value: rank for rank, value in enumerate([*others, *numbers])}
