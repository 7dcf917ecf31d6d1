"""A training step of a network of one spiking layer whose spikes are counted, sample by sample.

Drawing, currents, scan, loss, scan back and weight gradient of a sample follow each other while
its blocks and membranes are in the fastest memory. That is possible where the loss has a closed
form in the sample's own sums, and pays where the layer is one tile wide, so that nothing is drawn
twice. All operations and their order are those of the separate kernels: so are all bits.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any, NamedTuple

import numpy as np
from numba import prange

from snnbench.spiking.kernels.cpu.blocks import GROUP, WORD, blocks_of
from snnbench.spiking.kernels.cpu.events import ActivePixels, draw_row
from snnbench.spiking.kernels.cpu.jit import (
    Floats,
    Ints,
    aligned,
    kernel,
    parallel_kernel,
    share,
)
from snnbench.spiking.kernels.cpu.layout import Layout
from snnbench.spiking.kernels.cpu.linear_lif import TABLE_ROWS, build_table, scan_samples
from snnbench.spiking.kernels.cpu.linear_lif_backward import (
    CHUNKS,
    reduce_pieces,
    scan_back,
    scatter,
)
from snnbench.spiking.kernels.cpu.losses import prediction, sample_loss
from snnbench.spiking.kernels.cpu.neuron import Neurons

# Nanoseconds on one core: of a block from its draw to the weight gradient, of a scan's step
_BLOCK, _STEP = 12, 25
_SPARE_BYTES = 8


class Trained(NamedTuple):
    """What a step gives.

    Attributes:
        losses: mean over the batch, float64 [K]; 0 of a member that is left out.
        right: correct predictions, int64 [K].
        spikes: of the input, over the batch.
        weight, bias: gradients, [M, K, N] and [K, N].
    """

    losses: Any
    right: Ints
    spikes: int
    weight: Floats
    bias: Floats


class SingleLayer:
    """A linear layer of spiking neurons on Bernoulli input, K members in one tile.

    Args:
        inputs: M.
        units: N, the classes.
        neurons: of the K members.
        T: steps.
    """

    def __init__(self, inputs: int, units: int, neurons: Neurons, T: int) -> None:
        self.inputs, self.T = inputs, T
        self.layout = layout = Layout(neurons.members, units, shared=True)
        assert layout.tiles == 1, "wider than a tile"
        self._switches = neurons.switches
        self._neurons = tuple(layout.spread(vector) for vector in neurons.vectors())
        groups, words = blocks_of(inputs, GROUP), blocks_of(T, WORD)
        self._words = words
        floats, lanes = np.float32, layout.lanes
        self._table = aligned(groups * TABLE_ROWS * lanes, floats)
        # One piece of everything that a chunk of the batch works in.
        self._work = (
            aligned((CHUNKS, groups), np.int32),
            aligned((CHUNKS, groups * words), np.uint32),
            aligned((CHUNKS, T * layout.columns + lanes), floats),
            aligned((CHUNKS, T * layout.row // 8 + _SPARE_BYTES), np.uint8),
            aligned((CHUNKS, T * lanes), floats),
            aligned((CHUNKS, words * TABLE_ROWS * lanes), floats),
        )
        self._pieces = aligned(CHUNKS * groups * GROUP * lanes, floats)
        self._zeros = np.zeros(layout.row, floats)
        self._padded_bias = np.zeros(layout.row, floats)

    def train(
        self,
        pixels: ActivePixels,
        samples: Ints,
        keys: Ints,
        y: Ints,
        weight: Floats,
        bias: Floats | None,
        kinds: Ints,
    ) -> Trained:
        """Go forward and back through a batch.

        Args:
            pixels: the data set.
            samples: which of it, int64 [B].
            keys: of their draws, int64 [B].
            y: classes, int64 [B].
            weight: [M, K, N], C-contiguous.
            bias: [K, N], or None.
            kinds: loss of every member, see `losses.KINDS`, int64 [K].
        """
        layout, batch = self.layout, len(samples)
        if bias is not None:
            self._padded_bias[: bias.size] = bias.reshape(-1)
        sums, back, gradient = (aligned((batch, layout.row), np.float32) for _ in range(3))
        values = np.empty((batch, layout.members))
        right = np.zeros((CHUNKS, layout.members), np.int64)
        spikes = np.zeros(CHUNKS, np.int64)
        of_weight = np.empty((self.inputs, layout.members, layout.units), np.float32)
        entries = pixels.starts[-1] / (pixels.starts.size - 1)
        share(batch * (_BLOCK * entries * self._words + _STEP * self.T))
        losses = _train(
            (pixels.starts, pixels.records),
            (samples, keys.view(np.uint64), y),
            weight.reshape(-1),
            self._padded_bias,
            self._neurons,
            (kinds, np.float32(1 / self.T), layout.units),
            self._table,
            self._work,
            self._pieces,
            (sums, back, gradient, self._zeros, values, right, spikes),
            of_weight.reshape(-1),
            (batch, self.T, 1, layout.columns),
            self._switches,
            layout.vectors,
        )
        of_bias = layout.member_view(back.sum(0))
        return Trained(losses, right.sum(0), int(spikes.sum()), of_weight, of_bias)


@parallel_kernel
def _train(
    pixels: Any,
    batch: Any,
    weight: Floats,
    base: Floats,
    neurons: Any,
    loss: Any,
    table: Floats,
    work: Any,
    pieces: Floats,
    rows: Any,
    of_weight: Floats,
    shape: tuple[int, int, int, int],
    switches: tuple[int, int, int],
    vectors: Any,
) -> Any:
    """Return the losses, and fill the other results."""
    columns = shape[3]
    build_table(weight, 1, columns, 0, 1, table, vectors)
    for chunk in prange(CHUNKS):
        _train_chunk(
            chunk, pixels, batch, base, neurons, loss, table, work, pieces, rows, shape, switches,
            vectors,
        )  # fmt: skip
    for m in prange(of_weight.size // columns):
        reduce_pieces(pieces, of_weight, m, shape, 1, vectors)
    return _added_up(rows[4])


@kernel
def _train_chunk(
    chunk: int,
    pixels: Any,
    batch: Any,
    base: Floats,
    neurons: Any,
    loss: Any,
    table: Floats,
    work: Any,
    pieces: Floats,
    rows: Any,
    shape: tuple[int, int, int, int],
    switches: tuple[int, int, int],
    vectors: Any,
) -> None:
    """Take the samples of a chunk one after another; each is the only one of its arrays."""
    samples, keys, y = batch
    sums, back, gradient, zeros, values, right, spikes = rows
    kinds, scale, classes = loss
    groups, codes = work[0][chunk], work[1][chunk]
    membranes, bits, steps, tables = work[2][chunk], work[3][chunk], work[4][chunk], work[5][chunk]
    size = pieces.size // CHUNKS
    sink = pieces[chunk * size : (chunk + 1) * size]
    sink[:] = 0
    count, T, _, columns = shape
    alone = (1, T, 1, columns)
    words = (T + WORD - 1) // WORD
    start, end, drawn = np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64)
    blocks = (start, end, groups, codes, drawn)
    nothing = zeros[:0]
    for b in range(count * chunk // CHUNKS, count * (chunk + 1) // CHUNKS):
        draw_row(pixels, samples[b], keys[b], T, words, blocks, 0)
        spikes[chunk] += drawn[0]
        forward = (table, membranes, bits, sums[b])
        scan_samples(
            blocks, base, neurons[:2], forward, alone, 0, (switches[0], 1, 1), 0, 1,
            (0, 1), vectors,
        )  # fmt: skip
        for k in range(kinds.size):
            first, last = k * classes, (k + 1) * classes
            outputs = sums[b, first:last]
            values[b, k] = sample_loss(
                outputs, y[b], kinds[k], scale, count, gradient[b, first:last]
            )
            right[chunk, k] += prediction(outputs) == y[b]
        gradient[b, kinds.size * classes :] = 0
        scan_back(
            membranes, neurons, (gradient[b], zeros), (0, 0, 0, 0), steps, tables,
            (sink, back[b], nothing), alone, switches, 0, 0, vectors,
        )  # fmt: skip
        scatter(blocks, tables, sink, alone, 0, 0, 1, vectors)


@kernel
def _added_up(values: Any) -> Any:
    """Return the sums over the samples, in their order."""
    total = np.zeros(values.shape[1])
    for b in range(values.shape[0]):
        for k in range(values.shape[1]):
            total[k] += values[b, k]
    return total
