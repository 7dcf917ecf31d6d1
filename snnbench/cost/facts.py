"""What is counted in a weight layer, before any convention. No torch.

Facts are recorded, conventions derived: a convention that is added later applies to them.
"""

from dataclasses import dataclass
from typing import Annotated, NamedTuple, get_args, get_type_hints

from snnbench.config.setting import Kind


class Share(NamedTuple):
    """A count that is a share: those of layers are added part by part."""

    part: float
    whole: float


@dataclass(frozen=True)
class Quantity:
    """What one number or text about a run or a layer is.

    Attributes:
        name: of its column.
        kind: of its values.
        unit: "" where there is none.
        meaning: one line for people.
        since: version of the tables in which the column came; a file may lack it if above 1.
    """

    name: str
    kind: Kind
    unit: str
    meaning: str
    since: int = 1


class _About(NamedTuple):
    meaning: str
    unit: str = ""
    since: int = 1


@dataclass(frozen=True, kw_only=True)
class LayerFacts:
    """What was counted in one weight layer, for one sample over all its steps.

    What is not known is None, never 0. The annotations say what each fact is, as `FACTS` does.
    """

    layer: Annotated[str, _About("the layer's name: conv1, fc2, ...; rows from input to output")]
    kind: Annotated[str, _About("kind of layer")]
    input_kind: Annotated[
        str | None,
        _About("what the layer receives: spikes, integers (sums of spikes), real or constant"),
    ]
    applied_steps: Annotated[
        int, _About("times the weights are applied a sample: T, or 1", "steps")
    ]
    inputs: Annotated[int, _About("values that one output sums: M, or C_in k k", "units")]
    outputs: Annotated[int, _About("values out: N, or C_out H W", "units")]
    params: Annotated[int, _About("trainable parameters", "parameters")]
    input_rate: Annotated[
        float | None, _About("mean of the layer's input over samples, units and steps", "fraction")
    ] = None
    output_rate: Annotated[
        float | None, _About("mean of the layer's spikes over samples, units and steps", "fraction")
    ] = None
    model: Annotated[str | None, _About("kind of the network: ann or snn", "", 2)] = None
    steps: Annotated[
        int | None, _About("steps at which the layer has outputs: T; 1 for an ANN", "steps", 2)
    ] = None
    input_values: Annotated[
        int | None, _About("values of one sample and step that enter", "values", 2)
    ] = None
    input_nonzero: Annotated[
        float | None,
        _About("non-zero input values, or spikes that they sum, over the applied steps",
               "values a sample", 2),
    ] = None  # fmt: skip
    output_spikes: Annotated[
        float | None, _About("spikes out, over all steps", "spikes a sample", 2)
    ] = None
    dense_operations: Annotated[
        float | None,
        _About("multiply-accumulates if every input counts, and BatchNorm's; no bias",
               "operations a sample", 2),
    ] = None  # fmt: skip
    effective_operations: Annotated[
        float | None,
        _About("products and sums that meet a non-zero input, or a spike, and a non-zero weight",
               "operations a sample", 2),
    ] = None  # fmt: skip
    neuron_updates: Annotated[
        int | None, _About("spiking neurons times steps; 0 without any", "updates a sample", 2)
    ] = None
    weights: Annotated[int | None, _About("weights", "parameters", 2)] = None
    weights_nonzero: Annotated[int | None, _About("weights that are not 0", "parameters", 2)] = None
    biases: Annotated[int | None, _About("biases", "parameters", 2)] = None
    states: Annotated[
        int | None, _About("values of neuron state kept from step to step", "values", 2)
    ] = None
    kernel: Annotated[
        int | None, _About("positions of a convolution's kernel; 1 of a linear layer", "units", 4)
    ] = None
    fan_out: Annotated[
        int | None,
        _About("weights that an input value meets: N, or C_out k k, of its group of channels",
               "units", 4),
    ] = None  # fmt: skip
    reach: Annotated[
        int | None,
        _About("outputs that an input value meets, away from the borders: N, or C_out ceil(k / s)"
               " an axis, of its group of channels", "units", 4),
    ] = None  # fmt: skip
    update_operations: Annotated[
        int | None,
        _About("operations of one update of a neuron, its current's sum aside; 0 without neurons",
               "operations", 4),
    ] = None  # fmt: skip
    leaks: Annotated[
        int | None,
        _About("states of a neuron that decay, a product each at every step", "values", 4),
    ] = None

    @property
    def accumulates(self) -> bool | None:
        """Spikes or sums of them enter, so that weights are added; None if that is not known."""
        return None if self.input_kind is None else self.input_kind in ("spikes", "integers")


_KINDS: dict[type, Kind] = {str: "text", int: "integer", float: "number"}


def _fact(name: str, kind: type, about: _About) -> Quantity:
    value = (get_args(kind) or (kind,))[0]  # what it is where it is not None
    return Quantity(name=name, kind=_KINDS[value], **about._asdict())


FACTS = tuple(
    _fact(name, *get_args(hint))
    for name, hint in get_type_hints(LayerFacts, include_extras=True).items()
)
