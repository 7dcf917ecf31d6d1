"""The equations of `reference` on a GPU: the scan over T steps as two Triton kernels.

A program takes one member and BLOCK neighbours of X and walks through the steps with the
membrane in registers, so that every number crosses the GPU's memory once. Products and sums are
not fused (`enable_fp_fusion`): spikes and membranes have the bits of the reference, and nothing
depends on a member's companions.

T steps, K members, X = batch times neurons; all tensors float32.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from snnbench.errors import UserError, did_you_mean

try:
    import triton
    import triton.language as tl
    from triton.language import constexpr, tensor
except ImportError as error:
    raise UserError(
        "The GPU kernels need Triton, which comes with the CUDA builds of torch for Linux.",
        "Install such a build of torch, or take the reference engine.",
    ) from error

DEFAULT_ALPHA = {"atan": 2.0, "sigmoid": 4.0, "s2nn": 4.0}  # SpikingJelly's
SURROGATES = ("fast-sigmoid", *DEFAULT_ALPHA)
BLOCK = 256  # neighbours in X of one program

_Vector = Tensor | float


def kernel(function: Callable[..., Any]) -> Any:
    """Compile for the GPU, or interpret where TRITON_INTERPRET=1 is set."""
    return triton.jit(function)


def available() -> bool:
    """Return whether the kernels can run here: a GPU, or Triton's interpreter."""
    return torch.cuda.is_available() or not isinstance(_forward, triton.JITFunction)


@kernel
def _derivative(x: tensor, slope: tensor, SURROGATE: constexpr) -> tensor:
    """Return dS/dU at x = U - V_th; the formulas are SpikingJelly's."""
    y = tl.abs(slope * x)
    if SURROGATE == "fast-sigmoid":
        value = 1 / ((1 + y) * (1 + y))
    elif SURROGATE == "atan":
        y *= 1.5707963267948966  # pi / 2
        value = slope / 2 / (1 + y * y)
    else:
        e = tl.exp(-y)  # sigmoid (1 - sigmoid) without overflow or cancellation
        value = slope * e / ((1 + e) * (1 + e))
        if SURROGATE == "s2nn":
            value = tl.where(x < 0, value, 1 / (1 + tl.abs(x)))
    return value


@kernel
def _forward(  # noqa: PLR0917, Triton's launcher has no keyword-only arguments
    current: tensor, current_stride: tensor, beta: tensor, v_th: tensor, spikes: tensor,
    membranes: tensor, stride: tensor, T: tensor, X: tensor, RESET: constexpr, BLOCK: constexpr,
) -> None:  # fmt: skip
    """Write S and U, [T, K, X]; a stride is the distance of two steps, 0 repeats the current."""
    k = tl.program_id(1)
    x = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = x < X
    at = k.to(tl.int64) * X + x
    leak, threshold = tl.load(beta + k), tl.load(v_th + k)
    v = tl.full((BLOCK,), 0.0, tl.float32)
    for _ in range(T):
        u = leak * v + tl.load(current + at, mask=inside, other=0.0)
        s = (u - threshold >= 0).to(tl.float32)
        tl.store(membranes + at, u, mask=inside)
        tl.store(spikes + at, s, mask=inside)
        v = u
        if RESET == "subtract":
            v = u - s * threshold
        elif RESET == "zero":
            v = u * (1 - s)
        current += current_stride
        spikes += stride
        membranes += stride


