"""The first layer's input of the event kernels, batch by batch."""

import torch

from snnbench.config import RunConfig
from snnbench.inputs.encodings import encode
from snnbench.inputs.prepare import Part
from snnbench.kernels.base.jit import Floats, Ints
from snnbench.kernels.events.events import (
    ActivePixels,
    SpikeBlocks,
    bernoulli_events,
    draw_keys,
    events_from_spikes,
)
from snnbench.words.encodings import ENCODINGS


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
