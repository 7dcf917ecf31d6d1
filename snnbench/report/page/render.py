"""A report as HTML, as Markdown, and as a document for JSON."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup, escape

from snnbench.report.figures.drawing import VARIABLES, Figure
from snnbench.report.figures.pdf import to_pdf
from snnbench.report.judging.deciding import OUTCOMES
from snnbench.report.judging.published import AGREEMENT, RULE
from snnbench.report.judging.searched import sentences as search_sentences
from snnbench.report.judging.searched import to_document as to_search
from snnbench.report.page import cards, changes, telling, worlds
from snnbench.report.page.folding import folded, measured_numbers
from snnbench.report.page.sections import Report, Section, configurations_label, title_of
from snnbench.report.page.short_tables import short_table, studies_table
from snnbench.report.page.tables import Number, origin_tables, result_tables, section_tables
from snnbench.report.reading.columns import RESULTS, costs
from snnbench.report.reading.energies import models
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.statistics import Estimate

# Of Markdown and of the HTML that it lets through; "=" and "-" matter only at a line's start,
# where no cell stands.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#&~$!])")

# Words of tables' cells that have a colour -> that of the words that mean the same.
_COLOURS = {word: word for word in OUTCOMES} | {said: word for word, said in AGREEMENT.items()}

_VARIABLE = re.compile(r"--([\w-]+): (#[0-9a-f]+);")  # of the page's style: name and colour


def to_html(report: Report) -> str:
    """Return one page: no script, nothing fetched from anywhere."""
    return environment(autoescape=True).get_template("report.html").render(report=report)


def to_markdown(report: Report) -> str:
    """Return the report's words and tables; figures are in the HTML only."""
    text = environment(autoescape=False).get_template("report.md").render(report=report)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def standing_alone(figure: Figure) -> str:
    """Return a figure's SVG on white, in the page's light colours."""
    light = _light()
    colours = f"background: {light['page']}; color: {light['ink']}"
    svg = figure.svg.replace("<svg ", f'<svg style="{colours}" ', 1)
    return re.sub(r"var\(--([\w-]+)\)", lambda found: light[found[1]], svg)


def to_figures(report: Report) -> dict[str, bytes]:
    """Return name of file -> content of every figure, in the page's light colours: SVG and PDF.

    A name is that of the study and what the figure shows, as in "lab1-beta-energy.svg".
    """
    light = _light()
    colours = {painted: light[variable] for painted, variable in VARIABLES.items()}
    found = {}
    for section in report.sections:
        for figure in section.all_figures:
            name = f"{section.name or 'runs'}-{figure.name.partition('-')[2]}"
            found[f"{name}.svg"] = standing_alone(figure).encode(errors="replace")
            if figure.canvas is not None:
                found[f"{name}.pdf"] = to_pdf(figure.canvas, colours)
    return found


@cache  # every figure that stands alone asks for them
def _light() -> dict[str, str]:
    """Return the page's variables -> their light colours."""
    style = files("snnbench.report.page").joinpath("templates", "style.css").read_text("utf-8")
    return dict(reversed(_VARIABLE.findall(style)))  # of two values the first is the light one


def to_document(report: Report) -> dict[str, Any]:
    """Return the report as what JSON knows: every number in full, None where there is none."""
    return {
        "folders": list(report.folders),
        "notes": list(report.notes),
        "rule": report.rule,
        "baseline": report.baseline,
        "differences": [
            {"configuration": d.configuration, "column": d.column} | _estimate(d.estimate)
            for d in report.differences
        ],
        "changes": [changes.to_document(c) for c in report.changes],
        "neurobench": [asdict(row) for section in report.sections[:1] for row in section.outside],
        "documents": [
            asdict(one) | {"sentence": worlds.document_sentence(one)} for one in report.documents
        ],
        "studies": [_section(section) for section in report.sections],
    }


def _section(section: Section) -> dict[str, Any]:
    energies = [word.column for word in models(section.energy)]
    return {
        "study": section.name or None,
        "title": title_of(section),
        "source": section.study.source if section.study else None,
        "assumptions": [a.text for a in section.study.assumptions] if section.study else [],
        "worlds": worlds.to_document(section.worlds),
        "without_verdicts": section.why_none or None,
        "statuses": dict(section.statuses),
        "objective": section.objective,
        "search": to_search(section.search),
        "best": [c.name for c in section.best],
        "answer": telling.to_document(section.answer) if section.answer else None,
        "gist": cards.gist(section),
        "energy": {word.label: word.assumption for word in models(section.energy)},
        "configurations": [_configuration(c, energies) for c in section.configurations],
        "rule_of_published": RULE if section.published else None,
        "verdicts": [
            {
                "claim": v.claim.text,
                "source": v.claim.source,
                "kind": v.claim.kind,
                "metric": v.claim.metric,
                "verdict": v.outcome,
                "because": v.reason,
                "rule": v.rule,
                "unfinished": v.unfinished,
                "seeds_needed": v.seeds,
                "measured": [
                    {"what": label}
                    | (
                        _estimate(found) | {"confidence": found.confidence}
                        if found
                        else {"value": None}
                    )
                    for label, found in v.measured
                ],
            }
            for v in section.verdicts
        ],
        "published": [
            {
                "what": row.published.text,
                "source": row.published.source,
                "column": row.published.metric,
                "published": row.published.value,
                "measured": _estimate(row.measured) if row.measured else None,
                "agrees": row.agrees,
                "outcome": row.outcome,
                "within": row.within,
            }
            for row in section.published
        ],
        "unfinished": [asdict(run) for run in section.unfinished],
        "origin": {column: dict(counts) for column, counts in section.origin.items()},
        "notes": list(section.notes),
    }


def _configuration(configuration: Configuration, energies: Sequence[str]) -> dict[str, Any]:
    return {
        "name": configuration.name,
        "variant": configuration.row["variant"],
        "differing": dict(configuration.differing),
        "runs": len(configuration.runs),
        "done": len(configuration.done),
        "unfinished": configuration.unfinished,
        "results": {
            column: _estimate(found)
            for column in dict.fromkeys((*RESULTS, *costs(), *energies))
            if (found := configuration.mean(column))
        },
    }


def _estimate(found: Estimate) -> dict[str, Any]:
    return {
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "paired": found.paired,
    }


def environment(*, autoescape: bool) -> jinja2.Environment:
    """Return the templates, with what they call."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("snnbench.report.page"),
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["md"] = _markdown
    environment.filters["folder_changes"] = changes.sentences
    environment.filters["document_sentence"] = worlds.document_sentence
    environment.filters["breakable"] = _breakable
    environment.tests["number"] = lambda cell: isinstance(cell, Number)
    environment.globals |= {
        "cards": cards.cards,
        "changes": cards.changes,
        "colours": _COLOURS,
        "configurations_label": configurations_label,
        "folded": folded,
        "gist": cards.gist,
        "measured_numbers": measured_numbers,
        "origin_tables": origin_tables,
        "outcome_words": cards.outcome_words,
        "report_tables": changes.tables_of,
        "result_tables": result_tables,
        "runs_label": cards.runs_label,
        "search_sentences": search_sentences,
        "section_tables": section_tables,
        "short_table": short_table,
        "studies_table": studies_table,
        "telling": telling,
        "worlds": worlds,
        "title_of": title_of,
        "totals": cards.totals,
    }
    return environment


def _breakable(name: str) -> Markup:
    """Return a column's name that may go on in another line after each "_"."""
    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))


def _markdown(cell: object) -> str:
    """Return text that Markdown shows as it is, on one line."""
    text = cell.text if isinstance(cell, Number) else str(cell)
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
