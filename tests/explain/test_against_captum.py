"""The explanations against those of captum, the library of the field, with the sign and the channels it keeps."""

import numpy as np
import pytest
import torch

from cnncourse import explain
from tests.explain.networks import one_linear_head, pictures, small

attr = pytest.importorskip("captum.attr", reason="needs the development dependency captum")
pytestmark = pytest.mark.filterwarnings("ignore:Setting .*hooks on ReLU", "ignore:Input Tensor")


@pytest.fixture(params=[0, 1])
def case(request):
    return small(seed=request.param), *pictures(seed=request.param + 5)


def test_saliency(case):
    model, images, labels = case
    signed = attr.Saliency(model).attribute(images, target=labels, abs=False)
    torch.testing.assert_close(explain.gradients(model, images, labels), signed)
    torch.testing.assert_close(explain.saliency(model, images, labels), signed.abs().amax(1))


@pytest.mark.parametrize(
    ("ours", "theirs"), [("guided_gradients", "GuidedBackprop"), ("deconvnet_gradients", "Deconvolution")]
)
def test_other_rules_for_relu(case, ours, theirs):
    model, images, labels = case
    want = getattr(attr, theirs)(model).attribute(images, target=labels)
    got = getattr(explain, ours)(model, images, labels)
    torch.testing.assert_close(got, want)
    assert (got - explain.gradients(model, images, labels)).abs().max() > 1e-3


@pytest.mark.parametrize("baseline", [0.0, 0.7, "picture"])
def test_integrated_gradients(case, baseline):
    model, images, labels = case
    if baseline == "picture":
        baseline = torch.rand(1, 3, 12, 8, dtype=torch.float64)
    full = torch.as_tensor(baseline).double().expand_as(images).contiguous()
    want = attr.IntegratedGradients(model).attribute(
        images, full, target=labels, n_steps=7, method="riemann_middle"
    )
    got = explain.integrated_gradients(model, images, labels, baseline=baseline, steps=7)
    torch.testing.assert_close(got, want.sum(1))


@pytest.mark.parametrize(("size", "stride"), [(4, 4), (4, 2), (5, 3), (3, 1), (8, 7)])
def test_occlusion(case, size, stride):
    model, images, labels = case
    want = attr.Occlusion(model).attribute(
        images, (3, size, size), strides=(3, stride, stride), target=labels, baselines=0.3
    )
    got = explain.occlusion(model, images, labels, size=size, stride=stride, fill=0.3)
    torch.testing.assert_close(got, want[:, 0].double(), rtol=1e-5, atol=1e-6)  # captum answers in float32


@pytest.mark.parametrize("name", ["0", "1", "4"])
def test_grad_cam_of_a_named_layer(case, name):
    model, images, labels = case
    layer = model.get_submodule(name)
    want = attr.LayerGradCam(model, layer).attribute(images, target=labels, relu_attributions=True)[:, 0]
    for given in (name, layer):
        got = explain.grad_cam(model, images, labels, layer=given, resize=False)
        torch.testing.assert_close(got, want)
    resized = attr.LayerAttribution.interpolate(want[:, None], (12, 8), "bilinear")[:, 0]
    torch.testing.assert_close(explain.grad_cam(model, images, labels, layer=given), resized)


def test_grad_cam_takes_the_last_convolution_where_nothing_is_pooled(case):
    model, images, labels = case
    want = attr.LayerGradCam(model, model[4]).attribute(images, target=labels, relu_attributions=True)[:, 0]
    torch.testing.assert_close(explain.grad_cam(model, images, labels, resize=False), want)


def test_smoothgrad_is_near_captums():
    """Both average gradients under noise of one size: the same numbers but for the draw."""
    model, (images, labels) = one_linear_head(), pictures(1)
    sigma = 0.3 * float(images.max() - images.min())
    torch.manual_seed(0)
    tunnel = attr.NoiseTunnel(attr.Saliency(model))
    theirs = tunnel.attribute(images, target=labels, nt_samples=600, nt_samples_batch_size=200, stdevs=sigma, abs=False)
    ours = explain.smoothgrad(model, images, labels, samples=600, noise=0.3)
    exact = explain.saliency(model, images, labels)
    far, near = ((other - ours).square().mean().sqrt() for other in (exact, theirs.abs().amax(1)))
    assert near < 0.1 * ours.square().mean().sqrt()
    assert near < 0.5 * far
    assert np.corrcoef(ours.flatten(), theirs.abs().amax(1).flatten())[0, 1] > 0.98
