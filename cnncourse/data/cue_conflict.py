"""Pictures with two cues, an outline and a texture, which agree or contradict each other."""

import numpy as np

from .compose import garments, resize
from .photos import photograph
from .sets import check_split

SHAPES = {"trousers": 1, "bag": 8, "boot": 9}  # name -> class of the garments whose outlines are taken
TEXTURES = ("brick", "grass", "gravel")
SIZE, CONTRAST = 32, 0.2


def cue_images(shapes: np.ndarray, textures: np.ndarray, rng: np.random.Generator, split: str = "train") -> np.ndarray:
    """Return grey pictures: an outline of one kind, filled with a texture of another, on a plain ground.

    Parameters
    ----------
    shapes, textures : integer arrays (N,)
        Indices into `SHAPES` and `TEXTURES`.
    rng : numpy.random.Generator
        Draws which garment, which piece of the photograph, size, place and the ground's grey.
    split : "train" or "test"
        Which garments, and which half of the photographs.

    Returns
    -------
    ndarray of float32 (N, 1, 32, 32), 0 to 1
        All textures have the same mean and the same contrast, and the ground's grey says nothing about either cue.
    """
    check_split(split)
    _, outlines, labels = garments(split)
    kinds, photos = list(SHAPES.values()), [photograph(name) / 255 for name in TEXTURES]
    images = np.empty((len(shapes), 1, SIZE, SIZE), np.float32)
    for image, shape, texture in zip(images[:, 0], shapes, textures, strict=True):
        side = int(rng.integers(20, SIZE + 1))
        outline = outlines[rng.choice(np.flatnonzero(labels == kinds[shape]))]
        inside = resize(np.where(outline, np.uint8(255), np.uint8(0))[:, :, None], side)[:, :, 0] / 255
        pixels = photos[texture]
        half = pixels.shape[1] // 2
        y, x = rng.integers(len(pixels) - side), rng.integers(half - side) + (half if split == "test" else 0)
        patch = pixels[y : y + side, x : x + side]
        patch = 0.5 + CONTRAST * (patch - patch.mean()) / (patch.std() + 1e-6)
        image[...] = rng.uniform(0.2, 0.8)
        top, left = rng.integers(SIZE + 1 - side, size=2)
        here = image[top : top + side, left : left + side]
        here += inside * (patch - here)
    return images.clip(0, 1)
