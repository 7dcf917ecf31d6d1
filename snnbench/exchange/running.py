"""A NIR graph as a torch module: [T, B, ...] -> [T, B, ...]."""

import warnings
from typing import NamedTuple

import torch
from spikingjelly.activation_based import functional
from spikingjelly.activation_based.base import MemoryModule
from torch import nn

from snnbench.errors import UserError, and_more, shortened
from snnbench.exchange.dynamics import Delay
from snnbench.exchange.graph import REMEDY, Graph
from snnbench.exchange.layers import Scale
from snnbench.exchange.nodes import Made, make
from snnbench.exchange.order import Edge, Part, distances, parts

Tensor = torch.Tensor
_MOST_NAMED = 5


class Built(NamedTuple):
    """A graph's module, and what is to be known of it, a sentence each."""

    model: "GraphModule"
    notices: tuple[str, ...]


class GraphModule(nn.Module):
    """Runs a graph from states of 0: what enters at a step passes all nodes at that step.

    The nodes are submodules of their own names. What several nodes give to one is summed. To a node
    that breaks a cycle a step passes, as `order` says.

    Attributes:
        input_shape: of a sample and step.
        parts: of the graph, in the order in which they run.
        outputs: names of its ends; the output is that of the only one, or a tuple.
    """

    def __init__(self, graph: Graph, made: dict[str, Made], run: list[Part]) -> None:
        super().__init__()
        for name, entry in made.items():
            self._modules[name] = entry.module  # a name may have dots, or be that of an attribute
        self.input_shape = made[graph.input].takes
        self.parts, self.outputs, self._input = run, graph.outputs, graph.input
        self._takes = {name: entry.takes for name, entry in made.items()}
        self._before: dict[str, list[str]] = {name: [] for name in made}
        for a, b in graph.edges:
            self._before[b].append(a)
        for part in run:
            for name in part.nodes:
                module = made[name].module
                if isinstance(module, MemoryModule):
                    module.step_mode = "s" if part.cyclic else "m"
        self._last = {a: i for i, part in enumerate(run) for b in part.nodes
                      for a in self._before[b]}  # fmt: skip

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Run all steps.

        Args:
            x: [T, B, *input_shape].
        """
        functional.reset_net(self)
        with warnings.catch_warnings():
            # Padding "same" is copied where a kernel's side is even: of no use to know.
            warnings.filterwarnings("ignore", message="Using padding='same'")
            return self._forward(x)

    def train(self, mode: bool = True) -> "GraphModule":
        """Set the mode, also where a node is called `training`."""
        self.__dict__["training"] = mode
        for module in self.children():
            module.train(mode)
        return self

    def _forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        values: dict[str, Tensor] = {}
        for index, part in enumerate(self.parts):
            if part.cyclic:
                self._run_steps(part, values, x.shape[0], x)
            else:
                (name,) = part.nodes
                values[name] = self._run(
                    name, x if name == self._input else self._sum(name, values)
                )
            for name in [n for n in values if self._last.get(n) == index and n not in self.outputs]:
                del values[name]
        given = tuple(values[name] for name in self.outputs)
        return given[0] if len(given) == 1 else given

    def _run(self, name: str, x: Tensor) -> Tensor:
        """Run all steps of a node."""
        module = self._modules[name]
        assert module is not None
        if isinstance(module, MemoryModule):
            y: Tensor = module(x)
            return y
        return functional.seq_to_ann_forward(x, module)  # type: ignore[no-any-return]

    def _sum(self, name: str, values: dict[str, Tensor]) -> Tensor:
        first, *others = (values[before] for before in self._before[name])
        for other in others:
            first = first + other
        return first

    def _run_steps(self, part: Part, values: dict[str, Tensor], T: int, x: Tensor) -> None:
        """Run the nodes of a cycle step by step; their values are added to those there are."""
        within, steps = set(part.nodes), []
        around = {a for name in part.nodes for a in self._before[name]} - within
        was = {a: x.new_zeros(x.shape[1], *self._takes[b]) for a, b in part.late}
        modules = {name: self._modules[name] for name in part.nodes}
        delays = {n: m for n, m in modules.items() if isinstance(m, Delay) and m.delays[0]}
        for t in range(T):
            now = {name: values[name][t] for name in around}
            for name in part.nodes:
                if name in delays:
                    now[name] = delays[name].read(x.new_zeros(x.shape[1], *self._takes[name]))
                    continue
                late = {a: was[a] for a, b in part.late if b == name}
                module = modules[name]
                assert module is not None
                now[name] = module(self._sum(name, now | late))
            for name, delay in delays.items():
                delay.keep(self._sum(name, now))
            was = now
            steps.append(now)
        for name in part.nodes:
            values[name] = torch.stack([step[name] for step in steps])


def build(graph: Graph, dt: float) -> Built:
    """Return a graph's module, for steps of dt seconds.

    Raises:
        UserError: shapes do not fit, a node cannot be reached, a cycle has no state, dt is too
            long.
    """
    far = distances(graph.input, graph.edges)
    for name, node in graph.nodes.items():
        if name not in far:
            raise UserError(f"Nothing enters the {node}: no edges lead there from the Input.",
                            REMEDY)  # fmt: skip
    before: dict[str, list[str]] = {name: [] for name in graph.nodes}
    for a, b in graph.edges:
        before[b].append(a)
    made: dict[str, Made] = {}
    for name in far:  # nearest first, so that something that enters is known
        shape = (next(made[a].gives for a in before[name] if a in made) if before[name]
                 else graph.nodes[name].integers("shape", least=1))  # fmt: skip
        made[name] = make(graph.nodes[name], shape, dt)
    for a, b in graph.edges:
        if made[a].gives != made[b].takes:
            raise graph.nodes[b].refused(
                f"it takes {list(made[b].takes)}, and '{shortened(a)}' gives {list(made[a].gives)}"
            )
    waiting = {n for n, m in made.items() if isinstance(m.module, Delay) and m.module.delays[0]}
    kinds = {name: node.kind for name, node in graph.nodes.items()}
    run = parts(kinds, graph.edges, waiting, graph.input)
    notices = [notice for entry in made.values() for notice in entry.notices]
    notices += _late([edge for part in run for edge in sorted(part.late)])
    scaled = [name for name, entry in made.items() if isinstance(entry.module, Scale)]
    if scaled:
        notices.append(f"Products of Scale nodes are not counted: {_listed(scaled)}.")
    return Built(GraphModule(graph, made, run).eval(), tuple(notices))


def _late(edges: list[Edge]) -> list[str]:
    if not edges:
        return []
    shown = _listed([f"{a} -> {b}" for a, b in edges])
    return [f"The graph is recurrent: a step passes along {shown}."]


def _listed(names: list[str]) -> str:
    return and_more([f"'{shortened(name, 100)}'" for name in names], _MOST_NAMED)
