"""The one training loop: a cohort of runs through its epochs, yielding events."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import numpy as np
import torch

from snnbench.config import RunConfig
from snnbench.cost.counting import count_network, dense_count
from snnbench.cost.dense import DenseCount
from snnbench.cost.expected import lab_flops, planned_facts
from snnbench.energy.meter import Meter
from snnbench.inputs.prepare import RunData
from snnbench.network.build import build_network
from snnbench.training.engines import Engine, make_engine
from snnbench.training.evaluation import evaluate
from snnbench.training.events import (
    EpochDone,
    EpochRecord,
    Event,
    Reached,
    RunDone,
    Said,
    StepDone,
)
from snnbench.training.exits import exit_samples
from snnbench.training.hits import accuracy
from snnbench.training.member import Evaluation, Held, Member, load_network
from snnbench.training.snapshot import Snapshot, restore, take
from snnbench.training.steps import ExitChoice, StepSums, inference_of

_ORDER = 1  # keeps the order's draws apart from the seed's other uses


def train_cohort(
    configs: Sequence[RunConfig],
    data: RunData,
    *,
    snapshots: Sequence[Snapshot] = (),
    frozen: Mapping[int, str] = MappingProxyType({}),
    until: int | None = None,
    meter: Meter | None = None,
) -> Iterator[Event]:
    """Train runs side by side; one run is a cohort of one.

    A run whose loss or weights stop being finite ends as diverged; the others go on.

    Args:
        configs: runs that agree on all that shapes the computation.
        data: their common data.
        snapshots: where the runs go on, one a run and all of one epoch; none: from the start.
        frozen: position -> why a run ends at once, with what it has come to so far.
        until: epoch after which to leave off.
        meter: of the energy, within its context; None: only time is measured.
    """
    starts = dict(enumerate(snapshots))
    members = [Member(k, c, frozen=frozen.get(k)) for k, c in enumerate(configs)]
    for k, start in starts.items():
        restore(members[k], start)
    for member in members:
        if member.frozen is not None:
            yield _end_where_it_is(member, starts.get(member.k), data)
    active = [member for member in members if member.frozen is None]
    if active:
        engine = make_engine([member.config for member in active], data)
        _number(active)
        for member in active:
            if member.k in starts:
                engine.load_state(member.at, starts[member.k].state)
        epoch = snapshots[0].epoch if snapshots else 0
        yield from _train(engine, active, epoch, until, meter or Meter())


def _train(
    engine: Engine, active: list[Member], epoch: int, until: int | None, meter: Meter
) -> Iterator[Event]:
    """Train runs that are at an epoch to their ends, or to another."""
    dense = dense_count(engine.networks[0])
    yield from _begin(meter, active, is_new=epoch == 0)
    while active:
        if len(active) < len(engine.networks):  # those that have ended are no longer computed
            engine.keep([member.at for member in active])
            _number(active)
        epoch += 1
        started = meter.read()
        yield from _train_epoch(engine, active, epoch)
        trained = meter.read()
        evaluated = _evaluate(engine, [m for m in active if m.error is None], epoch)
        ended = meter.read()
        train = meter.used(started, trained).share(len(active))
        evaluation = meter.used(trained, ended).share(len(active))
        for member in active:
            member.spend(train, evaluation)
        for member, held in evaluated:
            _find_divergence(engine, member, epoch, held)
            if member.error is None:
                record = _record(engine, member, held, (train.seconds, evaluation.seconds))
                member.records.append(record)
                yield EpochDone(member.k, record)
                if held.is_chosen:
                    _keep(engine, member, epoch, held, dense)
        yield from map(Said, meter.take_notes())
        for member in active:
            if member.has_ended(epoch):
                yield member.finish(engine.networks[member.at])
        active = [m for m in active if not m.has_ended(epoch)]
        if active:
            yield Reached(epoch, {m.k: partial(take, engine, m) for m in active})
        if epoch == until:
            return


def _end_where_it_is(member: Member, start: Snapshot | None, data: RunData) -> RunDone:
    """End a run that does not train again; no engine is made for it."""
    network = build_network(member.config, data.input_shape)
    if start is not None:
        load_network(network, start.state)
    return member.finish(network)


def _number(members: Sequence[Member]) -> None:
    """Say where the runs are in an engine that has just these."""
    for at, member in enumerate(members):
        member.at = at


def _begin(meter: Meter, members: Sequence[Member], *, is_new: bool) -> Iterator[Said]:
    meter.begin()
    for member in members:
        member.energy = meter.continued(member.energy, is_new=is_new)
    yield from map(Said, meter.take_notes())


def _train_epoch(engine: Engine, members: list[Member], epoch: int) -> Iterator[Event]:
    """Train the members for an epoch; one whose loss is not finite is left out then."""
    config, n = engine.configs[0], len(engine.data.train)
    order = np.random.default_rng([config.seed, epoch, _ORDER]).permutation(n)
    rows = torch.from_numpy(order).to(engine.data.train.x.device)
    rates = [member.config.learning_rates[epoch - 1] for member in members]
    engine.begin_epoch()
    for member in members:
        member.loss, member.hits = 0.0, 0
    for start in range(0, n, config.batch_size):
        batch = rows[start : start + config.batch_size]
        if len(batch) == 1 and config.batch_norm:
            continue  # a single sample has no variance to normalise by
        running = [m for m in members if m.error is None]
        if not running:
            return
        losses, hits = engine.train_batch(epoch, batch, rates, [m.at for m in running])
        for member, loss, hit in zip(running, losses, hits, strict=True):
            member.loss += loss * len(batch) / n
            member.hits = member.hits + hit
            if not math.isfinite(loss):
                step = start // config.batch_size + 1
                member.error = f"the loss became {loss} in epoch {epoch}, step {step}"
        yield StepDone(epoch, start + len(batch), n)


def _evaluate(engine: Engine, members: list[Member], epoch: int) -> list[tuple[Member, Held]]:
    """Run the members over the data held out, each part once.

    Validation data come first: they say whether the epoch is the one to report, and at which
    margin inference may end. Only then are the steps of inference on the test data looked at.
    """
    if not members:
        return []
    data, positions = engine.data, [member.at for member in members]
    choices: Sequence[ExitChoice | None] = [None] * len(members)
    vals: Sequence[Evaluation | None] = [None] * len(members)
    if data.val:
        choices = [_exit_choice(engine, member) for member in members]
        vals = evaluate(engine, data.val, positions, choices, counted=False)
    chosen = [m.is_chosen(epoch, val) for m, val in zip(members, vals, strict=True)]
    if not data.val and any(chosen):  # of all members: it is the last epoch
        choices = [_exit_choice(engine, member) for member in members]
        if any(choices):
            some = exit_samples(data.train, engine.configs[0].seed)
            evaluate(engine, some, positions, choices, counted=False)
    steps = [
        StepSums(member.config, engine.networks[member.at], choice.margin)
        if choice is not None and is_chosen
        else None
        for member, choice, is_chosen in zip(members, choices, chosen, strict=True)
    ]
    tests = evaluate(engine, data.test, positions, steps)
    on = "validation" if data.val else "training"
    return [
        (member, Held(test, val, is_chosen, sums, on))
        for member, test, val, is_chosen, sums in zip(
            members, tests, vals, chosen, steps, strict=True
        )
    ]


def _exit_choice(engine: Engine, member: Member) -> ExitChoice | None:
    """Return what chooses a run's exit; None of an ANN, which has no steps."""
    network = engine.networks[member.at]
    return None if member.steps is None else ExitChoice(member.config, network)


