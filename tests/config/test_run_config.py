import json
import subprocess
import sys

import pytest

from snnbench.config import RunConfig
from snnbench.config.setting import SETTINGS
from snnbench.config.settings import Settings
from snnbench.errors import UserError
from snnbench.results.schema import columns_of


def refusal(**settings):
    with pytest.raises(UserError) as caught:
        RunConfig(**settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"betaa": 1}, ["Unknown setting 'betaa'", "Did you mean 'beta'?"]),
        ({"dataset": "mnst"}, ["mnst", "Did you mean 'mnist'?"]),
        ({"surrogate": "fast"}, ["fast"]),
        ({"T": 0}, ["T", "greater than or equal to 1"]),
        ({"T": 2.5}, ["T", "whole number"]),
        ({"T": "1_0"}, ["1_0", "whole number"]),
        ({"T": True}, ["T", "whole number"]),
        ({"T": "9" * 5000}, ["T", "whole number"]),
        ({"T": 10**30}, ["T", "less than or equal"]),
        ({"lr": "nan"}, ["lr", "number"]),
        ({"lr": "inf"}, ["lr", "number"]),
        ({"lr": float("nan")}, ["lr", "finite"]),
        ({"lr": 10**400}, ["lr", "finite"]),
        ({"lr": -1}, ["lr", "greater than 0"]),
        ({"beta": -0.1}, ["beta", "greater than or equal to 0"]),
        ({"v_th": 0}, ["v_th", "greater than 0"]),
        ({"dropout": 1}, ["dropout", "less than 1"]),
        ({"seed": 2**32}, ["seed", "less than"]),
        ({"batch_norm": "perhaps"}, ["batch_norm", "true or false"]),
        ({"arch": "64-\n10"}, ["arch", "one line"]),
        ({"lr_schedule": "0.1x"}, ["lr_schedule", "whole number"]),
        ({"lr_schedule": "0.1"}, ["RATExEPOCHS"]),
        ({"lr_schedule": "0x3"}, ["rate above 0"]),
        ({"lr_schedule": "0.1x1000000000"}, ["1,000,000,000 epochs", "at most 1,000,000"]),
        ({"lr_schedule": "0.1x999999,0.1x999999"}, ["at most 1,000,000"]),
        ({"lr_schedule": "0.1x" + "9" * 5000}, ["whole number"]),
        ({"lr_schedule": "1e300x10"}, ["at most 1e+09"]),
        ({"lr_schedule": "0.1x1," * 5000}, ["30,000 characters", "at most 10,000"]),
        ({"epochs": 10**9}, ["epochs", "less than or equal to 1000000"]),
        ({"T": 10**5000}, ["T", "whole number"]),
        ({"lr": 16**5000}, ["lr", "finite"]),
        ({"arch": 10**5000}, ["arch", "a text"]),
        ({"dataset": 10**5000}, ["dataset", "too long"]),
        ({"dataset": "x" * 5000}, ["'xxx"]),
        ({"x" * 5000: 1}, ["Unknown setting 'xxx"]),
        ({"beta": [10**5000]}, ["beta", "too long to be shown", "a number"]),
    ],
)
def test_a_bad_value_is_refused_with_its_name_and_a_remedy(settings, words):
    message = refusal(**settings)
    assert all(word in message for word in words), message
    assert len(message) < 500


@pytest.mark.parametrize(
    ("settings", "name", "reason"),
    [
        ({"model": "ann", "beta": 0.9}, "beta", "neither spikes nor time"),
        ({"model": "ann", "T": 10}, "T", "neither spikes nor time"),
        ({"model": "ann", "readout": "rate"}, "readout", "neither spikes nor time"),
        ({"neuron": "if", "beta": 0.9}, "beta", "does not leak"),
        ({"activation": "relu"}, "activation", "spike"),
        ({"model": "ann", "arch": "64:tanh-10", "activation": "relu"}, "activation", "own"),
        ({"model": "ann", "arch": "10", "activation": "relu"}, "activation", "own"),
        ({"encoding": "repeat", "encoding_threshold": 0.1}, "encoding_threshold", "threshold"),
        ({"surrogate": "atan", "z": 3}, "z", "surrogate_alpha"),
        ({"surrogate_alpha": 3}, "surrogate_alpha", "slope z"),
        ({"reset": "none", "detach_reset": True}, "detach_reset", "no reset"),
        ({"arch": "10", "dropout": 0.5}, "dropout", "no hidden layer"),
        ({"arch": "10", "readout": "current", "v_th": 2}, "v_th", "no layer"),
        ({"optimizer": "adam", "momentum": 0.9}, "momentum", "moments"),
        ({"lr_schedule": "0.1x10", "lr": 0.1}, "lr", "lr_schedule"),
        ({"lr_schedule": "0.1x10", "epochs": 10}, "epochs", "lr_schedule"),
        ({"patience": 3}, "patience", "validation"),
        ({"loss": "ce", "teacher": "t.safetensors"}, "teacher", "labels"),
        ({"data_dir": "x"}, "data_dir", "dataset 'digits' does not use it"),
        ({"target": "label"}, "target", "dataset 'digits' does not use it"),
        (
            {"dataset": "table", "data_file": "t.csv", "target": "y",
             "test_samples": 9, "test_fraction": 0.1},
            "test_fraction", "test_samples",
        ),
    ],
)  # fmt: skip
def test_a_setting_that_can_have_no_effect_is_refused_and_says_why(settings, name, reason):
    message = refusal(**settings)
    assert message.startswith(f"{name} = ")
    assert reason in message


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dataset": "table"}, "--data-file"),
        ({"dataset": "table", "data_file": "t.csv"}, "--target"),
        ({"loss": "mimic-kl"}, "--teacher"),
        ({"val_fraction": 0.1, "val_samples": 10}, "Keep one"),
        ({"encoding": "bernoulli", "standardize": True}, "--encoding repeat"),
        ({"encoding": "bernoulli", "dataset": "tabular-standin"}, "--encoding repeat"),
        ({"arch": "64-10:relu"}, "--readout current"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, words):
    assert words in refusal(**settings)


