"""What a document says of its runs: claims by kind, and published numbers.

A claim is read from `[[claims]]` of a study and says when it holds; the report decides whether it
does. A claim about several seeds is about their mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from snnbench.config.setting import Value
from snnbench.results.schema import EPOCHS
from snnbench.studies.objective import result_columns
from snnbench.studies.selecting import EVERYTHING, Selector

# Numbers of `epochs.csv`: learning curves.
EPOCH_COLUMNS = tuple(c.name for c in EPOCHS if c.kind == "number")
ALL, ANY = "all", "any"  # energy models, of those that count both networks
NO_KEY = {"key": False}  # of a field that no study's file has


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One thing that a document says.

    Attributes:
        text: in words.
        source: figure, table or section of the document.
        metric: the column spoken of, one of `columns`.
        where: of which runs.
    """

    kind: ClassVar[str]

    text: str
    source: str = ""
    metric: str = "test_accuracy"
    where: Selector = EVERYTHING

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the columns that can be the metric."""
        return result_columns()

    def selectors(self) -> dict[str, Selector]:
        """Return key -> the runs it selects; those of `a` and `b` also obey `where`."""
        pair = {key: getattr(self, key) for key in ("a", "b") if hasattr(self, key)}
        return {"where": self.where} | {key: self.where & s for key, s in pair.items()}

    def spoken(self) -> list[Selector]:
        """Return the selectors of the runs that decide it: both sides, or those of `where`."""
        selectors = self.selectors()
        return [selectors[key] for key in ("a", "b") if key in selectors] or [self.where]


@dataclass(frozen=True, kw_only=True)
class _Comparison(Claim):
    """Runs a against runs b, paired by seed."""

    a: Selector
    b: Selector


@dataclass(frozen=True, kw_only=True)
class _Level(Claim):
    """A level of the metric; with `epoch`, of the learning curve at that epoch."""

    value: float
    epoch: int | None = None


@dataclass(frozen=True, kw_only=True)
class PeakAt(Claim):
    """Along a setting, the largest (direction "min": least) value lies at one of `at`."""

    kind = "peak_at"
    along: str
    at: tuple[Value, ...]
    direction: Literal["max", "min"] = "max"


@dataclass(frozen=True, kw_only=True)
class Below(_Level):
    """The metric is below a value."""

    kind = "below"


@dataclass(frozen=True, kw_only=True)
class Above(_Level):
    """The metric is above a value."""

    kind = "above"


@dataclass(frozen=True, kw_only=True)
class Equals(_Level):
    """The metric is at most `tolerance`, an absolute one, away from a value."""

    kind = "equals"
    tolerance: float


@dataclass(frozen=True, kw_only=True)
class Better(_Comparison):
    """a is larger than b (direction "min": smaller), by more than `by`.

    With `epoch`, of the learning curves at that epoch.
    """

    kind = "better"
    epoch: int | None = None
    by: float = 0.0
    direction: Literal["max", "min"] = "max"


@dataclass(frozen=True, kw_only=True)
class NoDifference(_Comparison):
    """a and b differ by no more than a margin."""

    kind = "no_difference"
    margin: float


@dataclass(frozen=True, kw_only=True)
class NotWorse(_Comparison):
    """a is not smaller than b (direction "min": not larger) by more than a margin.

    `margin` is as it was written: see `margin_of`. With `epoch`, of the learning curves there.
    """

    kind = "not_worse"
    margin: float | str
    direction: Literal["max", "min"] = "max"
    epoch: int | None = None


@dataclass(frozen=True, kw_only=True)
class AtMost(_Comparison):
    """a / b is at most `value`."""

    kind = "at_most"
    value: float


@dataclass(frozen=True, kw_only=True)
class Cheaper(_Comparison):
    """A sample costs a less energy than b.

    `under` are the energy models: "all" that count both networks, "any" of them, or those named,
    as --energy names them, all of which must say so.
    """

    kind = "cheaper"
    metric: str = field(default="energy", metadata=NO_KEY)
    under: str | tuple[str, ...] = ALL


@dataclass(frozen=True, kw_only=True)
class Monotone(Claim):
    """Along a setting the metric goes up, or down, from each value to the next.

    `between` are the ends of the stretch spoken of, both included; None for all values.
    """

    kind = "monotone"
    along: str
    direction: Literal["up", "down"]
    between: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class Ratio(_Comparison):
    """a / b is `value`, give or take `tolerance` as a part of it."""

    kind = "ratio"
    value: float
    tolerance: float


@dataclass(frozen=True, kw_only=True)
class Overfits(Claim):
    """The metric, a loss, rises after its least while the training loss goes on falling.

    `after` is the epoch, if one is named, until which it fell.
    """

    kind = "overfits"
    metric: str = "test_loss"
    after: int | None = None

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the losses on data held out."""
        return ("test_loss", "val_loss")


@dataclass(frozen=True, kw_only=True)
class _OfCurves(Claim):
    """A claim about learning curves."""

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the columns of the learning curves."""
        return EPOCH_COLUMNS


@dataclass(frozen=True, kw_only=True)
class ConvergesBy(_OfCurves):
    """From an epoch on the metric stays within `share` of its last value."""

    kind = "converges_by"
    epoch: int
    share: float = 0.99


@dataclass(frozen=True, kw_only=True)
class Trend(_OfCurves):
    """From the first epoch to the last the metric goes up, or down."""

    kind = "trend"
    direction: Literal["up", "down"]


@dataclass(frozen=True, kw_only=True)
class Steadier(_OfCurves, _Comparison):
    """The curve of a goes up and down less than that of b.

    Measured by the mean absolute second difference of the metric over the epochs: 0 for a straight
    line, whatever its slope.
    """

    kind = "steadier"


@dataclass(frozen=True, kw_only=True)
class Exceeds(_OfCurves):
    """The metric's mean over the epochs is above that of another column, `than`, in equal runs."""

    kind = "exceeds"
    than: str


KINDS: Mapping[str, type[Claim]] = {
    kind.kind: kind
    for kind in (
        PeakAt, Below, Above, Equals, Better, NoDifference, NotWorse, Monotone, Ratio, AtMost,
        Cheaper, Overfits, ConvergesBy, Trend, Steadier, Exceeds,
    )
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Published:
    """One number of a document, to stand beside the measured one.

    Attributes:
        text: what it is, in words.
        value: in the metric's unit: fractions and seconds, not percent and minutes.
        metric: the column of `runs.csv` with the measured number.
        where: of which runs.
        source: figure, table or section of the document.
        tolerance: how far from it a measured number counts as equal, if the document's
            precision says so.
        decimals: as it was written: 2 of 0.20, -5 of 2.5e6; None: those of the shortest form.
    """

    text: str
    value: float
    metric: str = "test_accuracy"
    where: Selector = EVERYTHING
    source: str = ""
    tolerance: float | None = None
    decimals: int | None = field(default=None, metadata=NO_KEY)

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """Return the columns that can be the metric."""
        return result_columns()

    def selectors(self) -> dict[str, Selector]:
        """Return key -> the runs it selects."""
        return {"where": self.where}
