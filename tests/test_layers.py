"""The house: data flows one way. A room imports only from rooms above it."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "snnbench"

# From top to bottom; a module may import from its own line and from those above.
ORDER = [
    ["errors"],
    ["environment"],
    ["scratch"],
    ["energy"],
    ["words"],
    ["config"],
    ["reference_numpy"],
    ["data"],
    ["kernels"],
    ["neurons"],
    ["network"],
    ["inputs"],
    ["exchange"],
    ["cost"],
    ["training"],
    ["results"],
    ["plugins"],
    ["studies"],
    ["runs"],
    ["counts"],
    ["checks"],
    ["sweep"],
    ["report"],
    ["progress"],
    ["api"],
    ["verify"],
    ["cli"],
    ["__main__"],
]
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"))


# The same within a room that has rooms.
INNER = {"report": ["reading", "judging", "figures", "page"]}


def room_of(path):
    part = path.relative_to(PACKAGE).parts[0]
    return part.removesuffix(".py")


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "snnbench" and len(parts) > 1:
                yield parts[1]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_own_room_and_those_above(path):
    room = room_of(path)
    if room == "__init__":
        return
    assert room in LEVEL, f"{room} has no place in the order"
    for imported in imported_rooms(path):
        if imported in LEVEL:
            assert LEVEL[imported] <= LEVEL[room], f"{path.name} imports from {imported}"


@pytest.mark.parametrize("room", INNER)
def test_within_a_room_data_flows_one_way_too(room):
    order = INNER[room]
    assert {path.name for path in (PACKAGE / room).iterdir() if path.is_dir()} - {
        "__pycache__"
    } == set(order)
    for path in (PACKAGE / room).rglob("*.py"):
        inner = path.relative_to(PACKAGE / room).parts[0]
        for imported in re.findall(rf"snnbench\.{room}\.(\w+)", path.read_text()):
            if inner in order:
                assert order.index(imported) <= order.index(inner), f"{path}: {imported}"


def test_the_map_shows_the_rooms_in_their_order():
    text = (PACKAGE.parent / "docs" / "architecture.md").read_text()
    _, _, table = text.partition("| room | what it holds |")
    rows = [line.split("|")[1] for line in table.partition("\n\n")[0].splitlines()[2:]]
    shown = [name for row in rows for name in re.findall(r"`(\w+)/?`", row)]
    assert shown == [name for names in ORDER for name in names if name != "__main__"]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_can_be_read_in_one_sitting(path):
    assert len(path.read_text().splitlines()) <= 300


def test_the_core_neither_prints_nor_exits():
    for path in MODULES:
        if room_of(path) in ("cli", "__main__"):
            continue
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        names = {n.func.id for n in calls if isinstance(n.func, ast.Name)}
        assert not names & {"print", "exit"}, path
