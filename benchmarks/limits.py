"""The least a step can take on this machine: operations and bytes it needs, over the rates.

An operation is one float32 addition, multiplication, comparison or fused multiply-add, a lane of
a vector instruction each. A machine does half its GEMM flops of them a second, because a GEMM
flop is half a multiply-add.

    B images a batch, T steps, K runs; layer l has M inputs, N outputs, M r spikes a sample and
    step; A pixels of an image are not 0.

    encoding       6 B T A          a comparison a draw, and a 32-bit hash (10 operations) for 2
    forward, S     K (B T hits_g N + tables_g)     the best g of 1, 2, 4, 8: spikes are taken g
                                    at a time, hits_g groups of g inputs with a spike, each adds
                                    an entry of a table of sums of weight rows;
                                    tables_1 = 0, tables_g = 2^g N M / g
    neurons        3 B T N K        multiply-add, comparison, reset
    weights, dW    as forward       the same spikes choose rows of dW instead of W
    neurons, dU    6 B T N K        surrogate (4), its product, the carried gradient
    inputs, dS     B T M N K        dense, and not for the first layer
    Adam           8 P K            for P parameters

    bytes          B M_1 for the pixels, 8 B T N K for what every neuron keeps from forward to
                   backward pass (written, read), 28 P K for Adam (reads weight, gradient and two
                   moments, writes weight and moments)

A convolution of C_in k k inputs a unit and N = C_out H W units counts as a layer of that fan-in,
taken spike by spike (g = 1). An ANN's layers are dense: B M N K each for forward, dW and dS; the
first takes what is not 0: B A N K each for forward and dW, and a convolution B M N K. An evaluation
has no backward pass, no Adam and keeps nothing. Kernels can be closer to the limit than 100 % only
if they find fewer operations than these formulas know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GROUPS = (1, 2, 4, 8)
FLOAT = 4  # bytes


@dataclass(frozen=True)
class Layer:
    """A weight layer as the formulas see it.

    Attributes:
        kind: "linear" or "conv".
        fan_in: M, inputs of one unit.
        units: N.
        params: trainable parameters.
        input_rate: mean of its input, r of a spiking network.
    """

    kind: str
    fan_in: int
    units: int
    params: int
    input_rate: float


@dataclass(frozen=True)
class Pixels:
    """What the formulas need to know of the images, per image.

    Attributes:
        count: pixels.
        active: mean number of pixels that are not 0.
        hits: group size g -> mean number of groups of g neighbouring pixels with a spike in a
            step.
    """

    count: int
    active: float
    hits: Mapping[int, float]


@dataclass(frozen=True)
class Machine:
    """What this machine does: operations (see above) and bytes a second."""

    operations_per_s: float
    bytes_per_s: float


@dataclass(frozen=True)
class Work:
    """What a step needs at least."""

    operations: float
    bytes: float

    def ms(self, machine: Machine) -> float:
        """Return the least time: arithmetic and memory may overlap, so the longer of the two."""
        seconds = (
            self.operations / machine.operations_per_s,
            self.bytes / machine.bytes_per_s,
        )
        return 1000 * max(seconds)


def snn_work(
    layers: Sequence[Layer], pixels: Pixels, *, B: int, T: int, K: int = 1, training: bool = True
) -> Work:
    """Return the least work of a step, or of evaluating a batch, of K spiking networks."""
    operations = 6.0 * B * T * pixels.active
    moved = float(B * pixels.count)
    for index, layer in enumerate(layers):
        hits = _hits(layer, pixels if index == 0 else None)
        sums = min(_sum_of_spikes(layer, g, hits[g], B * T) for g in hits)
        neurons = B * T * layer.units
        operations += K * (sums + 3 * neurons)
        if not training:
            continue
        operations += K * (sums + 6 * neurons)
        if index > 0:
            operations += K * B * T * layer.fan_in * layer.units
        moved += 2 * FLOAT * K * neurons
    return _with_adam(operations, moved, layers, K if training else 0)


def ann_work(
    layers: Sequence[Layer], pixels: Pixels, *, B: int, K: int = 1, training: bool = True
) -> Work:
    """Return the least work of a step, or of evaluating a batch, of K ordinary networks."""
    operations = 0.0
    for index, layer in enumerate(layers):
        passes = 1 if not training else 2 if index == 0 else 3
        reads_pixels = index == 0 and layer.kind == "linear"
        inputs = pixels.active if reads_pixels else layer.fan_in
        operations += K * passes * B * inputs * layer.units
    return _with_adam(operations, B * pixels.count, layers, K if training else 0)


def _with_adam(operations: float, moved: float, layers: Sequence[Layer], K: int) -> Work:
    parameters = K * sum(layer.params for layer in layers)
    return Work(operations + 8 * parameters, moved + 7 * FLOAT * parameters)


def _hits(layer: Layer, pixels: Pixels | None) -> Mapping[int, float]:
    """Return g -> mean number of groups of g inputs of a unit that hold a spike, in a step.

    Of the first layer it is measured; behind it spikes are taken as independent and equally
    frequent.
    """
    if layer.kind == "conv":
        return {1: layer.fan_in * layer.input_rate}
    if pixels is not None:
        return pixels.hits
    return {g: layer.fan_in / g * (1 - (1 - layer.input_rate) ** g) for g in GROUPS}


def _sum_of_spikes(layer: Layer, g: int, hits: float, samples: int) -> float:
    tables = 0.0 if g == 1 else 2**g * layer.units * layer.fan_in / g
    return samples * hits * layer.units + tables
