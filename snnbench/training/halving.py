"""Successive halving inside a cohort: members that fall behind are frozen early.

After a ninth and after a third of the epochs the best third of a cohort, by validation accuracy,
goes on (Karnin et al., ICML 2013; Jamieson and Talwalkar, AISTATS 2016, with eta = 3). What a
frozen member would have come to is not known, so it has a status of its own.
"""

import math
from collections.abc import Sequence

from snnbench.training.member import Member

_ETA = 3


def rungs(epochs: int) -> tuple[int, ...]:
    """Return the epochs after which members are frozen.

    >>> rungs(9), rungs(30), rungs(2)
    ((1, 3), (3, 10), ())
    """
    return tuple(dict.fromkeys(e for e in (epochs // _ETA**2, epochs // _ETA) if e))


def freeze_losers(active: Sequence[Member], epoch: int) -> None:
    """Freeze the members that are not among the best third; equal ones stay by their position."""
    running = [member for member in active if member.error is None]
    kept = math.ceil(len(running) / _ETA)
    ranked = sorted(running, key=lambda member: (-_accuracy(member), member.k))
    for rank, member in enumerate(ranked[kept:], kept + 1):
        epochs = len(member.config.learning_rates)
        member.frozen = (
            f"frozen after epoch {epoch} of {epochs}: {rank}. of {len(running)} by validation "
            "accuracy"
        )


def _accuracy(member: Member) -> float:
    accuracy = member.records[-1].val_accuracy
    assert accuracy is not None, "halving needs validation data"
    return accuracy
