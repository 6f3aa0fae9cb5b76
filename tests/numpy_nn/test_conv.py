"""Convolution against PyTorch's own test inputs and on awkward ones of ours."""

import pytest

from cnncourse.numpy_nn import functional as F
from tests.numpy_nn.opdb import Operation, error_tests, sample_tests

pytestmark = pytest.mark.usefixtures("version")  # plain and fast

ARRAYS = ("input", "weight", "bias")
OPERATIONS = [
    Operation("nn.functional.conv1d", F.conv1d, F.conv1d_backward, ARRAYS),
    Operation("nn.functional.conv2d", F.conv2d, F.conv2d_backward, ARRAYS),
    Operation("nn.functional.conv3d", F.conv3d, F.conv3d_backward, ARRAYS),
]
test_samples = sample_tests(OPERATIONS)
test_errors = error_tests(OPERATIONS)
