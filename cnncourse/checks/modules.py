"""Tasks whose answer is a PyTorch module: same numbers in, same outputs, gradients and statistics out.

A learner may name and order layers freely. So the check finds which layer of the answer corresponds to
which of the reference (see `module_layers`), loads the same drawn numbers into both, and compares.
Where several assignments fit, the order of calls is tried first, then the others: an answer is right if
any assignment makes every number agree.
"""

import zlib
from dataclasses import dataclass
from functools import partial

import numpy as np

from cnncourse.checks.compare import Difference
from cnncourse.checks.module_layers import assignments, draw_state, layers_difference, layers_of, summary
from cnncourse.checks.task import Case, Task, Trial
from cnncourse.grading.inside import probes

MOST_DESCRIBED, MOST_BUILT = 500, 50  # trusted modules whose shapes are kept, or that are kept themselves


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

    def call_text(self, name, reference=None):
        """The construction, the input and the mode."""
        mode = "training" if self.training else "eval"
        return f"{super().call_text(name)} on <{self.input.dtype} {self.input.shape}>, in {mode} mode"


@dataclass
class ModuleTask(Task):
    """A PyTorch module to write. `reference` is a class or function that builds a right one.

    Further parameters
    ------------------
    alternatives : other right constructions; an answer is right if it equals the reference or one of them
    free_head : whether everything behind the reference's last convolution and its pooling is the learner's
        choice: then the outputs of the convolutions are compared, what of the last one reaches the head, and
        whether the output has the right shape and can be logits
    most_assignments : how many ways of assigning layers are tried
    test_seeds : on how many seeds the course's own tests try each known mistake
    """

    probe: str = "module"
    banned: tuple = ()
    repeats: int = 0
    seconds: float = 20.0
    alternatives: tuple = ()
    free_head: bool = False
    most_assignments: int = 24
    test_seeds: int = 4

    def __post_init__(self):
        super().__post_init__()
        self.described, self.built = {}, {}

    def value_of(self, answer, case):
        """What a trusted module gives, its layers assigned to those of the first reference that they fit."""
        return case.once(("value", answer), lambda: self._value_of(answer, case))

    def _value_of(self, answer, case):
        mine = self._layers_of(answer, case)
        for reference in (self.reference, *self.alternatives):
            theirs = mine if answer is reference else self._layers_of(reference, case)
            pairs = next(self._assignments(mine, theirs), None)
            if pairs is not None:
                return self._given(answer, case, pairs, reference)
        return {"layers": summary(mine, self._layers_of(self.reference, case))}

    def attempt(self, student, case, wanted=None):
        """Build the answer, find whose layers they are, then load, run and compare."""
        outcome = self._call(student, case, [self._describe(case)], keep=True)
        if outcome.error is not None:
            return Trial(case, outcome, None, Difference(outcome.error.kind, ""))
        mine, first = layers_of(outcome.value[0]), None
        for reference in (self.reference, *self.alternatives):
            theirs = self._layers_of(reference, case)
            for trial in self._trials(student, case, reference, mine, theirs):
                if trial.difference is None or trial.outcome.error is not None:
                    return trial
                first = first or trial
        if first:
            return first
        theirs = self._layers_of(self.reference, case)
        outcome.value = {"layers": summary(mine, theirs)}
        difference = layers_difference(self._body(mine, theirs), self._body(theirs, theirs))
        return Trial(case, outcome, {"layers": summary(theirs, theirs)}, difference)

    def _trials(self, student, case, reference, mine, theirs):
        """One trial for each assignment, in float64 where the answer allows it: at a kink of ReLU, rounding counts."""
        for pairs in self._assignments(mine, theirs):
            trial = self._trial(student, case, reference, pairs, double=True)
            if trial.difference and trial.difference.slug in ("raised", "low-precision"):
                # Perhaps some arrays that it makes are float32, whatever its input is.
                trial = self._trial(student, case, reference, pairs, double=False)
            yield trial

    def _trial(self, student, case, reference, pairs, double):
        upstream = self._upstream(reference, case)
        outcome = self._call(student, case, self._script(case, pairs, upstream, double), kept=double)
        theirs = [layer for _, layer in pairs]
        right = case.once(("wanted", reference, double), lambda: self._right(reference, case, theirs, double))
        if outcome.error is None:
            outcome.value = self._value(outcome.value[-1], pairs, reference, case)
        return self.trial(case, outcome, right)

    def _assignments(self, mine, theirs):
        return assignments(self._body(mine, theirs), self._body(theirs, theirs), self.most_assignments)

    def _body(self, mine, theirs):
        """The layers that count; with a free head, as many convolutions as wanted and nothing linear."""
        if not self.free_head:
            return mine
        count = sum(layer.is_convolution for layer in theirs)
        head = [layer for layer in mine if layer.is_convolution][count:]
        return [layer for layer in mine if not layer.is_linear and not any(layer is h for h in head)]

    def _call(self, student, case, script, **how):
        kwargs = {**case.kwargs, "script": script, "watch": bool(self.banned), **how}
        return student.call(self.name, self.probe, case.args, kwargs, seconds=self.seconds)

    def _run(self, answer, case, script):
        """The results of a trusted module's steps."""
        result = probes.run(answer, "module", case.args, {**case.kwargs, "script": script, "watch": False})
        if result["error"]:
            raise RuntimeError(result["error"]["text"])
        return result["value"]

    def _describe(self, case):
        return {"do": "describe", "inputs": [case.input]}

    def _described(self, answer, case):
        """The shapes of a trusted module, which are the same for all inputs of one shape."""
        key = answer, repr((case.args, case.kwargs)), case.input.shape
        if key not in self.described:
            if len(self.described) >= MOST_DESCRIBED:
                self.described.clear()
            self.described[key] = self._run(answer, case, [self._describe(case)])[0]
        return self.described[key]

    def _layers_of(self, answer, case):
        return case.once(("layers", answer), lambda: layers_of(self._described(answer, case)))

    def _upstream(self, reference, case):
        """A drawn gradient of the output's shape, or None."""
        if not case.backward:
            return None
        shape = self._described(reference, case)["output"]
        rng = np.random.default_rng([1, zlib.crc32(case.input.tobytes())])
        return rng.standard_normal(shape).astype(np.float32)

    def _given(self, answer, case, pairs, reference):
        """What a trusted module gives with the numbers of `pairs` in it."""
        script = self._script(case, pairs, self._upstream(reference, case))
        return self._value(self._run(answer, case, script)[-1], pairs, reference, case)

    def _right(self, reference, case, layers, double):
        """What a reference gives with its own numbers."""
        result = self._result(reference, case, layers, double)
        return self._value(result, [(layer, layer) for layer in layers], reference, case)

    def _result(self, reference, case, layers, double=True):
        """The same, as it comes out of the forward step."""

        def run():
            script = self._script(case, [(x, x) for x in layers], self._upstream(reference, case), double)
            return self._run(reference if self.free_head else self._built(reference, case, double), case, script)[-1]

        return case.once(("result", reference, double), run)

    def _built(self, reference, case, double):
        """A constructor that gives the same module again: all numbers in it are loaded anew each time."""
        key = reference, repr((case.args, case.kwargs)), double
        if key not in self.built:
            if len(self.built) >= MOST_BUILT:
                self.built.clear()
            self.built[key] = reference(*case.args, **case.kwargs)
        return lambda *args, **kwargs: self.built[key]

    def _script(self, case, pairs, upstream, double=True):
        """Load drawn numbers, then run forward and backward."""
        state = {}
        for mine, theirs in pairs:
            for name, array in mine.arrays.items():
                key = "drawn", theirs.full(name), array.shape, array.dtype
                draw = partial(draw_state, theirs, name, array, case)
                state[mine.full(name)] = case.once(key, draw) if name in theirs.arrays else np.zeros(array.shape)
        inputs = [case.input.astype(np.float64 if double else np.float32)]
        forward = {"do": "forward", "inputs": inputs, "training": case.training, "grad_output": upstream}
        load = {"do": "load", "state": state, "inputs": [case.input], "double": double, "draw_others": self.free_head}
        return [load, forward | {"capture": self.free_head}]

    def _value(self, result, pairs, reference, case):
        """What is compared, named by the reference's layers."""
        if self.free_head:
            return self._free_value(result, pairs, reference, case)
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

    def _free_value(self, result, pairs, reference, case):
        """The convolutions' outputs; what reaches the head, told by the gradient; what kind of output it is."""
        theirs = sorted((layer for _, layer in pairs), key=lambda layer: layer.place)
        open_places = self._result(reference, case, theirs)["captured_grads"][-1] != 0
        count = sum(layer.is_convolution for layer in theirs)
        absent = [np.zeros(0)] * (count - len(result["captured"]))  # convolutions that are never called
        captured = [*result["captured"][:count], *absent]
        value = {f"the output of convolution {i + 1}": array for i, array in enumerate(captured)}
        value["the shape of the output"] = tuple(result["output"].shape)
        if not absent and captured[-1].shape == open_places.shape:
            value |= _what_reaches_the_head(captured[-1], result["captured_grads"][count - 1], open_places)
        return value | _as_logits(result["output"])


def _what_reaches_the_head(last, grad, open_places):
    """Facts about which values of the last convolution change the output, in words.

    Whatever the head does, behind ReLU and max pooling it sees the positive maxima alone.
    """
    seen = np.zeros(last.shape, bool) if grad is None else grad != 0
    return {
        "whether the features reach the output": bool(seen.any()),
        "whether negative values of the last convolution reach the head": bool((seen & (last < 0)).any()),
        "whether values that the last pooling drops reach the head": bool((seen & (last > 0) & ~open_places).any()),
    }


def _as_logits(output):
    """Facts about the output that tell logits from probabilities and from what a ReLU lets through."""
    if output.ndim != 2 or not output.size:
        return {}
    sums = np.exp(output - output.max(axis=1, keepdims=True)).sum(axis=1) * np.exp(output.max(axis=1))
    return {
        "whether the output is probabilities": bool(((output >= 0) & (output <= 1)).all()),
        "whether the output is log-probabilities": bool(np.allclose(sums, 1, rtol=0, atol=1e-4)),
        "whether the output is cut off at zero": bool((output == 0).any()),
    }
