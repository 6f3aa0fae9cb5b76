"""Transposed convolution, pooling, padding, unfolding, resizing against PyTorch's own test inputs."""

from cnncourse.numpy_nn import functional as F
from tests.numpy_nn.opdb import Operation, error_tests, sample_tests

CONV_ARRAYS = ("input", "weight", "bias")


def operation(name, arrays=("input",), variant="", skip=lambda sample: None):
    """Return the operation of op_db whose name our function shares."""
    ours, backward = getattr(F, name), getattr(F, f"{name}_backward")
    return Operation(f"nn.functional.{name}", ours, backward, arrays, variant, skip)


OPERATIONS = [
    *(operation(f"conv_transpose{d}d", CONV_ARRAYS) for d in (1, 2, 3)),
    *(operation(f"max_pool{d}d") for d in (1, 2, 3)),
    *(operation(f"avg_pool{d}d") for d in (1, 2, 3)),
    *(operation(f"adaptive_avg_pool{d}d") for d in (1, 2, 3)),
    operation("adaptive_max_pool2d"),
    *(operation("pad", variant=mode) for mode in ("constant", "reflect", "replicate", "circular")),
    operation("pad", variant="replicate_negative"),
    operation("unfold"),
    *(operation("interpolate", variant=m) for m in ("nearest", "nearest-exact", "linear", "bilinear", "trilinear")),
    operation("pixel_shuffle"),
    operation("pixel_unshuffle"),
]
test_samples = sample_tests(OPERATIONS)
test_errors = error_tests(OPERATIONS)
