"""Kernels are compiled before the first test, plug-ins end with theirs, hypothesis goes on.

Its default profile is quick; `--hypothesis-profile=fuzz` goes on and on.
"""

import contextlib
from datetime import timedelta

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from snnbench import plugins
from snnbench.config.setting import SETTINGS

_SOON = timedelta(seconds=5)  # on a machine that does much else

settings.register_profile("quick", deadline=_SOON)
# Stopped from outside, as by `timeout 600 pytest ...`: what it finds it prints at once.
settings.register_profile(
    "fuzz", max_examples=10_000_000, deadline=_SOON, suppress_health_check=list(HealthCheck)
)
settings.load_profile("quick")


@pytest.fixture(autouse=True)
def plugins_end_with_their_test():
    """What a test has loaded or added is sent to no workers of a later test's."""
    before, loaded = _words(), dict(plugins._loaded)
    with contextlib.suppress(_EndOfTestError), plugins._all_or_nothing():
        yield
        if _words() != before:
            raise _EndOfTestError
    plugins._loaded.clear()
    plugins._loaded.update(loaded)


class _EndOfTestError(Exception):
    """What is added meanwhile is taken out, as if loading it had failed."""


def _words():
    return [set(table) for table in (*plugins.TABLES, SETTINGS)]


@pytest.fixture(autouse=True, scope="session")
def compiled(tmp_path_factory):
    """Compile all kernels once, not in each of pytest's workers and in every test that is timed."""
    from snnbench.kernels.warmup import are_compiled, compile_kernels

    folder = tmp_path_factory.getbasetemp()
    shared = folder if "popen-" not in folder.name else folder.parent  # of all workers
    with FileLock(shared / "compiling.lock"):
        if not are_compiled():
            compile_kernels()
