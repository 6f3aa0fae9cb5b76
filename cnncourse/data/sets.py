"""Fashion-MNIST, MNIST and CIFAR-10 as NumPy arrays."""

import hashlib
import pickle
from pathlib import Path

import numpy as np

from .errors import CorruptDataError, MissingDataError
from .idx import read_idx
from .sources import (
    CIFAR10,
    EMBEDDED_FASHION_MNIST,
    EMBEDDED_FOLDER,
    FASHION_MNIST,
    MNIST,
    Source,
    SourceFile,
)
from .storage import by_hand, file_in, find_folder

SPLITS = ("train", "test")


def fashion_mnist(
    split: str = "train", full: bool = False, download: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return grey photographs of garments and their classes.

    The package carries the first 1,000 training and the first 200 test images of each of the ten
    classes, in the data set's own order. The names of the classes are ``FASHION_CLASSES``.

    Parameters
    ----------
    split : "train" or "test"
        10,000 or 2,000 images; 60,000 or 10,000 of the full set.
    full : bool
        Take the full set: from the folder that the environment variable ``CNNCOURSE_DATA`` names, the
        cache, or Debian's package ``dataset-fashion-mnist``; else download it.
    download : bool
        Whether ``full=True`` may use the network.

    Returns
    -------
    images : ndarray of uint8, (N, 28, 28)
        0 is the black background, 255 white.
    labels : ndarray of int64, (N,)
        0 to 9.

    Raises
    ------
    ValueError
        ``split`` is unknown.
    DataError
        A file is missing, broken or cannot be downloaded; the message says what to do.

    References
    ----------
    Xiao, Rasul, Vollgraf: Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
    Algorithms (2017), arXiv:1708.07747.

    Examples
    --------
    >>> images, labels = fashion_mnist("test")
    >>> images.shape, labels[:3]
    ((2000, 28, 28), array([9, 2, 1]))
    """
    check_split(split)
    if full:
        return _idx_split(FASHION_MNIST, split, download)
    cure = "reinstall the package: this file comes with it."
    images, labels = (
        read_idx(EMBEDDED_FOLDER / f"{file.name}.gz", file.md5, cure)
        for file in EMBEDDED_FASHION_MNIST[split]
    )
    return images, labels.astype(np.int64)


def mnist(split: str = "train", full: bool = True, download: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return handwritten digits, (N, 28, 28) uint8 with a black background, and their values, (N,) int64.

    60,000 training or 10,000 test images, found or downloaded as ``fashion_mnist(full=True)`` does. The
    package carries no part of this set, so ``full=False`` is refused.

    Raises
    ------
    ValueError
        ``split`` is unknown, or ``full`` is false.
    DataError
        A file is missing, broken or cannot be downloaded; the message says what to do.

    References
    ----------
    LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition (1998).
    """
    check_split(split)
    _check_full(full, MNIST)
    return _idx_split(MNIST, split, download)


def cifar10(split: str = "train", full: bool = True, download: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return small colour photographs, (N, 3, 32, 32) uint8 in RGB, and their classes, (N,) int64.

    50,000 training or 10,000 test images of ten classes (``CIFAR10_CLASSES``), found or downloaded as
    ``fashion_mnist(full=True)`` does. The package carries no part of this set.

    Raises
    ------
    ValueError
        ``split`` is unknown, or ``full`` is false.
    DataError
        A file is missing, broken or cannot be downloaded; the message says what to do.

    References
    ----------
    Krizhevsky: Learning Multiple Layers of Features from Tiny Images (2009).
    """
    check_split(split)
    _check_full(full, CIFAR10)
    folder = find_folder(CIFAR10, download)
    batches = [_cifar_batch(_existing(folder, file, CIFAR10), file) for file in CIFAR10.files[split]]
    images = np.concatenate([pixels for pixels, _ in batches]).reshape(-1, 3, 32, 32)
    labels = np.concatenate([labels for _, labels in batches])
    return images, labels


def check_split(split: str) -> None:
    """Raise ValueError unless ``split`` is "train" or "test"."""
    if split not in SPLITS:
        raise ValueError(f'split: expected "train" or "test", got {split!r}')


def _check_full(full: bool, source: Source) -> None:
    if not full:
        raise ValueError(
            f"full: the package carries no part of {source.title}, so only full=True is possible; "
            "fashion_mnist() needs no download"
        )


def _idx_split(source: Source, split: str, download: bool) -> tuple[np.ndarray, np.ndarray]:
    folder = find_folder(source, download)
    image_file, label_file = source.files[split]
    cure = f"delete it and run this again to download a fresh copy, or {by_hand(source)}"
    images = read_idx(_existing(folder, image_file, source), image_file.md5, cure)
    labels = read_idx(_existing(folder, label_file, source), label_file.md5, cure)
    return images, labels.astype(np.int64)


def _existing(folder: Path, file: SourceFile, source: Source) -> Path:
    path = file_in(folder, file.name)
    if path is None:
        raise MissingDataError(
            f"{folder} holds a part of {source.title}, but {file.name} is missing.",
            f"delete that folder and run this again to download all of it, or {by_hand(source)}",
        )
    return path


def _cifar_batch(path: Path, file: SourceFile) -> tuple[np.ndarray, np.ndarray]:
    content = path.read_bytes()
    got = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if got != file.md5:
        raise CorruptDataError(
            f"{path} is truncated or altered: MD5 {got}, expected {file.md5}.",
            f"delete its folder and run this again to download a fresh copy, or {by_hand(CIFAR10)}",
        )
    # Unpickling can run code, so it comes after the checksum: these are the bytes its author published.
    batch = pickle.loads(content, encoding="latin1")
    return np.asarray(batch["data"], np.uint8), np.asarray(batch["labels"], np.int64)
