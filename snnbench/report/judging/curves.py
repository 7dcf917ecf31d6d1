"""Claims about learning curves: what is measured of each run, and what must hold of it."""

from collections.abc import Mapping, Sequence

from snnbench.report.judging.deciding import Decision, Part, Region, decide
from snnbench.report.judging.evidence import Evidence
from snnbench.report.reading.columns import ACCURACIES
from snnbench.report.reading.groups import Configuration, mean_by_seed
from snnbench.report.reading.statistics import difference, mean
from snnbench.studies.claims import Claim, ConvergesBy, Exceeds, Overfits, Steadier, Trend

OVERFITS = (
    "Of each run, from the turning point to its last epoch: how far the loss rises and the training"
    " loss falls. The turning point is the epoch claimed (until which the loss must have fallen,"
    " too), else the epoch in which the mean of the other seeds is least, so that a run's own"
    " chance minimum does not count as a rise. Reproduced if the intervals lie above 0;"
    " contradicted if one lies at or below it."
)
CONVERGES = (
    "Of each run: the largest distance from its last value, as a part of it, from the epoch on."
    " Reproduced if the interval lies within 1 - share; contradicted if it lies wholly above."
)
TREND = (
    "Of each run: last epoch minus first. Reproduced if the interval lies on the side claimed;"
    " contradicted if it lies on the other."
)
STEADIER = (
    "Of each run: the mean absolute second difference over the epochs. Reproduced if the interval"
    " of b - a lies above 0; contradicted if it lies at or below."
)
EXCEEDS = (
    "Of each run: the mean over the epochs of one column minus that of the other. Reproduced if"
    " the interval lies above 0; contradicted if it lies at or below."
)
_ABOVE_ZERO = Region(low=0.0)
_TRAINING = "train_loss"
_EPOCHS_OF_A_BEND = 3


def least_seeds(column: str) -> int:
    """Return the number of seeds that it takes to decide on a column.

    Two accuracies on few samples are easily equal, and their interval says nothing then.
    """
    return 3 if column in ACCURACIES else 2


def at_epoch(
    claim: Claim, epoch: int | None, configuration: Configuration, evidence: Evidence
) -> dict[int, float]:
    """Return seed -> the claim's metric: of the run, or of its learning curve at an epoch."""
    if epoch is None:
        return configuration.comparable(claim.metric)
    found = evidence.curves(configuration, claim.metric)
    return {seed: curve[epoch - 1] for seed, curve in found.items() if len(curve) >= epoch}


def overfits(claim: Overfits, evidence: Evidence) -> Decision:
    """See `OVERFITS`."""
    parts = []
    for configuration in evidence.select(claim.where):
        loss = evidence.curves(configuration, claim.metric)
        training = evidence.curves(configuration, _TRAINING)
        turns = _turning_points(loss, claim.after)
        rises = {seed: loss[seed][-1] - loss[seed][turn] for seed, turn in turns.items()}
        falls = {
            seed: training[seed][turn] - training[seed][-1]
            for seed, turn in turns.items()
            if seed in training
        }
        parts.append(_part(f"rise of {claim.metric}, {configuration.name}", rises))
        parts.append(_part(f"fall of {_TRAINING}, {configuration.name}", falls))
        if claim.after is not None and claim.after > 1:
            before = {seed: loss[seed][0] - loss[seed][turn] for seed, turn in turns.items()}
            label = f"fall of {claim.metric} until epoch {claim.after}, {configuration.name}"
            parts.append(_part(label, before))
    return decide(parts, alpha=evidence.alpha)


def _turning_points(loss: Mapping[int, Sequence[float]], after: int | None) -> dict[int, int]:
    """Return seed -> position in the curve from which the loss is said to rise."""
    if after is not None:
        return {seed: after - 1 for seed, curve in loss.items() if len(curve) > after}
    points = {}
    for seed, curve in loss.items():
        others = [c for other, c in loss.items() if other != seed and len(c) == len(curve)]
        if others:
            means = [sum(column) for column in zip(*others, strict=True)]
            points[seed] = means.index(min(means))
    return points


def converges_by(claim: ConvergesBy, evidence: Evidence) -> Decision:
    """See `CONVERGES`."""
    region = Region(high=1 - claim.share, closed=True)
    parts = []
    for configuration in evidence.select(claim.where):
        distances = {
            seed: max(abs(value - curve[-1]) for value in curve[claim.epoch - 1 :]) / abs(curve[-1])
            for seed, curve in evidence.curves(configuration, claim.metric).items()
            if len(curve) > claim.epoch and curve[-1] != 0
        }
        label = f"distance of {claim.metric} from its last value, {configuration.name}"
        parts.append(_part(label, distances, region, claim.metric))
    return decide(parts, alpha=evidence.alpha)


def trend(claim: Trend, evidence: Evidence) -> Decision:
    """See `TREND`."""
    region = _ABOVE_ZERO if claim.direction == "up" else Region(high=0.0)
    parts = []
    for configuration in evidence.select(claim.where):
        found = evidence.curves(configuration, claim.metric)
        steps = {seed: curve[-1] - curve[0] for seed, curve in found.items() if len(curve) > 1}
        label = f"{claim.metric}, last - first epoch, {configuration.name}"
        parts.append(_part(label, steps, region, claim.metric))
    return decide(parts, alpha=evidence.alpha)


def steadier(claim: Steadier, evidence: Evidence) -> Decision:
    """See `STEADIER`."""
    selectors = claim.selectors()
    a, b = (
        mean_by_seed([
            {
                seed: _bend(curve)
                for seed, curve in evidence.curves(configuration, claim.metric).items()
                if len(curve) >= _EPOCHS_OF_A_BEND
            }
            for configuration in evidence.select(selectors[side])
        ])
        for side in ("a", "b")
    )  # fmt: skip
    label = f"unsteadiness of {claim.metric}, b - a: a = {claim.a}; b = {claim.b}"
    least = least_seeds(claim.metric)
    part = Part(label, lambda c: difference(b, a, c), _ABOVE_ZERO, least=least)
    return decide([part], alpha=evidence.alpha)


def exceeds(claim: Exceeds, evidence: Evidence) -> Decision:
    """See `EXCEEDS`."""
    parts = []
    for configuration in evidence.select(claim.where):
        high, low = (evidence.curves(configuration, name) for name in (claim.metric, claim.than))
        gaps = {
            seed: mean(high[seed]).value - mean(low[seed]).value
            for seed in high
            if seed in low and high[seed]
        }
        label = f"{claim.metric} - {claim.than}, {configuration.name}"
        parts.append(_part(label, gaps, column=claim.metric))
    return decide(parts, alpha=evidence.alpha)


def _bend(curve: Sequence[float]) -> float:
    """Return the mean absolute second difference: 0 for a straight line."""
    triples = zip(curve, curve[1:], curve[2:], strict=False)
    return mean([abs(a - 2 * b + c) for a, b, c in triples]).value


def _part(
    label: str, values: Mapping[int, float], region: Region = _ABOVE_ZERO, column: str = _TRAINING
) -> Part:
    numbers = list(values.values())
    least = least_seeds(column)
    return Part(label, lambda c: mean(numbers, c) if numbers else None, region, least=least)
