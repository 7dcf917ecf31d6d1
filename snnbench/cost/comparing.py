"""A spiking network beside its ordinary twin: who is cheaper, by which model, and until when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from snnbench.cost.activity import ALIVE, activity_of
from snnbench.cost.derive import conventions, network_values
from snnbench.cost.facts import LayerFacts
from snnbench.words.energies import ENERGIES


@dataclass(frozen=True)
class Break:
    """Where an SNN's energy reaches its twin's; what is not known, or never happens, is None.

    Attributes:
        model: the energy model's name.
        ratio: the twin's energy over the SNN's: above 1 the SNN is cheaper.
        spikes: as many times as many spikes as now, T as it is.
        input_rate: the mean input of the layers that spikes enter, spikes a unit and step, then.
        T: time steps, rates as they are.
        first_layer: the first layer's share of the SNN's energy.
    """

    model: str
    ratio: float
    spikes: float | None
    input_rate: float | None
    T: float | None
    first_layer: float


@dataclass(frozen=True)
class CostComparison:
    """Both networks' facts.

    Attributes:
        snn, ann: a layer each, in the same order.
    """

    snn: tuple[LayerFacts, ...]
    ann: tuple[LayerFacts, ...]

    def rows(self) -> Iterator[tuple[str, str, float | None, float | None, float | None]]:
        """Yield of each convention its column, unit, the SNN's and the ANN's count, and ANN / SNN.

        A ratio of what is no amount, as a sparsity, is None.
        """
        snn, ann = network_values(self.snn), network_values(self.ann)
        for column, word in conventions().items():
            mine, other = snn[column], ann[column]
            has_ratio = word.unit != "fraction"
            ratio = other / mine if has_ratio and mine and other is not None else None
            yield column, word.unit, mine, other, ratio

    def breaks(self) -> list[Break]:
        """Return where each energy model that knows both networks changes its mind."""
        now, twin = network_values(self.snn), network_values(self.ann)
        silent = network_values([_fired(layer, 0.0) for layer in self.snn])
        longer = network_values([_lasting(layer, 2) for layer in self.snn])
        first = network_values(self.snn[:1])
        steps = next((layer.steps for layer in self.snn if layer.steps), None)
        rate = _mean_input(self.snn)
        found = []
        for word in ENERGIES.values():
            column = word.column
            mine, other = now[column], twin[column]
            if not mine or other is None:
                continue
            spikes = _reached(other, silent[column], mine)
            more = _reached(other, mine, longer[column], least=-1)
            found.append(
                Break(
                    word.name,
                    other / mine,
                    spikes,
                    None if spikes is None or rate is None else spikes * rate,
                    None if more is None or steps is None else steps * (1 + more),
                    (first[column] or 0.0) / mine,
                )
            )
        return found

    def sentence(self) -> str:
        """Return in words who is cheaper, and whether the models agree."""
        if activity_of(layer.output_rate for layer in self.snn) not in (None, ALIVE):
            return "A layer of the SNN fires never, or always: what it costs is no answer's price."
        breaks = self.breaks()
        cheaper = [f"{b.model} ({b.ratio:.3g} times)" for b in breaks if b.ratio > 1]
        dearer = [f"{b.model} ({1 / b.ratio:.3g} times)" for b in breaks if 0 < b.ratio <= 1]
        if cheaper and dearer:
            return (
                f"The models disagree: the SNN is cheaper by {_listed(cheaper)}, dearer by"
                f" {_listed(dearer)}."
            )
        if cheaper or dearer:
            word = "cheaper" if cheaper else "dearer"
            return f"The SNN is {word} by all models that know both: {_listed(cheaper or dearer)}."
        return "No energy model knows the cost of both networks."


def _reached(
    height: float, at_0: float | None, at_1: float | None, least: float = 0.0
) -> float | None:
    """Return where the line through two points reaches a height; None where not above `least`."""
    if at_0 is None or at_1 is None or at_1 <= at_0:
        return None
    place = (height - at_0) / (at_1 - at_0)
    return place if place > least else None


def _fired(layer: LayerFacts, factor: float) -> LayerFacts:
    """Return the facts with so many times as many spikes in; energies are linear in them."""
    if not layer.accumulates:
        return layer
    return replace(
        layer,
        input_rate=_times(layer.input_rate, factor),
        input_nonzero=_times(layer.input_nonzero, factor),
        effective_operations=_times(layer.effective_operations, factor),
    )


def _lasting(layer: LayerFacts, factor: int) -> LayerFacts:
    """Return the facts with so many times as many steps, at the same rates."""
    stepped = replace(
        layer,
        steps=None if layer.steps is None else factor * layer.steps,
        neuron_updates=None if layer.neuron_updates is None else factor * layer.neuron_updates,
        output_spikes=_times(layer.output_spikes, factor),
    )
    if layer.input_kind == "constant" or layer.applied_steps != layer.steps:  # computed once
        return stepped
    return replace(
        stepped,
        applied_steps=factor * layer.applied_steps,
        input_nonzero=_times(layer.input_nonzero, factor),
        dense_operations=_times(layer.dense_operations, factor),
        effective_operations=_times(layer.effective_operations, factor),
    )


def _mean_input(layers: Sequence[LayerFacts]) -> float | None:
    """Return spikes a unit and step, over all units of the layers that spikes enter."""
    entered = [layer for layer in layers if layer.accumulates]
    known = [(x.input_rate, x.input_values) for x in entered if x.input_rate is not None]
    units = sum(values or 0 for _, values in known)
    if len(known) < len(entered) or not units:
        return None
    return sum(rate * (values or 0) for rate, values in known if rate is not None) / units


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else factor * value


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
