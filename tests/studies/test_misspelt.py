"""A table that no study has is refused with the line on which it begins, not the file's first."""

import pytest

from snnbench.errors import UserError
from snnbench.studies.reading import read_study

ABOVE = "title = 'a'\nseeds = 2\n\n[base]\nlr = 0.1\n\n"  # six lines
CLAIM = "text = 'so'\nkind = 'below'\nvalue = 1\n"


@pytest.mark.parametrize(
    ("text", "line", "problem", "remedy"),
    [
        (f"[[claim]]\n{CLAIM}", 7, "unknown key 'claim'.", "Did you mean 'claims'?"),
        (f"[[claims]]\n{CLAIM}\n[[claim]]\n{CLAIM}", 12, "unknown key 'claim'.", "Did you mean"),
        (f"[[CLAIMS]]\n{CLAIM}", 7, "unknown key 'CLAIMS'.", "Did you mean 'claims'?"),
        ("[[publish]]\ntext = 'a'\n", 7, "unknown key 'publish'.", "Did you mean 'published'?"),
        ("[[publishd]]\ntext = 'a'\n", 7, "unknown key 'publishd'.", "Did you mean 'published'?"),
        ("[variant.a]\nz = 1\n", 7, "unknown key 'variant'.", "Did you mean 'variants'?"),
        ("[Variants.a]\nz = 1\n", 7, "unknown key 'Variants'.", "Did you mean 'variants'?"),
        ("[varry]\nz = [1]\n", 7, "unknown key 'varry'.", "Did you mean 'vary'?"),
        ("[bass.more]\nz = 1\n", 7, "unknown key 'bass'.", "Did you mean 'base'?"),
        ("[nothing.like.it]\nz = 1\n", 7, "unknown key 'nothing'.", "Choose one of: name"),
        ("\n[base.vary]\nz = [1]\n", 8, "base has no table 'vary'.", "Write [vary], not"),
        ("[base.varry]\nz = [1]\n", 7, "unknown table 'varry'.", "Did you mean 'vary'?"),
        ("[variants.a]\n[variants.a.varry]\n", 8, "unknown table 'varry'.", "Did you mean 'vary'?"),
        ("[variants.a.varry]\n", 7, "unknown table 'varry'.", "Did you mean 'vary'?"),
        ("[[variants]]\nz = 1\n", 7, "variants must be a table.", "Write [variants]"),
        ("[[variants.a]]\nz = 1\n", 7, "a must be a table.", "Write [variants.a] above its keys."),
        ("[[vary]]\nz = [1]\n", 7, "vary must be a table.", "Write [vary] above its keys."),
        ("[claims.a]\ntext = 'a'\n", 7, "claims must be tables.", "Write [[claims]] above each."),
        (f"[[claims]]\n{CLAIM}[claims.wher]\nz = 1\n", 11, "kind 'below' has no key 'wher'.",
         "Did you mean 'where'?"),
    ],
)  # fmt: skip
def test_it_names_its_line_and_what_was_meant(tmp_path, text, line, problem, remedy):
    path = tmp_path / "s.toml"
    path.write_text(ABOVE + text)
    with pytest.raises(UserError) as caught:
        read_study(path)
    assert caught.value.problem == f"{path}, line {line}: {problem}"
    assert caught.value.remedy.startswith(remedy)
