"""A training step of a single run with narrow spiking layers, sample by sample.

Drawing, all layers, loss, all layers back and the weight gradients of a sample follow each other
while its blocks and membranes are in the fastest memory, and a step is one call. That is possible
where the loss has a closed form in the sample's own spike counts, and simple where every layer is
one tile. All operations and their order are those of the separate kernels, and so are all bits.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from numba import prange

from snnbench.spiking.kernels.cpu.blocks import GROUP, WORD, blocks_of
from snnbench.spiking.kernels.cpu.events import ActivePixels, draw_row
from snnbench.spiking.kernels.cpu.jit import Floats, Ints, aligned, kernel, parallel_kernel, share
from snnbench.spiking.kernels.cpu.lanes import NARROW, WIDTH
from snnbench.spiking.kernels.cpu.linear_lif import TABLE_ROWS, build_table, scan_samples
from snnbench.spiking.kernels.cpu.linear_lif_backward import (
    CHUNKS,
    reduce_pieces,
    scan_back,
    scatter,
)
from snnbench.spiking.kernels.cpu.losses import prediction, sample_loss
from snnbench.spiking.kernels.cpu.neuron import Neurons
from snnbench.spiking.kernels.cpu.outputs import pack_row
from snnbench.spiking.kernels.cpu.products import multiply, transpose

MOST_UNITS = WIDTH  # of a layer: one narrow tile, for every width is compiled anew
# Nanoseconds on one core: of a block from its draw to the weight gradient, of a layer's step
_BLOCK, _STEP = 12, 25
_SPARE_BYTES = 8


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
            aligned((CHUNKS, T * lanes // 8 + _SPARE_BYTES), np.uint8),
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
        values, right = np.empty(batch), np.zeros(CHUNKS, np.int64)
        spikes = np.zeros((CHUNKS, layers), np.int64)
        entries = pixels.starts[-1] / (pixels.starts.size - 1)
        share(batch * (_BLOCK * entries * self._words + _STEP * self.T * layers))
        loss = _train(
            (pixels.starts, pixels.records, samples, keys.view(np.uint64), y),
            (self._plan, self._weights, self._base, *self._neurons),
            (self._tables, self._turned, self._pieces),
            self._blocks,
            self._steps,
            (back, self._gradients, values, right, spikes),
            (batch, self.T, kind),
            self._switches,
            NARROW,
        )
        of_weights = [
            self._gradients[start : start + m * n].reshape(m, 1, n)
            for m, n, _, start in self._plan.tolist()
        ]
        sums = back.sum(1)
        of_biases = [sums[i, None, :n] for i, n in enumerate(self.widths[1:])]
        return Trained(loss, int(right.sum()), spikes.sum(0), of_weights, of_biases)


def _padded(value: Any, units: int, lanes: int) -> Floats:
    row = np.zeros(lanes, np.float32)
    row[:units] = value
    return row


@parallel_kernel
def _train(
    source: Any,
    network: Any,
    shared: Any,
    blocks: Any,
    steps: Any,
    out: Any,
    sizes: tuple[int, int, int],
    switches: tuple[int, int, int],
    vectors: Any,
) -> float:
    """Return the loss, and fill the other results."""
    for layer in range(network[0].shape[0]):
        _prepare(layer, network, shared, vectors)
    for chunk in prange(CHUNKS):
        _train_chunk(chunk, source, network, shared, blocks, steps, out, sizes, switches, vectors)
    for layer in range(network[0].shape[0]):
        _finish(layer, network, shared, out, vectors)
    return _added_up(out[2])


@kernel
def _prepare(layer: int, network: Any, shared: Any, vectors: Any) -> None:
    """Make a layer's table of subsets, and turn its weights round."""
    plan, weights = network[0], network[1]
    tables, turned, _ = shared
    m, n, _, start = plan[layer]
    lanes = WIDTH * len(vectors)
    weight = weights[start : start + m * n]
    build_table(weight, 1, n, 0, 1, _table(layer, plan, tables, lanes), vectors)
    if layer > 0:
        transpose(weight, 0, 0, (0, 1, m, n), 0, turned[layer], lanes)


@kernel
def _finish(layer: int, network: Any, shared: Any, out: Any, vectors: Any) -> None:
    """Sum the chunks' weight gradients."""
    m, n, group, start = network[0][layer]
    gradients, pieces = out[1], shared[2]
    lanes = WIDTH * len(vectors)
    groups = (m + GROUP - 1) // GROUP
    first = CHUNKS * group * GROUP * lanes
    of_layer = pieces[first : first + CHUNKS * groups * GROUP * lanes]
    for row in range(m):
        reduce_pieces(of_layer, gradients[start : start + m * n], row, (0, 0, 1, n), 1, vectors)


