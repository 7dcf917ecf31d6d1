"""The GPU kernels against the reference: on a GPU, else under Triton's interpreter.

Without Triton all but one test are skipped. `pip install triton` (the version that torch's CUDA
builds name) is enough for the rest, except the CUDA graph.
"""

import importlib
import importlib.util
import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.errors import UserError
from tests.neurons import lif as reference
from tests.neurons.lif import make_surrogate

HAS_TRITON = importlib.util.find_spec("triton") is not None
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu":  # read when the kernels are made, so before their import
    os.environ["TRITON_INTERPRET"] = "1"
if HAS_TRITON:
    from snnbench.kernels import triton_scan as cuda

needs_triton = pytest.mark.skipif(not HAS_TRITON, reason="Triton is not installed")
needs_gpu = pytest.mark.skipif(DEVICE == "cpu" or not HAS_TRITON, reason="no GPU here")

SURROGATES = ["fast-sigmoid", "atan", "sigmoid", "s2nn"]
RESETS = ["subtract", "zero", "none"]

shapes = st.tuples(st.integers(1, 12), st.integers(1, 4), st.sampled_from([1, 5, 256, 300]))
neurons = st.fixed_dictionaries(
    {
        "reset": st.sampled_from(RESETS),
        "detach_reset": st.booleans(),
        "surrogate": st.sampled_from(SURROGATES),
        "alpha": st.sampled_from([None, 0.7, 3.0]),
    }
)


def draw(shape, seed, constant=False):
    """Return a current, gradients of spikes and membranes, and beta, v_th, z of the members.

    An even seed gives eighths, so that membranes meet the threshold exactly.
    """
    generator = torch.Generator().manual_seed(seed)
    current = torch.randn(shape[1:] if constant else shape, generator=generator) + 0.3
    grads = torch.randn(2, *shape, generator=generator)
    low, high = torch.tensor([[0.0, 0.3, 0.5], [1.3, 1.5, 30.0]])
    vectors = low + (high - low) * torch.rand(shape[1], 3, generator=generator)
    vectors[0, 0] = 0.0  # a member without memory
    if seed % 2 == 0:
        current, vectors = (8 * current).round() / 8, (8 * vectors).round() / 8
    beta, v_th, z = vectors.T.contiguous().to(DEVICE)
    return (
        current.to(DEVICE).requires_grad_(),
        grads.to(DEVICE),
        {"beta": beta, "v_th": v_th, "z": z},
    )


def by_reference(current, T, vectors, reset, detach_reset, surrogate, alpha):
    """Return S and U of every member by itself, stacked to [T, K, X]."""
    members = []
    for k in range(current.shape[-2]):
        beta, v_th, z = (float(vector[k]) for vector in vectors.values())
        members.append(
            reference.lif_scan(
                current[:, k] if current.dim() == 3 else current[k].expand(T, -1),
                beta=beta, v_th=v_th, reset=reset, detach_reset=detach_reset,
                spike=make_surrogate(surrogate, z, alpha),
            )[:2]
        )  # fmt: skip
    spikes, membranes = zip(*members, strict=True)
    return torch.stack(spikes, 1), torch.stack(membranes, 1)


def gradient(outputs, grads, current):
    return torch.autograd.grad(outputs, current, grads)[0]


def assert_within_rounding(ours, theirs, scale):
    """Compare gradients; errors are relative to the largest number on the way to a sum."""
    atol = 1e-5 * max(1.0, float(scale.abs().max()))
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=atol)


@needs_triton
@settings(deadline=None, max_examples=60)
@given(shape=shapes, neuron=neurons, read=st.sampled_from(["both", "spikes", "membranes"]),
       seed=st.integers(0, 999))  # fmt: skip
def test_equal_to_the_reference_member_by_member(shape, neuron, read, seed):
    current, grads, vectors = draw(shape, seed)
    ours = cuda.lif_scan(current, **vectors, T=shape[0], **neuron)
    theirs = by_reference(current, shape[0], vectors, **neuron)
    assert torch.equal(ours[0], theirs[0])
    assert torch.equal(ours[1], theirs[1])
    part = {"both": slice(0, 2), "spikes": slice(0, 1), "membranes": slice(1, 2)}[read]
    expected = gradient(theirs[part], list(grads[part]), current)
    found = gradient(ours[part], list(grads[part]), current)
    assert_within_rounding(found, expected, expected)


@needs_triton
@settings(deadline=None, max_examples=30)
@given(shape=shapes, neuron=neurons, seed=st.integers(0, 999))
def test_a_constant_current_has_the_gradient_summed_over_the_steps(shape, neuron, seed):
    current, grads, vectors = draw(shape, seed, constant=True)
    ours = cuda.lif_scan(current, **vectors, T=shape[0], **neuron)
    repeated = current.detach().expand(shape).clone().requires_grad_()
    theirs = by_reference(repeated, shape[0], vectors, **neuron)
    assert torch.equal(ours[0], theirs[0])
    assert torch.equal(ours[1], theirs[1])
    steps = gradient(theirs, list(grads), repeated)
    assert_within_rounding(gradient(ours, list(grads), current), steps.sum(0), shape[0] * steps)


@needs_triton
@pytest.mark.parametrize("reset", RESETS)
def test_a_member_has_the_same_bits_alone_and_in_a_cohort(reset):
    current, grads, vectors = draw((7, 4, 300), 1)
    options = {"T": 7, "reset": reset, "detach_reset": False, "surrogate": "fast-sigmoid"}
    together = cuda.lif_scan(current, **vectors, **options)
    together_grad = gradient(together, list(grads), current)
    for k in range(4):
        alone = current[:, k : k + 1].detach().clone().requires_grad_()
        outputs = cuda.lif_scan(alone, **{n: v[k : k + 1] for n, v in vectors.items()}, **options)
        own_grads = [grad[:, k : k + 1] for grad in grads]  # not contiguous
        assert torch.equal(outputs[0][:, 0], together[0][:, k])
        assert torch.equal(outputs[1][:, 0], together[1][:, k])
        assert torch.equal(gradient(outputs, own_grads, alone)[:, 0], together_grad[:, k])


