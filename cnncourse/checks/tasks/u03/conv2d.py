"""Task 03.conv2d: stride, padding, dilation and groups, as PyTorch has them."""

import numpy as np

from cnncourse.checks.draw import fortran, normal, readonly, strided
from cnncourse.checks.task import Case, Task
from cnncourse.checks.tasks.u03._conv2d_mistakes import mistakes_of


def pair(value):
    """(height, width) of an int or a pair."""
    return (value, value) if isinstance(value, int) else tuple(value)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Right answer: one matrix product a group for each kernel entry."""
    (s_h, s_w), (p_h, p_w), (d_h, d_w) = pair(stride), pair(padding), pair(dilation)
    n, c_in, height, width = input.shape
    c_out, _, k_h, k_w = weight.shape
    h_out = (height + 2 * p_h - d_h * (k_h - 1) - 1) // s_h + 1
    w_out = (width + 2 * p_w - d_w * (k_w - 1) - 1) // s_w + 1
    wide = np.pad(input, [(0, 0), (0, 0), (p_h, p_h), (p_w, p_w)])
    wide = wide.reshape(n, groups, c_in // groups, *wide.shape[2:])
    filters = weight.reshape(groups, c_out // groups, c_in // groups, k_h, k_w)
    output = np.zeros((n, groups, c_out // groups, h_out, w_out), dtype=input.dtype)
    for i in range(k_h):
        for j in range(k_w):
            rows = slice(i * d_h, i * d_h + s_h * (h_out - 1) + 1, s_h)
            columns = slice(j * d_w, j * d_w + s_w * (w_out - 1) + 1, s_w)
            output += np.einsum("goc,ngchw->ngohw", filters[:, :, :, i, j], wide[:, :, :, rows, columns])
    output = output.reshape(n, c_out, h_out, w_out)
    return output if bias is None else output + bias[:, None, None]


def cases(rng):
    """Ints and pairs, odd sizes that strides do not divide, borders that no window reaches."""

    def case(criterion, image, kernel, *bias, dtype=np.float64, **options):
        bias = [normal(rng, kernel[0], dtype=dtype)] if bias else []
        return Case(criterion, normal(rng, *image, dtype=dtype), normal(rng, *kernel, dtype=dtype), *bias, **options)

    yield case("plain", (2, 3, 6, 5), (4, 3, 3, 2), "bias")
    yield case("plain", (3, 2, 4, 3), (3, 2, 1, 3))
    yield case("plain", (1, 1, 3, 5), (1, 1, 3, 5), "bias")
    yield case("stride", (2, 2, 7, 9), (3, 2, 3, 3), stride=2)
    yield case("stride", (1, 3, 9, 8), (2, 3, 2, 3), "bias", stride=(3, 2))
    yield case("stride", (2, 1, 8, 8), (2, 1, 3, 2), stride=(1, 3))
    yield case("stride", (1, 2, 5, 4), (2, 2, 5, 4), stride=3)
    yield case("padding", (2, 2, 5, 4), (3, 2, 3, 3), padding=1)
    yield case("padding", (1, 2, 4, 6), (2, 2, 3, 2), "bias", padding=(2, 1))
    yield case("padding", (2, 3, 3, 3), (2, 3, 2, 2), padding=(0, 3))
    yield case("padding", (1, 1, 1, 1), (2, 1, 3, 3), padding=1)
    yield case("dilation", (2, 2, 8, 9), (3, 2, 3, 3), dilation=2)
    yield case("dilation", (1, 3, 9, 7), (2, 3, 2, 3), "bias", dilation=(3, 2))
    yield case("dilation", (2, 1, 6, 8), (2, 1, 3, 2), dilation=(1, 4))
    yield case("groups", (2, 4, 5, 6), (6, 2, 3, 3), "bias", groups=2)
    yield case("groups", (1, 6, 4, 5), (3, 2, 2, 3), groups=3)
    yield case("groups", (2, 3, 5, 4), (3, 1, 3, 3), groups=3)
    yield case("groups", (1, 2, 4, 4), (6, 1, 2, 2), "bias", groups=2)
    options = {"stride": (2, 3), "padding": (1, 2), "dilation": (2, 1), "groups": 2}
    yield case("everything together", (2, 4, 7, 9), (6, 2, 3, 2), "bias", **options)
    yield case("everything together", (1, 2, 9, 8), (4, 2, 2, 3), stride=2, padding=3, dilation=3)
    image, kernel, bias = (normal(rng, *shape, dtype=np.float32) for shape in [(2, 4, 6, 7), (4, 2, 3, 3), (4,)])
    yield Case("everything together", image, kernel, bias, 2, 1, 1, 2)
    yield Case("everything together", strided(normal(rng, 2, 2, 6, 5)), fortran(normal(rng, 3, 2, 3, 2)), padding=1)
    image, kernel = fortran(normal(rng, 1, 2, 5, 6)), readonly(normal(rng, 2, 2, 2, 3))
    yield Case("everything together", image, kernel, stride=(2, 1))


task = Task(
    "03.conv2d",
    {"plain": 1, "stride": 1, "padding": 1, "dilation": 1, "groups": 1, "everything together": 1},
    conv2d,
    cases,
    mistakes_of(conv2d, pair),
    see="03#Stride",
    place=2,
)
