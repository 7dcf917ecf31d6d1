"""`snnbench datasets`: list and check; fetching is tested in tests/data against a local server."""

import json

import numpy as np
import pytest

from snnbench.data import check
from snnbench.data.idx import idx_bytes


def test_every_data_set_is_listed_with_its_place(snnbench):
    listed = json.loads(snnbench("datasets", "list", "--json").stdout)["datasets"]
    places = {entry["name"]: entry["location"] for entry in listed}
    assert places["digits"] == "built in"
    assert set(places) == {
        "digits", "mnist", "fashion-mnist", "cifar10", "cifar10-pca128", "tabular-standin", "table",
    }  # fmt: skip
    stand_ins = {e["name"] for e in listed if e["stand_in_for"]}
    assert stand_ins == {"cifar10-pca128", "tabular-standin"}


def test_the_embedded_digits_pass_their_check(snnbench):
    done = snnbench("datasets", "check", "digits", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["ok"] is True


def test_fetch_says_which_mirrors_failed(snnbench, tmp_path):
    done = snnbench("datasets", "fetch", "mnist", "--mirror", "http://127.0.0.1:9", "--into", "d")
    assert done.returncode == 2
    assert "127.0.0.1:9" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def unknown_mnist(tmp_path):
    """Write files of MNIST's names and sizes whose images are all black."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for part, count in (("train", 60_000), ("t10k", 10_000)):
        images, labels = np.zeros((count, 28, 28), np.uint8), np.arange(count) % 10
        (folder / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels.astype(np.uint8)))
    return folder


SMALL = ["--dataset", "mnist", "--data-dir", ".", "--arch", "8-10", "-T", "2"]
RUN = ["--train-samples", "64", "--batch-size", "32", "--epochs", "1"]


@pytest.mark.parametrize(
    "command",
    [["train", *RUN, "--json"], ["sweep", *RUN, "--seeds", "2", "--jobs", "1", "--json"],
     ["sweep", *RUN, "--seeds", "2", "--dry-run", "--json"], ["flops", "--json"]],
    ids=lambda command: " ".join(command[:1] + command[-2:-1]),
)  # fmt: skip
def test_unknown_content_is_used_with_one_notice_and_its_own_checksum(
    snnbench, unknown_mnist, command
):
    done = snnbench(*command, *SMALL)
    assert done.returncode == 0, done.stderr
    (notice,) = (line for line in done.stderr.splitlines() if line.startswith("Notice: "))
    assert "the training images and the training labels and the test images and the test" in notice
    assert "not those that were published as mnist" in notice
    for sha256 in check._SHA256.values():
        assert sha256 not in done.stdout
    assert "--dry-run" in command or command[0] == "flops" or '"data_sha256": "' in done.stdout


def test_unknown_content_fails_its_check(snnbench, unknown_mnist):
    done = snnbench("datasets", "check", "mnist", "--data-dir", ".", "--json")
    assert done.returncode == 2
    assert "is not the published data set" in done.stderr
    facts = {fact["what"]: fact["verdict"] for fact in json.loads(done.stdout)["facts"]}
    assert facts["MD5 of the unpacked test images"] == "differs"
