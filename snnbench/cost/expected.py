"""Counts that follow from the layer plan alone, at an assumed firing rate. No torch, no data."""

from dataclasses import replace

from snnbench.config import RunConfig
from snnbench.cost.formulas import energy_pj_compute45nm, flops_lab_ann, flops_lab_snn
from snnbench.cost.report import LayerCount, NetworkCount
from snnbench.network.plan import WeightLayer, plan_layers


def expected_count(
    config: RunConfig, input_shape: tuple[int, ...], rate: float | None
) -> NetworkCount:
    """Count a network that has not been run.

    Args:
        config: describes the network.
        input_shape: of one sample, (F,) or (C, H, W).
        rate: assumed mean of every layer's input, F of the lab convention, and share of ones
            in a spiking input; None where it is not known. Inputs that are no spikes are
            taken as non-zero throughout.

    Raises:
        UserError: the arch does not fit the input.
    """
    plan = plan_layers(config, input_shape)
    layers = tuple(_expected_layer(config, entry, rate) for entry in plan)
    return NetworkCount(layers=layers, params=sum(layer.params for layer in layers))


def lab_flops(entry: WeightLayer, input_rate: float, T: int | None) -> float:
    """Return flops_lab of a layer: the SNN formula over T steps, or the ANN's where T is None."""
    if T is None:
        return flops_lab_ann(entry.fan_in, entry.units)
    return flops_lab_snn(entry.fan_in, entry.units, input_rate, T)


def planned_layer(entry: WeightLayer, *, bias: bool, batch_norm: bool) -> LayerCount:
    """Return what the plan alone says of a layer; what depends on its input is None."""
    normalised = entry.hidden and batch_norm
    # fvcore's rule: BatchNorm is one product and one sum an element, two flops.
    norm_macs = 2 * entry.units * entry.applied_steps if normalised else 0
    return LayerCount(
        layer=entry.name,
        kind=entry.kind,
        input_kind=entry.input_kind,
        applied_steps=entry.applied_steps,
        inputs=entry.fan_in,
        outputs=entry.units,
        params=entry.parameters(bias=bias, batch_norm=batch_norm),
        input_rate=None,
        output_rate=None,
        flops_lab=None,
        dense_macs=float(entry.dense_macs + norm_macs),
        effective_macs=None,
        effective_acs=None,
        energy_pj_compute45nm=None,
    )


def _expected_layer(config: RunConfig, entry: WeightLayer, rate: float | None) -> LayerCount:
    flops: float | None = None
    if config.model == "ann":
        flops = lab_flops(entry, 1.0, None)
    elif rate is not None:
        flops = lab_flops(entry, rate, config.T)
    macs: float | None = 0.0 if entry.input_kind == "spikes" else float(entry.dense_macs)
    acs: float | None = 0.0
    if entry.input_kind == "spikes":
        acs = None if rate is None else rate * entry.dense_macs
    return replace(
        planned_layer(entry, bias=config.bias, batch_norm=config.batch_norm),
        input_rate=rate,
        flops_lab=flops,
        effective_macs=macs,
        effective_acs=acs,
        energy_pj_compute45nm=None if acs is None or macs is None
        else energy_pj_compute45nm(macs, acs),
    )  # fmt: skip
