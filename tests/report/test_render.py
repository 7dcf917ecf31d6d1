"""The page and the other forms: every number from the tables, every text as text."""

import csv
import json
import math
import re
import statistics
from collections import defaultdict
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from snnbench.report.drawing import Drawing, drawing
from snnbench.report.pareto import pareto_front
from snnbench.report.render import to_document, to_html, to_markdown
from snnbench.report.source import load
from snnbench.report.summary import COSTS, RESULTS, compare, summarise
from snnbench.report.tables import comparison_table, section_tables
from snnbench.studies.claims import Published
from snnbench.studies.objective import Objective
from snnbench.studies.selecting import Selector
from snnbench.studies.study import Study
from tests.report.samples import Made

NASTY = ("<script>alert(1)</script>", "=1+1", "None", "nan", "a|b\\", "$x_1^{$", "_hidden",
         "\x08\u4e2d\u6587 &amp;", '"quoted" onload=')  # fmt: skip
VOID = {"meta", "link", "br", "img", "hr"}
T_975 = {2: 4.302653, 3: 3.182446}  # degrees of freedom -> Student's t


class Page(HTMLParser):
    """Tags with attributes, the tables' cells, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.tables, self.open, self.texts = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag == "data":
            self.tables[-1][-1][-1] = float(dict(attrs)["value"])

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)
        if self.open[-1:] in (["td"], ["th"]) or self.open[-2:] == ["td", "strong"]:
            self.tables[-1][-1][-1] += data

    def named(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def curve(end):
    return {"test_accuracy": [0.3, end], "test_loss": [1.0, 1 - end], "train_loss": [1.0, 0.5]}


@pytest.fixture
def folder(tmp_path):
    made = Made()
    for k, beta in enumerate((0.2, 0.5, 0.9)):
        for seed in range(4 - k // 2):
            value = 0.7 + 0.05 * k + 0.013 * seed**2
            rates = [{"layer": "fc1", "output_rate": 0.1 * (k + 1) + 0.01 * seed}]
            costs = {"energy_pj_compute45nm": 900.0 + 77 * k + seed, "flops_lab": 1000.5 + seed}
            made.run(seed, curve(value), layers=rates, beta=beta, test_accuracy=value,
                     train_seconds=1 / (k + 3), **costs)  # fmt: skip
    made.run(9, beta=0.9, status="diverged", error="loss is not finite")
    return made.write(tmp_path / "results")


def report_on(*folders):
    return summarise(load(folders), {})


def test_every_number_in_the_tables_of_the_page_follows_from_the_csv(folder):
    """Recomputed from the files with Python's own csv and statistics, without our code."""
    with open(folder / "runs.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    allowed = defaultdict(set)  # setting -> numbers that may stand in its rows
    for beta in {row["beta"] for row in rows}:
        runs = [row for row in rows if row["beta"] == beta]
        done = [row for row in runs if row["status"] == "done"]
        numbers = {float(len(runs)), float(len(done))}
        for column in (*RESULTS, *COSTS):
            values = [float(row[column]) for row in done if row[column]]
            if values:
                middle = statistics.fmean(values)
                half = T_975[len(values) - 1] * statistics.stdev(values) / math.sqrt(len(values))
                numbers |= {middle, half, middle - half, middle + half}
        allowed[f"beta={beta}"] = numbers
    checked = 0
    for table in Page(to_html(report_on(folder))).tables:
        header, *body = table
        for row in body:
            for name, cell in zip(header, row, strict=True):
                if not isinstance(cell, float):
                    continue
                checked += 1
                if header[0] == "setting" and name != "seed":
                    found = any(math.isclose(cell, n, rel_tol=1e-5, abs_tol=1e-9)
                                for n in allowed[row[0]])  # fmt: skip
                    assert found, (name, row)
                elif name == "seed":
                    assert cell in {float(r["seed"]) for r in rows if r["status"] != "done"}
                else:  # origin: how many runs
                    assert cell == sum(row[1] in (r[row[0]], r[row[0]] or "none") for r in rows)
    assert checked > 60


def test_what_is_shown_is_the_number_rounded(folder):
    shown = re.findall(r'<data value="([^"]+)">([^<]+)</data>', to_html(report_on(folder)))
    assert len(shown) > 60
    for value, text in shown:
        assert float(text.replace(",", "")) == pytest.approx(float(value), rel=6e-4)


def test_the_page_stands_alone(folder):
    text = to_html(report_on(folder))
    page = Page(text)
    assert page.named("script") == []
    for _, attrs in page.tags:
        assert not any(name.startswith("on") for name in attrs)
        for name in ("href", "src", "xlink:href"):
            assert (attrs.get(name) or "#").startswith(("#", "data:,")), attrs
    urls = set(re.findall(r"https?://[^\s\"'<]+", text))
    assert urls <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"@import|url\((?!#)", text)


