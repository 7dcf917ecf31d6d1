"""The parts of a step that are timed are those of the step that is trained."""

import pytest

from benchmarks import profile
from snnbench.training.stacked import StackedEngine


@pytest.mark.parametrize(
    ("case", "parts"),
    [
        ("t10", ["step", "step, part by part", "draw", "forward", "loss", "backward",
                 "optimizer"]),
        ("ann", ["step", "forward and back", "optimizer"]),
    ],
)  # fmt: skip
def test_every_part_of_a_step_runs(case, parts):
    found = []
    for name, part in profile.parts_of(case, 1):
        part()
        found.append(name)
    assert found == parts


def test_a_sweep_has_no_whole_step():
    names = [name for name, _ in profile.parts_of("betas16", 1)]
    assert names[:2] == ["step", "draw"]


def test_timing_a_part_leaves_the_weights_as_they_are(monkeypatch):
    engines = []
    make = profile.make_engine
    monkeypatch.setattr(profile, "make_engine", lambda *a: engines.append(make(*a)) or engines[0])
    parts = dict(profile.parts_of("t10", 1))
    (engine,) = engines
    assert isinstance(engine, StackedEngine)
    before = [p.copy() for p in engine.parameters]
    for name in ("draw", "forward", "loss", "backward"):
        parts[name]()
    assert all((a == b).all() for a, b in zip(before, engine.parameters, strict=True))


def test_a_time_is_the_median_of_calls(monkeypatch):
    class Clock:
        now = 0.0

        def perf_counter(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(profile, "time", clock)

    def work():
        clock.now += 0.004

    assert profile.milliseconds(work) == pytest.approx(4)
