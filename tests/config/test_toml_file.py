import tomllib

import pytest

from snnbench.config.toml_file import read_toml
from snnbench.config.toml_lines import key_lines
from snnbench.errors import UserError

DOCUMENT = '''\
title = "a # not a comment" # a comment = 1
long = """
lr = 1
[base]
ends in quotes"""""
raw = \'\'\'
[vary]
\\\'\'\'
"quoted.key \\u0041" = 'x = "1"'
day = 1979-05-27T07:32:00Z

[base]
lr = 0.1 # [vary]
  'T' = 5

[vary]
z = [ 1, # one
  2,

  { a = 1, "b" = [3] },
]
neuron.beta = 1

[variants.a]
lr = 0.2
vary = { beta = [1,2], z = "1:2:lin:2" }
[variants."b.c"]
lr = 0.3
vary = {}
[[claims]]
text = "one"
[claims.more]
x = 1
[[claims]]
text = "two"
[[claims.parts]]
y = 1
[[claims.parts]]
y = 2
[claims.more]
x = 2
'''

LINES = {
    ("title",): 1,
    ("long",): 2,
    ("raw",): 6,
    ("quoted.key A",): 9,
    ("day",): 10,
    ("base",): 12,
    ("base", "lr"): 13,
    ("base", "T"): 14,
    ("vary",): 16,
    ("vary", "z"): 17,
    ("vary", "z", 0): 17,
    ("vary", "z", 1): 18,
    ("vary", "z", 2): 20,
    ("vary", "z", 2, "a"): 20,
    ("vary", "z", 2, "b"): 20,
    ("vary", "z", 2, "b", 0): 20,
    ("vary", "neuron"): 22,
    ("vary", "neuron", "beta"): 22,
    ("variants", "a"): 24,
    ("variants", "a", "lr"): 25,
    ("variants", "a", "vary"): 26,
    ("variants", "a", "vary", "beta"): 26,
    ("variants", "a", "vary", "beta", 0): 26,
    ("variants", "a", "vary", "beta", 1): 26,
    ("variants", "a", "vary", "z"): 26,
    ("variants", "b.c"): 27,
    ("variants", "b.c", "lr"): 28,
    ("variants", "b.c", "vary"): 29,
    ("claims", 0): 30,
    ("claims", 0, "text"): 31,
    ("claims", 0, "more"): 32,
    ("claims", 0, "more", "x"): 33,
    ("claims", 1): 34,
    ("claims", 1, "text"): 35,
    ("claims", 1, "parts", 0): 36,
    ("claims", 1, "parts", 0, "y"): 37,
    ("claims", 1, "parts", 1): 38,
    ("claims", 1, "parts", 1, "y"): 39,
    ("claims", 1, "more"): 40,
    ("claims", 1, "more", "x"): 41,
}


def leaves(value, path=()):
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        if isinstance(inner, dict | list) and inner:
            yield from leaves(inner, (*path, key))
        else:
            yield (*path, key)


def test_every_key_has_the_line_on_which_it_stands():
    assert key_lines(DOCUMENT) == LINES


def test_no_leaf_of_the_document_is_without_a_line():
    assert set(leaves(tomllib.loads(DOCUMENT))) <= key_lines(DOCUMENT).keys()


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("\r\n[a]\r\nb = 1\r\n", ("a", "b"), 3),
        ('a = """x\\""" \nb = 1"""\nc = 2', ("c",), 3),
        ('a = ""\nb = \'\'\nc = """"""\nd = 1', ("d",), 4),
        ("a = [[1, 2],\n [3]]\nb = 1", ("b",), 3),
        ("a = [[1, 2],\n [3]]\nb = 1", ("a", 1, 0), 2),
        ("[ a . 'b' ]\nc . d = 1", ("a", "b", "c", "d"), 2),
        ("a=[{b=1},\n{b=2}]", ("a", 1, "b"), 2),
        ("# only\n\n", (), None),
    ],
)
def test_notations_of_toml_do_not_put_the_count_out(text, key, line):
    tomllib.loads(text)
    assert key_lines(text).get(key) == line


def test_a_missing_key_is_reported_at_the_table_it_is_missing_from(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("x = 1\n[[claims]]\ntext = 'a'\n")
    file = read_toml(path)
    assert file.where(("claims", 0, "kind")) == f"{path}, line 2"
    assert file.where(("nowhere",)) == f"{path}, line 1"
    error = file.error(("claims", 0, "text"), "it is wrong.", "Mend it.")
    assert str(error) == f"{path}, line 3: it is wrong.\nMend it."


def test_a_file_nested_beyond_measure_is_refused(tmp_path):
    path = tmp_path / "deep.toml"
    path.write_text("a = " + "[" * 100_000 + "]" * 100_000)
    with pytest.raises(UserError, match="nested too deeply"):
        read_toml(path)
