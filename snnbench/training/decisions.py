"""What a network decides after every step of inference: the reference.

A code says how a decision did: 0, there is none (a score is not a number); 1 or 2, wrong, and one
class or several have the largest score; 2 k + 1 or 2 k + 2, the label is among the k classes that
have it, as a later or as the first of them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from snnbench.config import RunConfig
from snnbench.config.effects import spiking_layers
from snnbench.training.hits import AMONG, FIRST, TIED, Hits
from snnbench.training.losses import predicted
from snnbench.words.readouts import READOUTS
from snnbench.words.ties import TIES

Codes = npt.NDArray[np.int32]
Margins = npt.NDArray[np.float32]
Tensor = torch.Tensor


@dataclass(frozen=True)
class Decisions:
    """Those of a batch.

    Attributes:
        codes: int32 [B, T].
        margins: how far the largest score is above the second largest, float32 [B, T]; minus
            infinity where there is no decision.
    """

    codes: Codes
    margins: Margins


def scores_so_far(config: RunConfig, outputs: Tensor, membrane: Tensor | None) -> Tensor:
    """Return the scores if inference had ended after each step, [T, B, C].

    Spike counts where predictions follow from firing rates, else what the readout makes of the
    steps so far; not a number where one of a plug-in cannot do with so few.

    Args:
        config: of the run.
        outputs, membrane: as `snnbench.training.losses.training_loss` has them.
    """
    steps, whole = len(outputs), predicted(config, outputs, membrane)
    if steps < config.T:  # all are the same
        return whole.expand(config.T, *whole.shape)
    if READOUTS[config.readout].by_rate:
        sums = outputs.cumsum(0)
        if spiking_layers(config)[-1]:
            return sums
        so_far = sums / torch.arange(1, steps + 1, device=sums.device)[:, None, None]
        return torch.cat([so_far[:-1], whole[None]])  # a mean may round otherwise
    known = [_early(config, outputs[:t], None if membrane is None else membrane[:t], whole)
             for t in range(1, steps)]  # fmt: skip
    return torch.stack([*known, whole])


def _early(config: RunConfig, outputs: Tensor, membrane: Tensor | None, like: Tensor) -> Tensor:
    try:
        scores = predicted(config, outputs, membrane)
    except Exception:
        if not READOUTS[config.readout].plugin:
            raise
        return torch.full_like(like, torch.nan)
    return scores if scores.shape == like.shape else torch.full_like(like, torch.nan)


def decided(scores: Tensor, y: Tensor) -> Decisions:
    """Return what scores [T, B, C] decide, of samples with classes y [B]."""
    top = scores.max(2, keepdim=True).values
    largest = scores == top
    equal = largest.sum(2)
    right = largest.gather(2, y.expand(len(scores), -1)[:, :, None])[:, :, 0]
    first = scores.argmax(2) == y
    codes = torch.where(right, 2 * equal + 1 + first, 1 + (equal > 1))
    if scores.shape[2] > 1:
        best = scores.topk(2, dim=2).values
        margins = torch.where(equal > 1, 0, best[..., 0] - best[..., 1])
    else:
        margins = torch.zeros_like(top[..., 0])
    unknown = top[..., 0].isnan()
    codes, margins = codes.masked_fill(unknown, 0), margins.masked_fill(unknown, -torch.inf)
    return Decisions(
        np.ascontiguousarray(codes.T.cpu().numpy(), np.int32),
        np.ascontiguousarray(margins.T.cpu().numpy(), np.float32),
    )


def codes_of(classes: int) -> int:
    """Return how many codes there are."""
    return 2 * classes + 3


def hits_of_codes(counts: npt.NDArray[np.int64]) -> Hits:
    """Return the hits of decisions of which `counts` says how many have each code."""
    among = counts[3:].reshape(-1, 2)
    hits = np.zeros(AMONG + len(among), np.int64)
    hits[FIRST] = among[:, 1].sum()
    hits[TIED] = counts[2] + among[1:].sum()
    hits[AMONG:] = among.sum(1)
    return hits


def credits_of(config: RunConfig, classes: int) -> npt.NDArray[np.float64]:
    """Return code -> how right a decision is by the run's rule for ties, 0 to 1."""
    rule = TIES[config.ties].load()
    return np.array([rule(hits_of_codes(one)) for one in np.eye(codes_of(classes), dtype=np.int64)])
