"""What a sweep reads of its data, and how often."""

import pytest

from snnbench.config import RunConfig
from snnbench.errors import UserError
from snnbench.inputs.reading import read_data
from snnbench.sweep import datasets
from snnbench.sweep.datasets import DataSets

TABLE = "a,b,kind\n" + "".join(f"{n},{n % 3},{n % 2}\n" for n in range(40))


@pytest.fixture
def reads(monkeypatch):
    """Return the names of the data sets that are read from here on."""
    names = []

    def read(config):
        names.append(config.dataset)
        return read_data(config)

    monkeypatch.setattr(datasets, "read_data", read)
    return names


def test_runs_of_other_shapes_on_the_same_data_read_it_once(reads):
    data = DataSets()
    configs = [
        RunConfig(arch=arch, batch_size=size) for arch in ("8-10", "9-10") for size in (5, 9)
    ]
    known = {data.of(config) for config in configs}
    assert len(known) == 1
    assert data.read(configs[0]) is data.read(configs[-1])
    assert reads == ["digits"]


def test_only_the_last_data_set_is_kept_and_what_is_known_outlives_it(reads):
    data = DataSets()
    digits, table = RunConfig(arch="8-10"), RunConfig(dataset="tabular-standin", arch="8-8")
    data.of(digits)
    data.read(table)
    data.of(digits)
    assert reads == ["digits", "tabular-standin"]
    data.forget()
    data.of(digits)
    data.read(digits)
    assert reads == ["digits", "tabular-standin", "digits"]


def test_two_splits_of_a_table_are_two_data_sets(reads, tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    data = DataSets()
    for samples in (8, 12):
        config = RunConfig(
            dataset="table", data_file=str(path), target="kind", test_samples=samples, arch="4-2",
            batch_size=4,
        )  # fmt: skip
        assert data.of(config).train_samples == 40 - samples
    assert reads == ["table", "table"]


def test_each_run_is_checked_against_data_that_are_there_already(reads):
    data = DataSets()
    data.of(RunConfig(arch="8-10"))
    with pytest.raises(UserError, match="classes"):
        data.of(RunConfig(arch="8-3"))
    assert reads == ["digits"]
