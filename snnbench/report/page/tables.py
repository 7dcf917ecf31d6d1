"""The tables of a report, the same for terminal, Markdown and HTML: a header and typed cells."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from snnbench.cost.activity import SATURATED, SILENT
from snnbench.report.judging.deciding import OUTCOMES
from snnbench.report.page.sections import Report, Section
from snnbench.report.page.worlds import world_tables
from snnbench.report.reading.columns import RESULTS, costs
from snnbench.report.reading.energies import ARRIVING, models
from snnbench.report.reading.groups import Configuration
from snnbench.report.reading.names import printable
from snnbench.report.reading.statistics import Estimate


@dataclass(frozen=True)
class Number:
    """A number in a cell: as it is shown, and in full."""

    text: str
    value: float


Cell = str | Number
_MOST_ROWS = 50
_MOST_BEST, _MOST_WORST = 20, 5  # of a long table
_FIRST = f"the first {_MOST_BEST + _MOST_WORST}"


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        title: what it is.
        header: names of the columns.
        rows: as many cells each.
        first: positions of the rows that are shown where there is no room for all of them.
        selection: what these are, in words.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    first: tuple[int, ...] = ()
    selection: str = ""

    @property
    def is_long(self) -> bool:
        """Whether it has more rows than one looks through."""
        return len(self.rows) > _MOST_ROWS


def section_tables(section: Section) -> list[Table]:
    """Return a study's tables that have rows, in the order in which they are read."""
    verdicts = [table for table in [_verdicts(section)] if table.rows]
    return [*verdicts, *result_tables(section), *origin_tables(section)]


def result_tables(section: Section) -> list[Table]:
    """Return those of them that say what the runs came to."""
    told = [_table(title, header, [tuple(map(_cell, row)) for row in rows])
            for title, header, rows in world_tables(section.worlds)]  # fmt: skip
    makers = (_best, _configurations, _costs, _energies, _unfinished)
    found = [_published(section), *told, *(make(section) for make in makers)]
    return [table for table in found if table.rows]


def origin_tables(section: Section) -> list[Table]:
    """Return those of them that say where the numbers come from, and what they take for given."""
    return [table for make in (_origin, _assumed) if (table := make(section)).rows]


def report_tables(report: Report) -> list[Table]:
    """Return the tables about all studies together that have rows."""
    first = [] if report.baseline is None else [_comparison(report, report.baseline)]
    return [table for table in (*first, _outside(report)) if table.rows]


def outcomes(section: Section) -> tuple[Cell, ...]:
    """Return how many claims are reproduced, contradicted, undecided; how many numbers are
    published, agree, differ."""
    found = [verdict.outcome for verdict in section.verdicts]
    numbers = [row.outcome for row in section.published]
    counts = (*map(found.count, OUTCOMES), len(numbers), numbers.count("agrees"),
              numbers.count("differs"))  # fmt: skip
    return tuple(map(_number, counts))


def _comparison(report: Report, baseline: str) -> Table:
    rows = [
        (d.configuration, d.column, *estimate_cells(d.estimate),
         "by seed" if d.estimate.paired else "no seed in common")
        for d in report.differences
    ]  # fmt: skip
    named = dict(report.named_configurations())
    shown = {id(c) for section in report.sections for c in _extremes(section)[0]}
    return _table(
        f"Difference from the baseline, {printable(baseline)}",
        ("configuration", "column", "difference", *_INTERVAL, "paired"),
        rows,
        [i for i, d in enumerate(report.differences) if id(named[d.configuration]) in shown],
        f"of every study {_extremes(report.sections[0])[1]}",
    )


def _outside(report: Report) -> Table:
    """All that NeuroBench's files say, by its own names."""
    names = list(dict.fromkeys(name for row in report.sections[0].outside for name in row.metrics))
    rows = [(row.name, *_cells(row.metrics, names)) for row in report.sections[0].outside]
    return _table("What NeuroBench's files say", ("row", *names), rows)


_INTERVAL = ("from", "to", "n")


def _extremes(section: Section) -> tuple[Sequence[Configuration], str]:
    """Return those that stand for very many, the best and then the worst; and in words."""
    ranked = section.ranked
    if not ranked:  # nothing finished
        return section.configurations[: _MOST_BEST + _MOST_WORST], _FIRST
    words = f"the best {_MOST_BEST} and the worst {_MOST_WORST} by {section.objective}"
    return (*ranked[:_MOST_BEST], *ranked[_MOST_BEST:][-_MOST_WORST:]), words


def _verdicts(section: Section) -> Table:
    rows: list[tuple[Cell, ...]] = []
    first = []
    for verdict in section.verdicts:
        claim = verdict.claim
        left = f" ({verdict.unfinished} unfinished runs left out)" if verdict.unfinished else ""
        said = (claim.text, claim.source, verdict.outcome, verdict.reason + left)
        first.append(len(rows))
        # one row a measured number; the claim stands in the first
        for i, (label, found) in enumerate(verdict.measured or (("", None),)):
            rows.append((*(said if i == 0 else ("",) * 4), label, *estimate_cells(found)))
    header = ("claim", "source", "verdict", "because", "measured", "value", *_INTERVAL)
    return _table("Verdicts", header, rows, first, "every claim with its first number")


def _published(section: Section) -> Table:
    rows = [
        (row.published.text, row.published.source, row.published.metric,
         _number(row.published.value), *estimate_cells(row.measured), row.within,
         row.outcome or "")
        for row in section.published
    ]  # fmt: skip
    header = ("what", "source", "column", "published", "measured", *_INTERVAL, "within", "outcome")
    return _table("Published against measured", header, rows)


