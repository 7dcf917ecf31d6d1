"""What the documents and `--help` say of claims holds of the program."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from snnbench.cli.studies import studies
from snnbench.studies.claims import KINDS
from snnbench.studies.reading import read_study

ROOT = Path(__file__).parents[2]
EXAMPLES = re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "claims.md").read_text(), re.DOTALL)
STUDY = "[vary]\nmodel = ['snn', 'ann']\n"


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_a_part_of_a_study(tmp_path, text):
    path = tmp_path / "s.toml"
    path.write_text(STUDY + text)
    study = read_study(path)
    assert len((*study.claims, *study.published)) == 1


def test_there_is_an_example_of_each_claim_in_one_direction():
    assert re.findall('kind = "(.*)"', "".join(EXAMPLES)) == ["not_worse", "at_most", "cheaper"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_in_readme_and_in_the_help(kind):
    assert f"`{kind}`" in (ROOT / "README.md").read_text()
    assert re.search(rf"\b{kind}\b", CliRunner().invoke(studies, ["--help"]).stdout)
