"""How predictions did: the class with the largest score, and what is done with equal ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from snnbench.config import RunConfig


class Hits(NamedTuple):
    """Sums over samples; the first two are what the words of `TIES` make of equal scores.

    Attributes:
        first: samples whose class is the first of those with the largest score.
        share: 1 / k for every sample whose class is one of k with the largest score: what
            choosing among them at random comes to.
        tied: samples in which several classes have the largest score.
    """

    first: float
    share: float
    tied: float

    def right(self, config: RunConfig) -> float:
        """Return how many predictions count as right."""
        right: float = getattr(self, config.ties)
        return right


def hits_of(scores: torch.Tensor, y: torch.Tensor) -> Hits:
    """Compare scores [B, C] with classes [B]."""
    largest = scores == scores.max(1, keepdim=True).values
    equal = largest.sum(1)
    among = largest.gather(1, y[:, None])[:, 0]
    return Hits(
        first=float((scores.argmax(1) == y).sum()),
        share=float((among / equal.double()).nan_to_num(0).sum()),
        tied=float((equal > 1).sum()),
    )


def of_active(
    losses: np.ndarray, hits: np.ndarray, active: Sequence[int]
) -> tuple[list[float], list[Hits]]:
    """Return what an engine's batch gives, of losses [K] and hits [K, 3] of all runs."""
    return [float(losses[k]) for k in active], [Hits(*hits[k].tolist()) for k in active]
