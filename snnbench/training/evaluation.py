"""Run trained networks over a part of the data: loss, accuracy and counts in one pass."""

from collections.abc import Sequence

import torch

from snnbench.config import RunConfig
from snnbench.cost.counting import tallying
from snnbench.cost.tally import Tally
from snnbench.inputs.encodings import EVALUATION_EPOCH, encode
from snnbench.inputs.prepare import Part
from snnbench.network.build import Network
from snnbench.training.losses import scores, training_loss
from snnbench.training.member import Evaluation

# The same for every run, so that no result depends on training's batch size.
EVALUATION_BATCH = 128


@torch.no_grad()
def evaluate(
    configs: Sequence[RunConfig], networks: Sequence[Network], part: Part
) -> list[Evaluation]:
    """Run networks that share their encoding over a part, each once."""
    judged = judges(configs)
    results = [Evaluation(0.0, 0.0, [Tally() for _ in n.plan]) for n in networks]
    for start in range(0, len(part), EVALUATION_BATCH):
        piece = slice(start, start + EVALUATION_BATCH)
        y = part.y[piece]
        x = encode(configs[0], part.x[piece], part.samples[piece], EVALUATION_EPOCH)
        for network, judge, result in zip(networks, judged, results, strict=True):
            with tallying(network.eval(), result.tallies):
                outputs = network(x)
            loss = training_loss(judge, outputs, output_membrane(network), y, None)
            result.loss += loss.item() * len(y) / len(part)
            result.accuracy += int((scores(outputs).argmax(1) == y).sum())
    for result in results:
        result.accuracy /= len(part)
    return results


def judges(configs: Sequence[RunConfig]) -> list[RunConfig]:
    """Return configs whose losses can be computed on data held out.

    Mimic losses need a teacher's logits, which exist for the training part only; such runs are
    judged by cross-entropy against the labels.
    """
    return [c.changed(loss="ce") if c.loss.startswith("mimic") else c for c in configs]


def output_membrane(network: Network) -> torch.Tensor | None:
    """Return U of the output neurons in the last pass, [T, B, C], where it was recorded."""
    neurons = network.neurons[-1]
    return None if neurons is None else neurons.membrane
