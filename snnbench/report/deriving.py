"""Conventions that tables lack, from the facts they recorded: of plug-ins, or of later versions."""

from typing import Any

import pandas as pd

from snnbench.cost.derive import derive, derived, totals
from snnbench.results.frames import to_rows


def completed(runs: pd.DataFrame, layers: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables with all conventions and energies that follow from the layers' facts.

    Args:
        runs, layers: see `Tables`; what they have stays.
    """
    names = [name for name in derived() if layers[name].isna().any()]
    if not names:
        return runs, layers
    runs, layers = runs.copy(), layers.copy()
    known = {
        (row["folder"], row["run_id"]): {
            "model": row["model"],
            "steps": row["T"] if row["model"] == "snn" else 1,
        }
        for row in to_rows(runs)
    }
    by_run: dict[Any, list[dict[str, Any]]] = {}
    found = []
    for row in to_rows(layers):
        key = (row["folder"], row["run_id"])
        complete = row | {n: v for n, v in known.get(key, {}).items() if row.get(n) is None}
        complete |= derive(complete)
        found.append(complete)
        by_run.setdefault(key, []).append(complete)
    sums = [
        totals(by_run.get((row["folder"], row["run_id"]), []))
        | {name: row[name] for name in names if row[name] is not None}
        for row in to_rows(runs)
    ]
    for frame, rows in ((layers, found), (runs, sums)):
        for name in names:
            values = [row.get(name) for row in rows]
            frame[name] = pd.Series(values, frame.index, frame[name].dtype)
    return runs, layers
