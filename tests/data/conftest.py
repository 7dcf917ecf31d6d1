"""Small hand-made files in the published formats, and the folder of real data where it is."""

import gzip
import io
import os
import pickle
import struct
import tarfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data, or skip."""
    folder = Path(os.environ.get("SNNBENCH_DATA") or REPOSITORY.parent / "shared" / "data")
    if not (folder / "mnist").is_dir():
        pytest.skip(f"no real data in {folder} (set SNNBENCH_DATA)")
    return folder


@pytest.fixture
def no_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Hide the machine's own data; return the folder in which the cache would be."""
    monkeypatch.delenv("SNNBENCH_DATA", raising=False)
    cache = tmp_path / "cache"
    monkeypatch.setattr("snnbench.data.sources.cache_folder", lambda: cache)
    return cache


def idx_header(code: int, *shape: int) -> bytes:
    return struct.pack(f">BBBB{len(shape)}I", 0, 0, code, len(shape), *shape)


def write_idx(path: Path, array: np.ndarray, pack: bool = False) -> Path:
    raw = idx_header(0x08, *array.shape) + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(raw) if pack else raw)
    return path


def batch_arrays(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Make pixels [N, 3072] and labels [N] of a small CIFAR-10 batch."""
    generator = np.random.default_rng(seed)
    pixels = generator.integers(0, 256, (count, 3072), dtype=np.uint8)
    return pixels, generator.integers(0, 10, count)


def binary_batch(seed: int, count: int) -> bytes:
    pixels, labels = batch_arrays(seed, count)
    return np.concatenate([labels[:, np.newaxis].astype(np.uint8), pixels], axis=1).tobytes()


def python2_batch(seed: int, count: int) -> bytes:
    """Write what Python 2 with an old numpy wrote: protocol 2, byte strings, old module names."""
    pixels, labels = batch_arrays(seed, count)
    return python2_pickle(pixels.tobytes(), pixels.shape, labels.tolist())


def python2_pickle(raw: bytes, shape: tuple[int, int], labels: list[int]) -> bytes:
    def text(value: bytes) -> bytes:  # opcode U (SHORT_BINSTRING) or T (BINSTRING)
        if len(value) < 256:
            return b"U" + bytes([len(value)]) + value
        return b"T" + struct.pack("<i", len(value)) + value

    def number(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    dtype = b"cnumpy\ndtype\n" + text(b"u1") + number(0) + number(1) + b"\x87R"
    dtype += b"(" + number(3) + text(b"|") + b"NNN" + number(-1) * 2 + number(0) + b"tb"
    array = b"cnumpy.core.multiarray\n_reconstruct\n"
    array += b"cnumpy\nndarray\n" + number(0) + b"\x85" + text(b"b") + b"\x87R"
    size = b"".join(map(number, shape)) + b"\x86"
    array += b"(" + number(1) + size + dtype + b"\x89" + text(raw) + b"tb"
    items = text(b"batch_label") + text(b"training batch 1 of 5")
    items += text(b"labels") + b"](" + b"".join(map(number, labels)) + b"e"
    items += text(b"data") + array
    return b"\x80\x02}(" + items + b"u."


def python3_batch(seed: int, count: int) -> bytes:
    pixels, labels = batch_arrays(seed, count)
    return pickle.dumps({"data": pixels, "labels": labels.tolist()}, protocol=2)


def write_tar(path: Path, members: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path
