"""What an energy counter is, and the joules it has counted since it was first read."""

from collections.abc import Callable
from dataclasses import dataclass

STUCK = 1.0  # seconds: every counter known moves within a tenth of one, however idle the machine
_GRAIN = 10.0  # joules: a counter that moves in steps may seem to jump between two close looks


class CounterError(Exception):
    """A counter does not say how much energy was used; the text says why, and what helps."""


@dataclass(frozen=True)
class Counter:
    """A number that the machine raises by the energy it uses.

    Attributes:
        label: what it counts, as "package-0".
        source: those that count together: without one of them the others say too little.
        read: returns the number, or raises CounterError.
        joules: that one count is worth.
        wraps_after: the largest number, after which it begins at 0 again; None: not known.
        most_watts: no more than that is plausible; None: nothing is known.
        alone: the others of its source are complete without it.
    """

    label: str
    source: str
    read: Callable[[], int]
    joules: float
    wraps_after: int | None = None
    most_watts: float | None = None
    alone: bool = False


class Odometer:
    """The joules that a counter has counted since this was made.

    Args:
        counter: which.
        now: seconds on some clock.

    Raises:
        CounterError: it cannot be read.
    """

    def __init__(self, counter: Counter, now: float) -> None:
        self.counter, self._counts = counter, 0
        self._last = counter.read()
        self._began = self._at = self._moved = now

    @property
    def watts(self) -> float:
        """Mean power until the last look."""
        return self.joules / (self._at - self._began)

    @property
    def joules(self) -> float:
        """What was counted until the last look."""
        return self._counts * self.counter.joules

    def look(self, now: float) -> None:
        """Add what was counted since the last look.

        Raises:
            CounterError: that is not known: see the messages.
        """
        counter, value, gap = self.counter, self.counter.read(), now - self._at
        counts, wraps = value - self._last, counter.wraps_after
        most = None if counter.most_watts is None else counter.most_watts * gap + _GRAIN
        if (
            wraps is not None
            and most is not None
            and gap > STUCK
            and most >= wraps * counter.joules
        ):
            raise CounterError(
                f"{counter.label} was not read for {gap:.0f} s, in which it may have begun anew."
            )
        if counts < 0 and wraps is not None:
            counts += wraps
        if counts < 0:
            raise CounterError(f"{counter.label} went back, and where it begins anew is not known.")
        if most is not None and counts * counter.joules > most:
            raise CounterError(
                f"{counter.label} rose by {counts * counter.joules:.0f} J in {gap:.3g} s, which "
                "cannot be."
            )
        if counts:
            self._moved = now
        elif now - self._moved > STUCK:
            raise CounterError(f"{counter.label} does not move.")
        self._counts += counts
        self._last, self._at = value, now
