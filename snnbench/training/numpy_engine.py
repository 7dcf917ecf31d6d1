"""The NumPy perceptron as an engine: ordinary fully connected networks without torch's arithmetic.

One run after another, each with layers, loss and optimizer of its own. Initial weights and dropped
units come from NumPy's generators, so that the engine owes nothing to torch: from the same
settings, a run of it and one of another engine share data and order but differ in their draws, as
two seeds do. The torch modules hold the very memory of the NumPy arrays, so that counting and
saving work on them as on any network.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch

from snnbench.config import RunConfig
from snnbench.cost.tally import Tally
from snnbench.inputs.prepare import Part, RunData
from snnbench.network.build import Network
from snnbench.reference_numpy.layers import Array
from snnbench.reference_numpy.losses import loss_and_gradient
from snnbench.reference_numpy.network import Perceptron, build_perceptron
from snnbench.reference_numpy.optimizers import Optimizer, make_optimizer
from snnbench.training.evaluation import Watches, judges
from snnbench.training.hits import Hits, hits_of
from snnbench.training.member import OwnNetworks
from snnbench.training.teacher import teacher_scores

_DROPOUT = 3  # keeps these draws apart from the seed's other uses

# A run may diverge; the loop finds it by its loss and weights.
_diverging = np.errstate(over="ignore", invalid="ignore", divide="ignore")


class _Optimizers(list[Optimizer]):
    """One a run; `Stateful`."""

    def state_of(self, member: int) -> dict[str, Array]:
        return self[member].state

    def load_state(self, member: int, state: Mapping[str, torch.Tensor]) -> None:
        for name, array in self[member].state.items():
            array[...] = np.asarray(state[name])


class NumpyEngine(OwnNetworks[_Optimizers]):
    """Trains a cohort of perceptrons; an `Engine` like any other."""

    def __init__(self, configs: Sequence[RunConfig], data: RunData) -> None:
        self.configs, self.data = list(configs), data
        self._judges = judges(configs)
        self._inputs = {
            id(part): part.x.flatten(1).numpy()
            for part in (data.train, data.val, data.test)
            if part
        }
        width = data.train.x[0].numel()
        self.perceptrons = [build_perceptron(c, width) for c in configs]
        self.networks = [Network(c, data.input_shape) for c in configs]
        for network, perceptron in zip(self.networks, self.perceptrons, strict=True):
            _share_memory(network, perceptron)
        self.teachers = [_teacher(c, data.train) for c in configs]
        self.steps = 0
        self._arrange()

    def _arrange(self) -> None:
        self.optimizer = _Optimizers(
            make_optimizer(c, p.parameters)
            for c, p in zip(self.configs, self.perceptrons, strict=True)
        )

    def keep(self, members: Sequence[int]) -> None:
        """Go on with some of the runs; see `Engine`."""
        self.perceptrons = [self.perceptrons[k] for k in members]
        super().keep(members)

    def begin_epoch(self) -> None:
        """Count steps anew: they name the draws of Dropout."""
        self.steps = 0

    def input_rates(self, member: int) -> list[float]:
        """Return 1 for every layer: all inputs count."""
        return [1.0] * len(self.networks[member].plan)

    @_diverging
    def train_batch(
        self, epoch: int, rows: torch.Tensor, learning_rates: Sequence[float], active: Sequence[int]
    ) -> tuple[list[float], list[Hits]]:
        """Take one optimizer step; see `Engine`."""
        chosen = rows.numpy()
        x, y = self._inputs[id(self.data.train)][chosen], self.data.train.y[rows].numpy()
        self.steps += 1
        losses, hits = [], []
        for k in active:
            perceptron, teacher = self.perceptrons[k], self.teachers[k]
            wanted = None if teacher is None else teacher[chosen]
            draws = np.random.default_rng([self.configs[k].seed, epoch, self.steps, _DROPOUT])
            scores = perceptron.forward(x, draws)
            loss, gradient = loss_and_gradient(self.configs[k], scores, y, wanted)
            perceptron.backward(gradient)
            self.optimizer[k].step(perceptron.gradients, learning_rates[k])
            losses.append(loss)
            hits.append(hits_of(torch.from_numpy(scores), self.data.train.y[rows]))
        return losses, hits

    @_diverging
    def evaluate_batch(
        self,
        part: Part,
        piece: slice,
        active: Sequence[int],
        tallies: Sequence[list[Tally]],
        watches: Watches,
    ) -> tuple[list[float], list[Hits]]:
        """See `Evaluator`."""
        x, y = self._inputs[id(part)][piece], part.y[piece].numpy()
        losses, hits = [], []
        for k, own in zip(active, tallies, strict=True):
            scores = self.perceptrons[k].forward(x)
            losses.append(loss_and_gradient(self._judges[k], scores, y, None)[0])
            hits.append(hits_of(torch.from_numpy(scores), part.y[piece]))
            layers = self.perceptrons[k].dense_layers if own else ()
            for tally, layer in zip(own, layers, strict=True):
                tally.add_input(torch.from_numpy(layer.inputs)[None])
        return losses, hits


def _share_memory(network: Network, perceptron: Perceptron) -> None:
    """Let the modules' parameters and running statistics be the perceptron's arrays."""
    for name, array in perceptron.state.items():
        module, _, tensor = name.rpartition(".")
        getattr(network.layers.get_submodule(module), tensor).data = torch.from_numpy(array)


def _teacher(config: RunConfig, part: Part) -> npt.NDArray[np.float32] | None:
    scores = teacher_scores(config, part.x, part.samples)
    return None if scores is None else scores.numpy()
