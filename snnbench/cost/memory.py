"""Energies of arithmetic and of memory, as pure functions of a layer's facts. No torch.

In pJ a sample; each returns None where a fact it needs is missing. What their options are:
`snnbench.words.energies`.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from snnbench.cost.facts import LayerFacts
from snnbench.cost.formulas import (
    AC_FP16_PJ,
    AC_FP32_PJ,
    AC_INT8_PJ,
    MAC_FP16_PJ,
    MAC_FP32_PJ,
    MAC_INT8_PJ,
)

# pJ a MAC and an AC in numbers of so many bits: fp32, fp16, int8.
_COMPUTE = {
    32: (MAC_FP32_PJ, AC_FP32_PJ), 16: (MAC_FP16_PJ, AC_FP16_PJ), 8: (MAC_INT8_PJ, AC_INT8_PJ),
}  # fmt: skip
# pJ an integer addition and multiplication of so many bits. Source: Horowitz, as in `formulas`.
_INTEGER = {32: (0.1, 3.1), 8: (0.03, 0.2)}
_PJ_A_BYTE = 24.96  # 3.12 pJ a bit


def products(layer: LayerFacts) -> int:
    """Return the products of a layer if every input counts, without BatchNorm's."""
    return layer.inputs * layer.outputs * layer.applied_steps


def energy_pj_memory45nm(layer: LayerFacts, *, bits: int = 32) -> float | None:
    """Return arithmetic, and 24.96 pJ a byte of weights, biases and neuron states moved.

    A weight is read for each product or sum, a bias for each output and application, a state read
    and written at every step. Products with zeros are skipped.

    Source: SpikingJelly 2.0.0, `estimate_simple_energy`, which skips none of a real input.
    """
    return _simple(layer, layer.effective_operations, layer.effective_operations, bits)


def energy_pj_memory45nm_dense(layer: LayerFacts, *, bits: int = 32) -> float | None:
    """Return as `energy_pj_memory45nm`, but no product of a real input is skipped."""
    if layer.accumulates:
        return energy_pj_memory45nm(layer, bits=bits)
    return _simple(layer, layer.dense_operations, products(layer), bits)


def _simple(
    layer: LayerFacts, operations: float | None, uses: float | None, bits: int
) -> float | None:
    if layer.accumulates is None or operations is None or uses is None:
        return None
    if layer.biases is None or layer.states is None or layer.steps is None:
        return None
    mac, ac = _COMPUTE[bits]
    biases = layer.outputs * layer.applied_steps if layer.biases else 0
    moved = uses + biases + 2 * layer.states * layer.steps
    return (ac if layer.accumulates else mac) * operations + _PJ_A_BYTE * bits / 8 * moved


@dataclass(frozen=True)
class _Accesses:
    """What Lemaire et al. count in a layer, a sample: operations, and accesses of each memory."""

    macs: float
    acs: float
    inputs: float
    weights: float
    biases: float
    potentials: float  # read, and as many written
    out: float


def _accesses(layer: LayerFacts, *, additions: bool, linear_addresses: int) -> _Accesses | None:
    """Count by the table of Lemaire et al.

    Args:
        layer: linear, or a convolution.
        additions: neurons add their current at every step, whether there is a bias or not.
        linear_addresses: of a linear layer whose input is real.
    """
    spikes, nonzero, steps = layer.output_spikes, layer.input_nonzero, layer.steps
    if layer.kind not in ("linear", "conv") or layer.accumulates is None or nonzero is None:
        return None
    if layer.fan_out is None or layer.reach is None or layer.leaks is None:
        return None
    if layer.neuron_updates is None or layer.kernel is None or layer.weights is None:
        return None
    if steps is None or layer.biases is None or layer.input_values is None:
        return None
    updates, convolution = layer.neuron_updates, layer.kind == "conv"
    if updates and spikes is None:
        return None
    fired = spikes or 0.0
    biases = layer.outputs * layer.applied_steps if layer.biases else 0
    macs, acs = float(updates if layer.leaks else 0), fired
    acs += max(updates, biases) if additions else biases
    potentials = float(updates)
    if layer.accumulates:
        met = nonzero * layer.fan_out
        macs += 2 * nonzero if convolution else 0  # two products find a spike's first output
        acs += nonzero * layer.reach + met  # sums, and addresses
        potentials += met
        read, weights = nonzero, met
    else:
        weights = float(products(layer))
        macs += weights
        read = weights if convolution else float(layer.input_values * layer.applied_steps)
        kernels = layer.weights * layer.kernel / layer.inputs  # C_out k k
        acs += layer.applied_steps * (
            layer.input_values + layer.outputs + kernels if convolution else linear_addresses
        )
    out = fired if updates else float(layer.outputs if layer.model == "ann" else 0)
    return _Accesses(macs, acs, read, weights, biases, potentials, out)


