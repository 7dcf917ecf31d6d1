"""Fetching the published files of a data set, each checked before it is kept."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from snnbench.data.sources import SOURCES, Offer, cache_folder
from snnbench.errors import UserError
from snnbench.words.datasets import DATASETS

Progress = Callable[[int, int], None]
PAUSES = (1.0, 4.0)  # seconds before the second and the third round through the mirrors
_TIMEOUT = (10.0, 60.0)  # seconds to connect, seconds without a byte
_CHUNK = 2**16
_TEMPORARY = (408, 429)  # HTTP: too slow, too many requests; like all 5xx worth another try


def fetch_dataset(
    name: str,
    into: str | Path | None = None,
    mirrors: Sequence[str] | None = None,
    progress: Progress | None = None,
    pauses: Sequence[float] = PAUSES,
) -> Path:
    """Fetch a data set's files; those already there and right are kept.

    Args:
        name: a row of `DATASETS`.
        into: folder in which a folder with the data set's name is made; default, the cache.
        mirrors: addresses of folders to fetch from instead of the known ones.
        progress: called with bytes done and bytes in all (published sizes).
        pauses: seconds before every further round through the mirrors.

    Returns:
        The folder with the files.

    Raises:
        UserError: a data set without files, a folder that cannot be written, or no mirror
            gave the right file. Nothing half-written is left; files that came whole are.
    """
    row = DATASETS.find(name)
    if row.source is None:
        raise UserError(
            f"There is nothing to fetch for '{name}': {row.meaning}.",
            f"Use it as it is: --dataset {name}.",
        )
    source = SOURCES[row.source]
    base = cache_folder() if into is None else Path(into).expanduser()
    downloads = source.downloads
    if mirrors is not None:
        downloads = tuple(_at_mirrors(offers, mirrors) for offers in downloads)
    return fetch_files(downloads, base / source.name, progress, pauses)


def fetch_files(
    downloads: Sequence[Sequence[Offer]],
    folder: Path,
    progress: Progress | None = None,
    pauses: Sequence[float] = PAUSES,
) -> Path:
    """Fetch one file for every sequence of offers into `folder`, which is returned.

    Raises:
        UserError: as `fetch_dataset`.
    """
    total = sum(offers[0].size for offers in downloads)
    done = 0
    made = _make_folder(folder)
    try:
        for offers in downloads:
            meter = _Meter(progress, done, total)
            if not any(_is_there(folder, offer) for offer in offers):
                _fetch_one(offers, folder, meter, pauses)
            done += offers[0].size
            meter.show(offers[0].size)
    finally:
        for path in reversed(made):
            with suppress(OSError):  # not empty: files have come
                path.rmdir()
    return folder


class _Meter:
    """Passes on how much has come: pooch takes it for a progress bar."""

    def __init__(self, progress: Progress | None, before: int, total: int) -> None:
        self._progress, self._before, self._all = progress, before, total
        self._now = 0
        self.total = 0  # set by pooch to the size of the file

    def update(self, size: int) -> None:
        # pooch counts whole chunks, the last one too.
        self.show(min(self._now + size, self.total) if self.total else self._now + size)

    def reset(self) -> None:
        self._now = 0

    def close(self) -> None:
        pass

    def show(self, now: int) -> None:
        self._now = now
        if self._progress is not None:
            self._progress(min(self._before + now, self._all), self._all)


def _fetch_one(
    offers: Sequence[Offer], folder: Path, meter: _Meter, pauses: Sequence[float]
) -> None:
    """Try every offer, and those that failed for a passing reason again after each pause."""
    failures: dict[str, str] = {}
    remaining = list(offers)
    for pause in (0.0, *pauses):
        time.sleep(pause)
        for offer in tuple(remaining):
            failure, passing = _try(offer, folder, meter)
            if failure is None:
                return
            failures[offer.url] = failure
            if not passing:
                remaining.remove(offer)
        if not remaining:
            break
    reasons = "".join(f"\n  {url}: {failure}" for url, failure in failures.items())
    names = " or ".join(sorted({offer.file_name for offer in offers}))
    raise UserError(
        f"{names} could not be fetched:{reasons}",
        "Try again later, name another mirror with --mirror, or put the file into this folder by "
        f"hand: {folder}",
    )


def _try(offer: Offer, folder: Path, meter: _Meter) -> tuple[str | None, bool]:
    """Fetch a file; return why it failed (None: it did not) and whether that may pass."""
    import pooch
    import requests

    # identity: some servers unpack .gz files on the way, and the checksum is of the packed one.
    download = pooch.HTTPDownloader(
        progressbar=meter,
        chunk_size=_CHUNK,
        timeout=_TIMEOUT,
        headers={"Accept-Encoding": "identity"},
    )
    final = folder / offer.file_name
    # Ours alone, in the same folder: another process may be fetching the same file.
    partial = folder / f".{offer.file_name}.{os.getpid()}.part"
    meter.reset()
    try:
        download(offer.url, str(partial), None)
        found = pooch.file_hash(str(partial), alg="md5")
        if found != offer.md5:
            size = partial.stat().st_size
            return f"wrong checksum: MD5 {found} of {size:,} bytes, not {offer.md5}", False
        os.replace(partial, final)
    except requests.HTTPError as error:
        code = 0 if error.response is None else error.response.status_code
        return f"HTTP {error}", code >= 500 or code in _TEMPORARY
    except requests.RequestException as error:
        return _reason(error), True
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        partial.unlink(missing_ok=True)
    return None, False


def _reason(error: Exception) -> str:
    """Return a short reason out of the nested exceptions of requests and urllib3."""
    import requests

    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut before the end of the file"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    inner: object = error
    while isinstance(inner, Exception):
        deeper = getattr(inner, "reason", None) or (inner.args[0] if inner.args else None)
        if not isinstance(deeper, Exception):
            break
        inner = deeper
    return str(inner).rsplit(": ", maxsplit=1)[-1] or type(error).__name__


def _is_there(folder: Path, offer: Offer) -> bool:
    import pooch

    path = folder / offer.file_name
    return path.is_file() and pooch.file_hash(str(path), alg="md5") == offer.md5


def _at_mirrors(offers: Sequence[Offer], mirrors: Sequence[str]) -> tuple[Offer, ...]:
    files = {offer.file_name: offer for offer in offers}
    return tuple(
        Offer(f"{mirror.rstrip('/')}/{name}", offer.md5, offer.size)
        for mirror in mirrors
        for name, offer in files.items()
    )


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder and those above it; return the new ones, outermost first."""
    new = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return new[::-1]


def _unwritable(folder: Path, error: OSError) -> UserError:
    return UserError(
        f"{folder}: cannot be written ({error.strerror or error}).",
        "Choose another folder, or make room there.",
    )
