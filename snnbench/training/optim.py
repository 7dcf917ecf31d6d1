"""The optimizers of a cohort: torch's own, or one over the parameters of all runs at once."""

from collections.abc import Mapping, Sequence

import torch

from snnbench.config import RunConfig
from snnbench.network.build import Network
from snnbench.words.optimizers import OPTIMIZERS
from snnbench.words.paths import STACKED

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


class TorchOptimizers:
    """An optimizer of torch's for each run.

    Args:
        configs: the runs.
        networks: one a run.
    """

    def __init__(self, configs: Sequence[RunConfig], networks: Sequence[Network]) -> None:
        self.optimizers: list[torch.optim.Optimizer] = [
            OPTIMIZERS[config.optimizer].load()(network.parameters(), config)
            for config, network in zip(configs, networks, strict=True)
        ]

    def zero_grad(self) -> None:
        """Begin to add up gradients anew."""
        for optimizer in self.optimizers:
            optimizer.zero_grad()

    def step(self, learning_rates: Sequence[float], active: Sequence[int]) -> None:
        """Update the parameters of the active runs.

        Args:
            learning_rates: one a run, also for those left out.
            active: their positions, ascending.
        """
        for k in active:
            for group in self.optimizers[k].param_groups:
                group["lr"] = learning_rates[k]
            self.optimizers[k].step()

    def state_of(self, member: int) -> dict[str, torch.Tensor]:
        """Return a run's state by parameter and name; what is no tensor in one of 64 bits."""
        found = self.optimizers[member].state_dict()["state"]
        return {
            f"{parameter}.{name}": torch.as_tensor(value)
            for parameter, state in found.items()
            for name, value in state.items()
            if value is not None
        }

    def load_state(self, member: int, state: Mapping[str, torch.Tensor]) -> None:
        """Take over what `state_of` gave."""
        optimizer = self.optimizers[member]
        whole = optimizer.state_dict()
        nested: dict[int, dict[str, torch.Tensor]] = {}
        for key, value in state.items():
            parameter, _, name = key.partition(".")
            nested.setdefault(int(parameter), {})[name] = value
        optimizer.load_state_dict(whole | {"state": nested})


class StackedOptimizer(TorchOptimizers):
    """SGD with momentum, Adam or AdamW over parameters [K, P], one row a run.

    Equal to torch's for each of them, up to rounding.

    Learning rate, momentum and weight decay are vectors, one value a run. The update rules
    are torch.optim's (L2 is added to the gradient for sgd and adam, decoupled for adamw).

    Args:
        configs: the K runs; their `optimizer` is the same.
        parameters: [K, P], changed in place.
        gradients: [K, P], read at every step.
    """

    def __init__(
        self, configs: Sequence[RunConfig], parameters: torch.Tensor, gradients: torch.Tensor
    ) -> None:
        (self.kind,) = {config.optimizer for config in configs}
        self.parameters, self.gradients = parameters, gradients
        self.momentum = self._column([config.momentum for config in configs])
        self.weight_decay = self._column([config.weight_decay for config in configs])
        self.first = torch.zeros_like(parameters)  # momentum, or first moment
        self.second = torch.zeros_like(parameters) if self.kind != "sgd" else None
        self.steps = 0

    def _column(self, values: Sequence[float]) -> torch.Tensor:
        device = self.parameters.device
        return torch.tensor(values, dtype=torch.float32, device=device)[:, None]

    def zero_grad(self) -> None:
        """Begin to add up gradients anew."""
        self.gradients.zero_()

    def step(self, learning_rates: Sequence[float], active: Sequence[int]) -> None:
        """Update the rows in `active`; the others keep their values."""
        self.steps += 1
        rates = self._column(learning_rates)
        everyone = len(active) == len(self.parameters)
        rows = slice(None) if everyone else torch.tensor(active, device=self.parameters.device)
        parameters, gradients = self.parameters[rows], self.gradients[rows]
        first, decay = self.first[rows], self.weight_decay[rows]
        if self.kind == "adamw":
            parameters.mul_(1 - rates[rows] * decay)
        else:
            gradients = gradients + decay * parameters
        if self.second is None:
            first.mul_(self.momentum[rows]).add_(gradients)
            parameters.sub_(rates[rows] * first)
        else:
            second = self.second[rows]
            first.lerp_(gradients, 1 - _BETA1)
            second.mul_(_BETA2).addcmul_(gradients, gradients, value=1 - _BETA2)
            size = rates[rows] / (1 - _BETA1**self.steps)
            scale = (1 - _BETA2**self.steps) ** 0.5
            parameters.sub_(size * first / (second.sqrt() / scale + _EPSILON))
            if not everyone:
                self.second[rows] = second
        if not everyone:  # indexing with a list of rows made copies
            self.parameters[rows], self.first[rows] = parameters, first

    def state_of(self, member: int) -> dict[str, torch.Tensor]:
        """Return a run's moments, and how many steps were taken."""
        moments = {"first": self.first[member]}
        if self.second is not None:
            moments["second"] = self.second[member]
        return moments | {"steps": torch.tensor(self.steps)}

    def load_state(self, member: int, state: Mapping[str, torch.Tensor]) -> None:
        """Take over what `state_of` gave; all runs have taken the same number of steps."""
        self.first[member] = state["first"].to(self.first.device)
        if self.second is not None:
            self.second[member] = state["second"].to(self.second.device)
        self.steps = int(state["steps"])


def make_optimizer(configs: Sequence[RunConfig], networks: Sequence[Network]) -> TorchOptimizers:
    """Return one optimizer for all runs where there is such a one, else torch's own."""
    if configs[0].optimizer not in STACKED:
        return TorchOptimizers(configs, networks)
    return StackedOptimizer(configs, *_flatten(networks))


def _flatten(networks: Sequence[Network]) -> tuple[torch.Tensor, torch.Tensor]:
    """Move all parameters into one tensor [K, P], which the modules' own become views of.

    Returns:
        parameters and gradients, [K, P].
    """
    flat = torch.stack(
        [torch.cat([p.detach().flatten() for p in n.parameters()]) for n in networks]
    )
    gradients = torch.zeros_like(flat)
    for k, network in enumerate(networks):
        start = 0
        for parameter in network.parameters():
            span = slice(start, start + parameter.numel())
            parameter.data = flat[k, span].view_as(parameter)
            parameter.grad = gradients[k, span].view_as(parameter)
            start = span.stop
    return flat, gradients
