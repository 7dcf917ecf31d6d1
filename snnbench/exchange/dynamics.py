"""NIR's neurons and integrators in steps of dt, by Euler's method, from states of 0.

    tau v' = (v_leak - v) + r I     v[t] = (1 - 1/n) v[t-1] + (r/n) I[t] + v_leak/n
    v' = r I                        v[t] = v[t-1] + (r/n) I[t]
    tau_syn i' = -i + w_in I        i[t] = (1 - 1/m) i[t-1] + (w_in/m) I[t]

with n = tau / dt, for v' = r I n = 1 / dt, and m = tau_syn / dt; in gains they are rounded to 32
bits, so that r = n is a gain of 1 to the last bit. A neuron with a synapse integrates i[t] in place
of I[t]. It fires where v[t] > v_threshold, and v[t] is then v_reset.
"""

from typing import Any, ClassVar

import numpy as np
import torch
from spikingjelly.activation_based import base
from torch import nn

from snnbench.neurons.fast_sigmoid import FastSigmoid
from snnbench.neurons.neuron import Neuron, States

Tensor = torch.Tensor
_ROUNDING = 1e-6  # of a time constant that is dt


class TooShortError(ValueError):
    """A time constant is shorter than a step: Euler's method would overshoot.

    Attributes:
        shortest: of the time constants, in seconds.
    """

    def __init__(self, name: str, shortest: float) -> None:
        super().__init__(f"{name} = {shortest:g} s")
        self.shortest = shortest


def steps_of(name: str, tau: np.ndarray, dt: float) -> np.ndarray:
    """Return how many steps a time constant lasts, at least 1.

    Raises:
        TooShortError: it is shorter than a step.
    """
    n = tau / dt
    if (n < 1 - _ROUNDING).any():
        raise TooShortError(name, float(tau.min()))
    steps: np.ndarray = np.maximum(n, 1)
    return steps


class Decay(nn.Module):
    """x[t] = keep x[t-1] + gain y[t] + rest, for each neuron.

    Args:
        keep, gain, rest: numbers of the neurons' shape, or one for all.
    """

    keep: Tensor
    gain: Tensor
    rest: Tensor | None

    def __init__(self, keep: np.ndarray, gain: np.ndarray, rest: np.ndarray) -> None:
        super().__init__()
        self.register_buffer("keep", numbers(keep))
        self.register_buffer("gain", numbers(gain))
        self.register_buffer("rest", numbers(rest) if rest.any() else None)

    def step(self, x: Tensor, y: Tensor) -> Tensor:
        """Return x[t] of x[t-1] and y[t]."""
        new = self.keep * x + self.gain * y
        return new if self.rest is None else new + self.rest

    @classmethod
    def leaky(cls, n: np.ndarray, gain: np.ndarray, rest: np.ndarray) -> "Decay":
        """Return the steps of tau x' = (rest - x) + gain y; n is tau in steps."""
        return cls(1 - 1 / n, gain / n.astype(np.float32), rest / n)


def numbers(values: np.ndarray) -> Tensor:
    """Return values as torch computes with them here; a single one as a number for all."""
    return torch.from_numpy(values.reshape(()) if values.size == 1 else values).float()


class Integrator(base.MemoryModule):  # type: ignore[misc]
    """LI, CubaLI, I: gives its membrane, and does not spike.

    Args:
        membrane: of the current, or of the synapse's.
        synapse: None where there is none.
    """

    def __init__(self, membrane: Decay, synapse: Decay | None) -> None:
        super().__init__()
        self.membrane, self.synapse = membrane, synapse
        for name in ("v",) if synapse is None else ("v", "i"):
            self.register_memory(name, 0.0)

    def materialize_states(self, inputs: Any, states: Any, step_mode: str) -> Any:
        """Return states of the input's shape: 0 at first."""
        like = inputs[0][0] if step_mode == "m" else inputs[0]
        return tuple(s if isinstance(s, Tensor) else torch.zeros_like(like) for s in states)

    def single_step_functional_forward(self, inputs: States, states: States) -> Any:
        """Advance by one step: (I[t],), states -> (v[t],), states."""
        (current,), (v, *rest) = inputs, states
        if self.synapse is not None:
            current = self.synapse.step(rest[0], current)
            rest = [current]
        v = self.membrane.step(v, current)
        return (v,), (v, *rest)


