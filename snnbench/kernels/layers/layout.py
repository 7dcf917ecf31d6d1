"""Where the columns of a layer lie in memory."""

import math

import numpy as np

from snnbench.kernels.base.jit import Buffer, Floats
from snnbench.kernels.base.lanes import NARROW, WIDE, WIDTH
from snnbench.kernels.events.blocks import blocks_of


class Layout:
    """The padded rows of a layer with K members of N units each.

    Args:
        members: K.
        units: N.
        shared: all members see the same input (the first layer). Then their columns stand side
            by side, k * N + n, in one set; otherwise every member is a set with tiles of its own.

    Attributes:
        sets: parts with an input of their own.
        columns: of a set.
        vectors: width of a tile, as the kernels take it; `lanes` is the same as a number.
        tiles: of a set.
        row: columns of a padded row.
        stride: columns from a member to the next.
    """

    def __init__(self, members: int, units: int, *, shared: bool) -> None:
        self.members, self.units, self.shared = members, units, shared
        self.sets = 1 if shared else members
        self.columns = members * units // self.sets
        self.vectors = NARROW if self.columns <= WIDTH else WIDE
        self.lanes = WIDTH * len(self.vectors)
        self.tiles = blocks_of(self.columns, self.lanes)
        self.row = self.sets * self.tiles * self.lanes
        self.stride = units if shared else self.tiles * self.lanes

    def member_view(self, rows: Floats) -> Floats:
        """Return padded rows [..., row], C-contiguous, as a view [..., K, N]."""
        shape = (*rows.shape[:-1], self.members, self.units)
        strides = (*rows.strides[:-1], self.stride * rows.itemsize, rows.itemsize)
        return np.ndarray(shape, rows.dtype, rows, 0, strides)

    def padded(self, values: Floats, memory: Buffer) -> Floats:
        """Return values [..., K, N] as padded rows [..., row], 0 in the padding.

        Args:
            memory: used for rows of this layout only.
        """
        outer = values.shape[:-2]
        rows: Floats = memory.take(math.prod(outer) * self.row).reshape(*outer, self.row)
        self.member_view(rows)[...] = values
        return rows

    def spread(self, values: Floats) -> Floats:
        """Return one value a member, [K], at all its columns of a padded row."""
        return self.padded(np.repeat(values[:, None], self.units, axis=1), Buffer(np.float32))
