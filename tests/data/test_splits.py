import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnbench.data.splits import split_test, split_validation, standardize, subset
from snnbench.errors import UserError

labels_and_count = st.lists(st.integers(0, 5), min_size=2, max_size=200).flatmap(
    lambda y: st.tuples(st.just(np.array(y)), st.integers(1, len(y) - 1))
)
seeds = st.integers(0, 2**40)


def assert_in_proportion(y: np.ndarray, chosen: np.ndarray) -> None:
    """Every class gets its exact share, rounded up or down."""
    for label in np.unique(y):
        share = np.sum(y == label) * len(chosen) / len(y)
        assert abs(np.sum(y[chosen] == label) - share) < 1


@given(labels_and_count, seeds)
def test_a_validation_part_has_its_exact_size_and_every_class_in_proportion(
    drawn: tuple[np.ndarray, int], seed: int
) -> None:
    y, count = drawn
    train, validation = split_validation(y, count, None, seed)
    assert len(validation) == count
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(len(y)))
    assert_in_proportion(y, validation)
    again = split_validation(y, count, None, seed)
    assert np.array_equal(train, again[0])
    assert np.array_equal(validation, again[1])


@given(labels_and_count, seeds)
def test_a_subset_has_its_exact_size_and_every_class_in_proportion(
    drawn: tuple[np.ndarray, int], seed: int
) -> None:
    y, count = drawn
    chosen = subset(y, count, seed)
    assert len(np.unique(chosen)) == len(chosen) == count
    assert np.array_equal(chosen, np.sort(chosen))
    assert_in_proportion(y, chosen)
    assert np.array_equal(chosen, subset(y, count, seed))


def test_another_seed_chooses_other_samples() -> None:
    y = np.arange(1000) % 10
    parts = [tuple(split_validation(y, 100, None, seed)[1]) for seed in range(20)]
    assert len(set(parts)) == 20


def test_every_sample_is_equally_likely_to_be_chosen() -> None:
    y = np.arange(100) % 4
    times = np.zeros(100)
    for seed in range(2000):
        times[subset(y, 20, seed)] += 1
    # Binomial(2000, 0.2): mean 400, deviation 17.9; five deviations are never reached.
    assert np.abs(times - 400).max() < 90


def test_subset_validation_and_test_part_of_one_seed_are_chosen_independently() -> None:
    y = np.zeros(1000, np.int64)
    chosen = [
        set(subset(y, 100, 7)),
        set(split_validation(y, 100, None, 7)[1]),
        set(split_test(y, 100, None, 7)[1]),
    ]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert len(chosen[first] & chosen[second]) < 30  # 10 expected, 100 if they were the same


def test_the_choice_is_the_same_in_every_version() -> None:
    """A change here changes every published split: never adapt these numbers."""
    y = np.arange(30) % 3
    assert split_validation(y, 6, None, 0)[1].tolist() == [1, 6, 7, 11, 17, 24]
    assert subset(y, 6, 1).tolist() == [1, 12, 14, 15, 23, 25]
    assert split_test(y, 6, None, 2)[1].tolist() == [1, 5, 9, 13, 18, 20]


@pytest.mark.parametrize(("fraction", "count"), [(0.1, 10), (0.104, 10), (0.105, 11), (0.99, 99)])
def test_a_fraction_is_rounded_to_whole_samples(fraction: float, count: int) -> None:
    assert len(split_validation(np.zeros(100, np.int64), None, fraction, 0)[1]) == count


def test_without_a_size_nothing_is_held_out() -> None:
    train, validation = split_validation(np.array([0, 1, 0]), None, None, 0)
    assert train.tolist() == [0, 1, 2]
    assert validation.tolist() == []


@pytest.mark.parametrize(
    ("samples", "fraction", "message"),
    [
        (0, None, "val_samples = 0 leaves nothing in that part"),
        (-1, None, "val_samples = -1 leaves nothing in that part"),
        (10, None, "val_samples = 10 leaves nothing to train on: there are 10"),
        (11, None, "val_samples = 11 leaves nothing to train on"),
        (None, 0.0, "val_fraction = 0.0 leaves nothing in that part"),
        (None, 0.04, "val_fraction = 0.04 leaves nothing in that part"),
        (None, 1.0, "val_fraction = 1.0 leaves nothing to train on"),
        (2, 0.2, "val_samples and val_fraction are both given"),
    ],
)
def test_impossible_validation_parts_are_refused(
    samples: int | None, fraction: float | None, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        split_validation(np.arange(10) % 2, samples, fraction, 0)


@pytest.mark.parametrize("samples", [0, 11])
def test_impossible_subsets_are_refused(samples: int) -> None:
    with pytest.raises(UserError, match=f"{samples} samples was asked for, there are 10"):
        subset(np.arange(10) % 2, samples, 0)


def test_the_whole_is_a_subset() -> None:
    assert subset(np.arange(10) % 3, 10, 0).tolist() == list(range(10))


def test_standardising_uses_statistics_of_the_training_part_only() -> None:
    train = np.array([[1.0, 10.0], [3.0, 30.0]], np.float32)
    other = np.array([[5.0, 20.0]], np.float32)
    scaled, scaled_other = standardize(train, other)
    assert scaled.tolist() == [[-1, -1], [1, 1]]
    assert scaled_other.tolist() == [[3, 0]]
    assert scaled.dtype == scaled_other.dtype == np.float32


def test_standardising_more_rows_than_fit_in_a_block_gives_mean_0_and_deviation_1() -> None:
    x = np.random.default_rng(0).normal(1000, 3, (10_000, 4)).astype(np.float32)
    (scaled,) = standardize(x)
    assert np.abs(scaled.mean(axis=0, dtype=np.float64)).max() < 1e-6
    assert np.abs(scaled.std(axis=0, dtype=np.float64) - 1).max() < 1e-6


@pytest.mark.parametrize("value", [0.0, 0.1, 1e30])
def test_a_constant_feature_becomes_exactly_zero(value: float) -> None:
    train, other = standardize(np.full((7, 1), value, np.float32), np.array([[value]], np.float32))
    assert train.tolist() == [[0.0]] * 7
    assert other.tolist() == [[0.0]]


def test_a_constant_feature_becomes_zero_although_its_mean_is_rounded() -> None:
    x = np.full((6, 1), 0.1)
    assert x.mean(axis=0)[0] != 0.1
    (scaled,) = standardize(x)
    assert scaled.tolist() == [[0.0]] * 6


def test_pixels_keep_their_shape() -> None:
    images = np.arange(2 * 12, dtype=np.uint8).reshape(2, 3, 2, 2)
    (scaled,) = standardize(images)
    assert scaled.shape == images.shape
    assert np.abs(scaled).tolist() == np.ones((2, 3, 2, 2)).tolist()
