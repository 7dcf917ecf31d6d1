"""Checkpoints: where a training that was interrupted goes on, in a folder beside the tables.

A run has two, written in turns, each a safetensors file and, last, a JSON file with the checksums
of both: a kill or a full disk at any moment leaves one that is whole.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from snnbench.errors import UserError
from snnbench.results import disk
from snnbench.results.provenance import provenance

if TYPE_CHECKING:
    from snnbench.training.snapshot import Snapshot

FOLDER = "checkpoints"  # inside that of the tables
EVERY = 30.0  # seconds between two of a run, unless it is said otherwise
_SLOTS = ("0", "1")
_SAME = ("snnbench_version", "commit", "torch_version")  # others may give other bits


class Files(NamedTuple):
    """A snapshot as bytes: after which epoch, weights as safetensors, and the rest as JSON."""

    epoch: int
    weights: bytes
    about: bytes


class Checkpoints:
    """The checkpoints of some runs.

    Args:
        folder: where they lie; made when the first is written.
        every: seconds that pass at least between two of a cohort.
    """

    def __init__(self, folder: Path, every: float) -> None:
        self.folder, self.every = folder, every
        self.begin()

    def begin(self) -> None:
        """Let the time until the next ones begin now."""
        self._written = time.monotonic()

    @classmethod
    def of(cls, results: Path, every: float | None) -> Self:
        """Return those beside the tables of a folder; `every` None is what suits most.

        Raises:
            UserError: `every` is no time.
        """
        every = EVERY if every is None else every
        if not every >= 0:
            raise UserError(f"--checkpoint-every {every:g} is no time.", "Give seconds, 0 or more.")
        return cls(results / FOLDER, every)

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next ones."""
        return time.monotonic() - self._written >= self.every

    def save(self, snapshots: "Mapping[str, Snapshot]") -> None:
        """Write run_id -> snapshot, in the place of the older of each run's two.

        Raises:
            OSError: the disk does not take them; the newer ones are still there.
        """
        for run_id, snapshot in snapshots.items():
            self.put(run_id, to_files(run_id, snapshot))
        self.begin()

    def put(self, run_id: str, files: Files) -> None:
        """Write the files of a snapshot; see `save`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        paths = self._paths(run_id, _SLOTS[files.epoch % 2])
        paths[1].unlink(missing_ok=True)  # of what is about to be replaced
        disk.replace_file(paths[0], [files.weights])
        disk.replace_file(paths[1], [files.about])

    def load(self, run_id: str) -> "tuple[Snapshot | None, list[str]]":
        """Return a run's newest checkpoint that is whole, and what there is to say about it."""
        found, notes = [], []
        for slot in _SLOTS:
            paths = self._paths(run_id, slot)
            if not paths[1].exists():
                continue
            try:
                found.append(from_files(run_id, *(path.read_bytes() for path in paths)))
            except (OSError, ValueError) as error:
                notes.append(f"The checkpoint {paths[1]} cannot be used: {error}.")
        newest = max(found, key=lambda snapshot: snapshot.epoch, default=None)
        if newest is not None:
            notes.append(f"Run {run_id} goes on from its checkpoint after epoch {newest.epoch}.")
        elif notes:
            notes.append(f"Run {run_id} begins anew.")
        return newest, notes

    def files(self, run_id: str) -> Files | None:
        """Return the files of a run's newest checkpoint that is whole."""
        snapshot, _ = self.load(run_id)
        return None if snapshot is None else to_files(run_id, snapshot)

    def forget(self, run_id: str) -> None:
        """Delete a run's checkpoints, and the folder with the last of them."""
        for slot in _SLOTS:
            for path in reversed(self._paths(run_id, slot)):
                path.unlink(missing_ok=True)
        if self.folder.is_dir() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _paths(self, run_id: str, slot: str) -> tuple[Path, Path]:
        stem = f"{run_id}.{slot}"
        return self.folder / f"{stem}.safetensors", self.folder / f"{stem}.json"


def to_files(run_id: str, snapshot: "Snapshot") -> Files:
    """Return a snapshot as the bytes of its two files."""
    from safetensors.torch import save

    weights = save({name: tensor.contiguous() for name, tensor in snapshot.tensors.items()})
    made = provenance()
    about = {
        "run_id": run_id,
        "epoch": snapshot.epoch,
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
        "made_by": {name: made[name] for name in _SAME},
        "about": snapshot.about,
    }
    whole = json.dumps({"sha256": _digest(about), "content": about}).encode()
    return Files(snapshot.epoch, weights, whole)


def from_files(run_id: str, weights: bytes, about: bytes) -> "Snapshot":
    """Return the snapshot that two files hold.

    Raises:
        ValueError: they are damaged, or of another run or program, in words for the user.
    """
    from safetensors.torch import load

    from snnbench.training.snapshot import Snapshot

    try:
        read = json.loads(about)
        content: dict[str, Any] = read["content"]
        whole = read["sha256"] == _digest(content)
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise ValueError("it is damaged")
    if hashlib.sha256(weights).hexdigest() != content["weights_sha256"]:
        raise ValueError("its weights are damaged")
    made = provenance()
    if content["run_id"] != run_id or content["made_by"] != {n: made[n] for n in _SAME}:
        raise ValueError("another version of the program wrote it, whose numbers may differ")
    return Snapshot(content["epoch"], load(weights), content["about"])


def _digest(about: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
