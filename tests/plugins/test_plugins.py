"""What a plug-in may not do, and what is said of it."""

import pytest

from snnbench import plugins
from snnbench.config import RunConfig
from snnbench.config.setting import SETTINGS
from snnbench.errors import UserError

TABLES = "from snnbench.words.{0} import {1}\n"
REFUSED = [
    ("import nowhere_to_be_found\n", 1, "ModuleNotFoundError"),
    ("x = 1\nx =\n", 2, "SyntaxError"),
    ("x = 1\n\nraise SystemExit(3)\n", 3, "SystemExit"),
    ("1 / 0\n", 1, "ZeroDivisionError"),
    (TABLES.format("losses", "LOSSES") + "@LOSSES.add('mse', 'again')\ndef f(s, y, w, c): ...\n",
     2, "There is a loss 'mse' already"),
    (TABLES.format("losses", "LOSSES") + "@LOSSES.add('own', 'mine')\ndef f(scores): ...\n",
     2, "cannot be called as one is"),
    (TABLES.format("encodings", "ENCODINGS")
     + "@ENCODINGS.add('own', 'mine', gives='spikes')\ndef f(x, T): ...\n", 2, "cannot be called"),
    (TABLES.format("readouts", "READOUTS") + "@READOUTS.add('own', 'mine')\ndef f(): ...\n",
     2, "cannot be called"),
    (TABLES.format("optimizers", "OPTIMIZERS") + "@OPTIMIZERS.add('own', 'mine')\ndef f(p): ...\n",
     2, "cannot be called"),
    (TABLES.format("datasets", "DATASETS") + "@DATASETS.add('own', 'mine')\ndef f(path): ...\n",
     2, "cannot be loaded"),
    (TABLES.format("conventions", "CONVENTIONS")
     + "@CONVENTIONS.add('own', 'mine', unit='', formula='', source='')\ndef f(a, b): ...\n",
     2, "cannot be called"),
    (TABLES.format("neurons", "NEURONS")
     + "@NEURONS.add('own', 'mine', uses=('v_th',))\nclass Own:\n    states = ('v',)\n",
     2, "has no step"),
    (TABLES.format("neurons", "NEURONS")
     + "@NEURONS.add('own', 'mine', uses=('v_th',))\nclass Own:\n    states = ('v', 'i')\n"
     "    def step(self, current, v): ...\n", 2, "has no step"),
    ("from snnbench.words.table import Bounds\n" + TABLES.format("losses", "LOSSES")
     + "@LOSSES.add('own', 'mine', bounds={'z': Bounds(gt=1)})\ndef f(s, y, w, c): ...\n",
     3, "has bounds of z, which it does not use"),
    ("from snnbench.plugins import add_setting\nadd_setting('beta', 1.0, 'leak', group='x')\n",
     2, "'beta' cannot name a new setting"),
    ("from snnbench.plugins import add_setting\nadd_setting('own', [1], 'list', group='x')\n",
     2, "The default of 'own'"),
    ("from snnbench.plugins import add_setting\n"
     "add_setting('own', 1.0, 'first', group='x')\nadd_setting('own', 1.0, 'again', group='x')\n",
     3, "'own' cannot name a new setting"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), REFUSED)
def test_what_cannot_be_is_refused_with_its_line_and_nothing_of_it_stays(
    text, line, words, tmp_path
):
    before = [set(table) for table in plugins.TABLES], list(SETTINGS)
    path = tmp_path / "own.py"
    path.write_text(text)
    with pytest.raises(UserError) as refused:
        plugins.load(path)
    assert refused.value.problem.startswith(f"{path}, line {line}: ")
    assert words in refused.value.problem
    assert ([set(table) for table in plugins.TABLES], list(SETTINGS)) == before
    assert "own" not in RunConfig.model_fields


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        plugins.load(tmp_path / "nowhere.py")


def test_what_fails_later_takes_back_what_came_before(tmp_path):
    path = tmp_path / "half.py"
    path.write_text(
        TABLES.format("losses", "LOSSES") + "from snnbench.plugins import add_setting\n"
        "add_setting('own', 1.0, 'mine', group='x')\n"
        "@LOSSES.add('own', 'mine')\ndef f(scores, y, wanted, config): ...\n1 / 0\n"
    )
    with pytest.raises(UserError, match="line 6: ZeroDivisionError"):
        plugins.load(path)
    with pytest.raises(UserError, match="Unknown setting 'own'"):
        RunConfig(own=2.0)
    with pytest.raises(UserError, match="'own' is not known"):
        RunConfig(loss="own")


def test_a_word_of_a_plug_in_that_failed_can_be_added_anew_with_other_uses(tmp_path):
    path = tmp_path / "mended.py"
    text = TABLES.format("losses", "LOSSES") + (
        "from snnbench.config import RunConfig\n"
        "@LOSSES.add('own', 'mine', uses={0})\ndef f(scores, y, wanted, config): ...\n"
        "RunConfig(loss='own'{1})\n"
    )
    path.write_text(text.format("()", "") + "1 / 0\n")
    with pytest.raises(UserError, match="ZeroDivisionError"):
        plugins.load(path)
    path.write_text(text.format("('temperature',)", ", temperature=3.0"))
    plugins.load(path)
    assert RunConfig(loss="own", temperature=2.0).temperature == 2.0


def test_a_word_of_a_plug_in_says_which_numbers_it_takes(tmp_path):
    path = tmp_path / "bounded.py"
    path.write_text(
        "from snnbench.words.table import Bounds\n" + TABLES.format("losses", "LOSSES")
        + "@LOSSES.add('own', 'mine', uses=('temperature',),"
        " bounds={'temperature': Bounds(gt=1, le=5)})\n"
        "def f(scores, y, wanted, config): ...\n"
    )  # fmt: skip
    plugins.load(path)
    assert RunConfig(loss="own", temperature=5).temperature == 5
    with pytest.raises(UserError, match="temperature must be greater than 1 and at most 5"):
        RunConfig(loss="own", temperature=1)
