"""snnbench: spiking neural networks against ordinary ones, trained, counted and compared.

>>> from snnbench import RunConfig, train, count
>>> result = train(RunConfig(dataset="digits", arch="32-10", T=5))  # doctest: +SKIP
"""

import os
from typing import TYPE_CHECKING, Any

# Idle threads of OpenMP (torch's and numba's pools) spin for milliseconds by default, which on a
# busy machine keeps the working ones from their cores: measured, 1 s an epoch became 17 to 35 s.
# Where they sleep at once, waking takes 0.1 ms, and a step has several regions. So they sleep, but
# GNU's OpenMP first turns 4,000 times: measured at T = 10, 0.8 ms a step became 0.5, and on a busy
# machine 0.7 became 1.4 (with 20,000 turns 0.5 and 4.6). OpenMP reads this once, when it is
# loaded, so it stands before any import of torch.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ["OMP_WAIT_POLICY"] = "passive"
    os.environ.setdefault("GOMP_SPINCOUNT", "4000")

if TYPE_CHECKING:
    from snnbench.api import CountResult, count, train
    from snnbench.config import RunConfig
    from snnbench.errors import UserError
    from snnbench.runs import RunResult

__version__ = "0.1.0"
__all__ = ["CountResult", "RunConfig", "RunResult", "UserError", "__version__", "count", "train"]

_HOMES = {
    "RunConfig": "snnbench.config",
    "UserError": "snnbench.errors",
    "RunResult": "snnbench.runs",
    "CountResult": "snnbench.api",
    "count": "snnbench.api",
    "train": "snnbench.api",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `snnbench --help` must not wait for torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'snnbench' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
