"""The result of counting: one entry a weight layer, and totals. Plain numbers, no torch."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class LayerCount:
    """Counts of one weight layer, for one sample over all its steps; None is not known."""

    layer: str
    kind: str
    input_kind: str
    applied_steps: int
    inputs: int
    outputs: int
    params: int
    input_rate: float | None
    output_rate: float | None
    flops_lab: float | None
    dense_macs: float
    effective_macs: float | None
    effective_acs: float | None
    energy_pj_compute45nm: float | None


@dataclass(frozen=True)
class NetworkCount:
    """Counts of a whole network.

    Attributes:
        layers: one entry a weight layer.
        params: trainable parameters.
        firing_rate: spikes per neuron and step; None without spiking neurons or if it was not
            measured, as the next two.
        silent_fraction: share of the neurons that fired in no sample.
        saturated_fraction: share of the neurons that fired at every step of every sample.
        uncounted: operators without a rule for dense_macs -> how often they occur.
    """

    layers: tuple[LayerCount, ...]
    params: int
    firing_rate: float | None = None
    silent_fraction: float | None = None
    saturated_fraction: float | None = None
    uncounted: dict[str, int] = field(default_factory=dict)

    def total(self, count: str) -> float | None:
        """Return the sum of a count over the layers, None where a layer's is not known."""
        values = [getattr(layer, count) for layer in self.layers]
        return None if None in values else float(sum(values))

    def totals(self) -> dict[str, float | int | None]:
        """Return all totals, by the names they have in `runs.csv`."""
        return {
            "params": self.params,
            "firing_rate": self.firing_rate,
            "silent_fraction": self.silent_fraction,
            "saturated_fraction": self.saturated_fraction,
            "flops_lab": self.total("flops_lab"),
            "dense_macs": self.total("dense_macs"),
            "effective_macs": self.total("effective_macs"),
            "effective_acs": self.total("effective_acs"),
            "energy_pj_compute45nm": self.total("energy_pj_compute45nm"),
        }
