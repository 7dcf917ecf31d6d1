import pytest

from snnbench.config.sources import build_config, settings_from_toml
from snnbench.errors import UserError


@pytest.fixture
def toml(tmp_path):
    def write(text):
        path = tmp_path / "run.toml"
        path.write_text(text)
        return path

    return write


def test_options_win_over_the_file_over_the_environment_over_defaults(toml):
    file = toml("beta = 0.7\nz = 4\n")
    environment = {"SNNBENCH_BETA": "0.9", "SNNBENCH_LR": "0.3", "SNNBENCH_Z": "9"}
    config = build_config({"z": "5"}, file, environment)
    assert (config.z, config.beta, config.lr, config.v_th) == (5.0, 0.7, 0.3, 1.0)


def test_the_environment_is_left_out_where_it_has_no_effect():
    config = build_config({"model": "ann"}, None, {"SNNBENCH_BETA": "0.9"})
    assert config.effective["beta"] is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr = 0.1\nbetaa = 1\n", ["line 2", "betaa", "'beta'"]),
        ("lr = \n", ["not TOML", "line 1"]),
        ("[training]\nlr = 1\n", ["line 1", "training"]),
        ("beta = [0.1, 0.2]\n", ["line 1", "one value", "sweep"]),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(toml, text, words):
    with pytest.raises(UserError) as caught:
        settings_from_toml(toml(text))
    assert all(word in str(caught.value) for word in ["run.toml", *words]), caught.value


def test_a_missing_or_binary_file_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be read"):
        settings_from_toml(tmp_path / "no.toml")
    binary = tmp_path / "b.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="UTF-8"):
        settings_from_toml(binary)


def test_an_unknown_variable_is_refused_but_those_of_the_program_are_not():
    with pytest.raises(UserError, match="SNNBENCH_BETAA"):
        build_config({}, None, {"SNNBENCH_BETAA": "1"})
    build_config({}, None, {"SNNBENCH_DATA": "/data", "PATH": "/bin"})
