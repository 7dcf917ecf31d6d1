"""A perceptron: its layers one after another, forwards and backwards."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from snnbench.config import RunConfig
from snnbench.reference_numpy.initial import initial_parameters
from snnbench.reference_numpy.layers import (
    ACTIVATIONS,
    Array,
    BatchNorm,
    Dense,
    Dropout,
    Layer,
)

_WEIGHTS = 2  # keeps these draws apart from the seed's other uses


class Perceptron:
    """A sequence of layers.

    Args:
        layers: name -> layer, from the input's side to the output's.
    """

    def __init__(self, layers: dict[str, Layer]) -> None:
        self.layers = layers

    def forward(self, x: Array, draws: np.random.Generator | None = None) -> Array:
        """Return the scores, [B, C].

        Args:
            x: input, [B, M].
            draws: random numbers for training; None while evaluating.
        """
        for layer in self.layers.values():
            x = layer.forward(x, draws)
        return x

    def backward(self, gradient: Array) -> Array:
        """Write all gradients of the last `forward`; return the loss's derivative by the input.

        Args:
            gradient: the loss's derivative by the scores, [B, C].
        """
        for layer in reversed(self.layers.values()):
            gradient = layer.backward(gradient)
        return gradient

    @property
    def dense_layers(self) -> list[Dense]:
        """The weight layers."""
        return [layer for layer in self.layers.values() if isinstance(layer, Dense)]

    @property
    def parameters(self) -> list[Array]:
        """All that is trained: the arrays themselves."""
        return [p for layer in self.layers.values() for p in layer.parameters.values()]

    @property
    def gradients(self) -> list[Array]:
        """Of the last `backward`, in the order of `parameters`."""
        return [
            layer.gradients[name] for layer in self.layers.values() for name in layer.parameters
        ]

    @property
    def state(self) -> dict[str, Array]:
        """Parameters and running statistics, the arrays themselves, by torch's names."""
        return {
            f"{layer_name}.{name}": array
            for layer_name, layer in self.layers.items()
            for name, array in (layer.parameters | layer.statistics).items()
        }


def build_perceptron(
    config: RunConfig, inputs: int, dtype: npt.DTypeLike = np.float32
) -> Perceptron:
    """Build the config's network with initial weights that follow from its seed.

    Every layer draws from a generator of its own, so that equal layers of two runs with the same
    seed start from equal weights whatever surrounds them (common random numbers).

    Args:
        config: `arch`, `activation`, `batch_norm`, `dropout`, `bias`, `init` and `seed` are used.
        inputs: values of a sample.
        dtype: of everything computed.
    """
    return Perceptron(dict(_layers(config, inputs, dtype)))


def _layers(config: RunConfig, inputs: int, dtype: npt.DTypeLike) -> Iterator[tuple[str, Layer]]:
    """Yield a hidden layer's weights, BatchNorm, Dropout, activation; the output's weights last.

    The output layer's activation is linear unless `arch` names one: softmax is in the loss.
    """
    last = len(config.layers) - 1
    for index, spec in enumerate(config.layers):
        name, units = f"fc{index + 1}", spec.width
        draws = np.random.default_rng([config.seed, index, _WEIGHTS])
        weight, bias = initial_parameters(config.init, inputs, units, draws, dtype)
        yield name, Dense(weight, bias if config.bias else None)
        activation = spec.activation or "linear"
        if index < last:
            activation = spec.activation or config.activation
            if config.batch_norm:
                yield f"{name}_norm", BatchNorm(units, dtype)
            if config.dropout:
                yield f"{name}_dropout", Dropout(config.dropout)
        if activation != "linear":
            yield f"{name}_{activation}", ACTIVATIONS[activation]()
        inputs = units
