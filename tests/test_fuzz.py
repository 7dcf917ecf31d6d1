"""Whatever is written in a file or an option either parses or is a UserError, soon, in little room.

By default a few seconds. For hours, one parser at a time:

    timeout 600 pytest -n 0 --hypothesis-profile=fuzz tests/test_fuzz.py -k arch
"""

import gzip
import io
import pickle
import struct
import tarfile
import tracemalloc
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from snnbench.config.arch import parse_arch, split_input
from snnbench.config.setting import SETTINGS
from snnbench.config.values import parse_schedule
from snnbench.data.cifar import parse_binary, parse_python, read_archive
from snnbench.data.idx import read_idx, read_images, read_labels
from snnbench.data.table import load_table
from snnbench.errors import UserError
from snnbench.results.checkpoints import from_files, to_files
from snnbench.studies.axis import parse_axis
from snnbench.studies.catalogue import shipped
from snnbench.studies.plan import expand
from snnbench.studies.points import count_points
from snnbench.studies.reading import read_study
from snnbench.training.snapshot import Snapshot
from tests.data.conftest import binary_batch, idx_header, python2_batch, python3_batch

ROOM = 160 * 2**20  # bytes that reading may take at a time: twice what a known file has
MOST_RUNS = 2_000  # of a study that is also expanded
TEXT = st.text(max_size=60)


@contextmanager
def parses_or_is_refused():
    """Let UserErrors pass, and check that they say something, and how much room was taken."""
    tracemalloc.start()
    refused = None
    try:
        yield
    except UserError as error:
        refused = error
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < ROOM
    assert refused is None or (refused.problem.strip() and refused.remedy.strip())


def pieces(*words, more=TEXT, most=12):
    """Draw texts made of words of a notation and of anything."""
    return st.lists(st.sampled_from(words) | more, max_size=most).map("".join)


@st.composite
def mutated(draw, originals):
    """Draw bytes: an original with some of it overwritten, cut out, doubled or put in."""
    raw = bytearray(draw(originals))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.integers(0, 40)))
        kind = draw(st.sampled_from(("put", "cut", "double", "flip", "huge", "small")))
        if kind == "put":
            raw[start:end] = draw(st.binary(max_size=40))
        elif kind == "cut":
            del raw[start:end]
        elif kind == "double":
            raw[start:start] = raw[start:end]
        elif kind == "flip" and start < len(raw):
            raw[start] ^= 1 << draw(st.integers(0, 7))
        else:
            raw[start : start + 4] = b"\xff\xff\xff\x7f" if kind == "huge" else bytes(4)
    return bytes(raw)


@given(pieces("-", "64", "16c3", "p2", ":relu", ":linear", "9" * 50, "0", "c", "p", ":", "10"))
@example("9" * 5000)
@example("-".join(["1"] * 5000))
def test_arch(text):
    for parse in (parse_arch, split_input):
        with parses_or_is_refused():
            parse(text)


@given(pieces("0.1", "x", "10", ",", "1e300", "-", "1_0", "nan", "9" * 50, " ", "1e-300"))
@example("0.1x1000000000")
@example("0.1x1," * 2000)
@example("0.1\x1fx1")
def test_lr_schedule(text):
    with parses_or_is_refused():
        assert sum(part.epochs for part in parse_schedule(text)) <= 1_000_000


NAMES = st.sampled_from(sorted(SETTINGS)) | TEXT
VALUES = pieces(
    "0", "1", "0.5", ":", ",", ";", "log", "lin", "1e-3", "-1", "5", "1000000000", "none", "true",
    "10-10", "16c3-p2-10", "0.1x10", "9" * 50, "adam", "snn", " ",
)  # fmt: skip


@given(NAMES, st.sampled_from(("=", "", "==")), VALUES)
@example("beta", "=", "0:1:1000000000")
@example("T", "=", "1:100000:log:99999")
def test_vary(name, equals, values):
    with parses_or_is_refused():
        parse_axis(name + equals + values)


STUDIES = [path.read_bytes() for path in shipped().values()]
LINES = pieces(
    "[base]\n", "[vary]\n", "[variants.a]\n", "[[claims]]\n", "[[published]]\n", "seeds = 3\n",
    "seeds = [1, 2]\n", "search = 'random'\n", "trials = 5\n", "trials = 1000000000\n",
    "objectives = ['test_accuracy:max']\n", "lr = '1e-3:1:log:3'\n", "beta = [0.1, 0.5]\n",
    "teacher = 'a'\n", "teacher = 'b'\n", "loss = 'mimic-l2'\n", "kind = 'better'\n",
    "a = { beta = 0.1 }\n", "b = { beta = 0.5 }\n", "along = 'beta'\n", "text = 'it is'\n",
    "value = 0.9\n", "metric = 'test_accuracy'\n", "x = 0xffffffffffffffffffff\n", "z = nan\n",
    "T = 1979-05-27\n", "model = 'ann'\n", "vary = {}\n", "z = '0:1:9999'\n", "{", "}", "[", "]",
    "'", '"', "\\", "=", "\n", "\ufeff", "plugins = ['no.py']\n", "T = [1, [2]]\n",
    "dataset = 'table'\n", "data_file = 'x.npz'\n", "epochs = 1e300\n",
)  # fmt: skip


