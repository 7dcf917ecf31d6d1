"""What the command line says: a study of its own, or changes to one from a file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from snnbench.config.setting import Value
from snnbench.errors import UserError
from snnbench.studies.axis import Axis, check_value
from snnbench.studies.objective import Objective
from snnbench.studies.study import EVOLVING, LISTED, Study, read_seeds

ADHOC = "adhoc"  # the study of a command line without one


def adhoc_study(
    options: Mapping[str, Any],
    axes: Sequence[Axis],
    *,
    seeds: object = 1,
    search: str = "grid",
    trials: int | None = None,
    population: int | None = None,
    objectives: Sequence[Objective] = (),
    name: str = ADHOC,
) -> Study:
    """Return the study that the command line alone describes.

    Args:
        options: settings; None means not given. They are the base: with `one-at-a-time` they
            may say where a varied parameter stands while another one is varied.
        axes: the varied parameters.
        seeds, search, trials, population, objectives: see Study; for seeds, `read_seeds`.

    Raises:
        UserError: a setting is given and also varied, or see Study.
    """
    base = {n: check_value(n, value) for n, value in options.items() if value is not None}
    refuse_seed(base)
    if search != "one-at-a-time":
        refuse_varied(base, axes)
    return Study(
        name,
        MappingProxyType(base),
        _distinct(axes),
        seeds=read_seeds(seeds),
        search=search,
        trials=trials,
        population=population,
        objectives=tuple(objectives),
    )


def with_options(
    study: Study,
    *,
    axes: Sequence[Axis] = (),
    seeds: object = None,
    search: str | None = None,
    trials: int | None = None,
    population: int | None = None,
    objectives: Sequence[Objective] = (),
    until_decided: int | None = None,
) -> Study:
    """Return a study with what the command line says besides; None and () leave it as it is.

    An axis takes the place of the study's of that name, or comes after them. Variants that vary
    parameters of their own keep to these. A search that needs no trials drops the study's, and one
    that has no population its population.

    Raises:
        UserError: see Study.
    """
    given = {axis.name: axis for axis in _distinct(axes)}
    kept = None if search in LISTED else study.trials
    grown = study.population if search in (None, EVOLVING) else None
    return replace(
        study,
        axes=tuple(({axis.name: axis for axis in study.axes} | given).values()),
        seeds=study.seeds if seeds is None else read_seeds(seeds),
        search=search or study.search,
        trials=kept if trials is None else trials,
        population=grown if population is None else population,
        objectives=tuple(objectives) or study.objectives,
        until_decided=study.until_decided if until_decided is None else until_decided,
    )


def refuse_varied(options: Mapping[str, Value], axes: Sequence[Axis]) -> None:
    """Raise UserError if an option says what is also varied."""
    for axis in axes:
        if axis.name in options:
            option = "-T" if axis.name == "T" else f"--{axis.name.replace('_', '-')}"
            raise UserError(
                f"{axis.name} is varied, and {option} says what it is.",
                f"Leave {option} out, or give other values: --vary {axis.name}=...",
            )


def refuse_seed(options: Mapping[str, Value]) -> None:
    """Raise UserError if an option says the seed, which a study repeats over."""
    if "seed" in options:
        raise UserError(
            f"seed = {options['seed']} is not a setting of a study, which repeats over seeds.",
            f"Use --seeds 3 for the seeds 0, 1 and 2, or seeds = [{options['seed']}] in a study.",
        )


def _distinct(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    """Return the axes, no name twice.

    Raises:
        UserError: a parameter is varied twice.
    """
    names = [axis.name for axis in axes]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{name} is varied twice.", f"Give all its values at once: {name}=1,2.")
    return tuple(axes)
