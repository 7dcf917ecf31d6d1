"""The machine while runs train: threads and memory as asked for, and afterwards as before."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from snnbench.training.allocation import freed_memory_kept


@contextmanager
def using(threads: int, engine: str, device: str) -> Iterator[None]:
    """Within the context torch, the kernels and NumPy use so many threads; then as many as before.

    Args:
        threads: of the CPU.
        engine, device: of the runs: only what they use is imported.
    """
    before = torch.get_num_threads()
    with ExitStack() as stack:
        stack.callback(torch.set_num_threads, before)
        torch.set_num_threads(threads)
        if engine == "fast" and device == "cpu":
            # numba costs half a second to import: only when needed
            from snnbench.kernels.base.jit import most_threads, set_threads

            stack.callback(set_threads, most_threads())
            set_threads(threads)
            torch.set_num_threads(threads)  # which numba's first start changes
        if engine == "numpy":
            from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

            stack.enter_context(threadpool_limits(threads, user_api="blas"))
        stack.enter_context(freed_memory_kept())
        yield
