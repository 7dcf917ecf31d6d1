"""Count a model that is not ours: any torch module of linear and two-dimensional conv layers."""

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from spikingjelly.activation_based import functional
from torch import nn

from snnbench.cost.dense import DenseCount, count_dense
from snnbench.cost.effective import effective_operations
from snnbench.cost.facts import LayerFacts
from snnbench.cost.report import NetworkCount
from snnbench.cost.tally import Tally
from snnbench.cost.tracking import are_spikes, following_spikes, is_neuron, mark_spikes
from snnbench.errors import UserError


@dataclass
class _Watched:
    """What went through a weight layer, in however many calls."""

    tally: Tally = field(default_factory=Tally)
    input_shape: tuple[int, ...] = ()
    units: int = 0
    spiking: bool = True


def count_model(
    model: nn.Module, x: torch.Tensor, *, samples: int, spikes: bool, measured: bool
) -> NetworkCount:
    """Run a model once and count its linear and two-dimensional convolutional layers.

    Args:
        model: any module; its SpikingJelly neurons are reset first.
        x: its input, with `samples` samples on the batch axis.
        samples: counts are per sample.
        spikes: the input is spikes; of all other tensors it is known from what produced them.
        measured: the values of `x` are real data; otherwise only its shape means something,
            and what depends on values is left out.

    Raises:
        UserError: the model does not run on this input, or has no layer that can be counted.
    """
    layers = {n: m for n, m in model.named_modules() if isinstance(m, nn.Linear | nn.Conv2d)}
    watched = {name: _Watched() for name in layers}
    functional.reset_net(model)
    try:
        with _without_triton_warnings():
            with torch.no_grad(), following_spikes(model), _watching(layers, watched):
                if spikes:
                    mark_spikes(x)
                model.eval()(x)
            functional.reset_net(model)
            dense = count_dense(model, x)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"The model does not run on an input of shape {tuple(x.shape)}: {first}",
            "Check --input-shape (or --input) and --layout.",
        ) from None
    called = {name: w for name, w in watched.items() if w.tally.samples}
    if not called:
        raise UserError(
            "The model calls no linear or two-dimensional convolutional layer.",
            "Count models made of torch.nn.Linear and torch.nn.Conv2d.",
        )
    snn = any(is_neuron(module) for module in model.modules())
    facts = tuple(
        _facts(name, layers[name], w, dense, samples, snn=snn, measured=measured)
        for name, w in called.items()
    )
    return NetworkCount(
        facts=facts,
        params=sum(p.numel() for p in model.parameters() if p.requires_grad),
        uncounted=dense.uncounted | _elsewhere(dense, set(called)),
    )


@contextmanager
def _watching(layers: Mapping[str, nn.Module], watched: dict[str, _Watched]) -> Iterator[None]:
    def hook(name: str) -> Any:
        def watch(module: nn.Module, args: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
            x, w = args[0], watched[name]
            axes = 1 if isinstance(module, nn.Linear) else 3
            w.input_shape = tuple(x.shape[-axes:])
            w.units = math.prod(output.shape[-axes:])
            w.spiking &= are_spikes(x)
            w.tally.add_input(x.reshape(1, -1, *w.input_shape))

        return watch

    handles = [module.register_forward_hook(hook(name)) for name, module in layers.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _facts(
    name: str,
    module: nn.Module,
    w: _Watched,
    dense: DenseCount,
    samples: int,
    *,
    snn: bool,
    measured: bool,
) -> LayerFacts:
    assert isinstance(module, nn.Linear | nn.Conv2d)
    steps, odd = divmod(w.tally.samples, samples)
    assert not odd, f"{name}: {w.tally.samples} rows for {samples} samples"
    assert w.tally.nonzero is not None
    # Which neurons follow the layer is not known, only whether there are any in the model.
    neurons = None if snn else 0
    return LayerFacts(
        layer=name,
        kind="linear" if isinstance(module, nn.Linear) else "conv",
        input_kind="spikes" if w.spiking else "real",
        applied_steps=steps,
        inputs=module.weight[0].numel(),
        outputs=w.units,
        params=sum(p.numel() for p in module.parameters()),
        input_rate=w.tally.input_rate if measured else None,
        model="snn" if snn else "ann",
        steps=steps,
        input_values=math.prod(w.input_shape),
        input_nonzero=w.tally.nonzero.sum().item() / samples if measured else None,
        dense_operations=dense.macs[name] / samples,
        effective_operations=effective_operations(module, w.tally.nonzero, samples)
        if measured
        else None,
        neuron_updates=neurons,
        weights=module.weight.numel(),
        weights_nonzero=int(module.weight.count_nonzero()),
        biases=0 if module.bias is None else module.bias.numel(),
        states=neurons,
    )


@contextmanager
def _without_triton_warnings() -> Iterator[None]:
    """Silence what torch logs each time it misses Triton, for which SpikingJelly has operators."""
    logger = logging.getLogger("torch._library.triton")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _elsewhere(dense: DenseCount, counted: set[str]) -> dict[str, int]:
    """Return what fvcore counts outside the weight layers, by the module that owns it."""
    inside = [dense.macs.get(name, 0) for name in counted]
    rest = dense.macs[""] - sum(inside)
    return {"operations outside linear and conv2d layers (fvcore)": rest} if rest else {}
