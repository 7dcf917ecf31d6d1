import json
from contextlib import suppress

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.network.build import build_network
from snnbench.network.checkpoint import load_model, save_model

CONFIG = RunConfig(arch="4c3-p2-10", T=3, beta=0.7, batch_norm=True, device="cpu")


@pytest.fixture
def saved(tmp_path):
    network = build_network(CONFIG, (1, 6, 6))
    network(torch.rand(3, 5, 1, 6, 6))  # moves BatchNorm's running statistics
    return network.eval(), save_model(
        tmp_path / "models", "0123456789ab", CONFIG, network, (1, 6, 6)
    )


def test_a_saved_model_comes_back_with_settings_and_outputs(saved):
    network, path = saved
    loaded = load_model(path)
    assert loaded.config == CONFIG
    assert loaded.run_id == "0123456789ab"
    x = (torch.rand(3, 5, 1, 6, 6) > 0.5).float()
    assert torch.equal(loaded.network(x), network(x))
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "0123456789ab.json", "0123456789ab.safetensors",
    ]  # fmt: skip


def test_a_file_cut_anywhere_is_refused(saved):
    _, path = saved
    whole = path.read_bytes()
    for size in (*range(0, 64), *range(64, len(whole), 97), len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(UserError, match="does not hold this model's weights"):
            load_model(path)


@pytest.mark.parametrize(
    "content",
    [b"no weights", b"PK\x03\x04", b"\x80\x02}q\x00.", b"\xff" * 16, b"\0" * 64,
     (2**40).to_bytes(8, "little") + b"{}", (2).to_bytes(8, "little") + b"[]",
     (100_000).to_bytes(8, "little") + b"[" * 100_000,
     (100_000).to_bytes(8, "little") + b'{"a":' * 20_000],
    ids=["text", "zip", "pickle", "ones", "zeros", "huge", "list", "deep list", "deep object"],
)  # fmt: skip
def test_what_is_no_file_of_weights_is_refused(saved, content):
    _, path = saved
    path.write_bytes(content)
    with pytest.raises(UserError, match="does not hold this model's weights"):
        load_model(path)


def rewritten(path, change):
    """Change the tensors of a saved model, given as name -> tensor."""
    weights = load_file(path)
    change(weights)
    save_file(weights, path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    "name", ["conv1.weight", "fc2.bias", "conv1_norm.weight", "conv1_norm.running_mean"]
)
def test_values_that_are_not_finite_are_refused_by_the_name_of_their_tensor(saved, name, value):
    _, path = saved
    rewritten(path, lambda weights: weights[f"layers.{name}"].view(-1)[-1:].fill_(value))
    with pytest.raises(UserError, match=f"{name} has values that are not finite") as caught:
        load_model(path)
    assert str(path) in caught.value.problem


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int32,
                                   torch.int64, torch.uint8, torch.bool])  # fmt: skip
@pytest.mark.parametrize("name", ["layers.conv1.weight", "layers.fc2.bias"])
def test_tensors_of_another_type_are_refused_not_cast(saved, name, dtype):
    _, path = saved
    rewritten(path, lambda weights: weights.update({name: weights[name].to(dtype)}))
    with pytest.raises(UserError, match=f"{name} is of type .*, not F32"):
        load_model(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.pop("layers.fc2.bias"), "there is no tensor 'layers.fc2.bias'"),
        (lambda w: w.update(extra=torch.ones(1)), "the network has no tensor 'extra'"),
        (lambda w: w.update({"layers.fc2.bias\u200b": w.pop("layers.fc2.bias")}),
         "there is no tensor 'layers.fc2.bias'"),
        (lambda w: w.update({"layers.fc2.weight": w["layers.fc2.weight"].T.contiguous()}),
         r"fc2.weight has the shape \[36, 10\], not \[10, 36\]"),
        (lambda w: w.update({"layers.fc2.bias": torch.ones(1)}), r"the shape \[1\], not \[10\]"),
        (lambda w: w.update({"layers.fc2.bias": torch.ones(0)}), r"the shape \[0\], not \[10\]"),
        (lambda w: w["layers.conv1_norm.running_var"].fill_(-1), "running_var has values below 0"),
        (lambda w: w["layers.conv1_norm.num_batches_tracked"].fill_(-1), "has values below 0"),
        (lambda w: w.clear(), "it has 0 tensors"),
    ],
)  # fmt: skip
def test_tensors_that_are_not_the_networks_are_refused_by_name(saved, change, words):
    _, path = saved
    rewritten(path, change)
    with pytest.raises(UserError, match=words):
        load_model(path)


