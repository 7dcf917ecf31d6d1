"""Spiking neurons of any library: which modules they are, and how often they fire."""

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

# Where libraries keep their neurons, so that none of them has to be imported.
_SPIKINGJELLY = "spikingjelly.activation_based.neuron"
_SNNTORCH = "snntorch._neurons"
_NORSE = "norse.torch.module."
_NORSE_NEURONS = ("coba_lif", "iaf", "izhikevich", "lif", "lsnn", "snn")
# Modules there whose outputs are real, or that are parts of neurons.
_NOT_SPIKING = ("norse.torch.module.leaky_integrator", "norse.torch.module.lift")
_NO_NEURONS = ("NonSpiking", "RecurrentOneToOne", "FewSpikeTable")
_ENCODERS = ("encoding", "encode", "encoder", "surrogate")
# Their input's first axis is time, whatever the module says.
_MULTI_STEP = ("SNN", "SNNRecurrent", "LeakyParallel", "LeakyKernel", "StateLeaky",
               "AssociativeLeaky", "PSN", "NoisyBaseNode", "ILCBaseNode")  # fmt: skip


def is_neuron(module: nn.Module) -> bool:
    """Return whether the module is a neuron of SpikingJelly (ours are, too), snnTorch or Norse."""
    kinds = type(module).__mro__
    if any(kind.__module__.startswith(_NOT_SPIKING) for kind in kinds):
        return False
    return any(map(_is_kind_of_neuron, kinds))


def is_encoder(module: nn.Module) -> bool:
    """Return whether what the module fires are no neuron's spikes: an encoding, or a surrogate."""
    return any(kind.__module__.split(".")[-1] in _ENCODERS for kind in type(module).__mro__)


def _is_kind_of_neuron(kind: type) -> bool:
    home, name = kind.__module__, kind.__name__
    if any(word in name for word in _NO_NEURONS) or not issubclass(kind, nn.Module):
        return False
    if home.startswith(_NORSE):
        return home.removeprefix(_NORSE).startswith(_NORSE_NEURONS) and "Parameters" not in name
    return home == _SPIKINGJELLY or home.startswith((f"{_SPIKINGJELLY}.", _SNNTORCH))


def fired(output: Any) -> torch.Tensor | None:
    """Return the spikes among what a neuron gives: they come first, its states after them."""
    floats = (x for x in tree_leaves(output) if isinstance(x, torch.Tensor))
    return next((x for x in floats if x.is_floating_point()), None)


def step_axes(module: nn.Module, spikes: torch.Tensor, lead: tuple[int, ...]) -> int:
    """Return how many first axes of a neuron's output are steps and samples.

    Args:
        lead: steps and samples of the model's input; samples alone where it has no steps.
    """
    if spikes.dim() < 2:
        return 1
    mode = getattr(module, "step_mode", None)
    if mode in ("s", "m"):
        return 2 if mode == "m" else 1
    kinds = {kind.__name__ for kind in type(module).__mro__}
    if is_neuron(module):
        return 2 if kinds.intersection(_MULTI_STEP) else 1
    return 2 if len(lead) == 2 and tuple(spikes.shape[:2]) == lead else 1


def states_of(module: nn.Module, output: Any) -> int | None:
    """Return how many values of state a known neuron keeps, of all samples; None if unknown."""
    if not is_neuron(module):
        return None
    memories = module.__dict__.get("_memories")
    if memories is not None:  # SpikingJelly's
        kept = list(memories.values())
    elif any(kind.__module__.startswith(_SNNTORCH) for kind in type(module).__mro__):
        kept = [module.get_buffer(name) for name in module._non_persistent_buffers_set]
    else:
        kept = tree_leaves(output)[1:]
    return sum(x.numel() for x in kept if isinstance(x, torch.Tensor))


def reset(model: nn.Module) -> None:
    """Reset neurons' states: SpikingJelly's by `reset`, snnTorch's by `reset_mem`."""
    for module in model.modules():
        for name in ("reset", "reset_mem"):
            method = getattr(module, name, None)
            if callable(method) and _takes_nothing(method):
                method()


def _takes_nothing(method: Any) -> bool:
    try:
        inspect.signature(method).bind()
    except (TypeError, ValueError):
        return False
    return True


@dataclass
class Firing:
    """What neurons fired that have one name, one shape and one layer before them.

    Attributes:
        spikes: of all samples and steps; of sums of spikes, how many they held.
        active: for every neuron, at how many samples and steps it fired.
        seen: samples times steps.
        states: values of state of all samples; None if that is not known.
    """

    name: str
    spikes: float = 0.0
    active: torch.Tensor | None = None
    seen: int = 0
    states: int | None = field(default=None)

    def add(self, spikes: torch.Tensor, axes: int) -> None:
        """Add an output whose first `axes` axes are steps and samples."""
        units = spikes.reshape(-1, *spikes.shape[axes:]).abs().round()
        self.spikes += units.sum(dtype=torch.float64).item()
        active = (units != 0).sum(0)
        self.active = active if self.active is None else self.active + active
        self.seen += len(units)

    @property
    def neurons(self) -> int:
        """How many neurons there are."""
        return 0 if self.active is None else self.active.numel()

    @property
    def silent(self) -> int:
        """Neurons that never fired."""
        return 0 if self.active is None else int((self.active == 0).sum())

    @property
    def saturated(self) -> int:
        """Neurons that fired at every step of every sample."""
        return 0 if self.active is None else int((self.active == self.seen).sum())


def rates(firings: Iterable[Firing]) -> dict[str, float | None]:
    """Return a network's firing rate, silent and saturated fraction; None without neurons."""
    known = [f for f in firings if f.neurons]
    neurons = sum(f.neurons for f in known)
    sums = {
        "firing_rate": sum(f.spikes / f.seen for f in known),
        "silent_fraction": sum(f.silent for f in known),
        "saturated_fraction": sum(f.saturated for f in known),
    }
    return {name: total / neurons if neurons else None for name, total in sums.items()}
