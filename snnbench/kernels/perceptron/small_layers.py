"""Perceptrons with small layers: memory, and forward, loss and back as one call a step.

See `small_step` for how. What the optimizer needs is all that is left to do.
"""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from snnbench.kernels.base.jit import Floats, Ints, Numbers, aligned, most_threads, share
from snnbench.kernels.base.lanes import NARROW, WIDTH
from snnbench.kernels.base.losses import HITS
from snnbench.kernels.perceptron.activations import ACTIVATIONS
from snnbench.kernels.perceptron.small_arrays import Network
from snnbench.kernels.perceptron.small_step import HALVES, train
from snnbench.kernels.perceptron.sparse_input import LANES, Sparse, SparseRows, tiles_of

_PER_NANOSECOND = 4  # multiplications, those of the way back included
_VALUE = 3  # nanoseconds of a non-zero input in one tile, there and back
# Values of a first layer's tiles, of which every half has some: they must stay in a core's cache.
_MOST_TABLE = 1 << 16
# In place of a data set, where the first layer is left to the caller.
_NOTHING = tuple(Sparse(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32)))


class SmallLayers:
    """Forward and backward through all layers, or all but the first one's product.

    Args:
        widths: inputs M of the first layer, then units N of every layer.
        activations: of every layer, among ACTIVATIONS.
        batch: samples at most.
        parameters: of K runs, flat: weights [K, M, N] of every layer, then biases [K, N] of every
            layer or of none; read at every step.
        gradients: of the parameters, flat like them.
        members: K.
        sparse: the data set, if its non-zero values are known.

    Attributes:
        takes_input: the first layer's product and its weights' gradient are computed here; else
            they are left to the caller, because the input is not sparse or the layer too wide.
    """

    def __init__(
        self,
        widths: Sequence[int],
        activations: Sequence[str],
        batch: int,
        *,
        parameters: Floats,
        gradients: Floats,
        members: int,
        sparse: SparseRows | None = None,
    ) -> None:
        inputs, units = np.array(widths[:-1]), np.array(widths[1:])
        weights = [0, *accumulate((members * inputs * units).tolist())]
        biases = [*accumulate((members * units).tolist(), initial=weights[-1])]
        has_bias = parameters.size > weights[-1]
        starts = biases[:-1] if has_bias else [-1] * len(units)
        longest = -(-batch // HALVES)  # a half
        values = [*accumulate((longest * units[1:]).tolist(), initial=0)]  # of all but the first
        to_weights = [*accumulate((inputs * units)[1:].tolist(), initial=0)]
        to_biases = [*accumulate(units.tolist(), initial=to_weights[-1])]
        codes = [ACTIVATIONS[name] for name in activations]
        columns = (
            inputs, units, weights[:-1], starts, codes,
            [-1, *values[:-1]], [-1, *to_weights[:-1]], to_biases[:-1],
        )  # fmt: skip
        self._network = tuple(Network(np.array(columns).T.copy(), parameters))
        table = widths[0] * tiles_of(widths[1]) * LANES
        self.takes_input = sparse is not None and table <= _MOST_TABLE
        self._source, self._nanoseconds = _NOTHING, 0.0
        if sparse is not None and self.takes_input:
            self._source = sparse.arrays
            self._nanoseconds = _VALUE * sparse.density * widths[0] * tiles_of(widths[1])
        self._nanoseconds += float((inputs * units)[1:].sum()) * 3 / _PER_NANOSECOND
        self._workers = min(HALVES if members == 1 else members, most_threads())
        rooms = HALVES if members == 1 else HALVES * self._workers
        widest = max(widths[1:])
        sizes = (
            values[-1], longest * widest, longest * widest,
            max(longest, widest) * WIDTH, table if self.takes_input else 0, to_biases[-1],
        )  # fmt: skip
        self._first = np.empty(members * batch * widths[1] if self.takes_input else 0, np.float32)
        self._memory = tuple(aligned((rooms, size), np.float32) for size in sizes)
        self._losses = np.empty((members, HALVES))
        self._hits = np.empty((members, HALVES, HITS + widths[-1]), np.int64)
        self._gradients, self._batch = gradients, batch

    def train(
        self, rows: Ints, y: Ints, kinds: Ints, first: Floats | None = None
    ) -> tuple[Numbers, Ints]:
        """Return losses [K] and hits [K, 2 + C] of all runs, and write the gradients.

        Args:
            rows: which samples, int64 [B].
            y: classes of all samples.
            kinds: loss of every run, see `losses.KINDS`; 0 for none, whose gradient is 0.
            first: unless `takes_input`, what the first layer's product and bias give, [K, B, N],
                C-contiguous; becomes the loss's derivative by it, and the gradients of that
                layer's weights are not written.
        """
        assert len(rows) <= self._batch, "more samples than there is memory for"
        samples = len(kinds) * len(rows)
        workers = min(self._workers, share(self._nanoseconds * samples))
        values = self._first if first is None else first.reshape(-1)
        train(
            workers, self._source, (rows, y, kinds), self._network,
            (values, *self._memory), (self._gradients, self._losses, self._hits), NARROW,
        )  # fmt: skip
        return self._losses.sum(axis=1), self._hits.sum(axis=1)
