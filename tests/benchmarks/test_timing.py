"""Timing by scripted steps; the images that stand in; memory."""

import itertools

import numpy as np
import pytest

from benchmarks.cases import BATCH, CASES
from benchmarks.images import batches, load_images
from benchmarks.timing import Budget, Step, measure, peak_mb, resident_mb
from snnbench.errors import UserError


def scripted(*seconds):
    return (Step(s, loss) for loss, s in enumerate(itertools.chain(seconds, itertools.repeat(9.0))))


def test_warm_up_is_not_timed():
    steps = scripted(5.0, 5.0, 0.010, 0.030, 0.020)
    timing = measure(steps, Budget(warmup_steps=2, warmup_seconds=0, seconds=0.06, min_steps=2))
    assert (timing.ms, timing.steps) == (pytest.approx(20.0), 3)
    assert (timing.q1_ms, timing.q3_ms) == (pytest.approx(15.0), pytest.approx(25.0))
    assert (timing.first_loss, timing.last_loss) == (0, 4)


def test_warm_up_lasts_until_both_its_bounds_are_reached():
    steps = scripted(0.3, 0.3, 0.001, 0.001)
    budget = Budget(warmup_steps=1, warmup_seconds=0.5, seconds=0.0, min_steps=2)
    assert measure(steps, budget).ms == pytest.approx(1.0)


def test_a_step_is_divided_by_its_parts_but_spends_the_budget_whole():
    steps = (Step(0.5, None, parts=5) for _ in range(4))
    budget = Budget(warmup_steps=1, warmup_seconds=0.5, seconds=1.5, min_steps=2)
    timing = measure(steps, budget)
    assert (timing.ms, timing.steps) == (pytest.approx(100.0), 3)


def test_steps_are_bounded():
    budget = Budget(warmup_steps=0, warmup_seconds=0, seconds=1e9, min_steps=2, max_steps=7)
    assert measure(scripted(), budget).steps == 7


def test_memory_is_in_megabytes():
    resident, peak = resident_mb(), peak_mb()
    if resident is None or peak is None:
        pytest.skip("this system does not say")
    ballast = np.ones(100 * 2**20, np.uint8)
    assert resident_mb() >= resident + 90
    assert peak_mb() >= ballast.nbytes / 2**20
    assert peak_mb() < 1e6


@pytest.fixture
def _no_mnist(monkeypatch):
    from benchmarks import images

    real = images.load_dataset

    def missing(name, **where):
        if name != "digits":
            raise UserError("missing", "fetch it")
        return real(name, **where)

    monkeypatch.setattr(images, "load_dataset", missing)


@pytest.mark.usefixtures("_no_mnist")
def test_missing_images_are_replaced_by_digits_and_named():
    images = load_images(CASES["t10"], None)
    assert images.called == "digits enlarged to 28x28 (mnist is missing)"
    x, y = images.train()
    assert x.shape == (1437 // BATCH * BATCH, 1, 28, 28)
    assert (x.dtype, len(y)) == (np.float32, len(x))
    assert (x.min(), x.max()) == (0, 1)
    assert x[:, :, :2].max() == 0
    assert (x[0, 0, 2:5, 2:5] == x[0, 0, 2, 2]).all()
    assert len(images.test()[1]) == BATCH


@pytest.mark.usefixtures("_no_mnist")
def test_light_scales_the_pixels():
    plain = load_images(CASES["t50"], None).train()[0]
    np.testing.assert_allclose(load_images(CASES["dim"], None).train()[0], plain / 4, rtol=1e-6)
    assert set(load_images(CASES["dense"], None).train()[0].ravel()) == {0.5}


@pytest.mark.usefixtures("_no_mnist")
def test_an_evaluation_has_one_batch_to_train_on():
    images = load_images(CASES["evaluate"], None)
    assert (len(images.train()[1]), len(images.test()[1])) == (BATCH, 360 // BATCH * BATCH)


def test_an_epoch_takes_every_image_once():
    rows = batches(3 * BATCH)
    first, second = (np.concatenate([next(rows) for _ in range(3)]) for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(3 * BATCH))
    assert (first != second).any()
