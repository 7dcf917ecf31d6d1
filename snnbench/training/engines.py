"""The choice of an engine: what trains a cohort on this machine."""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from snnbench.config import RunConfig
from snnbench.inputs.prepare import Part, RunData
from snnbench.network.build import Network
from snnbench.network.plan import plan_layers
from snnbench.neurons.lif import Kernels
from snnbench.training.member import Evaluation
from snnbench.training.modules import ModuleEngine
from snnbench.training.numpy_engine import NumpyEngine


class Engine(Protocol):
    """Trains and evaluates a cohort: runs that share data, order, encoding and shapes."""

    configs: list[RunConfig]
    data: RunData
    networks: list[Network]

    def begin_epoch(self) -> None:
        """Start the input rates of training anew."""

    def train_batch(
        self, epoch: int, rows: torch.Tensor, learning_rates: Sequence[float], active: Sequence[int]
    ) -> tuple[list[float], list[int]]:
        """Take one optimizer step; return loss and correct predictions of the active runs."""

    def input_rates(self, member: int) -> list[float]:
        """Return the mean input of each weight layer of a run over this epoch's training."""

    def evaluate(self, part: Part, active: Sequence[int]) -> list[Evaluation]:
        """Run the active runs over a part once: loss, accuracy and tallies together."""

    def weights_of(self, member: int) -> dict[str, torch.Tensor]:
        """Return a copy of a run's state: parameters and BatchNorm's running statistics."""

    def is_finite(self, member: int) -> bool:
        """Return whether all of a run's parameters are finite numbers."""


def make_engine(configs: Sequence[RunConfig], data: RunData, device: torch.device) -> Engine:
    """Return the engine that the configs ask for: `fast` is the fastest that fits."""
    first = configs[0]
    if first.engine == "numpy":
        return NumpyEngine(configs, data)
    if first.engine == "reference":
        return ModuleEngine(configs, data, device)
    if device.type == "cuda":
        return ModuleEngine(configs, data, device, _cuda_kernels(first))
    # numba costs half a second to import: only when needed
    from snnbench.kernels.base.jit import set_threads
    from snnbench.kernels.functions import input_convolution
    from snnbench.training import perceptron, stacked

    threads = torch.get_num_threads()
    set_threads(threads)
    torch.set_num_threads(threads)  # which numba's first start changes
    plan = plan_layers(first, data.input_shape)
    if stacked.fits(first, plan):
        return stacked.StackedEngine(configs, data)
    if perceptron.fits(first, plan):
        return perceptron.PerceptronEngine(configs, data)
    return ModuleEngine(configs, data, device, _cpu_kernels(first), input_convolution)


def _cpu_kernels(config: RunConfig) -> Callable[[RunConfig], Kernels] | None:
    """Return what makes a run's kernels on a CPU; None where only the reference can do it."""
    from snnbench.kernels.functions import lif_scan, pooled_lif_scan
    from snnbench.kernels.neurons.equations import SURROGATES
    from snnbench.training.stacked import neurons_of

    if config.model == "ann" or config.surrogate not in SURROGATES:
        return None

    def make(config: RunConfig) -> Kernels:
        neurons = neurons_of([config])

        def scan(current: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            if _is_repeated(current):
                spikes, membranes = lif_scan(current[:1], neurons, config.T)
            else:
                spikes, membranes = lif_scan(current.unsqueeze(1), neurons)
            return spikes.squeeze(1), membranes.squeeze(1)

        def pooled_scan(current: torch.Tensor) -> torch.Tensor:
            if _is_repeated(current):
                return pooled_lif_scan(current[0], neurons, config.T)
            return pooled_lif_scan(current, neurons)

        return Kernels(scan, pooled_scan)

    return make


def _cuda_kernels(config: RunConfig) -> Callable[[RunConfig], Kernels] | None:
    """Return what makes a run's kernels on a GPU; None where only the reference can do it."""
    if config.model == "ann":
        return None
    from snnbench.kernels import triton_scan as cuda

    if config.surrogate not in cuda.SURROGATES:
        return None

    def make(config: RunConfig) -> Kernels:
        def scan(current: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            rows = (
                current[0].reshape(1, -1) if _is_repeated(current) else current.flatten(1)[:, None]
            )
            spikes, membranes = cuda.lif_scan(
                rows.contiguous(),
                beta=config.leak,
                v_th=config.v_th,
                z=config.z,
                T=config.T,
                reset=config.reset,
                detach_reset=config.detach_reset,
                surrogate=config.surrogate,
                alpha=config.surrogate_alpha,
            )
            return spikes.view(current.shape), membranes.view(current.shape)

        return Kernels(scan)

    return make


def _is_repeated(current: torch.Tensor) -> bool:
    """Return whether all steps are one and the same memory, as `RepeatCurrent` gives them."""
    return current.shape[0] > 1 and current.stride(0) == 0
