"""Losses with their derivatives by the scores [B, C], means over the batch.

Softmax belongs to the losses: with cross-entropy its derivative is p - one-hot, and neither
divides by a small probability.
"""

import numpy as np
import numpy.typing as npt

from snnbench.config import RunConfig
from snnbench.reference_numpy.layers import Array

Classes = npt.NDArray[np.int64]


def loss_and_gradient(
    config: RunConfig, scores: Array, y: Classes, teacher_scores: Array | None
) -> tuple[float, Array]:
    """Return the config's loss and its derivative by the scores.

    Args:
        scores: outputs of the network, [B, C].
        y: classes, [B].
        teacher_scores: logits to learn, [B, C]; mimic losses only.
    """
    if config.loss == "mse":
        return mse(scores, y)
    if config.loss == "ce":
        return cross_entropy(scores, y)
    assert teacher_scores is not None
    if config.loss == "mimic-l2":
        return mimic_l2(scores, teacher_scores)
    assert config.loss == "mimic-kl", config.loss
    return mimic_kl(scores, teacher_scores, config.temperature)


def mse(scores: Array, y: Classes) -> tuple[float, Array]:
    """Mean square of s - one-hot, over samples and classes."""
    error = scores - one_hot(scores, y)
    return float((error**2).mean()), 2 * error / error.size


def cross_entropy(scores: Array, y: Classes) -> tuple[float, Array]:
    """-log p_y with p = softmax(s); the derivative is p - one-hot."""
    log_p = log_softmax(scores)
    loss = -log_p[np.arange(len(y)), y].mean()
    return float(loss), (np.exp(log_p) - one_hot(scores, y)) / len(y)


def mimic_l2(scores: Array, teacher_scores: Array) -> tuple[float, Array]:
    """Half the squared distance of logits (Ba and Caruana, NIPS 2014, eq. 1)."""
    error = scores - teacher_scores
    return float((error**2).sum(1).mean()) / 2, error / len(error)


def mimic_kl(scores: Array, teacher_scores: Array, temperature: float) -> tuple[float, Array]:
    """t^2 KL(q || p), q and p the softmax of the teacher's and our s / t (Hinton et al., 2015).

    The derivative is t (p - q): one t is lost to the inner s / t.
    """
    t = temperature
    log_p, log_q = log_softmax(scores / t), log_softmax(teacher_scores / t)
    p, q = np.exp(log_p), np.exp(log_q)
    loss = t * t * (q * (log_q - log_p)).sum(1).mean()
    return float(loss), t * (p - q) / len(p)


def log_softmax(scores: Array) -> Array:
    """Return s - log sum e^s by row; the largest is taken off first, so that nothing overflows."""
    shifted = scores - scores.max(1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return result


def one_hot(scores: Array, y: Classes) -> Array:
    """Return zeros like the scores, with a one at each sample's class."""
    targets = np.zeros_like(scores)
    targets[np.arange(len(y)), y] = 1
    return targets
