"""Which settings can have no effect in a given combination, and why.

A setting without effect is empty in the tables, and given explicitly it is an error: a sweep
over `beta` of an ANN would otherwise print ten equal rows as if they meant something.

Most follows from the words chosen: a setting `of` another has an effect where the word chosen
there uses it. The functions below are the rest, each named in the fields it is about.
"""

from typing import Any

from snnbench.config.arch import parse_arch
from snnbench.config.setting import SETTINGS
from snnbench.words.readouts import READOUTS


def without_effect(settings: Any) -> dict[str, str]:
    """Return setting -> reason for every one of the `Settings` that can change nothing here."""
    reasons: dict[str, str | None] = {}

    def reason_of(name: str) -> str | None:
        if name not in reasons:
            about = SETTINGS[name]
            reason = reason_of(about.of) if about.of else None
            if reason is None and about.of:
                reason = _unused(name, about.of, settings)
            if reason is None and about.unless is not None:
                reason = about.unless(settings)
            reasons[name] = reason
        return reasons[name]

    return {name: reason for name in SETTINGS if (reason := reason_of(name)) is not None}


def _unused(name: str, owner: str, settings: Any) -> str | None:
    """Return why the word chosen for `owner` does not use a setting; None if it does."""
    words = SETTINGS[owner].words
    assert words is not None, f"{name} is of {owner}, whose values are no words"
    word = words[getattr(settings, owner)]
    if name in word.uses:
        return None
    instead = [used for used in word.uses if used in SETTINGS and SETTINGS[used].of == owner]
    but = f", but {' and '.join(instead)}" if instead else ""
    return word.otherwise or f"{owner} '{word.name}' does not use it{but}"


def spiking_layers(settings: Any) -> tuple[bool, ...]:
    """Return for every weight layer whether it is followed by spiking neurons.

    In an SNN all layers spike but those with an activation of their own in `arch`, and the
    output layer with a readout that does not spike.
    """
    layers = [layer for layer in parse_arch(settings.arch) if layer.has_weights]
    spiking = [settings.model == "snn" and layer.activation is None for layer in layers]
    spiking[-1] &= READOUTS[settings.readout].spiking
    return tuple(spiking)


def of_test_fraction(s: Any) -> str | None:
    """The number of test rows may be given instead of their share."""
    return "test_samples says how much is kept for testing" if s.test_samples is not None else None


def of_hidden_layers(s: Any) -> str | None:
    """BatchNorm and Dropout belong to hidden layers."""
    layers = sum(layer.has_weights for layer in parse_arch(s.arch))
    return "the network has no hidden layer" if layers == 1 else None


def of_activation(s: Any) -> str | None:
    """Every hidden layer may name an activation of its own."""
    hidden = [layer for layer in parse_arch(s.arch) if layer.has_weights][:-1]
    if all(layer.activation for layer in hidden):
        return "no hidden layer is without an activation of its own in arch"
    return None


def of_neuron(s: Any) -> str | None:
    """All layers may name ordinary activations."""
    return None if any(spiking_layers(s)) else "no layer of this network spikes"


def of_schedule(s: Any) -> str | None:
    """A schedule says learning rates and epochs."""
    return "lr_schedule says it" if s.lr_schedule is not None else None


def of_patience(s: Any) -> str | None:
    """Early stopping looks at validation data."""
    if s.has_validation:
        return None
    return "there are no validation data; give val_fraction or val_samples"
