import pytest
import torch
from torch.nn import functional

from snnbench.config import RunConfig
from snnbench.training.losses import scores, training_loss

OUTPUTS = torch.tensor([[[1.0, 0.0, 0.0]], [[1.0, 1.0, 0.0]]])  # T = 2, one sample, rates 1, .5, 0
Y = torch.tensor([1])


def test_the_score_is_the_firing_rate_and_the_first_of_equals_wins():
    assert scores(OUTPUTS)[0].tolist() == [1.0, 0.5, 0.0]
    assert scores(torch.ones(4, 2, 10)).argmax(1).tolist() == [0, 0]


def test_mse_is_the_mean_square_distance_of_rates_and_one_hot():
    loss = training_loss(RunConfig(arch="3"), OUTPUTS, None, Y, None)
    assert loss.item() == pytest.approx((1.0 + 0.25 + 0.0) / 3)


def test_ce_is_the_cross_entropy_of_rates():
    config = RunConfig(arch="3", loss="ce")
    expected = -torch.log_softmax(torch.tensor([1.0, 0.5, 0.0]), 0)[1]
    torch.testing.assert_close(training_loss(config, OUTPUTS, None, Y, None), expected)


def test_the_membrane_loss_is_the_mean_over_steps():
    config = RunConfig(arch="3", readout="membrane")
    u = torch.tensor([[[0.0, 2.0, 0.0]], [[0.0, 1.0, 3.0]]])
    expected = torch.stack([functional.cross_entropy(u[t], Y) for t in range(2)]).mean()
    torch.testing.assert_close(training_loss(config, OUTPUTS, u, Y, None), expected)


def test_mimic_l2_is_half_the_squared_distance_of_logits():
    config = RunConfig(arch="3", model="ann", loss="mimic-l2", teacher="t.safetensors")
    teacher = torch.tensor([[2.0, 0.5, -1.0]])
    loss = training_loss(config, OUTPUTS, None, Y, teacher)
    assert loss.item() == pytest.approx(0.5 * (1.0 + 0.0 + 1.0))


def test_mimic_kl_is_the_divergence_of_softened_softmaxes_times_the_square_of_temperature():
    config = RunConfig(
        arch="3", model="ann", loss="mimic-kl", teacher="t.safetensors", temperature=2.0
    )
    teacher = torch.tensor([[2.0, 0.5, -1.0], [0.0, 0.0, 1.0]])
    student = torch.tensor([[[1.0, 0.5, 0.0], [0.3, 0.2, 0.1]]])
    p, q = torch.softmax(teacher / 2, 1), torch.softmax(student[0] / 2, 1)
    expected = 4 * (p * (p / q).log()).sum(1).mean()
    y = torch.tensor([0, 0])
    torch.testing.assert_close(training_loss(config, student, None, y, teacher), expected)
