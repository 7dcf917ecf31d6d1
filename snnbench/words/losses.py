"""Losses: how far scores are from what they should be."""

from dataclasses import dataclass
from typing import Any

from snnbench.words.table import Bounds, Table, Word


@dataclass(frozen=True, kw_only=True)
class Loss(Word):
    """One row.

    Attributes:
        judged_by: the loss that data held out are judged by, where this one needs what only
            training data have; "" for itself.
    """

    judged_by: str = ""


def loss(scores: Any, y: Any, wanted: Any, config: Any) -> Any:
    """Return a scalar, the mean over the batch.

    Args:
        scores: [B, C].
        y: classes, int64 [B].
        wanted: a teacher's logits [B, C], or None.
        config: the run's settings.
    """


_HOME = "snnbench.training.losses"

LOSSES = Table(
    "loss",
    Loss,
    (
        Loss("mse", "mean square of scores - one-hot", f"{_HOME}:mse", called="MSE loss",
             otherwise="loss 'mse' learns labels"),
        Loss("ce", "cross-entropy of softmax(scores)", f"{_HOME}:cross_entropy", called="CE loss",
             otherwise="loss 'ce' learns labels"),
        Loss(
            "mimic-l2",
            "half the squared distance to a teacher's logits (Ba and Caruana 2014)",
            f"{_HOME}:mimic_l2",
            uses=("teacher",),
            otherwise="mimic-l2 has no temperature",
            judged_by="ce",
            called="L2 mimic loss",
        ),
        Loss(
            "mimic-kl",
            "divergence from a teacher's softened softmax (Hinton et al. 2015)",
            f"{_HOME}:mimic_kl",
            uses=("teacher", "temperature"),
            # beyond, the loss has fewer digits than 32 bits take away from it
            bounds={"temperature": Bounds(ge=1e-3, le=1e3)},
            judged_by="ce",
            called="KL mimic loss",
        ),
    ),
    signature=loss,
)  # fmt: skip
