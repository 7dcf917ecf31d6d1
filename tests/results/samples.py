"""Rows to fill a store with, and what must hold of every store that has been opened."""

import csv
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from snnbench.results.schema import KEYS, TABLES, columns_of
from snnbench.results.tables import ResultStore

ROOT = Path(__file__).parents[2]  # where child processes find `tests`
Rows = list[dict[str, Any]]
FIRST_TABLES = ("epochs", "layers", "runs")  # of the first version
Run = tuple[dict[str, Any], Rows, Rows, Rows]


def run_rows(run_id: str, *, epochs: int = 2, mark: float = 0.5, **values: Any) -> Run:
    """A done run with `mark` in all of its rows, so that mixed generations can be seen."""
    row = {
        "run_id": run_id,
        "study": "lab1",
        "status": "done",
        "arch": "10-10",
        "lr_schedule": "0.1x10,0.01x10",
        "bias": True,
        "epochs_run": epochs,
        "test_accuracy": mark,
    }
    return (
        row | values,
        [{"epoch": epoch + 1, "test_accuracy": mark} for epoch in range(epochs)],
        [{"layer": f"fc{layer + 1}", "kind": "linear", "input_rate": mark} for layer in range(2)],
        [{"step": step + 1, "test_accuracy": mark} for step in range(2)],
    )


def filled(folder: Path, count: int = 3) -> Path:
    with ResultStore.open(folder) as store:
        for number in range(count):
            store.append(*run_rows(f"run{number}"))
    return folder


def read_csv(folder: Path, name: str) -> list[dict[str, str]]:
    """The table by Python's own reader: independent of ours."""
    with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def as_version_1(folder: Path) -> Path:
    """`folder`, as if all that is in it had been written by a program of the first version."""
    (folder / "steps.csv").unlink(missing_ok=True)
    for name in FIRST_TABLES:
        rows = read_csv(folder, name)
        old = [column.name for column in columns_of(name) if column.since == 1]
        with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, old, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(row | ({"schema": "1"} if name == "runs" else {}) for row in rows)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    paths = {name: folder / f"{name}.csv" for name in TABLES}
    return {name: path.read_bytes() for name, path in paths.items() if path.exists()}


def check_whole(folder: Path) -> None:
    """No half row, no run twice, no orphan, no mixed generations, every run's rows all there."""
    for name in TABLES:
        columns = columns_of(name)
        content = (folder / f"{name}.csv").read_bytes()
        assert content.endswith(b"\n")
        with open(folder / f"{name}.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file, strict=True))
        assert rows[0] == [column.name for column in columns]
        assert all(len(row) == len(columns) for row in rows)
    runs = {row["run_id"]: row for row in read_csv(folder, "runs")}
    assert len(runs) == len(read_csv(folder, "runs"))
    epochs, layers, steps = (read_csv(folder, name) for name in KEYS)
    assert {row["run_id"] for row in (*epochs, *layers, *steps)} <= runs.keys()
    for row in (*epochs, *steps):
        assert row["test_accuracy"] == runs[row["run_id"]]["test_accuracy"]
    for row in layers:
        assert row["input_rate"] == runs[row["run_id"]]["test_accuracy"]
    counts = Counter(row["run_id"] for row in epochs)
    counts_of_layers = Counter(row["run_id"] for row in layers)
    counts_of_steps = Counter(row["run_id"] for row in steps)
    for run_id, row in runs.items():
        if row["status"] == "done":
            assert counts[run_id] == int(row["epochs_run"])
            assert counts_of_layers[run_id] == 2
            assert counts_of_steps[run_id] == int(row["inference_steps"] or 0)


def copy_of(folder: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target)
    return target
