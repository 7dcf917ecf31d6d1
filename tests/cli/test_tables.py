"""A user's own files through the installed command: every format and layout that is promised."""

import json

import numpy as np
import pandas as pd
import pytest

KINDS = np.array(["cat", "dog"])
ROWS = 400
ANN = ["--model", "ann", "--batch-size", "16", "--epochs", "5", "--json"]


def train(snnbench, file, *arguments):
    done = snnbench("train", "--dataset", "table", "--data-file", file, *ANN, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["run"]


def features(seed=0):
    y = np.arange(ROWS) % 2
    return np.random.default_rng(seed).normal(4.0 * y[:, np.newaxis], 1, (ROWS, 3)), y


def images(layout, dtype, seed=0):
    """Make 12 x 12 images: cats are bright at the top, dogs at the bottom."""
    y = np.arange(ROWS) % 2
    x = np.random.default_rng(seed).random((ROWS, 12, 12))
    x[y == 0, 6:] /= 4
    x[y == 1, :6] /= 4
    x = (255 * x).astype(np.uint8) if dtype == "uint8" else x.astype(dtype)
    channels = {"NHW": None, "NHW1": 3, "N1HW": 1, "NHW3": 3, "N3HW": 1}[layout]
    if channels is None:
        return x, y
    x = np.expand_dims(x, channels)
    return x if "1" in layout else np.repeat(x, 3, axis=channels), y


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
def test_a_table_with_a_target_column(snnbench, tmp_path, suffix):
    x, y = features()
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(kind=KINDS[y])
    file = tmp_path / f"t.{suffix}"
    if suffix == "parquet":
        frame.to_parquet(file, index=False)
    else:
        frame.to_csv(file, index=False, sep="\t" if suffix == "tsv" else ",")
    run = train(snnbench, file, "--target", "kind", "--arch", "8-2")
    assert run["test_accuracy"] > 0.9
    assert (run["target"], run["test_fraction"]) == ("kind", 0.2)


@pytest.mark.parametrize("layout", ["whole", "split"])
def test_features_in_an_npz_file(snnbench, tmp_path, layout):
    x, y = features()
    if layout == "whole":
        np.savez(tmp_path / "t.npz", x=x, y=KINDS[y])
    else:
        np.savez(tmp_path / "t.npz", x_train=x[:300], y_train=y[:300], x_test=x[300:],
                 y_test=y[300:])  # fmt: skip
    run = train(snnbench, "t.npz", "--arch", "8-2", "--standardize")
    assert run["test_accuracy"] > 0.9
    assert run["target"] is None
    assert run["test_fraction"] == (0.2 if layout == "whole" else None)


@pytest.mark.parametrize(
    ("layout", "dtype"),
    [("NHW", "uint8"), ("NHW1", "uint8"), ("N1HW", "float32"), ("NHW3", "float32"),
     ("N3HW", "uint8")],
)  # fmt: skip
def test_images_in_an_npz_file_are_convolved(snnbench, tmp_path, layout, dtype):
    x, y = images(layout, dtype)
    np.savez(tmp_path / "t.npz", x=x, y=y)
    run = train(snnbench, "t.npz", "--arch", "4c3-p2-2", "--lr", "0.01")
    channels = 3 if "3" in layout else 1
    assert run["params"] == channels * 9 * 4 + 4 + 4 * 36 * 2 + 2
    assert run["test_accuracy"] > 0.9


def test_images_with_a_test_part_of_their_own_spike_are_swept_and_counted(snnbench, tmp_path):
    x, y = images("NHW", "uint8")
    np.savez(tmp_path / "t.npz", x_train=x[:300], y_train=y[:300], x_test=x[300:], y_test=y[300:])
    table = ["--dataset", "table", "--data-file", "t.npz", "--encoding", "bernoulli",
             "--arch", "8-2", "-T", "4"]  # fmt: skip
    done = snnbench("sweep", *table, "--batch-size", "16", "--epochs", "2", "--seeds", "2",
                    "--jobs", "1", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"] == {"done": 2}
    done = snnbench("flops", *table, "--samples", "50", "--json")
    assert json.loads(done.stdout)["totals"]["firing_rate"] > 0
    done = snnbench("train", *table, "--batch-size", "16", "--epochs", "1", "--save-model")
    assert done.returncode == 0, done.stderr
    (model,) = (tmp_path / "results" / "adhoc" / "models").glob("*.safetensors")
    done = snnbench("flops", "--checkpoint", model, "--json")
    assert done.returncode == 0, done.stderr
    refused = snnbench("train", *table, "--test-fraction", "0.5")
    assert refused.returncode == 2
    assert "the file has a test part" in refused.stderr


def test_a_target_has_no_effect_on_an_npz_file(snnbench, tmp_path):
    x, y = features()
    np.savez(tmp_path / "t.npz", x=x, y=y)
    done = snnbench("train", "--dataset", "table", "--data-file", "t.npz", "--target", "y")
    assert done.returncode == 2
    assert "names its labels itself" in done.stderr


@pytest.mark.parametrize(
    ("suffix", "offset"), [("csv", 1.764e12), ("parquet", 1.764e9), ("npz", 1.764e15)]
)
def test_times_since_1970_are_told_apart_if_standardized(snnbench, tmp_path, suffix, offset):
    times, kinds = offset + np.arange(600), KINDS[(np.arange(600) >= 300) * 1]
    frame = pd.DataFrame({"time": times, "kind": kinds})
    file = tmp_path / f"t.{suffix}"
    target, arch = [] if suffix == "npz" else ["--target", "kind"], ["--arch", "16-2"]
    if suffix == "csv":
        frame.to_csv(file, index=False, float_format="%.0f")
    elif suffix == "parquet":
        frame.to_parquet(file, index=False)
    else:
        np.savez(file, x=times[:, np.newaxis], y=kinds)
    run = train(snnbench, file, *target, *arch, "--standardize", "--epochs", "20")
    assert run["test_accuracy"] > 0.95
    done = snnbench("train", "--dataset", "table", "--data-file", file, *target, *arch)
    assert done.returncode == 2
    name = "feature 0 (counted from 0)" if suffix == "npz" else "column 'time'"
    assert f"{file}: {name} has values that 32 bits cannot tell apart" in done.stderr
    assert "--standardize" in done.stderr


@pytest.mark.parametrize("what", ["table", "config", "study"])
def test_a_byte_order_mark_is_read_and_utf16_refused(snnbench, tmp_path, what):
    x, y = features()
    text = {
        "table": "a,b,c,kind\n" + "".join(f"{a},{b},{c},{KINDS[k]}\n"
                                          for (a, b, c), k in zip(x, y, strict=True)),
        "config": 'arch = "16-10"\nT = 2\nepochs = 1\n',
        "study": 'seeds = 1\n[base]\narch = "16-10"\nT = 2\nepochs = 1\n',
    }[what]  # fmt: skip
    file = tmp_path / ("t.csv" if what == "table" else "t.toml")
    command = {
        "table": ["train", "--dataset", "table", "--data-file", file, "--target", "kind",
                  "--arch", "8-2", *ANN],
        "config": ["train", "--config", file],
        "study": ["sweep", file, "--dry-run"],
    }[what]  # fmt: skip
    for encoding in ("utf-8-sig", "utf-8"):
        file.write_bytes(text.replace("\n", "\r\n").encode(encoding))
        done = snnbench(*command)
        assert done.returncode == 0, done.stderr
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        file.write_bytes(text.encode(encoding))
        done = snnbench(*command)
        assert done.returncode == 2, encoding
        assert f"{file}: not a text file in UTF-8, but in UTF-16." in done.stderr
        assert "UTF-8" in done.stderr.splitlines()[-1]