def energy_pj_lemaire_leat(layer: LayerFacts, *, bits: int = 32, fifo: int = 1000) -> float | None:
    """Return operations and memory accesses, by memories as the authors' laboratory has them.

    An access of a memory of n words costs 1.09e-5 n bits + 13.2 pJ. Spikes go through queues of
    `fifo` words; weights, biases, potentials, and an ANN's values have a memory of their size.

    Source: E. Lemaire et al., "An analytical estimation of spiking neural networks energy
    efficiency", ICONIP 2022; memories as in qualia-plugin-snn 2.6.0.
    """
    counted = _accesses(layer, additions=True, linear_addresses=layer.inputs * layer.outputs)

    def access(words: float) -> float:
        return 1.09e-5 * words * bits + 13.2

    return _lemaire(layer, counted, access, bits=bits, fifo=fifo, together=False)


def energy_pj_lemaire_spikingjelly(
    layer: LayerFacts, *, bits: int = 32, fifo: int = 1000
) -> float | None:
    """Return the same by SpikingJelly's memories: 0 to 25 pJ a byte, by their size.

    Linear between 0 bytes and 0, 8 KB and 2.5, 32 KB and 5, 1 MB and 25 pJ a byte, which is the
    most. Weights and biases share a memory.

    Source: as `energy_pj_lemaire_leat`; SpikingJelly 2.0.0, `estimate_lemaire_energy`.
    """
    addresses = (layer.input_values or 0) + layer.outputs
    counted = _accesses(layer, additions=False, linear_addresses=addresses)

    def access(words: float) -> float:
        size = words * bits / 8 / 1024
        low, high = next((a, b) for a, b in _SEGMENTS if size <= b[0] or b is _POINTS[-1])
        slope = (high[1] - low[1]) / (high[0] - low[0])
        return (low[1] + slope * (min(size, high[0]) - low[0])) * bits / 8

    return _lemaire(layer, counted, access, bits=bits, fifo=fifo, together=True)


_POINTS = ((0.0, 0.0), (8.0, 2.5), (32.0, 5.0), (1024.0, 25.0))  # KB, pJ a byte
_SEGMENTS = tuple(itertools.pairwise(_POINTS))


def _lemaire(
    layer: LayerFacts,
    counted: _Accesses | None,
    access: Callable[[float], float],
    *,
    bits: int,
    fifo: int,
    together: bool,
) -> float | None:
    """Return the energy of what was counted.

    Args:
        layer: for the sizes of its memories.
        counted: None: not known.
        access: words of a memory -> pJ an access.
        bits: of a number.
        fifo: words of a queue of spikes.
        together: weights and biases are in one memory.
    """
    if counted is None:
        return None
    assert layer.weights is not None
    assert layer.biases is not None
    assert layer.input_values is not None
    add, multiply = _INTEGER[bits]
    weights = layer.weights + (layer.biases if together else 0)
    arriving = fifo if layer.accumulates else layer.input_values
    leaving = fifo if layer.neuron_updates else layer.outputs
    return (
        counted.macs * (multiply + add)
        + counted.acs * add
        + counted.inputs * access(arriving)
        + counted.weights * access(weights)
        + counted.biases * access(weights if together else layer.biases)
        + 2 * counted.potentials * access(layer.outputs)
        + counted.out * access(leaving)
    )


# pJ of an 8-bit addition as Yan et al. have it, and a bit of distant and of near memory moved.
_YAN_ADD, _YAN_FAR, _YAN_NEAR = 0.05448, 20.0, 0.25


def energy_pj_quantised(layer: LayerFacts, *, bits: int = 8) -> float | None:
    """Return an SNN with 8-bit weights, or an ANN with numbers of `bits`, by Yan et al.

    Where spikes enter, a synaptic operation is an addition and moves a weight. Where real values
    enter, products and weights moved, every input as non-zero: of an ANN in `bits`, of an SNN in
    8. Neurons add, compare, and move their potential, of 8 bits, to and fro; units of an ANN add
    and compare, and their activations are moved once.

    Source: Z. Yan et al., "Reconsidering the energy efficiency of spiking neural networks",
    arXiv 2409.08290; closed form as in Spyx 1.0.
    """
    if layer.accumulates is None or layer.model is None or layer.neuron_updates is None:
        return None
    width = bits if layer.model == "ann" else 8
    if layer.accumulates:
        if layer.effective_operations is None:
            return None
        total = layer.effective_operations * (_YAN_ADD + 8 * _YAN_FAR)
    else:
        share = width / 32
        product = 3.7 * share**2 + 0.9 * share
        total = products(layer) * (product + width * _YAN_FAR)
    if layer.model == "ann":
        return total + layer.outputs * (2 * _YAN_ADD + width * _YAN_NEAR)
    if layer.neuron_updates and layer.output_spikes is None:
        return None
    fired = layer.output_spikes or 0.0
    return total + fired * _YAN_ADD + layer.neuron_updates * (_YAN_ADD + 8 * 2 * _YAN_NEAR)
