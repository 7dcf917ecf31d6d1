"""`snnbench report`: tables of results into summaries, figures, and verdicts on claims."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snnbench.cli.console import print_json, print_table, print_words, say, stdout
from snnbench.cli.options import EnergyModel, Json, refuse_useless
from snnbench.errors import and_more

if TYPE_CHECKING:
    from snnbench.report.page.sections import Report, Section
    from snnbench.report.page.tables import Table

_HELD = 4  # exit code
_MOST_NAMED = 10
# What says of what a row's numbers are: a line where all rows say the same.
_FOLDED = ("source", "n", "runs", "T", "encoding", "paired", "parameters", "epochs")
_KEPT = (
    "test accuracy",
    "energy",
    "compute45nm",
    "measured",
    "verdict",
)  # where there is no room for all


def report(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR...",
            help="Folders of results; also .json files of NeuroBench's, for rows beside ours.",
            show_default=False,
        ),
    ],
    *,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="NAME=VALUE,...|DIR",
            help="Compare all configurations with this one; or folders with this one of them.",
        ),
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A study in place of the one stored with the runs."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write one page with figures.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write Markdown.")] = None,
    latex: Annotated[
        Path | None,
        typer.Option(metavar="FILE.tex|DIR", help="Write the tables as LaTeX: in a file, or each."),
    ] = None,
    methods: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.md|FILE.tex",
            help="Write what was done, for a paper, and the sources cited as FILE.bib.",
        ),
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each figure as SVG and as PDF.")
    ] = None,
    energy: EnergyModel = None,
    neurobench: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write each finished run by NeuroBench's names, as a JSON list."
        ),
    ] = None,
    fail_if: Annotated[
        str | None,
        typer.Option(metavar="EXPRESSION", help="Exit with 4 if a configuration's mean is so."),
    ] = None,
    json: Json = False,
) -> None:
    """Summarise results: means with intervals over seeds, costs, figures, verdicts on claims.

    Example: snnbench report results/lab1-beta --html report.html
    Example: snnbench report results/lab1-beta other.json --neurobench ours.json

    By memory, too: snnbench report results/lab1-beta --energy memory45nm:bits=8

    What changed: snnbench report results/old results/new --baseline results/old
    """
    from snnbench.api.folders import baseline_folder
    from snnbench.api.reporting import report as made_report
    from snnbench.report.reading.conditions import parse_condition

    condition = None if fail_if is None else parse_condition(fail_if)
    if baseline_folder(baseline, folders) is not None:
        refuse_useless({"--fail-if": fail_if}, " where folders are compared")
    found = made_report(
        folders, html=html, markdown=markdown, latex=latex, methods=methods, figures=figures,
        neurobench=neurobench, study=study, baseline=baseline, energy=energy,
    )  # fmt: skip
    for path in found.files:
        say(f"Wrote {path}")
    made = found.report
    if json:
        from snnbench.report.page.render import to_document

        print_json(to_document(made))
    else:
        _show(made)
    if condition is None:
        return
    met = condition.met_by(made.named_configurations())
    if met:
        named = and_more([f"{name} ({reason})" for name, reason in met], _MOST_NAMED, "; ")
        say(f"--fail-if '{fail_if}' holds for: {named}.")
        raise typer.Exit(_HELD)


def _show(made: "Report") -> None:
    from snnbench.report.page import worlds
    from snnbench.report.page.changes import sentences, tables_of
    from snnbench.report.page.short_tables import studies_table

    for note in made.notes:
        say(f"Note: {note}")
    for changes in made.changes:
        for line in sentences(changes):
            print_words(line)
        stdout().print()
    for document in made.documents:
        print_words(worlds.document_sentence(document))
    for table in (studies_table(made), *tables_of(made)):
        if table.rows:
            _print(table)
    for section in made.sections:
        _show_section(section, made.notes)


def _show_section(section: "Section", said: Sequence[str]) -> None:
    """Print what a study comes to, without notes that were said."""
    from snnbench.report.judging.searched import sentences as search_sentences
    from snnbench.report.page import worlds
    from snnbench.report.page.sections import configurations_label, title_of
    from snnbench.report.page.tables import section_tables

    print_words(f"{title_of(section)}: {configurations_label(section)}", style="bold")
    for line in search_sentences(section.search):
        print_words(line)
    for note in section.notes:
        if note not in said:
            say(f"Note: {note}")
    for sentence in worlds.sentences(section.worlds):
        print_words(sentence)
    if section.why_none:
        say(f"No verdicts: {section.why_none}")
    for table in section_tables(section):
        _print(table)


def _print(table: "Table") -> None:
    from snnbench.cli.report_tables import for_terminal

    short = table.is_long and stdout().is_terminal
    shown = [table.rows[i] for i in table.first] if short else table.rows
    header, rows = for_terminal(table.header, shown, short=stdout().is_terminal)
    keep = [name for name in header if name.startswith(_KEPT)]
    where = "--html, --markdown and --json have all"
    print_table(table.title, header, rows, fold=_FOLDED, keep=keep, where=where)
    if any("no interval" in row for row in shown):
        print_words("Without an interval: one run gives no interval.")
    left = len(table.rows) - len(shown)
    if left:
        say(
            f"Shown: {table.selection}; {left} of {len(table.rows)} rows are left out here."
            " --markdown, --html and --json have all."
        )
    stdout().print()
