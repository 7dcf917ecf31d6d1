"""The NumPy perceptron against torch's autograd, central differences, and numbers by hand."""

import ast
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from snnbench import reference_numpy
from snnbench.config import RunConfig
from snnbench.reference_numpy import layers, losses
from snnbench.reference_numpy.layers import BatchNorm, Dense, Dropout, Relu
from snnbench.reference_numpy.network import Perceptron, build_perceptron
from snnbench.reference_numpy.optimizers import Adam, Sgd, make_optimizer
from snnbench.training.losses import training_loss

PACKAGE = Path(reference_numpy.__file__).parent
ACTIVATIONS = ["relu", "sigmoid", "tanh", "linear"]
LOSSES = ["mse", "ce", "mimic-l2", "mimic-kl"]
MIMIC = {"teacher": "teacher.safetensors", "temperature": 2.5}
TORCH = {"Relu": nn.ReLU, "Sigmoid": nn.Sigmoid, "Tanh": nn.Tanh}


def rng(seed=0):
    return np.random.default_rng(seed)


def config_of(**wanted):
    return RunConfig.from_layers({}, {"model": "ann", "engine": "numpy"} | MIMIC | wanted)


# Against torch


class Masked(nn.Module):
    """Dropout of given units."""

    def __init__(self, mask):
        super().__init__()
        self.mask = torch.from_numpy(mask)

    def forward(self, x):
        return x * self.mask


def twin_of(layer):
    """The same layer in torch, with the same parameters; of Dropout the mask it last drew."""
    if isinstance(layer, Dropout):
        return Masked(layer.mask)
    if not layer.parameters:
        return TORCH[type(layer).__name__]()
    outputs, *inputs = layer.parameters["weight"].shape
    bias = "bias" in layer.parameters
    module = nn.Linear(*inputs, outputs, bias=bias) if inputs else nn.BatchNorm1d(outputs)
    for name, array in layer.parameters.items():
        setattr(module, name, nn.Parameter(torch.from_numpy(array.copy())))
    return module.double()


@settings(deadline=None, max_examples=150)
@given(
    inputs=st.integers(1, 9),
    hidden=st.lists(st.sampled_from(["1", "3", "8", "5:linear", "6:tanh"]), max_size=3),
    output=st.sampled_from(["", ":relu", ":sigmoid"]),
    activation=st.sampled_from(ACTIVATIONS),
    loss=st.sampled_from(LOSSES),
    batch_norm=st.booleans(),
    dropout=st.sampled_from([0.0, 0.3]),
    bias=st.booleans(),
    samples=st.integers(4, 12),
    seed=st.integers(0, 1000),
)
def test_every_gradient_is_that_of_autograd(
    inputs, hidden, output, activation, loss, batch_norm, dropout, bias, samples, seed
):
    config = config_of(
        arch="-".join([*hidden, f"4{output}"]), activation=activation, loss=loss, seed=seed,
        batch_norm=batch_norm, dropout=dropout, bias=bias,
    )  # fmt: skip
    network, draws = build_perceptron(config, inputs, np.float64), rng(seed)
    for p in network.parameters:
        p[...] = p + 0.3 * draws.normal(size=p.shape)
    x, y = draws.normal(size=(samples, inputs)), draws.integers(0, 4, samples)
    wanted = draws.normal(size=(samples, 4))

    value, gradient = losses.loss_and_gradient(config, network.forward(x, draws), y, wanted)
    by_input = network.backward(gradient)

    theirs = nn.Sequential(*map(twin_of, network.layers.values()))
    leaf = torch.from_numpy(x).requires_grad_()
    outputs = theirs(leaf)[None]
    labels = torch.from_numpy(y), torch.from_numpy(wanted)
    their_value = training_loss(config, outputs, None, *labels)
    their_value.backward()

    assert value == pytest.approx(their_value.item(), rel=1e-10)
    ours = [by_input, *network.gradients]
    expected = [leaf.grad, *(p.grad for p in theirs.parameters())]
    scale = max(float(g.abs().max()) for g in expected)
    for a, b in zip(ours, expected, strict=True):
        np.testing.assert_allclose(a, b.numpy(), rtol=1e-10, atol=1e-10 * scale)


