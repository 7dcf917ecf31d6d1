"""NIR's nodes without state as torch modules, on batches [B, ...]."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from snnbench.exchange.dynamics import numbers

Tensor = torch.Tensor
Pair = tuple[int, int]


class Scale(nn.Module):
    """Multiplies each value with a number of its own, or all with one."""

    scale: Tensor

    def __init__(self, scale: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("scale", numbers(scale))

    def forward(self, x: Tensor) -> Tensor:
        """Return x scale."""
        return x * self.scale


class Threshold(nn.Module):
    """1 where a value is above the threshold, else 0."""

    threshold: Tensor

    def __init__(self, threshold: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("threshold", numbers(threshold))

    def forward(self, x: Tensor) -> Tensor:
        """Return [x > threshold]."""
        return (x > self.threshold).to(x)


class Reshape(nn.Module):
    """Gives each sample another shape."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        """Return x as [B, *shape]."""
        return x.reshape(len(x), *self.shape)


class SumPool2d(nn.Module):
    """Sums over windows: of spikes, whole numbers."""

    def __init__(self, kernel: Pair, stride: Pair, padding: Pair) -> None:
        super().__init__()
        self.kernel, self.stride, self.padding = kernel, stride, padding

    def forward(self, x: Tensor) -> Tensor:
        """Return the sums, [B, C, H, W]."""
        (above, left), (k, m), (s, r) = self.padding, self.kernel, self.stride
        x = functional.pad(x, (left, left, above, above))
        return x.unfold(2, k, s).unfold(3, m, r).sum((-1, -2))


class AvgPool2d(SumPool2d):
    """Means over windows, zeros of the padding included."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the means, [B, C, H, W]."""
        return super().forward(x) / (self.kernel[0] * self.kernel[1])
