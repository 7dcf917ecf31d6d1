"""`snnbench verify`: runs of somebody's tables trained again and compared."""

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snnbench.cli import completing
from snnbench.cli.console import print_json, print_table, print_words, say, stdout
from snnbench.cli.options import Jobs, Json, PluginFiles
from snnbench.errors import UserError, and_more
from snnbench.progress.stopping import GentleStop, Stopped

if TYPE_CHECKING:
    from snnbench.studies.study import Study
    from snnbench.verify.comparing import Verified
    from snnbench.verify.retraining import Verification

_UNFINISHED, _DIFFERENT = 3, 4  # exit codes
_MOST_NAMED = 5
_WORDS = {
    "same": "same bits",
    "rounding": "within rounding",
    "different": "different",
    "unfinished": "not finished",
    "unverifiable": "not verifiable",
}


def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of results.", show_default=False)
    ],
    *,
    runs: Annotated[
        int | None, typer.Option(metavar="N", help="So many finished runs. \\[default: 5]")
    ] = None,
    all_runs: Annotated[bool, typer.Option("--all", help="All finished runs.")] = False,
    seed: Annotated[int, typer.Option(help="Another one draws other runs.")] = 0,
    claims: Annotated[
        str | None,
        typer.Option(
            metavar="STUDY",
            autocompletion=completing.studies,
            help="Decide the claims of this study anew: a name, or a TOML file. Needs --all.",
        ),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder that holds the data sets' files.")
    ] = None,
    data_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The table that the runs were trained on.")
    ] = None,
    jobs: Jobs = None,
    plugin: PluginFiles = None,
    json: Json = False,
) -> None:
    """Check somebody's table: train runs of it again here, and compare every number.

    Runs are drawn at random, trained with their recorded settings, engine and
    threads into a temporary folder, and compared column by column: the same
    bits; within rounding, as on another processor; or different. Times are
    not compared. A run whose data, plug-ins, engine or device are not here is
    named as not verifiable, not as different.

    Exit code: 0 if all are the same or within rounding; 4 if a run differs, a
    row does not hold or a verdict changes; else 3 if a run cannot be verified.

    Example: snnbench verify results/lab1-loss --all --claims lab1-loss
    """
    if runs is not None and all_runs:
        raise UserError(f"--runs {runs} and --all differ.", "Keep one of them.")
    if runs is not None and runs < 1:
        raise UserError(f"--runs {runs} verifies nothing.", "Give 1 or more.")
    if claims is not None and not all_runs:
        raise UserError("--claims is about all runs of a study.", "Give --all, too.")
    study = None if claims is None else _study(claims)
    from snnbench.verify.choosing import Place
    from snnbench.verify.retraining import verify as verified

    count = None if all_runs else runs if runs is not None else 5
    try:
        with GentleStop() as stop:
            stop.begin()
            made = _watched(
                verified(
                    folder, count, seed, place=Place(data_dir, data_file), study=study, jobs=jobs,
                    is_stopping=stop.is_wanted,
                ),
                stop,
            )  # fmt: skip
    except Stopped as stopped:
        say("Stopped; nothing was verified, and nothing is kept.")
        raise typer.Exit(128 + stopped.number) from None
    _show(made, json=json)
    if stop.number is not None and len(made.runs) < made.chosen:
        say(f"Stopped: {len(made.runs)} of {made.chosen} runs were verified.")
        raise typer.Exit(128 + stop.number)
    if code := _exit_code(made):
        raise typer.Exit(code)


def _study(text: str) -> "Study":
    from snnbench.studies.catalogue import find_study

    return find_study(text)


def _watched(events: "Generator[Any, None, Verification]", stop: GentleStop) -> "Verification":
    """Draw what happens until it ends, and return what came of it."""
    from snnbench.progress.sweeps import SweepProgress

    progress = SweepProgress()
    with progress.shown(), closing(events):  # closed whatever happens: it ends the workers
        followed = progress.follow(events, stop)
        while True:
            try:
                next(followed)
            except StopIteration as end:
                made: Verification = end.value
                return made


