"""NeuroBench's results as rows that can stand in a report: read strictly, marked as not ours.

A result of NeuroBench 2 is a flat JSON object with the names of its metrics' classes as keys, as
`Benchmark.save_benchmark_results` writes it; a file may hold a list of them, as ours do.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from snnbench.errors import UserError, and_more, did_you_mean, shortened
from snnbench.report.reading.columns import RESULTS, costs, is_cost
from snnbench.report.reading.energies import ARRIVING
from snnbench.results import disk

OURS = "snnbench"  # the key of our block
NOT_MEASURED = "not measured here"


@dataclass(frozen=True)
class Metric:
    """What NeuroBench writes under one name.

    Attributes:
        low, high: between what its numbers lie.
        whole: they are counts of things, not means of counts.
        parts: names of the numbers of a metric that is an object; None for a number.
        column: ours that means the same, "" where there is none.
    """

    low: float = 0.0
    high: float = math.inf
    whole: bool = False
    parts: Mapping[str, str] | None = None
    column: str = ""


_NEURON = {"Effective Neuron Ops": "", "Neuron Dense Ops": ""}
# Of NeuroBench 2.3.0, neurobench.metrics.static and .workload.
METRICS: Mapping[str, Metric] = {
    "Footprint": Metric(whole=True),
    "ParameterCount": Metric(whole=True, column="params"),
    "ConnectionSparsity": Metric(high=1),
    "ClassificationAccuracy": Metric(high=1, column="test_accuracy"),
    "ActivationSparsity": Metric(high=1),
    "ActivationSparsityByLayer": Metric(high=1, parts={}),
    "SynapticOperations": Metric(
        parts={
            "Effective_MACs": "effective_macs",
            "Effective_ACs": "effective_acs",
            "Dense": "dense_macs",
        }
    ),
    "MembraneUpdates": Metric(),
    "NeuronOperations": Metric(parts=_NEURON),
    "MSE": Metric(),
    "SMAPE": Metric(high=200),
    "R2": Metric(low=-math.inf, high=1),
    "CocoMap": Metric(high=1),
}
_STATIC = ("Footprint", "ParameterCount", "ConnectionSparsity")  # a failed one is null


@dataclass(frozen=True)
class OutsideRow:
    """One object of a file.

    Attributes:
        name: of the row, for people: the file, the object's number if there are several, and that
            it was not measured here.
        metrics: NeuroBench's name, with that of the part after a space -> number.
        columns: our column -> number, of what is known of them.
        told: of T and encoding, what our block says.
    """

    name: str
    metrics: Mapping[str, float]
    columns: Mapping[str, float]
    told: Mapping[str, float | str] = field(default_factory=dict)


def is_file(path: Path) -> bool:
    """Return whether a result that was named is such a file, and no folder of ours."""
    return path.suffix.lower() == ".json" and not path.is_dir()


def read_outside(path: Path) -> tuple[list[OutsideRow], list[str]]:
    """Return the rows of a file, and what a reader must know, a sentence each.

    A metric that is null, or 0.0 where an object belongs, failed in NeuroBench: it is missing. Keys
    that are no metric of NeuroBench's are named and left out, as it lets people bring their own.

    Raises:
        UserError: the file cannot be read, is not UTF-8, no JSON, or holds no result of NeuroBench:
            wrong types, NaN or infinity, numbers out of range, a key twice.
    """
    document = _parsed(path)
    found = document if isinstance(document, list) else [document]
    if not found:
        raise UserError(f"{path} is an empty list.", "Name a file with a result of NeuroBench.")
    rows, notes = [], []
    for number, entry in enumerate(found, 1):
        place = f"{path}, object {number} of {len(found)}" if len(found) > 1 else str(path)
        row, more = _row(place, entry)
        rows.append(row)
        notes += more
    return rows, list(dict.fromkeys(notes))


def _parsed(path: Path) -> Any:
    try:
        if not path.is_file():  # a pipe would never end
            raise UserError(f"{path} is no file.", "Name a JSON file of NeuroBench.")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8: {error.reason}.", "Save it as UTF-8.") from None
    except OSError as error:
        raise disk.trouble(error, path) from None

    def refuse(constant: str) -> NoReturn:
        raise UserError(f"{path} holds {constant}, which JSON has not.", "Leave out what failed.")

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in items:
            if name in found:
                raise UserError(
                    f"{path} has the key '{shortened(name)}' twice in one object.", "Keep one."
                )
            found[name] = value
        return found

    try:
        return json.loads(text, parse_constant=refuse, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        what = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise UserError(f"{path} is no JSON: {what}.", "Restore or mend it.") from None
    except RecursionError:
        raise UserError(f"{path} is nested too deeply.", "Name a result of NeuroBench.") from None
    except ValueError:  # Python refuses whole numbers of thousands of digits
        raise UserError(f"{path} holds a number that is too long.", "Mend it.") from None


def _row(place: str, entry: Any) -> tuple[OutsideRow, list[str]]:
    if not isinstance(entry, dict):
        raise UserError(
            f"{place} is {_kind(entry)}, not an object.",
            'Write {"ClassificationAccuracy": 0.9, ...}, or a list of such objects.',
        )
    metrics: dict[str, float] = {}
    columns: dict[str, float] = {}
    failed: list[str] = []
    zero: list[str] = []
    unknown: list[str] = []
    seen: dict[str, str] = {}
    for key, value in entry.items():
        name = _metric_name(key)
        if key == OURS:
            continue
        if name is None:
            unknown.append(key)
            continue
        if name in seen:
            raise UserError(f"{place} has {name} twice, as {seen[name]} and {key}.", "Keep one.")
        seen[name] = key
        about = METRICS[name]
        if value is None or (about.parts is not None and value == 0 and _is_number(value)):
            failed.append(name)
            continue
        if value == 0 and name not in _STATIC:
            zero.append(name)
        for part, column, number in _numbers(f"{place}: {name}", about, value):
            metrics[f"{name} {part}" if part else name] = number
            if column:
                columns[column] = number
    if not metrics:
        raise UserError(
            f"{place} has no metric of NeuroBench's"
            + (f", but {_listed(unknown)}." if unknown else "."),
            did_you_mean(unknown[0], METRICS) if unknown else "Name a result of NeuroBench.",
        )
    run, known, told = _ours(place, entry.get(OURS))
    name = f"{place}{run} ({NOT_MEASURED})"
    notes = [
        f"{place}: {what}: {_listed(names)}."
        for names, what in (
            (unknown, "left out are keys that NeuroBench has not"),
            (failed, "left out is what failed there"),
            (zero, "NeuroBench writes 0.0 for a metric that failed, too, which these may have"),
        )
        if names
    ]
    return OutsideRow(name, metrics, columns | known, told), notes


def _metric_name(key: str) -> str | None:
    """Return the metric's class name; older scripts name metrics in snake_case, as "mse"."""
    spelled = {name.lower(): name for name in METRICS}
    return key if key in METRICS else spelled.get(key.replace("_", "").lower())


