"""The two files of a saved model: weights as safetensors, settings beside them as JSON.

Only their names and bytes; `checkpoint` makes and reads them, and imports torch.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from snnbench.errors import UserError

MODELS = "models"  # folder of saved models, inside that of the results
SUFFIX = ".safetensors"
REMEDY = f"Name the {SUFFIX} file that --save-model wrote; its .json must lie beside it."


class ModelFiles(NamedTuple):
    """The bytes of the two files."""

    weights: bytes
    settings: bytes


def weights_path(folder: Path, run_id: str) -> Path:
    """Return the file of a run's weights, by which the model is named."""
    return folder / f"{run_id}{SUFFIX}"


def settings_path(weights: Path) -> Path:
    """Return the file of the settings, beside that of the weights."""
    return weights.with_suffix(".json")


def read_files(weights: Path) -> ModelFiles:
    """Return the files of a saved model that others learn from.

    Raises:
        UserError: one cannot be read.
    """
    try:
        return ModelFiles(weights.read_bytes(), settings_path(weights).read_bytes())
    except OSError as error:
        raise UserError(
            f"The teacher {error.filename} cannot be read: {error.strerror}.", REMEDY
        ) from None


def write_files(
    folder: Path,
    run_id: str,
    files: ModelFiles,
    write: Callable[[Path, bytes], object] = Path.write_bytes,
) -> Path:
    """Write the files of a model into a folder that is there; return that of the weights.

    Args:
        folder: where to.
        run_id: names the files.
        files: their bytes.
        write: writes one file; the default takes no care of being killed.

    Raises:
        OSError: one cannot be written.
    """
    weights, settings = files
    path = weights_path(folder, run_id)
    # The settings first: weights without settings cannot be read, the other way round can.
    write(settings_path(path), settings)
    write(path, weights)
    return path
