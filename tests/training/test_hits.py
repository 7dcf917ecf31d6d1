"""Ties: no accuracy depends on the names of the classes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.data.catalogue import load_dataset
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.kernels.base.losses import hits_of_members
from snnbench.training.events import EpochDone, RunDone
from snnbench.training.hits import TIED, first, hits_of, share
from snnbench.training.loop import train_cohort

FEW = st.integers(0, 2)  # so that many are equal
SCORES = st.integers(2, 6).flatmap(
    lambda c: st.lists(
        st.tuples(st.lists(FEW, min_size=c, max_size=c), st.integers(0, c - 1)),
        min_size=1, max_size=8,
    )
)  # fmt: skip


def by_hand(rows):
    first = share = tied = 0.0
    for scores, wanted in rows:
        best = [c for c, score in enumerate(scores) if score == max(scores)]
        first += best[0] == wanted
        share += 1 / len(best) if wanted in best else 0
        tied += len(best) > 1
    return first, share, tied


@given(SCORES)
def test_kernels_and_torch_count_ties_as_by_hand(rows):
    scores = torch.tensor([scores for scores, _ in rows], dtype=torch.float32)
    y = torch.tensor([wanted for _, wanted in rows])
    found = hits_of(scores, y)
    assert (first(found), share(found), found[TIED]) == pytest.approx(by_hand(rows))
    (kernel,) = hits_of_members(scores.numpy()[:, None], y.numpy())
    assert kernel.tolist() == found.tolist()


@given(SCORES, st.randoms(use_true_random=False))
def test_other_names_for_the_classes_change_no_share(rows, draws):
    names = list(range(len(rows[0][0])))
    draws.shuffle(names)
    renamed = [([scores[names.index(c)] for c in range(len(names))], names[wanted])
               for scores, wanted in rows]  # fmt: skip
    assert by_hand(renamed)[1:] == pytest.approx(by_hand(rows)[1:])


def digits(config, order):
    dataset = load_dataset("digits")
    renamed = np.argsort(order)
    changed = type(dataset)(**{
        **vars(dataset), "y_train": renamed[dataset.y_train], "y_test": renamed[dataset.y_test]
    })  # fmt: skip
    return prepare(config, changed, select(config, changed), torch.device("cpu"))


SILENT = {
    "events": {"v_th": 1e6},
    "another loss": {"v_th": 1e6, "loss": "ce"},
    "scan": {"v_th": 1e6, "dropout": 0.1},
    "reference": {"v_th": 1e6, "engine": "reference"},
}


@pytest.mark.parametrize("name", SILENT)
def test_a_network_that_never_fires_scores_chance_whatever_the_classes_are_called(name):
    settings = {"arch": "8-10", "T": 3, "epochs": 2, "train_samples": 300, "val_samples": 50,
                "engine": "fast", "device": "cpu"} | SILENT[name]  # fmt: skip
    config = RunConfig(**settings)
    first = config.changed(ties="first")
    for order in (np.arange(10), np.roll(np.arange(10), 3), np.arange(10)[::-1]):
        data = digits(config, order)
        events = list(train_cohort([config, first], data))
        for event in events:
            if isinstance(event, EpochDone) and event.member == 0:
                record = event.record
                found = record.train_accuracy, record.val_accuracy, record.test_accuracy
                assert found == pytest.approx((0.1, 0.1, 0.1))
                assert record.tied_fraction == 1
        ends = {event.member: event for event in events if isinstance(event, RunDone)}
        assert ends[0].count.totals()["activity"] == "silent"
        share_of_first = float((data.test.y == 0).double().mean())
        assert ends[1].records[-1].test_accuracy == pytest.approx(share_of_first)


def test_runs_recorded_before_there_was_a_choice_keep_their_names():
    first = RunConfig(device="cpu", engine="fast", ties="first")
    share = RunConfig(device="cpu", engine="fast")
    assert share.ties == "share"
    assert first.run_id("data") != share.run_id("data")
    assert first.run_id("data") == "0599a448bebe"
