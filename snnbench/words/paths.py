"""Paths: the implementations that can compute a run, each with the words it can do.

They list them by name, not as all that a table holds: whoever adds a word adds it to no fast path.
What a path does not list goes to the next one, down to `modules`, which can do everything.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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
        own_sums: all sums are of our kernels, whose bits do not depend on the number of threads;
            torch's and BLAS's do.
    """

    engine: str
    device: str = ""
    can: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    layers_alike: bool = False
    own_sums: bool = False


STACKED = ("sgd", "adam", "adamw")  # optimizers of a cohort's runs at once

_ACTIVATIONS = ("relu", "sigmoid", "tanh", "linear")
_LIF = {
    "neuron": ("if", "lif"),
    "reset": ("subtract", "zero", "none"),
    "surrogate": (
        "fast-sigmoid",
        "atan",
        "sigmoid",
        "s2nn",
        "erf",
        "piecewise-exp",
        "piecewise-quadratic",
        "soft-sign",
        "super-spike",
        "rect",
    ),
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
                "activation": _ACTIVATIONS,
                "init": (
                    "default",
                    "xavier-normal",
                    "xavier-uniform",
                    "kaiming-normal",
                    "kaiming-uniform",
                ),
                "loss": ("mse", "ce", "mimic-l2", "mimic-kl"),
                "optimizer": STACKED,
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
            can={
                "model": ("snn",),
                "readout": ("rate", "current", "membrane"),
                "optimizer": STACKED,
            }
            | _LIF
            | _PLAIN,
            layers_alike=True,
            own_sums=True,
        ),
        Path(
            "perceptron",
            "fully connected ordinary layers, gradients written out",
            "snnbench.training.perceptron:PerceptronEngine",
            engine="fast",
            device="cpu",
            can={"model": ("ann",), "activation": _ACTIVATIONS, "optimizer": STACKED} | _PLAIN,
        ),
        Path(
            "scan",
            "torch modules with the neurons' steps in one kernel",
            "snnbench.training.modules:ScanEngine",
            engine="fast",
            device="cpu",
            can={"model": ("snn",), "optimizer": STACKED} | _LIF,
        ),
        Path(
            "triton",
            "torch modules with the neurons' steps in one GPU kernel",
            "snnbench.training.modules:TritonEngine",
            engine="fast",
            device="cuda",
            can={"model": ("snn",), "optimizer": STACKED}
            | _LIF
            | {"surrogate": ("fast-sigmoid", "atan", "sigmoid", "s2nn")},
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
            if name == "activation":
                values += [layer.activation for layer in settings.layers if layer.activation]
        for value in values:
            if value not in known:
                return Cannot(name, value, known)
    return None
