"""Folders compared: what is paired with what, what changed, what is the same to the last bit."""

from dataclasses import replace

import pytest

from snnbench.report.judging.folders import Change, Comparison, compare_folders
from snnbench.report.page.changes import RULE, sentences, tables_of, to_document
from snnbench.report.page.render import to_html, to_markdown
from snnbench.report.page.sections import Report
from snnbench.report.reading.source import load
from snnbench.results.outcomes import outcomes_of
from tests.report.page import Page
from tests.report.samples import Made

ACCURACIES = [0.80, 0.81, 0.82, 0.80, 0.81]


def folder(path, betas=(0.5, 0.9), accuracies=ACCURACIES, **settings):
    made = Made()
    for beta in betas:
        made.runs("test_accuracy", accuracies, beta=beta, **settings)
    return made.write(path)


def compared(a, b):
    return compare_folders(load([a]), load([b]))


def effects(found, column):
    return {e.configuration: e for e in found.effects if e.column == column}


@pytest.fixture
def baseline(tmp_path):
    return folder(tmp_path / "a")


def test_the_same_runs_are_equal_to_the_last_bit_and_nothing_changed(baseline, tmp_path):
    # times and origins are no results
    other = folder(tmp_path / "b", train_seconds=9.0, commit="fffffff", device_name="Other CPU")
    found = compared(baseline, other)
    assert found.nothing_changed
    assert (found.common, found.unequal) == (10, ())
    assert {e.word for e in found.effects if e.column != "train_seconds"} == {"the same"}
    first, second, *rest = sentences(found)
    assert first == f"{other} against {baseline}: nothing changed."
    assert second == "10 of 10 runs that both have are equal to the last bit."
    assert "Training time rose to 4.5 times in 2 of 2 configurations." in [
        line[:1].upper() + line[1:] for line in rest
    ]
    assert [change.column for change in found.origins] == ["commit", "device_name"]
    assert found.origins[0] == Change("commit", ("abc1234 (10 runs)",), ("fffffff (10 runs)",))
    assert found.settings == ()


@pytest.mark.parametrize("column", [c.name for c in outcomes_of("runs") if c.kind == "number"])
def test_the_last_bit_of_every_result_tells_runs_apart(baseline, tmp_path, column):
    values = {"test_accuracy": 0.8} | {column: 0.5}
    sides = []
    for name, value in (("one", 0.5), ("two", 0.5 + 2**-53)):
        made = Made().run(0, **(values | {column: value}))
        sides.append(made.write(tmp_path / name))
    tables = [load([side]) for side in sides]
    found = compare_folders(*tables)
    assert [run.columns for run in found.unequal] == [(column,)]
    assert (found.unequal[0].before, found.unequal[0].after) == (0.5, 0.5 + 2**-53)
    assert not found.nothing_changed


def test_what_fell_is_said_with_how_far_and_where(baseline, tmp_path):
    made = Made().runs("test_accuracy", ACCURACIES, beta=0.5)
    made.runs("test_accuracy", [x - 0.012 for x in ACCURACIES], beta=0.9)
    found = compared(baseline, made.write(tmp_path / "b"))
    change = effects(found, "test_accuracy")
    assert change["beta=0.5"].word == "the same"
    assert change["beta=0.9"].word == "fell"
    assert change["beta=0.9"].change.value == pytest.approx(-0.012)
    assert change["beta=0.9"].change.paired
    first, second = sentences(found)[:2]
    assert first.endswith("test accuracy fell by 1.2 points in 1 of 2 configurations (beta=0.9).")
    assert second.startswith("5 of 10 runs that both have are equal to the last bit; 5 differ: ")


def test_many_configurations_are_judged_more_strictly(tmp_path):
    # one interval at 95 % excludes 0, that at 1 - 5 % / 40 does not
    before = folder(tmp_path / "a", betas=[k / 100 for k in range(40)])
    made = Made()
    for k in range(40):
        shift = [0.004, 0.006, 0.005, 0.001, 0.002] if k == 7 else [0.0] * 5
        values = [x + d for x, d in zip(ACCURACIES, shift, strict=True)]
        made.runs("test_accuracy", values, beta=k / 100)
    found = compared(before, made.write(tmp_path / "b"))
    effect = effects(found, "test_accuracy")["beta=0.07"]
    assert effect.change.low > 0
    assert effect.word == "undecided"


