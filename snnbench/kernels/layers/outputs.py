"""Out of a layer: its spikes as the next layer's blocks, its membranes as an array."""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
from numba import prange

from snnbench.kernels.base.jit import Bytes, Floats, Plain, inlined, inner, parallel_kernel
from snnbench.kernels.base.lanes import load_word
from snnbench.kernels.events.blocks import GROUP, WORD, Blocks, both_halves, count_bits

SPARE_BYTES = 8  # behind the bits, which are read 8 bytes at a time
_GROUPS_A_WORD = 14  # of 4 bits, in the 57 bits that an unaligned 64-bit word has at least


@parallel_kernel
def pack_bits(
    bits: Bytes, row_bytes: int, stride: int, shape: tuple[int, int, int, int], out: Plain
) -> None:
    """Turn a layer's output bits into the blocks of the next layer, silent groups left out.

    Args:
        bits: flat [B, T, row_bytes], and `SPARE_BYTES` more.
        stride: bits from a member's units to the next member's.
        shape: B, T, K, units of a member.
        out: the arrays of `SpikeBlocks` with B * K rows.
    """
    batch, T, members, units = shape
    out = Blocks(*out)
    for b in prange(batch):
        for k in range(members):
            row = b * members + k
            pack_row(bits, b * T * row_bytes, row_bytes, k * stride, (T, units), row, out)


@inner
def pack_row(
    bits: Bytes,
    first_byte: int,
    row_bytes: int,
    first_bit: int,
    size: tuple[int, int],
    row: int,
    out: Blocks,
) -> None:
    """Fill the blocks of one sample and member."""
    starts, ends, groups, codes, counts = out
    T, units = size
    words, group_count = (T + WORD - 1) // WORD, (units + GROUP - 1) // GROUP
    start, total = starts[row], np.int64(0)
    seen = np.zeros(group_count, np.uint32)
    for first in range(0, group_count, _GROUPS_A_WORD):
        bit = first_bit + first * GROUP
        byte, shift = first_byte + bit // 8, np.int64(bit % 8)
        count = min(_GROUPS_A_WORD, group_count - first)
        mask = (np.int64(1) << np.int64(min(units - first * GROUP, 60))) - 1
        for w in range(words):
            at = byte + w * WORD * row_bytes
            left = T - w * WORD
            r0 = (load_word(bits, at) >> shift) & mask
            r1 = (load_word(bits, at + row_bytes) >> shift) & mask if left > 1 else 0
            r2 = (load_word(bits, at + 2 * row_bytes) >> shift) & mask if left > 2 else 0
            r3 = (load_word(bits, at + 3 * row_bytes) >> shift) & mask if left > 3 else 0
            for g in range(first, first + count):
                code = np.uint32(
                    (r0 & 15) | ((r1 & 15) << 4) | ((r2 & 15) << 8) | ((r3 & 15) << 12)
                )
                seen[g] |= code
                total += count_bits(code)
                codes[(start + g) * words + w] = both_halves(code)
                r0, r1, r2, r3 = r0 >> GROUP, r1 >> GROUP, r2 >> GROUP, r3 >> GROUP
    counts[row] = total
    ends[row] = _drop_silent(seen, groups, codes, start, words)


@inlined
def _drop_silent(seen: Any, groups: Any, codes: Any, start: int, words: int) -> int:
    """Close the gaps that groups without a spike leave, and return where the rest ends."""
    entry = start
    for g in range(seen.size):
        if seen[g]:
            groups[entry] = g
            if entry < start + g:
                for w in range(words):
                    codes[entry * words + w] = codes[(start + g) * words + w]
            entry += 1
    return entry


@parallel_kernel
def member_rows(
    membranes: Floats,
    out: Floats,
    shape: tuple[int, int, int, int],
    layout: tuple[int, int, int],
) -> None:
    """Copy membranes out of the tiles.

    Args:
        membranes: flat [units, B, T, width].
        out: flat [B, T, K, N].
        shape: B, T, K, N.
        layout: columns from a member to the next; lanes; width.
    """
    batch, T, members, units = shape
    stride, lanes, width = layout
    for b in prange(batch):
        for t in range(T):
            for k in range(members):
                at = ((b * T + t) * members + k) * units
                for n in range(units):
                    column = k * stride + n
                    tile, lane = column // lanes, column % lanes
                    out[at + n] = membranes[((tile * batch + b) * T + t) * width + lane]
