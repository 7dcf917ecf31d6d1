"""Searches that learn: Optuna is asked for a cohort of trials at a time, and told their means.

The rounds are asked for anew after a restart, with the same seeds and the rows of `runs.csv` for
answers: the sampler then suggests what it suggested before, and a search goes on as if it had
never stopped. `trials.csv` records the suggestions in their order.
"""

import hashlib
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snnbench.config import RunConfig
from snnbench.config.effects import spiking_layers
from snnbench.cost.activity import ALIVE
from snnbench.cost.derive import derived
from snnbench.errors import UserError
from snnbench.results.tables import ResultStore
from snnbench.studies.axis import Axis, Interval
from snnbench.studies.objective import Objective
from snnbench.studies.plan import Plan, PlannedRun
from snnbench.studies.space import SearchSpace, configure
from snnbench.studies.study import POPULATION
from snnbench.sweep.jobs import Job, distinct
from snnbench.sweep.trials import Trial, TrialLog

if TYPE_CHECKING:
    import optuna

TRIALS_ASKED = 8  # at a time: they train side by side and cannot learn from each other
_SPIKING = ("firing_rate", "silent_fraction", "saturated_fraction", "effective_acs")

MakeJobs = Callable[[Sequence[PlannedRun]], list[Job]]


def search_rounds(
    plan: Plan, known: Sequence[Job], store: ResultStore, make: MakeJobs
) -> Iterator[list[Job]]:
    """Yield the runs that are known beforehand, then round after round of suggestions.

    A folder of another search is refused before anything is yielded. When the next round is asked
    for, the last one's runs have rows in the store.

    Args:
        plan: with spaces to search.
        known: its other runs.
        store: where rows are found.
        make: gives the job of each planned run, teachers before students.

    Raises:
        UserError: the folder holds another search.
    """
    log = TrialLog(store.folder)
    for space in plan.spaces:
        search = _Search(plan, space)
        left = plan.study.trials or 0
        while left:
            asked = search.ask(min(TRIALS_ASKED, left))
            left -= len(asked)
            jobs, ids = _jobs_of(plan, space, asked, make)
            log.add(
                [
                    Trial(log.count + n, space.variant, trial.params, tuple(of_trial))
                    for n, (trial, of_trial) in enumerate(zip(asked, ids, strict=True))
                ]
            )
            if known:
                yield list(known)
                known = ()
            yield jobs
            search.tell(asked, [[store.row(run_id) for run_id in of_trial] for of_trial in ids])


def _jobs_of(
    plan: Plan, space: SearchSpace, asked: "Sequence[optuna.Trial]", make: MakeJobs
) -> tuple[list[Job], list[list[str]]]:
    """Return the runs of suggestions, none twice, and the run_ids of each suggestion."""
    names = () if space.variant is None else (space.variant,)
    seeds = plan.study.seeds
    configs = [configure(space, trial.params, seed) for trial in asked for seed in seeds]
    runs = [PlannedRun(config, names, space.teacher_of(config)) for config in configs]
    jobs = make([*plan.runs, *runs])[len(plan.runs) :]
    ids = [job.run_id for job in jobs]
    of_trials = [ids[first : first + len(seeds)] for first in range(0, len(ids), len(seeds))]
    return distinct(jobs), of_trials


def check_searches(plan: Plan) -> None:
    """Refuse searches that cannot be made, before anything is run or written.

    Raises:
        UserError: Optuna is missing, or no run fills an objective's column.
    """
    for space in plan.spaces:
        _optuna()
        check_objectives(plan.study.sought, example(space, plan.study.seeds[0]))


def example(space: SearchSpace, seed: int) -> RunConfig:
    """Return a run somewhere in the space."""
    values = {
        axis.name: axis.values.low if isinstance(axis.values, Interval) else axis.values[0]
        for axis in space.axes
    }
    return configure(space, values, seed)