def _keep(engine: Engine, member: Member, epoch: int, held: Held, dense: DenseCount) -> None:
    """Keep what is to be reported of an epoch."""
    network = engine.networks[member.at]
    count = count_network(network, held.test.tallies, member.steps, dense)
    member.kept_epoch, member.kept_count = epoch, count
    if held.steps is not None:
        member.kept_inference = inference_of(held.steps, count.facts, held.chosen_on)
    member.kept_weights = engine.weights_of(member.at) if held.val else None


def _find_divergence(engine: Engine, member: Member, epoch: int, held: Held) -> None:
    """Find divergence that the training loss does not show: a NaN weight only silences spikes."""
    if not engine.is_finite(member.at):
        member.error = f"a weight became nan or infinite in epoch {epoch}"
    elif not held.is_finite:
        member.error = f"the loss on data held out became nan or infinite in epoch {epoch}"


def _record(
    engine: Engine, member: Member, held: Held, seconds: tuple[float, float]
) -> EpochRecord:
    network = engine.networks[member.at]
    planned = planned_facts(
        network.plan, member.steps, bias=network.bias, batch_norm=network.batch_norm
    )
    tallies, val = held.test.tallies, held.val
    neurons = sum(tally.neurons for tally in tallies)
    return EpochRecord(
        epoch=len(member.records) + 1,
        train_loss=member.loss,
        train_accuracy=accuracy(member.config, member.hits, len(engine.data.train)),
        val_loss=val.loss if val else None,
        val_accuracy=val.accuracy if val else None,
        test_loss=held.test.loss,
        test_accuracy=held.test.accuracy,
        tied_fraction=held.test.tied,
        firing_rate=sum(t.spikes_per_step for t in tallies) / neurons if neurons else None,
        flops_lab_train=lab_flops(planned, engine.input_rates(member.at)),
        flops_lab_test=lab_flops(planned, [tally.input_rate for tally in tallies]),
        train_seconds=seconds[0],
        eval_seconds=seconds[1],
    )
