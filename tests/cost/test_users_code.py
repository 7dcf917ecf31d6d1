"""What goes wrong in a user's code names the user's file and line."""

import json
import sys

import pytest
from torch import nn

from snnbench.counts import foreign_count
from snnbench.errors import UserError, users_code

TOP = "import sys\nimport torch\nfrom torch import nn\n"
FORWARD = (
    "class Net(nn.Linear):\n    def forward(self, x):\n        {}\n"
    "def make():\n    return Net(6, 4)\n"
)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("raise KeyError('nothing')", 4, "nothing"),
        ("def make(:\n    pass", 4, "SyntaxError"),
        ("if True:\nmake = 1", 5, "Indentation"),
        ("sys.exit(0)", 4, "SystemExit"),
        ("raise SystemExit('no weights')", 4, "no weights"),
        ("import nothing_there", 4, "nothing_there"),
        ("def make():\n    return nn.Linear(6, -4)", 5, "negative"),
        ("def make():\n    sys.exit(3)", 5, "SystemExit"),
        ("def make():\n    sys.exit()", 5, "SystemExit"),
        ("def make(width):\n    return nn.Linear(width, 4)", 4, "width"),
        ("def make():\n    assert False", 5, "AssertionError"),
        (FORWARD.format("raise RuntimeError('odd')"), 6, "odd"),
        (FORWARD.format("sys.exit(0)"), 6, "SystemExit"),
        (FORWARD.format("return x.unknown"), 6, "unknown"),
        (FORWARD.format("return x[:, :, 6]"), 6, "index"),
        (FORWARD.format("return super().forward(x[:, :, 0])"), 6, "shape"),
        (FORWARD.format("return self.forward(x)"), 6, "recursion"),
        ("def make():\n    return nn.Sequential(nn.Linear(6, 5), nn.Linear(4, 3))", 4, "shape"),
        ("def make():\n    import helper\n    return helper.make()", 2, "ZeroDivision"),
    ],
)
def test_what_a_users_code_raises_names_its_line(text, line, words, tmp_path, monkeypatch):
    (tmp_path / "net.py").write_text(TOP + text + "\n")
    (tmp_path / "helper.py").write_text("def make():\n    return 1 / 0\n")
    monkeypatch.chdir(tmp_path)
    for name in ("net", "helper"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(UserError) as raised:
        foreign_count("net:make", "TB", (5, 2, 6), None)
    file = "helper.py" if line == 2 else "net.py"
    assert f"{tmp_path / file}, line {line}: " in raised.value.problem
    assert words in raised.value.problem


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
def test_what_is_no_error_of_a_users_code_passes(error):
    class Stops(nn.Linear):
        def forward(self, x):
            raise error

    with pytest.raises(error):
        foreign_count(Stops(6, 4), "TB", (5, 2, 6), None)


def test_a_fault_of_ours_is_not_the_users(monkeypatch):
    def fail(call):
        raise ValueError("ours")

    monkeypatch.setattr("snnbench.cost.tracking.results", fail)
    with pytest.raises(ValueError, match="ours"):
        foreign_count(nn.Linear(6, 4), "TB", (5, 2, 6), None)


def test_a_model_that_cannot_be_copied_is_refused(tmp_path):
    class Holds(nn.Linear):
        def __deepcopy__(self, memo):
            raise TypeError("no copies")

    with pytest.raises(UserError, match="no copies"):
        foreign_count(Holds(6, 4), "TB", (5, 2, 6), None)


def test_the_innermost_line_of_a_users_is_named_and_none_of_a_librarys():
    def mine():
        json.loads("{")

    line = mine.__code__.co_firstlineno + 1
    with pytest.raises(UserError) as raised, users_code("It fails", "Mend it.", "somewhere"):
        mine()
    assert f"It fails: {__file__}, line {line}: JSONDecodeError" in raised.value.problem
