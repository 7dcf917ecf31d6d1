"""Tables of very many configurations: what is shown first, and what is folded."""

from dataclasses import replace

import pytest

from snnbench.report.page.render import to_html, to_markdown
from snnbench.report.page.short_tables import studies_table
from snnbench.report.page.summary import compare, summarise
from snnbench.report.page.tables import report_tables, section_tables
from snnbench.report.reading.source import load
from snnbench.studies.claims import Monotone, Published
from snnbench.studies.objective import Objective
from snnbench.studies.selecting import Selector
from snnbench.studies.study import Study
from tests.report.page import Page
from tests.report.samples import Made


def many(tmp_path, count=60):
    """Write configurations of which the nth best has accuracy 1 - n / 100, in a shuffled order."""
    made = Made()
    for k in range(count):
        rank = 7 * k % count
        made.run(0, lr=0.1 + k, test_accuracy=1 - rank / 100, energy_pj_compute45nm=5.0 + rank)
    return made.run(0, lr=99.5, status="failed").write(tmp_path)


def table_named(title, report):
    (section,) = report.sections
    return next(table for table in section_tables(section) if table.title == title)


@pytest.mark.parametrize("largest", [True, False])
def test_of_many_configurations_the_best_and_the_worst_come_first(tmp_path, largest):
    objective = Objective("test_accuracy", "max" if largest else "min")
    tables = load([many(tmp_path)])
    report = summarise(tables, {"made-up": Study("s", objectives=(objective,))},
                       with_figures=False)  # fmt: skip
    table = table_named("Results by configuration", report)
    assert table.is_long
    assert len(table.rows) == 61
    column = table.header.index("test_accuracy")
    ranks = [round(100 * (1 - table.rows[i][column].value)) for i in table.first]
    expected = [*range(20), *range(55, 60)]
    assert ranks == (expected if largest else [59 - rank for rank in expected])
    assert table.selection == f"the best 20 and the worst 5 by {objective}"


def test_of_many_configurations_of_which_none_finished_the_first_come_first(tmp_path):
    made = Made()
    for k in range(60):
        made.run(0, lr=0.1 + k, status="failed")
    tables = load([made.run(0, lr=0.05, test_accuracy=None, test_loss=1.0).write(tmp_path)])
    table = table_named("Results by configuration", summarise(tables, {}, with_figures=False))
    assert table.first == tuple(range(25))
    assert table.selection == "the first 25"


def test_a_long_table_is_folded_and_a_short_one_is_not(tmp_path):
    report = summarise(load([many(tmp_path / "many")]), {})
    text = to_html(report)
    page = Page(text)
    assert page.texts.count("61 rows") == 3  # results, costs and energies
    folds = len(page.named("details"))
    header, *rows = page.tables[2]
    assert header[0] == "configuration"
    assert len(rows) == 61
    assert page.named("svg")
    assert to_markdown(report).count("lr=99.5") == 4
    few = summarise(load([many(tmp_path / "few", 49)]), {}, with_figures=False)
    assert len(Page(to_html(few)).named("details")) == folds - 3


def test_a_long_comparison_keeps_the_best_and_the_worst(tmp_path):
    report = summarise(load([many(tmp_path)]), {}, with_figures=False)
    name, differences = compare(report, Selector((("lr", (0.1,)),)))  # the best itself
    (table,) = report_tables(replace(report, baseline=name, differences=differences))
    assert len(table.rows) == 59 * 4
    rows = [table.rows[i] for i in table.first if table.rows[i][1] == "test_accuracy"]
    ranks = sorted(round(-100 * row[2].value) for row in rows)
    assert ranks == [*range(1, 20), *range(55, 60)]


def test_of_several_studies_the_outcomes_are_counted(tmp_path):
    folders = []
    for study in ("one", "two", "three"):
        made = Made()
        for beta, values in ((0.2, (0.5, 0.51, 0.52)), (0.5, (0.8, 0.81, 0.82))):
            made.runs("test_accuracy", values, study=study, beta=beta)
        folders.append(made.write(tmp_path / study))
    tables = load(folders)
    up, down = (Monotone(text=way, along="beta", direction=way) for way in ("up", "down"))
    where = Selector((("beta", (0.5,)),))
    near, far, vague = (
        Published(text="x", metric="test_accuracy", value=value, where=where, tolerance=tolerance)
        for value, tolerance in ((0.81, 0.03), (0.2, None), (0.81, 0.01))
    )
    studies = {
        "one": Study("one", claims=(up, down, up), published=(near, far, near, vague)),
        "two": Study("two", claims=(down,)),
        "three": "no study",
    }
    table = studies_table(summarise(tables, studies, with_figures=False))
    assert table.header == ("study", "runs", "reproduced", "contradicted", "undecided",
                            "published numbers", "that agree", "that differ",
                            "answer")  # fmt: skip
    counts = {row[0]: [cell.value for cell in row[1:-1]] for row in table.rows}
    assert counts == {"one": [6, 2, 1, 0, 4, 2, 1], "two": [6, 0, 1, 0, 0, 0, 0],
                      "three": [6, 0, 0, 0, 0, 0, 0]}  # fmt: skip
    assert {row[-1] for row in table.rows} == {
        "Best beta=0.5: 0.810 ±0.025, 900 pJ a sample; 0 of 1 others tie."
    }
    assert studies_table(summarise(load(folders[:1]), studies)).rows == ()
