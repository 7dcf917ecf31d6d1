"""Counting conventions and energy models as pure functions of a layer's facts.

Each returns None where a fact it needs is missing. Units and sources: `snnbench.words.conventions`
and `snnbench.words.energies`.
"""

from snnbench.cost.facts import LayerFacts, Share


def flops_lab(layer: LayerFacts) -> float | None:
    """Return ((2MF - 1)N + 2N) T where spikes enter, ((2M - 1)N + 2N) A where other values do.

    Bias and neuron are included. F is the mean of the spikes over the T steps, in which the formula
    is linear; A is how often the weights are applied to other values: at every step, or once where
    an ANN runs or the current of a constant input is kept. Of real values the mean says nothing:
    each meets a product, as in an ANN. The terms are real numbers: silent spikes give N T, for
    bias and neuron. Norms are not in it.

    Source: section 4.3 of "Lab 1: Spike Neural Networks" (J. Yu, 2024), for fully connected
    layers. For a convolution M = C_in k k and N = C_out H_out W_out, our extension.

    >>> fc = {"kind": "linear", "input_kind": "real", "applied_steps": 1, "outputs": 10}
    >>> fc1 = LayerFacts(layer="fc1", inputs=784, params=7850, **fc)
    >>> fc2 = LayerFacts(layer="fc2", inputs=10, params=110, **fc)
    >>> flops_lab(fc1) + flops_lab(fc2)
    15900.0
    """
    M, N, F, T = layer.inputs, layer.outputs, layer.input_rate, layer.steps
    if layer.kind == "norm":
        return 0.0
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


def flops(layer: LayerFacts) -> float | None:
    """Return two operations a multiply-accumulate, every input taken as non-zero, and the biases.

    BatchNorm's are doubled with the others.
    """
    if layer.dense_operations is None or layer.biases is None:
        return None
    additions = layer.outputs * layer.applied_steps if layer.biases else 0
    return 2 * layer.dense_operations + additions


def synops(layer: LayerFacts) -> float | None:
    """Return the products and sums that meet a non-zero input, or a spike, and a non-zero weight.

    Source: NeuroBench (J. Yik et al., Nature Communications, 2025).
    """
    return None if layer.accumulates is None else layer.effective_operations


def spikes_per_synapse(layer: LayerFacts) -> Share | None:
    """Return synaptic operations over synapses, of layers that spikes enter."""
    if layer.accumulates is None or layer.effective_operations is None:
        return None
    if not layer.accumulates or layer.kind == "matmul":  # two activations have no synapses
        return Share(0, 0)
    return Share(layer.effective_operations, layer.inputs * layer.outputs)


def activation_sparsity(layer: LayerFacts) -> Share | None:
    """Return the share of neurons and steps without a spike."""
    if not layer.neuron_updates:
        return None if layer.neuron_updates is None else Share(0, 0)
    if layer.output_spikes is None:
        return None
    return Share(layer.neuron_updates - layer.output_spikes, layer.neuron_updates)


def connection_sparsity(layer: LayerFacts) -> Share | None:
    """Return the share of weights that are 0."""
    if layer.weights is None or layer.weights_nonzero is None:
        return None
    return Share(layer.weights - layer.weights_nonzero, layer.weights)


def neuron_operations(layer: LayerFacts) -> float | None:
    """Return the operations of all updates of neurons, the sums of their inputs aside.

    Source: NeuroBench's NeuronOperations. It leaves out neurons whose membrane did not change.
    """
    if layer.neuron_updates is None or layer.update_operations is None:
        return None
    return layer.neuron_updates * layer.update_operations


def footprint(layer: LayerFacts, *, bits: int = 32) -> float | None:
    """Return the bytes of parameters and neuron states, so many bits each."""
    return None if layer.states is None else bits / 8 * (layer.params + layer.states)


