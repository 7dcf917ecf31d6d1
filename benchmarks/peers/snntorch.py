"""snnTorch: `Leaky` in a loop over time, as its tutorials write it; also with torch.compile."""

from collections.abc import Iterator

import snntorch
import torch
from snntorch import spikegen, surrogate
from torch import nn

from benchmarks.cases import BETA, SLOPE, Case
from benchmarks.images import Images
from benchmarks.peers.torch_layers import weight_layers
from benchmarks.peers.torch_steps import steps
from benchmarks.timing import Step

PACKAGES = ("snntorch", "torch")


def make(case: Case, images: Images, threads: int, *, compiled: bool = False) -> Iterator[Step]:
    """Return the steps."""
    torch.set_num_threads(threads)
    network = _Network(case.arch, images.dataset.input_shape)
    run = torch.compile(network) if compiled else network

    def forward(x: torch.Tensor) -> torch.Tensor:
        return run(spikegen.rate(x, num_steps=case.T))

    return steps(case, images, network.parameters(), forward)


class _Network(nn.Module):
    """Weight layers, each followed by its neurons and what reshapes their spikes."""

    def __init__(self, arch: str, shape: tuple[int, ...]) -> None:
        super().__init__()
        parts = weight_layers(arch, shape)
        self.weights = nn.ModuleList(part.weights for part in parts)
        self.after = nn.ModuleList(part.after for part in parts)
        self.neurons = nn.ModuleList(
            snntorch.Leaky(beta=BETA, spike_grad=surrogate.fast_sigmoid(slope=SLOPE)) for _ in parts
        )

    def forward(self, spikes_of_steps: torch.Tensor) -> torch.Tensor:
        membranes = [neurons.reset_mem() for neurons in self.neurons]
        outputs = []
        for spikes in spikes_of_steps:
            for i, neurons in enumerate(self.neurons):
                spikes, membranes[i] = neurons(self.weights[i](spikes), membranes[i])  # noqa: PLW2901
                spikes = self.after[i](spikes)  # noqa: PLW2901
            outputs.append(spikes)
        return torch.stack(outputs).mean(0)
