"""A network as a list of steps: calls of functions, one after the other, each of values that earlier ones made.

`inference` makes such a list of a network of layers, and `cnncourse.from_torch` of a PyTorch module; where its own code
branches, there is a choice of paths.
"""

from dataclasses import dataclass, field
from typing import Any

from .fast import threads


@dataclass(frozen=True)
class Ref:
    """The result of a step, an input or a constant: a number into the table of values."""

    index: int


@dataclass
class Step:
    """One call: `function(*args, **kwargs)`, in which every Ref stands for the value that it points to."""

    name: str
    function: Any
    args: tuple
    kwargs: dict
    result: Ref
    place: str = ""
    spent: list = field(default_factory=list)  # what no later step reads

    def reads(self):
        """Return the Refs among the arguments."""
        return refs((self.args, self.kwargs))


@dataclass
class Part:
    """Steps without a branch, and what follows: an output, an error of the module's own, or a choice of parts."""

    steps: list
    output: Any = None
    error: str = ""
    question: Ref | None = None
    answers: dict = field(default_factory=dict)


def fill(tree, value):
    """Return `tree` (lists, tuples, dicts, slices) with every Ref replaced by `value(ref)`."""
    if isinstance(tree, Ref):
        return value(tree)
    if isinstance(tree, tuple):
        filled = [fill(one, value) for one in tree]
        return type(tree)(*filled) if hasattr(tree, "_fields") else tuple(filled)
    if isinstance(tree, list):
        return [fill(one, value) for one in tree]
    if isinstance(tree, dict):
        return {key: fill(one, value) for key, one in tree.items()}
    if isinstance(tree, slice):
        return slice(fill(tree.start, value), fill(tree.stop, value), fill(tree.step, value))
    return tree


def refs(tree):
    """Return the Refs in `tree`."""
    found = []
    fill(tree, found.append)
    return found


class NumpyGraph:
    """A translated module: call it with arrays where the module takes tensors.

    Parameters
    ----------
    name : str
        What messages call it.
    inputs : list of (name, default)
        Required ones first; their Refs are 0, 1, 2, …
    required : int
    constants : dict from index to array
        The module's weights, and tensors that its code makes.
    root : Part
    """

    def __init__(self, name, inputs, required, constants, root):
        self.name, self.inputs, self.required = name, inputs, required
        self.constants, self.root = constants, root
        self.note_spent()

    def parts(self):
        """Yield every part, each before those that follow it."""
        waiting = [self.root]
        while waiting:
            part = waiting.pop()
            yield part
            waiting.extend(part.answers.values())

    @property
    def steps(self):
        """All steps of all paths."""
        return [step for part in self.parts() for step in part.steps]

    def note_spent(self):
        """Tell every step which values no later one reads, so that their memory is free again."""

        def visit(part):
            later = {ref.index for ref in refs(part.output)} | ({part.question.index} if part.question else set())
            for answer in part.answers.values():
                later |= visit(answer)
            for step in reversed(part.steps):
                read = {ref.index for ref in step.reads()}
                step.spent = sorted(read - later - self.constants.keys())
                later |= read
            return later

        visit(self.root)

    def __call__(self, *arrays):
        """Compute the output for the given inputs, float32 or float64 like the module's weights."""
        if not self.required <= len(arrays) <= len(self.inputs):
            raise TypeError(f"arrays: {self.name} expected {self.required} inputs, got {len(arrays)}")
        values = dict(self.constants)
        for index, (_, default) in enumerate(self.inputs):
            values[index] = arrays[index] if index < len(arrays) else default

        def value(ref):
            return values[ref.index]

        with threads.single_threaded_blas():  # once, not for every layer
            part = self.root
            self._compute(part, values, value)
            while part.question is not None:
                part = self._next(part, value(part.question))
                self._compute(part, values, value)
        if part.error:
            raise ValueError(f"arrays: {self.name} itself refuses them: {part.error}")
        return fill(part.output, value)

    @staticmethod
    def _compute(part, values, value):
        for step in part.steps:
            kwargs = fill(step.kwargs, value) if step.kwargs else {}
            values[step.result.index] = step.function(*fill(step.args, value), **kwargs)
            for index in step.spent:
                values[index] = None

    def _next(self, part, answer):
        for wanted, following in part.answers.items():
            if answer == wanted:
                return following
        raise ValueError(f"arrays: {self.name} was not translated for such shapes ({answer!r}, not one of "
                         f"{list(part.answers)}, at {part.steps[-1].place})")  # fmt: skip

    def prepare(self):
        """Compute once what depends on weights alone (see `inference`); return self."""
        from .inference import optimise

        optimise(self)
        self.note_spent()
        return self

    def __repr__(self):
        return f"NumpyGraph({self.name}, {len(self.steps)} steps)"
