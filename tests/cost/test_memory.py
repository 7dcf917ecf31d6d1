"""Energies of arithmetic and memory, against SpikingJelly's estimates and by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from spikingjelly.activation_based import layer as sj
from spikingjelly.activation_based import neuron
from spikingjelly.activation_based.op_counter import (
    estimate_lemaire_energy,
    estimate_simple_energy,
)

from snnbench.config import RunConfig
from snnbench.cost import memory
from snnbench.cost.derive import network_value
from snnbench.cost.effective import fan_in, fans_out, reach
from snnbench.cost.expected import expected_count
from snnbench.cost.facts import LayerFacts
from snnbench.words.energies import ENERGIES

SIZE = st.integers(1, 12)


def facts(module, x, out, *, model="snn", spikes=None, leaks=0):
    """A layer's facts by hand: x is [T, 1, ...], or [1, ...] of an ANN."""
    steps = len(x) if model == "snn" else 1
    kind = "real" if model == "ann" else "spikes"
    kernel = math.prod(getattr(module, "kernel_size", ()))
    outputs = out.numel() // steps
    dense = float(fan_in(module) * outputs * steps)
    return LayerFacts(
        layer="layer", kind="linear" if isinstance(module, torch.nn.Linear) else "conv",
        input_kind=kind, applied_steps=steps, inputs=fan_in(module), outputs=outputs,
        params=sum(p.numel() for p in module.parameters()), model=model, steps=steps,
        input_values=x.numel() // steps, input_nonzero=float(x.count_nonzero()),
        output_spikes=None if spikes is None else float(spikes.sum()), dense_operations=dense,
        effective_operations=used(module, x) if kind == "spikes" else dense,
        neuron_updates=0 if spikes is None else spikes.numel(), weights=module.weight.numel(),
        biases=0 if module.bias is None else module.bias.numel(),
        states=0 if spikes is None else outputs, kernel=kernel, fan_out=fans_out(module),
        reach=reach(module), leaks=leaks if spikes is not None else 0,
    )  # fmt: skip


def used(module, x):
    """How many weights the spikes meet: the layer applied again, its weights and bias aside."""
    twin = type(module).__base__  # without SpikingJelly's steps
    ones = torch.ones_like(module.weight)
    x = x.flatten(0, 1)
    if twin is torch.nn.Linear:
        return torch.nn.functional.linear(x, ones).sum().item()
    return torch.nn.functional.conv2d(
        x, ones, None, module.stride, module.padding, module.dilation, module.groups
    ).sum().item()  # fmt: skip


@st.composite
def cases(draw):
    """A layer of random shape with neurons behind it, and spikes into it, [T, 1, ...]."""
    torch.manual_seed(draw(st.integers(0, 2**31)))
    T, bias = draw(st.integers(1, 6)), draw(st.booleans())
    leaky = draw(st.booleans())
    neurons = neuron.LIFNode(step_mode="m") if leaky else neuron.IFNode(step_mode="m")
    if draw(st.booleans()):
        module = sj.Linear(draw(SIZE), draw(SIZE), bias=bias, step_mode="m")
        shape = (module.in_features,)
    else:
        groups, side = draw(st.integers(1, 2)), draw(st.integers(1, 3))
        module = sj.Conv2d(
            groups * draw(st.integers(1, 3)), groups * draw(st.integers(1, 4)), side,
            stride=draw(st.integers(1, side)), padding=draw(st.integers(0, 2)), groups=groups,
            bias=bias, step_mode="m",
        )  # fmt: skip
        shape = (module.in_channels, draw(st.integers(3, 7)), draw(st.integers(3, 7)))
    x = (torch.rand(T, 1, *shape) < draw(st.floats(0, 1))).float()
    return module, neurons, leaky, x


@settings(deadline=None)
@given(cases())
def test_of_spikes_they_are_spikingjellys(case):
    module, neurons, leaky, x = case
    out = module(x)
    spikes = neurons(out).detach()
    neurons.reset()
    model = torch.nn.Sequential(module, neurons)
    own = facts(module, x, out, spikes=spikes, leaks=int(leaky))
    theirs = estimate_lemaire_energy(model, (x,)).total_pj
    assert network_value(ENERGIES["lemaire_spikingjelly"], [own]) == pytest.approx(theirs)
    neurons.reset()
    simple = estimate_simple_energy(model, (x,))
    moved = memory.energy_pj_memory45nm(own) - 0.9 * own.effective_operations
    assert moved == pytest.approx(simple.energy_memory_pj)


