"""Data on their way into a network: standardized in as many bits as they need."""

import numpy as np
import pytest
import torch

from snnbench.config import RunConfig
from snnbench.data.dataset import Dataset
from snnbench.data.precision import narrowed
from snnbench.data.splits import standardize
from snnbench.errors import UserError
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select

LABELS = np.arange(200) % 2


def dataset(values, names=()):
    x = narrowed(np.asarray(values, np.float64))
    return Dataset("table", x[:160], LABELS[:160], x[160:], LABELS[160:], 2, ("a", "b"), 1.0,
                   False, feature_names=names)  # fmt: skip


def prepared(data, **settings):
    config = RunConfig(arch="4-2", encoding="repeat", batch_size=16, **settings)
    return prepare(config, data, select(config, data), torch.device("cpu"))


@pytest.mark.parametrize("step", [1e-200, 1e-50, 1e-3, 1.0, 1e20])
@pytest.mark.parametrize("offset", [0.0, 1e9, 1.764e12, -1e15])
def test_standardized_features_do_not_depend_on_where_and_how_wide_they_lie(step, offset):
    draws = np.random.default_rng(0).integers(-500, 500, (200, 3)) * 1.0
    plain = prepared(dataset(draws), standardize=True, val_samples=20)
    far = prepared(dataset(step * (offset + draws)), standardize=True, val_samples=20)
    for part in ("train", "val", "test"):
        found, expected = getattr(far, part).x, getattr(plain, part).x
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_what_32_bits_hold_is_standardized_from_32_bits_as_ever():
    values = np.random.default_rng(1).normal(3, 2, (200, 5)).round(2)
    found = prepared(dataset(values), standardize=True)
    narrow = values.astype(np.float32)
    train, test = standardize(narrow[:160], narrow[160:])
    assert np.array_equal(found.train.x.numpy(), train)
    assert np.array_equal(found.test.x.numpy(), test)


def test_a_column_constant_but_for_rounding_stays_constant_beside_one_that_needs_64_bits():
    values = np.stack([np.where(LABELS, 0.1 + 0.2, 0.3), 1.764e12 + np.arange(200)], axis=1)
    found = prepared(dataset(values), standardize=True)
    assert found.train.x[:, 0].unique().tolist() == [0]
    assert float(found.train.x[:, 1].std()) == pytest.approx(1, abs=0.01)


def test_values_that_vary_in_the_test_part_alone_do_no_harm():
    values = np.stack([np.r_[np.full(160, 1.764e12), 1.764e12 + np.arange(40)]] * 2, axis=1)
    found = prepared(dataset(values), standardize=True)
    assert found.train.x.unique().tolist() == [0]
    assert torch.isfinite(found.test.x).all()


def test_without_standardizing_the_column_is_named_with_a_remedy():
    values = np.stack([np.arange(200.0), 1.764e12 + np.arange(200)], axis=1)
    with pytest.raises(UserError, match="column 'time' has values that 32 bits cannot") as caught:
        prepared(dataset(values, ("length", "time")))
    assert "--standardize" in caught.value.remedy
    with pytest.raises(UserError, match=r"feature 1 \(counted from 0\)"):
        prepared(dataset(values))
