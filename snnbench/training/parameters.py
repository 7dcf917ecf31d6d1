"""Parameters of a cohort side by side in one piece of memory."""

from collections.abc import Sequence

import torch

from snnbench.network.build import Network

Tensor = torch.Tensor


def stack_parameters(
    networks: Sequence[Network], axis: int
) -> tuple[Tensor, list[Tensor], list[Tensor | None]]:
    """Move all parameters into one tensor with an axis K, of which the modules' become views.

    Args:
        networks: of the K runs, all of one shape.
        axis: of the members in a weight: 0 for [K, M, N], 1 for [M, K, N].

    Returns:
        all parameters, flat; of it, the weights of every layer and their biases [K, N].
    """
    layers = list(zip(*(network.weight_modules for network in networks), strict=True))
    weights = [torch.stack([m.weight.detach().t() for m in modules], axis) for modules in layers]
    biases = [
        None if modules[0].bias is None else torch.stack([m.bias.detach() for m in modules])
        for modules in layers
    ]
    flat, views = side_by_side([*weights, *(bias for bias in biases if bias is not None)])
    remaining = iter(views)
    weights = [next(remaining) for _ in weights]
    biases = [None if bias is None else next(remaining) for bias in biases]
    for modules, weight, bias in zip(layers, weights, biases, strict=True):
        for k, module in enumerate(modules):
            module.weight.data = weight.select(axis, k).t()
            if bias is not None:
                module.bias.data = bias[k]
    return flat, weights, biases


def side_by_side(parts: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Copy tensors into a flat one; return it, and its views that are shaped like them."""
    flat = torch.cat([part.flatten() for part in parts])
    pieces = torch.split(flat, [part.numel() for part in parts])
    return flat, [piece.view(part.shape) for piece, part in zip(pieces, parts, strict=True)]
