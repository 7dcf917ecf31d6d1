"""Folders of results: read whole, a run once, refused by file and line, origins spoken of."""

from pathlib import Path

import pytest

from snnbench.errors import UserError
from snnbench.report.reading.columns import costs
from snnbench.report.reading.groups import configurations_of
from snnbench.report.reading.source import load
from snnbench.results.schema import SCHEMA_VERSION, columns_of
from snnbench.results.tables import ResultStore
from tests.report.samples import Made


def edited(folder: Path, name: str, line: int, old: str, new: str) -> Path:
    path = folder / f"{name}.csv"
    lines = path.read_text().splitlines(keepends=True)
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    path.write_text("".join(lines))
    return folder


@pytest.fixture
def folder(tmp_path):
    return (
        Made()
        .run(0, {"test_accuracy": [0.5, 0.6]}, test_accuracy=0.6)
        .run(1, {"test_accuracy": [0.5, 0.7]}, test_accuracy=0.7)
        .write(tmp_path / "results")
    )


def test_a_run_in_two_folders_counts_once(tmp_path, folder):
    copy = (
        Made()
        .run(0, {"test_accuracy": [0.5, 0.6]}, test_accuracy=0.6)
        .run(5, test_accuracy=0.9)
        .write(tmp_path / "copy")
    )
    tables = load([folder, copy])
    assert tables.runs["seed"].tolist() == [0, 1, 5]
    assert len(tables.epochs) == 4
    assert any("1 record of runs" in note for note in tables.notes)
    assert not any("differs" in note for note in tables.notes)


def test_the_done_record_of_a_run_is_kept_and_a_difference_is_told(tmp_path):
    first = Made().run(0, status="failed", error="lost").write(tmp_path / "a")
    second = Made().run(0, test_accuracy=0.8).write(tmp_path / "b")
    tables = load([first, second])
    assert tables.runs["test_accuracy"].tolist() == [0.8]
    assert any(f"differs between {second} and {first}" in note for note in tables.notes)


def test_a_run_that_two_studies_share_counts_in_both(tmp_path):
    for name in ("one", "two"):
        Made().run(0, study=name, test_accuracy=0.8).write(tmp_path / name)
    tables = load([tmp_path / "one", tmp_path / "two"])
    assert tables.runs["study"].tolist() == ["one", "two"]


def test_the_same_folder_twice_is_refused(folder):
    with pytest.raises(UserError, match="same folder"):
        load([folder, folder / ".." / folder.name])


@pytest.mark.parametrize(
    ("name", "line", "old", "new", "message"),
    [
        ("runs", 1, "variant", "study", r"runs\.csv, line 1 .* names 'study' more than once"),
        ("runs", 2, f"{SCHEMA_VERSION},", "99,", r"runs\.csv, line 2: written by a newer snnbench"),
        ("runs", 3, f"{SCHEMA_VERSION},", "99,", r"runs\.csv, line 3: written by a newer snnbench"),
        ("runs", 2, f"{SCHEMA_VERSION},", "0,", r"runs\.csv, line 2: '0' is no version"),
        ("runs", 3, "done", "donee", r"line 3: unknown status 'donee'. Did you mean 'done'\?\n"),
        ("runs", 3, "0.7", "nan", r"runs\.csv, line 3: column test_accuracy: 'nan'"),
        ("runs", 3, "0.7", "None", r"runs\.csv, line 3: column test_accuracy: 'None'"),
        ("runs", 3, "snn", "snn,snn", r"runs\.csv, line 3: .* cells"),
        ("epochs", 3, "0.6", "inf", r"epochs\.csv, line 3"),
    ],
)  # fmt: skip
def test_a_damaged_table_is_refused_with_file_and_line(folder, name, line, old, new, message):
    with pytest.raises(UserError, match=message):
        load([edited(folder, name, line, old, new)])


@pytest.mark.parametrize("name", ["runs", "epochs"])
def test_a_table_with_semicolons_is_refused(folder, name):
    path = folder / f"{name}.csv"
    path.write_text(path.read_text().replace(",", ";"))
    with pytest.raises(UserError, match=rf"{name}\.csv, line 1 .* separated by ';'"):
        load([folder])


def test_a_table_of_runs_that_ends_within_a_line_is_spoken_of(folder):
    assert not any("not whole" in note for note in load([folder]).notes)
    path = folder / "runs.csv"
    path.write_text(path.read_text()[:-40])
    tables = load([folder])
    assert tables.runs["seed"].tolist() == [0]
    assert len(tables.epochs) == 2
    (said,) = [note for note in tables.notes if "not whole" in note]
    assert str(path) in said