def test_batch_norm_remembers_what_torchs_does():
    ours, theirs = BatchNorm(5, np.float64), nn.BatchNorm1d(5).double()
    for step, samples in enumerate([7, 2, 30]):
        x = rng(step).normal(3, 2, (samples, 5))
        np.testing.assert_allclose(
            ours.forward(x, rng()), theirs(torch.from_numpy(x)).detach(), rtol=1e-12, atol=1e-12
        )
        for name, array in ours.statistics.items():
            np.testing.assert_allclose(array, getattr(theirs, name), rtol=1e-12)
    x = rng(9).normal(size=(1, 5))  # one sample is enough to evaluate
    expected = theirs.eval()(torch.from_numpy(x)).detach()
    np.testing.assert_allclose(ours.forward(x, None), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"optimizer": "sgd"}, torch.optim.SGD),
        ({"optimizer": "sgd", "momentum": 0.9}, torch.optim.SGD),
        ({"optimizer": "sgd", "momentum": 0.5, "weight_decay": 0.1}, torch.optim.SGD),
        ({"optimizer": "adam"}, torch.optim.Adam),
        ({"optimizer": "adam", "weight_decay": 0.1}, torch.optim.Adam),
        ({"optimizer": "adamw", "weight_decay": 0.1}, torch.optim.AdamW),
    ],
)
def test_an_optimizer_goes_torchs_way_step_by_step(ours, theirs):
    arrays = [rng().normal(size=shape) for shape in [(4, 3), (4,)]]
    tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in arrays]
    options = {name: value for name, value in ours.items() if name != "optimizer"}
    optimizer = make_optimizer(RunConfig(**ours), arrays)
    expected = theirs(tensors, lr=0.1, **({"weight_decay": 0.0} | options))
    for step in range(12):
        lr = 0.1 if step < 6 else 0.02  # a stepped schedule
        gradients = [rng([step, i]).normal(size=a.shape) for i, a in enumerate(arrays)]
        expected.param_groups[0]["lr"] = lr
        for tensor, gradient in zip(tensors, gradients, strict=True):
            tensor.grad = torch.from_numpy(gradient)
        optimizer.step(gradients, lr)
        expected.step()
        for array, tensor in zip(arrays, tensors, strict=True):
            np.testing.assert_allclose(array, tensor.detach(), rtol=1e-12, atol=1e-14)


# Against central differences


def derivative(function, array):
    """Central differences of a scalar function of an array, which is changed and restored."""
    result = np.zeros_like(array)
    for position in np.ndindex(array.shape):
        was = array[position]
        values = []
        for change in (1e-5, -1e-5):
            array[position] = was + change
            values.append(function())
        array[position] = was
        result[position] = (values[0] - values[1]) / 2e-5
    return result