def test_two_seeds_decide_on_no_accuracy_and_one_on_nothing(tmp_path):
    for n, words in ((1, {"undecided"}), (2, {"undecided"}), (3, {"fell"})):
        a = folder(tmp_path / f"a{n}", accuracies=ACCURACIES[:n])
        b = folder(tmp_path / f"b{n}", accuracies=[x / 2 for x in ACCURACIES[:n]])
        assert {e.word for e in effects(compared(a, b), "test_accuracy").values()} == words


def test_a_setting_in_which_the_folders_differ_as_wholes_does_not_part_them(baseline, tmp_path):
    other = folder(tmp_path / "b", lr=0.5, data_sha256="e" * 64)
    found = compared(baseline, other)
    assert found.configurations == ("beta=0.5", "beta=0.9")
    assert found.settings == (
        Change("lr", ("none",), ("0.5",)),
        Change("data_sha256", ("d" * 64,), ("e" * 64,)),
    )
    assert found.common == 0
    assert "No run has the same name in both" in " ".join(sentences(found))


def test_a_setting_that_varies_in_a_folder_tells_configurations_apart(baseline, tmp_path):
    found = compared(baseline, folder(tmp_path / "b", betas=(0.9, 1.0)))
    assert found.configurations == ("beta=0.9",)
    assert (found.only_before, found.only_after) == (("beta=0.5",), ("beta=1",))
    lines = sentences(found)
    assert f"Only in {baseline}: beta=0.5." in lines


def test_seeds_that_one_folder_lacks_are_counted_and_means_are_of_common_ones(baseline, tmp_path):
    other = folder(tmp_path / "b", accuracies=[0.80, 0.81])
    found = compared(baseline, other)
    assert found.alone == (6, 0)
    effect = effects(found, "test_accuracy")["beta=0.5"]
    assert effect.before.value == effect.after.value == pytest.approx(0.805)
    assert effect.word == "the same"
    assert not found.nothing_changed
    assert f"6 runs of {baseline} with a seed that {other} lacks." in sentences(found)


def test_without_a_common_seed_the_difference_is_not_paired(baseline, tmp_path):
    made = Made()
    for seed, accuracy in enumerate(ACCURACIES):
        made.run(100 + seed, beta=0.5, test_accuracy=accuracy - 0.3)
    found = compared(baseline, made.write(tmp_path / "b"))
    effect = effects(found, "test_accuracy")["beta=0.5"]
    assert not effect.change.paired
    assert effect.word == "fell"


def test_accuracies_on_other_data_sets_have_nothing_in_common(baseline, tmp_path):
    differing = compared(baseline, folder(tmp_path / "b", dataset="mnist"))
    assert not isinstance(differing, Comparison)
    assert [change.column for change in differing] == ["dataset"]


def test_a_run_that_failed_is_not_equal_to_one_that_is_done(tmp_path):
    a = Made().run(0, test_accuracy=0.5).run(1, test_accuracy=0.6).write(tmp_path / "a")
    b = Made().run(0, test_accuracy=0.5).run(1, status="diverged").write(tmp_path / "b")
    (run,) = compared(a, b).unequal
    assert (run.seed, run.columns[0], run.before, run.after) == (1, "status", "done", "diverged")


def test_every_page_says_the_answer_the_tables_and_the_rule(baseline, tmp_path):
    found = compared(baseline, folder(tmp_path / "b", accuracies=[x / 2 for x in ACCURACIES]))
    other = replace(found, after="<c> & _d_")
    report = Report((found.before, found.after), (), (), rule=RULE, changes=(found, other))
    page = Page(to_html(report))
    assert sentences(found)[0] in page.texts
    assert sentences(other)[0] in page.texts
    assert RULE in page.texts
    assert len(page.tables) == len(tables_of(report)) > 2
    text = to_markdown(report)
    assert text.count("against") >= 2
    assert r"\<c\> \& \_d\_" in text
    document = to_document(found)
    assert document["equal"] == 0
    assert document["nothing_changed"] is False
    assert document["effects"][0]["change"]["paired"] is True
