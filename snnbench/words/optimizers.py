"""Optimizers: torch's, made from a run's settings."""

from typing import Any

from snnbench.words.table import Table, Word


def make(parameters: Any, config: Any) -> Any:
    """Return a torch.optim.Optimizer; its learning rate is set before every step.

    Args:
        parameters: of one network.
        config: the run's settings.
    """


_HOME = "snnbench.training.optimizers"
_MOMENTS = "it has moments of its own"

OPTIMIZERS = Table(
    "optimizer",
    Word,
    (
        Word(
            "sgd",
            "gradient descent, with momentum",
            f"{_HOME}:sgd",
            uses=("momentum",),
            called="SGD",
        ),
        Word("adam", "Adam (Kingma and Ba 2015)", f"{_HOME}:adam",
             otherwise=_MOMENTS, called="Adam"),
        Word("adamw", "AdamW (Loshchilov and Hutter 2019)", f"{_HOME}:adamw",
             otherwise=_MOMENTS, called="AdamW"),
    ),
    signature=make,
)  # fmt: skip