@given(st.one_of(mutated(st.sampled_from(STUDIES)), LINES.map(str.encode), st.binary(max_size=80)))
@example(b"seeds = " + b"9" * 5000)
@example(b"[base]\nlr = 0x" + b"f" * 5000)
@example(b"[base]\nT = [" + b"[" * 500 + b"]" * 500 + b"]\n")
def test_study(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "study.toml"
    path.write_bytes(raw)
    with parses_or_is_refused():
        study = read_study(path)
        points = sum(count_points(study, variant) for variant in study.variants)
        if points * len(study.seeds) < MOST_RUNS:
            expand(study)


IDX = [
    idx_header(0x08, 3, 2, 2) + bytes(12),
    idx_header(0x08, 3) + bytes(3),
    idx_header(0x0D, 2) + struct.pack(">2f", 1, 2),
    gzip.compress(idx_header(0x08, 3) + bytes(3)),
]


@given(st.one_of(mutated(st.sampled_from(IDX)), st.binary(max_size=40)))
@example(idx_header(0x08, 0, 2**32 - 1, 2**32 - 1))
@example(idx_header(0x08, *[1] * 255) + b"\0")
def test_idx(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "idx"
    path.write_bytes(raw)
    for read in (read_idx, read_images, read_labels):
        with parses_or_is_refused():
            read(path)


PICKLES = [python2_batch(0, 2), python3_batch(0, 2)]
PICKLES += [pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": [1]}, p) for p in (0, 5)]


@given(st.one_of(mutated(st.sampled_from(PICKLES)), st.binary(max_size=40)))
@example(b"\x80\x02}r\xff\xff\xff\x7f.")  # a memo of 2^31 places
@example(b"\x80\x02}p2147483647\n.")
@example(b"\x80\x02}(" + b")2\x86" * 60 + b"K\x01u.")  # a key whose hash takes 2^60 steps
@example(b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".")
@example(b"I" + b"9" * 5000 + b"\n.")
@example(b"S'\\q'\n.")  # an escape that there is not
def test_cifar_pickles(raw):
    with parses_or_is_refused():
        parse_python(raw, "batch", "mend")


@given(st.one_of(mutated(st.just(binary_batch(0, 2))), st.binary(max_size=40)))
def test_cifar_records(raw):
    with parses_or_is_refused():
        parse_binary(raw, "batch", "mend")


def archive(names, *, packed, kind=tarfile.REGTYPE, form=tarfile.PAX_FORMAT):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz" if packed else "w", format=form) as tar:
        for name in names:
            content = binary_batch(0, 1)
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            info.size, info.type = len(content), kind
            info.pax_headers = {"comment": "x"} if form == tarfile.PAX_FORMAT else {}
            tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


BATCHES = (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch")
ARCHIVES = [
    archive(BATCHES, packed=True),
    archive(BATCHES, packed=False),
    archive(BATCHES, packed=False, form=tarfile.GNU_FORMAT),
    archive(BATCHES[:1], packed=False, kind=tarfile.GNUTYPE_SPARSE, form=tarfile.GNU_FORMAT),
]


@given(mutated(st.sampled_from(ARCHIVES)))
def test_cifar_archives(tmp_path_factory, raw):
    path: Path = tmp_path_factory.getbasetemp() / "archive"
    path.write_bytes(raw)
    with parses_or_is_refused():
        read_archive(path, ".bin", parse_binary, "mend")


CELLS = pieces(
    "a", "kind", ",", ";", "\t", "\n", "\r\n", '"', "1", "2.5", "-3e4", "nan", "1e999", " ", "x",
    "y", "\ufeff", "\0", "1_0", "1e-320", "9" * 50, "\u0661", "1764000000000000000", most=40,
)  # fmt: skip
TABLE = b"a,b,kind\n" + b"".join(b"%d,%d.5,%s\n" % (n, n * n, b"xy"[n % 2 :][:1]) for n in range(9))


@given(
    st.one_of(mutated(st.just(TABLE)), CELLS.map(str.encode), st.binary(max_size=80)),
    st.sampled_from((".csv", ".tsv")),
)
@example(
    b"a,kind\n" + b"1,x\n2,y\n" * 5 + b"3," + b"z" * 100_000 + b"\n" + b"1,x\n2,y\n" * 500, ".csv"
)
@example(b",".join(b"c%d" % n for n in range(20_000)) + b"\n", ".csv")
@example(
    b"a,kind\n" + b"0" * 5000 + b"1764000000000000001,x\n" + b"1764000000000000002,y\n", ".csv"
)
def test_table(tmp_path_factory, raw, suffix):
    path = tmp_path_factory.getbasetemp() / f"table{suffix}"
    path.write_bytes(raw)
    with parses_or_is_refused():
        load_table(path, "kind")


RUN = "0123456789ab"
MADE = Snapshot(
    3, {"w": torch.arange(6.0).reshape(3, 2), "n": torch.tensor([7])},
    {"records": [{"epoch": 1, "train_loss": 0.5}], "seconds": [0.1, 0.2], "best": [1, 0.5, 0.0],
     "kept_epoch": None, "kept_count": None},
)  # fmt: skip
FILES = to_files(RUN, MADE)


@given(mutated(st.just(FILES.weights)), mutated(st.just(FILES.about)))
def test_checkpoint(weights, about):
    """A checkpoint is what was written, or it is damaged: never another one."""
    for parts in ((weights, about), (FILES.weights, about), (weights, FILES.about)):
        try:
            found = from_files(RUN, *parts)
        except ValueError:
            continue
        assert (found.epoch, found.about) == (MADE.epoch, MADE.about)
        assert found.tensors.keys() == MADE.tensors.keys()
        assert all(torch.equal(found.tensors[name], MADE.tensors[name]) for name in MADE.tensors)


def test_a_small_file_that_unpacks_to_much_is_refused(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(idx_header(0x08, 2**32 - 1) + bytes(200 * 2**20), 1))
    for read in (read_images, lambda path: read_archive(path, ".bin", parse_binary, "mend")):
        with parses_or_is_refused(), pytest.raises(UserError):
            read(path)
