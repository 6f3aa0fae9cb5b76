"""How an answer to 10.LeNet5 is judged: by what its arrays compute, so that layers, names and activations are free.

The answer's arrays get drawn numbers, and everything that it then computes is followed from layer to layer on this
side (see `_lenet_chain`). A criterion's point is earned where what was followed leads from the image to the output.
"""

import itertools
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional as F

from cnncourse.checks.tasks.u10._lenet_chain import ACTIVATIONS, ENDS, activation_between, close, read_linear, stages
from cnncourse.checks.tasks.u10._lenet_parts import parts_of

# Numbers of learned parameters: C3 by the table or in full; trainable subsampling, its coefficients only, or
# none (batch norm has as many); linear output, RBF with learned codes, or with fixed ones.
COUNTS = {
    156 + c3 + pooling + 48_120 + 10_164 + output
    for c3 in (1_516, 2_416) for pooling in (0, 22, 44) for output in (0, 840, 850)
}  # fmt: skip


EXPLAINED = {
    "changes-input": "The images that went in are changed: work on new tensors, `x = x * 2` instead of `x.mul_(2)`.",
    "unknown-layers": "The outputs and gradients are not those that C5, F6 and the output layer have with your "
    "parameters. Is a layer left out or used twice, is something else done between two of them, or is a parameter "
    "never used?",
    "unknown-maps": "C5 gets other numbers than C1 and C3, each with an activation and 2×2 pooling, make of the image. "
    "Do the pooling windows overlap? Does a convolution have padding or a stride?",
}


@dataclass
class Followed:
    """What was found on the way from the image to the output.

    `problems` maps a criterion to (slug, sentence); a criterion without one is right.
    """

    problems: dict = field(default_factory=dict)

    def lost(self, slug, sentence, *criteria):
        """Note a problem for each of the criteria that has none so far."""
        for criterion in criteria:
            self.problems.setdefault(criterion, (slug, sentence))


def follow(arrays, numbers, results, images, tolerance):
    """The problems by criterion."""
    whole, again, alone, training, _, *single = results
    found, criteria = Followed(), ("layers", "shape of the output", "logits", "activations")
    _judge_shapes(found, whole, alone, training, len(images))
    if not close(whole["inputs"][0], images):
        found.lost("changes-input", "The call changes the images.", "layers")
    y = whole["output"]
    if y.shape != (len(images), 10) or not np.isfinite(y).all():
        found.lost("wrong-shape", f"The output has shape {y.shape}; wanted: ({len(images)}, 10), finite.", *criteria)
        return found.problems
    if not close(again["output"], y, tolerance):
        found.lost("random-in-eval", "The same images give other outputs in eval mode.", *criteria)
    elif np.ptp(y, axis=0).max() < 1e-6:
        found.lost("ignores-the-image", "All images give the same output.", *criteria)
    elif not close(alone["output"].reshape(-1), y[0], tolerance):
        found.lost("images-mix", "An image gives another output alone than in a batch.", *criteria)
    reached = np.array([r["grad_inputs"][0] is not None and r["grad_inputs"][0][n].any() for n, r in enumerate(single)])
    if not found.problems.get("logits") and not reached.all():
        found.lost("no-gradient", "No gradient reaches the image.", *criteria)
    if "logits" in found.problems:
        return found.problems
    _follow_layers(found, arrays, numbers, single, images, y, tolerance)
    return found.problems


def _judge_shapes(found, whole, alone, training, n):
    for result, count in ((whole, n), (alone, 1), (training, n)):
        shape = result["output"].shape
        if shape != (count, 10):
            slug = "loses-the-batch-axis" if shape == (10,) else "wrong-shape"
            text = f"For {count} images the output has shape {shape}; wanted: ({count}, 10)."
            found.lost(slug, text, "shape of the output")


def _follow_layers(found, arrays, numbers, single, images, y, tolerance):
    """From the output back to the image; each criterion keeps the first problem that concerns it."""
    grads = [r["grads"] for r in single]
    parts = parts_of(arrays, numbers, grads)
    count = sum(int(np.prod(a.shape)) for a in arrays if a.learned)
    if count not in COUNTS:
        found.lost(*_problem_of_sizes(parts, images) or _problem_of_count(arrays, parts, count), "layers")
    text = "What comes out does not follow from the layers that its parameters make."
    layers = [read_linear(*part) for part in parts["linear"]]
    if not layers or None in layers:
        found.lost("unknown-layers", text, "layers", "shape of the output", "logits", "activations")
        return
    between = [activation_between(a.z, b.h) for a, b in itertools.pairwise(layers)]
    end = _end_of(layers[-1], numbers, arrays, y, tolerance)
    if None in between or end is None:
        found.lost("unknown-layers", text, "layers", "shape of the output", "logits", "activations")
        return
    if end in ("softmax", "log-softmax", "ReLU"):
        slug = "activation-at-the-end" if end == "ReLU" else f"{end}-at-the-end"
        found.lost(slug, f"The outputs are what {end} makes of the last layer's.", "logits")
    maps = _maps_between(parts, layers[0].h, images, between)
    seen = (np.array([r["grad_inputs"][0] for r in single]) != 0).any(axis=(0, 1, 2))
    if maps is None and not seen.all():
        text = f"{(~seen).sum()} of the 1,024 pixels have no influence on any output."
        found.lost("ignores-pixels", text, "layers", "logits", "activations")
        return
    if maps is None:
        text = "C5 gets other numbers than two convolutions, each with activation and pooling, make of the image."
        found.lost("unknown-maps", text, "layers", "activations")
        return
    slug, names = maps
    if slug:
        found.lost(slug, "The maps have other sizes than LeNet's.", "layers")
    names = [*names, *between]
    if "none" in names:
        slug = "no-activations" if set(names) == {"none"} else "activation-missing"
        found.lost(slug, f"What stands between the layers, from the image on: {', '.join(names)}.", "activations")


