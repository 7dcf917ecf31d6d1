"""Spikes as blocks, and the Bernoulli encoding straight into them.

A block is 4 neighbouring inputs (a group) at 4 neighbouring steps (a word): 16 spikes in 16
bits. A row of blocks belongs to one sample (and member), and holds only the groups that spike
at all. The kernels use 4 bits at a time as an index into a table of sums of 4 weight rows, or
of 4 steps' gradients: one addition does the work of up to four events.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange

from snnbench.spiking.kernels.cpu.jit import (
    Buffer,
    Bytes,
    Codes,
    Floats,
    Ints,
    inlined,
    kernel,
    parallel_kernel,
)

GROUP = 4  # inputs of a block
WORD = 4  # steps of a block; also the draws that one 64-bit word gives

_FIELDS = 2 + GROUP  # of an entry: group, possible spikes, thresholds
_SAMPLES = 1 << 12  # made into records at a time

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def blocks_of(count: int, size: int) -> int:
    """Return how many blocks of `size` hold `count`."""
    return -(-count // size)


class SpikeBlocks:
    """Spikes of `rows` samples (times members) over M inputs and T steps. Filled by the encoders.

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
    def arrays(self) -> tuple[Ints, Ints, npt.NDArray[np.int32], Codes]:
        """Return what the kernels read: starts, ends, groups, codes."""
        return self.starts, self.ends, self.groups, self.codes

    def dense(self) -> Floats:
        """Return the spikes as 0.0 and 1.0, [rows, T, M]."""
        spikes = np.zeros((self.rows, self.words * WORD, self.group_count * GROUP), np.float32)
        _unpack(self.arrays, self.words, spikes)
        return np.ascontiguousarray(spikes[:, : self.T, : self.inputs])


class ActivePixels:
    """The pixels of a data set that can spike, and how likely; built once.

    Args:
        values: [S, M] within 0..1, float32.

    Attributes:
        starts: sample s has entries starts[s] .. starts[s + 1], int64 [S + 1]; an entry is a
            group with a pixel that can spike.
        records: of n entries of a sample, from 6 * starts[s] on: n groups; n codes of the
            spikes that can be (lower half of a block's code); and 4 times n thresholds
            round(65536 x) - 1, of the first pixels of the groups to the last; uint16. What one
            sample needs lies together, for it comes from slow memory.
    """

    def __init__(self, values: Floats) -> None:
        samples, self.inputs = values.shape
        assert blocks_of(self.inputs, GROUP) <= 1 << 16, "too many inputs"
        pieces = [_records(values[s : s + _SAMPLES]) for s in range(0, samples, _SAMPLES)]
        self.starts: Ints = np.concatenate([[0], np.cumsum(np.concatenate([p[0] for p in pieces]))])
        self.records = np.concatenate([piece[1] for piece in pieces])


def _records(values: Floats) -> tuple[Ints, npt.NDArray[np.uint16]]:
    """Return the number of entries of each sample, and the records of all."""
    samples, inputs = values.shape
    thresholds = np.rint(np.asarray(values, np.float32) * np.float32(1 << 16)).astype(np.int32)
    grouped = np.pad(thresholds, ((0, 0), (0, -inputs % GROUP))).reshape(samples, -1, GROUP)
    active = grouped.any(2)
    sizes = active.sum(1)
    thresholds = grouped[active]
    possible = ((thresholds > 0) * (0x1111 << np.arange(GROUP))).sum(1)
    fields = (np.nonzero(active)[1], possible, *(thresholds.T - 1))
    starts = np.cumsum(sizes) - sizes
    # Field f of the sample's entry i is at 6 * start + f * size + i.
    entries = np.arange(sizes.sum()) + np.repeat(starts * (_FIELDS - 1), sizes)
    records = np.empty(_FIELDS * entries.size, np.uint16)
    for f, field in enumerate(fields):
        records[entries + f * np.repeat(sizes, sizes)] = field & 0xFFFF
    return sizes, records


def bernoulli_events(
    active: ActivePixels, samples: Ints, keys: Ints, T: int, into: SpikeBlocks
) -> SpikeBlocks:
    """Draw the spikes that `snnbench.encoding.bernoulli_spikes` draws for the same keys.

    Args:
        samples: which samples of the data set, int64 [B].
        keys: one a sample, int64 [B], from `draw_keys`.
        into: filled and returned.
    """
    assert (into.inputs, into.T) == (active.inputs, T), "the blocks have another shape"
    into.resize(len(samples))
    pixels = (active.starts, active.records)
    _draw(pixels, samples, keys.view(np.uint64), T, into.words, into.arrays, into.counts)
    return into


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
    _pack(fires, into.words, into.group_count, into.arrays, into.counts)
    return into


