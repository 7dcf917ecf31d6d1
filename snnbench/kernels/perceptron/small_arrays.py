"""What a step of perceptrons with small layers works on, by name."""

from typing import NamedTuple

from snnbench.kernels.base.jit import Floats, Ints, Numbers


class Samples(NamedTuple):
    """Which are the batch; classes of all; loss of every run, see `losses.KINDS`, 0 for none."""

    rows: Ints
    y: Ints
    kinds: Ints


class Network(NamedTuple):
    """The layers and their parameters.

    Attributes:
        plan: for every layer M, N, where its weights [K, M, N] and biases [K, N] (-1: none) begin
            among the parameters, its activation, and where its values, its weights' gradients
            and those of its biases begin in memory, int64 [L, 8].
        parameters: flat.
    """

    plan: Ints
    parameters: Floats


class Memory(NamedTuple):
    """The first layer's values [K, B, N]; the rest for every half that is at work.

    Attributes:
        values: of the other layers.
        here, there: gradients of two layers.
        tile: of columns.
        tables: the first layer's tiles.
        pieces: gradients.
    """

    first: Floats
    values: Floats
    here: Floats
    there: Floats
    tile: Floats
    tables: Floats
    pieces: Floats


class Found(NamedTuple):
    """Gradients as the parameters are, losses [K, HALVES] and hits [K, HALVES, 2 + C]."""

    gradients: Floats
    losses: Numbers
    hits: Ints
