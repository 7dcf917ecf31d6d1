"""Which columns of the tables say what came out of a run: equal bits are equal there."""

from functools import cache

from snnbench.config.setting import SETTINGS
from snnbench.results.schema import KEYS, Column, columns_of

# Columns of runs.csv that say where a run comes from, not what came out.
_ABOUT = (
    "schema", "run_id", "study", "variant", "error", "cohort_size", "started_at",
    "snnbench_version", "commit", "torch_version", "device_name", "cpu_threads", "data_sha256",
    "path", "numerics", "plugins", "energy_counters",
)  # fmt: skip
_SPENT = ("s", "J", "W")  # units of what a machine took, never twice the same


def outcomes_of(name: str) -> tuple[Column, ...]:
    """Return the columns of a table that say what came out, not from where nor what it took."""
    return _outcomes(name, columns_of(name))


@cache
def _outcomes(name: str, columns: tuple[Column, ...]) -> tuple[Column, ...]:
    but = {*_ABOUT, *SETTINGS} if name == "runs" else {"run_id", *KEYS.values()}
    return tuple(c for c in columns if c.name not in but and c.unit not in _SPENT)
