"""The fast engine for fully connected ANNs on a CPU: gradients written out, no autograd.

A step of a small perceptron is bound by the cost of calls, not of arithmetic, so there are few:
one for small layers and their loss, else a matrix product a layer and direction for each run,
and one fused optimizer for all. Each run has products of its own, so that no bit depends on its
companions. Of inputs that are mostly zeros only the others are read.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch

from snnbench.config import RunConfig
from snnbench.cost.tally import Tally
from snnbench.inputs.prepare import Part, RunData
from snnbench.kernels.base.jit import Floats, Ints, Numbers
from snnbench.kernels.base.losses import KINDS, hits_of_members
from snnbench.kernels.base.optimizers import CohortOptimizer
from snnbench.kernels.perceptron.small_layers import SmallLayers
from snnbench.kernels.perceptron.sparse_input import SparseRows
from snnbench.network.build import build_network
from snnbench.training.evaluation import Watches, judges
from snnbench.training.gradients import losses_and_gradients
from snnbench.training.hits import Hits, of_active
from snnbench.training.member import OwnNetworks
from snnbench.training.parameters import side_by_side, stack_parameters
from snnbench.training.teacher import teacher_scores

Tensor = torch.Tensor

# Share of non-zero inputs below which reading only those is faster, and multiplications of a
# product from which on a second thread pays: `python -m benchmarks.choices` measures both.
_SPARSE = 0.3
_WORTH_THREADS = 2e7
_CACHE_LINE = 64  # bytes; where torch's own tensors begin
# Multiplications a step of the layers behind the first, up to which calls cost more than they.
_SMALL = 5e6
# A product a b with fewer columns than a vector has lanes is faster as (b' a')', where `a` has so
# many values that the copies do not matter: 2 to 4 times for 8000 units and 10 classes.
_NARROW = 16
_LARGE = 30_000

_relu_backward = torch.ops.aten.threshold_backward  # one pass, where a mask takes two


def _one_by_one(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return what applies a function to each run's values [K, ...] alone.

    torch rounds the last values of a tensor, which fill no vector, in another way.
    """

    def apply(z: Tensor) -> Tensor:
        for own in z:
            function(own)
        return z

    return apply


# activation -> itself in place, and its derivative times a gradient, from the activation's value
_ACTIVATIONS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor, Tensor], Tensor]]] = {
    "linear": (lambda z: z, lambda gradient, value: gradient),
    "relu": (torch.relu_, lambda gradient, value: _relu_backward(gradient, value, 0)),
    "sigmoid": (
        _one_by_one(torch.sigmoid_),
        lambda gradient, value: gradient.mul_(value * (1 - value)),
    ),
    "tanh": (_one_by_one(torch.tanh_), lambda gradient, value: gradient.mul_(1 - value * value)),
}


