"""Spiking neurons, and what a spike does to their membrane.

The settings that a neuron uses are the arguments its class is made with.
"""

from dataclasses import dataclass
from typing import Any

from snnbench.errors import UserError
from snnbench.words.table import Table, Word


@dataclass(frozen=True, kw_only=True)
class NeuronKind(Word):
    """One row.

    Attributes:
        kept: states of a neuron from step to step, so that its class need not be imported to
            know; 0: as many as the class names.
        operations: of one update, the sum of its inputs aside; None: not known. As NeuroBench
            counts them: of a leaky neuron 4, which are leak, input, threshold and reset.
        leaks: states that decay, by a product each; None: not known.
    """

    kept: int = 0
    operations: int | None = None
    leaks: int | None = None

    @property
    def states(self) -> int:
        """How many states a neuron keeps from step to step."""
        return self.kept or len(self.load().states)


_LIF = "snnbench.neurons.lif:LIF"
_SPIKES = r"S[t] = \Theta(U[t] - V_\mathrm{th})"  # 1 from the threshold on


def _check(word: Word) -> None:
    """Refuse a neuron without a step, or with one that takes other states than it names."""
    step: Any = getattr(word.home, "step", None)
    states = getattr(word.home, "states", None)
    code = getattr(step, "__code__", None)
    taken = code.co_varnames[2 : code.co_argcount] if code is not None else ()
    if states is None or taken != tuple(states):
        raise UserError(
            f"The neuron '{word.name}' has no step that takes its states.",
            'Subclass snnbench.neurons.neuron.Neuron: states = ("v",) and '
            "def step(self, current, v).",
        )


NEURONS = Table(
    "neuron",
    NeuronKind,
    (
        NeuronKind(
            "if",
            "integrate-and-fire",
            _LIF,
            kept=1,
            operations=3,
            leaks=0,
            uses=("v_th", "reset", "surrogate"),
            otherwise="an IF neuron does not leak (beta is 1)",
            called="IF neurons",
            latex=rf"U[t] = V[t-1] + I[t],\ {_SPIKES}",
        ),
        NeuronKind(
            "lif",
            "leaky integrate-and-fire",
            _LIF,
            kept=1,
            operations=4,
            leaks=1,
            uses=("beta", "v_th", "reset", "surrogate"),
            called="LIF neurons",
            latex=rf"U[t] = \beta V[t-1] + I[t],\ {_SPIKES}",
        ),
    ),
    check=_check,
)

RESETS = Table(
    "reset",
    Word,
    (
        Word(
            "subtract",
            "V_th is taken off the membrane",
            uses=("detach_reset",),
            called="reset by subtraction",
            latex=r"V[t] = U[t] - S[t] V_\mathrm{th}",
        ),
        Word(
            "zero",
            "the membrane becomes 0",
            uses=("detach_reset",),
            called="reset to zero",
            latex=r"V[t] = U[t] (1 - S[t])",
        ),
        Word(
            "none", "nothing", otherwise="there is no reset", called="no reset", latex="V[t] = U[t]"
        ),
    ),
)
