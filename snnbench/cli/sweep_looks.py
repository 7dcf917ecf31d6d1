"""`snnbench sweep --until-decided`: look after look, until no claim needs more seeds."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnbench.cli.console import say
from snnbench.cli.sweep_progress import Followed, SweepProgress, follow_sweep

if TYPE_CHECKING:
    from snnbench.studies.study import Study
    from snnbench.sweep.run import Where


def follow_looks(
    study: "Study",
    settings: tuple[Mapping[str, Any], Mapping[str, Any]],
    folder: Path,
    where: "Where",
    progress: SweepProgress,
    **how: Any,
) -> Followed:
    """Run a study's looks, and say after each what is decided.

    Args:
        study: with `until_decided`.
        settings: overrides and ambient ones of `expand`.
        folder, where, progress, how: see `follow_sweep`.
    """
    from snnbench.report.judging.looks import more_seeds_help
    from snnbench.report.page.summary import verdicts_in
    from snnbench.studies.looks import looks_of, needed
    from snnbench.studies.plan import expand

    looks = looks_of(study)
    ids: dict[str, None] = {}
    claims = study.claims
    for number, look in enumerate(looks, 1):
        plan = expand(look, *settings)
        progress.begin()
        followed = follow_sweep(
            plan if number == 1 else needed(plan, claims), folder, where, progress, **how
        )
        ids |= followed.ids
        progress.total = len(ids)
        if followed.signal is not None or followed.gone is not None:
            break
        verdicts = verdicts_in(folder, study)
        undecided = [verdict for verdict in verdicts if verdict.outcome == "undecided"]
        claims = tuple(verdict.claim for verdict in undecided if more_seeds_help(verdict))
        decided = f"{len(verdicts) - len(undecided)} of {len(verdicts)} claims are decided"
        say(f"Look {number} of {len(looks)}, {len(look.seeds)} seeds: {decided}.")
        if number == 1 or not claims:
            for verdict in undecided:
                if not more_seeds_help(verdict):
                    say(f"No seeds decide '{verdict.claim.text}': {verdict.reason}.")
        if not claims:
            break
    return Followed(ids, followed.signal, followed.gone)
