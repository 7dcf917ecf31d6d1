"""The rows of a run on their way into the tables, and what must be so of them."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from snnbench.results.lines import Row
from snnbench.results.schema import KEYS, SCHEMA_VERSION, STATUSES

# Plain enough to be compared as bytes, never quoted, never taken for a formula.
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)

Rows = (
    tuple[Row, Sequence[Row], Sequence[Row]]
    | tuple[Row, Sequence[Row], Sequence[Row], Sequence[Row]]
)


class RunRows(NamedTuple):
    """The rows of one run: column -> value; a column left out is missing."""

    run: Row
    epochs: Sequence[Row]
    layers: Sequence[Row]
    steps: Sequence[Row] = ()

    def of(self, name: str) -> Sequence[Row]:
        """Return the rows for one of `TABLES`."""
        rows: Sequence[Row] = [self.run] if name == "runs" else getattr(self, name)
        return rows


def checked(runs: Iterable[Rows]) -> dict[str, RunRows]:
    """Return run_id -> rows, with the columns that may be left out.

    Raises:
        AssertionError, KeyError: a row that cannot be: our mistake.
    """
    records: dict[str, RunRows] = {}
    for given in runs:
        record = RunRows(*given)
        run, epochs, layers, steps = record
        run_id, status = run["run_id"], run["status"]
        assert isinstance(run_id, str), f"run_id {run_id!r} is not text"
        assert _RUN_ID.fullmatch(run_id), f"run_id {run_id!r}"
        assert run_id not in records, f"run {run_id} twice"
        assert status in STATUSES, f"run {run_id}: status {status!r}"
        assert run.get("schema", SCHEMA_VERSION) == SCHEMA_VERSION, f"run {run_id}: schema"
        assert all(row.get("run_id", run_id) == run_id for row in (*epochs, *layers, *steps)), (
            run_id
        )
        for name, key in KEYS.items():
            rows = record.of(name)
            assert len({row[key] for row in rows}) == len(rows), f"run {run_id}: {key} twice"
        if status == "done":
            expected = run.get("epochs_run") or 0
            assert len(epochs) == expected, f"run {run_id}: {len(epochs)} epochs of {expected}"
        known = run.get("layers")
        assert known is None or known == len(layers), f"run {run_id}: {len(layers)} layers"
        known = run.get("inference_steps")
        assert known is None or known == len(steps), f"run {run_id}: {len(steps)} steps"
        own = {"layers": len(layers) or None, "inference_steps": len(steps) or None}
        rest = ([{**row, "run_id": run_id} for row in record.of(name)] for name in KEYS)
        records[run_id] = RunRows({**run, "schema": SCHEMA_VERSION, **own}, *rest)
    return records