@needs_triton
def test_numbers_stand_for_vectors_and_gradients_flow_only_where_they_are_wanted():
    current, _, _ = draw((4, 3, 5), 2)
    options = {"T": 4, "reset": "zero", "detach_reset": True, "surrogate": "fast-sigmoid"}
    vectors = {name: torch.full((3,), value, device=DEVICE) for name, value in
               {"beta": 0.9, "v_th": 0.7, "z": 5.0}.items()}  # fmt: skip
    expected = cuda.lif_scan(current, **vectors, **options)
    found = cuda.lif_scan(current.detach(), beta=0.9, v_th=0.7, z=5.0, **options)
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1], expected[1])
    assert [x.requires_grad for x in (*expected, *found)] == [True, True, False, False]


@needs_triton
def test_what_the_kernels_cannot_do_is_refused():
    def scan(current, beta=0.9, surrogate="atan", T=4):
        cuda.lif_scan(current, beta=beta, v_th=1.0, z=2.0, T=T, reset="zero", detach_reset=False,
                      surrogate=surrogate)  # fmt: skip

    current = torch.zeros(4, 3, 5, device=DEVICE)
    with pytest.raises(UserError, match="'erf' has no GPU kernel"):
        scan(current, surrogate="erf")
    with pytest.raises(AssertionError, match="contiguous"):
        scan(current.transpose(1, 2))
    with pytest.raises(AssertionError, match="float32"):
        scan(current.double())
    with pytest.raises(AssertionError, match="T, K, X"):
        scan(current, T=5)
    with pytest.raises(AssertionError, match="one value a member"):
        scan(current, beta=torch.ones(4, device=DEVICE))
    with pytest.raises(AssertionError, match="no gradient"):
        scan(current, beta=torch.ones(3, device=DEVICE, requires_grad=True))


def test_without_triton_the_import_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "triton", None)  # as if it were not there
    monkeypatch.delitem(sys.modules, "snnbench.kernels.triton_scan", raising=False)
    with pytest.raises(UserError, match="need Triton"):
        importlib.import_module("snnbench.kernels.triton_scan")


@needs_triton
def test_a_second_derivative_is_refused():
    current, _, vectors = draw((2, 1, 5), 3)
    options = {"T": 2, "reset": "none", "detach_reset": False, "surrogate": "atan"}
    spikes, _ = cuda.lif_scan(current, **vectors, **options)
    grad = torch.ones_like(spikes).requires_grad_()
    (first,) = torch.autograd.grad(spikes, current, grad, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.sum().backward()


@needs_triton
def test_default_alphas_are_spikingjellys():
    theirs = {name: make_surrogate(name, 0, None).alpha for name in cuda.DEFAULT_ALPHA}
    assert theirs == cuda.DEFAULT_ALPHA
    assert sorted(cuda.SURROGATES) == sorted(SURROGATES)


@needs_triton
def test_the_kernels_are_ready_to_run_here():
    assert cuda.available()


# The compiler for real GPUs needs none. A stand-in for the driver names one, and every launch
# stops after compiling. The machine code must not fuse products and sums: spikes would differ.
COMPILE = """
from types import SimpleNamespace
import torch
from triton.backends.compiler import GPUTarget
from triton.runtime import JITFunction, driver
from snnbench.kernels import triton_scan as cuda

driver.set_active(SimpleNamespace(
    get_current_device=lambda: 0,
    get_current_stream=lambda device: 0,
    get_current_target=lambda: GPUTarget("cuda", 90, 32),
))
run, compiled = JITFunction.run, []

def compile_only(self, *args, warmup, **options):
    compiled.append(run(self, *args, warmup=True, **options).asm)

JITFunction.run = compile_only
print(cuda.available(), torch.cuda.is_available())
# Numbers that are 1 or multiples of 16 get code of their own.
for shape, reset, surrogate, detach in [
    ((5, 2, 48), "subtract", "fast-sigmoid", False),
    ((5, 48), "zero", "atan", False),
    ((1, 1, 1), "none", "sigmoid", False),
    ((1, 1), "zero", "s2nn", True),
    ((16, 3, 5), "subtract", "s2nn", True),
]:
    current = torch.zeros(shape, requires_grad=True)
    outputs = cuda.lif_scan(current, beta=0.9, v_th=1.0, z=2.0, T=shape[0], reset=reset,
                            detach_reset=detach, surrogate=surrogate)
    grads = [torch.zeros_like(output) for output in outputs]
    for part in [slice(0, 2), slice(0, 1), slice(1, 2)]:
        torch.autograd.grad(outputs[part], current, grads[part], retain_graph=True)
for asm in compiled:
    words = asm["ptx"].split()
    print(".target", words[words.index(".target") + 1], len(asm["cubin"]) > 0,
          [word for word in words if word.startswith(("fma.", "mad.rn"))])
"""


@needs_triton
def test_the_gpu_compiler_takes_every_kernel_and_fuses_nothing(tmp_path):
    environment = os.environ | {"TRITON_CACHE_DIR": str(tmp_path)}
    environment.pop("TRITON_INTERPRET", None)
    command = [sys.executable, "-c", COMPILE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    gpu = torch.cuda.is_available()
    assert done.stdout.splitlines() == [f"{gpu} {gpu}"] + [".target sm_90a True []"] * 20
