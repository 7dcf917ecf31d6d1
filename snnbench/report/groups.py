"""Runs that differ only in the seed are one configuration, which has means and a name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

import pandas as pd

from snnbench.config.setting import Value
from snnbench.report.columns import numbers, telling
from snnbench.report.statistics import Estimate, mean
from snnbench.studies.selecting import value_text

_FIRST = ("variant", "model")
_CHECKSUM_DIGITS = 8  # enough of it to tell two data sets apart
ONLY = "the only configuration"


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

    def mean(self, column: str) -> Estimate | None:
        """Return the mean over the seeds, or None if no finished run has a value."""
        values = list(self.by_seed(column).values())
        return mean(values) if values else None


def configurations_of(runs: pd.DataFrame) -> list[Configuration]:
    """Group runs of one study by the values of what differs: numbers ascending, names in the order
    of their first run.

    A student's teacher is another run for every seed: it is told apart by the teacher's variant.
    """
    if runs.empty:
        return []
    keys = _keys(runs)
    names = [str(name) for name in keys]
    differing = [name for name in names if keys[name].nunique(dropna=False) > 1]
    groups: dict[tuple[Any, ...], list[int]] = {}
    for position, key in enumerate(keys.itertuples(index=False, name=None)):
        groups.setdefault(key, []).append(position)
    rows = [dict(zip(names, key, strict=True)) for key in groups]
    found = [
        Configuration(
            name, row, {n: row[n] for n in differing if row[n] is not None}, runs.iloc[where]
        )
        for name, row, where in zip(short_names(rows), rows, groups.values(), strict=True)
    ]
    ranks = {name: _ranks([row[name] for row in rows]) for name in differing}
    return sorted(found, key=lambda c: [ranks[name][c.row[name]] for name in differing])


def varied_numbers(configurations: Sequence[Configuration]) -> list[str]:
    """Return the settings that take two or more numbers, as beta does in a sweep over it."""
    return [name for name in numbers() if len({c.row[name] for c in configurations} - {None}) > 1]


def pooled(configurations: Iterable[Configuration], column: str) -> dict[int, float]:
    """Return seed -> mean over several configurations, of the seeds that all of them have."""
    return mean_by_seed([c.by_seed(column) for c in configurations])


def mean_by_seed(values: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """Return seed -> mean over several numbers by seed, of the seeds that all of them have."""
    seeds = set.intersection(*(set(one) for one in values)) if values else set()
    return {seed: mean([one[seed] for one in values]).value for seed in sorted(seeds)}


def printable(text: str) -> str:
    """Return text without characters that no document may hold (XML 1.0 has no U+0008)."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _keys(runs: pd.DataFrame) -> pd.DataFrame:
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


def short_names(rows: Sequence[Mapping[str, Value]]) -> list[str]:
    """Return a name for each of several rows of settings: enough to tell them apart, no more.

    Split by the variant, then by the model (on which depends what other settings there are), then
    by every other setting that differs among what is not told apart yet.
    """
    names = [""] * len(rows)
    _split(rows, list(range(len(rows))), [], names)
    return names


def _split(
    rows: Sequence[Mapping[str, Value]], which: list[int], said: list[str], names: list[str]
) -> None:
    first = rows[which[0]]
    differing = [n for n in first if any(rows[i][n] != first[n] for i in which)]
    if not differing:
        for i in which:
            names[i] = printable(", ".join(said)) or ONLY
        return
    column = next((name for name in _FIRST if name in differing), differing[0])
    parts: dict[Value, list[int]] = {}
    for i in which:
        parts.setdefault(rows[i][column], []).append(i)
    for value, part in parts.items():
        _split(rows, part, [*said, _said(column, value)], names)


def _said(column: str, value: Value) -> str:
    text = value_text(value)
    if column == "variant":
        return text if value is not None else "no variant"
    return f"data {text[:_CHECKSUM_DIGITS]}" if column == "data_sha256" else f"{column}={text}"


def _ranks(values: Sequence[Value]) -> dict[Value, int]:
    found = list(dict.fromkeys(values))
    numbers = sorted(value for value in found if isinstance(value, int | float))
    others = [value for value in found if not isinstance(value, int | float)]
    return {value: rank for rank, value in enumerate([*others, *numbers])}
