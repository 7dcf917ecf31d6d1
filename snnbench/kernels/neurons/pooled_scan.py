"""The LIF scan and 2 x 2 max pooling of its spikes in one pass, so that only pooled spikes leave.

The way back computes the membranes anew: kept, they would take as much memory as the currents.

Layout: currents [T, P, H, W], pooled spikes [T, P, H // 2, W // 2], with P planes,
samples times channels; currents that are the same at every step [P, H, W]. As in torch, a last
odd row or column is in no window, and the gradient goes to the first of a window's largest
values, row by row: its first spike, or its first place.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

import numpy as np
from numba import prange

from snnbench.kernels.base.columns import copy, load_columns
from snnbench.kernels.base.jit import Floats, inlined, inner, parallel_kernel
from snnbench.kernels.base.lanes import (
    NARROW,
    WIDTH,
    add,
    at_least,
    load,
    splat,
    store,
    store_first,
    zeros,
)
from snnbench.kernels.neurons.equations import Constants, Switches, absent, step_back
from snnbench.kernels.neurons.equations import step as lif_step

Planes = tuple[int, int, int, int]  # T, P, H, W

_PARTS = 32  # pieces of the planes that threads share out


@parallel_kernel
def pooled_scan(
    currents: Floats, neurons: Constants, pooled: Floats, shape: Planes, reset: int
) -> None:
    """Run the neurons from rest, and pool.

    Args:
        currents: I, flat [T, P, H, W], or [P, H, W] for the same at every step.
        neurons: beta and v_th.
        pooled: spikes after pooling, flat [T, P, H // 2, W // 2]; written.
        shape: T, P, H, W.
        reset: kind of reset.
    """
    for part in prange(_PARTS):
        _scan_planes(currents, neurons, pooled, shape, _planes(part, shape[1]), reset)


@inner
def _scan_planes(
    currents: Floats,
    neurons: Constants,
    pooled: Floats,
    shape: Planes,
    planes: tuple[int, int],
    reset: int,
) -> None:
    T, P, height, width = shape
    size, windows = height * width, (height // 2) * (width // 2)
    membranes, state, spikes = _scratch(size), _scratch(size), _scratch(size)
    top, low = _scratch(2 * windows), _scratch(2 * windows)
    step = P * size if currents.size == T * P * size else 0
    for p in range(*planes):
        state[:] = 0
        for t in range(T):
            _scan_step(currents, t * step + p * size, neurons, reset, state, membranes)
            _fire(membranes, neurons.v_th, spikes)
            _split_rows(spikes, height, width, top, low)
            first = (t * P + p) * windows
            _pool(top, low, pooled[first : first + windows])


@inlined
def _scan_step(
    currents: Floats, source: int, neurons: Constants, reset: int, state: Floats, membranes: Floats
) -> None:
    """Write a plane's membranes before the reset, and its state after it."""
    zero = zeros(NARROW)
    beta, v_th = splat(neurons.beta, zero), splat(neurons.v_th, zero)
    size = state.size - WIDTH
    for c in range(0, size, WIDTH):
        current = load_columns(currents, source + c, min(WIDTH, size - c), zero, WIDTH)
        u, v = lif_step(load(state, c, zero), current, beta, v_th, reset)
        store(membranes, c, u)
        store(state, c, v)


@inlined
def _fire(membranes: Floats, threshold: np.float32, spikes: Floats) -> None:
    zero = zeros(NARROW)
    v_th = splat(threshold, zero)
    for c in range(0, spikes.size - WIDTH, WIDTH):
        store(spikes, c, at_least(load(membranes, c, zero), v_th))


@inner
def _pool(top: Floats, low: Floats, out: Floats) -> None:
    """Write the largest of every window, whose values follow each other in the two rows."""
    for j in range(out.size):
        a, b, c, d = top[2 * j], top[2 * j + 1], low[2 * j], low[2 * j + 1]
        upper, lower = (a if a > b else b), (c if c > d else d)
        out[j] = upper if upper > lower else lower


@parallel_kernel
def pooled_scan_back(
    currents: Floats,
    neurons: Constants,
    grad_pooled: Floats,
    out: Floats,
    shape: Planes,
    switches: Switches,
) -> None:
    """Go back through pooling and scan.

    Args:
        currents: I, as they were given to `pooled_scan`.
        neurons: beta, v_th, slope and gain.
        grad_pooled: the loss's derivative by the pooled spikes, flat [T, P, H // 2, W // 2].
        out: dL/dI, flat like the currents: summed over the steps where these have one plane for
            all. Written.
        shape: T, P, H, W.
        switches: of `Neurons`.
    """
    for part in prange(_PARTS):
        planes = _planes(part, shape[1])
        _scan_planes_back(currents, neurons, grad_pooled, out, shape, planes, switches)


@inner
def _scan_planes_back(
    currents: Floats,
    neurons: Constants,
    grad_pooled: Floats,
    out: Floats,
    shape: Planes,
    planes: tuple[int, int],
    switches: Switches,
) -> None:
    T, P, height, width = shape
    size, windows = height * width, (height // 2) * (width // 2)
    zero = zeros(NARROW)
    neuron = Constants(
        splat(neurons.beta, zero), splat(neurons.v_th, zero),
        splat(neurons.slope, zero), splat(neurons.gain, zero),
    )  # fmt: skip
    state, spikes, grads = _scratch(size), _scratch(size), _scratch(size)
    top, low = _scratch(2 * windows), _scratch(2 * windows)
    constant, total = currents.size < T * P * size, _scratch(size)
    step, room = 0 if constant else P * size, size + WIDTH
    membranes = np.zeros(T * room, np.float32)
    for p in range(*planes):
        state[:] = 0
        for t in range(T):
            u_of_step = membranes[t * room : (t + 1) * room]
            _scan_step(currents, t * step + p * size, neurons, switches.reset, state, u_of_step)
        state[:], total[:] = 0, 0
        for t in range(T - 1, -1, -1):
            at, first = (t * P + p) * size, (t * P + p) * windows
            u_of_step = membranes[t * room : (t + 1) * room]
            _fire(u_of_step, neurons.v_th, spikes)
            _split_rows(spikes, height, width, top, low)
            _unpool(top, low, grad_pooled[first : first + windows])
            _join_rows(top, low, height, width, grads)
            for c in range(0, size, WIDTH):
                u = load(u_of_step, c, zero)
                of_step = (load(grads, c, zero), absent(zero), load(state, c, zero))
                grad, grad_v = step_back(u, of_step, neuron, switches)
                store(state, c, grad_v)
                if constant:
                    store(total, c, add(load(total, c, zero), grad))
                else:
                    store_first(out, at + c, grad, min(WIDTH, size - c))
        if constant:
            copy(total[:size], out[p * size :])


@inner
def _unpool(top: Floats, low: Floats, gradient: Floats) -> None:
    """Put every window's gradient in place of its first largest value, and 0 of the others."""
    none = np.float32(0)
    for j in range(gradient.size):
        a, b, c, d = top[2 * j], top[2 * j + 1], low[2 * j], low[2 * j + 1]
        g = gradient[j]
        of_b = b > a
        upper = b if of_b else a
        of_d = d > c
        lower = d if of_d else c
        is_low = lower > upper
        above, below = (none if is_low else g), (g if is_low else none)
        top[2 * j], top[2 * j + 1] = (none if of_b else above), (above if of_b else none)
        low[2 * j], low[2 * j + 1] = (none if of_d else below), (below if of_d else none)


@inner
def _split_rows(plane: Floats, height: int, width: int, top: Floats, low: Floats) -> None:
    """Copy the upper rows of the windows one after another, and the lower ones."""
    zero = zeros(NARROW)
    even = width // 2 * 2
    for r in range(height // 2):
        for c in range(0, even, WIDTH):
            # What is too much, the next row overwrites.
            store(top, r * even + c, load(plane, 2 * r * width + c, zero))
            store(low, r * even + c, load(plane, (2 * r + 1) * width + c, zero))


@inner
def _join_rows(top: Floats, low: Floats, height: int, width: int, plane: Floats) -> None:
    """Undo `_split_rows`; rows and columns that are in no window stay as they are."""
    zero = zeros(NARROW)
    even = width // 2 * 2
    for r in range(height // 2):
        for c in range(0, even, WIDTH):
            n = min(WIDTH, even - c)
            store_first(plane, 2 * r * width + c, load(top, r * even + c, zero), n)
            store_first(plane, (2 * r + 1) * width + c, load(low, r * even + c, zero), n)


@inlined
def _scratch(size: int) -> Floats:
    return np.zeros(size + WIDTH, np.float32)


@inlined
def _planes(part: int, count: int) -> tuple[int, int]:
    return count * part // _PARTS, count * (part + 1) // _PARTS
