"""Losses: what the network gave over time, and what it should have given."""

import torch
from torch.nn import functional

from snnbench.config import RunConfig


def scores(outputs: torch.Tensor) -> torch.Tensor:
    """Return the mean over steps: firing rates of a spiking output layer, else its values.

    Args:
        outputs: [T, B, C].

    Returns:
        [B, C]; the prediction is the largest, the first of equals.
    """
    return outputs.mean(0)


def training_loss(
    config: RunConfig,
    outputs: torch.Tensor,
    membrane: torch.Tensor | None,
    y: torch.Tensor,
    teacher_scores: torch.Tensor | None,
) -> torch.Tensor:
    """Return the loss, a scalar: the mean over the batch.

    mse: mean square of scores - one-hot. ce: cross-entropy of softmax(scores).
    mimic-l2: half the squared distance of logits (Ba and Caruana, NIPS 2014, eq. 1).
    mimic-kl: t^2 KL(softmax(teacher/t) || softmax(student/t)) (Hinton et al., 2015).
    With readout membrane the mean of the losses at every step, on U instead of the scores.

    Args:
        outputs: of the network, [T, B, C].
        membrane: U of the output layer before reset, [T, B, C]; readout membrane only.
        y: classes, int64 [B].
        teacher_scores: logits to learn, [B, C]; mimic losses only.
    """
    if config.readout == "membrane" and config.model == "snn":
        assert membrane is not None
        return torch.stack([_loss(config, u, y, teacher_scores) for u in membrane]).mean()
    return _loss(config, scores(outputs), y, teacher_scores)


def _loss(
    config: RunConfig, s: torch.Tensor, y: torch.Tensor, teacher_scores: torch.Tensor | None
) -> torch.Tensor:
    if config.loss == "mse":
        return functional.mse_loss(s, functional.one_hot(y, s.shape[1]).to(s.dtype))
    if config.loss == "ce":
        return functional.cross_entropy(s, y)
    assert teacher_scores is not None
    if config.loss == "mimic-l2":
        return 0.5 * (s - teacher_scores).square().sum(1).mean()
    t = config.temperature
    log_student = functional.log_softmax(s / t, 1)
    log_teacher = functional.log_softmax(teacher_scores / t, 1)
    divergence = functional.kl_div(log_student, log_teacher, reduction="batchmean", log_target=True)
    return t * t * divergence