@pytest.mark.parametrize(
    "layer",
    [
        Dense(rng(1).normal(size=(3, 4)), rng(2).normal(size=3)),
        Dense(rng(1).normal(size=(3, 4)), None),
        BatchNorm(4, np.float64),
        Dropout(0.4),
        *(layer() for layer in layers.ACTIVATIONS.values()),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layers_derivatives_are_those_of_differences(layer):
    x = rng(3).normal(size=(6, 4))
    for parameter in layer.parameters.values():
        parameter[...] = parameter + rng(4).normal(size=parameter.shape)
    direction = rng(5).normal(size=layer.forward(x, rng()).shape)

    def value():
        return (layer.forward(x, rng()) * direction).sum()

    value()
    by_input = layer.backward(direction)
    gradients = dict(layer.gradients)
    np.testing.assert_allclose(by_input, derivative(value, x), rtol=1e-6, atol=1e-8)
    assert gradients.keys() == layer.parameters.keys()
    for name, parameter in layer.parameters.items():
        expected = derivative(value, parameter)
        np.testing.assert_allclose(gradients[name], expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
def test_a_losss_derivative_is_that_of_differences(loss):
    config = config_of(loss=loss)
    scores, wanted, y = rng(1).normal(size=(5, 3)), rng(2).normal(size=(5, 3)), rng(3)
    arguments = (y.integers(0, 3, 5), wanted)
    _, gradient = losses.loss_and_gradient(config, scores, *arguments)
    expected = derivative(lambda: losses.loss_and_gradient(config, scores, *arguments)[0], scores)
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-9)


def test_the_whole_networks_derivatives_are_those_of_differences():
    config = config_of(arch="6-5:sigmoid-3", activation="tanh", batch_norm=True, dropout=0.2)
    network = build_perceptron(config, 4, np.float64)
    x, y = rng(1).normal(size=(8, 4)), rng(2).integers(0, 3, 8)

    def outcome():
        return losses.cross_entropy(network.forward(x, rng(7)), y)

    network.backward(outcome()[1])
    for parameter, gradient in zip(network.parameters, list(network.gradients), strict=True):
        expected = derivative(lambda: outcome()[0], parameter)
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


# By hand


def test_a_step_worked_by_hand():
    """Scores (-1, 1.5) through ReLU are (0, 1.5): p = (0.18242552, 0.81757448), -log p_1."""
    weight = np.array([[1.0, -1.0], [0.5, 0.5]])
    network = Perceptron({"fc1": Dense(weight, np.zeros(2)), "fc1_relu": Relu()})
    scores = network.forward(np.array([[1.0, 2.0]]))
    np.testing.assert_array_equal(scores, [[0, 1.5]])
    loss, gradient = losses.cross_entropy(scores, np.array([1]))
    assert loss == pytest.approx(0.20141327)
    np.testing.assert_allclose(gradient, [[0.18242552, -0.18242552]], rtol=1e-7)
    before = network.backward(gradient)
    by_weight, by_bias = network.gradients
    np.testing.assert_allclose(by_weight, [[0, 0], [-0.18242552, -0.36485105]], rtol=1e-7)
    np.testing.assert_allclose(by_bias, [0, -0.18242552], rtol=1e-7)
    np.testing.assert_allclose(before, [[-0.09121276, -0.09121276]], rtol=1e-7)
    Sgd(network.parameters).step(network.gradients, lr=1.0)
    np.testing.assert_allclose(weight, [[1, -1], [0.68242552, 0.86485105]], rtol=1e-7)


def test_adams_first_step_is_the_learning_rate_whatever_the_gradient():
    w = np.array([1.0, 1.0, 1.0])
    Adam([w]).step([np.array([1e-3, -5.0, 0.0])], lr=0.1)
    np.testing.assert_allclose(w, [0.9, 1.1, 1.0], rtol=1e-5)


def test_large_scores_overflow_nowhere():
    scores = np.array([[1e4, -1e4, 0.0]])
    loss, gradient = losses.cross_entropy(scores, np.array([1]))
    assert loss == pytest.approx(2e4)
    np.testing.assert_allclose(gradient, [[1, -1, 0]])
    values = layers.Sigmoid().forward(np.array([[-1e4, 0, 1e4]]), None)
    np.testing.assert_allclose(values, [[0, 0.5, 1]])


def test_hidden_layers_have_batch_norm_dropout_and_activation_and_the_output_has_none():
    names = {
        "5-6:tanh-3": ["fc1", "fc1_norm", "fc1_dropout", "fc1_sigmoid",
                       "fc2", "fc2_norm", "fc2_dropout", "fc2_tanh", "fc3"],
        "5:linear-3:relu": ["fc1", "fc1_norm", "fc1_dropout", "fc2", "fc2_relu"],
    }  # fmt: skip
    for arch, expected in names.items():
        config = config_of(arch=arch, activation="sigmoid", batch_norm=True, dropout=0.1)
        assert list(build_perceptron(config, 4).layers) == expected


def test_dropout_keeps_the_mean_and_rests_while_evaluating():
    layer, x = Dropout(0.25), np.ones((1000, 100))
    y = layer.forward(x, rng())
    assert set(np.unique(y)) == {0, 1 / 0.75}
    assert (y == 0).mean() == pytest.approx(0.25, abs=5 * math.sqrt(0.25 * 0.75 / 1e5))
    assert layer.forward(x, None) is x


# Independence


def test_nothing_of_the_package_imports_torch():
    names = [f"snnbench.reference_numpy.{path.stem}" for path in PACKAGE.glob("[a-z]*.py")]
    assert len(names) == 5
    code = f"import sys, {', '.join(names)}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_the_package_knows_numpy_and_the_settings_only(path):
    allowed = ("numpy", "math", "typing", "collections", "snnbench.config",
               "snnbench.reference_numpy")  # fmt: skip
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        assert all(name.startswith(allowed) for name in names), names