def test_every_figure_has_a_title_and_a_description_and_ids_are_unique(folder):
    text = to_html(report_on(folder))
    page = Page(text)
    figures = page.named("svg")
    expected = ["curve-test-accuracy", "curve-test-loss", "curve-train-loss", "vary-beta",
                "energy", "rates"]  # fmt: skip
    labels = [f"study1-{name}-title study1-{name}-desc" for name in expected]
    assert [figure["aria-labelledby"] for figure in figures] == labels
    assert all(figure["role"] == "img" for figure in figures)
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for label in labels:
        assert set(label.split()) <= set(ids)
    for target in re.findall(r"(?:href=\"#|url\(#)([^\")]+)", text):
        assert target in ids, target
    assert len(page.named("figcaption")) == len(figures)


def test_the_same_tables_give_the_same_page(folder):
    assert to_html(report_on(folder)) == to_html(report_on(folder))


def test_figures_follow_the_theme_of_the_page(folder):
    text = to_html(report_on(folder))
    assert "prefers-color-scheme: dark" in text
    assert "var(--series-1)" in text
    assert "currentColor" in text
    assert not re.search(r"#010203|#0a000\d", text)


@pytest.mark.parametrize("text", NASTY)
def test_text_is_shown_as_text(tmp_path, text):
    made = Made()
    for seed in range(2):
        made.run(seed, curve(0.5), variant=text, test_accuracy=0.5, beta=0.1)
        made.run(seed, curve(0.6), variant="plain", test_accuracy=0.6, beta=0.2, study="made-up")
    made.run(5, variant=text, beta=0.1, status="failed", error=text)
    report = report_on(made.write(tmp_path))
    shown = text.replace("\x08", "\N{REPLACEMENT CHARACTER}")
    page = Page(to_html(report))
    assert page.named("script") == []
    assert all("onload" not in attrs for _, attrs in page.tags)
    cells = [cell for table in page.tables for row in table for cell in row]
    assert cells.count(shown) >= 4
    json.dumps(to_document(report), allow_nan=False)
    markdown = to_markdown(report)
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    unescaped = [re.sub(r"\\(.)", lambda m: "" if m[1] == "|" else m[0], line.replace("\\\\", ""))
                 for line in rows]  # fmt: skip
    tables = "\n".join(unescaped).split("| --- |")
    assert len(tables) > 2
    assert "<script>" not in markdown
    widths = [line.count("|") for line in unescaped]
    assert set(widths) <= {t.count("|") for t in unescaped if "---" in t}


def test_equal_seeds_and_one_seed_are_told_apart(tmp_path):
    made = Made().runs("test_accuracy", [0.8, 0.8, 0.8], beta=0.1)
    made.run(0, beta=0.9, test_accuracy=0.9)
    report = report_on(made.write(tmp_path))
    document = to_document(report)["studies"][0]["settings"]
    results = [s["results"]["test_accuracy"] for s in document]
    assert [(r["low"], r["high"], r["n"]) for r in results] == [(0.8, 0.8, 3), (None, None, 1)]
    for text in (to_html(report), to_markdown(report)):
        assert "no interval" in text


