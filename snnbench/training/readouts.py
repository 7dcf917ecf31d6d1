"""Readouts: the output layer over time -> scores, as `READOUTS` names them."""

import torch


def mean_over_steps(outputs: torch.Tensor, membrane: torch.Tensor | None) -> torch.Tensor:
    """Return the mean over steps, [1, B, C]: firing rates of a spiking layer, else its values."""
    return outputs.mean(0, keepdim=True)


def membrane_at_every_step(outputs: torch.Tensor, membrane: torch.Tensor | None) -> torch.Tensor:
    """Return U at every step, [T, B, C]: the loss is the mean of the steps' losses."""
    assert membrane is not None, "the output neurons record their membrane"
    return membrane
