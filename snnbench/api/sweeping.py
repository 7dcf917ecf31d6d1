"""Many configurations over many seeds: a shipped study, one of a file, or settings varied."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnbench.api.asking import follower, given_settings, interruptible
from snnbench.config import RunConfig
from snnbench.environment import waiting_chosen
from snnbench.progress.screens import NoScreen, screen_here

if TYPE_CHECKING:
    from snnbench.api.results import Results
    from snnbench.studies.asked import Vary
    from snnbench.studies.study import Study


@waiting_chosen()
def sweep(
    study: "str | Path | Study | RunConfig | None" = None,
    *,
    vary: "Vary | None" = None,
    seeds: object = None,
    search: str | None = None,
    trials: int | None = None,
    population: int | None = None,
    objective: Sequence[str] | str | None = None,
    until_decided: int | None = None,
    worlds: str | int | None = None,
    world: str | int | None = None,
    worlds_seed: int | None = None,
    jobs: int | None = None,
    cluster: str | None = None,
    timeout: float | None = None,
    retry: str | None = None,
    reuse: Sequence[str | Path] | None = None,
    halving: bool = False,
    checkpoint_every: float | None = None,
    measure_energy: bool = False,
    save_model: bool = False,
    out: str | Path | None = None,
    progress: bool = True,
    **settings: Any,
) -> "Results":
    """Run many configurations over many seeds, as `snnbench sweep` does.

    Recorded runs are not trained again, and an interrupted call goes on when it is made again.

    Args:
        study: a shipped study's name, a TOML file, a study, or settings that are varied; or
            name these as keywords: `sweep(arch="64-10", vary={"beta": [0.5, 0.9]})`.
        vary: setting -> values, or the command line's "beta=0.1:0.9:9".
        seeds: how many, or a list.
        search: grid, list, one-at-a-time, random, tpe, gp or nsga2.
        trials: points of the last four.
        population: trials of a generation of nsga2.
        objective: what a search looks for, COLUMN:max or COLUMN:min.
        until_decided: look at 5, 10, 20, ... seeds, to so many; more only where a claim is
            undecided.
        worlds: of the study's assumptions that are run: "all", or how many are drawn.
        world: the one that is run, "lr=0.1" or its number.
        worlds_seed: another one draws other worlds.
        jobs: worker processes; None: all cores.
        cluster: address of a Dask scheduler.
        timeout: seconds that a run may take.
        retry: run these recorded runs again: failed, timeout, oom, diverged.
        reuse: folders whose recorded runs are taken over.
        halving: end early what falls behind in validation accuracy.
        checkpoint_every: seconds between checkpoints; None: 30.
        measure_energy: by the machine's counters.
        save_model: keep every run's weights in `out`/models.
        out: folder of the tables; None: results/STUDY.
        progress: draw bars in the notebook, or on the terminal.

    Returns:
        The runs of the sweep; of a shipped study, or of a file's, with `verdicts`.

    Raises:
        UserError: anything wrong with study, settings, data or the folder.
        KeyboardInterrupt: after Ctrl-C, when the runs under way have ended; at once after another.

    >>> found = sweep(vary={"beta": [0.5, 0.9]}, seeds=3)  # doctest: +SKIP
    >>> found.configurations["test_accuracy"]  # doctest: +SKIP
    """
    from snnbench.report.judging.searched import asked
    from snnbench.sweep.order import make_order
    from snnbench.sweep.run import Where

    config = study if isinstance(study, RunConfig) else None
    order = make_order(
        study if not isinstance(study, RunConfig) else None,
        given_settings(config, settings),
        Where(jobs, timeout, cluster, halving, checkpoint_every, measure_energy, save_model),
        vary=vary, objective=objective, seeds=seeds, search=search, trials=trials,
        population=population, until_decided=until_decided,
        worlds=None if worlds is None else str(worlds), world=None if world is None else str(world),
        worlds_seed=worlds_seed, retry=retry, reuse=reuse, out=out,
    )  # fmt: skip
    with interruptible():
        screen = screen_here() if progress else NoScreen()
        if order.study.trials is not None:
            screen.say(asked(order.study))
        ids = follower(screen)(order)

    from snnbench.api.results import Results
    from snnbench.report.reading.source import load

    return Results(load([order.folder]).named(ids), {order.study.name: order.study})
