"""Images -> T steps of input: the encodings without draws, and the way to all of them."""

import torch

from snnbench.config import RunConfig
from snnbench.words.encodings import ENCODINGS

EVALUATION_EPOCH = 0  # training epochs count from 1; evaluation draws are the same every epoch


def encode(config: RunConfig, x: torch.Tensor, samples: torch.Tensor, epoch: int) -> torch.Tensor:
    """Turn a batch into the network's input over time.

    Args:
        config: encoding, T and seed are used.
        x: values, [B, ...]; within 0..1 where the encoding's row says so.
        samples: index of each sample in its data set, int64 [B].
        epoch: training epoch from 1, or EVALUATION_EPOCH.

    Returns:
        [T, B, ...]; [1, B, ...] where every step is the same: an ANN's input, and encodings that
        give a constant.
    """
    if config.model == "ann":
        return x.unsqueeze(0)
    encoded: torch.Tensor = ENCODINGS[config.encoding].load()(config, x, samples, epoch)
    return encoded


def repeat(config: RunConfig, x: torch.Tensor, samples: torch.Tensor, epoch: int) -> torch.Tensor:
    """Return the values themselves, which every step sees, [1, B, ...]."""
    return x.unsqueeze(0)


def threshold(
    config: RunConfig, x: torch.Tensor, samples: torch.Tensor, epoch: int
) -> torch.Tensor:
    """Return the values above `encoding_threshold`, and 0 for the others, [1, B, ...]."""
    return (x * (x > config.encoding_threshold)).unsqueeze(0)


def latency(config: RunConfig, x: torch.Tensor, samples: torch.Tensor, epoch: int) -> torch.Tensor:
    """Return `latency_spikes`, [T, B, ...]."""
    return latency_spikes(x, config.T)


def latency_spikes(x: torch.Tensor, T: int) -> torch.Tensor:
    """One spike a pixel, the earlier the brighter: at step round((1 - x)(T - 1)); none for 0.

    Args:
        x: [B, ...] within 0..1.

    Returns:
        Spikes, 0.0 or 1.0, [T, B, ...].
    """
    step = ((1 - x) * (T - 1)).round()
    steps = torch.arange(T, device=x.device).view(T, *([1] * x.dim()))
    return ((steps == step) & (x > 0)).to(x.dtype)
