"""Models made up for the tests, and how they are counted."""

from types import SimpleNamespace

import torch
from torch import nn

from snnbench.cost.foreign import count_model


def counted(model, x, samples=None, **kwargs):
    """Count a model whose input has its samples on the second axis, unless told otherwise."""
    given = {"samples": samples or x.shape[1], "spikes": False, "measured": True} | kwargs
    return count_model(model, x, **given)


def layers(model, x, samples=None, **kwargs):
    """Return what was counted of each layer, by its name."""
    rows = counted(model, x, samples, **kwargs).layers
    return {row["layer"]: SimpleNamespace(**row) for row in rows}


class Function(nn.Module):
    """A module that computes a function of itself and its input, with parameters by name."""

    def __init__(self, function, **parameters):
        super().__init__()
        self.function = function
        for name, value in parameters.items():
            setattr(self, name, value)

    def forward(self, x):
        return self.function(self, x)


def parameter(*shape, zeros=0.0):
    """Return a parameter, a share of which is 0."""
    values = torch.randn(*shape)
    return nn.Parameter(values * (torch.rand(*shape) >= zeros))


def spikes(x):
    """Return spikes by comparison."""
    return (x > 0).float()
