"""Idle power, energies of a while, and what becomes of them when counters fail."""

import sys
import threading
import time
from types import SimpleNamespace

import pytest

from snnbench.energy import meter as meters
from snnbench.energy.counters import Counter, CounterError
from snnbench.energy.measured import Measured, Use, energy_columns
from snnbench.energy.meter import Meter, open_meter, why_not_here
from snnbench.energy.rapl import rapl_counters
from tests.energy.zones import Clock, steady, write, zone

FAR = 10**15


@pytest.fixture(autouse=True)
def no_thread(monkeypatch):
    """Only the test looks at the counters, unless it says otherwise."""
    monkeypatch.setattr(meters, "_EVERY", 1e6)


@pytest.fixture
def clock():
    return Clock()


def counter(label, read, **attributes):
    return Counter(label, attributes.pop("source", "cpu"), read, 1e-6, FAR, **attributes)


def meter(counters, clock, busy=0.0, **arguments):
    return Meter(counters, clock=clock, pause=clock.pause, busy=lambda: busy, **arguments)


def failing(counters, after, why="it is gone"):
    """Return what reads a counter until `after` readings were made of it."""
    left = [after]

    def read():
        left[0] -= 1
        if left[0] < 0:
            raise CounterError(why)
        return counters()

    return read


def test_energy_and_what_idling_as_long_would_take(clock):
    """By hand: 30 W and 12 W while idle; then 100 J more in 4 s, of which 168 J are idling's."""
    used = [0]
    one = counter("package-0", lambda: int(clock.now * 30e6) + used[0])
    two = counter("package-1", steady(clock, 12))
    with meter([one, two], clock) as m:
        m.begin()
        assert (clock.now, m.idle_w, m.counters) == (2.0, 42.0, "package-0 package-1")
        before = m.read()
        clock.now += 4
        used[0] = 100_000_000
        use = m.used(before, m.read())
        assert use == pytest.approx(Use(4.0, 268.0, 168.0))
        assert use.share(2) == pytest.approx(Use(2.0, 134.0, 84.0))
        m.begin()  # once only
        assert clock.now == 6.0
        assert m.take_notes() == []


def test_without_counters_only_time_is_measured(clock):
    with meter([], clock) as m:
        m.begin()
        assert clock.now == 0.0
        before = m.read()
        clock.now += 3
        assert m.used(before, m.read()) == Use(3.0, None, None)
        assert m.continued(Measured("package-0", 1.0), is_new=False) is None
        assert m.take_notes() == []


def test_a_machine_at_work_is_said_to_be(clock):
    with meter([counter("package-0", steady(clock, 30))], clock, busy=0.6) as m:
        m.begin()
        (note,) = m.take_notes()
        assert note.startswith("Others were at work on this machine")
        assert m.take_notes() == []


def test_memory_whose_counter_stands_still_is_left_out_and_named(clock):
    counters = [
        counter("package-0", steady(clock, 30)),
        counter("package-0/dram", lambda: 7, alone=True),
    ]
    with meter(counters, clock) as m:
        m.begin()
        assert (m.counters, m.idle_w) == ("package-0", 30.0)
        assert m.take_notes() == [
            "Measured energy leaves out package-0/dram: package-0/dram does not move."
        ]


@pytest.mark.parametrize("after", [0, 1], ids=["unreadable", "stands still or vanishes"])
def test_without_one_package_nothing_is_measured(after, clock):
    counters = [
        counter("package-0", steady(clock, 30)),
        counter("package-1", failing(steady(clock, 30), after)),
        counter("package-1/dram", steady(clock, 3), alone=True),
    ]
    with meter(counters, clock) as m:
        m.begin()
        assert (m.counters, m.idle_w, m.read().joules) == ("", None, None)
        assert m.take_notes() == ["Energy is not measured: it is gone"]
        assert m.continued(None, is_new=True) is None


