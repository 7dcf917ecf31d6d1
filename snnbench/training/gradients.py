"""Losses of a cohort with their gradients: by a kernel where they have a short closed form.

Each run's outputs are handled alone, so that no bit depends on its companions.
"""

from collections.abc import Sequence

import numpy as np
import torch

from snnbench.config import RunConfig
from snnbench.kernels.base.jit import Floats, Ints, Numbers
from snnbench.kernels.base.losses import KINDS, closed_losses
from snnbench.training.losses import training_loss


def losses_and_gradients(
    configs: Sequence[RunConfig],
    outputs: Floats,
    y: Ints,
    wanted: Sequence[torch.Tensor | None],
    active: Sequence[int],
    *,
    steps: int,
) -> tuple[Numbers, Floats]:
    """Return the losses and the gradients of all runs.

    Args:
        configs: of the K runs.
        outputs: sums over the steps, [B, K, C], of spikes or of the output layer's values; or
            with readout membrane U at every step, [B, T, K, C].
        y: classes, int64 [B].
        wanted: logits that each run learns, [B, C]; mimic losses only, else None.
        active: positions of the runs whose loss is asked for.
        steps: T; 1 for an ANN.

    Returns:
        The losses, as `snnbench.training.losses.training_loss` defines them, and their
        derivatives by `outputs`; 0 of runs that are not active.
    """
    kinds = np.zeros(len(configs), np.int64)
    if outputs.ndim == 3:
        for k in active:
            kinds[k] = KINDS.get(configs[k].loss, 0)
    scale, gradient = np.float32(1 / steps), np.zeros(outputs.shape, np.float32)
    if kinds.any():
        losses = closed_losses(np.ascontiguousarray(outputs), y, kinds, scale, gradient)
    else:
        losses = np.zeros(len(configs))
    for k in active:
        if kinds[k] == 0:
            losses[k], gradient[..., k, :] = _by_autograd(
                configs[k], outputs[..., k, :], y, wanted[k], steps
            )
    return losses, gradient


def _by_autograd(
    config: RunConfig, outputs: Floats, y: Ints, wanted: torch.Tensor | None, steps: int
) -> tuple[float, Floats]:
    leaf = torch.from_numpy(np.ascontiguousarray(outputs)).requires_grad_()
    with torch.enable_grad():
        over_time = leaf.transpose(0, 1) if leaf.dim() == 3 else (leaf / steps)[None]
        value = training_loss(config, over_time, over_time, torch.from_numpy(y), wanted)
    value.backward()  # type: ignore[no-untyped-call]
    assert leaf.grad is not None
    return value.item(), leaf.grad.numpy()