def test_a_baseline_is_compared_by_seed(folder):
    report = report_on(folder)
    name, differences = compare(report, Selector((("beta", (0.2,)),)))
    assert name == "beta=0.2"
    found = {(d.setting, d.column): d.estimate for d in differences}
    accuracy = found["beta=0.5", "test_accuracy"]
    assert (accuracy.value, accuracy.n, accuracy.paired) == (pytest.approx(0.05), 4, True)
    assert found["beta=0.9", "energy_pj_compute45nm"].value == pytest.approx(154)
    assert found["beta=0.9", "test_accuracy"].n == 3
    assert ("beta=0.2", "test_accuracy") not in found
    assert compare(report, Selector((("model", ("snn",)),))) == ["beta=0.2", "beta=0.5", "beta=0.9"]


def test_two_studies_are_two_sections(tmp_path):
    for name in ("one", "two"):
        Made().run(0, study=name, test_accuracy=0.5).write(tmp_path / name)
    report = report_on(tmp_path / "one", tmp_path / "two")
    assert [name for name, _ in report.named_settings()] == [
        "one: the only setting", "two: the only setting",
    ]  # fmt: skip
    assert Page(to_html(report)).named("section") == [{"id": "section-1"}, {"id": "section-2"}]


def test_the_pareto_front_is_what_nothing_beats():
    points = [(3, 0.9), (1, 0.5), (2, 0.4), (2, 0.7), (3, 0.8), (1, 0.5), (4, 0.9)]
    assert pareto_front(points) == (1, 3, 0)
    assert pareto_front([]) == ()


def test_drawing_leaves_the_users_own_style_alone():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with drawing():
        plot = Drawing()
        plot.finish("x", "title", "caption", "<words> & more")
    assert dict(mpl.rcParams) == before


def test_the_best_settings_are_named_best_first_by_what_the_study_looks_for(folder):
    tables = load([folder])
    (section,) = summarise(tables, {}).sections
    assert [setting.name for setting in section.best] == ["beta=0.9", "beta=0.5", "beta=0.2"]
    cheapest = Objective("energy_pj_compute45nm", "min")
    study = Study("made-up", objectives=(cheapest,))
    (section,) = summarise(tables, {"made-up": study}).sections
    assert section.objective == "energy_pj_compute45nm:min"
    assert [setting.name for setting in section.best] == ["beta=0.2", "beta=0.5", "beta=0.9"]


def many(tmp_path, count=60):
    """Write settings of which the nth best has accuracy 1 - n / 100, in a shuffled order."""
    made = Made()
    for k in range(count):
        rank = 7 * k % count
        made.run(0, lr=0.1 + k, test_accuracy=1 - rank / 100, energy_pj_compute45nm=5.0 + rank)
    return made.run(0, lr=99.5, status="failed").write(tmp_path)


def table_named(title, report):
    (section,) = report.sections
    return next(table for table in section_tables(section) if table.title == title)


@pytest.mark.parametrize("largest", [True, False])
def test_of_many_settings_the_best_and_the_worst_come_first(tmp_path, largest):
    objective = Objective("test_accuracy", "max" if largest else "min")
    tables = load([many(tmp_path)])
    report = summarise(tables, {"made-up": Study("s", objectives=(objective,))},
                       with_figures=False)  # fmt: skip
    table = table_named("Results by setting", report)
    assert table.is_long
    assert len(table.rows) == 61
    column = table.header.index("test_accuracy")
    ranks = [round(100 * (1 - table.rows[i][column].value)) for i in table.first]
    expected = [*range(20), *range(55, 60)]
    assert ranks == (expected if largest else [59 - rank for rank in expected])
    assert table.selection == f"the best 20 and the worst 5 by {objective}"


