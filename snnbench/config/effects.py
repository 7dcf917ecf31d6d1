"""Which settings can have no effect in a given combination, and why.

A setting without effect is empty in the tables, and given explicitly it is an error: a sweep
over `beta` of an ANN would otherwise print ten equal rows as if they meant something.

Most follows from the words chosen: a setting `of` another has an effect where the word chosen
there uses it. The functions below are the rest, each named in the fields it is about.
"""

from collections.abc import Callable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any

from snnbench.config.arch import parse_arch
from snnbench.config.setting import SETTINGS, Setting
from snnbench.words.readouts import READOUTS

_Rule = Callable[[Any], str | None]
_LOOKS_AT: dict[_Rule, tuple[str, ...]] = {}
NPZ = ".npz"  # how a file of arrays ends
_MOST_KNOWN = 10_000  # combinations; a sweep has few of them, and very many runs


def _looking_at(*names: str) -> Callable[[_Rule], _Rule]:
    """Return a decorator that says which settings alone a rule looks at."""

    def note(rule: _Rule) -> _Rule:
        _LOOKS_AT[rule] = names
        return rule

    return note


def without_effect(settings: Any) -> Mapping[str, str]:
    """Return setting -> reason for every one of the `Settings` that can change nothing here."""
    deciding, known = _combinations(tuple(SETTINGS))
    combination = deciding(settings)
    if combination not in known:
        if len(known) == _MOST_KNOWN:
            known.clear()
        owners: dict[str, str | None] = {}
        reasons = {n: _reason(about, settings, owners) for n, about in SETTINGS.items()}
        known[combination] = {n: reason for n, reason in reasons.items() if reason is not None}
    return known[combination]


@cache
def _combinations(names: tuple[str, ...]) -> tuple[Callable[[Any], Any], dict[Any, dict[str, str]]]:
    """Return what gets the values that decide, and what they have decided.

    These are the words that own settings, and what rules look at: all, where a plug-in's rule
    does not say it.
    """
    owners = {SETTINGS[name].of for name in names} - {""}
    rules = (SETTINGS[name].unless for name in names)
    looked_at = {n for rule in rules if rule is not None for n in _LOOKS_AT.get(rule, names)}
    return attrgetter(*sorted(owners | looked_at)), {}


def forget() -> None:
    """Forget what combinations decided: a word is gone, and another may take its name."""
    _combinations.cache_clear()


def _reason(about: Setting, settings: Any, owners: dict[str, str | None]) -> str | None:
    """Return why a setting can change nothing; `owners` has the answers for those that own some."""
    if about.of:
        owner = SETTINGS[about.of]
        if owner.name not in owners:
            owners[owner.name] = _reason(owner, settings, owners)
        reason = owners[owner.name]
        if reason is not None:
            return reason
        assert owner.words is not None, (
            f"{about.name} is of {owner.name}, whose values are no words"
        )
        word = owner.words[getattr(settings, owner.name)]
        if about.name not in word.uses:
            instead = [n for n in word.uses if n in SETTINGS and SETTINGS[n].of == owner.name]
            but = f", but {' and '.join(instead)}" if instead else ""
            return word.otherwise or f"{owner.name} '{word.name}' does not use it{but}"
    return None if about.unless is None else about.unless(settings)


def spiking_layers(settings: Any) -> tuple[bool, ...]:
    """Return for every weight layer whether it is followed by spiking neurons.

    In an SNN all layers spike but those with an activation of their own in `arch`, and the
    output layer with a readout that does not spike.
    """
    layers = [layer for layer in parse_arch(settings.arch) if layer.has_weights]
    spiking = [settings.model == "snn" and layer.activation is None for layer in layers]
    spiking[-1] &= READOUTS[settings.readout].spiking
    return tuple(spiking)


@_looking_at("data_file")
def of_target(s: Any) -> str | None:
    """Arrays are not columns: those with the classes have a name of their own."""
    is_npz = s.data_file is not None and s.data_file.lower().endswith(NPZ)
    return "an .npz file names its labels itself (y)" if is_npz else None


@_looking_at("test_samples")
def of_test_fraction(s: Any) -> str | None:
    """The number of test rows may be given instead of their share."""
    return "test_samples says how much is kept for testing" if s.test_samples is not None else None


@_looking_at("arch")
def of_hidden_layers(s: Any) -> str | None:
    """BatchNorm and Dropout belong to hidden layers."""
    layers = sum(layer.has_weights for layer in parse_arch(s.arch))
    return "the network has no hidden layer" if layers == 1 else None


@_looking_at("arch")
def of_activation(s: Any) -> str | None:
    """Every hidden layer may name an activation of its own."""
    hidden = [layer for layer in parse_arch(s.arch) if layer.has_weights][:-1]
    if all(layer.activation for layer in hidden):
        return "no hidden layer is without an activation of its own in arch"
    return None


@_looking_at("arch", "model", "readout")
def of_neuron(s: Any) -> str | None:
    """All layers may name ordinary activations."""
    return None if any(spiking_layers(s)) else "no layer of this network spikes"


@_looking_at("lr_schedule")
def of_schedule(s: Any) -> str | None:
    """A schedule says learning rates and epochs."""
    return "lr_schedule says it" if s.lr_schedule is not None else None


@_looking_at("val_fraction", "val_samples")
def of_patience(s: Any) -> str | None:
    """Early stopping looks at validation data."""
    if s.has_validation:
        return None
    return "there are no validation data; give val_fraction or val_samples"
