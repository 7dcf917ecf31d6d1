"""A spiking layer of a cohort: its memory, and the kernels called in the right order."""

from collections import defaultdict

import numpy as np

from snnbench.kernels.base.jit import Buffer, Bytes, Floats, aligned, share
from snnbench.kernels.base.lanes import WIDTH
from snnbench.kernels.base.products import input_gradient
from snnbench.kernels.events.blocks import GROUP, WORD, SpikeBlocks, blocks_of
from snnbench.kernels.layers.layout import Layout
from snnbench.kernels.layers.linear_lif import TABLE_ROWS, forward
from snnbench.kernels.layers.linear_lif_backward import CHUNKS, backward
from snnbench.kernels.layers.outputs import SPARE_BYTES, member_rows, pack_bits
from snnbench.kernels.neurons.equations import Neurons

_NOTHING = np.zeros(0, np.float32)
# Nanoseconds on one core: of a block in a tile, of a tile's scan over a step, of a product
_BLOCK, _STEP, _PRODUCT = 3, 8, 0.02


class SpikingLayer:
    """A linear layer and its LIF neurons, K members side by side, on spike blocks.

    It keeps its memory from step to step: `backward` and `trace` belong to the last `forward`.

    Args:
        inputs: M; 0 for the scan of a given current alone.
        units: N.
        neurons: of the K members.
        T: steps.
        shared: all members see the same input.
        of_spikes: `sums` counts spikes; otherwise it sums membranes.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        neurons: Neurons,
        T: int,
        *,
        shared: bool,
        of_spikes: bool = True,
    ) -> None:
        self.inputs, self.T = inputs, T
        self.layout = Layout(neurons.members, units, shared=shared)
        self._switches, self._of_spikes = tuple(neurons.switches), int(of_spikes)
        self._neurons = tuple(self.layout.spread(vector) for vector in neurons.vectors())
        self._groups = blocks_of(inputs, GROUP)
        self._memory: defaultdict[str, Buffer] = defaultdict(lambda: Buffer(np.float32))
        self._bits = Buffer(np.uint8)
        self._shape = (0, T, self.layout.sets, self.layout.columns)

    def forward(
        self, blocks: SpikeBlocks, weight: Floats, base: Floats, *, keep: bool = True
    ) -> Floats:
        """Run the layer.

        Args:
            blocks: input spikes, a row for every sample (shared) or sample and member.
            weight: [M, K, N], C-contiguous.
            base: bias [row], or constant current of every sample [B, row]; padded.
            keep: for `backward` or `trace`.

        Returns:
            Number of spikes over the steps (or sum of membranes), [B, row].
        """
        layout = self.layout
        batch = blocks.rows // layout.sets
        self._shape = (batch, self.T, layout.sets, layout.columns)
        self._blocks = blocks
        table = layout.sets * layout.tiles * self._groups * TABLE_ROWS * layout.lanes
        sums = aligned((batch, layout.row), np.float32)
        self._work_of_blocks = _BLOCK * blocks.size * layout.tiles
        share(self._work_of_blocks + self._work_of_scan())
        forward(
            blocks.arrays,
            weight.reshape(-1),
            base.reshape(-1),
            self._neurons,
            (
                self._memory["table"].take(table),
                self._membranes() if keep else _NOTHING,
                self._packed_bits(),
                sums.reshape(-1),
            ),
            self._shape,
            0 if base.ndim == 1 else layout.row,
            (self._switches[0], int(keep), self._of_spikes),
            layout.vectors,
        )
        return sums

    def _work_of_scan(self) -> float:
        return _STEP * self._shape[0] * self.T * self.layout.sets * self.layout.tiles

    def _membranes(self) -> Floats:
        layout, (batch, T, _, _) = self.layout, self._shape
        width = min(layout.columns, layout.lanes)
        count = layout.sets * layout.tiles * batch * T * width
        return self._memory["membranes"].take(count + layout.lanes)

    def _packed_bits(self) -> Bytes:
        return self._bits.take(self._shape[0] * self.T * self.layout.row // 8 + SPARE_BYTES)

    def trace(self) -> Floats:
        """Return U of the last forward pass at every step, [B, T, K, N]."""
        layout = self.layout
        out = np.empty((self._shape[0], self.T, layout.members, layout.units), np.float32)
        tiling = (layout.stride, layout.lanes, min(layout.columns, layout.lanes))
        share(out.size)
        member_rows(self._membranes(), out.reshape(-1), out.shape, tiling)
        return out

    def spikes(self) -> tuple[Bytes, int]:
        """Return the last forward pass' spikes as bits, and the bytes of a row.

        Flat [B, T, row / 8], and `SPARE_BYTES` more.
        """
        return self._packed_bits(), self.layout.row // 8

    def emit(self, into: SpikeBlocks) -> SpikeBlocks:
        """Turn the last forward pass' spikes into the next layer's input blocks."""
        layout, batch = self.layout, self._shape[0]
        into.resize(batch * layout.members)
        shape = (batch, self.T, layout.members, layout.units)
        share(5 * into.rows * into.group_count * into.words)
        pack_bits(self._packed_bits(), layout.row // 8, layout.stride, shape, into.arrays)
        return into

    def backward(
        self,
        grad_spikes: Floats,
        grad_membranes: Floats,
        weight: Floats,
        below: tuple[Layout, Buffer] | None,
    ) -> tuple[Floats, Floats, Floats]:
        """Go back through the last forward pass, which kept its membranes.

        Args:
            grad_spikes: dL/dS, [B, T, row], or with 1 in place of B or T where all are alike.
            grad_membranes: dL/dU, likewise.
            weight: as in `forward`.
            below: layout of the gradient of the input spikes, and memory for rows of this layout
                only; None if it is not needed.

        Returns:
            dL/dweight [M, K, N]; sum of dL/dI over the steps [B, row]; dL/dS of the inputs
            [B, T, row of the layer below] or nothing.
        """
        layout, (batch, T, _, _) = self.layout, self._shape
        grad_weight = np.empty((self.inputs, layout.members, layout.units), np.float32)
        sums = aligned((batch, layout.row), np.float32)
        grad_inputs = below[1].take(batch * T * below[0].row) if below else _NOTHING
        at_once = layout.tiles == 1  # the input's gradient comes while a sample's dL/dI is at hand
        steps = batch * T * layout.row if below and not at_once else 0
        currents = self._memory["currents"].take(steps)
        to = (below[0].row, below[0].stride) if below else (0, 0)
        products = batch * T * layout.members * self.inputs * layout.units * _PRODUCT
        share(self._work_of_blocks + self._work_of_scan() + (products if below else 0))
        backward(
            self._blocks.arrays,
            self._membranes(),
            self._neurons,
            (grad_spikes.reshape(-1), grad_membranes.reshape(-1)),
            (*_strides(grad_spikes), *_strides(grad_membranes)),
            self._work(),
            (grad_weight.reshape(-1), sums.reshape(-1), currents),
            (weight.reshape(-1), self._transposed(), grad_inputs if at_once else _NOTHING),
            to,
            self._shape,
            self._switches,
            layout.vectors,
        )
        if below and not at_once:
            shape = (batch * T, layout.members, self.inputs, layout.units)
            flat, transposed = weight.reshape(-1), self._transposed()
            share(products)
            input_gradient(currents, flat, transposed, grad_inputs, shape, layout.row, to)
        return grad_weight, sums, grad_inputs.reshape(batch, T, -1)

    def _work(self) -> tuple[Floats, Floats, Floats]:
        layout = self.layout
        columns = layout.row * CHUNKS
        return (
            self._memory["steps"].take(columns * self.T),
            self._memory["tables"].take(columns * blocks_of(self.T, WORD) * TABLE_ROWS),
            self._memory["pieces"].take(columns * self._groups * GROUP),
        )

    def _transposed(self) -> Floats:
        rows = blocks_of(self.inputs, 2 * WIDTH) * 2 * WIDTH
        return self._memory["transposed"].take(rows * self.layout.members * self.layout.units)


def _strides(grad: Floats) -> tuple[int, int]:
    """Return the strides of [B, T, row] in elements, 0 where one row stands for all."""
    batch, T, row = grad.shape
    return (0 if batch == 1 else T * row), (0 if T == 1 else row)
