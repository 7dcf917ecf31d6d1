"""Which recorded runs are trained again, by which settings; and which cannot be, and why."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from snnbench.config import RunConfig
from snnbench.config.paths import path_of
from snnbench.config.setting import SETTINGS
from snnbench.errors import UserError
from snnbench.inputs.selection import select
from snnbench.network.model_files import MODELS, weights_path
from snnbench.results.frames import to_rows
from snnbench.results.trusted import Trusted
from snnbench.runs import resolve_machine
from snnbench.sweep.datasets import DataSets
from snnbench.sweep.jobs import Job
from snnbench.verify.rounding import tolerance_of

Row = Mapping[str, Any]
_PLUGINS = "It used plug-ins that are not loaded here: {}. Name their files with --plugin."


@dataclass(frozen=True)
class Place:
    """Where the data lie here; None: where the program looks by itself, or the run's own path."""

    data_dir: Path | None = None
    data_file: Path | None = None


@dataclass(frozen=True)
class Chosen:
    """A recorded run that is to be verified.

    Attributes:
        run, epochs, layers, steps: its rows.
        job: what is trained; None if it cannot be.
        reason: why not.
        tolerance: largest relative difference that rounding explains.
        samples: "train", "val" and "test" -> how many there are.
    """

    run: Row
    epochs: Sequence[Row]
    layers: Sequence[Row]
    steps: Sequence[Row]
    job: Job | None = None
    reason: str = ""
    tolerance: float = 0.0
    samples: Mapping[str, int] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """Its name in the table."""
        return str(self.run["run_id"])


def choose(tables: Trusted, count: int | None, seed: int) -> list[Row]:
    """Return rows of finished runs, and of the runs they learned from, in the table's order.

    Args:
        tables: of somebody's folder.
        count: of finished runs, drawn without replacement; None means all.
        seed: of the draw.

    Raises:
        UserError: no run has finished.
    """
    rows = to_rows(tables.runs[tables.runs["status"] == "done"])
    if not rows:
        raise UserError("No run of the table has finished.", "Name a folder with finished runs.")
    places: Iterable[int] = range(len(rows))
    if count is not None and count < len(rows):
        places = random.Random(seed).sample(range(len(rows)), count)
    wanted = {rows[place]["run_id"] for place in places}
    while more := {_teacher(row) for row in rows if row["run_id"] in wanted} - wanted - {None}:
        known = {row["run_id"] for row in rows} & more
        if not known:
            break
        wanted |= known
    return [row for row in rows if row["run_id"] in wanted]


def prepare(
    rows: Sequence[Row],
    tables: Trusted,
    *,
    folder: Path,
    models: Path,
    place: Place,
    data: DataSets,
) -> list[Chosen]:
    """Return the runs ready to be trained, in the order of their rows.

    Args:
        rows: from `choose`.
        tables: of somebody's folder.
        folder: theirs, which may hold saved teachers.
        models: folder where teachers that are trained again are saved.
        place: of the data.
        data: the data sets.
    """
    by_id = {str(row["run_id"]): row for row in rows}
    teaching = {_teacher(row) for row in rows}
    rest = [by_run(table) for table in (tables.epochs, tables.layers, tables.steps)]
    found: dict[str, Chosen] = {}

    def ready(run_id: str) -> Chosen:
        if run_id not in found:
            row = by_id[run_id]
            epochs, layers, steps = (rows.get(run_id, []) for rows in rest)
            chosen = Chosen(row, epochs, layers, steps)
            found[run_id] = replace(chosen, reason="it learned from itself")
            name = _teacher(row)
            try:
                teacher = ready(name) if name in by_id else None
                config = _config(row, place)
                if name is not None:
                    config = _taught(config, name, teacher, models, folder / MODELS)
                _refuse_another(row, config, data)
                learned = None if teacher is None else name
                job = Job(run_id, config, row["study"], row["variant"], learned, run_id in teaching)
                found[run_id] = _with_job(chosen, job, data)
            except UserError as error:
                reason = f"{error.problem} {error.remedy}".strip()
                found[run_id] = replace(chosen, reason=reason)
        return found[run_id]

    return [ready(run_id) for run_id in by_id]


class _UnverifiableError(UserError):
    """A run that cannot be the same here."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "")


def _config(row: Row, place: Place) -> RunConfig:
    """Return a row's settings, with the threads that were used, on this machine.

    Raises:
        UserError: a word is not known, or there is no such engine or device here.
    """
    theirs = {name: row[name] for name in SETTINGS if row.get(name) is not None}
    ours = {name: str(path) for name, path in vars(place).items() if path is not None}
    for name in {"data_dir", *ours}:
        theirs.pop(name, None)
    try:
        config = RunConfig.from_layers(theirs, ours)
    except UserError:
        if row.get("plugins"):
            raise _UnverifiableError(_PLUGINS.format(row["plugins"])) from None
        raise
    config = resolve_machine(config)
    if config.threads is None and not path_of(config).own_sums:  # bits depend on their number
        config = config.model_copy(update={"threads": row["cpu_threads"]})
    return config


def _taught(
    config: RunConfig, name: str, teacher: Chosen | None, models: Path, saved: Path
) -> RunConfig:
    if teacher is not None and teacher.job is None:
        raise _UnverifiableError(f"Its teacher {name} cannot be trained again.")
    path = weights_path(saved if teacher is None else models, name)
    if teacher is None and not path.is_file():
        raise _UnverifiableError(f"Its teacher {name} is neither in the table nor saved.")
    return config.model_copy(update={"teacher": str(path)})


def _refuse_another(row: Row, config: RunConfig, data: DataSets) -> None:
    """Refuse what would not be the same run here.

    Raises:
        UserError: saying why.
    """
    if row.get("plugins") != config.plugins_text:
        raise _UnverifiableError(_PLUGINS.format(row.get("plugins") or "none"))
    numerics = row.get("numerics") or 1
    if numerics != config.numerics:
        raise _UnverifiableError(
            f"Engine {config.engine} gave numbers of version {numerics} there, and gives those of"
            f" version {config.numerics} here: other bits."
        )
    sha256 = data.of(config).sha256
    if sha256 != row["data_sha256"]:
        theirs = str(row["data_sha256"])[:12]
        raise _UnverifiableError(
            f"The data are others: {config.dataset} has SHA-256 {sha256[:12]}... here, and had"
            f" {theirs}... there."
        )
    if config.run_id(sha256) == row["run_id"]:
        return
    if config.model_copy(update={"threads": None}).run_id(sha256) == row["run_id"]:
        raise _UnverifiableError(
            f"It was trained on {config.threads} threads by a version whose names did not say so."
        )
    raise _UnverifiableError("Its settings are not those of which run_id is the name.")


def _with_job(chosen: Chosen, job: Job, data: DataSets) -> Chosen:
    config, known = job.config, data.of(job.config)
    selection = select(config, data.read(config))
    samples = {
        part: len(indices) for part, indices in vars(selection).items() if indices is not None
    }
    epochs = int(chosen.run["epochs_run"] or 0)
    tolerance = tolerance_of(config, known.shape, samples["train"], epochs)
    return replace(chosen, job=job, tolerance=tolerance, samples=samples)


def _teacher(row: Row) -> str | None:
    """Return the name of the run that a run learned from."""
    return None if row["teacher"] is None else Path(row["teacher"]).stem


def by_run(table: Any) -> dict[str, list[Row]]:
    """Return run_id -> its rows of a table."""
    rows: dict[str, list[Row]] = {}
    for row in to_rows(table):
        rows.setdefault(row["run_id"], []).append(row)
    return rows
