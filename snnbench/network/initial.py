"""How the weights of a layer are drawn; see `snnbench.words.networks.INITS`."""

from collections.abc import Callable
from functools import partial

from torch import nn


def default(module: nn.Linear | nn.Conv2d) -> None:
    """Draw weights and biases as torch does."""
    module.reset_parameters()


def _drawn(draw: Callable[..., object], module: nn.Linear | nn.Conv2d) -> None:
    module.reset_parameters()
    draw(module.weight)
    if module.bias is not None:
        nn.init.zeros_(module.bias)


_kaiming_normal = partial(nn.init.kaiming_normal_, nonlinearity="relu")
_kaiming_uniform = partial(nn.init.kaiming_uniform_, nonlinearity="relu")
xavier_normal = partial(_drawn, nn.init.xavier_normal_)
xavier_uniform = partial(_drawn, nn.init.xavier_uniform_)
kaiming_normal = partial(_drawn, _kaiming_normal)
kaiming_uniform = partial(_drawn, _kaiming_uniform)
