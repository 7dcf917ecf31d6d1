"""A study: what is compared, around which base, over which seeds; and what is claimed of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from snnbench.config.setting import Value
from snnbench.config.toml_file import TomlFile
from snnbench.config.toml_lines import Path as KeyPath
from snnbench.config.values import read_integer
from snnbench.errors import UserError, did_you_mean
from snnbench.studies.assumptions import Assumption, Worlds
from snnbench.studies.axis import MOST_RUNS, Axis, check_value, checked_list
from snnbench.studies.claims import Claim, Published
from snnbench.studies.objective import TEST_ACCURACY, Objective

LISTED = ("grid", "list", "one-at-a-time")  # all points are known from the axes
ASKED = ("tpe", "gp", "nsga2")  # a sampler is asked, and learns from what it is told
SEARCHES = (*LISTED, "random", *ASKED)
EVOLVING = "nsga2"  # the search that has a population
POPULATION = 32

_LEAST_DECIDING = 2  # seeds: one says nothing about chance
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Variant:
    """A named alternative of a study.

    Attributes:
        name: as in `[variants.NAME]`; None for the one of a study without variants.
        settings: what differs from the base; None puts a setting back to "none".
        axes: what is varied here; None for what the study varies.
        teacher: the variant whose trained network is learned from, or None.
    """

    name: str | None = None
    settings: Mapping[str, Value] = field(default_factory=_nothing)
    axes: tuple[Axis, ...] | None = None
    teacher: str | None = None


@dataclass(frozen=True)
class Study:
    """A study, from a file or from the command line.

    Attributes:
        name: names the folder of results; letters, digits, "-", "_" and ".".
        base: settings of all variants, where they have an effect.
        axes: what is varied, in this order.
        variants: at least one.
        seeds: every point is run with each of them.
        search: one of `SEARCHES`.
        trials: number of points, for the searches that are not `LISTED`.
        population: trials of a generation of `nsga2`; None: `POPULATION`.
        search_seed: another one makes `random` draw other points.
        objectives: what counts as better; none means test accuracy.
        until_decided: the most seeds, which only runs that an undecided claim needs are given: see
            `snnbench.studies.looks`; None: every run has the seeds there are.
        title, source: in words, for the report.
        assumptions: what its document does not say.
        chosen: what one of its worlds says, over the base and below the variants' own settings.
        claims, published: what its document says, for the report.
        plugins: files that its file names, for the words that they add.
        file: where it was read, if it was.

    Raises:
        UserError: a name that is none, an unknown search, trials that are missing or needless, or
            a population of another search than nsga2.
    """

    name: str
    base: Mapping[str, Value] = field(default_factory=_nothing)
    axes: tuple[Axis, ...] = ()
    variants: tuple[Variant, ...] = (Variant(),)
    seeds: tuple[int, ...] = (0,)
    search: str = "grid"
    trials: int | None = None
    population: int | None = None
    search_seed: int = 0
    objectives: tuple[Objective, ...] = ()
    until_decided: int | None = None
    title: str = ""
    source: str = ""
    assumptions: tuple[Assumption, ...] = ()
    chosen: Mapping[str, Value] = field(default_factory=_nothing)
    claims: tuple[Claim, ...] = ()
    published: tuple[Published, ...] = ()
    plugins: tuple[str, ...] = ()
    file: TomlFile | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        if self.search not in SEARCHES:
            raise UserError(
                f"search: '{self.search}' is not known.", did_you_mean(self.search, SEARCHES)
            )
        if self.search in LISTED and self.trials is not None:
            raise UserError(
                f"trials = {self.trials} has no effect: search '{self.search}' runs every point.",
                "Leave trials out, or use search random, tpe, gp or nsga2.",
            )
        if self.search not in LISTED and self.trials is None:
            raise UserError(
                f"search '{self.search}' does not end by itself.",
                "Give a number of points: --trials 50, or trials = 50 in the study.",
            )
        if self.until_decided is not None:
            self._check_until_decided(self.until_decided)
        if self.trials is not None and not 1 <= self.trials <= MOST_RUNS:
            raise UserError(
                f"trials: {self.trials:,} is out of range.", f"Give from 1 to {MOST_RUNS:,}."
            )
        if self.population is not None:
            self._check_population(self.population)

    def _check_population(self, population: int) -> None:
        if self.search != EVOLVING:
            raise UserError(
                f"population = {population} has no effect: search '{self.search}' has none.",
                f"Leave population out, or use search {EVOLVING}.",
            )
        if not 2 <= population <= MOST_RUNS:
            raise UserError(
                f"population: {population:,} is out of range.", f"Give from 2 to {MOST_RUNS:,}."
            )

    def _check_until_decided(self, most: int) -> None:
        if not _LEAST_DECIDING <= most <= MOST_RUNS:
            raise UserError(
                f"until_decided: {most:,} seeds are out of range.",
                f"Give from {_LEAST_DECIDING} to {MOST_RUNS:,}.",
            )
        if not self.claims:
            raise UserError(
                f"until_decided: the study '{self.name}' claims nothing that could be decided.",
                "Write [[claims]] into its file, or give --seeds.",
            )
        if self.search not in LISTED:
            raise UserError(
                f"until_decided: what search '{self.search}' runs is found while it runs.",
                "Leave it out, and give --seeds.",
            )

    @property
    def sought(self) -> tuple[Objective, ...]:
        """What counts as better: the objectives, or else test accuracy."""
        return self.objectives or (TEST_ACCURACY,)

    @property
    def worlds(self) -> Worlds:
        """The worlds that its assumptions span."""
        return Worlds(self.assumptions)

    def key_of(self, name: str) -> KeyPath:
        """Return the key under which the file says a setting of the base, or of the world."""
        for i, assumption in enumerate(self.assumptions):
            for j, alternative in enumerate(assumption.alternatives):
                if name in alternative and alternative.items() <= self.chosen.items():
                    return ("assumptions", i, "alternatives", j, name)
        return ("base", name)

    def axes_of(self, variant: Variant) -> tuple[Axis, ...]:
        """What is varied for one variant."""
        return self.axes if variant.axes is None else variant.axes

    def error(self, key: KeyPath, problem: str, remedy: str) -> UserError:
        """Return an error about a key; it begins with file and line if the key is in the file.

        A study of a file can have been changed by options, of which the file knows nothing.
        """
        if self.file is not None and key in self.file.lines:
            return self.file.error(key, problem, remedy)
        return UserError(problem, remedy)


def check_name(name: str) -> str:
    """Return a study's name, or raise UserError if it cannot be that of a folder."""
    if _NAME.fullmatch(name):
        return name
    raise UserError(
        f"'{name}' cannot name a study, because it names a folder.",
        "Give it a name of letters, digits, '-', '_' and '.'.",
    )


def read_seeds(value: object) -> tuple[int, ...]:
    """Return the seeds of a number, 3 for 0, 1, 2, or of a list of them.

    Raises:
        UserError: no seed, or not a seed.
    """
    if isinstance(value, list | tuple):
        listed = checked_list("seeds", value)
        seeds = dict.fromkeys(check_value("seed", seed) for seed in listed)
        if seeds:
            return tuple(seed for seed in seeds if isinstance(seed, int))
        raise UserError("seeds: the list is empty.", "Give a number, or a list: [0, 1, 2].")
    count = read_integer("seeds", value)
    if not 1 <= count <= MOST_RUNS:
        raise UserError(
            f"seeds: {count} is out of range.",
            f"Give from 1 to {MOST_RUNS:,}; 3 stands for the seeds 0, 1 and 2.",
        )
    return tuple(range(count))
