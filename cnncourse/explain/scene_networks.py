"""Three small networks trained on scenes, and what the judge says of their explanations; both kept with the course.

`python -m tools.keep_explanations` makes both files again.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

__all__ = ["kept_comparison", "kept_networks", "mosaics", "scene_network"]

FOLDER = Path(__file__).parent / "kept"
WIDTHS = (12, 24, 48)


def scene_network():
    """Return a small VGG with batch norm whose head is global average pooling and one linear layer: 32×32 to 10 logits.

    It is an `nn.Sequential`; images of other sizes fit, too, if their sides are multiples of 4.
    """
    layers, channels = [], 3
    for stage, width in enumerate(WIDTHS):
        layers += [nn.MaxPool2d(2)] if stage else []
        for _ in range(2):
            layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def kept_networks():
    """Return the trained networks, one per random start, in evaluation mode.

    Their weights are kept in float16. They want images in [0, 1].
    """
    networks = []
    with np.load(FOLDER / "scene_networks.npz") as file:
        starts = sorted({name.split("/")[0] for name in file.files})
        for start in starts:
            network = scene_network()
            state = network.state_dict()
            kept = {key: torch.from_numpy(file[f"{start}/{key}"]).float() for key in state if key_is_kept(key)}
            network.load_state_dict(state | kept)
            networks.append(network.eval())
    return networks


def key_is_kept(key):
    """Tell whether an entry of a state is kept: all but the batch norms' counters."""
    return not key.endswith("num_batches_tracked")


def kept_comparison():
    """Return how the explanations of the kept networks were judged, as a dict.

    Returns
    -------
    dict
        "command", "made_with", and "runs": one dict per network with its "seed", "accuracy", "seconds", and "table",
        where table[method][judgement] is [mean, standard error] over the scenes.
    """
    return json.loads((FOLDER / "comparison.json").read_text(encoding="utf-8"))


def mosaics(batch, rng, count):
    """Return pictures of four scenes of different classes, two by two; the class that is asked for, and its quarter.

    Parameters
    ----------
    batch : SceneBatch
        One object per scene.
    rng : numpy.random.Generator
    count : int

    Returns
    -------
    images : ndarray of uint8 (count, 3, 2H, 2W)
    labels : ndarray of int64 (count,)
    masks : ndarray of bool (count, 2H, 2W)
        The quarter in which the scene with this label stands.

    References
    ----------
    Böhle, Fritz & Schiele, "Convolutional dynamic alignment networks for interpretable classifications" (2021),
    section 4.2: a grid of pictures as a test of localisation.
    """
    H, W = batch.images.shape[2:]
    images = np.empty((count, 3, 2 * H, 2 * W), np.uint8)
    labels, masks = np.empty(count, np.int64), np.zeros((count, 2 * H, 2 * W), bool)
    for n in range(count):
        classes = rng.choice(np.unique(batch.labels), 4, replace=False)
        chosen = [rng.choice(np.flatnonzero(batch.labels == k)) for k in classes]
        images[n] = np.block([[batch.images[chosen[0]], batch.images[chosen[1]]],
                              [batch.images[chosen[2]], batch.images[chosen[3]]]])  # fmt: skip
        asked = rng.integers(4)
        labels[n] = classes[asked]
        masks[n, asked // 2 * H :, asked % 2 * W :][:H, :W] = True
    return images, labels, masks
