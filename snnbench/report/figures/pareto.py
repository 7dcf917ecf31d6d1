"""What cannot be had cheaper without being worse."""

from collections.abc import Sequence


def pareto_front(points: Sequence[tuple[float, float]]) -> tuple[int, ...]:
    """Return the positions of the points (cost, worth) that no other beats, cheapest first.

    One point beats another if it costs no more and is worth no less, and differs; of equal points
    the first counts.
    """
    order = sorted(range(len(points)), key=lambda i: (points[i][0], -points[i][1], i))
    front: list[int] = []
    for i in order:
        if not front or points[i][1] > points[front[-1]][1]:
            front.append(i)
    return tuple(front)
