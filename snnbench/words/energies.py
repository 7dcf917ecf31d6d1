"""The energy models: what the operations of a layer would cost on some hardware."""

import math
from dataclasses import dataclass
from typing import Self

from snnbench.words.conventions import Convention, Option, find_convention
from snnbench.words.table import Bounds, Table


@dataclass(frozen=True, kw_only=True)
class Energy(Convention):
    """A pure function of a layer's facts -> its energy; see `Convention`.

    Attributes:
        assumes: numbers and memory that it takes for given; {option} stands for an option's value.
        same_information: an ANN that is compared with an SNN has as many `bits` as tell as much
            as the SNN's T steps.
    """

    unit: str = "pJ a sample"
    assumes: str = "not said"
    same_information: bool = False

    @property
    def column(self) -> str:
        """The name of its column in the tables."""
        return "energy_pj_" + super().column.replace("-", "_")

    @property
    def assumption(self) -> str:
        """Numbers and memory that it takes for given, with its options."""
        return self.assumes.format(**{name: o.default for name, o in self.options.items()})

    def of_twin(self, steps: int) -> Self:
        """Return the model for the ANN that an SNN of so many steps is compared with."""
        if not self.same_information or self.choice:
            return self
        return self.chosen({"bits": max(1, math.ceil(math.log2(steps + 1)))})


_HOROWITZ = 'M. Horowitz, "Computing\'s energy problem", ISSCC 2014, figure 1.1.9'
_KERAS_SPIKING = "keras-spiking 0.3.0, device table of its ModelEnergy"

_SPIKINGJELLY = "SpikingJelly 2.0.0"
_LEMAIRE_2022 = "E. Lemaire et al., ICONIP 2022 (arXiv 2210.13107)"
_LEMAIRE = "MACs, ACs and accesses as in the article's table (docs/conventions.md); {}"
_LEMAIRE_OPTIONS = {
    "bits": Option(32, "of a number", (32, 8)),
    "fifo": Option(1000, "words of a queue of spikes"),
}

