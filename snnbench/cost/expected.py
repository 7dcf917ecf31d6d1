"""Facts that follow from the layer plan alone, at an assumed firing rate. No torch, no data."""

import math
from collections.abc import Sequence
from dataclasses import replace

from snnbench.config import RunConfig
from snnbench.cost.facts import LayerFacts
from snnbench.cost.formulas import flops_lab
from snnbench.cost.report import NetworkCount
from snnbench.network.plan import WeightLayer, plan_layers


def expected_count(
    config: RunConfig, input_shape: tuple[int, ...], rate: float | None
) -> NetworkCount:
    """Count a network that has not been run.

    Args:
        config: describes the network.
        input_shape: of one sample, (F,) or (C, H, W).
        rate: assumed mean of every layer's input: F of the lab convention and share of ones where
            it is spikes; and of what its neurons fire. None where it is not known. Inputs that are
            no spikes are taken as non-zero throughout, and so are all weights.

    Raises:
        UserError: the arch does not fit the input.
    """
    plan = plan_layers(config, input_shape)
    T = config.T if config.model == "snn" else None
    planned = planned_facts(plan, T, bias=config.bias, batch_norm=config.batch_norm)
    facts = tuple(_assumed(*pair, rate) for pair in zip(plan, planned, strict=True))
    return NetworkCount(facts=facts, params=sum(layer.params for layer in facts))


def planned_facts(
    plan: Sequence[WeightLayer], T: int | None, *, bias: bool, batch_norm: bool
) -> tuple[LayerFacts, ...]:
    """Return what the plan alone says of its layers; what depends on values is None.

    Args:
        plan: of the network.
        T: time steps; None for an ANN.
        bias, batch_norm: the network's settings.
    """
    return tuple(_planned(entry, T, bias=bias, batch_norm=batch_norm) for entry in plan)


def lab_flops(planned: Sequence[LayerFacts], input_rates: Sequence[float]) -> float:
    """Return flops_lab of a network whose layers' inputs have these means."""
    total = 0.0
    for facts, rate in zip(planned, input_rates, strict=True):
        flops = flops_lab(replace(facts, input_rate=rate))
        assert flops is not None, facts
        total += flops
    return total


def _planned(entry: WeightLayer, T: int | None, *, bias: bool, batch_norm: bool) -> LayerFacts:
    # fvcore's rule: BatchNorm is one product and one sum an element, two flops.
    norm = 2 * entry.units * entry.applied_steps if entry.hidden and batch_norm else 0
    steps, width = T or 1, entry.output_shape[0]
    neurons = entry.units if entry.activation == "spike" else 0
    return LayerFacts(
        layer=entry.name,
        kind=entry.kind,
        input_kind=entry.input_kind,
        applied_steps=entry.applied_steps,
        inputs=entry.fan_in,
        outputs=entry.units,
        params=entry.parameters(bias=bias, batch_norm=batch_norm),
        model="ann" if T is None else "snn",
        steps=steps,
        input_values=math.prod(entry.input_shape),
        dense_operations=float(entry.dense_macs + norm),
        neuron_updates=neurons * steps,
        weights=entry.fan_in * width,
        biases=width if bias else 0,
        states=neurons * entry.states,
        kernel=entry.kernel**2 or 1,
        fan_out=entry.fan_out,
        reach=entry.fan_out,
        update_operations=entry.update_operations,
        leaks=entry.leaks,
    )


def _assumed(entry: WeightLayer, facts: LayerFacts, rate: float | None) -> LayerFacts:
    assert facts.input_values is not None
    share = rate if entry.input_kind == "spikes" else 1.0
    return replace(
        facts,
        input_rate=rate,
        output_rate=rate if facts.neuron_updates else None,
        output_spikes=None
        if rate is None or not facts.neuron_updates
        else rate * facts.neuron_updates,
        input_nonzero=None if share is None else share * facts.input_values * entry.applied_steps,
        effective_operations=None if share is None else share * entry.dense_macs,
    )
