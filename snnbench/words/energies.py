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


ENERGIES = Table(
    "energy model",
    Energy,
    (
        Energy(
            "compute45nm",
            "4.6 MACs + 0.9 ACs, compute only, 45 nm",
            "snnbench.cost.formulas:energy_pj_compute45nm",
            formula="4.6 effective_macs + 0.9 effective_acs",
            source='M. Horowitz, "Computing\'s energy problem", ISSCC 2014, figure 1.1.9',
            since=1,
        ),
    ),
    signature=lambda layer: None,
)
