"""`snnbench sweep`: a study, or settings varied on the command line, over many seeds."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snnbench.cli import completing
from snnbench.cli.console import say
from snnbench.cli.options import (
    CheckpointEvery,
    ConfigFile,
    Jobs,
    Json,
    MeasureEnergy,
    SaveModel,
    with_settings,
)
from snnbench.config.sources import settings_from_environment, settings_from_toml
from snnbench.errors import UserError, and_more
from snnbench.progress.stopping import SIGNALS, Stopped
from snnbench.progress.sweeps import SweepProgress

if TYPE_CHECKING:
    from snnbench.sweep.order import Order

_UNFINISHED = 3  # exit code


@with_settings
def sweep(
    study: Annotated[
        str | None,
        typer.Argument(
            help="A shipped study, or a TOML file.",
            show_default=False,
            autocompletion=completing.studies,
        ),
    ] = None,
    *,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=V1,V2,...",
            help="Values of a setting; also LOW:HIGH:COUNT, LOW:HIGH:log:COUNT. Repeatable.",
        ),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(metavar="N", help="Seeds 0 to N-1, or a list: 3,5,8.")
    ] = None,
    search: Annotated[
        str | None,
        typer.Option(
            metavar="grid | list | random | tpe | gp | nsga2",
            help="All combinations, values paired by position, or a search.",
            autocompletion=completing.searches,
        ),
    ] = None,
    one_at_a_time: Annotated[
        bool, typer.Option("--one-at-a-time", help="Vary one setting at a time around the base.")
    ] = False,
    trials: Annotated[
        int | None, typer.Option(metavar="N", help="Points of random, tpe, gp and nsga2.")
    ] = None,
    population: Annotated[
        int | None,
        typer.Option(metavar="N", help="Trials of a generation of nsga2. \\[default: 32]"),
    ] = None,
    worlds: Annotated[
        str | None,
        typer.Option(
            metavar="all | N", help="Run a study in all worlds of its assumptions, or N of them."
        ),
    ] = None,
    worlds_seed: Annotated[
        int | None, typer.Option(metavar="N", help="Another one draws other worlds.")
    ] = None,
    world: Annotated[
        str | None,
        typer.Option(metavar="NAME=VALUE,... | N", help="Run a study in this one of its worlds."),
    ] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN:max|min", help="What a search looks for. Repeatable."),
    ] = None,
    until_decided: Annotated[
        int | None,
        typer.Option(
            metavar="MAX",
            help="Look at 5, 10, 20, ... seeds, to MAX; more only where a claim is undecided.",
        ),
    ] = None,
    jobs: Jobs = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler, as tcp://host:8786.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Longest time of a run.")
    ] = None,
    retry: Annotated[
        str | None,
        typer.Option(
            metavar="failed | timeout | oom | diverged",
            help="Run these recorded runs again.",
            autocompletion=completing.retries,
        ),
    ] = None,
    reuse: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR", help="Take over runs that another folder has recorded. Repeatable."
        ),
    ] = None,
    halving: Annotated[
        bool,
        typer.Option("--halving", help="Freeze early what falls behind in validation accuracy."),
    ] = False,
    checkpoint_every: CheckpointEvery = None,
    measure_energy: MeasureEnergy = False,
    save_model: SaveModel = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be run, and how long it takes.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the tables. \\[default: results/STUDY]", show_default=False),
    ] = None,
    config: ConfigFile = None,
    runs: Annotated[
        bool, typer.Option("--runs", help="Show a row a run, not one a configuration.")
    ] = False,
    json: Json = False,
    settings: dict[str, Any],
) -> None:
    """Run many configurations over many seeds; kill it at any time, the same command goes on.

    Ends with a row a configuration, the best and what cannot be told from it; --runs: a row a run.

    Example: snnbench sweep --dataset mnist -T 25 --vary beta=0.1:0.9:9 --seeds 3
    """
    from snnbench.sweep.order import make_order
    from snnbench.sweep.run import Where

    if one_at_a_time:
        if search not in (None, "one-at-a-time"):
            raise UserError(f"--one-at-a-time and --search {search} differ.", "Keep one of them.")
        search = "one-at-a-time"
    given = settings_from_toml(config) if config is not None else {}
    where = Where(jobs, timeout, cluster, halving, checkpoint_every, measure_energy, save_model)
    order = make_order(
        study, given | settings, where, vary=vary, objective=objective, seeds=seeds,
        search=search, trials=trials, population=population, until_decided=until_decided,
        worlds=worlds, world=world, worlds_seed=worlds_seed,
        retry=retry, reuse=reuse, out=out, ambient=settings_from_environment(os.environ),
    )  # fmt: skip
    if dry_run:
        from snnbench.cli.sweep_plan import show_plan

        show_plan(order, json=json)
        if (looks := len(order.looks)) > 1:
            most = len(order.expanded(order.looks[-1]).runs)
            say(
                f"That is the first of {looks} looks; runs that an undecided claim needs get"
                f" more seeds, to {most} runs in all."
            )
        return
    _run(order, json=json, runs=runs)


def _run(order: "Order", *, json: bool, runs: bool) -> None:
    from snnbench.api.looking import follow_study
    from snnbench.cli.sweep_summary import in_worlds, recorded_runs, show_sweep
    from snnbench.report.judging.searched import asked
    from snnbench.results.frames import to_rows
    from snnbench.sweep.retries import UNFINISHED

    study, folder = order.study, order.folder
    if study.trials is not None:
        say(asked(study))
    progress = SweepProgress(study.sought[0])
    ids, signal, gone = follow_study(order, progress, SIGNALS)
    table = recorded_runs(folder, ids, progress.done)
    rows = [] if table is None else to_rows(table)
    # trials that come to the same are one run: known when the search has ended
    total = progress.total if signal is not None or gone is not None else len(ids)
    told = None
    if order.worlds and table is not None:
        told, table = in_worlds(study, folder, table)
    show_sweep(study, folder, table, rows, total, worlds=told, json=json, each=runs)
    if signal is not None:
        raise Stopped(signal)
    unfinished = [row for row in rows if row["status"] in UNFINISHED]
    if unfinished:
        named = and_more([f"{row['run_id']} ({row['status']})" for row in unfinished], 10)
        say(f"{len(unfinished)} runs did not finish: {named}. --retry failed tries again.")
    if gone is not None:
        say(str(gone))
    diverged = bool(rows) and all(row["status"] == "diverged" for row in rows)
    if diverged:
        say(f"All {len(rows)} runs diverged. Try smaller values of lr.")
    if unfinished or diverged or gone is not None:
        raise typer.Exit(_UNFINISHED)
