"""What a sample costs by every energy model, from the facts recorded."""

from typing import Any

import pandas as pd

from snnbench.cost.derive import facts_of, network_value
from snnbench.cost.facts import LayerFacts
from snnbench.results.frames import to_rows
from snnbench.words.energies import ENERGIES, Energy

ARRIVING = "arriving_rate"  # a column of runs: mean input of the first layer


def models(headline: Energy) -> tuple[Energy, ...]:
    """Return the model that figures show first, and then the others."""
    others = (word for word in ENERGIES.values() if word.label != headline.label)
    return (headline, *others)


def with_energies(runs: pd.DataFrame, layers: pd.DataFrame, headline: Energy) -> pd.DataFrame:
    """Return the runs with a column for every energy model, and the mean input.

    Args:
        runs, layers: see `Tables`; complete, as `completed` returns them.
        headline: a model, with options somebody chose or without.
    """
    lacking = [word for word in models(headline) if word.column not in runs]
    by_run: dict[Any, list[LayerFacts]] = {}
    for row in to_rows(layers):
        by_run.setdefault((row["folder"], row["run_id"]), []).append(facts_of(row))
    own = [by_run.get(key, []) for key in zip(runs["folder"], runs["run_id"], strict=True)]
    columns = {word.column: [network_value(word, facts) for facts in own] for word in lacking}
    columns[ARRIVING] = [facts[0].input_rate if facts else None for facts in own]
    new = pd.DataFrame(columns, index=runs.index, dtype="Float64")
    return pd.concat([runs, new], axis=1)
