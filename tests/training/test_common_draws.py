"""Runs that share a seed share all random draws, whatever else differs between them."""

import pytest
import torch

from snnbench.config import RunConfig
from snnbench.inputs.bernoulli import draw_keys
from snnbench.inputs.encodings import encode
from snnbench.network.build import build_network
from snnbench.training import loop
from snnbench.training.engines import make_engine
from tests.training.test_stacked import data_of

BASE = {"arch": "12-10", "T": 4, "epochs": 2, "train_samples": 200, "batch_size": 50, "seed": 3}
CHANGES = [{"beta": 0.9}, {"z": 7.0}, {"v_th": 0.3}, {"lr": 0.1}, {"loss": "ce"}, {"T": 9},
           {"optimizer": "sgd"}, {"reset": "zero"}]  # fmt: skip


def weights_of(config):
    return build_network(config, (1, 8, 8)).state_dict()


def first_weight(config):
    return build_network(config, (1, 8, 8)).weight_modules[0].weight


def orders_of(config, monkeypatch):
    """Return the samples of every training step, in their order."""
    seen = []

    def spied(configs, data):
        engine = make_engine(configs, data)
        train = engine.train_batch
        engine.train_batch = lambda epoch, rows, *rest: (
            seen.append((epoch, rows.tolist())) or train(epoch, rows, *rest)
        )
        return engine

    monkeypatch.setattr(loop, "make_engine", spied)
    list(loop.train_cohort([config], data_of(config)))
    return seen


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_initial_weights_follow_from_the_seed_alone(change):
    base, other = RunConfig(**BASE), RunConfig(**(BASE | change))
    for name, weight in weights_of(base).items():
        assert torch.equal(weight, weights_of(other)[name])
    assert not torch.equal(first_weight(base), first_weight(base.changed(seed=4)))


def test_equal_layers_of_different_networks_start_from_equal_weights():
    short, long = RunConfig(**BASE), RunConfig(**(BASE | {"arch": "12-7-10"}))
    assert torch.equal(first_weight(short), first_weight(long))


def test_the_order_of_samples_follows_from_the_seed_alone(monkeypatch):
    base = RunConfig(**BASE)
    expected = orders_of(base, monkeypatch)
    assert len(expected) == 8
    for change in ({"beta": 0.9, "lr": 0.1}, {"model": "ann"}):
        kept = {k: v for k, v in BASE.items() if change.get("model") != "ann" or k != "T"}
        assert orders_of(RunConfig(**(kept | change)), monkeypatch) == expected
    assert orders_of(base.changed(seed=4), monkeypatch) != expected


def test_the_draws_of_the_encoding_follow_from_seed_epoch_sample_and_step():
    base = RunConfig(**BASE)
    part = data_of(base).train
    spikes = encode(base, part.x, part.samples, 1)
    for change in CHANGES:
        other = encode(RunConfig(**(BASE | change)), part.x, part.samples, 1)
        assert torch.equal(other[: len(spikes)], spikes)  # more steps only add to them
    backwards = encode(base, part.x.flip(0), part.samples.flip(0), 1)
    assert torch.equal(backwards.flip(1), spikes)  # whatever batch a sample is in
    assert not torch.equal(encode(base, part.x, part.samples, 2), spikes)
    assert len(set(draw_keys(3, 1, part.samples).tolist())) == len(part)
