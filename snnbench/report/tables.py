"""The tables of a report, the same for terminal, Markdown and HTML: a header and typed cells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from snnbench.report.groups import printable
from snnbench.report.statistics import Estimate
from snnbench.report.summary import COSTS, RESULTS, Report, Section


@dataclass(frozen=True)
class Number:
    """A number in a cell: as it is shown, and in full."""

    text: str
    value: float


Cell = str | Number


@dataclass(frozen=True)
class Table:
    """A table: what it is, its header, its rows."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def section_tables(section: Section) -> list[Table]:
    """Return a study's tables that have rows, in the order in which they are read."""
    makers: tuple[Callable[[Section], Table], ...] = (
        _verdicts, _published, _best, _settings, _costs, _unfinished, _origin,
    )  # fmt: skip
    return [table for make in makers if (table := make(section)).rows]


def comparison_table(report: Report) -> Table | None:
    """Return the differences from the baseline, or None without one."""
    if report.baseline is None:
        return None
    rows = tuple(
        (printable(d.setting), d.column, *_estimate(d.estimate),
         "by seed" if d.estimate.paired else "no seed in common")
        for d in report.differences
    )  # fmt: skip
    title = f"Difference from the baseline, {printable(report.baseline)}"
    return Table(title, ("setting", "column", "difference", *_INTERVAL, "paired"), rows)


_INTERVAL = ("from", "to", "n")


def _verdicts(section: Section) -> Table:
    rows = []
    for verdict in section.verdicts:
        claim = verdict.claim
        left = f" ({verdict.unfinished} unfinished runs left out)" if verdict.unfinished else ""
        first = (claim.text, claim.source, verdict.outcome, verdict.reason + left)
        # one row a measured number; the claim stands in the first
        for i, (label, found) in enumerate(verdict.measured or (("", None),)):
            rows.append((*(first if i == 0 else ("",) * 4), label, *_estimate(found)))
    header = ("claim", "source", "verdict", "because", "measured", "value", *_INTERVAL)
    return _table("Verdicts", header, rows)


def _published(section: Section) -> Table:
    said = {True: "agrees", False: "differs", None: ""}
    rows = [
        (row.published.text, row.published.source, row.published.metric,
         _number(row.published.value), *_estimate(row.measured), said[row.agrees])
        for row in section.published
    ]  # fmt: skip
    header = ("what", "source", "column", "published", "measured", *_INTERVAL, "")
    return _table("Published against measured", header, rows)


def _best(section: Section) -> Table:
    column = section.objective.partition(":")[0]
    rows = [(setting.name, *_estimate(setting.mean(column))) for setting in section.best]
    return _table(f"Best settings by {section.objective}", ("setting", column, *_INTERVAL), rows)


def _settings(section: Section) -> Table:
    return _by_setting("Results by setting", section, RESULTS)


def _costs(section: Section) -> Table:
    return _by_setting("Cost of training and of a sample", section, COSTS)


def _by_setting(title: str, section: Section, columns: Sequence[str]) -> Table:
    """Mean and half width of the interval in each column that a setting has."""
    estimates = [(s, {column: s.mean(column) for column in columns}) for s in section.settings]
    shown = [column for column in columns if any(found[column] for _, found in estimates)]
    header: list[str] = ["setting", "runs", "n"]
    for column in shown:
        header += [column, "±"]
    rows = []
    for setting, found in estimates:
        cells: list[Cell] = [setting.name, _number(len(setting.runs)), _number(len(setting.done))]
        for column in shown:
            estimate = found[column]
            cells.append(_number(estimate.value) if estimate else "")
            half = estimate.half_width if estimate else None
            cells.append(_number(half) if half is not None else "no interval" if estimate else "")
        rows.append(tuple(cells))
    return _table(title, header, rows if shown else [])


def _unfinished(section: Section) -> Table:
    rows = [
        (run.setting, "" if run.seed is None else _number(run.seed), run.run_id, run.status,
         run.error)
        for run in section.unfinished
    ]  # fmt: skip
    return _table("Runs that did not finish", ("setting", "seed", "run", "status", "why"), rows)


def _origin(section: Section) -> Table:
    rows = [
        (column, value, _number(count))
        for column, counts in section.origin.items()
        for value, count in counts.items()
    ]
    return _table("Where the numbers come from", ("column", "value", "runs"), rows)


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
    safe = tuple(
        tuple(printable(cell) if isinstance(cell, str) else cell for cell in row) for row in rows
    )
    return Table(title, tuple(header), safe)


def _estimate(found: Estimate | None) -> tuple[Cell, Cell, Cell, Cell]:
    """Return value, ends of the interval, and n."""
    if found is None:
        return "", "", "", ""
    ends: list[Cell] = [
        "no interval" if end is None else _number(end) for end in (found.low, found.high)
    ]
    return _number(found.value), ends[0], ends[1], _number(found.n)


def _number(value: float) -> Number:
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e9):
        return Number(f"{int(value):,}", int(value))
    return Number(f"{value:,.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:.4g}", value)
