"""What must hold of counts whatever the network: of models that are not ours.

Weights and inputs are multiples of 1/8, so that sums are exact in any order.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from spikingjelly.activation_based import layer, neuron
from torch import nn

from snnbench.cost.foreign import count_model

PROPERTY = settings(deadline=None, max_examples=8)
SHARES = ("spikes_per_synapse", "activation_sparsity", "connection_sparsity")
VALUES = ("input_rate", "input_nonzero", "effective_operations")


class Own(nn.Module):
    """Somebody's own neuron, of torch's operations alone; its state is made anew in each pass."""

    def forward(self, currents):
        v, found = torch.zeros_like(currents[0]), []
        for current in currents:
            v = v * 0.5 + current
            found.append((v >= 1.0).to(v))
            v = v - found[-1]
        return torch.stack(found)


class Loop(nn.Module):
    """Single step: each step passes all layers before the next one."""

    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x):
        return torch.stack([self.layers(step) for step in x])


def weight_layers(kind, mode):
    """Return layers for [6, 6] images of one channel, two of them weighted, and their neuron's."""
    if kind == "conv":
        first = layer.Conv2d(1, 3, 3, padding=1, step_mode=mode)
        return first, layer.Conv2d(3, 2, 2, stride=2, groups=1, step_mode=mode)
    if kind == "transposed":
        first = layer.ConvTranspose2d(1, 2, 3, stride=2, step_mode=mode)
        return first, layer.Conv2d(2, 2, 3, dilation=2, step_mode=mode)
    first = nn.Sequential(layer.Flatten(step_mode=mode), nn.Linear(36, 7))
    return first, nn.Linear(7, 4)


def made(kind, neurons, mode, bias=True, seed=0):
    """Return a model of [T, B, 1, 6, 6] inputs."""
    first, second = weight_layers(kind, mode)
    nodes = {
        "if": lambda: neuron.IFNode(step_mode=mode),
        "lif": lambda: neuron.LIFNode(tau=2.0, decay_input=False, step_mode=mode),
        "own": Own,
    }[neurons]
    layers = nn.Sequential(first, nodes(), second, nodes())
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in layers.named_parameters():
        eighths = torch.randint(-2, 6, parameter.shape, generator=generator)
        parameter.data = eighths * (bias or "bias" not in name) / 8
    return layers if mode == "m" else Loop(layers)


def spikes(seed, T=4, samples=5):
    generator = torch.Generator().manual_seed(seed + 1)
    return (torch.rand(T, samples, 1, 6, 6, generator=generator) < 0.4).float()


def counted(model, x):
    return count_model(model, x, samples=x.shape[1], spikes=True, measured=True)


KINDS = st.sampled_from(["linear", "conv", "transposed"])
NEURONS = st.sampled_from(["if", "lif", "own"])
SEEDS = st.integers(0, 99)


@PROPERTY
@given(KINDS, NEURONS, SEEDS, st.sampled_from([[1, 4], [2, 2, 1], [1] * 5]))
def test_the_split_into_batches_does_not_matter(kind, neurons, seed, batches):
    model, x = made(kind, neurons, "m", seed=seed), spikes(seed)
    whole = counted(model, x).facts
    parts = [(len(part[0]), counted(model, part).facts) for part in x.split(batches, dim=1)]
    for i, facts in enumerate(whole):
        for name in ("input_nonzero", "effective_operations"):
            mean = sum(n * getattr(part[i], name) for n, part in parts) / 5
            assert getattr(facts, name) == pytest.approx(mean, rel=1e-12)
        assert all(part[i].dense_operations == facts.dense_operations for _, part in parts)


@PROPERTY
@given(KINDS, NEURONS, SEEDS, st.permutations(range(4)), st.permutations(range(5)))
def test_the_order_of_samples_and_of_steps_leaves_what_enters(kind, neurons, seed, steps, order):
    model, x = made(kind, neurons, "m", seed=seed), spikes(seed)
    assert counted(model, x[:, list(order)]).facts == counted(model, x).facts
    first, other = (counted(model, y).facts[0] for y in (x, x[list(steps)]))
    assert all(getattr(first, name) == getattr(other, name) for name in VALUES)


