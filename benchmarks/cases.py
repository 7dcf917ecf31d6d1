"""What is measured: networks, settings and goals, as data."""

from dataclasses import dataclass
from typing import Literal

BATCH = 128
TRAIN_IMAGES = 100 * BATCH
TEST_IMAGES = 10 * BATCH
BETA, SLOPE, LR = 0.5, 2.0, 0.01  # of every spiking network here

OURS = "snnbench"
LIBRARIES = ("spikingjelly", "snntorch", "norse", "spyx")
COMPILED = ("snntorch-compiled", "norse-compiled")
LOOPS = ("torch-dataloader", "torch-pictures", "torch-in-memory")
NOTES = {
    "spikingjelly": "multi-step LIF, whose time loop is one operator",
    "snntorch": "Leaky, loop over time",
    "norse": "LIFBoxCell lifted over time, faster here than its LIF",
    "spyx": "whole step jit-compiled",
    "snntorch-compiled": "network through torch.compile; compiling grows with T",
    "norse-compiled": "network through torch.compile; compiling grows with T",
    "torch-dataloader": "DataLoader, each image converted from its pixels when asked for",
    "torch-pictures": "DataLoader, each image through PIL and ToTensor, as torchvision does",
    "torch-in-memory": "no DataLoader, images converted beforehand",
}
PEERS = (*LIBRARIES, *COMPILED, *LOOPS)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One piece of work that all its programs do.

    Attributes:
        name: what `--cases` takes.
        title: for people.
        arch: layers after the input, in the notation of `RunConfig`.
        T: time steps; an ANN has none.
        members: values of beta trained side by side. Times are per run.
        task: a training step, or an evaluation.
        light: factor on the pixels; "dense" makes every pixel 0.5.
        peers: programs to compare with.
        peer_case: case whose single runs are the peers' times; this case is then run by ours only.
        goal: times faster than the fastest peer.
    """

    name: str
    title: str
    arch: str
    T: int | None
    dataset: Literal["mnist", "fashion-mnist"] = "mnist"
    members: int = 1
    task: Literal["train", "evaluate"] = "train"
    light: float | Literal["dense"] = 1.0
    peers: tuple[str, ...] = LIBRARIES
    peer_case: str | None = None
    goal: float | None = None

    @property
    def model(self) -> Literal["ann", "snn"]:
        """What kind of network it is."""
        return "ann" if self.T is None else "snn"

    @property
    def is_flat(self) -> bool:
        """Whether images enter as rows of pixels, because the first layer is fully connected."""
        return "c" not in self.arch.split("-")[0]

    @property
    def programs(self) -> tuple[str, ...]:
        """The programs that are run for this case, ours first."""
        return (OURS,) if self.peer_case else (OURS, *self.peers)


def _plain(name: str, arch: str, T: int, **more: object) -> Case:
    return Case(name=name, title=f"784-{arch}, T = {T}", arch=arch, T=T, **more)  # type: ignore[arg-type]


def _sweep(members: int, **more: object) -> Case:
    return Case(
        name=f"betas{members}",
        title=f"784-10-10, T = 50, sweep over {members} betas, per run",
        arch="10-10", T=50, members=members, peer_case="t50", **more,  # type: ignore[arg-type]
    )  # fmt: skip


CASES: dict[str, Case] = {
    case.name: case
    for case in (
        _plain("t50", "10-10", 50, goal=20),
        _plain("t10", "10-10", 10, goal=15, peers=(*LIBRARIES, *COMPILED)),
        _sweep(16, goal=80),
        _plain("wide", "1000-10", 25, goal=4),
        _plain("deep", "256-256-10", 25, goal=4),
        Case(
            name="cnn", title="28x28-16c3-p2-64-64-64-10 on Fashion-MNIST, T = 8",
            arch="16c3-p2-64-64-64-10", T=8, dataset="fashion-mnist", goal=2,
        ),
        Case(
            name="ann", title="ANN 784-64-10, against a loop with a DataLoader",
            arch="64-10", T=None, peers=LOOPS, goal=15,
        ),
        _plain("t25", "10-10", 25),
        _plain("t100", "10-10", 100),
        _sweep(4),
        _sweep(64),
        _plain("w128", "128-10", 25),
        _plain("d1", "256-10", 25),
        _plain("d3", "256-256-256-10", 25),
        Case(
            name="dim", title="784-10-10, T = 50, pixels times 0.25", arch="10-10", T=50,
            light=0.25,
        ),
        Case(
            name="dense", title="784-10-10, T = 50, all pixels 0.5", arch="10-10", T=50,
            light="dense",
        ),
        Case(
            name="evaluate", title="784-10-10, T = 50, evaluation only", arch="10-10", T=50,
            task="evaluate",
        ),
    )
}  # fmt: skip

# The goal of the ANN counts against a loop with a DataLoader: not the bare one beside it, nor the
# one whose images pass through PIL, which is slower.
GOAL_PEERS: dict[str, tuple[str, ...]] = {"ann": ("torch-dataloader",)}


@dataclass(frozen=True)
class Growth:
    """How time grows along one axis: the cases in order, and where each lies on it.

    Attributes:
        of_all_members: the time is of the whole sweep, not per run.
        at_most_linear: growing faster than the axis is a fault.
    """

    axis: str
    points: tuple[tuple[float, str], ...]
    of_all_members: bool = False
    at_most_linear: bool = False


GROWTH: tuple[Growth, ...] = (
    Growth("time steps T (784-10-10)",
           ((10, "t10"), (25, "t25"), (50, "t50"), (100, "t100")), at_most_linear=True),
    Growth("runs K of a sweep (784-10-10, T = 50), the whole sweep",
           ((1, "t50"), (4, "betas4"), (16, "betas16"), (64, "betas64")),
           of_all_members=True, at_most_linear=True),
    Growth("hidden units (784-N-10, T = 25)", ((10, "t25"), (128, "w128"), (1000, "wide"))),
    Growth("hidden layers of 256 (T = 25)", ((1, "d1"), (2, "deep"), (3, "d3"))),
    Growth("brightness (784-10-10, T = 50; MNIST's own is 1)", ((0.25, "dim"), (1, "t50"))),
)  # fmt: skip
