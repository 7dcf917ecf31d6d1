"""Which runs fall behind, and that a run ended early has what it came to by then."""

import pytest

from snnbench.config import RunConfig
from snnbench.training.events import Reached, RunDone
from snnbench.training.halving import fallen_behind, rungs
from snnbench.training.loop import train_cohort
from tests.training.test_stacked import bits, data_of

SHARED = {"arch": "24-10", "T": 4, "epochs": 9, "train_samples": 400, "val_samples": 100,
          "device": "cpu", "engine": "fast", "optimizer": "sgd"}  # fmt: skip


@pytest.mark.parametrize(
    ("epochs", "expected"), [(1, ()), (3, (1,)), (9, (1, 3)), (10, (1, 3)), (90, (10, 30))]
)
def test_rungs_are_a_ninth_and_a_third_of_the_epochs(epochs, expected):
    assert rungs(epochs) == expected


def test_the_best_third_goes_on_and_the_first_of_equals():
    found = fallen_behind({"a": 0.1, "b": 0.5, "c": 0.5, "d": 0.5, "e": 0.2})
    assert found == {"d": "3. of 5", "e": "4. of 5", "a": "5. of 5"}
    assert fallen_behind({"alone": 0.0}) == {}


def test_a_run_that_is_ended_early_has_what_it_came_to_and_the_other_its_own_bits():
    configs = [RunConfig(**SHARED, lr=lr) for lr in (1e-6, 1.0)]
    data = data_of(configs[0])
    (reached,) = [e for e in train_cohort(configs, data, until=1) if isinstance(e, Reached)]
    snapshots = [take() for take in reached.snapshots.values()]
    frozen = {0: "frozen after epoch 1 of 9: 2. of 2"}
    events = train_cohort(configs, data, snapshots=snapshots, frozen=frozen)
    loser, winner = (event for event in events if isinstance(event, RunDone))
    assert (loser.status, loser.error, len(loser.records)) == ("halved", frozen[0], 1)
    assert loser.count is not None
    alone = next(e for e in train_cohort(configs[1:], data) if isinstance(e, RunDone))
    assert (winner.status, len(winner.records)) == ("done", 9)
    assert bits(winner) == bits(alone)
