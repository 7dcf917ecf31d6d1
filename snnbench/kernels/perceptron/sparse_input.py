"""A linear layer whose input is mostly zeros, as images are: only what is not 0 is touched.

Exact: adding 0 times a weight changes nothing. Members have tiles of their own, so that none's
bits depend on another's, nor on how many threads there are.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import prange

from snnbench.kernels.base.columns import load_columns
from snnbench.kernels.base.jit import Buffer, Floats, Ints, Plain, inner, parallel_kernel, share
from snnbench.kernels.base.lanes import (
    WIDE,
    WIDTH,
    item,
    load,
    multiply_add,
    prefetch,
    splat,
    store,
    store_first,
    zeros,
)

LANES = WIDTH * len(WIDE)  # of a tile
_NEAR = 2 * LANES  # units up to which rows of weights are read where they are
_LINE = 16  # values in a cache line
_VALUE = 3  # nanoseconds of one value in one tile


class Sparse(NamedTuple):
    """What the kernels see of `SparseRows`."""

    starts: Ints
    columns: npt.NDArray[np.int32]
    values: Floats


class SparseRows:
    """The values of a data set that are not 0, row by row; built once.

    Args:
        values: [S, M], float32.

    Attributes:
        arrays: what makes `Sparse`: starts int64 [S + 1], columns int32 and values float32 of
            row s from starts[s] to starts[s + 1].
        density: share of values that are not 0.
    """

    def __init__(self, values: Floats) -> None:
        rows, columns = np.nonzero(values)
        counts = np.bincount(rows, minlength=len(values))
        starts = np.concatenate([[0], np.cumsum(counts)])
        self.arrays = starts, columns.astype(np.int32), values[rows, columns]
        self.inputs = values.shape[1]
        self.density = len(columns) / max(1, values.size)
        self._tables = Buffer(np.float32)  # aligned: half of all rows would straddle cache lines

    def product(self, rows: Ints, weight: Floats, bias: Floats | None) -> Floats:
        """Return x W + b of some rows for K members, [K, B, N].

        Args:
            rows: which samples, int64 [B].
            weight: [K, M, N], C-contiguous.
            bias: [K, N] or None.
        """
        members, _, units = weight.shape
        base = np.zeros((members, units), np.float32) if bias is None else bias
        out = np.empty((members, len(rows), units), np.float32)
        table = self._tables.take(members * tiles_of(units) * self.inputs * LANES)
        self._share(len(rows), members, units)
        _forward(self.arrays, rows, weight.reshape(-1), base.reshape(-1), table,
                 out.reshape(-1), (members, self.inputs, units), WIDE)  # fmt: skip
        return out

    def weight_gradient(self, rows: Ints, gradient: Floats, out: Floats) -> None:
        """Write x' G for K members.

        Args:
            rows: which samples, int64 [B].
            gradient: G, [K, B, N], C-contiguous.
            out: [K, M, N], C-contiguous.
        """
        members, _, units = gradient.shape
        table = self._tables.take(members * tiles_of(units) * self.inputs * LANES)
        self._share(len(rows), members, units)
        _backward(self.arrays, rows, gradient.reshape(-1), table, out.reshape(-1),
                  (members, self.inputs, units), WIDE)  # fmt: skip

    def _share(self, batch: int, members: int, units: int) -> None:
        values = batch * self.density * self.inputs
        share(_VALUE * values * members * tiles_of(units))


def tiles_of(units: int) -> int:
    """Return how many tiles the columns of a layer take."""
    return -(-units // LANES)


@parallel_kernel
def _forward(
    sparse: Plain,
    rows: Ints,
    weight: Floats,
    base: Floats,
    table: Floats,
    out: Floats,
    shape: tuple[int, int, int],
    vectors: Any,
) -> None:
    sparse = Sparse(*sparse)
    members, inputs, units = shape
    tiles = (units + LANES - 1) // LANES
    for work in prange(members * tiles):
        part = table[work * inputs * LANES : (work + 1) * inputs * LANES]
        multiply_rows(sparse, rows, weight, base, part, out, shape, work, vectors)


@inner
def multiply_rows(
    sparse: Sparse,
    rows: Ints,
    weight: Floats,
    base: Floats,
    table: Floats,
    out: Floats,
    shape: tuple[int, int, int],
    work: int,
    vectors: Any,
) -> None:
    """Compute a tile of x W + b; `table` is memory for the tile of W, [M, LANES]."""
    starts, columns, values = sparse
    _, inputs, units = shape
    zero = zeros(vectors)
    k, first, n = _tile(work, units)
    rows_of, here, step = weight, k * inputs * units + first, units
    if n < LANES or units > _NEAR:
        # A tile's weights side by side: rows far apart would lie in few sets of the cache.
        for i in range(inputs):
            row = load_columns(weight, (k * inputs + i) * units + first, n, zero, LANES)
            store(table, i * LANES, row)
        rows_of, here, step = table, 0, LANES
    start = load_columns(base, k * units + first, n, zero, LANES)
    for b in range(rows.size):
        if b + 1 < rows.size:
            for at in range(starts[rows[b + 1]], starts[rows[b + 1] + 1], _LINE):
                prefetch(columns, at)
                prefetch(values, at)
        total = start
        for e in range(starts[rows[b]], starts[rows[b] + 1]):
            row = load(rows_of, here + np.int64(item(columns, e)) * step, zero)
            total = multiply_add(splat(item(values, e), zero), row, total)
        store_first(out, (k * rows.size + b) * units + first, total, n)


@parallel_kernel
def _backward(
    sparse: Plain,
    rows: Ints,
    gradient: Floats,
    table: Floats,
    out: Floats,
    shape: tuple[int, int, int],
    vectors: Any,
) -> None:
    sparse = Sparse(*sparse)
    members, inputs, units = shape
    tiles = (units + LANES - 1) // LANES
    for work in prange(members * tiles):
        part = table[work * inputs * LANES : (work + 1) * inputs * LANES]
        _backward_tile(sparse, rows, gradient, part, out, shape, work, vectors)


@inner
def _backward_tile(
    sparse: Sparse,
    rows: Ints,
    gradient: Floats,
    table: Floats,
    out: Floats,
    shape: tuple[int, int, int],
    work: int,
    vectors: Any,
) -> None:
    add_outer(sparse, rows, gradient, table, shape, work, vectors)
    _, inputs, units = shape
    zero = zeros(vectors)
    k, first, n = _tile(work, units)
    for i in range(inputs):
        row = load(table, i * LANES, zero)
        store_first(out, (k * inputs + i) * units + first, row, n)


@inner
def add_outer(
    sparse: Sparse,
    rows: Ints,
    gradient: Floats,
    table: Floats,
    shape: tuple[int, int, int],
    work: int,
    vectors: Any,
) -> None:
    """Fill a tile of x' G, [M, LANES], where gradient is G."""
    starts, columns, values = sparse
    _, inputs, units = shape
    zero = zeros(vectors)
    k, first, n = _tile(work, units)
    for i in range(inputs):
        store(table, i * LANES, zero)
    for b in range(rows.size):
        above = load_columns(gradient, (k * rows.size + b) * units + first, n, zero, LANES)
        for e in range(starts[rows[b]], starts[rows[b] + 1]):
            at = np.int64(item(columns, e)) * LANES
            value = splat(item(values, e), zero)
            store(table, at, multiply_add(value, above, load(table, at, zero)))


@inner
def _tile(work: int, units: int) -> tuple[int, int, int]:
    """Return member, first unit and number of units of a tile."""
    tiles = (units + LANES - 1) // LANES
    first = work % tiles * LANES
    return work // tiles, first, min(LANES, units - first)
