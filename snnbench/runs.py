"""The whole chain of a run: settings and data -> training -> the rows of the tables."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

from snnbench.config import RunConfig
from snnbench.config.paths import path_of
from snnbench.data.dataset import Dataset
from snnbench.energy.measured import energy_columns
from snnbench.errors import UserError
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.kernels.needs import groups_of
from snnbench.network.build import Network
from snnbench.results.checkpoints import Checkpoints
from snnbench.results.provenance import provenance, utc_now
from snnbench.results.schema import SCHEMA_VERSION, columns_of
from snnbench.training.events import Event, Reached, RunDone, Said
from snnbench.training.loop import train_cohort
from snnbench.training.machine import meter_of, using
from snnbench.training.snapshot import Snapshot
from snnbench.training.steps import Inference

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class RunResult:
    """A finished run.

    Attributes:
        config: its settings, with device and engine resolved.
        row: its row of `runs.csv`, column -> value.
        epoch_rows, layer_rows, step_rows: its rows of `epochs.csv`, `layers.csv` and `steps.csv`.
        network: the trained network at the reported epoch; None for a run read from tables.
        was_recorded: the run was in the tables and has not been trained again.
        repairs: what was mended in the tables on opening them, or done to them since, a sentence
            each.
        notices: what is to be known of its data, a sentence each.
    """

    config: RunConfig
    row: dict[str, Any]
    epoch_rows: list[dict[str, Any]]
    layer_rows: list[dict[str, Any]]
    step_rows: list[dict[str, Any]] = field(default_factory=list)
    network: Network | None = None
    was_recorded: bool = False
    repairs: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def run_id(self) -> str:
        """The run's name: 12 hex digits."""
        return str(self.row["run_id"])

    @property
    def run(self) -> "pd.Series[Any]":
        """The run's row of `runs.csv`."""
        import pandas as pd

        return pd.Series(self.row, name=self.run_id, dtype=object)

    @property
    def epochs(self) -> "pd.DataFrame":
        """The learning curve, one row an epoch."""
        import pandas as pd

        return pd.DataFrame(self.epoch_rows, columns=[c.name for c in columns_of("epochs")])

    @property
    def layers(self) -> "pd.DataFrame":
        """The counts, one row a weight layer."""
        import pandas as pd

        return pd.DataFrame(self.layer_rows, columns=[c.name for c in columns_of("layers")])

    @property
    def steps(self) -> "pd.DataFrame":
        """Inference on the test data, one row a time step; none of an ANN."""
        import pandas as pd

        return pd.DataFrame(self.step_rows, columns=[c.name for c in columns_of("steps")])


@dataclass(frozen=True)
class Paused:
    """A run was left off, to go on from its snapshot."""

    run_id: str
    snapshot: Snapshot


def resolve_machine(config: RunConfig, *, elsewhere: bool = False) -> RunConfig:
    """Return the config with `device` and `engine` settled on this machine.

    Args:
        config: the settings.
        elsewhere: other machines will run it; a GPU is theirs to have.

    Raises:
        UserError: a GPU is asked for and there is none.
    """
    has_gpu = torch.cuda.is_available() or (elsewhere and config.device == "cuda")
    if config.device == "cuda" and not has_gpu:
        raise UserError("device 'cuda': torch sees no GPU here.", "Use --device cpu.")
    on_cpu = config.device == "cpu" or config.engine == "numpy"
    device = "cuda" if has_gpu and not on_cpu else "cpu"
    engine = config.engine
    if engine == "auto":
        engine = "fast" if device == "cpu" else "reference"
    # both are valid: checking all settings again would take most of planning a large sweep
    return config.model_copy(update={"device": device, "engine": engine})


def run_one(config: RunConfig, dataset: Dataset) -> RunResult:
    """Train and count one run, from settings and data to the rows of the tables.

    Raises:
        UserError: settings, data and machine do not fit each other.
    """
    events = run_cohort([config], dataset)
    return next(event for event in events if isinstance(event, RunResult))


