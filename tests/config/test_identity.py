"""A run's name, put together from pieces as for very many runs, is the one that it has."""

from hypothesis import given
from hypothesis import strategies as st

from snnbench.config import RunConfig
from snnbench.config.identity import name_of_pieces, piece
from snnbench.config.setting import SETTINGS

GIVEN = st.fixed_dictionaries(
    {"arch": st.sampled_from(("10", "16-10", "4c3-p2-10"))},
    optional={
        "beta": st.floats(0, 1),
        "T": st.integers(1, 50),
        "ties": st.sampled_from(("first", "share")),
        "engine": st.sampled_from(("fast", "reference")),
        "reset": st.sampled_from(("subtract", "zero", "none")),
    },
)


@given(GIVEN, st.text("0123456789abcdef", min_size=1, max_size=64))
def test_a_name_of_pieces_is_the_name(given_settings, data_sha256):
    config = RunConfig(**{"device": "cpu", "engine": "fast"} | given_settings)
    effective = config.effective
    pieces = [piece(SETTINGS[name], effective.get(name)) for name in sorted(SETTINGS)]
    numerics = "" if config.numerics == 1 else str(config.numerics)
    assert name_of_pieces(pieces, data_sha256, numerics) == config.run_id(data_sha256)
