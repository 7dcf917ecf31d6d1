"""Run trained networks over a part of the data: loss, accuracy and counts in one pass."""

from collections.abc import Sequence
from typing import Protocol

import torch

from snnbench.config import RunConfig
from snnbench.cost.counting import tallying
from snnbench.cost.tally import Tally
from snnbench.inputs.encodings import EVALUATION_EPOCH, encode
from snnbench.inputs.prepare import Part
from snnbench.network.build import Network
from snnbench.training.cohorts import EVALUATION_BATCH
from snnbench.training.hits import TIED, Hits, accuracy, hits_of
from snnbench.training.losses import predicted, training_loss
from snnbench.training.member import Evaluation
from snnbench.words.losses import LOSSES


class Evaluator(Protocol):
    """Runs K runs over samples held out."""

    configs: list[RunConfig]
    networks: list[Network]

    def evaluate_batch(
        self, part: Part, piece: slice, active: Sequence[int], tallies: Sequence[list[Tally]]
    ) -> tuple[Sequence[float], Sequence[Hits]]:
        """Return mean loss and hits of the active runs, and add to their tallies.

        Args:
            part: validation or test part.
            piece: which of its samples, at most EVALUATION_BATCH.
            active: positions of the runs.
            tallies: of each active run, one a weight layer.
        """


def evaluate(evaluator: Evaluator, part: Part, active: Sequence[int]) -> list[Evaluation]:
    """Run the active runs over a part once: loss, accuracy and tallies together."""
    results = [Evaluation([Tally() for _ in evaluator.networks[k].plan]) for k in active]
    tallies = [result.tallies for result in results]
    for start in range(0, len(part), EVALUATION_BATCH):
        piece = slice(start, min(start + EVALUATION_BATCH, len(part)))
        losses, hits = evaluator.evaluate_batch(part, piece, active, tallies)
        for result, loss, hit in zip(results, losses, hits, strict=True):
            result.loss += loss * (piece.stop - start) / len(part)
            result.hits = result.hits + hit
    for k, result in zip(active, results, strict=True):
        result.accuracy = accuracy(evaluator.configs[k], result.hits, len(part))
        result.tied = float(result.hits[TIED]) / len(part)
    return results


class NetworkEvaluator:
    """Evaluates ordinary networks one after another; an `Evaluator`.

    Args:
        configs: of the runs, which share their encoding.
        networks: one a run.
    """

    def __init__(self, configs: Sequence[RunConfig], networks: Sequence[Network]) -> None:
        self.configs, self.networks = list(configs), list(networks)
        self._judges = judges(configs)

    @torch.no_grad()
    def evaluate_batch(
        self, part: Part, piece: slice, active: Sequence[int], tallies: Sequence[list[Tally]]
    ) -> tuple[list[float], list[Hits]]:
        """See `Evaluator`."""
        y = part.y[piece]
        x = encode(self.configs[0], part.x[piece], part.samples[piece], EVALUATION_EPOCH)
        losses, hits = [], []
        for k, own in zip(active, tallies, strict=True):
            network, config = self.networks[k], self._judges[k]
            with tallying(network.eval(), own):
                outputs = network(x)
            membrane = output_membrane(network)
            losses.append(training_loss(config, outputs, membrane, y, None).item())
            hits.append(hits_of(predicted(config, outputs, membrane), y))
        return losses, hits


def judges(configs: Sequence[RunConfig]) -> list[RunConfig]:
    """Return configs whose losses can be computed on data held out.

    Some losses need a teacher's logits, which exist for the training part only; such runs are
    judged by another loss, which their row names.
    """
    others = [LOSSES[config.loss].judged_by for config in configs]
    return [c.changed(loss=o) if o else c for c, o in zip(configs, others, strict=True)]


def output_membrane(network: Network) -> torch.Tensor | None:
    """Return U of the output neurons in the last pass, [T, B, C], where it was recorded."""
    neurons = network.neurons[-1]
    return None if neurons is None else neurons.membrane