def run_cohort(
    configs: Sequence[RunConfig],
    dataset: Dataset,
    announce: Callable[[], None] = lambda: None,
    threads: int | None = None,
    *,
    checkpoints: Checkpoints | None = None,
    starts: Mapping[str, Snapshot] = MappingProxyType({}),
    frozen: Mapping[str, str] = MappingProxyType({}),
    until: int | None = None,
    measure_energy: bool = False,
) -> Iterator[Event | RunResult | Paused]:
    """Train runs side by side; yield events while they train and a RunResult as each ends.

    Args:
        configs: runs that agree on all that shapes the computation; resolved.
        dataset: their data.
        announce: called if kernels must be compiled before the training can go on.
        threads: of the kernels, where the settings name none; None means all there are.
        checkpoints: where runs go on from, and leave theirs as they train; None: nowhere.
        starts: run_id -> where a run goes on, before any checkpoint.
        frozen: run_id -> why a run ends where it is.
        until: epoch after which to leave off, with a `Paused` of every run that would go on.
        measure_energy: by the machine's counters, where it has some.
    """
    first = configs[0]
    data = prepare(first, dataset, select(first, dataset), torch.device(first.device))
    path = path_of(first)
    threads = first.threads or threads or default_threads()
    about = {
        "started_at": utc_now(),
        "cohort_size": len(configs),
        "data_sha256": dataset.sha256,
        "path": path.name,
        "train_size": len(data.train),
        "val_size": len(data.val) if data.val else None,
        "test_size": len(data.test),
        "cpu_threads": threads if path.own_sums else first.sum_threads,
    }
    if dataset.own_test:
        about["test_fraction"] = None  # nothing was split off
    ids = [config.run_id(dataset.sha256) for config in configs]
    if checkpoints is not None:
        checkpoints.begin()
    groups: dict[int, dict[int, Snapshot | None]] = {}  # runs at one epoch train side by side
    for k, run_id in enumerate(ids):
        snapshot, notes = checkpoints.load(run_id) if checkpoints is not None else (None, [])
        yield from map(Said, notes)
        known = [s for s in (snapshot, starts.get(run_id)) if s is not None]
        start = max(known, key=lambda s: s.epoch, default=None)
        if start is not None and until is not None and start.epoch >= until:
            yield Paused(run_id, start)
        else:
            groups.setdefault(start.epoch if start else 0, {})[k] = start
    meter = meter_of(first, wanted=measure_energy)
    with using(first, threads), _compiled(first, announce), meter:
        for group in groups.values():
            members = list(group)
            for event in train_cohort(
                [configs[k] for k in members],
                data,
                snapshots=[s for s in group.values() if s is not None],
                frozen={i: frozen[ids[k]] for i, k in enumerate(members) if ids[k] in frozen},
                until=until,
                meter=meter,
            ):
                if isinstance(event, RunDone):
                    result = _result(configs[members[event.member]], event, about)
                    yield dataclasses.replace(result, notices=dataset.notices)
                elif isinstance(event, Reached):
                    reached = {ids[members[i]]: take for i, take in event.snapshots.items()}
                    if event.epoch == until:
                        yield from (Paused(run_id, take()) for run_id, take in reached.items())
                    elif checkpoints is not None and checkpoints.is_due:
                        yield from _saved(checkpoints, reached)
                else:
                    yield event


def _saved(
    checkpoints: Checkpoints, reached: Mapping[str, Callable[[], Snapshot]]
) -> Iterator[Said]:
    """Write checkpoints; a disk that does not take them must not end the training."""
    try:
        checkpoints.save({run_id: take() for run_id, take in reached.items()})
    except OSError as error:
        yield Said(f"No checkpoint could be written in {checkpoints.folder}: {error.strerror}.")


@contextlib.contextmanager
def _compiled(config: RunConfig, announce: Callable[[], None]) -> Iterator[None]:
    """Compile what the run needs, so that no clock runs meanwhile; announce it, and what is left.

    That is what a plug-in may use besides.
    """
    groups = groups_of(config)
    if not groups:  # numba costs half a second to import: only when needed
        yield
        return
    from snnbench.kernels.warmup import announcing, compile_kernels

    with announcing(announce):
        compile_kernels(groups)
        yield


def default_threads() -> int:
    """Return the number of CPU threads used where the settings say nothing: all there are."""
    return _THREADS


_THREADS = torch.get_num_threads()  # as torch found the machine, before any run changed it


def _result(config: RunConfig, done: RunDone, about: dict[str, Any]) -> RunResult:
    run_id = config.run_id(about["data_sha256"])
    row: dict[str, Any] = {
        "schema": SCHEMA_VERSION,
        "run_id": run_id,
        "study": "adhoc",
        "variant": None,
    }
    row |= {"status": done.status, "error": done.error}
    row |= config.effective | {"numerics": config.numerics, "plugins": config.plugins_text}
    row |= {"epochs_run": len(done.records), "best_epoch": done.best_epoch}
    row["params"] = sum(p.numel() for p in done.network.parameters())
    if done.records:
        row["max_test_accuracy"] = max(record.test_accuracy for record in done.records)
    if done.best_epoch is not None and done.count is not None:
        best = dataclasses.asdict(done.records[done.best_epoch - 1])
        for part in ("train", "val", "test"):
            row |= {f"{part}_{what}": best[f"{part}_{what}"] for what in ("accuracy", "loss")}
        row["tied_fraction"] = best["tied_fraction"]
        row |= done.count.totals()
    inference = done.inference or Inference()
    row |= inference.columns
    row |= {"train_seconds": done.train_seconds, "eval_seconds": done.eval_seconds}
    row |= energy_columns(done.energy, done.train_seconds + done.eval_seconds)
    row |= about | provenance()
    if config.device == "cuda":
        row["device_name"] = torch.cuda.get_device_name()
    layers = done.count.layers if done.count else []
    row["layers"] = len(layers) or None
    return RunResult(
        config=config,
        row=row,
        epoch_rows=[{"run_id": run_id} | dataclasses.asdict(r) for r in done.records],
        layer_rows=[{"run_id": run_id} | layer for layer in layers],
        step_rows=[{"run_id": run_id} | step for step in inference.rows],
        network=done.network,
    )
