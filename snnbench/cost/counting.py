"""Count a network while it runs: hooks that tally, and the tallies turned into counts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from snnbench.cost.dense import DenseCount, count_dense
from snnbench.cost.effective import effective_operations
from snnbench.cost.expected import planned_facts
from snnbench.cost.facts import LayerFacts
from snnbench.cost.report import NetworkCount
from snnbench.cost.tally import Tally
from snnbench.network.build import Network


def dense_count(network: Network) -> DenseCount:
    """Return dense_macs by weight layer: one step traced, times how often weights are applied.

    A layer's BatchNorm is counted with it.
    """
    x = torch.zeros(1, 1, *network.plan[0].input_shape, device=next(network.parameters()).device)
    with network.traceable():
        traced = count_dense(network, x)
    names = {entry.name: (f"layers.{entry.name}", f"layers.{entry.name}_norm")
             for entry in network.plan}  # fmt: skip
    steps = {entry.name: entry.applied_steps for entry in network.plan}
    macs = {
        name: sum(traced.macs.get(module, 0) for module in modules) * steps[name]
        for name, modules in names.items()
    }
    return DenseCount(macs, traced.uncounted)


@contextmanager
def tallying(network: Network, tallies: list[Tally], *, maps: bool = True) -> Iterator[None]:
    """Within the context every forward pass of the network is added to the tallies.

    Args:
        tallies: one a weight layer, in the plan's order.
        maps: also what effective counts and silent neurons need; without, only input rates.
    """
    handles = []

    def watch_input(tally: Tally) -> Any:
        def hook(module: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
            x = args[0].detach()
            tally.add_input(x if network.spiking else x.unsqueeze(0), maps=maps)

        return hook

    def watch_spikes(tally: Tally) -> Any:
        def hook(module: nn.Module, args: Any, spikes: torch.Tensor) -> None:
            tally.add_spikes(spikes.detach())

        return hook

    for module, neurons, tally in zip(
        network.weight_modules, network.neurons, tallies, strict=True
    ):
        handles.append(module.register_forward_pre_hook(watch_input(tally)))
        if neurons is not None and maps:
            handles.append(neurons.register_forward_hook(watch_spikes(tally)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def count_network(
    network: Network, tallies: list[Tally], T: int | None, dense: DenseCount
) -> NetworkCount:
    """Turn the tallies of an evaluation into counts.

    Args:
        network: its weights are those the tallies were taken with.
        T: time steps; None for an ANN.
        dense: from `dense_count`.
    """
    planned = planned_facts(network.plan, T, bias=network.bias, batch_norm=network.batch_norm)
    facts = tuple(
        _measured(*layer, dense)
        for layer in zip(planned, network.weight_modules, tallies, strict=True)
    )
    neurons = sum(tally.neurons for tally in tallies)
    fired = sum(tally.spikes_per_step for tally in tallies)
    return NetworkCount(
        facts=facts,
        params=sum(p.numel() for p in network.parameters() if p.requires_grad),
        firing_rate=fired / neurons if neurons else None,
        silent_fraction=sum(t.silent for t in tallies) / neurons if neurons else None,
        saturated_fraction=sum(t.saturated for t in tallies) / neurons if neurons else None,
        uncounted=dense.uncounted,
    )


def _measured(
    planned: LayerFacts, module: nn.Module, tally: Tally, dense: DenseCount
) -> LayerFacts:
    assert isinstance(module, nn.Linear | nn.Conv2d)
    assert tally.nonzero is not None
    return replace(
        planned,
        input_rate=tally.input_rate,
        output_rate=tally.spikes_per_step / tally.neurons if tally.neurons else None,
        input_nonzero=tally.input_nonzero,
        output_spikes=tally.output_spikes,
        dense_operations=float(dense.macs[planned.layer]),
        effective_operations=effective_operations(module, tally.nonzero, tally.samples),
        weights_nonzero=int(module.weight.count_nonzero()),
    )
