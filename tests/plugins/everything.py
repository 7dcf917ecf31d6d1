"""A plug-in with one word of each kind, as a user would write it."""

import numpy as np
import torch
from spikingjelly.activation_based.surrogate import SurrogateFunctionBase

from snnbench.data.dataset import Dataset
from snnbench.neurons.neuron import Neuron
from snnbench.plugins import add_setting
from snnbench.words.conventions import CONVENTIONS
from snnbench.words.datasets import DATASETS
from snnbench.words.encodings import ENCODINGS
from snnbench.words.energies import ENERGIES
from snnbench.words.losses import LOSSES
from snnbench.words.neurons import NEURONS
from snnbench.words.optimizers import OPTIMIZERS
from snnbench.words.readouts import READOUTS
from snnbench.words.surrogates import SURROGATES

add_setting(
    "alpha", 0.8, "decay of the synaptic current in a step",
    group="neuron", of="neuron", ge=0, le=1, free=True, network=True,
)  # fmt: skip


@NEURONS.add("cuba", "current-based synapse", uses=("alpha", "beta", "v_th", "reset", "surrogate"))
class CuBa(Neuron):
    """i[t] = alpha i[t-1] + I[t];  U[t] = beta V[t-1] + i[t]."""

    states = ("i", "v")

    def __init__(self, *, alpha, beta, **arguments):
        super().__init__(**arguments)
        self.alpha, self.beta = alpha, beta

    def step(self, current, i, v):
        i = self.alpha * i + current
        u = self.beta * v + i
        spikes = self.surrogate_function(u - self.v_threshold)
        return spikes, u, (i, self.after_spike(u, spikes))


class _Triangle(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, alpha):
        ctx.save_for_backward(x)
        ctx.alpha = alpha
        return (x >= 0).to(x)

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * (1 - ctx.alpha * x.abs()).clamp(min=0), None


@SURROGATES.add("triangle", "1 - alpha |x| where that is above 0", uses=("surrogate_alpha",))
class Triangle(SurrogateFunctionBase):
    def __init__(self, alpha=1.0, spiking=True):
        super().__init__(spiking=spiking, alpha=alpha)

    @staticmethod
    def spiking_function(x, alpha):
        return _Triangle.apply(x, alpha)


@ENCODINGS.add("ramp", "a current that grows with the step", gives="real", unit_range=False)
def ramp(config, x, samples, epoch):
    steps = torch.arange(1, config.T + 1, device=x.device, dtype=x.dtype) / config.T
    return steps.view(-1, *[1] * x.dim()) * x


@READOUTS.add("peak", "largest membrane over the steps", membrane=True)
def peak(outputs, membrane):
    return membrane.max(0, keepdim=True).values


@LOSSES.add("margin", "hinge loss of the right class against the others")
def margin(scores, y, wanted, config):
    return torch.nn.functional.multi_margin_loss(scores, y)


@OPTIMIZERS.add("rmsprop", "RMSprop", uses=("momentum",))
def rmsprop(parameters, config):
    return torch.optim.RMSprop(
        parameters, config.lr, momentum=config.momentum, weight_decay=config.weight_decay
    )


@DATASETS.add("blobs", "three clouds of points", shape=(4,), n_classes=3)
def blobs():
    draws = np.random.default_rng(0)
    y = np.arange(300) % 3
    x = (draws.normal(size=(300, 4)) * 0.3 + np.eye(3, 4)[y]).astype(np.float32)
    names = ("a", "b", "c")
    return Dataset("blobs", x[:240], y[:240], x[240:], y[240:], 3, names, 1.0, False)


@CONVENTIONS.add(
    "synaptic_operations", "effective operations, whatever they are", unit="operations a sample",
    formula="effective operations", source="this test",
)  # fmt: skip
def synaptic_operations(layer):
    return layer.effective_operations


@ENERGIES.add("nano", "1 nJ an effective operation", formula="1000 n", source="this test")
def nano(layer):
    return None if layer.effective_operations is None else 1000 * layer.effective_operations
