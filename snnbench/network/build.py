"""A layer plan -> an ordinary torch module: an ANN, or its SNN twin of SpikingJelly layers."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest

import torch
from spikingjelly.activation_based import functional, layer
from torch import nn

from snnbench.config import RunConfig
from snnbench.network.convolution import Convolution, InputConvolution
from snnbench.network.layers import pool
from snnbench.network.plan import WeightLayer, plan_layers
from snnbench.neurons.make import make_neuron
from snnbench.neurons.neuron import Neuron
from snnbench.words.layers import LAYERS
from snnbench.words.networks import ACTIVATIONS, INITS
from snnbench.words.readouts import READOUTS

_POOLED = 2  # width of the windows that `Kernels.pooled_scan` has


class RepeatCurrent(nn.Module):
    """Repeats the current of a constant input over T steps: [1, B, ...] -> [T, B, ...].

    The weights before it are applied once, not T times.
    """

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, current: torch.Tensor) -> torch.Tensor:
        """Return the current at every step, without copying it."""
        return current.expand(self.steps, *current.shape[1:])


class Network(nn.Module):
    """An ANN or SNN: `layers` is an ordinary sequence of SpikingJelly modules.

    Attributes:
        plan: one entry a weight layer; `weight_modules` and `neurons` have the same order.
    """

    def __init__(self, config: RunConfig, input_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.plan = plan_layers(config, input_shape)
        self.spiking = config.model == "snn"
        self.bias, self.batch_norm = config.bias, config.batch_norm
        self.layers = nn.Sequential(OrderedDict(_modules(config, self.plan)))

    @property
    def weight_modules(self) -> tuple[nn.Module, ...]:
        """The linear and convolutional modules, in the plan's order."""
        return tuple(self.layers.get_submodule(entry.name) for entry in self.plan)

    def convolve_by(self, kernel: InputConvolution | None) -> None:
        """Let a kernel take the backward pass of convolutions whose input needs no gradient."""
        for module in self.weight_modules:
            if isinstance(module, Convolution):
                module.kernel = kernel

    @property
    def neurons(self) -> tuple[Neuron | None, ...]:
        """The neurons after each weight layer, None where it does not spike."""
        found = dict(self.layers.named_children())
        neurons = (found.get(f"{entry.name}_neurons") for entry in self.plan)
        return tuple(n if isinstance(n, Neuron) else None for n in neurons)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run the network from fresh state.

        Args:
            x: [T, B, ...], or [1, B, ...] for an ANN or a constant input.

        Returns:
            The output layer's spikes or values, [T, B, classes]; T = 1 for an ANN.
        """
        functional.reset_net(self.layers)  # neurons, and the units that Dropout drops
        y = x if self.spiking else x[0]
        modules, done = list(self.layers), None
        for module, after in zip_longest(modules, modules[1:]):
            if module is done:
                continue
            # In evaluation spikes are counted before they are pooled.
            pooled_scan = _pooled_scan(module, after) if self.training else None
            if pooled_scan is not None:
                y, done = pooled_scan(y), after
            else:
                y = module(y)
        return y if self.spiking else y.unsqueeze(0)

    @contextmanager
    def traceable(self) -> Iterator[None]:
        """Within the context torch can trace the network: one step, and no kernels of ours."""
        repeats = [m for m in self.modules() if isinstance(m, RepeatCurrent)]
        neurons = [n for n in self.neurons if n is not None]
        steps, kernels = [m.steps for m in repeats], [n.kernels for n in neurons]
        try:
            for repeat in repeats:
                repeat.steps = 1
            for node in neurons:
                node.kernels = None
            yield
        finally:
            for repeat, count in zip(repeats, steps, strict=True):
                repeat.steps = count
            for node, own in zip(neurons, kernels, strict=True):
                node.kernels = own


def _pooled_scan(
    module: nn.Module, after: nn.Module | None
) -> Callable[[torch.Tensor], torch.Tensor] | None:
    """Return the kernel that does both, if they are neurons and their pooling and there is one."""
    if not isinstance(module, Neuron) or module.kernels is None or module.record_membrane:
        return None
    fits = isinstance(after, layer.MaxPool2d) and after.kernel_size == _POOLED
    return module.kernels.pooled_scan if fits else None


def build_network(config: RunConfig, input_shape: tuple[int, ...]) -> Network:
    """Build the network with initial weights that follow from the config's seed alone.

    Every layer draws from a generator of its own, so that equal layers of two runs with the
    same seed start from equal weights whatever surrounds them (common random numbers).

    Raises:
        UserError: the arch does not fit the input.
    """
    with torch.random.fork_rng(devices=[]):
        network = Network(config, input_shape)
        for index, module in enumerate(network.weight_modules):
            torch.manual_seed((config.seed << 16) + index)
            INITS[config.init].load()(module)
    return network


def _modules(config: RunConfig, plan: tuple[WeightLayer, ...]) -> Iterator[tuple[str, nn.Module]]:
    """Yield the named modules: weights, BatchNorm, Dropout, neurons or activation, pooling.

    Dropout acts on the current into a unit, so that spikes stay 0 or 1.
    """
    mode = "m" if config.model == "snn" else "s"
    constant = plan[0].input_kind == "constant"
    flat = len(plan[0].input_shape) == 1
    if flat:
        yield "flatten", layer.Flatten(step_mode=mode)
    for entry in plan:
        if not LAYERS[entry.kind].spatial and not flat:
            yield "flatten", layer.Flatten(step_mode=mode)
            flat = True
        kind = LAYERS[entry.kind].load()
        yield entry.name, kind.make(
            entry.fan_in, entry.input_shape, entry.output_shape[0], entry.kernel,
            bias=config.bias, mode=mode,
        )  # fmt: skip
        if entry.hidden and config.batch_norm:
            norm = getattr(layer, kind.NORM)
            yield f"{entry.name}_norm", norm(entry.output_shape[0], step_mode=mode)
        if entry.hidden and config.dropout:
            yield f"{entry.name}_dropout", layer.Dropout(config.dropout, step_mode=mode)
        if entry.activation == "spike":
            if constant:
                yield "repeat", RepeatCurrent(config.T)
                constant = False
            looks = READOUTS[config.readout].membrane and not entry.hidden
            yield f"{entry.name}_neurons", make_neuron(config, record_membrane=looks)
        elif entry.activation != "linear":
            yield f"{entry.name}_{entry.activation}", ACTIVATIONS[entry.activation].load()()
        for index, window in enumerate(entry.pools, 1):
            yield f"{entry.name}_pool{index}", pool.make(window, mode=mode)