@kernel
def draw_keys(seed: int, epoch: int, samples: Ints) -> Ints:
    """Return the keys that `snnbench.encoding.draw_keys` gives, int64 [B]."""
    keys = np.empty(samples.size, np.int64)
    start = _mix(np.uint64(seed) + _GOLDEN) + np.uint64(epoch)
    for b in range(samples.size):
        key = _mix(start + _GOLDEN) + np.uint64(samples[b])
        keys[b] = np.int64(_mix(key + _GOLDEN))
    return keys


@inlined
def _mix(word: np.uint64) -> np.uint64:
    """Finalizer of SplitMix64."""
    word = (word ^ (word >> np.uint64(30))) * _MIX_1
    word = (word ^ (word >> np.uint64(27))) * _MIX_2
    return word ^ (word >> np.uint64(31))


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
def _draw(
    pixels: Any, samples: Ints, keys: Any, T: int, words: int, out: Any, counts: Ints
) -> None:
    starts, records = pixels
    out_starts, out_ends, out_groups, out_codes = out
    for b in prange(samples.size):
        first, last = starts[samples[b]], starts[samples[b] + 1]
        start, n = out_starts[b], last - first
        out_ends[b] = start + n
        record = records[_FIELDS * first : _FIELDS * last]
        codes = out_codes[start * words : (start + n) * words]
        groups = out_groups[start : start + n]
        for i in range(n):
            groups[i] = record[i]
        counts[b] = _draw_sample(record, keys[b], T, codes)


@kernel
def _draw_sample(record: Any, key: np.uint64, T: int, codes: Codes) -> np.int64:
    """Fill codes [entries, words] of one sample and return its number of spikes."""
    n = record.size // _FIELDS
    words = codes.size // max(1, n)
    drawn = np.empty(n, np.uint64)
    total = np.int64(0)
    for w in range(words):
        drawn[:] = 0
        steps = np.uint32((1 << min(GROUP * WORD, GROUP * (T - WORD * w))) - 1)
        for q in range(GROUP):
            thresholds = record[(2 + q) * n : (3 + q) * n]
            _draw_inputs(record[:n], thresholds, key, (w << 32) + q, np.uint64(q), drawn)
        for i in range(n):
            code = np.uint32(drawn[i]) & steps & np.uint32(record[n + i])
            total += count_bits(code)
            codes[i * words + w] = both_halves(code)
    return total


@inlined
def _draw_inputs(
    groups: Any, thresholds: Any, key: np.uint64, counter: int, q: np.uint64, drawn: Any
) -> None:
    """Add the spikes of input q of all groups at the four steps of a word."""
    for i in range(groups.size):
        word = _mix(key + _GOLDEN * np.uint64(np.int64(groups[i]) * GROUP + counter))
        threshold = np.uint64(thresholds[i]) + np.uint64(1)
        spikes = np.uint64(0)
        for t in range(WORD):
            draw = (word >> np.uint64(16 * t)) & np.uint64(0xFFFF)
            below = (draw - threshold) >> np.uint64(63)  # the sign: 1 where draw < threshold
            spikes |= below << np.uint64(GROUP * t)
        drawn[i] |= spikes << q


@parallel_kernel
def _pack(fires: Bytes, words: int, group_count: int, out: Any, counts: Ints) -> None:
    for row in prange(fires.shape[0]):
        counts[row] = _pack_row(fires[row], row, words, group_count, out)


@kernel
def _pack_row(fires: Bytes, row: int, words: int, group_count: int, out: Any) -> np.int64:
    """Fill one row from fires [T, M] and return its number of spikes."""
    starts, ends, groups, codes = out
    T, inputs = fires.shape
    entry, total = starts[row], np.int64(0)
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
    ends[row] = entry
    return total


@kernel
def _unpack(blocks: Any, words: int, spikes: Floats) -> None:
    starts, ends, groups, codes = blocks
    for row in range(starts.size):
        for i in range(starts[row], ends[row]):
            for w in range(words):
                for bit in range(GROUP * WORD):
                    fired = (codes[i * words + w] >> np.uint32(bit)) & np.uint32(1)
                    t, unit = WORD * w + bit // GROUP, GROUP * groups[i] + bit % GROUP
                    spikes[row, t, unit] = np.float32(fired)
