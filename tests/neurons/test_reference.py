"""The equations by hand, against SpikingJelly, and the derivatives against their formulas."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from spikingjelly.activation_based import functional, neuron

from snnbench.config.settings import SURROGATES
from snnbench.neurons.fast_sigmoid import FastSigmoid
from snnbench.neurons.lif import LIF
from tests.neurons.lif import lif_scan, make_surrogate

# Ten steps by hand with beta = 1/2, V_th = 1; all numbers are exact in binary.
CURRENT = [0.5, 0.75, 0.5, 1.0, 0.0, 0.25, 2.0, 0.0, 1.5, -1.0]
BY_HAND = {
    # U[t] = V[t-1] / 2 + I[t];  S[t] = U[t] >= 1;  V[t] after the reset
    "subtract": {
        "u": [0.5, 1.0, 0.5, 1.25, 0.125, 0.3125, 2.15625, 0.578125, 1.7890625, -0.60546875],
        "s": [0, 1, 0, 1, 0, 0, 1, 0, 1, 0],
    },
    "zero": {
        "u": [0.5, 1.0, 0.5, 1.25, 0.0, 0.25, 2.125, 0.0, 1.5, -1.0],
        "s": [0, 1, 0, 1, 0, 0, 1, 0, 1, 0],
    },
    "none": {
        "u": [0.5, 1.0, 1.0, 1.5, 0.75, 0.625, 2.3125, 1.15625, 2.078125, 0.0390625],
        "s": [0, 1, 1, 1, 0, 0, 1, 1, 1, 0],
    },
}


def scan(current, reset="subtract", beta=0.5, v_th=1.0, z=2.0, detach_reset=False):
    return lif_scan(
        current, beta=beta, v_th=v_th, reset=reset, detach_reset=detach_reset, spike=FastSigmoid(z)
    )


@pytest.mark.parametrize("reset", BY_HAND)
def test_membrane_and_spikes_by_hand_for_ten_steps(reset):
    spikes, membrane, _ = scan(torch.tensor(CURRENT)[:, None], reset)
    assert membrane[:, 0].tolist() == BY_HAND[reset]["u"]
    assert spikes[:, 0].tolist() == BY_HAND[reset]["s"]


def test_the_gradient_of_two_steps_by_hand():
    # U0 = I0, S0 = [U0 >= 1], V0 = U0 - S0, U1 = V0 / 2 + I1; loss = U1.
    # dU1/dI0 = (1 - g(U0)) / 2 with g = 1 / (1 + 2 |U0 - 1|)^2; U0 = 1.5 gives g = 1/4.
    current = torch.tensor([[1.5], [0.0]], requires_grad=True)
    scan(current)[1][1].sum().backward()
    assert current.grad[:, 0].tolist() == [0.375, 1.0]
    current.grad = None
    scan(current, detach_reset=True)[1][1].sum().backward()
    assert current.grad[:, 0].tolist() == [0.5, 1.0]
    current.grad = None
    # zero: V0 = U0 (1 - S0), dV0/dU0 = (1 - S0) - U0 g = -1.5 / 4.
    scan(current, "zero")[1][1].sum().backward()
    assert current.grad[:, 0].tolist() == [-0.1875, 1.0]


@settings(deadline=None, max_examples=40)
@given(
    tau=st.floats(1.01, 20),
    v_th=st.floats(0.1, 3),
    hard=st.booleans(),
    detach=st.booleans(),
    name=st.sampled_from(["atan", "sigmoid", "s2nn"]),
    steps=st.integers(1, 12),
    seed=st.integers(0, 1000),
)
def test_equal_to_spikingjelly_where_it_can_express_the_neuron(
    tau, v_th, hard, detach, name, steps, seed
):
    generator = torch.Generator().manual_seed(seed)
    x = 2 * torch.rand(steps, 3, 4, generator=generator, dtype=torch.float64) - 0.5
    weights = torch.randn(steps, 3, 4, generator=generator, dtype=torch.float64)
    theirs = neuron.LIFNode(
        tau=tau, decay_input=False, v_threshold=v_th, v_reset=0.0 if hard else None,
        surrogate_function=make_surrogate(name, 0, None), detach_reset=detach, step_mode="m",
    )  # fmt: skip
    ours = LIF(
        beta=1 - 1 / tau, v_th=v_th, reset="zero" if hard else "subtract",
        surrogate=make_surrogate(name, 0, None), detach_reset=detach,
    )  # fmt: skip
    results = []
    for node in (ours, theirs):
        x_node = x.clone().requires_grad_()
        spikes = node(x_node)
        (spikes * weights).sum().backward()
        results.append((spikes.detach(), x_node.grad))
    torch.testing.assert_close(results[0][0], results[1][0], rtol=0, atol=0)
    torch.testing.assert_close(results[0][1], results[1][1], rtol=1e-9, atol=1e-12)


def test_single_steps_equal_all_steps_at_once():
    x = torch.rand(9, 2, 5)
    many = LIF(beta=1.5, v_th=0.7, reset="subtract", surrogate=FastSigmoid())
    one = LIF(beta=1.5, v_th=0.7, reset="subtract", surrogate=FastSigmoid(), step_mode="s")
    assert torch.equal(many(x), torch.stack([one(step) for step in x]))
    assert torch.equal(many.v, one.v)


def test_state_is_kept_between_calls_until_it_is_reset():
    node = LIF(beta=1.0, v_th=1.0, reset="subtract", surrogate=FastSigmoid())
    x = torch.full((1, 1), 0.6)[None]
    assert [node(x).item(), node(x).item()] == [0.0, 1.0]
    functional.reset_net(node)
    assert node(x).item() == 0.0


@pytest.mark.parametrize("beta", [0.0, 1.0, 5.0])
def test_leaks_that_spikingjelly_cannot_express(beta):
    spikes, membrane, _ = scan(torch.tensor([[0.25], [0.25], [0.25]]), beta=beta, v_th=100.0)
    expected = [0.25, 0.25 * (1 + beta), 0.25 * (1 + beta + beta**2)]
    assert membrane[:, 0].tolist() == expected
    assert not spikes.any()


@pytest.mark.parametrize("z", [0.0, 0.5, 2.0, 10.0])
def test_the_fast_sigmoid_derivative_is_its_formula_and_its_primitives_difference(z):
    x = torch.linspace(-2, 2, 81, dtype=torch.float64)
    x = x[x.abs() > 1e-9].requires_grad_()
    surrogate = FastSigmoid(z)
    spikes = surrogate(x)
    assert torch.equal(spikes, (x >= 0).double())
    spikes.sum().backward()
    torch.testing.assert_close(x.grad, 1 / (1 + z * x.detach().abs()) ** 2)
    step = 1e-6
    surrogate.set_spiking_mode(False)
    with torch.no_grad():
        difference = (surrogate(x + step) - surrogate(x - step)) / (2 * step)
    torch.testing.assert_close(x.grad, difference, rtol=1e-5, atol=1e-7)


WITHOUT_PRIMITIVE = {
    "super-spike": lambda x: 1 / (1 + x.abs()) ** 2,
    "rect": lambda x: (x.abs() < 0.5).double(),
}


@pytest.mark.parametrize("name", WITHOUT_PRIMITIVE)
def test_a_surrogate_without_a_smooth_primitive_is_its_formula(name):
    x = torch.linspace(-1.03, 1.01, 50, dtype=torch.float64).requires_grad_()
    make_surrogate(name, 0, None)(x).sum().backward()
    torch.testing.assert_close(x.grad, WITHOUT_PRIMITIVE[name](x.detach()))


@pytest.mark.parametrize("name", sorted(set(SURROGATES) - {"fast-sigmoid", *WITHOUT_PRIMITIVE}))
def test_a_spikingjelly_surrogate_derives_its_primitive(name):
    x = torch.linspace(-1.03, 1.01, 50, dtype=torch.float64).requires_grad_()
    surrogate = make_surrogate(name, 0, None)
    surrogate(x).sum().backward()
    step = 1e-6
    surrogate.set_spiking_mode(False)
    with torch.no_grad():
        difference = (surrogate(x + step) - surrogate(x - step)) / (2 * step)
    torch.testing.assert_close(x.grad, difference, rtol=1e-4, atol=1e-5)


def test_alpha_reaches_spikingjellys_surrogates():
    x = torch.tensor([0.5], requires_grad=True)
    make_surrogate("sigmoid", 0, 3.0)(x).backward()
    s = torch.sigmoid(torch.tensor(1.5))
    torch.testing.assert_close(x.grad[0], 3 * s * (1 - s))
