"""Reading claims and published numbers; what is wrong in them is reported with file and line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from snnbench.config.setting import SETTINGS, Role, Value
from snnbench.config.toml_file import TomlFile
from snnbench.config.toml_lines import Path as KeyPath
from snnbench.config.values import read_integer, read_number
from snnbench.errors import UserError, did_you_mean
from snnbench.studies.axis import check_value, checked_list
from snnbench.studies.claims import EPOCH_COLUMNS, KINDS, Claim, Monotone, PeakAt, Published
from snnbench.studies.plan import expand
from snnbench.studies.selecting import (
    VARIANT,
    Selector,
    select,
    value_text,
    values_along,
)
from snnbench.studies.study import Study

# Not in the tables as they stand in a study: places, and names that become other names.
_UNSELECTABLE: Mapping[Role, str] = {
    "place": "says where the data lie, not what is computed",
    "file": "is a path; name the variant instead",
    "speed": "says how fast a run is, not what is computed",
}
_LEAST_ALONG = 2  # values, for something to be said about them
_DIRECTIONS = {"peak_at": ("max", "min"), "better": ("max", "min"),
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
        _Reader(file, key, table, variants).read(Published, "a published number")
        for key, table in _tables(file, "published")
    )


def check_selected(study: Study) -> None:
    """Check that what a study's file speaks of is what it runs.

    A study that cannot be expanded without options is not checked, nor is one that searches: what
    they run is not known yet.

    Raises:
        UserError: a value that no run has, or a selector that selects no run.
    """
    spoken: list[tuple[KeyPath, Claim | Published]] = [
        (("claims", i), claim) for i, claim in enumerate(study.claims)
    ]
    spoken += [(("published", i), number) for i, number in enumerate(study.published)]
    if study.file is None or not spoken:
        return
    try:
        plan = expand(study)
    except UserError:
        return
    if not plan.spaces:
        rows = plan.rows()
        for key, said in spoken:
            _check_selectors(study.file, key, said, rows)


class _Reader:
    """Reads one table into a dataclass, key by key."""

    def __init__(
        self, file: TomlFile, key: KeyPath, table: Mapping[str, Any], variants: Sequence[str]
    ) -> None:
        self.file, self.key, self.table, self.variants = file, key, table, variants

    def read(self, kind: type[T], what: str) -> T:
        known = {f.name: f for f in fields(kind)}
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
        readers: Mapping[str, Callable[[], Any]] = {
            "text": lambda: _text(name, value),
            "source": lambda: _text(name, value),
            "metric": lambda: _one_of(name, value, self._columns(kind)),
            "than": lambda: _one_of(name, value, kind.columns()),
            "direction": lambda: _one_of(name, value, _DIRECTIONS[getattr(kind, "kind", "")]),
            "along": lambda: _one_of(name, value, _selectable()[1:]),
            "at": lambda: self._values(str(self.table["along"]), value),
            "between": lambda: _ends(value),
            "value": lambda: read_number(name, value),
            "after": lambda: _epoch(name, value),
            "epoch": lambda: _epoch(name, value),
            "share": lambda: _at_least(name, value, least=0, most=1),
        }
        return self._at((*self.key, name), readers.get(name, lambda: _at_least(name, value)))

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


def _check_selectors(
    file: TomlFile, key: KeyPath, said: Claim | Published, rows: Sequence[Mapping[str, Any]]
) -> None:
    for part, selector in said.selectors().items():
        own = said.where if part == "where" else getattr(said, part)
        for name, values in own.wanted:
            for value in values:
                if not select(Selector(((name, (value,)),)), rows):
                    raise file.error((*key, part, name), *_not_run(name, value, rows))
        if not select(selector, rows):
            problem = f"no run of the study has {selector}."
            raise file.error((*key, part), problem, "Change it, or what is varied.")
    if isinstance(said, PeakAt | Monotone):
        _check_along(file, key, said, rows)


def _check_along(
    file: TomlFile, key: KeyPath, said: PeakAt | Monotone, rows: Sequence[Mapping[str, Any]]
) -> None:
    found = values_along(said.along, select(said.where, rows))
    if len(found) < _LEAST_ALONG:
        problem = f"{said.along} is not varied in the runs spoken of."
        raise file.error((*key, "along"), problem, "Name a setting that takes several values.")
    if isinstance(said, PeakAt):
        for value in said.at:
            if value not in found:
                raise file.error((*key, "at"), *_not_run(said.along, value, rows))
    elif said.between is not None:
        low, high = said.between
        inside = [v for v in found if isinstance(v, int | float) and low <= v <= high]
        if len(inside) < _LEAST_ALONG:
            problem = f"{said.along} has {len(inside)} values between {low:g} and {high:g}."
            remedy = f"Its runs have {', '.join(map(value_text, found))}."
            raise file.error((*key, "between"), problem, remedy)


def _not_run(name: str, value: Value, rows: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    found = ", ".join(map(value_text, values_along(name, rows))) or "no value"
    return f"no run of the study has {name} = {value_text(value)}.", f"Its runs have {found}."


def _text(name: str, value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise UserError(f"{name} must be a text.", "Put it between quotes.")


def _one_of(name: str, value: object, known: Sequence[str]) -> str:
    if isinstance(value, str) and value in known:
        return value
    remedy = did_you_mean(str(value), known) if known else "The study has none."
    raise UserError(f"{name}: '{value}' is not known here.", remedy)


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
