"""What happens in a worker: a task's runs are trained, and their rows come back."""

import struct
import time
import traceback
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from snnbench.config import RunConfig
from snnbench.environment import choose_waiting
from snnbench.errors import UserError
from snnbench.network.model_files import ModelFiles, write_files
from snnbench.plugins import load_sources
from snnbench.results.checkpoints import Files, from_files, to_files
from snnbench.scratch import scratch_folder
from snnbench.sweep.datasets import DataSets
from snnbench.sweep.jobs import Job, Task

if TYPE_CHECKING:
    from snnbench.runs import Paused, RunResult

_TELL_EVERY = 0.2  # seconds
_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "Unable to allocate")

_data = DataSets()  # of this process, which stays for many tasks on the same data


@dataclass(frozen=True)
class Finished:
    """A run that was trained: its rows, and the files of its model where one is kept."""

    run: dict[str, Any]
    epochs: list[dict[str, Any]]
    layers: list[dict[str, Any]]
    model: ModelFiles | None = None
    steps: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class LeftOff:
    """A run that was left off after an epoch: its validation accuracy then, and how it goes on."""

    accuracy: float
    files: Files


@dataclass(frozen=True)
class Outcome:
    """How a task ended.

    Attributes:
        status: "done", or how it failed.
        finished: its runs, if done.
        error: what went wrong, in a sentence.
        left_off: run_id -> the runs that are to go on.
        said: what there is to tell, a sentence each.
    """

    status: Literal["done", "failed", "timeout", "oom"]
    finished: tuple[Finished, ...] = ()
    error: str | None = None
    left_off: Mapping[str, LeftOff] = field(default_factory=dict)
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """Where a worker tells how far it is: 8 bytes of a file, which no lock guards."""

    path: str
    slot: int

    def tell(self, share: float) -> None:
        """Write the share of the task that is done, 0..1."""
        with open(self.path, "r+b", buffering=0) as file:
            file.seek(8 * self.slot)
            file.write(struct.pack("d", share))


def run_task(task: Task, progress: Progress | None = None, threads: int | None = None) -> Outcome:
    """Train a task's runs. What goes wrong is an outcome, no exception: it must cross processes.

    Args:
        task: what to do.
        progress: where to tell how far it is.
        threads: CPU threads where the settings name none; None means all the process has.
    """
    choose_waiting()  # the process is ours
    try:
        load_sources(task.plugins)
        return _train(task, progress, threads)
    except UserError as error:
        return Outcome("failed", error=f"{error.problem} {error.remedy}")
    except MemoryError as error:
        return Outcome("oom", error=f"out of memory: {error}")
    except Exception as error:  # a fault in one cohort must not end the sweep
        text = f"{type(error).__name__}: {error}"
        if any(words in text for words in _OUT_OF_MEMORY):
            return Outcome("oom", error=text)
        place = traceback.extract_tb(error.__traceback__)[-1]
        return Outcome("failed", error=f"{text} ({Path(place.filename).name}:{place.lineno})")


def _train(task: Task, progress: Progress | None, threads: int | None) -> Outcome:
    from snnbench.runs import Paused, RunResult, run_cohort
    from snnbench.training.events import Said, StepDone

    jobs = {job.run_id: job for job in task.jobs}
    finished: list[Finished] = []
    left_off: dict[str, LeftOff] = {}
    said, told = [], 0.0
    with scratch_folder() if task.models else nullcontext() as folder:
        configs = _with_teachers(task, folder)
        epochs = max(len(config.learning_rates) for config in configs)
        dataset = _data.read(configs[0])
        starts = {i: from_files(i, f.weights, f.about) for i, f in task.starts.items()}
        for event in run_cohort(
            configs, dataset, threads=threads, checkpoints=task.checkpoints, starts=starts,
            frozen=task.frozen, until=task.until, measure_energy=task.measure_energy,
        ):  # fmt: skip
            if isinstance(event, RunResult):
                job = jobs[event.run_id]
                saved = _saved(event, job, dataset.input_shape) if job.save_model else None
                finished.append(_rows(event, job, saved))
            elif isinstance(event, Paused):
                left_off[event.run_id] = _left_off(event, task.until)
            elif isinstance(event, Said):
                said.append(event.text)
            elif isinstance(event, StepDone) and progress is not None:
                now = time.monotonic()
                if now - told > _TELL_EVERY:
                    part = (event.epoch - 1 + event.samples / event.samples_in_epoch) / epochs
                    ended = len(finished) / len(configs)  # they are not waited for
                    progress.tell(ended + (1 - ended) * part)
                    told = now
    return Outcome("done", tuple(finished), left_off=left_off, said=tuple(said))


def _left_off(paused: "Paused", until: int | None) -> LeftOff:
    assert until is not None
    accuracy = paused.snapshot.records[until - 1].val_accuracy
    assert accuracy is not None, "halving needs validation data"
    return LeftOff(accuracy, to_files(paused.run_id, paused.snapshot))


def _with_teachers(task: Task, folder: Path | None) -> list[RunConfig]:
    """Return the configs, their teachers' files written into the folder."""
    if folder is None:
        return [job.config for job in task.jobs]
    for run_id, files in task.models.items():
        write_files(folder, run_id, files)
    return [
        job.config
        if job.config.teacher is None
        else job.config.model_copy(update={"teacher": str(folder / Path(job.config.teacher).name)})
        for job in task.jobs
    ]


def _rows(result: "RunResult", job: Job, model: ModelFiles | None) -> Finished:
    return Finished(
        job.own(result.row), result.epoch_rows, result.layer_rows, model, result.step_rows
    )


def _saved(result: "RunResult", job: Job, input_shape: tuple[int, ...]) -> ModelFiles | None:
    """Return the files of a trained network; None of one that diverged."""
    if result.network is None or result.row["status"] != "done":
        return None
    from snnbench.network.checkpoint import model_files

    return model_files(job.run_id, job.config, result.network, input_shape)
