"""Tasks whose answer is a PyTorch module: same numbers in, same outputs, gradients and statistics out.

A learner may name and order layers freely. So the check finds which layer of the answer corresponds to
which of the reference by the shapes of their arrays, loads the same drawn numbers into both, and compares.
Where several layers have the same shapes, the order of definition is tried first, then the others: an
answer is right if any assignment makes every number agree.
"""

import itertools
import zlib
from dataclasses import dataclass

import numpy as np

from cnncourse.checks import probes
from cnncourse.checks.compare import Difference
from cnncourse.checks.task import Case, Task, Trial

MOST_ASSIGNMENTS = 24


class ModuleCase(Case):
    """One module built, loaded and run: ModuleCase("training", 4, 8, stride=2, input=x, training=True).

    Parameters
    ----------
    criterion, *args, **kwargs : as for `Case`; the arguments construct the module
    input : float32 array that goes through it
    training : whether in training mode
    backward : whether gradients are compared too, under a drawn upstream gradient
    """

    def __init__(self, criterion, *args, input, training=False, backward=True, **kwargs):
        super().__init__(criterion, *args, **kwargs)
        self.input, self.training, self.backward = input, training, backward

    def call_text(self, name):
        """The construction, the input and the mode."""
        mode = "training" if self.training else "eval"
        return f"{super().call_text(name)} on <{self.input.dtype} {self.input.shape}>, in {mode} mode"


@dataclass
class ModuleTask(Task):
    """A PyTorch module to write. `reference` is a class or function that builds a right one.

    Further parameters
    ------------------
    alternatives : other right constructions; the one whose layers fit the answer's is compared with
    free_head : whether linear layers are left alone, and the outputs of all Conv2d layers and the shape of
        the output compared, for networks whose head is the learner's choice
    """

    probe: str = "module"
    banned: tuple = ()
    repeats: int = 0
    seconds: float = 20.0
    alternatives: tuple = ()
    free_head: bool = False

    def value_of(self, answer, case):
        """What a trusted module gives, its layers assigned to the reference's in the order of definition."""

        def call(script):
            result = probes.run(answer, "module", case.args, {**case.kwargs, "script": script})
            if result["error"]:
                raise RuntimeError(result["error"]["text"])
            return result["value"]

        mine = self._layers(call([{"do": "describe"}])[0])
        theirs = mine if answer is self.reference else self._layers_of(self.reference, case)
        pairs = next(assignments(mine, theirs), None)
        if pairs is None:
            return {"layers": summary(mine)}
        upstream = self._upstream(self.reference, case)
        return self._value(call(self._script(case, pairs, upstream))[-1], pairs)

    def attempt(self, student, case, wanted=None):
        """Build the answer, find whose layers they are, then load, run and compare."""
        outcome = self._call(student, case, [{"do": "describe"}])
        if outcome.error is not None:
            return Trial(case, outcome, None, Difference(outcome.error.kind, ""))
        mine = self._layers(outcome.value[0])
        for reference in (self.reference, *self.alternatives):
            theirs = self._layers_of(reference, case)
            if next(assignments(mine, theirs), None) is not None:
                return self._best(student, case, reference, mine, theirs)
        theirs = self._layers_of(self.reference, case)
        outcome.value = {"layers": summary(mine)}
        text = f"Its layers hold {_say(mine)}; wanted: {_say(theirs)}."
        return Trial(case, outcome, {"layers": summary(theirs)}, Difference("wrong-layers", text))

    def _best(self, student, case, reference, mine, theirs):
        """The trial of the assignment that is right, else that of the order of definition."""
        first, upstream = None, self._upstream(reference, case)
        script = self._script(case, [(layer, layer) for layer in theirs], upstream)
        result = probes.run(reference, "module", case.args, {**case.kwargs, "script": script})
        wanted = self._value(result["value"][-1], [(layer, layer) for layer in theirs])
        for pairs in assignments(mine, theirs):
            outcome = self._call(student, case, self._script(case, pairs, upstream))
            if outcome.error is None:
                outcome.value = self._value(outcome.value[-1], pairs)
            trial = self.trial(case, outcome, wanted)
            first = first or trial
            if trial.difference is None or outcome.error is not None:
                return trial
        return first

    def _call(self, student, case, script):
        kwargs = {**case.kwargs, "script": script}
        return student.call(self.name, self.probe, case.args, kwargs, seconds=self.seconds)

    def _layers_of(self, answer, case):
        script = [{"do": "describe"}]
        result = probes.run(answer, "module", case.args, {**case.kwargs, "script": script})
        return self._layers(result["value"][0])

    def _layers(self, description):
        layers = layers_of(description)
        return [layer for layer in layers if not (self.free_head and layer.is_linear)]

    def _upstream(self, reference, case):
        """A drawn gradient of the output's shape, or None."""
        if not case.backward or self.free_head:
            return None
        forward = {"do": "forward", "inputs": [case.input], "training": case.training}
        output = probes.run(reference, "module", case.args, {**case.kwargs, "script": [forward]})["value"][0]["output"]
        return _rng(case).standard_normal(output.shape).astype(np.float32)

    def _script(self, case, pairs, upstream):
        """Load drawn numbers, then run forward and backward."""
        state = {}
        for mine, theirs in pairs:
            for name, array in mine.arrays.items():
                drawn = draw_state(theirs, name, array, case) if name in theirs.arrays else np.zeros_like(array)
                state[mine.full(name)] = drawn
        forward = {"do": "forward", "inputs": [case.input], "training": case.training, "grad_output": upstream}
        return [{"do": "load", "state": state}, forward | ({"capture": "Conv2d"} if self.free_head else {})]

    def _value(self, result, pairs):
        """What is compared, named by the reference's layers."""
        if self.free_head:
            value = {f"output of convolution {i + 1}": a for i, a in enumerate(result["captured"])}
            return value | {"shape of the output": tuple(result["output"].shape)}
        value = {"the output": result["output"]}
        if "grads" in result:
            value["the gradient of the input"] = result["grad_inputs"][0]
        for mine, theirs in sorted(pairs, key=lambda pair: pair[1].place):
            for name, array in theirs.arrays.items():
                key = mine.full(name)
                if key in result.get("grads", {}):
                    value[f"the gradient of {theirs.full(name)}"] = result["grads"][key]
                elif key in result["buffers"] and array.ndim:
                    value[f"{theirs.full(name)} after the call"] = result["buffers"][key]
        return value