def test_of_many_settings_of_which_none_finished_the_first_come_first(tmp_path):
    made = Made()
    for k in range(60):
        made.run(0, lr=0.1 + k, status="failed")
    tables = load([made.run(0, lr=0.05, test_accuracy=None, test_loss=1.0).write(tmp_path)])
    table = table_named("Results by setting", summarise(tables, {}, with_figures=False))
    assert table.first == tuple(range(25))
    assert table.selection == "the first 25"


def test_a_long_table_is_folded_and_a_short_one_is_not(tmp_path, folder):
    page = Page(to_html(report_on(many(tmp_path / "many"))))
    assert page.texts.count("61 rows") == 2  # results and costs
    assert len(page.named("details")) == 2
    header, *rows = page.tables[1]
    assert header[0] == "setting"
    assert len(rows) == 61
    assert page.named("svg")
    assert Page(to_html(report_on(folder))).named("details") == []
    assert to_markdown(report_on(tmp_path / "many")).count("lr=99.5") == 3


def test_a_long_comparison_keeps_the_best_and_the_worst(tmp_path):
    report = summarise(load([many(tmp_path)]), {}, with_figures=False)
    name, differences = compare(report, Selector((("lr", (0.1,)),)))  # the best itself
    table = comparison_table(replace(report, baseline=name, differences=differences))
    assert len(table.rows) == 59 * 4
    rows = [table.rows[i] for i in table.first if table.rows[i][1] == "test_accuracy"]
    ranks = sorted(round(-100 * row[2].value) for row in rows)
    assert ranks == [*range(1, 20), *range(55, 60)]


def test_figures_show_what_the_study_looks_for(tmp_path):
    made = Made()
    for beta, accuracy, energy in ((0.2, 0.9, 50.0), (0.5, 0.7, 8.0), (0.9, 0.8, 30.0)):
        for encoding in ("repeat", "latency"):
            results = {"test_accuracy": accuracy, "energy_pj_compute45nm": energy}
            made.run(0, beta=beta, encoding=encoding, **results)
    tables = load([made.write(tmp_path)])

    def shown(*objectives):
        (section,) = summarise(tables, {"made-up": Study("s", objectives=objectives)}).sections
        return {figure.name.removeprefix("study1-"): figure for figure in section.figures}

    figures = shown()
    assert figures["vary-beta"].title == "Test accuracy by beta"
    assert "The largest mean is at beta = 0.2." in figures["vary-beta"].caption
    assert ">test_accuracy</text>" in figures["vary-beta"].svg
    assert "repeat: means from 0.7 to 0.9" in figures["by-encoding"].description
    figures = shown(Objective("energy_pj_compute45nm", "min"), Objective("test_accuracy", "max"))
    assert figures["vary-beta"].title == "Energy by beta"
    assert "The smallest mean is at beta = 0.5." in figures["vary-beta"].caption
    assert "50 at 0.2, 8 at 0.5, 30 at 0.9" in figures["vary-beta"].description
    assert ">energy_pj_compute45nm (pJ a sample)</text>" in figures["vary-beta"].svg
    assert figures["by-encoding"].title == "Encodings compared: Energy"
    assert "less is better" in figures["by-encoding"].caption
    assert "repeat: means from 8 to 50" in figures["by-encoding"].description


@pytest.mark.parametrize(
    ("value", "tolerance", "agrees"),
    [(0.75, None, True), (0.4, None, False), (0.99, None, False), (0.4, 0.4, True),
     (0.75, 0.001, False)],
)  # fmt: skip
def test_a_published_number_agrees_within_its_tolerance_or_our_interval(
    folder, value, tolerance, agrees
):
    where = Selector((("beta", (0.2,)),))  # 0.7 + 0.013 * (0, 1, 4, 9): mean 0.7455
    said = Published(text="x", value=value, metric="test_accuracy", where=where,
                     tolerance=tolerance)  # fmt: skip
    study = Study("made-up", published=(said,))
    ((row,),) = (s.published for s in summarise(load([folder]), {"made-up": study}).sections)
    assert row.measured.value == pytest.approx(0.7455)
    assert row.agrees is agrees
