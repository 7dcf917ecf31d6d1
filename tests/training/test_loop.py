"""The training loop on small real data: what it records, chooses, ends and repeats."""

import numpy as np
import pytest
import torch

from snnbench.config import RunConfig
from snnbench.data.catalogue import load_dataset
from snnbench.errors import UserError
from snnbench.inputs.encodings import EVALUATION_EPOCH, encode
from snnbench.inputs.prepare import prepare
from snnbench.inputs.selection import select
from snnbench.network.build import build_network
from snnbench.network.checkpoint import save_model
from snnbench.training.evaluation import NetworkEvaluator, evaluate
from snnbench.training.events import EpochDone, RunDone, StepDone
from snnbench.training.loop import train_cohort

CPU = torch.device("cpu")
SMALL = {"arch": "24-10", "T": 4, "epochs": 3, "train_samples": 512, "v_th": 0.5}


@pytest.fixture(scope="module")
def digits():
    return load_dataset("digits")


def run(configs, dataset):
    data = prepare(configs[0], dataset, select(configs[0], dataset), CPU)
    return list(train_cohort(configs, data)), data


def done(configs, dataset):
    events, _ = run(configs, dataset)
    return {e.member: e for e in events if isinstance(e, RunDone)}


def test_training_learns_the_digits(digits):
    for settings in ({"T": 8}, {"model": "ann"}):
        config = RunConfig(arch="64-10", epochs=6, **settings)
        (result,) = done([config], digits).values()
        assert result.status == "done"
        assert result.records[-1].test_accuracy > 0.93
        assert result.records[-1].train_loss < result.records[0].train_loss / 2


def test_a_step_is_torchs_own(digits):
    """One epoch of an ANN equals a plain torch loop over the same batches."""
    config = RunConfig(model="ann", arch="12-10", epochs=1, train_samples=300, optimizer="sgd",
                       lr=0.1, momentum=0.9, weight_decay=0.01)  # fmt: skip
    events, data = run([config], digits)
    network = build_network(config, data.input_shape)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    order = np.random.default_rng([config.seed, 1, 1]).permutation(300)
    for rows in torch.from_numpy(order).split(128):
        optimizer.zero_grad()
        scores = network(data.train.x[rows][None])[0]
        torch.nn.functional.cross_entropy(scores, data.train.y[rows]).backward()
        optimizer.step()
    trained = events[-1].network
    for ours, theirs in zip(trained.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)


def test_events_come_in_order_and_count_every_sample(digits):
    events, _ = run([RunConfig(**SMALL, batch_size=200)], digits)
    steps = [(e.epoch, e.samples) for e in events if isinstance(e, StepDone)]
    assert steps == [(e, s) for e in (1, 2, 3) for s in (200, 400, 512)]
    assert [e.record.epoch for e in events if isinstance(e, EpochDone)] == [1, 2, 3]
    assert isinstance(events[-1], RunDone)


def test_the_same_run_gives_the_same_bits_and_another_seed_does_not(digits):
    def outcome(**settings):
        (result,) = done([RunConfig(**SMALL, dropout=0.2, **settings)], digits).values()
        weights = torch.cat([p.flatten() for p in result.network.parameters()])
        return weights, [r.train_loss for r in result.records]

    (first, losses), (second, same), (other, _) = outcome(), outcome(), outcome(seed=1)
    assert torch.equal(first, second)
    assert losses == same
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    "shared",
    [
        {"arch": "24-10"},
        {"arch": "3c3-p2-10", "batch_norm": True, "dropout": 0.3, "encoding": "repeat"},
    ],
)
def test_a_member_is_bit_for_bit_the_same_alone_and_in_a_cohort(digits, shared):
    base = SMALL | {"epochs": 2, "train_samples": 256} | shared
    members = [
        RunConfig(**base, beta=0.2, lr=0.01),
        RunConfig(**base, beta=0.9, z=5, lr=0.03, weight_decay=0.01),
        RunConfig(**base, v_th=0.9, lr=0.003) if "v_th" not in base
        else RunConfig(**(base | {"v_th": 0.9}), loss="ce"),
    ]  # fmt: skip
    together = done(members, digits)
    for k in (1, 2):
        alone = done([members[k]], digits)[0]
        for a, b in zip(alone.records, together[k].records, strict=True):
            timeless = {n: v for n, v in vars(a).items() if not n.endswith("seconds")}
            assert timeless == {n: vars(b)[n] for n in timeless}
        assert alone.count == together[k].count
        for p, q in zip(alone.network.parameters(), together[k].network.parameters(), strict=True):
            assert torch.equal(p, q)


