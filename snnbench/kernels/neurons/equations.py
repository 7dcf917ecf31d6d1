"""The equations of `reference` on vectors: reset, surrogate derivatives, one step backward.

Every surrogate is gain * shape(slope * x), x = U - V_th, with slope and gain a member's own:
`SURROGATES` maps names to shapes. Formulas are SpikingJelly's.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from snnbench.kernels.base.jit import inlined
from snnbench.kernels.base.lanes import (
    absolute,
    add,
    div,
    mul,
    power_of_two,
    select_at_least,
    smaller,
    splat,
    sub,
)

SUBTRACT, ZERO, NONE = range(3)
RESETS = {"subtract": SUBTRACT, "zero": ZERO, "none": NONE}

_SOFT, _LORENTZ, _SIGMOID, _S2NN, _EXPONENTIAL, _GAUSS, _BOX, _TRIANGLE = range(8)

_Scale = Callable[[float], float]
# name -> shape, slope(parameter), gain(parameter); the parameter is z of fast-sigmoid, else alpha
SURROGATES: dict[str, tuple[int, _Scale, _Scale]] = {
    "fast-sigmoid": (_SOFT, lambda z: z, lambda z: 1.0),
    "soft-sign": (_SOFT, lambda alpha: alpha, lambda alpha: alpha / 2),
    "super-spike": (_SOFT, lambda alpha: 1.0, lambda alpha: alpha),
    "atan": (_LORENTZ, lambda alpha: math.pi * alpha / 2, lambda alpha: alpha / 2),
    "sigmoid": (_SIGMOID, lambda alpha: alpha, lambda alpha: alpha),
    "s2nn": (_S2NN, lambda alpha: alpha, lambda alpha: alpha),
    "piecewise-exp": (_EXPONENTIAL, lambda alpha: alpha, lambda alpha: alpha / 2),
    "erf": (_GAUSS, lambda alpha: alpha, lambda alpha: alpha / math.sqrt(math.pi)),
    "rect": (_BOX, lambda alpha: alpha, lambda alpha: alpha),
    "piecewise-quadratic": (_TRIANGLE, lambda alpha: alpha, lambda alpha: alpha),
}


class Switches(NamedTuple):
    """What the kernels branch on: kind of reset, its detachment, shape of the surrogate."""

    reset: int
    detach_reset: int
    surrogate: int


class Constants(NamedTuple):
    """Numbers of neurons: arrays of them, or vectors of a tile's lanes."""

    beta: Any
    v_th: Any
    slope: Any
    gain: Any


@dataclass(frozen=True)
class Neurons:
    """The neurons of a cohort's layer; reset, detach_reset and kind of surrogate are shared.

    Attributes:
        beta, v_th: one a member, [K].
        slope: z of fast-sigmoid or alpha of the other surrogates, one a member, [K].
    """

    beta: Sequence[float]
    v_th: Sequence[float]
    slope: Sequence[float]
    reset: str = "subtract"
    detach_reset: bool = False
    surrogate: str = "fast-sigmoid"

    @property
    def members(self) -> int:
        """K."""
        return len(self.beta)

    @property
    def switches(self) -> Switches:
        """Return what the kernels branch on."""
        return Switches(RESETS[self.reset], int(self.detach_reset), SURROGATES[self.surrogate][0])

    def vectors(self) -> Constants:
        """Return the numbers as the kernels take them, float32 [K] each."""
        _, slope, gain = SURROGATES[self.surrogate]
        columns = (self.beta, self.v_th, map(slope, self.slope), map(gain, self.slope))
        beta, v_th, slopes, gains = (np.array(list(c), np.float32) for c in columns)
        return Constants(beta, v_th, slopes, gains)


def non_spiking(members: int) -> Neurons:
    """Return neurons whose membrane is the current itself."""
    return Neurons([0.0] * members, [1.0] * members, [1.0] * members, reset="none")


@inlined
def reset_membrane(u: Any, v_th: Any, reset: int) -> Any:
    """Return V of U after the reset."""
    if reset == SUBTRACT:
        return select_at_least(u, v_th, sub(u, v_th), u)
    if reset == ZERO:
        return select_at_least(u, v_th, sub(v_th, v_th), u)
    return u


