"""What a run came to, in ten lines; all its counts; its layers."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snnbench.cli.console import print_table, print_words, stdout
from snnbench.cli.next_step import next_of_run, print_next
from snnbench.report.page.cells import number_text, spread_text

if TYPE_CHECKING:
    from snnbench.config import RunConfig
    from snnbench.runs import RunResult


def print_run(
    result: "RunResult", asked: "RunConfig", folder: Path, *, full: bool, layers: bool
) -> None:
    """Print a run's summary, or all of its counts, or its layers, or both of these.

    Args:
        result: the run.
        asked: its settings, as they were given.
        folder: of the tables.
        full, layers: what is asked for instead of the summary.
    """
    if not full and not layers:
        _print_summary(result, asked, folder)
    if full:
        _print_counts(result, folder)
    if full and layers:
        stdout().print()
    if layers:
        _print_layers(result)


def _print_summary(result: "RunResult", asked: "RunConfig", folder: Path) -> None:
    for line in _sentences(result):
        print_words(line)
    run = result.row
    print_words(
        f"Recorded as {run['run_id']} in {folder}. --full: all counts; --layers: each layer's."
    )
    print_next(*next_of_run(asked, folder, str(run["study"])))


def _sentences(result: "RunResult") -> Iterator[str]:
    run = result.row
    steps = f", T = {run['T']}" if run["T"] is not None else ""
    name = f"{str(run['model']).upper()} {run['arch']} on {run['dataset']}{steps}"
    yield f"{name}: {_accuracy(run)}"
    if (energy := _energy(result)) is not None:
        yield energy
    if run["firing_rate"] is not None:
        dead = (
            f", so the network is {run['activity']}" if run["activity"] in _PASSES_NOTHING else ""
        )
        yield (f"Firing rate: {number_text(run['firing_rate'])} spikes a neuron and step;"
               f" {_percent(run['silent_fraction'])} of the neurons never fire"
               f"{dead}.")  # fmt: skip
    if run["train_seconds"] is not None:
        yield (f"Time: {number_text(run['train_seconds'])} s of training over {run['epochs_run']}"
               f" epochs, {number_text(run['eval_seconds'] or 0.0)} s of evaluation"
               f"{_measured(run)}.")  # fmt: skip


_PASSES_NOTHING = ("silent", "saturated")


def _accuracy(run: dict[str, Any]) -> str:
    """Return the test accuracy, and how well so many samples tell it."""
    from snnbench.report.reading.statistics import binomial_interval

    found = run["test_accuracy"]
    if found is None:
        return f"{run['status']}, without a test accuracy"
    if not run.get("test_size"):
        return f"test accuracy {number_text(found)}; 1 seed"
    half = binomial_interval(found, run["test_size"])
    return f"accuracy {spread_text(found, half)} on {run['test_size']:,} test samples; 1 seed"


def _energy(result: "RunResult") -> str | None:
    """Return the energy in words, with what it hangs on; None if it is not known."""
    from snnbench.cost.derive import facts_of
    from snnbench.cost.report import NetworkCount
    from snnbench.cost.units import energy_text
    from snnbench.words.energies import HEADLINE

    value = result.row.get(HEADLINE.column)
    if value is None or not result.layer_rows:
        return None
    facts = tuple(facts_of(row) for row in result.layer_rows)
    under = NetworkCount(facts, int(result.row["params"] or 0)).circumstances()
    if result.row["encoding"] is not None:
        under += f", encoding {result.row['encoding']}"
    told = f"{HEADLINE.label}; {under}; {HEADLINE.assumption}"
    return f"Energy: {energy_text(value)} a sample by {told}."


def _measured(run: dict[str, Any]) -> str:
    joules = run.get("measured_train_j")
    return "" if joules is None else f"; {number_text(joules)} J measured in training"


def _percent(share: float | None) -> str:
    return "an unknown share" if share is None else f"{100 * share:.3g} %"


def _print_counts(result: "RunResult", folder: Path) -> None:
    from snnbench.report.reading.columns import heading, of_run

    rows = []
    for name in of_run():
        value = result.row.get(name)
        if value is None:
            continue
        numeric = isinstance(value, float)
        text, factor = heading(name, [value] if numeric else [])
        rows.append((text, value / factor if numeric and factor != 1 else value))
    title = f"Run {result.row['run_id']}, recorded in {folder}"
    print_table(title, ("result", "value"), rows)


def _print_layers(result: "RunResult") -> None:
    from snnbench.report.reading.columns import headed, of_layer

    header, rows = headed(of_layer(), result.layer_rows)
    print_table("Layers, counts per sample", header, rows, where="--json and layers.csv have all")
