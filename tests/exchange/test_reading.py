"""Whatever is in a file: it is a graph, or one message."""

import io
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snnbench.errors import UserError
from snnbench.exchange import reading
from snnbench.exchange.reading import read_graph
from snnbench.exchange.running import build
from tests.exchange.graphs import nir
from tests.test_fuzz import mutated, parses_or_is_refused

ONE = np.ones(2)


def graph(names=("in", "w", "n", "out")):
    a, w, n, z = names
    lif = nir.LIF(tau=ONE, r=ONE, v_leak=ONE, v_threshold=ONE)
    nodes = {a: nir.Input(np.array([3])), w: nir.Linear(np.ones((2, 3))), n: lif,
             z: nir.Output(np.array([2]))}  # fmt: skip
    return nir.NIRGraph(nodes, [(a, w), (w, n), (n, z)])


@pytest.fixture
def written(tmp_path):
    """Return a function that changes a good file by `change(file)`, and reads it."""

    def change_and_read(change):
        nir.write(tmp_path / "g.nir", graph())
        with h5py.File(tmp_path / "g.nir", "r+") as file:
            change(file)
        return build(read_graph(tmp_path / "g.nir"), 1e-4)

    return change_and_read


def refused(written, change):
    with pytest.raises(UserError) as error:
        written(change)
    assert error.value.remedy
    assert "\n" not in error.value.problem
    return error.value.problem


def put(where, value):
    """Return a change that writes a value in place of what is there."""

    def change(file):
        if where in file:
            del file[where]
        if value is not None:
            file[where] = value

    return change


EDGES = "node/edges"
CHANGES = [
    (put("node", None), "no group 'node'"),
    (put("node", 3), "no group 'node'"),
    (put("node/type", "LIF"), "not a graph"),
    (put("node/type", 1), "not a graph"),
    (put("node/nodes", None), "no nodes"),
    (put("node/nodes", ONE), "no nodes"),
    (put("node/nodes/w/type", "Frobnicate"), "cannot be run: 'w' (Frobnicate)"),
    (put("node/nodes/w/type", None), "'w' has no type"),
    (put("node/nodes/a/b/type", "Linear"), "'a' has no type"),
    (put("node/nodes/w/weight", None), "it has no weight"),
    (put("node/nodes/w/weight", "text"), "no array of numbers"),
    (put("node/nodes/w/weights", ONE), "has no weights"),
    (put("node/nodes/n/w_in", ONE), "LIF of NIR has no w_in"),
    (put("node/nodes/in", None), "an edge names 'in'"),
    (put("node/nodes/in/type", "Output"), "not one input, but none"),
    (put("node/nodes/out/type", "Input"), "not one input, but 'in', 'out'"),
    (put("node/nodes/in/shape", [0]), "shape = [0] is out"),
    (put("node/nodes/in/shape", [-3]), "out of range"),
    (put("node/nodes/in/shape", [4]), "takes [3], and [4] enters"),
    (put("node/nodes/out/shape", [7]), "takes [7], and [2] enters"),
    (put(EDGES, None), "no list of names"),
    (put(EDGES, "in"), "no list of names"),
    (put(EDGES, ["in", "w"]), "not two names"),
    (put(EDGES, np.zeros((0, 2))), "nothing enters"),
    (put(EDGES, [["in", "w"], ["w", "out"]]), "nothing enters"),
    (put(EDGES, [["in", "w"], ["w", "n"], ["w", "n"], ["n", "out"]]), "twice"),
    (put(EDGES, [["in", "w"], ["w", "n"], ["n", "out"], ["out", "in"]]), "into the graph's input"),
    (put(EDGES, [["in", "w"], ["w", "n"], ["n", "ut"]]), "names 'ut'"),
    (put("node/nodes/w/weight", h5py.SoftLink("/node/edges")), "a link"),
    (put("node/nodes/w/weight", h5py.ExternalLink("/etc/passwd", "/")), "a link"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), CHANGES, ids=[words for _, words in CHANGES])
def test_a_file_that_is_no_graph_to_run_says_why(written, change, words):
    assert words.lower() in refused(written, change).lower()


def test_a_group_that_holds_itself(written):
    def change(file):
        file["node/nodes/again"] = file["node"]

    assert "holds itself" in refused(written, change)


def test_a_size_that_no_file_of_its_size_can_have(written):
    def change(file):
        del file["node/nodes/w/weight"]
        file.create_dataset("node/nodes/w/weight", (10**6, 10**6), "f4", chunks=(1000, 1000))

    assert "larger than the file can hold" in refused(written, change)


