"""The data sets: what each is, and what loads it."""

import inspect
from dataclasses import dataclass
from typing import Any

from snnbench.errors import UserError
from snnbench.words.table import Table, Word


@dataclass(frozen=True, kw_only=True)
class DataSet(Word):
    """One row; what is None depends on the user's file.

    Its home is called with the settings it uses, by name, and returns a
    `snnbench.data.dataset.Dataset`.

    Attributes:
        if_given: those of these settings that it is given None for where a run leaves them at
            their default, which may have no effect on a user's file.
        shape: of one sample, (C, H, W) or (F,).
        n_classes, n_train, n_test: counts.
        features: values are not pixels in 0..1: they enter a spiking network as they are.
        source: the data set in files that it is made of; None: it needs no named files.
        stand_in_for: what data that are not public it stands in for.
        class_names: where no file holds them.
    """

    if_given: tuple[str, ...] = ()
    shape: tuple[int, ...] | None = None
    n_classes: int | None = None
    n_train: int | None = None
    n_test: int | None = None
    features: bool = False
    source: str | None = None
    stand_in_for: str | None = None
    class_names: tuple[str, ...] = ()


def _check(word: DataSet) -> None:
    try:
        inspect.signature(word.home).bind(**dict.fromkeys(word.uses))
    except (TypeError, ValueError) as error:
        raise UserError(
            f"The data set '{word.name}' cannot be loaded: {error}.",
            f"Let its function take ({', '.join(word.uses)}).",
        ) from None


_GARMENTS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_OBJECTS = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


def _files(name: str, meaning: str, source: str = "", **row: Any) -> DataSet:
    home = f"snnbench.data.catalogue:load_{name.replace('-', '_')}"
    return DataSet(name, meaning, home, uses=("data_dir",), source=source or name, **row)


DATASETS = Table(
    "dataset",
    DataSet,
    (
        DataSet(
            "digits",
            "handwritten digits that ship with scikit-learn",
            "snnbench.data.synthetic:load_digits",
            shape=(1, 8, 8),
            n_classes=10,
            n_train=1437,
            n_test=360,
        ),
        _files(
            "mnist",
            "handwritten digits (LeCun et al. 1998)",
            shape=(1, 28, 28),
            n_classes=10,
            n_train=60_000,
            n_test=10_000,
            class_names=tuple("0123456789"),
        ),
        _files(
            "fashion-mnist",
            "pictures of clothes (Xiao et al. 2017)",
            shape=(1, 28, 28),
            n_classes=10,
            n_train=60_000,
            n_test=10_000,
            class_names=_GARMENTS,
        ),
        _files(
            "cifar10",
            "colour pictures of ten kinds of things (Krizhevsky 2009)",
            shape=(3, 32, 32),
            n_classes=10,
            n_train=50_000,
            n_test=10_000,
            class_names=_OBJECTS,
        ),
        _files(
            "cifar10-pca128",
            "cifar10 on its 128 principal components",
            source="cifar10",
            shape=(128,),
            n_classes=10,
            n_train=50_000,
            n_test=10_000,
            features=True,
            stand_in_for="an unpublished table of 128 features and 10 classes, 50,000 rows",
            class_names=_OBJECTS,
        ),
        DataSet(
            "tabular-standin",
            "made by scikit-learn's make_classification",
            "snnbench.data.synthetic:load_tabular_standin",
            shape=(50,),
            n_classes=4,
            n_train=4_000,
            n_test=1_000,
            features=True,
            stand_in_for="an unpublished table of 50 features and 4 classes, 4,000 training rows",
        ),
        DataSet(
            "table",
            "your own .csv, .tsv, .parquet or .npz (--data-file, --target)",
            "snnbench.data.table:load_table",
            uses=("data_file", "target", "test_fraction", "test_samples"),
            if_given=("test_fraction",),
            features=True,
        ),
    ),
    check=_check,
)
