"""How often every input spiked, and how many did at every step, read off spike blocks."""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange

from snnbench.kernels.base.jit import Floats, Ints, Plain, inlined, kernel, parallel_kernel, share
from snnbench.kernels.events.blocks import GROUP, WORD, Blocks, SpikeBlocks

Counts = npt.NDArray[np.int32]

_PARTS = 16  # pieces of the rows that threads share out
_BLOCK = 2  # nanoseconds
# Groups, or words, whose spikes 16 bits hold for each of four steps, or inputs.
_MOST = ((1 << 16) - 1) // 4
_NOTHING = np.zeros((_PARTS, 0), np.int64)


def input_counts(blocks: SpikeBlocks) -> tuple[Ints, Counts]:
    """Return the spikes of every input over all rows and steps, [M], and `step_counts`."""
    units = np.zeros((_PARTS, blocks.group_count * GROUP), np.int64)
    steps = _counted(blocks, units)
    return units.sum(0)[: blocks.inputs], steps


def step_counts(blocks: SpikeBlocks) -> Counts:
    """Return the spikes of all inputs at every step, int32 [rows, T]."""
    return _counted(blocks, _NOTHING)


def _counted(blocks: SpikeBlocks, units: Ints) -> Counts:
    steps = np.empty((blocks.rows, blocks.T), np.int32)
    share(_BLOCK * blocks.size)
    _count(blocks.arrays, blocks.words, units, steps)
    return steps


def weighted_step_counts(blocks: SpikeBlocks, weights: Ints) -> Ints:
    """Return the sum of the weights [M] of the inputs that spike at every step, [rows, T]."""
    padded = np.zeros(blocks.group_count * GROUP, np.int64)
    padded[: blocks.inputs] = weights
    subsets = np.arange(1 << GROUP)[:, None] >> np.arange(GROUP) & 1
    table = padded.reshape(-1, GROUP) @ subsets.T  # of every group's subsets
    steps = np.zeros((blocks.rows, blocks.words * WORD), np.int64)
    share(2 * _BLOCK * blocks.size)
    _add_weights(blocks.arrays, blocks.words, table, steps)
    return steps[:, : blocks.T]


@parallel_kernel
def _count(blocks: Plain, words: int, units: Ints, steps: Counts) -> None:
    """Fill `steps`, and add to the units of each part, if there are any."""
    blocks = Blocks(*blocks)
    rows = steps.shape[0]
    for part in prange(_PARTS):
        sums = np.zeros(words, np.uint64)
        for row in range(rows * part // _PARTS, rows * (part + 1) // _PARTS):
            _count_row(blocks, row, words, units[part], steps[row], sums)


@kernel
def _count_row(blocks: Blocks, row: int, words: int, units: Ints, steps: Counts, sums: Any) -> None:
    """Count one row; `sums` are of four steps each, 16 bits a step."""
    codes, first, last = blocks.codes, blocks.starts[row], blocks.ends[row]
    steps[:] = 0
    for some in range(first, max(last, first + 1), _MOST):
        sums[:] = 0
        for i in range(some, min(some + _MOST, last)):
            for w in range(words):
                sums[w] += _apart(_ones_of_four(codes[i * words + w]))
        for t in range(steps.size):
            shift = np.uint64(16 * (t % WORD))
            steps[t] += np.int32((sums[t // WORD] >> shift) & np.uint64(0xFFFF))
    if units.size == 0:
        return
    for i in range(first, last):
        at = np.int64(blocks.groups[i]) * GROUP
        for some in range(0, words, _MOST):
            total = np.uint64(0)
            for w in range(some, min(some + _MOST, words)):
                total += _apart(_ones_of_four(codes[i * words + w] >> np.uint32(16)))
            for q in range(GROUP):
                units[at + q] += np.int64((total >> np.uint64(16 * q)) & np.uint64(0xFFFF))


@inlined
def _ones_of_four(code: np.uint32) -> np.uint32:
    """Return the number of ones in each of the four lowest groups of 4 bits, in its place."""
    x = code & np.uint32(0xFFFF)
    x -= (x >> np.uint32(1)) & np.uint32(0x5555)
    return (x & np.uint32(0x3333)) + ((x >> np.uint32(2)) & np.uint32(0x3333))


@inlined
def _apart(fours: np.uint32) -> np.uint64:
    """Return four numbers of 4 bits as four of 16 bits."""
    x = np.uint64(fours)
    x = (x | (x << np.uint64(24))) & np.uint64(0x000000FF000000FF)
    return (x | (x << np.uint64(12))) & np.uint64(0x000F000F000F000F)


@parallel_kernel
def _add_weights(blocks: Plain, words: int, table: Ints, steps: Ints) -> None:
    starts, ends, groups, codes, _ = blocks
    for row in prange(starts.size):
        for i in range(starts[row], ends[row]):
            sums = table[groups[i]]
            for w in range(words):
                code = np.int64(codes[i * words + w])
                for t in range(WORD):
                    steps[row, w * WORD + t] += sums[(code >> (GROUP * t)) & 15]


def value_counts(values: Floats) -> tuple[Ints, Counts]:
    """Return of values [B, M] how many are not 0, in every column and in every row."""
    columns, rows = np.zeros(values.shape[1], np.int64), np.zeros(values.shape[0], np.int32)
    _count_values(values, columns, rows)
    return columns, rows


@kernel
def _count_values(values: Floats, columns: Ints, rows: Counts) -> None:
    for b in range(values.shape[0]):
        count = np.int64(0)
        for m in range(values.shape[1]):
            is_one = np.int64(values[b, m] != 0)
            columns[m] += is_one
            count += is_one
        rows[b] = count