def _problem_of_sizes(parts, images):
    """The maps that reach C5, where convolutions and pooling as they are found make others than LeNet's."""
    layers = [read_linear(*part) for part in parts["linear"][:1]]
    maps = _maps_between(parts, layers[0].h, images) if layers and layers[0] else None
    return (maps[0], "The maps have other sizes than LeNet's.") if maps and maps[0] else None


def _problem_of_count(arrays, parts, count):
    text = f"It has {count:,} parameters; wanted: 61,706 in the modern form, 60,000 in that of 1998."
    return _slug_of_count(arrays, parts), text


def _slug_of_count(arrays, parts):
    kernels = Counter(a.shape[0] for a in arrays if a.learned and len(a.key) > 2)
    if not any(len(a.key) == 1 for a in arrays if a.learned):
        return "biases-missing"
    if not kernels[6] or not kernels[16]:
        return "wrong-widths"
    return "misses-a-layer" if len(parts["linear"]) < 3 else "wrong-parameters"


def _end_of(last, numbers, arrays, y, tolerance):
    """What is done to the last layer's outputs: a name of ENDS, "RBF", or None."""
    z = torch.tensor(last.z)
    if last.z.shape == y.shape:
        return next((name for name, f in ENDS.items() if close(y, f(z).numpy(), tolerance)), None)
    from cnncourse.torch_nn.models.lenet import digit_codes

    stored = [numbers[a.name] for a in arrays if a.key == (10, 84)]
    for codes, act in itertools.product([*stored, digit_codes().numpy()], ACTIVATIONS.values()):
        h = act(z).numpy()
        if h.shape[1:] == (84,) and close(y, -((h[:, None] - codes.reshape(10, 84)) ** 2).sum(axis=2), tolerance):
            return "RBF"
    return None


def _maps_between(parts, wanted, images, likely=()):
    """How the image becomes the `wanted` inputs of C5: (slug where sizes differ or None, two activations), or None."""
    if len(parts["convolutions"]) != 2:
        return None
    x = torch.tensor(images, dtype=torch.float64)[:2]
    wanted = wanted[: len(x)].reshape(len(x), -1)
    first, second = (
        [(weight, *vectors, buffers) for vectors in _each_first(own)] for weight, own, buffers in parts["convolutions"]
    )
    names = [[name, "none"] for name in dict.fromkeys([*likely, *ACTIVATIONS]) if name in ACTIVATIONS]
    tries = [(first[0], second[0], pair, pair) for pair in names]
    if len(first) == len(second) == 1:
        tries.append((first[0], second[0], [*ACTIVATIONS], [*ACTIVATIONS]))
    tries += [(one, two, pair, pair) for pair in names for one, two in [*itertools.product(first, second)][1:]]
    return next((way for one, two, *pair in tries if (way := _way(x, one, two, *pair, wanted))), None)


def _way(x, first, second, names1, names2, wanted):
    """The same, with one vector as the bias of each convolution, among some activations for each of the two stages."""
    (w1, b1, *more1, buffers1), (w3, b3, *more3, buffers3) = first, second
    w1 = torch.tensor(w1.reshape(len(w1), 1, *w1.shape[-2:]), dtype=torch.float64)
    w3, b1, b3 = (torch.tensor(array, dtype=torch.float64) for array in (w3, b1, b3))
    behind = {}
    for (name, pooled), stage in stages(names2, more3, buffers3):
        behind.setdefault(pooled, []).append((name, stage))
    sizes = {(1, 0): None} if more1 or more3 else {(1, 0): None, (1, 2): "wrong-maps", (2, 0): "strides-for-pooling"}
    for (stride, padding), slug in sizes.items():
        z1 = F.conv2d(x, w1, b1, stride, padding)
        for (name, pooled), stage in stages(names1, more1, buffers1):
            maps = stage(z1)
            if w3.shape[1] != maps.shape[1] or min(maps.shape[2:]) < 5:
                continue
            z3 = F.conv2d(maps, w3, b3, stride)
            for other, again in behind.get(pooled, ()):
                if close(again(z3[:1]).flatten(1).numpy(), wanted[:1]) and close(again(z3).flatten(1).numpy(), wanted):
                    return slug, [name, other]
    return None


def _each_first(vectors):
    """The vectors with each in turn at the front: one of them is the bias."""
    return [(v, *vectors[:i], *vectors[i + 1 :]) for i, v in enumerate(vectors)]
