"""snnbench: spiking neural networks against ordinary ones, trained, counted and compared.

>>> from snnbench import RunConfig, train, count
>>> result = train(RunConfig(dataset="digits", arch="32-10", T=5))  # doctest: +SKIP
"""

TYPE_CHECKING = False  # for type checkers it is true; `typing` takes milliseconds of every start
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


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `snnbench --help` must not wait for torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'snnbench' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
