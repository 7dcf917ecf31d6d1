"""Columns of an array as a vector, where a tile may have more lanes than there are columns."""

from typing import Any

from snnbench.kernels.base.jit import Floats, inlined
from snnbench.kernels.base.lanes import load, sub, with_lane


@inlined
def load_columns(array: Floats, index: int, n: int, like: Any, lanes: int) -> Any:
    """Load n values, with zeros behind them where a tile has more lanes."""
    if n == lanes:
        return load(array, index, like)
    value = sub(like, like)
    for q in range(n):
        value = with_lane(value, q, array[index + q])
    return value


@inlined
def copy(values: Any, out: Any) -> None:
    """Copy values one by one: for `out[:] = values` numba compiles what it would say of shapes."""
    for i in range(values.size):
        out[i] = values[i]
