"""Early exit: inference ends at the first step whose margin is large enough."""

import numpy as np
import numpy.typing as npt
import torch

from snnbench.inputs.prepare import Part
from snnbench.training.decisions import Codes, Margins

_SAMPLES = 1024  # of the training data, by which the margin is chosen without validation data
_DRAW = 4  # keeps these draws apart from the seed's other uses
_EXACT = 1e-9  # sums of credits in another order; two that differ, do so by more


def exit_steps(margins: Margins, least: float | None) -> npt.NDArray[np.int64]:
    """Return the step at which inference ends, from 0, of every sample.

    Args:
        margins: after every step, [S, T].
        least: margin that ends it; None: nothing does before the last step.
    """
    last = margins.shape[1] - 1
    if least is None:
        return np.full(len(margins), last)
    enough = margins >= np.float32(least)
    enough[:, last] = True
    first: npt.NDArray[np.int64] = enough.argmax(1)
    return first


def choose_margin(codes: Codes, margins: Margins, credit: npt.NDArray[np.float64]) -> float | None:
    """Return the least margin at which an exit is as right as all steps are, on these samples.

    The least is the cheapest: no sample ends earlier at a larger one. None where there is no such
    margin.

    Args:
        codes, margins: of decisions after every step, [S, T].
        credit: code -> how right a decision is.
    """
    if not margins.size:
        return None
    rightness = credit[codes]
    # A sample's exit moves only where its margin is larger than at all steps before.
    before = np.maximum.accumulate(margins, axis=1)[:, :-1]
    records = np.concatenate([margins[:, :1] > -np.inf, margins[:, 1:] > before], axis=1)
    rows, steps = np.nonzero(records)
    if not len(rows):
        return None
    same = np.append(rows[1:] == rows[:-1], False)
    following = np.where(same, np.append(steps[1:], 0), margins.shape[1] - 1)
    gains = rightness[rows, following] - rightness[rows, steps]
    starts = exit_steps(margins, float(margins[rows, steps].min()))
    at_least = rightness[np.arange(len(starts)), starts].sum()
    # Once the margin asked for is larger than a record, its sample goes on to the next.
    values = margins[rows, steps]
    order = np.argsort(values, kind="stable")
    candidates, first = np.unique(values[order], return_index=True)
    total = at_least + np.concatenate([[0.0], np.cumsum(gains[order])])[first]
    as_right = total >= rightness[:, -1].sum() - _EXACT * len(margins)
    return float(candidates[as_right.argmax()]) if as_right.any() else None


def exit_samples(train: Part, seed: int) -> Part:
    """Return the training samples by which a margin is chosen without validation data."""
    order = np.random.default_rng([seed, _DRAW]).permutation(len(train))
    rows = torch.from_numpy(np.sort(order[:_SAMPLES])).to(train.y.device)
    return Part(train.x[rows], train.y[rows], train.samples[rows])
