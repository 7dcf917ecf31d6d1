"""The fast engine for fully connected SNNs on a CPU: K runs stacked, spikes as events.

One pass of the kernels serves all runs: the batch is encoded once, weights carry the axis K.
Networks with other layers, too, train in `reference`.
"""

from collections.abc import Sequence

import numpy as np
import torch

from snnbench.config import RunConfig
from snnbench.cost.tally import Tally
from snnbench.inputs.encodings import EVALUATION_EPOCH
from snnbench.inputs.prepare import Part, RunData
from snnbench.kernels.base.jit import Floats, Numbers
from snnbench.kernels.base.losses import KINDS, hits_of_members
from snnbench.kernels.base.optimizers import CohortOptimizer
from snnbench.kernels.events.blocks import SpikeBlocks
from snnbench.kernels.layers.narrow_stack import MOST_UNITS, NarrowStack
from snnbench.kernels.layers.stack import SpikingStack
from snnbench.kernels.neurons.equations import Neurons
from snnbench.network.build import build_network
from snnbench.training.evaluation import Watches, judges
from snnbench.training.gradients import losses_and_gradients
from snnbench.training.hits import Hits, of_active
from snnbench.training.layer_input import Counted, LayerInput
from snnbench.training.member import OwnNetworks
from snnbench.training.parameters import stack_parameters
from snnbench.training.scans import members_of
from snnbench.training.stacked_steps import add_steps
from snnbench.training.steps import StepSums
from snnbench.training.teacher import teacher_scores


