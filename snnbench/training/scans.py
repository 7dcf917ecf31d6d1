"""A layer's LIF neurons -> the kernels that run all their steps at once."""

from collections.abc import Sequence

import torch

from snnbench.config import RunConfig
from snnbench.kernels.neurons.equations import Neurons
from snnbench.neurons.lif import LIF
from snnbench.neurons.neuron import Kernels, Neuron

Tensor = torch.Tensor


def members_of(nodes: Sequence[Neuron], surrogate: str) -> Neurons:
    """Return the neurons of a layer of a cohort, as the kernels take them.

    Args:
        nodes: the layer's LIF neurons, one a run.
        surrogate: its name.
    """
    lif = [node for node in nodes if isinstance(node, LIF)]
    assert len(lif) == len(nodes), "no path lists other neurons"
    first = nodes[0]
    return Neurons(
        beta=[node.beta for node in lif],
        v_th=[node.v_threshold for node in nodes],
        slope=[_slope(node) for node in nodes],
        reset=first.kind_of_reset,
        detach_reset=first.detach_reset,
        surrogate=surrogate,
    )


def _slope(node: Neuron) -> float:
    """Return z of fast-sigmoid, or alpha of the others."""
    function = node.surrogate_function
    return float(function.z if hasattr(function, "z") else function.alpha)


def cpu_kernels(node: Neuron, config: RunConfig) -> Kernels:
    """Return the kernels of numba."""
    from snnbench.kernels.functions import lif_scan, pooled_lif_scan

    neurons = members_of([node], config.surrogate)

    def scan(current: Tensor) -> tuple[Tensor, Tensor]:
        if _is_repeated(current):
            spikes, membranes = lif_scan(current[:1], neurons, config.T)
        else:
            spikes, membranes = lif_scan(current.unsqueeze(1), neurons)
        return spikes.squeeze(1), membranes.squeeze(1)

    def pooled_scan(current: Tensor) -> Tensor:
        if _is_repeated(current):
            return pooled_lif_scan(current[0], neurons, config.T)
        return pooled_lif_scan(current, neurons)

    return Kernels(scan, pooled_scan)


def gpu_kernels(node: Neuron, config: RunConfig) -> Kernels:
    """Return the kernels of Triton."""
    from snnbench.kernels import triton_scan

    neurons = members_of([node], config.surrogate)

    def scan(current: Tensor) -> tuple[Tensor, Tensor]:
        repeated = _is_repeated(current)
        rows = current[0].reshape(1, -1) if repeated else current.flatten(1)[:, None]
        spikes, membranes = triton_scan.lif_scan(
            rows.contiguous(),
            beta=neurons.beta[0],
            v_th=neurons.v_th[0],
            z=neurons.slope[0],
            T=config.T,
            reset=neurons.reset,
            detach_reset=neurons.detach_reset,
            surrogate=config.surrogate,
            alpha=neurons.slope[0],
        )
        return spikes.view(current.shape), membranes.view(current.shape)

    return Kernels(scan)


def _is_repeated(current: Tensor) -> bool:
    """Return whether all steps are one and the same memory, as `RepeatCurrent` gives them."""
    return current.shape[0] > 1 and current.stride(0) == 0
