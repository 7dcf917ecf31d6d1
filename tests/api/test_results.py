"""What a notebook has of recorded results: tables, verdicts, figures, and what it shows."""

import base64
import re
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from snnbench import UserError, load, report
from snnbench.report.page.render import to_document
from snnbench.results.frames import read_runs
from tests.report.page import Page
from tests.report.samples import Made


@pytest.fixture
def folder(tmp_path):
    made = Made()
    for beta in (0.5, 0.9):
        for seed in range(3):
            accuracy = beta - seed / 100
            curve = {"test_accuracy": [0.1, 0.2, accuracy]}
            made.run(seed, curve, beta=beta, test_accuracy=accuracy, max_test_accuracy=accuracy)
    made.run(0, beta=0.7, status="failed", error="a fault")
    return made.write(tmp_path / "out")


def test_the_tables_are_those_that_were_recorded(folder):
    found = load(folder)
    recorded = read_runs(folder)
    pd.testing.assert_frame_equal(found.runs[list(recorded)], recorded.fillna({"study": ""}))
    assert len(found.epochs) == 18
    assert set(found.layers["run_id"]) == set(recorded["run_id"][:6])
    assert len(found.steps) == 0
    assert repr(found) == f"<Results of {folder}: 7 runs>"


def test_configurations_have_mean_interval_and_n_of_each_metric(folder):
    table = load(folder).configurations
    assert list(table["beta"]) == [0.5, 0.7, 0.9]
    assert list(table["runs"]) == [3, 1, 3]
    assert list(table["done"]) == [3, 0, 3]
    accuracy = table["test_accuracy"]
    assert list(accuracy) == ["mean", "low", "high", "n"]
    np.testing.assert_allclose(accuracy["mean"], [0.49, np.nan, 0.89])
    half = 4.302652729911275 * 0.01 / np.sqrt(3)  # t(2) at 97.5 %
    np.testing.assert_allclose(accuracy["low"], [0.49 - half, np.nan, 0.89 - half])
    np.testing.assert_allclose(accuracy["high"], [0.49 + half, np.nan, 0.89 + half])
    assert table["test_accuracy", "mean"].dtype == float
    for metric in table.columns.levels[0]:
        assert list(table[metric]) == ["mean", "low", "high", "n"] or table[metric].ndim == 1


def test_the_configurations_of_several_studies_have_its_name_too(folder, tmp_path):
    other = Made().runs("test_accuracy", [0.7, 0.8], study="other").write(tmp_path / "other")
    found = load([folder, other])
    table = found.configurations
    assert table.index.names == ["study", "configuration"]
    assert list(table.index.get_level_values("study")) == ["made-up"] * 3 + ["other"]
    assert all(p.name.startswith(("made-up-", "other-")) for p in found.plot())


def test_claims_of_a_study_are_judged_as_a_report_judges_them(folder, tmp_path):
    study = tmp_path / "made-up.toml"
    study.write_text(
        '[[claims]]\nkind = "peak_at"\nalong = "beta"\nat = 0.9\ntext = "0.9 is best."\n'
        '[[published]]\ntext = "best"\nmetric = "test_accuracy"\nvalue = 0.5\n'
        "where = { beta = 0.9 }\n[vary]\nbeta = [0.5, 0.7, 0.9]\n"
    )
    found = load(folder, study=study)
    section = to_document(found.report)["studies"][0]
    assert list(found.verdicts["verdict"]) == [v["verdict"] for v in section["verdicts"]]
    assert list(found.published["outcome"]) == [p["outcome"] for p in section["published"]]
    assert any(line.startswith("Claims: ") for line in found.words)
    assert load(folder).verdicts.empty
    assert load(folder).answer is None


def test_a_report_writes_what_it_is_asked_for_and_returns_the_same(folder, tmp_path):
    paths = {"html": tmp_path / "page.html", "markdown": tmp_path / "page.md",
             "neurobench": tmp_path / "ours.json"}  # fmt: skip
    found = report(folder, **paths, figures=tmp_path / "figures", baseline="beta=0.5")
    drawn = set((tmp_path / "figures").iterdir())
    svgs = {path for path in drawn if path.suffix == ".svg"}
    assert set(found.files) == {*paths.values(), *drawn}
    assert all(path.stat().st_size for path in found.files)
    assert len(svgs) == len(found.plot())
    assert set(found.differences["configuration"]) == {"beta=0.9"}


def test_figures_are_found_by_name(folder, tmp_path):
    found = load(folder)
    names = [picture.name for picture in found.plot()]
    assert len(set(names)) == len(names)
    assert "vary-beta" in names
    picture = found.plot("vary-beta")
    ElementTree.fromstring(picture._repr_svg_())
    assert "var(--" not in picture._repr_svg_()
    assert picture.save(tmp_path / "a.svg").read_text() == picture._repr_svg_()
    assert repr(found.plot()) == f"<Pictures {', '.join(names)}>"
    with pytest.raises(UserError) as refused:
        found.plot("vary-bta")
    assert str(refused.value).endswith("Did you mean 'vary-beta'?")


def test_a_cell_shows_words_a_short_table_and_one_figure(folder):
    found = load(folder)
    page = Page(found._repr_html_())
    for line in found.words:
        assert line in page.texts
    (table,) = page.tables
    assert [row[0] for row in table] == ["configuration", "beta=0.9", "beta=0.5", "beta=0.7"]
    (image,) = page.named("img")
    svg = base64.b64decode(image["src"].partition(",")[2]).decode()
    assert svg == found.plot("vary-beta")._repr_svg_()
    assert image["alt"] == found.plot("vary-beta").figure.description
    assert not {"style", "script", "link", "svg"} & {tag for tag, _ in page.tags}
    assert len(Page(found.plot()._repr_html_()).named("img")) == len(found.plot())


def test_a_long_table_is_cut_and_names_are_no_markup(tmp_path):
    made = Made()
    for i in range(30):
        made.run(0, test_accuracy=i / 100, variant=f"<b>{i}</b>", beta=0.5 + i / 100)
    page = Page(load(made.write(tmp_path))._repr_html_())
    (table,) = page.tables
    assert len(table) == 11
    assert table[1][0] == "<b>29</b>"
    assert any(re.search("the best 10 of 30", text) for text in page.texts)
