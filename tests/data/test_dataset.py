import hashlib
from dataclasses import replace

import numpy as np
import pytest

from snnbench.data.dataset import Dataset, class_numbers
from snnbench.errors import UserError


@pytest.fixture
def small() -> Dataset:
    x = np.arange(12, dtype=np.uint8).reshape(3, 1, 2, 2)
    y = np.array([0, 1, 0])
    return Dataset("small", x, y, x[:2], y[:2], 2, ("a", "b"), 1 / 255, True)


def test_the_checksum_covers_dtype_shape_and_bytes_in_this_order(small: Dataset) -> None:
    expected = hashlib.sha256()
    for array in (small.x_train, small.y_train, small.x_test, small.y_test):
        expected.update(f"{array.dtype.str} {array.shape}\n".encode() + array.tobytes())
    assert small.sha256 == expected.hexdigest()


def test_the_checksum_does_not_depend_on_memory_order(small: Dataset) -> None:
    turned = replace(small, x_train=np.asfortranarray(small.x_train))
    assert turned.sha256 == small.sha256


@pytest.mark.parametrize("field", ["x_train", "y_train", "x_test", "y_test"])
def test_one_changed_value_in_any_array_changes_the_checksum(small: Dataset, field: str) -> None:
    array = getattr(small, field).copy()
    array.flat[1] = 1 - array.flat[1]
    assert replace(small, **{field: array}).sha256 != small.sha256


def test_the_same_bytes_in_another_shape_have_another_checksum(small: Dataset) -> None:
    x = small.x_train.reshape(3, 2, 2, 1), small.x_test.reshape(2, 2, 2, 1)
    assert replace(small, x_train=x[0], x_test=x[1]).sha256 != small.sha256


def test_the_input_shape_is_that_of_one_sample(small: Dataset) -> None:
    assert small.input_shape == (1, 2, 2)


def test_labels_beyond_the_classes_are_a_fault_of_the_loader(small: Dataset) -> None:
    with pytest.raises(AssertionError):
        replace(small, y_train=np.array([0, 1, 2]))


def test_a_label_out_of_range_is_named_with_its_sample() -> None:
    with pytest.raises(UserError, match=r"file: label 10 of sample 2 .* outside 0\.\.9"):
        class_numbers(np.array([0, 9, 10, 11]), 10, "file", "mend")