def _numbers(place: str, about: Metric, value: Any) -> Iterator[tuple[str, str, float]]:
    """Yield part's name, our column and number, of all numbers of a metric."""
    if about.parts is None:
        yield "", about.column, _number(place, about, value)
        return
    if not isinstance(value, dict):
        raise UserError(f"{place} is {_kind(value)}, not an object.", "Mend it, or leave it out.")
    for part, number in value.items():
        if about.parts and part not in about.parts:
            raise UserError(
                f"{place} has a part '{shortened(part)}', which NeuroBench has not.",
                did_you_mean(part, about.parts),
            )
        if number is not None:
            column = about.parts.get(part, "")
            yield part, column, _number(f"{place} {shortened(part)}", about, number)


def _number(place: str, about: Metric, value: Any) -> float:
    number = _finite(place, value)
    if not about.low <= number <= about.high:
        high = "" if about.high == math.inf else f" to {about.high:g}"
        low = "at most" if about.low == -math.inf else f"from {about.low:g}"
        wanted = f"{low}{high} is possible" if high else "it is 0 or more"
        raise UserError(f"{place} is {number:g}.", f"Mend it: {wanted}.")
    if about.whole and not number.is_integer():
        raise UserError(f"{place} is {number!r}, not a whole number.", "Mend it.")
    return int(number) if about.whole else number


def _finite(place: str, value: Any) -> float:
    if not _is_number(value):
        raise UserError(f"{place} is {_kind(value)}, not a number.", "Mend it, or leave it out.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UserError(f"{place} is too large a number.", "Mend it, or leave it out.")
    return number


def _ours(place: str, block: Any) -> tuple[str, dict[str, float], dict[str, float | str]]:
    """Return what the row's name says of the run, our block's columns, and T and encoding."""
    if block is None:
        return "", {}, {}
    if not isinstance(block, dict):
        raise UserError(f"{place}: {OURS} is {_kind(block)}, not an object.", "Leave it out.")
    known: dict[str, float] = {}
    shown = {*RESULTS, *costs(), ARRIVING}
    for group in ("results", "conventions", "energies"):
        numbers = block.get(group, {})
        if not isinstance(numbers, dict):
            raise UserError(f"{place}: {OURS} {group} is {_kind(numbers)}.", "Leave it out.")
        for name, value in numbers.items():
            number = _finite(f"{place}: {OURS} {group} {shortened(name)}", value)
            if name in shown or is_cost(name):
                known[name] = number
    run_id = block.get("run_id", "")
    if not isinstance(run_id, str):
        raise UserError(f"{place}: {OURS} run_id is {_kind(run_id)}.", "Leave it out.")
    settings = block.get("settings", {})
    if not isinstance(settings, dict):
        raise UserError(f"{place}: {OURS} settings is {_kind(settings)}.", "Leave it out.")
    said = {name: v for name, v in settings.items() if name in ("T", "encoding")}
    told = {name: v for name, v in said.items() if isinstance(v, str) or _is_number(v)}
    return (f", run {shortened(run_id)}" if run_id else ""), known, told


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _kind(value: Any) -> str:
    kinds = ((bool, "true or false"), (str, "text"), (list, "a list"), (dict, "an object"),
             (type(None), "null"))  # fmt: skip
    return next((word for kind, word in kinds if isinstance(value, kind)), "a number")


def _listed(names: Sequence[str], most: int = 5) -> str:
    return and_more([f"'{shortened(name)}'" for name in names], most)
