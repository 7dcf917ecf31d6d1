"""Surrogate derivatives: what stands for dS/dU.

Each is a class of SpikingJelly's kind; the settings it uses are the arguments it is made with,
without the prefix "surrogate_", and a value of None leaves the class its own default.
"""

from snnbench.words.table import Bounds, Table, Word

# Beyond, 32 bits do not hold what the formulas are made of: soft-sign divides by alpha, all others
# have it as a factor, piecewise-quadratic its square.
_ALPHA = Bounds(ge=1e-6, le=1e6)
# (1 + 2 |x| / (alpha - 1))^-alpha; for a large alpha 32 bits take the base for 1.
_Q = Bounds(gt=1, le=1000)


def _spikingjelly(name: str, attribute: str, alpha: Bounds = _ALPHA) -> Word:
    return Word(
        name,
        f"SpikingJelly's {attribute}",
        f"spikingjelly.activation_based.surrogate:{attribute}",
        uses=("surrogate_alpha",),
        bounds={"surrogate_alpha": alpha},
        called=f"{attribute} surrogate",
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
            called="fast sigmoid surrogate",
            latex=r"\partial S / \partial U = (1 + z |U - V_\mathrm{th}|)^{-2}",
        ),
        _spikingjelly("atan", "ATan"),
        _spikingjelly("sigmoid", "Sigmoid"),
        _spikingjelly("s2nn", "S2NN"),
        _spikingjelly("erf", "Erf"),
        _spikingjelly("piecewise-exp", "PiecewiseExp"),
        _spikingjelly("piecewise-quadratic", "PiecewiseQuadratic"),
        _spikingjelly("soft-sign", "SoftSign"),
        _spikingjelly("super-spike", "SuperSpike"),
        _spikingjelly("q-pseudo-spike", "QPseudoSpike", _Q),
        _spikingjelly("rect", "Rect"),
    ),
)
