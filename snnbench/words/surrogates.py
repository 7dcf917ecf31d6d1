"""Surrogate derivatives: what stands for dS/dU.

Each is a class of SpikingJelly's kind; the settings it uses are the arguments it is made with,
without the prefix "surrogate_", and a value of None leaves the class its own default.
"""

from snnbench.words.table import Table, Word


def _spikingjelly(name: str, attribute: str) -> Word:
    return Word(
        name,
        f"SpikingJelly's {attribute}",
        f"spikingjelly.activation_based.surrogate:{attribute}",
        uses=("surrogate_alpha",),
    )


SURROGATES = Table(
    "surrogate",
    Word,
    (
        Word(
            "fast-sigmoid",
            "1 / (1 + z |x|)^2 (Zenke and Ganguli 2018)",
            "snnbench.neurons.fast_sigmoid:FastSigmoid",
            uses=("z",),
            otherwise="fast-sigmoid has the slope z",
        ),
        _spikingjelly("atan", "ATan"),
        _spikingjelly("sigmoid", "Sigmoid"),
        _spikingjelly("s2nn", "S2NN"),
        _spikingjelly("erf", "Erf"),
        _spikingjelly("piecewise-exp", "PiecewiseExp"),
        _spikingjelly("piecewise-quadratic", "PiecewiseQuadratic"),
        _spikingjelly("soft-sign", "SoftSign"),
        _spikingjelly("super-spike", "SuperSpike"),
        _spikingjelly("q-pseudo-spike", "QPseudoSpike"),
        _spikingjelly("rect", "Rect"),
    ),
)
