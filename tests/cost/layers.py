"""Layers made up for the tests."""

from snnbench.cost.facts import LayerFacts


def layer(**facts):
    """A layer of 784 inputs and 10 outputs of an SNN with T = 5; with these facts instead."""
    made_up = {
        "layer": "fc1", "kind": "linear", "input_kind": "spikes", "applied_steps": 5,
        "inputs": 784, "outputs": 10, "params": 7850, "input_rate": 0.5, "model": "snn", "steps": 5,
    }  # fmt: skip
    return LayerFacts(**made_up | facts)
