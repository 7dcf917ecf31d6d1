"""The rooms of the kernels: each imports only from itself and from those before it."""

import ast
from pathlib import Path

import pytest

import snnbench.kernels

FOLDER = Path(snnbench.kernels.__file__).parent
ORDER = ["base", "events", "neurons", "layers", "perceptron", "convolution", "functions",
         "groups", "needs", "warmup", "triton_scan"]  # fmt: skip
FILES = sorted(path for path in FOLDER.rglob("*.py") if path.parent != FOLDER or path.stem in ORDER)


def room_of(path):
    return path.relative_to(FOLDER).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_room_imports_only_from_itself_and_those_before_it(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("snnbench.kernels."):
            room = node.module.split(".")[2]
            assert ORDER.index(room) <= ORDER.index(room_of(path)), node.module
