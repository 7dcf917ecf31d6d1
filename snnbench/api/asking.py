"""What the functions of a notebook share: settings that were given, and how they are stopped."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from snnbench.api.looking import follow_study
from snnbench.config import RunConfig
from snnbench.progress.stopping import Stopped
from snnbench.progress.sweeps import SweepProgress

if TYPE_CHECKING:
    from snnbench.progress.screens import Screen
    from snnbench.sweep.order import Order

Follow = Callable[["Order"], Mapping[str, None]]


def given_settings(config: RunConfig | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was said of settings: of a config what it was made with, keywords over it."""
    made_with = config.model_fields_set if config is not None else ()
    return {name: getattr(config, name) for name in made_with} | dict(settings)


@contextmanager
def interruptible() -> Iterator[None]:
    """Within the context a sweep that Ctrl-C, or a notebook's button, has ended is an interrupt.

    Raises:
        KeyboardInterrupt: see above; what was finished is recorded.
    """
    try:
        yield
    except Stopped:
        raise KeyboardInterrupt(
            "what was finished is recorded, and the same call does the rest"
        ) from None


def follower(
    screen: "Screen",
    signals: tuple[signal.Signals, ...] = (signal.SIGINT,),
    *,
    with_best: bool = True,
) -> Follow:
    """Return what runs an order, and returns the names of its runs.

    It raises Stopped after a signal, and GoneError: see `Followed.whole`.

    Args:
        screen: draws it.
        signals: that are waited for; SIGTERM is left to the notebook, or whatever it is that runs.
        with_best: say which run is best so far.
    """

    def follow(order: "Order") -> Mapping[str, None]:
        objective = order.study.sought[0] if with_best else None
        progress = SweepProgress(objective, screen=screen)
        return follow_study(order, progress, signals).whole()

    return follow
