"""steps.csv: a table that older folders lack, and of which no row may be lost unseen."""

import shutil
from pathlib import Path

import pytest

from snnbench.api import train
from snnbench.errors import UserError
from snnbench.results.tables import ResultStore, read_runs, read_steps
from snnbench.results.trusted import read_trusted
from tests.results.samples import ROOT, as_version_1, check_whole, filled, read_csv, run_rows

RUN = {"dataset": "digits", "arch": "8-10", "T": 3, "epochs": 1, "train_samples": 100,
       "batch_size": 50, "test_samples": 60, "engine": "reference", "device": "cpu"}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SNN and an ANN."""
    folder = tmp_path_factory.mktemp("trained")
    train(**RUN, out=folder)
    train(**{name: value for name, value in RUN.items() if name != "T"}, model="ann", out=folder)
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def edit(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / f"{name}.csv"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def test_a_run_has_a_row_a_step_and_an_ann_has_none(folder: Path) -> None:
    snn, ann = read_csv(folder, "runs")
    rows = read_csv(folder, "steps")
    assert [(row["run_id"], row["step"]) for row in rows] == [
        (snn["run_id"], str(step)) for step in (1, 2, 3)
    ]
    for column in ("test_accuracy", "effective_acs", "energy_pj_compute45nm"):
        assert rows[-1][column] == snn[column]
    assert (snn["inference_steps"], ann["inference_steps"]) == ("3", "")
    assert (snn["exit_chosen_on"], ann["exit_chosen_on"]) == ("training", "")
    assert not any(ann[name] for name in ann if name.startswith(("exit_", "latency")))
    assert read_trusted(folder).notes == ()
    again = train(**RUN, out=folder)
    assert again.was_recorded
    assert again.steps["step"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("column", ["test_accuracy", "effective_acs", "energy_pj_compute45nm"])
def test_a_last_step_that_is_not_the_runs_own_is_named(folder: Path, column: str) -> None:
    last = read_csv(folder, "steps")[-1]
    edited = ",".join((last | {column: "0.0123"}).values())
    edit(folder, "steps", ",".join(last.values()), edited)
    trusted = read_trusted(folder)
    assert list(trusted.runs["model"]) == ["ann"]
    assert "after its last step it is 0.0123" in trusted.notes[0]


def test_rows_that_are_lost_are_noticed(folder: Path) -> None:
    text = (folder / "steps.csv").read_text()
    (folder / "steps.csv").write_text("".join(text.splitlines(True)[:-1]))
    with pytest.raises(UserError, match="has 2 of its 3 steps"):
        read_steps(folder)
    with ResultStore.open(folder) as store:
        assert any("Rows of 1 run are lost" in said for said in store.repairs)
        assert len(store.statuses()) == 1


def test_a_table_that_is_lost_is_not_made_new_beside_runs_that_have_steps(folder: Path) -> None:
    (folder / "steps.csv").unlink()
    with pytest.raises(UserError, match=r"steps\.csv is missing"):
        ResultStore.open(folder)
    assert not (folder / "steps.csv").exists()
    (note,) = read_trusted(folder).notes
    assert "the steps of 1 finished runs are missing" in note


def test_an_older_folder_is_read_and_gets_the_table_with_its_next_run(tmp_path: Path) -> None:
    folder = as_version_1(filled(tmp_path))
    with ResultStore.open(folder) as store:
        assert store.repairs == []
        assert not (folder / "steps.csv").exists()
        assert read_steps(folder).empty
        assert read_runs(folder)["inference_steps"].isna().all()
        store.append(*run_rows("new"))
        assert any(said.startswith("steps.csv: new") for said in store.repairs)
    assert [row["run_id"] for row in read_csv(folder, "steps")] == ["new", "new"]
    with ResultStore.open(folder) as store:
        assert store.repairs == []
        store.replace(*run_rows("run0", mark=0.9))
    check_whole(folder)


def test_a_step_that_is_there_twice_is_refused(folder: Path) -> None:
    last = (folder / "steps.csv").read_text().splitlines(True)[-1]
    with open(folder / "steps.csv", "a") as file:
        file.write(last)
    with pytest.raises(UserError, match=r"step 3 of run .* is there twice"):
        read_steps(folder)


def test_committed_tables_have_no_steps(tmp_path: Path) -> None:
    for name in ("epochs", "layers", "runs"):
        shutil.copyfile(ROOT / "results" / "lab1-loss" / f"{name}.csv", tmp_path / f"{name}.csv")
    trusted = read_trusted(tmp_path)
    assert trusted.steps.empty
    assert trusted.notes == ()
