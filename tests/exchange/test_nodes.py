"""Nodes on images, against SciPy; what does not fit is refused by name."""

import numpy as np
import pytest
from scipy.signal import correlate

from snnbench.errors import UserError
from tests.exchange.graphs import DT, nir
from tests.exchange.test_running import built, run

RNG = np.random.default_rng(0)


def through(node, shape, dt=DT, gives=None):
    """Return nodes and edges of a graph of one node between its ends."""
    gives = shape if gives is None else gives
    nodes = {"a": nir.Input(np.array(shape)), "it": node, "z": nir.Output(np.array(gives))}
    return nodes, [("a", "it"), ("it", "z")]


@pytest.mark.parametrize("padding", ["same", "valid", (1, 0), 2])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("dilation", [1, (2, 1)])
def test_a_convolution(padding, groups, dilation):
    weight, bias = RNG.integers(-4, 5, (4, 2 // groups, 3, 2)) / 4, np.arange(4.0)
    x = RNG.integers(0, 2, (2, 2, 7, 6)).astype(float)
    d = np.broadcast_to(dilation, 2)
    spread = np.zeros((4, 2 // groups, 2 * d[0] + 1, d[1] + 1))
    spread[:, :, :: d[0], :: d[1]] = weight
    k = np.array(spread.shape[2:])
    total = k - 1 if padding == "same" else 0 if padding == "valid" else 2 * np.array(padding)
    total = np.broadcast_to(total, 2)
    before = total // 2
    padded = np.pad(x, [(0, 0), (0, 0), *zip(before, total - before, strict=True)])
    per = 2 // groups
    wanted = np.array([
        [sum(correlate(sample[(o * groups // 4) * per + i], spread[o, i], "valid", "direct")
             for i in range(per)) + bias[o] for o in range(4)]
        for sample in padded
    ])  # fmt: skip
    node = nir.Conv2d(None, weight, 1, padding, dilation, groups, bias)
    given = run(*through(node, (2, 7, 6), gives=wanted.shape[1:]), x)
    np.testing.assert_allclose(given, wanted, atol=1e-12)


def test_a_convolution_of_one_axis_with_strides():
    weight, x = RNG.integers(-4, 5, (3, 2, 3)) / 4, RNG.integers(0, 2, (4, 2, 9)).astype(float)
    wanted = np.array([
        [sum(correlate(sample[i], weight[o, i], "valid") for i in range(2))[::2] for o in range(3)]
        for sample in x
    ])  # fmt: skip
    node = nir.Conv1d(9, weight, 2, 0, 1, 1, np.zeros(3))
    np.testing.assert_allclose(run(*through(node, (2, 9), gives=(3, 4)), x), wanted)


@pytest.mark.parametrize("kind", ["SumPool2d", "AvgPool2d"])
@pytest.mark.parametrize(("kernel", "stride", "padding"), [((2, 2), (2, 2), (0, 0)),
                                                           ((3, 2), (1, 2), (2, 1))])  # fmt: skip
def test_pooling(kind, kernel, stride, padding):
    x = RNG.integers(0, 2, (3, 2, 6, 5)).astype(float)
    ones = np.ones(kernel) / (1 if kind == "SumPool2d" else np.prod(kernel))
    padded = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    wanted = np.array([[correlate(c, ones, "valid", "direct")[:: stride[0], :: stride[1]]
                        for c in sample] for sample in padded])  # fmt: skip
    node = getattr(nir, kind)(*map(np.array, (kernel, stride, padding)))
    given = run(*through(node, (2, 6, 5), gives=wanted.shape[1:]), x)
    np.testing.assert_allclose(given, wanted, atol=1e-12)


@pytest.mark.parametrize(("start", "end", "gives"), [(0, -1, (24,)), (1, -1, (2, 12)),
                                                     (0, 1, (6, 4))])  # fmt: skip
def test_flattening(start, end, gives):
    x = RNG.random((2, 2, 3, 4))
    node = nir.Flatten(np.array([2, 3, 4]), start, end)
    given = run(*through(node, (2, 3, 4), gives=gives), x)
    np.testing.assert_array_equal(given, x.reshape(2, *gives))


@pytest.mark.parametrize("one", [np.ones(1), np.array(1.0), np.ones((1, 1))])
def test_one_number_stands_for_all_neurons(one):
    node = nir.IF(r=np.asarray(one / DT), v_threshold=one)
    x = np.array([[2.0, 0.5, 0.75], [0, 0.5, 0.75]])
    assert run(*through(node, (3,)), x).tolist() == [[1, 0, 0], [0, 0, 1]]


ONE = np.ones(2)
LIF = {"tau": ONE, "r": ONE, "v_leak": ONE, "v_threshold": ONE}


def with_shape(node, **fields):
    for name, value in fields.items():
        setattr(node, name, value)
    return node


@pytest.mark.parametrize(
    ("node", "shape", "words"),
    [
        (nir.Linear(np.ones((2, 3))), (4,), "takes [3], and [4] enters"),
        (nir.Linear(np.ones((2, 3))), (3, 1), "takes [3], and [3, 1] enters"),
        (nir.Linear(np.ones((2, 3))), (1, 3), "batch axis"),
        (nir.Linear(np.ones((5, 2, 3))), (5, 3), "no matrix"),
        (nir.Affine(np.ones((2, 3)), np.ones(3)), (3,), "bias of shape [3]"),
        (nir.Affine(np.full((2, 3), 1e300), np.ones(2)), (3,), "not finite"),
        (nir.Affine(np.full((2, 3), np.nan), np.ones(2)), (3,), "not finite"),
        (nir.Linear(np.ones((0, 3))), (3,), "holds nothing"),
        (nir.Linear(np.ones((2, 3), complex)), (3,), "no array of numbers"),
        (nir.LIF(**LIF), (3,), "takes [2], and [3] enters"),
        (with_shape(nir.LIF(**LIF), r=np.ones(3)), (2,), "unequal shapes"),
        (nir.LIF(**LIF | {"tau": ONE * DT / 2}), (2,), "overshoot"),
        (nir.LIF(**LIF | {"tau": ONE * 0}), (2,), "overshoot"),
        (nir.LIF(**LIF | {"tau": -ONE}), (2,), "overshoot"),
        (nir.LIF(**LIF | {"v_threshold": ONE * np.inf}), (2,), "not finite"),
        (nir.Delay(-ONE), (2,), "below 0"),
        (nir.Conv2d(None, np.ones((2, 1, 3, 3)), 1, 0, 1, 1, ONE), (1, 2, 2), "does not fit into"),
        (nir.Conv2d(None, np.ones((2, 1, 3, 3)), 1, 0, 1, 1, ONE), (9,), "and [9] enters"),
        (nir.Conv2d((5, 5), np.ones((2, 1, 3, 3)), 1, 0, 1, 1, ONE), (1, 6, 6), "takes [1, 5, 5]"),
        (nir.Conv2d(None, np.ones((3, 1, 3, 3)), 1, 0, 1, 2, np.ones(3)), (2, 6, 6), "2 groups"),
        (nir.Conv2d(None, np.ones((2, 1, 3, 3)), 2, "same", 1, 1, ONE), (1, 6, 6), "'same'"),
        (nir.Conv2d(None, np.ones((2, 1, 3, 3)), -1, 0, 1, 1, ONE), (1, 6, 6), "stride"),
        (nir.Conv2d(None, np.ones((2, 1, 3, 3)), 0.5, 0, 1, 1, ONE), (1, 6, 6), "stride"),
        (nir.Conv2d(None, np.ones((2, 1, 3, 3)), 1, 10**9, 1, 1, ONE), (1, 6, 6), "padding"),
        (nir.Conv2d(None, np.ones((2, 1, 3, 3)), 1, 10**6, 1, 1, ONE), (1, 6, 6), "too many"),
        (nir.SumPool2d(ONE * 3, ONE, ONE * 0), (1, 2, 2), "does not fit into"),
        (nir.AvgPool2d(ONE, ONE, ONE * 0), (4,), "takes [C, H, W]"),
        (nir.Flatten(np.array([2, 3]), 1, 0), (2, 3), "axes 1 to 0"),
        (nir.Flatten(np.array([2, 3]), 0, 1), (3, 2), "takes [2, 3]"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(node, shape, words):
    with pytest.raises(UserError) as refused:
        built(*through(node, shape))
    assert words in str(refused.value)
    assert "'it'" in refused.value.problem


def test_nodes_that_contradict_each_other_are_both_named():
    nodes = {"a": nir.Input(np.array([2])), "w": nir.Linear(np.ones((3, 2))),
             "sum": nir.Scale(ONE), "z": nir.Output(np.array([2]))}  # fmt: skip
    with pytest.raises(UserError, match=r"'sum' .*takes \[2\], and 'w' gives \[3\]"):
        built(nodes, [("a", "w"), ("w", "sum"), ("a", "sum"), ("sum", "z")])


@pytest.mark.parametrize("kind", ["LI", "LIF", "CubaLI", "CubaLIF", "Scale", "Threshold", "Delay"])
def test_one_number_without_axes_stands_for_all(kind):
    names = {"LI": 3, "LIF": 4, "CubaLI": 4, "CubaLIF": 5}
    one = np.array(DT)
    x = np.arange(6.0).reshape(2, 3)
    given = run(*through(getattr(nir, kind)(*[one] * names.get(kind, 1)), (3,)), x)
    wanted = run(*through(getattr(nir, kind)(*[np.full(3, DT)] * names.get(kind, 1)), (3,)), x)
    np.testing.assert_array_equal(given, wanted)
    assert wanted.any()


def test_a_delay_between_two_steps_is_rounded_and_says_so():
    graph = built(*through(nir.Delay(np.array([1.4 * DT, DT])), (2,)))
    assert "rounded" in graph.notices[0]
    assert built(*through(nir.Delay(np.array([3 * DT])), (1,))).notices == ()


def test_scales_are_said_not_to_be_counted():
    assert "not counted: 'it'" in built(*through(nir.Scale(ONE), (2,))).notices[0]
