"""Distillation: the logits of a saved model, which a student learns instead of labels."""

from pathlib import Path

import torch

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.inputs.encodings import EVALUATION_EPOCH, encode
from snnbench.network.checkpoint import load_model
from snnbench.training.losses import scores
from snnbench.words.layers import LAYERS

_BATCH = 128


@torch.no_grad()
def teacher_scores(
    config: RunConfig, x: torch.Tensor, samples: torch.Tensor
) -> torch.Tensor | None:
    """Return the teacher's logits of all training samples, [N, C]; None without a teacher.

    Args:
        x: training values, [N, ...].
        samples: their index in the data set, for the encoding draws of a spiking teacher.

    Raises:
        UserError: the teacher cannot be read, or does not fit the data or the student.
    """
    if config.teacher is None:
        return None
    teacher = load_model(Path(config.teacher))
    network = teacher.network.to(x.device)
    shape, expected = tuple(x.shape[1:]), network.plan[0].input_shape
    fits = (
        shape == expected if LAYERS[network.plan[0].kind].spatial else x[0].numel() == expected[0]
    )
    if not fits or network.plan[-1].units != config.layers[-1].width:
        raise UserError(
            f"teacher {config.teacher} was trained on other data than this student's.",
            "Train the teacher on the same data set.",
        )
    parts = []
    for start in range(0, len(x), _BATCH):
        piece = slice(start, start + _BATCH)
        inputs = encode(teacher.config, x[piece], samples[piece], EVALUATION_EPOCH)
        parts.append(scores(network(inputs)))
    return torch.cat(parts)
