"""Effective operations: products and sums that meet a non-zero input and a non-zero weight.

The convention is NeuroBench's (Yik et al., Nature Communications 2025): make a layer's inputs
and weights binary, drop the bias, apply the layer again and add its outputs up. That sum is
linear in the binary inputs, so counting how often each input unit was non-zero, and multiplying
by the number of non-zero weights it meets, gives the same number without a second pass.
"""

import torch
from torch import nn


def fan_out(module: nn.Module, input_shape: tuple[int, ...]) -> torch.Tensor:
    """Return for every input unit how many non-zero weights it meets.

    Args:
        module: a linear or a two-dimensional convolutional layer.
        input_shape: of one sample; (..., M) or (C, H, W).

    Returns:
        float64 of the input's shape; exact at a convolution's borders, where a pixel meets
        fewer weights.
    """
    assert isinstance(module, nn.Linear | nn.Conv2d)
    binary = (module.weight.detach() != 0).double()
    if isinstance(module, nn.Linear):
        return binary.sum(0)
    # Adjoint of the convolution: what each pixel contributes to a sum over all outputs.
    x = torch.zeros(1, *input_shape, dtype=torch.float64, device=binary.device, requires_grad=True)
    with torch.enable_grad():
        total = nn.functional.conv2d(
            x, binary, None, module.stride, module.padding, module.dilation, module.groups
        ).sum()
    (gradient,) = torch.autograd.grad(total, x)
    return gradient[0]


def effective_operations(module: nn.Module, nonzero: torch.Tensor, samples: int) -> float:
    """Return effective operations of one sample.

    Args:
        module: the weight layer.
        nonzero: in how many samples and steps every input unit was not 0.
        samples: number of samples counted.
    """
    return (fan_out(module, tuple(nonzero.shape)) * nonzero).sum().item() / samples
