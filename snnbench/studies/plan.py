"""From a study to the runs it takes: points, variants and seeds, nothing twice."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.studies.assumptions import World
from snnbench.studies.axis import MOST_RUNS, check_value
from snnbench.studies.options import refuse_seed, refuse_varied
from snnbench.studies.points import count_points, points
from snnbench.studies.selecting import BETWEEN_VARIANTS, VARIANT
from snnbench.studies.space import SearchSpace, configure_for, make_space
from snnbench.studies.study import ASKED, LISTED, Study, Variant
from snnbench.studies.teaching import teachers_first
from snnbench.studies.useful import Effects


@dataclass(frozen=True)
class PlannedRun:
    """One run of a plan.

    Attributes:
        config: its settings; device and engine may still be `auto`, and a student's teacher is
            `TEACHER_PENDING`.
        variants: the named variants it belongs to; several where they come to the same.
        teacher: position in the plan of the run it learns from, or None.
    """

    config: RunConfig
    variants: tuple[str, ...]
    teacher: int | None = None


@dataclass(frozen=True)
class Plan:
    """What a study comes to.

    Attributes:
        study: the study; its seeds, trials and objectives hold for the spaces.
        runs: all runs that are known beforehand, teachers before students, none twice.
        spaces: for tpe, gp and nsga2, what is searched; the runs are found by asking.
        worlds: whose runs these are; () for the study as it is.
    """

    study: Study
    runs: tuple[PlannedRun, ...]
    spaces: tuple[SearchSpace, ...]
    worlds: tuple[World, ...] = ()

    @property
    def runs_of_search(self) -> int:
        """How many runs are found by asking: every trial with every seed."""
        return len(self.spaces) * (self.study.trials or 0) * len(self.study.seeds)

    def rows(self) -> list[dict[str, Any]]:
        """Return the runs as rows of `runs.csv`, with the columns that selectors know."""
        return [
            {VARIANT: BETWEEN_VARIANTS.join(run.variants) or None} | run.config.effective
            for run in self.runs
        ]


def expand(
    study: Study,
    overrides: Mapping[str, Any] | None = None,
    ambient: Mapping[str, Any] | None = None,
) -> Plan:
    """Expand a study into its runs.

    A varied parameter that has no effect in a variant does not multiply its runs.

    Args:
        study: from a file or the command line.
        overrides: settings given as options beside a study; they win over everything, in all
            variants in which they have an effect. None means not given.
        ambient: settings of the environment; all others win over them, the seeds too.

    Raises:
        UserError: too many runs; a setting that has no effect anywhere, is both given and
            varied, or contradicts another; a teacher that is unknown, learns from its student,
            or is not one single run a seed; nothing to search.
    """
    options = {n: check_value(n, v) for n, v in (overrides or {}).items() if v is not None}
    refuse_seed(options)
    order = teachers_first(study)
    for variant in order:
        refuse_varied(options, study.axes_of(variant))
        _refuse_fixed(study, variant)
    _check_size(study)
    planner = _Planner(study, options, ambient or {})
    for variant in order:
        planner.add(variant)
    planner.effects.check()
    return Plan(study, planner.runs(), tuple(planner.spaces))


class _Planner:
    def __init__(
        self, study: Study, overrides: Mapping[str, Any], ambient: Mapping[str, Any]
    ) -> None:
        self.study = study
        self.overrides, self.ambient = overrides, ambient
        self.effects = Effects(study, overrides)
        self.spaces: list[SearchSpace] = []
        self.configs: list[RunConfig] = []
        self.teachers: list[int | None] = []
        self.variants: list[list[str]] = []
        self.positions: dict[tuple[Any, ...], int] = {}  # what makes a run -> its position
        # variant -> seed -> positions of its runs
        self.found: dict[str | None, dict[int, dict[int, None]]] = {}

    def add(self, variant: Variant) -> None:
        taught = variant.teacher is not None and "teacher" not in self.overrides
        teachers = self._single_runs(variant) if taught else {}
        space = make_space(self.study, variant, self.overrides, self.ambient, teachers)
        by_seed = self.found[variant.name] = {seed: {} for seed in self.study.seeds}
        if space.axes and self.study.search in ASKED:
            self.effects.saw_space(space)
            self.spaces.append(space)
            return
        for values in points(self.study, space.axes):
            config = configure_for(self.study, space, values)
            self.effects.saw(variant.name, config)
            for seed, position in self._with_seeds(space, config):
                by_seed[seed][position] = None
                names = self.variants[position]
                if variant.name is not None and variant.name not in names:
                    names.append(variant.name)

    def _with_seeds(self, space: SearchSpace, config: RunConfig) -> Iterator[tuple[int, int]]:
        """Yield seed and position of a point's runs, new ones put at the end."""
        same = tuple(config.effective.values())
        for seed in self.study.seeds:
            # `config` is checked, with the first seed; for another one that need not be repeated
            seeded = config.model_copy(update={"seed": seed})
            teacher = space.teacher_of(seeded)
            key = (seed, teacher, same)
            if key not in self.positions:
                self.positions[key] = len(self.configs)
                self.configs.append(seeded)
                self.teachers.append(teacher)
                self.variants.append([])
            yield seed, self.positions[key]

    def _single_runs(self, student: Variant) -> dict[int, int]:
        """Return seed -> position of the run of a student's teacher."""
        runs = self.found[student.teacher]
        counts = {len(positions) for positions in runs.values()}
        if counts != {1}:
            count = "searched" if counts == {0} else f"{max(counts)} configurations"
            raise self.study.error(
                ("variants", str(student.name), "teacher"),
                f"the teacher '{student.teacher}' of variant '{student.name}' is {count}, not one.",
                f"Write vary = {{}} in [variants.{student.teacher}].",
            )
        return {seed: next(iter(positions)) for seed, positions in runs.items()}

    def runs(self) -> tuple[PlannedRun, ...]:
        rows = zip(self.configs, self.variants, self.teachers, strict=True)
        return tuple(PlannedRun(config, tuple(names), t) for config, names, t in rows)


def _refuse_fixed(study: Study, variant: Variant) -> None:
    """Raise UserError if a variant says what is also varied, but as the middle of a search."""
    if study.search == "one-at-a-time":
        return
    said = set(variant.settings) | ({"teacher"} if variant.teacher else set())
    for axis in study.axes_of(variant):
        if axis.name in said:
            raise study.error(
                ("variants", str(variant.name), axis.name),
                f"variant '{variant.name}' says {axis.name}, which is varied.",
                f"Leave it out, or give [variants.{variant.name}] a vary of its own.",
            )


def _check_size(study: Study) -> None:
    """Raise UserError if there is nothing to search, or more than can be planned."""
    if study.search not in LISTED and not any(map(study.axes_of, study.variants)):
        raise UserError(
            f"search '{study.search}' has nothing to vary.", "Give --vary NAME=LOW:HIGH."
        )
    count = len(study.seeds) * sum(count_points(study, variant) for variant in study.variants)
    if count > MOST_RUNS:
        raise UserError(
            f"This asks for {count:,} runs; more than {MOST_RUNS:,} are not planned.",
            "Use --search random --trials N, or fewer values.",
        )
