"""The harness itself: it must notice what a wrong implementation gets wrong, and no function may be left out of it."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cnncourse.numpy_nn import functional as F
from tests.numpy_nn import test_activation, test_conv, test_loss, test_norm, test_spatial
from tests.numpy_nn.opdb import Operation, check_refused, check_sample

pytestmark = pytest.mark.usefixtures("version")  # plain and fast

ARRAYS = ("input", "weight", "bias")
RIGHT = Operation("", F.conv2d, F.conv2d_backward, ARRAYS)


def sample(bias=True):
    torch.manual_seed(0)
    tensors = [torch.randn(shape, dtype=torch.float64) for shape in ((2, 2, 5, 4), (3, 2, 3, 2), (3,))]
    return SimpleNamespace(input=tensors[0], args=(tensors[1], tensors[2] if bias else None), kwargs={"stride": 2})


def flipped(input, weight, bias=None, stride=1):
    return F.conv2d(input, weight[..., ::-1, ::-1], bias, stride)


def single_precision(input, weight, bias=None, stride=1):
    return F.conv2d(input, weight, bias, stride).astype(np.float32)


def without_batch(input, weight, bias=None, stride=1):
    return F.conv2d(input, weight, bias, stride)[:1]


def careless(input, weight, bias=None, stride=1):
    output = F.conv2d(input, weight, bias, stride)
    weight *= 2
    return output


def slightly_off(input, weight, bias=None, stride=1):
    output = F.conv2d(input, weight, bias, stride)
    output.flat[3] *= 1 + 1e-5
    return output


def two_gradients(*arguments, **named):
    return F.conv2d_backward(*arguments, **named)[:2]


def doubled_bias_gradient(*arguments, **named):
    grad_input, grad_weight, grad_bias = F.conv2d_backward(*arguments, **named)
    return grad_input, grad_weight, 2 * grad_bias


def gradient_of_no_bias(*arguments, **named):
    return *F.conv2d_backward(*arguments, **named)[:2], np.zeros(3)


@pytest.mark.parametrize("bias", [True, False])
def test_the_right_one_passes(bias):
    assert check_sample(RIGHT, torch.nn.functional.conv2d, sample(bias))


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (flipped, "output"),
        (single_precision, "output has dtype float32"),
        (without_batch, "output has shape"),
        (careless, "an input was modified"),
        (slightly_off, "output"),
    ],
)
def test_wrong_outputs_are_noticed(wrong, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_sample(Operation("", wrong, None, ARRAYS), torch.nn.functional.conv2d, sample())


@pytest.mark.parametrize(
    ("wrong", "bias", "complaint"),
    [
        (two_gradients, True, "one gradient per array argument"),
        (doubled_bias_gradient, True, "gradient of bias"),
        (gradient_of_no_bias, False, "absent bias"),
    ],
)
def test_wrong_gradients_are_noticed(wrong, bias, complaint):
    with pytest.raises(AssertionError, match=complaint):
        check_sample(Operation("", F.conv2d, wrong, ARRAYS), torch.nn.functional.conv2d, sample(bias))


def test_an_accepted_error_input_is_noticed():
    with pytest.raises(AssertionError, match="accepted error input 7"):
        check_refused(RIGHT, sample(), 7)


def test_a_message_that_names_no_argument_is_noticed():
    def vague(input, weight, bias=None, stride=1):
        raise ValueError("something went wrong")

    with pytest.raises(AssertionError, match="message names no argument"):
        check_refused(Operation("", vague), sample(), 0)


HELD_ELSEWHERE = {
    "dropout": "draws numbers of its own",
    "stochastic_depth": "is torchvision's, and draws",
    "fold": "has no samples there; test_spatial_properties.py draws some",
}


def test_every_function_with_a_gradient_is_held_against_pytorchs_samples():
    """One that is in no file's OPERATIONS would be judged by nobody."""
    files = (test_activation, test_conv, test_loss, test_norm, test_spatial)
    held = {operation.name.rpartition(".")[2] for file in files for operation in file.OPERATIONS}
    ours = {name.removesuffix("_backward") for name in F.__all__ if name.endswith("_backward")}
    assert ours - held == HELD_ELSEWHERE.keys()