class PerceptronEngine(OwnNetworks[CohortOptimizer]):
    """Trains a cohort of perceptrons; an `Engine` like any other.

    Args:
        configs: of the runs.
        data: of them all.
        small_layers: take them in one call; "auto": where that is faster.
    """

    def __init__(
        self,
        configs: Sequence[RunConfig],
        data: RunData,
        *,
        small_layers: Literal["auto", "always", "never"] = "auto",
    ) -> None:
        self.configs, self.data = list(configs), data
        self._judges = judges(configs)
        first = self.configs[0]
        self.networks = [build_network(c, data.input_shape) for c in configs]
        self.plan = self.networks[0].plan
        largest = max(entry.fan_in * entry.units for entry in self.plan)
        if largest * first.batch_size < _WORTH_THREADS:
            torch.set_num_threads(1)
        self.teachers = [teacher_scores(c, data.train.x, data.train.samples) for c in configs]
        self._inputs = {
            id(part): _Input(part) for part in (data.train, data.val, data.test) if part
        }
        self._y = data.train.y.numpy()
        self._small_layers = small_layers
        self._arrange()

    def _arrange(self) -> None:
        flat, self.weights, self.biases = stack_parameters(self.networks, axis=0)
        parameters = [*self.weights, *(b for b in self.biases if b is not None)]
        flat_gradients, self.gradients = side_by_side([torch.zeros_like(p) for p in parameters])
        alone = len(self.configs) == 1  # one call for all parameters: several members take turns
        self._updates = [g.numpy() for g in ([flat_gradients] if alone else self.gradients)]
        self.optimizer = CohortOptimizer(
            self.configs[0].optimizer,
            [p.view(1, len(self.configs), -1).numpy() for p in ([flat] if alone else parameters)],
            [c.momentum for c in self.configs],
            [c.weight_decay for c in self.configs],
        )
        self.small = self._make_small(flat, flat_gradients, self._small_layers)
        self._warm_up()

    def _make_small(self, parameters: Tensor, gradients: Tensor, how: str) -> SmallLayers | None:
        """Return what takes small layers in one call; None where nothing is to."""
        first, layers = self.configs[0], self.plan[1:]
        batch = min(first.batch_size, len(self.data.train))
        multiplications = batch * sum(entry.fan_in * entry.units for entry in layers)
        closed = all(config.loss in KINDS for config in self.configs)
        if how == "never" or not closed or (how == "auto" and multiplications > _SMALL):
            return None
        self._kinds = np.array([KINDS[config.loss] for config in self.configs])
        return SmallLayers(
            [self.plan[0].fan_in, *(entry.units for entry in self.plan)],
            [entry.activation for entry in self.plan],
            batch,
            parameters=parameters.numpy(),
            gradients=gradients.numpy(),
            members=len(self.configs),
            sparse=self._inputs[id(self.data.train)].sparse,
        )

    def _warm_up(self) -> None:
        """Use every kernel once, so that no clock runs while they are compiled or loaded."""
        part, runs = self.data.train, range(len(self.configs))
        values = self._forward(part, np.arange(1))
        scores, y = _by_sample(values[-1]), np.zeros(1, np.int64)
        hits_of_members(scores, y)
        nothing: list[None] = [None] * len(self.configs)
        losses_and_gradients(self._judges, scores, y, nothing, runs, steps=1)
        self._backward(part, np.arange(1), values, torch.zeros_like(values[-1]))
        if self.small is not None:
            self._small_step(self.small, part, np.arange(1), runs)

    def begin_epoch(self) -> None:
        """Do nothing: an ANN's counts do not depend on the values of its inputs."""

    def input_rates(self, member: int) -> list[float]:
        """Return 1 for every layer: all inputs count."""
        return [1.0] * len(self.plan)

    @torch.no_grad()
    def train_batch(
        self, epoch: int, rows: Tensor, learning_rates: Sequence[float], active: Sequence[int]
    ) -> tuple[list[float], list[Hits]]:
        """Take one optimizer step; see `Engine`."""
        part, at = self.data.train, rows.numpy()
        if self.small is not None:
            losses, hits = self._small_step(self.small, part, at, active)
        else:
            losses, hits = self._step(part, at, active)
        self.optimizer.step(self._updates, learning_rates, active)
        return of_active(losses, hits, active)

    def _small_step(
        self, small: SmallLayers, part: Part, at: Ints, active: Sequence[int]
    ) -> tuple[Numbers, Hits]:
        """Return losses and hits of all runs, and write the gradients."""
        kinds = self._kinds
        if len(active) < len(kinds):
            kinds = np.where(np.isin(np.arange(len(kinds)), active), kinds, 0)
        if small.takes_input:
            return small.train(at, self._y, kinds)
        source = self._inputs[id(part)]
        first = source.product(at, self.weights[0], self.biases[0])
        done = small.train(at, self._y, kinds, first.numpy())
        source.weight_gradient(at, first, self.gradients[0])
        return done

    def _step(self, part: Part, at: Ints, active: Sequence[int]) -> tuple[Numbers, Hits]:
        """Do what `_small_step` does, layer by layer, for every size and loss."""
        y = self._y[at]
        values = self._forward(part, at)
        scores = _by_sample(values[-1])
        wanted = [None if teacher is None else teacher[at] for teacher in self.teachers]
        losses, gradient = losses_and_gradients(self.configs, scores, y, wanted, active, steps=1)
        hits = hits_of_members(scores, y)
        self._backward(part, at, values, torch.from_numpy(_by_sample(gradient)))
        return losses, hits

    def _forward(self, part: Part, rows: Ints) -> list[Tensor]:
        """Return what every layer gives, [K, B, N] each."""
        values: list[Tensor] = []
        for index, entry in enumerate(self.plan):
            weight, bias = self.weights[index], self.biases[index]
            if index == 0:
                z = self._inputs[id(part)].product(rows, weight, bias)
            else:
                z = torch.empty(len(weight), len(rows), entry.units)
                for k in range(len(weight)):
                    _multiply(values[-1][k], weight[k], z[k])
                if bias is not None:
                    z.add_(bias[:, None])
            values.append(_ACTIVATIONS[entry.activation][0](z))
        return values

    def _backward(self, part: Part, rows: Ints, values: list[Tensor], gradient: Tensor) -> None:
        """Write the gradients of all runs' parameters."""
        layers = len(self.plan)
        for index in reversed(range(layers)):
            gradient = _ACTIVATIONS[self.plan[index].activation][1](gradient, values[index])
            if self.biases[index] is not None:
                for k in range(len(gradient)):  # summed together, the order could depend on K
                    torch.sum(gradient[k], 0, out=self.gradients[layers + index][k])
            out = self.gradients[index]
            if index == 0:
                self._inputs[id(part)].weight_gradient(rows, gradient, out)
                return
            below = torch.empty_like(values[index - 1])
            for k in range(len(gradient)):
                _multiply(values[index - 1][k].t(), gradient[k], out[k])
                _multiply(gradient[k], self.weights[index][k].t(), below[k])
            gradient = below

    @torch.no_grad()
    def evaluate_batch(
        self,
        part: Part,
        piece: slice,
        active: Sequence[int],
        tallies: Sequence[list[Tally]],
        watches: Watches,
    ) -> tuple[list[float], list[Hits]]:
        """See `Evaluator`."""
        x, y = part.x[piece].flatten(1), part.y[piece].numpy()
        values = self._forward(part, np.arange(piece.start, piece.stop))
        scores, nothing = _by_sample(values[-1]), [None] * len(self.configs)
        losses, _ = losses_and_gradients(self._judges, scores, y, nothing, active, steps=1)
        hits = hits_of_members(scores, y)
        for k, own in zip(active, tallies, strict=True):
            if own:
                inputs = [x, *(value[k] for value in values[:-1])]
                for tally, value in zip(own, inputs, strict=True):
                    tally.add_input(value[None])
        return of_active(losses, hits, active)


