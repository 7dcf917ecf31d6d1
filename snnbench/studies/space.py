"""One variant's settings around its points: a point and a seed -> the settings of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.studies.axis import Axis
from snnbench.studies.points import Point
from snnbench.studies.study import Study, Variant

# Stands as `teacher` in the settings of a student whose teacher is a run of the same plan: the
# saved model exists only once that run is done. Who runs the student puts the path in its place
# with `config.changed(teacher=...)`.
TEACHER_PENDING = "teacher-of-this-plan.safetensors"


@dataclass(frozen=True)
class SearchSpace:
    """What a sampler may choose for a variant.

    Attributes:
        variant: its name, or None.
        axes: what to choose, each from its values or interval.
        settings: all others; the chosen values win over them.
        teachers: seed -> position in the plan of the run to learn from; empty without a teacher.
    """

    variant: str | None
    axes: tuple[Axis, ...]
    settings: Mapping[str, Any] = field(repr=False)
    teachers: Mapping[int, int] = field(default_factory=dict)

    def teacher_of(self, config: RunConfig) -> int | None:
        """The position in the plan of the run that a configured run learns from, or None."""
        return self.teachers[config.seed] if config.teacher == TEACHER_PENDING else None


def make_space(
    study: Study,
    variant: Variant,
    overrides: Mapping[str, Any],
    ambient: Mapping[str, Any],
    teachers: Mapping[int, int],
) -> SearchSpace:
    """Lay a variant's settings over each other: environment, base, world, variant, options."""
    own = dict(variant.settings)
    if variant.teacher is not None:
        own["teacher"] = TEACHER_PENDING
    settings = {**ambient, **study.base, **study.chosen, **own, **overrides}
    return SearchSpace(variant.name, study.axes_of(variant), settings, teachers)


def configure(space: SearchSpace, values: Point, seed: int) -> RunConfig:
    """Return the run at a point of a space; values that have no effect there are left out.

    Raises:
        UserError: the settings contradict each other, or a value is out of its range.
    """
    return RunConfig.from_layers({}, {**space.settings, **values, "seed": seed})


def configure_for(study: Study, space: SearchSpace, values: Point) -> RunConfig:
    """Return `configure` with the study's first seed; errors name the variant and the point.

    Raises:
        UserError: see `configure`.
    """
    try:
        return configure(space, values, study.seeds[0])
    except UserError as error:
        point = [f"{name} = {'none' if v is None else v}" for name, v in values.items()]
        names = [f"variant '{space.variant}'"] if space.variant is not None else []
        where = f"with {', '.join(names + point)}: " if names or point else ""
        key = ("variants", str(space.variant)) if names else ("base",)
        raise study.error(key, where + error.problem, error.remedy) from None
