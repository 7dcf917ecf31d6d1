import json

import pytest
import torch

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


def test_a_damaged_model_is_refused(saved):
    _, path = saved
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match="does not hold this model's weights"):
        load_model(path)


def test_weights_of_another_network_are_refused(saved):
    _, path = saved
    settings = path.with_suffix(".json")
    about = json.loads(settings.read_text())
    about["settings"]["arch"] = "5c3-p2-10"
    settings.write_text(json.dumps(about))
    with pytest.raises(UserError, match="does not hold this model's weights"):
        load_model(path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "x"}', "{}"])
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
