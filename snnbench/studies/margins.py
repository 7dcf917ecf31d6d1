"""By how much a network may be worse and still count as no worse: margins of claims."""

from typing import NamedTuple

from snnbench.config.values import read_number
from snnbench.errors import UserError, shown
from snnbench.results.schema import EPOCHS, columns_of


class Margin(NamedTuple):
    """How much worse is not worse: in the metric's unit, or as a part of what b has."""

    size: float
    of_b: bool


def unit_of(column: str) -> str:
    """Return the unit of a column of the runs or of the learning curves."""
    return {c.name: c.unit for c in (*EPOCHS, *columns_of("runs"))}.get(column, "")


def read_share(value: object, problem: str, remedy: str) -> tuple[float, bool]:
    """Return the size of a number, or of a text such as "1%", and whether it is a percentage.

    Raises:
        UserError: it is neither; with these words.
    """
    percent = isinstance(value, str) and value.strip().endswith("%")
    number = value.strip().removesuffix("%") if isinstance(value, str) else value
    try:
        return read_number("margin", number) / (100 if percent else 1), percent
    except UserError:
        raise UserError(problem, remedy) from None


def margin_of(text: object, metric: str, direction: str = "max") -> Margin:
    """Return the margin that a number, or a text such as "1%", stands for.

    A percentage is in points where the metric is a fraction, else a part of what b has.

    Raises:
        UserError: it is neither, is not above 0, or is so large that nothing is worse by it.
    """
    remedy = 'Write, for instance, margin = 0.01 or margin = "1%".'
    problem = f"margin: {shown(text)} is neither a number nor a percentage."
    size, percent = read_share(text, problem, remedy)
    if size <= 0:
        raise UserError(f"margin: {text} is out of range: it must be above 0.", remedy)
    is_fraction = unit_of(metric) == "fraction"
    if size >= 1 and (is_fraction or (percent and direction == "max")):
        raise UserError(f"margin: {text} is out of range: nothing is worse by so much.", remedy)
    return Margin(size, percent and not is_fraction)


def read_margin(text: str | float) -> float:
    """Return how much less accurate counts as not worse: "1%", or 0.01, as 0.01.

    Raises:
        UserError: it is no number from 0 to 1.
    """
    problem, remedy = f"--margin: {shown(text)} is no share.", "Write, for instance, 1%."
    size, _ = read_share(text, problem, remedy)
    if not 0 <= size < 1:
        raise UserError(problem, remedy)
    return size
