"""The points of a study: which values its axes take together."""

import hashlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from snnbench.config.setting import Value
from snnbench.config.toml_lines import Path as KeyPath
from snnbench.errors import UserError
from snnbench.studies.axis import Axis, Interval, tidy
from snnbench.studies.study import Study, Variant

# Values of the axes by name; an axis that is not named stays at the base.
Point = Mapping[str, Value]

_DIGITS = 6  # significant, of a drawn value: it can be read, and typed again


def count_points(study: Study, variant: Variant) -> int:
    """Return how many points a variant has, at most, without making them.

    Raises:
        UserError: an interval where values are needed, or lists to be paired of unequal length.
    """
    axes = study.axes_of(variant)
    if not axes:
        return 1
    if study.trials is not None:
        return study.trials
    key: KeyPath = ("vary",)
    if variant.axes is not None:
        key = ("variants", str(variant.name), "vary")
    lengths = [_count_values(study, axis, (*key, axis.name)) for axis in axes]
    if study.search == "grid":
        return math.prod(lengths)
    if study.search == "one-at-a-time":
        return 1 + sum(lengths)
    if len(set(lengths)) > 1:
        pairs = zip(axes, lengths, strict=True)
        found = ", ".join(f"{axis.name} has {length}" for axis, length in pairs)
        raise study.error(
            key,
            f"search 'list' pairs values by position, but {found}.",
            "Give all of them equally many, or use search grid.",
        )
    return lengths[0]


def points(study: Study, axes: Sequence[Axis]) -> Iterator[Point]:
    """Yield the points of a search that needs no asking: all but tpe, gp and nsga2.

    The same study draws the same random points today and tomorrow, for every variant with these
    axes, and with more trials it draws them again and then some more.
    """
    names = [axis.name for axis in axes]
    if not axes:
        yield {}
    elif study.search == "random":
        random = _generator(study)
        for _ in range(study.trials or 0):
            yield {axis.name: _draw(axis.values, random) for axis in axes}
    elif study.search == "one-at-a-time":
        yield {}
        for axis in axes:
            yield from ({axis.name: value} for value in axis.listed)
    else:
        together = itertools.product if study.search == "grid" else zip
        for values in together(*(axis.listed for axis in axes)):
            yield dict(zip(names, values, strict=True))


def corners(axes: Sequence[Axis]) -> Iterator[Point]:
    """Yield points that between them show every effect that one axis can have on another.

    Numbers do not decide whether a setting has an effect; names, and whether there is a value at
    all, do. So the ends of an axis, which bounds may exclude, stand for all of its numbers.
    """
    shown: list[list[Value]] = []
    for axis in axes:
        if isinstance(axis.values, Interval):
            shown.append([axis.values.low, axis.values.high])
        else:
            names = [v for v in axis.values if v is None or isinstance(v, str)]
            numbers = [v for v in axis.values if v is not None and not isinstance(v, str)]
            ends = sorted({min(numbers), max(numbers)}) if numbers else []
            shown.append([*names, *ends])
    for values in itertools.product(*shown):
        yield dict(zip((axis.name for axis in axes), values, strict=True))


def _count_values(study: Study, axis: Axis, key: KeyPath) -> int:
    try:
        return len(axis.listed)
    except UserError as error:
        raise study.error(key, error.problem, error.remedy) from None


def _generator(study: Study) -> np.random.Generator:
    digest = hashlib.sha256(f"{study.name}:{study.search_seed}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest))


def _draw(values: tuple[Value, ...] | Interval, random: np.random.Generator) -> Value:
    share = float(random.random())  # one number a draw, whatever the axis
    if not isinstance(values, Interval):
        return values[int(share * len(values))]
    # Whole numbers own half a step to each side, so that the ends are as likely as the others.
    margin = 0.5 if values.integer else 0.0
    low, high = values.low - margin, values.high + margin
    if values.log:
        return tidy(math.exp(math.log(low) * (1 - share) + math.log(high) * share), values, _DIGITS)
    return tidy(low * (1 - share) + high * share, values, _DIGITS)
