"""Seeds until decided: looks at 5, 10, 20, 40, ... seeds, each with its share of the error."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count, islice

from snnbench.studies.claims import Claim
from snnbench.studies.plan import Plan
from snnbench.studies.study import Study

_FIRST = 5  # seeds

RULE = (
    "Claims are looked at with 5, 10, 20, 40, ... seeds, until the most that were allowed; what is"
    " decided stays so, and only runs that an undecided claim needs get more seeds. So that k looks"
    " err no more often than one, each may err with 5 % / k: its intervals are those at 1 - 5 % / k"
    " (Bonferroni: whatever the looks have to do with each other, the chance that one of them errs"
    " is at most the sum of theirs). A look counts when all runs that the claim speaks of have its"
    " seeds."
)


def looks(most: int) -> tuple[int, ...]:
    """Return the numbers of seeds at which claims are looked at.

    >>> looks(40), looks(30), looks(3)
    ((5, 10, 20, 40), (5, 10, 20, 30), (3,))
    """
    numbers = []
    n = _FIRST
    while n < most:
        numbers.append(n)
        n *= 2
    return (*numbers, most)


def looks_of(study: Study) -> tuple[Study, ...]:
    """Return the study with the seeds of each look; of one without looks, the study.

    Those of a look are the study's own in its order, then the least others.
    """
    if study.until_decided is None:
        return (study,)
    others = (seed for seed in count() if seed not in study.seeds)
    seeds = (*study.seeds, *islice(others, study.until_decided))
    return tuple(replace(study, seeds=seeds[:n]) for n in looks(study.until_decided))


def needed(plan: Plan, claims: Iterable[Claim]) -> Plan:
    """Return a plan with only the runs that claims speak of, and the teachers of these."""
    selectors = [selector for claim in claims for selector in claim.spoken()]
    rows = plan.rows()
    kept = {i for i, row in enumerate(rows) if any(s.selects(row) for s in selectors)}
    kept |= _teachers(plan, kept)
    places = {old: new for new, old in enumerate(sorted(kept))}
    runs = [plan.runs[i] for i in sorted(kept)]
    return replace(
        plan,
        runs=tuple(
            run if run.teacher is None else replace(run, teacher=places[run.teacher])
            for run in runs
        ),
    )


def _teachers(plan: Plan, students: Iterable[int]) -> set[int]:
    """Return the positions of all teachers, and of theirs."""
    found: set[int] = set()
    left: Sequence[int] = list(students)
    while left:
        teachers = {plan.runs[i].teacher for i in left}
        left = [i for i in teachers if i is not None and i not in found]
        found |= set(left)
    return found
