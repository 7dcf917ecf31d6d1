"""What is counted in a weight layer, before any convention. No torch.

Facts are recorded, conventions derived: a convention that is added later applies to them.
"""

from dataclasses import dataclass, field, fields
from typing import Literal, get_args, get_type_hints


@dataclass(frozen=True)
class Quantity:
    """What one number or text about a layer is; a column of layers.csv.

    Attributes:
        name: of the column.
        kind: of its values.
        unit: "" where there is none.
        meaning: one line for people.
        since: version of the tables from which they have it.
    """

    name: str
    kind: Literal["text", "integer", "number"]
    unit: str
    meaning: str
    since: int


def _about(meaning: str, unit: str = "", since: int = 1) -> dict[str, str | int]:
    return {"meaning": meaning, "unit": unit, "since": since}


@dataclass(frozen=True, kw_only=True)
class LayerFacts:
    """What was counted in one weight layer, for one sample over all its steps.

    What is not known is None, never 0. `FACTS` says what each fact means.
    """

    layer: str = field(
        metadata=_about("the layer's name: conv1, fc2, ...; rows from input to output")
    )
    kind: str = field(metadata=_about("kind of layer"))
    input_kind: str = field(
        metadata=_about("what the layer receives: spikes, real or constant (real, at every step)")
    )
    applied_steps: int = field(
        metadata=_about("times the weights are applied a sample: T, or 1", "steps")
    )
    inputs: int = field(
        metadata=_about("values that one output adds up: M, or C_in k k of a convolution", "units")
    )
    outputs: int = field(metadata=_about("values out: N, or C_out H W", "units"))
    params: int = field(metadata=_about("trainable parameters", "parameters"))
    input_rate: float | None = field(
        default=None,
        metadata=_about("mean of the layer's input over samples, units and steps", "fraction"),
    )
    output_rate: float | None = field(
        default=None,
        metadata=_about("mean of the layer's spikes over samples, units and steps", "fraction"),
    )
    model: str | None = field(
        default=None, metadata=_about("kind of the network: ann or snn", since=2)
    )
    steps: int | None = field(
        default=None,
        metadata=_about("steps for which the layer has outputs: T; 1 for an ANN", "steps", 2),
    )
    input_values: int | None = field(
        default=None, metadata=_about("values of one sample and step that enter", "values", 2)
    )
    input_nonzero: float | None = field(
        default=None,
        metadata=_about("non-zero input values, over the applied steps", "values a sample", 2),
    )
    output_spikes: float | None = field(
        default=None, metadata=_about("spikes out, over all steps", "spikes a sample", 2)
    )
    dense_operations: float | None = field(
        default=None,
        metadata=_about(
            "multiply-accumulates if every input counts, without bias, with BatchNorm",
            "operations a sample",
            2,
        ),
    )
    effective_operations: float | None = field(
        default=None,
        metadata=_about(
            "products and sums that meet a non-zero input and a non-zero weight",
            "operations a sample",
            2,
        ),
    )
    neuron_updates: int | None = field(
        default=None,
        metadata=_about("spiking neurons times steps; 0 where none spikes", "updates a sample", 2),
    )
    weights: int | None = field(default=None, metadata=_about("weights", "parameters", 2))
    weights_nonzero: int | None = field(
        default=None, metadata=_about("weights that are not 0", "parameters", 2)
    )
    biases: int | None = field(default=None, metadata=_about("biases", "parameters", 2))
    states: int | None = field(
        default=None,
        metadata=_about("values of neuron state kept from one step to the next", "values", 2),
    )


_KINDS: dict[type, Literal["text", "integer", "number"]] = {
    str: "text",
    int: "integer",
    float: "number",
}


def _facts() -> tuple[Quantity, ...]:
    types = get_type_hints(LayerFacts)
    kinds = {name: (get_args(kind) or (kind,))[0] for name, kind in types.items()}
    return tuple(
        Quantity(name=fact.name, kind=_KINDS[kinds[fact.name]], **fact.metadata)
        for fact in fields(LayerFacts)
    )


FACTS = _facts()
