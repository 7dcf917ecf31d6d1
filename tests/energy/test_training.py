"""Energy of runs that train: shares of a cohort, parts of an interrupted run, the same bits."""

import time

import pytest

from snnbench.config import RunConfig
from snnbench.energy.counters import Counter, CounterError
from snnbench.energy.measured import energy_columns
from snnbench.energy.meter import Meter
from snnbench.results.checkpoints import from_files, to_files
from snnbench.runs import RunResult, run_cohort
from snnbench.training.events import Reached, RunDone, Said
from snnbench.training.loop import train_cohort
from tests.energy.zones import zone
from tests.training.test_stacked import DIGITS, bits, data_of

SETTINGS = {"arch": "12-10", "epochs": 4, "T": 4, "train_samples": 200, "test_samples": 100,
            "engine": "fast", "device": "cpu"}  # fmt: skip
PAIR = [RunConfig(**SETTINGS, beta=beta) for beta in (0.2, 0.8)]
WATTS = 30.0


def constant(label="package-0", readings=10**9):
    """Return a meter of a machine that takes 30 W, whatever it does, until after some readings."""
    at = [0.0, 0]

    def clock():
        at[0] = time.perf_counter()
        return at[0]

    def read():
        at[1] += 1
        if at[1] > readings:
            raise CounterError("it is gone.")
        return int(at[0] * WATTS * 1e6)

    counter = Counter(label, "cpu", read, 1e-6)
    return Meter([counter], clock=clock, pause=lambda _: time.sleep(0.05), busy=lambda: 0.0)


def trained(configs=PAIR, meter=None, **options):
    with meter or Meter() as m:
        events = list(train_cohort(configs, data_of(configs[0]), meter=m, **options))
    done = {event.member: event for event in events if isinstance(event, RunDone)}
    said = [event.text for event in events if isinstance(event, Said)]
    return [done[k] for k in sorted(done)], said, events


def columns(done):
    return energy_columns(done.energy, done.train_seconds + done.eval_seconds)


def test_a_members_energy_is_its_share_and_changes_nothing():
    plain, _, _ = trained()
    done, said, _ = trained(meter=constant())
    assert [bits(one) for one in done] == [bits(one) for one in plain]
    assert [one.energy for one in plain] == [None, None]
    assert said == []
    assert done[0].energy == done[1].energy
    found = columns(done[0])
    assert found["measured_train_j"] == pytest.approx(WATTS * done[0].train_seconds, rel=1e-3)
    assert found["measured_eval_j"] == pytest.approx(WATTS * done[0].eval_seconds, rel=1e-3)
    assert found["idle_w"] == pytest.approx(WATTS, rel=1e-3)
    assert abs(found["measured_train_net_j"]) < 1e-3 * found["measured_train_j"]
    assert found["energy_counters"] == "package-0"


def resumed(first, second):
    """Train two epochs by one meter and the others, from a checkpoint's files, by another."""
    data, kept = data_of(PAIR[0]), {}
    with first as meter:
        for event in train_cohort(PAIR, data, until=2, meter=meter):
            if isinstance(event, Reached) and event.epoch == 2:
                kept = {k: to_files(str(k), take()) for k, take in event.snapshots.items()}
    snapshots = [from_files(str(k), f.weights, f.about) for k, f in kept.items()]
    return trained(meter=second, snapshots=snapshots)


def test_the_parts_of_an_interrupted_run_are_added_as_its_seconds_are():
    done, said, _ = resumed(constant(), constant())
    assert said == []
    energy, seconds = done[0].energy, done[0].train_seconds
    assert energy.train_j == pytest.approx(WATTS * seconds, rel=1e-3)
    assert [bits(one) for one in done] == [bits(one) for one in trained()[0]]


@pytest.mark.parametrize("first", [Meter(), constant("package-0 package-1")])
def test_a_run_that_was_not_measured_from_its_beginning_has_no_energy(first):
    done, said, _ = resumed(first, constant())
    assert [one.energy for one in done] == [None, None]
    assert {text[:46] for text in said} == {"The energy of a run that goes on is not known:"}


def test_a_run_that_is_not_measured_to_its_end_has_no_energy():
    done, said, _ = resumed(constant(), Meter())
    assert ([one.energy for one in done], said) == ([None, None], [])


def test_a_counter_that_vanishes_while_a_run_trains():
    done, said, _ = trained(meter=constant(readings=5))
    assert [one.energy for one in done] == [None, None]
    assert said == ["The energy of the runs at work is not known: it is gone."]
    assert [bits(one) for one in done] == [bits(one) for one in trained()[0]]


def test_a_row_has_empty_columns_where_nothing_can_be_read(monkeypatch, tmp_path):
    monkeypatch.setenv("SNNBENCH_POWERCAP", str(tmp_path))
    zone(tmp_path, "intel-rapl:0", "package-0").write_text("none")
    events = list(run_cohort(PAIR[:1], DIGITS, measure_energy=True))
    (row,) = [event.row for event in events if isinstance(event, RunResult)]
    said = [event.text for event in events if isinstance(event, Said)]
    assert len(said) == 1
    assert said[0].endswith("energy_uj holds 'none', which is no number.")
    assert {row[name] for name in energy_columns(None, 1.0)} == {None}
