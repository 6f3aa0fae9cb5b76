"""What tests of networks share."""

import pytest
import torch


@pytest.fixture(scope="module")
def one_torch_thread():
    """Keep PyTorch to one thread: on maps this small, a second one only waits, and slows the others down."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
