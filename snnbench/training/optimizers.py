"""Optimizers of `OPTIMIZERS`: torch.optim's, from a run's settings.

L2 is added to the gradient for sgd and adam, and decoupled for adamw.
"""

from collections.abc import Iterable

import torch

from snnbench.config import RunConfig

Parameters = Iterable[torch.nn.Parameter]


def sgd(parameters: Parameters, config: RunConfig) -> torch.optim.Optimizer:
    """Return stochastic gradient descent with momentum."""
    return torch.optim.SGD(
        parameters, config.lr, momentum=config.momentum, weight_decay=config.weight_decay
    )


def adam(parameters: Parameters, config: RunConfig) -> torch.optim.Optimizer:
    """Return Adam (Kingma and Ba, ICLR 2015)."""
    return torch.optim.Adam(parameters, config.lr, weight_decay=config.weight_decay)


def adamw(parameters: Parameters, config: RunConfig) -> torch.optim.Optimizer:
    """Return AdamW (Loshchilov and Hutter, ICLR 2019)."""
    return torch.optim.AdamW(parameters, config.lr, weight_decay=config.weight_decay)
