"""Spiking networks, each beside the ordinary one that does what it does."""

from collections.abc import Sequence
from dataclasses import dataclass

from snnbench.report.judging.standing import is_of_model, twin_of
from snnbench.report.reading.columns import planned
from snnbench.report.reading.groups import Configuration


@dataclass(frozen=True)
class Pair:
    """An SNN and an ANN.

    Attributes:
        snn, ann: the configurations.
        unlike: settings of both in which they differ; none of a twin.
    """

    snn: Configuration
    ann: Configuration
    unlike: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """A sentence on what else differs, after a blank; "" where nothing does."""
        return f" They differ in {', '.join(self.unlike)}, too." if self.unlike else ""


def pairs_of(configurations: Sequence[Configuration]) -> list[Pair]:
    """Return every SNN with its twin, or else with the only ANN of its layers on its data."""
    found = []
    for snn in configurations:
        if snn.row["model"] != "snn":
            continue
        ann = twin_of(snn, configurations)
        if ann is not None:
            found.append(Pair(snn, ann))
            continue
        same = [c for c in configurations
                if c.row["model"] == "ann" and _layers(c) == _layers(snn)]  # fmt: skip
        if len(same) == 1:
            shared = (name for name in planned() if not is_of_model(name))
            unlike = tuple(n for n in shared if same[0].row[n] != snn.row[n])
            found.append(Pair(snn, same[0], unlike))
    return found


def _layers(configuration: Configuration) -> tuple[object, ...]:
    return tuple(configuration.row[name] for name in ("arch", "dataset", "data_sha256"))