@dataclass
class Layer:
    """The arrays that belong to one submodule, by their short names ("weight"), and where it stands."""

    prefix: str
    place: int
    arrays: dict

    @property
    def is_linear(self):
        """Whether its weight is a matrix."""
        return "weight" in self.arrays and np.ndim(self.arrays["weight"]) == 2

    @property
    def signature(self):
        """Names and shapes by which layers are told apart; a convolution may have an idle bias."""
        is_conv = np.ndim(self.arrays.get("weight", 0)) >= 3
        return tuple(
            (name, array.shape) for name, array in sorted(self.arrays.items())
            if np.ndim(array) and not (is_conv and name == "bias")
        )  # fmt: skip

    def full(self, name):
        """The name of an array within the whole module."""
        return f"{self.prefix}.{name}" if self.prefix else name


def layers_of(description):
    """Group the arrays that the `describe` step reports by submodule, in the order of definition."""
    layers = {}
    for name, array in [*description["parameters"].items(), *description["buffers"].items()]:
        prefix, _, short = name.rpartition(".")
        layer = layers.setdefault(prefix, Layer(prefix, len(layers), {}))
        layer.arrays[short] = np.asarray(array)
    return list(layers.values())


def assignments(mine, theirs):
    """Yield lists of (my layer, their layer) whose arrays have the same shapes, the order of definition first."""
    groups = {}
    for layer in theirs:
        groups.setdefault(layer.signature, ([], []))[1].append(layer)
    for layer in mine:
        if layer.signature not in groups:
            return
        groups[layer.signature][0].append(layer)
    if any(len(a) != len(b) for a, b in groups.values()):
        return
    orders = itertools.product(*(itertools.permutations(b) for _, b in groups.values()))
    for order in itertools.islice(orders, MOST_ASSIGNMENTS):
        pairs = [p for (a, _), b in zip(groups.values(), order, strict=True) for p in zip(a, b, strict=True)]
        if all(set(b.arrays) <= set(a.arrays) for a, b in pairs):  # a wanted bias must be there
            yield pairs


def draw_state(layer, name, array, case):
    """Numbers for one array: of a size that keeps activations alive, statistics that are not the initial ones."""
    rng = np.random.default_rng([zlib.crc32(layer.full(name).encode()), zlib.crc32(case.input.tobytes())])
    if array.ndim == 0:
        return array
    if name == "running_var" or (name == "weight" and array.ndim == 1):
        return rng.uniform(0.5, 1.5, array.shape).astype(array.dtype)
    spread = np.sqrt(2 / np.prod(array.shape[1:])) if array.ndim > 1 else 0.3
    return (spread * rng.standard_normal(array.shape)).astype(array.dtype)


def summary(layers):
    """The shapes of all layers, sorted: two modules with the same summary hold the same arrays."""
    return sorted(str([(name, array.shape) for name, array in sorted(layer.arrays.items())]) for layer in layers)


def _say(layers):
    shapes = [str(a.shape) for layer in layers for a in layer.arrays.values() if a.ndim]
    return f"arrays of the shapes {', '.join(shapes)}"[:400] if shapes else "no arrays"


def _rng(case):
    return np.random.default_rng([1, zlib.crc32(case.input.tobytes())])
