"""How much of an objective each searched setting decides, as a random forest has learned it.

The measure is that of the functional analysis of variance (Hutter et al., ICML 2014), first order:
over the whole space, the variance of the forest's mean at each value of one setting, as a share of
the variance of all that it predicts. What is left are settings that matter together.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from snnbench.report.figures.drawing import INK, SERIES, Drawing, Figure, part_of_name
from snnbench.report.figures.scales import Scale, scales_of
from snnbench.report.judging.searched import Search, value_in
from snnbench.report.reading.columns import label_of, name_of

LEAST_TRIALS = 8
_TREES, _POINTS, _STEPS = 200, 256, 16


def importances(prefix: str, search: Search) -> Iterator[Figure]:
    """Draw for each objective the share of each setting; nothing of too few trials."""
    scales = scales_of(search)
    for objective in search.objectives:
        pairs = [(c, v) for c in search.trials if (v := value_in(c, objective)) is not None]
        values = [value for _, value in pairs]
        if len(pairs) < LEAST_TRIALS or len(scales) < 2 or min(values) == max(values):
            continue
        x = np.array([_encoded(scales, [c.row[s.name] for s in scales]) for c, _ in pairs])
        shares, r2 = shares_of(x, np.array(values), scales)
        yield _figure(prefix, objective.column, shares, r2, len(pairs))


def shares_of(
    x: np.ndarray, y: np.ndarray, scales: Sequence[Scale]
) -> tuple[dict[str, float], float]:
    """Return setting -> share, and the forest's R2 on the trials its trees left out.

    Args:
        x: encoded trials, [N, columns].
        y: their objective, [N].
        scales: of the settings, in the order of the columns.
    """
    from sklearn.ensemble import RandomForestRegressor  # which takes a second

    forest = RandomForestRegressor(_TREES, oob_score=True, random_state=0).fit(x, y)
    random = np.random.default_rng(0)
    parts = [_drawn(scale, random) for scale in scales]
    points = np.hstack(parts)
    total = float(forest.predict(points).var())
    shares, first = {}, 0
    for scale, part in zip(scales, parts, strict=True):
        columns = slice(first, first + part.shape[1])
        means = []
        for at in _grid(scale):
            moved = points.copy()
            moved[:, columns] = at
            means.append(forest.predict(moved).mean())
        shares[scale.name] = float(np.var(means)) / total if total else 0.0
        first = columns.stop
    return shares, float(forest.oob_score_)


def _encoded(scales: Sequence[Scale], values: Sequence[object]) -> list[float]:
    """Return a trial's settings as numbers: a column a word; what has no effect is -1."""
    found: list[float] = []
    for scale, value in zip(scales, values, strict=True):
        if scale.words:
            found += [float(value == word) for word in scale.words]
        else:
            place = scale.place(value if isinstance(value, int | float) else None)
            found.append(-1.0 if place is None else place)
    return found


def _grid(scale: Scale) -> np.ndarray:
    """Return the places over which a setting's means vary, [values, columns]."""
    if scale.words:
        return np.eye(len(scale.words))
    return ((np.arange(_STEPS) + 0.5) / _STEPS)[:, None]


def _drawn(scale: Scale, random: np.random.Generator) -> np.ndarray:
    """Return places evenly all over a setting, in a random order, [points, columns]."""
    order = random.permutation(_POINTS)
    if scale.words:
        return np.eye(len(scale.words))[order % len(scale.words)]
    return ((order + 0.5) / _POINTS)[:, None]


def _figure(prefix: str, column: str, shares: Mapping[str, float], r2: float, n: int) -> Figure:
    together = max(0.0, 1 - sum(shares.values()))
    bars = [*sorted(shares.items(), key=lambda bar: -bar[1]),
            ("settings together", together)]  # fmt: skip
    plot = Drawing(height=0.9 + 0.3 * len(bars))
    for y, (_, share) in enumerate(bars):
        last = y == len(bars) - 1
        plot.axes.barh([y], [100 * share], height=0.6, color="none" if last else SERIES[0],
                       edgecolor=INK if last else SERIES[0])  # fmt: skip
        plot.axes.text(100 * share + 1, y, f"{100 * share:.0f} %", va="center", fontsize=8)
    plot.axes.set_yticks(range(len(bars)), [name for name, _ in bars])
    plot.axes.invert_yaxis()
    plot.axes.grid(visible=False, axis="y")
    plot.axes.set_xlim(0, max(110 * max(share for _, share in bars), 1))
    plot.axes.set_xlabel("share of the variance, %")
    doubt = "" if r2 > 0 else ", no better than their mean: the shares say little"
    return plot.finish(
        f"{prefix}-importance-{part_of_name(column)}", f"{label_of(column)}: what matters",
        f"Share of the variance of {name_of(column)} over all that was searched that each setting"
        f" decides alone (functional analysis of variance, first order), by a random forest of"
        f" {_TREES} trees on {n} trials. Of trials it has not seen its R² is {r2:.2f}{doubt}.",
        "; ".join(f"{name}: {100 * share:.0f} %" for name, share in bars) + ".",
    )  # fmt: skip
