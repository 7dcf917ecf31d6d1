"""The draws of a block, 4 inputs at 4 steps, in a vector register.

The 32-bit hash of `snnbench.inputs.bernoulli` gives an input two 16-bit draws, for two steps:
those of a block are one vector of eight hashes. One comparison of its sixteen 16-bit lanes, and a
second order of its outcome, give the block's code.
"""

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from snnbench.kernels.base.jit import inlined
from snnbench.kernels.base.lanes import pointer_to

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_WEYL = 0x9E3779B9
_HASH_1, _HASH_2 = 0x7FEB352D, 0x846CA68B

_SIZE = 4  # inputs of a block, and its steps
_HASHES, _DRAWS = 2 * _SIZE, _SIZE * _SIZE  # of a block

_INT16, _INT32, _INT64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)


@inlined
def mix(word: np.uint64) -> np.uint64:
    """Finalizer of SplitMix64."""
    word = (word ^ (word >> np.uint64(30))) * _MIX_1
    word = (word ^ (word >> np.uint64(27))) * _MIX_2
    return word ^ (word >> np.uint64(31))


def _draw_block(_: Any, key: Any, group: Any, limits: Any, index: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        four = ir.VectorType(_INT16, _SIZE)
        pointer = pointer_to(context, builder, limits, values[2], values[3], four)
        each = _vector(_INT32, [lane // _SIZE for lane in range(_DRAWS)])
        limit = _shuffled(builder, builder.load(pointer, align=2), each)
        draws = ir.VectorType(_INT16, _DRAWS)
        draw = builder.bitcast(_hashes(builder, values[0], values[1]), draws)
        one = _vector(_INT16, [1] * _DRAWS)
        draw = builder.select(builder.icmp_unsigned(">", draw, one), draw, one)
        fires = builder.icmp_unsigned("<=", draw, limit)
        turned = _vector(_INT32, [_SIZE * (i % _SIZE) + i // _SIZE for i in range(_DRAWS)])
        lower, upper = (
            builder.zext(builder.bitcast(bits, _INT16), _INT32)
            for bits in (_shuffled(builder, fires, turned), fires)
        )
        return builder.or_(lower, builder.shl(upper, ir.Constant(_INT32, 16)))

    return types.uint32(types.uint64, types.int64, limits, types.int64), emit


def _hashes(builder: Any, key: Any, group: Any) -> Any:
    """Return those of a group's four inputs, two each."""
    start = builder.mul(
        builder.trunc(group, _INT32), ir.Constant(_INT32, _HASHES * _WEYL % (1 << 32))
    )
    first = _everywhere(builder, builder.add(builder.trunc(key, _INT32), start))
    upper = builder.trunc(builder.lshr(key, ir.Constant(_INT64, 32)), _INT32)
    counters = _vector(_INT32, [_WEYL * lane % (1 << 32) for lane in range(_HASHES)])

    def shifted(word: Any, bits: int) -> Any:
        return builder.xor(word, builder.lshr(word, _vector(_INT32, [bits] * _HASHES)))

    word = shifted(builder.add(first, counters), 16)
    word = shifted(builder.mul(word, _vector(_INT32, [_HASH_1] * _HASHES)), 15)
    word = builder.add(word, _everywhere(builder, upper))
    return shifted(builder.mul(word, _vector(_INT32, [_HASH_2] * _HASHES)), 16)


def _vector(element: ir.Type, numbers: list[int]) -> ir.Constant:
    return ir.Constant(ir.VectorType(element, len(numbers)), numbers)


def _shuffled(builder: Any, vector: Any, order: ir.Constant) -> Any:
    return builder.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), order)


def _everywhere(builder: Any, number: Any) -> Any:
    undefined = ir.Constant(ir.VectorType(_INT32, _HASHES), ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(_INT32, 0))
    return _shuffled(builder, first, _vector(_INT32, [0] * _HASHES))


# draw_block(key, group, limits, index): the code of a block as `blocks.SpikeBlocks` has it. Input
# q of the group spikes at a step where its draw, or 1 instead of 0, is at most the uint16 at
# index + q.
draw_block: Any = intrinsic(_draw_block)
