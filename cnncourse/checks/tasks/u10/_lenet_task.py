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

from cnncourse.checks.compare import Difference
from cnncourse.checks.diagnose import Finding, find_mistake
from cnncourse.checks.module_arrays import arrays_of, draw, fits
from cnncourse.checks.module_runs import Door, ready
from cnncourse.checks.modules import ModuleCase
from cnncourse.checks.report import TaskReport
from cnncourse.checks.student import Outcome
from cnncourse.checks.task import Task, Trial
from cnncourse.checks.tasks.u10._lenet_chain import ACTIVATIONS, ENDS, activation_between, close, read_linear, stages

# Numbers of learned parameters: C3 by the table or in full; trainable subsampling, its coefficients only, or
# none (batch norm has as many); linear output, RBF with learned codes, or with fixed ones.
COUNTS = {
    156 + c3 + pooling + 48_120 + 10_164 + output
    for c3 in (1_516, 2_416) for pooling in (0, 22, 44) for output in (0, 840, 850)
}  # fmt: skip


UNKNOWN = {
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


@dataclass
class LeNetTask(Task):
    """A module judged by what its arrays compute."""

    probe: str = "module"
    banned: tuple = ()
    seconds: float = 20.0

    def evaluate(self, student, seed=0):
        """Run the answer once, follow what it computes, and give the points of every criterion."""
        ready()
        cases = self.draw(seed)
        door = Door(lambda args, kwargs: student.call(self.name, self.probe, args, kwargs, seconds=self.seconds))
        outcome, problems = look(door, cases[0].args[0])  # all criteria look at the same images
        trials = []
        for case in cases:
            kind = Difference(outcome.error.kind, "") if outcome.error else None
            problem = kind or (Difference(*problems[case.criterion]) if case.criterion in problems else None)
            trials.append(Trial(case, outcome, None, problem))
        return TaskReport.from_trials(self, trials, self.find(trials))

    def find(self, trials):
        """The known mistake whose slug the first failed trial got."""
        slugs = [t.difference.slug for t in trials if t.difference is not None]
        known = next((m for s in slugs for m in self.mistakes if m.slug == s), None)
        if known:
            return Finding(known.slug, known.explanation, self.see)
        own = next((slug for slug in slugs if slug in UNKNOWN), None)
        return Finding(own, UNKNOWN[own], self.see) if own else find_mistake(self, trials)


def look(door, images):
    """Everything that is asked of the answer: (outcome, problems by criterion)."""
    case = ModuleCase("", input=images)
    described = door.script(case, [{"do": "describe"}, {"do": "read"}], keep=True)
    if described.error is not None:
        return described, {}
    arrays, start = arrays_of(described.value[0]), described.value[1]
    rng = np.random.default_rng(int(abs(images[0]).sum() * 1e6) % 2**32)
    state = {a.name: s for a, s in zip(arrays, draw(arrays, rng).values(), strict=True) if a.learned}
    numbers = {a.name: start[a.name] for a in arrays} | state  # buffers stay: masks, codes
    outcome = door.script(case, script(numbers, images, double=True), kept=True)
    double = outcome.error is None
    if not double:
        outcome = door.script(case, script(numbers, images, double=False))
    if outcome.error is not None:
        return outcome, {}
    return Outcome(), follow(arrays, numbers, outcome.value[1:], images, 1e-5 if double else 3e-3)


def script(numbers, images, double):
    """The whole batch twice, one image alone, training mode, and each image's gradients by themselves."""
    images = images.astype(np.float64 if double else np.float32)
    forward = {"do": "forward", "inputs": [images]}
    steps = [{"do": "load", "state": numbers, "double": double}, forward, forward]
    steps += [{"do": "forward", "inputs": [images[:1]]}, forward | {"training": True}]
    steps.append({"do": "load", "state": numbers})
    for n in range(len(images)):
        upstream = np.zeros((len(images), 10))
        upstream[n] = np.random.default_rng(n).uniform(0.5, 1.5, 10) * (-1) ** np.arange(10)
        steps.append(forward | {"grad_output": upstream})
    return steps


def follow(arrays, numbers, results, images, tolerance):
    """The problems by criterion."""
    whole, again, alone, training, _, *single = results
    found, criteria = Followed(), ("layers", "shape of the output", "logits", "activations")
    _judge_shapes(found, whole, alone, training, len(images))
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


def parts_of(arrays, numbers, grads):
    """The parameters by the part that they play: {"linear": [...], "convolutions": [...]}, from the image on.

    A linear part is (weight, bias, their gradients for each image), a convolution (weight, vectors of its
    length, of which one is the bias, buffers of its length).
    """
    learned = [a for a in arrays if a.learned]
    for shape in ((120, 16, 5, 5), (120, 400)):
        wanted = _modern(shape)
        sources = next(fits(learned, wanted), None)
        if sources:
            take = {a.name: (sources[a.name], a.shape) for a in wanted}
            value = {name: source.take(numbers, shape) for name, (source, shape) in take.items()}
            each = {
                name: [source.take({k: np.zeros(numbers[k].shape) if g is None else g for k, g in one.items()}, shape)
                       for one in grads]
                for name, (source, shape) in take.items()
            }  # fmt: skip
            linear = [(value[f"{n}.weight"], value[f"{n}.bias"], each[f"{n}.weight"], each[f"{n}.bias"]) for n in HEAD]
            return {"linear": linear, "convolutions": [(value[f"{n}.weight"], [value[f"{n}.bias"]], []) for n in BODY]}
    return _parts_by_shape(arrays, numbers, grads)


BODY, HEAD = ("C1", "C3"), ("C5", "F6", "output")


def _modern(c5):
    shapes = {"C1": (6, 1, 5, 5), "C3": (16, 6, 5, 5), "C5": c5, "F6": (84, 120), "output": (10, 84)}
    named = [(f"{n}.{part}", shape if part == "weight" else shape[:1]) for n, shape in shapes.items()
             for part in ("weight", "bias")]  # fmt: skip
    return arrays_of({"parameters": {name: (shape, "float32") for name, shape in named}, "buffers": {}})


def _parts_by_shape(arrays, numbers, grads):
    """The same for other forms than today's: each layer takes as many numbers as the one before it gives."""
    rest = [a for a in arrays if a.learned and len(a.key) > 1]
    vectors = [a for a in arrays if len(a.key) == 1]

    def of_length(n, learned=True):
        return [a for a in vectors if a.learned == learned and a.key == (n,)]

    def each(array):
        return [np.zeros(array.shape) if g[array.name] is None else g[array.name] for g in grads]

    linear, outputs = [], 10 if of_length(10) else 84  # RBF outputs have no bias: then F6 is the last linear part
    while True:
        weight = next((a for a in rest if a.key[0] == outputs and len(a.key) in (2, 4) and of_length(outputs)), None)
        if weight is None:
            break
        bias = of_length(outputs)[0]
        linear.insert(0, (numbers[weight.name], numbers[bias.name].ravel(), each(weight), each(bias)))
        rest.remove(weight)
        outputs = weight.key[1]
        if len(weight.key) == 4:
            break
    masks = [numbers[a.name] for a in arrays if not a.learned and len(a.key) == 2]
    convolutions = []
    for weight in sorted((a for a in rest if len(a.key) > 2), key=lambda a: a.shape[0] == 60 or len(a.key) > 3):
        dense = _dense(numbers[weight.name], masks)
        own, buffers = of_length(len(dense)), of_length(len(dense), learned=False)
        if own:
            convolutions.append((dense, *([numbers[a.name].ravel() for a in vectors] for vectors in (own, buffers))))
    return {"linear": linear, "convolutions": convolutions}


def _dense(weight, masks):
    """The kernels of all pairs of maps; those of the table of 1998 stand one behind the other, or under a mask."""
    from cnncourse.torch_nn.models.lenet import C3_TABLE

    if weight.shape[0] == 60:
        dense = np.zeros((16, 6, *weight.shape[-2:]))
        dense[tuple(np.array([(o, c) for o, maps in enumerate(C3_TABLE) for c in maps]).T)] = weight.reshape(60, 5, 5)
        return dense
    fitting = [m for m in masks if m.squeeze().shape == weight.shape[:2]]
    return weight * fitting[0].reshape(*weight.shape[:2], 1, 1) if fitting else weight


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
