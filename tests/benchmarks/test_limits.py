"""The formulas of the limits, with numbers small enough to count by hand."""

import numpy as np
import pytest

from benchmarks.cases import CASES
from benchmarks.images import Images
from benchmarks.limits import Layer, Machine, Pixels, Work, ann_work, snn_work
from benchmarks.machine import pixel_facts
from snnbench.data.dataset import Dataset

# 8 pixels of which 4 can spike, 2 do in a step, in 1.5 groups of 2
PIXELS = Pixels(count=8, active=4.0, hits={1: 2.0, 2: 1.5})
FIRST = Layer("linear", fan_in=8, units=3, params=27, input_rate=0.25)
SECOND = Layer("linear", fan_in=3, units=2, params=8, input_rate=0.5)


def test_evaluation_of_one_layer():
    work = snn_work([FIRST], PIXELS, B=10, T=4, training=False)
    encoding = 6 * 10 * 4 * 4
    one_by_one = 10 * 4 * 2.0 * 3  # in pairs: 10 * 4 * 1.5 * 3 + tables of 4 * 3 * 8 / 2 = 228
    neurons = 3 * 10 * 4 * 3
    assert work == Work(encoding + min(one_by_one, 228) + neurons, 10 * 8)


def test_tables_pay_once_the_batch_is_large():
    small = snn_work([FIRST], PIXELS, B=1, T=1, training=False)
    large = snn_work([FIRST], PIXELS, B=100, T=4, training=False)
    assert small.operations == 6 * 4 + 2.0 * 3 + 3 * 3
    assert large.operations == 400 * (6 * 4 + 1.5 * 3 + 3 * 3) + 4 * 3 * 8 / 2


def test_training_of_two_layers():
    work = snn_work([FIRST, SECOND], PIXELS, B=1, T=1)
    second_spikes = 1.5 * 2  # 3 inputs at rate 0.5, one by one: tables cost more here
    operations = (
        6 * 4
        + 2 * (2.0 * 3)  # first layer: sums forward and dW
        + 9 * 3
        + 2 * second_spikes
        + 9 * 2
        + 3 * 2  # gradient of the hidden spikes, dense
        + 8 * 35
    )
    assert work.operations == pytest.approx(operations)
    assert work.bytes == 8 + 8 * (3 + 2) + 28 * 35


def test_runs_of_a_sweep_share_pixels_and_draws():
    one = snn_work([FIRST, SECOND], PIXELS, B=16, T=5)
    four = snn_work([FIRST, SECOND], PIXELS, B=16, T=5, K=4)
    shared = 6 * 16 * 5 * 4
    assert four.operations - shared == pytest.approx(4 * (one.operations - shared))
    assert four.bytes - 16 * 8 == 4 * (one.bytes - 16 * 8)


def test_a_convolution_is_taken_spike_by_spike():
    conv = Layer("conv", fan_in=9, units=100, params=40, input_rate=0.2)
    work = snn_work([conv], PIXELS, B=1, T=1, training=False)
    assert work.operations == pytest.approx(6 * 4 + 9 * 0.2 * 100 + 3 * 100)


def test_an_ordinary_network_is_dense_behind_the_pixels_that_are_not_0():
    training = ann_work([FIRST, SECOND], PIXELS, B=10)
    assert training.operations == 2 * 10 * 4 * 3 + 3 * 10 * 6 + 8 * 35
    assert ann_work([FIRST, SECOND], PIXELS, B=10, training=False) == Work(10 * 18, 10 * 8)


def test_the_limit_is_the_longer_of_arithmetic_and_memory():
    machine = Machine(operations_per_s=1e6, bytes_per_s=1e3)
    assert Work(5e3, 1.0).ms(machine) == pytest.approx(5.0)
    assert Work(5e3, 20.0).ms(machine) == pytest.approx(20.0)


def test_groups_with_a_spike_follow_from_the_pixels():
    x = np.array([255, 0, 51, 51], np.uint8).reshape(1, 1, 2, 2)
    y = np.zeros(1, np.int64)
    images = Images(Dataset("four", x, y, x, y, 1, ("0",), 1 / 255, True), "four")
    facts = pixel_facts(images)
    assert (facts["count"], facts["active"]) == (4, 3.0)
    assert facts["mean"] == pytest.approx(1.4 / 4)
    # pairs: (1, 0) always spikes, (0.2, 0.2) with 1 - 0.8^2
    assert facts["hits"] == pytest.approx({1: 1.4, 2: 1.36, 4: 1.0, 8: 1.0})


def test_every_case_that_is_spiking_has_steps():
    assert [name for name, case in CASES.items() if case.T is None] == ["ann"]
