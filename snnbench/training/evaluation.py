"""Run trained networks over a part of the data: loss, accuracy and counts in one pass."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch

from snnbench.config import RunConfig
from snnbench.cost.counting import tallying
from snnbench.cost.tally import Tally
from snnbench.inputs.encodings import EVALUATION_EPOCH, encode
from snnbench.inputs.prepare import Part
from snnbench.network.build import Network
from snnbench.training.cohorts import EVALUATION_BATCH
from snnbench.training.decisions import decided, scores_so_far
from snnbench.training.flowing import Follower, following
from snnbench.training.hits import TIED, Hits, accuracy, hits_of
from snnbench.training.losses import predicted, training_loss
from snnbench.training.member import Evaluation
from snnbench.training.steps import Watch
from snnbench.words.losses import LOSSES

Watches = Sequence[Watch | None]


class Evaluator(Protocol):
    """Runs K runs over samples held out."""

    configs: list[RunConfig]
    networks: list[Network]

    def evaluate_batch(
        self,
        part: Part,
        piece: slice,
        active: Sequence[int],
        tallies: Sequence[list[Tally]],
        watches: Watches,
    ) -> tuple[Sequence[float], Sequence[Hits]]:
        """Return mean loss and hits of the active runs, and add to their tallies and watches.

        Args:
            part: any.
            piece: which of its samples, at most EVALUATION_BATCH.
            active: positions of the runs.
            tallies: of each active run, one a weight layer; empty where nothing is to be counted.
            watches: of each active run; None for no look at its steps, as of every ANN.
        """


def evaluate(
    evaluator: Evaluator,
    part: Part,
    active: Sequence[int],
    watches: Watches | None = None,
    *,
    counted: bool = True,
) -> list[Evaluation]:
    """Run the active runs over a part once: loss, accuracy, tallies and steps together.

    Args:
        evaluator: of the runs.
        part: of the data.
        active: positions of the runs.
        watches: of each, see `Evaluator`.
        counted: there are tallies.
    """
    watches = watches or [None] * len(active)
    plans = [evaluator.networks[k].plan if counted else () for k in active]
    results = [Evaluation([Tally() for _ in plan]) for plan in plans]
    tallies = [result.tallies for result in results]
    for start in range(0, len(part), EVALUATION_BATCH):
        piece = slice(start, min(start + EVALUATION_BATCH, len(part)))
        losses, hits = evaluator.evaluate_batch(part, piece, active, tallies, watches)
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
        self,
        part: Part,
        piece: slice,
        active: Sequence[int],
        tallies: Sequence[list[Tally]],
        watches: Watches,
    ) -> tuple[list[float], list[Hits]]:
        """See `Evaluator`."""
        y = part.y[piece]
        x = encode(self.configs[0], part.x[piece], part.samples[piece], EVALUATION_EPOCH)
        losses, hits = [], []
        for k, own, watch in zip(active, tallies, watches, strict=True):
            network, config = self.networks[k], self._judges[k]
            tallied = tallying(network.eval(), own) if own else nullcontext()
            with tallied, watching(network, watch) as follower:
                outputs = network(x)
            membrane = output_membrane(network)
            if watch is not None:
                watch.add(
                    decided(scores_so_far(config, outputs, membrane), y),
                    None if follower is None else follower.flow,
                )
            losses.append(training_loss(config, outputs, membrane, y, None).item())
            hits.append(hits_of(predicted(config, outputs, membrane), y))
        return losses, hits


def watching(network: Network, watch: Watch | None) -> AbstractContextManager[Follower | None]:
    """Return the context in which a forward pass is followed, where its flow is wanted."""
    if watch is None or watch.fan_outs is None:
        return nullcontext()
    return following(network, Follower(watch.T, watch.fan_outs))


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
