"""The state of a run between two epochs: all on which its further training depends.

What is drawn at random follows from seed, epoch and step, so that no generator has a state.
"""

from dataclasses import asdict, dataclass
from typing import Any

import torch

from snnbench.cost.facts import LayerFacts
from snnbench.cost.report import NetworkCount
from snnbench.energy.measured import Measured
from snnbench.training.engines import Engine
from snnbench.training.events import EpochRecord
from snnbench.training.member import Member, named
from snnbench.training.steps import Inference

_STATE, _KEPT = "state.", "kept."


@dataclass(frozen=True)
class Snapshot:
    """A run after an epoch.

    Attributes:
        epoch: the last one finished.
        tensors: state of network and optimizer, and the weights of the epoch to be reported.
        about: records, choice of the epoch and counts, as JSON has them.
    """

    epoch: int
    tensors: dict[str, torch.Tensor]
    about: dict[str, Any]

    @property
    def state(self) -> dict[str, torch.Tensor]:
        """What an engine's `load_state` takes."""
        return named(self.tensors, _STATE)

    @property
    def records(self) -> tuple[EpochRecord, ...]:
        """The learning curve so far."""
        return tuple(EpochRecord(**record) for record in self.about["records"])


def take(engine: Engine, member: Member) -> Snapshot:
    """Return a copy of a run's state."""
    tensors = {_STATE + name: tensor for name, tensor in engine.state_of(member.at).items()}
    tensors |= {_KEPT + name: tensor for name, tensor in (member.kept_weights or {}).items()}
    count, inference = member.kept_count, member.kept_inference
    about = {
        "records": [asdict(record) for record in member.records],
        "seconds": [member.train_seconds, member.eval_seconds],
        "energy": None if member.energy is None else asdict(member.energy),
        "best": member.best.state,
        "kept_epoch": member.kept_epoch,
        "kept_count": None if count is None else asdict(count),
        "kept_inference": None if inference is None else asdict(inference),
    }
    epoch = len(member.records)
    return Snapshot(epoch, {n: t.detach().cpu().clone() for n, t in tensors.items()}, about)


def restore(member: Member, snapshot: Snapshot) -> None:
    """Bring a run to where it was when a snapshot was taken of it, but for its engine's state."""
    about = snapshot.about
    member.records = list(snapshot.records)
    member.train_seconds, member.eval_seconds = about["seconds"]
    energy = about.get("energy")
    member.energy = None if energy is None else Measured(**energy)
    member.best.state = about["best"]
    member.kept_epoch, member.kept_weights = (
        about["kept_epoch"],
        named(snapshot.tensors, _KEPT) or None,
    )
    if (inference := about["kept_inference"]) is not None:
        member.kept_inference = Inference(tuple(inference["rows"]), inference["columns"])
    if about["kept_count"] is not None:
        # JSON knows no tuples
        kept = about["kept_count"]
        count: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in kept.items()}
        count["facts"] = tuple(LayerFacts(**layer) for layer in count["facts"])
        member.kept_count = NetworkCount(**count)
