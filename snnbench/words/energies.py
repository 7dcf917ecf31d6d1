"""The energy models: what the operations of a layer would cost on some hardware."""

from dataclasses import dataclass

from snnbench.words.conventions import Convention
from snnbench.words.table import Table


@dataclass(frozen=True, kw_only=True)
class Energy(Convention):
    """A pure function of a layer's facts -> its energy; see `Convention`."""

    unit: str = "pJ a sample"

    @property
    def column(self) -> str:
        """The name of its column in the tables."""
        return "energy_pj_" + self.name.replace("-", "_")


_HOROWITZ = 'M. Horowitz, "Computing\'s energy problem", ISSCC 2014, figure 1.1.9'
_KERAS_SPIKING = "keras-spiking 0.3.0, device table of its ModelEnergy"

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
            since=None,
        ),
        Energy(
            "compute45nm-fp16",
            "as compute45nm, in 16-bit floating point",
            "snnbench.cost.formulas:energy_pj_compute45nm_fp16",
            formula="1.5 effective_macs + 0.4 effective_acs",
            source=_HOROWITZ,
            since=None,
        ),
        Energy(
            "compute45nm-int8",
            "as compute45nm, in 8-bit integers",
            "snnbench.cost.formulas:energy_pj_compute45nm_int8",
            formula="0.23 effective_macs + 0.03 effective_acs",
            source=_HOROWITZ,
            since=None,
        ),
        Energy(
            "loihi",
            "synaptic events and neuron updates on Loihi",
            "snnbench.cost.formulas:energy_pj_loihi",
            formula="27.1 synops + 81 neuron_updates where spikes enter",
            source=f"{_KERAS_SPIKING}, Loihi",
            since=None,
        ),
        Energy(
            "spinnaker",
            "synaptic events and neuron updates on SpiNNaker",
            "snnbench.cost.formulas:energy_pj_spinnaker",
            formula="13,300 synops + 26,000 neuron_updates where spikes enter",
            source=f"{_KERAS_SPIKING}, SpiNNaker",
            since=None,
        ),
        Energy(
            "spinnaker2",
            "synaptic events and neuron updates on SpiNNaker 2",
            "snnbench.cost.formulas:energy_pj_spinnaker2",
            formula="450 synops + 2,190 neuron_updates where spikes enter",
            source=f"{_KERAS_SPIKING}, SpiNNaker 2",
            since=None,
        ),
    ),
    signature=lambda layer: None,
)
