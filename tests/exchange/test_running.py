"""A NIR graph as a torch module gives what the graph means, step by step."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings

from snnbench.errors import UserError
from snnbench.exchange.graph import spread
from snnbench.exchange.reading import read_graph
from snnbench.exchange.running import build
from tests.exchange.graphs import DT, chains, nir, simulate

NEURONS = ("LIF", "IF", "LI", "I", "CubaLIF", "CubaLI")


def as_read(node):
    """Return a node, or a graph, as a file has it."""
    fields = node.to_dict()
    if isinstance(node, nir.NIRGraph):
        fields["nodes"] = {name: as_read(inner) for name, inner in node.nodes.items()}
        fields["edges"] = [list(edge) for edge in node.edges]
    return {k: v if isinstance(v, dict | str | list) else np.asarray(v)
            for k, v in fields.items() if v is not None}  # fmt: skip


def built(nodes, edges, dt=DT):
    graph = nir.NIRGraph(dict(nodes), list(edges), type_check=False)
    return build(spread(as_read(graph)), dt)


def run(nodes, edges, x, dt=DT):
    """Return what the graph gives for x [T, ...], in 64 bits, so that nothing is rounded."""
    model = built(nodes, edges, dt).model.double()
    given = model(torch.from_numpy(x).unsqueeze(1).expand(-1, 2, *x.shape[1:])).detach()
    assert torch.equal(given[:, 0], given[:, 1])
    return given[:, 0].numpy()


@settings(deadline=None)
@given(chains())
def test_a_graph_gives_what_numpy_gives(drawn):
    nodes, edges, _, x = drawn
    np.testing.assert_array_equal(run(nodes, edges, x), simulate(nodes, edges, x)["out"])


@settings(deadline=None)
@given(chains(kinds=NEURONS, feedback=True))
def test_what_leads_back_comes_a_step_later(drawn):
    nodes, edges, back, x = drawn
    wanted = simulate(nodes, edges, x, late=set(back))["out"]
    np.testing.assert_array_equal(run(nodes, edges, x), wanted)


def test_a_neuron_by_hand():
    """beta = 0.5, gain 1; 0.5, 0.75, 1.375 fires, then from 0 again."""
    one = np.ones(1)
    lif = nir.LIF(tau=2 * DT * one, r=2 * one, v_leak=0 * one, v_threshold=one)
    nodes = {"a": nir.Input(np.array([1])), "b": lif, "c": nir.Output(np.array([1]))}
    x = np.array([0.5, 0.5, 1.0, 1.0, 0.75])[:, None]
    given = run(nodes, [("a", "b"), ("b", "c")], x)
    # It fires above its threshold only: at 1.0, the fourth, it does not.
    assert given[:, 0].tolist() == [0, 0, 1, 0, 1]


def looped(node, weight=0.5):
    """Return a graph in which a node gets back half of what it gives."""
    nodes = {"in": nir.Input(np.array([1])), "w": nir.Linear(np.array([[weight]])), "n": node,
             "out": nir.Output(np.array([1]))}  # fmt: skip
    return nodes, [("in", "n"), ("n", "w"), ("w", "n"), ("n", "out")]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_cycle_through_a_delay_takes_its_steps(steps):
    nodes, edges = looped(nir.Scale(np.array([1.0])))
    nodes["d"] = nir.Delay(np.array([steps * DT]))
    edges = [*[e for e in edges if e != ("w", "n")], ("w", "d"), ("d", "n")]
    x = np.zeros((8, 1))
    x[0] = 1
    wanted = [0.5 ** (t // steps) if t % steps == 0 else 0 for t in range(8)]
    assert run(nodes, edges, x)[:, 0].tolist() == wanted
    np.testing.assert_array_equal(run(nodes, edges, x), simulate(nodes, edges, x)["out"])


@pytest.mark.parametrize("node", [nir.Scale(np.ones(1)), nir.Threshold(np.ones(1)),
                                  nir.Delay(np.zeros(1)), nir.Delay(np.full(1, DT / 3))],
                         ids=lambda node: type(node).__name__)  # fmt: skip
def test_a_cycle_without_a_state_is_refused(node):
    with pytest.raises(UserError, match=r"no state: ('n' -> 'w' -> 'n'|'w' -> 'n' -> 'w')"):
        built(*looped(node))


def test_a_recurrent_graph_says_where_a_step_passes():
    nodes, edges = looped(nir.I(np.ones(1)))
    assert built(nodes, edges).notices == ("The graph is recurrent: a step passes along 'w -> n'.",)


def test_states_are_fresh_for_every_input():
    nodes, edges = looped(nir.I(np.ones(1) / DT))
    nodes["n2"] = nir.Delay(np.ones(1) * DT)
    edges = [*[e for e in edges if e[1] != "out"], ("n", "n2"), ("n2", "out")]
    model = built(nodes, edges).model
    first, other = torch.rand(4, 2, 1), torch.rand(6, 3, 1)
    wanted = model(first)
    model(other)
    assert torch.equal(model(first), wanted)


def test_a_nested_graph_is_the_graph_it_is_in():
    one = np.ones(2)
    lif = nir.LIF(tau=2 * DT * one, r=2 * one, v_leak=0 * one, v_threshold=one)
    rec = nir.Linear(np.array([[0.5, 1], [-1, 0.25]]))
    ends = {"in": nir.Input(np.array([2])), "out": nir.Output(np.array([2]))}
    edges = [("in", "lif"), ("lif", "rec"), ("rec", "lif"), ("lif", "out")]
    inner = nir.NIRGraph({**ends, "lif": lif, "rec": rec}, edges)
    around = {**ends, "recurrent.layer": inner, "w": nir.Linear(np.eye(2) * 2)}
    path = [("in", "w"), ("w", "recurrent.layer"), ("recurrent.layer", "out")]
    x = np.random.default_rng(0).integers(0, 3, (9, 2)) / 2
    flat = {**ends, "lif": lif, "rec": rec, "w": nir.Linear(np.eye(2) * 2)}
    wanted = run(flat, [("in", "w"), ("w", "lif"), *edges[1:]], x)
    assert wanted.any()
    np.testing.assert_array_equal(run(around, path, x), wanted)
    names = [name for name, _ in built(around, path).model.named_children()]
    assert "recurrent.layer.lif" in names


def test_several_outputs_are_several_results():
    nodes, edges = looped(nir.I(np.ones(1)))
    nodes["more"] = nir.Output(np.array([1]))
    given = built(nodes, [*edges, ("w", "more")]).model(torch.ones(3, 2, 1))
    assert [tuple(y.shape) for y in given] == [(3, 2, 1)] * 2
    assert not torch.equal(*given)


def test_the_file_gives_what_the_graph_gives(tmp_path):
    nodes, edges = looped(nir.I(np.ones(1) / DT))
    nir.write(tmp_path / "g.nir", nir.NIRGraph(nodes, edges))
    model = build(read_graph(Path(tmp_path / "g.nir")), DT).model.double()
    x = np.arange(5.0)[:, None]
    assert np.array_equal(
        model(torch.from_numpy(x)[:, None])[:, 0].detach().numpy(), run(nodes, edges, x)
    )
