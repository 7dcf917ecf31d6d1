"""The leaky integrate-and-fire neuron; with beta = 1, integrate-and-fire.

    U[t] = beta * V[t-1] + I[t]
    S[t] = 1 if U[t] >= V_th else 0
    V[t] = U[t] - S[t] * V_th        reset "subtract"
         = U[t] * (1 - S[t])         reset "zero"
         = U[t]                      reset "none"

I is the input current, U the membrane before and V after the reset, V[-1] = 0. The backward
pass replaces dS/dU by a surrogate; with detach_reset no gradient flows through the S of the
reset. SpikingJelly's LIFNode has beta = 1 - 1/tau with tau > 1, so it cannot express beta = 0 or
beta >= 1.
"""

from typing import Any

import torch

from snnbench.neurons.neuron import Neuron, States

Tensor = torch.Tensor


class LIF(Neuron):
    """Leaky integrate-and-fire neurons with any leak beta >= 0 and three kinds of reset.

    Args:
        beta: leak, >= 0; 1 is an integrate-and-fire neuron.
        arguments: see `Neuron`.
    """

    states = ("v",)

    def __init__(self, *, beta: float = 1.0, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.beta = beta

    def step(self, current: Tensor, v: Tensor) -> tuple[Tensor, Tensor, States]:  # type: ignore[override]
        """Advance by one step; see the module."""
        u = self.beta * v + current
        spikes = self.surrogate_function(u - self.v_threshold)
        return spikes, u, (self.after_spike(u, spikes),)

    def multi_step_forward(self, x_seq: Tensor) -> Tensor:
        """Run all steps: I [T, N, ...] -> S [T, N, ...]; with the kernel, if at rest."""
        at_rest = isinstance(self._memories["v"], float)
        if self.kernels is None or not at_rest:
            spikes: Tensor = super().multi_step_forward(x_seq)
            return spikes
        spikes, membrane = self.kernels.scan(x_seq)
        if self.record_membrane:
            self.membrane = membrane
        self.v = self.after_spike(membrane[-1], spikes[-1])
        return spikes

    def extra_repr(self) -> str:
        """Return the neuron's parameters for printing."""
        return f"beta={self.beta}, v_th={self.v_threshold}, reset={self.kind_of_reset}"
