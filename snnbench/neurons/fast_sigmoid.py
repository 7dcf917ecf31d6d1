"""The fast sigmoid's derivative as surrogate, with a slope z.

A spike S = [U >= V_th] has derivative 0 or infinity; training uses a smooth one in its place. A
surrogate is a SpikingJelly module: forward is the step function of x = U - V_th, backward the
derivative of a smooth primitive.
"""

from typing import Any

import torch
from spikingjelly.activation_based import surrogate as spikingjelly


class _FastSigmoidFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, z: float) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.z = z
        return (x >= 0).to(x)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        (x,) = ctx.saved_tensors
        return grads[0] * fast_sigmoid_derivative(x, ctx.z), None


def fast_sigmoid_derivative(x: torch.Tensor, z: float) -> torch.Tensor:
    """Return 1 / (1 + z |x|)^2, elementwise (Zenke and Ganguli, Neural Computation 2018)."""
    return 1 / (1 + z * x.abs()) ** 2


class FastSigmoid(spikingjelly.SurrogateFunctionBase):  # type: ignore[misc]
    """Step function with the derivative of the fast sigmoid x / (1 + z |x|).

    SpikingJelly's SoftSign and SuperSpike have the same shape but scale the amplitude with
    their alpha; here the derivative at the threshold is 1 for every z.
    """

    def __init__(self, z: float = 2.0, spiking: bool = True) -> None:
        super().__init__(spiking=spiking, z=z)

    @staticmethod
    def spiking_function(x: torch.Tensor, z: float) -> torch.Tensor:
        """Return the spikes [x >= 0], with the surrogate derivative."""
        spikes: torch.Tensor = _FastSigmoidFunction.apply(x, z)  # type: ignore[no-untyped-call]
        return spikes

    @staticmethod
    def primitive_function(x: torch.Tensor, z: float) -> torch.Tensor:
        """Return x / (1 + z |x|), whose derivative the spikes borrow."""
        return x / (1 + z * x.abs())
