"""The Bernoulli encoding: at every step a pixel spikes with its value as probability.

Random draws are counter-based: a spike is a function of (seed, epoch, sample, pixel, step) and
of nothing else, so any sample's spikes can be made again, anywhere, in any batch, and settings
that share a seed see the same spikes. Keys are made by SplitMix64 (Steele, Lea and Flood, OOPSLA
2014) used as a hash: its finalizer `mix` of a key plus a counter. From a key, draws are made by
the 32-bit hash lowbias32 (C. Wellons, hash-prospector, 2018) with the key's halves added before
its first and its second product: eight of them fit into a vector register, sixteen draws.
"""

import torch

from snnbench.config import RunConfig

_BITS = 16  # a draw has 16 bits: probabilities are rounded to multiples of 2^-16
_DRAWS_PER_HASH = 2
_STEPS_PER_KEY = 4
_32 = (1 << 32) - 1
_WEYL = 0x9E3779B9  # 2^32 divided by the golden ratio
_HASH_1, _HASH_2 = 0x7FEB352D, 0x846CA68B


def _signed(constant: int) -> int:
    """Return a 64-bit constant as torch's signed int64 holds it."""
    return constant - (1 << 64) if constant >> 63 else constant


_GOLDEN = _signed(0x9E3779B97F4A7C15)
_MIX_1 = _signed(0xBF58476D1CE4E5B9)
_MIX_2 = _signed(0x94D049BB133111EB)


def bernoulli(
    config: RunConfig, x: torch.Tensor, samples: torch.Tensor, epoch: int
) -> torch.Tensor:
    """Return the spikes that `bernoulli_spikes` draws with the run's keys, [T, B, ...]."""
    return bernoulli_spikes(x, config.T, draw_keys(config.seed, epoch, samples))


def bernoulli_spikes(x: torch.Tensor, T: int, keys: torch.Tensor) -> torch.Tensor:
    """At every step each pixel spikes with probability x, independently.

    Four steps from t = 4 w on have the key mix(k + GOLDEN * (w + 1)) of a sample with key k.
    Counter 2 p + h gives pixel p its draws at steps 4 w + 2 h (the lower 16 bits of the hash)
    and 4 w + 2 h + 1 (the upper). A draw of 0 counts as 1, and below round(65536 x) it is a
    spike: a pixel of 0 never spikes and a pixel of 1 always does.

    Args:
        x: [B, ...] within 0..1.
        keys: one a sample, int64 [B], from `draw_keys`.

    Returns:
        Spikes, 0.0 or 1.0, [T, B, ...].
    """
    thresholds = (x.flatten(1) * (1 << _BITS)).round().to(torch.int64)
    pixels = torch.arange(thresholds.shape[1], device=x.device)
    spikes = []
    for first in range(0, T, _DRAWS_PER_HASH):
        word, half = divmod(first // _DRAWS_PER_HASH, _STEPS_PER_KEY // _DRAWS_PER_HASH)
        word_keys = _mix(keys + _signed(_GOLDEN * (word + 1) % (1 << 64)))
        hashes = _hash(word_keys[:, None], 2 * pixels + half)
        for lane in range(min(_DRAWS_PER_HASH, T - first)):
            draws = (hashes >> (_BITS * lane)) & ((1 << _BITS) - 1)
            spikes.append((draws.clamp(min=1) < thresholds).to(x.dtype))
    return torch.stack(spikes).view(T, *x.shape)


def draw_keys(seed: int, epoch: int, samples: torch.Tensor) -> torch.Tensor:
    """Return the key of each sample's draws, int64 [B]: a chain of mixes of seed, epoch, sample."""
    key = torch.full_like(samples, seed)
    for part in (epoch, samples):
        key = _mix(key + _GOLDEN) + part
    return _mix(key + _GOLDEN)


def _mix(word: torch.Tensor) -> torch.Tensor:
    """Finalizer of SplitMix64 on int64, whose products wrap around as unsigned ones do."""
    word = (word ^ _shift_right(word, 30)) * _MIX_1
    word = (word ^ _shift_right(word, 27)) * _MIX_2
    return word ^ _shift_right(word, 31)


def _hash(keys: torch.Tensor, counters: torch.Tensor) -> torch.Tensor:
    """Return 32 bits, as int64, of every 64-bit key and counter."""
    word = (keys + _WEYL * counters) & _32
    word = ((word ^ (word >> 16)) * _HASH_1) & _32
    word = (word ^ (word >> 15)) + _shift_right(keys, 32)
    word = ((word & _32) * _HASH_2) & _32
    return word ^ (word >> 16)


def _shift_right(word: torch.Tensor, bits: int) -> torch.Tensor:
    """Shift in zeros: torch's own >> on int64 copies the sign bit."""
    return (word >> bits) & ((1 << (64 - bits)) - 1)
