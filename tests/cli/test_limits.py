"""Sizes beyond measure are refused with the limit, before anything is made or written."""

import numpy as np
import pytest

NET = "from torch import nn\ndef make():\n    return nn.Linear(3, 2)\n"
DIGITS = "9" * 5000
LIMITS = [
    (["train", "--arch", f"{DIGITS}-10"], "a layer of 5,000 characters"),
    (["train", "--arch", "-".join(["1"] * 4000 + ["10"])], "4,001 layers.\nGive it 256"),
    (["train", "--arch", "1000000-1000000-10", "--out", "o"], "GiB"),
    (["train", "--arch", "16c999999-10", "--model", "ann", "--out", "o"], "GiB"),
    (["flops", "--arch", "1000000-1000000-10", "--out", "o"], "GiB"),
    (["flops", "--arch", "100000-10", "-T", "100000", "--out", "o"], "GiB"),
    (["flops", "--arch", f"{DIGITS}-10-10", "--input-shape", "none"], "from 1 to 1,000,000"),
    (["flops", "--input-shape", "999999999,999999999,999999999"], "at most 100,000,000 values"),
    (["flops", "--input-shape", DIGITS], "is not a list of sizes"),
    (["flops", "--model-from", "net:make", "--input-shape", "999999999,999999999,3"],
     "at most 100,000,000 values"),
    (["flops", "--model-from", "net:make", "--layout", "B", "--input", "empty.npy"],
     "holds no values"),
    (["train", "--lr-schedule", "0.1x1000000000"], "1,000,000,000 epochs.\nGive at most 1,000,000"),
    (["train", "--data-dir", "d" * 5000, "--dataset", "mnist"], "there is no folder dddd"),
    (["train", "--teacher", "t" * 5000, "--loss", "mimic-l2"], "There is no teacher tttt"),
    (["train", "--dataset", "x" * 5000], "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' is not"),
    (["sweep", "s" * 5000], "There is no study 'ssss"),
    (["sweep", "--vary", "beta=0:1:1000000000"], "from 1 to 1,000,000"),
    (["sweep", "--vary", "beta=0:1:1000", "--vary", "z=0:1:1001"], "1,001,000 runs"),
    (["sweep", "--vary", "arch=10," + "-".join(["1"] * 4000)], "4,000 layers"),
    (["sweep", "--vary", "arch=10,1000000-1000000-10", "--out", "o"], "GiB"),
    (["sweep", "--seeds", "1000000000"], "from 1 to 1,000,000"),
    (["sweep", "--seeds", "2", "--search", "random", "--vary", "z=0:1", "--trials", "1000000000"],
     "from 1 to 1,000,000"),
    (["sweep", "--seeds", "2", "--jobs", "1000000000"], "Give at most 1,024"),
    (["sweep", "values.toml"], "values.toml, line 2: z: 100,001 values are listed"),
    (["sweep", "seeds.toml"], "seeds.toml, line 1: seeds: 100,001 values are listed"),
    (["sweep", "number.toml"], "number.toml is not TOML"),
    (["sweep", "hexadecimal.toml"], "hexadecimal.toml, line 2: an integer of more than 64 bits"),
]  # fmt: skip


@pytest.fixture
def files(tmp_path):
    (tmp_path / "net.py").write_text(NET)
    np.save(tmp_path / "empty.npy", np.zeros((0, 3)))
    many = ", ".join(map(str, range(100_001)))
    (tmp_path / "values.toml").write_text(f"[vary]\nz = [{many}]\n")
    (tmp_path / "seeds.toml").write_text(f"seeds = [{many}]\n")
    (tmp_path / "number.toml").write_text(f"seeds = {DIGITS}\n")
    (tmp_path / "hexadecimal.toml").write_text(f"[base]\nT = 0x{'f' * 5000}\n")
    return sorted(path.name for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"), LIMITS, ids=lambda v: " ".join(v)[:60] if isinstance(v, list) else ""
)
def test_a_size_beyond_measure_is_refused(snnbench, tmp_path, files, arguments, message):
    done = snnbench(*arguments, timeout=60)
    assert done.returncode == 2, done.stderr[-2000:]
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Error:") == 1
    assert len(done.stderr) < 1000
    left = sorted(path.name for path in tmp_path.iterdir() if path.name != "__pycache__")
    assert left == files  # nothing was written


REFUSED = [
    (["train", "--batch-norm", "--batch-size", "1"], "a single sample has no variance"),
    (["sweep", "--batch-norm", "--vary", "batch_size=1,32"], "a single sample has no variance"),
    (["train", "--train-samples", "8", "--val-samples", "8", "--batch-size", "1"],
     "leaves nothing to train on"),
    (["train", "--test-samples", "0"], "test_samples: 0 is out of range"),
    (["flops", "--samples", "0"], "test_samples: 0 is out of range"),
    (["train", "--surrogate", "q-pseudo-spike", "--surrogate-alpha", "1"],
     "surrogate_alpha must be greater than 1 and at most 1000 here"),
    (["train", "--surrogate", "q-pseudo-spike", "--surrogate-alpha", "0.5"],
     "surrogate_alpha must be greater than 1 and at most 1000 here"),
    (["sweep", "--surrogate", "q-pseudo-spike", "--vary", "surrogate_alpha=1,2"],
     "surrogate_alpha: 1 is out of range for surrogate 'q-pseudo-spike'"),
    (["sweep", "--surrogate", "q-pseudo-spike", "--vary", "surrogate_alpha=2:2000", "--search",
      "tpe", "--trials", "4"],
     "surrogate_alpha: 2000 is out of range for surrogate 'q-pseudo-spike'"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_cannot_be_trained_or_counted_is_refused_before_the_start(
    snnbench, tmp_path, arguments, message
):
    done = snnbench(*arguments, timeout=60)
    assert done.returncode == 2, done.stderr[-2000:]
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_batch_norm_and_a_batch_of_one_are_counted(snnbench):
    done = snnbench("flops", "--batch-norm", "--batch-size", "1", "--arch", "8-10", "-T", "2",
                    "--samples", "20")  # fmt: skip
    assert done.returncode == 0, done.stderr
