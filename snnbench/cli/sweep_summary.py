"""What a sweep came to: a row a configuration, what is best, and the command to type next."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnbench.cli.console import print_json, print_table, print_words, say, stdout
from snnbench.cli.next_step import print_next, report_command

if TYPE_CHECKING:
    import pandas as pd

    from snnbench.report.judging.standing import Standing
    from snnbench.report.judging.worlds import Multiverse
    from snnbench.studies.objective import Objective
    from snnbench.studies.study import Study

_MOST_RUNS, _MOST_CONFIGURATIONS = 60, 20  # on a terminal


def recorded_runs(folder: Path, ids: Mapping[str, None], recorded: int) -> "pd.DataFrame | None":
    """Return the recorded rows of a sweep's runs, in its order; None if there are none."""
    from snnbench.results.frames import read_runs

    if not recorded:
        return None
    table = read_runs(folder)
    places = {run_id: place for place, run_id in enumerate(ids)}
    found = table[table["run_id"].isin(places)]
    order = found["run_id"].map(places).sort_values().index
    return found.loc[order].reset_index(drop=True)


def show_sweep(
    study: "Study",
    folder: Path,
    runs: "pd.DataFrame | None",
    rows: Sequence[Mapping[str, Any]],
    total: int,
    *,
    worlds: "Multiverse | None",
    json: bool,
    each: bool,
) -> None:
    """Print what a sweep came to.

    Args:
        study: that was run.
        folder: of the tables.
        runs: its recorded runs whose configurations are shown: of several worlds those of one.
        rows: all of its recorded runs.
        total: how many runs it has.
        worlds: what they come to, see `in_worlds`.
        json: as one document.
        each: a row a run.
    """
    from snnbench.report.judging.searched import search_of, to_document
    from snnbench.report.judging.standing import standings
    from snnbench.report.page import worlds as telling
    from snnbench.report.page.ranking import ranking_words
    from snnbench.report.reading.groups import configurations_of
    from snnbench.words.energies import HEADLINE

    counts: dict[str, int] = {}
    for row in rows:
        counts[row["status"]] = counts.get(row["status"], 0) + 1
    objective = study.sought[0]
    found = [] if runs is None else configurations_of(runs, study)
    ranked = standings(found, objective, HEADLINE.column)
    search = search_of(study, found)
    if json:
        print_json({
            "study": study.name, "folder": str(folder), "counts": counts,
            "search": to_document(search),
            "worlds": telling.to_document(worlds),
            "configurations": [_document(one) for one in ranked], "runs": list(rows),
        })  # fmt: skip
        return
    title = f"{study.name}: {_became(counts, max(total, len(rows)))}; recorded in {folder}"
    if each:
        _print_runs(title, folder, rows)
    elif not ranked:
        print_words(title)
    else:
        _print_configurations(title, ranked, study.sought)
    for sentence in (*ranking_words(ranked, objective, search), *telling.sentences(worlds)):
        print_words(sentence)
    if counts.get("done"):
        print_next("means, costs and figures on one page", report_command(folder))


def in_worlds(
    study: "Study", folder: Path, runs: "pd.DataFrame"
) -> "tuple[Multiverse | None, pd.DataFrame]":
    """Return what a sweep's worlds come to, and the runs of the one that is shown."""
    from snnbench.report.judging.worlds import multiverse, part_of
    from snnbench.report.reading.source import load

    tables = load([folder])
    own = tables.runs[tables.runs["run_id"].isin(runs["run_id"])]
    tables = tables.of(own[own["study"] == study.name].reset_index(drop=True))
    told = multiverse(study, tables)
    return told, runs if told is None else part_of(tables, told.runs).runs


def _became(counts: Mapping[str, int], total: int) -> str:
    """Return how many runs are done, and what became of the others."""
    others = [f"{n} {status}" for status, n in counts.items() if status != "done"]
    if (left := total - sum(counts.values())) > 0:
        others.append(f"{left} not run")
    return ", ".join([f"{counts.get('done', 0)} of {total} done", *others])


def _print_runs(title: str, folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    from snnbench.cost.activity import ALIVE
    from snnbench.report.reading.columns import OF_SWEEP, headed, varied

    settings = ("variant", *varied())
    differing = [name for name in settings if len({row[name] for row in rows}) > 1]
    # alive is what one expects
    shown = [n for n in OF_SWEEP if any(row[n] not in (None, ALIVE) for row in rows)]
    short = rows[:_MOST_RUNS] if stdout().is_terminal else rows
    header, cells = headed(("run_id", *differing, *shown), short)
    print_table(title, header, cells, fold=[*settings, "status"], keep=["seed", "test accuracy"],
                where="--json and runs.csv have all")  # fmt: skip
    if len(short) < len(rows):
        say(f"{len(rows) - len(short)} more runs are in {folder / 'runs.csv'}.")


def _print_configurations(
    title: str, ranked: Sequence["Standing"], objectives: Sequence["Objective"]
) -> None:
    from snnbench.report.page.ranking import ranking

    short = ranked[:_MOST_CONFIGURATIONS] if stdout().is_terminal else ranked
    table = ranking(short, objectives)
    print_table(title, table.header, table.rows, fold=["n"], keep=table.keep)
    if len(short) < len(ranked):
        print_words(f"{len(ranked) - len(short)} more, less good, are in the report.")


def _document(one: "Standing") -> dict[str, Any]:
    def told(found: Any) -> dict[str, Any] | None:
        if found is None:
            return None
        return {"value": found.value, "low": found.low, "high": found.high, "n": found.n}

    return {
        "name": one.configuration.name,
        "differing": dict(one.configuration.differing),
        "done": len(one.configuration.done),
        "unfinished": one.configuration.unfinished,
        "objective": told(one.objective),
        "test_accuracy": told(one.accuracy),
        "energy_pj": told(one.energy),
        "ann": one.twin.name if one.twin else None,
        "energy_of_ann": told(one.ratio),
        "ties_with_best": one.tied,
        "dead": one.configuration.dead,
        "at_chance": one.at_chance,
    }
