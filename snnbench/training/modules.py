"""Ordinary torch modules and autograd, one run after another: any network, any device.

`ModuleEngine` is plain torch, with the neurons' own equations and torch's optimizers: the
reference. The others have kernels in the place of some of it.
"""

from collections.abc import Sequence
from contextlib import nullcontext

import torch

from snnbench.config import RunConfig
from snnbench.cost.counting import tallying
from snnbench.cost.tally import Tally
from snnbench.inputs.bernoulli import draw_keys
from snnbench.inputs.encodings import encode
from snnbench.inputs.prepare import RunData
from snnbench.network.build import build_network
from snnbench.network.convolution import InputConvolution
from snnbench.neurons.neuron import Kernels, Neuron
from snnbench.training.evaluation import NetworkEvaluator, output_membrane
from snnbench.training.hits import Hits, hits_of
from snnbench.training.losses import predicted, training_loss
from snnbench.training.member import OwnNetworks
from snnbench.training.optim import TorchOptimizers, make_optimizer
from snnbench.training.teacher import teacher_scores


class ModuleEngine(NetworkEvaluator, OwnNetworks[TorchOptimizers]):
    """Trains a cohort: runs that share data, order, encoding and shapes; an `Engine`."""

    def __init__(self, configs: Sequence[RunConfig], data: RunData) -> None:
        self.data = data
        device = data.train.x.device
        super().__init__(configs, [build_network(c, data.input_shape).to(device) for c in configs])
        self.teachers = [teacher_scores(c, data.train.x, data.train.samples) for c in configs]
        self._arrange()

    def _arrange(self) -> None:
        self.optimizer = self._make_optimizer()
        self.begin_epoch()

    def _make_optimizer(self) -> TorchOptimizers:
        return TorchOptimizers(self.configs, self.networks)

    def begin_epoch(self) -> None:
        """Start the input rates of training anew."""
        self.tallies = [[Tally() for _ in network.plan] for network in self.networks]

    def train_batch(
        self, epoch: int, rows: torch.Tensor, learning_rates: Sequence[float], active: Sequence[int]
    ) -> tuple[list[float], list[Hits]]:
        """Take one optimizer step; see `Engine`."""
        part = self.data.train
        y, samples = part.y[rows], part.samples[rows]
        x = encode(self.configs[0], part.x[rows], samples, epoch)
        self.optimizer.zero_grad()
        losses, hits = [], []
        for k in active:
            network, config = self.networks[k].train(), self.configs[k]
            if config.dropout:  # the same units are dropped whoever else is in the cohort
                torch.manual_seed(int(draw_keys(config.seed, epoch, samples[:1])))
            counted = tallying(network, self.tallies[k], maps=False)
            with counted if network.spiking else nullcontext():
                outputs = network(x)
            membrane, teacher = output_membrane(network), self.teachers[k]
            wanted = None if teacher is None else teacher[rows]
            loss = training_loss(config, outputs, membrane, y, wanted)
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.item())
            hits.append(hits_of(predicted(config, outputs.detach(), membrane), y))
        self.optimizer.step(learning_rates, active)
        return losses, hits

    def input_rates(self, member: int) -> list[float]:
        """Return the mean input of each weight layer of a run over this epoch's training.

        1 for an ANN, whose counts do not depend on it.
        """
        if not self.networks[member].spiking:
            return [1.0] * len(self.networks[member].plan)
        return [tally.input_rate for tally in self.tallies[member]]


class PlainEngine(ModuleEngine):
    """Modules, with one optimizer for all runs and a kernel for a first convolution's gradient."""

    def __init__(self, configs: Sequence[RunConfig], data: RunData) -> None:
        super().__init__(configs, data)
        convolution = _input_convolution() if data.train.x.device.type == "cpu" else None
        for network in self.networks:
            network.convolve_by(convolution)
            for neurons in filter(None, network.neurons):
                neurons.kernels = self._kernels(neurons)

    def _make_optimizer(self) -> TorchOptimizers:
        return make_optimizer(self.configs, self.networks)

    def _kernels(self, neurons: Neuron) -> Kernels | None:
        """Return what runs a layer's neurons; None for their own step."""
        return None


class ScanEngine(PlainEngine):
    """Modules, with the neurons' steps in one kernel on the CPU."""

    def _kernels(self, neurons: Neuron) -> Kernels | None:
        from snnbench.training.scans import cpu_kernels

        return cpu_kernels(neurons, self.configs[0])


class TritonEngine(PlainEngine):
    """Modules, with the neurons' steps in one kernel on the GPU."""

    def _kernels(self, neurons: Neuron) -> Kernels | None:
        from snnbench.training.scans import gpu_kernels

        return gpu_kernels(neurons, self.configs[0])


def _input_convolution() -> InputConvolution:
    # numba costs half a second to import: only when needed
    from snnbench.kernels.functions import input_convolution

    return input_convolution
