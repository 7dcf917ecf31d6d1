"""`snnbench flops --model-from`: what cannot be counted, and what is counted in part."""

import json

import numpy as np
import pytest

from tests.cli.test_flops import NET, totals


def test_totals_that_leave_something_out_say_that_they_are_lower_bounds(snnbench, tmp_path):
    (tmp_path / "net.py").write_text(
        "from torch import nn\n"
        "def make():\n"
        "    class Own(nn.Bilinear):\n"
        "        def forward(self, x): return super().forward(x, x)\n"
        "    return nn.Sequential(nn.Linear(6, 4), Own(4, 4, 4), nn.Dropout(), nn.Linear(4, 3))\n"
    )
    model = ("flops", "--model-from", "net:make", "--input-shape", "3,6", "--layout", "B")
    done = snnbench(*model)
    assert done.returncode == 0
    for name in ("flops_lab", "dense_macs"):
        assert f"{name}, at least" in done.stdout
    assert "aten::_trilinear in Own" in done.stdout
    assert "training mode" in done.stderr
    document = json.loads(snnbench(*model, "--json").stdout)
    assert document["lower_bound"] is True
    assert document["uncounted"] == {"aten::_trilinear in Own": 1}
    assert "Dropout" in document["notes"][0]
    (tmp_path / "net.py").write_text(NET)
    plain = ("flops", "--model-from", "net:make", "--input-shape", "5,2,6")
    assert "at least" not in snnbench(*plain).stdout
    assert json.loads(snnbench(*plain, "--json").stdout)["lower_bound"] is False


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("def make(:", 1, "SyntaxError"),
        ("import sys\nsys.exit(0)", 2, "SystemExit"),
        ("import sys\ndef make():\n    sys.exit()", 3, "SystemExit"),
        (NET.replace("nn.Linear(4, 3)", "nn.Linear(5, 3)"), 5, "shapes cannot be multiplied"),
    ],
)
def test_what_a_users_code_raises_names_its_line(text, line, words, snnbench, tmp_path):
    (tmp_path / "net.py").write_text(text + "\n")
    done = snnbench("flops", "--model-from", "net:make", "--input-shape", "5,2,6")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert f"{tmp_path / 'net.py'}, line {line}" in done.stderr
    assert words in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model-from", "net"], "MODULE:FUNCTION"),
        (["--model-from", "nonet:make"], "nonet"),
        (["--model-from", "net:mak"], "mak"),
        (["--model-from", "net:number"], "int"),
        (["--model-from", "net:make", "--layout", "B"], "batch"),
    ],
)
def test_a_users_model_that_cannot_be_had_is_refused(arguments, words, snnbench, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    done = snnbench("flops", *arguments, "--input-shape", "7")
    assert done.returncode == 2
    assert words in done.stderr


MAKE = "import torch\nfrom torch import nn\ndef make():\n    return {}\n"
STEPS = "from spikingjelly.activation_based import layer\n" + MAKE


@pytest.mark.parametrize(
    ("text", "shape", "words"),
    [
        (MAKE.format("nn.Linear(6, 4)"), "3,5", "model takes 6 values on the last axis."),
        (
            MAKE.format("nn.Sequential(nn.Flatten(), nn.Linear(6, 4))"), "3,5",
            "1 takes 6 values on the last axis.",
        ),
        (
            MAKE.format("nn.Sequential(nn.Conv2d(3, 4, 3))"), "3,8,8,3",
            "0 takes 3 channels, before 2 axes of space.",
        ),
        (
            MAKE.format("nn.Sequential(nn.BatchNorm1d(4), nn.Linear(6, 3))"), "3,6",
            "0 takes 4 channels, after the batch axis.",
        ),
        (MAKE.format("nn.LSTM(6, 3)"), "3,2,5", "model takes 6 values on the last axis."),
        (
            MAKE.format("nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 2))"), "3,5",
            "0 takes indices, whole numbers from 0 to 8 (--input-kind indices).",
        ),
        (
            STEPS.format("nn.Sequential(layer.Conv2d(1, 4, 3, step_mode='m'))"), "3,1,8,8",
            "0 takes 1 channels, before 2 axes of space.",
        ),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_refused_with_what_was_expected(text, shape, words, snnbench, tmp_path):
    (tmp_path / "net.py").write_text(text)
    done = snnbench("flops", "--model-from", "net:make", "--input-shape", shape, "--layout", "B")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"does not run on an input of shape ({shape.replace(',', ', ')})" in done.stderr
    assert words in " ".join(done.stderr.split())
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return None", "returned NoneType, not a torch.nn.Module"),
        ("return nn.Linear", "returned type, not a torch.nn.Module"),
        ("return torch.rand(3)", "returned Tensor, not a torch.nn.Module"),
        ("return [nn.Linear(6, 4)]", "returned list, not a torch.nn.Module"),
        ("raise RuntimeError('no weights')", "line 5: RuntimeError: no weights"),
        ("return nn.ReLU()", "calls no layer that multiplies"),
        ("return nn.CosineSimilarity()", "does not run"),
        ("m = nn.Linear(6, 4)\n    m.reset = lambda: 1 / 0\n    return m", "cannot be reset"),
    ],
)
def test_what_a_function_gives_that_cannot_be_counted_is_refused(body, words, snnbench, tmp_path):
    (tmp_path / "net.py").write_text(
        f"import torch\nfrom torch import nn\n\ndef make():\n    {body}\n"
    )
    done = snnbench("flops", "--model-from", "net:make", "--input-shape", "3,6", "--layout", "B")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert words in " ".join(done.stderr.split())


def test_samples_that_pass_a_layer_unequally_are_refused(snnbench, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    done = snnbench("flops", "--model-from", "net:make", "--input-shape", "5,2,6", "--layout", "TB")
    assert done.returncode == 0
    (tmp_path / "net.py").write_text(
        "from torch import nn\nclass Skips(nn.Module):\n    def __init__(self):\n"
        "        super().__init__()\n        self.fc = nn.Linear(6, 4)\n"
        "    def forward(self, x):\n        return self.fc(x[:1])\n"
        "def make():\n    return Skips()\n"
    )
    done = snnbench("flops", "--model-from", "net:make", "--input-shape", "3,6", "--layout", "B")
    assert (done.returncode, "applied 1 times to 3 samples" in done.stderr) == (2, True)


def test_indices_reach_an_embedding_as_whole_numbers(snnbench, tmp_path):
    (tmp_path / "net.py").write_text(
        MAKE.format("nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(20, 2))")
    )
    np.save(tmp_path / "tokens.npy", np.random.default_rng(0).integers(0, 9, (3, 5)))
    model = ("flops", "--model-from", "net:make", "--layout", "B", "--input-kind", "indices")
    for given in (("--input-shape", "3,5"), ("--input", "tokens.npy")):
        assert totals(snnbench(*model, *given, "--json"))["dense_macs"] == 40
    np.save(tmp_path / "halves.npy", np.full((3, 5), 0.5))
    refused = snnbench(*model, "--input", "halves.npy")
    assert (refused.returncode, "no indices" in refused.stderr) == (2, True)


def test_a_models_firing_rates_are_printed(snnbench, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    np.save(tmp_path / "x.npy", np.random.default_rng(0).random((5, 2, 6)))
    model = ("flops", "--model-from", "net:make", "--input", "x.npy", "--json")
    document = json.loads(snnbench(*model).stdout)
    assert 0 <= document["totals"]["firing_rate"] <= 1
    assert [row["neuron_updates"] for row in document["layers"]] == [20, 0]
