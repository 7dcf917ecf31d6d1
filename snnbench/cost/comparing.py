"""A spiking network beside its ordinary twin: who is cheaper, by which model, and until when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from snnbench.cost.activity import ALIVE, activity_of
from snnbench.cost.derive import conventions, network_values
from snnbench.cost.facts import LayerFacts
from snnbench.words.energies import ENERGIES, Energy


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
            is_amount = mine and other is not None and word.unit != "fraction"
            ratio = other / mine if is_amount and mine and other is not None else None
            yield column, word.unit, mine, other, ratio

    def breaks(self) -> list[Break]:
        """Return where each energy model that knows both networks changes its mind."""
        now = network_values(self.snn)
        return [
            self._break(word, now[word.column], twin)
            for word in ENERGIES.values()
            if now[word.column] and (twin := network_values(self.ann)[word.column]) is not None
        ]

    def sentences(self) -> list[str]:
        """Return in words who is cheaper, whether the models agree, and what else must be known."""
        if activity_of(layer.output_rate for layer in self.snn) not in (None, ALIVE):
            return [
                "A layer of the SNN fires never, or always: what it costs is no answer's price."
            ]
        breaks = self.breaks()
        cheaper = [f"{b.model} ({b.ratio:.3g} times)" for b in breaks if b.ratio > 1]
        dearer = [f"{b.model} ({1 / b.ratio:.3g} times)" for b in breaks if 0 < b.ratio <= 1]
        said = []
        if cheaper and dearer:
            said.append(
                f"The models disagree: the SNN is cheaper by {_listed(cheaper)}, dearer by"
                f" {_listed(dearer)}."
            )
        elif cheaper or dearer:
            word = "cheaper" if cheaper else "dearer"
            said.append(
                f"The SNN is {word} by all models that know both: {_listed(cheaper or dearer)}."
            )
        else:
            said.append("No energy model knows the cost of both networks.")
        return said

    def _break(self, word: Energy, now: float | None, twin: float) -> Break:
        assert now
        column = word.column
        silent = network_values(_with_spikes(self.snn, 0.0))[column]
        longer = network_values(_with_steps(self.snn, 2))[column]
        steps = next((layer.steps for layer in self.snn if layer.steps), None)
        spikes = None if silent is None else _reached(twin - silent, now - silent)
        more = None if longer is None else _reached(twin - now, longer - now, least=-1)
        rate = _mean_input(self.snn)
        first = network_values(self.snn[:1])[column]
        return Break(
            word.name,
            twin / now,
            spikes,
            None if spikes is None or rate is None else spikes * rate,
            None if more is None or steps is None else steps * (1 + more),
            (first or 0.0) / now,
        )


def _reached(distance: float, slope: float, least: float = 0.0) -> float | None:
    """Return where a line reaches a height; None where it never does above `least`."""
    place = distance / slope if slope > 0 else None
    return place if place is not None and place > least else None


def _with_spikes(layers: Sequence[LayerFacts], factor: float) -> list[LayerFacts]:
    """Return the facts with so many times as many spikes; energies are linear in them."""
    return [_fired(layer, factor) if layer.accumulates else layer for layer in layers]


def _fired(layer: LayerFacts, factor: float) -> LayerFacts:
    return replace(
        layer,
        input_rate=_times(layer.input_rate, factor),
        input_nonzero=_times(layer.input_nonzero, factor),
        effective_operations=_times(layer.effective_operations, factor),
    )


def _with_steps(layers: Sequence[LayerFacts], factor: int) -> list[LayerFacts]:
    """Return the facts with so many times as many steps, at the same rates."""
    return [_lasting(layer, factor) for layer in layers]


def _lasting(layer: LayerFacts, factor: int) -> LayerFacts:
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
