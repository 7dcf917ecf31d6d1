"""SpikingJelly: multi-step layers ("m"), whose LIF runs all time steps in one operator."""

from collections.abc import Iterator

import torch
from spikingjelly.activation_based import encoding, functional, layer, neuron, surrogate
from torch import nn

from benchmarks.cases import BETA, SLOPE, Case
from benchmarks.images import Images
from benchmarks.peers.torch_steps import steps
from benchmarks.timing import Step
from snnbench.config.arch import parse_arch

PACKAGES = ("spikingjelly", "torch")


def make(case: Case, images: Images, threads: int) -> Iterator[Step]:
    """Return the steps."""
    torch.set_num_threads(threads)
    network = nn.Sequential(*_modules(case, images.dataset.input_shape))
    functional.set_step_mode(network, "m")
    encoder = encoding.PoissonEncoder(step_mode="m")

    def forward(x: torch.Tensor) -> torch.Tensor:
        functional.reset_net(network)
        return network(encoder(x.expand(case.T, *x.shape))).mean(0)

    return steps(case, images, network.parameters(), forward)


def _modules(case: Case, shape: tuple[int, ...]) -> Iterator[nn.Module]:
    channels, side, width = shape[0], shape[1], shape[0] * shape[1] * shape[2]
    flat = case.is_flat
    for spec in parse_arch(case.arch):
        if spec.kind == "pool":
            yield layer.MaxPool2d(spec.width)
            side //= spec.width
            width = channels * side * side
            continue
        if spec.kind == "conv":
            yield layer.Conv2d(channels, spec.width, spec.kernel, padding=spec.kernel // 2)
            channels, width = spec.width, spec.width * side * side
        else:
            if not flat:
                yield layer.Flatten()
                flat = True
            yield layer.Linear(width, spec.width)
            width = spec.width
        yield neuron.LIFNode(
            tau=1 / (1 - BETA),
            decay_input=False,
            v_reset=None,
            surrogate_function=surrogate.SoftSign(SLOPE),
        )
