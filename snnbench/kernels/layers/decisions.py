"""What the output layer decides after every step, and sums over samples of what was done by then.

Codes and margins are those of `snnbench.training.decisions`, sums those of
`snnbench.training.steps`; a member's are whole numbers, or computed from its own outputs alone.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import prange

from snnbench.kernels.base.jit import Bytes, Floats, Ints, Plain, inner, kernel, parallel_kernel
from snnbench.kernels.base.lanes import count_ones, item, load_word

Codes = npt.NDArray[np.int32]
PARTS = 16  # pieces of the batch that threads share out
_BITS = 57  # of a word at any bit's place


class Found(NamedTuple):
    """Codes and margins after every step, and spikes of the layer at it; each [K, B, T]."""

    codes: Codes
    margins: Floats
    spikes: Codes


@parallel_kernel
def decide_by_spikes(
    bits: Bytes, row_bytes: int, stride: int, y: Ints, classes: int, found: Plain
) -> None:
    """Decide by the number of spikes so far.

    Args:
        bits: flat [B, T, row_bytes], and `SPARE_BYTES` more.
        row_bytes: bytes of a row.
        stride: bits from a member's units to the next member's.
        y: classes of the samples, [B].
        classes: C.
        found: `Found`; filled.
    """
    found = Found(*found)
    members, batch, T = found.codes.shape
    for part in prange(PARTS):
        counts, having = np.zeros(classes, np.int64), np.zeros(T + 1, np.int64)
        for b in range(batch * part // PARTS, batch * (part + 1) // PARTS):
            for k in range(members):
                first = (b * T * row_bytes, k * stride)
                _decide_sample(bits, first, row_bytes, y[b], k, b, counts, having, found)


@inner
def _decide_sample(
    bits: Bytes,
    first: tuple[int, int],
    row_bytes: int,
    wanted: int,
    k: int,
    b: int,
    counts: Ints,
    having: Ints,
    found: Found,
) -> None:
    """Decide a sample of a member, whose bits begin at the `first` byte and bit.

    Args:
        bits, row_bytes, found: as above.
        wanted: its class.
        k, b: which.
        counts: room for the spikes of every class.
        having: room for the number of classes that have so many spikes.
    """
    classes, T = counts.size, having.size - 1
    codes, margins, spikes = found.codes[k, b], found.margins[k, b], found.spikes[k, b]
    counts[:], having[:] = 0, 0
    having[0], top, second = classes, 0, 0
    code, margin = _decision(counts, having[0], 0, 0, wanted)
    for t in range(T):
        fired = 0
        for c0 in range(0, classes, _BITS):
            bit = first[1] + c0
            word = load_word(bits, first[0] + t * row_bytes + bit // 8) >> np.int64(bit % 8)
            word &= (np.int64(1) << np.int64(min(_BITS, classes - c0))) - 1
            while word != 0:
                c = c0 + count_ones((word & -word) - 1)
                word &= word - 1
                n = counts[c]
                counts[c] = n + 1
                having[n] -= 1
                having[n + 1] += 1
                if n == top:
                    second = n if having[n] > 0 else second
                    top = n + 1
                else:
                    second = max(second, n + 1)
                fired += 1
        if fired:
            code, margin = _decision(counts, having[top], top, second, wanted)
        codes[t], margins[t], spikes[t] = code, margin, fired


@inner
def _decision(
    counts: Ints, equal: int, top: int, second: int, wanted: int
) -> tuple[Any, np.float32]:
    """Return the code and margin of counts of which `equal` are the largest."""
    margin = top - second if equal == 1 and counts.size > 1 else 0
    if counts[wanted] != top:
        return 1 + np.int64(equal > 1), np.float32(margin)
    is_first = 1
    if equal > 1:
        for c in range(wanted):
            if counts[c] == top:
                is_first = 0
    return 2 * equal + 1 + is_first, np.float32(margin)


@parallel_kernel
def decide_by_values(values: Floats, y: Ints, found: Plain) -> None:
    """Decide by the mean of values so far.

    Args:
        values: of the output layer, [B, T, K, C].
        y: classes of the samples, [B].
        found: `Found`; filled, without spikes.
    """
    found = Found(*found)
    batch, _, members, classes = values.shape
    for part in prange(PARTS):
        sums = np.empty(classes, np.float32)
        for b in range(batch * part // PARTS, batch * (part + 1) // PARTS):
            for k in range(members):
                _decide_values(values[b, :, k], y[b], k, b, sums, found)


@inner
def _decide_values(values: Floats, wanted: int, k: int, b: int, sums: Floats, found: Found) -> None:
    """Decide a sample of a member by its values [T, C]; `sums` is room for C."""
    T, classes = values.shape
    sums[:] = 0
    for t in range(T):
        for c in range(classes):
            sums[c] += values[t, c]
        code, margin = _decision_by(sums, wanted)
        found.codes[k, b, t], found.spikes[k, b, t] = code, 0
        found.margins[k, b, t] = margin / np.float32(t + 1)


@inner
def _decision_by(scores: Floats, wanted: int) -> tuple[Any, np.float32]:
    """Return the code and margin of scores."""
    best, equal, second = 0, 1, np.float32(-np.inf)
    for c in range(scores.size):
        if np.isnan(scores[c]):
            return 0, np.float32(-np.inf)
    for c in range(1, scores.size):
        if scores[c] > scores[best]:
            second, best, equal = scores[best], c, 1
        elif scores[c] == scores[best]:
            equal += 1
        else:
            second = max(second, scores[c])
    margin = np.float32(0)
    if equal == 1 and scores.size > 1:
        margin = scores[best] - second
    if scores[wanted] != scores[best]:
        return 1 + np.int64(equal > 1), margin
    return 2 * equal + 1 + np.int64(best == wanted), margin


@kernel
def add_decisions(
    codes: Codes,
    margins: Floats,
    least: tuple[bool, np.float32],
    right: Any,
    out: Plain,
) -> Ints:
    """Add the decisions on a batch to a member's sums; return where each sample exits, [B].

    Args:
        codes, margins: after every step, [B, T].
        least: whether inference may end early, and the margin that ends it.
        right: code -> whether the decision is right.
        out: `counts`, `exits`, `exit_counts` and `kept` of `snnbench.training.steps.StepSums`.
    """
    counts, exits, exit_counts, kept = out
    batch, T = codes.shape
    exit_at = np.empty(batch, np.int64)
    for b in range(batch):
        at, kept_from, stays = T - 1, T, True
        for t in range(T - 1, -1, -1):
            code = np.int64(item(codes, b * T + t))
            counts[t, code] += 1
            if least[0] and item(margins, b * T + t) >= least[1]:
                at = t
            stays = stays and right[code]
            kept_from -= np.int64(stays)
        kept[0] += kept_from < T
        kept[1] += (kept_from + 1) * (kept_from < T)
        exits[at] += 1
        exit_counts[codes[b, at]] += 1
        exit_at[b] = at
    return exit_at


@kernel
def add_counts(
    values: Any,
    who: tuple[int, int],
    exit_at: Ints,
    by: int,
    operations: tuple[Ints, Ints],
    spikes: tuple[Ints, Ints],
) -> None:
    """Add counts of spikes to a member's sums.

    Args:
        values: at every step, or at the first alone, [B * K, T or 1], C-contiguous.
        who: the member, and K; row b * K + k is sample b's.
        exit_at: the step at which each sample exits.
        by: weights that each spike meets.
        operations: by step [T] and until the exit [1]; added to, `by` times.
        spikes: likewise, added to once; of no size, not at all.
    """
    steps = values.shape[1]
    sums, until = np.zeros(steps, np.int64), np.int64(0)
    for b in range(exit_at.size):
        at = (b * who[1] + who[0]) * steps
        for t in range(steps):
            sums[t] += np.int64(item(values, at + t))
        for t in range(min(steps, exit_at[b] + 1)):
            until += np.int64(item(values, at + t))
    for t in range(steps):
        if operations[0].size:
            operations[0][t] += by * sums[t]
        if spikes[0].size:
            spikes[0][t] += sums[t]
    if operations[0].size:
        operations[1][0] += by * until
    if spikes[0].size:
        spikes[1][0] += until
