"""snnbench: spiking neural networks against ordinary ones, trained, counted and compared.

>>> import snnbench
>>> found = snnbench.compare(dataset="digits", arch="32-10", T=5)  # doctest: +SKIP
>>> sorted(set(dir(snnbench)) & {"compare", "count", "load", "report", "sweep", "train"})
['compare', 'count', 'load', 'report', 'sweep', 'train']
"""

TYPE_CHECKING = False  # for type checkers it is true; `typing` takes milliseconds of every start
if TYPE_CHECKING:
    from snnbench.api import CountResult, compare, count, load, report, sweep, train
    from snnbench.api.results import Results
    from snnbench.config import RunConfig
    from snnbench.errors import UserError
    from snnbench.runs import RunResult
else:
    # The first import of a room binds its name here; of these two that is done now, so that it
    # never takes the place of the function of that name.
    from snnbench import report, sweep

    del report, sweep

__version__ = "0.1.0"
__all__ = [
    "CountResult", "Results", "RunConfig", "RunResult", "UserError", "__version__", "compare",
    "count", "load", "report", "sweep", "train",
]  # fmt: skip

_HOMES = {
    "RunConfig": "snnbench.config",
    "UserError": "snnbench.errors",
    "RunResult": "snnbench.runs",
    "Results": "snnbench.api.results",
    "CountResult": "snnbench.api.single",
    "compare": "snnbench.api.comparing",
    "count": "snnbench.api.single",
    "load": "snnbench.api.reporting",
    "report": "snnbench.api.naming",
    "sweep": "snnbench.api.naming",
    "train": "snnbench.api.single",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: `snnbench --help` must not wait for torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'snnbench' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names, for those who complete them."""
    return __all__
