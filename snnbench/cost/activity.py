"""Whether anything passes through a network's spiking layers."""

from collections.abc import Iterable

from snnbench.cost.facts import LayerFacts

ALIVE, SILENT, SATURATED = "alive", "silent", "saturated"


def activity_of(output_rates: Iterable[float | None]) -> str | None:
    """Return what a network does on the data it was measured on.

    Behind a layer none of whose neurons ever fires, or all of whose neurons always do, nothing
    is left of the input: the network gives the same answer to everything, and what it costs is
    no price of an answer.

    Args:
        output_rates: of its layers, fractions; None of those that do not spike.

    Returns:
        "silent" or "saturated", else "alive"; None where nothing spikes or was measured.
    """
    rates = [rate for rate in output_rates if rate is not None]
    if not rates:
        return None
    if min(rates) == 0:
        return SILENT
    return SATURATED if max(rates) == 1 else ALIVE


def firing_rate_of(layers: Iterable[LayerFacts]) -> float | None:
    """Return spikes a neuron and step, over all neurons; None where that is not known."""
    spiking = [layer for layer in layers if layer.neuron_updates]
    fired = [layer.output_spikes for layer in spiking if layer.output_spikes is not None]
    updates = sum(layer.neuron_updates or 0 for layer in spiking)
    return sum(fired) / updates if updates and len(fired) == len(spiking) else None
