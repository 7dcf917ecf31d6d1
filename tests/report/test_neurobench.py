"""NeuroBench's results beside ours: written by its names, read strictly, never taken as ours."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnbench.errors import UserError
from snnbench.report.page.exchange import to_neurobench
from snnbench.report.page.render import to_document, to_html, to_markdown
from snnbench.report.page.summary import summarise
from snnbench.report.page.tables import Number, report_tables, section_tables
from snnbench.report.reading.neurobench import METRICS, OURS, read_outside
from snnbench.report.reading.source import load
from tests.report.samples import Made

LAYER = {
    "kind": "linear", "input_kind": "spikes", "applied_steps": 5, "model": "snn", "steps": 5,
    "input_rate": 0.5, "biases": 10, "states": 10, "update_operations": 4, "weights_nonzero": 90,
}  # fmt: skip
LAYERS = (
    LAYER | {"layer": "fc1", "inputs": 64, "outputs": 10, "params": 650, "weights": 640,
             "weights_nonzero": 600, "neuron_updates": 50, "output_spikes": 20.0,
             "dense_operations": 3200.0, "effective_operations": 1500.0},
    LAYER | {"layer": "fc2", "inputs": 10, "outputs": 10, "params": 110, "weights": 100,
             "neuron_updates": 50, "output_spikes": 5.0, "dense_operations": 500.0,
             "effective_operations": 200.0},
)  # fmt: skip
COUNTS = {"params": 760, "dense_macs": 3700.0, "flops_lab": None, "energy_pj_compute45nm": None}
THEIRS = {
    "Footprint": 4000,
    "ParameterCount": 1000,
    "ConnectionSparsity": 0.25,
    "ClassificationAccuracy": 0.875,
    "ActivationSparsity": 0.75,
    "SynapticOperations": {"Effective_MACs": 0.0, "Effective_ACs": 120.5, "Dense": 800.0},
    "MembraneUpdates": 31.5,
    "NeuronOperations": {"Effective Neuron Ops": 126.0, "Neuron Dense Ops": 400.0},
}


@pytest.fixture
def folder(tmp_path):
    made = Made()
    for seed, accuracy in enumerate((0.7, 0.8)):
        made.run(seed, layers=LAYERS, test_accuracy=accuracy, **COUNTS)
    made.run(2, status="diverged")
    return made.write(tmp_path / "results")


@pytest.fixture
def theirs(tmp_path):
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps(THEIRS))
    return path


def written(tables):
    return json.loads(to_neurobench(tables), parse_constant=pytest.fail)


def test_each_finished_run_is_an_object_with_neurobenchs_names_and_a_block_of_ours(folder):
    first, second = written(load([folder]))
    assert set(first) - {OURS} <= set(METRICS)
    assert first["Footprint"] == 4 * (760 + 20)
    assert first["ParameterCount"] == 760
    assert first["ConnectionSparsity"] == (40 + 10) / 740
    assert first["ActivationSparsity"] == 1 - 25 / 100
    assert first["NeuronOperations"] == {"Neuron Dense Ops": 4 * 100}
    assert first["SynapticOperations"] == {
        "Effective_MACs": 0.0, "Effective_ACs": 1700.0, "Dense": 3700.0,
    }  # fmt: skip
    assert (first["ClassificationAccuracy"], second["ClassificationAccuracy"]) == (0.7, 0.8)
    ours = first[OURS]
    assert ours["settings"]["T"] == 5
    assert ours["energies"]["energy_pj_compute45nm"] == pytest.approx(0.9 * 1700)
    assert ours["energies"].keys() == ours["energies_assume"].keys()
    assert ours["conventions"]["synops"] == 1700
    assert [layer["input_rate"] for layer in ours["layers"]] == [0.5, 0.5]
    assert first[OURS]["run_id"] != second[OURS]["run_id"]


def test_what_is_not_known_is_absent(tmp_path):
    folder = Made().run(0, **COUNTS).write(tmp_path / "r")
    (found,) = written(load([folder]))
    assert set(found) == {"ParameterCount", OURS}
    assert found[OURS]["conventions"] == {"dense_macs": 3700}
    text = json.dumps(found)
    assert "null" not in text
    assert "NaN" not in text


def test_dense_has_no_products_with_padding_and_none_of_batch_norm(tmp_path):
    shapes = {"conv1": (9, 2 * 64), "fc2": (2 * 64, 10)}
    layers = [
        {"layer": name, "kind": name[:-1].replace("fc", "linear"), "inputs": m, "outputs": n,
         "params": 5, "applied_steps": 3, "dense_operations": 1.0}
        for name, (m, n) in shapes.items()
    ]  # fmt: skip
    run = {"arch": "2c3-10", "T": 3, "batch_norm": True, "dense_macs": 2.0}
    folder = Made().run(0, layers=layers, **COUNTS | run).write(tmp_path / "r")
    (found,) = written(load([folder]))
    # of an 8 x 8 image, each side's 8 places meet 8 + 7 + 7 of the kernel's
    assert found["SynapticOperations"]["Dense"] == 3 * (2 * 22**2 + 1280)


def test_no_finished_run_is_refused(tmp_path):
    folder = Made().run(0, status="failed").write(tmp_path / "r")
    with pytest.raises(UserError, match="no run has finished"):
        to_neurobench(load([folder]))


def test_what_is_written_is_read_with_the_same_numbers(folder, tmp_path):
    path = tmp_path / "ours.json"
    path.write_text(to_neurobench(load([folder])))
    rows, notes = read_outside(path)
    objects = json.loads(path.read_text())
    assert notes == []
    assert [row.columns["test_accuracy"] for row in rows] == [0.7, 0.8]
    for row, entry in zip(rows, objects, strict=True):
        assert entry[OURS]["run_id"] in row.name
        assert row.metrics["Footprint"] == entry["Footprint"]
        assert row.columns["energy_pj_compute45nm"] == pytest.approx(1530)
        assert row.columns["dense_macs"] == 3700


def test_a_row_stands_in_the_tables_and_enters_no_interval_nor_verdict(folder, theirs):
    alone = to_document(summarise(load([folder]), {}))
    report = summarise(load([folder, theirs]), {})
    (section,) = report.sections
    found = {table.title: table for table in section_tables(section)}
    for title, column, value in (
        ("Results by configuration", "test_accuracy", 0.875),
        ("Cost of training and of a sample", "effective_acs", 120.5),
        ("Cost of training and of a sample", "params", 1000),
        ("Cost of training and of a sample", "dense_macs", 800),
    ):
        table = found[title]
        row = table.rows[-1]
        assert row[0] == f"{theirs} (not measured here)"
        assert row[1:3] == ("", "")  # neither runs nor seeds
        cell = row[table.header.index(column)]
        assert isinstance(cell, Number)
        assert cell.value == value
        assert row[table.header.index(column) + 1] == ""
        assert len(table.rows) - 1 in table.first
    document = to_document(report)
    assert document["neurobench"][0]["metrics"]["MembraneUpdates"] == 31.5
    assert document["neurobench"][0]["metrics"]["NeuronOperations Neuron Dense Ops"] == 400
    assert document["studies"] == alone["studies"]
    assert len(report.named_configurations()) == 1
    assert "What NeuroBench's files say" in [table.title for table in report_tables(report)]
    for text in (to_html(report), to_markdown(report)):
        assert "not measured here" in text


def test_energies_of_a_file_of_ours_stand_with_what_they_hang_on(folder, tmp_path):
    path = tmp_path / "ours.json"
    path.write_text(to_neurobench(load([folder])))
    (section,) = summarise(load([folder, path]), {}).sections
    (table,) = [t for t in section_tables(section) if t.title.startswith("Energy of a sample")]
    ours, *rows = table.rows
    known = ("T", "encoding", "input rate", "firing rate", "compute45nm", "memory45nm")
    for row in rows:
        assert row[0].endswith("(not measured here)")
        for name in known:
            place = table.header.index(name)
            assert row[place] == ours[place] != ""


def test_older_names_are_read_and_what_failed_there_is_missing(tmp_path):
    path = tmp_path / "old.json"
    path.write_text(
        '{"footprint": 12, "classification_accuracy": 0.5, "ConnectionSparsity": null,'
        ' "r2": -3.5, "SynapticOperations": 0.0, "MembraneUpdates": 0.0, "My_Metric": "x"}'
    )
    ((row,), notes) = read_outside(path)
    assert row.metrics == {
        "Footprint": 12, "ClassificationAccuracy": 0.5, "R2": -3.5, "MembraneUpdates": 0.0,
    }  # fmt: skip
    assert any("NeuroBench has not: 'My_Metric'" in note for note in notes)
    assert any("failed there: 'ConnectionSparsity', 'SynapticOperations'" in n for n in notes)
    assert any("which these may have: 'MembraneUpdates'" in note for note in notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no JSON: line 1, column 1"),
        ('{"Footprint": 4', "is no JSON: line 1"),
        ("[]", "is an empty list"),
        ("{}", "has no metric of NeuroBench's"),
        ("[[1]]", "is a list, not an object"),
        ("3", "is a number, not an object"),
        ('[{"Footprint": 4}, null]', "object 2 of 2 is null, not an object"),
        ('{"Acuracy": 1, "b": 2}', "has no metric of NeuroBench's, but 'Acuracy', 'b'"),
        ('{"ClassificationAccuracy": NaN}', "holds NaN, which JSON has not"),
        ('{"MSE": -Infinity}', "holds -Infinity, which JSON has not"),
        ('{"MSE": 1e999}', "MSE is too large a number"),
        (f'{{"MSE": 1{"0" * 400}}}', "MSE is too large a number"),
        (f'{{"MSE": 1{"0" * 9000}}}', "a number that is too long"),
        ('{"ClassificationAccuracy": "0.9"}', "ClassificationAccuracy is text, not a number"),
        ('{"ClassificationAccuracy": true}', "is true or false, not a number"),
        ('{"ClassificationAccuracy": 1.5}', "ClassificationAccuracy is 1.5"),
        ('{"ActivationSparsityByLayer": {"lif": 2}}', "ActivationSparsityByLayer lif is 2"),
        ('{"Footprint": -4}', "Footprint is -4"),
        ('{"ParameterCount": 3.5}', "ParameterCount is 3.5, not a whole number"),
        ('{"R2": 1.5}', "R2 is 1.5"),
        ('{"SynapticOperations": 5.0}', "SynapticOperations is a number, not an object"),
        ('{"SynapticOperations": {"Dens": 5}}', "a part 'Dens', which NeuroBench has not"),
        ('{"SynapticOperations": {"Dense": -1}}', "SynapticOperations Dense is -1"),
        ('{"Footprint": 4, "Footprint": 5}', "the key 'Footprint' twice"),
        ('{"Footprint": 4, "footprint": 5}', "Footprint twice, as Footprint and footprint"),
        ('{"Footprint": 4, "snnbench": 5}', "snnbench is a number, not an object"),
        ('{"Footprint": 4, "snnbench": {"run_id": 5}}', "run_id is a number"),
        ('{"Footprint": 4, "snnbench": {"results": []}}', "results is a list"),
        ('{"Footprint": 4, "snnbench": {"settings": []}}', "settings is a list"),
        ('{"Footprint": 4, "snnbench": {"energies": {"a": "b"}}}', "energies a is text"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"a":' * 100_000, "is nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_no_result_is_one_clear_message(tmp_path, text, words):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(UserError) as raised:
        read_outside(path)
    assert words in raised.value.problem
    assert str(path) in raised.value.problem
    assert raised.value.remedy
    assert len(raised.value.problem) < 400


def test_what_cannot_be_read_is_one_clear_message(tmp_path, folder):
    path = tmp_path / "latin.json"
    path.write_bytes('{"é": 1}'.encode("latin-1"))
    with pytest.raises(UserError, match="is not UTF-8"):
        read_outside(path)
    with pytest.raises(UserError, match="is no file"):
        read_outside(tmp_path / "nothing.json")
    with pytest.raises(UserError, match="is the same file as"):
        load([folder, path, tmp_path / "." / "latin.json"])
    with pytest.raises(UserError, match="no folder of results beside"):
        load([path])


def test_a_mark_at_the_start_and_any_spelling_of_the_ending_are_read(tmp_path):
    path = tmp_path / "Théirs.JSON"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(THEIRS).encode())
    ((row,), notes) = read_outside(path)
    assert row.columns["test_accuracy"] == 0.875
    assert notes == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*METRICS, OURS]), inner),
    max_leaves=8,
)


@given(_JSON)
def test_any_json_is_read_or_refused(tmp_path_factory, document):
    path = tmp_path_factory.mktemp("any") / "any.json"
    path.write_text(json.dumps(document))
    with contextlib.suppress(UserError):
        rows, _ = read_outside(path)
        assert rows
        assert all(row.metrics for row in rows)
