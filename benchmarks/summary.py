"""From raw repeats to medians, ratios and limits. Pure arithmetic over rows."""

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.cases import BATCH, CASES, GOAL_PEERS, OURS, Case, Growth
from benchmarks.limits import Layer, Machine, Pixels, Work, ann_work, snn_work

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Spread:
    """The median of n values, the smallest and the largest."""

    median: float
    low: float
    high: float
    n: int


def spread(values: Iterable[float]) -> Spread | None:
    """Return the spread of some values; None of none."""
    values = list(values)
    if not values:
        return None
    return Spread(statistics.median(values), min(values), max(values), len(values))


class Results:
    """What a session measured, one row a process: repeat, case, program, status, ms, ..."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)

    def times(self, case: Case, program: str) -> dict[int, float]:
        """Return repeat -> milliseconds of a step; of one run, where there are many."""
        return {row["repeat"]: row["ms"] for row in self._measured(case, program)}

    def time(self, case: Case, program: str) -> Spread | None:
        """Return the spread of these times."""
        return spread(self.times(case, program).values())

    def ratio(self, case: Case, program: str) -> Spread | None:
        """Return how many times longer a program takes than ours, paired by repeat."""
        ours, theirs = self.times(case, OURS), self.times(case, program)
        return spread(theirs[repeat] / ours[repeat] for repeat in ours.keys() & theirs.keys())

    def fastest_peer(self, case: Case) -> str | None:
        """Return the peer with the smallest median, of those that count for the goal."""
        medians = {}
        for program in GOAL_PEERS.get(case.name, case.peers):
            found = self.time(case, program)
            if found is not None and self.ratio(case, program) is not None:
                medians[program] = found.median
        return min(medians, key=medians.__getitem__, default=None)

    def is_goal_met(self, case: Case) -> bool | None:
        """Return whether the median ratio to the fastest peer reaches the goal; None: not known."""
        peer = self.fastest_peer(case)
        ratio = self.ratio(case, peer) if peer else None
        return None if ratio is None or case.goal is None else ratio.median >= case.goal

    def typical(self, case: Case, program: str, what: str) -> float | None:
        """Return the median of another number of the rows, such as `peak_mb`."""
        values = (row.get(what) for row in self._measured(case, program))
        found = spread(value for value in values if value is not None)
        return found.median if found else None

    def missing(self, case: Case, program: str) -> str | None:
        """Return why a program has no time: "absent: ...", "failed: ..."; None if it has one."""
        if self.times(case, program):
            return None
        for row in self._rows(case, program):
            return f"{row['status']}: {row['reason']}"
        return "not run"

    def versions(self, program: str) -> str:
        """Return the versions a program ran with, "" if it never did."""
        found = (row["versions"] for row in self.rows if row["program"] == program)
        return next((versions for versions in found if versions), "")

    def absent(self) -> dict[str, str]:
        """Return program -> reason, of the programs that have not a single time."""
        measured = {row["program"] for row in self.rows if row["status"] == "measured"}
        return {
            row["program"]: f"{row['status']}: {row['reason']}"
            for row in self.rows
            if row["program"] not in measured
        }

    def images(self) -> list[str]:
        """Return what the images were, each once."""
        return sorted({row["images"] for row in self.rows if row.get("images")})

    def _rows(self, case: Case, program: str) -> list[Row]:
        name = case.peer_case if case.peer_case and program != OURS else case.name
        return [r for r in self.rows if r["case"] == name and r["program"] == program]

    def _measured(self, case: Case, program: str) -> list[Row]:
        return [row for row in self._rows(case, program) if row["status"] == "measured"]


def growth_exponent(results: Results, growth: Growth) -> float | None:
    """Return e of time ~ axis^e between the first and the last measured point of ours."""
    points = [(x, time) for x, time in growth_times(results, growth) if time is not None]
    if len(points) < 2:
        return None
    (x0, first), (x1, last) = points[0], points[-1]
    return math.log(last.median / first.median) / math.log(x1 / x0)


def growth_times(
    results: Results, growth: Growth, program: str = OURS
) -> list[tuple[float, Spread | None]]:
    """Return (place on the axis, time) for a program; of whole sweeps where it says so."""
    found = []
    for x, name in growth.points:
        case = CASES[name]
        factor = case.members if growth.of_all_members else 1
        times = results.times(case, program).values()
        found.append((x, spread(factor * time for time in times)))
    return found


def least_work(case: Case, facts: Mapping[str, Any]) -> Work:
    """Return the least work of a case, all its members together, from what its process said."""
    layers = [Layer(**layer) for layer in facts["layers"]]
    about = facts["pixels"]
    pixels = Pixels(about["count"], about["active"], {int(g): h for g, h in about["hits"].items()})
    training = case.task == "train"
    if case.T is None:
        return ann_work(layers, pixels, B=BATCH, K=case.members, training=training)
    return snn_work(layers, pixels, B=BATCH, T=case.T, K=case.members, training=training)


def limit_ms(case: Case, facts: Mapping[str, Any], machine: Mapping[str, Any]) -> float:
    """Return the least milliseconds of a step, per run."""
    able = Machine(machine["gemm_flops_per_s"] / 2, machine["triad_bytes_per_s"])
    return least_work(case, facts).ms(able) / case.members
