"""The page and the other forms: every number from the tables, every text as text."""

import csv
import json
import math
import re
import statistics
from collections import defaultdict

import pytest

from snnbench.report.page.render import to_document, to_html, to_markdown
from snnbench.report.page.summary import compare, summarise
from snnbench.report.reading.columns import RESULTS, costs
from snnbench.report.reading.source import load
from snnbench.studies.objective import Objective
from snnbench.studies.selecting import Selector
from snnbench.studies.study import Study
from tests.report.page import Page
from tests.report.samples import Made

NASTY = ("<script>alert(1)</script>", "=1+1", "None", "nan", "a|b\\", "$x_1^{$", "_hidden",
         "\x08\u4e2d\u6587 &amp;", '"quoted" onload=')  # fmt: skip
T_975 = {2: 4.302653, 3: 3.182446}  # degrees of freedom -> Student's t


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
    allowed = defaultdict(set)  # configuration -> numbers that may stand in its rows
    for beta in {row["beta"] for row in rows}:
        runs = [row for row in rows if row["beta"] == beta]
        done = [row for row in runs if row["status"] == "done"]
        numbers = {float(len(runs)), float(len(done)), *(float(row["T"]) for row in runs)}
        for column in (*RESULTS, *costs()):
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
                if header[0] == "configuration" and name != "seed":
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
        first = float(text.replace(",", "").split()[0])
        # an interval leaves fewer digits: what is cut off is less than its half width
        half = float(text.partition("±")[2].replace(",", "") or 0)
        assert first == pytest.approx(float(value), rel=6e-4, abs=half)


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
    expected = ["headline", "curve-test-accuracy", "curve-test-loss", "curve-train-loss",
                "vary-beta", "energy", "rates"]  # fmt: skip
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
    document = to_document(report)["studies"][0]["configurations"]
    results = [s["results"]["test_accuracy"] for s in document]
    assert [(r["low"], r["high"], r["n"]) for r in results] == [
        (pytest.approx(0.8), pytest.approx(0.8), 3),
        (None, None, 1),
    ]
    for text in (to_html(report), to_markdown(report)):
        assert "no interval" in text


def test_a_baseline_is_compared_by_seed(folder):
    report = report_on(folder)
    name, differences = compare(report, Selector((("beta", (0.2,)),)))
    assert name == "beta=0.2"
    found = {(d.configuration, d.column): d.estimate for d in differences}
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
    assert [name for name, _ in report.named_configurations()] == [
        "one: the only configuration", "two: the only configuration",
    ]  # fmt: skip
    assert [section["id"] for section in Page(to_html(report)).named("section")] == [
        "one", "two", "about",
    ]  # fmt: skip


def test_the_best_configurations_are_named_best_first_by_what_the_study_looks_for(folder):
    tables = load([folder])
    (section,) = summarise(tables, {}).sections
    assert [c.name for c in section.best] == ["beta=0.9", "beta=0.5", "beta=0.2"]
    cheapest = Objective("energy_pj_compute45nm", "min")
    study = Study("made-up", objectives=(cheapest,))
    (section,) = summarise(tables, {"made-up": study}).sections
    assert section.objective == "energy_pj_compute45nm:min"
    assert [c.name for c in section.best] == ["beta=0.2", "beta=0.5", "beta=0.9"]
