"""A network of ours as NIR and back: the same spikes, the same counts; or why not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from snnbench import count
from snnbench.config import RunConfig
from snnbench.cost.counting import count_network, dense_count, tallying
from snnbench.cost.tally import Tally
from snnbench.errors import UserError
from snnbench.exchange.dynamics import steps_of
from snnbench.exchange.reading import read_graph
from snnbench.exchange.running import build
from snnbench.exchange.writing import export, time_constant
from snnbench.network.build import build_network
from snnbench.network.checkpoint import Checkpoint
from tests.exchange.graphs import nir

SETTINGS = {"reset": "zero", "encoding": "bernoulli", "T": 12}


def made(shape=(1, 8, 8), **settings):
    """Return a network with weights that let its neurons fire, as if it had been loaded."""
    config = RunConfig(**SETTINGS | settings)
    network = build_network(config, shape).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.rand(parameter.shape, generator=generator) / 10)
        for name, buffer in network.named_buffers():
            if name.endswith(("mean", "var")):
                buffer.add_(torch.rand(buffer.shape, generator=generator))
    return Checkpoint(network, config, "0" * 12, shape)


def spikes_in(shape, T=12):
    return (torch.rand(T, 3, *shape, generator=torch.Generator().manual_seed(0)) < 0.4).float()


def back(saved, tmp_path, dt=1e-4):
    path = tmp_path / "net.nir"
    path.write_bytes(export(saved, dt).data)
    return build(read_graph(path), dt).model


NETWORKS = {
    "perceptron": {"arch": "30-20-10", "beta": 0.5},
    "odd leak": {"arch": "30-10", "beta": 0.9, "v_th": 0.7},
    "no leak at all": {"arch": "30-10", "neuron": "if"},
    "beta 1": {"arch": "30-10", "beta": 1.0},
    "no memory": {"arch": "30-10", "beta": 0.0},
    "no bias": {"arch": "30-10", "bias": False, "beta": 0.8},
    "images": {"arch": "4c3-3c5-10", "beta": 0.7},
    "images, no bias": {"arch": "4c3-10", "beta": 0.7, "bias": False},
    "a linear layer": {"arch": "20:linear-30-10", "beta": 0.7},
    "current": {"arch": "30-10", "readout": "current", "beta": 0.7},
    "membrane": {"arch": "30-10", "readout": "membrane", "beta": 0.7},
}


@pytest.mark.parametrize("settings", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("dt", [1e-4, 3.7e-3])
def test_the_same_spikes_and_the_same_counts(settings, dt, tmp_path):
    saved = made(**settings)
    x = spikes_in((1, 8, 8))
    tallies = [Tally() for _ in saved.network.plan]
    with torch.no_grad(), tallying(saved.network, tallies):
        wanted = saved.network(x)
        given = back(saved, tmp_path, dt)(x)
    assert wanted.any()
    assert torch.equal(given, wanted)
    ours = count_network(saved.network, tallies, 12, dense_count(saved.network))
    theirs = count(nir=tmp_path / "net.nir", input=x, input_kind="spikes", T=12).count
    assert [layer["layer"] for layer in theirs.layers] == [layer["layer"] for layer in ours.layers]
    for name in ("dense_macs", "effective_macs", "effective_acs", "energy_pj_compute45nm"):
        assert [layer[name] for layer in theirs.layers] == [layer[name] for layer in ours.layers]


@pytest.mark.parametrize("arch", ["30-10", "4c3-10"])
def test_batch_norm_becomes_part_of_the_weights(arch, tmp_path):
    """Sums are rounded elsewhere: membranes agree to 1e-4, spikes but for the closest."""
    saved = made(arch=arch, batch_norm=True, readout="current", beta=0.7)
    x = spikes_in((1, 8, 8))
    with torch.no_grad():
        wanted, given = saved.network(x), back(saved, tmp_path)(x)
    assert wanted.std() > 1e-2
    assert float(((wanted - given).abs() < 1e-4).float().mean()) > 0.98
    (notice,) = export(saved, 1e-4).notices
    assert "BatchNorm" in notice


def test_data_that_are_rows(tmp_path):
    saved = made(shape=(12,), arch="8-4", beta=0.5)
    x = spikes_in((12,))
    assert torch.equal(back(saved, tmp_path)(x), saved.network(x))


REFUSED = {
    "--reset zero": {"reset": "subtract"},
    "--reset zero ": {"reset": "none"},
    "--model snn": {"model": "ann"},
    "without pooling": {"arch": "4c3-p2-10"},
    "at most 1": {"beta": 1.5},
    "tanh": {"arch": "20:tanh-10"},
}


@pytest.mark.parametrize(("words", "settings"), REFUSED.items())
def test_what_nir_cannot_hold_is_said(words, settings):
    config = RunConfig.from_layers(settings, {"arch": "30-10", **SETTINGS})
    saved = Checkpoint(build_network(config, (1, 8, 8)), config, "0" * 12, (1, 8, 8))
    with pytest.raises(UserError) as refused:
        export(saved, 1e-4)
    assert words.strip() in str(refused.value)


def test_a_neuron_of_a_plug_in_is_refused():
    saved = made(arch="10-10")
    node = saved.network.neurons[0]
    node.__class__ = type("CuBa", (type(node),), {})
    with pytest.raises(UserError, match="no node for the neuron"):
        export(saved, 1e-4)


@given(st.floats(0, 1, exclude_max=True), st.floats(1e-6, 1.0))
@example(0.9, 1e-4)
@example(0.0, 3e-4)
@example(float(np.nextafter(np.float32(1), np.float32(0))), 1e-4)
def test_a_leak_is_held_to_a_ten_millionth_and_the_gain_exactly(beta, dt):
    if np.float32(beta) == 1:
        return
    tau, given = time_constant(beta, dt)
    assert abs(float(given) - float(np.float32(beta))) <= 1e-7
    n = steps_of("tau", np.array([tau], float), dt)
    assert np.float32(1 - 1 / n[0]) == given
    assert np.float32(float(tau) / dt).clip(1) / np.float32(n[0]) == 1


@given(st.floats(0.5, 0.9999))
def test_common_leaks_are_held_exactly(beta):
    assert time_constant(beta, 1e-4)[1] == np.float32(beta)


def test_a_leak_that_32_bits_do_not_hold_is_said():
    betas = [b for b in np.linspace(0.01, 0.3, 50) if time_constant(b, 1e-4)[1] != np.float32(b)]
    saved = made(arch="10-10", beta=float(betas[0]))
    assert "is held as" in export(saved, 1e-4).notices[0]


def test_a_constant_input_costs_more_and_that_is_said(tmp_path):
    saved = made(arch="20-10", encoding="repeat")
    assert "ours once" in export(saved, 1e-4).notices[-1]
    x = torch.rand(3, 1, 8, 8)
    with torch.no_grad():
        assert torch.equal(back(saved, tmp_path)(x.expand(12, *x.shape)), saved.network(x[None]))


def test_nirs_own_reader_reads_it(tmp_path):
    saved = made(arch="4c3-10", beta=0.5)
    (tmp_path / "net.nir").write_bytes(export(saved, 1e-4).data)
    graph = nir.read(tmp_path / "net.nir")
    assert [type(node).__name__ for node in graph.nodes.values()].count("LIF") == 2
    assert float(graph.metadata["dt"]) == 1e-4
    assert (graph.metadata["encoding"], int(graph.metadata["T"])) == ("bernoulli", 12)
    assert np.array_equal(graph.nodes["fc2"].weight, saved.network.layers.fc2.weight.detach())


def test_a_file_is_the_same_whenever_it_is_written():
    saved = made(arch="10-10")
    assert export(saved, 1e-4) == export(replace(saved), 1e-4)
