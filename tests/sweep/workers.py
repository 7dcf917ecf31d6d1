"""What test workers do with a task, instead of training; spawned processes import this."""

import os
import signal
import time
from pathlib import Path

from benchmarks.scale import made_up
from snnbench.sweep.worker import Outcome

_BATCH = {"kill": 0.1, "sleep": 0.2, "exit": 0.3, "raise": 0.4}


def beta_of(what):
    """Return the beta that stands for a fault."""
    return _BATCH[what]


def faulty(task, progress, threads):
    """Do what the first run's beta stands for."""
    beta = task.jobs[0].config.beta
    if beta == _BATCH["kill"]:
        os.kill(os.getpid(), signal.SIGKILL)
    if beta == _BATCH["exit"]:
        os._exit(7)
    if beta == _BATCH["sleep"]:
        progress.tell(0.5)
        time.sleep(600)
    if beta == _BATCH["raise"]:
        raise ValueError("a fault of ours")
    return Outcome("done", tuple(made_up(job, "unread") for job in task.jobs))


def telling(task, progress, threads):
    """Write a file with this process' number for its name, and sleep."""
    folder = Path(os.environ["SNNBENCH_CACHE"])
    (folder / f"{os.getpid()}").write_text(str(threads))
    time.sleep(600)
