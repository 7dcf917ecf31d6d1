"""The fast engine for fully connected ANNs on a CPU: gradients written out, no autograd.

A step of a small perceptron is bound by the cost of calls, not of arithmetic, so there are few:
one matrix product a layer and direction for each run, and one fused optimizer for all. Each run
has products of its own, so that no bit depends on its companions.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch

from snnbench.config import RunConfig
from snnbench.cost.tally import Tally
from snnbench.network.build import Network, build_network
from snnbench.network.plan import WeightLayer
from snnbench.spiking.kernels.cpu.jit import set_threads
from snnbench.spiking.kernels.cpu.optimizers import CohortOptimizer
from snnbench.spiking.kernels.cpu.warmup import use_optimizer
from snnbench.training.evaluation import EVALUATION_BATCH, judges
from snnbench.training.gradients import loss_and_gradient
from snnbench.training.member import Evaluation
from snnbench.training.prepare import Part, RunData
from snnbench.training.teacher import teacher_scores

Tensor = torch.Tensor

# activation -> itself in place, and its derivative times a gradient, from the activation's value
_ACTIVATIONS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]] = {
    "linear": (lambda z: z, lambda gradient, value: gradient),
    "relu": (torch.relu_, lambda gradient, value: gradient.mul_(value > 0)),
    "sigmoid": (torch.sigmoid_, lambda gradient, value: gradient.mul_(value * (1 - value))),
    "tanh": (torch.tanh_, lambda gradient, value: gradient.mul_(1 - value * value)),
}


def fits(config: RunConfig, plan: Sequence[WeightLayer]) -> bool:
    """Return whether the network is a plain perceptron."""
    plain = not config.batch_norm and not config.dropout
    return config.model == "ann" and plain and all(entry.kind == "linear" for entry in plan)


class PerceptronEngine:
    """Trains a cohort of perceptrons; an `Engine` like any other."""

    def __init__(self, configs: Sequence[RunConfig], data: RunData) -> None:
        # The kernels' threads would idle, spinning, beside those of torch that multiply.
        set_threads(1)
        self.configs, self.data = list(configs), data
        first = self.configs[0]
        self.networks = [build_network(c, data.input_shape) for c in configs]
        self.plan = self.networks[0].plan
        self.weights, self.biases = _stack_parameters(self.networks)
        parameters = [*self.weights, *(b for b in self.biases if b is not None)]
        self.gradients = [torch.zeros_like(p) for p in parameters]
        self.optimizer = CohortOptimizer(
            first.optimizer,
            [p.flatten(1)[None].numpy() for p in parameters],
            [c.momentum for c in configs],
            [c.weight_decay for c in configs],
        )
        use_optimizer(first.optimizer)  # compiled or loaded before any clock runs
        self.teachers = [teacher_scores(c, data.train.x, data.train.samples) for c in configs]
        self._inputs = {
            id(part): part.x.flatten(1) for part in (data.train, data.val, data.test) if part
        }

    def begin_epoch(self) -> None:
        """Do nothing: an ANN's counts do not depend on the values of its inputs."""

    def input_rates(self, member: int) -> list[float]:
        """Return 1 for every layer: all inputs count."""
        return [1.0] * len(self.plan)

    @torch.no_grad()
    def train_batch(
        self, epoch: int, rows: Tensor, learning_rates: Sequence[float], active: Sequence[int]
    ) -> tuple[list[float], list[int]]:
        """Take one optimizer step; see `Engine`."""
        x, y = self._inputs[id(self.data.train)][rows], self.data.train.y[rows].numpy()
        losses, correct = [], []
        for k in active:
            values = self._forward(k, x)
            teacher = self.teachers[k]
            wanted = None if teacher is None else teacher[rows]
            scores = values[-1].numpy()
            loss, gradient = loss_and_gradient(self.configs[k], scores, y, wanted, steps=1)
            losses.append(loss)
            correct.append(int((scores.argmax(1) == y).sum()))
            self._backward(k, values, torch.from_numpy(gradient))
        training = np.zeros(len(self.configs), np.bool_)
        training[list(active)] = True
        gradients = [g.numpy() for g in self.gradients]
        self.optimizer.step(gradients, learning_rates, training)
        return losses, correct

    def _forward(self, k: int, x: Tensor) -> list[Tensor]:
        """Return the input of every layer and the output, [B, M] each."""
        values = [x]
        for entry, weight, bias in zip(self.plan, self.weights, self.biases, strict=True):
            product = torch.mm(values[-1], weight[k].t())
            z = product if bias is None else product.add_(bias[k])
            values.append(_ACTIVATIONS[entry.activation][0](z))
        return values

    def _backward(self, k: int, values: list[Tensor], gradient: Tensor) -> None:
        """Write the gradients of run k's parameters."""
        layers = len(self.plan)
        for index in reversed(range(layers)):
            gradient = _ACTIVATIONS[self.plan[index].activation][1](gradient, values[index + 1])
            torch.mm(gradient.t(), values[index], out=self.gradients[index][k])
            if self.biases[index] is not None:
                torch.sum(gradient, 0, out=self.gradients[layers + index][k])
            if index > 0:
                gradient = torch.mm(gradient, self.weights[index][k])

    @torch.no_grad()
    def evaluate(self, part: Part, active: Sequence[int]) -> list[Evaluation]:
        """Run every active run over a part once: loss, accuracy and tallies together."""
        judged = judges([self.configs[k] for k in active])
        results = [Evaluation(0.0, 0.0, [Tally() for _ in self.plan]) for _ in active]
        for start in range(0, len(part), EVALUATION_BATCH):
            piece = slice(start, start + EVALUATION_BATCH)
            x, y = self._inputs[id(part)][piece], part.y[piece].numpy()
            for k, judge, result in zip(active, judged, results, strict=True):
                values = self._forward(k, x)
                scores = values.pop().numpy()
                loss, _ = loss_and_gradient(judge, scores, y, None, steps=1)
                result.loss += loss * len(y) / len(part)
                result.accuracy += int((scores.argmax(1) == y).sum())
                for tally, value in zip(result.tallies, values, strict=True):
                    tally.add_input(value[None])
        for result in results:
            result.accuracy /= len(part)
        return results

    def weights_of(self, member: int) -> dict[str, Tensor]:
        """Return a copy of a run's state."""
        return {n: t.clone() for n, t in self.networks[member].state_dict().items()}

    def is_finite(self, member: int) -> bool:
        """Return whether all of a run's parameters are finite numbers."""
        return all(bool(torch.isfinite(p).all()) for p in self.networks[member].parameters())


def _stack_parameters(networks: Sequence[Network]) -> tuple[list[Tensor], list[Tensor | None]]:
    """Move all parameters into tensors with a leading axis K, of which the modules' become views.

    Returns:
        weights [K, N, M] and biases [K, N] of every layer.
    """
    weights: list[Tensor] = []
    biases: list[Tensor | None] = []
    for modules in zip(*(network.weight_modules for network in networks), strict=True):
        weight = torch.stack([module.weight.detach() for module in modules])
        has_bias = modules[0].bias is not None
        bias = torch.stack([module.bias.detach() for module in modules]) if has_bias else None
        for k, module in enumerate(modules):
            module.weight.data = weight[k]
            if bias is not None:
                module.bias.data = bias[k]
        weights.append(weight)
        biases.append(bias)
    return weights, biases