class StackedEngine(OwnNetworks[CohortOptimizer]):
    """Trains a cohort with the event kernels; an `Engine` like any other.

    Args:
        configs: of the runs.
        data: of them all.
        whole_steps: let a single run with narrow layers take its steps in one call.
    """

    def __init__(
        self, configs: Sequence[RunConfig], data: RunData, *, whole_steps: bool = True
    ) -> None:
        self.configs, self.data = list(configs), data
        self._judges = judges(configs)
        self.networks = [build_network(c, data.input_shape) for c in configs]
        self.plan = self.networks[0].plan
        self.teachers = [teacher_scores(c, data.train.x, data.train.samples) for c in configs]
        self.input = LayerInput(self.configs[0], data.train)
        self.held: dict[int, LayerInput] = {}  # of evaluated parts, which it keeps
        self._whole_steps = whole_steps
        self._arrange()

    def _arrange(self) -> None:
        self.first = self.configs[0]
        parameters, weights, biases = stack_parameters(self.networks, axis=1)
        self.parameters = parameters.numpy()
        self.weights = [weight.numpy() for weight in weights]
        self.biases = [None if bias is None else bias.numpy() for bias in biases]
        self.training, self.evaluating = (self._make_stack() for _ in range(2))
        self.narrow = self._make_narrow() if self._whole_steps else None
        parts = [p for p in (*self.weights, *self.biases) if p is not None]
        self.optimizer = CohortOptimizer(
            self.first.optimizer,
            # one call for all, where their gradients lie side by side, too
            [self.parameters[None, None]] if self.narrow else [_by_member(p) for p in parts],
            [c.momentum for c in self.configs],
            [c.weight_decay for c in self.configs],
        )
        self.begin_epoch()
        self._warm_up()

    def _warm_up(self) -> None:
        """Use every kernel once, so that no clock runs while they are compiled or loaded."""
        source = self.input.take(np.arange(1), EVALUATION_EPOCH)
        sums, trace = self._forward(self.training, source, keep=True)
        self._backward(self.training, source, np.zeros_like(sums if trace is None else trace))
        self._warm_up_evaluation(source)
        if self.narrow is not None:
            self.narrow.train(np.arange(1), self.input.keys(EVALUATION_EPOCH), self._sums)

    def _warm_up_evaluation(self, source: "SpikeBlocks | Floats") -> None:
        """Likewise those that follow the steps of inference."""
        y = self.data.train.y[:1].numpy()
        self._forward(self.evaluating, source, keep=False, keep_last=True)
        counted = self.input.counted(0, source)
        self.input.forget_counts()  # of one sample
        watched = [(0, StepSums(self.first, self.networks[0], None))]
        add_steps(self.evaluating, source, counted, y, watched)

    def _neurons(self) -> Neurons:
        """Return the neurons of a layer of the cohort, all layers' being alike."""
        nodes = [next(filter(None, network.neurons)) for network in self.networks]
        return members_of(nodes, self.first.surrogate)

    def _make_stack(self) -> SpikingStack:
        first, neurons = self.first, self._neurons()
        widths = [self.plan[0].fan_in, *(entry.units for entry in self.plan)]
        constant = self.plan[0].input_kind == "constant"
        return SpikingStack(
            widths,
            [neurons] * len(self.plan),
            first.T,
            source="current" if constant else "shared",
            readout=first.readout,
        )

    def _make_narrow(self) -> NarrowStack | None:
        """Return what does whole steps of a single run with narrow layers; None of others."""
        first, widths = self.first, [entry.units for entry in self.plan]
        if (
            len(self.configs) > 1
            or max(widths) > MOST_UNITS
            or first.encoding != "bernoulli"
            or first.readout != "rate"
            or first.loss not in KINDS
        ):
            return None
        train = self.data.train
        return NarrowStack(
            [self.plan[0].fan_in, *widths],
            self._neurons(),
            first.T,
            min(first.batch_size, len(train)),
            parameters=self.parameters,
            pixels=self.input.pixels,
            y=train.y.numpy(),
            kind=KINDS[first.loss],
        )

    def begin_epoch(self) -> None:
        """Start the input rates of training anew."""
        self._sums = np.zeros((len(self.plan), len(self.configs)))
        self._samples = 0

    def train_batch(
        self, epoch: int, rows: torch.Tensor, learning_rates: Sequence[float], active: Sequence[int]
    ) -> tuple[list[float], list[Hits]]:
        """Take one optimizer step; see `Engine`."""
        if self.narrow is not None:
            keys = self.input.keys(epoch)
            loss, hits = self.narrow.train(rows.numpy(), keys, self._sums)
            self._samples += len(rows)
            self.optimizer.step([self.narrow.gradients], learning_rates, active)
            return [loss], [hits]
        losses, hits, gradients = self._step(epoch, rows, active)
        self.optimizer.step(gradients, learning_rates, active)
        return of_active(losses, hits, active)

    def _step(
        self, epoch: int, rows: torch.Tensor, active: Sequence[int]
    ) -> tuple[Numbers, Hits, list[Floats]]:
        """Return losses and hits of all runs, and gradients of `parameters`."""
        stack, y = self.training, self.data.train.y[rows].numpy()
        source = self.input.take(rows.numpy(), epoch)
        sums, trace = self._forward(stack, source, keep=True)
        self._add_rates(stack, source, len(y))
        outputs, hits = sums if trace is None else trace, hits_of_members(sums, y)
        wanted = [None if teacher is None else teacher[rows] for teacher in self.teachers]
        losses, gradient = losses_and_gradients(
            self.configs, outputs, y, wanted, active, steps=self.first.T
        )
        return losses, hits, self._backward(stack, source, gradient)

    def _forward(
        self,
        stack: SpikingStack,
        source: "SpikeBlocks | Floats",
        *,
        keep: bool,
        keep_last: bool = False,
    ) -> tuple[Floats, Floats | None]:
        entering, weights, biases = source, self.weights, self.biases
        if not isinstance(source, SpikeBlocks):
            entering = _currents(source, weights[0], biases[0])
            weights, biases = weights[1:], biases[1:]
        sums, trace = stack.forward(entering, weights, biases, keep=keep, keep_last=keep_last)
        return np.ascontiguousarray(sums), trace

    def _backward(
        self, stack: SpikingStack, source: "SpikeBlocks | Floats", gradient: Floats
    ) -> list[Floats]:
        """Return the gradients of `parameters`, in their order."""
        of_sums, of_trace = (gradient, None) if gradient.ndim == 3 else (None, gradient)
        if isinstance(source, SpikeBlocks):
            weights, biases, _ = stack.backward(of_sums, of_trace, self.weights)
        else:
            weights, biases, current = stack.backward(of_sums, of_trace, self.weights[1:])
            assert current is not None
            first = np.empty_like(self.weights[0])
            for k in range(len(self.configs)):
                first[:, k] = _product(source.T, current[:, k])
            weights, biases = [first, *weights], [current.sum(0), *biases]
        return [*weights, *(biases if self.first.bias else [])]

    def _add_rates(self, stack: SpikingStack, source: "SpikeBlocks | Floats", batch: int) -> None:
        """Add up every layer's input over this batch."""
        values = source.counts if isinstance(source, SpikeBlocks) else source
        self._sums[0] += values.sum(dtype=np.float64)
        for index, counts in enumerate(stack.spike_counts[:-1]):
            self._sums[index + 1] += counts.sum((0, 2), dtype=np.float64)
        self._samples += batch

    def input_rates(self, member: int) -> list[float]:
        """Return the mean input of each weight layer of a run over this epoch's training."""
        rates = []
        for index, entry in enumerate(self.plan):
            steps = 1 if index == 0 and entry.input_kind == "constant" else self.first.T
            inputs = self._samples * steps * entry.fan_in
            rates.append(float(self._sums[index, member]) / inputs)
        return rates

    def evaluate_batch(
        self,
        part: Part,
        piece: slice,
        active: Sequence[int],
        tallies: Sequence[list[Tally]],
        watches: Watches,
    ) -> tuple[list[float], list[Hits]]:
        """See `Evaluator`."""
        if id(part) not in self.held:
            self.held[id(part)] = LayerInput(self.first, part)
        held, stack = self.held[id(part)], self.evaluating
        y, nothing = part.y[piece].numpy(), [None] * len(self.configs)
        source = held.take(np.arange(piece.start, piece.stop), EVALUATION_EPOCH)
        watched = [(k, watch) for k, watch in zip(active, watches, strict=True) if watch]
        sums, trace = self._forward(
            stack, source, keep=False, keep_last=bool(watched) and self.first.readout == "current"
        )
        outputs, hits = sums if trace is None else trace, hits_of_members(sums, y)
        losses, _ = losses_and_gradients(
            self._judges, outputs, y, nothing, active, steps=self.first.T
        )
        needed = any(tallies) or any(watch.fan_outs is not None for _, watch in watched)
        counted = held.counted(piece.start, source) if needed else None
        if counted is not None and any(tallies):
            self._tally(active, tallies, counted, len(y))
        if watched:
            add_steps(stack, source, counted, y, watched)
        return of_active(losses, hits, active)

    def _tally(
        self,
        active: Sequence[int],
        tallies: Sequence[list[Tally]],
        counted: Counted,
        batch: int,
    ) -> None:
        T = self.first.T
        fired = [counts.sum(0, dtype=np.float64) for counts in self.evaluating.spike_counts]
        for k, own in zip(active, tallies, strict=True):
            for index, tally in enumerate(own):
                if index > 0:
                    tally.add_counted_input(fired[index - 1][k], T, batch)
                else:
                    steps = self.plan[0].applied_steps
                    tally.add_counted_input(counted.units, steps, batch, total=counted.total)
                if self.plan[index].activation == "spike":
                    tally.add_counted_spikes(fired[index][k], T)


def _currents(x: Floats, weight: Floats, bias: Floats | None) -> Floats:
    """Return x W + b of every member, [B, K, N]; one product a member, alone or not."""
    members = [_product(x, weight[:, k]) for k in range(weight.shape[1])]
    currents = np.stack(members, axis=1)
    return currents if bias is None else currents + bias


def _product(a: Floats, b: Floats) -> Floats:
    """Return a b, by torch: numpy would bring a pool of threads of its own."""
    out: Floats = torch.mm(
        torch.from_numpy(np.ascontiguousarray(a)), torch.from_numpy(np.ascontiguousarray(b))
    ).numpy()
    return out


def _by_member(parameter: Floats) -> Floats:
    """Return a weight [M, K, N] as it is and a bias [K, N] as [1, K, N]."""
    return parameter if parameter.ndim == 3 else parameter[None]
