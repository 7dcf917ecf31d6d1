"""The draws of a block, 4 inputs at 4 steps, in vector registers.

SplitMix64 as a hash, as `snnbench.encoding` defines it: one 64-bit word an input holds the
16-bit draws of its four steps. The words of a block's four inputs are one vector, and one
comparison of its sixteen 16-bit lanes gives the block's code.
"""

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from snnbench.spiking.kernels.cpu.jit import inlined
from snnbench.spiking.kernels.cpu.lanes import pointer_to

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)

_SIZE = 4  # inputs of a block, and its steps


@inlined
def mix(word: np.uint64) -> np.uint64:
    """Finalizer of SplitMix64."""
    word = (word ^ (word >> np.uint64(30))) * _MIX_1
    word = (word ^ (word >> np.uint64(27))) * _MIX_2
    return word ^ (word >> np.uint64(31))


def _draw_block(_: Any, start: Any, thresholds: Any, index: Any) -> Any:
    words = ir.VectorType(ir.IntType(64), _SIZE)
    draws = ir.VectorType(ir.IntType(16), _SIZE * _SIZE)
    four = ir.VectorType(ir.IntType(16), _SIZE)

    def constant(number: int) -> ir.Constant:
        return ir.Constant(words, [number] * _SIZE)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        undefined = ir.Constant(words, ir.Undefined)
        zero = ir.Constant(ir.IntType(32), 0)
        nowhere = ir.Constant(ir.VectorType(ir.IntType(32), _SIZE), [0] * _SIZE)
        first = builder.insert_element(undefined, values[0], zero)
        word = builder.shuffle_vector(first, undefined, nowhere)
        steps = [int(GOLDEN) * q % (1 << 64) for q in range(_SIZE)]
        word = builder.add(word, ir.Constant(words, steps))
        for shift, factor in ((30, _MIX_1), (27, _MIX_2)):
            word = builder.xor(word, builder.lshr(word, constant(shift)))
            word = builder.mul(word, constant(int(factor)))
        word = builder.xor(word, builder.lshr(word, constant(31)))
        pointer = pointer_to(context, builder, thresholds, values[1], values[2], four)
        limits = builder.load(pointer, align=2)
        each = ir.Constant(
            ir.VectorType(ir.IntType(32), _SIZE * _SIZE),
            [lane // _SIZE for lane in range(_SIZE * _SIZE)],
        )
        limits = builder.shuffle_vector(limits, ir.Constant(four, ir.Undefined), each)
        fires = builder.icmp_unsigned("<=", builder.bitcast(word, draws), limits)
        code = builder.bitcast(fires, ir.IntType(16))
        return builder.zext(code, ir.IntType(32))

    return types.uint32(types.uint64, thresholds, types.int64), emit


# draw_block(start, thresholds, index): the spikes of four inputs at four steps, bit 4 q + t.
# Input q draws from mix(start + GOLDEN * q) and spikes where a draw is at most its threshold, the
# uint16 at index + q.
draw_block: Any = intrinsic(_draw_block)