@pytest.mark.parametrize("label", ["package-1", "package-1/dram"])
def test_a_counter_that_vanishes_while_runs_train_ends_the_measurement(label, clock):
    """Also one that could be left out from the start: the sum would be of something else."""
    counters = [
        counter(name, failing(steady(clock, 30), 3 if name == label else FAR),
                alone="dram" in name)
        for name in ("package-0", "package-1", "package-1/dram")
    ]  # fmt: skip
    with meter(counters, clock) as m:
        m.begin()
        before = m.read()
        clock.now += 5
        assert m.used(before, m.read()) == Use(5.0, None, None)
        assert m.take_notes() == ["The energy of the runs at work is not known: it is gone"]


def test_a_gpu_needs_its_own_counter_and_not_the_processors(clock):
    gpu = counter("gpu", steady(clock, 70), source="gpu")
    with meter([gpu, counter("package-0", lambda: 7)], clock, needs="gpu") as m:
        m.begin()
        assert (m.counters, m.idle_w) == ("gpu", 70.0)
        assert m.take_notes() == ["Measured energy leaves out package-0: package-0 does not move."]
    still = counter("gpu", lambda: 7, source="gpu")
    with meter([still, counter("package-0", steady(clock, 9))], clock, needs="gpu") as m:
        m.begin()
        assert m.counters == ""
        assert m.take_notes() == ["Energy is not measured: gpu does not move."]


def test_a_thread_looks_often_enough_that_no_wrap_is_missed(monkeypatch):
    """Every look finds four tenths of the range more: a phase of many wraps that is one wait."""
    monkeypatch.setattr(meters, "_EVERY", 0.002)
    most, looks = 1_000_000, [0]

    def read():
        looks[0] += 1
        return looks[0] * 400_000 % most

    clock = Clock()
    with Meter(
        [Counter("package-0", "cpu", read, 1e-6, most)], clock=clock, pause=clock.pause,
        busy=lambda: 0.0,
    ) as m:  # fmt: skip
        m.begin()
        threads = [t for t in threading.enumerate() if t.name == "energy"]
        assert len(threads) == 1
        before, first = m.read(), looks[0]
        deadline = time.monotonic() + 60
        while looks[0] < first + 20:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        after = m.read()
        wanted = 0.4 * (looks[0] - first)
    assert wanted > 8
    # looks may be one further than the last reading: a thread's
    assert after.joules - before.joules == pytest.approx(wanted, abs=0.81)
    assert not threads[0].is_alive()


def test_what_goes_on_keeps_its_sum_if_it_was_measured_by_the_same_counters(clock):
    with meter([counter("package-0", steady(clock, 30))], clock) as m:
        m.begin()
        before = Measured("package-0", 5.0, 1.0, 2.0, 0.5)
        assert m.continued(before, is_new=False) == before
        assert m.continued(None, is_new=True) == Measured("package-0")
        assert m.take_notes() == []
        assert m.continued(None, is_new=False) is None
        assert m.continued(Measured("gpu", 5.0), is_new=False) is None
        assert [note[:46] for note in m.take_notes()] == [
            "The energy of a run that goes on is not known:"
        ] * 2


def test_the_columns_of_a_run():
    sum_of_epochs: Measured | None = Measured("package-0")
    for _ in range(2):
        sum_of_epochs = sum_of_epochs.plus(Use(3.0, 100.0, 36.0), Use(1.0, 20.0, 12.0))
    assert energy_columns(sum_of_epochs, 8.0) == {
        "measured_train_j": 200.0, "measured_train_net_j": 128.0, "measured_eval_j": 40.0,
        "measured_eval_net_j": 16.0, "idle_w": 12.0, "energy_counters": "package-0",
    }  # fmt: skip
    assert sum_of_epochs.plus(Use(3.0), Use(1.0, 20.0, 12.0)) is None
    short = Measured("package-0").plus(Use(3.0, 100.0, 36.0), Use(0.001, 0.0, 0.012))
    columns = energy_columns(short, 3.001)
    assert (columns["measured_eval_j"], columns["measured_eval_net_j"]) == (None, None)
    assert columns["measured_train_net_j"] == 64.0
    for nothing in (Measured("package-0"), None):
        assert energy_columns(nothing, 3.0) == dict.fromkeys(columns)


