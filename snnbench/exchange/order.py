"""In which order a graph's nodes run, and which edges lead back: to them a step passes. No torch.

Nodes that form a cycle run step by step, together. A Delay of a step or more gives what entered it
before, so that a cycle through it needs nothing else. Any other cycle is broken at a node that
keeps a state, a neuron or an integrator: it receives along the cycle what was there a step before.
It is the one nearest to the Input; of several the one that misses the fewest of its inputs; of
these the first by name. So what leads back comes late, and what leads on does not.
"""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from snnbench.errors import UserError, shortened

Edge = tuple[str, str]
_STATES = ("I", "IF", "LI", "LIF", "CubaLI", "CubaLIF")


@dataclass(frozen=True)
class Part:
    """Nodes that run one after the other at every step; a single one without a cycle runs at once.

    Attributes:
        nodes: in the order of a step.
        cyclic: they form a cycle.
        late: edges along which a step passes.
    """

    nodes: tuple[str, ...]
    cyclic: bool
    late: frozenset[Edge] = frozenset()


def distances(start: str, edges: Iterable[Edge]) -> dict[str, int]:
    """Return for each node that can be reached how many edges it takes, nearest first."""
    after: dict[str, list[str]] = {}
    for a, b in edges:
        after.setdefault(a, []).append(b)
    found, waiting = {start: 0}, deque([start])
    while waiting:
        name = waiting.popleft()
        for other in sorted(after.get(name, ())):
            if other not in found:
                found[other] = found[name] + 1
                waiting.append(other)
    return found


def parts(
    kinds: dict[str, str], edges: Sequence[Edge], delays: Collection[str], start: str
) -> list[Part]:
    """Return the parts of a graph in the order in which they run.

    Args:
        kinds: name -> kind of node; all can be reached.
        edges: from node to node.
        delays: names of the Delay nodes that give nothing of the step they are in.
        start: name of the Input.

    Raises:
        UserError: a cycle has no state.
    """
    far = distances(start, edges)
    loops = {a for a, b in edges if a == b}
    found = []
    for members in _components(list(kinds), edges):
        if len(members) == 1 and not loops & members:
            found.append(Part(tuple(members), cyclic=False))
            continue
        inner = [(a, b) for a, b in edges if a in members and b in members]
        found.append(_stepwise(members, inner, kinds, delays, far))
    return found


def _stepwise(
    members: set[str],
    edges: list[Edge],
    kinds: dict[str, str],
    delays: Collection[str],
    far: dict[str, int],
) -> Part:
    order = sorted(members.intersection(delays))
    missing = {b: {a for a, c in edges if c == b} - set(order) for b in members - set(order)}
    late: set[Edge] = set()
    while missing:
        ready = sorted(name for name, before in missing.items() if not before)
        if not ready:
            states = [name for name in missing if kinds[name] in _STATES]
            if not states:
                raise _without_state(missing)
            first = min(states, key=lambda name: (far[name], len(missing[name]), name))
            late |= {(a, first) for a in missing[first]}
            ready = [first]
        order += ready
        for name in ready:
            del missing[name]
        for before in missing.values():
            before.difference_update(ready)
    return Part(tuple(order), cyclic=True, late=frozenset(late))


def _without_state(missing: dict[str, set[str]]) -> UserError:
    """Name a cycle among nodes each of which waits for another."""
    name = min(missing)
    path = [name]
    while (name := min(missing[name])) not in path:
        path.append(name)
    cycle = path[path.index(name) :][::-1]
    shown = " -> ".join(f"'{shortened(node)}'" for node in [*cycle[:10], cycle[0]])
    return UserError(
        f"A cycle has no state: {shown}: what it gives at a step would hang on itself.",
        "Put a neuron, an integrator or a Delay of one step or more into it.",
    )


def _components(names: list[str], edges: Sequence[Edge]) -> list[set[str]]:
    """Return the strongly connected components, those that others hang on first."""
    index = {name: i for i, name in enumerate(names)}
    ends = [[index[edge[end]] for edge in edges] for end in (0, 1)]
    matrix = coo_array((np.ones(len(edges)), ends), shape=(len(names), len(names)))
    count, labels = connected_components(matrix, connection="strong")
    members: list[set[str]] = [set() for _ in range(count)]
    for name, label in zip(names, labels, strict=True):
        members[label].add(name)
    before: dict[int, set[int]] = {label: set() for label in range(count)}
    for a, b in edges:
        before[labels[index[b]]].add(labels[index[a]])
    for label, others in before.items():
        others.discard(label)
    return [members[label] for label in TopologicalSorter(before).static_order()]
