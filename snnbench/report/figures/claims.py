"""Beside every claim the figure that decides it: the document's own, drawn again from the runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from snnbench.report.figures.axes import ends_of, off
from snnbench.report.figures.claim_plots import Values, along_setting, ratios, rows_of
from snnbench.report.figures.curves import Line, draw_lines, means_by_epoch
from snnbench.report.figures.drawing import DASHES, Figure, drawing
from snnbench.report.figures.styles import Palette, Style, families_of
from snnbench.report.judging.deciding import Region
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.published import PublishedRow
from snnbench.report.judging.verdicts import Verdict
from snnbench.report.reading.columns import label_of
from snnbench.report.reading.groups import Configuration, varied_numbers
from snnbench.studies.claims import (
    Above,
    AtMost,
    Below,
    Better,
    Cheaper,
    Claim,
    ConvergesBy,
    Equals,
    Exceeds,
    Monotone,
    NoDifference,
    NotWorse,
    Overfits,
    PeakAt,
    Ratio,
    Steadier,
    Trend,
)

What = Literal["curve", "values", "ratio"]
# What decides a claim of each kind: learning curves, values of a metric, or ratios of two sides.
# One with an epoch is about curves.
FIGURES: Mapping[type[Claim], What] = {
    ConvergesBy: "curve", Overfits: "curve", Trend: "curve", Steadier: "curve", Exceeds: "curve",
    PeakAt: "values", Monotone: "values", Below: "values", Above: "values", Equals: "values",
    Better: "values", NoDifference: "values", NotWorse: "values",
    Ratio: "ratio", AtMost: "ratio", Cheaper: "ratio",
}  # fmt: skip
_MOST_ROWS = 16
_CLAIMED = {Below: "claimed: below", Above: "claimed: above", Equals: "claimed"}


@dataclass(frozen=True)
class _Place:
    """Which figure a claim needs: claims of equal places share one.

    Attributes:
        what: see `FIGURES`.
        columns: what is drawn.
        along: the number that is varied; "" for none.
        which: positions of the configurations among those of the evidence.
        own: the claim, where its figure shows nothing else.
    """

    what: What
    columns: tuple[str, ...]
    along: str = ""
    which: tuple[int, ...] = ()
    own: Claim | None = None


@dataclass(frozen=True)
class _Known:
    """What all figures of a section are drawn from."""

    evidence: Evidence
    palette: Palette
    published: Sequence[PublishedRow]

    def published_of(
        self, column: str, shown: Sequence[Configuration]
    ) -> list[tuple[Configuration, float]]:
        """Return the published numbers of a column that are of one of the configurations."""
        found = []
        for row in self.published:
            of = self.evidence.select(row.published.where)
            if row.published.metric == column and len(of) == 1 and of[0] in shown:
                found.append((of[0], row.published.value))
        return found


def claim_figures(
    prefix: str, evidence: Evidence, verdicts: Sequence[Verdict],
    published: Sequence[PublishedRow],
) -> list[Figure | None]:  # fmt: skip
    """Return the figure that decides each claim: parallel to the verdicts; None where the runs
    show nothing. Claims that need the same one share it.

    Args:
        prefix: begins the figures' names.
        evidence: on a study.
        verdicts: on its claims.
        published: its numbers.
    """
    known = _Known(evidence, Palette(evidence.configurations), published)
    places = [_place(verdict.claim, evidence) for verdict in verdicts]
    drawn: dict[_Place, Figure | None] = {}
    with drawing():
        for place in places:
            if place not in drawn:
                own = [v for v, other in zip(verdicts, places, strict=True) if other == place]
                name = f"{prefix}-claim-{len(drawn) + 1}"
                drawn[place] = _DRAWERS[place.what](name, place, own, known)
    return [drawn[place] for place in places]


def _spoken(claim: Claim, evidence: Evidence) -> list[Configuration]:
    sides = claim.spoken()
    return [c for c in evidence.configurations if any(side.selects(c.row) for side in sides)]


def _epoch(claim: Claim) -> int | None:
    epoch = getattr(claim, "epoch", None)
    return epoch if epoch is not None else getattr(claim, "after", None)


def _place(claim: Claim, evidence: Evidence) -> _Place:
    what, spoken = FIGURES[type(claim)], _spoken(claim, evidence)
    which = _positions(spoken, evidence)
    if what == "ratio":
        return _Place(what, (claim.metric,), own=claim)
    if what == "curve" or _epoch(claim) is not None:
        columns = {Overfits: ("train_loss",), Exceeds: (getattr(claim, "than", ""),)}
        return _Place("curve", (claim.metric, *columns.get(type(claim), ())), which=which)
    along = getattr(claim, "along", "")
    if along:
        is_number = along in varied_numbers(spoken)
        return _Place(what, (claim.metric,), along if is_number else "", which)
    whole = _whole(claim.metric, spoken, evidence)
    if whole is None:
        return _Place(what, (claim.metric,), "", which)
    return _Place(what, (claim.metric,), *whole)


def _positions(spoken: Sequence[Configuration], evidence: Evidence) -> tuple[int, ...]:
    ids = {id(c) for c in spoken}
    return tuple(i for i, c in enumerate(evidence.configurations) if id(c) in ids)


def _whole(
    metric: str, spoken: Sequence[Configuration], evidence: Evidence
) -> tuple[str, tuple[int, ...]] | None:
    """Return the setting and the configurations of the study's whole figure; None where what is
    spoken of could not be read off it."""
    everything = evidence.configurations
    is_mixed = metric.endswith("loss") and len({c.row["loss"] for c in everything}) > 1
    means = [(c, found) for c in everything if (found := c.mean(metric)) is not None]
    far = {id(means[i][0]) for i in off([ends_of(e, metric) for _, e in means])}
    if is_mixed or len(everything) > _MOST_ROWS or far & {id(c) for c in spoken}:
        return None
    numbers = varied_numbers(everything)
    single = len(numbers) == 1 and len(families_of(everything, numbers[0])) == 1
    has_it = single and all(c.row[numbers[0]] is not None for c in everything)
    return numbers[0] if has_it else "", _positions(everything, evidence)


def _values(name: str, place: _Place, verdicts: Sequence[Verdict], known: _Known) -> Figure | None:
    shown, column = _named(place, known.evidence), place.columns[0]
    values = Values(name, shown, column, known.palette, _levels(verdicts),
                    known.published_of(column, shown))  # fmt: skip
    return along_setting(values, place.along) if place.along else rows_of(values)


def _curve(name: str, place: _Place, verdicts: Sequence[Verdict], known: _Known) -> Figure | None:
    shown, first = _named(place, known.evidence), place.columns[0]
    lines = []
    for column_number, column in enumerate(place.columns):
        for c in shown:
            points = means_by_epoch(known.evidence.curves(c, column))
            style = known.palette[c]
            if column_number:  # the same colour, other dashes and no filled marker
                style = Style(style.colour, DASHES[3], "x")
            label = c.name if len(place.columns) == 1 else f"{column}, {c.name}"
            if points:
                lines.append(Line(label, style, points))
    last = max((len(line.points) for line in lines), default=0)
    theirs = [(float(last), y) for _, y in known.published_of(first, shown)]
    levels = _levels(verdicts)
    marks = sorted({epoch for v in verdicts if (epoch := _epoch(v.claim)) is not None})
    said = f"The dotted upright line is at epoch {', '.join(map(str, marks))}." if marks else ""
    titles = " and ".join(label_of(column) for column in place.columns)
    return draw_lines(name, f"{titles} over epochs", first, lines, "epoch", claimed=levels,
                      caption=said, marks=marks, published=theirs)  # fmt: skip


def _ratio(name: str, place: _Place, verdicts: Sequence[Verdict], known: _Known) -> Figure | None:
    del place, known  # a verdict has the ratios that it rests on
    verdict = verdicts[0]
    claim = verdict.claim
    rows = [(_row_label(claim, label), found) for label, found in verdict.measured
            if found is not None and found.value > 0]  # fmt: skip
    if not rows:
        return None
    title = f"{label_of(claim.metric)}, a / b"
    return ratios(name, title, rows, _region(claim), _said(claim))


def _levels(verdicts: Sequence[Verdict]) -> list[tuple[str, float]]:
    """Return name and height of the values that are claimed."""
    claims = (v.claim for v in verdicts)
    return list(dict.fromkeys(
        (_CLAIMED[type(c)], c.value) for c in claims if isinstance(c, Above | Below | Equals)
    ))  # fmt: skip


def _row_label(claim: Claim, label: str) -> str:
    """Return an energy's model, or the metric."""
    if isinstance(claim, Cheaper):
        return label.removeprefix("energy by ").partition(",")[0]
    return claim.metric


def _region(claim: Claim) -> Region:
    if isinstance(claim, Ratio):
        slack = claim.tolerance * abs(claim.value)
        return Region(claim.value - slack, claim.value + slack, closed=True)
    if isinstance(claim, AtMost):
        return Region(high=claim.value, closed=True)
    return Region(high=1.0)


def _said(claim: Claim) -> str:
    a, b = (str(getattr(claim, side, "")) or "all" for side in ("a", "b"))
    if isinstance(claim, Ratio):
        bound = f"is {claim.value:g}, within {claim.tolerance:.0%}"
    elif isinstance(claim, AtMost):
        bound = f"is at most {claim.value:g}"
    else:
        bound = "is below 1"
    return f"a / b {bound}; a: {a}; b: {b}"


def _named(place: _Place, evidence: Evidence) -> list[Configuration]:
    return [evidence.configurations[i] for i in place.which]


_DRAWERS: Mapping[What, Callable[[str, _Place, Sequence[Verdict], _Known], Figure | None]] = {
    "curve": _curve,
    "values": _values,
    "ratio": _ratio,
}
