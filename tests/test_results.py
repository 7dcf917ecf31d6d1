"""What results/ and README say is of the studies as they are, and of all of them."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from snnbench.results.frames import read_runs
from snnbench.runs import resolve_machine
from snnbench.studies.catalogue import find_study, shipped
from snnbench.studies.plan import expand
from snnbench.sweep.jobs import make_jobs

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results"
INCOMPLETE = re.search(r"^Of (.*?) there is seed 0 only", (RESULTS / "README.md").read_text(), re.M)


def on_a_cpu(config):
    return resolve_machine(config.model_copy(update={"device": "cpu"}))


def planned(name, table):
    """Return the names that the study's runs have on the data of the table."""
    sums = dict(zip(table["dataset"], table["data_sha256"], strict=True))
    data = SimpleNamespace(of=lambda config: SimpleNamespace(sha256=sums[config.dataset]))
    runs = expand(find_study(name)).runs
    return {job.run_id for job in make_jobs(runs, name, RESULTS / name, data, on_a_cpu)}


@pytest.mark.parametrize("name", shipped())
def test_the_tables_hold_the_runs_of_the_study_as_it_is(name):
    table = read_runs(RESULTS / name)
    wanted, recorded = planned(name, table), set(table["run_id"])
    assert len(recorded) == len(table)
    assert recorded <= wanted
    assert set(table["status"]) <= {"done", "diverged"}
    incomplete = re.findall("`(.*?)`", INCOMPLETE[1]) if INCOMPLETE else []
    assert (recorded < wanted) == (name in incomplete)
    if name in incomplete:
        assert set(table["seed"]) == {0}


def verdicts(text, pattern):
    """Return name -> numbers of the rows of a Markdown table whose first cell is so."""
    lines = (line for line in text.splitlines() if re.search(r"\| \d", line))
    rows = (re.match(rf"\| {pattern} (?:\(\d+\) )?\|", line) for line in lines)
    return {
        row[1]: [int(cell) for cell in re.findall(r"(?<=\| )[\d,]+(?= \|)", row.string)]
        for row in rows
        if row
    }


def test_readmes_verdicts_are_those_of_the_report_on_these_tables():
    report = (RESULTS / "report.md").read_text().partition("### Verdicts by study")[2]
    by_study = verdicts(report.partition("\n## ")[0], "([a-zA-Z0-9-]+)")
    assert set(by_study) == set(shipped())
    for name, (runs, *_) in by_study.items():
        assert runs == len(read_runs(RESULTS / name))
    shown = verdicts((ROOT / "README.md").read_text(), r"`([a-z0-9-]+)\*`")
    assert len(shown) == 6
    left = dict(by_study)
    for prefix, numbers in shown.items():
        members = [left.pop(name) for name in list(left) if name.startswith(prefix)]
        assert numbers == [sum(column) for column in zip(*members, strict=True)], prefix
    assert not left


def test_the_page_of_all_studies_is_small_enough_to_send_and_leads_to_each():
    page = (RESULTS / "report.html").read_text()
    assert len(page.encode()) < 3_000_000
    for name in shipped():
        assert page.count(f'href="#{name.lower()}"') == page.count(f'id="{name.lower()}"') == 1
