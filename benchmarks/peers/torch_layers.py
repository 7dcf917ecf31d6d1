"""The weight layers of an arch in plain torch, for peers that bring only neurons."""

from dataclasses import dataclass

from torch import nn

from snnbench.config.arch import parse_arch


@dataclass
class WeightLayer:
    """A weight layer for one time step, and what reshapes the spikes of the neurons behind it."""

    weights: nn.Module
    after: nn.Module


def weight_layers(arch: str, shape: tuple[int, ...]) -> list[WeightLayer]:
    """Return the layers for images of this shape, (C, H, W); flat ones if arch begins so."""
    specs = parse_arch(arch)
    channels, side = shape[0], shape[1]
    width = channels * side * side
    parts: list[WeightLayer] = []
    for i, spec in enumerate(specs):
        if spec.kind == "pool":
            side //= spec.width
            width = channels * side * side
            after: list[nn.Module] = [nn.MaxPool2d(spec.width)]
            if specs[i + 1].kind == "linear":
                after.append(nn.Flatten())
            parts[-1].after = nn.Sequential(*after)
        elif spec.kind == "conv":
            conv = nn.Conv2d(channels, spec.width, spec.kernel, padding=spec.kernel // 2)
            channels, width = spec.width, spec.width * side * side
            parts.append(WeightLayer(conv, nn.Identity()))
        else:
            parts.append(WeightLayer(nn.Linear(width, spec.width), nn.Identity()))
            width = spec.width
    return parts
