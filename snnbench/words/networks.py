"""Kinds of network, activations, and how weights are drawn."""

from snnbench.words.table import Table, Word

NETWORKS = Table(
    "model",
    Word,
    (
        Word(
            "ann",
            "ordinary network",
            uses=("activation",),
            otherwise="an ANN has neither spikes nor time steps",
            called="ANN",
        ),
        Word(
            "snn",
            "spiking network",
            uses=("encoding", "T", "neuron", "readout"),
            otherwise="the layers of an SNN spike; name a layer's own in arch, as in 64:relu",
            called="SNN",
        ),
    ),
)

ACTIVATIONS = Table(
    "activation",
    Word,
    (
        Word("relu", "max(0, x)", "torch.nn:ReLU", called="ReLU activation"),
        Word("sigmoid", "1 / (1 + exp(-x))", "torch.nn:Sigmoid", called="sigmoid activation"),
        Word("tanh", "hyperbolic tangent", "torch.nn:Tanh", called="tanh activation"),
        Word("linear", "x itself", "torch.nn:Identity", called="linear activation"),
    ),
)


def _init(name: str, meaning: str) -> Word:
    home = f"snnbench.network.initial:{name.replace('-', '_')}"
    return Word(name, meaning, home, called=f"{name.replace('-', ' ').capitalize()} init")


INITS = Table(
    "init",
    Word,
    (
        _init("default", "torch's own: uniform within 1 / sqrt(fan in), biases too"),
        _init("xavier-normal", "variance 2 / (fan in + fan out), biases 0"),
        _init("xavier-uniform", "variance 2 / (fan in + fan out), biases 0"),
        _init("kaiming-normal", "variance 2 / fan in, biases 0"),
        _init("kaiming-uniform", "variance 2 / fan in, biases 0"),
    ),
)
