"""One or more folders of results as tables, and what must be said about mixing them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from snnbench.errors import UserError, and_more, count_of
from snnbench.report.reading.columns import MIXED_ORIGINS, SAME_RESULT
from snnbench.report.reading.deriving import completed
from snnbench.report.reading.energies import with_energies
from snnbench.report.reading.neurobench import OutsideRow, is_file, read_outside
from snnbench.results.journal import table_path
from snnbench.results.lines import whole_size
from snnbench.results.trusted import read_trusted
from snnbench.words.datasets import DATASETS
from snnbench.words.energies import HEADLINE, Energy


@dataclass(frozen=True)
class Tables:
    """The runs to report on, none twice within a study.

    Attributes:
        runs, epochs, layers, steps: as `read_runs` and the others return them, with a column
            `folder`, the position of the row's folder in `folders`; a missing study is "".
        folders: in the order given.
        notes: what a reader must know, a sentence each.
        energy: the model that figures and comparisons show; `runs` have a column of every model.
        outside: rows of files of NeuroBench, which are no runs.
    """

    runs: pd.DataFrame
    epochs: pd.DataFrame
    layers: pd.DataFrame
    steps: pd.DataFrame
    folders: tuple[Path, ...]
    notes: tuple[str, ...] = field(default=())
    energy: Energy = HEADLINE
    outside: tuple[OutsideRow, ...] = ()

    def of(self, runs: pd.DataFrame) -> "Tables":
        """Return the tables of some of the runs, without the notes."""
        keys = pd.MultiIndex.from_frame(runs[["folder", "run_id"]])
        epochs, layers, steps = (
            table[pd.MultiIndex.from_frame(table[["folder", "run_id"]]).isin(keys)]
            for table in (self.epochs, self.layers, self.steps)
        )
        return replace(self, runs=runs, epochs=epochs, layers=layers, steps=steps, notes=())

    def named(self, run_ids: Collection[str]) -> "Tables":
        """Return the tables of these runs, each once."""
        wanted = self.runs[self.runs["run_id"].isin(list(run_ids))]
        return self.of(wanted.drop_duplicates("run_id").reset_index(drop=True))


def load(places: Sequence[Path], energy: Energy = HEADLINE) -> Tables:
    """Read folders of results, and files of NeuroBench's; a run counts once a study.

    Of two records of a run the one that is done is kept, else the first. Runs of which a row does
    not hold are left out, and named in the notes.

    Raises:
        UserError: a place is given twice, there is no folder, one holds no run or has a file that
            is not what we wrote (see `read_trusted`; the message names file and line), or a file
            is not NeuroBench's: see `read_outside`.
    """
    refuse_twice(places)
    files = [place for place in places if is_file(place)]
    folders = [place for place in places if place not in files]
    if not folders:
        raise UserError(
            f"There is no folder of results beside {files[0]}.",
            "Name one: a report is about runs, with which a result of NeuroBench's is shown.",
        )
    outside = [read_outside(path) for path in files]
    found = [read_trusted(folder) for folder in folders]
    runs, epochs, layers, steps = (
        pd.concat([getattr(one, name).assign(folder=i) for i, one in enumerate(found)])
        for name in ("runs", "epochs", "layers", "steps")
    )
    runs["study"] = runs["study"].fillna("")
    runs, layers = completed(runs.reset_index(drop=True), layers.reset_index(drop=True))
    runs = with_energies(runs, layers, energy)
    runs, twice = _once(runs, folders)
    notes = [note for one in found for note in one.notes] + twice
    if runs[energy.column].isna().all():
        notes.append(
            f"Energy by {energy.label} is not known of any run: it does not count such networks,"
            " or the tables were recorded before what it needs."
        )
    notes += _outside_notes(outside)
    epochs, steps = epochs.reset_index(drop=True), steps.reset_index(drop=True)
    kept = Tables(runs, epochs, layers, steps, ()).of(runs)
    notes += _torn_notes(folders) + origin_notes(runs) + data_notes(runs)
    rows = tuple(row for some, _ in outside for row in some)
    return replace(kept, folders=tuple(folders), notes=tuple(notes), energy=energy, outside=rows)


def refuse_twice(places: Sequence[Path]) -> None:
    """Refuse a folder or file that is named twice."""
    seen: dict[Path, Path] = {}
    for place in places:
        if place.resolve() in seen:
            kind = "file" if is_file(place) else "folder"
            raise UserError(
                f"{place} is the same {kind} as {seen[place.resolve()]}.", "Name it once."
            )
        seen[place.resolve()] = place


def _outside_notes(outside: Sequence[tuple[list[OutsideRow], list[str]]]) -> list[str]:
    if not outside:
        return []
    return [
        "Rows from NeuroBench's files were not measured here: they enter no mean, interval or"
        " verdict. Their dense_macs has no products with padding and none of BatchNorm, unless"
        " snnbench wrote the file.",
        *(note for _, some in outside for note in some),
    ]


def _once(runs: pd.DataFrame, folders: Sequence[Path]) -> tuple[pd.DataFrame, list[str]]:
    """Return the runs without those recorded twice in a study, and what to say about these."""
    notes = []
    keys = ["study", "run_id"]
    order = runs.assign(_late=runs["status"].ne("done")).sort_values(
        ["_late", "folder"], kind="stable"
    )
    kept = order.groupby(keys, sort=False).head(1).index.sort_values()
    twice = runs.index.difference(kept)
    if len(twice):
        notes.append(f"{count_of(len(twice), 'record')} of runs that another folder holds too:"
                     " each run counts once.")  # fmt: skip
    first = runs.loc[kept].set_index(keys)
    for row in runs.loc[twice].to_dict("records"):
        other: Any = first.loc[[(row["study"], row["run_id"])]].iloc[0]
        if row["status"] != other["status"] or any(
            not _same(row[name], other[name]) for name in SAME_RESULT
        ):
            notes.append(
                f"Run {row['run_id']} differs between {folders[other['folder']]} and"
                f" {folders[row['folder']]}: the former is reported."
            )
    return runs.loc[kept].reset_index(drop=True), notes


def _torn_notes(folders: Sequence[Path]) -> list[str]:
    """Return a sentence for each runs.csv that ends within a line."""
    paths = [table_path(folder, "runs") for folder in folders]
    return [
        f"The last line of {path} is not whole and is left out: runs are being recorded there,"
        " or the file was cut off."
        for path in paths
        if whole_size(path) < path.stat().st_size
    ]


def origin_notes(runs: pd.DataFrame) -> list[str]:
    """Return a sentence for each kind of origin that differs among the runs."""
    notes = []
    for column, words in MIXED_ORIGINS.items():
        texts = runs[column].astype(object).where(runs[column].notna(), "unknown").astype(str)
        counts = texts.value_counts().sort_index()
        if len(counts) > 1:
            listed = [f"{value} ({count_of(int(n), 'run')})" for value, n in counts.items()]
            notes.append(f"Runs from {len(counts)} {words} are mixed: {and_more(listed)}.")
    counters = sorted(runs["energy_counters"].dropna().unique())
    if len(counters) > 1:
        notes.append(f"Measured energies of other counters are mixed: {and_more(counters)}.")
    if runs["commit"].astype(str).str.endswith("-dirty").any():
        notes.append("Some runs were made by source that was changed after its commit (-dirty).")
    return notes


def data_notes(runs: pd.DataFrame) -> list[str]:
    """Return a sentence for each data set that is a stand-in, or has several checksums."""
    notes = []
    for dataset, rows in runs.groupby("dataset", sort=True):
        entry = DATASETS.get(str(dataset))
        if entry is not None and entry.stand_in_for is not None:
            notes.append(f"{dataset} is a stand-in for {entry.stand_in_for}.")
        sums = sorted(rows["data_sha256"].dropna().unique())
        if len(sums) > 1:
            short = [str(text)[:12] for text in sums]
            notes.append(
                f"{dataset} has {len(sums)} different contents (SHA-256 {and_more(short)}):"
                " runs on them are separate configurations."
            )
    return notes


def _same(a: Any, b: Any) -> bool:
    missing = bool(pd.isna(a)), bool(pd.isna(b))
    return all(missing) or (not any(missing) and bool(a == b))
