"""The LIF neurons as a function, for tests that compare with them."""

from types import SimpleNamespace

from snnbench.neurons.lif import LIF
from snnbench.neurons.make import make_surrogate as _make


def make_surrogate(name, z, alpha):
    """Return a surrogate by its name."""
    return _make(SimpleNamespace(surrogate=name, z=z, surrogate_alpha=alpha))


def lif_scan(current, *, beta, v_th, reset, detach_reset, spike, v=None):
    """Return spikes and membranes [T, ...], and the last membrane after the reset."""
    node = LIF(
        beta=beta, v_th=v_th, reset=reset, detach_reset=detach_reset, surrogate=spike,
        record_membrane=True,
    )  # fmt: skip
    if v is not None:
        node.v = v
    spikes = node(current)
    return spikes, node.membrane, node.v
