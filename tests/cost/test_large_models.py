"""Models of 224 x 224 images are counted in seconds, in memory of a few times what they take."""

import json
import subprocess
import sys
import time

import pytest

SCRIPT = """
import json, resource, sys, warnings
import torch
from snnbench.cost.foreign import count_model
from tests.cost import large

def most():  # megabytes; KiB on Linux
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

warnings.simplefilter("ignore")
torch.set_num_threads(1)
torch.manual_seed(0)
make, shape = sys.argv[1], json.loads(sys.argv[2])
model, x = getattr(large, make)(), torch.rand(shape)
with torch.no_grad():
    model(x)
before = most()
count = count_model(model, x, samples=shape[-4], spikes=False, measured=True)
parameters = sum(p.numel() for p in model.parameters())
print(json.dumps({"totals": count.totals(), "lower_bound": count.lower_bound,
                  "megabytes": most() - before, "parameters": parameters * 4 / 2**20,
                  "updates": sum(f.neuron_updates for f in count.facts)}))
"""


def counted(make, shape):
    if sys.platform != "linux":
        pytest.skip("memory is measured as Linux has it")
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, make, json.dumps(shape)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), time.monotonic() - begun


def test_a_resnet_18():
    found, seconds = counted("resnet18", [1, 3, 224, 224])
    # 1,814,073,344 of convolutions and the linear layer, and 2 an element of BatchNorm's.
    assert found["totals"]["dense_macs"] == 1_814_073_344 + 2 * 2_483_712
    assert found["totals"]["params"] == 11_689_512
    assert 0 < found["totals"]["effective_macs"] < 1_814_073_344
    assert not found["lower_bound"]
    assert found["megabytes"] < 400
    assert seconds < 120  # on a machine that does much else


def test_a_spiking_vgg_11():
    found, seconds = counted("spiking_vgg11", [2, 1, 3, 224, 224])
    T, norms = 2, 64 * 224**2 + 128 * 112**2 + 2 * 256 * 56**2 + 2 * 512 * 28**2 + 2 * 512 * 14**2
    assert found["totals"]["dense_macs"] == T * (7_609_090_048 + 2 * norms)
    assert found["totals"]["params"] == 132_868_840
    assert found["updates"] == T * (norms + 2 * 4096 + 1000)
    assert not found["lower_bound"]
    # A copy, and a few tensors of the size of the largest layer's output.
    assert found["megabytes"] < found["parameters"] + 1200
    assert seconds < 240