ENERGIES = Table(
    "energy model",
    Energy,
    (
        Energy(
            "compute45nm",
            "4.6 MACs + 0.9 ACs, compute only, 45 nm",
            "snnbench.cost.formulas:energy_pj_compute45nm",
            formula="4.6 effective_macs + 0.9 effective_acs",
            source=_HOROWITZ,
            assumes="32-bit floating point, no memory",
            since=1,
        ),
        Energy(
            "compute45nm-dense",
            "as compute45nm, but products with zeros are computed, too",
            "snnbench.cost.formulas:energy_pj_compute45nm_dense",
            formula="4.6 dense_operations of a layer whose input is real or constant, 0.9"
            " effective_acs of others",
            source=f"{_HOROWITZ}: hardware that skips no zero pixel or activation, but takes spikes"
            " as events",
            assumes="32-bit floating point, no memory",
            since=None,
        ),
        Energy(
            "compute45nm-fp16",
            "as compute45nm, in 16-bit floating point",
            "snnbench.cost.formulas:energy_pj_compute45nm_fp16",
            formula="1.5 effective_macs + 0.4 effective_acs",
            source=_HOROWITZ,
            assumes="16-bit floating point, no memory",
            since=None,
        ),
        Energy(
            "compute45nm-int8",
            "as compute45nm, in 8-bit integers",
            "snnbench.cost.formulas:energy_pj_compute45nm_int8",
            formula="0.23 effective_macs + 0.03 effective_acs",
            source=_HOROWITZ,
            assumes="8-bit integers, no memory",
            since=None,
        ),
        Energy(
            "loihi",
            "synaptic events and neuron updates on Loihi",
            "snnbench.cost.formulas:energy_pj_loihi",
            formula="27.1 synops + 81 neuron_updates where spikes enter",
            source=f"{_KERAS_SPIKING}, Loihi",
            assumes="the chip's numbers and memory",
            since=None,
        ),
        Energy(
            "spinnaker",
            "synaptic events and neuron updates on SpiNNaker",
            "snnbench.cost.formulas:energy_pj_spinnaker",
            formula="13,300 synops + 26,000 neuron_updates where spikes enter",
            source=f"{_KERAS_SPIKING}, SpiNNaker",
            assumes="the chip's numbers and memory",
            since=None,
        ),
        Energy(
            "spinnaker2",
            "synaptic events and neuron updates on SpiNNaker 2",
            "snnbench.cost.formulas:energy_pj_spinnaker2",
            formula="450 synops + 2,190 neuron_updates where spikes enter",
            source=f"{_KERAS_SPIKING}, SpiNNaker 2",
            assumes="the chip's numbers and memory",
            since=None,
        ),
        Energy(
            "truenorth",
            "synaptic events on TrueNorth, measured",
            "snnbench.cost.formulas:energy_pj_truenorth",
            formula="26 synops where spikes enter",
            source="26 pJ a synaptic event: P. Merolla et al., Science 345 (2014)",
            assumes="the chip's numbers and memory",
            since=None,
        ),
        *(
            Energy(
                name,
                f"every synapse at every step, and every unit, on {device}",
                f"snnbench.cost.formulas:energy_pj_{name}",
                formula=f"{pj:,} N (M applied_steps + steps); M = inputs, N = outputs",
                source=f"{_KERAS_SPIKING}, {device}",
                assumes="the device's numbers and memory",
                since=None,
            )
            for name, device, pj in (
                ("cpu", "an Intel i7-4960X", 8600),
                ("gpu", "an Nvidia GTX Titan Black", 300),
                ("arm", "an ARM Cortex-A", 900),
            )
        ),
        Energy(
            "memory45nm",
            "as compute45nm, and 24.96 pJ a byte of weights, biases and states",
            "snnbench.cost.memory:energy_pj_memory45nm",
            formula="4.6 effective_macs + 0.9 effective_acs + 24.96 bits / 8 (effective_operations"
            " + N applied_steps where there are biases + 2 states steps); in 16 bits 1.5 and 0.4,"
            " in 8 bits 0.23 and 0.03; N = outputs",
            source=f"{_SPIKINGJELLY}'s estimate_simple_energy",
            options={"bits": Option(32, "of a number", (32, 16, 8))},
            assumes="{bits}-bit numbers; weights, biases and states 24.96 pJ a byte",
            since=None,
        ),
        Energy(
            "memory45nm-dense",
            "as memory45nm, but products with zeros are computed, too",
            "snnbench.cost.memory:energy_pj_memory45nm_dense",
            formula="of a layer whose input is real or constant 4.6 dense_operations + 24.96 bits"
            " / 8 (M N applied_steps + N applied_steps where there are biases + 2 states steps),"
            " of others memory45nm; M = inputs, N = outputs",
            source=f"{_SPIKINGJELLY}'s estimate_simple_energy",
            options={"bits": Option(32, "of a number", (32, 16, 8))},
            assumes="{bits}-bit numbers; weights, biases and states 24.96 pJ a byte",
            since=None,
        ),
        Energy(
            "lemaire_leat",
            "integer operations, addresses, and memories of each layer's sizes",
            "snnbench.cost.memory:energy_pj_lemaire_leat",
            formula=_LEMAIRE.format("1.09e-5 n bits + 13.2 pJ an access of n words"),
            source=f"{_LEMAIRE_2022}; memories of the authors' laboratory, as in"
            " qualia-plugin-snn 2.6.0",
            options=_LEMAIRE_OPTIONS,
            assumes="{bits}-bit integers; queues of {fifo} words, a memory for weights, biases,"
            " potentials and an ANN's values, each of its size; 13.2 pJ an access and more",
            since=None,
        ),
        Energy(
            "lemaire_spikingjelly",
            "as lemaire_leat, with memories that cost less the smaller they are",
            "snnbench.cost.memory:energy_pj_lemaire_spikingjelly",
            formula=_LEMAIRE.format(
                "0, 2.5, 5 and 25 pJ a byte at 0, 8 KB, 32 KB and 1 MB, linear between, never more"
            ),
            source=f"{_LEMAIRE_2022}; {_SPIKINGJELLY}'s estimate_lemaire_energy",
            options=_LEMAIRE_OPTIONS,
            assumes="{bits}-bit integers; queues of {fifo} words, a memory for weights and biases,"
            " potentials and an ANN's values, each of its size; 0 to 25 pJ a byte",
            since=None,
        ),
        Energy(
            "quantised",
            "8-bit weights for spikes; an ANN of as many bits as tell as much as T steps",
            "snnbench.cost.memory:energy_pj_quantised",
            formula="of an SNN where spikes enter synops (0.05448 + 8 20) + 0.05448 output_spikes"
            " + neuron_updates (0.05448 + 8 2 0.25), real input M N applied_steps (3.7 (b / 32)^2"
            " + 0.9 b / 32 + 20 b) at b = 8; of an ANN that at b = bits + N (2 0.05448 + 0.25"
            " bits); beside an SNN bits = ceil(log2(T + 1))",
            source="Z. Yan et al., arXiv 2409.08290; closed form as in Spyx 1.0",
            options={"bits": Option(8, "of an ANN's numbers", bounds=Bounds(ge=1, le=32))},
            assumes="8-bit weights and potentials, an ANN's numbers of {bits} bits beside no SNN;"
            " 20 pJ a bit of weights, 0.25 of others",
            same_information=True,
            since=None,
        ),
    ),
    signature=lambda layer: None,
)

HEADLINE = ENERGIES["compute45nm"]  # the energy that is told where nobody chose one


def headline_of(text: str | None) -> Energy:
    """Return the energy that somebody chose to be told first, NAME or NAME:OPTION=NUMBER,...

    Raises:
        UserError: there is no such model or option, or it cannot be this number.
    """
    return HEADLINE if text is None else find_convention(ENERGIES, text)
