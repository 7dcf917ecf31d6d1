"""Is the spiking network as accurate as its ordinary twin, and is it cheaper: in words.

Differences and ratios are taken seed by seed, with 95 % t-intervals. "Not worse" means that the
interval's lower end lies above minus the margin; "better" that it lies above 0; "worse" that the
upper end lies below minus the margin. "Cheaper" and "dearer" mean that the interval of the ratio
lies above, or below, 1. Everything else is undecided.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from snnbench.cost.comparing import Break, CostComparison
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.pairing import Pair as Sides
from snnbench.report.judging.standing import ACCURACY, is_at_chance
from snnbench.report.reading.energies import models
from snnbench.report.reading.groups import Configuration, binomial_error_of, configurations_of
from snnbench.report.reading.source import Tables
from snnbench.report.reading.statistics import Estimate, ratio, seeds_needed
from snnbench.studies.twins import ANN, SNN
from snnbench.words.energies import Energy

NOT_WORSE, BETTER, WORSE, UNDECIDED = "not worse", "better", "worse", "undecided"
CHEAPER, DEARER = "cheaper", "dearer"
MARGIN = 0.01  # where nobody says another


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

    @property
    def best_first(self) -> list[Pair]:
        """The pairs, that of the most accurate SNN first."""
        return sorted(self.pairs, key=lambda pair: -pair.accuracies[0].value)

    @property
    def first(self) -> Pair:
        """The pair that answers for all."""
        return self.best_first[0]


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
    evidence = Evidence([*found[SNN], *found[ANN]], tables.epochs, tables.layers)
    pairs, unpaired = [], []
    several = len(found[SNN]) > 1
    for snn in found[SNN]:
        name = snn.name if several else ""
        ann = _twin(snn, found[ANN])
        if ann is None or not snn.by_seed(ACCURACY) or not ann.by_seed(ACCURACY):
            which = "has no twin" if ann is None else "or its twin has no run that is done"
            unpaired.append(f"{name or 'The SNN'} {which}.")
            continue
        pairs.append(compared(snn, ann, evidence, tables.energy, margin=margin, name=name))
    return Answer(tuple(pairs), margin, tuple(unpaired))


def key_of(configuration: Configuration) -> str:
    """Return what a configuration has in common with itself among others: its first run."""
    return str(configuration.runs["run_id"].iloc[0])


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


def compared(
    snn: Configuration,
    ann: Configuration,
    evidence: Evidence,
    headline: Energy,
    *,
    margin: float,
    name: str,
    warnings: Sequence[str] = (),
) -> Pair:
    """Compare an SNN with an ANN that have finished runs.

    Args:
        snn, ann: both.
        evidence: on them.
        headline: the energy model that comes first.
        margin: see `Answer`.
        name: of the pair.
        warnings: what must be said of it, beside what is found here.
    """
    a, b = (c.by_seed(ACCURACY) for c in (snn, ann))
    errors = binomial_error_of([snn], ACCURACY, a), binomial_error_of([ann], ACCURACY, b)
    accuracies = snn.mean(ACCURACY), ann.mean(ACCURACY)
    differ = Sides(a, b, errors).difference()
    assert differ is not None
    assert accuracies[0] is not None
    assert accuracies[1] is not None
    word = _word(differ, margin)
    costs = tuple(_costs(snn, ann, evidence, headline))
    mine, other = evidence.facts(snn), evidence.facts(ann)
    seed = next((s for s in sorted(mine) if s in other), None)
    compared = None if seed is None else CostComparison(mine[seed], other[seed])
    return Pair(
        name, snn, ann, (accuracies[0], accuracies[1]), differ, word,
        seeds_needed(a, b, differ.value + margin) if word == UNDECIDED else None, costs,
        () if compared is None else tuple(compared.breaks()),
        _agreement(costs), (*warnings, *_warnings(snn, ann)),
    )  # fmt: skip


def _word(found: Estimate, margin: float) -> str:
    if found.low is None or found.high is None:
        return UNDECIDED
    if found.low > 0:
        return BETTER
    if found.low > -margin:
        return NOT_WORSE
    return WORSE if found.high < -margin else UNDECIDED


def _costs(
    snn: Configuration, ann: Configuration, evidence: Evidence, headline: Energy
) -> Iterator[Cost]:
    for word in models(headline):
        mine = evidence.energy(snn, word)
        times = ratio(evidence.energy(ann, word, beside=[snn]), mine)
        if times is not None:
            yield Cost(word.label, word.assumption, times, _cost_word(times))


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


def _warnings(snn: Configuration, ann: Configuration) -> Iterator[str]:
    for model, c in (("SNN", snn), ("ANN", ann)):
        for status, n in c.unfinished.items():
            yield f"{n} of {len(c.runs)} runs of the {model} ended as {status}."
        for said, n in c.dead.items():
            yield (
                f"{n} of {len(c.done)} runs of the {model} are {said}: what they cost is no price"
                " of an answer, and is left out."
            )
        if is_at_chance(c):
            yield f"The {model} is at chance: it is no better than a guess."
        if len(c.by_seed(ACCURACY)) == 1:
            yield f"One seed of the {model} has no interval: give --seeds 5."
