"""Which files each data set consists of, and their checksums.

Checksums are MD5 of the unpacked files, so a set is recognised however it was compressed (Debian's
files differ from the original ones in their gzip headers alone).
"""

from dataclasses import dataclass
from pathlib import Path

EMBEDDED_FOLDER = Path(__file__).parent / "embedded"


@dataclass(frozen=True)
class SourceFile:
    """A file's name without ``.gz``, and the MD5 of its unpacked content."""

    name: str
    md5: str


@dataclass(frozen=True)
class Source:
    """A data set as files: ``files[split]`` lists those that make up one split.

    ``folders`` are where a data folder may hold it, tried in order; ``torchvision`` is the class that
    downloads it and ``downloaded`` the folder in which that class leaves it.
    """

    title: str
    files: dict[str, tuple[SourceFile, ...]]
    folders: tuple[str, ...]
    system_folder: Path | None
    torchvision: str
    downloaded: str
    megabytes: int
    classes: tuple[str, ...]

    @property
    def cache_name(self) -> str:
        return self.folders[0]

    @property
    def all_files(self) -> tuple[SourceFile, ...]:
        return tuple(file for files in self.files.values() for file in files)


def _idx_files(train_images: str, train_labels: str, test_images: str, test_labels: str) -> dict:
    return {
        "train": (
            SourceFile("train-images-idx3-ubyte", train_images),
            SourceFile("train-labels-idx1-ubyte", train_labels),
        ),
        "test": (
            SourceFile("t10k-images-idx3-ubyte", test_images),
            SourceFile("t10k-labels-idx1-ubyte", test_labels),
        ),
    }


FASHION_CLASSES = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)

FASHION_MNIST = Source(
    title="Fashion-MNIST",
    files=_idx_files(
        "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "9018921c3c673c538a1fc5bad174d6f9",
        "8181f5470baa50b63fa0f6fddb340f0a",
        "15d484375f8d13e6eb1aabb0c3f46965",
    ),
    folders=("fashion-mnist", "FashionMNIST/raw"),
    system_folder=Path("/usr/share/datasets/fashion-mnist"),  # Debian's package dataset-fashion-mnist
    torchvision="FashionMNIST",
    downloaded="FashionMNIST/raw",
    megabytes=31,
    classes=FASHION_CLASSES,
)

EMBEDDED_FASHION_MNIST = _idx_files(
    "dcab80f289ae27ab265a1e83946f0a1c",
    "611c8ef3426a757a9375a0ac94541d26",
    "4bb4107a89a38933fbbdd67584195c68",
    "84e2038f7beda4c0f4093bde29339f63",
)

MNIST = Source(
    title="MNIST",
    files=_idx_files(
        "6bbc9ace898e44ae57da46a324031adb",
        "a25bea736e30d166cdddb491f175f624",
        "2646ac647ad5339dbf082846283269ea",
        "27ae3e4e09519cfbb04c329615203637",
    ),
    folders=("mnist", "MNIST/raw"),
    system_folder=None,
    torchvision="MNIST",
    downloaded="MNIST/raw",
    megabytes=12,
    classes=tuple("0123456789"),
)

CIFAR10 = Source(
    title="CIFAR-10",
    files={
        "train": (
            SourceFile("data_batch_1", "c99cafc152244af753f735de768cd75f"),
            SourceFile("data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"),
            SourceFile("data_batch_3", "54ebc095f3ab1f0389bbae665268c751"),
            SourceFile("data_batch_4", "634d18415352ddfa80567beed471001a"),
            SourceFile("data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"),
        ),
        "test": (SourceFile("test_batch", "40351d587109b95175f43aff81a1287e"),),
    },
    folders=("cifar-10", "cifar-10-batches-py"),
    system_folder=None,
    torchvision="CIFAR10",
    downloaded="cifar-10-batches-py",
    megabytes=171,
    classes=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
)
