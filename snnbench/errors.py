"""Errors that are the user's to mend: one message, with its remedy."""

import difflib
from collections.abc import Iterable
from itertools import islice

_LONGEST = 40  # characters of a text quoted in a message
_MOST_CHOICES = 40
LONGEST_PATH = 200  # characters of a path in a message


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
    nearest = difflib.get_close_matches(name[:_LONGEST], known, n=1, cutoff=0.6)
    if nearest:
        return f"Did you mean '{nearest[0]}'?"
    more = f" and {len(known) - _MOST_CHOICES:,} more" if len(known) > _MOST_CHOICES else ""
    return f"Choose one of: {', '.join(map(shortened, islice(known, _MOST_CHOICES)))}{more}."


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return a text as messages quote it: its beginning, where it is long.

    >>> shortened("9" * 5000)
    '9999999999999999999999999999999999999999...'
    """
    return text if len(text) <= longest else text[:longest] + "..."


def shown(value: object) -> str:
    """Return any value as messages quote it."""
    try:
        return shortened(repr(value))
    except (ValueError, RecursionError):  # repr() of very long integers, of deep nesting
        return "a value too long to be shown"
