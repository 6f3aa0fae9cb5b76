"""PyTorch's own test inputs as the judge of `cnncourse.numpy_nn.functional`.

PyTorch tests each operation with sample inputs (which must work) and error inputs (which must be
refused), listed in `torch.testing._internal.common_methods_invocations.op_db`. This harness runs all of
them through our functions. One test file writes

    from tests.numpy_nn.opdb import Operation, error_tests, sample_tests

    OPERATIONS = [
        Operation("nn.functional.conv2d", F.conv2d, F.conv2d_backward, ("input", "weight", "bias")),
    ]
    test_samples = sample_tests(OPERATIONS)
    test_errors = error_tests(OPERATIONS)

and gets one test per operation and dtype (float64 to 1e-6 relative, float32 to 2e-4) and one for the
error inputs (op_db lists none for some operations). For each sample the outputs are compared with
PyTorch's, then the gradients under a random upstream gradient, and the inputs must be unchanged. The
numbers of inputs run are printed at the end of the test run (`tests/conftest.py`).

Left out, for every operation: complex, half precision and bfloat16 samples, since the package has
float32 and float64 only. Anything else left out of one operation is named in its `skip`, a function
from sample to a reason (or None), and counted.
"""

import inspect
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch

RELATIVE = {torch.float64: 1e-6, torch.float32: 2e-4}


@dataclass(frozen=True)
class Operation:
    """One row of `op_db` and our functions for it.

    `arrays` names the arguments whose gradients `backward` returns, in that order; a single name means
    that it returns one array instead of a tuple. `variant` picks among rows of one name (padding modes).
    `skip(sample)` returns why a sample is left out, or None.
    """

    name: str
    function: Callable
    backward: Callable | None = None
    arrays: tuple[str, ...] = ("input",)
    variant: str = ""
    skip: Callable = lambda sample: None

    def __str__(self):
        return self.name.removeprefix("nn.functional.") + (f"-{self.variant}" if self.variant else "")

    def info(self):
        """Return the row of `op_db`."""
        from torch.testing._internal.common_methods_invocations import op_db  # seconds, so only when needed

        rows = [row for row in op_db if row.name == self.name and row.variant_test_name == self.variant]
        if len(rows) != 1:
            raise LookupError(f"op_db holds {len(rows)} rows for {self.name!r}, variant {self.variant!r}")
        return rows[0]


def sample_tests(operations):
    """Return a test function that runs every sample input of each operation in both dtypes."""

    @pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
    @pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
    @pytest.mark.parametrize("operation", operations, ids=str)
    def test(operation, dtype, record_property):
        torch.manual_seed(0)
        info = operation.info()
        counts = Counter()
        for number, sample in enumerate(info.sample_inputs("cpu", dtype, requires_grad=False)):
            if reason := operation.skip(sample):
                counts[f"left out: {reason}"] += 1
                continue
            try:
                compared = check_sample(operation, info.op, sample)
            except Exception as error:
                error.add_note(f"{operation} sample {number}: {describe(sample)}")
                raise
            counts["forward"] += 1
            counts["backward"] += compared
        assert counts["forward"], "no sample was run"
        record_property("op_db", (str(operation), str(dtype).removeprefix("torch."), dict(counts)))

    return test


def error_tests(operations):
    """Return a test function that requires every error input of each operation to be refused."""

    @pytest.mark.parametrize("operation", operations, ids=str)
    def test(operation, record_property):
        info = operation.info()
        counts = Counter()
        cases = info.error_inputs("cpu") if info.error_inputs_func else []
        for number, case in enumerate(cases):
            if reason := operation.skip(case.sample_input):
                counts[f"left out: {reason}"] += 1
                continue
            check_refused(operation, case.sample_input, number)
            counts["refused"] += 1
        record_property("op_db", (str(operation), "errors", dict(counts)))

    return test


