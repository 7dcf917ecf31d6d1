"""Where and by what a run is computed."""

from snnbench.words.table import Table, Word

DEVICES = Table(
    "device",
    Word,
    (
        Word(name="auto", meaning="a GPU if there is one, else the CPU"),
        Word(name="cpu", meaning="the CPU"),
        Word(name="cuda", meaning="a GPU"),
    ),
)

ENGINES = Table(
    "engine",
    Word,
    (
        Word(name="auto", meaning="fast on a CPU, reference on a GPU"),
        Word(name="reference", meaning="plain torch: modules, autograd, torch.optim"),
        Word(name="fast", meaning="kernels that give the same numbers, up to rounding"),
        Word(name="numpy", meaning="perceptrons without torch"),
    ),
)
