"""A ResNet-18 and a spiking VGG-11, as their papers have them, for 224 x 224 images."""

from itertools import pairwise

import torch
from spikingjelly.activation_based import functional, layer, neuron
from torch import nn


class Block(nn.Module):
    """Two convolutions around a shortcut (He et al., 2016)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            convolution = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.downsample = nn.Sequential(convolution, nn.BatchNorm2d(outputs))

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + identity)


def resnet18():
    widths = [64, 64, 128, 256, 512]
    blocks = []
    for inputs, outputs in pairwise(widths):
        blocks += [Block(inputs, outputs, 1 + (inputs != outputs)), Block(outputs, outputs, 1)]
    return nn.Sequential(
        nn.Conv2d(3, 64, 7, 2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.MaxPool2d(3, 2, padding=1), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(512, 1000),
    ).eval()  # fmt: skip


def spiking_vgg11():
    layers, channels = [], 3
    for width in (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"):
        if width == "M":
            layers.append(layer.MaxPool2d(2))
        else:
            layers += [layer.Conv2d(channels, width, 3, padding=1), layer.BatchNorm2d(width),
                       neuron.LIFNode()]  # fmt: skip
            channels = width
    sizes = [512 * 49, 4096, 4096, 1000]
    layers.append(layer.Flatten())
    for inputs, outputs in pairwise(sizes):
        layers += [layer.Linear(inputs, outputs), neuron.LIFNode()]
    model = nn.Sequential(*layers)
    functional.set_step_mode(model, "m")
    return model.eval()