def check_sample(operation, torch_function, sample):
    """Compare output, then gradients, with PyTorch's; return whether there was a gradient to compare."""
    args, kwargs = (sample.input, *sample.args), sample.kwargs
    differentiated = [
        value.requires_grad_()
        for name, value in bind(operation.function, args, kwargs).items()
        if name in operation.arrays and isinstance(value, torch.Tensor)
    ]
    wanted = torch_function(*args, **kwargs)
    our_args, our_kwargs = to_numpy(args), to_numpy(kwargs)
    before = [array.copy() for array in arrays_in((our_args, our_kwargs))]
    got = operation.function(*our_args, **our_kwargs)
    assert isinstance(wanted, (tuple, list)) == isinstance(got, tuple), "one output or several?"
    wanted = wanted if isinstance(wanted, (tuple, list)) else (wanted,)
    got = got if isinstance(got, tuple) else (got,)
    assert len(got) == len(wanted), f"{len(got)} outputs instead of {len(wanted)}"
    for g, w in zip(got, wanted, strict=True):
        assert_close(g, w, "output")

    compared = operation.backward is not None and wanted[0].requires_grad
    if compared:
        upstream = torch.randn_like(wanted[0])
        torch_grads = iter(torch.autograd.grad(wanted[0], differentiated, upstream))
        our_grads = operation.backward(upstream.numpy(), *our_args, **our_kwargs)
        our_grads = our_grads if isinstance(our_grads, tuple) else (our_grads,)
        assert len(our_grads) == len(operation.arrays), "one gradient per array argument"
        bound = bind(operation.function, args, kwargs)
        for name, grad in zip(operation.arrays, our_grads, strict=True):
            if isinstance(bound[name], torch.Tensor):
                assert_close(grad, next(torch_grads), f"gradient of {name}")
            else:
                assert grad is None, f"gradient of the absent {name} should be None"
    for array, copy in zip(arrays_in((our_args, our_kwargs)), before, strict=True):
        np.testing.assert_array_equal(array, copy, err_msg="an input was modified")
    return compared


def check_refused(operation, sample, number):
    """Require ValueError or TypeError whose message names an argument of the function."""
    args, kwargs = to_numpy((sample.input, *sample.args)), to_numpy(sample.kwargs)
    refusal = None
    try:
        operation.function(*args, **kwargs)
    except (ValueError, TypeError) as error:
        refusal = str(error)
    assert refusal is not None, f"{operation} accepted error input {number}: {describe(sample)}"
    parameters = inspect.signature(operation.function).parameters
    assert any(name in refusal for name in parameters), f"message names no argument: {refusal}"


def assert_close(got, wanted, what):
    """Compare dtype, shape and values; entries near zero are held to a hundredth of the largest one's error."""
    wanted = wanted.detach()
    assert isinstance(got, (np.ndarray, np.generic)), f"{what} is of type {type(got).__name__}"
    assert str(got.dtype) == str(wanted.dtype).removeprefix("torch."), f"{what} has dtype {got.dtype}"
    assert got.shape == tuple(wanted.shape), f"{what} has shape {got.shape} instead of {tuple(wanted.shape)}"
    relative = RELATIVE.get(wanted.dtype, 0)
    wanted = wanted.numpy()
    finite = np.abs(wanted[np.isfinite(wanted)]) if relative else wanted
    scale = finite.max() if relative and finite.size else 0
    np.testing.assert_allclose(got, wanted, rtol=relative, atol=relative * scale / 100, err_msg=what)


def bind(function, args, kwargs):
    """Return the arguments by name, defaults filled in."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.arguments


def to_numpy(value):
    """Turn the tensors in a nest of tuples, lists and dicts into arrays that share their memory."""
    if isinstance(value, torch.Tensor):
        return value.detach().numpy()
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, (tuple, list)):
        return type(value)(to_numpy(entry) for entry in value)
    if isinstance(value, dict):
        return {name: to_numpy(entry) for name, entry in value.items()}
    return value


def arrays_in(value):
    """List the arrays in a nest of tuples, lists and dicts."""
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [array for entry in value for array in arrays_in(entry)] if isinstance(value, (tuple, list)) else []


def describe(sample):
    """Write a sample on one line, tensors as their shapes."""

    def short(value):
        return f"{value.dtype}{tuple(value.shape)}" if isinstance(value, torch.Tensor) else repr(value)

    named = [f"{name}={short(value)}" for name, value in sample.kwargs.items()]
    return ", ".join([short(sample.input), *map(short, sample.args), *named])
