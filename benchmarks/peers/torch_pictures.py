"""The DataLoader loop with pictures, as torchvision gives them: through PIL and ToTensor."""

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image

from benchmarks.cases import Case
from benchmarks.images import Images
from benchmarks.peers import torch_loop
from benchmarks.timing import Step

PACKAGES = ("torch", "pillow")


class PictureDataset(torch_loop.ConvertingDataset):
    """Pixels as stored; each image becomes a picture, and the picture a tensor."""

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        """Return an image, float [1, H, W], and its class."""
        picture = Image.fromarray(self.pixels[index][0])
        pixels = np.array(picture, np.uint8, copy=True)[:, :, np.newaxis]
        return torch_loop.to_tensor(pixels), int(self.classes[index])


def make(case: Case, images: Images, threads: int) -> Iterator[Step]:
    """Return the steps."""
    pairs = torch_loop.loaded(PictureDataset(images))
    return torch_loop.steps(case, images, threads, pairs)
