"""What changed between folders: in sentences, the short answer first, in tables, and for JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from snnbench.cost.units import energy_text
from snnbench.errors import and_more, count_of
from snnbench.report.judging.folders import AS_RATIO, Change, Comparison, Effect
from snnbench.report.page.cells import cell_text, number_text
from snnbench.report.page.sections import Report
from snnbench.report.page.tables import Cell, Number, Table, report_tables
from snnbench.report.reading.columns import is_cost, name_of
from snnbench.report.reading.names import printable
from snnbench.report.reading.statistics import Estimate

RULE = (
    "Of every configuration that both folders have: now - baseline, seed by seed where seeds are"
    " shared; of training seconds now / baseline. It rose or fell if the interval at 1 - 5 % / k"
    " lies wholly above or below, k the number of configurations, and is the same if the runs are"
    " equal to the last bit; one seed decides nothing, two decide on no accuracy. The intervals"
    " shown are those at 95 %; that of accuracies is never narrower than the binomial error of the"
    " samples tested, unless the runs are equal: in every column of runs.csv that says what came"
    " out, not how long it took."
)
_MOST_NAMED, _MOST_VALUES = 3, 12
_DIGITS = 12  # of a checksum in a sentence
_INTERVAL = ("from", "to", "n")


def tables_of(report: Report) -> list[Table]:
    """Return the tables about all of a report."""
    if not report.changes:
        return report_tables(report)
    return [table for c in report.changes for table in _tables(c) if table.rows]


def sentences(c: Comparison) -> list[str]:
    """Return what changed from the baseline to another folder, the short answer first."""
    found = [f"{c.after} against {c.before}: {_answer(c)}", *_equality(c)]
    found += [f"{said}." for said in map(_moved, _by_column(c, AS_RATIO)) if said]
    for changes, what in ((c.settings, "Settings that differ"), (c.origins, "Origins that differ")):
        if changes:
            found.append(f"{what}: {', '.join(_short(change) for change in changes)}.")
    for names, folder in ((c.only_before, c.before), (c.only_after, c.after)):
        if names:
            found.append(f"Only in {folder}: {and_more(names, _MOST_NAMED)}.")
    for count, folder, other in zip(c.alone, (c.before, c.after), (c.after, c.before), strict=True):
        if count:
            found.append(f"{count_of(count, 'run')} of {folder} with a seed that {other} lacks.")
    return [printable(text) for text in found]


def _answer(c: Comparison) -> str:
    if c.nothing_changed:
        return "nothing changed."
    results = _by_column(c)
    moved = [said for said in map(_moved, results) if said]
    if moved:
        return f"{'; '.join(moved)}."
    if c.common and not c.unequal and not any(c.alone):
        return "no result changed of what both have."
    named = ", ".join(_called(some[0].column) for some in results)
    of = count_of(len(c.configurations), "configuration")
    return f"no change is decided ({named}) in {of}." if named else f"no run of {of} finished."


def _by_column(c: Comparison, columns: Sequence[str] = ()) -> list[list[Effect]]:
    """Return the effects of each column; of no column in particular, of all but the ratios."""
    found: dict[str, list[Effect]] = {}
    for effect in c.effects:
        if effect.column in columns if columns else effect.column not in AS_RATIO:
            found.setdefault(effect.column, []).append(effect)
    return list(found.values())


def _moved(effects: Sequence[Effect]) -> str:
    """Return "test accuracy fell by 1.2 points in 3 of 8 configurations", or ""."""
    column, parts = effects[0].column, []
    for word in ("fell", "rose"):
        moved = [effect for effect in effects if effect.word == word]
        if moved:
            mean = fmean(effect.change.value for effect in moved)
            where = f" ({moved[0].configuration})" if len(moved) == 1 < len(effects) else ""
            of = count_of(len(effects), "configuration")
            parts.append(f"{word} {_amount(column, mean)} in {len(moved)} of {of}{where}")
    return f"{_called(column)} {' and '.join(parts)}" if parts else ""


def _amount(column: str, change: float) -> str:
    if column in AS_RATIO:
        return f"to {change:.3g} times"
    if column == "test_accuracy":
        return f"by {100 * abs(change):.3g} points"
    return f"by {energy_text(abs(change)) if is_cost(column) else format(abs(change), '.3g')}"


def _called(column: str) -> str:
    return "training time" if column == "train_seconds" else name_of(column)


def _equality(c: Comparison) -> Iterator[str]:
    if not c.common:
        yield "No run has the same name in both: their settings, data or numerics differ."
        return
    equal = c.common - len(c.unequal)
    named = and_more([run.run_id for run in c.unequal], _MOST_NAMED)
    differ = f"; {len(c.unequal)} differ: {named}"
    yield (
        f"{equal} of {count_of(c.common, 'run')} that both have"
        f" {'is' if c.common == 1 else 'are'} equal to the last bit{differ if c.unequal else ''}."
    )


def _short(change: Change) -> str:
    checksum = change.column == "data_sha256"
    before, after = (
        and_more([f"{value[:_DIGITS]}…" for value in values] if checksum else values, _MOST_NAMED)
        for values in (change.before, change.after)
    )
    return f"{change.column} {before} -> {after}"


def _tables(c: Comparison) -> Iterator[Table]:
    between = f"from {c.before} to {c.after}"
    differing = [
        (change.column, and_more(change.before, _MOST_VALUES), and_more(change.after, _MOST_VALUES))
        for change in (*c.settings, *c.origins)
    ]
    yield _table(f"What differs {between}", ("column", "baseline", "now"), differing)
    effects = [
        (e.configuration, f"{e.column}, ratio" if e.column in AS_RATIO else e.column,
         _number(e.before.value), _number(e.after.value), *_estimate(e.change),
         "by seed" if e.change.paired else "no seed in common", e.word)
        for e in c.effects
    ]  # fmt: skip
    yield _table(
        f"Changes {between}",
        ("configuration", "column", "baseline", "now", "change", *_INTERVAL, "paired", "so"),
        effects,
    )
    runs = [
        (run.run_id, run.configuration, cell_text(run.seed), ", ".join(run.columns),
         _cell(run.before), _cell(run.after))
        for run in c.unequal
    ]  # fmt: skip
    yield _table(
        f"Runs that are not equal {between}",
        ("run", "configuration", "seed", "columns", "first of them, baseline", "now"),
        runs,
    )
    only = [(n, c.before) for n in c.only_before] + [(n, c.after) for n in c.only_after]
    yield _table(f"Configurations in one folder only {between}", ("configuration", "folder"), only)


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
    safe = (tuple(printable(c) if isinstance(c, str) else c for c in row) for row in rows)
    shown = range(min(len(rows), 25))
    return Table(
        printable(title), tuple(header), tuple(safe), tuple(shown), f"the first {len(shown)}"
    )


def _estimate(found: Estimate) -> tuple[Cell, ...]:
    ends = ("no interval" if end is None else _number(end) for end in (found.low, found.high))
    return (_number(found.value), *ends, _number(found.n))


def _number(value: float) -> Number:
    return Number(number_text(value), value)


def _cell(value: Any) -> Cell:
    """A value in full: what differs may be the last bit."""
    return Number(repr(value), value) if isinstance(value, int | float) else cell_text(value)


def to_document(c: Comparison) -> dict[str, Any]:
    """Return a comparison as what JSON knows."""
    return asdict(c) | {
        "nothing_changed": c.nothing_changed,
        "equal": c.common - len(c.unequal),
        "sentences": sentences(c),
    }
