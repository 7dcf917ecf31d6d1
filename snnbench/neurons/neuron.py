"""What all spiking neurons have in common: a SpikingJelly node, so that models stay ordinary."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import torch
from spikingjelly.activation_based import neuron, surrogate

Tensor = torch.Tensor
States = tuple[Tensor, ...]


class Kernels(NamedTuple):
    """What runs a node's steps from rest in place of its own step.

    Attributes:
        scan: I [T, N, ...] -> S, U.
        pooled_scan: I [T, N, C, H, W] -> S after max pooling in windows of 2 x 2; None where
            there is no such kernel.
    """

    scan: Callable[[Tensor], tuple[Tensor, Tensor]]
    pooled_scan: Callable[[Tensor], Tensor] | None = None


class Neuron(neuron.BaseNode):  # type: ignore[misc]
    """A layer of spiking neurons. A kind of neuron names its states and says its step.

    Args:
        surrogate: derivative of the spike: called with U - V_th it gives the spikes.
        v_th: threshold, > 0.
        reset: "subtract", "zero" or "none".
        detach_reset: no gradient through the reset.
        record_membrane: keep U of the last multi-step call as `membrane`, [T, N, ...].
        step_mode: SpikingJelly's, "s" or "m".

    Attributes:
        states: names of what is kept from step to step, each 0 at rest.
        kernels: used in place of the step; None for the step.
    """

    states: ClassVar[tuple[str, ...]] = ("v",)

    def __init__(
        self,
        *,
        surrogate: surrogate.SurrogateFunctionBase,
        v_th: float = 1.0,
        reset: str = "subtract",
        detach_reset: bool = False,
        record_membrane: bool = False,
        step_mode: str = "m",
    ) -> None:
        super().__init__(
            v_threshold=float(v_th),
            v_reset=0.0 if reset == "zero" else None,
            surrogate_function=surrogate,
            detach_reset=detach_reset,
            step_mode=step_mode,
        )
        for name in self.states:
            if name not in self._memories:
                self.register_memory(name, 0.0)
        self.kind_of_reset = reset
        self.record_membrane = record_membrane
        self.membrane: Tensor | None = None
        self.kernels: Kernels | None = None

    def step(self, current: Tensor, *states: Tensor) -> tuple[Tensor, Tensor, States]:
        """Advance by one step.

        Args:
            current: I[t], any shape.
            states: one tensor of that shape for each of `states`.

        Returns:
            spikes S[t], membrane before the reset U[t], and the new states.
        """
        raise NotImplementedError

    def after_spike(self, u: Tensor, spikes: Tensor) -> Tensor:
        """Return the membrane after the reset; no gradient goes through it with detach_reset."""
        s = spikes.detach() if self.detach_reset else spikes
        if self.kind_of_reset == "subtract":
            u = u - s * self.v_threshold
        elif self.kind_of_reset == "zero":
            u = u * (1 - s)
        return u

    def materialize_states(self, inputs: Any, states: Any, step_mode: str) -> Any:
        """Return states of the input's shape: 0 at rest."""
        like = inputs[0][0] if step_mode == "m" else inputs[0]
        return tuple(
            state if isinstance(state, Tensor) else torch.zeros_like(like) for state in states
        )

    def single_step_functional_forward(self, inputs: States, states: States) -> Any:
        """Advance by one step: (I[t],), states -> (S[t],), states."""
        spikes, _, new = self._step(inputs[0], states)
        return (spikes,), new

    def multi_step_functional_forward(self, inputs: States, states: States) -> Any:
        """Run all steps: (I [T, N, ...],), states -> (S [T, N, ...],), states."""
        spikes, membranes = [], []
        for current in inputs[0]:
            s, u, states = self._step(current, states)
            spikes.append(s)
            membranes.append(u)
        if self.record_membrane:
            self.membrane = torch.stack(membranes)
        return (torch.stack(spikes),), states

    def _step(self, current: Tensor, memories: States) -> tuple[Tensor, Tensor, States]:
        """Take a step with the states in SpikingJelly's order."""
        order = [*self._memories]
        known = dict(zip(order, memories, strict=True))
        spikes, u, new = self.step(current, *(known[name] for name in self.states))
        known |= zip(self.states, new, strict=True)
        return spikes, u, tuple(known[name] for name in order)
