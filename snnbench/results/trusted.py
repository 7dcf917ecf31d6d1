"""The tables without the runs of which a row does not hold, and sentences that name these."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from snnbench.config.arch import layer_names
from snnbench.cost.derive import operations
from snnbench.errors import UserError
from snnbench.results.frames import read_numbered
from snnbench.results.journal import table_path
from snnbench.results.judge import Fault, Findings, fault_notes, weight_layers
from snnbench.results.schema import KEYS, LATER

if TYPE_CHECKING:
    import pandas as pd

_OF_BEST_EPOCH = (
    *(f"{part}_{what}" for part in ("train", "val", "test") for what in ("accuracy", "loss")),
    "firing_rate",
)
_OF_LAST_STEP = ("test_accuracy", "effective_acs", "energy_pj_compute45nm")
_ROUNDING = 1e-9  # relative: sums of some layers in another order


class Trusted(NamedTuple):
    """The runs of a folder that hold.

    Attributes:
        runs, epochs, layers, steps: as `read_runs` and the others return them.
        faults: of the runs that are left out.
        remarks: what else a reader must know, a sentence each.
    """

    runs: "pd.DataFrame"
    epochs: "pd.DataFrame"
    layers: "pd.DataFrame"
    steps: "pd.DataFrame"
    faults: tuple[Fault, ...]
    remarks: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """All that a reader must know, a sentence each; of very many faults the first."""
        return (*fault_notes(self.faults, "is left out", "are left out"), *self.remarks)


def read_trusted(folder: str | Path) -> Trusted:
    """Return the tables of a folder without runs of which a row does not hold.

    Besides what `judge` says of single rows, the tables must agree with each other: a run's
    results are those of its best epoch, its counts the sums over its layers.

    Raises:
        UserError: there are no runs, none of them holds, or a file is not what we wrote: see
            `read_runs` and the others.
    """
    folder, findings = Path(folder), Findings()
    runs = read_numbered(folder, "runs", findings)
    rest = [read_numbered(folder, name, findings) for name in KEYS]
    path, is_done = table_path(folder, "runs"), runs["status"] == "done"
    remarks = [*_cannot_be_checked(path, findings)]
    for name, table in zip(KEYS, rest, strict=True):
        # of later tables only runs that were recorded since have rows
        has = runs[LATER[name]].notna() if name in LATER else True
        done = int((is_done & has).sum())
        if done and not len(table):
            lacks = f"has no rows: the {name} of {done} finished runs are missing"
            remarks.append(f"{table_path(folder, name)} {lacks}.")
    holding = (_but(table, findings.run_ids) for table in (runs, *rest))
    for line, run_id, what in _disagreements(*holding):
        findings.faults.append(Fault(path, line, run_id, what))
    runs, epochs, layers, steps = (
        _but(table, findings.run_ids).reset_index(drop=True) for table in (runs, *rest)
    )
    if not len(runs):
        raise UserError(
            f"No run of {folder} holds. {findings.faults[0]}.", "Restore it from a backup."
        )
    return Trusted(runs, epochs, layers, steps, tuple(findings.faults), tuple(remarks))


def _but(table: "pd.DataFrame", run_ids: Collection[str]) -> "pd.DataFrame":
    """Return a table's rows of other runs."""
    return table[~table["run_id"].isin(list(run_ids))]


def _cannot_be_checked(path: Path, findings: Findings) -> Iterator[str]:
    for why, count in findings.unchecked.items():
        yield (
            f"{path}: {count} {'run' if count == 1 else 'runs'} {why}: whether their settings and"
            " data are those of which run_id is the name cannot be checked."
        )


def _disagreements(
    runs: "pd.DataFrame", epochs: "pd.DataFrame", layers: "pd.DataFrame", steps: "pd.DataFrame"
) -> Iterator[tuple[int, str, str]]:
    """Yield line in runs.csv, run and what is wrong, for every run the tables disagree about."""
    found: dict[int, tuple[int, str, str]] = {}

    def differ(column: str, unlike: "pd.Series[bool]", other: "pd.Series[float]", of: str) -> None:
        for line in runs.index[unlike.fillna(value=False).to_numpy(bool)]:
            run_id, value = str(runs.at[line, "run_id"]), str(runs.at[line, column])
            what = f"{column} is {value}, but {of} {other[line]}"
            found.setdefault(int(line), (int(line), run_id, what))

    def by_run(values: "pd.Series[Any]") -> "pd.Series[Any]":
        return values.reindex(runs["run_id"]).set_axis(runs.index)

    if len(epochs):
        best = epochs.set_index(["run_id", "epoch"])
        at_best = best.reindex([*zip(runs["run_id"], runs["best_epoch"].fillna(0), strict=True)])
        for column in _OF_BEST_EPOCH:
            other = at_best[column].set_axis(runs.index)
            differ(column, _unlike(runs[column], other), other, "that of its best epoch is")
        grouped = epochs.groupby("run_id")
        other = by_run(grouped["test_accuracy"].max())
        unlike = _unlike(runs["max_test_accuracy"], other)
        differ("max_test_accuracy", unlike, other, "the largest of its epochs is")
        last = by_run(grouped["epoch"].max())
        unlike = (last != runs["epochs_run"]) & (runs["status"] == "done")
        differ("epochs_run", unlike, last, "its last epoch is")
    if len(layers):
        grouped = layers.groupby("run_id")
        for quantity in operations():
            other = by_run(grouped[quantity.name].sum())
            partly = by_run(layers[quantity.name].isna().groupby(layers["run_id"]).any())
            own = runs[quantity.name].where(partly == 0)
            unlike = (own - other).abs() > _ROUNDING * (own.abs() + other.abs())
            differ(quantity.name, unlike, other, "its layers sum up to")
        other = by_run(grouped["params"].sum())
        differ("params", runs["params"] < other, other, "its layers have")
        names = grouped["layer"].agg(frozenset)
        for line, run_id, arch in runs.loc[
            runs["status"] == "done", ["run_id", "arch"]
        ].itertuples():
            if weight_layers(arch) and names.get(run_id) != frozenset(layer_names(arch)):
                found.setdefault(line, (line, run_id, f"its layers are not those of arch {arch}"))
    if len(steps):
        ends = steps.loc[steps.groupby("run_id")["step"].idxmax()].set_index("run_id")
        for column in _OF_LAST_STEP:
            other = by_run(ends[column])
            unlike = (runs[column] - other).abs() > _ROUNDING * (runs[column].abs() + other.abs())
            differ(column, unlike, other, "after its last step it is")
        other = by_run(ends["step"])
        unlike = (other != runs["inference_steps"]) & (runs["status"] == "done")
        differ("inference_steps", unlike, other, "its last step is")
    yield from (found[line] for line in sorted(found))


def _unlike(own: "pd.Series[float]", other: "pd.Series[float]") -> "pd.Series[bool]":
    """Return where two numbers are known and differ."""
    return (own != other) & own.notna() & other.notna()
