import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnbench.config.settings import Settings
from snnbench.errors import UserError
from snnbench.studies.axis import Axis, Interval, make_axis, parse_axis, spread


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("lr=0.1,0.01", (0.1, 0.01)),
        ("lr = 0.1 , 1e-2", (0.1, 0.01)),
        ("lr=0.1;0.01", (0.1, 0.01)),
        ("T=5,10,5,5", (5, 10)),
        ("lr=1e-3:1e-1:log:5", (0.001, 0.00316227766017, 0.01, 0.0316227766017, 0.1)),
        ("beta=0.1:0.9:lin:9", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)),
        ("beta=0.1:0.9:9", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)),
        ("beta=0.1:0.9:1", (0.1,)),
        ("beta=0:1:3,5", (0.0, 0.5, 1.0, 5.0)),
        ("T=1:1000:log:4", (1, 10, 100, 1000)),
        ("T=1:3:5", (1, 2, 3)),
        ("lr=1e-300:1e9:log:2", (1e-300, 1e9)),
        ("dropout=0:0.99999999999999:2", (0.0, 0.99999999999999)),
        ("model=ann,snn", ("ann", "snn")),
        ("reset=none,zero", ("none", "zero")),
        ("batch_norm=yes,false", (True, False)),
        ("arch=20:linear-400-10,10-10", ("20:linear-400-10", "10-10")),
        ("lr_schedule=0.1x10,0.01x10", ("0.1x10,0.01x10",)),
        ("lr_schedule=0.1x10,0.01x10;none;0.1x20", ("0.1x10,0.01x10", None, "0.1x20")),
        ("train_samples=none,100", (None, 100)),
        ("data_file=a=b.csv", ("a=b.csv",)),
    ],
)
def test_values_of_the_command_line(text, values):
    axis = parse_axis(text)
    assert axis == Axis(text.partition("=")[0].strip(), values)
    assert [type(v) for v in axis.listed] == [type(v) for v in values]


@pytest.mark.parametrize(
    ("values", "listed"),
    [
        ([0.1, 1, "0.2"], (0.1, 1.0, 0.2)),
        (["0:1:2", 3], (0.0, 1.0, 3.0)),
        ("0.1, 0.2", (0.1, 0.2)),
        (0.5, (0.5,)),
    ],
)
def test_values_of_a_file_are_a_list_or_the_same_notation(values, listed):
    assert make_axis("beta", values).listed == listed


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("lr=1e-3:1e-1:log", Interval(0.001, 0.1, log=True, integer=False)),
        ("lr=1e-3:1e-1:lin", Interval(0.001, 0.1, log=False, integer=False)),
        ("beta=0:5", Interval(0.0, 5.0, log=False, integer=False)),
        ("T=5:50:log", Interval(5, 50, log=True, integer=True)),
    ],
)
def test_a_range_without_a_number_of_values_is_an_interval(text, interval):
    axis = parse_axis(text)
    assert axis.values == interval
    assert type(axis.values.low) is type(interval.low)
    with pytest.raises(UserError, match="Give a number of values: "):
        _ = axis.listed


def test_an_interval_asked_for_its_values_says_what_to_write():
    with pytest.raises(UserError) as caught:
        _ = parse_axis("lr=1e-3:1e-1:log").listed
    assert str(caught.value) == (
        "lr: from 0.001 to 0.1 there is no end of values.\n"
        "Give a number of values: lr=0.001:0.1:log:5, "
        "or use --search random, tpe, gp or nsga2."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("betaa=1", "Unknown parameter 'betaa'.\nDid you mean 'beta'?"),
        ("beta", "--vary beta: there are no values."),
        ("beta=", "beta: there are no values."),
        ("beta=1,,2", "beta: '' is not a number"),
        ("beta=0.1,-1", "beta: -1 is out of range.\nbeta must be greater than or equal to 0."),
        ("beta=nan", "beta: 'nan' is not a number"),
        ("beta=none", "beta: 'none' is not a number"),
        ("T=2.5", "T: '2.5' is not a whole number"),
        ("model=cnn", "model: 'cnn' is not known.\nDid you mean"),
        ("arch=10-", "arch does not parse: a layer is missing here"),
        ("lr_schedule=0.1", "lr_schedule: '0.1' is not RATExEPOCHS."),
        ("beta=0.9:0.1:5", "beta: the range '0.9:0.1:5' is empty."),
        ("beta=0.5:0.5", "beta: the range '0.5:0.5' is empty."),
        ("beta=0:1:log:5", "beta: the range '0:1:log:5' cannot be logarithmic from 0."),
        ("beta=0:1:0", "beta: the range '0:1:0' has 0 values."),
        ("beta=0:1:-3", "beta: the range '0:1:-3' has -3 values."),
        ("beta=0:1:1000000000", "beta: the range '0:1:1000000000' has 1,000,000,000 values."),
        ("beta=0:1:2.5", "beta, number of values: '2.5' is not a whole number."),
        ("beta=0:1:lgo:5", "beta: '0:1:lgo:5' is not a range."),
        ("beta=0:1:5:log", "beta: '0:1:5:log' is not a range."),
        ("T=1:9:log:1000000000", "T: the range '1:9:log:1000000000' has 1,000,000,000 values."),
        ("beta=0:1:" + "9" * 5000, f"beta, number of values: '{'9' * 39}... is not a whole"),
        ("beta=" + "9" * 5000, f"beta: '{'9' * 39}... is not a number"),
        ("x" * 5000 + "=1", f"Unknown parameter '{'x' * 40}...'."),
        ("x" * 5000, f"--vary {'x' * 40}...: there are no values."),
        ("beta=0:2000:5", "beta: 2000 is out of range."),
        ("beta=0:x:5", "beta: 'x' is not a number"),
        ("beta=0:1,3", "beta: an interval cannot stand beside other values."),
        ("beta=3,0:1", "beta: an interval cannot stand beside other values."),
        ("seed=1,2", "seed cannot be varied: it is not varied but repeated over.\nUse --seeds 3"),
        ("threads=1,2", "threads cannot be varied: it says how fast"),
        ("data_dir=a,b", "data_dir cannot be varied: it says where"),
    ],
)
def test_what_cannot_be_varied_is_refused_in_words(text, message):
    with pytest.raises(UserError) as caught:
        parse_axis(text)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("values", [[], [[1, 2]], [{"a": 1}], {"a": 1}, [True]])
def test_a_list_of_a_file_holds_single_values(values):
    with pytest.raises(UserError, match=r"^beta: "):
        make_axis("beta", values)


@settings(deadline=None)
@given(
    low=st.floats(1e-9, 1e8),
    factor=st.floats(1.0001, 1e6),
    count=st.integers(2, 50),
    log=st.booleans(),
)
def test_a_spread_rises_from_end_to_end_within_bounds(low, factor, count, log):
    high = low * factor
    values = list(spread(Interval(low, high, log, integer=False), count))
    assert len(values) == count
    assert (values[0], values[-1]) == (low, high)
    assert values == sorted(values)
    for step, value in enumerate(values):
        share = step / (count - 1)
        wanted = low * factor**share if log else low + (high - low) * share
        assert value == pytest.approx(wanted, rel=1e-11)


def test_every_setting_with_a_value_of_its_own_can_be_varied_but_the_seed():
    defaults = Settings().model_dump()
    varyable = {name: value for name, value in defaults.items() if value is not None}
    del varyable["seed"]
    assert {name: make_axis(name, [value]).listed for name, value in varyable.items()} == {
        name: (value,) for name, value in varyable.items()
    }
