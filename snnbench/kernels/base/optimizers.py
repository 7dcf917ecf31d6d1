"""SGD, Adam and AdamW for K members at once, one pass over memory, equal to torch.optim's.

A parameter is an array [A, K, B] with the members' axis in the middle: a weight [M, K, N], a
bias [1, K, N]. Learning rate, momentum and weight decay are a member's own. The values of a
member that is not active do not change, whatever its gradients are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import prange

from snnbench.kernels.base.jit import Floats, inlined, inner, kernel, parallel_kernel, share

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8
_PIECE = 1 << 10  # elements that a thread takes at a time
_SHORT = 1 << 8
_ELEMENT = 3  # nanoseconds of an element
WORTH_THREADS = 1 << 14  # elements; with fewer, a call that threads share costs more


class CohortOptimizer:
    """Updates the parameters of K members in place.

    Args:
        kind: L2 is added to the gradient for sgd and adam, decoupled for adamw.
        parameters: float32 arrays [A, K, B], C-contiguous, changed in place.
        momentum: of sgd, [K].
        weight_decay: [K].
    """

    def __init__(
        self,
        kind: str,
        parameters: Sequence[Floats],
        momentum: Sequence[float],
        weight_decay: Sequence[float],
    ) -> None:
        self.kind = kind
        self.parameters = [array.reshape(-1) for array in parameters]
        assert all(map(np.shares_memory, self.parameters, parameters)), "not contiguous"
        self._shapes = [array.shape for array in parameters]
        self._cuts = [_cut(array) for array in parameters]
        self._counts = [
            _piece_count(p.size, sizes)
            for p, (_, sizes) in zip(self.parameters, self._cuts, strict=True)
        ]
        self._first = [np.zeros_like(array) for array in self.parameters]
        self._second = [np.zeros_like(a) for a in (self.parameters if kind != "sgd" else [])]
        self._momentum = np.array(momentum, np.float64)
        self._decay = np.array(weight_decay, np.float64)
        self._steps = 0
        self._spread: tuple[tuple[tuple[float, ...], tuple[int, ...]], dict[int, Floats]] | None
        self._spread = None

    def step(self, gradients: Sequence[Floats], lr: Sequence[float], active: Sequence[int]) -> None:
        """Take one step.

        Args:
            gradients: shaped like the parameters, C-contiguous.
            lr: learning rates, [K].
            active: positions of the members that change.
        """
        self._steps += 1
        banks = self._numbers_of(tuple(lr), tuple(active))
        correction = 1 / (1 - _BETA1**self._steps), 1 / (1 - _BETA2**self._steps) ** 0.5
        scales = np.float32(correction[0]), np.float32(correction[1])
        for index, (parameter, gradient) in enumerate(zip(self.parameters, gradients, strict=True)):
            width, sizes = self._cuts[index]
            work = parameter, gradient.reshape(-1), banks[width]
            pieces = 0, self._counts[index]
            alone = parameter.size < WORTH_THREADS
            if not alone:
                share(_ELEMENT * parameter.size)
            if self.kind == "sgd":
                sgd = _sgd_pieces if alone else _sgd
                sgd(pieces, work, self._first[index], sizes)
            else:
                adam = _adam_pieces if alone else _adam
                state = self._first[index], self._second[index]
                adam(pieces, work, state, sizes, scales)

    def state_of(self, member: int) -> dict[str, npt.NDArray[Any]]:
        """Return copies of a member's moments, one after another, and how many steps were taken.

        They are in the parameters' order, however many members there are.
        """
        moments = {"first": self._first, "second": self._second}
        state: dict[str, npt.NDArray[Any]] = {
            name: np.concatenate([part.ravel() for part in self._of_member(arrays, member)])
            for name, arrays in moments.items()
            if arrays
        }
        return state | {"steps": np.array(self._steps)}

    def load_state(self, member: int, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over what `state_of` gave; all members have taken the same number of steps."""
        for name, arrays in (("first", self._first), ("second", self._second)):
            start = 0
            for part in self._of_member(arrays, member):
                part[...] = state[name][start : start + part.size].reshape(part.shape)
                start += part.size
        self._steps = int(state["steps"])

    def _of_member(self, arrays: Sequence[Floats], member: int) -> list[Floats]:
        shaped = zip(arrays, self._shapes, strict=False)
        return [array.reshape(shape)[:, member] for array, shape in shaped]

    def _numbers_of(self, lr: tuple[float, ...], active: tuple[int, ...]) -> dict[int, Floats]:
        """Return width -> the members' numbers spread over it; made anew when they change."""
        if self._spread is None or self._spread[0] != (lr, active):
            rates, is_active = np.array(lr, np.float64), np.isin(np.arange(len(lr)), active)
            if self.kind == "sgd":
                columns = [
                    np.where(is_active, values, still)
                    for values, still in ((rates, 0), (self._momentum, 1), (self._decay, 0))
                ]
            else:
                shrink = 1 - rates * self._decay if self.kind == "adamw" else np.ones_like(rates)
                l2 = self._decay if self.kind == "adam" else np.zeros_like(rates)
                columns = [rates, shrink, l2]
            numbers = np.stack([*columns, is_active]).astype(np.float32)
            banks = {width: np.repeat(numbers, width, axis=1) for width, _ in self._cuts}
            self._spread = (lr, active), banks
        return self._spread[1]


