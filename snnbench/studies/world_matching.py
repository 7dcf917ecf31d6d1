"""Which worlds recorded runs belong to: that follows from their settings, and is not recorded."""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from snnbench.config.setting import SETTINGS, Value
from snnbench.errors import UserError
from snnbench.studies.assumptions import MOST_WORLDS, World, Worlds
from snnbench.studies.plan import Plan, PlannedRun
from snnbench.studies.study import Study
from snnbench.studies.worlds import expand_world

_MOST_OPEN = 100  # worlds that a run may be of, for all of them to be looked at
Departures = tuple[tuple[str, Value], ...]


@dataclass(frozen=True)
class WorldRuns:
    """What is recorded of one world.

    Attributes:
        world: which.
        variants: position of a row -> the variants whose run it is in this world, which may be
            others than in the table: there it has those of the first world that it was run in.
        departures: settings in which all of these runs differ from the study's, as by options.
        missing: how many of the study's configurations were not run in this world.
    """

    world: World
    variants: Mapping[int, tuple[str, ...]] = field(repr=False)
    departures: Departures
    missing: int

    @property
    def is_complete(self) -> bool:
        """Whether there is a run of every configuration."""
        return not self.missing


def recorded_worlds(study: Study, rows: Sequence[Mapping[str, Any]]) -> list[WorldRuns]:
    """Return the worlds of which runs are recorded, by number; at most `MOST_WORLDS`.

    A run belongs to every world in whose plan its settings are, whatever its seed. Settings that
    no world has, as by options beside the study, do not matter for that: of a world that was run
    with several such, one way counts, the study's own if it is complete. Worlds all of whose
    runs are those of complete ones, or of the base, are left out: nothing was run for them.

    Args:
        study: with alternatives, or there are no worlds.
        rows: of `runs.csv`, all of this study, None for missing.
    """
    space = study.worlds
    if not space.assumptions or not rows:
        return []
    one_seed = replace(study, seeds=study.seeds[:1])
    try:
        plans = [expand_world(one_seed, world) for world in _nearest(space)]
    except UserError:
        return []
    if any(plan.spaces for plan in plans):
        return []
    return _Matching(one_seed, rows, plans).found()


def _nearest(space: Worlds) -> Iterator[World]:
    """Yield the base and the worlds that differ from it in one assumption."""
    yield space[1]
    for i, assumption in enumerate(space.assumptions):
        for choice in range(1, len(assumption.alternatives)):
            choices = [0] * len(space.assumptions)
            choices[i] = choice
            yield space.of(choices)


