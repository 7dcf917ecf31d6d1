"""How long a sweep takes, by injected durations."""

from types import SimpleNamespace

import pytest

from snnbench.config import RunConfig
from snnbench.sweep import estimate
from snnbench.sweep.estimate import Timing, expected_seconds


def task(cost, **settings):
    config = RunConfig(dataset="digits", **settings)
    return SimpleNamespace(cost=cost, jobs=(SimpleNamespace(config=config),))


def expected(monkeypatch, tasks, timings, workers=1, start=0.0):
    monkeypatch.setattr(estimate, "_timed", lambda task, *_: timings[task.jobs[0].config.model])
    return expected_seconds(tasks, None, workers, start)


def test_start_is_counted_for_this_process_and_the_workers(monkeypatch):
    timings = {"ann": Timing(before=0.5, epoch=2.0, after=0.25)}
    alone = [task(10.0, model="ann", epochs=3)]
    assert expected(monkeypatch, alone, timings, start=4.0) == pytest.approx(8 + 0.5 + 6 + 0.25)


def test_tasks_of_a_kind_take_time_by_their_cost_and_workers_share_them(monkeypatch):
    timings = {"ann": Timing(before=0.0, epoch=2.0, after=1.0)}
    tasks = [task(cost, model="ann", epochs=1) for cost in (10.0, 5.0, 5.0)]
    assert expected(monkeypatch, tasks, timings) == pytest.approx(3 + 2 + 2)
    assert expected(monkeypatch, tasks, timings, workers=2) == pytest.approx(3.5)
    assert expected(monkeypatch, tasks, timings, workers=3) == pytest.approx(3)


def test_each_kind_has_its_own_speed_and_one_that_cannot_be_tried_a_typical_one(monkeypatch):
    tasks = [task(10.0, model="ann", epochs=1), task(10.0, model="snn", epochs=1)]
    timings = {"ann": Timing(0.0, 2.0, 0.0), "snn": Timing(0.0, 6.0, 0.0)}
    assert expected(monkeypatch, tasks, timings) == pytest.approx(8)
    assert expected(monkeypatch, tasks, timings | {"snn": None}) == pytest.approx(4)
    assert expected(monkeypatch, tasks, dict.fromkeys(timings)) is None


class Clock:
    """Time that goes on when a cohort does something."""

    now = 0.0

    def perf_counter(self):
        return self.now


def run(clock, config, *, before, step, evaluation, after):
    """Yield a cohort's events, each after its time."""
    clock.now += before
    for number in range(1, config.train_samples // config.batch_size + 1):
        clock.now += step
        yield estimate.StepDone(1, number * config.batch_size, config.train_samples)
    clock.now += evaluation
    yield estimate.EpochDone(0, None)
    clock.now += after


@pytest.mark.parametrize("step", [0.01, 0.2])
def test_a_cohort_is_timed_by_an_epoch_or_where_that_is_long_by_steps(monkeypatch, step):
    clock = Clock()
    one = task(1.0, model="ann", engine="reference", epochs=7, train_samples=1000, batch_size=50)
    (job,) = one.jobs
    seconds = {"before": 3.0, "step": step, "evaluation": 0.5, "after": 0.25}
    monkeypatch.setattr(estimate, "time", clock)
    monkeypatch.setattr(estimate, "run_cohort", lambda *_, **__: run(clock, job.config, **seconds))
    known = SimpleNamespace(train_samples=1000, held_out_samples=500)
    data = SimpleNamespace(read=lambda _: None, of=lambda _: known)
    found = estimate._timed(one, data, 1)
    assert found.before == pytest.approx(3.0 + step)
    if step == 0.01:  # the first step is not seen to begin
        assert (found.epoch, found.after) == pytest.approx((19 * step + 0.5, 0.25))
    else:  # 20 steps, and 10 that go forward only
        assert (found.epoch, found.after) == pytest.approx((25 * step, 0))
