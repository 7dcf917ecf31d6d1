"""Many verdicts at once: what chance alone could have decided."""

from collections.abc import Sequence

from snnbench.report.judging.deciding import ALPHA
from snnbench.report.judging.verdicts import Verdict

_MANY = 20  # decided claims, of which one is wrong by chance if all lie at their edge


def by_chance(verdicts: Sequence[Verdict]) -> str:
    """Return a sentence about how many verdicts may be wrong by chance; "" of a few.

    The expected number is at most `ALPHA` a verdict, whatever they have to do with each other.
    """
    decided = sum(verdict.outcome != "undecided" for verdict in verdicts)
    if decided < _MANY:
        return ""
    return (
        f"Each verdict errs with at most {100 * ALPHA:g} %, on its own: of the {decided} decided"
        f" here, {decided * ALPHA:.0f} could be by chance alone if the truth lay at the edge of"
        " every claim."
    )
