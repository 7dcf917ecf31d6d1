"""A spiking linear layer, forward: input blocks -> currents -> LIF scan, all in registers.

A layer is `sets` independent parts of `columns` neurons, each with its own input: one part of
K * N columns where all members see the same input (the first layer), K parts of N columns where
every member has its own (the layers after). Columns are cut into tiles as wide as a vector; a
`unit` is one tile of one set, and a row of the padded arrays has units * lanes columns.

Arrays, flat: weight [M, sets, columns]; table [units, groups * 16, lanes]; membranes
[units, B, T, width], so that a unit's are contiguous, without the padding where a set is one
tile; bits [B, T, units * lanes / 8] bytes and
sums [B, units * lanes], one row a sample.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any, NamedTuple

import numpy as np
from numba import prange

from snnbench.kernels.base.columns import load_columns
from snnbench.kernels.base.jit import Bytes, Floats, Plain, inlined, inner, parallel_kernel
from snnbench.kernels.base.lanes import (
    WIDTH,
    add,
    at_least,
    item,
    load,
    store,
    store_bits,
    store_first,
    zeros,
)
from snnbench.kernels.events.blocks import GROUP, WORD, Blocks
from snnbench.kernels.neurons.equations import Constants, step

TABLE_ROWS = 16  # sums of the subsets of a group's 4 weight rows
_DENSE = 2  # spikes a block from which on looking for empty blocks costs more than it saves
PARTS = 16  # pieces of the batch that threads share out


class Shape(NamedTuple):
    """Samples B, steps T, sets, and columns of a set."""

    batch: int
    T: int
    sets: int
    columns: int


class Flags(NamedTuple):
    """Kind of reset; whether to keep membranes; whether sums are of spikes (1) or of U (0)."""

    reset: int
    keep: int
    of_spikes: int


class Filled(NamedTuple):
    """Sums of subsets of weights, membranes, bits of the spikes, and sums over the steps."""

    table: Floats
    membranes: Floats
    bits: Bytes
    sums: Floats


@parallel_kernel
def forward(
    blocks: Plain,
    weight: Floats,
    base: Floats,
    neurons: Plain,
    out: Plain,
    shape: Plain,
    base_stride: int,
    flags: Plain,
    vectors: Any,
) -> None:
    """Run the layer over a batch.

    Args:
        blocks: input spikes; row b * sets + s is sample b's for set s.
        weight: see above; M = 0 with blocks that hold nothing gives the scan alone.
        base: the current besides the spikes', padded like a row: a bias with base_stride 0,
            a constant current of each sample with base_stride one row.
        neurons: `Constants`, padded like a row.
        out: `Filled`; filled.
        shape, flags: `Shape` and `Flags`.
        vectors: width of a tile.
    """
    blocks, neurons, out = Blocks(*blocks), Constants(*neurons), Filled(*out)
    shape, flags = Shape(*shape), Flags(*flags)
    batch, _, sets, columns = shape
    units = out.sums.size // (batch * WIDTH * len(vectors))
    for unit in prange(units):
        build_table(weight, sets, columns, unit, units // sets, out.table, vectors)
    for work in prange(units * PARTS):
        unit, part = work // PARTS, work % PARTS
        samples = (batch * part // PARTS, batch * (part + 1) // PARTS)
        scan_samples(
            blocks, base, neurons, out, shape, base_stride, flags, unit, units, samples, vectors
        )


@inner
def build_table(
    weight: Floats, sets: int, columns: int, unit: int, tiles: int, table: Floats, vectors: Any
) -> None:
    """Sum the subsets of every group's weight rows, for one unit's columns."""
    zero = zeros(vectors)
    lanes = WIDTH * len(vectors)
    row = sets * columns
    inputs = weight.size // row
    first = (unit // tiles) * columns + (unit % tiles) * lanes
    n = min(lanes, columns - (unit % tiles) * lanes)
    groups = (inputs + GROUP - 1) // GROUP
    at = unit * groups * TABLE_ROWS * lanes
    for g in range(groups):
        store(table, at, zero)
        for q in range(GROUP):
            value = zero
            if g * GROUP + q < inputs:
                value = load_columns(weight, (g * GROUP + q) * row + first, n, zero, lanes)
            for subset in range(1 << q):
                total = add(load(table, at + subset * lanes, zero), value)
                store(table, at + ((1 << q) + subset) * lanes, total)
        at += TABLE_ROWS * lanes


@inlined
def tile_width(columns: int, lanes: int) -> int:
    """Return the columns that a unit's membranes have in memory."""
    return min(columns, lanes)


@inner
def scan_samples(
    blocks: Blocks,
    base: Floats,
    neurons: Constants,
    out: Filled,
    shape: Shape,
    base_stride: int,
    flags: Flags,
    unit: int,
    units: int,
    samples: tuple[int, int],
    vectors: Any,
) -> None:
    """Run one unit over some samples."""
    starts, ends, groups, codes, counts = blocks
    table, membranes, bits, sums = out
    batch, T, sets, columns = shape
    reset, keep, of_spikes = flags
    zero = zeros(vectors)
    lanes = WIDTH * len(vectors)
    width = tile_width(columns, lanes)
    column, row = unit * lanes, units * lanes
    words = (T + WORD - 1) // WORD
    table = table[unit * (table.size // units) :]
    beta, v_th = load(neurons.beta, column, zero), load(neurons.v_th, column, zero)
    for b in range(*samples):
        constant = load(base, b * base_stride + column, zero)
        source = b * sets + unit * sets // units
        first, last = starts[source], ends[source]
        sparse = counts[source] < _DENSE * (last - first) * words
        v = total = zero
        for w in range(words):
            steps = (constant, constant, constant, constant)
            if sparse:
                for i in range(first, last):
                    code = np.int64(item(codes, i * words + w))
                    if code != 0:
                        rows = np.int64(item(groups, i)) * TABLE_ROWS
                        steps = _add_block(steps, table, rows, code, lanes)
            else:
                for i in range(first, last):
                    code = np.int64(item(codes, i * words + w))
                    rows = np.int64(item(groups, i)) * TABLE_ROWS
                    steps = _add_block(steps, table, rows, code, lanes)
            i0, i1, i2, i3 = steps
            for t in range(w * WORD, min(T, w * WORD + WORD)):
                u, v = step(v, i0, beta, v_th, reset)
                total = add(total, at_least(u, v_th) if of_spikes else u)
                store_bits(bits, ((b * T + t) * row + column) // 8, u, v_th)
                if keep:
                    # What a tile has too much, the next steps overwrite.
                    n = lanes if (T - t) * width >= lanes else width
                    store_first(membranes, ((unit * batch + b) * T + t) * width, u, n)
                i0, i1, i2 = i1, i2, i3
        store(sums, b * row + column, total)


@inlined
def _add_block(steps: Any, table: Floats, rows: np.int64, code: np.int64, lanes: int) -> Any:
    """Add a block's weights to the currents of its four steps."""
    i0, i1, i2, i3 = steps
    return (
        add(i0, load(table, (rows + (code & 15)) * lanes, i0)),
        add(i1, load(table, (rows + ((code >> 4) & 15)) * lanes, i0)),
        add(i2, load(table, (rows + ((code >> 8) & 15)) * lanes, i0)),
        add(i3, load(table, (rows + ((code >> 12) & 15)) * lanes, i0)),
    )
