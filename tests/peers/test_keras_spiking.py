"""Energies of devices held against keras-spiking's table: as published, and as installed."""

import ast
from importlib.metadata import PackageNotFoundError, distribution

import pytest

from snnbench.cost import formulas
from tests.cost.layers import layer

# keras-spiking 0.3.0, keras_spiking/model_energy.py, ModelEnergy.devices: joules a synaptic
# operation and a neuron update. Loihi's synapse is 23.6 pJ and 3.5 for its axon (M. Davies et al.,
# IEEE Micro 2018); SpiNNaker's numbers are of S. Höppner et al., arXiv 1903.08941, those of the
# first three of B. Degnan et al., IEEE Transactions on VLSI Systems 24 (2015).
DENSE = {"cpu": (8.6e-9, 8.6e-9), "gpu": (0.3e-9, 0.3e-9), "arm": (0.9e-9, 0.9e-9)}
SPIKING = {
    "loihi": ((23.6 + 3.5) * 1e-12, 81e-12),
    "spinnaker": (13.3e-9, 26e-9),
    "spinnaker2": (450e-12, 2.19e-9),
}


def installed():
    """Return the table of the installed package, from its source: it imports only beside Keras."""
    try:
        found = distribution("keras-spiking")
    except PackageNotFoundError:
        pytest.skip("keras-spiking is not installed: pip install --no-deps keras-spiking==0.3.0")
    source = found.locate_file("keras_spiking/model_energy.py").read_text()
    (table,) = (
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "devices"
    )
    expression = compile(ast.Expression(table), "devices", "eval")
    devices = eval(expression, {"__builtins__": {}, "dict": dict})
    return {
        name: (device["spiking"], device["energy_per_synop"], device["energy_per_neuron"])
        for name, device in devices.items()
    }


@pytest.mark.parametrize("device", SPIKING)
def test_a_spiking_device_costs_what_is_published_of_events_and_updates(device):
    model, (event, update) = getattr(formulas, f"energy_pj_{device}"), SPIKING[device]
    facts = layer(effective_operations=7.0, neuron_updates=50)
    assert model(facts) * 1e-12 == pytest.approx(7 * event + 50 * update, rel=1e-12)


@pytest.mark.parametrize("device", DENSE)
def test_another_device_costs_what_is_published_of_all_synapses_and_units(device):
    model, (synapse, unit) = getattr(formulas, f"energy_pj_{device}"), DENSE[device]
    facts = layer(effective_operations=7.0, neuron_updates=50)
    wanted = 5 * (7840 * synapse + 10 * unit)
    assert model(facts) * 1e-12 == pytest.approx(wanted, rel=1e-12)


def test_the_table_is_that_of_the_package():
    table = installed()
    published = [(True, SPIKING), (False, DENSE)]
    wanted = {name: (spiking, *costs) for spiking, of in published for name, costs in of.items()}
    assert table.keys() == wanted.keys()
    for device, costs in table.items():
        assert costs == pytest.approx(wanted[device], rel=1e-12)
