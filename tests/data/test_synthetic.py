import os
import subprocess
import sys

import numpy as np
import pytest

from snnbench.data import synthetic
from snnbench.data.dataset import Dataset, Part
from snnbench.data.splits import split_test
from snnbench.data.synthetic import load_digits, load_tabular_standin, project_cifar
from snnbench.errors import UserError

from .conftest import REPOSITORY


def pictures(count: int, seed: int) -> Part:
    """Make images [N, 3, 8, 8] whose neighbouring pixels resemble each other, as in pictures."""
    generator = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(0, 1, (150, 192)) / np.arange(1, 151)[:, np.newaxis]
    x = 128 + 20 * generator.normal(0, 1, (count, 150)) @ mixing
    pixels = x.clip(0, 255).astype(np.uint8).reshape(count, 3, 8, 8)
    return Part(pixels, generator.integers(0, 10, count))


@pytest.fixture(scope="module")
def projected() -> Dataset:
    return project_cifar(pictures(2000, 1), pictures(300, 2), tuple("0123456789"))


def test_digits_are_1797_real_images_with_pixels_up_to_one() -> None:
    digits = load_digits()
    assert digits.x_train.shape == (1437, 1, 8, 8)
    assert digits.x_test.shape == (360, 1, 8, 8)
    assert digits.x_train.max() * digits.scale == 1.0
    whole = np.bincount(np.concatenate([digits.y_train, digits.y_test]))
    assert np.abs(np.bincount(digits.y_test) - whole * 360 / 1797).max() < 1
    assert digits.stand_in_for is None


def test_digits_keep_image_and_label_together() -> None:
    from sklearn.datasets import load_digits as original

    bunch, digits = original(), load_digits()
    train, test = split_test(bunch.target, 360, None, 0)
    for x, y, rows in (
        (digits.x_train, digits.y_train, train),
        (digits.x_test, digits.y_test, test),
    ):
        assert np.array_equal(x[:, 0], bunch.images[rows])
        assert np.array_equal(y, bunch.target[rows])


def test_the_tabular_stand_in_has_the_sizes_of_what_it_stands_for() -> None:
    table = load_tabular_standin()
    assert (table.x_train.shape, table.x_test.shape) == ((4000, 50), (1000, 50))
    assert (table.n_classes, table.scale) == (4, 1.0)
    assert np.bincount(table.y_train).min() > 950
    assert table.stand_in_for is not None
    assert "4 classes" in table.stand_in_for


def test_the_tabular_stand_in_is_standardised_and_the_same_every_time() -> None:
    first, second = load_tabular_standin(), load_tabular_standin()
    assert first.sha256 == second.sha256
    assert np.abs(first.x_train.mean(axis=0)).max() < 1e-4
    assert np.abs(first.x_train.std(axis=0) - 1).max() < 1e-4


def test_the_tabular_stand_in_is_as_hard_as_what_it_stands_for() -> None:
    """A linear model is far below the 80 % at which networks level off (measured: 0.60)."""
    from sklearn.linear_model import LogisticRegression

    table = load_tabular_standin()
    model = LogisticRegression(max_iter=500).fit(table.x_train, table.y_train)
    assert 0.55 < model.score(table.x_test, table.y_test) < 0.65


def test_projected_features_are_scikit_learns_principal_components(projected: Dataset) -> None:
    from sklearn.decomposition import PCA

    train, test = pictures(2000, 1), pictures(300, 2)
    pca = PCA(128, svd_solver="full").fit(train.x.reshape(2000, -1))
    expected = pca.transform(test.x.reshape(300, -1))
    scale = expected[:, 0].std() / projected.x_test[:, 0].std()
    # Later components of these pictures are nearly equal in variance: only the first are unique.
    for component in range(10):
        theirs, ours = expected[:, component], projected.x_test[:, component] * scale
        sign = np.sign(theirs @ ours)
        assert np.abs(sign * theirs - ours).max() < 0.02 * np.abs(theirs).max()
    # All 128 together span the same space: the same variance is explained.
    ours = (projected.x_train.astype(np.float64) * scale).var(axis=0).sum()
    assert ours == pytest.approx(pca.explained_variance_.sum(), rel=0.01)


def test_projected_features_have_mean_0_and_deviation_1_in_all(projected: Dataset) -> None:
    assert projected.x_train.shape == (2000, 128)
    assert projected.x_train.std() == pytest.approx(1, abs=0.01)
    assert np.abs(projected.x_train.mean(axis=0)).max() < 1e-5
    deviations = projected.x_train.std(axis=0)
    assert deviations[0] == deviations.max() > 2  # one common number scales all components


def test_components_are_turned_so_that_their_largest_entry_is_positive() -> None:
    components = synthetic._components(synthetic._centred_sums(pictures(500, 1).x))
    largest = np.argmax(np.abs(components), axis=0)
    assert (components[largest, np.arange(128)] > 0).all()


def test_the_projection_learns_nothing_from_the_test_images(projected: Dataset) -> None:
    other = project_cifar(pictures(2000, 1), pictures(300, 3), tuple("0123456789"))
    assert np.array_equal(other.x_train, projected.x_train)
    assert not np.array_equal(other.x_test, projected.x_test)


def test_the_projection_has_the_same_bits_with_one_thread_and_with_two() -> None:
    program = (
        "from tests.data.test_synthetic import pictures, project_cifar\n"
        "print(project_cifar(pictures(2000, 1), pictures(300, 2), tuple('0123456789')).sha256)"
    )
    found = set()
    for threads in ("1", "2"):
        environment = os.environ | {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=environment,
            cwd=REPOSITORY,
            capture_output=True,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1


def test_too_few_images_for_the_components_are_refused() -> None:
    with pytest.raises(UserError, match="127 images of 192 pixels are too few"):
        project_cifar(pictures(127, 1), pictures(5, 2), tuple("0123456789"))
