"""What is asked of a report on the command line: a condition to fail on, a baseline."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snnbench.config.setting import SETTINGS
from snnbench.config.values import read_number
from snnbench.errors import UserError, did_you_mean
from snnbench.studies.axis import check_value
from snnbench.studies.objective import result_columns
from snnbench.studies.selecting import VARIANT, Selector

if TYPE_CHECKING:
    from snnbench.report.reading.groups import Configuration

_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_CONDITION = re.compile(r"\s*(\w+)\s*(<=|>=|==|!=|<|>)\s*(\S+)\s*")


@dataclass(frozen=True)
class Condition:
    """COLUMN OPERATOR NUMBER, of the mean of a configuration over its seeds."""

    column: str
    operator: str
    number: float

    def met_by(self, named: "Sequence[tuple[str, Configuration]]") -> list[tuple[str, str]]:
        """Return name and reason of the configurations for which it holds.

        One of which no run finished counts, too: a check that nothing passed has failed.

        Raises:
            UserError: runs finished, but none has the column.
        """
        met = []
        known = False
        for name, configuration in named:
            found = configuration.mean(self.column)
            known = known or found is not None
            if configuration.done.empty:
                met.append((name, "no run finished"))
            elif found is not None and _OPERATORS[self.operator](found.value, self.number):
                met.append((name, f"{self.column} = {found.value:.6g}, n = {found.n}"))
        if not known and any(not configuration.done.empty for _, configuration in named):
            raise UserError(
                f"--fail-if: no run has a {self.column}.", "Choose a column that the runs fill."
            )
        return met


def parse_condition(text: str) -> Condition:
    """Parse "test_accuracy < 0.9".

    Raises:
        UserError: it is not of that form, or the column is no number that a run computes.
    """
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise UserError(
            f"--fail-if: '{text}' is not COLUMN OPERATOR NUMBER.",
            "Write, for instance, 'test_accuracy < 0.9'; operators are < <= > >= == !=.",
        )
    column, sign, number = found.groups()
    known = result_columns()
    if column not in known:
        raise UserError(
            f"--fail-if: '{column}' is no number that a run computes.",
            did_you_mean(column, known),
        )
    return Condition(column, sign, read_number("--fail-if", number))


def parse_where(text: str) -> Selector:
    """Parse "model=ann" or "model=ann,T=5": which configuration is meant.

    Raises:
        UserError: an unknown setting, or a value that it cannot take.
    """
    wanted = []
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            raise UserError(
                f"--baseline: '{part}' is not NAME=VALUE, nor is it one of the folders given.",
                "Write, for instance, model=ann,T=5, or name the folder among the others.",
            )
        if name != VARIANT and name not in SETTINGS:
            names = (VARIANT, *SETTINGS)
            raise UserError(f"--baseline: unknown setting '{name}'.", did_you_mean(name, names))
        wanted.append((name, (value if name == VARIANT else check_value(name, value),)))
    return Selector(tuple(wanted))
