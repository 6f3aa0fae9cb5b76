"""`from_torch` on every torchvision classifier made of supported operations, and on small modules of our own.

Out are VisionTransformer, SwinTransformer and MaxVit: they are built of attention (matrix products of two
activations, MultiheadAttention), which is not among the operations of `numpy_nn.functional`.
"""

import numpy as np
import pytest
import torch
import torchvision
from torch import nn

from cnncourse import numpy_nn
from cnncourse.from_torch import from_torch

ATTENTION = ("vit_", "swin_", "maxvit_")
NAMES = torchvision.models.list_models(module=torchvision.models)
CLASSIFIERS = [name for name in NAMES if not name.startswith(ATTENTION)]
# One of each family runs with the fast tests.
FAST = {
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "mnasnet0_5",
    "mobilenet_v2", "mobilenet_v3_small", "regnet_x_400mf", "regnet_y_400mf", "resnet18", "resnext50_32x4d",
    "shufflenet_v2_x0_5", "squeezenet1_0", "vgg11_bn",
}  # fmt: skip


def calibrated(name):
    """Build a classifier with random weights whose batch norms know their input.

    With running statistics of 0 and 1 the signal of a random deep network dies out or explodes, and a
    comparison would compare zeros. One batch in training mode shows each layer's scale; its channels get
    random statistics around that. (Every channel's own variance, from a handful of values, would do worse:
    the smallest ones would amplify rounding without bound.)
    """
    torch.manual_seed(0)
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    options |= {"aux_logits": False} if name == "inception_v3" else {}
    model = torchvision.models.get_model(name, weights=None, **options)
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    if norms:
        for module in norms:
            module.momentum = 1.0
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
        model.train()
        model(torch.randn(2, 3, *input_size(name)))
        for module in norms:
            module.running_var.copy_(module.running_var.mean() * torch.empty_like(module.running_var).uniform_(0.5, 2))
    return model.eval()


def input_size(name):
    """The smallest that lets every pooling have something to pool; not square."""
    return (75, 91) if name == "inception_v3" else (64, 72)


def test_the_list_is_torchvisions():
    """A new family in torchvision must be sorted in: supported, or out with a reason."""
    families = {"alexnet", "convnext", "densenet", "efficientnet", "googlenet", "inception", "mnasnet",
                "mobilenet", "regnet", "resnet", "resnext", "shufflenet", "squeezenet", "vgg", "wide"}  # fmt: skip
    assert {name.split("_")[0].rstrip("0123456789") for name in CLASSIFIERS} == families
    assert len(CLASSIFIERS) >= 66
    assert set(CLASSIFIERS) >= FAST


@pytest.mark.sampled(share=1 / 4, reason="networks for 224×224 pixels")
@pytest.mark.parametrize(
    "name", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in CLASSIFIERS]
)
@torch.no_grad()
def test_torchvision_classifier(name):
    model = calibrated(name)
    # float64 shows mistakes that rounding would hide; the largest ones stay in float32 to fit into memory.
    dtype = torch.float64 if sum(p.numel() for p in model.parameters()) < 1e8 else torch.float32
    model.to(dtype)
    image = torch.randn(1, 3, *input_size(name), dtype=dtype)
    wanted = model(image).numpy()
    ours = from_torch(model)
    got = ours(image.numpy())
    assert got.shape == (1, 1000)
    assert got.dtype == wanted.dtype
    assert wanted.std() > 1e-3 * np.abs(wanted).max(), "the comparison would be empty"
    tolerance = 1e-9 if dtype == torch.float64 else 2e-3
    for logits in (got, ours.prepare()(image.numpy())):
        np.testing.assert_allclose(logits, wanted, rtol=0, atol=tolerance * np.abs(wanted).max())


@pytest.mark.parametrize(
    ("name", "options"),
    [("vit_b_32", {}), ("swin_t", {}), ("swin_v2_t", {}), ("maxvit_t", {"input_size": (224, 224)})],
)
@torch.no_grad()
def test_attention_is_refused_or_right(name, options):
    model = torchvision.models.get_model(name, weights=None, **options).eval()
    try:
        ours = from_torch(model)
    except NotImplementedError:
        return
    image = torch.randn(1, 3, *options.get("input_size", (64, 72)))
    np.testing.assert_allclose(ours(image.numpy()), model(image), atol=1e-4)


