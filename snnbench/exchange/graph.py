"""A NIR graph: nodes with their fields, edges; nested graphs become part of the one around them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from unicodedata import category

import numpy as np

from snnbench.errors import UserError, and_more, shortened

Shape = tuple[int, ...]
# What a file holds: groups, arrays, text or a table of it; None for what is neither.
Entry = Any

REMEDY = "Mend the graph, and write it with nir.write."
_MOST_NODES = 10_000
_LARGEST = 1_000_000  # of strides, kernels, sides

# Kind of node -> the fields it must have, and those it may have.
KINDS: dict[str, tuple[str, str]] = {
    "Input": ("shape", ""),
    "Output": ("shape", ""),
    "Affine": ("weight bias", ""),
    "Linear": ("weight", ""),
    "Scale": ("scale", ""),
    "Conv1d": ("weight bias stride padding dilation groups", "input_shape"),
    "Conv2d": ("weight bias stride padding dilation groups", "input_shape"),
    "SumPool2d": ("kernel_size stride padding", ""),
    "AvgPool2d": ("kernel_size stride padding", ""),
    "Flatten": ("start_dim end_dim", "input_type"),
    "Delay": ("delay", ""),
    "Threshold": ("threshold", ""),
    "I": ("r", ""),
    "IF": ("r v_threshold", "v_reset"),
    "LI": ("tau r v_leak", ""),
    "LIF": ("tau r v_leak v_threshold", "v_reset"),
    "CubaLI": ("tau_syn tau_mem r v_leak", "w_in"),
    "CubaLIF": ("tau_syn tau_mem r v_leak v_threshold", "v_reset w_in"),
}
_GRAPH = "NIRGraph"
_NO_TEXT = ("Cc", "Cs", "Zl", "Zp")  # Unicode's controls, surrogates and separators of lines


@dataclass(frozen=True)
class Node:
    """A node: what it is and its fields, as the file has them."""

    name: str
    kind: str
    fields: dict[str, Entry]

    def __str__(self) -> str:
        return f"node '{shortened(self.name)}' ({self.kind})"

    def refused(self, why: str) -> UserError:
        """Return the error that says what is wrong with the node."""
        return UserError(f"{self}: {why}.", REMEDY)

    def array(self, name: str, default: float | None = None) -> np.ndarray:
        """Return a field of finite numbers, as they are in 64 bits.

        Args:
            name: of the field.
            default: where the node may do without.
        """
        value = self.fields.get(name, None if default is None else np.array(default))
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "iufb":
            raise self.refused(f"{name} is no array of numbers")
        if not value.size:
            raise self.refused(f"{name} of shape {list(value.shape)} holds nothing")
        with np.errstate(over="ignore"):
            finite = np.isfinite(value.astype(np.float32)).all()
        if not finite:
            raise self.refused(f"{name} has numbers that are not finite in 32 bits")
        return value.astype(np.float64)

    def integers(self, name: str, count: int | None = None, least: int = 0) -> Shape:
        """Return a field of whole numbers; one of them stands for `count`, where that is given."""
        values = self.array(name)
        flat = values.reshape(-1).tolist()
        if values.ndim > 1 or any(v != int(v) or not least <= v <= _LARGEST for v in flat):
            text = shortened(", ".join(f"{v:g}" for v in flat))
            raise self.refused(f"{name} = [{text}] is out of range")
        whole = tuple(int(v) for v in flat)
        if count is None or len(whole) == count:
            return whole
        if len(whole) != 1:
            raise self.refused(f"{name} has {len(whole)} values, not {count}")
        return whole * count


@dataclass
class Graph:
    """A graph without nested ones.

    Attributes:
        nodes: by name; a node within a nested graph is called "graph.node". The ends of nested
            graphs are nodes of the kind "Input" and "Output", too.
        edges: from node to node, no two the same.
        input, outputs: names of the nodes at which the graph begins and ends.
        metadata: of the graph, as the file has it.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)
    input: str = ""
    outputs: tuple[str, ...] = ()
    metadata: dict[str, Entry] = field(default_factory=dict)


def spread(root: dict[str, Entry]) -> Graph:
    """Return the graph of a file's group, with its nested graphs spread out.

    Raises:
        UserError: it is not one graph from one Input to Outputs, of nodes that are known.
    """
    kind = root.get("type")
    if not isinstance(kind, str) or kind != _GRAPH:
        raise UserError("It holds a node, not a graph of nodes.", "Write a nir.NIRGraph.")
    unknown = [f"'{shortened(name)}' ({shortened(kind)})" for name, kind in _unknown(root)]
    if unknown:
        known = ", ".join(sorted([*KINDS, _GRAPH], key=str.lower))
        raise UserError(
            f"Nodes that cannot be run: {and_more(unknown, 20)}.", f"Use {known} alone."
        )
    metadata = root.get("metadata")
    graph = Graph(metadata=metadata if isinstance(metadata, dict) else {})
    ends = _add(graph, root, "")
    if len(ends.inputs) != 1 or not ends.outputs:
        found = ", ".join(f"'{shortened(name)}'" for name in ends.inputs) or "none"
        what = "no Output" if len(ends.inputs) == 1 else f"not one Input, but {found}"
        raise UserError(f"The graph has {what}.", "Let it begin with one Input; end with Outputs.")
    graph.input, graph.outputs = ends.inputs[0], tuple(ends.outputs)
    for a, b in graph.edges:
        if b == graph.input or a in graph.outputs:
            raise UserError(
                f"The edge from '{shortened(a)}' to '{shortened(b)}' leads into the graph's Input "
                "or out of an Output.", REMEDY,
            )  # fmt: skip
    return graph


