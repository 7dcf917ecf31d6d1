"""Which settings can have no effect in a given combination, and why.

A setting without effect is empty in the tables, and given explicitly it is an error: a sweep
over `beta` of an ANN would otherwise print ten equal rows as if they meant something.
"""

from collections.abc import Iterator

from snnbench.config.arch import parse_arch
from snnbench.config.settings import EMBEDDED, Settings

_NEURON = ("neuron", "beta", "v_th", "reset", "detach_reset", "surrogate", "surrogate_alpha", "z")


def without_effect(settings: Settings) -> dict[str, str]:
    """Return setting -> reason for every setting that can change nothing in this run."""
    rules = (_data_rules, _network_rules, _neuron_rules, _training_rules)
    return {name: reason for rule in rules for name, reason in rule(settings)}


def spiking_layers(settings: Settings) -> tuple[bool, ...]:
    """Return for every weight layer whether it is followed by spiking neurons.

    In an SNN all layers spike but those with an activation of their own in `arch`, and the
    output layer with readout `current`.
    """
    layers = [layer for layer in parse_arch(settings.arch) if layer.has_weights]
    spiking = [settings.model == "snn" and layer.activation is None for layer in layers]
    spiking[-1] &= settings.readout != "current"
    return tuple(spiking)


def _data_rules(s: Settings) -> Iterator[tuple[str, str]]:
    if s.dataset != "table":
        for name in ("data_file", "target", "test_fraction"):
            yield name, "only dataset 'table' uses it"
    elif s.test_samples is not None:
        yield "test_fraction", "test_samples says how much is kept for testing"
    if s.dataset in (*EMBEDDED, "table"):
        yield "data_dir", f"dataset '{s.dataset}' is not looked up in a folder"


def _network_rules(s: Settings) -> Iterator[tuple[str, str]]:
    weighted = [layer for layer in parse_arch(s.arch) if layer.has_weights]
    if len(weighted) == 1:
        for name in ("batch_norm", "dropout"):
            yield name, "the network has no hidden layer"
    if s.model == "snn":
        yield "activation", "the layers of an SNN spike; name a layer's own in arch, as in 64:relu"
    elif all(layer.activation for layer in weighted[:-1]):
        yield "activation", "no hidden layer is without an activation of its own in arch"


def _neuron_rules(s: Settings) -> Iterator[tuple[str, str]]:
    if s.model == "ann":
        for name in (*_NEURON, "encoding", "encoding_threshold", "T", "readout"):
            yield name, "an ANN has neither spikes nor time steps"
        return
    if s.encoding != "threshold":
        yield "encoding_threshold", f"encoding '{s.encoding}' has no threshold"
    if not any(spiking_layers(s)):
        for name in _NEURON:
            yield name, "no layer of this network spikes"
        return
    if s.neuron == "if":
        yield "beta", "an IF neuron does not leak (beta is 1)"
    if s.reset == "none":
        yield "detach_reset", "there is no reset"
    if s.surrogate == "fast-sigmoid":
        yield "surrogate_alpha", "fast-sigmoid has the slope z"
    else:
        yield "z", f"surrogate '{s.surrogate}' has no slope z, but surrogate_alpha"


def _training_rules(s: Settings) -> Iterator[tuple[str, str]]:
    if not s.loss.startswith("mimic"):
        yield "teacher", f"loss '{s.loss}' learns labels"
    if s.loss != "mimic-kl":
        yield "temperature", f"loss '{s.loss}' has no temperature"
    if s.optimizer != "sgd":
        yield "momentum", f"optimizer '{s.optimizer}' has moments of its own"
    if s.lr_schedule is not None:
        for name in ("lr", "epochs"):
            yield name, "lr_schedule says it"
    if not s.has_validation:
        yield "patience", "there are no validation data; give val_fraction or val_samples"
