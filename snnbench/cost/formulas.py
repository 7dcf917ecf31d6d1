"""Counting conventions as pure arithmetic, with their sources.

A count is always named <what>_<convention>: conventions differ by factors, and are never mixed.
All counts are for one sample, over all its time steps.
"""


def flops_lab_ann(fan_in: int, units: int) -> float:
    """Return (2M - 1)N + 2N: products and sums of a layer, bias and activation.

    Source: section 4.3 of "Lab 1: Spike Neural Networks" (J. Yu, 2024), for fully connected
    layers. For a convolution M = C_in k k and N = C_out H_out W_out, our extension.

    >>> flops_lab_ann(784, 10) + flops_lab_ann(10, 10)
    15900.0
    """
    return float((2 * fan_in - 1) * units + 2 * units)


def flops_lab_snn(fan_in: int, units: int, input_rate: float, T: int) -> float:
    """Return ((2MF - 1)N + 2N) T, where F is the mean of the layer's input.

    Source: as `flops_lab_ann`; the sum over steps uses that the formula is linear in F. Its
    terms are real numbers: silent input gives N T, for bias and neuron.
    """
    return ((2 * fan_in * input_rate - 1) * units + 2 * units) * T


# Energy of one 32-bit floating point operation in 45 nm CMOS at 0.9 V.
# Source: M. Horowitz, "Computing's energy problem", ISSCC 2014, figure 1.1.9:
# multiply 3.7 pJ + add 0.9 pJ = 4.6 pJ a multiply-accumulate; 0.9 pJ an accumulate.
MAC_FP32_PJ = 4.6
AC_FP32_PJ = 0.9


def energy_pj_compute45nm(macs: float, acs: float) -> float:
    """Return 4.6 MACs + 0.9 ACs in picojoules: arithmetic only, no memory access.

    >>> energy_pj_compute45nm(1000, 1000)
    5500.0
    """
    return MAC_FP32_PJ * macs + AC_FP32_PJ * acs
