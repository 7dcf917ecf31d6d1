"""`snnbench sweep --dry-run`: what a sweep would do, how much memory and time it takes."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from snnbench.cli.console import print_json, print_table, say
from snnbench.progress.sweeps import clock

if TYPE_CHECKING:
    from snnbench.sweep.jobs import Task
    from snnbench.sweep.order import Order

_COLUMNS = ("runs", "cohorts", "largest cohort", "MB a cohort", "dataset", "model", "arch", "T",
            "batch_size", "epochs", "engine")  # fmt: skip


def show_plan(order: "Order", *, json: bool) -> None:
    """Print the plan; nothing is written.

    Raises:
        UserError: whatever would refuse the sweep itself.
    """
    from snnbench.results.tables import ResultStore
    from snnbench.sweep.contest import contests_of, share_trained
    from snnbench.sweep.datasets import DataSets
    from snnbench.sweep.estimate import expected_seconds
    from snnbench.sweep.executors import share_out
    from snnbench.sweep.jobs import distinct, make_tasks
    from snnbench.sweep.reuse import Elsewhere
    from snnbench.sweep.run import maker, missing, statuses_again
    from snnbench.sweep.search import check_searches
    from snnbench.training.cohorts import free_memory

    plan, folder, where = order.plan, order.folder, order.where
    check_searches(plan)
    data = DataSets()
    jobs = distinct(maker(plan.study.name, folder, data, where)(plan.runs))
    for notice in data.take_notices():
        say(f"Notice: {notice}")
    store = ResultStore.open(folder, write=False, judged=True)
    to_do = missing(jobs, store, statuses_again(where, order.retry), save_model=where.save_model)
    elsewhere = Elsewhere(order.reuse)
    for note in (*store.repairs, *elsewhere.notes):
        say(f"Tables: {note}")
    known = {run.run["run_id"] for run in elsewhere.of(to_do)}
    to_do = [job for job in to_do if job.run_id not in known]
    workers, threads = share_out(where.jobs, len(jobs) + plan.runs_of_search)
    tasks = make_tasks(to_do, data, free_memory() / workers, workers)
    seconds = None
    if where.cluster is None:
        share = share_trained(to_do, contests_of(to_do, {})) if where.halving else 1.0
        seconds = expected_seconds(tasks, data, workers, time.process_time(), share)
    facts: dict[str, Any] = {
        "study": plan.study.name,
        "folder": str(folder),
        "worlds": f"{len(plan.worlds)} of {plan.study.worlds.total:,}" if plan.worlds else None,
        "runs": len(jobs),
        "recorded": len(jobs) - len(to_do) - len(known),
        "taken_over": len(known),
        "to_do": len(to_do),
        "runs_of_search": plan.runs_of_search,
        "cohorts": len(tasks),
        "workers": workers if where.cluster is None else None,
        "threads_a_worker": threads if where.cluster is None else None,
        "expected_seconds": seconds,
    }
    rows = _rows(tasks)
    if json:
        kinds = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        print_json(facts | {"kinds": kinds})
        return
    facts["expected_seconds"] = None if seconds is None else f"{seconds:.0f} ({clock(seconds)})"
    shown = [(name.replace("_", " "), value) for name, value in facts.items() if value is not None]
    print_table("Plan, nothing is run", ("what", "value"), shown)
    if rows:
        print_table("Cohorts", _COLUMNS, rows)


def _rows(tasks: "Sequence[Task]") -> list[list[Any]]:
    """Return a row for every kind of cohort."""
    kinds: dict[tuple[Any, ...], list[Task]] = {}
    for task in tasks:
        config = task.jobs[0].config
        steps = config.T if config.model == "snn" else None
        epochs = len(config.learning_rates)
        key = (config.dataset, config.model, config.arch, steps, config.batch_size, epochs,
               config.engine)  # fmt: skip
        kinds.setdefault(key, []).append(task)
    return [
        [
            sum(len(task.jobs) for task in group),
            len(group),
            max(len(task.jobs) for task in group),
            round(max(task.memory_bytes for task in group) / 1e6, 1),
            *key,
        ]
        for key, group in kinds.items()
    ]
