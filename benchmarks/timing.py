"""Timing the steps of one program in this process, and its memory."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Step:
    """One step as a program took it.

    Attributes:
        seconds: it took, all in all.
        loss: where it is known.
        parts: batches of an evaluation, or runs of a sweep, that share the seconds.
    """

    seconds: float
    loss: float | None = None
    parts: int = 1


@dataclass(frozen=True)
class Budget:
    """How long is measured: warm-up, then until `seconds` are timed, within bounds on steps."""

    warmup_steps: int = 5
    warmup_seconds: float = 0.5
    seconds: float = 2.0
    min_steps: int = 5
    max_steps: int = 2000


QUICK = Budget(warmup_steps=1, warmup_seconds=0.0, seconds=0.0, min_steps=2)


@dataclass(frozen=True)
class Timing:
    """What one process measured; times in milliseconds, of a part."""

    ms: float
    q1_ms: float
    q3_ms: float
    steps: int
    first_loss: float | None
    last_loss: float | None


def repeated(step: Callable[[], float], parts: int = 1) -> Iterator[Step]:
    """Time a function that takes one step and returns its loss, again and again."""
    while True:
        started = time.perf_counter()
        loss = step()
        yield Step(time.perf_counter() - started, loss, parts)


def measure(steps: Iterator[Step], budget: Budget) -> Timing:
    """Warm up, then time steps until the budget is spent."""
    first_loss = last_loss = None
    warm, warm_seconds = 0, 0.0
    while warm < budget.warmup_steps or warm_seconds < budget.warmup_seconds:
        step = next(steps)
        first_loss = step.loss if warm == 0 else first_loss
        warm, warm_seconds = warm + 1, warm_seconds + step.seconds
    times: list[float] = []
    timed = 0.0
    while len(times) < budget.min_steps or (
        timed < budget.seconds and len(times) < budget.max_steps
    ):
        step = next(steps)
        timed += step.seconds
        times.append(step.seconds / step.parts)
        last_loss = step.loss
    q1, median, q3 = (1000 * t for t in statistics.quantiles(times, n=4, method="inclusive"))
    return Timing(median, q1, q3, len(times), first_loss, last_loss)


def peak_mb() -> float | None:
    """Return the largest resident set of this process so far, in MB of 2^20 bytes.

    Linux keeps in `ru_maxrss` what the process was before `exec`, its parent's size, so the
    kernel's own mark is read there.
    """
    mark = _status("VmHWM")
    if mark is not None:
        return mark
    try:
        import resource
    except ImportError:  # Windows
        return None
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest / (MEGABYTE if sys.platform == "darwin" else 1024)


def resident_mb() -> float | None:
    """Return the resident set of this process now, in MB; None where the system does not say."""
    return _status("VmRSS")


def _status(key: str) -> float | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    for line in lines.splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) / 1024
    return None