@pytest.mark.parametrize(
    ("settings", "bounds"),
    [
        ({"surrogate": "q-pseudo-spike", "surrogate_alpha": 1}, "greater than 1 and at most 1000"),
        ({"surrogate": "q-pseudo-spike", "surrogate_alpha": 0.5}, "greater than 1"),
        ({"surrogate": "q-pseudo-spike", "surrogate_alpha": 1e6}, "at most 1000"),
        ({"surrogate": "soft-sign", "surrogate_alpha": 1e-30}, "at least 1e-06"),
        ({"surrogate": "atan", "surrogate_alpha": 1e8}, "at most 1e+06"),
        ({"loss": "mimic-kl", "teacher": "t.safetensors", "temperature": 1e-40}, "at least 0.001"),
        ({"loss": "mimic-kl", "teacher": "t.safetensors", "temperature": 1e8}, "at most 1000"),
    ],
)
def test_a_number_lies_within_the_bounds_of_the_formula_that_takes_it(settings, bounds):
    name = list(settings)[-1]
    message = refusal(**settings)
    assert message.startswith(f"{name}: ")
    assert f"{name} must be" in message
    assert bounds in message
    inside = RunConfig(**settings | {name: 2})
    assert getattr(inside, name) == 2


def test_settings_without_effect_are_empty():
    effective = RunConfig(model="ann").effective
    names = ("encoding", "T", "neuron", "beta", "v_th", "reset", "surrogate", "z", "readout")
    assert all(effective[name] is None for name in names)
    assert effective["lr"] == 0.01


def test_the_fields_are_the_columns_of_runs_csv_in_the_same_order():
    columns = [column.name for column in columns_of("runs")]
    start, end = columns.index("dataset"), columns.index("params")
    fields = list(RunConfig.model_fields)
    assert columns[start:end] == [name for name in fields if SETTINGS[name].since == 1]
    assert set(fields) <= set(columns)


def test_the_default_loss_follows_from_model_and_readout():
    assert RunConfig().loss == "mse"
    assert RunConfig(readout="current").loss == "ce"
    assert RunConfig(model="ann").loss == "ce"


def test_ambient_settings_drop_out_where_they_have_no_effect_and_given_ones_do_not():
    config = RunConfig.from_layers({"model": "ann"}, {"beta": 0.9, "lr": 0.5})
    assert (config.effective["beta"], config.lr) == (None, 0.5)
    with pytest.raises(UserError, match="beta"):
        RunConfig.from_layers({"model": "ann", "beta": 0.9}, {})


def test_changing_a_setting_drops_what_then_has_no_effect():
    config = RunConfig(beta=0.3, z=5.0).changed(surrogate="atan")
    assert (config.beta, config.effective["z"]) == (0.3, None)


def identity(**settings):
    return RunConfig(device="cpu", engine="reference", **settings).run_id("0" * 64)


def test_the_run_id_depends_on_what_is_computed_and_on_nothing_else():
    base = identity()
    assert len(base) == 12
    assert set(base) <= set("0123456789abcdef")
    assert base == identity(beta=0.5) == identity(T="10") == identity(threads=1)
    assert base == identity(lr=1e-2)
    others = [identity(beta=0.6), identity(seed=1), identity(arch="100:relu-10")]
    assert len({base, *others}) == 4
    config = RunConfig(device="cpu", engine="reference")
    assert base != config.run_id("1" * 64)


def test_the_run_id_is_the_same_in_another_process():
    code = (
        "from snnbench.config import RunConfig;"
        "print(RunConfig(device='cpu', engine='reference').run_id('0' * 64))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert printed.stdout.decode().strip() == identity()


def test_the_run_id_names_a_teacher_by_its_run_not_by_its_folder():
    one = identity(loss="mimic-l2", teacher="/here/0123456789ab.safetensors")
    assert one == identity(loss="mimic-l2", teacher="there/0123456789ab.safetensors")
    assert one != identity(loss="mimic-l2", teacher="there/ba9876543210.safetensors")


def test_effective_settings_survive_json():
    config = RunConfig(T=7, lr=1e-3, batch_norm=True)
    given = {k: v for k, v in json.loads(json.dumps(config.effective)).items() if v is not None}
    assert RunConfig.from_layers({}, given) == config


def test_every_setting_has_a_meaning_and_a_group():
    assert list(SETTINGS) == list(Settings.model_fields)
    for name, setting in SETTINGS.items():
        assert setting.name == name
        assert setting.meaning, name
        assert setting.group, name


def test_stepped_learning_rates_are_one_value_an_epoch():
    assert RunConfig(lr_schedule="0.1x2,0.01x1").learning_rates == (0.1, 0.1, 0.01)
    assert RunConfig(lr=0.3, epochs=2).learning_rates == (0.3, 0.3)
