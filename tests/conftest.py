"""Kernels are compiled before the first test, and how long hypothesis goes on.

Its default profile is quick; `--hypothesis-profile=fuzz` goes on and on.
"""

from datetime import timedelta

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

_SOON = timedelta(seconds=5)  # on a machine that does much else

settings.register_profile("quick", deadline=_SOON)
# Stopped from outside, as by `timeout 600 pytest ...`: what it finds it prints at once.
settings.register_profile(
    "fuzz", max_examples=10_000_000, deadline=_SOON, suppress_health_check=list(HealthCheck)
)
settings.load_profile("quick")


@pytest.fixture(autouse=True, scope="session")
def compiled(tmp_path_factory):
    """Compile all kernels once, not in each of pytest's workers and in every test that is timed."""
    from snnbench.kernels.warmup import are_compiled, compile_kernels

    folder = tmp_path_factory.getbasetemp()
    shared = folder if "popen-" not in folder.name else folder.parent  # of all workers
    with FileLock(shared / "compiling.lock"):
        if not are_compiled():
            compile_kernels()