class _Input:
    """The first layer's input, batch by batch: only its non-zero values where they are few."""

    def __init__(self, part: Part) -> None:
        self.x = part.x.flatten(1)
        is_sparse = torch.count_nonzero(self.x) < _SPARSE * self.x.numel()
        self.sparse = SparseRows(self.x.numpy()) if is_sparse else None
        self._taken = self.x  # the rows of the last product

    def product(self, rows: Ints, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Return x W + b of some rows for every run, [K, B, N]."""
        if self.sparse is not None:
            base = None if bias is None else bias.numpy()
            return torch.from_numpy(self.sparse.product(rows, weight.numpy(), base))
        self._taken = x = self.x[torch.from_numpy(rows)]
        z = torch.empty(len(weight), len(rows), weight.shape[2])
        for k in range(len(weight)):
            _multiply(x, weight[k], z[k])
        return z if bias is None else z.add_(bias[:, None])

    def weight_gradient(self, rows: Ints, gradient: Tensor, out: Tensor) -> None:
        """Write x' G for every run, of the rows of the last product."""
        if self.sparse is not None:
            self.sparse.weight_gradient(rows, gradient.numpy(), out.numpy())
            return
        for k in range(len(gradient)):
            _multiply(self._taken.t(), gradient[k], out[k])


def _multiply(a: Tensor, b: Tensor, out: Tensor) -> None:
    """Write a b; BLAS rounds in another order where `out` begins elsewhere in a cache line."""
    if out.shape[1] < _NARROW and a.numel() > _LARGE:
        out.copy_(torch.mm(b.t().contiguous(), a.t()).t())
    elif out.data_ptr() % _CACHE_LINE == 0:
        torch.mm(a, b, out=out)
    else:
        out.copy_(torch.mm(a, b))


def _by_sample(values: Tensor | Floats) -> Floats:
    """Return [K, B, C] as [B, K, C] or the other way, contiguous."""
    array: Floats = np.ascontiguousarray(np.asarray(values).swapaxes(0, 1))
    return array
