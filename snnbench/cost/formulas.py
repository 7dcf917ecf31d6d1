"""Counting conventions and energy models as pure functions of a layer's facts.

Each returns None where a fact it needs is missing. Units and sources: `snnbench.words.conventions`
and `snnbench.words.energies`.
"""

from snnbench.cost.facts import LayerFacts


def flops_lab(layer: LayerFacts) -> float | None:
    """Return ((2MF - 1)N + 2N) T where spikes enter, ((2M - 1)N + 2N) A where other values do.

    Bias and neuron are included. F is the mean of the spikes over the T steps, in which the formula
    is linear; A is how often the weights are applied to other values: at every step, or once where
    an ANN runs or the current of a constant input is kept. Of real values the mean says nothing:
    each meets a product, as in an ANN. The terms are real numbers: silent spikes give N T, for
    bias and neuron.

    Source: section 4.3 of "Lab 1: Spike Neural Networks" (J. Yu, 2024), for fully connected
    layers. For a convolution M = C_in k k and N = C_out H_out W_out, our extension.

    >>> fc = {"kind": "linear", "input_kind": "real", "applied_steps": 1, "outputs": 10}
    >>> fc1 = LayerFacts(layer="fc1", inputs=784, params=7850, **fc)
    >>> fc2 = LayerFacts(layer="fc2", inputs=10, params=110, **fc)
    >>> flops_lab(fc1) + flops_lab(fc2)
    15900.0
    """
    M, N, F, T = layer.inputs, layer.outputs, layer.input_rate, layer.steps
    if layer.accumulates is False:
        return float((2 * M - 1) * N + 2 * N) * layer.applied_steps
    if layer.accumulates is None or F is None or T is None:
        return None
    return ((2 * M * F - 1) * N + 2 * N) * T


def dense_macs(layer: LayerFacts) -> float | None:
    """Return the multiply-accumulates with every input taken as non-zero.

    Source: fvcore's flop count, where a fused multiply-add is one flop and BatchNorm two an
    element.
    """
    return layer.dense_operations


def effective_macs(layer: LayerFacts) -> float | None:
    """Return the effective operations where the input is real, 0 where it is spikes.

    Source: NeuroBench (J. Yik et al., Nature Communications, 2025).
    """
    if layer.accumulates is None:
        return None
    return 0.0 if layer.accumulates else layer.effective_operations


def effective_acs(layer: LayerFacts) -> float | None:
    """Return the effective operations where the input is spikes or sums of them, else 0.

    Source: as `effective_macs`; of sums of spikes, as a SEW-ResNet has them, one for each spike.
    """
    # Where nothing was measured, that a model's input is real is an assumption.
    if layer.accumulates is None or layer.effective_operations is None:
        return None
    return layer.effective_operations if layer.accumulates else 0.0


# Energy of one 32-bit floating point operation in 45 nm CMOS at 0.9 V.
# Source: M. Horowitz, "Computing's energy problem", ISSCC 2014, figure 1.1.9:
# multiply 3.7 pJ + add 0.9 pJ = 4.6 pJ a multiply-accumulate; 0.9 pJ an accumulate.
MAC_FP32_PJ = 4.6
AC_FP32_PJ = 0.9


def energy_pj_compute45nm(layer: LayerFacts) -> float | None:
    """Return 4.6 MACs + 0.9 ACs in picojoules: arithmetic only, no memory access.

    Source: M. Horowitz, "Computing's energy problem", ISSCC 2014, figure 1.1.9.
    """
    macs, acs = effective_macs(layer), effective_acs(layer)
    return None if macs is None or acs is None else MAC_FP32_PJ * macs + AC_FP32_PJ * acs