@settings(deadline=None)
@given(cases())
def test_of_an_ann_they_are_spikingjellys(case):
    module, _, _, x = case
    module.step_mode = "s"
    x = torch.rand_like(x[0]) + 0.5
    out = module(x)
    own = facts(module, x, out, model="ann")
    if isinstance(module, torch.nn.Linear) or module.groups == 1:
        theirs = estimate_lemaire_energy(module, (x,)).total_pj
        assert network_value(ENERGIES["lemaire_spikingjelly"], [own]) == pytest.approx(theirs)
    simple = estimate_simple_energy(module, (x,))
    moved = memory.energy_pj_memory45nm_dense(own) - 4.6 * own.dense_operations
    assert moved == pytest.approx(simple.energy_memory_pj)


def lemaire(kind, *, T, k, shape, width, theta_in, theta_out, real=False):
    """The article's table for one layer of an SNN that leaks, with biases, or of an ANN."""
    channels, *image = shape
    inputs, positions = channels * k * k, math.prod(image)
    N, units = width * positions, channels * positions
    params = {"weights": inputs * width, "bias": width}
    conv = kind == "conv"

    def ram(words):
        return 1.09e-5 * words * 32 + 13.2

    if real:
        macs, acs = inputs * N, N + (units + N + width * k * k if conv else inputs * N)
        reads = (inputs * N if conv else units) * ram(units)
        return (macs * 3.2 + acs * 0.1 + reads + inputs * N * ram(params["weights"])
                + N * ram(params["bias"]) + N * ram(N))  # fmt: skip
    met = theta_in * width * k * k
    macs, acs = T * N + (2 * theta_in if conv else 0), met + T * N + theta_out + met
    return (macs * 3.2 + acs * 0.1 + theta_in * ram(1000) + met * ram(params["weights"])
            + T * N * ram(params["bias"]) + 2 * (met + T * N) * ram(N)
            + theta_out * ram(1000))  # fmt: skip


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 30), st.floats(0, 1), st.booleans())
def test_lemaires_table_by_hand(width, channels, T, rate, conv):
    arch = f"{width}c3" if conv else str(width)
    shape = (channels, 5, 6) if conv else (channels,)
    size, k = math.prod(shape), 3 if conv else 1
    for model in ("snn", "ann"):
        own = {"T": T, "encoding": "bernoulli"} if model == "snn" else {}
        config = RunConfig(arch=f"{arch}-10", model=model, **own)
        first = expected_count(config, shape, rate).facts[0]
        N = first.outputs
        wanted = lemaire("conv" if conv else "linear", T=T, k=k, shape=shape, width=width,
                         theta_in=rate * size * T, theta_out=rate * N * T,
                         real=model == "ann")  # fmt: skip
        assert memory.energy_pj_lemaire_leat(first) == pytest.approx(wanted)


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 60))
def test_the_quantised_twin_is_met_near_b_over_8T(inputs, outputs, T):
    bits = math.ceil(math.log2(T + 1))
    model = ENERGIES["quantised"].of_twin(T)
    assert model.options["bits"].default == bits
    ann = RunConfig(arch=f"{outputs}", model="ann")
    twin = network_value(model, expected_count(ann, (inputs,), None).facts)
    snn = RunConfig(arch=f"{outputs}", T=T, encoding="bernoulli")
    own = network_value(ENERGIES["quantised"], expected_count(snn, (inputs,), bits / (8 * T)).facts)
    # what neurons cost aside, which has no part in the rule
    neurons = T * outputs * (0.05448 * (1 + bits / (8 * T)) + 4)
    assert own - neurons == pytest.approx(twin, rel=0.05, abs=outputs * 20)


@pytest.mark.parametrize("name", [name for name, word in ENERGIES.items() if word.options])
def test_fewer_bits_cost_less(name):
    facts = expected_count(RunConfig(arch="20-10", model="ann"), (30,), None).facts
    costs = [network_value(ENERGIES[name].chosen({"bits": n}), facts) for n in (8, 32)]
    assert 0 < costs[0] < costs[1]
