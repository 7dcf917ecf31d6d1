"""How often every input spiked, read off spike blocks."""

import numpy as np

from snnbench.kernels.base.jit import Ints, Plain, kernel
from snnbench.kernels.events.blocks import GROUP, WORD, SpikeBlocks, count_bits


def input_counts(blocks: SpikeBlocks) -> Ints:
    """Return the spikes of every input over all rows and steps, int64 [M]."""
    counts = np.zeros(blocks.group_count * GROUP, np.int64)
    _count(blocks.arrays, blocks.words, counts)
    return counts[: blocks.inputs]


@kernel
def _count(blocks: Plain, words: int, counts: Ints) -> None:
    starts, ends, groups, codes, _ = blocks
    for row in range(starts.size):
        for i in range(starts[row], ends[row]):
            for w in range(words):
                code = codes[i * words + w] >> np.uint32(GROUP * WORD)
                for q in range(GROUP):
                    steps = (code >> np.uint32(WORD * q)) & np.uint32(15)
                    counts[groups[i] * GROUP + q] += count_bits(steps)
