"""Tasks whose answer gets a PyTorch network and batches: judged by its result and by the gradients that it leaves.

The network is described by plain values and built beside the answer (`grading.inside.model_probes`).
"""

from dataclasses import dataclass

import numpy as np

from cnncourse.checks.case import Case, show
from cnncourse.checks.observe import WithTorch


@dataclass
class WithBatches(WithTorch):
    """One call with a network and batches; the observed value is a dict of what there is afterwards."""

    probe = "with_batches"
    test_seeds = 5

    def told(self, case):
        """The batches, and the network."""
        return case.args, {"network": case.network}


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
            ["convolution", {"in_channels": 2, "out_channels": 3, "kernel_size": 2},
             {"weight": numbers(3, 2, 2, 2), "bias": numbers(3)}],
            ["batch norm", {"num_features": 3},
             {"weight": numbers(3), "bias": numbers(3), "running_mean": numbers(3), "running_var": np.ones(3)}],
            ["relu", {}, {}], ["dropout", {"p": 0.5}, {}], ["flatten", {}, {}],
            ["linear", {"in_features": inputs, "out_features": classes},
             {"weight": 0.5 * numbers(classes, inputs), "bias": numbers(classes)}],
        ]  # fmt: skip
        shapes = [array.shape for _, _, arrays in layers for name, array in arrays.items() if "running" not in name]
        self.network = {
            "layers": layers, "come as": come_as,
            "training": [training, training, training, False, training, False, training, training],
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

        from cnncourse.grading.inside.model_probes import built

        batches = [(torch.tensor(np.array(images)), torch.tensor(labels)) for images, labels in self.args]
        network = {name: value for name, value in self.network.items() if name != "come as"}
        return {"network": built(**network), "batches": batches}
