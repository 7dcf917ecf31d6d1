"""Reading claims and published numbers; what is wrong in them is reported with file and line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, replace
from typing import Any, TypeVar

from snnbench.config.setting import SETTINGS, Role, Value
from snnbench.config.toml_file import TomlFile
from snnbench.config.toml_lines import Path as KeyPath
from snnbench.config.values import read_integer, read_number
from snnbench.errors import UserError, did_you_mean, shortened
from snnbench.studies.axis import check_value, checked_list
from snnbench.studies.claims import (
    ALL,
    ANY,
    EPOCH_COLUMNS,
    KINDS,
    AtMost,
    Claim,
    NotWorse,
    Published,
)
from snnbench.studies.margins import margin_of, unit_of
from snnbench.studies.selecting import (
    VARIANT,
    Selector,
)
from snnbench.words.conventions import find_convention
from snnbench.words.energies import ENERGIES

# Not in the tables as they stand in a study: places, and names that become other names.
_UNSELECTABLE: Mapping[Role, str] = {
    "place": "says where the data lie, not what is computed",
    "file": "is a path; name the variant instead",
    "speed": "says how fast a run is, not what is computed",
}
_DIRECTIONS = {"peak_at": ("max", "min"), "better": ("max", "min"), "not_worse": ("max", "min"),
               "monotone": ("up", "down"), "trend": ("up", "down")}  # fmt: skip

T = TypeVar("T", Claim, Published)


def read_claims(file: TomlFile, variants: Sequence[str]) -> tuple[Claim, ...]:
    """Read `[[claims]]`.

    Args:
        file: the study's file.
        variants: names of its variants.

    Raises:
        UserError: an unknown kind, setting, column or variant; a missing, unknown or wrong key.
    """
    claims = []
    for key, table in _tables(file, "claims"):
        if "kind" not in table:
            raise file.error(key, "one of the claims has no kind.", f"Add one: {', '.join(KINDS)}.")
        kind = table["kind"]
        if not isinstance(kind, str) or kind not in KINDS:
            remedy = did_you_mean(str(kind), KINDS)
            raise file.error((*key, "kind"), f"kind: '{kind}' is not known.", remedy)
        content = {name: value for name, value in table.items() if name != "kind"}
        claims.append(_Reader(file, key, content, variants).read(KINDS[kind], f"kind '{kind}'"))
    return tuple(claims)


def read_published(file: TomlFile, variants: Sequence[str]) -> tuple[Published, ...]:
    """Read `[[published]]`; see `read_claims`."""
    return tuple(
        replace(
            _Reader(file, key, table, variants).read(Published, "a published number"),
            decimals=file.decimals((*key, "value")),
        )
        for key, table in _tables(file, "published")
    )


class _Reader:
    """Reads one table into a dataclass, key by key."""

    def __init__(
        self, file: TomlFile, key: KeyPath, table: Mapping[str, Any], variants: Sequence[str]
    ) -> None:
        self.file, self.key, self.table, self.variants = file, key, table, variants

    def read(self, kind: type[T], what: str) -> T:
        known = {f.name: f for f in fields(kind) if f.metadata.get("key", True)}
        for name in self.table:
            if name not in known:
                problem = f"{what} has no key '{name}'."
                raise self.file.error((*self.key, name), problem, did_you_mean(name, known))
        for name, f in known.items():
            if f.default is MISSING and name not in self.table:
                raise self.file.error(self.key, f"{what} lacks {name}.", f"Write {name} = ...")
        return kind(**{name: self._value(kind, name) for name in known if name in self.table})

    def _value(self, kind: type[Claim] | type[Published], name: str) -> Any:
        value = self.table[name]
        if name in ("where", "a", "b"):
            return self._selector(name, value)
        readers: dict[str, Callable[[], Any]] = {
            "text": lambda: _text(name, value),
            "source": lambda: _text(name, value),
            "metric": lambda: _one_of(name, value, self._columns(kind)),
            "than": lambda: _one_of(name, value, kind.columns()),
            "direction": lambda: _one_of(name, value, _DIRECTIONS[getattr(kind, "kind", "")]),
            "along": lambda: _one_of(name, value, _selectable()[1:]),
            "at": lambda: self._values(str(self.table["along"]), value),
            "between": lambda: _ends(value),
            "value": lambda: self._number(kind, value),
            "under": lambda: _models(value),
            "after": lambda: _epoch(name, value),
            "epoch": lambda: _epoch(name, value),
            "share": lambda: _at_least(name, value, least=0, most=1),
        }
        if kind is NotWorse:
            readers |= {"margin": lambda: self._margin(value)}
        return self._at((*self.key, name), readers.get(name, lambda: _at_least(name, value)))

    def _number(self, kind: type[Claim] | type[Published], value: object) -> float:
        number = read_number("value", value)
        metric = str(self.table.get("metric", Published.metric))
        if kind is AtMost and number <= 0:
            raise UserError(f"value: {number:g} is out of range.", "A ratio is above 0: value = 1")
        if kind is Published and unit_of(metric) == "fraction" and not 0 <= number <= 1:
            problem = f"value: {number:g} is out of range: {metric} is a fraction."
            raise UserError(problem, "Give from 0 to 1, as in 0.93 for 93 %.")
        return number

    def _margin(self, value: object) -> float | str:
        """Return the margin as it is written, if it is one of the metric."""
        metric = str(self.table.get("metric", NotWorse.metric))
        margin_of(value, metric, str(self.table.get("direction", NotWorse.direction)))
        return value.strip() if isinstance(value, str) else read_number("margin", value)

    def _columns(self, kind: type[Claim] | type[Published]) -> tuple[str, ...]:
        """Return what can be a metric; at one epoch of a run it comes from the learning curve."""
        return EPOCH_COLUMNS if "epoch" in self.table else kind.columns()

    def _selector(self, key: str, value: object) -> Selector:
        if not isinstance(value, dict):
            remedy = f"Write {key} = {{ lr = 0.1, T = [5, 10] }}."
            raise self.file.error((*self.key, key), f"{key} must be a table.", remedy)
        wanted = []
        for name, values in value.items():
            where = (*self.key, key, name)
            if name in SETTINGS and (role := SETTINGS[name].role) in _UNSELECTABLE:
                problem = f"{key}: runs cannot be told apart by {name}."
                raise self.file.error(where, problem, f"Leave it out: it {_UNSELECTABLE[role]}.")
            if name not in (VARIANT, *SETTINGS):
                problem = f"{key}: '{name}' is neither a setting nor 'variant'."
                raise self.file.error(where, problem, did_you_mean(name, _selectable()))
            wanted.append((name, self._at(where, self._maker(name, values))))
        return Selector(tuple(wanted))

    def _maker(self, name: str, values: object) -> Callable[[], tuple[Value, ...]]:
        return lambda: self._values(name, values)

    def _values(self, name: str, values: object) -> tuple[Value, ...]:
        listed = values if isinstance(values, list) else [values]
        if not listed:
            raise UserError(f"{name}: there are no values.", "Give one or more.")
        if name == VARIANT:
            return tuple(_one_of(name, value, self.variants) for value in listed)
        return tuple(check_value(name, value) for value in checked_list(name, listed))

    def _at(self, key: KeyPath, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except UserError as error:
            raise self.file.error(key, error.problem, error.remedy) from None


def _selectable() -> list[str]:
    """Return what runs can be told apart by."""
    return [VARIANT, *(n for n, s in SETTINGS.items() if s.role not in _UNSELECTABLE)]


def _tables(file: TomlFile, name: str) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    tables = file.content.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise file.error((name,), f"{name} must be tables.", f"Write [[{name}]] above each.")
    for i, table in enumerate(tables):
        yield (name, i), table


def _text(name: str, value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise UserError(f"{name} must be a text.", "Put it between quotes.")


def _one_of(name: str, value: object, known: Sequence[str]) -> str:
    if isinstance(value, str) and value in known:
        return value
    remedy = did_you_mean(str(value), known) if known else "The study has none."
    raise UserError(f"{name}: '{value}' is not known here.", remedy)


def _models(value: object) -> str | tuple[str, ...]:
    """Return "all", "any", or the energy models that are named, each with its options."""
    if value in (ALL, ANY):
        return str(value)
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        remedy = f'Write "{ALL}", "{ANY}", or models: under = ["memory45nm:bits=8", "loihi"].'
        raise UserError("under must be names of energy models.", remedy)
    for name in names:
        if name.partition(":")[0] not in ENERGIES:  # which might have been "all" or "any"
            problem = f"under: the energy model '{shortened(name)}' is not known."
            raise UserError(problem, did_you_mean(name.partition(":")[0], (ALL, ANY, *ENERGIES)))
        find_convention(ENERGIES, name)
        if names.count(name) > 1:
            raise UserError(f"under: {name} is named twice.", "Name it once.")
    return tuple(names)


def _at_least(name: str, value: object, least: float = 0, most: float = 1e12) -> float:
    number = read_number(name, value)
    if not least <= number <= most:
        raise UserError(f"{name}: {number:g} is out of range.", f"Give from {least:g} to {most:g}.")
    return number


def _epoch(name: str, value: object) -> int:
    epoch = read_integer(name, value)
    if epoch < 1:
        raise UserError(f"{name}: {epoch} is out of range.", "Epochs count from 1.")
    return epoch


def _ends(value: object) -> tuple[float, float]:
    if isinstance(value, list) and len(value) == 2:
        low, high = (read_number("between", end) for end in value)
        if low < high:
            return low, high
    raise UserError("between must be two numbers, the lower first.", "Write between = [0.1, 2].")
