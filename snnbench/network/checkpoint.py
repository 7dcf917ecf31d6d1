"""Saved models: weights as safetensors, the settings beside them as JSON. No pickle."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.network.build import Network
from snnbench.network.model_files import REMEDY, ModelFiles, settings_path, write_files

_FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """A saved model: its network with weights, the settings it was trained with, its run."""

    network: Network
    config: RunConfig
    run_id: str


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

    Raises:
        UserError: a file is missing, damaged, or of a newer version.
    """
    about = _read_settings(path)
    try:
        config = RunConfig.from_layers({}, about["settings"])
        network = Network(config, tuple(about["input_shape"]))
        weights = load_file(path)
        network.load_state_dict(weights)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error}.", "Check the path.") from None
    except (SafetensorError, RuntimeError, KeyError, TypeError) as error:
        first = str(error).splitlines()[0]
        raise UserError(
            f"{path} does not hold this model's weights: {first}",
            "Train again with --save-model.",
        ) from None
    network.eval()
    return Checkpoint(network, config, str(about.get("run_id", path.stem)))


def _read_settings(path: Path) -> dict[str, Any]:
    beside = settings_path(path)
    if not path.is_file() or not beside.is_file():
        missing = path if not path.is_file() else beside
        raise UserError(f"There is no {missing}.", REMEDY)
    try:
        about = json.loads(beside.read_text(encoding="utf-8"))
        version = int(about["format"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UserError(
            f"{beside} is damaged: it does not hold a model's settings.",
            "Train again with --save-model.",
        ) from None
    if version > _FORMAT:
        raise UserError(f"{beside} was written by a newer snnbench.", "Update snnbench.")
    loaded: dict[str, Any] = about
    return loaded


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
