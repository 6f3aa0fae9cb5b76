"""Every explanation leaves the network, the images and the random generators as they were."""

import copy

import pytest
import torch
from torch import nn

from cnncourse import explain
from tests.explain.networks import one_linear_head, pictures, small

METHODS = {
    "saliency": {}, "gradients": {}, "smoothgrad": {"samples": 2}, "integrated_gradients": {"steps": 2},
    "guided_backpropagation": {}, "deconvnet": {}, "occlusion": {"size": 4, "stride": 4}, "cam": {}, "grad_cam": {},
    "activation_maximisation": {"steps": 2, "shift": 1},
}  # fmt: skip


class Awkward(nn.Module):
    """Mixed modes, a counting buffer, one that is replaced, hooks, frozen and trained parameters, old gradients."""

    def __init__(self, body):
        super().__init__()
        self.body = body
        self.norm = nn.BatchNorm2d(3).double()
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("last", torch.zeros(1))
        self.register_buffer("nothing", None)

    def forward(self, x):
        self.calls += 1
        self.last = x.detach().mean().reshape(1)
        x.mul_(1.0)  # in place, on what it is given
        return self.body(self.norm(x))


def awkward():
    model = Awkward(one_linear_head())
    model.train()
    model.body.conv1.eval()
    model.body.conv1.weight.requires_grad_(False)
    model.body.fc.weight.grad = torch.full_like(model.body.fc.weight, 7)
    model.norm.register_forward_hook(lambda module, inputs, output: None)
    return model


def state(model):
    """Return all that has to be as before, to compare."""
    return (
        [(name, module.training, len(module._forward_hooks), len(module._forward_pre_hooks),
          len(module._backward_hooks), len(module._backward_pre_hooks)) for name, module in model.named_modules()],
        [(name, p.requires_grad, None if p.grad is None else p.grad.tolist(), p.tolist())
         for name, p in model.named_parameters()],
        [(name, id(buffer), buffer.tolist()) for name, buffer in model.named_buffers()],
    )  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_all_is_as_before(method):
    model, (images, labels) = awkward(), pictures()
    images.requires_grad_()
    before, given, generator = state(model), images.detach().clone(), torch.get_rng_state()
    with torch.no_grad():  # as a caller may have it
        result = getattr(explain, method)(model, images, labels, **METHODS[method])
    assert state(model) == before
    assert torch.equal(images, given)
    assert images.grad is None
    assert not result.requires_grad
    assert result.isfinite().all()
    assert torch.equal(torch.get_rng_state(), generator)


@pytest.mark.parametrize("method", METHODS)
def test_evaluation_mode_is_explained_whatever_the_mode(method):
    images, labels = pictures()
    training, evaluation = awkward(), awkward().eval()
    options = METHODS[method]
    got, want = (getattr(explain, method)(model, images, labels, **options) for model in (training, evaluation))
    assert torch.equal(got, want)
    alone = getattr(explain, method)(training, images[1:2], labels[1:2], **options)
    if method not in ("smoothgrad", "activation_maximisation"):  # these draw from their generator in order
        torch.testing.assert_close(alone, want[1:2])


@pytest.mark.parametrize("method", METHODS)
def test_arrays_frozen_networks_and_inference_mode(method):
    model, (images, labels) = one_linear_head().requires_grad_(False), pictures()
    options = METHODS[method]
    want = getattr(explain, method)(model, images, labels, **options)
    with torch.inference_mode():
        got = getattr(explain, method)(model, images.numpy(), labels.tolist(), **options)
    torch.testing.assert_close(got, want)
    assert want.shape == (images.shape if method in ("gradients", "activation_maximisation") else (3, 12, 8))


@pytest.mark.parametrize("method", METHODS)
def test_after_an_error_all_is_as_before(method):
    model, (images, labels) = awkward(), pictures()
    before = state(model)

    def fail(module, inputs, output):
        raise RuntimeError("broken")

    handle = model.body.fc.register_forward_hook(fail)
    with pytest.raises(RuntimeError, match="broken"):
        getattr(explain, method)(model, images, labels, **METHODS[method])
    handle.remove()
    assert state(model) == before
    explain.saliency(model, images, labels)  # no mode of PyTorch's is left on either


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"images": torch.zeros(3, 12, 8)}, "images: expected .N, C, H, W."),
        ({"images": torch.zeros(3, 3, 12, 8, dtype=torch.uint8)}, "images: .* got torch.uint8"),
        ({"labels": [0, 1]}, "labels: expected 3 class indices"),
        ({"labels": [0.0, 1.0, 2.0]}, "labels: expected 3 class indices"),
        ({"labels": [0, 1, 4]}, "labels: expected 0 to 3, got 0 to 4"),
        ({"labels": [0, -1, 2]}, "labels: expected 0 to 3, got -1 to 2"),
        ({"model": nn.Sequential(nn.Conv2d(3, 4, 1).double(), nn.ReLU())}, "model: expected logits|one linear layer"),
    ],
)
def test_refusals_name_the_argument(method, change, says):
    images, labels = pictures()
    arguments = {"model": one_linear_head(), "images": images, "labels": labels} | change
    with pytest.raises(ValueError, match=says):
        getattr(explain, method)(**arguments, **METHODS[method])


@pytest.mark.parametrize("method", METHODS)
def test_activations_in_place_change_nothing_of_the_explanation(method):
    images, labels = pictures()
    models = one_linear_head(), copy.deepcopy(one_linear_head())
    models[1].forward = lambda x, m=models[1]: m.fc((m.conv2(m.conv1(x).relu()) + 0.1).relu().mean(dim=(2, 3)))
    got, want = (getattr(explain, method)(model, images, labels, **METHODS[method]) for model in models)
    torch.testing.assert_close(got, want)


def test_small_networks_with_layers_in_place_are_explained_alike():
    images, labels = pictures()
    for method, options in METHODS.items():
        if method != "cam":
            got, want = (getattr(explain, method)(small(where), images, labels, **options) for where in (True, False))
            torch.testing.assert_close(got, want)
