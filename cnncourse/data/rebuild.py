"""Rebuild the embedded part of Fashion-MNIST from the full files.

``python -m cnncourse.data.rebuild [FOLDER]`` reads the four full files (from FOLDER, else from
wherever ``fashion_mnist(full=True)`` finds them) and writes the embedded ones: of each class the
first 1,000 training and the first 200 test images, in the data set's own order. It prints the checksums that belong
into ``EMBEDDED_FASHION_MNIST`` in ``sources.py``, in their order there.
"""

import argparse
import gzip
import hashlib
from pathlib import Path

import numpy as np

from .idx import read_idx, write_idx
from .sources import EMBEDDED_FOLDER, FASHION_MNIST
from .storage import find_folder

PER_CLASS = {"train": 1000, "test": 200}


def first_per_class(labels: np.ndarray, count: int) -> np.ndarray:
    """Return the sorted positions of the first ``count`` items of each class; labels is (N,)."""
    positions = [np.flatnonzero(labels == label)[:count] for label in np.unique(labels)]
    return np.sort(np.concatenate(positions))


def rebuild(full_folder: Path, target_folder: Path) -> None:
    """Write the four embedded files into ``target_folder`` from the checked full files."""
    for split, count in PER_CLASS.items():
        image_file, label_file = FASHION_MNIST.files[split]
        images = read_idx(full_folder / f"{image_file.name}.gz", image_file.md5)
        labels = read_idx(full_folder / f"{label_file.name}.gz", label_file.md5)
        kept = first_per_class(labels, count)
        write_idx(target_folder / f"{image_file.name}.gz", images[kept])
        write_idx(target_folder / f"{label_file.name}.gz", labels[kept])


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m cnncourse.data.rebuild", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="where the full Fashion-MNIST files lie")
    parser.add_argument(
        "--into", type=Path, default=EMBEDDED_FOLDER, help="where to write (default: the package)"
    )
    arguments = parser.parse_args(argv)
    rebuild(arguments.folder or find_folder(FASHION_MNIST), arguments.into)
    for file in (file for split in PER_CLASS for file in FASHION_MNIST.files[split]):
        path = arguments.into / f"{file.name}.gz"
        md5 = hashlib.md5(gzip.decompress(path.read_bytes()), usedforsecurity=False).hexdigest()
        print(f"{path.name}: {path.stat().st_size:,} bytes, MD5 of its content {md5}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
