"""How an answer to 10.LeNet5 is judged: by what it does, so that layers, names and activations are free.

Between two layers without a nonlinearity a constant can be moved: add t to the first one's bias, and take
what becomes of it from the second one's bias. If the output stays the same, there was none between them.
"""

import math
from dataclasses import dataclass

import numpy as np

from cnncourse.checks.compare import Difference
from cnncourse.checks.diagnose import Finding, find_mistake
from cnncourse.checks.module_layers import layers_of
from cnncourse.checks.task import Task, Trial

# Weights of the five layers; C5 may be a convolution or a matrix.
SHAPES = {
    "C1": [(6, 1, 5, 5)],
    "C3": [(16, 6, 5, 5)],
    "C5": [(120, 16, 5, 5), (120, 400)],
    "F6": [(84, 120), (84, 120, 1, 1)],
    "the output": [(10, 84), (10, 84, 1, 1)],
}
# Numbers of learned parameters: C3 by the table or in full; trainable subsampling, its coefficients only, or
# none (batch norm has as many); linear output, RBF with learned codes, or with fixed ones.
COUNTS = {
    156 + c3 + pooling + 48_120 + 10_164 + output
    for c3 in (1_516, 2_416) for pooling in (0, 22, 44) for output in (0, 840, 850)
}  # fmt: skip


@dataclass
class LeNetTask(Task):
    """A module judged by its number of parameters, its outputs' shape, and how it reacts."""

    probe: str = "module"
    banned: tuple = ()
    repeats: int = 0
    seconds: float = 20.0

    def attempt(self, student, case, wanted=None):
        """Build it once to see its layers, once more to try it with other numbers."""
        (images,) = case.args
        outcome = self._call(student, [{"do": "describe", "inputs": [images]}])
        if outcome.error is None:
            layers = layers_of(outcome.value[0])
            count = sum(math.prod(shape) for shape, _ in outcome.value[0]["parameters"].values())
            named = named_layers(layers)
            script = script_for(case, images, named, layers)
            outcome = self._call(student, script)
        if outcome.error is not None:
            return Trial(case, outcome, None, Difference(outcome.error.kind, ""))
        results = [step for step in outcome.value if step is not None]
        problem = JUDGES[case.criterion](results, named, count, images)
        outcome.value = None
        return Trial(case, outcome, None, Difference(*problem) if problem else None)

    def _call(self, student, script):
        return student.call(self.name, self.probe, (), {"script": script, "watch": False}, seconds=self.seconds)

    def find(self, trials):
        """The known mistake whose slug the first failed trial got."""
        slugs = [t.difference.slug for t in trials if t.difference is not None]
        known = next((m for s in slugs for m in self.mistakes if m.slug == s), None)
        return Finding(known.slug, known.explanation, self.see) if known else find_mistake(self, trials)

    def value_of(self, answer, case):
        """Nothing to compare with: judging is by behaviour."""
        return None


def named_layers(layers):
    """{"C1": layer, …} of those that are there with weight and bias."""
    found = {}
    for name, shapes in SHAPES.items():
        fitting = [x for x in layers if x.arrays.get("weight", np.zeros(0)).shape in shapes and "bias" in x.arrays]
        if len(fitting) == 1:
            found[name] = fitting[0]
    return found


def drawn_state(layers, rng):
    """Numbers that keep activations alive on both sides of zero; masks and codes stay as they are."""
    state = {}
    for layer in layers:
        for name, array in layer.arrays.items():
            if name == "weight" and array.ndim > 1 and array.dtype.kind == "f":
                spread = 1.6 / np.sqrt(np.prod(array.shape[1:]))
                state[layer.full(name)] = (spread * rng.standard_normal(array.shape)).astype(array.dtype)
            elif name == "bias":
                state[layer.full(name)] = (0.3 * rng.standard_normal(array.shape)).astype(array.dtype)
    return state


def script_for(case, images, named, layers):
    """The steps for one criterion; those that only load give None."""
    rng = np.random.default_rng(int(abs(images[0]).sum() * 1e6) % 2**32)
    forward = {"do": "forward", "inputs": [images]}
    if case.criterion == "layers":
        return [forward | {"capture": True}]
    if case.criterion == "shape of the output":
        return [forward, {"do": "forward", "inputs": [images[:1]]}, forward | {"training": True}]
    state = drawn_state(layers, rng)
    upstream = rng.standard_normal((len(images), 10)).astype(np.float32)
    steps = [{"do": "load", "state": state}, forward | {"grad_output": upstream}, forward]
    steps += [{"do": "forward", "inputs": [images[1:2]]}]
    if case.criterion == "logits":
        shift = np.linspace(-30, 30, 10, dtype=np.float32)
        if "the output" in named:
            name = named["the output"].full("bias")
            steps += [{"do": "load", "state": {name: state[name] + shift}}, forward]
        return steps
    names = list(SHAPES)
    for first, second in zip(names[:-1], names[1:], strict=True):
        if first in named and second in named:
            steps += [{"do": "load", "state": moved(state, named[first], named[second], rng)}, forward]
            steps += [{"do": "load", "state": state}]
    return steps


