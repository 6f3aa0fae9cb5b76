"""All explanations under all judgements, over scenes whose truth is known, as one table."""

from dataclasses import dataclass, field

import numpy as np
import torch

from cnncourse.torch_nn.undisturbed import undisturbed

from .activation_maps import cam, grad_cam
from .baselines import centre, edges, noise
from .curves import area_under, deletion_curve, insertion_curve
from .gradients import integrated_gradients, saliency, smoothgrad
from .judge import hits, share_inside
from .logits import check_images, label_logits
from .occlusion import occlusion
from .randomised import randomise, similarity
from .relus import deconvnet, guided_backpropagation

__all__ = ["BASELINES", "JUDGEMENTS", "METHODS", "Comparison", "compare"]

METHODS = {
    "saliency": saliency, "SmoothGrad": smoothgrad, "integrated gradients": integrated_gradients,
    "guided backpropagation": guided_backpropagation, "deconvnet": deconvnet, "occlusion": occlusion, "CAM": cam,
    "Grad-CAM": grad_cam,
}  # fmt: skip
BASELINES = {"centre": centre, "edges": edges, "random": noise}
JUDGEMENTS = {  # name -> what it is, and which way is better
    "pointing": "share of scenes in which the map's maximum lies on the object; more is better",
    "inside": "share of the map inside the object's mask; more is better",
    "deletion": "mean probability while the most important pixels are covered; less is better",
    "insertion": "mean probability while the most important pixels come back; more is better",
    "randomised": "rank correlation with the map of the network with shuffled weights; near 0 is better",
}


@dataclass
class Comparison:
    """What `compare` found.

    Attributes
    ----------
    values : dict of dict of ndarray (N,)
        values[method][judgement] has one number per scene.
    refused : dict of str
        Why a method could not explain this network, such as CAM where the head is not linear.
    """

    values: dict = field(default_factory=dict)
    refused: dict = field(default_factory=dict)

    def mean(self, method, judgement):
        """Return the mean over the scenes."""
        return float(np.mean(self.values[method][judgement]))

    def error(self, method, judgement):
        """Return the standard error of `mean`: the spread of scenes / √N, NaN for one scene."""
        values = self.values[method][judgement]
        return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else float("nan")

    @property
    def columns(self):
        """The heads of the table."""
        return ["", *JUDGEMENTS]

    @property
    def rows(self):
        """One row per method: its name, then mean ± standard error of each judgement, as text."""
        return [
            [name, *(f"{self.mean(name, what):.2f} ± {self.error(name, what):.2f}" for what in JUDGEMENTS)]
            for name in self.values
        ]

    def __str__(self):
        lines = [self.columns, *self.rows]
        widths = [max(len(line[k]) for line in lines) for k in range(len(self.columns))]
        return "\n".join(
            "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines
        )


def compare(network, scenes, methods=None, *, prepare=None, steps=16, fill=0.0, rng=None, batch_size=50):
    """Explain the true label of each scene by each method, and judge the maps.

    Parameters
    ----------
    network : torch.nn.Module
        (N, 3, H, W) → logits (N, classes); afterwards it is as before.
    scenes : SceneBatch
        One object per scene: images (N, 3, H, W) of uint8, labels (N,), masks (N, H, W).
    methods : dict of name → function (model, images, labels) → maps (N, H, W), optional
        By default `METHODS` and then `BASELINES`.
    prepare : function (images of uint8) → what the network wants to see, optional
        By default images / 255 in float32.
    steps : int
        Of the deletion and insertion curves.
    fill : float
        What covers pixels there, as the network wants to see it.
    rng : numpy.random.Generator, optional
        Shuffles the weights for the last judgement; without it, the same way at every call.
    batch_size : int
        How many scenes are explained at once.

    Returns
    -------
    Comparison
        Shown as a table with `cnncourse.table(comparison.rows, comparison.columns)`, or printed.
    """
    if np.ndim(scenes.labels) != 1 or not len(scenes.labels):
        raise ValueError(f"scenes: expected one object per scene, got labels {np.shape(scenes.labels)}")
    methods = {**METHODS, **BASELINES} if methods is None else methods
    images = as_tensor(scenes.images if prepare is None else prepare(scenes.images), prepare is None)
    labels = torch.as_tensor(scenes.labels)
    in_batches(checked_logits, network, images, labels, batch_size)  # what is wrong with all methods is said at once
    random = randomise(network, np.random.default_rng(0) if rng is None else rng)
    result = Comparison()
    for name, method in methods.items():
        try:
            maps, others = (in_batches(method, model, images, labels, batch_size) for model in (network, random))
        except ValueError as error:
            result.refused[name] = str(error)
            continue
        deletion, insertion = areas(network, images, labels, maps, steps, fill)
        result.values[name] = {
            "pointing": hits(maps, scenes.masks).astype(float), "inside": share_inside(maps, scenes.masks),
            "deletion": deletion, "insertion": insertion, "randomised": similarity(maps, others),
        }  # fmt: skip
    return result


def as_tensor(images, of_bytes):
    """Return images as a tensor, those of bytes scaled to 0 to 1 in float32."""
    images = torch.as_tensor(images)
    return images.float() / 255 if of_bytes else images


def in_batches(method, model, images, labels, batch_size):
    """Return the maps of all images as one array, a batch at a time."""
    batches = zip(images.split(batch_size), labels.split(batch_size), strict=True)
    return np.concatenate([np.asarray(method(model, x, y).cpu()) for x, y in batches])


def checked_logits(model, images, labels):
    """Return the labels' logits; refuse images, labels or a network that no method could explain."""
    with undisturbed(model), torch.no_grad():
        return label_logits(model, *check_images(images, labels))


def areas(network, images, labels, maps, steps, fill):
    """Return the areas under the deletion and the insertion curve of each map, (N,) and (N,)."""

    def predict(x):
        return network(torch.as_tensor(x, device=images.device)).softmax(dim=1).cpu().numpy()

    found = []
    with undisturbed(network), torch.no_grad():
        for image, label, importance in zip(images.cpu().numpy(), labels.tolist(), maps, strict=True):
            found.append([area_under(curve(predict, image, label, importance, steps, fill))
                          for curve in (deletion_curve, insertion_curve)])  # fmt: skip
    return np.array(found).T
