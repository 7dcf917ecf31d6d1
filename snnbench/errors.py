"""Errors that are the user's to mend: one message, with its remedy."""

import difflib
import sysconfig
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

_OURS = Path(__file__).parent
_STDLIB = Path(sysconfig.get_path("stdlib"))
_INSTALLED = frozenset({"site-packages", "dist-packages"})

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
    nearest = [choice for choice in known if choice.casefold() == name.casefold()]
    nearest += difflib.get_close_matches(name[:_LONGEST], known, n=1, cutoff=0.6)
    if nearest:
        return f"Did you mean '{nearest[0]}'?"
    more = f" and {len(known) - _MOST_CHOICES:,} more" if len(known) > _MOST_CHOICES else ""
    return f"Choose one of: {', '.join(map(shortened, islice(known, _MOST_CHOICES)))}{more}."


def and_more(texts: Sequence[str], most: int = 5, between: str = ", ") -> str:
    """Return texts as sentences list them: the first ones, and how many more there are.

    >>> and_more(["a", "b", "c"], 3), and_more(["a", "b", "c"], 2), and_more(["a", "b"], 1, "; ")
    ('a, b, c', 'a, b and 1 more', 'a; and 1 more')
    """
    joined, left = between.join(texts[:most]), len(texts) - most
    return f"{joined}{between.strip(', ')} and {left} more" if left > 0 else joined


def count_of(n: int, word: str) -> str:
    """Return "1 run" or "2 runs"."""
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


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


@contextmanager
def users_code(
    problem: str | Callable[[], str], remedy: str, place: str = "", file: Path | None = None
) -> Iterator[None]:
    """Turn what a user's code raises within the context, or its exit, into an error with its line.

    Args:
        problem: what cannot be done because of it; may be empty.
        remedy: of errors that have none.
        place: of the code, where no line of it can be named.
        file: is the user's wherever it lies.

    Raises:
        UserError: names the innermost line of the user's that it came from.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        told = problem if isinstance(problem, str) else problem()
        about = [told, place_of(error, file) or place]
        if isinstance(error, UserError):
            about, remedy = [*about, error.problem], error.remedy
        else:
            first = str(error).strip().partition("\n")[0]
            about += [type(error).__name__, first]
        raise UserError(": ".join(part for part in about if part), remedy) from None


def place_of(error: BaseException, file: Path | None = None) -> str | None:
    """Return "FILE, line N", the innermost line of a user's that an error came from.

    Args:
        error: an exception that has been raised.
        file: is the user's wherever it lies; others are where they belong to no library.
    """
    frames = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        frames.append((error.filename, error.lineno))
    for name, line in reversed(frames):
        if name == str(file) or _is_users(Path(name)):
            return f"{name}, line {line}"
    return None


def _is_users(path: Path) -> bool:
    library = path.is_relative_to(_OURS) or path.is_relative_to(_STDLIB)
    return path.suffix == ".py" and not library and not _INSTALLED.intersection(path.parts)
