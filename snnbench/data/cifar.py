"""CIFAR-10 (Krizhevsky 2009) in every form it is handed out in.

The binary version is six files of records: one label byte, then 3,072 pixel bytes (the red,
green and blue planes of 32 x 32). The Python version is six pickles with the same content.
Either comes as a folder or as the original archive, which is read without unpacking it to disk.
"""

import gzip
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path, PurePosixPath

import numpy as np

from snnbench.data.dataset import Part, class_numbers
from snnbench.data.files import GZIP_MAGIC, LARGEST, damaged_gzip, read_unpacked, unreadable
from snnbench.data.pickled import read_batch
from snnbench.errors import UserError

TRAIN_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_BATCH = "test_batch"
BATCHES = (*TRAIN_BATCHES, TEST_BATCH)
SHAPE = (3, 32, 32)
N_CLASSES = 10
_PIXELS = 3 * 32 * 32
_RECORD = 1 + _PIXELS

Parse = Callable[[bytes, str, str], Part]


def parse_binary(raw: bytes, source: str, remedy: str) -> Part:
    """Return images [N, 3, 32, 32], uint8, and labels [N] of a binary batch.

    Args:
        raw: the unpacked bytes.
        source: the file's name, for messages.
        remedy: what to do about a damaged file.

    Raises:
        UserError: no whole number of records, or a label above 9.
    """
    if len(raw) == 0 or len(raw) % _RECORD:
        raise UserError(
            f"{source}: {len(raw):,} bytes are no whole number of CIFAR-10 records of "
            f"{_RECORD:,} bytes: the file is cut off or holds something else.",
            remedy,
        )
    records = np.frombuffer(raw, np.uint8).reshape(-1, _RECORD)
    labels = class_numbers(records[:, 0], N_CLASSES, source, remedy)
    return Part(records[:, 1:].reshape(-1, *SHAPE), labels)


def parse_python(raw: bytes, source: str, remedy: str) -> Part:
    """Return images [N, 3, 32, 32], uint8, and labels [N] of a pickled batch.

    Raises:
        UserError: as `pickled.read_batch`; other sizes, or a label outside 0..9.
    """
    pixels, labels = read_batch(raw, source, remedy)
    if pixels.ndim != 2 or pixels.shape[1] != _PIXELS or len(pixels) != len(labels):
        raise UserError(
            f"{source}: pixels {pixels.shape} and {len(labels):,} labels, expected "
            f"(N, {_PIXELS:,}) pixels and N labels.",
            remedy,
        )
    return Part(
        pixels.reshape(-1, *SHAPE), class_numbers(np.array(labels), N_CLASSES, source, remedy)
    )


def read_files(files: Mapping[str, Path], parse: Parse, remedy: str) -> tuple[Part, Part]:
    """Return the training and the test part of six batch files, packed with gzip or not.

    Raises:
        UserError: a file cannot be read or is damaged.
    """
    raw = ((name, read_unpacked(files[name], remedy, LARGEST)) for name in BATCHES)
    return _joined({name: parse(content, str(files[name]), remedy) for name, content in raw})


def read_archive(archive: Path, suffix: str, parse: Parse, remedy: str) -> tuple[Part, Part]:
    """Return the training and the test part from an original archive (`.tar.gz`).

    Args:
        archive: the file.
        suffix: what the batches' names end in: ".bin" or nothing.
        parse: reader of one batch.
        remedy: what to do about a damaged archive.

    Raises:
        UserError: damaged archive, a missing, repeated or oversized batch, a damaged batch.
    """
    parts: dict[str, Part] = {}
    wanted = {batch + suffix: batch for batch in BATCHES}
    with _opened_tar(archive, remedy) as tar:
        for member in tar:
            name = PurePosixPath(member.name).name
            if name not in wanted or not member.isreg():
                continue
            if wanted[name] in parts or member.size > LARGEST:
                wrong = "is there twice" if wanted[name] in parts else "is far too large"
                raise UserError(f"{archive}: {member.name} {wrong}.", remedy)
            stream = tar.extractfile(member)
            assert stream is not None  # a regular member always has one
            parts[wanted[name]] = parse(stream.read(), f"{archive}: {member.name}", remedy)
    missing = [name for name, batch in wanted.items() if batch not in parts]
    if missing:
        raise UserError(f"{archive}: {', '.join(missing)} not in the archive.", remedy)
    return _joined(parts)


@contextmanager
def _opened_tar(archive: Path, remedy: str) -> Iterator[tarfile.TarFile]:
    try:
        with _opened(archive) as unpacked:
            with tarfile.open(fileobj=unpacked, mode="r|") as tar:
                yield tar
            # To the end, because only there gzip compares its checksum.
            while unpacked.read(2**20):
                pass
    except tarfile.TarError as error:
        raise UserError(f"{archive}: the archive is damaged ({error}).", remedy) from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise damaged_gzip(archive, error, remedy) from error
    except OSError as error:
        raise unreadable(archive, error) from error


def _opened(archive: Path) -> gzip.GzipFile | BufferedReader:
    with archive.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    return gzip.open(archive) if packed else archive.open("rb")


def _joined(parts: Mapping[str, Part]) -> tuple[Part, Part]:
    train = [parts[name] for name in TRAIN_BATCHES]
    pixels = np.concatenate([part.x for part in train])
    test = Part(parts[TEST_BATCH].x.copy(), parts[TEST_BATCH].y)  # over `bytes`: read-only
    return Part(pixels, np.concatenate([part.y for part in train])), test
