"""Activations of perceptrons, and their derivatives from their values."""

import numpy as np

from snnbench.kernels.base.jit import Floats, inner

ACTIVATIONS = {"linear": 0, "relu": 1, "sigmoid": 2, "tanh": 3}


@inner
def activate(values: Floats, activation: int) -> None:
    """Apply an activation in place; what is not a number stays so."""
    zero, one = np.float32(0), np.float32(1)
    if activation == 1:
        for i in range(values.size):
            # Adding 0 keeps the value, and the compiler from storing under a mask, which is slow.
            values[i] = zero if values[i] < 0 else values[i] + zero
    elif activation == 2:
        for i in range(values.size):
            values[i] = one / (one + np.exp(-values[i]))
    elif activation == 3:
        for i in range(values.size):
            values[i] = np.tanh(values[i])


@inner
def derive(gradient: Floats, values: Floats, activation: int, out: Floats) -> None:
    """Multiply a gradient with the activation's derivative, which its value gives."""
    one = np.float32(1)
    if activation == 1:
        for i in range(values.size):
            out[i] = np.float32(0) if values[i] <= 0 else gradient[i]
    elif activation == 2:
        for i in range(values.size):
            out[i] = gradient[i] * (values[i] * (one - values[i]))
    elif activation == 3:
        for i in range(values.size):
            out[i] = gradient[i] * (one - values[i] * values[i])
    else:
        for i in range(values.size):
            out[i] = gradient[i]
