"""Kinds of network, activations, and how weights are drawn."""

from snnbench.words.table import Table, Word

NETWORKS = Table(
    "model",
    Word,
    (
        Word(
            name="ann",
            meaning="ordinary network",
            uses=("activation",),
            otherwise="an ANN has neither spikes nor time steps",
        ),
        Word(
            name="snn",
            meaning="spiking network",
            uses=("encoding", "T", "neuron", "readout"),
            otherwise="the layers of an SNN spike; name a layer's own in arch, as in 64:relu",
        ),
    ),
)

ACTIVATIONS = Table(
    "activation",
    Word,
    (
        Word(name="relu", meaning="max(0, x)", home="torch.nn:ReLU"),
        Word(name="sigmoid", meaning="1 / (1 + exp(-x))", home="torch.nn:Sigmoid"),
        Word(name="tanh", meaning="hyperbolic tangent", home="torch.nn:Tanh"),
        Word(name="linear", meaning="x itself", home="torch.nn:Identity"),
    ),
)


def _init(name: str, meaning: str) -> Word:
    home = f"snnbench.network.initial:{name.replace('-', '_')}"
    return Word(name=name, meaning=meaning, home=home)


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
