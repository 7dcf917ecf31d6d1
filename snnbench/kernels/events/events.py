"""The Bernoulli encoding, straight into spike blocks; draws only for pixels that can spike."""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import prange

from snnbench.kernels.base.jit import (
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
from snnbench.kernels.base.lanes import item, prefetch
from snnbench.kernels.events.blocks import (
    GROUP,
    WORD,
    Blocks,
    SpikeBlocks,
    blocks_of,
    count_bits,
    events_from_spikes,
)
from snnbench.kernels.events.draws import GOLDEN, draw_block, mix

__all__ = ["ActivePixels", "SpikeBlocks", "bernoulli_events", "draw_keys", "events_from_spikes"]

_FIELDS = 1 + GROUP  # of an entry: group, limits
_LINE = 32  # fields in a cache line
_SAMPLES = 1 << 12  # made into records at a time


class Pixels(NamedTuple):
    """What the kernels see of `ActivePixels`."""

    starts: Ints
    records: npt.NDArray[np.uint16]


class ActivePixels:
    """The pixels of a data set that can spike, and how likely; built once.

    Args:
        values: [S, M] within 0..1, float32.

    Attributes:
        starts: sample s has entries starts[s] .. starts[s + 1], int64 [S + 1]; an entry is a
            group with a pixel that can spike.
        records: of n entries of a sample, from 5 * starts[s] on: n groups, and n times the
            largest draws that are spikes of its four pixels, round(65536 x) - 1, or 0 of a
            pixel that cannot spike; uint16. What one sample needs lies together, for it comes
            from slow memory.
    """

    def __init__(self, values: Floats) -> None:
        samples, self.inputs = values.shape
        assert blocks_of(self.inputs, GROUP) <= 1 << 16, "too many inputs"
        pieces = [_records(values[s : s + _SAMPLES]) for s in range(0, samples, _SAMPLES)]
        self.starts: Ints = np.concatenate([[0], np.cumsum(np.concatenate([p[0] for p in pieces]))])
        self.records = np.concatenate([piece[1] for piece in pieces])

    @property
    def arrays(self) -> tuple[Ints, npt.NDArray[np.uint16]]:
        """Return what makes `Pixels`."""
        return self.starts, self.records


def _records(values: Floats) -> tuple[Ints, npt.NDArray[np.uint16]]:
    """Return the number of entries of each sample, and the records of all."""
    samples, inputs = values.shape
    thresholds = np.rint(np.asarray(values, np.float32) * np.float32(1 << 16)).astype(np.int32)
    grouped = np.pad(thresholds, ((0, 0), (0, -inputs % GROUP))).reshape(samples, -1, GROUP)
    active = grouped.any(2)
    sizes = active.sum(1)
    thresholds = grouped[active]
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    size, entry = np.repeat(sizes, sizes), np.arange(sizes.sum())
    # A sample's entry i has its group at 5 * start + i, and so on.
    first = entry + (_FIELDS - 1) * starts
    records = np.empty(_FIELDS * entry.size, np.uint16)
    records[first] = np.nonzero(active)[1]
    pixels = _FIELDS * starts + size + GROUP * (entry - starts)
    records[pixels[:, None] + np.arange(GROUP)] = np.maximum(thresholds, 1) - 1
    return sizes, records


def bernoulli_events(
    active: ActivePixels, samples: Ints, keys: Ints, T: int, into: SpikeBlocks
) -> SpikeBlocks:
    """Draw the spikes that `snnbench.inputs.bernoulli.bernoulli_spikes` draws for the same keys.

    Args:
        samples: which samples of the data set, int64 [B].
        keys: one a sample, int64 [B], from `draw_keys`.
        into: filled and returned.
    """
    assert (into.inputs, into.T) == (active.inputs, T), "the blocks have another shape"
    into.resize(len(samples))
    share(3 * into.words * len(samples) * active.starts[-1] / (active.starts.size - 1))
    _draw(
        active.arrays,
        np.ascontiguousarray(samples),
        keys.view(np.uint64),
        T,
        into.words,
        into.arrays,
    )
    return into


@kernel
def draw_keys(seed: int, epoch: int, samples: Ints) -> Ints:
    """Return the keys that `snnbench.inputs.bernoulli.draw_keys` gives, int64 [B]."""
    keys = np.empty(samples.size, np.int64)
    start = mix(np.uint64(seed) + GOLDEN) + np.uint64(epoch)
    for b in range(samples.size):
        key = mix(start + GOLDEN) + np.uint64(samples[b])
        keys[b] = np.int64(mix(key + GOLDEN))
    return keys


@parallel_kernel
def _draw(pixels: Plain, samples: Ints, keys: Any, T: int, words: int, out: Plain) -> None:
    pixels, out = Pixels(*pixels), Blocks(*out)
    # Written to in a function of its own: of arrays out of a tuple, numba drops what the body of
    # a prange itself writes, as if nobody could see it.
    for b in prange(samples.size):
        if b + 1 < samples.size:
            fetch_row(pixels, samples[b + 1])
        draw_row(pixels, samples[b], keys[b], T, words, out, b)


@inlined
def fetch_row(pixels: Pixels, sample: int) -> None:
    """Begin to bring a sample's record out of slow memory."""
    starts, records = pixels
    for at in range(_FIELDS * starts[sample], _FIELDS * starts[sample + 1], _LINE):
        prefetch(records, at)


@inner
def draw_row(
    pixels: Pixels, sample: int, key: np.uint64, T: int, words: int, out: Blocks, row: int
) -> None:
    starts, records = pixels
    first, last = starts[sample], starts[sample + 1]
    start, n = out.starts[row], last - first
    out.ends[row] = start + n
    record = records[_FIELDS * first : _FIELDS * last]
    for i in range(n):
        out.groups[start + i] = record[i]
    codes = out.codes[start * words : (start + n) * words]
    out.counts[row] = _draw_sample(record, key, T, codes)


@inner
def _draw_sample(record: Any, key: np.uint64, T: int, codes: Codes) -> np.int64:
    """Fill codes [entries, words] of one sample and return its number of spikes."""
    n = record.size // _FIELDS
    words = codes.size // max(1, n)
    limits = record[n:]
    total = np.int64(0)
    for w in range(words):
        steps = min(WORD, T - WORD * w)
        lower, upper = (1 << (GROUP * steps)) - 1, 0x1111 * ((1 << steps) - 1)
        mask = np.uint32(upper << 16 | lower)
        word_key = mix(key + GOLDEN * np.uint64(w + 1))
        for i in range(n):
            code = draw_block(word_key, np.int64(item(record, i)), limits, i * GROUP) & mask
            total += count_bits(code)
            codes[i * words + w] = code
    return total
