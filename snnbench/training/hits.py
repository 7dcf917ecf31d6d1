"""How predictions did: the class with the largest score, and what is done with equal ones.

Hits are whole numbers, so that their sums are exact in any order: int64 [2 + C] of
0: samples whose class is the first of those with the largest score;
1: samples in which several classes have it;
1 + k: samples whose class is one of k that have it.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from snnbench.config import RunConfig
from snnbench.words.ties import TIES

Hits = npt.NDArray[np.int64]
FIRST, TIED, AMONG = 0, 1, 2


def hits_of(scores: torch.Tensor, y: torch.Tensor) -> Hits:
    """Compare scores [B, C] with classes [B]."""
    largest = scores == scores.max(1, keepdim=True).values
    equal = largest.sum(1)
    right = equal[largest.gather(1, y[:, None])[:, 0]]
    first, tied = (scores.argmax(1) == y).sum(), (equal > 1).sum()
    among = torch.bincount(right, minlength=scores.shape[1] + 1)[1:]
    return np.array([int(first), int(tied), *among.tolist()])


def first(hits: Hits) -> float:
    """Return how many predictions are right if the first of equal classes is predicted."""
    return float(hits[FIRST])


def share(hits: Hits) -> float:
    """Return how many are right, one among k equal classes being right by 1 / k."""
    return math.fsum(count / k for k, count in enumerate(hits[AMONG:].tolist(), 1))


def accuracy(config: RunConfig, hits: Hits, samples: int) -> float:
    """Return the share of right predictions."""
    right: float = TIES[config.ties].load()(hits)
    return right / samples


def of_active(
    losses: npt.NDArray[np.float64], hits: Hits, active: Sequence[int]
) -> tuple[list[float], list[Hits]]:
    """Return what an engine's batch gives, of losses [K] and hits [K, 2 + C] of all runs."""
    return [float(losses[k]) for k in active], [hits[k] for k in active]