@PROPERTY
@given(KINDS, st.sampled_from(["if", "lif"]), SEEDS)
def test_single_steps_are_counted_as_multi_steps(kind, neurons, seed):
    x = spikes(seed)
    multi, single = (counted(made(kind, neurons, mode, seed=seed), x) for mode in "ms")
    assert multi.conventions() == single.conventions()
    for a, b in zip(multi.facts, single.facts, strict=True):
        assert vars(a) | {"layer": ""} == vars(b) | {"layer": ""}


@PROPERTY
@given(KINDS, NEURONS, SEEDS)
def test_of_nothing_nothing_is_effective_and_dense_counts_stay(kind, neurons, seed):
    model, x = made(kind, neurons, "m", bias=False, seed=seed), spikes(seed)
    some, none = counted(model, x).facts, counted(model, torch.zeros_like(x)).facts
    for a, b in zip(some, none, strict=True):
        assert [getattr(b, name) for name in VALUES] == [0, 0, 0]
        assert b.input_kind == a.input_kind == "spikes"
        assert (b.dense_operations, b.weights) == (a.dense_operations, a.weights)


@PROPERTY
@given(KINDS, NEURONS, SEEDS)
def test_twice_the_steps_are_twice_the_operations(kind, neurons, seed):
    model, x = made(kind, neurons, "m", seed=seed), spikes(seed)
    once, twice = counted(model, x).facts, counted(model, torch.cat([x, x])).facts
    for a, b in zip(once, twice, strict=True):
        assert b.dense_operations == 2 * a.dense_operations
        assert b.applied_steps == 2 * a.applied_steps
        assert (b.weights, b.params) == (a.weights, a.params)
        assert b.effective_operations >= a.effective_operations
    assert twice[0].effective_operations == 2 * once[0].effective_operations
    assert twice[0].input_rate == once[0].input_rate


@PROPERTY
@given(KINDS, NEURONS, SEEDS, st.integers(0, 1), st.data())
def test_weights_pruned_take_their_operations_along(kind, neurons, seed, which, data):
    model, x = made(kind, neurons, "m", seed=seed), spikes(seed)
    weight = [p for name, p in model.named_parameters() if "weight" in name][which]
    outputs = weight.transpose(0, 1) if kind == "transposed" and which == 0 else weight
    gone = data.draw(st.integers(1, len(outputs)))
    with torch.no_grad():
        weight[weight == 0] = 1 / 8
        before = counted(model, x).facts
        outputs[:gone] = 0
    after = counted(model, x).facts
    assert [f.dense_operations for f in after] == [f.dense_operations for f in before]
    assert [f.weights for f in after] == [f.weights for f in before]
    a, b = before[which], after[which]
    left = (len(outputs) - gone) / len(outputs)  # each output unit or channel takes as many
    assert b.input_nonzero == a.input_nonzero
    assert b.effective_operations == pytest.approx(a.effective_operations * left, rel=1e-12)
    assert b.weights_nonzero == pytest.approx(a.weights * left)


@PROPERTY
@given(KINDS, NEURONS, SEEDS)
def test_a_models_counts_are_the_sums_of_its_parts(kind, neurons, seed):
    model, x = made(kind, neurons, "m", seed=seed), spikes(seed)
    first, second = model[:2], model[2:]
    with torch.no_grad():
        middle = first(x)
    for module in model.modules():
        if isinstance(module, neuron.BaseNode):
            module.reset()
    whole, *parts = (counted(m, y).conventions() for m, y in
                     ((model, x), (first, x), (second, middle)))  # fmt: skip
    for name, value in whole.items():
        values = [part[name] for part in parts]
        if name in SHARES or None in (value, *values):
            continue
        assert value == pytest.approx(sum(values), rel=1e-12)
    assert whole["synops"] is not None


@PROPERTY
@given(KINDS, NEURONS, SEEDS)
def test_counting_leaves_the_model_and_chance_as_they_were(kind, neurons, seed):
    model, fresh = (made(kind, neurons, "m", seed=seed) for _ in range(2))
    x = spikes(seed)
    model(x)
    held = [v for m in model.modules() if isinstance(m, neuron.BaseNode) for v in [m.v]]
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    chance = torch.get_rng_state()
    again = counted(model, x).facts
    assert counted(model, x).facts == again
    assert counted(fresh, x).facts == again  # it begins at rest
    now = [v for m in model.modules() if isinstance(m, neuron.BaseNode) for v in [m.v]]
    assert all(a is b for a, b in zip(held, now, strict=True))
    assert all(torch.equal(weights[n], v) for n, v in model.state_dict().items())
    assert torch.equal(chance, torch.get_rng_state())
