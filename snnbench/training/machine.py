"""The machine while runs train: threads and memory as asked for, and afterwards as before."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from snnbench.config import RunConfig
from snnbench.energy.meter import Meter, open_meter
from snnbench.training.allocation import freed_memory_kept


@contextmanager
def using(config: RunConfig, threads: int) -> Iterator[None]:
    """Within the context torch, the kernels and NumPy use so many threads; then as many as before.

    Args:
        config: of the runs: only what they use is imported, and it says how many threads share
            out sums whose bits depend on it.
        threads: of the kernels.
    """
    before = torch.get_num_threads()
    with ExitStack() as stack:
        stack.callback(torch.set_num_threads, before)
        torch.set_num_threads(config.sum_threads)
        if config.engine == "fast" and config.device == "cpu":
            # numba costs half a second to import: only when needed
            from snnbench.kernels.base.jit import most_threads, set_threads

            stack.callback(set_threads, most_threads())
            set_threads(threads)
            torch.set_num_threads(config.sum_threads)  # which numba's first start changes
        if config.engine == "numpy":
            from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

            stack.enter_context(threadpool_limits(config.sum_threads, user_api="blas"))
        stack.enter_context(freed_memory_kept())
        yield


def meter_of(config: RunConfig, *, wanted: bool) -> Meter:
    """Return what measures the energy of runs on their device; if unwanted, only their time."""
    if not wanted:
        return Meter()
    if config.device != "cuda":
        return open_meter()
    return open_meter(str(torch.cuda.get_device_properties("cuda").uuid))
