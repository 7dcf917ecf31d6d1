"""Energies of devices held against keras-spiking's table: as published, and as installed."""

import ast
from importlib.metadata import PackageNotFoundError, distribution

import pytest

from snnbench.cost import formulas
from tests.cost.layers import layer

# keras-spiking 0.3.0, keras_spiking/model_energy.py, ModelEnergy.devices: joules a synaptic
# operation and a neuron update. Loihi's synapse is 23.6 pJ and 3.5 for its axon (M. Davies et al.,
# IEEE Micro 2018); SpiNNaker's numbers are of S. Höppner et al., arXiv 1903.08941.
PUBLISHED = {
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
        name: (device["energy_per_synop"], device["energy_per_neuron"])
        for name, device in devices.items()
        if device["spiking"]
    }


def ours(device):
    """Return joules of one synaptic event and of one neuron update."""
    model = getattr(formulas, f"energy_pj_{device}")
    event = model(layer(effective_operations=1.0, neuron_updates=0))
    update = model(layer(effective_operations=0.0, neuron_updates=1))
    return event * 1e-12, update * 1e-12


@pytest.mark.parametrize("device", PUBLISHED)
def test_a_device_costs_what_is_published(device):
    assert ours(device) == pytest.approx(PUBLISHED[device], rel=1e-12)


def test_the_table_is_that_of_the_package():
    table = installed()
    assert table.keys() == PUBLISHED.keys()
    for device, costs in table.items():
        assert costs == pytest.approx(PUBLISHED[device], rel=1e-12)
