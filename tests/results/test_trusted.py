"""Tables that somebody has cut or edited: every change is named, or changes nothing."""

import csv
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from snnbench.config.run_config import RunConfig
from snnbench.config.setting import SETTINGS
from snnbench.errors import UserError
from snnbench.results.frames import read_runs, to_rows
from snnbench.results.judge import Findings, Judge
from snnbench.results.lines import to_cells, to_lines
from snnbench.results.schema import SCHEMA_VERSION, columns_of
from snnbench.results.tables import ResultStore
from snnbench.results.trusted import read_trusted
from tests.results.samples import FIRST_TABLES, ROOT, contents, copy_of, read_csv

COMMITTED = sorted(path.parent.name for path in (ROOT / "results").glob("*/runs.csv"))
BOUNDED = [
    (name, column.name)
    for name in FIRST_TABLES
    for column in columns_of(name)
    if column.words or any(bound is not None for bound in vars(column.bounds).values())
]
NAMING = [name for name, about in SETTINGS.items() if about.identity != "nothing"]
SUMS = ("flops_lab", "dense_macs", "effective_acs", "energy_pj_compute45nm")
RESULTS = ("train_accuracy", "test_accuracy", "max_test_accuracy", "train_loss", "test_loss")

BOM = b"\xef\xbb\xbf"

Rows = list[dict[str, str]]
Edit = Callable[[Rows], object]


@pytest.fixture(scope="module")
def first_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ANN's run and an SNN's, as they were recorded by the first version."""
    folder = tmp_path_factory.mktemp("first")
    runs = [row["run_id"] for row in read_csv(ROOT / "results" / "lab1-flops", "runs")]
    for name in FIRST_TABLES:
        rows = read_csv(ROOT / "results" / "lab1-flops", name)
        write_csv(folder, name, [row for row in rows if row["run_id"] in (runs[0], runs[-1])])
    return folder


@pytest.fixture(scope="module")
def this_version(first_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with all columns."""
    folder = tmp_path_factory.mktemp("this")
    runs, epochs, layers = map(to_rows, read_trusted(first_version)[:3])
    with ResultStore.open(folder) as store:
        for run in runs:
            own = [[r for r in t if r["run_id"] == run["run_id"]] for t in (epochs, layers)]
            store.append(run | {"schema": SCHEMA_VERSION}, *own)
    assert read_csv(folder, "runs")[0]["layers"] == "2"
    return folder


