"""Random cohorts for the tests, and the same networks in plain torch."""

from itertools import pairwise

import numpy as np
import torch

from snnbench.kernels.events.events import SpikeBlocks, events_from_spikes
from snnbench.kernels.layers.stack import SpikingStack
from snnbench.kernels.neurons.equations import Neurons
from tests.kernels.stacks import spiking_layers
from tests.neurons.lif import lif_scan, make_surrogate

GRID = 64  # weights are multiples of 1 / GRID, so that sums of them are exact in any order


class Cohort:
    """K networks with weights and neurons of their own, and an input.

    Args:
        widths: inputs, then units of every layer.
        K, B, T: members, samples, steps.
        rate: of the input's spikes.
        exact: weights on the grid.
    """

    def __init__(
        self, widths, *, K=1, B=3, T=5, rate=0.3, seed=0, bias=True, exact=True,
        reset="subtract", detach_reset=False, surrogate="fast-sigmoid",
    ):  # fmt: skip
        random = np.random.default_rng(seed)
        self.widths, self.K, self.B, self.T = widths, K, B, T
        input_random = np.random.default_rng([seed, 1])
        self.spikes = (input_random.random((B, T, widths[0])) < rate).astype(np.float32)
        # Weights that let some neurons of every layer fire, but not always.
        scales = [2.0 / np.sqrt(m * max(rate, 0.05)) for m in widths[:-1]]
        self.weights = [
            self._numbers(random, (m, K, n), scale, exact)
            for (m, n), scale in zip(pairwise(widths), scales, strict=True)
        ]
        self.biases = [
            self._numbers(random, (K, n), 0.3, exact) if bias else None for n in widths[1:]
        ]
        self.neurons = [
            Neurons(
                random.uniform(0, 1, K).tolist(),
                random.uniform(0.5, 1.5, K).tolist(),
                random.uniform(0.5, 3, K).tolist(),
                reset,
                detach_reset,
                surrogate,
            )
            for _ in widths[1:]
        ]

    @staticmethod
    def _numbers(random, shape, scale, exact):
        values = random.normal(0.0, scale, shape)
        return torch.tensor(np.round(values * GRID) / GRID if exact else values).float()

    def leaves(self):
        """Set fresh leaves with gradients and return them: weights, then biases."""
        self.weights = [w.detach().clone().requires_grad_() for w in self.weights]
        self.biases = [
            None if b is None else b.detach().clone().requires_grad_() for b in self.biases
        ]
        return [*self.weights, *(b for b in self.biases if b is not None)]

    def stack(self, readout):
        return SpikingStack(self.widths, self.neurons, self.T, readout=readout)

    def fast(self, readout, stack=None):
        """Return sums [B, K, N] and trace [B, T, K, N] (or None) of the kernels."""
        stack = stack or self.stack(readout)
        source = events_from_spikes(self.spikes, SpikeBlocks(self.widths[0], self.T))
        return spiking_layers(stack, source, self.weights, self.biases)

    def slow(self, readout):
        """Return the same from `reference`: sums, spikes and membranes of the last layer."""
        members = [self._slow_member(k, readout) for k in range(self.K)]
        sums, spikes, membranes = zip(*members, strict=True)
        return torch.stack(sums, 1), torch.stack(spikes, 2), torch.stack(membranes, 2)

    def _slow_member(self, k, readout):
        x = torch.from_numpy(self.spikes).transpose(0, 1)
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            current = x @ weight[:, k] + (0 if bias is None else bias[k])
            if readout == "current" and index == len(self.weights) - 1:
                return current.sum(0), current.transpose(0, 1), current.transpose(0, 1)
            x, membranes = scan_member(current, self.neurons[index], k)
        return x.sum(0), x.transpose(0, 1), membranes.transpose(0, 1)

    def member(self, k):
        """Return the cohort of member k alone."""
        return self.members([k])

    def members(self, chosen):
        """Return the cohort of some members, in this order."""
        other = object.__new__(Cohort)
        other.__dict__.update(self.__dict__)
        other.K = len(chosen)
        other.weights = [w[:, chosen].contiguous() for w in self.weights]
        other.biases = [None if b is None else b[chosen].contiguous() for b in self.biases]
        other.neurons = [choose(neurons, chosen) for neurons in self.neurons]
        return other


def choose(neurons, chosen):
    """Return the neurons of some members."""
    columns = (neurons.beta, neurons.v_th, neurons.slope)
    beta, v_th, slope = ([column[k] for k in chosen] for column in columns)
    return Neurons(beta, v_th, slope, neurons.reset, neurons.detach_reset, neurons.surrogate)


def scan_member(current, neurons, k):
    """Return spikes and membranes of member k from `reference`, [T, ...]."""
    spikes, membranes, _ = lif_scan(
        current,
        beta=neurons.beta[k],
        v_th=neurons.v_th[k],
        reset=neurons.reset,
        detach_reset=neurons.detach_reset,
        spike=make_surrogate(neurons.surrogate, neurons.slope[k], neurons.slope[k]),
    )
    return spikes, membranes


def assert_close(fast, slow):
    """Assert equality within the rounding of float32, relative to the largest number."""
    assert fast.shape == slow.shape
    scale = max(1.0, float(slow.abs().max())) if slow.numel() else 1.0
    torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-6 * scale)
