"""Spikes as blocks of bits.

A block is 4 neighbouring inputs (a group) at 4 neighbouring steps (a word): 16 spikes in 16
bits. A row of blocks belongs to one sample (and member), and holds only the groups that spike
at all. The kernels use 4 bits at a time as an index into a table of sums of 4 weight rows, or
of 4 steps' gradients: one addition does the work of up to four events.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import prange

from snnbench.kernels.base.jit import (
    Buffer,
    Bytes,
    Codes,
    Floats,
    Ints,
    Plain,
    inlined,
    inner,
    kernel,
    parallel_kernel,
    share,
)
from snnbench.kernels.base.lanes import count_ones

GROUP = 4  # inputs of a block
WORD = 4  # steps of a block


def blocks_of(count: int, size: int) -> int:
    """Return how many blocks of `size` hold `count`."""
    return -(-count // size)


class Blocks(NamedTuple):
    """What the kernels see of `SpikeBlocks`, whose attributes say what each array holds."""

    starts: Ints
    ends: Ints
    groups: npt.NDArray[np.int32]
    codes: Codes
    counts: Ints


class SpikeBlocks:
    """Spikes of `rows` samples (times members) over M inputs and T steps.

    Attributes:
        inputs: M.
        T: steps.
        starts, ends: row r's groups are entries starts[r] .. ends[r] of `groups`, ascending;
            int64 [rows].
        groups: input group of an entry, int32.
        codes: uint32, flat [entries, words]: bit 4 t + q of the lower half is input q of the
            group at step t of the word, and bit 4 q + t of the upper half is the same spike.
        counts: spikes of each row, int64 [rows].
    """

    def __init__(self, inputs: int, T: int) -> None:
        self.inputs, self.T = inputs, T
        self.group_count, self.words = blocks_of(inputs, GROUP), blocks_of(T, WORD)
        self._groups, self._codes = Buffer(np.int32), Buffer(np.uint32)
        self.rows = -1
        self.resize(0)

    def resize(self, rows: int) -> None:
        """Make room for `rows` rows, each with as many groups as there can be."""
        if rows != self.rows:
            self.rows = rows
            self.starts = np.arange(rows, dtype=np.int64) * self.group_count
            self.ends = np.empty(rows, np.int64)
            self.counts = np.empty(rows, np.int64)
        self.groups = self._groups.take(rows * self.group_count)
        self.codes = self._codes.take(rows * self.group_count * self.words)

    @property
    def arrays(self) -> tuple[Ints, Ints, npt.NDArray[np.int32], Codes, Ints]:
        """Return what makes `Blocks`."""
        return self.starts, self.ends, self.groups, self.codes, self.counts

    @property
    def size(self) -> int:
        """Number of blocks that are filled."""
        return int((self.ends - self.starts).sum()) * self.words

    def dense(self) -> Floats:
        """Return the spikes as 0.0 and 1.0, [rows, T, M]."""
        spikes = np.zeros((self.rows, self.words * WORD, self.group_count * GROUP), np.float32)
        _unpack(self.arrays, self.words, spikes)
        return np.ascontiguousarray(spikes[:, : self.T, : self.inputs])


def events_from_spikes(spikes: npt.NDArray[Any], into: SpikeBlocks) -> SpikeBlocks:
    """Take spikes of any encoding.

    Args:
        spikes: [rows, T, M]; what is not 0 is a spike.
        into: filled and returned.
    """
    rows, T, inputs = spikes.shape
    assert (into.inputs, into.T) == (inputs, T), "the blocks have another shape"
    into.resize(rows)
    fires = np.ascontiguousarray(spikes != 0).view(np.uint8)
    share(fires.size)
    _pack(fires, into.words, into.group_count, into.arrays)
    return into


@inlined
def both_halves(code: np.uint32) -> np.uint32:
    """Add to a lower half (step major) its transpose (input major) as upper half."""
    x = code
    swap = (x ^ (x >> np.uint32(3))) & np.uint32(0x0A0A)
    x ^= swap ^ (swap << np.uint32(3))
    swap = (x ^ (x >> np.uint32(6))) & np.uint32(0x00CC)
    x ^= swap ^ (swap << np.uint32(6))
    return code | (x << np.uint32(16))


@inlined
def count_bits(code: np.uint32) -> np.int64:
    """Return the spikes of a block, which are the bits of its lower half."""
    return np.int64(count_ones(code & np.uint32(0xFFFF)))


@parallel_kernel
def _pack(fires: Bytes, words: int, group_count: int, out: Plain) -> None:
    out = Blocks(*out)
    for row in prange(fires.shape[0]):
        _pack_row(fires[row], row, words, group_count, out)


@inner
def _pack_row(fires: Bytes, row: int, words: int, group_count: int, out: Blocks) -> None:
    """Fill one row from fires [T, M]."""
    groups, codes = out.groups, out.codes
    T, inputs = fires.shape
    entry, total = out.starts[row], np.int64(0)
    for g in range(group_count):
        any_code = np.uint32(0)
        for w in range(words):
            code = np.uint32(0)
            for t in range(min(WORD, T - WORD * w)):
                for q in range(min(GROUP, inputs - GROUP * g)):
                    fired = np.uint32(fires[WORD * w + t, GROUP * g + q])
                    code |= fired << np.uint32(GROUP * t + q)
            any_code |= code
            total += count_bits(code)
            codes[entry * words + w] = both_halves(code)
        groups[entry] = g
        entry += np.int64(any_code != 0)
    out.ends[row], out.counts[row] = entry, total


@kernel
def _unpack(blocks: Plain, words: int, spikes: Floats) -> None:
    starts, ends, groups, codes, _ = blocks
    for row in range(starts.size):
        for i in range(starts[row], ends[row]):
            for w in range(words):
                for bit in range(GROUP * WORD):
                    fired = (codes[i * words + w] >> np.uint32(bit)) & np.uint32(1)
                    t, unit = WORD * w + bit // GROUP, GROUP * groups[i] + bit % GROUP
                    spikes[row, t, unit] = np.float32(fired)
