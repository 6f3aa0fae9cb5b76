"""Properties on any shape, view and dtype: against PyTorch, and by rules that hold without it."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cnncourse import numpy_nn
from cnncourse.numpy_nn import functional as F
from cnncourse.numpy_nn import gradcheck
from tests.numpy_nn.agreement import ACTIVATIONS

pytestmark = pytest.mark.usefixtures("version")  # plain and fast

torch_F = torch.nn.functional

# Rounded values make ties and zeros likely; sizes 0 and 1 are among the shapes.
SHAPES = hnp.array_shapes(min_dims=2, max_dims=4, min_side=0, max_side=4)
SEEDS = st.integers(0, 2**31)


def awkward(rng, shape):
    """Draw values on a grid of quarters, and return them as a view that is not contiguous."""
    doubled = np.round(4 * rng.normal(size=(*shape[:-1], 2 * shape[-1]))) / 4
    return doubled[..., ::-2]


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(ACTIVATIONS), shape=SHAPES, seed=SEEDS)
def test_activations_on_any_view(name, shape, seed):
    rng = np.random.default_rng(seed)
    x, g = awkward(rng, shape), awkward(rng, shape)
    t = torch.from_numpy(x.copy()).requires_grad_()
    wanted = getattr(torch_F, name)(t)
    (wanted_grad,) = torch.autograd.grad(wanted, t, torch.from_numpy(g.copy()))
    kept = x.copy()
    np.testing.assert_allclose(getattr(F, name)(x), wanted.detach(), rtol=1e-12, atol=1e-15)
    got = getattr(F, name + "_backward")(g, x)
    np.testing.assert_allclose(got, wanted_grad, rtol=1e-7, atol=1e-14)
    np.testing.assert_array_equal(x, kept)


@settings(max_examples=60, deadline=None)
@given(shape=SHAPES, seed=SEEDS, smoothing=st.sampled_from([0.0, 0.3]), reduction=st.sampled_from(["sum", "none"]))
def test_cross_entropy_on_any_view(shape, seed, smoothing, reduction):
    if shape[1] == 0:
        shape = (shape[0], 1, *shape[2:])
    rng = np.random.default_rng(seed)
    x = awkward(rng, shape)
    target = rng.integers(0, shape[1], (shape[0], *shape[2:]))
    t = torch.from_numpy(x.copy()).requires_grad_()
    options = {"label_smoothing": smoothing, "reduction": reduction, "ignore_index": 0}
    wanted = torch_F.cross_entropy(t, torch.from_numpy(target), **options)
    got = F.cross_entropy(x, target, **options)
    np.testing.assert_allclose(got, wanted.detach(), rtol=1e-12, atol=1e-14)
    g = rng.normal(size=wanted.shape)
    (wanted_grad,) = torch.autograd.grad(wanted, t, torch.as_tensor(g))
    grad, _, _ = F.cross_entropy_backward(g, x, target, **options)
    np.testing.assert_allclose(grad, wanted_grad, rtol=1e-11, atol=1e-14)


@settings(max_examples=40, deadline=None)
@given(lead=st.lists(st.integers(0, 3), max_size=3), C_in=st.integers(0, 4), C_out=st.integers(0, 3), seed=SEEDS,
       bias=st.booleans())  # fmt: skip
def test_linear_on_any_view(lead, C_in, C_out, seed, bias):
    rng = np.random.default_rng(seed)
    x, w = awkward(rng, (*lead, C_in)), awkward(rng, (C_out, C_in))
    b = rng.normal(size=C_out) if bias else None
    tensors = [torch.from_numpy(a.copy()).requires_grad_() for a in (x, w, b) if a is not None]
    wanted = torch_F.linear(*tensors)
    got = F.linear(x, w, b)
    np.testing.assert_allclose(got, wanted.detach(), rtol=1e-12, atol=1e-14)
    g = rng.normal(size=got.shape)
    grads = [grad for grad in F.linear_backward(g, x, w, b) if grad is not None]
    for grad, wanted_grad in zip(grads, torch.autograd.grad(wanted, tensors, torch.from_numpy(g)), strict=True):
        np.testing.assert_allclose(grad, wanted_grad, rtol=1e-12, atol=1e-14)


@settings(max_examples=40, deadline=None)
@given(shape=hnp.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=4), seed=SEEDS, C=st.integers(2, 4))
def test_normalisations_undo_scale_and_shift(shape, seed, C):
    """Batch, layer and instance norm of a·x + b equal those of x (a > 0, tiny ε)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(shape[0] + 1, C, *shape[1:], 2))
    y = 3 * x + 7
    for norm in (
        lambda v: F.batch_norm(v, None, None, training=True, eps=1e-30),
        lambda v: F.layer_norm(v, v.shape[1:], eps=1e-30),
        lambda v: F.instance_norm(v, eps=1e-30),
        lambda v: F.group_norm(v, 1, eps=1e-30),
    ):
        np.testing.assert_allclose(norm(y), norm(x), atol=1e-6)


def test_gradcheck_agrees_without_pytorch():
    """The same backward passes once more, judged by differences alone."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4, 5))
    w, b = rng.normal(size=(2, 4))

    def norm(x, w, b):
        return F.batch_norm(x, None, None, w, b, training=True)

    def norm_backward(g, x, w, b):
        grads = F.batch_norm_backward(g, x, None, None, w, b, training=True)
        return grads[0], grads[3], grads[4]

    assert gradcheck(norm, norm_backward, x, w, b).passed
    assert gradcheck(
        lambda x: F.local_response_norm(x, 2, 0.5), lambda g, x: F.local_response_norm_backward(g, x, 2, 0.5), x
    ).passed
    assert gradcheck(lambda x: F.log_softmax(x, 1), lambda g, x: F.log_softmax_backward(g, x, 1), x).passed
    assert gradcheck(F.gelu, F.gelu_backward, x).passed
    target = rng.integers(0, 4, (3, 5))
    assert gradcheck(
        lambda x: np.asarray(F.cross_entropy(x, target, label_smoothing=0.1)),
        lambda g, x: F.cross_entropy_backward(g, x, target, label_smoothing=0.1)[0],
        x,
    ).passed


FOLDER = Path(numpy_nn.__file__).parent
SHARED = ("tiles", "whole_files")  # what it takes from the package around it: each held to the same rule
FILES = [*sorted(FOLDER.rglob("*.py")), *(FOLDER.parent / f"{name}.py" for name in SHARED)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER.parent).as_posix())
def test_each_file_is_short_and_imports_numpy_and_the_standard_library_only(path):
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= 350
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        for name in names:
            if name == "cnncourse.from_torch":  # inside __getattr__: reached on demand only
                assert path == FOLDER / "__init__.py"
                continue
            if name == "threadpoolctl":  # which tells NumPy's own BLAS how many threads to use
                assert path == FOLDER / "fast" / "threads.py"
                continue
            if name in {f"cnncourse.{module}" for module in SHARED}:
                continue
            top = name.split(".")[0]
            assert top == "numpy" or top in sys.stdlib_module_names or name.startswith("cnncourse.numpy_nn"), name


def test_importing_numpy_nn_loads_nothing_else():
    code = "import sys, cnncourse.numpy_nn.models; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"torch", "torchvision", "scipy", "matplotlib", "tqdm", "safetensors", "skimage", "rich"}
