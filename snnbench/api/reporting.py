"""Recorded results, read again: tables by run and by configuration, verdicts, figures, files."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from snnbench.errors import UserError

if TYPE_CHECKING:
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
    figures: str | Path | None = None,
    neurobench: str | Path | None = None,
    study: str | Path | None = None,
    baseline: str | None = None,
    energy: str | None = None,
) -> "Results":
    """Read folders of results, and write a report of them, as `snnbench report` does.

    Args:
        folders, study, baseline, energy: see `load`.
        html: one page with figures.
        markdown: words and tables.
        figures: folder for every figure as an SVG file.
        neurobench: each finished run by NeuroBench's names, as a JSON list.

    Returns:
        What `load` returns; what was written is `files`.

    Raises:
        UserError: as `load`, or a file cannot be written.

    >>> report("results/lab1-beta", html="report.html").verdicts  # doctest: +SKIP
    """
    page, words, exported = (None if p is None else Path(p) for p in (html, markdown, neurobench))
    for path in (page, words, exported):
        _refuse_unwritable(path)
    read = {path.resolve() for path in _listed(folders)}
    if exported is not None and exported.resolve() in read:
        raise UserError(
            f"--neurobench would replace {exported}, which is read.", "Name another file."
        )
    found = load(folders, study=study, baseline=baseline, energy=energy)

    from snnbench.api.results import write_files
    from snnbench.report.page.exchange import to_neurobench
    from snnbench.report.page.render import to_figures, to_html, to_markdown

    folder = Path(figures) if figures is not None else None
    texts = {} if exported is None else {exported: to_neurobench(found.tables)}
    if page is not None:
        texts[page] = to_html(found.drawn)
    if folder is not None:
        svgs = to_figures(found.drawn)
        texts |= {folder / f"{name}.svg": svg for name, svg in svgs.items()}
    if words is not None:
        texts[words] = to_markdown(found.report)
    return found.having(write_files(texts, folder))


def _listed(folders: Places) -> list[Path]:
    return [Path(p) for p in ([folders] if isinstance(folders, str | Path) else folders)]


def _refuse_unwritable(path: Path | None) -> None:
    """Refuse a bad place before the work; the file is written when all is known."""
    if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
        raise UserError(f"{path} cannot be written.", "Name a file in a folder that exists.")