class Spiking(Neuron):
    """LIF, IF: see the module.

    Args:
        membrane: of the current.
        threshold: of each neuron, or one for all.
        reset: v after a spike, of each neuron, or one for all.
    """

    states: ClassVar[tuple[str, ...]] = ("v",)
    v_threshold: Tensor
    v_reset: Tensor

    def __init__(self, membrane: Decay, threshold: np.ndarray, reset: np.ndarray) -> None:
        super().__init__(surrogate=FastSigmoid(), reset="zero")
        self.membrane_decay = membrane
        del self.v_threshold, self.v_reset  # SpikingJelly's are one number for all neurons
        self.register_buffer("v_threshold", numbers(threshold))
        self.register_buffer("v_reset", numbers(reset))

    def step(self, current: Tensor, v: Tensor) -> tuple[Tensor, Tensor, States]:  # type: ignore[override]
        """Advance by one step; see the module."""
        u = self.membrane_decay.step(v, current)
        fired = u > self.v_threshold
        return fired.to(u), u, (torch.where(fired, self.v_reset, u),)

    def extra_repr(self) -> str:
        """Return the step mode alone: parameters may be many."""
        return f"step_mode={self.step_mode}"


class CurrentSpiking(Spiking):
    """CubaLIF: the same, behind a synapse."""

    states = ("v", "i")

    def __init__(self, synapse: Decay, *membrane: Any) -> None:
        super().__init__(*membrane)
        self.synapse = synapse

    def step(self, current: Tensor, v: Tensor, i: Tensor) -> tuple[Tensor, Tensor, States]:  # type: ignore[override]
        """Advance by one step; see the module."""
        i = self.synapse.step(i, current)
        spikes, u, (v,) = super().step(i, v)
        return spikes, u, (v, i)


class Delay(base.MemoryModule):  # type: ignore[misc]
    """y[t] = x[t - d], for each value; 0 before there is any.

    Args:
        steps: d, whole numbers from 0, of the values' shape or one for all.
    """

    past: list[Tensor]

    def __init__(self, steps: np.ndarray) -> None:
        super().__init__()
        one_for_all = steps.size == 1
        self.delays = [int(d) for d in np.unique(steps)]
        for d in self.delays:
            self.register_buffer(f"of_{d}", None if one_for_all else torch.from_numpy(steps == d))
        self.register_memory("past", [])

    def read(self, x: Tensor) -> Tensor:
        """Return y[t]; of x, which is x[t], only delays of 0 take more than the shape."""
        y = torch.zeros_like(x)
        for d in self.delays:
            source = x if d == 0 else self.past[-d] if d <= len(self.past) else None
            if source is not None:
                where = getattr(self, f"of_{d}")
                y = source if where is None else torch.where(where, source, y)
        return y

    def keep(self, x: Tensor) -> None:
        """Take x[t] in, once y[t] has been read."""
        self.past = [*self.past, x][-self.delays[-1] :] if self.delays[-1] else []

    def multi_step_forward(self, x_seq: Tensor) -> Tensor:
        """Run all steps: x [T, ...] -> y [T, ...]."""
        steps = []
        for x in x_seq:
            steps.append(self.read(x))
            self.keep(x)
        return torch.stack(steps)

    def single_step_forward(self, x: Tensor) -> Tensor:
        """Advance by one step: x[t] -> y[t]."""
        y = self.read(x)
        self.keep(x)
        return y
