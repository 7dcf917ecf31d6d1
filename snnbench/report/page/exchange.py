"""Our runs as NeuroBench writes its results: its metrics' names, and a block of ours."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from snnbench import __version__
from snnbench.config.arch import parse_arch
from snnbench.config.setting import SETTINGS
from snnbench.cost.derive import facts_of, network_value, network_values
from snnbench.cost.facts import LayerFacts
from snnbench.errors import UserError
from snnbench.report.reading.columns import RESULTS
from snnbench.report.reading.energies import ARRIVING, models
from snnbench.report.reading.neurobench import OURS
from snnbench.report.reading.source import Tables
from snnbench.results.frames import to_rows
from snnbench.results.schema import SCHEMA_VERSION
from snnbench.words.energies import HEADLINE, Energy

_RESULTS = (*RESULTS, "train_seconds", "eval_seconds", "epochs_run")


def to_neurobench(tables: Tables) -> str:
    """Return a JSON list with one object a finished run.

    Raises:
        UserError: no run has finished.
    """
    layers: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for row in to_rows(tables.layers):
        layers.setdefault((row["folder"], row["run_id"]), []).append(row)
    found = [
        to_object(run, layers.get((run["folder"], run["run_id"]), []), tables.energy)
        for run in to_rows(tables.runs)
        if run["status"] == "done"
    ]
    if not found:
        raise UserError("--neurobench: no run has finished.", "Name results with a finished run.")
    return json.dumps(found, indent=2, allow_nan=False) + "\n"


def to_object(
    run: Mapping[str, Any], layers: Sequence[Mapping[str, Any]], energy: Energy = HEADLINE
) -> dict[str, Any]:
    """Return one run: what is not known is absent.

    Args:
        run: a row of runs.csv, column -> value; missing are columns that are None.
        layers: its rows of layers.csv.
        energy: a model beside those without options.
    """
    steps = run["T"] if run["model"] == "snn" else 1  # tables of version 1 lack both
    rows = [{"model": run["model"], "steps": steps} | _known(row) for row in layers]
    facts = [facts_of(row) for row in rows]
    follows = network_values(facts) | {energy.column: network_value(energy, facts)}
    values = {name: run[name] if run.get(name) is not None else follows[name] for name in follows}
    energies = {word.column: word.assumption for word in models(energy)}
    parts = {
        "Effective_MACs": values["effective_macs"],
        "Effective_ACs": values["effective_acs"],
        "Dense": _dense(run["arch"], facts),
    }
    return _known(
        {
            "Footprint": values["footprint"],
            "ParameterCount": run["params"],
            "ConnectionSparsity": values["connection_sparsity"],
            "ClassificationAccuracy": run["test_accuracy"],
            "ActivationSparsity": values["activation_sparsity"],
            "SynapticOperations": parts,
            "NeuronOperations": {"Neuron Dense Ops": values["neuron_operations"]},
            OURS: {
                "version": __version__,
                "schema": SCHEMA_VERSION,
                "run_id": run["run_id"],
                "study": run["study"],
                "settings": {name: run[name] for name in ("variant", *SETTINGS)},
                "results": {name: run[name] for name in _RESULTS}
                | {ARRIVING: facts[0].input_rate if facts else None},
                "conventions": {n: v for n, v in values.items() if n not in energies},
                "energies": {n: v for n, v in values.items() if n in energies},
                "energies_assume": {n: energies[n] for n in energies if values[n] is not None},
                "layers": [_known(vars(layer)) for layer in facts],
            },
        }
    )


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object without what is not known, and without objects of which nothing is."""
    found = {name: _known(v) if isinstance(v, dict) else v for name, v in values.items()}
    return {
        name: int(v) if isinstance(v, float) and v.is_integer() and name in _WHOLE else v
        for name, v in found.items()
        if not (v is None or v in ("", {}) or (isinstance(v, float) and not math.isfinite(v)))
    }


_WHOLE = ("Footprint", "ParameterCount")


def _dense(arch: str, layers: Sequence[LayerFacts]) -> float | None:
    """Return NeuroBench's Dense: products if every input counts, none of padding or BatchNorm."""
    try:
        specs = [spec for spec in parse_arch(arch) if spec.has_weights]
    except UserError:  # somebody's own network
        return None
    if not layers or len(specs) != len(layers):
        return None
    total = 0.0
    for layer, spec in zip(layers, specs, strict=True):
        if None in (layer.inputs, layer.outputs, layer.applied_steps):  # taken out of the table
            return None
        side = math.isqrt(layer.outputs // spec.width)
        if not spec.kernel:
            total += layer.inputs * layer.outputs * layer.applied_steps
        elif side**2 * spec.width == layer.outputs:  # all images are square
            reach = spec.kernel // 2
            met = sum(max(0, side - abs(offset)) for offset in range(-reach, reach + 1))
            channels = layer.inputs // spec.kernel**2
            total += channels * spec.width * met**2 * layer.applied_steps
        else:
            return None
    return total