def test_a_false_tree_from_end_to_end(tmp_path, clock):
    paths = [
        zone(tmp_path, "intel-rapl:0", "package-0", 10),
        zone(tmp_path, "intel-rapl:0:0", "core"),
    ]

    def idle(seconds):
        clock.pause(seconds)
        write(paths[0], 20_000_010)

    m = Meter(rapl_counters(tmp_path), clock=clock, pause=idle, busy=lambda: 0.0)
    with m:
        m.begin()
        assert m.idle_w == 10.0
        before = m.read()
        clock.now += 10
        write(paths[0], 520_000_010)
        write(paths[1], 10**9)
        assert m.used(before, m.read()) == Use(10.0, 500.0, 100.0)
        paths[0].unlink()
        assert m.read().joules is None
        (note,) = m.take_notes()
        assert "energy_uj cannot be read: No such file or directory" in note


class NVMLError(Exception):
    pass


def nvml(monkeypatch, read, uuid="GPU-abc", start=lambda: None):
    """Put a false pynvml in place; return the calls of init and shutdown."""
    calls = []

    def handle(asked):
        if asked != uuid:
            raise NVMLError("Not Found")
        return "handle"

    def begin():
        calls.append("init")
        start()

    module = SimpleNamespace(
        NVMLError=NVMLError, nvmlInit=begin, nvmlShutdown=lambda: calls.append("shutdown"),
        nvmlDeviceGetHandleByUUID=handle,
        nvmlDeviceGetTotalEnergyConsumption=lambda h: read() if h == "handle" else None,
    )  # fmt: skip
    monkeypatch.setitem(sys.modules, "pynvml", module)
    return calls


def raising(*_):
    raise NVMLError("Not Supported")


def test_a_gpus_counter_in_millijoules_found_by_its_uuid(monkeypatch, tmp_path):
    values = [5000]
    calls = nvml(monkeypatch, lambda: values[0])
    monkeypatch.setenv("SNNBENCH_POWERCAP", str(tmp_path / "none"))
    clock = Clock()
    m = open_meter("abc")
    assert m.take_notes()[0].startswith("Measured energy leaves out the processor: there is no ")
    m._clock, m._busy = clock, lambda: 0.0
    m._pause = lambda seconds: (clock.pause(seconds), values.__setitem__(0, 145_000))
    with m:
        m.begin()
        assert (m.idle_w, m.counters) == (70.0, "gpu")
        before = m.read()
        clock.now += 1
        values[0] += 300_500
        assert m.used(before, m.read()) == pytest.approx(Use(1.0, 300.5, 70.0))
        assert calls == ["init"]
    assert calls == ["init", "shutdown"]


def test_a_gpu_and_the_processor_are_added(monkeypatch, tmp_path):
    nvml(monkeypatch, lambda: 1)
    zone(tmp_path, "intel-rapl:0", "package-0")
    monkeypatch.setenv("SNNBENCH_POWERCAP", str(tmp_path))
    assert open_meter("GPU-abc").counters == "gpu package-0"
    assert open_meter().counters == "package-0"
    assert why_not_here() is None


@pytest.mark.parametrize(
    ("arguments", "uuid", "said"),
    [
        ({"read": raising}, "abc", "NVML does not tell the GPU's energy: Not Supported."),
        ({"read": int}, "other", "NVML does not know the GPU: Not Found."),
        ({"read": int, "start": raising}, "abc", "NVML does not start: Not Supported."),
    ],
)
def test_a_gpu_without_a_counter_leaves_all_empty(arguments, uuid, said, monkeypatch, tmp_path):
    calls = nvml(monkeypatch, **arguments)
    zone(tmp_path, "intel-rapl:0", "package-0")
    monkeypatch.setenv("SNNBENCH_POWERCAP", str(tmp_path))
    m = open_meter(uuid)
    assert (m.counters, m.take_notes()) == ("", [f"Energy is not measured: {said}"])
    assert calls in (["init"], ["init", "shutdown"])
    assert (len(calls) == 2) == ("start" not in arguments)


def test_a_missing_library_is_said_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    (note,) = open_meter("abc").take_notes()
    assert note.endswith("is not installed. pip install 'snnbench[energy]'")