def _best(section: Section) -> Table:
    if section.search is not None and len(section.search.objectives) > 1:
        columns = [objective.column for objective in section.search.objectives]
        rows: list[tuple[Cell, ...]] = [
            (c.name, *(_number(m.value) for name in columns if (m := c.mean(name))))
            for c in section.search.found
        ]
        title = f"Pareto set by {', '.join(map(str, section.search.objectives))}"
        return _table(title, ("configuration", *columns), rows)
    column = section.objective.partition(":")[0]
    rows = [(c.name, *estimate_cells(c.mean(column))) for c in section.best]
    header = ("configuration", column, *_INTERVAL)
    return _table(f"Best configurations by {section.objective}", header, rows)


def _configurations(section: Section) -> Table:
    return _by_configuration("Results by configuration", section, RESULTS)


def _costs(section: Section) -> Table:
    return _by_configuration("Cost of training and of a sample", section, costs())


def _energies(section: Section) -> Table:
    """The mean energy by every model, and what it hangs on beside the model."""
    found = models(section.energy)
    outside = [row for row in section.outside if any(w.column in row.columns for w in found)]
    words = [w for w in found
             if any(c.mean(w.column) for c in section.configurations)
             or any(w.column in row.columns for row in outside)]  # fmt: skip
    rows = []
    for c in section.configurations:
        about = (c.row["T"], c.row["encoding"]) if c.row["model"] == "snn" else (1, "an ANN")
        means = [c.mean(name) for name in (ARRIVING, "firing_rate", *(w.column for w in words))]
        cells = (_number(m.value) if m else "" for m in means)
        rows.append((c.name, _cell(about[0]), _cell(about[1]), *cells))
    names = (ARRIVING, "firing_rate", *(w.column for w in words))
    for row in outside:
        told = (_cell(row.told.get(name)) for name in ("T", "encoding"))
        rows.append((row.name, *told, *_cells(row.columns, names)))
    known = ("configuration", "T", "encoding", "input rate", "firing rate")
    header = (*known, *(word.label for word in words))
    extremes, selection = _extremes(section)
    places = {c.name: i for i, c in enumerate(section.configurations)}
    first = [places[c.name] for c in extremes]
    first += range(len(rows) - len(outside), len(rows))
    return _table("Energy of a sample by every model, pJ", header, rows if words else [], first,
                  selection)  # fmt: skip


def _assumed(section: Section) -> Table:
    rows = [
        (word.label, word.meaning, word.assumption)
        for word in models(section.energy)
        if any(c.mean(word.column) for c in section.configurations)
        or any(word.column in row.columns for row in section.outside)
    ]
    return _table("What the energies take for given", ("model", "what it is", "assumes"), rows)


def _by_configuration(title: str, section: Section, columns: Sequence[str]) -> Table:
    """Mean and half width of the interval in each column that a configuration has."""
    estimates = [(c, {name: c.mean(name) for name in columns}) for c in section.configurations]
    outside = [row for row in section.outside if any(name in row.columns for name in columns)]
    shown = [
        column
        for column in columns
        if any(found[column] for _, found in estimates)
        or any(column in row.columns for row in outside)
    ]
    dead = [said for said in (SILENT, SATURATED) if any(c.dead.get(said) for c, _ in estimates)]
    header: list[str] = ["configuration", "runs", "n", *dead]
    for column in shown:
        header += [column, "±"]
    rows = []
    for c, found in estimates:
        counted = [len(c.runs), len(c.done), *(c.dead.get(said, 0) for said in dead)]
        cells: list[Cell] = [c.name, *map(_number, counted)]
        for column in shown:
            estimate = found[column]
            cells.append(_number(estimate.value) if estimate else "")
            half = estimate.half_width if estimate else None
            cells.append(_number(half) if half is not None else "no interval" if estimate else "")
        rows.append(tuple(cells))
    extremes, words = _extremes(section)
    places = {c.name: i for i, c in enumerate(section.configurations)}
    first = [places[c.name] for c in extremes]
    first += range(len(rows), len(rows) + len(outside))
    for row in outside:
        values = [c for value in _cells(row.columns, shown) for c in (value, "")]
        rows.append((row.name, *[""] * (len(header) - 1 - len(values)), *values))
    return _table(title, header, rows if shown else [], first, words)


def _cells(values: Mapping[str, float], names: Iterable[str]) -> list[Cell]:
    return [_number(values[name]) if name in values else "" for name in names]


def _unfinished(section: Section) -> Table:
    rows = [
        (run.configuration, "" if run.seed is None else _number(run.seed), run.run_id, run.status,
         run.error)
        for run in section.unfinished
    ]  # fmt: skip
    header = ("configuration", "seed", "run", "status", "why")
    return _table("Runs that did not finish", header, rows)


def _origin(section: Section) -> Table:
    rows = [
        (column, value, _number(count))
        for column, counts in section.origin.items()
        for value, count in counts.items()
    ]
    return _table("Where the numbers come from", ("column", "value", "runs"), rows)


def _table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    first: Sequence[int] = range(_MOST_BEST + _MOST_WORST),
    selection: str = _FIRST,
) -> Table:
    safe = tuple(
        tuple(printable(cell) if isinstance(cell, str) else cell for cell in row) for row in rows
    )
    return Table(title, tuple(header), safe, tuple(first), selection)


def estimate_cells(found: Estimate | None) -> tuple[Cell, Cell, Cell, Cell]:
    """Return value, ends of the interval, and n."""
    if found is None:
        return "", "", "", ""
    low, high = ("no interval" if e is None else _number(e) for e in (found.low, found.high))
    return _number(found.value), low, high, _number(found.n)


def _cell(value: object) -> Cell:
    return _number(value) if isinstance(value, int | float) else str(value or "")


def _number(value: float) -> Number:
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e9):
        return Number(f"{int(value):,}", int(value))
    return Number(f"{value:,.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:.4g}", value)
