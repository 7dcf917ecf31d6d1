"""Is the spiking network as accurate as its ordinary twin, and is it cheaper: in words.

Differences and ratios are taken seed by seed, with 95 % t-intervals. "Not worse" means that the
interval's lower end lies above minus the margin; "better" that it lies above 0; "worse" that the
upper end lies below minus the margin. "Cheaper" and "dearer" mean that the interval of the ratio
lies above, or below, 1. Everything else is undecided.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from snnbench.cost.activity import ALIVE
from snnbench.cost.comparing import Break, CostComparison
from snnbench.cost.derive import facts_of, network_value
from snnbench.cost.facts import LayerFacts
from snnbench.errors import UserError
from snnbench.report.energies import models
from snnbench.report.groups import Configuration, binomial_error_of, configurations_of
from snnbench.report.source import Tables
from snnbench.report.statistics import Estimate, difference, mean, ratio
from snnbench.results.frames import to_rows
from snnbench.studies.twins import ANN, SNN
from snnbench.words.energies import Energy

ACCURACY = "test_accuracy"
NOT_WORSE, BETTER, WORSE, UNDECIDED = "not worse", "better", "worse", "undecided"
CHEAPER, DEARER = "cheaper", "dearer"
_MOST_SEEDS = 1000
_NEAR_CHANCE = 0.02

Facts = Mapping[int, tuple[LayerFacts, ...]]  # seed -> a run's layers


@dataclass(frozen=True)
class Cost:
    """What one energy model says.

    Attributes:
        model: its label.
        assumes: numbers and memory it takes for given.
        ratio: the ANN's energy over the SNN's, above 1 the SNN is cheaper.
        word: cheaper, dearer or undecided.
    """

    model: str
    assumes: str
    ratio: Estimate
    word: str


@dataclass(frozen=True)
class Pair:
    """An SNN beside its twin.

    Attributes:
        name: of the SNN's configuration; "" where there is one only.
        snn, ann: their runs.
        accuracies: of the SNN and of the ANN.
        difference: SNN minus ANN.
        word: not worse, better, worse or undecided.
        seeds_needed: with as many seeds the accuracy would probably be decided; None where it is,
            or no number of seeds would do.
        costs: by each model that knows both, the headline first.
        breaks: where each model changes its mind, of the first seed's networks.
        sentence: whether the models agree.
        warnings: a sentence each.
    """

    name: str
    snn: Configuration
    ann: Configuration
    accuracies: tuple[Estimate, Estimate]
    difference: Estimate
    word: str
    seeds_needed: int | None
    costs: tuple[Cost, ...]
    breaks: tuple[Break, ...]
    sentence: str
    warnings: tuple[str, ...]

    @property
    def cost_word(self) -> str:
        """What all models say: cheaper, dearer, or that it depends on the model."""
        said = {cost.word for cost in self.costs} - {UNDECIDED}
        if len(said) > 1:
            return "depends on the model"
        return next(iter(said), UNDECIDED)


@dataclass(frozen=True)
class Answer:
    """All pairs, and how they were judged.

    Attributes:
        pairs: in the order of the SNN's configurations.
        margin: by which an accuracy may be lower and count as not worse; a fraction.
        unpaired: sentences about what has no twin, or did not finish.
    """

    pairs: tuple[Pair, ...]
    margin: float
    unpaired: tuple[str, ...] = ()


def answer(tables: Tables, margin: float) -> Answer:
    """Compare every SNN configuration with its twin.

    Args:
        tables: of runs of both models, see `load`.
        margin: see `Answer`.
    """
    runs = tables.runs
    found = {
        model: configurations_of(runs[runs["model"] == model].reset_index(drop=True))
        for model in (SNN, ANN)
    }
    facts = _facts(tables)
    pairs, unpaired = [], []
    several = len(found[SNN]) > 1
    for snn in found[SNN]:
        name = snn.name if several else ""
        ann = _twin(snn, found[ANN])
        if ann is None or not snn.by_seed(ACCURACY) or not ann.by_seed(ACCURACY):
            which = "has no twin" if ann is None else "or its twin has no run that is done"
            unpaired.append(f"{name or 'The SNN'} {which}.")
            continue
        pairs.append(_pair(name, (snn, ann), facts, tables.energy, margin))
    return Answer(tuple(pairs), margin, tuple(unpaired))


def read_margin(text: str) -> float:
    """Return "1%" or "0.01" as 0.01.

    Raises:
        UserError: it is no number from 0 to 1.
    """
    number, percent = text.strip(), text.strip().endswith("%")
    try:
        value = float(number.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        value = math.nan
    if not 0 <= value < 1:
        raise UserError(f"--margin: '{text[:40]}' is no share.", "Write, for instance, 1%.")
    return value


def _twin(snn: Configuration, others: Sequence[Configuration]) -> Configuration | None:
    """Return the ANN that agrees in all that is varied and means something to both."""
    for ann in others:
        if all(
            ann.row[name] == snn.row[name]
            for name in ann.differing
            if snn.row.get(name) is not None
        ):
            return ann
    return None


def _facts(tables: Tables) -> dict[tuple[int, str], tuple[LayerFacts, ...]]:
    found: dict[tuple[int, str], list[LayerFacts]] = {}
    for row in to_rows(tables.layers):
        found.setdefault((row["folder"], row["run_id"]), []).append(facts_of(row))
    return {key: tuple(layers) for key, layers in found.items()}


def _of(
    configuration: Configuration, facts: Mapping[tuple[int, str], tuple[LayerFacts, ...]]
) -> Facts:
    done: pd.DataFrame = configuration.done
    alive = done[done["activity"].isna() | done["activity"].eq(ALIVE)]
    rows = alive[["seed", "folder", "run_id"]].itertuples(index=False)
    return {int(seed): facts[folder, run] for seed, folder, run in rows if (folder, run) in facts}


def _pair(
    name: str,
    both: tuple[Configuration, Configuration],
    facts: Mapping[tuple[int, str], tuple[LayerFacts, ...]],
    headline: Energy,
    margin: float,
) -> Pair:
    snn, ann = both
    values = [c.by_seed(ACCURACY) for c in both]
    errors = [binomial_error_of([c], ACCURACY, v) for c, v in zip(both, values, strict=True)]
    accuracies = [c.mean(ACCURACY) for c in both]
    differ = difference(values[0], values[1], error=math.hypot(*errors))
    assert differ is not None
    assert accuracies[0] is not None
    assert accuracies[1] is not None
    word = _word(differ, margin)
    needed = None
    if word == UNDECIDED:
        needed = seeds_needed(values[0], values[1], differ.value + margin)
    mine, other = (_of(c, facts) for c in both)
    costs = tuple(_costs(mine, other, headline))
    seed = next((s for s in sorted(mine) if s in other), None)
    compared = None if seed is None else CostComparison(mine[seed], other[seed])
    return Pair(
        name, snn, ann, (accuracies[0], accuracies[1]), differ, word, needed, costs,
        () if compared is None else tuple(compared.breaks()),
        _agreement(costs), tuple(_warnings(both, mine)),
    )  # fmt: skip


def _word(found: Estimate, margin: float) -> str:
    if found.low is None or found.high is None:
        return UNDECIDED
    if found.low > 0:
        return BETTER
    if found.low > -margin:
        return NOT_WORSE
    return WORSE if found.high < -margin else UNDECIDED


def seeds_needed(a: Mapping[int, float], b: Mapping[int, float], distance: float) -> int | None:
    """Return how many seeds make the half width of a paired interval as small as a distance.

    If they spread as those there are; None where these do not tell, or very many would be needed.
    """
    from scipy.stats import t

    common = sorted(a.keys() & b.keys())
    if len(common) < 2 or distance == 0:
        return None
    differences = [a[seed] - b[seed] for seed in common]
    middle = mean(differences).value
    spread = math.sqrt(math.fsum((d - middle) ** 2 for d in differences) / (len(common) - 1))
    for n in range(len(common) + 1, _MOST_SEEDS + 1):
        if float(t.ppf(0.975, n - 1)) * spread / math.sqrt(n) < abs(distance):
            return n
    return None


def _costs(snn: Facts, ann: Facts, headline: Energy) -> list[Cost]:
    found = []
    for word in models(headline):
        mine = _energies(word, snn)
        steps = next((layers[0].steps for layers in snn.values() if layers), None)
        other = _energies(word if steps is None else word.of_twin(steps), ann)
        times = ratio(other, mine)
        if times is not None:
            found.append(Cost(word.label, word.assumption, times, _cost_word(times)))
    return found


def _energies(word: Energy, facts: Facts) -> dict[int, float]:
    values = {seed: network_value(word, layers) for seed, layers in facts.items()}
    return {seed: value for seed, value in values.items() if value is not None}


def _cost_word(times: Estimate) -> str:
    if times.low is None or times.high is None:
        return UNDECIDED
    if times.low > 1:
        return CHEAPER
    return DEARER if times.high < 1 else UNDECIDED


def _agreement(costs: Sequence[Cost]) -> str:
    said = {word: [c.model for c in costs if c.word == word] for word in (CHEAPER, DEARER)}
    if not costs:
        return "No energy model knows the cost of both networks."
    if said[CHEAPER] and said[DEARER]:
        return (
            f"The models disagree: {len(said[CHEAPER])} say cheaper, {len(said[DEARER])} dearer;"
            " what memory and zeros cost decides."
        )
    for word in (CHEAPER, DEARER):
        if len(said[word]) == len(costs):
            return f"All {len(costs)} models say that the SNN is {word}."
    return "Some models are undecided."


def _warnings(both: Sequence[Configuration], snn: Facts) -> list[str]:
    found = []
    for model, c in zip(("SNN", "ANN"), both, strict=True):
        for status, n in c.unfinished.items():
            found.append(f"{n} of {len(c.runs)} runs of the {model} ended as {status}.")
        for said, n in c.dead.items():
            found.append(
                f"{n} of {len(c.done)} runs of the {model} are {said}: what they cost is no price"
                " of an answer, and is left out."
            )
        accuracy = c.mean(ACCURACY)
        classes = next((layers[-1].outputs for layers in snn.values() if layers), None)
        if accuracy is not None and classes and accuracy.value < 1 / classes + _NEAR_CHANCE:
            found.append(f"The {model} is at chance: {accuracy.value:.3g} of {classes} classes.")
        if len(c.by_seed(ACCURACY)) == 1:
            found.append(f"One seed of the {model} has no interval: give --seeds 5.")
    return found
