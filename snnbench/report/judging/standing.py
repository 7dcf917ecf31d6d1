"""Where the configurations of a sweep stand: the best, its ties, what each costs beside its ANN."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snnbench.config.arch import parse_arch
from snnbench.config.setting import SETTINGS, Value
from snnbench.errors import UserError
from snnbench.report.reading.columns import planned
from snnbench.report.reading.groups import Configuration, binomial_error_of
from snnbench.report.reading.statistics import Estimate, binomial_interval, difference, mean, ratio
from snnbench.studies.objective import Objective
from snnbench.words.datasets import DATASETS
from snnbench.words.readouts import READOUTS

ACCURACY = "test_accuracy"


@dataclass(frozen=True)
class Standing:
    """One configuration of a sweep.

    Attributes:
        configuration: which.
        objective: its mean in what is looked for; None if no run has a value.
        accuracy: its mean test accuracy.
        energy: its mean energy in pJ a sample, without networks that answer nothing.
        twin: the ANN with the same settings, of an SNN; None if it is not among the runs.
        ratio: how many times the twin's energy its own is.
        tied: whether the best is not distinguishable from it: the interval of their differences,
            seed by seed, holds 0. None where too few seeds say nothing.
        at_chance: whether its accuracy is not distinguishable from that of a guess.
    """

    configuration: Configuration
    objective: Estimate | None
    accuracy: Estimate | None
    energy: Estimate | None
    twin: Configuration | None
    ratio: Estimate | None
    tied: bool | None
    at_chance: bool


def standings(
    configurations: Sequence[Configuration], objective: Objective, energy: str
) -> list[Standing]:
    """Return the configurations, best first; those of which nothing finished come last.

    Args:
        configurations: of one sweep.
        objective: what counts as better.
        energy: column of the energy.
    """
    sign = -1 if objective.direction == "max" else 1
    known = [(c, _mean(c, objective.column)) for c in configurations]
    known.sort(key=lambda pair: (pair[1] is None, sign * pair[1].value if pair[1] else 0))
    best = known[0][0] if known and known[0][1] is not None else None
    ordinary = _by_shared(configurations)
    found = []
    for configuration, estimate in known:
        twin = _twin(configuration, ordinary)
        own = configuration.comparable(energy)
        found.append(
            Standing(
                configuration, estimate, configuration.mean(ACCURACY), _mean(configuration, energy),
                twin, ratio(own, twin.comparable(energy)) if twin else None,
                _is_tied(best, configuration, objective.column) if best else None,
                is_at_chance(configuration),
            )
        )  # fmt: skip
    return found


def twin_of(
    configuration: Configuration, configurations: Sequence[Configuration]
) -> Configuration | None:
    """Return the ANN that differs from an SNN in nothing but what the model decides.

    Of several, which differ in what only ANNs have, the most accurate one.
    """
    return _twin(configuration, _by_shared(configurations))


def _by_shared(
    configurations: Sequence[Configuration],
) -> dict[tuple[Value, ...], list[Configuration]]:
    """Return the ANNs by what an SNN and its ANN share."""
    found: dict[tuple[Value, ...], list[Configuration]] = {}
    for configuration in configurations:
        if configuration.row["model"] == "ann":
            found.setdefault(_shared(configuration), []).append(configuration)
    return found


def _twin(
    configuration: Configuration, ordinary: Mapping[tuple[Value, ...], Sequence[Configuration]]
) -> Configuration | None:
    if configuration.row["model"] != "snn":
        return None
    loss = _loss(configuration)
    found = [c for c in ordinary.get(_shared(configuration), ()) if _loss(c) & loss]
    return max(found, key=_height) if found else None


def is_at_chance(configuration: Configuration) -> bool:
    """Whether guessing among as many classes would be as accurate, by the mean's interval."""
    estimate, classes = configuration.mean(ACCURACY), classes_of(configuration.row)
    if estimate is None or not classes:
        return False
    tested = configuration.tested(ACCURACY) * estimate.n
    half = max(binomial_interval(estimate.value, tested), estimate.half_width or 0.0)
    return estimate.value - half <= 1 / classes


def _mean(configuration: Configuration, column: str) -> Estimate | None:
    values = configuration.comparable(column)
    error = binomial_error_of([configuration], column, values)
    return mean(list(values.values()), error=error) if values else None


def _is_tied(best: Configuration, other: Configuration, column: str) -> bool | None:
    if best is other:
        return True
    sides = [(c, c.comparable(column)) for c in (best, other)]
    errors = [binomial_error_of([c], column, values) for c, values in sides]
    found = difference(sides[0][1], sides[1][1], error=math.hypot(*errors))
    if found is None or found.low is None or found.high is None:
        return None
    return found.low <= 0 <= found.high


def _shared(configuration: Configuration) -> tuple[Value, ...]:
    """Return the settings, but for the loss, and the data that an SNN and its ANN share."""
    return tuple(configuration.row[name] for name in shared_settings())


def shared_settings() -> tuple[str, ...]:
    """Return the settings that mean something to an SNN and its ANN, but for the loss, and the
    column of the data."""
    names = (name for name in planned() if not is_of_model(name) and name != "loss")
    return (*names, "data_sha256")


def _loss(configuration: Configuration) -> set[Value]:
    """Return the loss, and "its own" if it is what the model chooses by itself."""
    row = configuration.row
    readout = READOUTS.get(str(row["readout"]))
    own = readout.loss if readout is not None else "ce"
    return {row["loss"], "its own"} if row["loss"] == own else {row["loss"]}


def is_of_model(name: str) -> bool:
    """Whether a setting is the model, or has an effect by what the model is."""
    while name != "model":
        name = SETTINGS[name].of
        if not name:
            return False
    return True


def _height(configuration: Configuration) -> float:
    found = configuration.mean(ACCURACY)
    return found.value if found else -math.inf


def classes_of(row: Mapping[str, Value]) -> int | None:
    """Return how many classes there are: of a user's table, as many as the output has units."""
    known = DATASETS.get(str(row["dataset"]))
    if known is not None and known.n_classes:
        return known.n_classes
    try:
        return parse_arch(str(row["arch"]))[-1].width
    except UserError:  # a word of a plug-in that is not loaded
        return None
