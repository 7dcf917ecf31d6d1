"""The chain behind `count`: a network described, trained or foreign -> its counts."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

from snnbench.config import RunConfig
from snnbench.cost.counting import count_network, dense_count
from snnbench.cost.foreign import count_model
from snnbench.cost.report import NetworkCount
from snnbench.data.dataset import Dataset
from snnbench.errors import UserError
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.network.build import Network, build_network
from snnbench.runs import default_threads, resolve_machine
from snnbench.training.evaluation import NetworkEvaluator, evaluate
from snnbench.training.machine import using


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
    source: str, layout: str, shape: tuple[int, ...] | None, file: Path | None
) -> NetworkCount:
    """Count the model that a user's function returns.

    Args:
        source: "module:function"; the module is looked for in the working directory, too.
        layout: "TB" for an input of [T, B, ...], "B" for [B, ...].
        shape: of an input whose values are not known, batch axis included; or
        file: an .npy file with the input; boolean values are spikes, others are real.

    Raises:
        UserError: no such function, it returns no module, or the model does not run.
    """
    model = _make_model(source)
    measured = file is not None
    values = _read_array(file) if file is not None else np.zeros(shape or (), dtype=np.float32)
    axis = layout.index("B")
    if values.size == 0:
        raise UserError(
            f"The input of shape {values.shape} holds no values.", "Give one sample or more."
        )
    if values.ndim <= axis + 1:
        raise UserError(
            f"An input of shape {values.shape} has no batch axis and values in layout {layout}.",
            "Give every axis, as in --input-shape 4,1,1,28,28 --layout TB.",
        )
    x = torch.from_numpy(values.astype(np.float32))
    return count_model(
        model, x, samples=x.shape[axis], spikes=values.dtype == np.bool_, measured=measured
    )


def _make_model(source: str) -> torch.nn.Module:
    module_name, colon, function_name = source.partition(":")
    if not (module_name and colon and function_name):
        raise UserError(f"'{source}' is not MODULE:FUNCTION.", "Write, for instance, nets:make.")
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except ImportError as error:
        raise UserError(
            f"Module '{module_name}' cannot be imported: {error}.",
            "Run the command in the folder of your .py file.",
        ) from None
    except AttributeError:
        raise UserError(
            f"Module '{module_name}' has no function '{function_name}'.", "Check the name."
        ) from None
    model = function()
    if not isinstance(model, torch.nn.Module):
        raise UserError(
            f"{source} returned {type(model).__name__}, not a torch.nn.Module.",
            "Name a function without arguments that returns the model.",
        )
    return model


def _read_array(file: Path) -> np.ndarray:
    try:
        values = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{file} cannot be read: {error}.", "Save it with numpy.save.") from None
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
        raise UserError(f"{file} does not hold an array of numbers.", "Save one array of numbers.")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise UserError(f"{file} holds NaN or infinity.", "Save finite numbers.")
    return values
