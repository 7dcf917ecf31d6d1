"""`snnbench datasets`: list and check; fetching is tested in tests/data against a local server."""

import json


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
