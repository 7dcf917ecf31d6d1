"""How long a sweep will take: an epoch of its largest cohorts, and arithmetic for the rest."""

import math
import time
from collections.abc import Sequence
from typing import NamedTuple

from snnbench.kernels.needs import groups_of
from snnbench.runs import run_cohort
from snnbench.sweep.datasets import DataSets
from snnbench.sweep.executors import share_out
from snnbench.sweep.jobs import Task
from snnbench.training.events import EpochDone, StepDone

_KINDS = 3  # of cohorts that are tried; the others are taken to be as fast as the nearest
_SECONDS = 1.5  # of steps timed a kind
_SETTLED = 3  # steps that are not timed where the epoch is not: they fill caches
_FORWARD = 0.5  # of a training step's time: what evaluating as many samples takes


class Timing(NamedTuple):
    """Seconds of a cohort: until it trains, of an epoch with its evaluation, and after the last."""

    before: float
    epoch: float
    after: float


def expected_seconds(
    tasks: Sequence[Task], data: DataSets, workers: int, start: float, share: float = 1.0
) -> float | None:
    """Return the seconds that tasks take on so many workers of this machine.

    An epoch, or some steps, of the costliest kinds of cohorts are timed, their kernels compiled
    before; None if none could be (a teacher that does not exist yet).

    Args:
        tasks: of the sweep.
        data: the data sets.
        workers: processes.
        start: seconds that this process took to begin; so long takes a worker, too.
        share: of their epochs that are trained: less than all with halving.
    """
    kinds: dict[tuple[object, ...], Task] = {}
    for task in tasks:
        kinds.setdefault(_kind(task), task)
    tried = sorted(kinds.values(), key=lambda task: -task.cost)[:_KINDS]
    threads = share_out(workers, workers)[1]
    found = {_kind(t): (t, s) for t in tried if (s := _timed(t, data, threads)) is not None}
    if not found:
        return None
    # A unit of cost takes as long in all cohorts of a kind.
    speeds = {kind: _epochs(t) * timing.epoch / t.cost for kind, (t, timing) in found.items()}
    typical = sum(speeds.values()) / len(speeds)
    before = max(timing.before for _, timing in found.values())  # once a worker: what is read stays
    after = max(timing.after for _, timing in found.values())
    seconds = [share * task.cost * speeds.get(_kind(task), typical) + after for task in tasks]
    return 2 * start + before + max(sum(seconds) / workers, *seconds)


def _kind(task: Task) -> tuple[object, ...]:
    config = task.jobs[0].config
    return (config.dataset, config.model, config.arch, config.T, config.engine, config.encoding)


def _epochs(task: Task) -> int:
    return max(len(job.config.learning_rates) for job in task.jobs)


def _timed(task: Task, data: DataSets, threads: int) -> Timing | None:
    """Return what a task takes, from its first epoch, or some steps of it."""
    configs = [job.config.model_copy(update={"epochs": 1}) for job in task.jobs]
    if any(config.teacher is not None for config in configs):
        return None
    first, dataset = configs[0], data.read(configs[0])
    if groups := groups_of(first):
        from snnbench.kernels.warmup import compile_kernels

        compile_kernels(groups)
    began = time.perf_counter()
    begun, steps, last, epoch = None, 0, began, None
    events = run_cohort(configs, dataset, threads=threads)
    for event in events:
        now = time.perf_counter()
        if isinstance(event, StepDone):
            begun, steps, last = begun or now, steps + 1, now
            if steps == _SETTLED:
                settled = now
            if steps > _SETTLED and now - begun > _SECONDS:
                break
        elif isinstance(event, EpochDone):  # the last one, too, whose evaluation takes longest
            epoch, last = now - (begun or began), now
    events.close()  # type: ignore[attr-defined]
    if begun is None:
        return None
    if epoch is None:
        epoch, last = _extrapolated((last - settled) / (steps - _SETTLED), task, data), now
    return Timing(begun - began, epoch, time.perf_counter() - last)


def _extrapolated(step: float, task: Task, data: DataSets) -> float:
    """Return the seconds of an epoch and its evaluation, from those of a step."""
    config = task.jobs[0].config
    known = data.of(config)
    batches = math.ceil(known.train_samples / config.batch_size)
    held_out = known.held_out_samples / config.batch_size
    return step * (batches + _FORWARD * held_out)
