"""The Bernoulli encoding, straight into spike blocks; draws only for pixels that can spike."""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange

from snnbench.spiking.kernels.cpu.blocks import (
    GROUP,
    WORD,
    SpikeBlocks,
    blocks_of,
    both_halves,
    count_bits,
    events_from_spikes,
)
from snnbench.spiking.kernels.cpu.jit import (
    Codes,
    Floats,
    Ints,
    inlined,
    kernel,
    parallel_kernel,
    share,
)

__all__ = ["ActivePixels", "SpikeBlocks", "bernoulli_events", "draw_keys", "events_from_spikes"]

_FIELDS = 2 + GROUP  # of an entry: group, possible spikes, thresholds
_SAMPLES = 1 << 12  # made into records at a time

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


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
    share(5 * into.words * len(samples) * active.starts[-1] / (active.starts.size - 1))
    _draw(pixels, np.ascontiguousarray(samples), keys.view(np.uint64), T, into.words, into.arrays)
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


@parallel_kernel
def _draw(pixels: Any, samples: Ints, keys: Any, T: int, words: int, out: Any) -> None:
    # Written to in a function of its own: of arrays out of a tuple, numba drops what the body of
    # a prange itself writes, as if nobody could see it.
    for b in prange(samples.size):
        _draw_row(pixels, samples[b], keys[b], T, words, out, b)


@kernel
def _draw_row(
    pixels: Any, sample: int, key: np.uint64, T: int, words: int, out: Any, row: int
) -> None:
    starts, records = pixels
    out_starts, out_ends, out_groups, out_codes, counts = out
    first, last = starts[sample], starts[sample + 1]
    start, n = out_starts[row], last - first
    out_ends[row] = start + n
    record = records[_FIELDS * first : _FIELDS * last]
    for i in range(n):
        out_groups[start + i] = record[i]
    codes = out_codes[start * words : (start + n) * words]
    counts[row] = _draw_sample(record, key, T, codes)


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
