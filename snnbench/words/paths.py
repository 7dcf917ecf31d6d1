"""Paths: the implementations that can compute a run, each with the words it can do.

What a path does not list goes to the next one, down to `modules`, which can do everything.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from snnbench.words.losses import LOSSES
from snnbench.words.networks import ACTIVATIONS, INITS
from snnbench.words.readouts import READOUTS
from snnbench.words.surrogates import SURROGATES
from snnbench.words.table import Table, Word


@dataclass(frozen=True, kw_only=True)
class Path(Word):
    """One row; its home is the class of the engine.

    Attributes:
        engine: of which it is one.
        device: on which it runs; "" for any.
        can: setting, or "layer" for kinds of layer -> the values it can do, of settings that have
            an effect; of those not named, all.
        layers_alike: every hidden layer is of the network's own kind, spiking in an SNN.
    """

    engine: str
    device: str = ""
    can: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    layers_alike: bool = False


_OPTIMIZERS = ("sgd", "adam", "adamw")
_LIF = {
    "neuron": ("if", "lif"),
    "surrogate": tuple(name for name in SURROGATES if name != "q-pseudo-spike"),
}
_PLAIN = {"layer": ("linear",), "batch_norm": (False,), "dropout": (0.0,)}

PATHS = Table(
    "path",
    Path,
    (
        Path(
            "numpy",
            "perceptrons in NumPy",
            "snnbench.training.numpy_engine:NumpyEngine",
            engine="numpy",
            device="cpu",
            can={
                "model": ("ann",),
                "layer": ("linear",),
                "activation": tuple(ACTIVATIONS),
                "init": tuple(INITS),
                "loss": tuple(LOSSES),
                "optimizer": _OPTIMIZERS,
            },
        ),
        Path(
            "reference",
            "torch modules, autograd and torch.optim",
            "snnbench.training.modules:ModuleEngine",
            engine="reference",
        ),
        Path(
            "events",
            "fully connected spiking layers on lists of spikes",
            "snnbench.training.stacked:StackedEngine",
            engine="fast",
            device="cpu",
            can={"model": ("snn",), "readout": tuple(READOUTS), "optimizer": _OPTIMIZERS}
            | _LIF
            | _PLAIN,
            layers_alike=True,
        ),
        Path(
            "perceptron",
            "fully connected ordinary layers, gradients written out",
            "snnbench.training.perceptron:PerceptronEngine",
            engine="fast",
            device="cpu",
            can={"model": ("ann",), "activation": tuple(ACTIVATIONS), "optimizer": _OPTIMIZERS}
            | _PLAIN,
        ),
        Path(
            "scan",
            "torch modules with the neurons' steps in one kernel",
            "snnbench.training.modules:ScanEngine",
            engine="fast",
            device="cpu",
            can={"model": ("snn",), "optimizer": _OPTIMIZERS} | _LIF,
        ),
        Path(
            "triton",
            "torch modules with the neurons' steps in one GPU kernel",
            "snnbench.training.modules:TritonEngine",
            engine="fast",
            device="cuda",
            can={
                "model": ("snn",),
                "optimizer": _OPTIMIZERS,
                "neuron": ("if", "lif"),
                "surrogate": ("fast-sigmoid", "atan", "sigmoid", "s2nn"),
            },
        ),
        Path(
            "modules",
            "torch modules and autograd: slowly and rightly, whatever the words",
            "snnbench.training.modules:PlainEngine",
            engine="fast",
        ),
    ),
)


class Cannot(NamedTuple):
    """What a path cannot do: a setting, or "layer"; its value; and the values it can do."""

    name: str
    value: Any
    known: tuple[Any, ...]


def cannot(path: Path, settings: Any, useless: Container[str]) -> Cannot | None:
    """Return what of a run a path cannot do; None if it can do all.

    Args:
        path: a row of `PATHS`.
        settings: a `RunConfig`.
        useless: those of its settings that have no effect.
    """
    for name, known in path.can.items():
        if name == "layer":
            values = [layer.kind for layer in settings.layers]
        else:
            values = [] if name in useless else [getattr(settings, name)]
        for value in values:
            if value not in known:
                return Cannot(name, value, known)
    return None
