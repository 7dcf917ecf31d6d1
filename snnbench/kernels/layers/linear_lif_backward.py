"""A spiking linear layer, backward: reverse scan, weight gradient, gradient of the input spikes.

Layout and arguments are those of `linear_lif`. The weight gradient of input m is the sum over
samples and steps at which m spiked of dL/dI: four steps at a time it is one row of a table of
the sums of subsets of 4 gradients. Samples are summed in CHUNKS pieces, each in its own memory,
and the pieces in order, so that no bit depends on the number of threads or on other columns.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any, NamedTuple

import numpy as np
from numba import prange

from snnbench.kernels.base.jit import Floats, Plain, inner, parallel_kernel
from snnbench.kernels.base.lanes import (
    WIDTH,
    add,
    item,
    load,
    store,
    store_first,
    zeros,
)
from snnbench.kernels.base.products import multiply, transpose
from snnbench.kernels.events.blocks import GROUP, WORD, Blocks
from snnbench.kernels.layers.linear_lif import TABLE_ROWS, Shape, tile_width
from snnbench.kernels.neurons.equations import Constants, Switches, step_back

CHUNKS = 4


class Grads(NamedTuple):
    """dL/dS and dL/dU, rows padded like the layer's."""

    spikes: Floats
    membranes: Floats


class Work(NamedTuple):
    """Memory for every piece's dL/dI of a sample, tables of subsets, and weight gradients."""

    steps: Floats
    tables: Floats
    pieces: Floats


class Gradients(NamedTuple):
    """dL/dweight; sums of dL/dI over the steps; dL/dI, empty where nobody needs it."""

    weight: Floats
    sums: Floats
    currents: Floats


class Down(NamedTuple):
    """Weight, memory for it turned round, dL/dS of the inputs; empty where nobody needs it."""

    weight: Floats
    turned: Floats
    inputs: Floats


@parallel_kernel
def backward(
    blocks: Plain,
    membranes: Floats,
    neurons: Plain,
    grads: Plain,
    strides: tuple[int, int, int, int],
    work: Plain,
    out: Plain,
    down: Plain,
    to: tuple[int, int],
    shape: Plain,
    switches: Plain,
    vectors: Any,
) -> None:
    """Compute the gradients of weights, base currents and input spikes.

    Args:
        blocks: as in `forward`.
        membranes: as `forward` kept them.
        neurons: `Constants`, padded like a row.
        grads: `Grads`.
        strides: of the two, for a sample and for a step; 0 repeats a row.
        work: `Work`, for every piece's dL/dI of a sample [units * CHUNKS, T, lanes], tables
            [units * CHUNKS, words * 16, lanes] and weight gradient
            [units * CHUNKS, groups * 4, lanes].
        out: `Gradients`: dL/dweight [M, sets, columns]; sums of dL/dI over the steps [B, row];
            dL/dI [B, T, row], or empty where nobody needs it.
        down: `Down`: weight; memory for [sets, tiles of M, columns, lanes]; dL/dS of the inputs,
            [B, T, to[0]], set s beginning at s * to[1]. Only where a set is one tile; empty
            where it is not, or nobody needs it.
        shape: `Shape`.
        switches: of `Neurons`.
    """
    blocks, neurons, grads = Blocks(*blocks), Constants(*neurons), Grads(*grads)
    work, out, down = Work(*work), Gradients(*out), Down(*down)
    shape, switches = Shape(*shape), Switches(*switches)
    batch, _, sets, columns = shape
    weight_grad, sums, _ = out
    lanes = WIDTH * len(vectors)
    units = sums.size // (batch * lanes)
    inputs = weight_grad.size // (sets * columns)
    if down.inputs.size:
        tiles = (inputs + lanes - 1) // lanes
        sizes = (0, sets, inputs, columns)
        for tile in prange(sets * tiles):
            transpose(
                down.weight, tile // tiles, (tile % tiles) * lanes, sizes, tile, down.turned, lanes
            )
    for piece in prange(units * CHUNKS):
        _chunk(
            blocks, membranes, neurons, grads, strides, work, out, down, to, shape, switches,
            piece, units, vectors,
        )  # fmt: skip
    for m in prange(inputs):
        reduce_pieces(work.pieces, weight_grad, m, shape, units, vectors)


