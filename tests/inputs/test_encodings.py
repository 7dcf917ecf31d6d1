import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.inputs.bernoulli import bernoulli_spikes, draw_keys
from snnbench.inputs.encodings import encode, latency_spikes

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mix(word):
    """SplitMix64's finalizer in Python integers, as published."""
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
    return word ^ (word >> 31)


def test_the_mix_is_splitmix64():
    # first outputs of SplitMix64 with seed 1234567 (reference implementation by S. Vigna)
    state, outputs = 1234567, []
    for _ in range(3):
        state = (state + GOLDEN) & MASK
        outputs.append(mix(state))
    assert outputs[:3] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def draw_of(key, pixel, step):
    """The definition in Python integers."""
    key, counter = mix((key + GOLDEN * (step // 4 + 1)) & MASK), 2 * pixel + step % 4 // 2
    word = (key + 0x9E3779B9 * counter) & 0xFFFFFFFF
    word = ((word ^ (word >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    word = ((word ^ (word >> 15)) + (key >> 32)) & 0xFFFFFFFF
    word = (word * 0x846CA68B) & 0xFFFFFFFF
    return ((word ^ (word >> 16)) >> (16 * (step % 2))) & 0xFFFF


def test_a_spike_is_a_function_of_seed_epoch_sample_pixel_and_step():
    seed, epoch, sample, pixel = 7, 3, 41, 2
    key = seed
    for part in (epoch, sample):
        key = (mix((key + GOLDEN) & MASK) + part) & MASK
    key = mix((key + GOLDEN) & MASK)
    for step in range(8):
        draw = draw_of(key, pixel, step)
        assert draw > 1
        for threshold in (draw, draw + 1):
            x = torch.full((1, 3), threshold / 65536)
            spikes = bernoulli_spikes(x, 8, draw_keys(seed, epoch, torch.tensor([sample])))
            assert spikes[step, 0, pixel].item() == (draw < threshold)


@settings(deadline=None)
@given(
    batch=st.integers(1, 9),
    T=st.integers(1, 11),
    longer=st.integers(0, 5),
    first=st.integers(0, 10**9),
)
def test_spikes_do_not_depend_on_batch_or_number_of_steps(batch, T, longer, first):
    x = torch.rand(batch, 2, 3, generator=torch.Generator().manual_seed(first))
    samples = torch.arange(first, first + batch)
    together = bernoulli_spikes(x, T + longer, draw_keys(1, 2, samples))
    for row in range(batch):
        alone = bernoulli_spikes(x[row : row + 1], T, draw_keys(1, 2, samples[row : row + 1]))
        assert torch.equal(together[:T, row : row + 1], alone)


def test_a_pixel_spikes_as_often_as_its_value_says():
    x = torch.rand(400, 100, generator=torch.Generator().manual_seed(0))
    spikes = bernoulli_spikes(x, 60, draw_keys(0, 1, torch.arange(400)))
    deviation = (spikes.mean(0) - x) / (x * (1 - x) / 60).sqrt()
    # the mean of 40,000 standardized deviations has deviation 0.005; their spread is 1
    assert abs(deviation.mean().item()) < 0.02
    assert abs(deviation.std().item() - 1) < 0.02


def test_draws_are_uniform_and_neighbours_independent():
    pixels, steps = 1024, 8
    samples = torch.arange(64)
    keys = draw_keys(0, 1, samples)
    low, high = np.zeros((2, steps, 64, pixels), np.int64)
    # bisect: the largest threshold at which a pixel does not spike is its draw
    high += 1 << 16
    while (high - low > 1).any():
        middle = (low + high) // 2
        for step in range(steps):
            x = torch.from_numpy(middle[step] / 65536).float()
            spiked = bernoulli_spikes(x, steps, keys)[step].numpy() > 0
            high[step][spiked], low[step][~spiked] = middle[step][spiked], middle[step][~spiked]
    assert low.min() >= 1
    neighbours = [
        (low[:, :, :-1], low[:, :, 1:]), (low[:, :, :-28], low[:, :, 28:]),
        (low[:-1], low[1:]), (low[:-2], low[2:]), (low[:-4], low[4:]),
        (low[:, :-1], low[:, 1:]), (low[1:, :, :-1], low[:-1, :, 1:]),
    ]  # fmt: skip
    for a, b in neighbours:
        for shift in (0, 4, 12):  # pairs of four bits from anywhere in the draws
            pairs = (a.ravel() >> shift & 15) * 16 + (b.ravel() >> 12)
            counts = np.bincount(pairs, minlength=256)
            expected = pairs.size / 256
            chi_squared = ((counts - expected) ** 2 / expected).sum()
            assert abs(chi_squared - 255) < 5 * np.sqrt(2 * 255)


def test_draws_of_different_steps_pixels_samples_epochs_and_seeds_are_uncorrelated():
    x = torch.full((200, 50), 0.5)
    base = bernoulli_spikes(x, 16, draw_keys(0, 1, torch.arange(200)))
    others = [
        bernoulli_spikes(x, 16, draw_keys(0, 2, torch.arange(200))),
        bernoulli_spikes(x, 16, draw_keys(1, 1, torch.arange(200))),
        base.roll(1, 0), base.roll(1, 1), base.roll(1, 2), base.roll(4, 0),
    ]  # fmt: skip
    for other in others:
        agreement = (base == other).double().mean().item()
        assert abs(agreement - 0.5) < 5 * 0.5 / np.sqrt(base.numel())


def test_black_never_spikes_and_white_always_does():
    x = torch.tensor([[0.0, 1.0]]).expand(50, 2)
    spikes = bernoulli_spikes(x, 40, draw_keys(0, 1, torch.arange(50)))
    assert spikes[..., 0].sum() == 0
    assert spikes[..., 1].mean() == 1


def test_latency_spikes_once_the_earlier_the_brighter():
    spikes = latency_spikes(torch.tensor([[0.0, 0.01, 0.5, 1.0]]), 5)
    assert spikes[:, 0].argmax(0).tolist()[1:] == [4, 2, 0]
    assert spikes.sum(0)[0].tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"encoding": "repeat"}, [[0.2, 0.5, 0.8]]),
        ({"encoding": "threshold", "encoding_threshold": 0.5}, [[0.0, 0.0, 0.8]]),
        ({"model": "ann"}, [[0.2, 0.5, 0.8]]),
    ],
)
def test_inputs_that_are_the_same_at_every_step_come_once(settings, expected):
    x = torch.tensor([[0.2, 0.5, 0.8]])
    encoded = encode(RunConfig(**settings), x, torch.tensor([0]), 1)
    torch.testing.assert_close(encoded, torch.tensor([expected]))


def test_encode_uses_the_settings_seed_and_steps():
    x = torch.full((3, 1, 4, 4), 0.5)
    samples = torch.tensor([5, 6, 7])
    config = RunConfig(T=9, seed=4)
    expected = bernoulli_spikes(x, 9, draw_keys(4, 2, samples))
    assert torch.equal(encode(config, x, samples, 2), expected)
