"""Transposed convolution, pooling, padding, unfolding, resizing against PyTorch's own test inputs."""

from cnncourse.numpy_nn import functional as F
from tests.numpy_nn.opdb import Operation, error_tests, sample_tests

CONV_ARRAYS = ("input", "weight", "bias")


def operation(name, arrays=("input",), variant="", skip=lambda sample: None):
    """Return the operation of op_db whose name our function shares."""
    ours, backward = getattr(F, name), getattr(F, f"{name}_backward")
    return Operation(f"nn.functional.{name}", ours, backward, arrays, variant, skip)


def upsample_aa(input, output_size, align_corners, scale_factors=None, scales_h=None, scales_w=None):
    """Antialiased resizing with the arguments of the operator beneath `interpolate`."""
    return F.interpolate(
        input, output_size, scale_factors, mode="bilinear", align_corners=align_corners, antialias=True
    )


def upsample_aa_backward(grad_output, input, output_size, align_corners, scale_factors=None, **scales):
    return F.interpolate_backward(
        grad_output, input, output_size, scale_factors, mode="bilinear", align_corners=align_corners, antialias=True
    )


def scale_beside_a_size(sample):
    """`interpolate` has no way to ask for a scale that differs from the ratio of the sizes."""
    return "a scale beside a size" if sample.kwargs.get("scales_h") else None


OPERATIONS = [
    Operation("_upsample_bilinear2d_aa", upsample_aa, upsample_aa_backward, skip=scale_beside_a_size),
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
