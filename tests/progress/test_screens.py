"""Where a sweep is drawn: a notebook's cell has one output, which is replaced."""

import sys
from types import ModuleType, SimpleNamespace

import pytest
from rich.text import Text

from snnbench.progress.screens import ConsoleScreen, NoScreen, NotebookScreen, screen_here


class Handle:
    """A cell's output."""

    def __init__(self):
        self.shown = []

    def display(self, bundle, *, raw, display_id):
        assert raw
        assert display_id
        self.shown.append(bundle)
        return self

    def update(self, bundle, *, raw):
        assert raw
        self.shown.append(bundle)


@pytest.fixture
def output(monkeypatch):
    handle = Handle()
    module, display = ModuleType("IPython"), ModuleType("IPython.display")
    module.get_ipython = lambda: SimpleNamespace(kernel=object())
    display.display = handle.display
    monkeypatch.setitem(sys.modules, "IPython", module)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    return handle


def test_a_notebook_has_bars_while_it_runs_and_then_what_was_said(output):
    screen = screen_here()
    assert isinstance(screen, NotebookScreen)
    with screen.shown(Text("3 of 9 [runs]")):
        screen.say("Notice: <made up>")
    screen.end("9 of 9 runs")
    during, after, last = (shown["text/plain"].split("\n")[:-1] for shown in output.shown)
    assert during == ["Notice: <made up>", "3 of 9 [runs]"]
    assert after == ["Notice: <made up>"]
    assert last == ["Notice: <made up>", "9 of 9 runs"]
    assert "Notice: &lt;made up&gt;" in output.shown[-1]["text/html"]
    assert output.shown[-1]["text/html"].startswith("<pre")


def test_a_notebook_is_drawn_anew_no_more_than_some_times_a_second(output):
    screen = NotebookScreen()
    with screen.shown(Text("bars")):
        screen.say("a line")
        for _ in range(1000):
            screen.refresh()
        drawn = len(output.shown)
    assert 1 <= drawn < 1000


@pytest.mark.parametrize("shell", [None, SimpleNamespace()])
def test_elsewhere_it_is_stderr(shell, output):
    sys.modules["IPython"].get_ipython = lambda: shell
    assert isinstance(screen_here(), ConsoleScreen)


def test_nowhere_nothing_is_said(capfd):
    screen = NoScreen()
    with screen.shown(Text("bars")):
        screen.say("a line")
        screen.refresh()
    screen.end("all")
    assert capfd.readouterr() == ("", "")