def test_arrays_in_other_files_are_not_read(written, tmp_path):
    def change(file):
        del file["node/nodes/w/weight"]
        file.create_dataset("node/nodes/w/weight", (2, 3), "f4",
                            external=[(str(tmp_path / "other"), 0, 24)])  # fmt: skip

    assert "another file" in refused(written, change)


def test_all_nodes_that_are_not_known_are_named(written):
    def change(file):
        inner = file.create_group("node/nodes/sub")
        inner["type"] = "NIRGraph"
        inner["nodes/q/type"] = "NeuronOfTomorrow"
        put("node/nodes/n/type", "Izhikevich")(file)

    problem = refused(written, change)
    assert "'n' (Izhikevich)" in problem
    assert "'sub.q' (NeuronOfTomorrow)" in problem


@pytest.mark.parametrize("names", [("ein", "gewichte→", "神経", "aus ü"), ("a.b", "w.0", "n", "z"),
                                   ("forward", "training", "_modules", "a b"),
                                   ("=1+1", "[red]", "%s", "{}")])  # fmt: skip
def test_names_are_what_people_write(names, tmp_path):
    nir.write(tmp_path / "g.nir", graph(names))
    model = build(read_graph(tmp_path / "g.nir"), 1e-4).model
    assert set(dict(model.named_children())) == set(names)


@pytest.mark.parametrize("name", ["two\nlines", " ", "\x1b[31m"])
def test_names_that_cannot_be_shown_are_refused(name, tmp_path):
    nir.write(tmp_path / "g.nir", graph(("in", name, "n", "out")))
    with pytest.raises(UserError, match="name") as error:
        read_graph(tmp_path / "g.nir")
    assert error.value.problem.isprintable()


@pytest.mark.parametrize("content", [b"", b"text", b"\x89HDF\r\n\x1a\n", bytes(5000)])
def test_a_file_that_is_no_hdf5(content, tmp_path):
    (tmp_path / "g.nir").write_bytes(content)
    with pytest.raises(UserError, match=r"g\.nir is damaged or no NIR file"):
        read_graph(tmp_path / "g.nir")


def test_a_pickle_is_not_run(tmp_path):
    (tmp_path / "g.nir").write_bytes(b"cos\nsystem\n(S'touch " + bytes(tmp_path) + b"/ran'\ntR.")
    with pytest.raises(UserError, match="no NIR file"):
        read_graph(tmp_path / "g.nir")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["missing.nir", "."])
def test_there_is_no_such_file(name, tmp_path):
    with pytest.raises(UserError, match="There is no file"):
        read_graph(tmp_path / name)


READERS = {"crashes": "import os; os.abort()", "hangs": "import time; time.sleep(60)",
           "talks": "print('hello')", "lies": "import sys; sys.stdout.buffer.write(bytes(20))",
           "ends": "", "raises": "raise ValueError"}  # fmt: skip


@pytest.mark.parametrize("what", READERS)
def test_a_library_that_does_what_it_wants_is_one_message(what, tmp_path, monkeypatch):
    reader = tmp_path / "reader.py"
    reader.write_text(READERS[what])
    nir.write(tmp_path / "g.nir", graph())
    monkeypatch.setattr(reading, "_READER", reader)
    monkeypatch.setattr(reading, "_SECONDS", 1 if what == "hangs" else 60)
    with pytest.raises(UserError, match="the HDF5 library"):
        read_graph(tmp_path / "g.nir")


def original():
    file = io.BytesIO()
    nir.write(file, graph())
    return file.getvalue()


RAW = original()


@st.composite
def damaged(draw):
    """Draw a file that is cut off, or has bits flipped where it is not empty."""
    if draw(st.booleans()):
        return draw(mutated(st.just(RAW)))
    raw = bytearray(RAW)
    places = [i for i, byte in enumerate(RAW) if byte]
    for place in draw(st.lists(st.sampled_from(places), min_size=1, max_size=5)):
        raw[place] ^= 1 << draw(st.integers(0, 7))
    return bytes(raw)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(damaged())
def test_a_damaged_file_is_read_or_refused(tmp_path_factory, raw):
    path = Path(tmp_path_factory.mktemp("fuzz") / "g.nir")
    path.write_bytes(raw)
    with parses_or_is_refused(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_SECONDS", 3)  # the library may never end
        build(read_graph(path), 1e-4)
