"""A sweep as it is asked for, by the command line or in a notebook: checked, and ready to run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snnbench.studies.asked import Vary, asked_study
from snnbench.studies.plan import Plan, expand
from snnbench.studies.study import Study
from snnbench.sweep.run import Where, read_retry


@dataclass(frozen=True)
class Order:
    """What `run_sweep` takes.

    Attributes:
        plan: all runs.
        folder: of the tables.
        where: machine or cluster, and how.
        retry: statuses of recorded runs that are run again.
        reuse: folders of results whose runs are taken over.
    """

    plan: Plan
    folder: Path
    where: Where
    retry: tuple[str, ...] = ()
    reuse: tuple[Path, ...] = ()


def make_order(
    study: Study | str | Path | None,
    given: Mapping[str, Any],
    where: Where,
    *,
    vary: Vary | None,
    objective: Sequence[str] | str | None,
    seeds: object,
    search: str | None,
    trials: int | None,
    retry: str | None,
    reuse: Sequence[str | Path] | None,
    out: str | Path | None,
    ambient: Mapping[str, Any] | None = None,
) -> Order:
    """Return what is to be run.

    Args:
        study, given, vary, objective, seeds, search, trials: see `asked_study`.
        where: see `Where`.
        retry: see `read_retry`.
        reuse: folders; that of the results itself is none.
        out: folder of the tables; None: results/STUDY.
        ambient: settings over which all others win.

    Raises:
        UserError: anything wrong with these.
    """
    made, overrides = asked_study(
        study, given, vary=vary, objective=objective, seeds=seeds, search=search, trials=trials
    )
    plan = expand(made, overrides, ambient or {})
    folder = Path(out) if out is not None else Path("results") / made.name
    others = tuple(Path(other) for other in reuse or ())
    here = folder.resolve()
    return Order(
        plan, folder, where, read_retry(retry), tuple(o for o in others if o.resolve() != here)
    )
