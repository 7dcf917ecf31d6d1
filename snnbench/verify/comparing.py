"""Recorded rows against those of the run trained again: equal bits, within rounding, different."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from snnbench.results.outcomes import outcomes_of
from snnbench.results.schema import KEYS, Column
from snnbench.verify.choosing import Chosen, Row

Outcome = Literal["same", "rounding", "different", "unfinished", "unverifiable"]

# What may explain a difference.
ORIGIN = ("device_name", "torch_version", "snnbench_version", "commit", "path")
# They follow from the settings: no rounding is in them.
_BY_CONSTRUCTION = ("dense_macs", "dense_operations")


class Difference(NamedTuple):
    """A cell that is not the same: in which table, column and row ("" of the run).

    `relative` is |a - b| / max(|a|, |b|); None where one of the two is no number.
    """

    table: str
    column: str
    row: str
    recorded: Any
    retrained: Any
    relative: float | None
    rounding: bool

    @property
    def name(self) -> str:
        """The column, with its table's name where it is not runs.csv."""
        return self.column if self.table == "runs" else f"{self.table}.{self.column}"


@dataclass(frozen=True)
class Verified:
    """What came of a run.

    Attributes:
        run_id: its name.
        outcome: "same" bits; all differences are within "rounding"; "different"; the training
            was "unfinished"; "unverifiable" here.
        columns: how many were compared.
        differences: the cells that are not the same.
        tolerance: what rounding explains, relative.
        reason: why it is unfinished or unverifiable.
        origin: column -> (there, here) where these differ.
    """

    run_id: str
    outcome: Outcome
    columns: int = 0
    differences: tuple[Difference, ...] = ()
    tolerance: float = 0.0
    reason: str = ""
    origin: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def largest(self) -> Difference | None:
        """The difference that weighs most: one that rounding does not explain, if there is one."""
        return max(
            self.differences,
            key=lambda d: (not d.rounding, float("inf") if d.relative is None else d.relative),
            default=None,
        )


def compare(
    chosen: Chosen,
    run: Row,
    epochs: Sequence[Row],
    layers: Sequence[Row],
    steps: Sequence[Row] = (),
) -> Verified:
    """Compare a recorded run with its rows from training again.

    A column that the recorded rows do not have, because it came later, is not compared.
    """
    tables = {
        "runs": ([chosen.run], [run]),
        "epochs": (chosen.epochs, epochs),
        "layers": (chosen.layers, layers),
        "steps": (chosen.steps, steps),
    }
    compared: set[tuple[str, str]] = set()
    differences: list[Difference] = []
    for name, (recorded, retrained) in tables.items():
        if name == "runs" or recorded:  # a table of no rows is lost, and named
            differences += _differences(name, recorded, retrained, chosen, compared)
    outcome: Outcome = "same"
    if differences:
        outcome = "rounding" if all(d.rounding for d in differences) else "different"
    origin = {
        column: (chosen.run.get(column), run.get(column))
        for column in ORIGIN
        if chosen.run.get(column) not in (None, run.get(column))
    }
    return Verified(
        chosen.run_id, outcome, len(compared), tuple(differences), chosen.tolerance, "", origin
    )


def _differences(
    name: str,
    recorded: Sequence[Row],
    retrained: Sequence[Row],
    chosen: Chosen,
    compared: set[tuple[str, str]],
) -> Iterator[Difference]:
    key = KEYS.get(name, "run_id")
    found = {row[key]: row for row in retrained}
    if found.keys() != {row[key] for row in recorded}:
        yield Difference(name, key, "", len(recorded), len(found), None, rounding=False)
    for row in recorded:
        other = found.get(row[key])
        for column in outcomes_of(name) if other is not None else ():
            assert other is not None
            a, b = row.get(column.name), other.get(column.name)
            if a is None and (b is None or column.since > 1):
                continue
            compared.add((name, column.name))
            if a != b:
                label = "" if name == "runs" else str(row[key])
                relative, rounding = _explained(column, a, b, chosen)
                yield Difference(name, column.name, label, a, b, relative, rounding)


def _explained(column: Column, a: Any, b: Any, chosen: Chosen) -> tuple[float | None, bool]:
    """Return the relative difference of two values, and whether rounding explains it."""
    if column.kind != "number" or a is None or b is None:
        return None, False
    relative = abs(a - b) / max(abs(a), abs(b))
    if column.name in _BY_CONSTRUCTION or (
        column.name == "flops_lab" and chosen.run["model"] == "ann"
    ):
        return relative, False
    few = abs(a - b) <= _one_sample(column.name, chosen)
    return relative, few or relative <= chosen.tolerance


def _one_sample(column: str, chosen: Chosen) -> float:
    """Return what a sample is worth whose classes are equally likely but for rounding."""
    part, _, what = column.removeprefix("max_").partition("_")
    part = "test" if part == "exit" else part
    return 1.000001 / chosen.samples[part] if what == "accuracy" else 0.0
