"""The kernels as differentiable torch functions."""

import math
from typing import Any

import torch

from snnbench.kernels.base.jit import Floats, share
from snnbench.kernels.convolution.weights import weight_gradients
from snnbench.kernels.neurons.equations import Constants, Neurons
from snnbench.kernels.neurons.pooled_scan import pooled_scan, pooled_scan_back
from snnbench.kernels.neurons.scan import scan, scan_back


class _ScanFunction(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, current: torch.Tensor, neurons: Neurons, steps: int | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        current = current.detach().contiguous()
        T, *rest = current.shape if steps is None else (steps, *current.shape)
        spikes, membranes = (torch.empty((T, *rest), dtype=torch.float32) for _ in range(2))
        vectors, switches = neurons.vectors(), neurons.switches
        shape = (T, neurons.members, spikes[0].numel() // neurons.members)
        share(spikes.numel())
        scan(_flat(current), vectors, _flat(spikes), _flat(membranes), shape, switches.reset)
        ctx.save_for_backward(membranes)
        ctx.setup = (vectors, shape, switches, current.shape)
        ctx.set_materialize_grads(False)
        return spikes, membranes

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor | None) -> tuple[torch.Tensor | None, None, None]:
        if all(grad is None for grad in grads):
            return None, None, None
        vectors, shape, switches, current_shape = ctx.setup
        out = torch.empty(current_shape, dtype=torch.float32)
        given = [torch.empty(0) if grad is None else grad.contiguous() for grad in grads]
        membranes, grad_spikes, grad_membranes = map(_flat, (ctx.saved_tensors[0], *given))
        share(membranes.size)
        scan_back(membranes, vectors, grad_spikes, grad_membranes, _flat(out), shape, switches)
        return out, None, None


class _PooledScanFunction(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, current: torch.Tensor, neurons: Neurons, steps: int | None
    ) -> torch.Tensor:
        current = current.detach().contiguous()
        T, *planes, height, width = current.shape if steps is None else (steps, *current.shape)
        shape = (T, math.prod(planes), height, width)
        numbers = Constants(*(vector[0] for vector in neurons.vectors()))
        switches = neurons.switches
        pooled = torch.empty((T, *planes, height // 2, width // 2), dtype=torch.float32)
        share(math.prod(shape))
        pooled_scan(_flat(current), numbers, _flat(pooled), shape, switches.reset)
        ctx.save_for_backward(current)
        ctx.setup = (numbers, shape, switches)
        return pooled

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        numbers, shape, switches = ctx.setup
        current, grad = ctx.saved_tensors[0], grads[0].contiguous()
        out = torch.empty_like(current)
        share(2 * math.prod(shape))
        pooled_scan_back(_flat(current), numbers, _flat(grad), _flat(out), shape, switches)
        return out, None, None


class _InputConvolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        padding: tuple[int, int],
    ) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.setup = (weight.shape[2], padding[0])
        return torch.nn.functional.conv2d(x, weight, bias, padding=padding)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[Any, ...]:
        x, gradient = ctx.saved_tensors[0].contiguous(), grads[0].contiguous()
        found = weight_gradients(x.numpy(), gradient.numpy(), *ctx.setup)
        weight, bias = map(torch.from_numpy, found)
        return None, weight, bias if ctx.needs_input_grad[2] else None, None


def _flat(tensor: torch.Tensor) -> Floats:
    array: Floats = tensor.numpy().reshape(-1)
    return array


def lif_scan(
    current: torch.Tensor, neurons: Neurons, steps: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Run LIF neurons over all steps from rest; `reference.lif_scan` for K members.

    Args:
        current: I, float32 [T, K, ...]; or, with `steps`, [K, ...], the same at every step,
            which is not copied.
        neurons: of the K members.
        steps: T, for a constant current.

    Returns:
        spikes S and membranes before reset U, [T, K, ...].
    """
    out: tuple[torch.Tensor, torch.Tensor] = _ScanFunction.apply(  # type: ignore[no-untyped-call]
        current, neurons, steps
    )
    return out


def pooled_lif_scan(
    current: torch.Tensor, neurons: Neurons, steps: int | None = None
) -> torch.Tensor:
    """Run LIF neurons over all steps from rest, and pool their spikes: `lif_scan` and max_pool2d.

    Args:
        current: I, float32 [T, ..., H, W]; or, with `steps`, [..., H, W], the same at every step.
        neurons: of one member.
        steps: T, for a constant current.

    Returns:
        The largest spike of every 2 x 2 window, [T, ..., H // 2, W // 2].
    """
    out: torch.Tensor = _PooledScanFunction.apply(  # type: ignore[no-untyped-call]
        current, neurons, steps
    )
    return out


def input_convolution(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, padding: tuple[int, int]
) -> torch.Tensor:
    """Convolve with stride 1: torch's conv2d, with another backward pass.

    Args:
        x: [N, C, H, W], which gets no gradient.
        weight: [O, C, size, size].
        bias: [O] or None.
        padding: zeros on each side, the same for both directions.

    Returns:
        [N, O, ...].
    """
    out: torch.Tensor = _InputConvolution.apply(  # type: ignore[no-untyped-call]
        x, weight, bias, padding
    )
    return out
