"""Tables as LaTeX: whole, escaped, with units, and pdfTeX takes them."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from snnbench.report.page.latex import HEAD, to_latex
from snnbench.report.page.merging import merged
from snnbench.report.page.render import to_document
from snnbench.report.page.summary import summarise
from snnbench.report.page.tables import section_tables
from snnbench.report.page.tex import math, slug, tex
from snnbench.report.reading.source import load
from tests.report.samples import Made

NASTY = r"a_b 100% \input{x} $x$ #1 ~ ^ <b> | [z] *i* -- '' ,, \\ & “q” é ± Ł 漢字 👾 `v`"


class Latex:
    """A fragment of LaTeX, taken apart strictly.

    Attributes:
        tables: of each tabular or longtable its rows, of each row its cells as LaTeX.
        labels: in their order.
    """

    def __init__(self, text):
        self.labels, self.tables, self.open = [], [], []
        self._check_braces(text)
        for found in re.finditer(r"\\(begin|end)\{(\w+)\}", text):
            if found[1] == "begin":
                self.open.append(found[2])
            else:
                assert self.open.pop() == found[2]
        assert not self.open
        self.labels = re.findall(r"\\label\{tab:([^}]*)\}", text)
        assert all(re.fullmatch(r"[a-z0-9-]+", label) for label in self.labels)
        assert len(self.labels) == text.count(r"\caption{") == len(set(self.labels))
        for kind, body in re.findall(r"\\begin\{(table|longtable)\}(.*?)\\end\{\1\}", text, re.S):
            first = r"\endfoot" if kind == "longtable" else r"\midrule"
            lines = body.partition(f"{first}\n")[2].partition(r"\bottomrule")[0].splitlines()
            rows = [self._cells(line) for line in lines]
            (head,) = set(re.findall(r"\\toprule\n(.*)\n", body))
            assert {len(row) for row in rows} == {1 + len(re.findall(r"(?<!\\)&", head))}
            self.tables.append(rows)

    @staticmethod
    def _check_braces(text):
        depth = 0
        for found in re.finditer(r"\\.|[{}]|%[^\n]*", text, re.S):
            depth += {"{": 1, "}": -1}.get(found[0], 0)
            assert depth >= 0
        assert depth == 0

    @staticmethod
    def _cells(line):
        assert line.endswith(r" \\")
        cells = re.split(r"(?<!\\)&", line.removesuffix(r" \\"))
        for cell in cells:
            check_escaped(cell.strip())
        return [cell.strip() for cell in cells]


_PRINTED = re.compile(
    r"\\[{}$&#_%]|\\text[a-z]+\{\}|\\(?:char34|ldots|allowbreak)\{\}|\{[\[\]*]\}"
    r"|\\snnbenchchar\{.\}\{[0-9A-F]{4,6}\}"
    r"|\$(?:\^2|\^\\circ|\\[a-z]+|-?[0-9.{},]+(?: \\(?:pm|times) (?:10\^\{-?\d+\}|[0-9.{},]+))*)\$"
    r"|-\{\}(?=-|\\allow)|'\{\}(?='|\\allow)|,\{\}(?=,|\\allow)"
    r"|(?!--|''|,,)[^\\{}$&#_%~^<>|`\"*\[\]]"
)


def check_escaped(cell):
    """Refuse what LaTeX would not print as it is: all must be characters, or escapes of ours."""
    end = 0
    while found := _PRINTED.match(cell, end):
        end = found.end()
    assert end == len(cell), cell[end:]


@pytest.fixture
def report(tmp_path):
    made = Made()
    for k, beta in enumerate((0.2, 0.9)):
        made.runs("test_accuracy", [0.7 + k / 10, 0.712 + k / 10, 0.709 + k / 10], beta=beta)
    made.run(0, variant=NASTY, status="failed", error=NASTY)
    return summarise(load([made.write(tmp_path)]), {}, with_figures=False)


def test_every_table_of_the_report_is_there_with_all_its_cells(report):
    (section,) = report.sections
    tables = section_tables(section)
    written = to_latex(report)
    assert len(written) >= len(tables) > 3
    for table in tables:
        name = slug(f"made-up {table.title}")
        parts = [text for key, text in written.items() if re.fullmatch(rf"{name}(-\d+)?", key)]
        rows = [Latex(part).tables[0] for part in parts]
        names, cells = merged(table.header, table.rows)
        assert sum(len(part[0]) - 1 for part in rows) + 1 == len(names)
        assert max(len(part) for part in rows) == len(cells)
    whole = Latex("\n".join([HEAD, *written.values()]))
    assert whole.labels == list(written)


def test_a_number_with_its_interval_is_one_cell_in_math_under_a_header_with_its_unit(report):
    text = "".join(to_latex(report).values())
    assert re.search(r"\$0\.70\d \\pm 0\.0\d+\$", text)
    heads = " ".join(re.findall(r"\\toprule\n(.*)\n", text))
    assert "test accuracy" in heads
    assert r"training, \\ s" in heads
    assert "/sample" in text
    assert "half the 95\\,\\% interval" in text


def test_a_long_table_is_a_longtable_and_a_wide_one_several(tmp_path):
    made = Made()
    for k in range(60):
        made.run(0, lr=1.0 + k, test_accuracy=k / 100, val_accuracy=0.5, train_accuracy=0.5,
                 max_test_accuracy=0.9, test_loss=1.0, silent_fraction=0.5, saturated_fraction=0.0,
                 effective_macs=5.0, effective_acs=6.0)  # fmt: skip
    report = summarise(load([made.write(tmp_path)]), {}, with_figures=False)
    written = to_latex(report)
    parts = {k: v for k, v in written.items() if k.startswith("made-up-results-by-configuration")}
    assert len(parts) > 1
    for text in parts.values():
        assert r"\begin{longtable}" in text
        assert r"\endhead" in text
        assert [row[0] for row in Latex(text).tables[0]] == [f"lr={1 + k}" for k in range(60)]


@example(NASTY)
@given(st.text(max_size=60))
def test_any_text_is_escaped(text):
    check_escaped(tex(text))


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=60))
def test_all_characters_are_there_once_the_escapes_are_undone(text):
    found = re.sub(r"\\snnbenchchar\{(.)\}\{[0-9A-F]+\}", r"\1", tex(text))
    found = found.replace(r"\allowbreak{}", "")
    for name, character in (
        ("textbackslash", "\\"), ("textasciitilde", "~"), ("textasciicircum", "^"),
        ("textless", "<"), ("textgreater", ">"), ("textbar", "|"), ("textasciigrave", "`"),
        ("char34", '"'), ("textendash", "–"), ("textemdash", "—"), ("ldots", "…"),
        ("textquoteleft", "‘"), ("textquoteright", "’"), ("textquotedblleft", "“"),
        ("textquotedblright", "”"),
    ):  # fmt: skip
        found = found.replace(rf"\{name}{{}}", f"\0{ord(character)};")
    for escaped, character in (
        (r"$\pm$", "±"), (r"$\times$", "×"), (r"$\mu$", "µ"), (r"$^\circ$", "°"), ("$^2$", "²"),
        (r"$\cdot$", "·"), (r"$\leq$", "≤"), (r"$\geq$", "≥"), (r"$\rightarrow$", "→"),
        ("{[}", "["), ("{]}", "]"), ("{*}", "*"),
    ):  # fmt: skip
        found = found.replace(escaped, f"\0{ord(character)};")
    found = re.sub(r"([-',])\{\}", r"\1", found)
    found = re.sub(r"\\([{}$&#_%])", r"\1", found)
    found = re.sub("\0(\\d+);", lambda code: chr(int(code[1])), found)
    assert found == " ".join(text.split())


@pytest.mark.parametrize(
    ("number", "written"),
    [("0.918 ±0.006", r"$0.918 \pm 0.006$"), ("209,900", "$209{,}900$"), ("-0.5", "$-0.5$"),
     ("1.235e-05", r"$1.235 \times 10^{-5}$"), ("2e+12", r"$2 \times 10^{12}$")],
)  # fmt: skip
def test_numbers_are_math(number, written):
    assert math(number) == written


def test_text_of_json_and_latex_is_of_the_same_configurations(report):
    names = [c["name"] for s in to_document(report)["studies"] for c in s["configurations"]]
    text = "".join(to_latex(report).values())
    assert all(tex(name) in text for name in names)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no pdflatex")
def test_pdflatex_takes_it(report, tmp_path):
    odd = replace(report, sections=(replace(report.sections[0], name=NASTY),))
    tables = "\n".join([HEAD, *to_latex(report).values(), *to_latex(odd).values()])
    (tmp_path / "tables.tex").write_text(tables, encoding="utf-8")
    (tmp_path / "main.tex").write_text(
        "\\documentclass{article}\n\\usepackage{array,booktabs,longtable}\n\\begin{document}\n"
        f"\\input{{tables}}\n{tex(NASTY)}\n\\end{{document}}\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "main.tex"],
        cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert (tmp_path / "main.pdf").read_bytes().startswith(b"%PDF")
