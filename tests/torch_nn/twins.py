"""Comparing a network of `numpy_nn.models` with its twin of the same name in `torch_nn.models`."""

import numpy as np
import torch
from torch.nn import functional as F

from cnncourse.from_torch import from_torch
from cnncourse.numpy_nn import inference, optim
from cnncourse.numpy_nn import models as ours
from cnncourse.numpy_nn import modules as M
from cnncourse.numpy_nn.geometry import output_shape
from cnncourse.numpy_nn.training import train_step
from cnncourse.torch_nn import models as theirs


def twins(name, **options):
    """Return both networks in float64 with the same random weights, under which no layer's values fade away."""
    a = getattr(ours, name)(**options).astype(np.float64)
    b = getattr(theirs, name)(**options).double()
    randomise(b)
    a.load_state_dict(b.state_dict())
    assert list(a.state_dict()) == list(b.state_dict())
    return a, b


def randomise(network, seed=0):
    """Draw weights of Kaiming's size, and biases, factors and running statistics that differ from where they start.

    The biases are mostly positive, so that few maps are zero all over, which would leave gradients without a value.
    """
    generator = torch.Generator().manual_seed(seed)
    state = network.state_dict()
    for key, value in state.items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 2, generator=generator)
        elif value.ndim > 1:
            value.normal_(0, (2 / value[0].numel()) ** 0.5, generator=generator)
        elif value.is_floating_point():
            value.normal_(1.0 if norm_factor(network, key) else 0.3, 0.2, generator=generator)
    network.load_state_dict(state)


def norm_factor(network, key):
    """Return whether `key` is a norm's weight, which should be near one."""
    path, _, name = key.rpartition(".")
    return name == "weight" and isinstance(network.get_submodule(path), torch.nn.BatchNorm2d)


def without_dropout(a, b):
    """Set every dropout's probability to zero, in both."""
    for module in (*a.modules(), *b.modules()):
        if isinstance(module, (M.Dropout, torch.nn.Dropout)):
            module.p = 0.0
    return a, b


def as_tuple(outputs):
    return outputs if isinstance(outputs, tuple) else (outputs,)


def assert_near(got, wanted, what="", relative=1e-9):
    """Compare with a tolerance that is a share of the largest value; refuse to compare nothing but zeros."""
    wanted = wanted.detach().numpy() if isinstance(wanted, torch.Tensor) else wanted
    assert got.shape == wanted.shape
    largest = np.abs(wanted).max()
    assert largest > 1e-12, f"{what} is zero"
    np.testing.assert_allclose(got, wanted, rtol=0, atol=relative * largest, err_msg=what)


def check_values_and_gradients(a, b, shape):
    """Training: outputs, all gradients under random ones from above, running statistics. Then `check_evaluation`."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=shape)
    t = torch.from_numpy(x).requires_grad_()
    got, wanted = a(x), b(t)
    assert type(got).__name__ == type(wanted).__name__ or isinstance(got, np.ndarray)
    for one, other in zip(as_tuple(got), as_tuple(wanted), strict=True):
        assert_near(one, other)
    grads = [rng.normal(size=one.shape) for one in as_tuple(got)]
    torch.autograd.backward(as_tuple(wanted), [torch.from_numpy(g) for g in grads])
    assert_near(a.backward(type(got)(*grads) if isinstance(got, tuple) else grads[0]), t.grad, "input")
    parameters = dict(a.named_parameters())
    for key, parameter in b.named_parameters():
        assert_near(parameters[key].grad, parameter.grad, key, 1e-8)
    for key, value in b.state_dict().items():
        np.testing.assert_allclose(a.state_dict()[key], value, rtol=1e-9, atol=1e-12, err_msg=key)
    check_evaluation(a, b, x)


def check_evaluation(a, b, x):
    """Evaluation, prepared for it, and the PyTorch twin run by NumPy; the shape is known beforehand."""
    a.eval()
    b.eval()
    with torch.no_grad():
        wanted = b(torch.from_numpy(x))
    assert_near(a(x), wanted)
    assert_near(inference.prepare(a)(x), wanted)
    assert_near(from_torch(b)(x), wanted)
    assert output_shape(a, x.shape) == tuple(wanted.shape)


def train_both(a, b, shape, steps, classes, **options):
    """Train both by SGD on the same batches; return both losses of each step. Then all parameters agree to 1e-6."""
    our_sgd, their_sgd = optim.SGD(a.parameters(), **options), torch.optim.SGD(b.parameters(), **options)
    rng = np.random.default_rng(1)
    losses = []
    for _ in range(steps):
        images, labels = rng.normal(size=shape), rng.integers(0, classes, shape[0])
        got, _ = train_step(a, our_sgd, images, labels)
        loss = F.cross_entropy(b(torch.from_numpy(images)), torch.from_numpy(labels))
        their_sgd.zero_grad()
        loss.backward()
        their_sgd.step()
        losses.append((got, loss.item()))
    for key, value in b.state_dict().items():
        np.testing.assert_allclose(a.state_dict()[key], value, rtol=0, atol=1e-6, err_msg=key)
    return losses


def check_steps_from_the_start(name, shape, steps, **options):
    """Training from our own initial weights, in float64: losses to 1e-8, and each step has another one."""
    a = getattr(ours, name)(rng=np.random.default_rng(0)).astype(np.float64)
    b = getattr(theirs, name)().double()
    b.load_state_dict({key: torch.from_numpy(value) for key, value in a.state_dict().items()})
    losses = train_both(a, b, shape, steps, 10, momentum=0.9, weight_decay=5e-4, **options)
    for step, (got, wanted) in enumerate(losses):
        assert abs(got - wanted) <= 1e-8, f"step {step}"
    assert len({got for got, _ in losses}) == steps


def check_ten_steps(a, b, shape, lr=0.01):
    """Ten steps of SGD from the same weights on the same batches: losses to 1e-8, parameters to 1e-6."""
    before = a.state_dict()
    losses = train_both(a, b, shape, 10, 5, lr=lr, momentum=0.9, weight_decay=5e-4)
    for step, (got, wanted) in enumerate(losses):
        assert abs(got - wanted) <= 1e-8 * max(1, got), f"step {step}"
    for key, value in b.state_dict().items():
        assert not np.array_equal(before[key], value), f"{key} has not moved"