def with_settings(path, **about):
    beside = path.with_suffix(".json")
    whole = json.loads(beside.read_text())
    whole["settings"] |= about.pop("settings", {})
    beside.write_text(json.dumps(whole | about))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"arch": "5c3-p2-10"}, r"conv1.weight has the shape \[4, 1, 3, 3\], not \[5, 1, 3, 3\]"),
        ({"arch": "4c3-p2-10-10"}, "there is no tensor 'layers.fc2_norm.weight'"),
        ({"arch": "4c3-p2-" + "10-" * 100 + "10"}, "9 tensors, and arch more layers"),
        ({"arch": "4c3-p2-1000000-1000000-10"}, r"not \[1000000, 36\]"),
        ({"batch_norm": False}, "the network has no tensor 'layers.conv1_norm"),
        ({"beta": -1}, r"\.json: beta: -1 is out of range"),
        ({"beta": float("nan")}, r"\.json: beta: nan is not a finite number"),
        ({"T": 10**30}, r"\.json: T: 1000000000000000000000000000000 is out of range"),
        ({"T": "x"}, r"\.json: T: 'x' is not a whole number"),
        ({"model": "xnn"}, r"\.json: .*'xnn' is not known"),
        ({"arch": "x"}, r"\.json: arch does not parse"),
        ({"mine": 1}, r"\.json: Unknown setting 'mine'"),
        ({"arch": ["10"]}, "arch is not one value"),
        ({"lr": {}}, "lr is not one value"),
    ],
)  # fmt: skip
def test_settings_that_are_out_of_range_or_of_another_network_are_refused(saved, settings, words):
    _, path = saved
    with_settings(path, settings=settings)
    with pytest.raises(UserError, match=words):
        load_model(path)


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"input_shape": [1, 6, 60]}, r"fc2.weight has the shape \[10, 36\], not \[10, 360\]"),
        ({"input_shape": [36]}, "rows of 36 numbers, not images"),
        ({"input_shape": []}, "input_shape is neither"),
        ({"input_shape": [1, 6, -6]}, "input_shape is neither"),
        ({"input_shape": [1, 6.0, 6]}, "input_shape is neither"),
        ({"input_shape": [True, 6, 6]}, "input_shape is neither"),
        ({"input_shape": [1, 10**12, 6]}, "input_shape is neither"),
        ({"input_shape": "166"}, "input_shape is neither"),
        ({"run_id": 5}, "run_id is no name"),
        ({"run_id": "a\nb"}, "run_id is no name"),
        ({"format": True}, "it names no format"),
        ({"format": 0}, "it names no format"),
        ({"format": 2}, "Update snnbench"),
    ],
)  # fmt: skip
def test_what_else_is_said_of_the_model_is_checked(saved, about, words):
    _, path = saved
    with_settings(path, **about)
    with pytest.raises(UserError, match=words):
        load_model(path)


def test_settings_with_a_byte_order_mark_are_read(saved):
    _, path = saved
    beside = path.with_suffix(".json")
    beside.write_bytes(b"\xef\xbb\xbf" + beside.read_bytes())
    assert load_model(path).config == CONFIG


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.booleans(),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=4)), max_size=3),
    st.none() | st.floats(0, 1),
)
def test_whatever_is_done_to_its_files_a_model_is_read_or_refused_in_words(
    saved, weights, changes, cut
):
    _, path = saved
    target = path if weights else path.with_suffix(".json")
    whole = target.read_bytes()
    content = whole
    for where, new in changes:  # half of them in the header, which is what is read first
        at = int(where * (min(1000, len(content)) if where < 0.5 else len(content)))
        content = content[:at] + new + content[at + len(new) :]
    target.write_bytes(content if cut is None else content[: int(cut * len(content))])
    try:
        with suppress(UserError):
            assert all(bool(p.isfinite().all()) for p in load_model(path).network.parameters())
    finally:
        target.write_bytes(whole)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": "x"}',
        "{}",
        "null",
        "1" * 5000,
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"format": 1}',
        "\\xff",
        '{"format": 1, "input_shape": [1, 6, 6], "settings": []}',
    ],
)
def test_damaged_settings_are_refused(saved, text):
    _, path = saved
    path.with_suffix(".json").write_text(text)
    with pytest.raises(UserError, match="does not hold a model's settings"):
        load_model(path)


def test_a_newer_format_is_refused(saved):
    _, path = saved
    path.with_suffix(".json").write_text('{"format": 99}')
    with pytest.raises(UserError, match="Update snnbench"):
        load_model(path)


def test_a_missing_file_is_named(saved, tmp_path):
    _, path = saved
    with pytest.raises(UserError, match=r"no\.safetensors"):
        load_model(tmp_path / "no.safetensors")
    path.with_suffix(".json").unlink()
    with pytest.raises(UserError, match=r"0123456789ab\.json"):
        load_model(path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be saved"):
        save_model(
            tmp_path / "file", "0123456789ab", CONFIG, build_network(CONFIG, (1, 6, 6)), (1,)
        )