@dataclass
class _Ends:
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


def _members(group: dict[str, Entry], where: str) -> dict[str, Entry]:
    nodes = group.get("nodes")
    if not isinstance(nodes, dict) or not nodes or len(nodes) > _MOST_NODES:
        raise UserError(f"The graph{where} has no nodes, or far too many.", REMEDY)
    return nodes


def _unknown(group: dict[str, Entry], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield name and kind of the nodes that are not known here."""
    for name, node in _members(group, f" '{shortened(prefix[:-1])}'" if prefix else "").items():
        kind = node.get("type") if isinstance(node, dict) else None
        if not _is_text(name):
            raise UserError(f"A node's name, {shortened(name)!a}, is no text.", REMEDY)
        if not isinstance(kind, str) or not _is_text(kind):
            raise UserError(
                f"The node '{shortened(prefix + name)}' has no type.",
                "Use no / in names, and write the graph with nir.write.",
            )
        if kind == _GRAPH:
            yield from _unknown(node, f"{prefix}{name}.")
        elif kind not in KINDS:
            yield prefix + name, kind


def _is_text(name: str) -> bool:
    """Return whether a name can be shown in a line: it is not blank, and has no line breaks."""
    return bool(name.strip()) and not any(category(c) in _NO_TEXT for c in name)


def _add(graph: Graph, group: dict[str, Entry], prefix: str) -> _Ends:
    """Add a group's nodes and edges to the graph, and return at which it begins and ends."""
    ends, within = _Ends(), {}
    for name, entry in _members(group, "").items():
        full = prefix + name
        if entry["type"] == _GRAPH:
            within[name] = _add(graph, entry, f"{full}.")
            continue
        node = Node(full, entry["type"], {k: v for k, v in entry.items() if k != "type"})
        if full in graph.nodes or len(graph.nodes) >= _MOST_NODES:
            raise UserError(f"Two nodes are called '{shortened(full)}', or there are too many.",
                            REMEDY)  # fmt: skip
        graph.nodes[full] = _checked(node)
        if node.kind in ("Input", "Output"):
            (ends.inputs if node.kind == "Input" else ends.outputs).append(full)
    for a, b in _edges(group, prefix):
        for name in (a, b):
            if name not in group["nodes"]:
                raise UserError(
                    f"An edge names '{shortened(prefix + name)}', and there is no such node.",
                    REMEDY,
                )
        edge = (
            _end(within[a].outputs, prefix + a, "Output") if a in within else prefix + a,
            _end(within[b].inputs, prefix + b, "Input") if b in within else prefix + b,
        )
        graph.edges.append(edge)
    if len(set(graph.edges)) != len(graph.edges):
        twice = next(edge for edge in graph.edges if graph.edges.count(edge) > 1)
        raise UserError(f"The edge from '{shortened(twice[0])}' to '{shortened(twice[1])}' is "
                        "there twice.", REMEDY)  # fmt: skip
    return ends


def _end(ends: Sequence[str], name: str, kind: str) -> str:
    if len(ends) != 1:
        raise UserError(
            f"The nested graph '{shortened(name)}' has {len(ends)} nodes {kind}: which of them an "
            "edge means is not said.",
            "Give it one Input and one Output.",
        )
    return ends[0]


def _edges(group: dict[str, Entry], prefix: str) -> Iterator[tuple[str, str]]:
    edges = group.get("edges")
    if isinstance(edges, np.ndarray) and not edges.size:
        return  # how an empty list is written
    if not isinstance(edges, list):
        where = f" of '{shortened(prefix[:-1])}'" if prefix else ""
        raise UserError(f"The edges{where} are no list of names.", REMEDY)
    for edge in edges:
        if not isinstance(edge, list) or len(edge) != 2 or not all(type(n) is str for n in edge):
            raise UserError("An edge is not two names.", REMEDY)
        yield edge[0], edge[1]


def _checked(node: Node) -> Node:
    """Refuse a node that lacks a field, or has one that its kind has not: it may mean something."""
    needed, allowed = (set(names.split()) for names in KINDS[node.kind])
    found = set(node.fields) - {"metadata"}
    if missing := needed - found:
        raise node.refused(f"it has no {', '.join(sorted(missing))}")
    if more := found - needed - allowed:
        listed = ", ".join(sorted(shortened(name) for name in more))
        raise node.refused(f"{node.kind} of NIR has no {listed}")
    return node
