"""A single run with narrow spiking layers: memory, and a training step as one call.

That is possible where the loss has a closed form in a sample's own spike counts, and simple where
every layer is one tile; see `narrow_step`. The step takes less time than twenty calls of numpy
whose code is no longer in the caches: all that can be made beforehand is.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from snnbench.kernels.base.jit import Floats, Ints, Numbers, aligned, share
from snnbench.kernels.base.lanes import NARROW, WIDTH
from snnbench.kernels.base.losses import HITS
from snnbench.kernels.events.blocks import GROUP, WORD, blocks_of
from snnbench.kernels.events.events import ActivePixels
from snnbench.kernels.layers.linear_lif import TABLE_ROWS
from snnbench.kernels.layers.linear_lif_backward import CHUNKS
from snnbench.kernels.layers.narrow_arrays import Network, Room, Shared
from snnbench.kernels.layers.narrow_step import train
from snnbench.kernels.layers.outputs import SPARE_BYTES
from snnbench.kernels.neurons.equations import Neurons

MOST_UNITS = WIDTH  # of a layer: one narrow tile, for every width is compiled anew
# Nanoseconds on one core: of a block from its draw to the weight gradient, of a layer's step
_BLOCK, _STEP = 9, 25


class NarrowStack:
    """Fully connected spiking layers on Bernoulli input, spikes counted at the end.

    Args:
        widths: inputs M, then units N of every layer, at most MOST_UNITS each.
        neurons: of one member, the same in all layers.
        T: steps.
        batch: samples at most.
        parameters: float32, flat: weights [M, N] of every layer, then biases [N] of every layer
            or of none; read at every step.
        pixels: the data set.
        y: its classes, int64 [S].
        kind: of the loss, see `losses.KINDS`.

    Attributes:
        gradients: of the parameters, flat like them; overwritten by the next step.
    """

    def __init__(
        self,
        widths: Sequence[int],
        neurons: Neurons,
        T: int,
        batch: int,
        *,
        parameters: Floats,
        pixels: ActivePixels,
        y: Ints,
        kind: int,
    ) -> None:
        assert max(widths[1:]) <= MOST_UNITS, "a layer is wider than a tile"
        lanes, words, layers = WIDTH, blocks_of(T, WORD), len(widths) - 1
        plan = _plan(
            widths, has_bias=parameters.size > np.sum(np.multiply(widths[:-1], widths[1:]))
        )
        entries = int(plan[-1, 2]) + blocks_of(widths[-2], GROUP)
        self.gradients = np.zeros_like(parameters)
        padded = (
            np.stack([_padded(vector, n, lanes) for n in widths[1:]])
            for vector in neurons.vectors()
        )
        self._pixels, self._y = pixels.arrays, y
        self._network = tuple(Network(plan, parameters, *padded))
        self._shared = tuple(
            Shared(
                aligned((CHUNKS, entries * TABLE_ROWS * lanes), np.float32),
                aligned((CHUNKS, layers, lanes * lanes), np.float32),
                np.zeros((CHUNKS, layers, lanes), np.float32),
                aligned(CHUNKS * entries * GROUP * lanes, np.float32),
            )
        )
        # What a chunk of the batch works in.
        self._rooms = tuple(
            Room(
                aligned((CHUNKS, entries), np.int32),
                aligned((CHUNKS, entries * words), np.uint32),
                aligned((CHUNKS, T * lanes // 8 + SPARE_BYTES), np.uint8),
                aligned((CHUNKS, layers, (T + 1) * lanes), np.float32),
                aligned((CHUNKS, T * lanes), np.float32),
                aligned((CHUNKS, T * lanes), np.float32),
                aligned((CHUNKS, words * TABLE_ROWS * lanes), np.float32),
            )
        )
        self._out = (
            aligned((layers, batch, lanes), np.float32),
            self.gradients,
            np.empty(batch),
            np.empty((CHUNKS, HITS + widths[-1]), np.int64),
            np.empty((CHUNKS, layers), np.int64),
        )
        self._sizes, self._switches, self._batch = (T, kind), tuple(neurons.switches), batch
        blocks = words * pixels.starts[-1] / (pixels.starts.size - 1)
        self._nanoseconds = float(_BLOCK * blocks + _STEP * T * layers)  # of a sample

    def train(self, samples: Ints, keys: Ints, sums: Numbers) -> tuple[float, Ints]:
        """Go forward and back through a batch; return its mean loss and hits, [2 + C].

        Args:
            samples: which of the data set, int64 [B].
            keys: of the draws of all its samples, int64 [S].
            sums: [layers, 1]; the spikes into every layer are added.
        """
        assert samples.size <= self._batch, "more samples than there is memory for"
        workers = min(CHUNKS, share(self._nanoseconds * samples.size))
        done: tuple[float, Ints] = train(
            (*self._pixels, keys.view(np.uint64), self._y, samples),
            self._network, self._shared, self._rooms, (*self._out, sums),
            (workers, *self._sizes), self._switches, NARROW,
        )  # fmt: skip
        return done


def _plan(widths: Sequence[int], *, has_bias: bool) -> Ints:
    """Return for every layer M, N and where its groups, weights and biases begin; see `train`."""
    rows, groups, weights = [], 0, 0
    biases = sum(m * n for m, n in pairwise(widths))
    for m, n in pairwise(widths):
        rows.append((m, n, groups, weights, biases if has_bias else -1))
        groups, weights, biases = groups + blocks_of(m, GROUP), weights + m * n, biases + n
    return np.array(rows)


def _padded(value: Any, units: int, lanes: int) -> Floats:
    row = np.zeros(lanes, np.float32)
    row[:units] = value
    return row
