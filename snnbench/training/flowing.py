"""Follow what flows through ordinary networks, sample by sample and step by step: the reference."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from snnbench.network.build import Network
from snnbench.training.steps import FanOut, Flow

_EXACT = 1 << 24  # whole numbers up to here are float32


class Follower:
    """Collects one forward pass; `flow` is what it was.

    Args:
        T: steps.
        fan_outs: as `StepSums` has them.
    """

    def __init__(self, T: int, fan_outs: Sequence[FanOut]) -> None:
        self.T, self._fan_outs = T, fan_outs
        self._operations: list[torch.Tensor] = []
        self._spikes: list[torch.Tensor] = []

    def add_input(self, x: torch.Tensor, *, spikes: bool) -> None:
        """Add the next weight layer's input, [T, B, ...]; [1, B, ...] if it is applied once."""
        by, values = self._fan_outs[len(self._operations)], x.flatten(2)
        if isinstance(by, int):
            each = _ones(values) if spikes else (values != 0).sum(2)
            done = each * by
        else:
            done = ((values != 0).double() @ by.flatten()).long()
        self._operations.append(done)

    def add_spikes(self, spikes: torch.Tensor) -> None:
        """Add a layer's output spikes, [T, B, ...]."""
        self._spikes.append(_ones(spikes.flatten(2)))

    @property
    def flow(self) -> Flow:
        """What was collected."""
        shape = (self.T, self._operations[0].shape[1])
        operations = self._operations[0].new_zeros((len(self._operations), *shape))
        for own, done in zip(operations, self._operations, strict=True):
            own[: len(done)] = done
        spikes = operations.new_zeros(shape)
        for fired in self._spikes:
            spikes += fired
        return Flow(spikes.T.cpu().numpy(), operations.transpose(1, 2).cpu().numpy())


def _ones(spikes: torch.Tensor) -> torch.Tensor:
    """Return the number of ones in the last axis."""
    return spikes.sum(2, dtype=None if spikes.shape[2] < _EXACT else torch.float64).long()


@contextmanager
def following(network: Network, follower: Follower) -> Iterator[Follower]:
    """Within the context a forward pass of the network is followed."""
    handles = []

    def watch_input(*, spikes: bool) -> Any:
        def hook(module: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
            follower.add_input(args[0].detach(), spikes=spikes)

        return hook

    def watch_spikes(module: nn.Module, args: Any, spikes: torch.Tensor) -> None:
        follower.add_spikes(spikes.detach())

    for module, neurons, entry in zip(
        network.weight_modules, network.neurons, network.plan, strict=True
    ):
        hook = watch_input(spikes=entry.input_kind == "spikes")
        handles.append(module.register_forward_pre_hook(hook))
        if neurons is not None:
            handles.append(neurons.register_forward_hook(watch_spikes))
    try:
        yield follower
    finally:
        for handle in handles:
            handle.remove()
