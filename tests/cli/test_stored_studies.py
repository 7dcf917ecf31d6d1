"""`snnbench report` knows the study of a folder without being told, and says when it does not."""

import json
import shutil

import pytest

from snnbench.studies.catalogue import find_study, shipped
from snnbench.studies.stored import store_study, stored_path
from tests.cli.conftest import TINY
from tests.cli.test_report import STUDY, folder  # noqa: F401, a fixture


@pytest.fixture
def kept(folder, tmp_path):  # noqa: F811
    """Return a folder of results that holds its study, moved to where nothing else is."""
    (tmp_path / "study.toml").write_text(STUDY)
    store_study(folder, find_study(str(tmp_path / "study.toml")))
    (tmp_path / "study.toml").unlink()
    return folder.rename(tmp_path / "moved")


def section(done):
    assert done.returncode == 0, done.stderr
    (only,) = json.loads(done.stdout)["studies"]
    return only


def test_claims_numbers_and_assumptions_come_with_the_folder(snnbench, kept):
    found = section(snnbench("report", kept, "--json"))
    assert found["title"] == "A made-up study"
    assert found["assumptions"] == ["nothing is real"]
    assert [v["kind"] for v in found["verdicts"]] == ["peak_at"]
    assert found["published"][0]["published"] == 0.75
    assert found["without_verdicts"] is None


def test_a_study_that_is_given_wins(snnbench, kept, tmp_path):
    (tmp_path / "mine.toml").write_text('name = "made-up"\ntitle = "Mine"\n')
    found = section(snnbench("report", kept, "--study", "mine.toml", "--json"))
    assert (found["title"], found["verdicts"]) == ("Mine", [])


@pytest.mark.parametrize(
    "edited", [lambda text: text[: text.index("at = ")] + "at", lambda text: "at last\n",
               lambda text: text.replace("beta", "betaa")]
)  # fmt: skip
def test_a_torn_or_edited_study_is_one_note_and_the_report_goes_on(snnbench, kept, edited):
    path = stored_path(kept, "made-up")
    path.write_text(edited(path.read_text()))
    done = snnbench("report", kept, "--json")
    found = section(done)
    assert found["verdicts"] == []
    assert found["without_verdicts"].startswith("no study 'made-up' ships")
    notes = json.loads(done.stdout)["notes"]
    assert sum("The stored study made-up cannot be read" in note for note in notes) == 1
    assert any(str(path) in note for note in notes)


def test_folders_that_disagree_are_said_to(snnbench, kept, tmp_path):
    other = shutil.copytree(kept, tmp_path / "other")
    notes = json.loads(snnbench("report", kept, other, "--json").stdout)["notes"]
    assert not any("was not the same" in note for note in notes)
    path = stored_path(other, "made-up")
    path.write_text(path.read_text().replace("A made-up study", "Another"))
    done = snnbench("report", kept, other, "--json")
    (note,) = [n for n in json.loads(done.stdout)["notes"] if "was not the same" in n]
    assert "they differ in title" in note
    assert section(done)["title"] == "A made-up study"


def test_what_was_run_counts_more_than_what_ships(snnbench, tmp_path):
    made = snnbench("sweep", "lab1-loss", "--dataset", "digits", "--epochs", "1", "--seeds", "1",
                    "--train-samples", "200", "--out", "out")  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert "--study" not in made.stdout
    done = snnbench("report", "out", "--json")
    found, notes = section(done), json.loads(done.stdout)["notes"]
    assert [v["kind"] for v in found["verdicts"]] == ["better", "better"]
    assert {c["name"] for c in found["configurations"]} == {"MSE loss", "CE loss"}
    (note,) = [n for n in notes if "the one that ships" in n]
    assert "differ in seeds." in note
    assert "--study lab1-loss" in note
    notes = json.loads(snnbench("report", "out", "--study", "lab1-loss", "--json").stdout)["notes"]
    assert not any("the one that ships" in n for n in notes)


def test_a_search_is_reported_by_its_objective(snnbench, tmp_path):
    made = snnbench("sweep", *TINY, "--val-fraction", "0.2", "--vary", "lr=1e-3:1e-1:log",
                    "--vary", "beta=0.1:0.9", "--search", "random", "--trials", "3",
                    "--objective", "val_accuracy:max", "--out", "out", "--jobs", "1")  # fmt: skip
    assert made.returncode == 0, made.stderr
    words = "Search by random: 3 trials of lr and beta for the highest validation accuracy."
    assert words in made.stderr.splitlines()
    assert words in made.stdout
    assert "best validation accuracy" in made.stderr
    found = section(snnbench("report", "out", "--json"))
    assert found["objective"] == "val_accuracy:max"
    values = {c["name"]: c["results"]["val_accuracy"]["value"] for c in found["configurations"]}
    assert all(name.startswith("lr=") and ", beta=" in name for name in values)
    assert found["best"][0] in {n for n, v in values.items() if v == max(values.values())}
    done = snnbench("report", "out")
    assert "Best by validation accuracy (the objective): " in done.stdout
    assert "not the study's own" not in done.stderr


def test_a_population_of_another_search_is_refused(snnbench, tmp_path):
    done = snnbench("sweep", "--vary", "beta=0.1:0.9", "--search", "tpe", "--trials", "5",
                    "--population", "4")  # fmt: skip
    assert done.returncode == 2
    assert "population = 4 has no effect: search 'tpe' has none." in done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("name", shipped())
def test_the_toml_of_a_shipped_study_is_its_file(name, capsys):
    from snnbench.cli.studies import show

    show(name, toml=True, json=False)
    assert capsys.readouterr().out == shipped()[name].read_text(encoding="utf-8")


def test_it_can_be_kept_changed_and_swept(snnbench, tmp_path):
    text = snnbench("studies", "show", "mlp-bn", "--toml").stdout
    (tmp_path / "mine.toml").write_text(text)
    plan = snnbench("sweep", "mine.toml", "--dataset", "digits", "--val-samples", "100",
                    "--dry-run", "--json")  # fmt: skip
    assert plan.returncode == 0, plan.stderr
    assert (json.loads(plan.stdout)["study"], json.loads(plan.stdout)["runs"]) == ("mine", 10)
    done = snnbench("studies", "show", "mlp-bn", "--toml", "--json")
    assert done.returncode == 2
    assert "Keep one of them" in done.stderr
