"""Products and sums of a weight layer: all that there are, and those that count.

Effective are those that meet a non-zero input and a non-zero weight. The convention is NeuroBench's
(Yik et al., Nature Communications 2025): make a layer's inputs and weights binary, drop the bias,
apply the layer again and add its outputs up. That sum is linear in the binary inputs, so counting
how often each input unit was non-zero, and multiplying by the number of non-zero weights it meets,
gives the same number without a second pass.
"""

import math
from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional

Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d
Transposed = nn.ConvTranspose1d | nn.ConvTranspose2d | nn.ConvTranspose3d
# The layers whose operations are known here.
WeightLayer = nn.Linear | Convolution | Transposed
_CONVOLUTIONS: tuple[Any, ...] = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED: tuple[Any, ...] = (
    functional.conv_transpose1d, functional.conv_transpose2d, functional.conv_transpose3d
)  # fmt: skip
Shape = tuple[int, ...]
_VALUES_AT_ONCE = 2**20


def axes(module: WeightLayer) -> int:
    """Return how many axes a sample has: 1, or channels and those of space."""
    return module.weight.dim() - 1


def fan_in(module: WeightLayer) -> int:
    """Return how many inputs an output unit sums, away from the borders: M, or C_in k k.

    In a transposed convolution outputs meet unequal numbers of inputs: the largest.
    """
    if not isinstance(module, Transposed):
        return module.weight[0].numel()
    width = module.in_channels // module.groups
    return transposed_fan_in(width, module.kernel_size, module.stride, module.dilation)


def transposed_fan_in(width: int, kernel: Shape, stride: Shape, dilation: Shape) -> int:
    """Return the most inputs that an output of a transposed convolution sums.

    Args:
        width: channels of a group's input.
        kernel, stride, dilation: an entry an axis.
    """
    # An output meets the kernel's places whose offset is its own, modulo the stride.
    places = [
        math.ceil(k * math.gcd(s, d) / s) for k, s, d in zip(kernel, stride, dilation, strict=True)
    ]
    return width * math.prod(places)


def fans_out(module: WeightLayer) -> int:
    """Return how many weights an input value meets: N, or C_out k k of its group."""
    if isinstance(module, nn.Linear):
        return module.weight.shape[0]
    return conv_fan_out(module.weight, module.groups, isinstance(module, Transposed))


def conv_fan_out(weight: torch.Tensor, groups: int, transposed: bool) -> int:
    """Return how many weights of a convolution an input value meets."""
    return weight[0].numel() if transposed else weight[:, 0].numel() // groups


def reach(module: WeightLayer) -> int:
    """Return how many outputs an input value meets, away from the borders."""
    if isinstance(module, nn.Linear | Transposed):
        return fans_out(module)
    return conv_reach(module.weight, module.groups, module.stride)


def conv_reach(weight: torch.Tensor, groups: int, stride: Shape) -> int:
    """Return how many outputs of a convolution that is not transposed an input value meets."""
    positions = [math.ceil(k / s) for k, s in zip(weight.shape[2:], stride, strict=True)]
    return len(weight) // groups * math.prod(positions)


def dense_operations(module: WeightLayer, input_shape: Shape, output_shape: Shape) -> int:
    """Return the multiply-accumulates of one sample with every input taken as non-zero.

    Source: fvcore's rule: each output sums C_in k k products, those with padding included; of a
    transposed convolution each input is multiplied by C_out k k weights. No bias.
    """
    if isinstance(module, Transposed):
        return math.prod(input_shape) * module.weight[0].numel()
    return math.prod(output_shape) * module.weight[0].numel()


def fan_out(
    module: WeightLayer, input_shape: Shape, output_shape: Shape | None = None
) -> torch.Tensor:
    """Return for every input unit how many non-zero weights it meets.

    Args:
        module: the layer.
        input_shape: of one sample; (..., M) or (C, ...).
        output_shape: of one sample; a transposed convolution needs it.

    Returns:
        float64 of the input's shape; exact at a convolution's borders, where a value meets fewer
        weights, or, if the padding repeats it, more.
    """
    weight = module.weight.detach()
    if isinstance(module, nn.Linear):
        total = torch.zeros(weight.shape[1], dtype=torch.float64, device=weight.device)
        for rows in torch.split(weight, max(1, _VALUES_AT_ONCE // weight.shape[1])):
            total += rows.count_nonzero(0)  # torch would hold 8 bytes a weight
        return total
    binary = (weight != 0).double()
    summed = sum_of_outputs(binary, module.groups, isinstance(module, Transposed))
    # Adjoint of the convolution: what each value contributes to a sum over all outputs.
    x = torch.zeros(1, *input_shape, dtype=torch.float64, device=binary.device, requires_grad=True)
    with torch.enable_grad():
        if isinstance(module, Transposed):
            assert output_shape is not None
            total = _transposed(module, x, summed, output_shape).sum()
        else:
            kind = _CONVOLUTIONS[len(input_shape) - 2]
            total = kind._conv_forward(module, x, summed, None).sum()
    (gradient,) = torch.autograd.grad(total, x)
    return gradient[0]


def sum_of_outputs(weight: torch.Tensor, groups: int, transposed: bool) -> torch.Tensor:
    """Return a convolution's weight that gives the sum of each group's channels, and is as small.

    A sum over all outputs is what it was.
    """
    if transposed:
        return weight.sum(1, keepdim=True)
    return weight.view(groups, -1, *weight.shape[1:]).sum(1)


def effective_operations(
    module: WeightLayer, nonzero: torch.Tensor, samples: int, output_shape: Shape | None = None
) -> float:
    """Return effective operations of one sample.

    Args:
        module: the weight layer.
        nonzero: in how many samples and steps every input unit was not 0.
        samples: number of samples counted.
        output_shape: of one sample; a transposed convolution needs it.
    """
    return (fan_out(module, tuple(nonzero.shape), output_shape) * nonzero).sum().item() / samples


def _transposed(
    module: Transposed, x: torch.Tensor, weight: torch.Tensor, output_shape: Shape
) -> torch.Tensor:
    """Apply a transposed convolution so that it gives this shape, which a call can ask for."""
    geometry = zip(
        x.shape[2:], module.kernel_size, module.stride, cast(Shape, module.padding),
        module.dilation, strict=True,
    )  # fmt: skip
    plain = [(size - 1) * s - 2 * p + d * (k - 1) + 1 for size, k, s, p, d in geometry]
    extra = [size - least for size, least in zip(output_shape[1:], plain, strict=True)]
    result: torch.Tensor = _TRANSPOSED[len(extra) - 1](
        x, weight, None, module.stride, module.padding, extra, module.groups, module.dilation
    )
    return result
