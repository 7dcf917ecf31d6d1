"""How often every input spiked, and how many did at every step, read off spike blocks."""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange

from snnbench.kernels.base.jit import (
    Bytes,
    Floats,
    Ints,
    Plain,
    inlined,
    inner,
    kernel,
    parallel_kernel,
    share,
)
from snnbench.kernels.base.lanes import item, load_word
from snnbench.kernels.events.blocks import GROUP, WORD, Blocks, SpikeBlocks

Counts = npt.NDArray[np.int32]

_BLOCK = 1  # nanoseconds
_ONES, _TWOS, _FOURS = (np.uint64(0x0101010101010101 * byte) for byte in (0x55, 0x33, 0x0F))
_MOST = 62  # blocks of which a byte holds the spikes of a step, or of an input: up to 4 of each
_MOST_STEPS = (1 << 16) - 1  # of which 16 bits hold the spikes of an input


def input_counts(blocks: SpikeBlocks) -> tuple[Ints, Counts]:
    """Return the spikes of every input over all rows and steps, [M], and `step_counts`."""
    parts, steps = _begin(blocks)
    units = np.zeros((parts, blocks.group_count * GROUP), np.int64)
    _count(blocks.arrays, blocks.codes.view(np.uint8), blocks.words, units, steps)
    return units.sum(0)[: blocks.inputs], steps


def step_counts(blocks: SpikeBlocks) -> Counts:
    """Return the spikes of all inputs at every step, int32 [rows, T]."""
    parts, steps = _begin(blocks)
    units = np.zeros((parts, 0), np.int64)
    _count(blocks.arrays, blocks.codes.view(np.uint8), blocks.words, units, steps)
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
def _count(blocks: Plain, pairs: Bytes, words: int, units: Ints, steps: Counts) -> None:
    """Fill `steps`, and add to the units of each part, if there are any.

    Args:
        blocks: `Blocks`.
        pairs: the memory of their codes.
        words: of a row.
        units: [parts, groups * 4], or [parts, 0].
        steps: [rows, T].
    """
    blocks = Blocks(*blocks)
    rows, parts = steps.shape[0], units.shape[0]
    for part in prange(parts):
        _count_rows(blocks, pairs, (rows * part // parts, rows * (part + 1) // parts), words,
                    units[part], steps)  # fmt: skip


@inner
def _count_rows(
    blocks: Blocks, pairs: Bytes, rows: tuple[int, int], words: int, units: Ints, steps: Counts
) -> None:
    """Count some rows."""
    sums = np.zeros((2, (min(words, _MOST) + 1) // 2), np.uint64)
    of_groups = np.zeros(units.size // GROUP, np.uint64)
    some = max(1, _MOST_STEPS // (GROUP * words))  # rows whose sums 16 bits hold
    for low in range(rows[0], rows[1], some):
        for row in range(low, min(low + some, rows[1])):
            _count_row(blocks, pairs, row, words, of_groups, steps[row], sums)
        for g in range(of_groups.size):
            for q in range(GROUP):
                sixteen = (of_groups[g] >> np.uint64(16 * q)) & np.uint64(0xFFFF)
                units[g * GROUP + q] += np.int64(sixteen)
            of_groups[g] = 0


@inner
def _count_row(
    blocks: Blocks,
    pairs: Bytes,
    row: int,
    words: int,
    of_groups: Any,
    steps: Counts,
    sums: Any,
) -> None:
    """Count one row, two blocks at a time.

    A block's lower half has the steps in groups of 4 bits, its upper half the inputs: what is done
    to its groups is done to both.

    Args:
        blocks, pairs, words: as above.
        row: which.
        of_groups: spikes of every group's inputs, 16 bits each; added to.
        steps: spikes at every step; filled.
        sums: room for those of even and of odd steps, 8 bits each.
    """
    first, last = blocks.starts[row], blocks.ends[row]
    steps[:] = 0
    for begin in range(first, last, _MOST):
        entries = (begin, min(begin + _MOST, last))
        for low in range(0, words, _MOST):
            some = (low, min(_MOST, words - low))
            _count_entries(blocks, pairs, entries, words, some, of_groups, sums)
            _add_steps(sums, steps, WORD * low)


@inner
def _count_entries(
    blocks: Blocks,
    pairs: Bytes,
    entries: tuple[int, int],
    words: int,
    some: tuple[int, int],
    of_groups: Any,
    sums: Any,
) -> None:
    """Count some entries of a row, in some words: the first of them, and how many."""
    even, odd = sums[0], sums[1]
    even[:], odd[:] = 0, 0
    full, has_single, has_groups = some[1] // 2, some[1] % 2 == 1, of_groups.size > 0
    for i in range(entries[0], entries[1]):
        at = i * words + some[0]
        a = b = np.uint64(0)
        for p in range(full):
            x0, x1 = _ones_of_four(np.uint64(load_word(pairs, 4 * (at + 2 * p))))
            even[p] += x0
            odd[p] += x1
            a += x0
            b += x1
        if has_single:
            x0, x1 = _ones_of_four(np.uint64(item(blocks.codes, at + 2 * full)))
            even[full] += x0
            odd[full] += x1
            a += x0
            b += x1
        if has_groups:
            of_groups[item(blocks.groups, i)] += _inputs(a) | (_inputs(b) << np.uint64(16))


@inlined
def _ones_of_four(x: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return the numbers of ones in groups of 4 bits, of even and of odd groups, a byte each."""
    x -= (x >> np.uint64(1)) & _ONES
    x = (x & _TWOS) + ((x >> np.uint64(2)) & _TWOS)
    return x & _FOURS, (x >> np.uint64(4)) & _FOURS


@inner
def _add_steps(sums: Any, steps: Counts, begin: int) -> None:
    """Add the sums of pairs of blocks to the steps from `begin` on."""
    even, odd = sums[0], sums[1]
    for p in range(even.size):
        for j in range(WORD):
            shift = np.uint64(j // 2 * 32 + j % 2 * 8)
            t = begin + 2 * WORD * p + 2 * j
            if t < steps.size:
                steps[t] += np.int32((even[p] >> shift) & np.uint64(255))
            if t + 1 < steps.size:
                steps[t + 1] += np.int32((odd[p] >> shift) & np.uint64(255))


@inlined
def _inputs(pair: np.uint64) -> np.uint64:
    """Return the upper bytes of two blocks' halves, added up: two numbers of 32 bits."""
    both = pair + (pair >> np.uint64(32))
    return ((both >> np.uint64(16)) & np.uint64(255)) | (
        ((both >> np.uint64(24)) & np.uint64(255)) << np.uint64(32)
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
