"""Hold a function against PyTorch's on any arguments, right or wrong: same values, or both refuse."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cnncourse.numpy_nn.functional import activation, gated_activation
from tests.numpy_nn.opdb import Operation, check_sample, describe

ACTIVATIONS = [
    name for file in (activation, gated_activation) for name in file.__all__ if not name.endswith("_backward")
]
REFUSALS = (RuntimeError, ValueError, TypeError, IndexError)


def check_agreement(function, backward, torch_function, arrays, *args, **kwargs):
    """Compare values and gradients with PyTorch's, or require a refusal where PyTorch refuses.

    `arrays` maps the names of the array arguments, in the order of the signature, to tensors or None.
    Returns "equal" or "refused".
    """
    values = list(arrays.values())
    sample = SimpleNamespace(input=values[0], args=(*values[1:], *args), kwargs=kwargs)
    operation = Operation("", function, backward, tuple(arrays))
    try:
        torch_function(*values, *args, **kwargs)
    except REFUSALS as refusal:
        try:
            function(*(value if value is None else value.numpy() for value in values), *args, **kwargs)
        except (ValueError, TypeError):
            return "refused"
        pytest.fail(f"accepted what PyTorch refuses ({str(refusal)[:200]}): {describe(sample)}")
    try:
        check_sample(operation, torch_function, sample)
    except Exception as error:
        error.add_note(describe(sample))
        raise
    return "equal"


def tensor(rng, shape, dtype=torch.float64, layout="contiguous", ties=False):
    """Return a random tensor; "strided" and "transposed" ones do not lie contiguously in memory.

    With `ties` the values are few, so that windows hold several equal maxima.
    """
    if layout == "strided":
        return tensor(rng, tuple(2 * size for size in shape), dtype, ties=ties)[
            tuple(slice(None, None, 2) for _ in shape)
        ]
    if layout == "transposed":
        return tensor(rng, shape[::-1], dtype, ties=ties).permute(*reversed(range(len(shape))))
    values = rng.integers(-1, 2, shape) if ties else rng.normal(size=shape)
    return torch.from_numpy(np.asarray(values)).to(dtype)
