"""Count a model that is not ours: any torch module of linear and convolutional layers."""

import copy
import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from spikingjelly.activation_based import functional
from torch import nn
from torch.utils._pytree import tree_leaves

from snnbench.cost.effective import (
    Shape,
    Transposed,
    WeightLayer,
    axes,
    dense_operations,
    effective_operations,
    fan_in,
    fans_out,
    reach,
)
from snnbench.cost.facts import LayerFacts
from snnbench.cost.report import NetworkCount
from snnbench.cost.tally import Tally
from snnbench.cost.tracking import Tracker, is_neuron
from snnbench.cost.values import NOTHING, REAL, SPIKES, Values, joined
from snnbench.errors import UserError, users_code


@dataclass
class _Watched:
    """What went through a weight layer at one size of its input, in however many calls."""

    module: WeightLayer
    input_shape: Shape
    output_shape: Shape
    tally: Tally = field(default_factory=Tally)
    values: Values = NOTHING


_Layers = dict[tuple[str, Shape, Shape], _Watched]


def count_model(
    model: nn.Module,
    x: torch.Tensor,
    *,
    samples: int,
    spikes: bool,
    measured: bool,
    place: str = "",
) -> NetworkCount:
    """Run a copy of a model once and count its linear and convolutional layers.

    Args:
        model: any module, in the mode it is in; of the copy, SpikingJelly's neurons are reset.
        x: its input, with `samples` samples on the batch axis.
        samples: counts are per sample.
        spikes: the input is spikes; of all other tensors it is known from what produced them.
        measured: the values of `x` are real data; otherwise only its shape means something,
            and what depends on values is left out.
        place: where the model is made, for errors that come from no line of its code.

    Raises:
        UserError: the model cannot be copied, does not run on this input, or has no layer that
            can be counted.
    """
    with users_code("The model cannot be copied", "Return one that has just been made.", place):
        model = _copy(model)
    tracker = Tracker(model)
    tracker.know(x, SPIKES if spikes else REAL)
    watched: _Layers = {}
    _watch(model, tracker, watched)
    with _running(tracker, x, place), _quietly(), torch.no_grad():
        functional.reset_net(model)
        with tracker:
            model(x)
    if not watched:
        raise UserError(
            "The model calls no linear or convolutional layer.",
            "Count models made of torch.nn.Linear, Conv1d to Conv3d and their transposes.",
        )
    snn = tracker.fires or any(is_neuron(module) for module in model.modules())
    seen = [name for name, *_ in watched]
    facts = []
    for (name, *shapes), w in watched.items():
        sizes = " to ".join("x".join(map(str, shape)) for shape in shapes)
        label = name if seen.count(name) == 1 else f"{name} {sizes}"
        facts.append(_facts(label, w, samples, snn=snn, measured=measured))
    return NetworkCount(
        facts=tuple(facts),
        params=sum(p.numel() for p in model.parameters() if p.requires_grad),
        uncounted=dict(tracker.uncounted),
        notes=(*_modes(model), *_doubts(facts, list(watched.values()))),
    )


def _copy(model: nn.Module) -> nn.Module:
    """Return a copy to run: the model keeps its states, statistics and hooks."""
    # torch copies no tensors that a graph has made, such as states left by training.
    held = [leaf for module in model.modules() for leaf in tree_leaves(dict(vars(module)))]
    made = [v for v in held if isinstance(v, torch.Tensor) and not v.is_leaf]
    copied: nn.Module = copy.deepcopy(model, {id(v): v.detach().clone() for v in made})
    return copied


@contextmanager
def _running(tracker: Tracker, x: torch.Tensor, place: str) -> Iterator[None]:
    """Within the context the model runs; what it raises is the user's to mend."""

    def problem() -> str:
        module = f", in {tracker.running}" if tracker.running else ""
        return f"The model does not run on an input of shape {tuple(x.shape)}{module}"

    remedy = "Check --input-shape (or --input) and --layout, or mend the model."
    try:
        with users_code(problem, remedy, place):
            yield
    except UserError:
        if tracker.fault is not None:  # ours
            raise tracker.fault from None
        raise


