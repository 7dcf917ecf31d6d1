"""A report as plain data: what is rendered, and what `--json` prints."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from snnbench.report.figures.claims import claim_figures
from snnbench.report.figures.drawing import Figure
from snnbench.report.figures.headline import headline
from snnbench.report.figures.heat import firing_rates
from snnbench.report.figures.raster import raster_of
from snnbench.report.figures.searching import search_figures
from snnbench.report.figures.study_figures import figures_of
from snnbench.report.figures.worlds import specification_curves
from snnbench.report.judging.answer import Answer
from snnbench.report.judging.departures import departure_notes
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.looks import sharing, verdicts_of
from snnbench.report.judging.many import by_chance
from snnbench.report.judging.of_study import study_answer
from snnbench.report.judging.published import PublishedRow, beside
from snnbench.report.judging.searched import search_of
from snnbench.report.judging.standing import standings
from snnbench.report.judging.verdicts import GENERAL_RULE, Verdict
from snnbench.report.judging.worlds import multiverse, part_of
from snnbench.report.page.sections import Difference, Report, Section, Unfinished, anchor_of
from snnbench.report.reading.columns import COMPARED, ORIGIN
from snnbench.report.reading.groups import (
    Configuration,
    binomial_error_of,
    configurations_of,
    dead_notes,
)
from snnbench.report.reading.source import Tables, data_notes, load, origin_notes
from snnbench.report.reading.statistics import difference
from snnbench.studies.objective import TEST_ACCURACY
from snnbench.studies.selecting import Selector, value_text
from snnbench.studies.study import Study
from snnbench.studies.worlds import in_world
from snnbench.sweep.trials import suggested_runs


def summarise(
    tables: Tables,
    studies: Mapping[str, Study | str],
    *,
    with_figures: bool = True,
    answer: Answer | None = None,
) -> Report:
    """Make a report, without a baseline; studies with spiking networks come first.

    Args:
        tables: see `load`.
        studies: study's name -> the study, or why it was not found.
        with_figures: draw them, too.
        answer: what a comparison came to; None: what the study's own pairs come to.
    """
    sections: list[Section] = []
    for number, (name, runs) in enumerate(tables.runs.groupby("study", sort=False)):
        part = tables.of(runs.reset_index(drop=True))
        prefix = f"study{number + 1}"
        found = studies.get(str(name), "The runs name no study: there is nothing to judge.")
        anchor = anchor_of(str(name), {section.anchor for section in sections})
        section = _section(str(name), part, found, prefix if with_figures else None, answer)
        sections.append(replace(section, anchor=anchor))
    sections.sort(key=lambda section: not section.has_snn)
    chance = by_chance([verdict for section in sections for verdict in section.verdicts])
    rule = f"{GENERAL_RULE} {chance}".strip()
    return Report(tuple(map(str, tables.folders)), tables.notes, tuple(sections), rule=rule,
                  answer=answer)  # fmt: skip


def _section(
    name: str, tables: Tables, found: Study | str, prefix: str | None, answer: Answer | None
) -> Section:
    study, why_none = (found, "") if isinstance(found, Study) else (None, found)
    worlds = multiverse(study, tables) if study is not None else None
    tables = tables if worlds is None else part_of(tables, worlds.runs)
    runs = tables.runs
    configurations = configurations_of(runs, study)
    evidence = Evidence(configurations, tables.epochs, tables.layers)
    objective = study.sought[0] if study is not None else TEST_ACCURACY
    suggested: list[tuple[str, ...]] = []
    if study is not None and study.trials is not None:
        suggested = [runs for folder in tables.folders for runs in suggested_runs(folder)]
    search = search_of(study, configurations, suggested)
    notes = dead_notes(configurations) + origin_notes(runs) + data_notes(runs)
    if study is not None:
        own = study if worlds is None else in_world(study, worlds.shown)
        notes = departure_notes(own, configurations) + notes
    stand = standings(configurations, objective, tables.energy.column)
    ranked = [one.configuration for one in stand if one.objective is not None]
    answer = answer or study_answer(stand, evidence, tables.energy)
    verdicts = verdicts_of(study, evidence) if study else ()
    published: tuple[PublishedRow, ...] = ()
    if study is not None:
        shared = sharing(study, evidence)
        published = tuple(beside(p, shared, study.claims) for p in study.published)
    figures: list[Figure] = []
    deciding: list[Figure | None] = []
    first = thumbnail = None
    if prefix is not None:
        deciding = claim_figures(prefix, evidence, verdicts, published)
        first, thumbnail = headline(
            f"{prefix}-headline",
            stand,
            answer.best_first if answer else (),
            tables.steps,
            tables.energy,
        )
        rates = firing_rates(configurations, tables.layers)
        figures = figures_of(
            prefix, evidence, rates, ranked, objective, energy=tables.energy, steps=tables.steps
        )
        figures += search_figures(prefix, search)
        raster, why_none_drawn = raster_of(prefix, tables, objective, configurations)
        figures += [raster] if raster is not None else []
        notes += [why_none_drawn] if why_none_drawn is not None else []
        figures += specification_curves(prefix, worlds) if worlds is not None else []
    statuses = runs["status"].value_counts(sort=False)
    return Section(
        name=name,
        study=study,
        why_none=why_none,
        configurations=tuple(configurations),
        objective=str(objective),
        statuses={str(status): int(n) for status, n in statuses.items()},
        unfinished=tuple(_unfinished(configurations)),
        verdicts=verdicts,
        published=published,
        origin={c: _counted(runs[c]) for c in ORIGIN},
        notes=tuple(notes),
        figures=tuple(figures),
        energy=tables.energy,
        standings=tuple(stand),
        answer=answer,
        headline=first,
        thumbnail=thumbnail,
        claim_figures=tuple(deciding),
        outside=tables.outside,
        search=search,
        worlds=worlds,
    )


def verdicts_in(folder: Path, study: Study) -> tuple[Verdict, ...]:
    """Return the verdicts on a study's claims by what a folder has recorded; () without its runs.

    Raises:
        UserError: see `load`.
    """
    made = summarise(load([folder]), {study.name: study}, with_figures=False)
    return next((s.verdicts for s in made.sections if s.name == study.name), ())


def compare(report: Report, where: Selector) -> tuple[str, tuple[Difference, ...]] | list[str]:
    """Compare every configuration with the one that `where` selects, paired by seed.

    Returns:
        The baseline's name and the differences; or the names selected, if they are not one.
    """
    named = report.named_configurations()
    selected = [(name, c) for name, c in named if where.selects(c.row)]
    if len(selected) != 1:
        return [name for name, _ in selected]
    baseline, base = selected[0]
    differences = []
    for name, configuration in named:
        if configuration is base:
            continue
        for column in (*COMPARED, report.sections[0].energy.column):
            sides = [(c, c.comparable(column)) for c in (configuration, base)]
            errors = [binomial_error_of([c], column, values) for c, values in sides]
            found = difference(sides[0][1], sides[1][1], error=math.hypot(*errors))
            if found is not None:
                differences.append(Difference(name, column, found))
    return baseline, tuple(differences)


def _unfinished(configurations: Sequence[Configuration]) -> list[Unfinished]:
    found = []
    for configuration in configurations:
        rows = configuration.runs[configuration.runs["status"] != "done"]
        for seed, run_id, status, error in rows[["seed", "run_id", "status", "error"]].itertuples(
            index=False
        ):
            known = None if pd.isna(seed) else int(seed)
            found.append(Unfinished(configuration.name, known, run_id, status, error or ""))
    return found


def _counted(column: "pd.Series[Any]") -> dict[str, int]:
    texts = [value_text(None if pd.isna(v) else v) for v in column.astype(object)]
    return {text: texts.count(text) for text in sorted(set(texts))}