class _Matching:
    def __init__(
        self, study: Study, rows: Sequence[Mapping[str, Any]], plans: Sequence[Plan]
    ) -> None:
        self.study, self.rows, self.space = study, rows, study.worlds
        self.names = tuple(n for n, about in SETTINGS.items() if about.role == "computation")
        self.axes = {axis.name for v in study.variants for axis in study.axes_of(v)}
        known: dict[str, set[Any]] = {name: {None} for name in self.names}
        for run in (run for plan in plans for run in plan.runs):
            for name, value in self._values(run).items():
                known[name].add(value)
        # names in which rows depart -> their other values -> positions of the rows
        self.index: dict[tuple[str, ...], dict[tuple[Any, ...], list[int]]] = {}
        for position, row in enumerate(rows):
            departed = tuple(n for n in self.names if row.get(n) not in known[n])
            if not self.space.names.keys() & set(departed):
                index = self.index.setdefault(departed, defaultdict(list))
                index[self._key(row, departed)].append(position)

    def _values(self, run: PlannedRun) -> dict[str, Any]:
        effective = run.config.effective
        return {name: effective[name] for name in self.names}

    def _key(self, row: Mapping[str, Any], departed: tuple[str, ...]) -> tuple[Any, ...]:
        return tuple(row.get(name) for name in self.names if name not in departed)

    def found(self) -> list[WorldRuns]:
        """Return what is recorded, one way of running each world."""
        ways = [way for world in self._candidates() for way in self._ways(world)]
        # of axes whose values options chose nobody knows how many there were to be: those that
        # some world has
        most: dict[Departures, int] = defaultdict(int)
        for _, departures, _, _, other in ways:
            most[departures] = max(most[departures], other)
        best: dict[int, tuple[Any, ...]] = {}
        for world, departures, variants, missing, other in ways:
            left = most[departures] - other if missing is None else missing
            made = WorldRuns(world, variants, departures, left)
            rank = (made.is_complete, not departures, len(variants))
            if world.number not in best or best[world.number][0] < rank:
                best[world.number] = (rank, made)
        found = [best[number][1] for number in sorted(best)]
        told = {i for w in found if w.is_complete or w.world.is_base for i in w.variants}
        return [w for w in found
                if w.is_complete or w.world.is_base or not told.issuperset(w.variants)]  # fmt: skip

    def _candidates(self) -> Iterator[World]:
        """Yield worlds that runs may be of; those of runs that leave very many open are some that
        other runs tell more of, if there are such."""
        patterns = {
            self._choices(self.rows[position])
            for index in self.index.values()
            for positions in index.values()
            for position in positions[:1]
        }
        worlds: dict[tuple[int, ...], None] = {}
        for size, pattern in sorted((math.prod(map(len, p)), p) for p in patterns):
            if size <= _MOST_OPEN or not any(
                all(map(tuple.__contains__, pattern, choices)) for choices in worlds
            ):
                left = MOST_WORLDS - len(worlds)
                worlds |= dict.fromkeys(itertools.islice(itertools.product(*pattern), left))
        return map(self.space.of, worlds)

    def _choices(self, row: Mapping[str, Any]) -> tuple[tuple[int, ...], ...]:
        """Return which alternatives a row's settings leave open, by assumption."""

        def is_open(name: str, value: Value) -> bool:
            value = SETTINGS[name].default if value is None else value
            own = (variant.settings.get(name) for variant in self.study.variants)
            return row.get(name) in (None, value, *own)

        return tuple(
            tuple(
                choice
                for choice, alternative in enumerate(assumption.alternatives)
                if all(is_open(name, value) for name, value in alternative.items())
            )
            for assumption in self.space.assumptions
        )

    def _ways(self, world: World) -> Iterator[tuple[World, Departures, Any, int | None, int]]:
        """Yield the ways in which a world was run.

        Each with the rows' variants, how many configurations of the plan are missing (None if no
        value of an axis is the study's), and how many have values of axes that are not its own.
        """
        try:
            plan = expand_world(self.study, world)
        except UserError:  # choices that do not go together
            return
        variants: dict[Departures, dict[int, tuple[str, ...]]] = defaultdict(dict)
        covered: dict[Departures, set[int]] = defaultdict(set)
        other: dict[Departures, set[Any]] = defaultdict(set)
        ids: list[set[str]] = []  # of the rows of every planned run
        for planned, run in enumerate(plan.runs):
            values = self._values(run)
            ids.append(set())
            for departed, index in self.index.items():
                for position in index.get(self._key(values, departed), ()):
                    row = self.rows[position]
                    if run.teacher is not None and _stem(row) not in ids[run.teacher]:
                        continue
                    ids[-1].add(str(row.get("run_id")))
                    way = tuple((n, row.get(n)) for n in departed if n not in self.axes)
                    names = (*variants[way].get(position, ()), *run.variants)
                    variants[way][position] = tuple(dict.fromkeys(names))
                    if self.axes.isdisjoint(departed):
                        covered[way].add(planned)
                    else:
                        other[way].add(self._key(row, ()))
        for way, rows in variants.items():
            missing = len(plan.runs) - len(covered[way]) if covered[way] else None
            yield world, way, rows, missing, len(other[way])


def _stem(row: Mapping[str, Any]) -> str:
    """Return the name of the run that a student learned from."""
    return PurePath(str(row.get("teacher"))).stem
