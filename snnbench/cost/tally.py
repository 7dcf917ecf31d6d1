"""What flows through a weight layer while it runs, added up batch by batch."""

from dataclasses import dataclass, field

import numpy as np
import torch


@dataclass
class Tally:
    """Sums over samples and steps of a weight layer's input, and of the spikes it causes.

    Everything counted later follows from these sums, so one pass gives accuracy and counts,
    and no count depends on how the samples were split into batches.

    Attributes:
        samples: samples seen.
        input_sum: sum of all input values.
        input_elements: how many input values there were.
        nonzero: for every input unit, in how many samples and steps it was not 0; of sums of
            spikes, how many spikes they held.
        spikes: for every neuron, how many spikes it fired; None where nothing spikes.
        steps: time steps of the neurons' output.
    """

    samples: int = 0
    input_sum: float = 0.0
    input_elements: int = 0
    nonzero: torch.Tensor | None = None
    spikes: torch.Tensor | None = None
    steps: int = field(default=0)

    def add_input(self, x: torch.Tensor, *, maps: bool = True, sums: bool = False) -> None:
        """Add a batch of inputs.

        Args:
            x: [T, B, ...].
            maps: also count the non-zero values of every unit (needed for effective counts).
            sums: the values are spikes or sums of them, and each counts as many times as it holds
                spikes, whatever its sign.
        """
        x = x.abs().round() if sums else x  # straight-through leaves an error of rounding
        self.samples += x.shape[1]
        self.input_sum += x.sum(dtype=torch.float64).item()
        self.input_elements += x.numel()
        if maps:
            count = x.sum((0, 1), dtype=torch.float64) if sums else (x != 0).sum((0, 1))
            self.nonzero = count if self.nonzero is None else self.nonzero + count

    def add_spikes(self, spikes: torch.Tensor) -> None:
        """Add a batch of output spikes, [T, B, ...]."""
        count = spikes.sum((0, 1), dtype=torch.float64)
        self.spikes = count if self.spikes is None else self.spikes + count
        self.steps = spikes.shape[0]

    def add_counted_input(
        self, nonzero: np.ndarray, steps: int, samples: int, *, total: float | None = None
    ) -> None:
        """Add a batch of inputs that were not 0 so often at every unit, [M].

        Args:
            nonzero: how often.
            steps: of the input.
            samples: of the batch.
            total: sum of the values; None: they are spikes.
        """
        self.samples += samples
        self.input_sum += float(nonzero.sum()) if total is None else total
        self.input_elements += nonzero.size * steps * samples
        count = torch.from_numpy(nonzero.astype(np.int64))
        self.nonzero = count if self.nonzero is None else self.nonzero + count

    def add_counted_spikes(self, spikes: np.ndarray, steps: int) -> None:
        """Add a batch of output spikes whose number at every neuron, [N], is known."""
        count = torch.from_numpy(spikes.astype(np.float64))
        self.spikes = count if self.spikes is None else self.spikes + count
        self.steps = steps

    @property
    def input_rate(self) -> float:
        """Mean of the input over samples, steps and units: F of the lab convention."""
        return self.input_sum / self.input_elements

    @property
    def input_nonzero(self) -> float | None:
        """Input values that were not 0, per sample; None where they were not counted."""
        return None if self.nonzero is None else self.nonzero.sum().item() / self.samples

    @property
    def output_spikes(self) -> float | None:
        """Spikes of all neurons, per sample; None where nothing spikes."""
        return None if self.spikes is None else self.spikes.sum().item() / self.samples

    @property
    def neurons(self) -> int:
        """Number of spiking neurons."""
        return 0 if self.spikes is None else self.spikes.numel()

    @property
    def spikes_per_step(self) -> float:
        """Spikes of all neurons, per sample and step."""
        if self.spikes is None:
            return 0.0
        return self.spikes.sum().item() / (self.samples * self.steps)

    @property
    def silent(self) -> int:
        """Neurons that never fired."""
        return 0 if self.spikes is None else int((self.spikes == 0).sum())

    @property
    def saturated(self) -> int:
        """Neurons that fired at every step of every sample."""
        full = self.samples * self.steps
        return 0 if self.spikes is None else int((self.spikes == full).sum())
