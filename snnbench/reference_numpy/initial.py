"""Initial weights and biases of a dense layer, W [N, M] and b [N], M inputs and N outputs.

    xavier    variance 2 / (M + N)  (Glorot and Bengio, AISTATS 2010)
    kaiming   variance 2 / M        (He et al., ICCV 2015), for ReLU
    default   torch's own: weights and biases uniform within 1 / sqrt(M)

A uniform distribution within +-a has the variance a^2 / 3. Biases are 0 but for `default`.
"""

import math

import numpy as np
import numpy.typing as npt

from snnbench.reference_numpy.layers import Array


def initial_parameters(
    init: str, inputs: int, outputs: int, draws: np.random.Generator, dtype: npt.DTypeLike
) -> tuple[Array, Array]:
    """Draw weights [outputs, inputs] and biases [outputs].

    Args:
        init: "default", or a scheme and a distribution, as in "kaiming-normal".
        inputs: M, the fan in.
        outputs: N, the fan out.
        draws: the random numbers; weights are drawn before biases.
        dtype: of the arrays returned.
    """
    shape = (outputs, inputs)
    if init == "default":
        bound = 1 / math.sqrt(inputs)
        weight = draws.uniform(-bound, bound, shape)
        return weight.astype(dtype), draws.uniform(-bound, bound, outputs).astype(dtype)
    scheme, distribution = init.split("-")
    variance = 2 / (inputs + outputs) if scheme == "xavier" else 2 / inputs
    if distribution == "normal":
        weight = draws.normal(0, math.sqrt(variance), shape)
    else:
        bound = math.sqrt(3 * variance)
        weight = draws.uniform(-bound, bound, shape)
    return weight.astype(dtype), np.zeros(outputs, dtype)
