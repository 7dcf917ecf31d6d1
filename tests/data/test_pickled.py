import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnbench.data.cifar import parse_python
from snnbench.data.pickled import read_batch
from snnbench.errors import UserError

from .conftest import python2_batch, python2_pickle


class Malicious:
    """Pickles as a call of any function, as an attacker would have it."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple:
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_a_command_is_refused_and_runs_nothing(
    tmp_path: Path, protocol: int
) -> None:
    victim = tmp_path / "victim"
    raw = pickle.dumps({"data": Malicious(os.mkdir, str(victim)), "labels": [0]}, protocol)
    with pytest.raises(UserError, match=r"batch: the pickle asks for (posix|nt)\.mkdir") as caught:
        read_batch(raw, "batch", "mend")
    assert not victim.exists()
    assert "Do not trust this file" in caught.value.remedy
    pickle.loads(raw)  # the attack is real: without the guard it would have worked
    assert victim.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [("builtins", "eval"), ("numpy", "load"), ("numpy.core.multiarray", "fromfile"),
     ("numpy", "ndarray.tofile"), ("_codecs", "decode"), ("snnbench.errors", "UserError")],
)  # fmt: skip
def test_every_name_beyond_those_of_an_array_is_refused(module: str, name: str) -> None:
    raw = b"\x80\x04\x8c" + bytes([len(module)]) + module.encode()
    raw += b"\x8c" + bytes([len(name)]) + name.encode() + b"\x93."
    with pytest.raises(UserError, match=f"asks for {module}.{name}"):
        read_batch(raw, "batch", "mend")


def test_text_is_encoded_as_latin1_only() -> None:
    import codecs

    raw = pickle.dumps({"data": Malicious(codecs.encode, "abc", "rot13"), "labels": []}, 2)
    with pytest.raises(UserError, match="encoding 'rot13'"):
        read_batch(raw, "batch", "mend")


def test_a_pickle_cannot_change_the_functions_it_may_call() -> None:
    raw = b"\x80\x02c_codecs\nencode\n}X\x04\0\0\0call]sb."
    with pytest.raises(UserError, match=r"asks for a changed _codecs\.encode"):
        read_batch(raw, "batch", "mend")
    for name in (b"cnumpy\ndtype\n", b"cnumpy.core.multiarray\n_reconstruct\n"):
        with pytest.raises(UserError, match="not a batch"):
            read_batch(b"\x80\x02" + name + b"}X\x04\0\0\0call]sb.", "batch", "mend")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_cut_pickle_is_refused(share: float) -> None:
    raw = python2_batch(0, 3)
    with pytest.raises(UserError, match="not a batch of CIFAR-10's Python version"):
        read_batch(raw[: int(share * len(raw))], "batch", "mend")


@pytest.mark.parametrize(
    "content",
    [
        [1, 2],
        {"labels": [1]},
        {"data": np.zeros((1, 3072), np.uint8)},
        {"data": [1, 2], "labels": [1]},
        {"data": np.zeros((1, 3072), np.float32), "labels": [1]},
        {"data": np.zeros((3072, 2), np.uint8).T, "labels": [1, 2]},
        {"data": np.zeros((1, 3072), np.uint8), "labels": ["1"]},
        {"data": np.zeros((1, 3072), np.uint8), "labels": "1"},
    ],
)
def test_other_contents_are_refused(content: object) -> None:
    with pytest.raises(UserError, match="not a batch of CIFAR-10's Python version"):
        read_batch(pickle.dumps(content, 2), "batch", "mend")


def test_an_array_that_claims_more_than_it_holds_is_refused() -> None:
    with pytest.raises(UserError, match="not a batch"):
        read_batch(python2_pickle(bytes(3072), (2, 3072), [1, 2]), "batch", "mend")


def test_other_image_sizes_and_other_numbers_of_labels_are_refused() -> None:
    with pytest.raises(UserError, match=r"pixels \(1, 3071\) and 1 labels"):
        parse_python(python2_pickle(bytes(3071), (1, 3071), [1]), "batch", "mend")
    with pytest.raises(UserError, match=r"pixels \(1, 3072\) and 2 labels"):
        parse_python(python2_pickle(bytes(3072), (1, 3072), [1, 2]), "batch", "mend")


@pytest.mark.parametrize("label", [-1, 10, 2**31 - 1])
def test_labels_out_of_range_are_refused(label: int) -> None:
    with pytest.raises(UserError, match=f"label {label} of sample 0"):
        parse_python(python2_pickle(bytes(3072), (1, 3072), [label]), "batch", "mend")
