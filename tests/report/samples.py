"""Made-up tables to report on: as the program writes them, with results that are chosen.

Their runs have the names that follow from their settings and data, as all that are trusted have.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from snnbench.config.arch import layer_names
from snnbench.config.identity import run_name
from snnbench.config.setting import SETTINGS
from snnbench.results.tables import ResultStore, RunRows

BASE = {
    "study": "made-up", "status": "done", "dataset": "digits", "model": "snn", "arch": "10-10",
    "encoding": "bernoulli", "T": 5, "neuron": "lif", "v_th": 1.0, "loss": "mse",
    "device": "cpu", "engine": "fast", "params": 100, "flops_lab": 1000.0, "dense_macs": 500.0,
    "energy_pj_compute45nm": 900.0, "train_seconds": 2.0, "eval_seconds": 0.5,
    "firing_rate": 0.25, "snnbench_version": "1.0", "commit": "abc1234", "torch_version": "2.13",
    "device_name": "Test CPU", "cpu_threads": 2, "data_sha256": "d" * 64, "cohort_size": 1,
    # so many that testing leaves no error worth speaking of
    "train_size": 10**12, "val_size": 10**12, "test_size": 10**12,
}  # fmt: skip


class Made:
    """Collects runs, then writes them as a folder of results."""

    def __init__(self) -> None:
        self.rows: list[RunRows] = []

    def run(
        self,
        seed: int,
        curves: Mapping[str, Sequence[float]] | None = None,
        layers: Sequence[Mapping[str, Any]] = (),
        steps: Sequence[Mapping[str, Any]] = (),
        **values: Any,
    ) -> "Made":
        """Add a run; `curves` are columns of epochs.csv, `layers` rows that say more than plain,
        `steps` rows of steps.csv."""
        curves = curves or {}
        count = max((len(curve) for curve in curves.values()), default=0)
        epochs = [
            {"epoch": i + 1} | {name: curve[i] for name, curve in curves.items()}
            for i in range(count)
        ]
        row = BASE | {"seed": seed, "epochs_run": count}
        if values.get("status", "done") != "done":
            row = {name: value for name, value in row.items() if name not in ("params",)}
        else:
            names = layer_names(values.get("arch", BASE["arch"]))
            plain = {name: {"layer": name, "inputs": 1, "outputs": 1} for name in names}
            layers = (plain | {layer["layer"]: layer for layer in layers}).values()
        row |= values
        settings = {
            name: float(row[name])
            if about.kind == "number" and row.get(name) is not None
            else row.get(name)
            for name, about in SETTINGS.items()
        }
        row = {"run_id": run_name(settings, row["data_sha256"])} | row
        self.rows.append(RunRows(row, epochs, [dict(layer) for layer in layers],
                                 [dict(step) for step in steps]))  # fmt: skip
        return self

    @property
    def names(self) -> list[str]:
        """The runs' names, in the order in which they were added."""
        return [row["run_id"] for row, *_ in self.rows]

    def runs(self, column: str, values: Sequence[float], **settings: Any) -> "Made":
        """Add a run for each value of a column, with seeds 0, 1, ..."""
        for seed, value in enumerate(values):
            self.run(seed, **{column: value}, **settings)
        return self

    def write(self, folder: Path) -> Path:
        with ResultStore.open(folder) as store:
            store.append_many(self.rows)
        return folder
