"""Encodings: how a sample becomes the network's input over time."""

from dataclasses import dataclass
from typing import Any, Literal

from snnbench.words.table import Table, Word

InputKind = Literal["spikes", "real", "constant"]


@dataclass(frozen=True, kw_only=True)
class Encoding(Word):
    """One row.

    Attributes:
        gives: "spikes", 0 or 1 at each of T steps; "real", a number at each of T steps; or
            "constant", the same numbers at every step, which are given once.
        unit_range: it takes values within 0..1 only.
    """

    gives: InputKind
    unit_range: bool = True


def encode(config: Any, x: Any, samples: Any, epoch: int) -> Any:
    """Turn values [B, ...] into [T, B, ...], or [1, B, ...] where every step is the same.

    Args:
        config: the run's settings.
        x: values of a batch, [B, ...].
        samples: index of each sample in its data set, int64 [B].
        epoch: training epoch from 1, or 0 for evaluation.
    """


_HOME = "snnbench.inputs.encodings"

ENCODINGS = Table(
    "encoding",
    Encoding,
    (
        Encoding(
            "repeat",
            "the values at every step",
            f"{_HOME}:repeat",
            gives="constant",
            unit_range=False,
            called="repeat encoding",
        ),
        Encoding(
            "threshold",
            "the values above encoding_threshold at every step",
            f"{_HOME}:threshold",
            uses=("encoding_threshold",),
            gives="constant",
            called="threshold encoding",
        ),
        Encoding(
            "bernoulli",
            "a spike at each step with the value as probability",
            "snnbench.inputs.bernoulli:bernoulli",
            gives="spikes",
            called="Bernoulli encoding",
        ),
        Encoding(
            "latency",
            "one spike, the earlier the larger the value",
            f"{_HOME}:latency",
            gives="spikes",
            called="latency encoding",
        ),
    ),
    signature=encode,
)
