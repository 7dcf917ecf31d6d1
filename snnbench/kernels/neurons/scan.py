"""The LIF scan alone, for convolutional, normalised and other dense currents.

Layout: [T, K, X], X being everything that a member's neurons have besides time, in any order.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
from numba import prange

from snnbench.kernels.base.columns import copy, load_columns
from snnbench.kernels.base.jit import Floats, inner, parallel_kernel
from snnbench.kernels.base.lanes import (
    WIDE,
    WIDTH,
    add,
    at_least,
    load,
    splat,
    store,
    store_first,
    zeros,
)
from snnbench.kernels.neurons.equations import Constants, Switches, absent, step, step_back

_LANES = WIDTH * len(WIDE)
_BLOCK = 64 * _LANES  # columns that a thread takes through all steps; its membranes stay in L1


@parallel_kernel
def scan(
    currents: Floats,
    neurons: Constants,
    spikes: Floats,
    membranes: Floats,
    shape: tuple[int, int, int],
    reset: int,
) -> None:
    """Run the neurons from rest.

    Args:
        currents: flat [T, K, X], or [K, X] for the same current at every step.
        neurons: their numbers, [K] each.
        spikes, membranes: S and U, flat [T, K, X]; written.
        shape: T, K, X.
        reset: kind of reset.
    """
    T, members, X = shape
    blocks = (X + _BLOCK - 1) // _BLOCK
    stride = members * X if currents.size == T * members * X else 0
    for piece in prange(members * blocks):
        k, first = piece // blocks, (piece % blocks) * _BLOCK
        columns = (k * X + first, min(_BLOCK, X - first))
        beta_v_th = (neurons.beta[k], neurons.v_th[k])
        _scan_block(currents, stride, beta_v_th, spikes, membranes, T, members * X, columns, reset)


@inner
def _scan_block(
    currents: Floats,
    stride: int,
    beta_v_th: tuple[np.float32, np.float32],
    spikes: Floats,
    membranes: Floats,
    T: int,
    row: int,
    columns: tuple[int, int],
    reset: int,
) -> None:
    zero = zeros(WIDE)
    beta, v_th = splat(beta_v_th[0], zero), splat(beta_v_th[1], zero)
    first, count = columns
    state = np.zeros(_BLOCK, np.float32)
    for t in range(T):
        for c in range(0, count, _LANES):
            n = min(_LANES, count - c)
            current = load_columns(currents, t * stride + first + c, n, zero, _LANES)
            u, v = step(load(state, c, zero), current, beta, v_th, reset)
            store_first(spikes, t * row + first + c, at_least(u, v_th), n)
            store_first(membranes, t * row + first + c, u, n)
            store(state, c, v)


@parallel_kernel
def scan_back(
    membranes: Floats,
    neurons: Constants,
    grad_spikes: Floats,
    grad_membranes: Floats,
    grad_currents: Floats,
    shape: tuple[int, int, int],
    switches: Switches,
) -> None:
    """Go back through a scan.

    Args:
        membranes: U, flat [T, K, X].
        neurons: their numbers, [K] each.
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
        numbers = Constants(neurons.beta[k], neurons.v_th[k], neurons.slope[k], neurons.gain[k])
        grads = (grad_spikes, grad_membranes, grad_currents)
        _scan_block_back(membranes, numbers, grads, T, members * X, columns, switches)


@inner
def _scan_block_back(
    membranes: Floats,
    numbers: Constants,
    grads: Any,
    T: int,
    row: int,
    columns: tuple[int, int],
    switches: Switches,
) -> None:
    zero = zeros(WIDE)
    neuron = Constants(
        splat(numbers.beta, zero), splat(numbers.v_th, zero),
        splat(numbers.slope, zero), splat(numbers.gain, zero),
    )  # fmt: skip
    grad_spikes, grad_membranes, grad_currents = grads
    first, count = columns
    constant = grad_currents.size < T * row
    state, total = np.zeros(_BLOCK, np.float32), np.zeros(_BLOCK, np.float32)
    for t in range(T - 1, -1, -1):
        for c in range(0, count, _LANES):
            n, at = min(_LANES, count - c), t * row + first + c
            u = load_columns(membranes, at, n, zero, _LANES)
            grad_s = grad_u = absent(zero)
            if grad_spikes.size:
                grad_s = load_columns(grad_spikes, at, n, zero, _LANES)
            if grad_membranes.size:
                grad_u = load_columns(grad_membranes, at, n, zero, _LANES)
            grad, grad_v = step_back(u, (grad_s, grad_u, load(state, c, zero)), neuron, switches)
            store(state, c, grad_v)
            if constant:
                store(total, c, add(load(total, c, zero), grad))
            else:
                store_first(grad_currents, at, grad, n)
    if constant:
        copy(total[:count], grad_currents[first:])
