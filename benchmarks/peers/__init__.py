"""The other programs: each takes the same steps with its own layers and its own encoder.

Every module has `make(case, images, threads, **options) -> Iterator[Step]` and names the packages
whose versions its figures depend on, `PACKAGES`. Of the ways to write a program, each library's
is the one its own documentation teaches; where it teaches several, the fastest on a CPU.

Where a library's neuron has no subtractive reset, slope or leak like ours, it keeps its own: the
work is the same, the learning may differ.
"""

import importlib
import importlib.metadata
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from benchmarks.cases import Case
from benchmarks.images import Images
from benchmarks.timing import Step

_MODULES: dict[str, tuple[str, dict[str, Any]]] = {
    "spikingjelly": ("spikingjelly", {}),
    "snntorch": ("snntorch", {}),
    "snntorch-compiled": ("snntorch", {"compiled": True}),
    "norse": ("norse", {}),
    "norse-compiled": ("norse", {"compiled": True}),
    "spyx": ("spyx", {}),
    "torch-dataloader": ("torch_loop", {"loader": True}),
    "torch-pictures": ("torch_pictures", {}),
    "torch-in-memory": ("torch_loop", {"loader": False}),
}


def load(program: str) -> ModuleType:
    """Import a peer.

    Raises:
        ImportError: it is not installed.
    """
    return importlib.import_module(f"benchmarks.peers.{_MODULES[program][0]}")


def make(program: str, case: Case, images: Images, threads: int) -> Iterator[Step]:
    """Return the endless steps of a peer."""
    steps: Iterator[Step] = load(program).make(case, images, threads, **_MODULES[program][1])
    return steps


def versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Return package -> version."""
    return {package: importlib.metadata.version(package) for package in packages}