def _exit_code(made: "Verification") -> int:
    outcomes = {one.outcome for one in made.runs}
    if "different" in outcomes or made.faults or not all(claim.holds for claim in made.claims):
        return _DIFFERENT
    return _UNFINISHED if outcomes & {"unfinished", "unverifiable"} else 0


def _show(made: "Verification", *, json: bool) -> None:
    for note in (*made.faults, *made.notes):
        say(f"Note: {note}")
    if json:
        print_json(_document(made))
        return
    if not made.runs:
        return
    print_table(
        f"{made.folder}: {len(made.runs)} of {made.finished} finished runs trained again",
        ("run", "outcome", "columns", "differ", "largest difference", "why"),
        [
            [one.run_id, _WORDS[one.outcome], one.columns or None, _differing(one), _largest(one),
             _why(one)]
            for one in made.runs
        ],
    )  # fmt: skip
    stdout().print()
    if made.claims:
        rows = [
            [claim.text, claim.recorded, claim.retrained, "" if claim.holds else claim.reason]
            for claim in made.claims
        ]
        print_table("Verdicts", ("claim", "as recorded", "trained again", "because"), rows)
        stdout().print()
    for sentence in _in_words(made):
        print_words(sentence)


def _differing(one: "Verified") -> str:
    names = list(dict.fromkeys(difference.name for difference in one.differences))
    return and_more(names, _MOST_NAMED)


def _largest(one: "Verified") -> str:
    found = one.largest
    if found is None:
        return ""
    where = f", {found.row}" if found.row else ""
    relative = "" if found.relative is None else f", relative {found.relative:.2g}"
    return f"{found.name}{where}: {found.recorded} there, {found.retrained} here{relative}"


def _why(one: "Verified") -> str:
    if one.outcome != "different":
        return one.reason
    return "; ".join(f"{name} {there} there, {here} here" for name, (there, here) in
                     one.origin.items())  # fmt: skip


def _in_words(made: "Verification") -> list[str]:
    """Return what it comes to, in a few sentences."""
    total = len(made.runs)
    counts = {word: sum(one.outcome == word for one in made.runs) for word in _WORDS}
    said = []
    if counts["same"]:
        columns = sorted({one.columns for one in made.runs if one.outcome == "same"})
        number = f"{columns[0]}" if len(columns) == 1 else f"{columns[0]} to {columns[-1]}"
        said.append(f"{counts['same']} of {total} runs gave the same bits in all {number} columns.")
    if counts["rounding"]:
        largest = max(one.tolerance for one in made.runs if one.outcome == "rounding")
        said.append(
            f"{counts['rounding']} of {total} runs are equal within rounding: relative differences"
            f" of at most 4 u sqrt(n), here {largest:.2g} (u = 2^-24, n rounded operations in a"
            " row; never above 0.001), or of one sample in an accuracy."
        )
    if counts["different"]:
        said.append(f"{counts['different']} of {total} runs are different.")
    for word in ("unfinished", "unverifiable"):
        if counts[word]:
            can = "did not finish here" if word == "unfinished" else "cannot be verified here"
            said.append(f"{counts[word]} of {total} runs {can}: see why.")
    if made.faults:
        said.append(f"{len(made.faults)} rows of the table do not hold, whoever trains them.")
    if made.claims:
        kept = sum(claim.holds for claim in made.claims)
        said.append(f"{kept} of {len(made.claims)} verdicts are the same.")
    return said


def _document(made: "Verification") -> dict[str, Any]:
    return {
        "folder": str(made.folder),
        "finished_runs": made.finished,
        "chosen": made.chosen,
        "counts": {word: sum(one.outcome == word for one in made.runs) for word in _WORDS},
        "faults": list(made.faults),
        "notes": list(made.notes),
        "runs": [
            {
                "run_id": one.run_id,
                "outcome": one.outcome,
                "columns": one.columns,
                "tolerance": one.tolerance,
                "reason": one.reason or None,
                "origin": {name: list(pair) for name, pair in one.origin.items()},
                "differences": [difference._asdict() for difference in one.differences],
            }
            for one in made.runs
        ],
        "claims": [claim._asdict() | {"holds": claim.holds} for claim in made.claims],
        "summary": _in_words(made),
    }
