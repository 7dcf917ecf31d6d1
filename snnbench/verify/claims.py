"""A study's claims, decided anew from runs that were trained again."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from snnbench.report.judging.deciding import Outcome
from snnbench.report.page.summary import verdicts_in
from snnbench.studies.study import Study


class ClaimAgain(NamedTuple):
    """A claim, what the recorded runs say of it and what those that were trained again say."""

    text: str
    recorded: Outcome
    retrained: Outcome
    reason: str

    @property
    def holds(self) -> bool:
        """Whether the verdict is the same."""
        return self.recorded == self.retrained


def decide_again(study: Study, folder: Path, here: Path) -> Iterator[ClaimAgain]:
    """Yield the study's claims with both verdicts.

    Args:
        study: whose runs they are.
        folder: of the recorded tables.
        here: of the tables of the runs that were trained again.
    """
    theirs, ours = (verdicts_in(one, study) for one in (folder, here))
    for one, other in zip(theirs, ours, strict=False):  # none where no run was trained again
        yield ClaimAgain(one.claim.text, one.outcome, other.outcome, other.reason)
