"""Successive halving: of runs that compete, those that fall behind are ended early.

After a ninth and after a third of the epochs the best third, by validation accuracy, goes on
(Karnin et al., ICML 2013; Jamieson and Talwalkar, AISTATS 2016, with eta = 3). All runs of a sweep
that agree on data, seed and epochs are one competition, whatever trains where. What a run that is
ended would have come to is not known, so it has a status of its own.
"""

import math
from collections.abc import Mapping

_ETA = 3


def rungs(epochs: int) -> tuple[int, ...]:
    """Return the epochs after which runs are ended.

    >>> rungs(9), rungs(30), rungs(2)
    ((1, 3), (3, 10), ())
    """
    return tuple(dict.fromkeys(e for e in (epochs // _ETA**2, epochs // _ETA) if e))


def run_epochs(runs: int, epochs: int) -> int:
    """Return how many epochs all of so many competing runs train, one with another.

    >>> run_epochs(27, 9), run_epochs(27, 2)
    (63, 54)
    """
    total = since = 0
    for epoch in rungs(epochs):
        total, since = total + runs * (epoch - since), epoch
        runs = math.ceil(runs / _ETA)
    return total + runs * (epochs - since)


def fallen_behind(accuracies: Mapping[str, float]) -> dict[str, str]:
    """Return run -> its place, of the runs that are not among the best third.

    Args:
        accuracies: run -> validation accuracy; of equal ones the first counts.

    >>> fallen_behind({"a": 0.5, "b": 0.9, "c": 0.7, "d": 0.7})
    {'d': '3. of 4', 'a': '4. of 4'}
    """
    ranked = sorted(accuracies, key=lambda run: -accuracies[run])
    kept = math.ceil(len(ranked) / _ETA)
    places = enumerate(ranked[kept:], kept + 1)
    return {run: f"{place}. of {len(ranked)}" for place, run in places}
