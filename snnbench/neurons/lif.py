"""The LIF neuron as a SpikingJelly node, so that models stay ordinary SpikingJelly modules."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from spikingjelly.activation_based import neuron, surrogate

from snnbench.neurons import reference


class Kernels(NamedTuple):
    """What runs a node's steps from rest in place of the reference.

    Attributes:
        scan: I [T, N, ...] -> S, U.
        pooled_scan: I [T, N, C, H, W] -> S after max pooling in windows of 2 x 2; None where
            there is no such kernel.
    """

    scan: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
    pooled_scan: Callable[[torch.Tensor], torch.Tensor] | None = None


class LIF(neuron.BaseNode):  # type: ignore[misc]
    """Leaky integrate-and-fire neurons with any leak beta >= 0 and three kinds of reset.

    SpikingJelly's LIFNode has beta = 1 - 1/tau with tau > 1, so it cannot express beta = 0 or
    beta >= 1. Equations: `snnbench.neurons.reference`.

    Args:
        beta: leak, >= 0; 1 is an integrate-and-fire neuron.
        v_th: threshold, > 0.
        reset: "subtract", "zero" or "none".
        surrogate_function: derivative of the spike.
        detach_reset: no gradient through the reset.
        record_membrane: keep U of the last multi-step call as `membrane`, [T, N, ...].

    Attributes:
        kernels: used in place of the reference; None for the reference.
    """

    def __init__(
        self,
        *,
        beta: float,
        v_th: float,
        reset: str,
        surrogate_function: surrogate.SurrogateFunctionBase,
        detach_reset: bool = False,
        record_membrane: bool = False,
        step_mode: str = "m",
    ) -> None:
        super().__init__(
            v_threshold=float(v_th),
            v_reset=0.0 if reset == "zero" else None,
            surrogate_function=surrogate_function,
            detach_reset=detach_reset,
            step_mode=step_mode,
        )
        self.beta = beta
        self.kind_of_reset = reset
        self.record_membrane = record_membrane
        self.membrane: torch.Tensor | None = None
        self.kernels: Kernels | None = None

    def multi_step_forward(self, x_seq: torch.Tensor) -> torch.Tensor:
        """Run all steps: I [T, N, ...] -> S [T, N, ...]; with the kernel, if at rest."""
        at_rest = isinstance(self._memories["v"], float)
        if self.kernels is None or not at_rest:
            spikes: torch.Tensor = super().multi_step_forward(x_seq)
            return spikes
        spikes, membrane = self.kernels.scan(x_seq)
        if self.record_membrane:
            self.membrane = membrane
        self.v = reference.reset_membrane(
            membrane[-1], spikes[-1], v_th=self.v_threshold, reset=self.kind_of_reset
        )
        return spikes

    def single_step_functional_forward(
        self,
        inputs: tuple[torch.Tensor, ...],
        states: tuple[torch.Tensor, ...],
    ) -> tuple[tuple[torch.Tensor], tuple[torch.Tensor]]:
        """Advance by one step: (I[t],), (V[t-1],) -> (S[t],), (V[t],)."""
        spikes, _, v = reference.lif_step(
            inputs[0],
            states[0],
            beta=self.beta,
            v_th=self.v_threshold,
            reset=self.kind_of_reset,
            detach_reset=self.detach_reset,
            spike=self.surrogate_function,
        )
        return (spikes,), (v,)

    def multi_step_functional_forward(
        self,
        inputs: tuple[torch.Tensor, ...],
        states: tuple[torch.Tensor, ...],
    ) -> tuple[tuple[torch.Tensor], tuple[torch.Tensor]]:
        """Run all steps: (I [T, N, ...],), (V,) -> (S [T, N, ...],), (V,)."""
        spikes, membrane, v = reference.lif_scan(
            inputs[0],
            beta=self.beta,
            v_th=self.v_threshold,
            reset=self.kind_of_reset,
            detach_reset=self.detach_reset,
            spike=self.surrogate_function,
            v=states[0],
        )
        if self.record_membrane:
            self.membrane = membrane
        return (spikes,), (v,)

    def extra_repr(self) -> str:
        """Return the neuron's parameters for printing."""
        return f"beta={self.beta}, v_th={self.v_threshold}, reset={self.kind_of_reset}"
