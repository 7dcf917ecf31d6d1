"""Settings -> the neurons of a layer, with their surrogate."""

from typing import Any

from spikingjelly.activation_based import surrogate

from snnbench.config import RunConfig
from snnbench.config.setting import SETTINGS
from snnbench.neurons.neuron import Neuron
from snnbench.words.neurons import NEURONS
from snnbench.words.surrogates import SURROGATES
from snnbench.words.table import Word


def make_neuron(config: RunConfig, *, record_membrane: bool = False) -> Neuron:
    """Return the config's neurons: their class, made with the settings that they use."""
    row = NEURONS[config.neuron]
    arguments = _arguments(config, row)
    if "surrogate" in arguments:
        arguments["surrogate"] = make_surrogate(config)
    neuron: Neuron = row.load()(record_membrane=record_membrane, **arguments)
    return neuron


def make_surrogate(config: RunConfig) -> surrogate.SurrogateFunctionBase:
    """Return the config's surrogate; what is left open is the class's own default."""
    row = SURROGATES[config.surrogate]
    arguments = {
        name.removeprefix("surrogate_"): value
        for name in row.uses
        if (value := getattr(config, name)) is not None
    }
    return row.load()(**arguments)


def _arguments(config: RunConfig, row: Word) -> dict[str, Any]:
    """Return setting -> value of all that a word uses, and of what the words it uses do."""
    found: dict[str, Any] = {}
    for name in row.uses:
        found[name] = value = getattr(config, name)
        words = SETTINGS[name].words
        if words is not None and name != "surrogate":
            found |= _arguments(config, words[value])
    return found
