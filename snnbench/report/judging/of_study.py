"""The SNNs of a study beside its ANNs: whichever is most like each is its twin."""

from collections.abc import Sequence

from snnbench.report.judging.answer import MARGIN, Answer, compared
from snnbench.report.judging.evidence import Evidence
from snnbench.report.judging.standing import ACCURACY, Standing, shared_settings
from snnbench.report.reading.groups import Configuration
from snnbench.studies.selecting import value_text
from snnbench.words.energies import Energy

_MOST_PAIRS = 20


def study_answer(
    standings: Sequence[Standing], evidence: Evidence, headline: Energy
) -> Answer | None:
    """Compare the best SNNs of a study with their twins; None where there is no pair.

    A twin has the same settings but for what the model decides. Where there is none, the ANN that
    differs in the fewest settings on the same data stands for it, the most accurate of several,
    and what differs is a warning.

    Args:
        standings: of the study's configurations, best first.
        evidence: on them.
        headline: the energy model that comes first.
    """
    reached = [one for one in standings if one.configuration.by_seed(ACCURACY)]
    spiking = [one for one in reached if one.configuration.row["model"] == "snn"][:_MOST_PAIRS]
    ordinary = [one.configuration for one in reached if one.configuration.row["model"] == "ann"]
    pairs = []
    for one in spiking:
        snn = one.configuration
        unlike: list[str] = []
        ann = one.twin if one.twin is not None and one.twin.by_seed(ACCURACY) else None
        if ann is None:
            ann = _nearest(snn, ordinary)
            if ann is None:
                continue
            unlike = _unlike(snn, ann)
        said = ", ".join(f"{name} = {value_text(ann.row[name])}" for name in unlike)
        warnings = [f"The ANN differs in more than the model: its {said}."] if unlike else []
        name = snn.name if len(spiking) > 1 else ""
        pairs.append(
            compared(snn, ann, evidence, headline, margin=MARGIN, name=name, warnings=warnings)
        )
    return Answer(tuple(pairs), MARGIN) if pairs else None


def _nearest(snn: Configuration, ordinary: Sequence[Configuration]) -> Configuration | None:
    same_data = [c for c in ordinary if c.row["data_sha256"] == snn.row["data_sha256"]]
    return min(same_data, key=lambda ann: len(_unlike(snn, ann)), default=None)


def _unlike(snn: Configuration, ann: Configuration) -> list[str]:
    """Return the settings of both in which they differ."""
    names = (*shared_settings(), "loss")
    return [name for name in names if snn.row[name] != ann.row[name]]
