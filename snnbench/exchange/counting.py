"""A NIR file and what enters it -> the model to run, and the input [T, B, ...] to run it on."""

from dataclasses import dataclass
from pathlib import Path

from snnbench.config.values import checked_shape
from snnbench.errors import UserError, shortened
from snnbench.exchange.reading import read_graph
from snnbench.exchange.running import GraphModule, build
from snnbench.exchange.timing import checked_steps, chosen_dt, known_steps


@dataclass(frozen=True)
class Opened:
    """A graph that is ready to run.

    Attributes:
        model: takes [T, B, *model.input_shape].
        steps: T; None where neither the call nor the file says.
        trained: T of the network that was exported to the file; None where it does not say.
        notices: what is to be known of it, a sentence each.
    """

    model: GraphModule
    steps: int | None
    trained: int | None
    notices: tuple[str, ...]

    def fitted(self, shape: tuple[int, ...] | None, layout: str) -> tuple[int, ...]:
        """Return the shape of an input over time, [T, B, ...].

        Args:
            shape: of what there is, in the layout; None for one sample.
            layout: "TB", or "B" for an input that is there at every step.

        Raises:
            UserError: T is not known or another, or the samples have another shape.
        """
        sample = self.model.input_shape
        if shape is None:
            shape, layout = (1, *sample), "B"
        if layout == "B":
            if self.steps is None:
                remedy = f"Give -T {self.trained or 20}."
                raise UserError("A NIR graph has no number of steps.", remedy)
            shape = checked_shape((self.steps, *shape))
        if shape[2:] != sample or len(shape) < 2:
            raise UserError(
                f"An input of shape {shortened(str(list(shape)))} is not [T, B, ...] with what the "
                f"graph takes, {list(sample)}.",
                "Give all axes; with --layout B all but T.",
            )
        if self.steps not in (None, shape[0]):
            raise UserError(
                f"The input has {shape[0]} steps, and T is {self.steps}.", "Leave -T out."
            )
        return shape


def open_graph(path: Path, dt: object, steps: object) -> Opened:
    """Read a NIR file and build its model.

    Args:
        path: the file.
        dt: seconds of a step; None for that in the graph's metadata, or else the customary one.
        steps: T, or None.

    Raises:
        UserError: see `read_graph` and `build`; dt or T are out of range.
    """
    graph = read_graph(path)
    seconds, notices = chosen_dt(dt, graph.metadata, path.name)
    built = build(graph, seconds)
    T = None if steps is None else checked_steps(steps)
    return Opened(built.model, T, known_steps(graph.metadata), (*notices, *built.notices))