@inlined
def step(v: Any, current: Any, beta: Any, v_th: Any, reset: int) -> tuple[Any, Any]:
    """Advance by one step: V[t-1] and I[t] -> U[t] before the reset, V[t] after it."""
    u = add(mul(beta, v), current)
    return u, reset_membrane(u, v_th, reset)


@inlined
def step_back(
    u: Any, grads: tuple[Any, Any, Any], neuron: Constants, switches: Switches
) -> tuple[Any, Any]:
    """Go back through a step.

    Args:
        u: U[t].
        grads: dL/dS[t] and dL/dU[t] from outside, and dL/dV[t] from the step after; `absent`
            where the loss gives none.
        neuron: its numbers, on the tile.
        switches: of `Neurons`.

    Returns:
        dL/dI[t] and dL/dV[t-1].
    """
    beta, v_th, slope, gain = neuron
    grad_spikes, grad_membrane, grad_v = grads
    ds_du, dv_du = derivatives(u, v_th, slope, gain, switches)
    grad = add(add(grad_membrane, mul(grad_spikes, ds_du)), mul(grad_v, dv_du))
    return grad, mul(beta, grad)


@inlined
def absent(like: Any) -> Any:
    """Return -0, which changes no sum it is added to; +0 would turn a sum of -0 into +0."""
    return splat(np.float32(-0.0), like)


@inlined
def derivatives(u: Any, v_th: Any, slope: Any, gain: Any, switches: Switches) -> tuple[Any, Any]:
    """Return dS/dU, which is the surrogate, and dV/dU, also through the S of the reset."""
    reset, detach_reset, shape = switches
    surrogate = mul(gain, _surrogate(mul(slope, sub(u, v_th)), slope, shape))
    one = splat(np.float32(1), u)
    through = one
    if reset == ZERO:
        through = select_at_least(u, v_th, sub(one, one), one)
    if detach_reset == 0:
        if reset == SUBTRACT:
            through = sub(one, mul(v_th, surrogate))
        elif reset == ZERO:
            through = sub(through, mul(u, surrogate))
    return surrogate, through


@inlined
def _surrogate(y: Any, slope: Any, shape: int) -> Any:  # noqa: PLR0911
    """Return the shape's value at y = slope * x."""
    one = splat(np.float32(1), y)
    size = absolute(y)
    if shape == _SOFT:
        root = add(one, size)
        return div(one, mul(root, root))
    if shape == _LORENTZ:
        return div(one, add(one, mul(y, y)))
    if shape in (_SIGMOID, _S2NN):
        e = _exp_of_minus(size)
        root = add(one, e)
        sigmoid = div(e, mul(root, root))
        if shape == _SIGMOID:
            return sigmoid
        return select_at_least(y, sub(one, one), div(one, add(y, slope)), sigmoid)
    if shape == _EXPONENTIAL:
        return _exp_of_minus(size)
    if shape == _GAUSS:
        return _exp_of_minus(mul(y, y))
    if shape == _BOX:
        return select_at_least(size, splat(np.float32(0.5), y), sub(one, one), one)
    return sub(one, smaller(size, one))


@inlined
def _exp_of_minus(y: Any) -> Any:
    """Return exp(-y) for y >= 0 to about one unit in the last place (Cephes' expf)."""
    y = smaller(y, splat(np.float32(87), y))
    shift = splat(np.float32(12582912), y)  # 1.5 * 2^23: adding it rounds to whole numbers
    n = sub(add(mul(y, splat(np.float32(-1.4426950408889634), y)), shift), shift)
    x = sub(mul(n, splat(np.float32(-0.693359375), y)), y)
    x = sub(x, mul(n, splat(np.float32(-2.12194440e-4), y)))
    p = splat(np.float32(1.9875691500e-4), y)
    p = add(mul(p, x), splat(np.float32(1.3981999507e-3), y))
    p = add(mul(p, x), splat(np.float32(8.3334519073e-3), y))
    p = add(mul(p, x), splat(np.float32(4.1665795894e-2), y))
    p = add(mul(p, x), splat(np.float32(1.6666665459e-1), y))
    p = add(mul(p, x), splat(np.float32(5.0000001201e-1), y))
    p = add(add(mul(p, mul(x, x)), x), splat(np.float32(1), y))
    return mul(p, power_of_two(n))
