"""Members that fall behind are frozen early; the others are what they would have been alone."""

import pytest

from snnbench.config import RunConfig
from snnbench.training.events import RunDone
from snnbench.training.halving import rungs
from snnbench.training.loop import train_cohort
from tests.training.test_stacked import bits, data_of

SHARED = {"arch": "24-10", "T": 4, "epochs": 9, "train_samples": 400, "val_samples": 100,
          "device": "cpu", "engine": "fast", "optimizer": "sgd"}  # fmt: skip


@pytest.mark.parametrize(
    ("epochs", "expected"), [(1, ()), (3, (1,)), (9, (1, 3)), (10, (1, 3)), (90, (10, 30))]
)
def test_rungs_are_a_ninth_and_a_third_of_the_epochs(epochs, expected):
    assert rungs(epochs) == expected


def ended(configs, **options):
    events = train_cohort(configs, data_of(configs[0]), **options)
    found = {event.member: event for event in events if isinstance(event, RunDone)}
    return [found[k] for k in range(len(configs))]


def test_the_best_third_by_validation_goes_on_and_nobody_else():
    rates = [1e-6, 1.0, 1e-5, 0.3, 1e-7, 3e-6, 0.5, 1e-4, 2e-6]
    configs = [RunConfig(**SHARED, lr=lr) for lr in rates]
    results = ended(configs, halving=True)
    lengths = [len(result.records) for result in results]
    assert sorted(lengths) == [1] * 6 + [3] * 2 + [9]
    after_one = [result.records[0].val_accuracy for result in results]
    kept = sorted(range(9), key=lambda k: (-after_one[k], k))[:3]
    assert {k for k in range(9) if lengths[k] > 1} == set(kept)
    winner = lengths.index(9)
    after_three = {k: results[k].records[2].val_accuracy for k in kept}
    assert after_three[winner] == max(after_three.values())
    assert [result.status for result in results].count("done") == 1
    loser = results[lengths.index(1)]
    assert loser.status == "halved"
    assert loser.error.startswith("frozen after epoch 1 of 9: ")
    assert loser.error.endswith("of 9 by validation accuracy")
    assert loser.count is not None
    assert bits(results[winner]) == bits(ended([configs[winner]])[0])


def test_a_run_alone_is_never_frozen():
    (result,) = ended([RunConfig(**SHARED, lr=1e-6)], halving=True)
    assert (result.status, len(result.records)) == ("done", 9)
