"""Images to learn from; everything but ``full=True`` works without a network.

- ``fashion_mnist`` (a real part of it comes with the package), ``mnist``, ``cifar10``: NumPy arrays.
- ``photograph``, ``photographs``: photographs from scikit-image's wheel.
- ``DataError`` and its kinds: what went wrong and what to do about it.
"""

from .errors import CorruptDataError, DataError, DownloadError, MissingDataError
from .photographs import PHOTOGRAPHS, photograph, photographs
from .sets import cifar10, fashion_mnist, mnist
from .sources import CIFAR10, FASHION_MNIST

FASHION_CLASSES = FASHION_MNIST.classes
CIFAR10_CLASSES = CIFAR10.classes

__all__ = [
    "CIFAR10_CLASSES",
    "FASHION_CLASSES",
    "PHOTOGRAPHS",
    "CorruptDataError",
    "DataError",
    "DownloadError",
    "MissingDataError",
    "cifar10",
    "fashion_mnist",
    "mnist",
    "photograph",
    "photographs",
]
