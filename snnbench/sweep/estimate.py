"""How long a sweep will take: a few steps of its largest cohorts, and arithmetic for the rest."""

import math
import time
from collections.abc import Sequence

from snnbench.sweep.datasets import DataSets
from snnbench.sweep.executors import share_out
from snnbench.sweep.jobs import Task

_KINDS = 3  # of cohorts that are tried; the others are taken to be as fast as the nearest
_SECONDS = 1.5  # of steps timed a kind
_SETTLED = 3  # steps that are not timed: they load kernels and fill caches


def expected_seconds(tasks: Sequence[Task], data: DataSets, workers: int) -> float | None:
    """Return the seconds that tasks take on so many workers of this machine.

    Steps of the costliest kinds of cohorts are timed; None if none could be (a teacher that
    does not exist yet).
    """
    kinds: dict[tuple[object, ...], Task] = {}
    for task in tasks:
        kinds.setdefault(_kind(task), task)
    tried = sorted(kinds.values(), key=lambda task: -task.cost)[:_KINDS]
    threads = share_out(workers, workers)[1]
    speeds = {_kind(t): s / t.cost for t in tried if (s := _timed(t, data, threads)) is not None}
    if not speeds:
        return None
    typical = sum(speeds.values()) / len(speeds)
    seconds = [task.cost * speeds.get(_kind(task), typical) for task in tasks]
    return max(sum(seconds) / workers, max(seconds, default=0.0))


def _kind(task: Task) -> tuple[object, ...]:
    config = task.jobs[0].config
    return (config.dataset, config.model, config.arch, config.T, config.engine, config.encoding)


def _timed(task: Task, data: DataSets, threads: int) -> float | None:
    """Return the seconds that a task would take, from some of its first steps."""
    from snnbench.runs import run_cohort
    from snnbench.training.events import StepDone

    configs = [job.config for job in task.jobs]
    if any(config.teacher is not None for config in configs):
        return None
    steps, started, last = 0, 0.0, 0.0
    first = configs[0]
    batches = 0
    events = run_cohort(configs, data.read(first), threads=threads)
    for event in events:
        if not isinstance(event, StepDone):
            continue
        last = time.perf_counter()
        batches = math.ceil(event.samples_in_epoch / first.batch_size)
        steps += 1
        if steps == _SETTLED:
            started = last
        if steps > _SETTLED and (last - started > _SECONDS or event.epoch > 1):
            break
    events.close()  # type: ignore[attr-defined]
    if steps <= _SETTLED:
        return None
    epochs = max(len(config.learning_rates) for config in configs)
    return (last - started) / (steps - _SETTLED) * batches * epochs
