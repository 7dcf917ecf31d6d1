"""Whatever the fields of a file are, of any type and shape: a graph that runs, or one message."""

import copy
from itertools import pairwise

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snnbench.errors import UserError
from snnbench.exchange.graph import KINDS, spread
from snnbench.exchange.running import build
from tests.exchange.graphs import DT, nir
from tests.exchange.test_running import as_read
from tests.test_fuzz import parses_or_is_refused

ONE = np.ones(2)
NODES = {
    "in": nir.Input(np.array([2, 4, 4])),
    "conv": nir.Conv2d((4, 4), np.ones((2, 2, 3, 3)), (1, 1), (1, 1), (1, 1), 1, ONE),
    "lif": nir.LIF(*[np.ones((2, 4, 4)) * DT] * 4),
    "pool": nir.SumPool2d(ONE.astype(int) * 2, ONE.astype(int) * 2, ONE.astype(int) * 0),
    "flat": nir.Flatten(np.array([2, 2, 2]), 0, -1),
    "w": nir.Affine(np.ones((2, 8)), ONE),
    "cuba": nir.CubaLIF(*[ONE * DT] * 5),
    "back": nir.Linear(np.ones((2, 2))),
    "late": nir.Delay(ONE * DT),
    "scale": nir.Scale(2 * ONE),
    "above": nir.Threshold(ONE),
    "out": nir.Output(np.array([2])),
}
CHAIN = ["in", "conv", "lif", "pool", "flat", "w", "cuba", "scale", "above", "out"]
EDGES = [*pairwise(CHAIN), ("cuba", "back"), ("back", "late"), ("late", "cuba")]
TREE = as_read(nir.NIRGraph(NODES, EDGES, type_check=False))

KIND = st.sampled_from([*KINDS, "NIRGraph", "Other"])
TYPES = st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_, np.float16])
SHAPES = st.lists(st.integers(0, 4), max_size=5).map(tuple)
NUMBERS = st.one_of(
    st.integers(-3, 9).map(np.array),
    st.sampled_from([0.5, -0.0, np.nan, np.inf, 1e300, 1e-300, 1e18, DT]).map(np.array),
    TYPES.flatmap(lambda dtype: arrays(dtype, SHAPES)),
)
TEXTS = st.sampled_from(["", "same", "valid", "in", "w", "\n", "ü"]) | KIND
WITHIN = st.builds(copy.deepcopy, st.just(TREE))
VALUES = st.one_of(NUMBERS, TEXTS, st.none(), st.lists(TEXTS), st.lists(st.lists(TEXTS)),
                   st.dictionaries(TEXTS, TEXTS), WITHIN)  # fmt: skip


@st.composite
def trees(draw):
    """Draw the tree of a file in which some entries are others, missing, or more."""
    tree = copy.deepcopy(TREE)
    for _ in range(draw(st.integers(1, 3))):
        where = tree
        if draw(st.integers(0, 5)):
            nodes = tree.get("nodes")
            if isinstance(nodes, dict) and nodes:
                where = nodes[draw(st.sampled_from(sorted(nodes)))]
        if not isinstance(where, dict):
            continue
        name = draw(st.sampled_from(sorted(where)) if where else TEXTS)
        if draw(st.integers(0, 4)):
            where[name] = draw(VALUES)
        else:
            where.pop(name, None)
    return tree


def test_the_graph_runs_as_it_is():
    given = build(spread(TREE), DT).model(torch.ones(4, 1, 2, 4, 4))
    assert given.shape == (4, 1, 2)
    assert given.any()


@settings(deadline=None)
@given(trees())
def test_any_tree(tree):
    with parses_or_is_refused():
        model = build(spread(tree), DT).model
        with torch.no_grad():
            model(torch.zeros(2, 1, *model.input_shape))


@settings(deadline=None)
@given(st.dictionaries(TEXTS, VALUES))
def test_a_tree_of_anything(tree):
    for root in (tree, {"type": "NIRGraph", **tree}, {"type": "NIRGraph", "nodes": tree}):
        with parses_or_is_refused():
            spread(root)


def test_a_message_is_one_line_for_every_node():
    for name, node in TREE["nodes"].items():
        for field in set(node) - {"type", "metadata"}:
            tree = copy.deepcopy(TREE)
            tree["nodes"][name][field] = "nonsense"
            try:
                build(spread(tree), DT)
            except UserError as error:
                assert f"'{name}'" in error.problem  # noqa: PT017
                assert "\n" not in error.problem  # noqa: PT017
            else:
                raise AssertionError(f"{name} runs with {field} = nonsense")
