"""What this machine does: float32 arithmetic and memory bandwidth; and what the images are like.

These run in a process of their own, on as many threads as the programs.
"""

import os
import platform
import time
from collections.abc import Callable

import numpy as np

from benchmarks.images import Images, Values
from benchmarks.limits import GROUPS

_SIDE = 2048  # of the matrices: three of them, 16 MB each
_TRIAD = 16 * 1024 * 1024  # floats an array: 64 MB, beyond the caches
_REPEATS = 7


def hold_to(threads: int) -> None:
    """Hold this process to as many processors as it may use threads, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def rates(threads: int) -> dict[str, float]:
    """Measure GEMM flops and triad bytes a second: the best of seven, as limits are."""
    import torch

    torch.set_num_threads(threads)
    a, b, out = (torch.rand(_SIDE, _SIDE) for _ in range(3))
    gemm = _best(lambda: torch.mm(a, b, out=out))
    x, y, z = (torch.rand(_TRIAD) for _ in range(3))
    triad = _best(lambda: torch.add(x, y, alpha=3.0, out=z))  # z = x + 3 y, in one pass
    return {
        "gemm_flops_per_s": 2 * _SIDE**3 / gemm,
        "triad_bytes_per_s": 3 * 4 * _TRIAD / triad,
    }


def _best(work: Callable[[], object]) -> float:
    work()
    seconds = []
    for _ in range(_REPEATS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def pixel_facts(images: Images) -> dict[str, object]:
    """Return the fields of `limits.Pixels` for Bernoulli-coded images."""
    x = images.train()[0].reshape(len(images.dataset.y_train), -1)
    return {
        "count": x.shape[1],
        "active": float((x > 0).sum(1).mean()),
        "hits": {g: _groups_hit(x, g) for g in GROUPS},
        "mean": float(x.mean()),
    }


def _groups_hit(x: Values, g: int) -> float:
    """Return how many groups of g neighbouring pixels spike in a step, in the mean of images."""
    silent = np.pad(1 - x, ((0, 0), (0, -x.shape[1] % g)), constant_values=1.0)
    silent = silent.reshape(len(x), -1, g).prod(2)
    return float((1 - silent).sum(1).mean())


def system() -> str:
    """Return the system and Python in words."""
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