@kernel
def _backward(  # noqa: PLR0917
    membranes: tensor, grad_spikes: tensor, grad_membranes: tensor, beta: tensor, v_th: tensor,
    slope: tensor, grad_current: tensor, stride: tensor, T: tensor, X: tensor, CONSTANT: constexpr,
    RESET: constexpr, DETACH: constexpr, SURROGATE: constexpr, BLOCK: constexpr,
) -> None:  # fmt: skip
    """Write dL/dI (if CONSTANT: its sum over T) from dL/dS and dL/dU, one of which may be None."""
    k = tl.program_id(1)
    x = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = x < X
    first = k.to(tl.int64) * X + x
    at = first + tl.cast(T - 1, tl.int64) * stride
    leak, threshold, steepness = tl.load(beta + k), tl.load(v_th + k), tl.load(slope + k)
    grad_v = tl.full((BLOCK,), 0.0, tl.float32)  # dL/dV[t]
    total = tl.full((BLOCK,), 0.0, tl.float32)
    for _ in range(T):
        u = tl.load(membranes + at, mask=inside, other=0.0)
        grad_s = tl.full((BLOCK,), 0.0, tl.float32)
        if grad_spikes is not None:
            grad_s = tl.load(grad_spikes + at, mask=inside, other=0.0)
        grad_u = grad_v  # dV/dU at fixed S is 1, or 1 - S
        if RESET == "zero":
            grad_u = grad_v * (u - threshold < 0).to(tl.float32)
        if RESET == "subtract" and not DETACH:
            grad_s -= threshold * grad_v
        elif RESET == "zero" and not DETACH:
            grad_s -= u * grad_v
        grad_u += grad_s * _derivative(u - threshold, steepness, SURROGATE)
        if grad_membranes is not None:
            grad_u += tl.load(grad_membranes + at, mask=inside, other=0.0)
        if CONSTANT:
            total += grad_u
        else:
            tl.store(grad_current + at, grad_u, mask=inside)
        grad_v = leak * grad_u
        at -= stride
    if CONSTANT:
        tl.store(grad_current + first, total, mask=inside)


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, *args: Any) -> tuple[Tensor, Tensor]:
        current, beta, v_th, slope, T, switches = args
        K, X = current.shape[-2:]
        spikes, membranes = current.new_empty(T, K, X), current.new_empty(T, K, X)
        current_stride = K * X if current.dim() == 3 else 0
        with torch.cuda.device_of(current):  # type: ignore[no-untyped-call]
            _forward[triton.cdiv(X, BLOCK), K](
                current, current_stride, beta, v_th, spikes, membranes, K * X, T, X,
                RESET=switches["RESET"], BLOCK=BLOCK, enable_fp_fusion=False,
            )  # fmt: skip
        ctx.save_for_backward(membranes, beta, v_th, slope)
        ctx.shape, ctx.switches = current.shape, switches
        ctx.set_materialize_grads(False)  # None for the output that the loss does not read
        return spikes, membranes

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        membranes, beta, v_th, slope = ctx.saved_tensors
        T, K, X = membranes.shape
        grad_s, grad_u = (None if grad is None else grad.contiguous() for grad in grads)
        grad_current = membranes.new_empty(ctx.shape)
        _backward[triton.cdiv(X, BLOCK), K](
            membranes, grad_s, grad_u, beta, v_th, slope, grad_current, K * X, T, X,
            CONSTANT=len(ctx.shape) == 2, **ctx.switches, BLOCK=BLOCK, enable_fp_fusion=False,
        )  # fmt: skip
        return grad_current, None, None, None, None, None  # only the current can need one


def lif_scan(
    current: Tensor, *, beta: _Vector, v_th: _Vector, z: _Vector, T: int, reset: str,
    detach_reset: bool, surrogate: str, alpha: float | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Run K members' neurons over T steps from rest; gradients flow to the current only.

    Args:
        current: I, [T, K, X]; or [K, X], the same at every step. Contiguous float32.
        beta, v_th: leak and threshold, one number or [K].
        z: slope of fast-sigmoid, one number or [K]; the other surrogates ignore it.
        T: steps.
        reset: "subtract", "zero" or "none".
        detach_reset: stop the gradient through the reset.
        surrogate: one of SURROGATES.
        alpha: shape of the other surrogates, or None for SpikingJelly's default.

    Returns:
        spikes S and membranes before reset U, both [T, K, X].
    """
    if surrogate not in SURROGATES:
        raise UserError(
            f"The surrogate '{surrogate}' has no GPU kernel.",
            f"{did_you_mean(surrogate, SURROGATES)} The reference engine has it.",
        )
    assert reset in {"subtract", "zero", "none"}, reset
    assert current.dtype == torch.float32, "the current must be float32"
    assert current.is_contiguous(), "the current must be contiguous"
    assert current.dim() == 2 or (current.dim() == 3 and len(current) == T), "not [T, K, X]"
    if surrogate != "fast-sigmoid":
        z = DEFAULT_ALPHA[surrogate] if alpha is None else alpha
    vectors = (_vector(value, current) for value in (beta, v_th, z))
    switches = {"RESET": reset, "DETACH": detach_reset, "SURROGATE": surrogate}
    scan: tuple[Tensor, Tensor] = _Scan.apply(current, *vectors, T, switches)  # type: ignore[no-untyped-call]
    return scan


def _vector(value: _Vector, current: Tensor) -> Tensor:
    """Return a value for each of the K members, on the current's device."""
    if not isinstance(value, Tensor):
        return current.new_full(current.shape[-2:-1], value)
    assert value.shape == current.shape[-2:-1], "one value a member"
    assert not value.requires_grad, "neuron parameters have no gradient here"
    return value.to(current).contiguous()
