"""Count a model that is not ours: any torch module, of any library."""

import copy
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from snnbench.cost.neurons import is_neuron, rates, reset
from snnbench.cost.report import NetworkCount
from snnbench.cost.rows import facts_of
from snnbench.cost.tracking import Tracker
from snnbench.cost.values import REAL, SPIKES, WHOLE
from snnbench.cost.watching import Watch
from snnbench.errors import UserError, and_more, users_code


def count_model(
    model: nn.Module,
    x: torch.Tensor,
    *,
    samples: int,
    spikes: bool,
    measured: bool,
    place: str = "",
    time: bool | None = None,
) -> NetworkCount:
    """Run a copy of a model once and count what its layers multiply, and its neurons' spikes.

    Args:
        model: any module, in the mode it is in; of the copy, neurons' states are reset.
        x: its input, with `samples` samples on the batch axis; integers are indices.
        samples: counts are per sample.
        spikes: the input is spikes; of all other tensors it is known from what produced them.
        measured: the values of `x` are real data; otherwise only its shape means something,
            and what depends on values is left out.
        place: where the model is made, for errors that come from no line of its code.
        time: the first axis of `x` are steps; None to tell that from its shape.

    Raises:
        UserError: the model cannot be copied, does not run on this input, or has no layer that
            can be counted.
    """
    with users_code("The model cannot be copied", "Return one that has just been made.", place):
        model = _copy(model)
    with (
        _aside(model),
        users_code("The model's states cannot be reset", "Mend its reset().", place),
        torch.no_grad(),
    ):
        reset(model)
    watch = Watch(model, x, samples, time=time, measured=measured)
    tracker = watch.tracker
    tracker.know(x, SPIKES if spikes else REAL if x.is_floating_point() else WHOLE)
    with _running(tracker, x, place), _aside(model), torch.no_grad(), tracker:
        model(x)
    if not watch.layers:
        listed = f" What has no rule: {', '.join(tracker.uncounted)}." if tracker.uncounted else ""
        raise UserError(
            f"The model calls no layer that multiplies.{listed}",
            "Count models of linear, convolutional, recurrent or attention layers.",
        )
    snn = tracker.fires or any(is_neuron(module) for module in model.modules())
    known = measured and not watch.fires_elsewhere
    return NetworkCount(
        facts=facts_of(watch, samples, snn=snn, measured=measured),
        params=sum(p.numel() for p in model.parameters() if p.requires_grad),
        **(rates(watch.firings.values()) if known else {}),
        uncounted=dict(tracker.uncounted),
        notes=tuple(_notes(model, watch)),
    )


def _copy(model: nn.Module) -> nn.Module:
    """Return a copy to run: the model keeps its states, statistics and hooks."""
    plainly: Any = torch.Tensor.__deepcopy__

    def copied(tensor: torch.Tensor, memo: dict[int, object]) -> object:
        # torch copies no tensors that a graph has made, such as states left by training
        return plainly(tensor, memo) if tensor.is_leaf else tensor.detach().clone()

    # wherever it lies: in a state, in a hook that keeps what it sees
    torch.Tensor.__deepcopy__ = copied  # type: ignore[method-assign]
    try:
        made: nn.Module = copy.deepcopy(model)
    finally:
        torch.Tensor.__deepcopy__ = plainly  # type: ignore[method-assign]
    return made


@contextmanager
def _running(tracker: Tracker, x: torch.Tensor, place: str) -> Iterator[None]:
    """Within the context the model runs; what it raises is the user's to mend."""

    def problem() -> str:
        running = tracker.frames.running()
        module = f", in {running}" if running else ""
        return f"The model does not run on an input of shape {tuple(x.shape)}{module}"

    remedy = "Check --input-shape (or --input) and --layout, or mend the model."
    try:
        with users_code(problem, remedy, place):
            yield
    except UserError as error:
        if tracker.fault is not None:  # ours
            raise tracker.fault from None
        wanted = tracker.frames.expected()
        raise UserError(error.problem, f"{wanted} {error.remedy}".strip()) from None
    finally:
        tracker.frames.close()


@contextmanager
def _aside(model: nn.Module) -> Iterator[None]:
    """Within the context a model runs without a trace: random draws and torch's settings stay.

    Kernels of whole attention layers show no products: they are not used. What torch logs each
    time Triton is missed, for which SpikingJelly has operators, is silenced.
    """
    logger = logging.getLogger("torch._library.triton")
    level, fast = logger.level, torch.backends.mha.get_fastpath_enabled()
    drawn, drawn_by_numpy = random.getstate(), np.random.get_state()
    devices = {p.device.index for p in model.parameters() if p.device.type == "cuda"}
    logger.setLevel(logging.ERROR)
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.random.fork_rng(devices=[d for d in devices if d is not None]):
            yield
    finally:
        logger.setLevel(level)
        torch.backends.mha.set_fastpath_enabled(fast)
        random.setstate(drawn)
        np.random.set_state(drawn_by_numpy)


def _notes(model: nn.Module, watch: Watch) -> Iterator[str]:
    """Say what else is to be known of the counts."""
    modes = {type(m).__name__ for m in model.modules() if m.training and _has_modes(m)}
    if modes:
        yield (
            f"The model is in training mode, in which {', '.join(sorted(modes))} compute "
            "otherwise: return model.eval() to count it as it is used."
        )
    for (name, *_), layer in watch.layers.items():
        if layer.values.unknown:
            yield (
                f"Whether {name or 'the layer'} receives spikes is not known: its input comes from "
                f"{layer.values.unknown}."
            )
    if watch.fractions:
        yield (
            f"{_listed(watch.fractions)} averages spikes: sums, and one division each, which are "
            "not counted; the fractions are real, so that layers after it multiply."
        )
    if watch.fused:
        yield (
            f"{_listed(watch.fused)} is taken as fused with the layer before it: it is in "
            "dense_macs alone, 2 an element as fvcore counts."
        )
    if watch.fires_elsewhere:
        yield (
            "Spikes are made outside modules of neurons, so that firing rates are not known: give "
            "neurons a module of their own."
        )
    alone = dict.fromkeys(f.name for (*_, source), f in watch.firings.items() if source is None)
    if alone:
        yield f"No layer comes before the neurons of {_listed(alone)}: no layer's row has them."


def _listed(names: dict[str, None]) -> str:
    return and_more([name or "the model" for name in names], 3)


def _has_modes(module: nn.Module) -> bool:
    names = [kind.__name__ for kind in type(module).__mro__]
    return any("Dropout" in name or "BatchNorm" in name for name in names)