def check_objectives(objectives: Sequence[Objective], config: RunConfig) -> None:
    """Refuse an objective whose column the runs leave empty.

    Raises:
        UserError: see above.
    """
    for objective in objectives:
        column = objective.column
        if column.startswith("val_") and not config.has_validation:
            raise UserError(
                f"Objective '{objective}': the runs have no validation data.",
                "Give --val-fraction 0.1, or another objective.",
            )
        if column in _SPIKING and not any(spiking_layers(config)):
            raise UserError(
                f"Objective '{objective}': no layer of the runs spikes.", "Give another objective."
            )


class _Search:
    """One space's sampler."""

    def __init__(self, plan: Plan, space: SearchSpace) -> None:
        optuna = _optuna()
        self.objectives = plan.study.sought
        # a network without answers is no cheap one
        self._costs = any(o.column in derived() for o in self.objectives)
        name = f"{plan.study.name}:{space.variant}:{plan.study.search_seed}"
        seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
        self.distributions = {axis.name: _distribution(axis) for axis in space.axes}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of features that may still change
            self.study = optuna.create_study(
                sampler=_sampler(plan.study.search, seed, plan.study.population or POPULATION),
                directions=["maximize" if o.direction == "max" else "minimize"
                            for o in self.objectives],
            )  # fmt: skip

    def ask(self, count: int) -> "list[optuna.Trial]":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [self.study.ask(self.distributions) for _ in range(count)]

    def tell(
        self, trials: "Sequence[optuna.Trial]", rows: Sequence[Sequence[Mapping[str, Any] | None]]
    ) -> None:
        """Tell the means over the seeds; of trials that failed, the worst seen so far."""
        optuna = _optuna()
        values = [self._values(of_trial) for of_trial in rows]
        seen = [v for v in values if v is not None]
        seen += [t.values for t in self.study.get_trials(deepcopy=False) if t.values is not None]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for trial, of_trial, found in zip(trials, rows, values, strict=True):
                told = self._worst(seen) if found is None and _failed(of_trial) and seen else found
                if told is None:
                    self.study.tell(trial, state=optuna.trial.TrialState.FAIL)
                else:
                    self.study.tell(trial, told)

    def _values(self, rows: Sequence[Mapping[str, Any] | None]) -> list[float] | None:
        """Return the means of the objectives, or None if a run has none."""
        means = []
        for objective in self.objectives:
            cells = [None if row is None else row[objective.column] for row in rows]
            done = all(row is not None and row["status"] in ("done", "halved") for row in rows)
            if self._costs and any(row is not None and _answers_nothing(row) for row in rows):
                return None
            if not done or any(cell is None for cell in cells):
                return None
            means.append(math.fsum(float(cell) for cell in cells if cell is not None) / len(cells))
        return means

    def _worst(self, seen: Sequence[Sequence[float]]) -> list[float]:
        return [
            (min if objective.direction == "max" else max)(values[i] for values in seen)
            for i, objective in enumerate(self.objectives)
        ]


def _answers_nothing(row: Mapping[str, Any]) -> bool:
    return row["activity"] not in (None, ALIVE)


def _failed(rows: Sequence[Mapping[str, Any] | None]) -> bool:
    known = [row for row in rows if row is not None]
    return any(row["status"] == "diverged" or _answers_nothing(row) for row in known)


def _distribution(axis: Axis) -> Any:
    distributions = _optuna().distributions
    if not isinstance(axis.values, Interval):
        return distributions.CategoricalDistribution(axis.values)
    low, high, log = axis.values.low, axis.values.high, axis.values.log
    if axis.values.integer:
        return distributions.IntDistribution(int(low), int(high), log=log)
    return distributions.FloatDistribution(low, high, log=log)


def _sampler(name: str, seed: int, population: int) -> Any:
    samplers = _optuna().samplers
    if name == "tpe":
        return samplers.TPESampler(seed=seed, multivariate=True, constant_liar=True)
    if name == "gp":
        return samplers.GPSampler(seed=seed)
    return samplers.NSGAIISampler(seed=seed, population_size=population)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise UserError(
            "Searches with tpe, gp and nsga2 need Optuna, which is not installed.",
            "pip install 'snnbench[search]', or use --search random.",
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
