"""Conventions that tables lack, from the facts they recorded: of plug-ins, or of later versions."""

from typing import Any

import pandas as pd

from snnbench.cost.activity import activity_of
from snnbench.cost.derive import derive, derived, totals
from snnbench.results.frames import to_rows


def completed(runs: pd.DataFrame, layers: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables with all that follows from their facts: conventions, energies, activity.

    Args:
        runs, layers: see `Tables`; what they have stays.
    """
    names = [name for name in derived() if layers[name].isna().any()]
    if not names and runs["activity"].notna().all():
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
    whole = []
    for row in to_rows(runs):
        own = by_run.get((row["folder"], row["run_id"]), [])
        follows = {"activity": activity_of(layer["output_rate"] for layer in own), **totals(own)}
        whole.append({n: v if row[n] is None else row[n] for n, v in follows.items()})
    for frame, rows, columns in ((layers, found, names), (runs, whole, ["activity", *names])):
        for name in columns:
            values = [row.get(name) for row in rows]
            frame[name] = pd.Series(values, frame.index, frame[name].dtype)
    return runs, layers
