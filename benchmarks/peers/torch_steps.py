"""What the peers built on torch share: the batch, the loss, the optimizer's step."""

from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn import functional

from benchmarks.cases import BATCH, LR, Case
from benchmarks.images import Images, batches
from benchmarks.timing import Step, repeated

Forward = Callable[[torch.Tensor], torch.Tensor]


def steps(
    case: Case, images: Images, parameters: Iterator[nn.Parameter], forward: Forward
) -> Iterator[Step]:
    """Yield timed steps of training or evaluation.

    Args:
        case: says which of the two, and whether images are flat.
        images: held in memory as float32, as fast as a batch can be had.
        parameters: what Adam trains.
        forward: images [B, ...] -> encoded, through the network from fresh state -> firing
            rates [B, 10].
    """
    if case.task == "evaluate":
        x, y = _tensors(*images.test(), case.is_flat)
        yield from repeated(lambda: _evaluate(forward, x, y), parts=len(y) // BATCH)
    x, y = _tensors(*images.train(), case.is_flat)
    optimizer = torch.optim.Adam(parameters, lr=LR)
    rows = batches(len(y))

    def train() -> float:
        chosen = torch.from_numpy(next(rows))
        rates, target = forward(x[chosen]), y[chosen]
        wanted = functional.one_hot(target, rates.shape[1]).to(rates.dtype)
        loss = functional.mse_loss(rates, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    yield from repeated(train)


@torch.no_grad()
def _evaluate(forward: Forward, x: torch.Tensor, y: torch.Tensor) -> float:
    correct = 0
    for start in range(0, len(y), BATCH):
        piece = slice(start, start + BATCH)
        correct += int((forward(x[piece]).argmax(1) == y[piece]).sum())
    return 1 - correct / len(y)


def _tensors(x: object, y: object, flat: bool) -> tuple[torch.Tensor, torch.Tensor]:
    images, classes = torch.from_numpy(x), torch.from_numpy(y)  # type: ignore[arg-type]
    return (images.flatten(1) if flat else images), classes
