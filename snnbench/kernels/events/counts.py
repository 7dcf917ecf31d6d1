"""How often every input spiked, and how many did at every step, read off spike blocks."""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange

from snnbench.kernels.base.jit import Floats, Ints, Plain, inlined, kernel, parallel_kernel, share
from snnbench.kernels.base.lanes import item
from snnbench.kernels.events.blocks import GROUP, WORD, Blocks, SpikeBlocks

Counts = npt.NDArray[np.int32]

_BLOCK = 1  # nanoseconds
_BYTES = np.uint32(0x0F0F0F0F)
_MOST = 63  # blocks of which a byte holds the spikes of a step, or of an input: up to 4 of each
_MOST_STEPS = (1 << 16) - 1  # of which 16 bits hold the spikes of an input


def input_counts(blocks: SpikeBlocks) -> tuple[Ints, Counts]:
    """Return the spikes of every input over all rows and steps, [M], and `step_counts`."""
    parts, steps = _begin(blocks)
    units = np.zeros((parts, blocks.group_count * GROUP), np.int64)
    _count(blocks.arrays, blocks.words, units, steps)
    return units.sum(0)[: blocks.inputs], steps


def step_counts(blocks: SpikeBlocks) -> Counts:
    """Return the spikes of all inputs at every step, int32 [rows, T]."""
    parts, steps = _begin(blocks)
    _count(blocks.arrays, blocks.words, np.zeros((parts, 0), np.int64), steps)
    return steps


def _begin(blocks: SpikeBlocks) -> tuple[int, Counts]:
    """Return the pieces that threads share out, and room for the spikes at every step."""
    return share(_BLOCK * blocks.size), np.empty((blocks.rows, blocks.T), np.int32)


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
    rows, parts = steps.shape[0], units.shape[0]
    for part in prange(parts):
        _count_rows(blocks, rows * part // parts, rows * (part + 1) // parts, words, units[part],
                    steps)  # fmt: skip


@kernel
def _count_rows(
    blocks: Blocks, begin: int, end: int, words: int, units: Ints, steps: Counts
) -> None:
    """Count some rows."""
    even, odd = np.zeros(words, np.uint32), np.zeros(words, np.uint32)
    of_groups = np.zeros(units.size // GROUP, np.uint64)
    some = max(1, _MOST_STEPS // (GROUP * words))  # rows whose sums 16 bits hold
    for low in range(begin, end, some):
        for row in range(low, min(low + some, end)):
            _count_row(blocks, row, words, of_groups, steps, even, odd)
        for g in range(of_groups.size):
            for q in range(GROUP):
                sixteen = (of_groups[g] >> np.uint64(16 * q)) & np.uint64(0xFFFF)
                units[g * GROUP + q] += np.int64(sixteen)
            of_groups[g] = 0


@kernel
def _count_row(
    blocks: Blocks, row: int, words: int, of_groups: Any, steps: Counts, even: Any, odd: Any
) -> None:
    """Count one row; `even` and `odd` are room for sums of two steps a word each, 8 bits a step.

    A block's lower half has the steps in groups of 4 bits, its upper half the inputs: what is done
    to its groups is done to both.
    """
    codes, groups, first, last = blocks.codes, blocks.groups, blocks.starts[row], blocks.ends[row]
    T = steps.shape[1]
    for t in range(T):
        steps[row, t] = 0
    for begin in range(first, max(last, first + 1), _MOST):
        for w in range(words):
            even[w] = odd[w] = 0
        for i in range(begin, min(begin + _MOST, last)):
            for low in range(0, words, _MOST):
                a = b = np.uint32(0)
                for w in range(low, min(low + _MOST, words)):
                    x = item(codes, i * words + w)
                    x -= (x >> np.uint32(1)) & np.uint32(0x55555555)
                    x = (x & np.uint32(0x33333333)) + ((x >> np.uint32(2)) & np.uint32(0x33333333))
                    x0, x1 = x & _BYTES, (x >> np.uint32(4)) & _BYTES
                    even[w] += x0
                    odd[w] += x1
                    a += x0
                    b += x1
                if of_groups.size:
                    of_groups[item(groups, i)] += _inputs(np.uint64(a), np.uint64(b))
        for t in range(T):
            sums = even[t // WORD] if t % 2 == 0 else odd[t // WORD]
            steps[row, t] += np.int32((sums >> np.uint32(4 * (t % WORD // 2 * 2))) & np.uint32(255))


@inlined
def _inputs(even: np.uint64, odd: np.uint64) -> np.uint64:
    """Return the upper halves' four bytes, in the order of the inputs, as four of 16 bits."""
    byte = np.uint64(255)
    return (
        ((even >> np.uint64(16)) & byte)
        | (((odd >> np.uint64(16)) & byte) << np.uint64(16))
        | ((even >> np.uint64(24)) << np.uint64(32))
        | ((odd >> np.uint64(24)) << np.uint64(48))
    )


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
