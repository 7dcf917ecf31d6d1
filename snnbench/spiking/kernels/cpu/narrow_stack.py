"""A single run with narrow spiking layers: memory, and a training step as one call.

That is possible where the loss has a closed form in a sample's own spike counts, and simple where
every layer is one tile; see `narrow_step`.
"""

# ruff: noqa: PLR0917 (the arguments are those of the kernels)

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from snnbench.spiking.kernels.cpu.blocks import GROUP, WORD, blocks_of
from snnbench.spiking.kernels.cpu.events import ActivePixels
from snnbench.spiking.kernels.cpu.jit import Floats, Ints, aligned, share
from snnbench.spiking.kernels.cpu.lanes import NARROW, WIDTH
from snnbench.spiking.kernels.cpu.linear_lif import TABLE_ROWS
from snnbench.spiking.kernels.cpu.linear_lif_backward import CHUNKS
from snnbench.spiking.kernels.cpu.narrow_step import train
from snnbench.spiking.kernels.cpu.neuron import Neurons
from snnbench.spiking.kernels.cpu.outputs import SPARE_BYTES

MOST_UNITS = WIDTH  # of a layer: one narrow tile, for every width is compiled anew
# Nanoseconds on one core: of a block from its draw to the weight gradient, of a layer's step
_BLOCK, _STEP = 9, 25


class Trained(NamedTuple):
    """What a step gives.

    Attributes:
        loss: mean over the batch.
        right: correct predictions.
        spikes: into every layer, over the batch, int64 [layers].
        weights, biases: gradients, [M, 1, N] and [1, N]; overwritten by the next step.
    """

    loss: float
    right: int
    spikes: Ints
    weights: list[Floats]
    biases: list[Floats]


class NarrowStack:
    """Fully connected spiking layers on Bernoulli input, spikes counted at the end.

    Args:
        widths: inputs M, then units N of every layer, at most MOST_UNITS each.
        neurons: of one member, the same in all layers.
        T: steps.
    """

    def __init__(self, widths: Sequence[int], neurons: Neurons, T: int) -> None:
        assert max(widths[1:]) <= MOST_UNITS, "a layer is wider than a tile"
        self.widths, self.T = list(widths), T
        self._switches = neurons.switches
        lanes = WIDTH
        words = blocks_of(T, WORD)
        layers = list(pairwise(widths))
        groups = [blocks_of(m, GROUP) for m, _ in layers]
        self._entries = int(np.sum(groups))
        self._words = words
        # For every layer: M, N, where its groups begin, and where its weights do.
        starts = [0, *accumulate(groups)], [0, *accumulate(m * n for m, n in layers)]
        rows = zip(layers, starts[0], starts[1], strict=False)
        self._plan = np.array([(*layer, group, weight) for layer, group, weight in rows])
        self._weights = np.empty(starts[1][-1], np.float32)
        self._gradients = np.empty_like(self._weights)
        self._base = np.zeros((len(layers), lanes), np.float32)
        self._neurons = tuple(
            np.stack([_padded(vector, n, lanes) for n in widths[1:]])
            for vector in neurons.vectors()
        )
        self._tables = aligned(self._entries * TABLE_ROWS * lanes, np.float32)
        self._turned = aligned((len(layers), lanes * lanes), np.float32)
        # What a chunk of the batch works in.
        self._blocks = (
            aligned((CHUNKS, self._entries), np.int32),
            aligned((CHUNKS, self._entries * words), np.uint32),
            aligned((CHUNKS, T * lanes // 8 + SPARE_BYTES), np.uint8),
        )
        self._steps = (
            aligned((CHUNKS, len(layers), (T + 1) * lanes), np.float32),
            aligned((CHUNKS, T * lanes), np.float32),
            aligned((CHUNKS, T * lanes), np.float32),
            aligned((CHUNKS, words * TABLE_ROWS * lanes), np.float32),
        )
        self._pieces = aligned(CHUNKS * self._entries * GROUP * lanes, np.float32)

    def train(
        self,
        pixels: ActivePixels,
        samples: Ints,
        keys: Ints,
        y: Ints,
        weights: Sequence[Floats],
        biases: Sequence[Floats | None],
        kind: int,
    ) -> Trained:
        """Go forward and back through a batch.

        Args:
            pixels: the data set.
            samples: which of it, int64 [B].
            keys: of their draws, int64 [B].
            y: classes, int64 [B].
            weights: [M, 1, N] of every layer.
            biases: [1, N] of every layer, or None.
            kind: of the loss, see `losses.KINDS`; 0 for none.
        """
        batch, layers = len(samples), len(weights)
        np.concatenate([weight.reshape(-1) for weight in weights], out=self._weights)
        for row, bias in zip(self._base, biases, strict=True):
            if bias is not None:
                row[: bias.size] = bias[0]
        lanes = self._base.shape[1]
        back = aligned((layers, batch, lanes), np.float32)
        sums, values = np.empty((layers, lanes), np.float32), np.empty(batch)
        right, spikes = np.zeros(CHUNKS, np.int64), np.zeros((CHUNKS, layers), np.int64)
        entries = pixels.starts[-1] / (pixels.starts.size - 1)
        share(batch * (_BLOCK * entries * self._words + _STEP * self.T * layers))
        loss = train(
            (pixels.starts, pixels.records, samples, keys.view(np.uint64), y),
            (self._plan, self._weights, self._base, *self._neurons),
            (self._tables, self._turned, self._pieces),
            self._blocks,
            self._steps,
            (back, sums, self._gradients, values, right, spikes),
            (batch, self.T, kind),
            self._switches,
            NARROW,
        )
        of_weights = [
            self._gradients[start : start + m * n].reshape(m, 1, n)
            for m, n, _, start in self._plan.tolist()
        ]
        of_biases = [sums[i, None, :n] for i, n in enumerate(self.widths[1:])]
        return Trained(loss, int(right.sum()), spikes.sum(0), of_weights, of_biases)


def _padded(value: Any, units: int, lanes: int) -> Floats:
    row = np.zeros(lanes, np.float32)
    row[:units] = value
    return row