def moved(state, first, second, rng):
    """The state with a constant moved from the second layer's bias to the first one's."""
    bias, weight = state[first.full("bias")], state[second.full("weight")]
    t = rng.uniform(0.5, 1.5, bias.shape) * rng.choice([-1, 1], bias.shape)
    # A matrix behind flattened maps has 25 columns for each map, those of one map side by side.
    effect = weight.reshape(len(weight), len(bias), -1).sum(axis=2) @ t
    return state | {
        first.full("bias"): (bias + t).astype(np.float32),
        second.full("bias"): (state[second.full("bias")] - effect).astype(np.float32),
    }


def judge_layers(results, named, count, images):
    """The number of parameters, and the sizes of the maps where they can be seen."""
    maps = [r.shape[1:] for r in results[0]["captured"]]
    if maps and maps[0][0] == 6 and maps[0] != (6, 28, 28):
        slug = "strides-for-pooling" if maps[0] == (6, 14, 14) else "wrong-maps"
        return slug, f"The first convolution gives maps of {maps[0]}; wanted: 6 maps of 28×28."
    if len(maps) > 1 and maps[0][0] == 6 and maps[1][0] == 16 and maps[1] != (16, 10, 10):
        return "wrong-maps", f"The second convolution gives maps of {maps[1]}; wanted: 16 maps of 10×10."
    if count in COUNTS:
        return None
    known = {61_706 - 236: "biases-missing", 44_426: "misses-a-layer", 51_902 - 10: "misses-a-layer"}
    known |= {156 + 2_416 + 48_120 + 1_210: "misses-a-layer", 156 + 2_416 + 4_010: "misses-a-layer"}
    wide = "C1" not in named or "C3" not in named
    slug = known.get(count, "wrong-widths" if wide else "wrong-parameters")
    return slug, f"It has {count:,} parameters; wanted: 61,706 in the modern form, 60,000 in that of 1998."


def judge_shape(results, named, count, images):
    """(N, 10) for several images and for one, in both modes."""
    for result, n in zip(results, (len(images), 1, len(images)), strict=True):
        shape = result["output"].shape
        if shape != (n, 10):
            slug = "loses-the-batch-axis" if shape == (10,) else "wrong-shape"
            return slug, f"For {n} images the output has shape {shape}; wanted: ({n}, 10)."
    return None


def judge_logits(results, named, count, images):
    """Deterministic in eval, each image by itself, free outputs, gradients everywhere."""
    first, again, alone, *shifted = results
    y = first["output"]
    if y.shape != (len(images), 10) or not np.isfinite(y).all():
        return "wrong-shape", f"The output has shape {y.shape}; wanted: ({len(images)}, 10), finite."
    close = {"rtol": 1e-3, "atol": 1e-4 * max(1.0, float(abs(y).max()))}
    if not np.allclose(y, again["output"], **close):
        return "random-in-eval", "The same images give other outputs in eval mode."
    if np.ptp(y, axis=0).max() < 1e-6:
        return "ignores-the-image", "All images give the same output."
    if (y >= 0).all() and np.allclose(y.sum(axis=1), 1, atol=1e-3):
        return "softmax-at-the-end", "The outputs are probabilities: not negative, and summing to 1."
    if np.allclose(np.exp(y.astype(float)).sum(axis=1), 1, atol=1e-3):
        return "log-softmax-at-the-end", "The outputs are log-probabilities: their exponentials sum to 1."
    if (y >= 0).all() and (y == 0).any():
        return "activation-at-the-end", "No output is negative, and some are exactly 0."
    if not np.allclose(y[1:2], alone["output"], **close):
        return "images-mix", "An image gives another output alone than in a batch."
    if shifted:
        wanted = y + np.linspace(-30, 30, 10)
        if not np.allclose(shifted[0]["output"], wanted, rtol=1e-3, atol=1e-2):
            return "activation-at-the-end", "The last layer's bias does not simply add to the outputs."
    reached = first["grad_inputs"][0]
    if reached is None or not reached.any():
        return "no-gradient", "No gradient reaches the image."
    seen = (reached != 0).any(axis=(0, 1))
    if not seen.all():
        return "ignores-pixels", f"{(~seen).sum()} of the 1,024 pixels have no influence on any output."
    lost = [name for name, g in first["grads"].items() if g is None or not g.any()]
    if lost:
        return "idle-parameters", f"No gradient reaches {lost[0]}."
    return None


def judge_activations(results, named, count, images):
    """A nonlinearity between each two layers that can be told."""
    first, _, _, *moves = results
    names = list(SHAPES)
    pairs = [(a, b) for a, b in zip(names[:-1], names[1:], strict=True) if a in named and b in named]
    y, linear = first["output"], []
    for (a, b), move in zip(pairs, moves, strict=True):
        if move["output"].shape == y.shape and np.abs(move["output"] - y).max() < 1e-3 * np.abs(y).max():
            linear.append((a, b))
    if not linear:
        return None
    slug = "no-activations" if len(linear) == len(pairs) else "activation-missing"
    return slug, f"Between {linear[0][0]} and {linear[0][1]} there is no activation: together they are linear."


JUDGES = {
    "layers": judge_layers,
    "shape of the output": judge_shape,
    "logits": judge_logits,
    "activations": judge_activations,
}
