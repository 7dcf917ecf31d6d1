"""Settings that a table lacks, since they came later."""

import pytest

from snnbench.config.absent import absent_values
from snnbench.errors import UserError

LATER = {"readout": "rate", "detach_reset": False}


@pytest.mark.parametrize(
    ("row", "values"),
    [
        ({"model": "ann"}, {}),
        ({"model": "snn", "beta": None}, LATER),
        ({"model": "snn", "reset": "none"}, {"readout": "rate"}),
        ({"model": "snn", "arch": "8:relu-10:linear"}, {"readout": "rate"}),
    ],
)
def test_a_setting_that_came_later_has_its_value_where_it_has_an_effect(row, values):
    assert absent_values(row | {"seed": 3}, LATER) == values


def test_what_one_later_setting_was_decides_about_the_other():
    later = {"readout": "current", "detach_reset": False}  # then nothing spikes
    assert absent_values({"model": "snn", "arch": "10"}, later) == {"readout": "current"}


def test_a_value_that_is_not_known_is_refused():
    with pytest.raises(UserError, match="dataset: 'theirs' is not known"):
        absent_values({"dataset": "theirs"}, LATER)
