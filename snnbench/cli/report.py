"""`snnbench report`: tables of results into summaries, figures, and verdicts on claims."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from snnbench.cli.console import print_json, print_table, print_words, say, stdout
from snnbench.cli.costs import Asked
from snnbench.cli.options import Json
from snnbench.errors import UserError

if TYPE_CHECKING:
    from snnbench.report.page.summary import Report
    from snnbench.report.page.tables import Table
    from snnbench.studies.selecting import Selector
    from snnbench.studies.study import Study

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
        typer.Option(metavar="FILE", help="The study that was run, if it does not ship."),
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
    energy: Annotated[
        str | None,
        typer.Option(metavar="MODEL[:OPTION=N,...]", help="Energy of figures and comparisons."),
    ] = None,
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
    from snnbench.cli.report_folders import baseline_folder, compare_with
    from snnbench.cli.report_writing import Outputs
    from snnbench.report.reading.conditions import parse_condition, parse_where

    headline = Asked.of([energy] if energy is not None else None, None).energies[0]
    condition = None if fail_if is None else parse_condition(fail_if)
    folder = baseline_folder(baseline, folders)
    where = None if baseline is None or folder is not None else parse_where(baseline)
    outputs = Outputs(
        html=html, markdown=markdown, latex=latex, methods=methods, figures=figures,
        neurobench=neurobench,
    )  # fmt: skip
    outputs.check(folders)
    if folder is not None:
        useless = {"--study": study, "--methods": methods, "--figures": figures,
                   "--neurobench": neurobench, "--fail-if": fail_if}  # fmt: skip
        made = compare_with(folder, folders, headline, useless)
        outputs.write(made)
    else:
        from snnbench.report.page.summary import summarise
        from snnbench.report.reading.source import load
        from snnbench.studies.catalogue import find_study

        given = None if study is None else find_study(str(study))  # it may bring plug-ins
        tables = load(folders, headline)
        names = [str(name) for name in tables.runs["study"].unique()]
        made = summarise(tables, _studies(names, given), with_figures=bool(html or figures))
        if where is not None:
            made = _compared(made, where)
        outputs.write(made, tables)
    if json:
        from snnbench.report.page.render import to_document

        print_json(to_document(made))
    else:
        _show(made)
    if condition is None:
        return
    met = condition.met_by(made.named_configurations())
    if met:
        listed = "; ".join(f"{name} ({reason})" for name, reason in met[:_MOST_NAMED])
        more = f"; and {len(met) - _MOST_NAMED} more" if len(met) > _MOST_NAMED else ""
        say(f"--fail-if '{fail_if}' holds for: {listed}{more}.")
        raise typer.Exit(_HELD)


def _studies(names: Iterable[str], given: "Study | None") -> "dict[str, Study | str]":
    """Return study's name -> the study, or why there is none."""
    from snnbench.studies.catalogue import find_study, shipped

    names = [name for name in names if name]
    if given is not None and given.name not in names:
        raise UserError(
            f"--study names the study '{given.name}', of which there is no run here.",
            f"The runs are of: {', '.join(names) or 'no study'}.",
        )
    known = shipped()
    found: dict[str, Study | str] = {}
    for name in names:
        if given is not None and name == given.name:
            found[name] = given
        elif name in known:
            found[name] = find_study(name)
        else:
            found[name] = f"no study '{name}' ships with snnbench; name its file with --study."
    return found


def _compared(made: "Report", where: "Selector") -> "Report":
    from snnbench.report.page.summary import compare

    found = compare(made, where)
    if isinstance(found, tuple):
        return replace(made, baseline=found[0], differences=found[1])
    if found:
        listed = "; ".join(found[:_MOST_NAMED])
        raise UserError(
            f"--baseline: {where} is {len(found)} configurations: {listed}.",
            "Add what tells the wanted one from the others.",
        )
    raise UserError(
        f"--baseline: no configuration has {where}.",
        "Run `snnbench report` without it to see them.",
    )


def _show(made: "Report") -> None:
    from snnbench.report.page.changes import sentences, tables_of
    from snnbench.report.page.summary import configurations_label, title_of
    from snnbench.report.page.tables import section_tables

    for note in made.notes:
        say(f"Note: {note}")
    for changes in made.changes:
        for line in sentences(changes):
            print_words(line)
        stdout().print()
    for table in tables_of(made):
        _print(table)
    for section in made.sections:
        print_words(f"{title_of(section)}: {configurations_label(section)}", style="bold")
        for note in section.notes:
            if note not in made.notes:
                say(f"Note: {note}")
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
