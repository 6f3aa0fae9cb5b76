"""What the tests of the NumPy reference share."""

import sys

import pytest

from cnncourse import numpy_nn


@pytest.fixture(autouse=True, scope="module")
def one_torch_thread():
    """Keep PyTorch to one thread: on inputs this small a second one only waits, and slows the others down."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(params=["fast", "plain"], scope="module")
def version(request):
    """Run a module's tests with the fast functions, then with the plain ones; it asks for this in `pytestmark`."""
    with numpy_nn.use(request.param):
        yield request.param
