"""Inference step by step: by hand, by plain loops, and the kernels against the reference."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.inputs.encodings import EVALUATION_EPOCH, encode
from snnbench.training.decisions import (
    Decisions,
    codes_of,
    credits_of,
    decided,
    hits_of_codes,
    scores_so_far,
)
from snnbench.training.evaluation import evaluate
from snnbench.training.exits import choose_margin, exit_samples, exit_steps
from snnbench.training.hits import hits_of
from snnbench.training.modules import ModuleEngine
from snnbench.training.stacked import StackedEngine
from snnbench.training.steps import ExitChoice, Flow, StepSums
from tests.training.test_stacked import data_of

SUMS = ("counts", "spikes", "operations", "exits", "exit_counts", "exit_spikes",
        "exit_operations", "kept")  # fmt: skip


def config_of(**changes):
    base = {"arch": "3", "T": 4, "device": "cpu", "engine": "fast", "readout": "rate"}
    return RunConfig(**(base | changes))


def test_decisions_of_counts_by_hand():
    spikes = torch.tensor([[0, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0.0]])[:, None]
    so_far = scores_so_far(config_of(), spikes, None)
    assert so_far[:, 0].tolist() == [[0, 0, 0], [0, 1, 0], [1, 1, 0], [2, 1, 0]]
    for label, codes in ((0, [8, 1, 6, 4]), (1, [7, 4, 5, 1]), (2, [7, 1, 2, 1])):
        found = decided(so_far, torch.tensor([label]))
        assert found.codes.tolist() == [codes]
        assert found.margins.tolist() == [[0, 1, 0, 1]]


@given(
    classes=st.integers(1, 5),
    T=st.integers(1, 6),
    batch=st.integers(1, 9),
    seed=st.integers(0, 999),
    ties=st.sampled_from(["share", "first"]),
)
def test_codes_hold_what_hits_hold(classes, T, batch, seed, ties):
    draws = np.random.default_rng(seed)
    scores = torch.from_numpy(draws.integers(0, 3, (T, batch, classes)).astype(np.float32))
    y = torch.from_numpy(draws.integers(0, classes, batch))
    found = decided(scores, y)
    credit = credits_of(config_of(ties=ties), classes)
    for t in range(T):
        counts = np.bincount(found.codes[:, t], minlength=codes_of(classes))
        wanted = hits_of(scores[t], y)
        assert hits_of_codes(counts).tolist() == wanted.tolist()
        in_order = scores[t].sort(1, descending=True).values
        lead = in_order[:, 0] - in_order[:, 1] if classes > 1 else torch.zeros(batch)
        assert found.margins[:, t].tolist() == lead.tolist()
        for b in range(batch):
            best = torch.nonzero(scores[t, b] == scores[t, b].max())[:, 0].tolist()
            right = {"share": (int(y[b]) in best) / len(best), "first": best[0] == y[b]}[ties]
            assert credit[found.codes[b, t]] == pytest.approx(float(right))


def test_a_score_that_is_no_number_is_no_decision():
    scores = torch.tensor([[[torch.nan, 1.0]], [[2.0, 1.0]]])
    found = decided(scores, torch.tensor([0]))
    assert found.codes.tolist() == [[0, 4]]
    assert found.margins.tolist() == [[-np.inf, 1.0]]
    assert exit_steps(found.margins, 0.5).tolist() == [1]


@given(
    samples=st.integers(1, 12),
    T=st.integers(1, 5),
    classes=st.integers(1, 3),
    seed=st.integers(0, 9999),
    whole=st.booleans(),
)
def test_the_margin_is_the_least_that_is_as_right_as_all_steps(samples, T, classes, seed, whole):
    draws = np.random.default_rng(seed)
    codes = draws.integers(0, codes_of(classes), (samples, T)).astype(np.int32)
    margins = draws.integers(0, 4, (samples, T)) if whole else draws.random((samples, T))
    margins = np.where(codes == 0, -np.inf, margins).astype(np.float32)
    credit = credits_of(config_of(), classes)
    wanted = None
    for margin in sorted(set(margins[np.isfinite(margins)].tolist())):
        right = 0.0
        for own, leads in zip(codes, margins, strict=True):
            ends = [t for t in range(T) if leads[t] >= margin]
            right += credit[own[ends[0] if ends else T - 1]]
        if right >= credit[codes[:, -1]].sum() - 1e-9:
            wanted = margin
            break
    found = choose_margin(codes, margins, credit)
    assert (found is None) == (wanted is None)
    # leads between two of which no sample exits elsewhere are alike
    assert exit_steps(margins, found).tolist() == exit_steps(margins, wanted).tolist()


def test_sums_by_hand():
    """Two samples of two classes, label 0, T = 3, exit at a lead of 2."""
    config = config_of(arch="2", T=3)
    network = ModuleEngine([config_of(arch="10", T=3)], data_of(config_of(arch="10"))).networks[0]
    sums = StepSums(config, network, 2.0)
    sums.counts, sums.exit_counts = np.zeros((3, 7), np.int64), np.zeros(7, np.int64)
    sums.right = credits_of(config, 2) == 1
    codes = np.array([[4, 4, 4], [1, 6, 4]], np.int32)
    margins = np.array([[1, 2, 3], [1, 0, 1]], np.float32)
    spikes = np.array([[1, 1, 1], [0, 2, 1]])
    sums.add(Decisions(codes, margins), Flow(spikes, 10 * spikes[None]))
    assert sums.spikes.tolist() == [1, 3, 2]
    assert sums.operations.tolist() == [[10, 30, 20]]
    assert sums.exits.tolist() == [0, 1, 1]
    assert sums.exit_counts.tolist() == [0, 0, 0, 0, 2, 0, 0]
    assert (sums.exit_spikes.tolist(), sums.exit_operations.tolist()) == ([5], [50])
    assert sums.kept.tolist() == [2, 1 + 3]
    assert [np.nonzero(row)[0].tolist() for row in sums.counts] == [[1, 4], [4, 6], [4]]


def sums_of(engine, config, margin, k=0, active=(0,), margins=None):
    """Return the sums of run k on the test data, and the margin chosen on the training data."""
    networks = [engine.networks[i] for i in active]
    sums = [StepSums(config, network, margin) for network in networks]
    choices = [ExitChoice(config, network) for network in networks]
    data = engine.data
    evaluate(engine, data.test, active, sums)
    evaluate(engine, exit_samples(data.train, 0), active, choices, counted=False)
    at = list(active).index(k)
    return [getattr(sums[at], name).tolist() for name in SUMS], choices[at].margin


@settings(deadline=None, max_examples=25)
@given(
    hidden=st.lists(st.integers(1, 70), max_size=2),
    T=st.integers(1, 21),
    encoding=st.sampled_from(["bernoulli", "repeat", "threshold", "latency"]),
    readout=st.sampled_from(["rate", "current", "membrane"]),
    margin=st.sampled_from([None, 0.0, 1.0, 3.0]),
    members=st.integers(1, 3),
    zeros=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_the_kernels_sums_are_the_references(
    hidden, T, encoding, readout, margin, members, zeros, seed
):
    arch = "-".join(map(str, [*hidden, 10]))
    if readout == "current" and not hidden:
        return  # nothing spikes: modules
    config = RunConfig.from_layers(
        {}, {"arch": arch, "T": T, "encoding": encoding, "readout": readout, "v_th": 0.5,
             "seed": seed, "train_samples": 150, "test_samples": 140},
    )  # fmt: skip
    data = data_of(config)
    fast = StackedEngine([config.changed(beta=0.3 + 0.2 * k) for k in range(members)], data)
    own = fast.configs[-1]
    slow, alone = ModuleEngine([own], data), StackedEngine([own], data)
    if zeros:
        for engine in (fast, slow, alone):
            with torch.no_grad():
                for module in engine.networks[-1].weight_modules:
                    module.weight[:, ::3] = 0
    found = sums_of(fast, own, margin, members - 1, tuple(range(members)))
    assert found == sums_of(alone, own, margin)  # bit for bit, whatever the company
    wanted = sums_of(slow, own, margin)
    if readout != "current" and found[0][1:3] == wanted[0][1:3]:  # the same spikes: no rounding
        assert found == wanted
    elif found[0][1:3] == wanted[0][1:3]:  # rounding can move one tie, and by it the margin chosen
        assert np.abs(np.subtract(found[0][0], wanted[0][0])).sum() <= 8


@pytest.mark.parametrize("readout", ["rate", "current", "membrane"])
@pytest.mark.parametrize("encoding", ["bernoulli", "repeat", "latency"])
def test_the_kernels_spikes_are_mostly_the_references(encoding, readout):
    """Guards the test above: its sums are compared in nearly all cases."""
    config = config_of(arch="30-20-10", T=7, v_th=0.4, encoding=encoding, readout=readout)
    data = data_of(config)
    found, wanted = (
        sums_of(engine([config], data), config, 2.0) for engine in (StackedEngine, ModuleEngine)
    )
    if readout == "current":
        assert found[0][1:3] == wanted[0][1:3]
        assert np.abs(np.subtract(found[0][0], wanted[0][0])).sum() <= 8
    else:
        assert found == wanted


@pytest.mark.parametrize("arch", ["2c3-p2-10", "12:linear-9-10", "10"])
@pytest.mark.parametrize("encoding", ["bernoulli", "repeat"])
def test_the_reference_is_what_plain_loops_find(arch, encoding):
    own = {"readout": "current"} if arch == "10" else {"v_th": 0.4}
    config = config_of(
        arch=arch, T=5, encoding=encoding, engine="reference", test_samples=40, **own
    )
    engine = ModuleEngine([config], data_of(config))
    network, test = engine.networks[0].eval(), engine.data.test
    sums = StepSums(config, network, 1.0)
    evaluate(engine, test, [0], [sums])
    x = encode(config, test.x, test.samples, EVALUATION_EPOCH)
    entered, fired = [], []
    for module, neurons in zip(network.weight_modules, network.neurons, strict=True):
        module.register_forward_pre_hook(lambda _, args: entered.append(args[0].detach()))
        if neurons is not None:
            neurons.register_forward_hook(lambda _, __, out: fired.append(out.detach()))
    with torch.no_grad():
        outputs = network(x).expand(5, -1, -1)
    for t in range(5):
        assert hits_of_codes(sums.counts[t]).tolist() == hits_of(
            outputs[: t + 1].sum(0) if arch != "10" or encoding == "repeat"
            else outputs[: t + 1].mean(0), test.y,
        ).tolist()  # fmt: skip
        assert sums.spikes[t] == sum(float(spikes[t].sum()) for spikes in fired)
        for layer, (module, values) in enumerate(zip(network.weight_modules, entered, strict=True)):
            if t >= len(values):
                assert sums.operations[layer, t] == 0
                continue
            binary = (values[t] != 0).float()
            weight = (module.weight != 0).float()
            if binary.dim() == 4:
                done = torch.nn.functional.conv2d(binary, weight, padding=1).sum()
            else:
                done = (binary @ weight.T).sum()
            assert sums.operations[layer, t] == float(done)
    assert sums.exits.sum() == sums.counts.sum(1)[0] == 40
