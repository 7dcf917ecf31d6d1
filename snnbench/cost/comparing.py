"""A spiking network beside its ordinary twin: who is cheaper, by which model, and until when."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from snnbench.cost.activity import ALIVE, activity_of, firing_rate_of
from snnbench.cost.derive import conventions, network_value
from snnbench.cost.facts import LayerFacts
from snnbench.errors import UserError
from snnbench.words.conventions import Convention
from snnbench.words.energies import ENERGIES, Energy

Layers = tuple[LayerFacts, ...]
_MOST_BITS = 32


@dataclass(frozen=True)
class Break:
    """Where an SNN's energy reaches its twin's, all else as it is; None where it never does.

    Attributes:
        model: the energy model's name.
        ratio: the twin's energy over the SNN's: above 1 the SNN is cheaper.
        spikes: as many times as many spikes as now, of input and neurons.
        firing_rate: spikes a neuron and step, the input's as they are.
        input_rate: mean input, where it is spikes; the neurons' as they are.
        T: time steps, rates as they are. An ANN of as many bits as tell as much as T steps has
            other bits then.
        first_layer: the first layer's share of the SNN's energy.
    """

    model: str
    ratio: float
    spikes: float | None
    firing_rate: float | None
    input_rate: float | None
    T: float | None
    first_layer: float


@dataclass(frozen=True)
class CostComparison:
    """Both networks' facts.

    Attributes:
        snn, ann: a layer each, in the same order.
        energies: further models, those with options of the user's.
    """

    snn: Layers
    ann: Layers
    energies: tuple[Energy, ...] = ()

    @property
    def steps(self) -> int | None:
        """The SNN's time steps."""
        return next((layer.steps for layer in self.snn if layer.steps), None)

    def _models(self) -> tuple[Energy, ...]:
        return (*self.energies, *ENERGIES.values())

    def rows(self) -> Iterator[tuple[str, str, float | None, float | None, float | None]]:
        """Yield of each convention its column, unit, the SNN's and the ANN's count, and ANN / SNN.

        A ratio of what is no amount, as a sparsity, is None.
        """
        words: dict[str, Convention] = conventions() | {word.column: word for word in self.energies}
        for column, word in words.items():
            mine = network_value(word, self.snn)
            other = self._twins(word) if isinstance(word, Energy) else network_value(word, self.ann)
            has_ratio = word.unit != "fraction"
            ratio = other / mine if has_ratio and mine and other is not None else None
            yield column, word.unit, mine, other, ratio

    def _twins(self, word: Energy, steps: int | None = None) -> float | None:
        steps = steps or self.steps
        return network_value(word if steps is None else word.of_twin(steps), self.ann)

    def breaks(self) -> list[Break]:
        """Return where each energy model that knows both networks changes its mind."""
        firing, arriving = firing_rate_of(self.snn), _arriving_rate(self.snn)
        found = []
        for word in self._models():
            mine, other = network_value(word, self.snn), self._twins(word)
            if not mine or other is None:
                continue
            places = [
                _reached(other, _line(word, partial(_fired, self.snn, *which)))
                for which in ((True, True), (False, True), (True, False))
            ]
            found.append(
                Break(
                    word.label,
                    other / mine,
                    places[0],
                    _rate(places[1], firing),
                    _rate(places[2], arriving),
                    self._last_step(word, other),
                    (network_value(word, self.snn[:1]) or 0.0) / mine,
                )
            )
        return found

    def _last_step(self, word: Energy, other: float) -> float | None:
        """Return T at which the SNN costs what its twin does."""
        line = _line(word, lambda times: tuple(_lasting(layer, times) for layer in self.snn))
        if self.steps is None:
            return None
        if not word.same_information:
            times = _reached(other, line)
            return None if times is None else self.steps * times
        for bits in range(1, _MOST_BITS + 1):
            first, last = 2 ** (bits - 1), 2**bits - 1  # the steps that tell as much
            twins = self._twins(word, first)
            times = None if twins is None else _reached(twins, line)
            if times is None:
                return None
            if self.steps * times <= last:
                return self.steps * times if bits == 1 else max(self.steps * times, first)
        return None

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


_Line = tuple[float, float]


def _line(word: Energy, suppose: Callable[[int], Layers]) -> _Line | None:
    """Return height at 0 and slope of an energy over so many times as much.

    None where it is not known, or of a user's model that is no line.
    """
    try:
        heights = [network_value(word, suppose(times)) for times in (1, 2, 3)]
    except UserError:  # a user's function may not know what to do with such a layer
        return None
    if any(height is None for height in heights):
        return None
    one, two, three = (height or 0.0 for height in heights)
    if not word.is_ours and not math.isclose(three - two, two - one, rel_tol=1e-6):
        return None
    return one - (two - one), two - one


def _reached(height: float, line: _Line | None) -> float | None:
    """Return where a rising line reaches a height; None where that is not above 0."""
    if line is None or line[1] <= 0:
        return None
    place = (height - line[0]) / line[1]
    return place if place > 0 else None


def _rate(times: float | None, now: float | None) -> float | None:
    """Return a rate so many times as large; None if it is none, or would be more than 1."""
    rate = None if times is None or now is None else times * now
    return None if rate is None or rate > 1 else rate


def _fired(layers: Layers, arriving: bool, firing: bool, times: float) -> Layers:
    """Return the facts with so many times as many spikes in the input, of the neurons, or both."""
    entering, fired = (times if which else 1.0 for which in (arriving, firing))
    return tuple(
        _entered(layer, fired if number else entering, fired) for number, layer in enumerate(layers)
    )


def _entered(layer: LayerFacts, factor: float, firing: float) -> LayerFacts:
    """Return the facts with so many times as many spikes in and out: energies are linear."""
    layer = replace(layer, output_spikes=_times(layer.output_spikes, firing))
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


def _arriving_rate(layers: Layers) -> float | None:
    return layers[0].input_rate if layers and layers[0].accumulates else None


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else factor * value


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]