def test_a_diverged_member_is_reported_and_the_others_go_on(digits):
    shared = {"model": "ann", "arch": "24-10", "epochs": 3, "loss": "mse", "optimizer": "sgd"}
    wild, calm = RunConfig(**shared, lr=1e6), RunConfig(**shared, lr=0.1)
    results = done([wild, calm], digits)
    assert (results[0].status, results[1].status) == ("diverged", "done")
    assert "epoch" in results[0].error
    assert results[0].best_epoch is None
    assert results[0].count is None
    alone = done([calm], digits)[0]
    assert [r.test_loss for r in alone.records] == [r.test_loss for r in results[1].records]


def test_a_weight_that_is_not_finite_is_found_though_spikes_hide_it(digits, monkeypatch):
    from snnbench.training.modules import ModuleEngine

    original = ModuleEngine.train_batch

    def spoil(self, *args):
        result = original(self, *args)
        with torch.no_grad():
            next(self.networks[0].parameters())[0, 0] = (
                torch.nan
            )  # a pixel that is always black: no spike shows it
        return result

    monkeypatch.setattr(ModuleEngine, "train_batch", spoil)
    (result,) = done([RunConfig(**SMALL, engine="reference")], digits).values()
    assert result.status == "diverged"
    assert "weight" in result.error


def test_the_reported_epoch_is_the_best_on_validation_data(digits):
    config = RunConfig(**(SMALL | {"epochs": 8}), val_samples=100, lr=0.2, detach_reset=False)
    events, data = run([config], digits)
    result = events[-1]
    order = [(r.val_accuracy, -r.val_loss) for r in result.records]
    assert result.best_epoch == order.index(max(order)) + 1
    assert result.best_epoch < 8, "choose settings in which the last epoch is not the best"
    (again,) = evaluate(NetworkEvaluator([config], [result.network]), data.test, [0])
    assert again.accuracy == result.records[result.best_epoch - 1].test_accuracy
    assert len(data.train) == 412
    assert len(data.val) == 100


def test_patience_ends_a_run(digits):
    config = RunConfig(**(SMALL | {"epochs": 50}), val_samples=100, patience=2, lr=0.05)
    (result,) = done([config], digits).values()
    assert len(result.records) == result.best_epoch + 2 < 50


def test_counts_are_those_of_the_reported_network(digits):
    config = RunConfig(**SMALL)
    events, data = run([config], digits)
    (again,) = evaluate(NetworkEvaluator([config], [events[-1].network]), data.test, [0])
    layer = events[-1].count.facts[1]
    assert layer.input_rate == again.tallies[1].input_rate
    x = encode(config, data.test.x, data.test.samples, EVALUATION_EPOCH)
    assert events[-1].count.facts[0].input_rate == pytest.approx(x.mean().item(), rel=1e-6)


def test_a_constant_input_counts_its_macs_once(digits):
    (once,) = done([RunConfig(**SMALL, encoding="repeat")], digits).values()
    first = once.count.layers[0]
    assert (first["input_kind"], first["applied_steps"]) == ("constant", 1)
    nonzero = (digits.x_test != 0).sum() / len(digits.x_test)
    assert first["effective_macs"] == pytest.approx(nonzero * 24)
    assert first["effective_acs"] == 0