@inner
def _chunk(
    blocks: Blocks,
    membranes: Floats,
    neurons: Constants,
    grads: Grads,
    strides: tuple[int, int, int, int],
    work: Work,
    out: Gradients,
    down: Down,
    to: tuple[int, int],
    shape: Shape,
    switches: Switches,
    piece: int,
    units: int,
    vectors: Any,
) -> None:
    """Go back through one unit and one chunk of the samples."""
    batch, T, _, columns = shape
    unit, chunk = piece // CHUNKS, piece % CHUNKS
    pieces = units * CHUNKS
    lanes = WIDTH * len(vectors)
    steps = work.steps[piece * T * lanes : (piece + 1) * T * lanes]
    table = work.tables[piece * (work.tables.size // pieces) :]
    sink = work.pieces[
        piece * (work.pieces.size // pieces) : (piece + 1) * (work.pieces.size // pieces)
    ]
    sink[:] = 0
    inputs = out.weight.size // (shape.sets * columns)
    for b in range(batch * chunk // CHUNKS, batch * (chunk + 1) // CHUNKS):
        scan_back(
            membranes, neurons, grads, strides, steps, table, out, shape, switches, b, unit, vectors
        )
        scatter(blocks, table, sink, shape, b, unit, units, vectors)
        if down.inputs.size:
            tiles = (inputs + lanes - 1) // lanes
            for tile in range(tiles):
                starts = (
                    0,
                    (unit * tiles + tile) * columns * lanes,
                    b * T * to[0] + unit * to[1] + tile * lanes,
                )
                sizes = (columns, lanes, 1, to[0], min(lanes, inputs - tile * lanes))
                multiply(steps, down.turned, down.inputs, (0, T), starts, sizes, vectors)


@inner
def scan_back(
    membranes: Floats,
    neurons: Constants,
    grads: Grads,
    strides: tuple[int, int, int, int],
    steps: Floats,
    table: Floats,
    out: Gradients,
    shape: Shape,
    switches: Switches,
    b: int,
    unit: int,
    vectors: Any,
) -> None:
    """Scan one unit of one sample in reverse, into tables of the subsets of 4 steps' dL/dI."""
    batch, T, _, columns = shape
    _, sums, currents = out
    zero = zeros(vectors)
    lanes = WIDTH * len(vectors)
    width = tile_width(columns, lanes)
    column, row = unit * lanes, sums.size // batch
    neuron = Constants(
        load(neurons.beta, column, zero), load(neurons.v_th, column, zero),
        load(neurons.slope, column, zero), load(neurons.gain, column, zero),
    )  # fmt: skip
    grad_v = total = zero
    for w in range((T + WORD - 1) // WORD - 1, -1, -1):
        at = w * TABLE_ROWS * lanes
        store(table, at, zero)
        for q in range(WORD - 1, -1, -1):
            t = w * WORD + q
            grad = zero
            if t < T:
                u = load(membranes, ((unit * batch + b) * T + t) * width, zero)
                grad_s = load(grads.spikes, b * strides[0] + t * strides[1] + column, zero)
                grad_u = load(grads.membranes, b * strides[2] + t * strides[3] + column, zero)
                grad, grad_v = step_back(u, (grad_s, grad_u, grad_v), neuron, switches)
                total = add(total, grad)
                store(steps, t * lanes, grad)
                if currents.size:
                    store(currents, (b * T + t) * row + column, grad)
            store(table, at + (1 << q) * lanes, grad)
        for q in range(1, WORD):
            value = load(table, at + (1 << q) * lanes, zero)
            for subset in range(1, 1 << q):
                both = add(load(table, at + subset * lanes, zero), value)
                store(table, at + ((1 << q) + subset) * lanes, both)
    store(sums, b * row + column, total)


@inner
def scatter(
    blocks: Blocks,
    table: Floats,
    sink: Floats,
    shape: Shape,
    b: int,
    unit: int,
    units: int,
    vectors: Any,
) -> None:
    """Add one sample's gradients to the rows of the inputs that spiked."""
    starts, ends, groups, codes, _ = blocks
    _, T, sets, _ = shape
    zero = zeros(vectors)
    lanes = WIDTH * len(vectors)
    words = (T + WORD - 1) // WORD
    row = b * sets + unit * sets // units
    for i in range(starts[row], ends[row]):
        at = np.int64(item(groups, i)) * GROUP * lanes
        g0 = load(sink, at, zero)
        g1 = load(sink, at + lanes, zero)
        g2 = load(sink, at + 2 * lanes, zero)
        g3 = load(sink, at + 3 * lanes, zero)
        for w in range(words):
            code = np.int64(item(codes, i * words + w)) >> (GROUP * WORD)
            if code == 0:
                continue
            rows = w * TABLE_ROWS
            g0 = add(g0, load(table, (rows + (code & 15)) * lanes, zero))
            g1 = add(g1, load(table, (rows + ((code >> 4) & 15)) * lanes, zero))
            g2 = add(g2, load(table, (rows + ((code >> 8) & 15)) * lanes, zero))
            g3 = add(g3, load(table, (rows + ((code >> 12) & 15)) * lanes, zero))
        store(sink, at, g0)
        store(sink, at + lanes, g1)
        store(sink, at + 2 * lanes, g2)
        store(sink, at + 3 * lanes, g3)


@inner
def reduce_pieces(
    pieces: Floats,
    weight_grad: Floats,
    m: int,
    shape: Shape,
    units: int,
    vectors: Any,
) -> None:
    """Sum the chunks' pieces for the weights of input m."""
    _, _, sets, columns = shape
    zero = zeros(vectors)
    lanes = WIDTH * len(vectors)
    tiles = units // sets
    size = pieces.size // (units * CHUNKS)
    for unit in range(units):
        total = load(pieces, unit * CHUNKS * size + m * lanes, zero)
        for chunk in range(1, CHUNKS):
            total = add(total, load(pieces, (unit * CHUNKS + chunk) * size + m * lanes, zero))
        first = (unit // tiles) * columns + (unit % tiles) * lanes
        n = min(lanes, columns - (unit % tiles) * lanes)
        store_first(weight_grad, m * sets * columns + first, total, n)
