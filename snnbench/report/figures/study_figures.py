"""The figures of a study, drawn from its configurations and learning curves."""

from collections.abc import Mapping, Sequence

import pandas as pd

from snnbench.report.figures.compared import comparisons, sensitivities
from snnbench.report.figures.curves import learning_curves
from snnbench.report.figures.drawing import Figure, drawing
from snnbench.report.figures.energy import energy_figure
from snnbench.report.figures.forest import ratio_forest
from snnbench.report.figures.heat import rate_map
from snnbench.report.figures.layer_energy import layer_figure
from snnbench.report.figures.over_steps import accuracy_over_steps, break_even, energy_by_steps
from snnbench.report.figures.pairs import pairs_of
from snnbench.report.figures.styles import Palette
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.standing import classes_of, twin_of
from snnbench.report.reading.columns import ACCURACIES
from snnbench.report.reading.groups import Configuration
from snnbench.studies.objective import Objective
from snnbench.words.energies import Energy


def figures_of(prefix: str, evidence: Evidence, rates: Mapping[str, Mapping[str, float]],
               best: Sequence[Configuration], objective: Objective, *,
               energy: Energy, steps: pd.DataFrame) -> list[Figure]:  # fmt: skip
    """Draw what the runs have something to show for.

    Args:
        prefix: begins the figures' names.
        evidence: configurations and epochs of a study.
        rates: configuration's name -> layer -> mean firing rate.
        best: the configurations, best first: where not all can be drawn, the first ones are.
        objective: what configurations are compared by.
        energy: the model that they are drawn by.
        steps: see `Tables`.
    """
    configurations = evidence.configurations
    palette = Palette(configurations)
    guess = chance_of(configurations)
    ranks = {id(c): rank for rank, c in enumerate(best)}
    pairs = sorted(pairs_of(configurations), key=lambda p: ranks.get(id(p.snn), len(ranks)))
    twin = twin_level(configurations)
    of_objective = [*guess, *twin] if objective.column in ACCURACIES else []
    with drawing():
        found: list[Figure | None] = [
            *learning_curves(prefix, evidence, best, palette, guess),
            *sensitivities(prefix, configurations, objective, palette, of_objective),
            *comparisons(prefix, configurations, objective, palette, guess if of_objective else []),
            energy_figure(prefix, configurations, energy.column, palette, guess),
            ratio_forest(f"{prefix}-ratios", pairs, evidence, energy, palette=palette),
            *(
                of_pair
                for pair in pairs[:1]
                for of_pair in (
                    layer_figure(f"{prefix}-layers", pair, evidence),
                    break_even(prefix, pair, evidence),
                )
            ),
            energy_by_steps(prefix, configurations, energy.column, palette, pairs),
            accuracy_over_steps(prefix, steps, best, palette, [*guess, *twin]),
            rate_map(prefix, rates),
        ]
    return [figure for figure in found if figure is not None]


def chance_of(configurations: Sequence[Configuration]) -> list[tuple[str, float]]:
    """Return the level of a guess among as many classes as all configurations have."""
    classes = {classes_of(c.row) for c in configurations}
    number = classes.pop() if len(classes) == 1 else None
    return [("chance", 1 / number)] if number else []


def twin_level(configurations: Sequence[Configuration]) -> list[tuple[str, float]]:
    """Return the accuracy of the ANN that is the twin of all SNNs, where there is one such."""
    twins = {id(c): c for snn in configurations
             if snn.row["model"] == "snn" and (c := twin_of(snn, configurations))}  # fmt: skip
    found = next(iter(twins.values())).mean("test_accuracy") if len(twins) == 1 else None
    return [("ANN twin", found.value)] if found else []
