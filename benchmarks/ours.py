"""This program's steps, as its own training loop takes them, and the rates of its layers."""

import dataclasses
import math
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.cases import BATCH, BETA, LR, SLOPE, Case
from benchmarks.images import Images
from benchmarks.timing import Step
from snnbench import RunConfig
from snnbench.network.plan import plan_layers
from snnbench.results.provenance import provenance
from snnbench.runs import RunResult, resolve_machine, run_cohort
from snnbench.training.events import EpochDone, StepDone

ENDLESS = 20_000  # epochs: more than any measurement takes


def make(case: Case, images: Images, *, engine: str, threads: int) -> Iterator[Step]:
    """Train, and yield every step (or evaluation) with its time.

    Raises:
        UserError: there is no such engine.
    """
    events = run_cohort(configs(case, engine, threads), images.dataset)
    if case.task == "evaluate":
        test_batches = len(images.dataset.y_test) // BATCH
        for event in events:
            if isinstance(event, EpochDone):
                yield Step(event.record.eval_seconds, parts=test_batches)
        return
    previous: float | None = None
    samples, loss = 0, None
    for event in events:
        if not isinstance(event, StepDone):
            if isinstance(event, EpochDone):
                loss = event.record.train_loss
            previous = None  # an evaluation lies between this and the next step
            continue
        if previous is not None:
            steps = math.ceil((event.samples - samples) / BATCH)
            yield Step((time.perf_counter() - previous) / steps, loss, case.members)
        samples, previous = event.samples, time.perf_counter()


def configs(case: Case, engine: str, threads: int, epochs: int = ENDLESS) -> list[RunConfig]:
    """Return the runs of a case, one a member."""
    settings = {"dataset": case.dataset, "arch": case.arch, "model": case.model, "lr": LR,
                "batch_size": BATCH, "epochs": epochs, "device": "cpu", "engine": engine,
                "threads": threads}  # fmt: skip
    if case.model == "ann":
        return [_resolved(RunConfig(**settings))]
    settings |= {"encoding": "bernoulli", "T": case.T, "z": SLOPE}
    betas = [BETA] if case.members == 1 else np.arange(1, case.members + 1) / (case.members + 1)
    return [_resolved(RunConfig(**settings, beta=float(beta))) for beta in betas]


def layer_facts(case: Case, images: Images, *, engine: str, threads: int) -> list[dict]:
    """Train one run for an epoch and return the fields of `limits.Layer` of its weight layers."""
    config = configs(dataclasses.replace(case, members=1), engine, threads, epochs=1)[0]
    plan = plan_layers(config, images.dataset.input_shape)
    results = [e for e in run_cohort([config], images.dataset) if isinstance(e, RunResult)]
    return [
        {
            "kind": entry.kind,
            "fan_in": entry.fan_in,
            "units": entry.units,
            "params": row["params"],
            "input_rate": row["input_rate"],
        }
        for entry, row in zip(plan, results[0].layer_rows, strict=True)
    ]


def versions(case: Case, engine: str) -> dict[str, str]:
    """Return what the figures depend on, the engine that "auto" stands for among them."""
    found = provenance()
    return {
        "snnbench": found["snnbench_version"],
        "commit": found["commit"] or "unknown",
        "engine": configs(case, engine, threads=1)[0].engine,
        "torch": found["torch_version"],
    }


def _resolved(config: RunConfig) -> RunConfig:
    return resolve_machine(config) if config.engine == "auto" else config
