"""What this program chooses for OpenMP's idle threads, in torch's pool and in the kernels'.

By default they spin for milliseconds, which on a busy machine keeps the working ones from their
cores: measured, 1 s an epoch became 17 to 35 s. Where they sleep at once, waking takes 0.1 ms, and
a step has several regions. So they sleep, but GNU's OpenMP first turns 4,000 times: measured at
T = 10, 0.8 ms a step became 0.5, and on a busy machine 0.7 became 1.4 (with 20,000 turns 0.5 and
4.6). OpenMP reads this once, when it is loaded with torch: so it must be chosen before.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_WAITING = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "4000"}


def choose_waiting() -> None:
    """Choose for this process and those it starts, unless the user has chosen."""
    if "OMP_WAIT_POLICY" not in os.environ:
        for name, value in _WAITING.items():
            os.environ.setdefault(name, value)


@contextmanager
def waiting_chosen() -> Iterator[None]:
    """Choose for libraries that are loaded within the context; then the variables are as before."""
    before = {name: os.environ.get(name) for name in _WAITING}
    choose_waiting()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
