"""The counting conventions: what one number of operations stands for.

Conventions differ by factors and are never mixed: a count carries its convention's name. All are
for one sample over all its steps.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self, TypeVar

from snnbench.errors import UserError, did_you_mean, shortened
from snnbench.words.table import Bounds, Table, Word


class Option(NamedTuple):
    """A number that a convention's function takes, by keyword.

    Attributes:
        default: what it is unless it is chosen.
        meaning: one line for people.
        choices: what it can be; none: any whole number within the bounds.
        bounds: between what it lies.
    """

    default: int
    meaning: str
    choices: tuple[int, ...] = ()
    bounds: Bounds = Bounds(ge=1)

    def takes(self, value: int) -> bool:
        """Whether it can be this number."""
        return value in self.choices if self.choices else self.bounds.holds(value)

    def __str__(self) -> str:
        return ", ".join(map(str, self.choices)) or str(self.bounds)


@dataclass(frozen=True, kw_only=True)
class Convention(Word):
    """A pure function of a layer's facts (`snnbench.cost.facts.LayerFacts`) -> its count.

    A function may return a `snnbench.cost.facts.Share` instead of a number: then a network's count
    is the share of its layers' parts in their wholes, and no sum, and it can have no column.

    Attributes:
        unit: of the count.
        formula: of one layer, in the facts' names or in symbols that it explains.
        source: where the formula stands.
        since: version of the tables from which they have its column; None where they have none,
            and it is computed from the facts wherever it is asked for.
        options: keyword of its function -> what it is.
        choice: "OPTION=NUMBER,...", the options that were chosen.

    Raises:
        UserError: its column's name is not made of letters, digits and '_'.
    """

    unit: str
    formula: str
    source: str
    since: int | None = 2
    options: Mapping[str, Option] = field(default_factory=dict)
    choice: str = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w+", self.column, re.ASCII):
            raise UserError(
                f"'{self.column}' cannot name a column.", "Use letters, digits and '_' alone."
            )

    @property
    def column(self) -> str:
        """The name of its column in the tables."""
        return "_".join([self.name, *re.findall(r"\w+", self.choice)])

    @property
    def label(self) -> str:
        """Its name as users write it, with the options that they chose."""
        return f"{self.name}:{self.choice}" if self.choice else self.name

    def chosen(self, values: Mapping[str, int]) -> Self:
        """Return it with other options than the defaults."""
        if not values:
            return self
        options = {name: option._replace(default=values.get(name, option.default))
                   for name, option in self.options.items()}  # fmt: skip
        choice = ",".join(f"{name}={value}" for name, value in values.items())
        return replace(self, options=options, choice=choice, since=None)


C = TypeVar("C", bound=Convention)


def find_convention(table: Table[C], text: str) -> C:
    """Return the convention that "NAME" or "NAME:OPTION=NUMBER,..." chooses.

    Raises:
        UserError: there is no such convention or option, or it cannot be this number.
    """
    name, colon, rest = text.partition(":")
    word = table.find(name)
    values: dict[str, int] = {}
    for part in rest.split(",") if colon else ():
        option, _, value = part.partition("=")
        if option not in word.options:
            raise UserError(
                f"{name} has no option '{shortened(option)}'.", did_you_mean(option, word.options)
            )
        if option in values:
            raise UserError(f"{name}: {option} is given twice.", "Give it once.")
        # more digits than these are no number of bits or words
        known = value.isascii() and value.isdigit() and len(value) <= 12
        if not known or not word.options[option].takes(int(value)):
            raise UserError(
                f"{name}: {option} cannot be '{shortened(value)}'.",
                f"It can be: {word.options[option]}.",
            )
        values[option] = int(value)
    return word.chosen(values)


_NEUROBENCH = "NeuroBench (J. Yik et al., Nature Communications, 2025), synaptic operations"

CONVENTIONS = Table(
    "counting convention",
    Convention,
    (
        Convention(
            "flops_lab",
            "products and sums by the lab's formula, bias and neuron included",
            "snnbench.cost.formulas:flops_lab",
            unit="operations a sample",
            formula="of a layer whose input is spikes ((2MF - 1)N + 2N) T, of one whose input is"
            " real or constant ((2M - 1)N + 2N) A; M = inputs, N = outputs, F = input_rate,"
            " T = steps, A = applied_steps, 1 where a constant input's current is kept",
            source='section 4.3 of "Lab 1: Spike Neural Networks" (J. Yu, 2024), for fully'
            " connected layers; for convolutions M = C_in k k and N = C_out H W, our extension",
            since=1,
        ),
        Convention(
            "dense_macs",
            "multiply-accumulates if every input counts",
            "snnbench.cost.formulas:dense_macs",
            unit="MACs a sample",
            formula="dense_operations",
            source="fvcore's flop count: a multiply-accumulate is one, BatchNorm two an element",
            since=1,
        ),
        Convention(
            "effective_macs",
            "multiply-accumulates on non-zero real inputs",
            "snnbench.cost.formulas:effective_macs",
            unit="MACs a sample",
            formula="effective_operations of a layer whose input is real or constant, else 0",
            source=_NEUROBENCH,
            since=1,
        ),
        Convention(
            "effective_acs",
            "accumulates on spikes",
            "snnbench.cost.formulas:effective_acs",
            unit="ACs a sample",
            formula="effective_operations of a layer whose input is spikes or sums of them, else 0",
            source=_NEUROBENCH,
            since=1,
        ),
        Convention(
            "flops",
            "a multiply-accumulate as two operations, and the biases",
            "snnbench.cost.formulas:flops",
            unit="FLOPs a sample",
            formula="2 dense_operations + N A where there are biases; N = outputs, A ="
            " applied_steps",
            source="as papers on ordinary networks count, and torch.utils.flop_counter, which"
            " leaves biases out",
            since=None,
        ),
        Convention(
            "synops",
            "synaptic operations: products and sums that meet a non-zero input and weight",
            "snnbench.cost.formulas:synops",
            unit="operations a sample",
            formula="effective_operations = effective_macs + effective_acs",
            source=_NEUROBENCH,
            since=None,
        ),
        Convention(
            "spikes_per_synapse",
            "how often a synapse that spikes enter is used for one sample",
            "snnbench.cost.formulas:spikes_per_synapse",
            unit="spikes a synapse and sample",
            formula="effective_operations / (M N) where spikes enter; M = inputs, N = outputs",
            source="said to win below 1.72 (M. Davidson and S. Furber, 2021), 0.15 to 1.38 by"
            " dataflow (M. Dampfhoffer et al., 2023), 0.06 to 0.35 (Z. Yan et al.,"
            " arXiv 2409.08290v1)",
            since=None,
        ),
        Convention(
            "activation_sparsity",
            "neurons and steps without a spike",
            "snnbench.cost.formulas:activation_sparsity",
            unit="fraction",
            formula="1 - output_spikes / neuron_updates of layers with spiking neurons",
            source="NeuroBench's ActivationSparsity, by element where theirs averages batches",
            since=None,
        ),
        Convention(
            "connection_sparsity",
            "weights that are 0",
            "snnbench.cost.formulas:connection_sparsity",
            unit="fraction",
            formula="1 - weights_nonzero / weights",
            source="NeuroBench's ConnectionSparsity",
            since=None,
        ),
        Convention(
            "neuron_operations",
            "operations of the neurons' updates, the sums of their inputs aside",
            "snnbench.cost.formulas:neuron_operations",
            unit="operations a sample",
            formula="neuron_updates update_operations: 4 an update of a leaky neuron, 3 without"
            " the leak",
            source="NeuroBench's NeuronOperations, which leaves out updates that change nothing",
            since=None,
        ),
        Convention(
            "footprint",
            "memory for parameters and neuron states",
            "snnbench.cost.formulas:footprint",
            unit="bytes",
            formula="bits / 8 (params + states)",
            options={"bits": Option(32, "of a number", bounds=Bounds(ge=1, le=64))},
            source="NeuroBench's Footprint, which counts parameters and buffers, zeros included",
            since=None,
        ),
    ),
    signature=lambda layer: None,
)
