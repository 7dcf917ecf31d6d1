"""What a sweep came to: a row a configuration, what is best, and the command to type next."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnbench.cli.console import print_json, print_table, print_words, say, stdout
from snnbench.cli.next_step import print_next, report_command
from snnbench.report.page.cells import spread_text

if TYPE_CHECKING:
    import pandas as pd

    from snnbench.report.judging.standing import Standing
    from snnbench.studies.objective import Objective
    from snnbench.studies.study import Study

_MOST_RUNS, _MOST_CONFIGURATIONS = 60, 20  # on a terminal
_MOST_NAMED = 5


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
    json: bool,
    each: bool,
) -> None:
    """Print what a sweep came to.

    Args:
        study: that was run.
        folder: of the tables.
        runs, rows: its recorded runs, as a table and as rows.
        total: how many runs it has.
        json: as one document.
        each: a row a run.
    """
    from snnbench.report.judging.standing import standings
    from snnbench.report.reading.groups import configurations_of
    from snnbench.words.energies import HEADLINE

    counts: dict[str, int] = {}
    for row in rows:
        counts[row["status"]] = counts.get(row["status"], 0) + 1
    objective = study.sought[0]
    found = [] if runs is None else configurations_of(runs)
    ranked = standings(found, objective, HEADLINE.column)
    if json:
        print_json({
            "study": study.name, "folder": str(folder), "counts": counts,
            "configurations": [_document(one) for one in ranked], "runs": list(rows),
        })  # fmt: skip
        return
    title = f"{study.name}: {_became(counts, max(total, len(rows)))}; recorded in {folder}"
    if each:
        _print_runs(title, folder, rows)
    elif not ranked:
        print_words(title)
    else:
        _print_configurations(title, ranked, objective)
    for sentence in _in_words(ranked, objective):
        print_words(sentence)
    if counts.get("done"):
        given: list[str | Path]
        given = [] if study.file is None or _ships(study.name) else ["--study", study.file.path]
        print_next("means, costs and figures on one page", report_command(folder, *given))


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


def _print_configurations(title: str, ranked: Sequence["Standing"], objective: "Objective") -> None:
    from snnbench.report.judging.standing import ACCURACY
    from snnbench.report.reading.columns import heading
    from snnbench.words.energies import HEADLINE

    short = ranked[:_MOST_CONFIGURATIONS] if stdout().is_terminal else ranked
    energies = [one.energy.value if one.energy else None for one in short]
    energy, factor = heading(HEADLINE.column, energies)
    looked_for = [] if objective.column in (ACCURACY, HEADLINE.column) else [objective.column]
    unit, divisor = heading(objective.column)
    header = ["configuration", *([unit] if looked_for else []), heading(ACCURACY)[0], "n", energy]
    twins = any(one.ratio for one in short)
    rows = [
        [
            one.configuration.name,
            *([_spread(one.objective, divisor)] if looked_for else []),
            _spread(one.accuracy),
            len(one.configuration.done),
            _spread(one.energy, factor),
            *([_spread(one.ratio)] if twins else []),
        ]
        for one in short
    ]
    print_table(title, [*header, *(["energy / ANN's"] if twins else [])], rows, fold=["n"],
                keep=[energy, heading(ACCURACY)[0]])  # fmt: skip
    if len(short) < len(ranked):
        print_words(f"{len(ranked) - len(short)} more, less good, are in the report.")


def _spread(found: Any, factor: float = 1) -> Any:
    if found is None:
        return None
    half = found.half_width
    return spread_text(found.value / factor, None if half is None else half / factor)


def _in_words(ranked: Sequence["Standing"], objective: "Objective") -> list[str]:
    """Return what is best, what cannot be told from it, and which networks are no good."""
    from snnbench.report.reading.columns import name_of
    from snnbench.words.energies import HEADLINE

    known = [one for one in ranked if one.objective is not None]
    said = _common(ranked)
    if len(known) > 1:
        best, column = known[0].configuration.name, name_of(objective.column)
        tied = [one for one in known[1:] if one.tied]
        unknown = [one for one in known[1:] if one.tied is None]
        which = "Highest" if objective.direction == "max" else "Lowest"
        end = "" if tied or unknown else ", distinguishable from all others (95 %, seed by seed)"
        said.append(f"{which} mean {column}: {best}{end}.")
        if tied:
            said.append(f"Not distinguishable from it (95 %, seed by seed): {_named(tied)}.")
        if unknown:
            said.append(f"Too few seeds to tell it from {_named(unknown)}: give --seeds 5.")
    if any(one.energy for one in ranked):
        said.append(f"Energy by {HEADLINE.label}: {HEADLINE.assumption}.")
    dead = [one for one in ranked if one.configuration.dead]
    if dead:
        said.append(
            f"Silent or saturated: {_named(dead, _dead)}. Such a network gives the same answer to"
            " everything: what they cost is no price of an answer."
        )
    at_chance = [one for one in ranked if one.at_chance]
    if at_chance:
        said.append(f"No better than a guess: {_named(at_chance)}.")
    return said


def _common(ranked: Sequence["Standing"]) -> list[str]:
    """Return the settings that say most of what was trained, where all agree in them."""
    said = []
    for name in ("dataset", "arch", "T"):
        values = {one.configuration.row[name] for one in ranked} - {None}
        if len(values) == 1:
            said.append(f"{name} = {values.pop()}")
    return [f"In all: {', '.join(said)}."] if said else []


def _dead(one: "Standing") -> str:
    found = one.configuration
    return " (" + ", ".join(f"{n} of {len(found.done)} {s}" for s, n in found.dead.items()) + ")"


def _named(
    those: Sequence["Standing"], more_of: "Callable[[Standing], str]" = lambda one: ""
) -> str:
    names = "; ".join(one.configuration.name + more_of(one) for one in those[:_MOST_NAMED])
    more = len(those) - _MOST_NAMED
    return f"{names}; and {more} more" if more > 0 else names


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


def _ships(name: str) -> bool:
    from snnbench.studies.catalogue import shipped

    return name in shipped()
