"""What leaves nothing to train on, or to count, is refused before the start."""

import numpy as np
import pytest

from snnbench.checks import load_data
from snnbench.config import RunConfig
from snnbench.data.dataset import Dataset
from snnbench.errors import UserError
from snnbench.inputs.selection import select

NOTHING = [
    ({"batch_norm": True, "batch_size": 1}, "a single sample has no variance"),
    ({"batch_norm": True, "batch_size": 1, "model": "ann"}, "a single sample has no variance"),
    ({"batch_norm": True, "batch_size": 1, "train_samples": 1}, "a single sample has no variance"),
    ({"batch_norm": True, "batch_size": 1, "train_samples": 2, "val_samples": 1},
     "a single sample has no variance"),
    ({"batch_size": 9, "train_samples": 8}, "larger than the 8 training samples"),
    ({"batch_size": 1, "train_samples": 8, "val_samples": 8}, "nothing to train on"),
    ({"batch_size": 1, "train_samples": 8, "val_samples": 9}, "nothing to train on"),
    ({"batch_size": 1, "train_samples": 8, "val_fraction": 0.99}, "nothing to train on"),
    ({"batch_size": 1, "train_samples": 8, "val_fraction": 0.01}, "nothing in that part"),
    ({"batch_size": 1, "train_samples": 1, "val_fraction": 0.5}, "nothing to train on"),
    ({"train_samples": 1438}, "there are 1,437"),
    ({"test_samples": 361}, "there are 360"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "words"), NOTHING)
def test_what_leaves_nothing_to_train_on_is_refused(settings, words):
    with pytest.raises(UserError, match=words) as caught:
        load_data(RunConfig(arch="8-10", **settings))
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["train_samples", "test_samples", "val_samples", "batch_size"])
def test_no_samples_at_all_is_out_of_range(name):
    with pytest.raises(UserError, match=f"{name}: 0 is out of range"):
        RunConfig(**{name: 0})


def test_two_samples_are_enough_for_batch_norm_and_one_without():
    digits = load_data(RunConfig())
    for settings in ({"batch_norm": True, "batch_size": 2, "train_samples": 3}, {"batch_size": 1}):
        assert len(select(RunConfig(arch="8-10", **settings), digits).train)


def test_what_is_only_counted_needs_no_batch():
    x = np.zeros((3, 4), np.float32)
    y = np.arange(3) % 2
    data = Dataset("few", x, y, x, y, 2, ("a", "b"), 1.0, False)
    config = RunConfig(arch="4-2", encoding="repeat", batch_norm=True)
    with pytest.raises(UserError, match="larger than the 3 training samples"):
        select(config, data)
    assert len(select(config, data, trains=False).test) == 3
