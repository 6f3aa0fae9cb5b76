"""The same data as ``torch.utils.data.Dataset``: images as float32 tensors (C, H, W) in [0, 1].

Every dataset takes a ``transform``, a function of such a tensor that returns a tensor.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch.utils.data import Dataset

from .garment_scenes import Scene, check_arguments, scene
from .photos import PHOTOGRAPHS, photograph
from .sets import cifar10, fashion_mnist, mnist

TARGETS = ("class", "semantic", "detection")


def as_tensor(image: np.ndarray) -> torch.Tensor:
    """Return uint8 (H, W) or (C, H, W) as float32 (C, H, W) in [0, 1]."""
    if image.ndim == 2:
        image = image[None]
    return torch.from_numpy(image.astype(np.float32) / 255)


def small_garments(split: str, count: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Return garments of 14×14 pixels, normalised, for networks that learn in seconds.

    Parameters
    ----------
    split
        "train" or "test".
    count
        How many, from the first on; all that come with the package by default.

    Returns
    -------
    images (count, 1, 14, 14) of float32, mean about 0 and standard deviation about 1; labels (count,)

    Examples
    --------
    >>> images, labels = small_garments("test", 5)
    >>> tuple(images.shape), labels.tolist()
    ((5, 1, 14, 14), [9, 2, 1, 1, 6])
    """
    images, labels = fashion_mnist(split)
    pixels = torch.from_numpy(images[:count, None]).float() / 255
    small = torch.nn.functional.avg_pool2d(pixels, 2)
    return (small - 0.286) / 0.321, torch.from_numpy(labels[:count])


class LabelledImages(Dataset):
    """Images (N, H, W) or (N, C, H, W) uint8 with classes (N,): items are (tensor (C, H, W), int)."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, transform: Callable | None = None):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = as_tensor(self.images[index])
        return (self.transform(image) if self.transform else image), int(self.labels[index])


class FashionMNIST(LabelledImages):
    """Garments, tensors (1, 28, 28); the arguments and errors are those of ``fashion_mnist``."""

    def __init__(self, split="train", full=False, transform=None, download=True):
        super().__init__(*fashion_mnist(split, full, download), transform)


class MNIST(LabelledImages):
    """Digits, tensors (1, 28, 28); the arguments and errors are those of ``mnist``."""

    def __init__(self, split="train", transform=None, download=True):
        super().__init__(*mnist(split, download=download), transform)


class CIFAR10(LabelledImages):
    """Small photographs, tensors (3, 32, 32); the arguments and errors are those of ``cifar10``."""

    def __init__(self, split="train", transform=None, download=True):
        super().__init__(*cifar10(split, download=download), transform)


class Photographs(Dataset):
    """scikit-image's photographs: items are (tensor (1 or 3, H, W), name), each of its own size."""

    def __init__(self, transform: Callable | None = None):
        self.names, self.transform = tuple(PHOTOGRAPHS), transform

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, str]:
        pixels = photograph(self.names[index])
        image = as_tensor(pixels.transpose(2, 0, 1) if pixels.ndim == 3 else pixels)
        return (self.transform(image) if self.transform else image), self.names[index]


class Scenes(Dataset):
    """Scenes composed on the fly, tensors (3, size, size).

    Parameters
    ----------
    count : int
        How many.
    split, seed, size, objects
        As for ``scene``.
    target : "class", "semantic" or "detection"
        What goes with each image: its class (an int, one object only); the class at each pixel (int64,
        (H, W), 0 is background, otherwise label + 1); or what torchvision's detectors take: a dictionary of
        ``boxes`` (float32, (M, 4), x0, y0, x1, y1), ``labels`` (int64, (M,), label + 1, since 0 is
        background) and ``masks`` (uint8, (M, H, W)).
    transform : function, optional
        Applied to the image alone: it must not move pixels where the target has places.

    Raises
    ------
    ValueError
        An argument is out of its range.
    """

    def __init__(
        self,
        count,
        split="train",
        seed=0,
        size=32,
        objects=1,
        target="class",
        transform: Callable | None = None,
    ):
        if target not in TARGETS:
            raise ValueError(f"target: expected one of {', '.join(TARGETS)}; got {target!r}")
        if count < 0:
            raise ValueError(f"count: expected at least 0, got {count}")
        span = check_arguments(0, seed, split, size, objects)
        if target == "class" and span != (1, 1):
            raise ValueError(f"objects: expected 1 for target 'class', got {objects!r}")
        self.count, self.target, self.transform = count, target, transform
        self.options = {"seed": seed, "split": split, "size": size, "objects": objects}

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int):
        if not -self.count <= index < self.count:
            raise IndexError(f"index: expected less than {self.count}, got {index}")
        one = scene(index % self.count, **self.options)
        image = as_tensor(one.image)
        return (self.transform(image) if self.transform else image), self._target(one)

    def _target(self, one: Scene):
        if self.target == "class":
            return int(one.labels[0])
        if self.target == "semantic":
            return torch.from_numpy(one.semantic)
        return {
            "boxes": torch.from_numpy(one.boxes),
            "labels": torch.from_numpy(one.labels + 1),
            "masks": torch.from_numpy(one.masks.astype(np.uint8)),
        }


def detection_batch(items: list) -> tuple[torch.Tensor, list[dict]]:
    """Collate items with "detection" targets: images (N, 3, H, W) and the list of their dictionaries."""
    return torch.stack([image for image, _ in items]), [target for _, target in items]
