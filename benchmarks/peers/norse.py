"""Norse: `LIFBoxCell` lifted over time; also with torch.compile.

The box is Norse's LIF without a synaptic current: our equation, and faster than its `LIF`.
"""

from collections.abc import Iterator

import norse.torch
import torch
from norse.torch.functional.lif_box import LIFBoxParameters
from norse.torch.functional.reset import reset_subtract
from torch import nn

from benchmarks.cases import BETA, Case
from benchmarks.images import Images
from benchmarks.peers.torch_layers import weight_layers
from benchmarks.peers.torch_steps import steps
from benchmarks.timing import Step

PACKAGES = ("norse", "torch")

_DT = 0.001  # Norse's own time step, in seconds


def make(case: Case, images: Images, threads: int, *, compiled: bool = False) -> Iterator[Step]:
    """Return the steps."""
    torch.set_num_threads(threads)
    network = _Network(case.arch, images.dataset.input_shape)
    encoder = norse.torch.PoissonEncoder(case.T, f_max=1 / _DT, dt=_DT)
    run = torch.compile(network) if compiled else network

    def forward(x: torch.Tensor) -> torch.Tensor:
        return run(encoder(x))

    return steps(case, images, network.parameters(), forward)


class _Network(nn.Module):
    """Every layer takes and gives all time steps, [T, B, ...]."""

    def __init__(self, arch: str, shape: tuple[int, ...]) -> None:
        super().__init__()
        parameters = LIFBoxParameters(
            tau_mem_inv=torch.tensor((1 - BETA) / _DT), reset_method=reset_subtract
        )
        layers: list[nn.Module] = []
        for part in weight_layers(arch, shape):
            linear = isinstance(part.weights, nn.Linear)
            layers.append(part.weights if linear else norse.torch.Lift(part.weights))
            layers.append(norse.torch.Lift(norse.torch.LIFBoxCell(parameters, dt=_DT)))
            if not isinstance(part.after, nn.Identity):
                layers.append(norse.torch.Lift(part.after))
        self.layers = nn.ModuleList(layers)

    def forward(self, spikes: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            output = layer(spikes)
            spikes = output[0] if isinstance(output, tuple) else output
        return spikes.mean(0)
