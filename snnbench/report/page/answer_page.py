"""The page of a comparison, and its first figure alone."""

from snnbench.report.judging.answer import Answer
from snnbench.report.page.render import standing_alone, to_html
from snnbench.report.page.summary import summarise
from snnbench.report.reading.source import Tables
from snnbench.studies.study import Study


def answer_page(tables: Tables, study: Study, answer: Answer) -> tuple[str, str | None]:
    """Return the page, and its first figure to stand alone; None where there is none to draw."""
    report = summarise(tables, {study.name: study}, answer=answer)
    figure = report.sections[0].headline
    return to_html(report), None if figure is None else standing_alone(figure)
