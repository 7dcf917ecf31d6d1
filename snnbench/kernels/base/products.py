"""Matrix products with a tile of columns in registers.

A lane's sum runs over the inner index in order, in every lane and row alike, so that it has the
same bits in any company. BLAS promises no such thing, and was no faster at the sizes measured
(3,200 x 256 by 256 x 256 on one core of an EPYC 9xx4: 4.0 ms, MKL 4.5 ms).
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
from numba import prange

from snnbench.kernels.base.jit import Floats, inlined, inner, parallel_kernel
from snnbench.kernels.base.lanes import (
    WIDE,
    WIDTH,
    item,
    load,
    multiply_add,
    splat,
    store_first,
    zeros,
)

_PARTS = 16  # pieces of the rows that threads share out


@parallel_kernel
def input_gradient(
    currents: Floats,
    weight: Floats,
    transposed: Floats,
    out: Floats,
    shape: tuple[int, int, int, int],
    row: int,
    to: tuple[int, int],
) -> None:
    """Compute dL/dS of a layer's inputs: dL/dI times the weights of each member.

    Args:
        currents: dL/dI, flat [rows, row], member k's N columns from k * row / K on.
        weight: flat [M, K, N].
        transposed: memory for [K, tiles of M, N, lanes].
        out: flat [rows, to[0]]; member k's M columns begin at k * to[1].
        shape: rows (samples times steps), K, M, N.
    """
    rows, members, inputs, outputs = shape
    lanes = WIDTH * len(WIDE)
    tiles = (inputs + lanes - 1) // lanes
    for tile in prange(members * tiles):
        transpose(weight, tile // tiles, (tile % tiles) * lanes, shape, tile, transposed, lanes)
    for part in prange(_PARTS):
        span = (rows * part // _PARTS, rows * (part + 1) // _PARTS)
        for tile in range(members * tiles):
            k, m = tile // tiles, (tile % tiles) * lanes
            sizes = (outputs, row, 1, to[0], min(lanes, inputs - m))
            starts = (k * (row // members), tile * outputs * lanes, k * to[1] + m)
            multiply(currents, transposed, out, span, starts, sizes, WIDE)


@inlined
def transpose(
    weight: Floats,
    k: int,
    m: int,
    shape: tuple[int, int, int, int],
    tile: int,
    transposed: Floats,
    lanes: int,
) -> None:
    """Copy member k's weights of `lanes` inputs from m on, inputs innermost, zeros behind them."""
    _, members, inputs, outputs = shape
    at = tile * outputs * lanes
    for q in range(lanes):
        for n in range(outputs):
            value = np.float32(0)
            if m + q < inputs:
                value = weight[((m + q) * members + k) * outputs + n]
            transposed[at + n * lanes + q] = value


@inner
def multiply(
    a: Floats,
    tile: Floats,
    out: Floats,
    rows: tuple[int, int],
    starts: tuple[int, int, int],
    sizes: tuple[int, int, int, int, int],
    vectors: Any,
) -> None:
    """Multiply rows of a with a tile [inner, lanes], four at a time.

    Args:
        rows: first, and last + 1.
        starts: element of row 0 in a, of the tile, of row 0 in out.
        sizes: inner; elements from row to row of a, and within a row of it; from row to row of
            out; lanes to write.
    """
    first, last = rows
    inner, a_row, a_step, out_row, n = sizes
    zero = zeros(vectors)
    lanes = WIDTH * len(vectors)
    for r in range(first, last - 3, 4):
        c0 = c1 = c2 = c3 = zero
        at = starts[0] + r * a_row
        for i in range(inner):
            b = load(tile, starts[1] + i * lanes, zero)
            here = at + i * a_step
            c0 = multiply_add(splat(item(a, here), zero), b, c0)
            c1 = multiply_add(splat(item(a, here + a_row), zero), b, c1)
            c2 = multiply_add(splat(item(a, here + 2 * a_row), zero), b, c2)
            c3 = multiply_add(splat(item(a, here + 3 * a_row), zero), b, c3)
        to = starts[2] + r * out_row
        store_first(out, to, c0, n)
        store_first(out, to + out_row, c1, n)
        store_first(out, to + 2 * out_row, c2, n)
        store_first(out, to + 3 * out_row, c3, n)
    for r in range(last - (last - first) % 4, last):
        c0 = zero
        for i in range(inner):
            b = load(tile, starts[1] + i * lanes, zero)
            here = starts[0] + r * a_row + i * a_step
            c0 = multiply_add(splat(item(a, here), zero), b, c0)
        store_first(out, starts[2] + r * out_row, c0, n)
