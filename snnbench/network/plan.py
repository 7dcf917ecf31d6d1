"""The layer plan: what each layer takes in and gives out. Pure arithmetic, no torch.

The plan is what building, counting and the fast kernels agree on: shapes, who spikes, what
kind of values enter a weight layer, and how often its weights are applied.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from snnbench.config import RunConfig
from snnbench.config.arch import LayerSpec, layer_names
from snnbench.config.effects import spiking_layers
from snnbench.errors import UserError
from snnbench.network.layers import pool
from snnbench.words.encodings import ENCODINGS, InputKind
from snnbench.words.layers import LAYERS
from snnbench.words.neurons import NEURONS


@dataclass(frozen=True)
class WeightLayer:
    """A fully connected or convolutional layer, its neurons or activation, and the pooling after.

    Attributes:
        name: "conv1", "fc2": kind and position among the weight layers.
        kind: "linear" or "conv", a word of `LAYERS`.
        input_shape: of one sample and step, (M,) or (C, H, W).
        output_shape: before pooling, (N,) or (C, H, W).
        kernel: side of the convolution's kernel, 0 for a linear layer.
        fan_in: inputs of one output unit: M, or C_in * k * k.
        activation: "relu", "sigmoid", "tanh" or "linear"; "spike" for spiking neurons.
        hidden: not the output layer: BatchNorm and Dropout belong to it where set.
        states: values that a neuron keeps from step to step; 0 where nothing spikes.
        update_operations: of a neuron's update; 0 where nothing spikes, None where not known.
        leaks: states of a neuron that decay; as above.
        fan_out: outputs that an input meets, away from the borders; None where not known.
        pools: windows of the max poolings that follow.
        input_kind: "spikes" are 0 or 1 by what produced them; "constant" values are the same
            at every step, so that the layer is applied once and its current is repeated.
        applied_steps: how often the weights are applied to a sample: T, or 1.
    """

    name: str
    kind: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    kernel: int
    fan_in: int
    activation: str
    hidden: bool
    states: int
    update_operations: int | None
    leaks: int | None
    fan_out: int | None
    pools: tuple[int, ...]
    input_kind: InputKind
    applied_steps: int

    @property
    def units(self) -> int:
        """Output units: N, or C_out * H * W."""
        return math.prod(self.output_shape)

    def parameters(self, *, bias: bool, batch_norm: bool) -> int:
        """Trainable parameters: weights, biases, and scale and shift of its BatchNorm."""
        width = self.output_shape[0]
        normalised = 2 * width if batch_norm and self.hidden else 0
        return (self.fan_in + bias) * width + normalised

    @property
    def dense_macs(self) -> int:
        """Multiply-accumulates of one sample with every input taken as non-zero, no bias."""
        return self.fan_in * self.units * self.applied_steps


def plan_layers(config: RunConfig, input_shape: tuple[int, ...]) -> tuple[WeightLayer, ...]:
    """Lay out the weight layers for an input of this shape, (F,) or (C, H, W).

    Raises:
        UserError: a convolution on a table, or an image pooled to nothing.
    """
    groups = list(_weight_layers_with_pools(config.layers))
    spiking, names = spiking_layers(config), layer_names(config.arch)
    shape = input_shape
    kind, neuron = _network_input_kind(config), NEURONS[config.neuron]
    plan = []
    for index, (spec, pools) in enumerate(groups):
        layer_kind = LAYERS[spec.kind].load()
        taken = layer_kind.takes(shape)
        if taken is None:
            raise UserError(
                f"arch '{config.arch}' has a convolution, but the data are rows of "
                f"{shape[0]} numbers, not images.",
                "Use fully connected layers, such as 64-10.",
            )
        shape, output = taken, layer_kind.gives(spec, taken)
        hidden = index < len(groups) - 1
        default = config.activation if hidden and config.model == "ann" else "linear"
        layer = WeightLayer(
            name=names[index],
            kind=spec.kind,
            input_shape=shape,
            output_shape=output,
            kernel=spec.kernel,
            fan_in=layer_kind.fan_in(spec, shape),
            activation="spike" if spiking[index] else spec.activation or default,
            hidden=hidden,
            states=neuron.states if spiking[index] else 0,
            update_operations=neuron.operations if spiking[index] else 0,
            leaks=neuron.leaks if spiking[index] else 0,
            fan_out=None if LAYERS[spec.kind].plugin else output[0] * (spec.kernel**2 or 1),
            pools=pools,
            input_kind=kind,
            applied_steps=1 if kind == "constant" or config.model == "ann" else config.T,
        )
        plan.append(layer)
        shape = _pooled(config, output, pools)
        kind = "spikes" if spiking[index] else "constant" if kind == "constant" else "real"
    return tuple(plan)


def output_width(plan: tuple[WeightLayer, ...]) -> int:
    """Return the number of outputs, one a class."""
    return plan[-1].units


def _weight_layers_with_pools(
    specs: tuple[LayerSpec, ...],
) -> Iterator[tuple[LayerSpec, tuple[int, ...]]]:
    """Yield every weight layer with the windows of the poolings that follow it."""
    if not specs[0].has_weights:
        raise UserError("arch begins with a pooling layer.", "Begin with a weight layer.")
    starts = [i for i, spec in enumerate(specs) if spec.has_weights]
    for start, end in zip(starts, [*starts[1:], len(specs)], strict=True):
        yield specs[start], tuple(spec.width for spec in specs[start + 1 : end])


def _network_input_kind(config: RunConfig) -> InputKind:
    if config.model == "ann":
        return "real"
    return ENCODINGS[config.encoding].gives


def _pooled(config: RunConfig, shape: tuple[int, ...], pools: tuple[int, ...]) -> tuple[int, ...]:
    for window in pools:
        shape = pool.gives(window, shape)
        if 0 in shape:
            raise UserError(
                f"arch '{config.arch}' pools the image to nothing.",
                "Use fewer or smaller pooling layers.",
            )
    return shape
