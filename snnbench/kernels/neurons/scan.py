"""The LIF scan alone, for convolutional, normalised and other dense currents.

Layout: [T, K, X], X being everything that a member's neurons have besides time, in any order.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
from numba import prange

from snnbench.kernels.base.jit import Floats, inlined, kernel, parallel_kernel
from snnbench.kernels.base.lanes import (
    WIDE,
    WIDTH,
    add,
    at_least,
    mul,
    splat,
    store_first,
    zeros,
)
from snnbench.kernels.layers.linear_lif import load_columns
from snnbench.kernels.neurons.equations import derivatives, reset_membrane

_LANES = WIDTH * len(WIDE)
_BLOCK = 64 * _LANES  # columns that a thread takes through all steps; its membranes stay in L1


@parallel_kernel
def scan(
    currents: Floats, neurons: Any, spikes: Floats, membranes: Floats, shape: Any, reset: int
) -> None:
    """Run the neurons from rest.

    Args:
        currents: flat [T, K, X], or [K, X] for the same current at every step.
        neurons: beta and v_th, [K] each.
        spikes, membranes: S and U, flat [T, K, X]; written.
        shape: T, K, X.
        reset: kind of reset.
    """
    T, members, X = shape
    blocks = (X + _BLOCK - 1) // _BLOCK
    step = members * X if currents.size == T * members * X else 0
    for piece in prange(members * blocks):
        k, first = piece // blocks, (piece % blocks) * _BLOCK
        columns = (k * X + first, min(_BLOCK, X - first))
        beta_v_th = (neurons[0][k], neurons[1][k])
        _scan_block(currents, step, beta_v_th, spikes, membranes, T, members * X, columns, reset)


@kernel
def _scan_block(
    currents: Floats,
    step: int,
    beta_v_th: Any,
    spikes: Floats,
    membranes: Floats,
    T: int,
    row: int,
    columns: Any,
    reset: int,
) -> None:
    zero = zeros(WIDE)
    beta, v_th = splat(beta_v_th[0], zero), splat(beta_v_th[1], zero)
    first, count = columns
    state = np.zeros(_BLOCK, np.float32)
    for t in range(T):
        for c in range(0, count, _LANES):
            n = min(_LANES, count - c)
            v = _load(state, c, _LANES, zero)
            u = add(mul(beta, v), _load(currents, t * step + first + c, n, zero))
            store_first(spikes, t * row + first + c, at_least(u, v_th), n)
            store_first(membranes, t * row + first + c, u, n)
            store_first(state, c, reset_membrane(u, v_th, reset), _LANES)


@parallel_kernel
def scan_back(
    membranes: Floats,
    neurons: Any,
    grad_spikes: Floats,
    grad_membranes: Floats,
    grad_currents: Floats,
    shape: Any,
    switches: Any,
) -> None:
    """Go back through a scan.

    Args:
        membranes: U, flat [T, K, X].
        neurons: beta, v_th, slope and gain, [K] each.
        grad_spikes, grad_membranes: dL/dS and dL/dU, flat [T, K, X]; empty where there is none.
        grad_currents: dL/dI, flat [T, K, X]; or [K, X] for its sum over the steps. Written.
        shape: T, K, X.
        switches: of `Neurons`.
    """
    T, members, X = shape
    blocks = (X + _BLOCK - 1) // _BLOCK
    for piece in prange(members * blocks):
        k, first = piece // blocks, (piece % blocks) * _BLOCK
        columns = (k * X + first, min(_BLOCK, X - first))
        numbers = (neurons[0][k], neurons[1][k], neurons[2][k], neurons[3][k])
        grads = (grad_spikes, grad_membranes, grad_currents)
        _scan_block_back(membranes, numbers, grads, T, members * X, columns, switches)


@kernel
def _scan_block_back(
    membranes: Floats, numbers: Any, grads: Any, T: int, row: int, columns: Any, switches: Any
) -> None:
    zero = zeros(WIDE)
    beta, v_th = splat(numbers[0], zero), splat(numbers[1], zero)
    slope, gain = splat(numbers[2], zero), splat(numbers[3], zero)
    grad_spikes, grad_membranes, grad_currents = grads
    first, count = columns
    constant = grad_currents.size < T * row
    state, total = np.zeros(_BLOCK, np.float32), np.zeros(_BLOCK, np.float32)
    for t in range(T - 1, -1, -1):
        for c in range(0, count, _LANES):
            n, at = min(_LANES, count - c), t * row + first + c
            ds_du, dv_du = derivatives(_load(membranes, at, n, zero), v_th, slope, gain, switches)
            grad = mul(_load(state, c, _LANES, zero), dv_du)
            if grad_spikes.size:
                grad = add(mul(_load(grad_spikes, at, n, zero), ds_du), grad)
            if grad_membranes.size:
                grad = add(_load(grad_membranes, at, n, zero), grad)
            store_first(state, c, mul(beta, grad), _LANES)
            if constant:
                store_first(total, c, add(_load(total, c, _LANES, zero), grad), _LANES)
            else:
                store_first(grad_currents, at, grad, n)
    if constant:
        grad_currents[first : first + count] = total[:count]


@inlined
def _load(array: Floats, index: int, n: int, like: Any) -> Any:
    return load_columns(array, index, n, like, _LANES)
