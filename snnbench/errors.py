"""Errors that are the user's to mend: one message, with its remedy."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """Wrong usage or input, caught once, in the command line, which then exits with 2.

    Args:
        problem: what is wrong, in one sentence, naming the file, setting or value.
        remedy: what to type or change.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.problem}\n{self.remedy}"


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """Return a remedy that suggests the choice nearest to `name`, or lists them all.

    >>> did_you_mean("betaa", ["beta", "z"])
    "Did you mean 'beta'?"
    >>> did_you_mean("q", ["beta", "z"])
    'Choose one of: beta, z.'
    """
    known = list(choices)
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"Did you mean '{nearest[0]}'?" if nearest else f"Choose one of: {', '.join(known)}."
