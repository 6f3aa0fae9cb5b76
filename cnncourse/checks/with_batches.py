"""Tasks whose answer gets a PyTorch network and batches: judged by its result and by the gradients that it leaves.

The network is described by plain values and built beside the answer (`grading.inside.batch_probes`).
"""

from dataclasses import dataclass

import numpy as np

from cnncourse.checks.case import Case, show
from cnncourse.checks.module_runs import ready
from cnncourse.checks.observe import Observer
from cnncourse.grading.inside import probes


@dataclass
class WithBatches(Observer):
    """One call with a network and batches; the observed value is a dict of what there is afterwards."""

    needs_torch = True
    test_seeds = 5

    def outcome(self, task, student, case):
        """What the learner's answer leaves."""
        ready()
        return student.call(task.name, "with_batches", case.args, {"network": case.network}, seconds=task.seconds)

    def trusted(self, answer, case):
        """What the reference or a known mistake leaves; raises what it raises."""
        seen = probes.run(answer, "with_batches", case.args, {"network": case.network})
        if seen["error"]:
            raise RuntimeError(seen["error"]["text"])
        return seen["value"]


class BatchesCall(Case):
    """A drawn network and drawn batches: BatchesCall(rng, [3, 5]) has two of them, of 3 and of 5 pictures.

    Parameters
    ----------
    sizes : how many pictures each batch has
    classes : how many classes there are
    come_as : "list", "tuple" or "generator"
    gradients : whether parameters have a `.grad` already
    frozen : whether the first layer asks for no gradient
    training : whether the modules are in training mode; a batch norm and a dropout layer never are
    """

    def __init__(self, rng, sizes, classes=4, come_as="list", gradients=False, frozen=False, training=True):
        def numbers(*shape):
            return rng.standard_normal(shape)

        side = int(rng.integers(3, 6))
        batches = [(numbers(n, 2, side, side + 1), rng.integers(0, classes, n)) for n in sizes]
        super().__init__("", *batches)
        inputs = 3 * (side - 1) * side
        layers = [
            ["convolution", (2, 3, 2), {"weight": numbers(3, 2, 2, 2), "bias": numbers(3)}],
            ["batch norm", (3,), {"weight": numbers(3), "bias": numbers(3), "running_mean": numbers(3)}],
            ["relu", (), {}], ["dropout", (0.5,), {}], ["flatten", (), {}],
            ["linear", (inputs, classes), {"weight": 0.5 * numbers(classes, inputs), "bias": numbers(classes)}],
        ]  # fmt: skip
        shapes = [array.shape for _, _, arrays in layers for name, array in arrays.items() if name != "running_mean"]
        self.network = {
            "layers": layers, "come as": come_as,
            "training": [training, training, False, training, False, training, training],
            "gradients": [numbers(*shape) if gradients else None for shape in shapes],
            "frozen": [bool(frozen and i < 2) for i in range(len(shapes))],
        }  # fmt: skip

    def call_text(self, name, reference=None):
        """The call with the sizes of its batches, and how they come."""
        sizes = ", ".join(show(images) for images, _ in self.args)
        return f"{name}(network, a {self.network['come as']} of batches: {sizes})"

    def arguments(self, reference=None):
        """The arguments, made anew."""
        import torch

        from cnncourse.grading.inside.batch_probes import built

        batches = [(torch.tensor(np.array(images)), torch.tensor(labels)) for images, labels in self.args]
        return {"network": built(self.network), "batches": batches}
