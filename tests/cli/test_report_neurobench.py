"""`snnbench report` with NeuroBench's files, as a user runs it."""

import json

import pytest

from tests.report.samples import Made


@pytest.fixture
def folder(tmp_path):
    made = Made().runs("test_accuracy", [0.7, 0.8], beta=0.2)
    return made.write(tmp_path / "results")


def test_a_file_is_written_and_read_as_rows_beside_ours(snnbench, folder, tmp_path):
    done = snnbench("report", folder, "--neurobench", "ours.json")
    assert done.returncode == 0, done.stderr
    assert "Wrote ours.json" in done.stderr
    found = json.loads((tmp_path / "ours.json").read_text(), parse_constant=pytest.fail)
    assert [entry["ClassificationAccuracy"] for entry in found] == [0.7, 0.8]
    again = snnbench("report", folder, "ours.json", "--fail-if", "test_accuracy > 0.75")
    assert again.returncode == 0, again.stderr  # the mean of ours is 0.75: the rows are not in it
    assert again.stdout.count("(not measured here)") == 8  # two rows in four tables
    assert "ours.json, object 2 of 2" in again.stdout


def test_bad_files_are_one_message(snnbench, folder, tmp_path):
    (tmp_path / "bad.json").write_text('{"ClassificationAccuracy": 2}')
    (tmp_path / "good.json").write_text('{"ClassificationAccuracy": 1}')
    for arguments, words in {
        (folder, "bad.json"): "ClassificationAccuracy is 2",
        (folder, "missing.json"): "missing.json is no file",
        ("good.json",): "no folder of results beside good.json",
        (folder, "good.json", "--neurobench", "good.json"): "would replace good.json",
        (folder, "--neurobench", "no/where.json"): "cannot be written",
    }.items():
        done = snnbench("report", *arguments)
        assert done.returncode == 2, arguments
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
    assert (tmp_path / "good.json").read_text() == '{"ClassificationAccuracy": 1}'