def _watch(model: nn.Module, tracker: Tracker, watched: _Layers) -> None:
    """Let every module tell when it runs, and every weight layer what goes through it."""

    def began(name: str, kind: str, aside: bool) -> Any:
        return lambda module, args: tracker.enter(name, kind, aside=aside)

    def left(name: str) -> Any:
        def hook(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            tracker.leave()
            if is_neuron(module) and isinstance(output, torch.Tensor):
                if tracker.of(output).unknown:  # by a kernel, of which torch knows nothing
                    tracker.know(output, SPIKES)
            elif isinstance(module, WeightLayer):
                x = args[0] if args else kwargs["input"]
                n, values = axes(module), tracker.of(x)
                shapes = tuple(x.shape[-n:]), tuple(output.shape[-n:])
                w = watched.setdefault((name, *shapes), _Watched(module, *shapes))
                w.values = joined([w.values, values])
                with tracker.looking():
                    w.tally.add_input(x.reshape(1, -1, *shapes[0]), sums=values.bounded)

        return hook

    for name, module in model.named_modules():
        if isinstance(module, torch.jit.ScriptModule):
            continue  # it takes no hooks: what it multiplies is listed
        aside = isinstance(module, WeightLayer) or is_neuron(module)
        module.register_forward_pre_hook(began(name or "model", type(module).__name__, aside))
        module.register_forward_hook(left(name), with_kwargs=True)


def _facts(name: str, w: _Watched, samples: int, *, snn: bool, measured: bool) -> LayerFacts:
    module, tally, shapes = w.module, w.tally, (w.input_shape, w.output_shape)
    steps, odd = divmod(tally.samples, samples)
    if odd:
        raise UserError(
            f"The layer {name or type(module).__name__} is applied {tally.samples} times to "
            f"{samples} samples.",
            "Check --layout; let every sample pass a layer equally often.",
        )
    assert tally.nonzero is not None
    # Which neurons follow the layer is not known, only whether there are any in the model.
    neurons = None if snn else 0
    return LayerFacts(
        layer=name,
        kind=_kind(module),
        input_kind=_input_kind(w.values),
        applied_steps=steps,
        inputs=fan_in(module),
        outputs=math.prod(w.output_shape),
        params=sum(p.numel() for p in module.parameters()),
        input_rate=tally.input_rate if measured else None,
        model="snn" if snn else "ann",
        steps=steps,
        input_values=math.prod(w.input_shape),
        input_nonzero=tally.input_nonzero if measured else None,
        dense_operations=float(dense_operations(module, *shapes) * steps),
        effective_operations=effective_operations(module, tally.nonzero, samples, w.output_shape)
        if measured
        else None,
        neuron_updates=neurons,
        weights=module.weight.numel(),
        weights_nonzero=int(module.weight.count_nonzero()),
        biases=0 if module.bias is None else module.bias.numel(),
        states=neurons,
        kernel=math.prod(getattr(module, "kernel_size", ())),
        fan_out=fans_out(module),
        reach=reach(module),
        update_operations=neurons,
        leaks=neurons,
    )


def _kind(module: WeightLayer) -> str:
    if isinstance(module, nn.Linear):
        return "linear"
    return "transposed-conv" if isinstance(module, Transposed) else "conv"


def _input_kind(values: Values) -> str | None:
    if values.unknown:
        return None
    if not values.bounded:
        return "real"
    return "spikes" if values.low >= 0 and values.high <= 1 else "integers"


def _modes(model: nn.Module) -> list[str]:
    """Say which modules compute otherwise in training, if they do so now."""
    names = {type(m).__name__ for m in model.modules() if m.training and _has_modes(m)}
    if not names:
        return []
    return [
        f"The model is in training mode, in which {', '.join(sorted(names))} compute otherwise: "
        "return model.eval() to count it as it is used."
    ]


def _has_modes(module: nn.Module) -> bool:
    names = [kind.__name__ for kind in type(module).__mro__]
    return any("Dropout" in name or "BatchNorm" in name for name in names)


def _doubts(facts: list[LayerFacts], watched: list[_Watched]) -> list[str]:
    """Say of which layers it is not known what they receive, and why."""
    return [
        f"Whether {layer.layer or 'the layer'} receives spikes is not known: its input comes from "
        f"{w.values.unknown}."
        for layer, w in zip(facts, watched, strict=True)
        if w.values.unknown
    ]


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep torch's random draws as they are, and silence what it logs each time Triton is missed.

    SpikingJelly has operators for Triton.
    """
    logger = logging.getLogger("torch._library.triton")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        logger.setLevel(level)
