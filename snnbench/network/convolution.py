"""The convolution's module, of which a kernel may take the backward pass."""

from collections.abc import Callable

import torch
from spikingjelly.activation_based import layer

InputConvolution = Callable[
    [torch.Tensor, torch.Tensor, torch.Tensor | None, tuple[int, int]], torch.Tensor
]


class Convolution(layer.Conv2d):  # type: ignore[misc]
    """A convolution, of which a kernel may take the backward pass.

    Attributes:
        kernel: used where the input needs no gradient: x, weight, bias, padding -> output; None
            for torch's own.
    """

    kernel: InputConvolution | None = None

    def _conv_forward(
        self, input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        trains = torch.is_grad_enabled() and weight.requires_grad
        if self.kernel is None or input.requires_grad or not trains:
            out: torch.Tensor = super()._conv_forward(input, weight, bias)
            return out
        return self.kernel(input, weight, bias, self.padding)
