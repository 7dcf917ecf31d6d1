"""The gradient of a convolution's weights where its input needs none, as the first layer's does.

Libraries are made for many channels: with the one or three of pictures this gradient took half
of a small network's step. Here a tap's gradient is a long dot product, of four planes at a time.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

from typing import Any

import numpy as np
from numba import prange

from snnbench.kernels.base.columns import load_columns
from snnbench.kernels.base.jit import Floats, inner, parallel_kernel, share
from snnbench.kernels.base.lanes import NARROW, WIDTH, load, multiply_add, store, zeros

_PARTS = 16  # pieces of the samples that threads share out
_PER_NANOSECOND = 20  # multiplications


def weight_gradients(x: Floats, gradient: Floats, size: int, padding: int) -> tuple[Floats, Floats]:
    """Return the gradients of weights and biases of a convolution with stride 1.

    Args:
        x: input, [N, C, H, W], C-contiguous.
        gradient: of the output, [N, O, H + 2 padding - size + 1, likewise W], C-contiguous.
        size: of the square kernel.
        padding: zeros on each side.

    Returns:
        [O, C, size, size] and [O].
    """
    samples, channels, *_ = x.shape
    _, outputs, rows, columns = gradient.shape
    taps = channels * size * size
    sums = np.zeros((_PARTS, outputs, taps + 1, WIDTH), np.float32)
    share(samples * outputs * rows * columns * (taps + 1) / _PER_NANOSECOND)
    shape = (*x.shape, outputs, rows, columns, size, padding)
    _gradients(x.reshape(-1), gradient.reshape(-1), sums.reshape(_PARTS, -1), shape, NARROW)
    total = sums.sum(axis=(0, 3))
    weights = total[:, :taps].reshape(outputs, channels, size, size)
    return np.ascontiguousarray(weights), total[:, taps].copy()


@parallel_kernel
def _gradients(x: Floats, gradient: Floats, sums: Floats, shape: Any, vectors: Any) -> None:
    for part in prange(_PARTS):
        _add_samples(part, x, gradient, sums[part], shape, vectors)


@inner
def _add_samples(
    part: int, x: Floats, gradient: Floats, sums: Floats, shape: Any, vectors: Any
) -> None:
    """Add the gradients of a part of the samples; the lanes of a sum are added up later.

    The bias is one more tap, on an input of ones.
    """
    samples, channels, _, _, outputs, rows, columns, size, _ = shape
    pixels, window, taps = rows * columns, size * size, channels * size * size
    step = (rows + size - 1) * columns  # of a shifted plane
    ones = channels * size * step
    planes = np.zeros(ones + pixels + WIDTH, np.float32)
    planes[ones:] = 1
    for n in range(samples * part // _PARTS, samples * (part + 1) // _PARTS):
        _shift(n, x, planes, shape)
        for first in range(0, outputs, 4):
            four = (
                first, min(first + 1, outputs - 1),
                min(first + 2, outputs - 1), min(first + 3, outputs - 1),
            )  # fmt: skip
            for tap in range(taps + 1):
                source = ones
                if tap < taps:
                    channel, row, column = tap // window, tap % window // size, tap % size
                    source = (channel * size + column) * step + row * columns
                where = (n * outputs, tap, taps + 1, pixels)
                _add_four(planes, source, gradient, four, where, sums, vectors)


@inner
def _shift(n: int, x: Floats, planes: Floats, shape: Any) -> None:
    """Copy a sample's planes with every horizontal shift, as wide as the output.

    Tap (i, j) is then the dot product of an output's plane and plane j from row i on.
    """
    _, channels, height, width, _, rows, columns, size, padding = shape
    step = (rows + size - 1) * columns
    for c in range(channels):
        for j in range(size):
            low, high = max(0, padding - j), min(columns, width + padding - j)
            for r in range(height):
                to = (c * size + j) * step + (r + padding) * columns
                at = ((n * channels + c) * height + r) * width + j - padding
                for q in range(low, high):
                    planes[to + q] = x[at + q]


@inner
def _add_four(
    planes: Floats,
    source: int,
    gradient: Floats,
    four: tuple[int, int, int, int],
    where: tuple[int, int, int, int],
    sums: Floats,
    vectors: Any,
) -> None:
    """Add the dot products of four outputs' planes, some perhaps the same, with an input's.

    Args:
        planes: of the input.
        source: where the plane begins.
        gradient: of the outputs.
        four: which outputs.
        where: the sample's first plane of the gradient, tap, taps, pixels of a plane.
        sums: [O, taps, lanes].
        vectors: width of a sum.
    """
    zero = zeros(vectors)
    first, tap, taps, pixels = where
    a, b, c, d = four
    to_a, to_b = (a * taps + tap) * WIDTH, (b * taps + tap) * WIDTH
    to_c, to_d = (c * taps + tap) * WIDTH, (d * taps + tap) * WIDTH
    of_a, of_b = (first + a) * pixels, (first + b) * pixels
    of_c, of_d = (first + c) * pixels, (first + d) * pixels
    sum_a, sum_b = load(sums, to_a, zero), load(sums, to_b, zero)
    sum_c, sum_d = load(sums, to_c, zero), load(sums, to_d, zero)
    for p in range(0, pixels, WIDTH):
        x, n = load(planes, source + p, zero), min(WIDTH, pixels - p)
        sum_a = multiply_add(x, load_columns(gradient, of_a + p, n, zero, WIDTH), sum_a)
        sum_b = multiply_add(x, load_columns(gradient, of_b + p, n, zero, WIDTH), sum_b)
        sum_c = multiply_add(x, load_columns(gradient, of_c + p, n, zero, WIDTH), sum_c)
        sum_d = multiply_add(x, load_columns(gradient, of_d + p, n, zero, WIDTH), sum_d)
    store(sums, to_a, sum_a)
    store(sums, to_b, sum_b)
    store(sums, to_c, sum_c)
    store(sums, to_d, sum_d)
