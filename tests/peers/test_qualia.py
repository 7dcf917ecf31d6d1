"""The energies of Lemaire et al. held against qualia-plugin-snn's EnergyEstimationMetric."""

import ast
import logging
import math
from importlib.metadata import PackageNotFoundError, distribution
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.cost.expected import expected_count
from snnbench.cost.memory import energy_pj_lemaire_leat

FIFO, ADD, MULTIPLY = 1000, 0.1, 3.1


@pytest.fixture(scope="module")
def qualia():
    """Return their metric: its arithmetic alone, as its package imports lightning and more."""
    try:
        found = distribution("qualia-plugin-snn")
    except PackageNotFoundError:
        pytest.skip("qualia-plugin-snn is not installed: pip install --no-deps qualia-plugin-snn")
    path = found.locate_file("qualia_plugin_snn/postprocessing/EnergyEstimationMetric.py")
    classes = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
    (metric,) = [node for node in classes if node.name == "EnergyEstimationMetric"]
    metric.bases = []
    for node in metric.body:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = [d for d in node.decorator_list if ast.unparse(d) == "property"]
    annotations = ast.ImportFrom("__future__", [ast.alias("annotations")], 0)
    module = ast.fix_missing_locations(ast.Module([annotations, metric], []))
    names = {"math": math, "logger": logging.getLogger("qualia")}
    exec(compile(module, str(path), "exec"), names)
    return names["EnergyEstimationMetric"](mem_width=32, fifo_size=FIFO)


def theirs(facts, shape, k):
    """Return the layer as their graphs have it: channels last."""
    width = facts.weights // facts.inputs
    out = (1, *shape[1:], width) if k else (1, width)
    return SimpleNamespace(
        input_shape=[(1, *shape[1:], shape[0])], output_shape=[out], kernel_size=(k, k),
        strides=(1, 1), use_bias=True, kernel=np.empty(facts.weights), bias=np.empty(width),
    )  # fmt: skip


@given(
    width=st.integers(1, 6),
    channels=st.integers(1, 6),
    T=st.integers(1, 20),
    rate=st.floats(0, 1),
    k=st.sampled_from([0, 1, 3, 5]),
    leaky=st.booleans(),
)
def test_a_spiking_layer_costs_what_theirs_does_but_for_addresses(
    qualia, width, channels, T, rate, k, leaky
):
    shape = (channels, 6, 5) if k else (channels,)
    neuron = {"neuron": "lif", "beta": 0.5} if leaky else {"neuron": "if"}
    arch = f"{width}c{k}-10" if k else f"{width}-10"
    config = RunConfig(arch=arch, T=T, encoding="bernoulli", **neuron)
    facts = expected_count(config, shape, rate).facts[0]
    there, kind = theirs(facts, shape, k), "conv" if k else "fc"

    def of(name, *args):
        return getattr(qualia, f"_e_{name}_{kind}_snn")(there, *args)

    def ram(words):
        return qualia._e_ram(words, 32)

    entered, fired = rate * T, rate * T  # theirs are a value, over all steps
    energy = (
        qualia._e_rdin_snn(there, entered, ram) + qualia._e_wrout_snn(there, fired, ram)
        + of("rdweights", entered, ram) + of("rdbias", T, ram) + of("rdpot", entered, T, ram)
        + of("wrpot", entered, T, ram) + of("ops", entered, fired, T, leaky)
    )  # fmt: skip
    # The article's equations 16.2, 16.3 and 17.2. Theirs leaves out C_out, and N_in: see below.
    spikes = facts.input_nonzero
    met = spikes * width * (k * k if k else 1)
    addresses = met * ADD + (2 * spikes * (MULTIPLY + ADD) if k else 0)
    assert energy_pj_lemaire_leat(facts) == pytest.approx(energy + addresses)
    counted = qualia._acc_addr_conv_snn if k else qualia._acc_addr_fc_snn
    assert counted(there, entered) == pytest.approx(met / (width if k else channels))


@given(width=st.integers(1, 6), channels=st.integers(1, 6), k=st.sampled_from([0, 1, 3, 5]))
def test_an_anns_layer_costs_what_theirs_does(qualia, width, channels, k):
    shape = (channels, 6, 5) if k else (channels,)
    arch = f"{width}c{k}-10" if k else f"{width}-10"
    facts = expected_count(RunConfig(arch=arch, model="ann"), shape, None).facts[0]
    there, kind = theirs(facts, shape, k), "conv" if k else "fc"
    access = [lambda words: qualia._e_ram(words, 32)]
    energy = sum(
        getattr(qualia, f"_e_{name}_{kind}_fnn")(there, *more)
        for name, more in {"rdin": access, "rdweights": access, "rdbias": access,
                           "wrout": access, "ops": [], "addr": []}.items()
    )  # fmt: skip
    assert energy_pj_lemaire_leat(facts) == pytest.approx(energy)
