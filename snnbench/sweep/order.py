"""A sweep as it is asked for, by the command line or in a notebook: checked, and ready to run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snnbench.studies.asked import asked_study
from snnbench.studies.assumptions import World
from snnbench.studies.looks import looks_of
from snnbench.studies.plan import Plan, expand
from snnbench.studies.study import Study
from snnbench.studies.worlds import choose_worlds, expand_worlds, without_varied
from snnbench.sweep.retries import read_retry
from snnbench.sweep.run import Where


@dataclass(frozen=True)
class Order:
    """What `run_sweep` takes.

    Attributes:
        study: what is swept.
        settings: that override it, and those over which all others win.
        plan: all runs, or those of the first look.
        worlds: of the study, that are run; () for the study as it is.
        folder: of the tables.
        where: machine or cluster, and how.
        retry: statuses of recorded runs that are run again.
        reuse: folders of results whose runs are taken over.
    """

    study: Study
    settings: tuple[Mapping[str, Any], Mapping[str, Any]]
    plan: Plan
    folder: Path
    where: Where
    retry: tuple[str, ...] = ()
    reuse: tuple[Path, ...] = ()
    worlds: tuple[World, ...] = ()

    @classmethod
    def of(cls, study: Study, folder: Path, where: Where, overrides: Mapping[str, Any],
           ambient: Mapping[str, Any], *, worlds: Sequence[World] = (),
           **how: Any) -> "Order":  # fmt: skip
        """Return the order for a study; see the attributes.

        Raises:
            UserError: see `expand` and `expand_worlds`.
        """
        if worlds:
            plan = expand_worlds(study, worlds, overrides, ambient)
        else:
            plan = expand(looks_of(study)[0], overrides, ambient)
        settings = (overrides, ambient)
        return cls(study, settings, plan, folder, where, worlds=tuple(worlds), **how)

    @property
    def looks(self) -> tuple[Study, ...]:
        """The study with the seeds of each look; of one without looks, the study."""
        return looks_of(self.study)

    def expanded(self, study: Study) -> Plan:
        """Return the plan of a look."""
        return expand(study, *self.settings)


def make_order(
    study: Study | str | Path | None,
    given: Mapping[str, Any],
    where: Where,
    *,
    retry: str | None,
    reuse: Sequence[str | Path] | None,
    out: str | Path | None,
    ambient: Mapping[str, Any] | None = None,
    worlds: str | None = None,
    world: str | None = None,
    worlds_seed: int | None = None,
    **pieces: Any,
) -> Order:
    """Return what is to be run.

    Args:
        study, given: see `asked_study`.
        where: see `Where`.
        retry: see `read_retry`.
        reuse: folders; that of the results itself is none.
        out: folder of the tables; None: results/STUDY.
        ambient: settings over which all others win.
        worlds, world, worlds_seed: see `choose_worlds`.
        pieces: see `asked_study`.

    Raises:
        UserError: anything wrong with these.
    """
    made, overrides = asked_study(study, given, **pieces)
    chosen = choose_worlds(made, worlds, world, worlds_seed)
    made = made if chosen else without_varied(made)
    folder = Path(out) if out is not None else Path("results") / made.name
    others = tuple(Path(other) for other in reuse or ())
    here = folder.resolve()
    return Order.of(
        made, folder, where, overrides, ambient or {}, worlds=chosen, retry=read_retry(retry),
        reuse=tuple(other for other in others if other.resolve() != here),
    )  # fmt: skip
