"""NIR graphs of numbers that binary fractions hold exactly, and how they run, in plain NumPy."""

import itertools

import numpy as np
import pytest
from hypothesis import strategies as st

nir = pytest.importorskip("nir")

DT = 2.0**-10
QUARTERS = st.integers(-4, 4).map(lambda n: n / 4)


def arrays(draw, shape, values=QUARTERS):
    n = int(np.prod(shape))
    return np.array(draw(st.lists(values, min_size=n, max_size=n))).reshape(shape)


def neuron(draw, kind, n):
    """Draw a neuron or integrator for n values."""
    taus = st.sampled_from([DT, 2 * DT, 4 * DT])
    fields = {"r": arrays(draw, n, st.sampled_from([1.0, 2.0, 4.0]))}
    if kind in ("I", "IF"):
        fields["r"] = fields["r"] / DT / 4
    else:
        names = ("tau_mem", "tau_syn") if kind.startswith("Cuba") else ("tau",)
        fields |= {name: arrays(draw, n, taus) for name in names}
        fields["v_leak"] = arrays(draw, n)
    if kind.startswith("Cuba"):
        fields["w_in"] = arrays(draw, n, st.sampled_from([1.0, 2.0, 0.5]))
    if kind.endswith("F"):
        fields["v_threshold"] = arrays(draw, n, st.sampled_from([0.25, 0.5, 1.0]))
        fields["v_reset"] = arrays(draw, n)
    return getattr(nir, kind)(**fields)


STATELESS = {
    nir.Affine: lambda node, y: node.weight @ y + node.bias,
    nir.Linear: lambda node, y: node.weight @ y,
    nir.Scale: lambda node, y: node.scale * y,
    nir.Threshold: lambda node, y: np.where(y > node.threshold, 1.0, 0.0),
    nir.Output: lambda node, y: y,
}


def simulate(nodes, edges, x, late=()):
    """Return name -> values [T, ...] of a graph's nodes, for one sample x [T, ...].

    Args:
        nodes: name -> node of NIR, none nested.
        edges: from name to name.
        x: what the Input gives.
        late: edges along which a step passes.
    """
    known, states = {}, {}

    def entering(name, t):
        before = [(a, t - ((a, b) in late)) for a, b in edges if b == name]
        return sum((value(a, s) for a, s in before if s >= 0), start=np.zeros(()))

    def value(name, t):
        if (name, t) not in known:
            known[name, t] = compute(name, nodes[name], t)
        return known[name, t]

    def compute(name, node, t):
        if isinstance(node, nir.Input):
            return x[t]
        if isinstance(node, nir.Delay):
            steps = np.round(node.delay / DT).astype(int)
            past = [np.broadcast_to(entering(name, t - d) if t >= d else 0.0, steps.shape)
                    for d in steps.ravel()]  # fmt: skip
            return np.array([p.ravel()[i] for i, p in enumerate(past)]).reshape(steps.shape)
        y = entering(name, t)
        if type(node) in STATELESS:
            return STATELESS[type(node)](node, y)
        if t > 0:
            value(name, t - 1)  # so that the states are those of the step before
        return advance(name, node, y)

    def advance(name, node, y):
        v, i = states.get(name, (0.0, 0.0))
        if hasattr(node, "tau_syn"):
            i = i + DT / node.tau_syn * (-i + node.w_in * y)
            y = i
        tau = getattr(node, "tau", getattr(node, "tau_mem", None))
        v = v + DT * node.r * y if tau is None else v + DT / tau * (node.v_leak - v + node.r * y)
        given = v
        if hasattr(node, "v_threshold"):
            given = (v > node.v_threshold).astype(float)
            v = np.where(given == 1, node.v_reset, v)
        states[name] = v, i
        return given

    return {name: np.stack([np.broadcast_to(value(name, t), shape_of(nodes[name]))
                            for t in range(len(x))]) for name in nodes}  # fmt: skip


def shape_of(node):
    return tuple(int(n) for n in node.output_type["output"])


KINDS = ("LIF", "IF", "LI", "I", "CubaLIF", "CubaLI", "Threshold", "Scale", "Delay")


@st.composite
def chains(draw, kinds=KINDS, feedback=False):
    """Draw nodes, edges, the edges that lead back, and an input [T, n]."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))
    nodes = {"in": nir.Input(np.array([sizes[0]]))}
    edges, back = [], []
    last, stages = "in", []
    for k, (n, m) in enumerate(itertools.pairwise(sizes)):
        bias = arrays(draw, m)
        weight = arrays(draw, (m, n))
        nodes[f"w{k}"] = draw(st.sampled_from([nir.Linear(weight), nir.Affine(weight, bias)]))
        kind = draw(st.sampled_from(kinds))
        if kind == "Threshold":
            node = nir.Threshold(arrays(draw, m))
        elif kind == "Scale":
            node = nir.Scale(arrays(draw, m))
        elif kind == "Delay":
            node = nir.Delay(arrays(draw, m, st.integers(0, 3).map(lambda d: d * DT)))
        else:
            node = neuron(draw, kind, m)
        nodes[f"n{k}"] = node
        edges += [(last, f"w{k}"), (f"w{k}", f"n{k}")]
        if draw(st.booleans()) and n == m:
            edges.append((last, f"n{k}"))  # around the weights
        last = f"n{k}"
        stages.append((last, m))
        if not feedback:
            continue
        for j, (name, size) in enumerate(stages):
            if draw(st.booleans()):
                nodes[f"b{k}{j}"] = nir.Linear(arrays(draw, (size, m)))
                edges += [(last, f"b{k}{j}"), (f"b{k}{j}", name)]
                back.append((f"b{k}{j}", name))
    nodes["out"] = nir.Output(np.array([sizes[-1]]))
    edges.append((last, "out"))
    x = arrays(draw, (5, sizes[0]), st.sampled_from([0.0, 1.0, 0.5]))
    return nodes, edges, back, x