@kernel
def _train_chunk(
    chunk: int,
    source: Any,
    network: Any,
    shared: Any,
    blocks: Any,
    steps: Any,
    out: Any,
    sizes: tuple[int, int, int],
    switches: tuple[int, int, int],
    vectors: Any,
) -> None:
    """Take the samples of a chunk one after another; each is the only one of its arrays."""
    pixel_starts, records, samples, keys, y = source
    plan, _, base, beta, v_th, slope, gain = network
    tables, turned, pieces = shared
    groups, codes, bits = blocks[0][chunk], blocks[1][chunk], blocks[2][chunk]
    membranes, currents, below = steps[0][chunk], steps[1][chunk], steps[2][chunk]
    subsets = steps[3][chunk]
    back, _, values, right, spikes = out
    batch, T, kind = sizes
    layers, classes = plan.shape[0], plan[-1, 1]
    lanes = WIDTH * len(vectors)
    words = (T + WORD - 1) // WORD
    starts, ends, counts = plan[:, 2].copy(), plan[:, 2].copy(), plan[:, 2].copy()
    sums, gradient = np.zeros(lanes, np.float32), np.zeros(lanes, np.float32)
    zeros, nothing = np.zeros(lanes, np.float32), np.zeros(0, np.float32)
    for layer in range(layers):
        _piece(chunk, layer, plan, pieces, lanes)[:] = 0
    for b in range(batch * chunk // CHUNKS, batch * (chunk + 1) // CHUNKS):
        first = (starts[:1], ends[:1], groups, codes, counts[:1])
        draw_row((pixel_starts, records), samples[b], keys[b], T, words, first, 0)
        for layer in range(layers):
            n = plan[layer, 1]
            here = slice(layer, layer + 1)
            scan_samples(
                (starts[here], ends[here], groups, codes, counts[here]),
                base[layer],
                (beta[layer], v_th[layer]),
                (_table(layer, plan, tables, lanes), membranes[layer], bits, sums),
                (1, T, 1, n), 0, (switches[0], 1, 1), 0, 1, (0, 1), vectors,
            )  # fmt: skip
            spikes[chunk, layer] += counts[layer]
            if layer + 1 < layers:
                after = slice(layer + 1, layer + 2)
                there = (starts[after], ends[after], groups, codes, counts[after])
                pack_row(bits, 0, lanes // 8, 0, (T, n), 0, there)
        values[b] = sample_loss(
            sums[:classes], y[b], kind, np.float32(1 / T), batch, gradient[:classes]
        )
        right[chunk] += prediction(sums[:classes]) == y[b]
        for layer in range(layers - 1, -1, -1):
            n = plan[layer, 1]
            last = layer == layers - 1
            scan_back(
                membranes[layer],
                (beta[layer], v_th[layer], slope[layer], gain[layer]),
                (gradient if last else below, zeros),
                (0, 0 if last else lanes, 0, 0),
                currents, subsets, (zeros, back[layer, b], nothing), (1, T, 1, n), switches, 0, 0,
                vectors,
            )  # fmt: skip
            here = slice(layer, layer + 1)
            sink = _piece(chunk, layer, plan, pieces, lanes)
            into = (starts[here], ends[here], groups, codes, counts[here])
            scatter(into, subsets, sink, (1, T, 1, n), 0, 0, 1, vectors)
            if layer > 0:
                inputs = plan[layer, 0]
                multiply(
                    currents, turned[layer], below, (0, T), (0, 0, 0), (n, lanes, lanes, inputs),
                    vectors,
                )  # fmt: skip


@kernel
def _table(layer: int, plan: Ints, tables: Floats, lanes: int) -> Floats:
    """Return the sums of subsets of a layer's weights."""
    groups = (plan[layer, 0] + GROUP - 1) // GROUP
    first = plan[layer, 2] * TABLE_ROWS * lanes
    return tables[first : first + groups * TABLE_ROWS * lanes]


@kernel
def _piece(chunk: int, layer: int, plan: Ints, pieces: Floats, lanes: int) -> Floats:
    """Return where a chunk adds up the weight gradient of a layer."""
    groups = (plan[layer, 0] + GROUP - 1) // GROUP
    size = groups * GROUP * lanes
    first = CHUNKS * plan[layer, 2] * GROUP * lanes + chunk * size
    return pieces[first : first + size]


@kernel
def _added_up(values: Any) -> float:
    """Return the sum over the samples, in their order."""
    total = 0.0
    for value in values:
        total += value
    return total
