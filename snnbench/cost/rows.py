"""What was watched in a model that is not ours, as the facts of its layers."""

import math
from collections.abc import Iterable
from typing import Any

import torch

from snnbench.cost.effective import (
    Transposed,
    WeightLayer,
    dense_operations,
    effective_operations,
    fan_in,
    fans_out,
    reach,
)
from snnbench.cost.facts import LayerFacts
from snnbench.cost.neurons import Firing
from snnbench.cost.values import Values
from snnbench.cost.watching import Key, Part, Passed, Watch, Worked, part_of_memory
from snnbench.errors import UserError


def facts_of(watch: Watch, samples: int, *, snn: bool, measured: bool) -> tuple[LayerFacts, ...]:
    """Return the facts of every layer, for one sample, in the order of their first calls.

    Args:
        watch: of a model that has run.
        samples: that it ran on.
        snn: it is a spiking network.
        measured: values mean something.

    Raises:
        UserError: samples do not pass a layer equally often.
    """
    names = [name for name, *_ in watch.layers]
    counted: set[Part] = set()
    found = []
    for key, layer in watch.layers.items():
        name, *shapes = key
        sizes = " to ".join("x".join(map(str, shape)) for shape in shapes)
        firings = [f for (*_, source), f in watch.firings.items() if source == key]
        about: dict[str, Any] = {
            "layer": name if names.count(name) == 1 else f"{name} {sizes}",
            "model": "snn" if snn else "ann",
            "input_kind": _input_kind(layer.values),
            **_neurons(firings, samples, known=not watch.fires_elsewhere, measured=measured),
        }
        if isinstance(layer, Passed):
            found.append(_of_module(key, layer, samples, counted, about, measured=measured))
        else:
            found.append(_of_operation(layer, samples, counted, about, measured=measured))
    return tuple(found)


def _of_module(
    key: Key,
    layer: Passed,
    samples: int,
    counted: set[Part],
    about: dict[str, Any],
    *,
    measured: bool,
) -> LayerFacts:
    (name, *shapes), module, tally = key, layer.module, layer.tally
    steps, odd = divmod(tally.samples, samples)
    if odd:
        raise UserError(
            f"The layer {name or type(module).__name__} is applied {tally.samples} times to "
            f"{samples} samples.",
            "Check --layout; let every sample pass a layer equally often.",
        )
    assert tally.nonzero is not None
    effective = None
    if measured:
        effective = effective_operations(module, tally.nonzero, samples, shapes[1])
    return LayerFacts(
        **about,
        kind=_kind(module),
        applied_steps=steps,
        steps=steps,
        inputs=fan_in(module),
        outputs=math.prod(shapes[1]),
        params=_new(module.parameters(), counted),
        input_rate=tally.input_rate if measured else None,
        input_values=math.prod(shapes[0]),
        input_nonzero=tally.input_nonzero if measured else None,
        dense_operations=float(dense_operations(module, *shapes) * steps),
        effective_operations=effective,
        weights=module.weight.numel(),
        weights_nonzero=int(module.weight.count_nonzero()),
        biases=0 if module.bias is None else module.bias.numel(),
        kernel=math.prod(getattr(module, "kernel_size", ())),
        fan_out=fans_out(module),
        reach=reach(module),
    )


def _of_operation(
    layer: Worked, samples: int, counted: set[Part], about: dict[str, Any], *, measured: bool
) -> LayerFacts:
    rows = layer.rows or int(layer.dense) // (layer.inputs * layer.outputs)
    weights, biases = list(layer.weights.values()), list(layer.biases.values())
    params = _new((*weights, *biases), counted)
    if layer.kind == "norm":  # its weights are no synapses, and its sums are in its products
        weights, biases = [], []
    rate = None
    if measured and layer.input_sum is not None and layer.input_elements:
        rate = layer.input_sum / layer.input_elements
    return LayerFacts(
        **about,
        kind=layer.kind,
        applied_steps=max(rows // samples, 1),
        steps=max(rows // samples, 1),
        inputs=layer.inputs,
        outputs=layer.outputs,
        params=params,
        input_rate=rate,
        input_values=layer.input_elements // max(rows, 1),
        input_nonzero=_share(layer.input_nonzero, samples) if measured else None,
        dense_operations=layer.dense / samples,
        effective_operations=_share(layer.effective, samples) if measured else None,
        weights=sum(w.numel() for w in weights),
        weights_nonzero=sum(int(w.count_nonzero()) for w in weights),
        biases=sum(b.numel() for b in biases),
        kernel=layer.kernel,
        fan_out=layer.fan_out,
        reach=layer.reach,
    )


def _share(total: float | None, samples: int) -> float | None:
    return None if total is None else total / samples


def _new(parameters: Iterable[torch.Tensor], counted: set[Part]) -> int:
    """Return the size of those that are not counted yet: tied weights are there once."""
    parts = {part_of_memory(p) for p in parameters} - counted
    counted |= parts
    return sum(size for _, size in parts)


def _neurons(firings: list[Firing], samples: int, *, known: bool, measured: bool) -> dict[str, Any]:
    """Return the facts of the neurons that follow a layer; none are known if there are others."""
    if not known:
        return {}
    updates = sum(f.neurons * f.seen for f in firings)
    states = [f.states for f in firings]
    facts: dict[str, Any] = {
        "neuron_updates": updates // samples,
        "states": None if None in states else sum(s or 0 for s in states) // samples,
        # What others' neurons compute is not looked into.
        **({} if firings else {"update_operations": 0, "leaks": 0}),
    }
    if measured and updates:
        spikes = sum(f.spikes for f in firings)
        facts |= {"output_rate": spikes / updates, "output_spikes": spikes / samples}
    return facts


def _kind(module: WeightLayer) -> str:
    if isinstance(module, Transposed):
        return "transposed-conv"
    return "linear" if module.weight.dim() == 2 else "conv"


def _input_kind(values: Values) -> str | None:
    if values.unknown:
        return None
    if not values.bounded:
        return "real"
    return "spikes" if values.low >= 0 and values.high <= 1 else "integers"
