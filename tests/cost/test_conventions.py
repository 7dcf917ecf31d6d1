"""Conventions without a column: held against those who define them, and against hand counts."""

from pathlib import Path

import pytest
import torch
from spikingjelly.activation_based.op_counter.simple_energy import SimpleEnergyCostConfig
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from snnbench import count
from snnbench.cost import formulas
from snnbench.cost.derive import conventions, explained, network_values
from snnbench.cost.facts import FACTS, Share
from tests.cost.layers import layer

PAGE = Path(__file__).parents[2] / "docs" / "conventions.md"


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (nn.Sequential(nn.Linear(12, 7, bias=False), nn.Linear(7, 3, bias=False)), (12,)),
        (nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, bias=False)), (3, 8, 8)),
        (nn.Sequential(nn.Conv2d(4, 6, 3, stride=2, groups=2, bias=False)), (4, 9, 9)),
        (nn.Sequential(nn.Conv1d(2, 5, 4, dilation=2, bias=False)), (2, 20)),
    ],
)  # fmt: skip
def test_flops_are_torchs_and_the_biases(model, shape):
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *shape))
    found = count(model_from=model, input_shape=(1, *shape), layout="B").count.conventions()
    assert found["flops"] == counter.get_total_flops()


def test_a_bias_is_an_addition_an_output_and_step():
    with_bias, without = (
        count(arch="5-3", bias=bias, T=4, input_shape=(6,), rate=0.5).count
        for bias in (True, False)
    )
    added = with_bias.conventions()["flops"] - without.conventions()["flops"]
    assert added == 4 * (5 + 3)


def test_constants_are_those_of_spikingjellys_cost_model():
    for name in ("fp32", "fp16", "int8"):
        theirs = getattr(SimpleEnergyCostConfig, name)()
        assert getattr(formulas, f"MAC_{name.upper()}_PJ") == theirs.e_mac_pj
        assert getattr(formulas, f"AC_{name.upper()}_PJ") == theirs.e_ac_pj


def test_an_anns_two_denominators():
    ann = {"model": "ann", "input_kind": "real", "steps": 1, "applied_steps": 1}
    facts = layer(**ann, dense_operations=7840.0, effective_operations=1500.0)
    found = network_values([facts])
    assert found["energy_pj_compute45nm"] == pytest.approx(4.6 * 1500)
    assert found["energy_pj_compute45nm_dense"] == pytest.approx(4.6 * 7840)


def test_shares_of_a_network_are_of_its_parts_not_means_of_its_layers():
    layers = [
        layer(weights=100, weights_nonzero=40, effective_operations=7840.0, neuron_updates=50,
              output_spikes=10.0, dense_operations=0.0),
        layer(inputs=10, weights=900, weights_nonzero=900, effective_operations=50.0,
              neuron_updates=150, output_spikes=0.0, dense_operations=0.0),
    ]  # fmt: skip
    found = network_values(layers)
    assert found["connection_sparsity"] == 60 / 1000
    assert found["activation_sparsity"] == 190 / 200
    assert found["spikes_per_synapse"] == 7890 / (7840 + 100)
    assert found["synops"] == 7890


def test_what_no_spikes_enter_has_no_spikes_a_synapse_and_costs_no_events():
    real = layer(input_kind="real", effective_operations=5.0, neuron_updates=50)
    assert formulas.spikes_per_synapse(real) == Share(0, 0)
    assert formulas.energy_pj_loihi(real) is None
    spiking = layer(effective_operations=5.0, neuron_updates=50)
    assert network_values([real, spiking])["spikes_per_synapse"] == 5 / 7840
    assert network_values([real])["spikes_per_synapse"] is None
    assert network_values([real, spiking])["energy_pj_loihi"] is None
    assert network_values([spiking])["energy_pj_loihi"] == pytest.approx(27.1 * 5 + 81 * 50)
    assert network_values([spiking])["energy_pj_spinnaker"] == 13_300 * 5 + 26_000 * 50
    assert network_values([spiking])["energy_pj_spinnaker2"] == 450 * 5 + 2_190 * 50


@pytest.mark.parametrize("name", conventions())
def test_what_is_not_known_is_missing(name):
    assert network_values([])[name] is None
    unknown = layer(input_kind=None, input_rate=None, effective_operations=None, steps=None)
    assert network_values([unknown])[name] is None


def test_everything_counted_is_explained():
    found, page = explained(), PAGE.read_text()
    assert set(found) == {*conventions(), *(fact.name for fact in FACTS)}
    for name in conventions():
        assert all(found[name][key] for key in ("meaning", "unit", "formula", "source"))
    for entry in found.values():
        assert f"| `{entry.pop('name')}` | {' | '.join(entry.values())} |" in page
