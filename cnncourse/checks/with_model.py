"""Tasks whose answer is a function that gets a PyTorch network, and must leave it as it was.

The network is described by plain values and built beside the answer (`grading.inside.model_probes`). What comes back is
the result, and what the network, its gradients and the images were like afterwards.
"""

from dataclasses import dataclass

import numpy as np

from cnncourse.checks.case import Call, pack
from cnncourse.checks.compare import compare, same
from cnncourse.checks.diagnose import given
from cnncourse.checks.judge import Values
from cnncourse.checks.observe import WithTorch

PARTS = ("modes", "gradients", "requires grad", "numbers", "images")  # of what must be as before, in this order


@dataclass
class WithModel(WithTorch):
    """One call with a network; the observed value is a tuple: the result, then the `PARTS`."""

    probe = "with_model"
    test_seeds = 4

    def told(self, case):
        """The images, labels and further arguments, and the network."""
        return pack(case)


@dataclass
class LooksAndLeaves(Values):
    """The result must be right, and all else as before: each of the `PARTS` is a criterion of its own.

    Who does nothing leaves everything as it was. So these count where the result is right, or what a known mistake
    gives.
    """

    def difference(self, task, got, wanted, case):
        """How what was observed differs from what is wanted, None where it is right."""
        found = super().difference(task, got, wanted, case)
        if found is None and case.criterion in PARTS:
            result = compare(got[0], wanted[0], what=f"the {task.names[0]}")
            return None if result is None or self._is_known(task, got[0], case) else result
        return found

    @staticmethod
    def _is_known(task, result, case):
        values = (given(task, mistake, case) for mistake in task.mistakes)
        return any(isinstance(value, tuple) and same(result, value[0]) for value in values)


def model_call(rng, N, C, H, W, *rest, classes=4, mean=True, training=True, frozen=False, gradients=False,
               dtype=np.float64, pixels=None):  # fmt: skip
    """One call on a drawn network and drawn images: convolution, batch norm, ReLU, convolution, dropout, head.

    Parameters
    ----------
    rest : what the answer gets after model, images and labels
    mean : whether the head is global average pooling and one linear layer, or flattens
    training : the mode of all modules; "mixed" draws one for each
    frozen, gradients : whether some parameters ask for no gradient, and whether some have a `.grad` already
    pixels : the images, if they are not to be normal numbers
    """
    h, w = (H - 3) // 2 + 1, (W - 3) // 2 + 1
    width = 4 if mean else 4 * h * w

    def numbers(*shape, low=None):
        values = rng.standard_normal(shape) if low is None else rng.uniform(low, 2, shape)
        return values.astype(dtype)

    layers = [
        ["convolution", {"in_channels": C, "out_channels": 5, "kernel_size": 3, "padding": 1},
         {"weight": numbers(5, C, 3, 3), "bias": numbers(5)}],
        ["batch norm", {"num_features": 5},
         {"weight": numbers(5), "bias": numbers(5), "running_mean": numbers(5), "running_var": numbers(5, low=0.5)}],
        ["relu", {}, {}],
        ["convolution", {"in_channels": 5, "out_channels": 4, "kernel_size": 3, "stride": 2},
         {"weight": 0.4 * numbers(4, 5, 3, 3), "bias": numbers(4)}],
        ["relu", {"inplace": True}, {}],
        ["dropout", {"p": 0.5}, {}],
        *([["mean", {"output_size": 1}, {}]] if mean else []),
        ["flatten", {}, {}],
        ["linear", {"in_features": width, "out_features": classes},
         {"weight": 2 * numbers(classes, width), "bias": numbers(classes)}],
    ]  # fmt: skip
    shapes = [array.shape for _, _, arrays in layers for name, array in arrays.items() if "running" not in name]
    modes = [bool(training)] * (2 + len(layers))
    if training == "mixed":
        modes = [bool(mode) for mode in rng.integers(0, 2, len(modes))]
        modes[0], modes[3], modes[7] = True, True, False  # norm and dropout differ, and so does the whole
        modes[1] = False  # the part that holds the norm
    images = numbers(N, C, H, W) if pixels is None else pixels.astype(dtype)
    return Call(
        images, rng.integers(0, classes, N), *rest, layers=layers, training=modes,
        frozen=[bool(frozen) and i % 3 == 1 for i in range(len(shapes))],
        gradients=[numbers(*shape) if gradients and i % 2 else None for i, shape in enumerate(shapes)],
    )  # fmt: skip
