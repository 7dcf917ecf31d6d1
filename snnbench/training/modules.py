"""Ordinary torch modules and autograd, one run after another: any network, any device.

With the neurons' own equations in torch this is the reference engine; with a kernel in their
place it is the fast engine of networks that no other engine fits.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext

import torch

from snnbench.config import RunConfig
from snnbench.cost.counting import tallying
from snnbench.cost.tally import Tally
from snnbench.inputs.encodings import draw_keys, encode
from snnbench.inputs.prepare import Part, RunData
from snnbench.network.build import InputConvolution, Network, build_network
from snnbench.neurons.lif import Kernels
from snnbench.training.evaluation import evaluate, output_membrane
from snnbench.training.losses import scores, training_loss
from snnbench.training.member import Evaluation, OwnNetworks
from snnbench.training.optim import StackedOptimizer
from snnbench.training.teacher import teacher_scores


class ModuleEngine(OwnNetworks):
    """Trains a cohort: runs that share data, order, encoding and shapes.

    Each run is an ordinary `Network`; all their parameters lie in one tensor [K, P], which the
    stacked optimizer updates.
    """

    def __init__(
        self,
        configs: Sequence[RunConfig],
        data: RunData,
        device: torch.device,
        make_kernels: Callable[[RunConfig], Kernels] | None = None,
        convolution: InputConvolution | None = None,
    ) -> None:
        self.configs, self.data = list(configs), data
        self.networks = [build_network(c, data.input_shape).to(device) for c in configs]
        if make_kernels is not None:
            for config, network in zip(configs, self.networks, strict=True):
                for neurons in filter(None, network.neurons):
                    neurons.kernels = make_kernels(config)
        for network in self.networks:
            network.convolve_by(convolution)
        self.parameters, gradients = _flatten(self.networks)
        self.gradients = gradients
        self.optimizer = StackedOptimizer(configs, self.parameters, gradients)
        self.teachers = [teacher_scores(c, data.train.x, data.train.samples) for c in configs]
        self.tallies = self._fresh_tallies()

    def _fresh_tallies(self) -> list[list[Tally]]:
        return [[Tally() for _ in network.plan] for network in self.networks]

    def begin_epoch(self) -> None:
        """Start the input rates of training anew."""
        self.tallies = self._fresh_tallies()

    def train_batch(
        self, epoch: int, rows: torch.Tensor, learning_rates: Sequence[float], active: Sequence[int]
    ) -> tuple[list[float], list[int]]:
        """Take one optimizer step.

        Args:
            epoch: from 1.
            rows: which training samples, int64 [B].
            learning_rates: one a run.
            active: positions of the runs that still train.

        Returns:
            loss and number of correct predictions of every active run.
        """
        part = self.data.train
        y, samples = part.y[rows], part.samples[rows]
        x = encode(self.configs[0], part.x[rows], samples, epoch)
        self.gradients.zero_()
        losses, correct = [], []
        for k in active:
            network, config = self.networks[k].train(), self.configs[k]
            if config.dropout:  # the same units are dropped whoever else is in the cohort
                torch.manual_seed(int(draw_keys(config.seed, epoch, samples[:1])))
            counted = tallying(network, self.tallies[k], maps=False)
            with counted if network.spiking else nullcontext():
                outputs = network(x)
            teacher = self.teachers[k]
            wanted = None if teacher is None else teacher[rows]
            loss = training_loss(config, outputs, output_membrane(network), y, wanted)
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.item())
            correct.append(int((scores(outputs.detach()).argmax(1) == y).sum()))
        self.optimizer.step(learning_rates, active)
        return losses, correct

    def input_rates(self, member: int) -> list[float]:
        """Return the mean input of each weight layer of a run over this epoch's training.

        1 for an ANN, whose counts do not depend on it.
        """
        if not self.networks[member].spiking:
            return [1.0] * len(self.networks[member].plan)
        return [tally.input_rate for tally in self.tallies[member]]

    def evaluate(self, part: Part, active: Sequence[int]) -> list[Evaluation]:
        """Run every active run over a part once: loss, accuracy and tallies together."""
        configs = [self.configs[k] for k in active]
        return evaluate(configs, [self.networks[k] for k in active], part)

    def is_finite(self, member: int) -> bool:
        """Return whether all of a run's parameters are finite numbers: one look at the device."""
        return bool(torch.isfinite(self.parameters[member]).all())


def _flatten(networks: Sequence[Network]) -> tuple[torch.Tensor, torch.Tensor]:
    """Move all parameters into one tensor [K, P], which the modules' own become views of.

    Returns:
        parameters and gradients, [K, P].
    """
    flat = torch.stack(
        [torch.cat([p.detach().flatten() for p in n.parameters()]) for n in networks]
    )
    gradients = torch.zeros_like(flat)
    for k, network in enumerate(networks):
        start = 0
        for parameter in network.parameters():
            span = slice(start, start + parameter.numel())
            parameter.data = flat[k, span].view_as(parameter)
            parameter.grad = gradients[k, span].view_as(parameter)
            start = span.stop
    return flat, gradients
