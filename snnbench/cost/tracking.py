"""Which tensors are spikes, known from what produced them, in a model that is not ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from spikingjelly.activation_based.neuron import BaseNode, SimpleBaseNode
from torch import nn
from torch.overrides import TorchFunctionMode

_MARK = "_snnbench_spikes"

# Operations that only move, copy or select values: spikes in, spikes out.
_MOVES = frozenset({
    "reshape", "view", "flatten", "unflatten", "permute", "transpose", "movedim", "squeeze",
    "unsqueeze", "contiguous", "clone", "detach", "expand", "repeat", "stack", "cat", "concat",
    "__getitem__", "select", "narrow", "chunk", "split", "unbind", "to", "float", "double",
    "max_pool2d", "_max_pool2d", "boolean_dispatch", "adaptive_max_pool2d", "pad", "roll", "flip",
})  # fmt: skip


def is_neuron(module: nn.Module) -> bool:
    """Return whether the module is a spiking neuron of SpikingJelly (ours are, too)."""
    return isinstance(module, BaseNode | SimpleBaseNode)


def are_spikes(tensor: torch.Tensor) -> bool:
    """Return whether the tensor is known to hold spikes."""
    return getattr(tensor, _MARK, False)


def mark_spikes(value: Any) -> None:
    """Mark a tensor, or the tensors of a sequence, as spikes."""
    if isinstance(value, torch.Tensor):
        setattr(value, _MARK, True)
    elif isinstance(value, tuple | list):
        for part in value:
            mark_spikes(part)


class _Follow(TorchFunctionMode):
    """Carries the mark through the operations in _MOVES."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") in _MOVES and args:
            sources = args[0] if isinstance(args[0], tuple | list) else [args[0]]
            tensors = [s for s in sources if isinstance(s, torch.Tensor)]
            if tensors and all(map(are_spikes, tensors)):
                mark_spikes(result)
        return result


@contextmanager
def following_spikes(model: nn.Module) -> Iterator[None]:
    """Within the context `are_spikes` knows the outputs of the model's neurons."""

    def mark(module: nn.Module, args: Any, output: Any) -> None:
        mark_spikes(output)

    neurons = [module for module in model.modules() if is_neuron(module)]
    handles = [module.register_forward_hook(mark) for module in neurons]
    try:
        with _Follow():
            yield
    finally:
        for handle in handles:
            handle.remove()
