"""The chain behind `count`: a network described, trained or foreign -> its counts."""

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from snnbench.config import RunConfig
from snnbench.cost.counting import count_network, dense_count
from snnbench.cost.foreign import count_model
from snnbench.cost.report import NetworkCount
from snnbench.data.dataset import Dataset
from snnbench.errors import UserError, did_you_mean, users_code
from snnbench.exchange.counting import open_graph
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.network.build import Network, build_network
from snnbench.runs import default_threads, resolve_machine
from snnbench.training.evaluation import NetworkEvaluator, evaluate
from snnbench.training.machine import using

_LAYOUTS, _KINDS = ("TB", "B"), ("spikes", "real", "indices", None)
_FOLDER = "Run the command in the folder of your .py file, and mend what it says."


def measured_count(
    config: RunConfig, dataset: Dataset, network: Network | None = None
) -> NetworkCount:
    """Count a network on the test part of real data; an untrained one if none is given.

    Raises:
        UserError: settings, data and machine do not fit each other.
    """
    config = resolve_machine(config)
    device = torch.device(config.device)
    data = prepare(config, dataset, select(config, dataset, trains=False), device)
    network = network or build_network(config, data.input_shape)
    network = network.to(device)
    with using(config, default_threads()):
        (evaluation,) = evaluate(NetworkEvaluator([config], [network]), data.test, [0])
    T = config.T if config.model == "snn" else None
    return count_network(network, evaluation.tallies, T, dense_count(network))


@contextmanager
def _importing_from_here() -> Iterator[None]:
    """Within the context modules in the working directory are found; then sys.path is as before."""
    before = sys.path[:]
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        yield
    finally:
        sys.path[:] = before


@_importing_from_here()  # all along: a model may import when it runs
def foreign_count(
    source: str | torch.nn.Module,
    layout: str,
    shape: tuple[int, ...] | None,
    given: Any,
    input_kind: str | None = None,
) -> NetworkCount:
    """Count somebody's own model, in the mode it is in; it is left as it is.

    Args:
        source: the model, or "module:function" that returns it; the module is looked for in the
            working directory, too.
        layout: "TB" for an input of [T, B, ...], "B" for [B, ...].
        shape: of an input whose values are not known, batch axis included; or None and
        given: the input, an array or tensor, or an .npy file with it.
        input_kind: "spikes", 0 or 1, or "real", or "indices", which stay whole numbers, as an
            embedding takes them; None for spikes if the input's values are boolean, else real.

    Raises:
        UserError: no such function, it returns no module, the model does not run, or the input
            is not of its kind.
    """
    _check_words(layout, input_kind)
    if (given is None) == (shape is None):
        raise UserError(
            "A model of your own needs an input: its values or its shape, one of them.",
            "Give input, an array, or input_shape, batch axis included.",
        )
    model, place = (source, "") if isinstance(source, torch.nn.Module) else _make_model(source)
    values = np.zeros(shape, np.float32) if shape is not None else _read_array(given)
    axis = layout.index("B")
    if values.size == 0:
        raise UserError(
            f"The input of shape {values.shape} holds no values.", "Give one sample or more."
        )
    if values.ndim <= axis + (input_kind != "indices"):  # of indices there may be one a sample
        raise UserError(
            f"An input of shape {values.shape} has no batch axis and values in layout {layout}.",
            "Give every axis, as in --input-shape 4,1,1,28,28 --layout TB.",
        )
    spikes = values.dtype == np.bool_ if input_kind is None else input_kind == "spikes"
    if spikes and not np.isin(values, (0, 1)).all():
        raise UserError(
            "The input has values other than 0 and 1: these are no spikes.",
            "Leave --input-kind spikes out, or give 0 and 1 alone.",
        )
    if input_kind == "indices" and not (values == np.floor(values)).all():
        raise UserError(
            "The input has values that are not whole: these are no indices.",
            "Leave --input-kind indices out, or give whole numbers alone.",
        )
    device = next((p.device for p in model.parameters()), None)
    x = torch.from_numpy(values.astype(np.int64 if input_kind == "indices" else np.float32))
    return count_model(
        model, x.to(device), samples=x.shape[axis], spikes=bool(spikes), measured=shape is None,
        place=place, time=axis > 0,
    )  # fmt: skip


def _check_words(layout: str, input_kind: str | None) -> None:
    for name, value, known in (("layout", layout, _LAYOUTS), ("input_kind", input_kind, _KINDS)):
        if value not in known:
            raise UserError(
                f"{name}: '{value}' is not known.", did_you_mean(str(value), filter(None, known))
            )


def nir_count(
    path: Path,
    *,
    dt: object,
    T: object,
    layout: str,
    shape: tuple[int, ...] | None,
    given: Any,
    input_kind: str | None = None,
) -> NetworkCount:
    """Count a NIR graph, run in steps of dt seconds.

    Args:
        path: of the file.
        dt: seconds of a step; None for what the file says, or else 1e-4.
        T: steps; None where the input says how many.
        layout, shape, given, input_kind: as of `foreign_count`; without shape and values the graph
            says the shape of a sample. A "B" input is there at every step.

    Raises:
        UserError: the file or its graph cannot be run, or the input does not fit.
    """
    _check_words(layout, input_kind)
    if given is not None and shape is not None:
        raise UserError("An input has its shape: --input and --input-shape.", "Keep one.")
    opened = open_graph(path, dt, T)
    values = None if given is None else _read_array(given)
    over_time = opened.fitted(shape if values is None else values.shape, layout)
    if values is not None:
        values = np.broadcast_to(values, over_time)
    else:
        shape = over_time
    count = foreign_count(opened.model, "TB", shape, values, input_kind)
    return replace(count, notes=(*opened.notices, *count.notes))


def _make_model(source: str) -> tuple[torch.nn.Module, str]:
    """Return the model, and where the function is that makes it."""
    module_name, colon, function_name = source.partition(":")
    if not (module_name and colon and function_name):
        raise UserError(f"'{source}' is not MODULE:FUNCTION.", "Write, for instance, nets:make.")
    with users_code(f"Module '{module_name}' cannot be imported", _FOLDER):
        module = importlib.import_module(module_name)
    function = getattr(module, function_name, None)
    if not callable(function):
        found = "no function" if function is None else "a value, not a function"
        raise UserError(f"Module '{module_name}' has {found} '{function_name}'.", "Check the name.")
    place = _place_of_definition(function) or module_name
    with users_code(f"{source} returns no model", "Let it take no arguments, or mend it.", place):
        model = function()
    if not isinstance(model, torch.nn.Module):
        raise UserError(
            f"{source} returned {type(model).__name__}, not a torch.nn.Module.",
            "Name a function without arguments that returns the model.",
        )
    return model, place


def _place_of_definition(function: Callable[..., object]) -> str | None:
    try:
        return f"{inspect.getsourcefile(function)}, line {inspect.getsourcelines(function)[1]}"
    except (OSError, TypeError):
        return None


def _read_array(given: Any) -> np.ndarray:
    name, values = "The input", given
    if isinstance(given, str | Path):
        name = str(given)
        try:
            values = np.load(given, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise UserError(
                f"{name} cannot be read: {error}.", "Save it with numpy.save."
            ) from None
    elif isinstance(given, torch.Tensor):
        values = given.detach().cpu().numpy()
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
        raise UserError(f"{name} does not hold an array of numbers.", "Save one array of numbers.")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise UserError(f"{name} holds NaN or infinity.", "Save finite numbers.")
    return values
