"""How often an interval of accuracies holds what other seeds give: by simulation, as the page says.

`python -m tests.report.test_coverage` prints the table of docs/statistics.md.
"""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from snnbench.report.reading.statistics import binomial_error, mean

PAGE = Path(__file__).parents[2] / "docs" / "statistics.md"
SAMPLES, ACCURACIES, SEEDS, SPREADS = (100, 1000), (0.5, 0.9), (3, 5, 20), (0.002, 0.01, 0.03)
RUNS = 400


def coverage(samples, accuracy, seeds, spread, *, floor):
    """Return the share of simulated studies whose interval holds the mean over all seeds.

    A network is right on the samples that are easier than it is good; how good it is is normal
    over seeds. All seeds are tested on the same samples.
    """
    rng = np.random.default_rng([samples, seeds, round(1000 * accuracy), round(1000 * spread)])
    held = 0
    for _ in range(RUNS):
        hardness = np.sort(rng.random(samples))

        def drawn(count, hardness=hardness):
            good = np.clip(rng.normal(accuracy, spread, count), 0, 1)
            return np.searchsorted(hardness, good) / samples

        wanted = drawn(2000).mean()
        values = drawn(seeds).tolist()
        error = binomial_error(sum(values) / seeds, samples * seeds) if floor else 0.0
        found = mean(values, error=error)
        held += found.low <= wanted <= found.high
    return held / RUNS


def rows():
    for samples, accuracy, seeds in product(SAMPLES, ACCURACIES, SEEDS):
        cells = [
            f"{coverage(samples, accuracy, seeds, spread, floor=floor):.2f}"
            for spread in SPREADS
            for floor in (True, False)
        ]
        told = [f"{a} ({b})" for a, b in zip(cells[::2], cells[1::2], strict=True)]
        yield f"| {samples} | {accuracy:g} | {seeds} | {' | '.join(told)} |"


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("accuracy", ACCURACIES)
@pytest.mark.parametrize("samples", SAMPLES)
def test_the_intervals_hold_at_least_as_often_as_they_say(samples, accuracy, seeds):
    allowed = 0.95 - 3 * (0.95 * 0.05 / RUNS) ** 0.5
    for spread in SPREADS:
        assert coverage(samples, accuracy, seeds, spread, floor=True) >= allowed


def test_without_the_tests_own_error_they_would_not():
    assert coverage(100, 0.9, 3, 0.002, floor=False) < 0.5


def test_the_page_shows_what_the_simulation_gives():
    shown = re.findall(r"^\| 10+ \|.*", PAGE.read_text(), re.MULTILINE)
    wanted = list(rows())
    numbers = [[float(x) for x in re.findall(r"[\d.]+", row)] for row in shown]
    assert len(numbers) == len(wanted)
    for own, row in zip(numbers, wanted, strict=True):
        found = [float(x) for x in re.findall(r"[\d.]+", row)]
        assert own == pytest.approx(found, abs=0.011)


if __name__ == "__main__":
    print(*rows(), sep="\n")
