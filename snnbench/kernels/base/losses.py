"""Losses of a cohort that have short closed forms, with gradients and correct predictions.

A member's sums run over its own outputs in their own order: no bit depends on its companions.
"""

# ruff: noqa: PLR0917 (compiled functions take positional arguments)

import numpy as np

from snnbench.kernels.base.jit import Floats, Ints, Numbers, inlined, kernel

KINDS = {"mse": 1, "ce": 2}  # 0 leaves a member out
HITS = 2  # sums that `add_hit` makes, besides one a class


@kernel
def closed_losses(
    sums: Floats, y: Ints, kinds: Ints, scale: np.float32, gradient: Floats
) -> Numbers:
    """Return the mean loss of every member, float64 [K]; 0 of one that is left out.

    Args:
        sums: outputs, [B, K, C].
        y: classes, [B].
        kinds: loss of every member, see `KINDS`, [K].
        scale: makes sums scores: 1 / T.
        gradient: [B, K, C], filled with dL/dsums; 0 for members left out.
    """
    batch, members, _ = sums.shape
    losses = np.zeros(members)
    for b in range(batch):
        for k in range(members):
            losses[k] += sample_loss(sums[b, k], y[b], kinds[k], scale, batch, gradient[b, k])
    return losses


@inlined
def sample_loss(
    row: Floats, wanted: int, kind: int, scale: np.float32, batch: int, out: Floats
) -> float:
    """Return what a sample adds to a member's mean loss; `out` becomes its dL/dsums.

    Args:
        row: outputs, [C].
        wanted: class.
        kind: loss, see `KINDS`.
        scale: makes sums scores.
        batch: samples that the mean is over.
        out: filled, [C].
    """
    classes = row.size
    if kind == 1:
        loss = _square_error(row, wanted, scale, out) / (batch * classes)
        step = scale * np.float32(2 / (batch * classes))
    elif kind == 2:
        loss = _cross_entropy(row, wanted, scale, out) / batch
        step = scale * np.float32(1 / batch)
    else:
        out[:] = 0
        return 0.0
    for c in range(classes):
        out[c] *= step
    return loss


@inlined
def _square_error(row: Floats, wanted: int, scale: np.float32, out: Floats) -> float:
    loss = 0.0
    for c in range(row.size):
        error = row[c] * scale - np.float32(c == wanted)
        out[c] = error
        loss += np.float64(error) * np.float64(error)
    return loss


@inlined
def _cross_entropy(row: Floats, wanted: int, scale: np.float32, out: Floats) -> float:
    """Return -log softmax at the class; `out` becomes softmax minus one-hot."""
    largest = row[0]
    for c in range(1, row.size):
        largest = max(largest, row[c])
    total = np.float32(0)
    for c in range(row.size):
        out[c] = np.exp((row[c] - largest) * scale)
        total += out[c]
    for c in range(row.size):
        out[c] /= total
    out[wanted] -= np.float32(1)
    return np.float64(np.log(total)) - np.float64((row[wanted] - largest) * scale)


@kernel
def hits_of_members(sums: Floats, y: Ints) -> Ints:
    """Return how the predictions of every member did, [K, 2 + C]; see `add_hit`."""
    batch, members, classes = sums.shape
    hits = np.zeros((members, HITS + classes), np.int64)
    for b in range(batch):
        for k in range(members):
            add_hit(sums[b, k], y[b], hits[k])
    return hits


@inlined
def add_hit(row: Floats, wanted: int, hits: Ints) -> None:
    """Add a sample to `hits`, [2 + C], as `snnbench.training.hits` explains them.

    Args:
        row: outputs, [C].
        wanted: class.
        hits: added to.
    """
    best, equal = 0, 1
    for c in range(1, row.size):
        if row[c] > row[best]:
            best, equal = c, 1
        elif row[c] == row[best]:
            equal += 1
    hits[0] += best == wanted
    hits[1] += equal > 1
    if row[wanted] == row[best]:
        hits[1 + equal] += 1
