"""A study is written as TOML and read again as the same study; a folder of results keeps it."""

import os
import re

import pytest
from hypothesis import example, given

from snnbench.errors import UserError
from snnbench.results import disk
from snnbench.studies.axis import parse_axis
from snnbench.studies.catalogue import find_study, shipped
from snnbench.studies.objective import parse_objective
from snnbench.studies.options import adhoc_study
from snnbench.studies.reading import read_study
from snnbench.studies.stored import store_study, stored_path, stored_study
from snnbench.studies.writing import to_toml
from tests.studies.test_claim_docs import EXAMPLES
from tests.studies.test_claim_docs import STUDY as AROUND
from tests.studies.test_study import COMPLETE
from tests.test_fuzz import LINES, STUDIES, mutated, st


def again(study, folder):
    path = folder / "again.toml"
    path.write_text(to_toml(study), encoding="utf-8")
    return read_study(path, with_plugins=False)


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_study_is_written_and_read_as_it_was(tmp_path, name):
    assert again(find_study(name), tmp_path) == find_study(name)


@pytest.mark.parametrize("text", [COMPLETE, *(AROUND + text for text in EXAMPLES)])
def test_every_part_of_a_study_is_written(tmp_path, text):
    (tmp_path / "s.toml").write_text(text)
    study = read_study(tmp_path / "s.toml")
    assert again(study, tmp_path) == study


@given(st.one_of(mutated(st.sampled_from(STUDIES)), LINES.map(str.encode)))
@example(b'title = "\\u0000\\t\\u007f \\\\ \\" \\u2028 \xc3\xa9"\n')
@example(b'[variants."a b.c=\\u00e9"]\nlr = 1\n')
@example(b"[[published]]\ntext = 'x'\nmetric = 'params'\nvalue = 2.50e6\n")
@example(b"[[published]]\ntext = 'x'\nvalue = 0.30000000000000000000000000000\n")
@example(b"[[published]]\ntext = 'x'\nvalue = 1.00e-7\n")
@example(b"[[published]]\ntext = 'x'\nmetric = 'params'\nvalue = 1e25\n")
@example(b"search = 'nsga2'\ntrials = 9\npopulation = 4\nsearch_seed = 3\n[vary]\nT = '2:9:log'\n")
@example(b"plugins = ['../a b.py']\n")
def test_whatever_is_a_study_is_written_and_read_as_it_was(tmp_path_factory, raw):
    folder = tmp_path_factory.getbasetemp()
    (folder / "s.toml").write_bytes(raw)
    try:
        study = read_study(folder / "s.toml", with_plugins=False)
    except UserError:
        return
    assert again(study, folder) == study


def searched(objective="val_accuracy:max"):
    axes = [parse_axis("lr=1e-4:0.1:log"), parse_axis("T=2:9"), parse_axis("patience=none,3")]
    objectives = [parse_objective(objective)]
    return adhoc_study({"epochs": 2, "val_fraction": 0.1}, axes, search="tpe", trials=5,
                       objectives=objectives, seeds=["4", "2"])  # fmt: skip


def test_what_the_command_line_alone_says_is_stored(tmp_path):
    store_study(tmp_path, searched())
    assert stored_study(tmp_path, "adhoc") == searched()
    assert stored_study(tmp_path, "another") is None


def test_a_folder_holds_several_studies_and_the_last_of_each_name(tmp_path):
    for study in (find_study("lab1-z"), searched(), searched("test_loss:min")):
        store_study(tmp_path, study)
    assert stored_study(tmp_path, "lab1-z") == find_study("lab1-z")
    assert stored_study(tmp_path, "adhoc") == searched("test_loss:min")


def test_a_study_that_has_not_changed_is_not_written_again(tmp_path, monkeypatch):
    store_study(tmp_path, searched())
    monkeypatch.setattr(disk, "replace_file", lambda path, lines: pytest.fail("written"))
    store_study(tmp_path, searched())


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_kill_leaves_the_old_study_or_the_new_one(tmp_path, monkeypatch, call):
    store_study(tmp_path, searched())

    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, call, killed)
    with pytest.raises(KeyboardInterrupt):
        store_study(tmp_path, searched("test_loss:min"))
    monkeypatch.undo()
    assert stored_study(tmp_path, "adhoc") == searched()


@pytest.mark.parametrize(
    ("edited", "words"),
    [
        (lambda text: text[: len(text) // 2], r"adhoc\.toml"),
        (lambda text: text.replace('"adhoc"', '"other"'), "'other' has another name"),
        (lambda text: text.replace("epochs", "epochen"), r"adhoc\.toml, line \d+: unknown setting"),
        (lambda text: "\0\1", r"adhoc\.toml"),
    ],
)
def test_a_file_that_is_not_that_study_is_named(tmp_path, edited, words):
    store_study(tmp_path, searched())
    path = stored_path(tmp_path, "adhoc")
    path.write_text(edited(path.read_text()))
    with pytest.raises(UserError, match=words):
        stored_study(tmp_path, "adhoc")


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden"])
def test_no_name_leaves_the_folder(tmp_path, name):
    with pytest.raises(UserError, match="cannot name a study"):
        stored_study(tmp_path, name)


def test_a_folder_is_data_its_studies_run_nothing(tmp_path):
    proof = tmp_path / "proof"
    path = stored_path(tmp_path, "mine")
    path.parent.mkdir()
    (path.parent / "evil.py").write_text(f"open({str(proof)!r}, 'w')\n")
    path.write_text('plugins = ["evil.py"]\n[base]\nlr = 0.1\n')
    assert stored_study(tmp_path, "mine").plugins == ("evil.py",)
    path.write_text('plugins = ["evil.py"]\n[base]\nneuron = "theirs"\n')
    with pytest.raises(UserError, match=re.compile("theirs.*--plugin", re.DOTALL)):
        stored_study(tmp_path, "mine")
    assert not proof.exists()
