"""The result of counting: the facts of every weight layer, and what follows. No torch."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from snnbench.cost.activity import activity_of, firing_rate_of
from snnbench.cost.derive import layer_row, network_value, network_values, totals
from snnbench.cost.facts import LayerFacts
from snnbench.words.conventions import Convention


@dataclass(frozen=True)
class NetworkCount:
    """Counts of a whole network.

    Attributes:
        facts: one entry a weight layer.
        params: trainable parameters.
        firing_rate: spikes per neuron and step; None without spiking neurons or if it was not
            measured, as the next two.
        silent_fraction: share of the neurons that fired in no sample.
        saturated_fraction: share of the neurons that fired at every step of every sample.
        uncounted: operations without a rule -> how often they occur.
        notes: what else is to be known of the counts, a sentence each.
    """

    facts: tuple[LayerFacts, ...]
    params: int
    firing_rate: float | None = None
    silent_fraction: float | None = None
    saturated_fraction: float | None = None
    uncounted: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def lower_bound(self) -> bool:
        """The network does more than the totals count, whatever the convention."""
        return bool(self.uncounted)

    @property
    def layers(self) -> list[dict[str, Any]]:
        """Facts, conventions and energies of every layer, by their columns in layers.csv."""
        return [layer_row(facts) for facts in self.facts]

    def totals(self) -> dict[str, float | int | str | None]:
        """Return all totals, by the names they have in `runs.csv`."""
        return {
            "params": self.params,
            "firing_rate": self.firing_rate,
            "silent_fraction": self.silent_fraction,
            "saturated_fraction": self.saturated_fraction,
            "activity": activity_of(facts.output_rate for facts in self.facts),
            **totals(self.layers),
        }

    def conventions(self, further: Iterable[Convention] = ()) -> dict[str, float | None]:
        """Return what every convention and energy model says of the network, by column.

        Args:
            further: those that are no rows of the tables: with options that somebody chose.
        """
        chosen = {word.column: network_value(word, self.facts) for word in further}
        return network_values(self.facts) | chosen

    def circumstances(self) -> str:
        """Return in words what an energy hangs on beside its model: T, and how much is active."""
        first = self.facts[0]
        parts = [f"T = {first.steps}" if first.model == "snn" else "an ANN"]
        if first.input_rate is not None:
            parts.append(f"mean input {first.input_rate:.3g}")
        rate = firing_rate_of(self.facts)
        if rate is not None:
            parts.append(f"firing rate {rate:.3g}")
        return ", ".join(parts)
