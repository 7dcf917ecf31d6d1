"""A stack of layers as a differentiable function, so that autograd can be compared with it."""

from collections.abc import Sequence
from typing import Any

import torch

from snnbench.kernels.events.events import SpikeBlocks
from snnbench.kernels.layers.stack import SpikingStack


class _StackFunction(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, stack: SpikingStack, source: Any, keep: bool, *parameters: Any
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        weights, biases = parameters[::2], parameters[1::2]
        sums, trace = stack.forward(
            source if isinstance(source, SpikeBlocks) else source.detach().numpy(),
            [weight.detach().numpy() for weight in weights],
            [None if bias is None else bias.detach().numpy() for bias in biases],
            keep=keep,
        )
        ctx.stack, ctx.call = stack, stack.calls
        ctx.save_for_backward(*weights)
        ctx.set_materialize_grads(False)
        out = torch.from_numpy(sums)
        if trace is None:
            return out, None
        ctx.mark_non_differentiable(out)
        return out, torch.from_numpy(trace)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor | None) -> tuple[Any, ...]:
        stack: SpikingStack = ctx.stack
        assert ctx.call == stack.calls, "the stack has gone forward again before going back"
        grad_sums, grad_trace = (None if g is None else g.numpy() for g in grads)
        if grad_sums is None and grad_trace is None:
            return (None,) * len(ctx.needs_input_grad)
        grad_weights, grad_biases, grad_source = stack.backward(
            grad_sums,
            grad_trace,
            [weight.detach().numpy() for weight in ctx.saved_tensors],
        )
        source = None if grad_source is None else torch.from_numpy(grad_source)
        out: list[Any] = [None, source, None]
        for weight, bias in zip(grad_weights, grad_biases, strict=True):
            out += [torch.from_numpy(weight), torch.from_numpy(bias)]
        return tuple(g if need else None for g, need in zip(out, ctx.needs_input_grad, strict=True))


def spiking_layers(
    stack: SpikingStack,
    source: SpikeBlocks | torch.Tensor,
    weights: Sequence[torch.Tensor],
    biases: Sequence[torch.Tensor | None],
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Run a stack of layers: `SpikingStack.forward` on tensors, with gradients.

    The gradient must be taken before the stack goes forward again.

    Args:
        stack: keeps what the backward pass needs.
        source: spike blocks, or a float32 tensor, as the stack's `source` says.
        weights: [M, K, N] of every layer, contiguous.
        biases: [K, N] or None.

    Returns:
        sums over the steps [B, K, N]; with readout "membrane" or "spikes" the trace
        [B, T, K, N], which then is what can be differentiated.
    """
    keep = torch.is_grad_enabled()
    parameters = [p for pair in zip(weights, biases, strict=True) for p in pair]
    out: tuple[torch.Tensor, torch.Tensor | None] = _StackFunction.apply(  # type: ignore[no-untyped-call]
        stack, source, keep, *parameters
    )
    return out
