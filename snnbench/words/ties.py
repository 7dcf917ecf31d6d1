"""What a prediction is where several classes have the largest score."""

from snnbench.words.table import Table, Word

_HOME = "snnbench.training.hits"

TIES = Table(
    "rule for ties",
    Word,
    (
        Word(
            "share",
            "k equal scores count 1 / k each: chance, whatever the classes' names",
            f"{_HOME}:share",
        ),
        Word("first", "the first of equal classes is predicted, as argmax does", f"{_HOME}:first"),
    ),
)
