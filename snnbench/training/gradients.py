"""Losses of one run with their gradients, in numpy where they have a short closed form.

Each run's outputs are taken out of the cohort's and handled alone, so that no bit depends on
its companions.
"""

import numpy as np
import torch

from snnbench.config import RunConfig
from snnbench.spiking.kernels.cpu.jit import Floats, Ints
from snnbench.training.losses import training_loss


def loss_and_gradient(
    config: RunConfig,
    outputs: Floats,
    y: Ints,
    teacher_scores: torch.Tensor | None,
    *,
    steps: int,
) -> tuple[float, Floats]:
    """Return the loss and its gradient.

    Args:
        outputs: sums over the steps, [B, C], of spikes or of the output layer's values; or
            with readout membrane U at every step, [B, T, C].
        y: classes, int64 [B].
        teacher_scores: logits to learn, [B, C]; mimic losses only.
        steps: T; 1 for an ANN.

    Returns:
        The loss, as `snnbench.training.losses.training_loss` defines it, and its derivative by
        `outputs`.
    """
    if outputs.ndim == 2 and config.loss in ("mse", "ce"):
        scale = np.float32(1 / steps)
        scores = outputs * scale
        loss, gradient = _mse(scores, y) if config.loss == "mse" else _cross_entropy(scores, y)
        return loss, gradient * scale
    leaf = torch.from_numpy(np.ascontiguousarray(outputs)).requires_grad_()
    with torch.enable_grad():
        over_time = leaf.transpose(0, 1) if leaf.dim() == 3 else (leaf / steps)[None]
        value = training_loss(config, over_time, over_time, torch.from_numpy(y), teacher_scores)
    value.backward()  # type: ignore[no-untyped-call]
    assert leaf.grad is not None
    return value.item(), leaf.grad.numpy()


def _mse(scores: Floats, y: Ints) -> tuple[float, Floats]:
    error = scores.copy()
    error[np.arange(len(y)), y] -= 1
    with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge; the loop finds it
        loss = float(np.square(error).mean())
    return loss, error * np.float32(2 / error.size)


def _cross_entropy(scores: Floats, y: Ints) -> tuple[float, Floats]:
    rows = np.arange(len(y))
    with np.errstate(over="ignore", invalid="ignore"):
        shifted = scores - scores.max(1, keepdims=True)
        exponentials = np.exp(shifted)
        total = exponentials.sum(1, keepdims=True)
        loss = float((np.log(total[:, 0]) - shifted[rows, y]).mean())
        gradient = exponentials / total
    gradient[rows, y] -= 1
    return loss, gradient * np.float32(1 / len(y))
