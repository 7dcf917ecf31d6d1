"""Conventions and energies from facts: of a layer just counted, or of one recorded long ago."""

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

from snnbench.cost.facts import FACTS, LayerFacts, Quantity, Share
from snnbench.errors import UserError, shortened, users_code
from snnbench.words.conventions import CONVENTIONS, Convention
from snnbench.words.energies import ENERGIES, Energy

Row = Mapping[str, Any]

_NUMBER = "Let its function return a number, or None where a fact it needs is None."
# Facts that every layer counted has; functions do not ask whether these are known.
_SIZES = ("applied_steps", "inputs", "outputs", "params")
_FACT_NAMES = frozenset(fact.name for fact in FACTS)


def derived() -> dict[str, Convention]:
    """Return column -> convention or energy model, for those that tables have.

    Raises:
        UserError: two of them, or one and a fact, claim the same column.
    """
    return _by_column(word for word in _words() if word.since is not None)


def conventions() -> dict[str, Convention]:
    """Return column -> convention or energy model, for all there are.

    Raises:
        UserError: as `derived`.
    """
    return _by_column(_words())


def _words() -> tuple[Convention, ...]:
    return (*CONVENTIONS.values(), *ENERGIES.values())


def _by_column(words: Iterable[Convention]) -> dict[str, Convention]:
    found: dict[str, Convention] = {}
    for word in words:
        column = word.column
        if column in _FACT_NAMES or column in found:
            raise UserError(
                f"There is a column '{column}' already; '{word.name}' cannot have it.",
                "Give the convention or energy model another name.",
            )
        found[column] = word
    return found


def operations() -> tuple[Quantity, ...]:
    """Return what the conventions and energy models count."""
    return tuple(
        Quantity(column, "number", word.unit, word.meaning, word.since)
        for column, word in derived().items()
        if word.since is not None
    )


def quantities() -> tuple[Quantity, ...]:
    """Return all that is known of a layer, in the order of the columns of layers.csv."""
    # a column keeps its place in the tables when others come
    return tuple(sorted((*FACTS, *operations()), key=lambda quantity: quantity.since))


def layer_row(facts: LayerFacts) -> dict[str, Any]:
    """Return a layer's facts, conventions and energies, by their columns in layers.csv."""
    values = vars(facts) | {name: _value(word, facts) for name, word in derived().items()}
    return {quantity.name: values[quantity.name] for quantity in quantities()}


def derive(row: Row) -> dict[str, float]:
    """Return the conventions and energies that a row lacks and that follow from its facts.

    Args:
        row: of layers.csv, column -> value; missing are columns that are None or not there. A row
            of version 1 lacks `model` and `steps`, which its run knows: `model`, and `T` or 1.
    """
    lacking = {name: word for name, word in derived().items() if row.get(name) is None}
    if not lacking:
        return {}
    facts = facts_of(row)
    values = {name: _value(word, facts) for name, word in lacking.items()}
    return {name: value for name, value in values.items() if value is not None}


def totals(rows: Sequence[Row]) -> dict[str, float | None]:
    """Return each convention's and energy's sum over a network's layers.

    Args:
        rows: of layers.csv, as for `derive`.

    Returns:
        Column -> sum; None where a layer's is not known, or there is no layer.
    """
    complete = [{**row, **derive(row)} for row in rows]
    sums: dict[str, float | None] = {}
    for name in derived():
        known = [row[name] for row in complete if row.get(name) is not None]
        sums[name] = float(sum(known)) if known and len(known) == len(rows) else None
    return sums


def explained() -> dict[str, dict[str, str]]:
    """Return what every convention, energy model and fact is: name, meaning, unit and the like."""
    words = {column: _about(word) for column, word in conventions().items()}
    facts = {
        fact.name: {"name": fact.name, "meaning": fact.meaning, "unit": fact.unit} for fact in FACTS
    }
    return words | facts


def _about(word: Convention) -> dict[str, str]:
    about = {"name": word.column, "meaning": word.meaning, "unit": word.unit,
             "formula": word.formula, "source": word.source}  # fmt: skip
    if isinstance(word, Energy):
        about["assumes"] = word.assumption
    options = (
        f"{name}: {option.meaning}, {option.default} unless"
        f" {'one of ' if option.choices else ''}{option}"
        for name, option in word.options.items()
    )
    return about | {"options": "; ".join(options)}


def network_values(layers: Sequence[LayerFacts]) -> dict[str, float | None]:
    """Return what each convention and energy model says of a whole network.

    Returns:
        Column -> sum over the layers, or the share in all of them; None where a layer's is not
        known, there is no layer, or the convention has nothing to count in any.
    """
    return {name: network_value(word, layers) for name, word in conventions().items()}


def network_value(word: Convention, layers: Sequence[LayerFacts]) -> float | None:
    """Return what one convention or energy model says of a whole network; see `network_values`."""
    counts = [_count(word, facts) for facts in layers]
    known = [count for count in counts if count is not None]
    return _together(word, known) if known and len(known) == len(counts) else None


def _together(word: Convention, counts: Sequence[float | Share]) -> float | None:
    numbers = [count for count in counts if not isinstance(count, Share)]
    shares = [count for count in counts if isinstance(count, Share)]
    if numbers and shares:
        raise UserError(
            f"{word.column} is a share of one layer and a number of another.",
            "Let its function always return the one or the other.",
        )
    if numbers:
        return float(sum(numbers))
    whole = sum(share.whole for share in shares)
    return sum(share.part for share in shares) / whole if whole else None


def facts_of(row: Row) -> LayerFacts:
    """Return the facts of a row of layers.csv, whatever version of the tables it is of."""
    known: dict[str, Any] = {name: row.get(name) for name in _FACT_NAMES}
    # Rows of version 1 hold two facts under the names of conventions.
    if known["dense_operations"] is None:
        known["dense_operations"] = row.get("dense_macs")
    macs, acs = row.get("effective_macs"), row.get("effective_acs")
    if known["effective_operations"] is None and macs is not None and acs is not None:
        known["effective_operations"] = macs + acs  # one of them is 0
    return LayerFacts(**known)


def _value(word: Convention, facts: LayerFacts) -> float | None:
    count = _count(word, facts)
    assert not isinstance(count, Share), "has no column"
    return count


def _count(word: Convention, facts: LayerFacts) -> float | Share | None:
    if any(getattr(facts, name) is None for name in _SIZES):  # of a table somebody wrote
        return None
    options = {name: option.default for name, option in word.options.items()}
    if word.is_ours:
        value: float | Share | None = word.load()(facts, **options)
        return value if value is None or isinstance(value, Share) else float(value)
    problem = f"{word.column} of layer {facts.layer} cannot be computed"
    with users_code(problem, _NUMBER, word.plugin.name if word.plugin else ""):
        return _checked(word, word.load()(facts, **options))


def _checked(word: Convention, value: Any) -> float | Share | None:
    """Return what a plug-in's function gave, if that is a count."""
    if isinstance(value, Share):
        if word.since is not None:  # a column's values are added up over the layers
            raise UserError("a share can have no column", "Add it with since=None.")
        numbers: tuple[Any, ...] = value
    elif value is None:
        return None
    else:
        numbers = (value,)
    if not all(isinstance(n, Real) and math.isfinite(n) for n in numbers):
        raise UserError(f"it gives {shortened(repr(value))}", _NUMBER)
    return value if isinstance(value, Share) else float(value)
