"""What a training step of narrow spiking layers works on, by name."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from snnbench.kernels.base.jit import Bytes, Codes, Floats, Ints, Numbers


class Source(NamedTuple):
    """Of all samples the `Pixels`, keys of the draws and classes; which samples are the batch.

    Flat, as what a prange takes has to be: numba takes apart one level of its tuples.
    """

    starts: Ints
    records: npt.NDArray[np.uint16]
    keys: npt.NDArray[np.uint64]
    y: Ints
    samples: Ints


class Network(NamedTuple):
    """The layers and their numbers.

    Attributes:
        plan: for every layer M, N, where its groups of inputs begin among those of all layers,
            where its weights do among the parameters, and its biases (-1: none), int64 [L, 5].
        parameters: flat.
        beta, v_th, slope, gain: padded [L, lanes] each, see `Constants`.
    """

    plan: Ints
    parameters: Floats
    beta: Floats
    v_th: Floats
    slope: Floats
    gain: Floats


class Shared(NamedTuple):
    """Memory of every worker, but for `pieces` of the gradients, which is one for all.

    Attributes:
        subsets, turned, base: tables of subsets, turned weights, and padded biases, which are 0
            where a layer has none.
    """

    subsets: Floats
    turned: Floats
    base: Floats
    pieces: Floats


class Room(NamedTuple):
    """Memory of every chunk of the batch.

    Attributes:
        groups, codes, bits: for the blocks.
        membranes, currents, below, subsets: U, dL/dI, dL/dS of the layer below, and tables of
            gradients.
    """

    groups: npt.NDArray[np.int32]
    codes: Codes
    bits: Bytes
    membranes: Floats
    currents: Floats
    below: Floats
    subsets: Floats


class Found(NamedTuple):
    """What a step fills.

    Attributes:
        back: sums of dL/dI of every sample, [L, B, lanes].
        gradients: as `Network` has the parameters.
        values: what each sample adds to the loss, [B].
        hits: of every chunk, [chunks, 2 + C]; see `losses.add_hit`.
        spikes: into each layer, [chunks, L]; added to those of the run, `sums` [L, 1].
    """

    back: Floats
    gradients: Floats
    values: Numbers
    hits: Ints
    spikes: Ints
    sums: Numbers


class Sizes(NamedTuple):
    """Workers, at most as many as chunks; steps; the kind of loss, see `losses.KINDS`."""

    workers: int
    T: int
    kind: int
