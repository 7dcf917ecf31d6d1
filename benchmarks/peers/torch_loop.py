"""The loop people write for an ANN: torch modules, and a DataLoader that converts each image.

torchvision's `ToTensor` is written out here: a CPU-only torch cannot always import torchvision.
Without the loader the same images lie converted in memory: the least a plain torch loop costs.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from benchmarks.cases import BATCH, LR, Case
from benchmarks.images import Images, batches
from benchmarks.timing import Step, repeated
from snnbench.config.arch import parse_arch

PACKAGES = ("torch",)

Pair = tuple[torch.Tensor, torch.Tensor]


class ConvertingDataset(TorchDataset[tuple[torch.Tensor, int]]):
    """Pixels as stored, uint8; each image is converted when it is asked for."""

    def __init__(self, images: Images) -> None:
        self.pixels, self.classes = images.dataset.x_train, images.dataset.y_train

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        picture = self.pixels[index].transpose(1, 2, 0)  # as pictures are: H, W, C
        return to_tensor(picture), int(self.classes[index])


def to_tensor(picture: np.ndarray) -> torch.Tensor:
    """Return a picture, uint8 [H, W, C], as a float tensor [C, H, W] in 0..1."""
    tensor = torch.from_numpy(np.array(picture, copy=True))  # ToTensor copies, too
    return tensor.permute(2, 0, 1).contiguous().to(torch.get_default_dtype()).div(255)


def make(case: Case, images: Images, threads: int, *, loader: bool) -> Iterator[Step]:
    """Return the steps."""
    pairs = loaded(ConvertingDataset(images)) if loader else in_memory(images)
    return steps(case, images, threads, pairs)


def steps(case: Case, images: Images, threads: int, pairs: Iterator[Pair]) -> Iterator[Step]:
    """Train on pairs of a batch of images and its classes."""
    torch.set_num_threads(threads)
    network = nn.Sequential(nn.Flatten(), *_modules(case.arch, images.dataset.input_shape))
    optimizer, criterion = torch.optim.Adam(network.parameters(), lr=LR), nn.CrossEntropyLoss()

    def train() -> float:
        x, y = next(pairs)
        optimizer.zero_grad()
        loss = criterion(network(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return repeated(train)


def loaded(dataset: TorchDataset[tuple[torch.Tensor, int]]) -> Iterator[Pair]:
    """Yield batches of a DataLoader, in a new order every epoch, without end."""
    loader = DataLoader(dataset, batch_size=BATCH, shuffle=True)
    while True:
        yield from loader


def in_memory(images: Images) -> Iterator[Pair]:
    """Yield batches of images that lie converted in memory, without end."""
    x, y = (torch.from_numpy(part) for part in images.train())
    for rows in batches(len(y)):
        chosen = torch.from_numpy(rows)
        yield x[chosen], y[chosen]


def _modules(arch: str, shape: tuple[int, ...]) -> Iterator[nn.Module]:
    width = shape[0] * shape[1] * shape[2]
    specs = parse_arch(arch)
    for i, spec in enumerate(specs):
        yield nn.Linear(width, spec.width)
        if i < len(specs) - 1:
            yield nn.ReLU()
        width = spec.width
