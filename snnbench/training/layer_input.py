"""The first layer's input of the event kernels, batch by batch."""

from typing import NamedTuple

import torch

from snnbench.config import RunConfig
from snnbench.inputs.encodings import encode
from snnbench.inputs.prepare import Part
from snnbench.kernels.base.jit import Floats, Ints
from snnbench.kernels.events.counts import Counts, input_counts, value_counts
from snnbench.kernels.events.events import (
    ActivePixels,
    SpikeBlocks,
    bernoulli_events,
    draw_keys,
    events_from_spikes,
)
from snnbench.words.encodings import ENCODINGS


class Counted(NamedTuple):
    """What is not 0 in a batch of input.

    Attributes:
        total: sum of the values.
        units: samples and steps at which each is not 0, [M].
        steps: how many are not 0 at every step, or at the first if all are alike, [B, T or 1].
    """

    total: float
    units: Ints
    steps: Counts


class LayerInput:
    """Spike blocks, or values that are the same at every step."""

    def __init__(self, config: RunConfig, part: Part) -> None:
        self.config, self.part = config, part
        self.samples = part.samples.numpy()
        flat = part.x.flatten(1)
        if config.encoding == "bernoulli":
            self.pixels = ActivePixels(flat.numpy())
        self.blocks = SpikeBlocks(flat.shape[1], config.T)
        self._keys: tuple[int, Ints] | None = None
        self._counted: dict[int, Counted] = {}

    def keys(self, epoch: int) -> Ints:
        """Return the keys of an epoch's draws of all rows, int64 [S]."""
        if self._keys is None or self._keys[0] != epoch:
            self._keys = epoch, draw_keys(self.config.seed, epoch, self.samples)
        return self._keys[1]

    def take(self, rows: Ints, epoch: int) -> "SpikeBlocks | Floats":
        """Return the input of some rows of the part: blocks, or values [B, M]."""
        config = self.config
        if config.encoding == "bernoulli":
            keys = self.keys(epoch)[rows]
            return bernoulli_events(self.pixels, rows, keys, config.T, self.blocks)
        index = torch.from_numpy(rows)
        x = encode(config, self.part.x[index], self.part.samples[index], epoch).flatten(2)
        if ENCODINGS[config.encoding].gives == "spikes":
            return events_from_spikes(x.transpose(0, 1).numpy(), self.blocks)
        return x[0].numpy()

    def forget_counts(self) -> None:
        """Count anew what `counted` has kept."""
        self._counted.clear()

    def counted(self, start: int, source: "SpikeBlocks | Floats") -> Counted:
        """Count the input from sample `start` on, as `take` has given it for an evaluation.

        It is the same whenever it is evaluated, and counted once.
        """
        if start not in self._counted:
            if isinstance(source, SpikeBlocks):
                units, steps = input_counts(source)
                self._counted[start] = Counted(float(units.sum()), units, steps)
            else:
                units, rows = value_counts(source)
                total = torch.from_numpy(source).sum(dtype=torch.float64).item()
                self._counted[start] = Counted(total, units, rows[:, None])
        return self._counted[start]
