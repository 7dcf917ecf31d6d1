"""Losses: what the network gave over time, and what it should have given."""

import torch
from torch.nn import functional

from snnbench.config import RunConfig
from snnbench.words.losses import LOSSES
from snnbench.words.readouts import READOUTS

Tensor = torch.Tensor


def scores(outputs: Tensor) -> Tensor:
    """Return the mean over steps: firing rates of a spiking output layer, else its values.

    Args:
        outputs: [T, B, C].

    Returns:
        [B, C]; the prediction is the largest, the first of equals.
    """
    return outputs.mean(0)


def predicted(config: RunConfig, outputs: Tensor, membrane: Tensor | None) -> Tensor:
    """Return what predictions follow from, [B, C]; see `training_loss`."""
    row = READOUTS[config.readout]
    if config.model == "ann" or row.by_rate:
        return scores(outputs)
    given: Tensor = row.load()(outputs, membrane)
    return given.mean(0)


def training_loss(
    config: RunConfig,
    outputs: Tensor,
    membrane: Tensor | None,
    y: Tensor,
    teacher_scores: Tensor | None,
) -> Tensor:
    """Return the loss, a scalar: the mean over the batch, and over what the readout gives.

    Args:
        outputs: of the network, [T, B, C].
        membrane: U of the output layer before reset, [T, B, C]; where the readout looks at it.
        y: classes, int64 [B].
        teacher_scores: logits to learn, [B, C]; of losses with a teacher only.
    """
    loss = LOSSES[config.loss].load()
    if config.model == "ann":
        value: Tensor = loss(scores(outputs), y, teacher_scores, config)
        return value
    given = READOUTS[config.readout].load()(outputs, membrane)
    values = [loss(one, y, teacher_scores, config) for one in given]
    return values[0] if len(values) == 1 else torch.stack(values).mean()


def mse(scores: Tensor, y: Tensor, wanted: Tensor | None, config: RunConfig) -> Tensor:
    """Return the mean square of scores - one-hot."""
    return functional.mse_loss(scores, functional.one_hot(y, scores.shape[1]).to(scores.dtype))


def cross_entropy(scores: Tensor, y: Tensor, wanted: Tensor | None, config: RunConfig) -> Tensor:
    """Return the cross-entropy of softmax(scores)."""
    return functional.cross_entropy(scores, y)


def mimic_l2(scores: Tensor, y: Tensor, wanted: Tensor | None, config: RunConfig) -> Tensor:
    """Return half the squared distance of logits (Ba and Caruana, NIPS 2014, eq. 1)."""
    assert wanted is not None
    return 0.5 * (scores - wanted).square().sum(1).mean()


def mimic_kl(scores: Tensor, y: Tensor, wanted: Tensor | None, config: RunConfig) -> Tensor:
    """Return t^2 KL(softmax(teacher/t) || softmax(student/t)) (Hinton et al., 2015)."""
    assert wanted is not None
    t = config.temperature
    log_student = functional.log_softmax(scores / t, 1)
    log_teacher = functional.log_softmax(wanted / t, 1)
    divergence = functional.kl_div(log_student, log_teacher, reduction="batchmean", log_target=True)
    return t * t * divergence