@pytest.fixture(params=["first_version", "this_version"])
def whole(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return copy_of(whole, tmp_path / "copy")


@pytest.fixture(autouse=True)
def _no_sync(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of syncs take minutes, and these tests do not cut the power."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)


def write_csv(folder: Path, name: str, rows: Rows) -> None:
    with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def edited(folder: Path, name: str, edit: Edit) -> Path:
    rows = read_csv(folder, name)
    edit(rows)
    write_csv(folder, name, rows)
    return folder


def said_of(folder: Path) -> str:
    """What a reader is told, in an error or in notes; what is left says nothing of lost rows."""
    try:
        trusted = read_trusted(folder)
    except UserError as error:
        return str(error)
    for table, key in ((trusted.epochs, "epoch"), (trusted.layers, "layer")):
        assert set(table["run_id"]) <= set(trusted.runs["run_id"])
        assert not table.duplicated(["run_id", key]).any()
    return " ".join(trusted.notes)


def resumed(folder: Path) -> tuple[set[str], str]:
    """The runs that a sweep would not do again, which are whole; and what it is told."""
    with ResultStore.open(folder, judged=True) as store:
        kept, said = set(store.statuses()), " ".join(store.repairs)
    epochs, layers = (Counter(row["run_id"] for row in read_csv(folder, name))
                      for name in ("epochs", "layers"))  # fmt: skip
    assert all((epochs[run_id], layers[run_id]) == (6, 2) for run_id in kept)
    return kept, said


def is_unchanged(folder: Path, whole: Path) -> bool:
    """Whether the same is read, whatever the order of the rows in the files."""
    sorted_tables = [
        [
            table.sort_values(
                [k for k in ("run_id", "epoch", "layer") if k in table], ignore_index=True
            )
            for table in read_trusted(one)[:3]
        ]
        for one in (folder, whole)
    ]
    return all(one.equals(other) for one, other in zip(*sorted_tables, strict=True))


@pytest.mark.parametrize("name", COMMITTED)
def test_all_that_was_recorded_is_trusted(name: str) -> None:
    folder = ROOT / "results" / name
    trusted = read_trusted(folder)
    assert (trusted.notes, trusted.faults) == ((), ())
    pd.testing.assert_frame_equal(trusted.runs, read_runs(folder))
    look = ResultStore.open(folder, write=False, judged=True)
    assert (len(look.statuses()), look.repairs) == (len(trusted.runs), [])


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@example({"dropout": -0.0, "beta": 1.0, "seed": 1})
@example({"dropout": 0.0, "beta": 1e22, "seed": 2**32 - 1})
@given(
    st.fixed_dictionaries(
        {"seed": st.integers(0, 2**32 - 1)},
        optional={
            "lr": st.floats(1e-300, 1e9),
            "beta": st.floats(0, 1000),
            "dropout": st.floats(0, 0.99) | st.just(-0.0),
            "arch": st.sampled_from(["10", "20-10", "4c3-p2-10"]),
            "batch_norm": st.booleans(),
            "target": st.text(min_size=1).filter(lambda text: text.isprintable() and text.strip()),
            "teacher": st.sampled_from(["models/=\u00e4x.y.safetensors", "a b"]),
            "engine": st.sampled_from(["fast", "reference"]),
        },
    )
)
def test_the_name_of_a_row_is_that_of_its_settings_whatever_they_are(given: dict) -> None:
    given = {name: value for name, value in given.items() if value != 1e22}
    if "target" in given:
        given |= {"dataset": "table", "data_file": "x.csv"}
    if "teacher" in given:
        given |= {"loss": "mimic-l2", "readout": "current"}
    config = RunConfig.from_layers({}, {"engine": "fast"} | given | {"device": "cpu"})
    row = config.effective | {"data_sha256": "d" * 64, "status": "failed", "schema": 3}
    row["run_id"] = config.run_id("d" * 64)
    columns = columns_of("runs")
    for recorded in (row, row | {"numerics": config.numerics}):
        findings = Findings()
        cells = to_cells(to_lines([recorded], columns)[:-1], columns, Path("runs.csv"), 2)
        assert list(Judge(Path("x"), columns, findings).passing([(2, cells)])) == [(2, cells)]
        assert findings == Findings()


@pytest.mark.parametrize("name", FIRST_TABLES)
def test_a_cut_at_any_byte_of_the_last_rows_is_named_and_no_run_is_kept_in_part(
    whole: Path, tmp_path: Path, name: str
) -> None:
    content = (whole / f"{name}.csv").read_bytes()
    tail = sum(map(len, content.splitlines(keepends=True)[-2:]))
    everything = set(read_runs(whole)["run_id"])
    folder = copy_of(whole, tmp_path / "cut")
    for size in range(max(len(content) - tail, 1), len(content)):
        for table, lines in contents(whole).items():
            (folder / f"{table}.csv").write_bytes(lines[:size] if table == name else lines)
        rows = content[:size].count(b"\n") - 1
        torn = not content[:size].endswith(b"\n")
        if name == "runs":  # of a run whose row is not whole nothing is known
            if not torn or size % 16 == 0:
                read = 0 if "There are no runs" in said_of(folder) else len(read_runs(folder))
                assert read == rows
        else:
            said = said_of(folder)
            assert f"{name}.csv, line {rows + 1}: run " in said or (
                torn and f"{name}.csv, line {rows + 2}: the file is cut off" in said
            )
        kept, said = resumed(folder)
        assert len(kept) < len(everything)
        assert said or (name == "runs" and not torn)


@pytest.mark.parametrize("name", FIRST_TABLES)
def test_rows_deleted_doubled_or_swapped_are_named_or_change_nothing(
    whole: Path, tmp_path: Path, name: str
) -> None:
    rows = read_csv(whole, name)
    everything = set(read_runs(whole)["run_id"])
    for k in range(len(rows)):
        run_id = rows[k]["run_id"]
        folder = edited(copy_of(whole, tmp_path / "x"), name, lambda rows, k=k: rows.pop(k))
        if name == "runs":
            assert set(read_trusted(folder).runs["run_id"]) == everything - {run_id}
        else:
            assert f"run {run_id} has" in said_of(folder)
        kept, said = resumed(folder)
        assert kept == everything - {run_id}
        assert said
        folder = edited(
            copy_of(whole, tmp_path / "x"), name, lambda rows, k=k: rows.insert(0, rows[k])
        )
        assert "is there twice" in said_of(folder)
        if name == "runs":
            with pytest.raises(UserError, match="is there twice"):
                resumed(folder)
        else:
            assert resumed(folder)[0] == everything - {run_id}
        folder = edited(
            copy_of(whole, tmp_path / "x"), name, lambda rows, k=k: rows.insert(0, rows.pop(k))
        )
        assert is_unchanged(folder, whole)
        assert resumed(folder) == (everything, "")


@pytest.mark.parametrize("name", FIRST_TABLES)
def test_a_table_of_a_header_only_is_named_and_its_runs_are_done_again(
    folder: Path, name: str
) -> None:
    path = folder / f"{name}.csv"
    path.write_bytes(path.read_bytes().partition(b"\n")[0] + b"\n")
    words = "There are no runs" if name == "runs" else f"{path} has no rows: the {name} of 2"
    assert words in said_of(folder)
    kept, said = resumed(folder)
    assert kept == set()
    assert said
    if name == "runs":  # what it spoke of is not lost
        (aside,) = (folder / "set-aside").iterdir()
        assert [len(read_csv(aside, table)) for table in ("epochs", "layers")] == [12, 4]


def outside(name: str, column_name: str) -> list[str]:
    """Cells that are of the column's kind, and out of its range."""
    column = next(c for c in columns_of(name) if c.name == column_name)
    if column.words:
        return ["xnn", next(iter(column.words)).upper(), "=1"]
    ends = [(column.bounds.ge, -1), (column.bounds.gt, 0), (column.bounds.lt, 0),
            (column.bounds.le, 1)]  # fmt: skip
    values = [end + step for end, step in ends if end is not None]
    return [str(int(value)) if column.kind == "integer" else str(float(value)) for value in values]


@pytest.mark.parametrize(("name", "column"), BOUNDED)
def test_a_value_out_of_its_columns_range_is_named_and_its_run_left_out(
    this_version: Path, tmp_path: Path, name: str, column: str
) -> None:
    values = outside(name, column)
    assert values
    for value in values:
        folder = copy_of(this_version, tmp_path / "copy")
        edited(folder, name, lambda rows, value=value: rows[-1].update({column: value}))
        rows = read_csv(folder, name)
        run_id = rows[-1]["run_id"]
        if column == "status":
            assert f"{name}.csv, line 3: unknown status '{value}'" in said_of(folder)
            continue
        where = f"{name}.csv, line {len(rows) + 1}: run {run_id}: {column} "
        said = said_of(folder)
        assert where in said
        assert value.removesuffix(".0") in said
        left = read_trusted(folder)
        assert [len(table) for table in left[:3]] == [1, 6, 2]
        assert run_id not in set(left.runs["run_id"])
        if name == "runs":
            kept, told = resumed(folder)
            assert kept == set(left.runs["run_id"])
            assert where in told


# "" where a setting had no effect is a change, too
@pytest.mark.parametrize("name", [*NAMING, "data_sha256", "run_id", "numerics"])
def test_settings_and_data_that_are_not_those_of_the_runs_name_are_named(
    whole: Path, tmp_path: Path, name: str
) -> None:
    about = SETTINGS.get(name)
    everything = set(read_runs(whole)["run_id"])
    if name not in read_csv(whole, "runs")[0]:
        pytest.skip("no column of this version")
    for k, row in enumerate(read_csv(whole, "runs")):
        kind = "text" if about is None else about.kind
        others = {"integer": ["3", "7", ""], "number": ["0.25", "0.75", ""],
                  "boolean": ["true", "false", ""], "text": ["x", ""]}[kind]  # fmt: skip
        if name == "numerics":
            others = ["2"]
        if about is not None and about.words:
            others = [*about.words, ""]
        for other in others:
            if (other or getattr(about, "absent", None) or "") == row[name]:
                continue
            folder = edited(
                copy_of(whole, tmp_path / "x"),
                "runs",
                lambda rows, k=k, other=other: rows[k].update({name: other}),
            )
            said = said_of(folder)
            assert f"runs.csv, line {k + 2}: " in said, (other, row[name])
            if name == "run_id" and not other:
                assert "no run_id" in said
                continue
            kept, told = resumed(folder)
            assert kept == everything - {row["run_id"]}
            assert f"line {k + 2}: run " in told


@pytest.mark.parametrize(
    ("name", "column"),
    [("runs", column) for column in (*RESULTS, *SUMS, "epochs_run", "best_epoch", "layers")]
    + [("epochs", "epoch"), ("layers", "layer")]
    + [("layers", column) for column in SUMS],
)
def test_results_that_the_tables_do_not_agree_on_are_named(
    this_version: Path, tmp_path: Path, name: str, column: str
) -> None:
    """The SNN's results change a little, to others that could be."""
    folder = copy_of(this_version, tmp_path / "x")
    rows = read_csv(folder, name)
    (k,) = [k for k, row in enumerate(rows) if row["run_id"] == store_run(folder, "snn")][-1:]
    value = rows[k][column]
    whole_number = {"epochs_run": "5", "best_epoch": "5", "layers": "1", "epoch": "7",
                    "layer": "fc3"}  # fmt: skip
    other = whole_number.get(column) or repr(float(value) * 0.999)
    assert other != value
    edited(folder, name, lambda rows: rows[k].update({column: other}))
    said = said_of(folder)
    assert store_run(folder, "snn") in said
    assert ".csv, line " in said
    assert column.removesuffix("_run") in said or column in ("best_epoch", "layer", "epoch")


def store_run(folder: Path, model: str) -> str:
    return next(row["run_id"] for row in read_csv(folder, "runs") if row["model"] == model)


@pytest.mark.parametrize("column", ["run_id", "test_accuracy", "beta"])
def test_a_run_that_is_not_trusted_is_replaced_and_its_rows_are_kept(
    whole: Path, tmp_path: Path, column: str
) -> None:
    folder = copy_of(whole, tmp_path / "copy")
    good = read_trusted(whole)
    wanted = store_run(folder, "snn")
    value = {"run_id": "0123456789ab", "test_accuracy": "2.0", "beta": "0.9"}[column]

    def edit(rows: Rows) -> None:
        next(row for row in rows if row["run_id"] == wanted)[column] = value

    edited(folder, "runs", edit)
    before = {name: read_csv(folder, name) for name in FIRST_TABLES}
    run = to_rows(good.runs[good.runs["run_id"] == wanted])[0] | {"schema": SCHEMA_VERSION}
    own = [to_rows(t[t["run_id"] == wanted]) for t in (good.epochs, good.layers)]
    with ResultStore.open(folder, judged=True) as store:
        assert not store.has(wanted)
        store.append(run, *own)
        assert store.has(wanted)
        assert any("set-aside" in repair for repair in store.repairs)
    (aside,) = (folder / "set-aside").iterdir()
    for name in FIRST_TABLES:
        kept = [row for row in before[name] if row["run_id"] == wanted]
        columns = set(before[name][0]) - {"schema"}
        found = [{key: row[key] for key in columns} for row in read_csv(aside, name)]
        assert found == [{key: row[key] for key in columns} for row in kept], name
    left = read_trusted(folder)
    assert set(left.runs["run_id"]) == set(good.runs["run_id"])
    assert bool(left.faults) == (column == "run_id")  # the row of no run is still there, and named


def test_what_is_kept_at_several_openings_is_kept_apart(this_version: Path, tmp_path: Path) -> None:
    folder = copy_of(this_version, tmp_path / "x")
    good = read_trusted(this_version)
    for seconds in ("-1.0", "-2.0"):
        edited(folder, "runs", lambda rows, s=seconds: [r.update(train_seconds=s) for r in rows])
        with ResultStore.open(folder, judged=True) as store:
            for run in to_rows(good.runs):
                own = [t[t["run_id"] == run["run_id"]] for t in (good.epochs, good.layers)]
                store.append(run, *map(to_rows, own))
    kept = sorted((folder / "set-aside").iterdir())
    seconds = [{row["train_seconds"] for row in read_csv(one, "runs")} for one in kept]
    assert seconds == [{"-1.0"}, {"-2.0"}]
    assert [len(read_csv(one, "epochs")) for one in kept] == [12, 12]


@pytest.mark.parametrize("name", FIRST_TABLES)
@pytest.mark.parametrize(
    "marked",
    [
        lambda text: BOM + text,
        lambda text: BOM + BOM + text,
        lambda text: BOM + text.replace(b"\n", b"\r\n"),
        lambda text: BOM + b'"' + text.replace(b",", b'",', 1),
    ],
    ids=["once", "twice", "windows", "quoted"],
)
def test_byte_order_marks_are_read_and_written_past(
    whole: Path, tmp_path: Path, name: str, marked: Callable[[bytes], bytes]
) -> None:
    folder = copy_of(whole, tmp_path / "x")
    path = folder / f"{name}.csv"
    path.write_bytes(marked(path.read_bytes()))
    assert is_unchanged(folder, whole)
    run = to_rows(read_runs(whole))[0]
    with ResultStore.open(folder, judged=True) as store:
        assert store.repairs == []
        new = run | {"run_id": "new", "status": "failed", "schema": SCHEMA_VERSION, "layers": None}
        store.append(new, [], [])
    with ResultStore.open(folder) as store:
        assert (store.repairs, len(store.statuses())) == ([], 3)
        store.replace(new | {"error": "x"}, [], [])
        assert len(store.statuses()) == 3


@pytest.mark.parametrize("name", FIRST_TABLES)
def test_other_marks_are_named_in_letters_that_one_can_see(folder: Path, name: str) -> None:
    path = folder / f"{name}.csv"
    text = path.read_bytes()
    path.write_bytes(text.decode().encode("utf-16"))
    assert f"{path} is in UTF-16" in said_of(folder)
    path.write_bytes("\N{ZERO WIDTH SPACE}".encode() + text)
    assert r"'\u200b" in said_of(folder)
    path.write_bytes(text.replace(b"\n", b"\n" + BOM))  # every line
    assert resumed(folder)[0] == set() if name != "runs" else r"'\ufeff" in said_of(folder)


LINES = st.integers(0, 6)
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(FIRST_TABLES),
        st.sampled_from(["cut", "byte", "insert", "double", "delete", "cell"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=3) | st.sampled_from([b'"', b",", b"\n", b"-", b"\0", BOM]),
    ),
    min_size=1,
    max_size=3,
)


def changed(content: bytes, how: str, where: float, text: bytes) -> bytes:
    at = int(where * len(content))
    lines = content.splitlines(keepends=True)
    line = int(where * len(lines)) if lines else 0
    if how == "cut":
        return content[:at]
    if how == "insert":
        return content[:at] + text + content[at:]
    if how == "byte":
        return content[:at] + text + content[at + len(text) :]
    if how == "cell":
        start = content.rfind(b",", 0, at) + 1
        return content[:start] + text + content[content.find(b",", at) :]
    return b"".join([*lines[: line + (how == "double")], *lines[line + (how == "delete") :]])


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(CHANGES)
def test_whatever_is_done_to_the_files_they_are_read_or_refused_in_words(
    this_version: Path, tmp_path_factory: pytest.TempPathFactory, changes: list
) -> None:
    folder = copy_of(this_version, tmp_path_factory.getbasetemp() / "fuzzed")
    for name, *change in changes:
        path = folder / f"{name}.csv"
        path.write_bytes(changed(path.read_bytes(), *change))
    said_of(folder)  # checks what it returns
    with suppress(UserError), ResultStore.open(folder, judged=True) as store:
        store.statuses()
