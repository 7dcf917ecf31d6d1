"""A sweep in one go, or look after look, until no claim needs more seeds."""

from collections.abc import Sequence
from dataclasses import replace
from signal import Signals
from typing import TYPE_CHECKING

from snnbench.progress.stopping import GentleStop
from snnbench.progress.sweeps import Followed, SweepProgress, follow_sweep

if TYPE_CHECKING:
    from snnbench.studies.claims import Claim
    from snnbench.studies.study import Study
    from snnbench.sweep.order import Order


def follow_study(order: "Order", progress: SweepProgress, signals: tuple[Signals, ...]) -> Followed:
    """Run a sweep to its end, or to that of what is running when a signal comes.

    Of a study with `until_decided` it says after each look what is decided.

    Args:
        order: what is to be run.
        progress: draws it.
        signals: that are waited for.
    """
    looks = order.looks
    if len(looks) == 1:
        return follow_sweep(order, progress, GentleStop(signals))
    from snnbench.studies.looks import needed

    ids: dict[str, None] = {}
    claims: tuple[Claim, ...] = order.study.claims
    for number, look in enumerate(looks, 1):
        plan = order.plan if number == 1 else needed(order.expanded(look), claims)
        progress.begin()
        followed = follow_sweep(replace(order, plan=plan), progress, GentleStop(signals))
        ids |= followed.ids
        progress.total = len(ids)
        if followed.signal is not None or followed.gone is not None:
            break
        claims = _undecided(order, progress, looks, number)
        if not claims:
            break
    return Followed(ids, followed.signal, followed.gone)


def _undecided(
    order: "Order", progress: SweepProgress, looks: "Sequence[Study]", number: int
) -> "tuple[Claim, ...]":
    """Say what a look has decided, and return the claims that more seeds may decide."""
    from snnbench.report.judging.looks import more_seeds_help
    from snnbench.report.page.summary import verdicts_in

    verdicts = verdicts_in(order.folder, order.study)
    undecided = [verdict for verdict in verdicts if verdict.outcome == "undecided"]
    claims = tuple(verdict.claim for verdict in undecided if more_seeds_help(verdict))
    decided = f"{len(verdicts) - len(undecided)} of {len(verdicts)} claims are decided"
    seeds = len(looks[number - 1].seeds)
    progress.say(f"Look {number} of {len(looks)}, {seeds} seeds: {decided}.")
    if number == 1 or not claims:
        for verdict in undecided:
            if not more_seeds_help(verdict):
                progress.say(f"No seeds decide '{verdict.claim.text}': {verdict.reason}.")
    return claims