# Energy of one 32-bit floating point operation in 45 nm CMOS at 0.9 V.
# Source: M. Horowitz, "Computing's energy problem", ISSCC 2014, figure 1.1.9:
# multiply 3.7 pJ + add 0.9 pJ = 4.6 pJ a multiply-accumulate; 0.9 pJ an accumulate.
MAC_FP32_PJ = 4.6
AC_FP32_PJ = 0.9
# As narrower numbers: fp16 multiply 1.1 + add 0.4; int8 multiply 0.2 + add 0.03.
MAC_FP16_PJ, AC_FP16_PJ = 1.5, 0.4
MAC_INT8_PJ, AC_INT8_PJ = 0.23, 0.03


def energy_pj_compute45nm(layer: LayerFacts) -> float | None:
    """Return 4.6 MACs + 0.9 ACs in picojoules: arithmetic only, no memory access.

    Source: M. Horowitz, "Computing's energy problem", ISSCC 2014, figure 1.1.9.
    """
    return _compute(layer, MAC_FP32_PJ, AC_FP32_PJ)


def energy_pj_compute45nm_dense(layer: LayerFacts) -> float | None:
    """Return 4.6 pJ for every product of a real input, zeros included, 0.9 for those of spikes."""
    if layer.accumulates is False:
        return None if layer.dense_operations is None else MAC_FP32_PJ * layer.dense_operations
    return energy_pj_compute45nm(layer)


def energy_pj_compute45nm_fp16(layer: LayerFacts) -> float | None:
    """Return 1.5 MACs + 0.4 ACs in picojoules; see `energy_pj_compute45nm`."""
    return _compute(layer, MAC_FP16_PJ, AC_FP16_PJ)


def energy_pj_compute45nm_int8(layer: LayerFacts) -> float | None:
    """Return 0.23 MACs + 0.03 ACs in picojoules; see `energy_pj_compute45nm`."""
    return _compute(layer, MAC_INT8_PJ, AC_INT8_PJ)


def _compute(layer: LayerFacts, mac_pj: float, ac_pj: float) -> float | None:
    macs, acs = effective_macs(layer), effective_acs(layer)
    return None if macs is None or acs is None else mac_pj * macs + ac_pj * acs


def energy_pj_loihi(layer: LayerFacts) -> float | None:
    """Return 27.1 pJ a synaptic event and 81 a neuron update; None where no spikes enter.

    Source: keras-spiking 0.3.0. Loihi's numbers come from a simulation before there was silicon.
    """
    return _events(layer, 27.1, 81)


def energy_pj_spinnaker(layer: LayerFacts) -> float | None:
    """Return 13.3 nJ a synaptic event and 26 a neuron update; None where no spikes enter."""
    return _events(layer, 13_300, 26_000)


def energy_pj_spinnaker2(layer: LayerFacts) -> float | None:
    """Return 450 pJ a synaptic event and 2,190 a neuron update; None where no spikes enter."""
    return _events(layer, 450, 2_190)


def energy_pj_truenorth(layer: LayerFacts) -> float | None:
    """Return 26 pJ a synaptic event, measured on TrueNorth; None where no spikes enter."""
    return _events(layer, 26, 0)


def energy_pj_cpu(layer: LayerFacts) -> float | None:
    """Return 8.6 nJ a synapse and step, used or not, and as much an update.

    Source: keras-spiking 0.3.0.
    """
    return _every_synapse(layer, 8_600)


def energy_pj_gpu(layer: LayerFacts) -> float | None:
    """Return 0.3 nJ a synapse and step, used or not, and as much an update."""
    return _every_synapse(layer, 300)


def energy_pj_arm(layer: LayerFacts) -> float | None:
    """Return 0.9 nJ a synapse and step, used or not, and as much an update."""
    return _every_synapse(layer, 900)


def _every_synapse(layer: LayerFacts, pj: float) -> float | None:
    if layer.steps is None:
        return None
    return pj * layer.outputs * (layer.inputs * layer.applied_steps + layer.steps)


def _events(layer: LayerFacts, synapse_pj: float, update_pj: float) -> float | None:
    events, updates = layer.effective_operations, layer.neuron_updates
    if not layer.accumulates or events is None or updates is None:
        return None
    return synapse_pj * events + update_pj * updates
