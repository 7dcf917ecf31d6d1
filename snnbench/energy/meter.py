"""Seconds and joules of a training's parts: counters are looked at often enough to miss no wrap."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import NamedTuple, Self

from snnbench.energy.counters import Counter, CounterError, Odometer
from snnbench.energy.measured import Measured, Use
from snnbench.energy.nvml import SOURCE as GPU
from snnbench.energy.nvml import gpu_counter
from snnbench.energy.rapl import SOURCE as CPU
from snnbench.energy.rapl import powercap_root, rapl_counters

IDLE_SECONDS = 2.0  # for which idle power is measured
_EVERY = 1.0  # seconds between two looks: at 1 kW a counter of 32 bits wraps after a minute
_BUSY = 0.5  # processors: more is not idle


class Reading(NamedTuple):
    """A moment: seconds and joules since some beginning; joules are None where not known."""

    at: float
    joules: float | None


class Meter:
    """Reads counters while a cohort trains; without any it only knows the time.

    Within its context a thread looks at the counters. A counter that fails before the training
    leaves out what is incomplete without it; one that fails later ends the measurement, as the
    sum would be of something else.

    Args:
        counters: those that are added.
        needs: source without which nothing is measured.
        notes: what there is to tell already.
        closing: called at the end.
        clock, pause, busy: time in seconds, waiting, and how many processors have been busy since
            the last question; others in tests.
    """

    def __init__(
        self,
        counters: Sequence[Counter] = (),
        needs: str = CPU,
        notes: Iterable[str] = (),
        *,
        closing: Iterable[Callable[[], None]] = (),
        clock: Callable[[], float] = time.perf_counter,
        pause: Callable[[float], None] = time.sleep,
        busy: Callable[[], float] | None = None,
    ) -> None:
        self._counters, self._needs, self._notes = list(counters), needs, list(notes)
        self._clock, self._pause, self._busy = clock, pause, busy or _busy
        self._closing, self._lock = ExitStack(), threading.Lock()
        for close in closing:
            self._closing.callback(close)
        self._odometers: list[Odometer] = []
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.idle_w: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self._closing.close()

    @property
    def counters(self) -> str:
        """Labels of the counters that are added; "" where nothing is measured."""
        return " ".join(counter.label for counter in self._counters)

    def take_notes(self) -> list[str]:
        """Return what there is to tell, a sentence each, once."""
        notes, self._notes = self._notes, []
        return notes

    def begin(self) -> None:
        """Measure idle power and begin to look at the counters; done once, before any training."""
        if self._thread is not None or not self._counters:
            return
        self._busy()
        self._each(lambda counter: self._odometers.append(Odometer(counter, self._clock())))
        if self._counters:
            self._pause(IDLE_SECONDS)
        odometers = {odometer.counter: odometer for odometer in self._odometers}
        self._each(lambda counter: odometers[counter].look(self._clock()))
        self._odometers = [o for o in self._odometers if o.counter in self._counters]
        if not self._counters:
            return
        self.idle_w = sum(odometer.watts for odometer in self._odometers)
        if self._busy() > _BUSY:
            self._notes.append(
                "Others were at work on this machine while its idle power was measured, which holds"
                " their part: energies do, too."
            )
        self._thread = threading.Thread(target=self._watch, name="energy", daemon=True)
        self._thread.start()

    def read(self) -> Reading:
        """Return the time and the joules until now."""
        with self._lock:
            return self._look()

    def used(self, before: Reading, now: Reading) -> Use:
        """Return what was used between two readings."""
        seconds = now.at - before.at
        if before.joules is None or now.joules is None or self.idle_w is None:
            return Use(seconds)
        return Use(seconds, now.joules - before.joules, self.idle_w * seconds)

    def continued(self, before: Measured | None, *, is_new: bool) -> Measured | None:
        """Return what a run has used so far; None where that is not known of all its parts.

        Args:
            before: until it was interrupted.
            is_new: it begins now.
        """
        if is_new or not self.counters:
            return Measured(self.counters) if self.counters else None
        if before is not None and before.counters == self.counters:
            return before
        self._notes.append(
            "The energy of a run that goes on is not known: until it was interrupted it was not "
            "measured, or by other counters."
        )
        return None

    def _each(self, action: Callable[[Counter], None]) -> None:
        """Do something with every counter; one that fails takes along what needs it."""
        for counter in list(self._counters):
            if counter not in self._counters:
                continue
            try:
                action(counter)
            except CounterError as error:
                lost = [c for c in self._counters if c.source == counter.source]
                self._without([counter] if counter.alone else lost, str(error))

    def _without(self, lost: Sequence[Counter], why: str) -> None:
        self._counters = [c for c in self._counters if c not in lost]
        if all(c.alone or c.source != self._needs for c in self._counters):
            self._counters = []
        if self._counters:
            labels = ", ".join(counter.label for counter in lost)
            self._notes.append(f"Measured energy leaves out {labels}: {why}")
        else:
            self._notes.append(_unmeasured(why))

    def _look(self) -> Reading:
        now = self._clock()
        try:
            for odometer in self._odometers:
                odometer.look(now)
        except CounterError as error:
            self._odometers, self._counters = [], []
            self._notes.append(f"The energy of the runs at work is not known: {error}")
        joules = sum(o.joules for o in self._odometers) if self._odometers else None
        return Reading(now, joules)

    def _watch(self) -> None:
        while not self._stopped.wait(_EVERY):
            self.read()


def open_meter(gpu: str | None = None) -> Meter:
    """Return a meter of all counters that there are here.

    A computation on the processor needs the packages' counters, one on a GPU the GPU's, to which
    those of the processor are added where they can be read.

    Args:
        gpu: UUID of the GPU that computes; None: the processor does.
    """
    counters, notes, closing = [], [], []
    try:
        if gpu is not None:
            counter, close = gpu_counter(gpu)
            counters.append(counter)
            closing.append(close)
    except CounterError as error:
        return Meter(notes=[_unmeasured(str(error))])
    try:
        counters += rapl_counters(powercap_root())
    except CounterError as error:
        notes = [
            f"Measured energy leaves out the processor: {error}"
            if counters
            else _unmeasured(str(error))
        ]
    return Meter(counters, CPU if gpu is None else GPU, notes, closing=closing)


def why_not_here() -> str | None:
    """Return why the processor's energy cannot be measured here; None if it can."""
    try:
        for counter in rapl_counters(powercap_root()):
            if not counter.alone:
                counter.read()
    except CounterError as error:
        return _unmeasured(str(error))
    return None


def _unmeasured(why: str) -> str:
    return f"Energy is not measured: {why}"


def _busy() -> float:
    import psutil

    return float(psutil.cpu_percent()) / 100 * (psutil.cpu_count() or 1)