def _cut(parameter: Floats) -> tuple[int, tuple[int, int, int]]:
    """Return how a parameter is cut into pieces, over which the members' numbers are spread.

    Returns:
        elements that a member's numbers are repeated for in the bank; members that take turns
        from span to span; elements of a span, which is cut into pieces; elements of a piece.
        Where members' stretches are short, there is one span, and a piece is a row of them all.
    """
    _, members, width = parameter.shape
    if members > 1 and width < _SHORT:
        return width, (1, parameter.size, members * width)
    return _PIECE, (members, width if members > 1 else parameter.size, _PIECE)


@parallel_kernel
def _sgd(pieces: tuple[int, int], work: Any, buffer: Floats, sizes: tuple[int, int, int]) -> None:
    for i in prange(pieces[0], pieces[1]):
        _sgd_pieces((i, i + 1), work, buffer, sizes)


@kernel
def _sgd_pieces(
    pieces: tuple[int, int], work: Any, buffer: Floats, sizes: tuple[int, int, int]
) -> None:
    """Update some pieces of a parameter.

    Args:
        pieces: first, and last + 1.
        work: parameter, gradient, and bank of the members' numbers.
        buffer: of the momentum.
        sizes: of the cut, see `_cut`.
    """
    parameter, gradient, bank = work
    for i in range(pieces[0], pieces[1]):
        start, end, at = _piece(i, sizes)
        numbers = _numbers(bank, at, end - start)
        _sgd_row(parameter[start:end], gradient[start:end], buffer[start:end], numbers)


@inner
def _sgd_row(parameter: Floats, gradient: Floats, buffer: Floats, numbers: Any) -> None:
    """Update; the numbers of a member that is not active are lr 0, momentum 1 and decay 0.

    Whether it is active is not asked where values are stored: the compiler would store under a
    mask, which takes ten times as long.
    """
    lr, momentum, decay, active = numbers
    for i in range(parameter.size):
        g = gradient[i] if active[i] != 0 else np.float32(0)
        step = momentum[i] * buffer[i] + (g + decay[i] * parameter[i])
        buffer[i] = step
        parameter[i] -= lr[i] * step


@parallel_kernel
def _adam(
    pieces: tuple[int, int],
    work: Any,
    state: Any,
    sizes: tuple[int, int, int],
    scales: tuple[np.float32, np.float32],
) -> None:
    for i in prange(pieces[0], pieces[1]):
        _adam_pieces((i, i + 1), work, state, sizes, scales)


@kernel
def _adam_pieces(
    pieces: tuple[int, int],
    work: Any,
    state: Any,
    sizes: tuple[int, int, int],
    scales: tuple[np.float32, np.float32],
) -> None:
    """Update some pieces of a parameter; see `_sgd_pieces` and, for scales, `_adam_row`."""
    parameter, gradient, bank = work
    first, second = state
    for i in range(pieces[0], pieces[1]):
        start, end, at = _piece(i, sizes)
        moments = first[start:end], second[start:end]
        numbers = _numbers(bank, at, end - start)
        _adam_row(parameter[start:end], gradient[start:end], moments, numbers, scales)


@inlined
def _numbers(bank: Floats, at: int, count: int) -> Any:
    """Return the four rows of a piece of the bank."""
    end = at + count
    return bank[0][at:end], bank[1][at:end], bank[2][at:end], bank[3][at:end]


def _piece_count(size: int, sizes: tuple[int, int, int]) -> int:
    _, span, piece = sizes
    return (size // max(1, span)) * ((span + piece - 1) // piece)


@inlined
def _piece(i: int, sizes: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return first element and end of piece i, and where its numbers begin in the bank."""
    members, span, piece = sizes
    per_span = (span + piece - 1) // piece
    start = (i // per_span) * span + (i % per_span) * piece
    return start, min(start + piece, (i // per_span + 1) * span), (i // per_span) % members * piece


@inner
def _adam_row(
    parameter: Floats,
    gradient: Floats,
    moments: Any,
    numbers: Any,
    scales: tuple[np.float32, np.float32],
) -> None:
    """Update with lr, 1 - lr * decoupled decay and L2 of every element.

    Args:
        scales: 1 / (1 - beta1^t) and 1 / sqrt(1 - beta2^t).
    """
    first, second = moments
    rate_scale, scale = scales
    lr, shrink, l2, active = numbers
    for i in range(parameter.size):
        old, old_m, old_v = parameter[i], first[i], second[i]
        p = old * shrink[i]
        g = gradient[i] + l2[i] * p
        m = old_m + np.float32(1 - _BETA1) * (g - old_m)
        v = np.float32(_BETA2) * old_v + np.float32(1 - _BETA2) * (g * g)
        step = lr[i] * rate_scale * m / (np.sqrt(v) * scale + np.float32(_EPSILON))
        on = active[i] != 0
        first[i] = m if on else old_m  # loaded above: else these are stored under a mask
        second[i] = v if on else old_v
        parameter[i] = p - step if on else old
