"""A run of fully connected spiking layers as one: forward, and backward with all gradients."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from snnbench.kernels.base.jit import Buffer, Floats
from snnbench.kernels.events.blocks import SpikeBlocks
from snnbench.kernels.layers.layer import SpikingLayer
from snnbench.kernels.neurons.equations import Neurons, non_spiking

InputKind = Literal["shared", "current"]


class SpikingStack:
    """Fully connected spiking layers of K members, one after another.

    It keeps its memory from step to step: `backward` belongs to the last `forward`.

    Args:
        widths: inputs M, then units N of every layer; with input "current" M is not used.
        neurons: of every layer; those of the last are not used with readout "current".
        T: steps.
        source: "shared": the same input spikes for all members, as `SpikeBlocks`; "current": the
            first layer's current, constant over the steps, [B, K, N], computed by the caller (so
            there is no weight for it).
        readout: what comes out besides the sums over steps. "rate": nothing, sums are spike
            counts; "current": nothing, the last layer does not spike and sums are of its
            currents; "membrane": U at every step, and spike counts.
    """

    def __init__(
        self,
        widths: Sequence[int],
        neurons: Sequence[Neurons],
        T: int,
        *,
        source: InputKind = "shared",
        readout: str = "rate",
    ) -> None:
        self.source, self.readout, self.T = source, readout, T
        neurons = list(neurons)
        if readout == "current":
            neurons[-1] = non_spiking(neurons[-1].members)
        inputs = [0 if source == "current" else widths[0], *widths[1:-1]]
        self.layers = [
            SpikingLayer(
                m,
                n,
                kind,
                T,
                shared=index == 0,
                of_spikes=readout != "current" or index < len(neurons) - 1,
            )
            for index, (m, n, kind) in enumerate(zip(inputs, widths[1:], neurons, strict=True))
        ]
        self.members = neurons[0].members
        self._blocks = [SpikeBlocks(m, T) for m in inputs]
        self._base = [Buffer(np.float32) for _ in self.layers]
        self._grads = [Buffer(np.float32) for _ in self.layers]
        self._zeros = [np.zeros((1, 1, layer.layout.row), np.float32) for layer in self.layers]
        self.spike_counts: list[Floats] = []
        self.calls = 0  # of forward

    def forward(
        self,
        source: SpikeBlocks | Floats,
        weights: Sequence[Floats],
        biases: Sequence[Floats | None],
        *,
        keep: bool = True,
        keep_last: bool = False,
    ) -> tuple[Floats, Floats | None]:
        """Run all layers.

        Args:
            source: as the constructor's `source` says.
            weights: [M, K, N] of every layer with a weight, C-contiguous float32.
            biases: [K, N] or None, likewise.
            keep: for `backward`.
            keep_last: for the last layer's trace.

        Returns:
            sums over the steps [B, K, N]; the trace [B, T, K, N] or None. `spike_counts` holds
            the sums of every layer.
        """
        blocks, current = self._first_input(source)
        if current is not None:
            weights, biases = [_NO_WEIGHT, *weights], [None, *biases]
        self.spike_counts = []
        self.calls += 1
        traced = self.readout == "membrane"
        for index, layer in enumerate(self.layers):
            last = index == len(self.layers) - 1
            base = self._base_of(index, current if index == 0 else None, biases[index])
            kept = keep or (last and (traced or keep_last))
            sums = layer.forward(blocks, weights[index], base, keep=kept)
            self.spike_counts.append(layer.layout.member_view(sums))
            if not last:
                blocks = layer.emit(self._blocks[index + 1])
        trace = self.layers[-1].trace() if traced else None
        return self.spike_counts[-1], trace

    @property
    def hidden_spikes(self) -> list[SpikeBlocks]:
        """What entered each layer but the first in the last forward pass, a row b * K + k."""
        return self._blocks[1:]

    def _first_input(self, source: SpikeBlocks | Floats) -> tuple[SpikeBlocks, Floats | None]:
        if isinstance(source, SpikeBlocks):
            assert self.source == "shared"
            return source, None
        self._blocks[0].resize(len(source))
        self._blocks[0].ends[:] = self._blocks[0].starts
        return self._blocks[0], source

    def _base_of(self, index: int, current: Floats | None, bias: Floats | None) -> Floats:
        given = bias if current is None else current
        if given is None:
            nothing: Floats = self._zeros[index][0, 0]
            return nothing
        return self.layers[index].layout.padded(given, self._base[index])

    def backward(
        self,
        grad_sums: Floats | None,
        grad_trace: Floats | None,
        weights: Sequence[Floats],
    ) -> tuple[list[Floats], list[Floats], Floats | None]:
        """Go back through the last forward pass.

        Args:
            grad_sums: of the sums, [B, K, N].
            grad_trace: of the trace, [B, T, K, N]; one of the two is given, the one of the readout.
            weights: as given to `forward`.

        Returns:
            gradients of the weights, of the biases [K, N], and of a current that is the source,
            [B, K, N], else None.
        """
        if self.source == "current":
            weights = [_NO_WEIGHT, *weights]
        grad_spikes, grad_membranes = self._last_gradients(grad_sums, grad_trace)
        grad_weights: list[Floats] = []
        grad_biases: list[Floats] = []
        for index in reversed(range(len(self.layers))):
            layer = self.layers[index]
            below = (self.layers[index - 1].layout, self._grads[index - 1]) if index else None
            grad_weight, sums, grad_inputs = layer.backward(
                grad_spikes, grad_membranes, weights[index], below
            )
            grad_weights.insert(0, grad_weight)
            grad_biases.insert(0, layer.layout.member_view(sums.sum(0)))
            if index > 0:
                grad_spikes, grad_membranes = grad_inputs, self._zeros[index - 1]
        if self.source == "current":
            return grad_weights[1:], grad_biases[1:], self.layers[0].layout.member_view(sums)
        return grad_weights, grad_biases, None

    def _last_gradients(
        self, grad_sums: Floats | None, grad_trace: Floats | None
    ) -> tuple[Floats, Floats]:
        """Return dL/dS and dL/dU of the last layer as padded rows, zeros where there is none."""
        given = grad_sums[:, None] if grad_trace is None and grad_sums is not None else grad_trace
        assert given is not None
        rows = self.layers[-1].layout.padded(given, self._grads[-1])
        if self.readout == "rate":
            return rows, self._zeros[-1]
        return self._zeros[-1], rows


_NO_WEIGHT = np.zeros((0, 1, 1), np.float32)
