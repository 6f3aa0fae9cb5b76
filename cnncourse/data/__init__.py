"""Images to learn from; everything but ``full=True`` works without a network.

- ``fashion_mnist`` (a real part of it comes with the package), ``mnist``, ``cifar10``: NumPy arrays.
- ``scene``, ``scenes``: coloured garments over photographs, with class, mask and box known exactly.
- ``moving_scenes``: clips of a garment that moves over a photograph, with direction and speed known exactly.
- ``signal``: an electrocardiogram and a sea's temperature, from PyWavelets' wheel.
- ``karate_club``: a small graph of friendships, from networkx.
- ``photograph``, ``photographs``: photographs from scikit-image's wheel.
- ``photograph_patches``: which of sixteen photographs is a patch from; ``faces``: a face or none. From the same wheel.
- ``FashionMNIST``, ``MNIST``, ``CIFAR10``, ``Scenes``, ``Photographs``: the same as PyTorch datasets.
- ``small_garments``: garments of 14×14 pixels as normalised tensors, for experiments of seconds.
- ``training_history``: loss and accuracy of runs that take too long for a lesson.
- ``transforms``: normalising and augmenting batches of images, in NumPy.
- ``DataError`` and its kinds: what went wrong and what to do about it.
"""

from .errors import CorruptDataError, DataError, DownloadError, MissingDataError
from .garment_scenes import Scene, SceneBatch, mask_box, scene, scenes
from .graphs import Graph, karate_club
from .histories import training_history
from .moving import DIRECTIONS, MovingScenes, moving_scenes
from .patches import FACE_CLASSES, PATCH_CLASSES, faces, photograph_patches
from .photos import FURTHER_PHOTOGRAPHS, PHOTOGRAPHS, photograph, photographs
from .sets import cifar10, fashion_mnist, mnist
from .signals import SIGNALS, signal
from .sources import CIFAR10 as _CIFAR10
from .sources import FASHION_MNIST as _FASHION_MNIST

FASHION_CLASSES = _FASHION_MNIST.classes
CIFAR10_CLASSES = _CIFAR10.classes

_TORCH_DATASETS = ("FashionMNIST", "MNIST", "CIFAR10", "Photographs", "Scenes", "detection_batch", "small_garments")

__all__ = [
    *_TORCH_DATASETS,
    "CIFAR10_CLASSES",
    "DIRECTIONS",
    "FACE_CLASSES",
    "FASHION_CLASSES",
    "FURTHER_PHOTOGRAPHS",
    "PATCH_CLASSES",
    "PHOTOGRAPHS",
    "SIGNALS",
    "CorruptDataError",
    "DataError",
    "DownloadError",
    "Graph",
    "MissingDataError",
    "MovingScenes",
    "Scene",
    "SceneBatch",
    "cifar10",
    "faces",
    "fashion_mnist",
    "karate_club",
    "mask_box",
    "mnist",
    "moving_scenes",
    "photograph",
    "photograph_patches",
    "photographs",
    "scene",
    "scenes",
    "signal",
    "training_history",
]


def __getattr__(name: str):
    # PyTorch takes seconds to import, so its datasets are loaded when they are first used.
    if name in _TORCH_DATASETS:
        from . import torch_datasets

        return getattr(torch_datasets, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
