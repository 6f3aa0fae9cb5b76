"""Wrong answers that checks of well-known courses were found to accept: all of them must fail here."""

import dataclasses

import numpy as np
import pytest

from cnncourse.checks import load_task
from cnncourse.checks.student import LocalStudent


def available(task_id):
    try:
        load_task(task_id)
    except ValueError:
        return False
    return True


def reference(task_id):
    return load_task(task_id).reference


# ---- convolution: checks that compare the sum of the output, or gradients under ones


def channels_reversed(input, weight, bias=None, **options):
    return reference("03.conv2d")(input, weight, bias, **options)[:, ::-1]


def height_and_width_swapped(input, weight, bias=None, **options):
    return reference("03.conv2d")(input, weight, bias, **options).swapaxes(2, 3)


def conv_without_options(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Right at stride 1 and padding 1 only."""
    return reference("03.conv2d")(input, weight, bias, 1, 1)


def grad_weight_without_stride(grad_output, input, kernel_size, stride=1, padding=0):
    return reference("06.conv2d_grad_weight")(grad_output, input, kernel_size, 1, padding)


def grad_input_without_stride(grad_output, weight, input_shape, stride=1, padding=0):
    return reference("06.conv2d_grad_input")(grad_output, weight, input_shape, 1, padding)


# ---- pooling: checks on rising ramps, or that fail only where every element differs


def last_of_each_window(input, kernel_size, stride=None, padding=0):
    """The window's last element is its largest on a rising ramp."""
    k_h, k_w = np.broadcast_to(kernel_size, 2)
    s_h, s_w = np.broadcast_to(kernel_size if stride is None else stride, 2)
    right = reference("07.max_pool2d")(input, kernel_size, stride, padding)
    padded = np.pad(input, [(0, 0), (0, 0), (padding, padding), (padding, padding)]) if padding else input
    rows, columns = (k_h - 1 + s_h * np.arange(right.shape[2])), (k_w - 1 + s_w * np.arange(right.shape[3]))
    return padded[:, :, rows][..., columns]


def zero_map(input, kernel_size, stride=None, padding=0):
    return np.zeros_like(reference("07.max_pool2d")(input, kernel_size, stride, padding))


def right_at_the_origin_only(input, kernel_size, stride=None, padding=0):
    right = reference("07.max_pool2d")(input, kernel_size, stride, padding)
    wrong = right + 1
    wrong[0, 0, 0, 0] = right[0, 0, 0, 0]
    return wrong


def every_tie_gets_the_gradient(grad_output, input, kernel_size, stride=None, padding=0):
    """Non-overlapping windows without padding, the gradient to every maximum."""
    k = int(np.max(kernel_size))
    pooled = reference("07.max_pool2d")(input, kernel_size, stride, padding)
    grad = np.zeros_like(input)
    for n, c, i, j in np.ndindex(pooled.shape):
        window = (n, c, slice(i * k, i * k + k), slice(j * k, j * k + k))
        grad[window] += grad_output[n, c, i, j] * (input[window] == pooled[n, c, i, j])
    return grad


def assigns_instead_of_adding(grad_output, input, kernel_size, stride=None, padding=0):
    """Overlapping windows overwrite one another."""
    right = reference("07.max_pool2d_backward")
    grad = np.zeros_like(input)
    for index in np.ndindex(grad_output.shape):
        one = np.zeros_like(grad_output)
        one[index] = grad_output[index]
        part = right(one, input, kernel_size, stride, padding)
        grad[part != 0] = part[part != 0]
    return grad


# ---- batch norm


def batch_norm_with(change):
    """A batch norm with one thing changed: change(right result, arguments) -> result."""

    def batch_norm(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
        given = {
            "input": input, "running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias,
            "training": training, "momentum": momentum, "eps": eps,
        }  # fmt: skip
        return change(reference("08.batch_norm")(**given), given)

    return batch_norm


def call_again(**replaced):
    """Batch norm with some arguments replaced by what a function of all makes of them."""

    def batch_norm(input, running_mean, running_var, weight, bias, training, momentum=0.1, eps=1e-5):
        given = {
            "input": input, "running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias,
            "training": training, "momentum": momentum, "eps": eps,
        }  # fmt: skip
        given |= {name: value(given) for name, value in replaced.items()}
        return reference("08.batch_norm")(**given)

    return batch_norm


def stores_std(result, given):
    output, mean, var = result
    return (output, mean, np.sqrt(var)) if given["training"] else result


def overwrites_running(result, given):
    if not given["training"]:
        return result
    again = reference("08.batch_norm")(**{**given, "momentum": 1.0})
    return result[0], again[1], again[2]


BATCH_NORM = {
    "running variance never updated": batch_norm_with(lambda r, g: (r[0], r[1], g["running_var"].copy())),
    "std stored instead of variance": batch_norm_with(stores_std),
    "running values overwritten": batch_norm_with(overwrites_running),
    "momentum swapped": call_again(momentum=lambda g: 1 - g["momentum"]),
    "variance ignored in eval": call_again(
        running_var=lambda g: g["running_var"] if g["training"] else np.ones_like(g["running_var"])
    ),
    "no eps": call_again(eps=lambda g: 0.0),
    "no gamma and beta": call_again(
        weight=lambda g: np.ones_like(g["weight"]), bias=lambda g: np.zeros_like(g["bias"])
    ),
}


def no_gradient(grad_output, input, weight, eps=1e-5):
    """What the sum of a batch norm's output tells: its true gradient is zero."""
    return np.zeros_like(input), np.zeros_like(weight), grad_output.sum(axis=(0, 2, 3))


# ---- residual block


def residual_zeros(input, weight1, weight2):
    return np.zeros_like(input)


def residual_without_skip(input, weight1, weight2):
    hidden = np.maximum(np.einsum("mc,nchw->nmhw", weight1, input), 0)
    return np.maximum(np.einsum("cm,nmhw->nchw", weight2, hidden), 0)


def residual_without_relu(input, weight1, weight2):
    hidden = np.maximum(np.einsum("mc,nchw->nmhw", weight1, input), 0)
    return input + np.einsum("cm,nmhw->nchw", weight2, hidden)


def basic_block(kind):
    """A basic block that returns zeros, lacks its skip or lacks its last ReLU; parameters as wanted."""
    from torch import nn

    class Block(nn.Module):
        def __init__(self, c_in, c_out, stride=1):
            super().__init__()
            self.conv1 = nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(c_out)
            self.conv2 = nn.Conv2d(c_out, c_out, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(c_out)
            self.shortcut = nn.Sequential()
            if stride != 1 or c_in != c_out:
                self.shortcut = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))

        def forward(self, x):
            y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
            if kind == "all zeros":
                return (y + self.shortcut(x)) * 0
            if kind == "no skip":
                return y.relu()
            return y + self.shortcut(x)

    return Block


WRONG = [
    ("03.conv2d", "channels reversed", channels_reversed),
    ("03.conv2d", "height and width swapped", height_and_width_swapped),
    ("03.conv2d", "stride 1 and padding 1 only", conv_without_options),
    ("02.conv2d", "channels reversed", lambda x, w, bias=None: channels_reversed(x, w, bias)),
    ("02.conv2d", "height and width swapped", lambda x, w, bias=None: height_and_width_swapped(x, w, bias)),
    ("06.conv2d_grad_weight", "stride ignored", grad_weight_without_stride),
    ("06.conv2d_grad_input", "stride ignored", grad_input_without_stride),
    ("07.max_pool2d", "last element of each window", last_of_each_window),
    ("07.max_pool2d", "all zero", zero_map),
    ("07.max_pool2d", "right at [0, 0, 0, 0] only", right_at_the_origin_only),
    ("07.max_pool2d_backward", "gradient to every tie", every_tie_gets_the_gradient),
    ("07.max_pool2d_backward", "= for +=", assigns_instead_of_adding),
    *(("08.batch_norm", name, answer) for name, answer in BATCH_NORM.items()),
    ("08.batch_norm_backward", "gradient zero", no_gradient),
    ("14.residual_forward", "all zeros", residual_zeros),
    ("14.residual_forward", "no skip", residual_without_skip),
    ("14.residual_forward", "no final ReLU", residual_without_relu),
    *(("14.BasicBlock", kind, kind) for kind in ("all zeros", "no skip", "no final ReLU")),
]


@pytest.mark.sampled(share=1 / 3, reason="five seeds each")
@pytest.mark.parametrize(("task_id", "what", "answer"), WRONG, ids=lambda item: item if isinstance(item, str) else "")
def test_wrong_answer_fails(task_id, what, answer):
    if not available(task_id):
        pytest.skip(f"{task_id} is not written yet")
    if task_id == "14.BasicBlock":
        pytest.importorskip("torch")
        answer = basic_block(answer)
    task = dataclasses.replace(load_task(task_id), banned=())  # the wrong answers above are made from references
    for seed in range(5):
        report = task.evaluate(LocalStudent(answer), seed)
        assert not report.passed, f"{what} gets full points"