class Mixed(nn.Module):
    """Operators, methods, shapes read from tensors, several inputs and outputs, a default argument."""

    def __init__(self):
        super().__init__()
        self.norm = nn.GroupNorm(2, 4)
        self.instance = nn.InstanceNorm2d(4, affine=True, track_running_stats=True)
        self.lrn = nn.LocalResponseNorm(3, alpha=0.5)
        self.up = nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1)
        self.shuffle = nn.PixelShuffle(2)
        self.drop = nn.Dropout(0.5)
        self.gain = nn.Parameter(torch.randn(4, 1, 1))

    def forward(self, x, y, scale=2.0):
        x += y
        N, C = x.shape[0], x.size(1)
        z = self.norm(x) * self.gain - 0.5 * self.instance(y)
        z = self.drop(nn.functional.silu(self.lrn(z)))
        a, b = z.chunk(2, dim=1)
        z = (
            torch.cat([b, a], 1)
            .view(N, 2, C // 2, x.shape[2], x.shape[3])
            .transpose(1, 2)
            .reshape((N, C, x.shape[2], -1))
        )
        small = nn.functional.interpolate(z, scale_factor=2, mode="bilinear", align_corners=False)
        return self.up(z), {"shuffled": self.shuffle(z), "mean": (small * scale).mean((2, 3), keepdim=True)}


@torch.no_grad()
def test_operators_methods_and_several_outputs():
    torch.manual_seed(1)
    model = Mixed().double().eval()
    model.instance.running_mean += torch.randn(4)
    x, y = torch.randn(2, 2, 4, 5, 3).double().unbind()
    ours = from_torch(model)
    x_before = x.numpy().copy()
    got = ours(x_before, y.numpy())
    np.testing.assert_array_equal(x_before, x.numpy(), err_msg="+= must not reach the caller's array")
    wanted = model(x, y)
    np.testing.assert_allclose(got[0], wanted[0], rtol=1e-10, atol=1e-12)
    for key in wanted[1]:
        np.testing.assert_allclose(got[1][key], wanted[1][key], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ours(x_before, y.numpy(), 3.0)[1]["mean"], got[1]["mean"] * 1.5, rtol=1e-12)
    with pytest.raises(TypeError, match="2 inputs, got 1"):
        ours(x_before)


def test_numpy_nn_has_no_way_to_pytorch():
    assert not hasattr(numpy_nn, "from_torch")
    assert "NumpyGraph(ReLU, 1 steps)" in repr(from_torch(nn.ReLU().eval()))


class Branching(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


@pytest.mark.parametrize(
    ("module", "error", "names"),
    [
        (nn.ReLU(), ValueError, "module: .*eval"),
        (nn.functional.relu, TypeError, "module: .*function"),
        (nn.Sequential(nn.ReLU(), nn.FractionalMaxPool2d(2, 1)).eval(), NotImplementedError, "Sequential.*layer '1'"),
        (Branching().eval(), NotImplementedError, "Branching"),
    ],
)
def test_refusals(module, error, names):
    with pytest.raises(error, match=names):
        from_torch(module)


class TwoReaders(nn.Module):
    """A convolution that its batch norm does not read alone, one that is an output, and one that may be folded."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1, bias=k == 2) for k in range(3))
        self.norms = nn.ModuleList(nn.BatchNorm2d(3) for _ in range(3))

    def forward(self, x):
        a, b, c = (conv(x) for conv in self.convs)
        y, z, w = (norm(v) for norm, v in zip(self.norms, (a, b, c), strict=True))
        return y + a, z, b, w


@torch.no_grad()
def test_prepare_folds_only_what_nobody_else_reads():
    torch.manual_seed(0)
    model, x = TwoReaders().double(), torch.randn(4, 3, 5, 6).double()
    model.train()(x)
    ours = from_torch(model.eval())
    for again in (ours, ours.prepare()):
        for got, wanted in zip(again(x.numpy()), model(x), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)
    model.norms[2].weight *= 2  # folded before, so not noticed; the others look when they are called
    model.norms[0].bias += 1
    y, *_, w = ours(x.numpy())
    wanted_y, *_, wanted_w = model(x)
    np.testing.assert_allclose(y, wanted_y, rtol=1e-12, atol=1e-12)
    assert np.abs(w - wanted_w.numpy()).max() > 0.1


class Clipped(nn.Module):
    """ReLUs of all sorts: of the input, of what others read too, of a norm's, a convolution's and a sum's output."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(4))
        self.norm, self.relu6 = nn.BatchNorm2d(3), nn.ReLU6(inplace=False)

    def forward(self, x):
        a, b, c = (conv(x) for conv in self.convs[:3])
        y = torch.relu(x) + nn.functional.relu(a) + a
        z = self.relu6(self.norm(b)) - nn.functional.relu(input=c)
        w = nn.functional.relu6(y + z)
        v = nn.functional.hardtanh(self.convs[3](w), -0.2, 0.3)
        return v, x, a, w, nn.functional.relu(y), y


@torch.no_grad()
def test_prepared_relus_change_only_what_is_theirs():
    torch.manual_seed(0)
    model, x = Clipped().double(), torch.randn(2, 3, 5, 6).double()
    model.train()(x)
    ours, wanted, image = from_torch(model.eval()), model(x), x.numpy().copy()
    for again in (ours, ours.prepare(), ours.prepare()):
        for got, value in zip(again(image), wanted, strict=True):
            np.testing.assert_allclose(got, value, rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(image, x)
    in_place = [step.name for step in ours.steps if step.name.endswith("in place")]
    assert in_place == ["hardtanh in place", "relu in place", "relu6 in place", "hardtanh in place"]


class ByHand(nn.Module):
    """Convolutions with arguments by name, without bias, and with filters or a bias that depend on the input."""

    def __init__(self):
        super().__init__()
        self.w, self.b = nn.Parameter(torch.randn(3, 3, 3, 3)), nn.Parameter(torch.randn(3))
        self.norms = nn.ModuleList(nn.BatchNorm2d(3) for _ in range(5))

    def forward(self, x):
        conv = nn.functional.conv2d
        y = self.norms[0](conv(x, self.w, padding=1))
        y = self.norms[1](conv(y, self.w, stride=(2, 1), bias=self.b, padding="valid"))
        y = self.norms[2](torch.conv2d(y, self.w, self.b, 1, 2, 1))
        y = self.norms[3](input=conv(y, self.w, self.b * y.mean((0, 2, 3))))
        return self.norms[4](conv(x, conv(y, y[:3, :, :3, :3]).mean((2, 3)).unsqueeze(2).unsqueeze(2)[:3], self.b))


@torch.no_grad()
def test_prepare_understands_every_way_to_call_a_convolution():
    torch.manual_seed(0)
    model, x = ByHand().double(), torch.randn(4, 3, 12, 11).double()
    model.train()(x)
    ours, wanted = from_torch(model.eval()), model(x).numpy()
    for again in (ours, ours.prepare(), ours.prepare()):
        np.testing.assert_allclose(again(x.numpy()), wanted, rtol=1e-10, atol=1e-10)
