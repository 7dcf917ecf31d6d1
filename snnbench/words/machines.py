"""Where and by what a run is computed."""

from snnbench.words.table import Table, Word

DEVICES = Table(
    "device",
    Word,
    (
        Word("auto", "a GPU if there is one, else the CPU"),
        Word("cpu", "the CPU"),
        Word("cuda", "a GPU"),
    ),
)

ENGINES = Table(
    "engine",
    Word,
    (
        Word("auto", "fast on a CPU, reference on a GPU"),
        Word("reference", "plain torch: modules, autograd, torch.optim"),
        Word("fast", "kernels that give the same numbers, up to rounding"),
        Word("numpy", "perceptrons without torch"),
    ),
)