def test_epochs_that_end_within_a_line_are_refused(folder):
    path = folder / "epochs.csv"
    path.write_text(path.read_text()[:-4])
    with pytest.raises(UserError, match=r"epochs\.csv, line 5: the file is cut off"):
        load([folder])


def test_a_truncated_table_is_refused(folder):
    path = folder / "epochs.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(UserError, match=r"epochs\.csv, line 4: run \w{12} has 1 of its 2"):
        load([folder])


def test_an_empty_folder_and_a_header_without_rows_are_refused(tmp_path):
    with pytest.raises(UserError, match="no runs in"):
        load([tmp_path])
    ResultStore.open(tmp_path).close()
    assert (tmp_path / "runs.csv").read_text() == ",".join(
        c.name for c in columns_of("runs")
    ) + "\n"
    with pytest.raises(UserError, match="no runs in"):
        load([tmp_path])


def test_mixed_origins_and_stand_ins_are_said(tmp_path):
    made = Made().run(0, device_name="one").run(1, device_name="two", commit="abc-dirty")
    made.run(2, dataset="tabular-standin", device_name=None)
    notes = " ".join(load([made.write(tmp_path)]).notes)
    assert "Runs from 3 machines are mixed: one (1 run), two (1 run), unknown (1 run)." in notes
    assert "2 commits" in notes
    assert "-dirty" in notes
    assert "tabular-standin is a stand-in for" in notes
    assert "versions of torch" not in notes


def test_measured_energies_are_shown_beside_seconds_and_others_counters_are_said(tmp_path):
    made = Made().run(0, test_accuracy=0.5, measured_train_j=12.5, measured_train_net_j=-0.5,
                      energy_counters="package-0")  # fmt: skip
    made.run(1, test_accuracy=0.5)
    assert "counters" not in " ".join(load([made.write(tmp_path / "one")]).notes)
    made.run(2, energy_counters="gpu package-0")
    tables = load([made.write(tmp_path / "two")])
    assert (
        "Measured energies of other counters are mixed: gpu package-0, package-0." in tables.notes
    )
    (configuration,) = configurations_of(tables.runs)
    assert configuration.mean("measured_train_j").value == 12.5
    assert configuration.mean("measured_train_net_j").value == -0.5
    assert {"train_seconds", "measured_train_j", "measured_eval_net_j"} <= set(costs())


def test_other_data_are_another_configuration(tmp_path):
    made = Made().run(0, test_accuracy=0.5).run(0, test_accuracy=0.9, data_sha256="e" * 64)
    tables = load([made.write(tmp_path)])
    assert any("2 different contents" in note for note in tables.notes)
    names = [(s.name, s.mean("test_accuracy").value) for s in configurations_of(tables.runs)]
    assert names == [("data dddddddd", 0.5), ("data eeeeeeee", 0.9)]


def test_configurations_are_named_by_what_tells_them_apart_and_sorted(tmp_path):
    made = Made()
    for beta in (0.9, 0.5):
        made.runs("test_accuracy", [0.8, 0.9], beta=beta, variant="wide", arch="64-10")
        made.runs("test_accuracy", [0.8, 0.9], beta=beta, variant="slim", arch="8-10")
    made.runs("test_accuracy", [0.7], model="ann", variant="ann", beta=None, neuron=None)
    configurations = configurations_of(load([made.write(tmp_path)]).runs)
    assert [c.name for c in configurations] == [
        "wide, beta=0.5", "wide, beta=0.9", "slim, beta=0.5", "slim, beta=0.9", "ann",
    ]  # fmt: skip
    assert [len(c.runs) for c in configurations] == [2, 2, 2, 2, 1]


def test_students_of_the_same_variants_teachers_are_one_configuration(tmp_path):
    made = Made()
    for seed in (0, 1):
        made.run(seed, variant="teacher", arch="64-10")
    for seed, name in enumerate(made.names):
        made.run(seed, variant="student", teacher=f"results/models/{name}.safetensors")
    configurations = configurations_of(load([made.write(tmp_path)]).runs)
    assert [(c.name, len(c.runs)) for c in configurations] == [("teacher", 2), ("student", 2)]


def test_unfinished_runs_do_not_count_in_means(tmp_path):
    made = Made().run(0, test_accuracy=0.6).run(1, status="diverged", test_accuracy=0.1)
    made.run(2, status="halved", test_accuracy=0.2)
    (configuration,) = configurations_of(load([made.write(tmp_path)]).runs)
    assert configuration.mean("test_accuracy").value == 0.6
    assert configuration.mean("test_accuracy").n == 1
    assert configuration.unfinished == {"diverged": 1, "halved": 1}
