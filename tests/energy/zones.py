"""A false tree of RAPL zones, as Linux shows them, and counters that move while a command runs."""

import contextlib
import itertools
import os
import threading
import time

RANGE = 262_143_328_850  # microjoules, of most of Intel's processors


def zone(root, folder, name, energy=0, most=RANGE):
    """Make a zone; `most` None: without max_energy_range_uj. Return its energy_uj."""
    place = root / folder
    place.mkdir(parents=True)
    (place / "name").write_text(f"{name}\n")
    (place / "energy_uj").write_text(f"{energy}\n")
    if most is not None:
        (place / "max_energy_range_uj").write_text(f"{most}\n")
    return place / "energy_uj"


def write(path, text):
    """Replace a file at once: no reader sees half of it, as with the system's own."""
    beside = path.with_name("energy_uj.new")
    beside.write_text(f"{text}\n")
    os.replace(beside, path)


@contextlib.contextmanager
def moving(paths, watts, stop_after=float("inf"), most=RANGE):
    """Let counters rise at so many watts, and begin anew after `most`, while within the context."""
    ended = threading.Event()

    def move():
        started, first = time.monotonic(), [int(path.read_text()) for path in paths]
        while not ended.wait(0.005):
            joules = watts * min(time.monotonic() - started, stop_after)
            for path, begin in zip(paths, first, strict=True):
                write(path, int(begin + joules * 1e6) % (most + 1))

    thread = threading.Thread(target=move)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class Clock:
    """A clock that goes on when it is told to, and a pause that tells it."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def pause(self, seconds):
        self.now += seconds


def steady(clock, watts):
    """Return what reads a counter, in microjoules, that rises by so many watts on a clock."""
    return lambda: int(clock.now * watts * 1e6)


def counted(values):
    """Return what reads these values, one after the other, and then the last."""
    values = list(values)
    rest = itertools.chain(values, itertools.repeat(values[-1]))
    return lambda: next(rest)
