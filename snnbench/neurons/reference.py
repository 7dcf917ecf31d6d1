"""The leaky integrate-and-fire equations in plain torch: readable, and the truth.

    U[t] = beta * V[t-1] + I[t]
    S[t] = 1 if U[t] >= V_th else 0
    V[t] = U[t] - S[t] * V_th        reset "subtract"
         = U[t] * (1 - S[t])         reset "zero"
         = U[t]                      reset "none"

I is the input current, U the membrane before and V after the reset, V[-1] = 0. The backward
pass replaces dS/dU by a surrogate; with detach_reset no gradient flows through the S of the
reset.
"""

from collections.abc import Callable

import torch

Spike = Callable[[torch.Tensor], torch.Tensor]  # U - V_th -> spikes, with a surrogate derivative


def lif_step(
    current: torch.Tensor,
    v: torch.Tensor,
    *,
    beta: float,
    v_th: float,
    reset: str,
    detach_reset: bool,
    spike: Spike,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Advance the neurons by one step.

    Args:
        current: I[t], any shape.
        v: V[t-1], same shape.
        beta: leak, >= 0; 1 is an integrate-and-fire neuron.
        v_th: threshold, > 0.
        reset: "subtract", "zero" or "none".
        detach_reset: stop the gradient through the reset.
        spike: the surrogate.

    Returns:
        spikes S[t], membrane before reset U[t], membrane after reset V[t].
    """
    u = beta * v + current
    spikes = spike(u - v_th)
    s = spikes.detach() if detach_reset else spikes
    return spikes, u, reset_membrane(u, s, v_th=v_th, reset=reset)


def reset_membrane(
    u: torch.Tensor, spikes: torch.Tensor, *, v_th: float, reset: str
) -> torch.Tensor:
    """Return V[t] of U[t] and S[t]."""
    if reset == "subtract":
        return u - spikes * v_th
    return u * (1 - spikes) if reset == "zero" else u


def lif_scan(
    current: torch.Tensor,
    *,
    beta: float,
    v_th: float,
    reset: str,
    detach_reset: bool,
    spike: Spike,
    v: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Run the neurons over all steps, from rest unless an initial `v` is given.

    Args:
        current: I, [T, ...].

    Returns:
        spikes S and membranes before reset U, both [T, ...]; the last membrane V[T-1], [...].
    """
    v = torch.zeros_like(current[0]) if v is None else v
    spikes, membranes = [], []
    for step_current in current:
        s, u, v = lif_step(
            step_current,
            v,
            beta=beta,
            v_th=v_th,
            reset=reset,
            detach_reset=detach_reset,
            spike=spike,
        )
        spikes.append(s)
        membranes.append(u)
    return torch.stack(spikes), torch.stack(membranes), v