def test_stepped_learning_rates_are_used(digits):
    (steps,) = done(
        [RunConfig(**{n: v for n, v in SMALL.items() if n != "epochs"},
                   lr_schedule="0.05x1,1e-12x1", optimizer="sgd")], digits
    ).values()  # fmt: skip
    (single,) = done([RunConfig(**(SMALL | {"epochs": 1}), lr=0.05, optimizer="sgd")],
                     digits).values()  # fmt: skip
    assert len(steps.records) == 2
    assert steps.records[1].test_loss == pytest.approx(single.records[0].test_loss, abs=1e-6)


def test_a_last_batch_of_one_is_left_out_under_batch_norm(digits):
    config = RunConfig(model="ann", arch="8-10", batch_norm=True, epochs=1, train_samples=129)
    events, _ = run([config], digits)
    assert events[-1].status == "done"


@pytest.mark.parametrize("readout", ["rate", "current", "membrane"])
@pytest.mark.parametrize("loss", ["mse", "ce"])
def test_every_readout_learns_with_every_loss(digits, readout, loss):
    config = RunConfig(**(SMALL | {"epochs": 8, "T": 6}), readout=readout, loss=loss)
    (result,) = done([config], digits).values()
    assert result.records[-1].test_accuracy > 0.6


def test_a_student_learns_its_teachers_logits(digits, tmp_path):
    settings = {"model": "ann", "arch": "64-10", "epochs": 8}
    (teacher,) = done([RunConfig(**settings)], digits).values()
    path = save_model(tmp_path, "0" * 12, RunConfig(**settings), teacher.network, (1, 8, 8))
    student = {"model": "ann", "arch": "10:linear-100-10", "epochs": 8, "teacher": str(path)}
    for loss in ("mimic-l2", "mimic-kl"):
        (result,) = done([RunConfig(**student, loss=loss)], digits).values()
        assert result.records[-1].train_loss < 0.2 * result.records[0].train_loss
        assert result.records[-1].test_accuracy > 0.9


def test_a_teacher_of_other_data_is_refused(digits, tmp_path):
    config = RunConfig(model="ann", arch="8-10", device="cpu")
    path = save_model(tmp_path, "0" * 12, config, build_network(config, (1, 9, 9)), (1, 9, 9))
    student = RunConfig(model="ann", arch="8-10", loss="mimic-l2", teacher=str(path))
    with pytest.raises(UserError, match="other data"):
        run([student], digits)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"arch": "24-9"}, "End arch with -10"),
        ({"batch_size": 513, "train_samples": 512}, "--batch-size 512"),
        ({"train_samples": 10**6}, "1,437"),
        ({"test_samples": 10**6}, "360"),
    ],
)
def test_settings_that_do_not_fit_the_data_are_refused(digits, settings, words):
    with pytest.raises(UserError) as caught:
        select(RunConfig(**settings), digits)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"arch": "4c3-p2-24-10", "batch_norm": True, "dropout": 0.2},
        {"arch": "4c3-p2-4c3-p2-10", "loss": "ce"},
        {"arch": "4c3-p2-24-10", "encoding": "repeat"},
        {"arch": "4c3-24-10", "encoding": "repeat", "reset": "zero", "surrogate": "atan"},
        {"arch": "24:relu-24-10", "readout": "membrane", "surrogate": "q-pseudo-spike"},
        {"arch": "24-10", "batch_norm": True, "readout": "current", "encoding": "latency"},
    ],
)
def test_networks_of_any_layers_train_alike_with_the_fast_scan(digits, settings):
    base = SMALL | {"epochs": 1, "optimizer": "sgd", "lr": 0.01, "device": "cpu"} | settings
    fast, slow = (
        done([RunConfig(**base, engine=engine)], digits)[0] for engine in ("fast", "reference")
    )
    a, b = fast.records[0], slow.records[0]
    assert a.train_loss == pytest.approx(b.train_loss, rel=1e-3)
    assert a.firing_rate == pytest.approx(b.firing_rate, rel=1e-2)
    for p, q in zip(fast.network.parameters(), slow.network.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=0, atol=2e-3)
