"""Saved models: weights as safetensors, the settings beside them as JSON. No pickle."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes

from snnbench.config import RunConfig
from snnbench.config.arch import layer_names
from snnbench.errors import UserError
from snnbench.network.build import Network
from snnbench.network.model_files import REMEDY, ModelFiles, settings_path, write_files

_FORMAT = 1
_LARGEST = 10_000_000  # of an input's sides
_TYPES = {torch.float32: "F32", torch.int64: "I64"}  # of a network's tensors, as safetensors has it
_NOT_NEGATIVE = (".running_var", ".num_batches_tracked")


@dataclass(frozen=True)
class Checkpoint:
    """A saved model: its network with weights, the settings it was trained with, its run.

    Attributes:
        input_shape: of a sample, as the data set has it.
    """

    network: Network
    config: RunConfig
    run_id: str
    input_shape: tuple[int, ...]


def save_model(
    folder: Path, run_id: str, config: RunConfig, network: Network, input_shape: tuple[int, ...]
) -> Path:
    """Write `<run_id>.safetensors` and `<run_id>.json` into the folder; return the former.

    Raises:
        UserError: the folder cannot be written.
    """
    files = model_files(run_id, config, network, input_shape)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return write_files(folder, run_id, files, _replace)
    except OSError as error:
        raise UserError(
            f"The model cannot be saved in {folder}: {error}.", "Choose another --out."
        ) from None


def model_files(
    run_id: str, config: RunConfig, network: Network, input_shape: tuple[int, ...]
) -> ModelFiles:
    """Return the files of a trained network, as bytes."""
    settings = {k: v for k, v in config.effective.items() if v is not None}
    about = {"format": _FORMAT, "run_id": run_id, "input_shape": input_shape, "settings": settings}
    weights = {k: v.detach().cpu().contiguous().clone() for k, v in network.state_dict().items()}
    return ModelFiles(to_bytes(weights), json.dumps(about, indent=2).encode())


def load_model(path: Path) -> Checkpoint:
    """Read a model that `save_model` wrote.

    Nothing is taken on trust: every tensor must be there in its shape and type, none besides, and
    hold finite numbers only. No memory is taken before the file is known to fill it.

    Raises:
        UserError: a file is missing, damaged, or of a newer version; settings are out of range; a
            tensor, which is named, is not what the settings say.
    """
    about = _read_settings(path)
    header = _read_header(path)
    with _naming(settings_path(path)):
        config = RunConfig.from_layers({}, about.settings)
    if len(layer_names(config.arch)) > len(header):  # before so many are made
        raise _not_its_weights(path, f"it has {len(header)} tensors, and arch more layers")
    with _naming(settings_path(path)), torch.device("meta"):
        wanted = Network(config, about.input_shape).state_dict()
    _compare(path, header, wanted)
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise _not_its_weights(path, error) from None
    for name, values in weights.items():
        _check_values(path, name, values)
    network = Network(config, about.input_shape)
    network.load_state_dict(weights)
    network.eval()
    return Checkpoint(network, config, about.run_id, about.input_shape)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let what is refused in the context begin with the file's name."""
    try:
        yield
    except UserError as error:
        raise UserError(f"{path}: {error.problem}", error.remedy) from None


class _About(NamedTuple):
    """What is saved beside the weights."""

    run_id: str
    input_shape: tuple[int, ...]
    settings: dict[str, Any]


def _read_settings(path: Path) -> _About:
    beside = settings_path(path)
    if not path.is_file() or not beside.is_file():
        missing = path if not path.is_file() else beside
        raise UserError(f"There is no {missing}.", REMEDY)
    try:
        about = json.loads(beside.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        raise _no_settings(beside, "it cannot be read as JSON") from None
    version = about.get("format") if isinstance(about, dict) else None
    if type(version) is not int or version < 1:
        raise _no_settings(beside, "it names no format")
    if version > _FORMAT:
        raise UserError(f"{beside} was written by a newer snnbench.", "Update snnbench.")
    run_id, shape = about.get("run_id", path.stem), about.get("input_shape")
    settings = about.get("settings")
    if not isinstance(run_id, str) or not run_id.isprintable():
        raise _no_settings(beside, "run_id is no name")
    if not isinstance(shape, list) or len(shape) not in (1, 3) or not all(map(_is_size, shape)):
        raise _no_settings(beside, "input_shape is neither [F] nor [C, H, W]")
    if not isinstance(settings, dict):
        raise _no_settings(beside, "settings are not names with values")
    for name, value in settings.items():
        if not isinstance(value, str | int | float | None):
            raise _no_settings(beside, f"{name} is not one value")
    return _About(run_id, tuple(shape), settings)


def _is_size(value: object) -> bool:
    return type(value) is int and 0 < value <= _LARGEST


def _read_header(path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return name -> type and shape of the tensors in a file."""
    try:
        with safe_open(path, framework="pt") as file:
            parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
            return {
                name: (part.get_dtype(), tuple(part.get_shape())) for name, part in parts.items()
            }
    except (OSError, SafetensorError) as error:
        raise _not_its_weights(path, error) from None


def _compare(
    path: Path,
    found: Mapping[str, tuple[str, tuple[int, ...]]],
    wanted: Mapping[str, torch.Tensor],
) -> None:
    """Refuse a tensor that is missing, unknown, or of another shape or type."""
    for name in [*wanted, *found]:
        if name not in found:
            raise _not_its_weights(path, f"there is no tensor {name!r}")
        if name not in wanted:
            raise _not_its_weights(path, f"the network has no tensor {name!r}")
        (dtype, shape), tensor = found[name], wanted[name]
        if shape != tuple(tensor.shape):
            size = list(tensor.shape)
            raise _not_its_weights(path, f"{name} has the shape {list(shape)}, not {size}")
        if dtype != _TYPES[tensor.dtype]:
            raise _not_its_weights(path, f"{name} is of type {dtype}, not {_TYPES[tensor.dtype]}")


def _check_values(path: Path, name: str, values: torch.Tensor) -> None:
    if values.is_floating_point() and not bool(torch.isfinite(values).all()):
        raise UserError(
            f"{path}: {name} has values that are not finite.",
            "The run may have diverged. Train again with a smaller --lr, and --save-model.",
        )
    if name.endswith(_NOT_NEGATIVE) and bool((values < 0).any()):
        raise _not_its_weights(path, f"{name} has values below 0")


def _no_settings(beside: Path, why: str) -> UserError:
    return UserError(
        f"{beside} is damaged: it does not hold a model's settings ({why}).",
        "Train again with --save-model.",
    )


def _not_its_weights(path: Path, why: object) -> UserError:
    return UserError(
        f"{path} does not hold this model's weights: {str(why).splitlines()[0]}.",
        "Train again with --save-model.",
    )


def _replace(path: Path, data: bytes) -> None:
    """Write beside the file, then put it in place: a reader never sees half a file."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
