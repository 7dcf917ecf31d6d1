"""What a prediction is where several classes have the largest score."""

from snnbench.words.table import Table, Word

_HOME = "snnbench.training.hits:Hits"

TIES = Table(
    "rule for ties",
    Word,
    (
        Word(
            "share", "k equal scores count 1 / k each: chance, whatever the classes' names", _HOME
        ),
        Word("first", "the first of equal classes is predicted, as argmax does", _HOME),
    ),
)
