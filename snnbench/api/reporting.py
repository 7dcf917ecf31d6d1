"""Recorded results, read again: tables by run and by configuration, verdicts, figures, files."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snnbench.api.folders import Changes
    from snnbench.api.results import Results

Places = str | Path | Iterable[str | Path]


def load(
    folders: Places,
    *,
    study: str | Path | None = None,
    baseline: str | None = None,
    energy: str | None = None,
    margin: str | float = "1%",
) -> "Results":
    """Read folders of results; nothing is trained or written.

    Args:
        folders: one or more; also .json files of NeuroBench's, for rows beside ours.
        study: the study's file, if it does not ship.
        baseline: compare all configurations with this one, NAME=VALUE,...
        energy: model of figures and comparisons, as in "memory45nm:bits=8".
        margin: of the answer, where the runs are those of `compare`.

    Raises:
        UserError: there is no such folder, or a file in it is not what we wrote.

    >>> load("results/lab1-beta").configurations["test_accuracy", "mean"].max()  # doctest: +SKIP
    """
    from snnbench.report.reading.conditions import parse_where
    from snnbench.studies.margins import read_margin
    from snnbench.words.energies import headline_of

    share, headline = read_margin(margin), headline_of(energy)
    where = None if baseline is None else parse_where(baseline)

    from snnbench.api.results import Results
    from snnbench.report.judging.answer import answer
    from snnbench.report.reading import source
    from snnbench.report.reading.studied import studies_of
    from snnbench.studies.catalogue import find_study
    from snnbench.studies.twins import NAME

    given = None if study is None else find_study(str(study))  # it may bring plug-ins
    tables = source.load(_listed(folders), headline)
    names = [str(name) for name in tables.runs["study"].unique()]
    studies, notes = studies_of(names, tables.folders, given)
    tables = replace(tables, notes=(*tables.notes, *notes))
    answered = answer(tables, share) if names == [NAME] else None
    return Results(tables, studies, answered, where)


def report(
    folders: Places,
    *,
    html: str | Path | None = None,
    markdown: str | Path | None = None,
    latex: str | Path | None = None,
    methods: str | Path | None = None,
    figures: str | Path | None = None,
    neurobench: str | Path | None = None,
    study: str | Path | None = None,
    baseline: str | Path | None = None,
    energy: str | None = None,
) -> "Results | Changes":
    """Read folders of results, and write a report of them, as `snnbench report` does.

    Args:
        folders, study, energy: see `load`.
        html: one page with figures.
        markdown: words and tables.
        latex: the tables: in a file that ends in .tex, or a file each in a folder.
        methods: what was done, for a paper, as .md or .tex, and the sources cited as .bib.
        figures: folder for every figure as SVG and as PDF.
        neurobench: each finished run by NeuroBench's names, as a JSON list.
        baseline: see `load`; or one of the folders, with which the others are compared.

    Returns:
        What `load` returns, or what changed between folders; what was written is `files`.

    Raises:
        UserError: as `load`, or a file cannot be written.

    >>> report("results/lab1-beta", html="report.html").verdicts  # doctest: +SKIP
    """
    from snnbench.api.writing import Outputs

    places = _listed(folders)
    outputs = Outputs(
        html=_path(html), markdown=_path(markdown), latex=_path(latex), methods=_path(methods),
        figures=_path(figures), neurobench=_path(neurobench),
    )  # fmt: skip
    outputs.check(places)

    from snnbench.api.folders import baseline_folder, compare_with
    from snnbench.words.energies import headline_of

    text = None if baseline is None else str(baseline)
    before = baseline_folder(text, places)
    if before is not None:
        useless = {"--study": study, "--methods": methods, "--figures": figures,
                   "--neurobench": neurobench}  # fmt: skip
        changed = compare_with(before, places, headline_of(energy), useless)
        return replace(changed, files=outputs.write(changed.report))
    found = load(places, study=study, baseline=text, energy=energy)
    made = found.drawn if outputs.draws else found.report
    return found.having(outputs.write(made, found.tables))


def _path(place: str | Path | None) -> Path | None:
    return None if place is None else Path(place)


def _listed(folders: Places) -> list[Path]:
    return [Path(p) for p in ([folders] if isinstance(folders, str | Path) else folders)]
