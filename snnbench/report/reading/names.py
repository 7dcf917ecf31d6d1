"""Names of configurations: what tells each from the others of its family, and no more.

A family are the configurations of one variant and model. Where they lie around a base, each
differing from it in few settings, as in a sweep of one setting at a time, a name says these, and
that of the base is "base". Else it says the settings that differ, one after the other.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from snnbench.config.setting import SETTINGS, Value
from snnbench.studies.selecting import VARIANT, value_text

ONLY = "the only configuration"
BASE = "base"
_AT_BASE = ""  # stands for the settings of a configuration that deviates in none
_FIRST = (VARIANT, "model")
_CHECKSUM_DIGITS = 8  # enough of it to tell two data sets apart

Row = Mapping[str, Value]
_Said = dict[str, Value]  # the settings of which a name tells the values


def short_names(rows: Sequence[Row], varied: Sequence[Sequence[str]] = ()) -> list[str]:
    """Return a name for each of several rows of settings, no two alike where the rows are not.

    Args:
        rows: setting -> value, the same settings in all.
        varied: of each row the settings that its name says, whether others differ in them or not.
    """
    said: list[_Said] = [{} for _ in rows]

    def tell(which: list[int], columns: Sequence[str]) -> list[list[int]]:
        """Say so many columns of some rows; return those that are not told apart by them."""
        parts: dict[tuple[Value, ...], list[int]] = {}
        for i in which:
            said[i] |= {column: rows[i][column] for column in columns}
            parts.setdefault(tuple(rows[i][column] for column in columns), []).append(i)
        return list(parts.values())

    families = [list(range(len(rows)))]
    for column in _FIRST:
        families = [part for which in families for part in
                    tell(which, [column] if column in _differing(rows, which) else [])]  # fmt: skip
    for family in families:
        known: dict[tuple[tuple[str, Value], ...], list[int]] = {}
        for i in family:
            own = [name for name in varied[i] if rows[i].get(name) is not None] if varied else []
            said[i] |= {name: rows[i][name] for name in own}
            known.setdefault(tuple(said[i].items()), []).append(i)
        for alike in known.values():
            if not _around_a_base(rows, alike, said):
                _split(rows, alike, tell)
    return _distinct(said)


def _differing(rows: Sequence[Row], which: Sequence[int]) -> list[str]:
    """Return the columns in which some rows differ, in their order."""
    first = rows[which[0]]
    return [name for name in first if any(rows[i][name] != first[name] for i in which)]


def _split(
    rows: Sequence[Row],
    which: list[int],
    tell: Callable[[list[int], Sequence[str]], list[list[int]]],
) -> None:
    """Say one differing column after the other until all are told apart."""
    differing = _differing(rows, which)
    for part in tell(which, differing[:1]) if differing else ():
        _split(rows, part, tell)


def _around_a_base(rows: Sequence[Row], which: Sequence[int], said: list[_Said]) -> bool:
    """Say what rows deviate in from their most frequent values, if that is little.

    Of a grid at least half of all values deviate; of rows that differ in one of k settings each,
    less than 1 / k do.

    Returns:
        Whether it is little; else nothing is said.
    """
    differing = _differing(rows, which)
    base = {name: _most_frequent([rows[i][name] for i in which]) for name in differing}
    deviating = {i: {n: rows[i][n] for n in differing if rows[i][n] != base[n]} for i in which}
    leading = {i: _leading(found) for i, found in deviating.items()}
    columns = {name for found in leading.values() for name in found}
    count = sum(map(len, leading.values()))
    if len(columns) < 2 or 2 * count >= len(columns) * len(which):
        return False
    times = Counter(tuple(found.items()) for found in leading.values())
    for i, found in leading.items():
        # what follows from another setting is said where that does not tell them apart
        own = found if times[tuple(found.items())] == 1 else deviating[i]
        said[i] |= own or {_AT_BASE: None}
    return True


def _leading(deviating: _Said) -> _Said:
    """Leave out the settings that deviate because another one does."""
    found = {
        n: v for n, v in deviating.items() if n not in SETTINGS or SETTINGS[n].of not in deviating
    }
    with_value: _Said = {name: value for name, value in found.items() if value is not None}
    return with_value or found


def _most_frequent(values: Sequence[Value]) -> Value:
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], str(value)))


def _distinct(said: Sequence[_Said]) -> list[str]:
    """Return the names: with all digits, and at last with numbers, where they would be alike."""
    names = [_name(one, _text) for one in said]
    times = Counter(names)
    names = [_name(one, _exact) if times[name] > 1 else name
             for one, name in zip(said, names, strict=True)]  # fmt: skip
    times, seen = Counter(names), Counter[str]()
    for i, name in enumerate(names):
        if times[name] > 1:
            seen[name] += 1
            names[i] = f"{name} ({seen[name]})"
    return names


def _name(said: _Said, text: Callable[[str, Value], str]) -> str:
    return printable(", ".join(text(name, value) for name, value in said.items())) or ONLY


def _text(name: str, value: Value) -> str:
    """Return a setting's value as people say it: "CE loss", "no BatchNorm", "beta=0.5"."""
    if name == _AT_BASE:
        return BASE
    if name == VARIANT:
        return value_text(value) if value is not None else "no variant"
    if name == "data_sha256":
        return f"data {value_text(value)[:_CHECKSUM_DIGITS]}"
    about = SETTINGS[name]
    if isinstance(value, bool) and about.called:
        return about.called[0] if value else about.called[1]
    word = about.words.get(str(value)) if about.words else None
    return (word.called if word else "") or f"{name}={value_text(value)}"


def _exact(name: str, value: Value) -> str:
    return _text(name, value) if name in (_AT_BASE, VARIANT) else f"{name}={value}"


def printable(text: str) -> str:
    """Return text without characters that no document may hold (XML 1.0 has no U+0008)."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
