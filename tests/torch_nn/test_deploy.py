"""Weights as 8-bit integers, and networks as ONNX files that onnxruntime runs."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from cnncourse import deploy
from cnncourse.cli import main
from cnncourse.numpy_nn import quantization as ours
from cnncourse.torch_nn import models
from cnncourse.torch_nn import quantization as theirs
from cnncourse.weights import save_weights

pytestmark = pytest.mark.usefixtures("one_torch_thread")
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(4, 3, 2, 5), (3, 7), (2,), (1, 1, 1), (0, 3)])
@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_libraries_round_alike_and_to_the_nearest(shape, per_channel, dtype):
    weight = (RNG.normal(size=shape) * 10.0 ** RNG.integers(-3, 4, (shape[0], *[1] * (len(shape) - 1)))).astype(dtype)
    if weight.size > 5:
        weight[0] = 0
    if weight.size == 0:
        weight = np.ones((1, *shape[1:]), dtype)
    q, scale = ours.quantize(weight, per_channel)
    their_q, their_scale = theirs.quantize(torch.from_numpy(weight), per_channel)
    assert (q.dtype, scale.dtype, q.shape) == (np.int8, dtype, weight.shape)
    assert scale.shape == ((len(weight),) if per_channel else (1,))
    np.testing.assert_array_equal(q, their_q)
    np.testing.assert_array_equal(scale, their_scale)
    back = ours.dequantize(q, scale)
    np.testing.assert_array_equal(back, theirs.dequantize(their_q, their_scale))
    half = scale.reshape(-1, *[1] * (weight.ndim - 1)) / 2
    assert (np.abs(back - weight) <= half * (1 + 1e-5)).all()
    assert np.abs(q).max() == 127 or not weight.any()


def test_rounding_is_pytorchs():
    weight = torch.randn(5, 3, 2, 2)
    q, scale = theirs.quantize(weight)
    wanted = torch.fake_quantize_per_channel_affine(weight, scale, torch.zeros(5, dtype=torch.int32), 0, -127, 127)
    torch.testing.assert_close(theirs.dequantize(q, scale), wanted, rtol=1e-6, atol=0)


def test_halves_go_to_even_and_zeros_have_scale_one():
    weight = np.array([[127.0, 0.5, 1.5, 2.5, -0.5, -1.5], [0.0, 0.0, 0.0, 0.0, 0.0, -0.0]])
    q, scale = ours.quantize(weight)
    assert q.tolist() == [[127, 0, 2, 2, 0, -2], [0] * 6]
    assert scale.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("library", [ours, theirs])
def test_refusals_of_weights(library):
    array = np.asarray if library is ours else torch.as_tensor
    for bad in (np.array([1.0, np.nan]), np.array(1.0)):
        with pytest.raises(ValueError, match="weight: expected finite"):
            library.quantize(array(bad))
    with pytest.raises((TypeError, ValueError), match="weight: expected"):
        library.quantize(array(np.array([1, 2])))
    with pytest.raises(ValueError, match=r"scale: expected shape \(3,\) or \(1,\), got \(2,\)"):
        library.dequantize(array(np.zeros((3, 2), np.int8)), array(np.ones(2)))


class Small(torch.nn.Module):
    """Two convolutions of very different channels, batch norm, and a linear layer."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 4, 3)
        self.bn1 = torch.nn.BatchNorm2d(4)
        self.conv2 = torch.nn.Conv2d(4, 4, 3, groups=4, bias=False)
        self.fc = torch.nn.Linear(4, 3)
        with torch.no_grad():
            self.conv2.weight.mul_(torch.tensor([1.0, 10.0, 100.0, 1000.0])[:, None, None, None])
            self.bn1.running_var.uniform_(0.5, 2)
            self.bn1.running_mean.normal_()

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.conv2(x).mean((2, 3)))


@pytest.fixture
def small():
    torch.manual_seed(0)
    return Small().eval()


def test_errors_by_layer_are_those_of_the_rounded_weights(small):
    images = torch.randn(3, 1, 8, 7)
    before = {key: value.clone() for key, value in small.state_dict().items()}
    for per_channel in (True, False):
        rows = theirs.error_by_layer(small, images, per_channel)
        assert [row["layer"] for row in rows] == ["conv1", "conv2", "fc"]
        assert [row["weights"] for row in rows] == [36, 36, 12]
        rounded = theirs.quantized(small, per_channel)
        got, exact = rounded(images), small(images)
        assert rows[-1]["total_error"] == pytest.approx(((got - exact).norm() / exact.norm()).item(), rel=1e-4)
        weight = small.conv2.weight
        wanted = ((rounded.conv2.weight - weight).norm() / weight.norm()).item()
        assert rows[1]["weight_error"] == pytest.approx(wanted)
        assert rows[0]["total_error"] == pytest.approx(rows[0]["output_error"])  # nothing before it is rounded
        alone = F.conv2d(images, rounded.conv1.weight, small.conv1.bias)
        exact = small.conv1(images)
        assert rows[0]["output_error"] == pytest.approx(((alone - exact).norm() / exact.norm()).item(), rel=1e-4)
    assert all(torch.equal(value, before[key]) for key, value in small.state_dict().items())


def test_one_scale_for_all_channels_loses_the_small_ones(small):
    weight = small.conv2.weight[:1]
    loss = {per_channel: (theirs.quantized(small, per_channel).conv2.weight[:1] - weight).norm() / weight.norm()
            for per_channel in (True, False)}  # fmt: skip
    assert loss[True] < 0.01
    assert loss[False] > 0.9  # nothing is left


def test_folded_batch_norms_change_nothing(small):
    folded = theirs.fold_batch_norms(small.train())
    assert not folded.training
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in folded.modules())
    x = torch.randn(2, 1, 9, 9)
    torch.testing.assert_close(folded(x), small.eval()(x))


# ONNX


def test_exported_and_run_by_onnxruntime_with_any_number_of_images(small, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra cnncourse[deploy]")
    images = np.random.default_rng(5).normal(size=(5, 1, 8, 8)).astype(np.float32)
    for int8, wanted in (
        (None, small), *((kind, theirs.quantized(theirs.fold_batch_norms(small), kind == "channel"))
                         for kind in ("channel", "tensor")),
    ):  # fmt: skip
        path = tmp_path / f"{int8}.onnx"
        assert deploy.export(small, path, (1, 8, 8), int8) < 1e-5
        (got,) = onnxruntime.InferenceSession(path).run(None, {"images": images})
        with torch.no_grad():
            wanted = wanted(torch.from_numpy(images)).numpy()
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())
    assert {path.name for path in tmp_path.iterdir()} == {"None.onnx", "channel.onnx", "tensor.onnx"}


def test_a_file_that_differs_is_not_written(small, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime", reason="needs the extra cnncourse[deploy]")
    monkeypatch.setattr(deploy, "_run_exporter", lambda model, path, shape: path.write_bytes(b"?"))
    monkeypatch.setattr(deploy, "largest_difference", lambda model, path, shape: 0.5)
    with pytest.raises(ValueError, match="model: expected onnxruntime's outputs within .* got a difference of 0.5"):
        deploy.export(small, tmp_path / "out.onnx", (1, 8, 8))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="int8: expected 'channel', 'tensor' or None, got 'row'"):
        deploy.export(small, tmp_path / "out.onnx", (1, 8, 8), "row")


def test_the_command_exports_a_run_with_its_errors_by_layer(tmp_path, capsys):
    onnx = pytest.importorskip("onnx", reason="needs the extra cnncourse[deploy]")
    run, out = tmp_path / "run", tmp_path / "lenet.onnx"
    few = ["--images", "32", "--epochs", "1", "--quiet", "--backend", "torch", "--device", "cpu"]
    assert main(["train", "lenet5", *few, "--output", str(run)]) == 0
    capsys.readouterr()
    assert main(["export", str(run / "checkpoint.pt"), str(out), "--int8", "channel"]) == 0
    text = capsys.readouterr().out
    assert [line.split()[0] for line in text.splitlines()[:-1]] == ["layer", "conv1", "conv2", "conv3", "fc1", "fc2"]
    assert "images of 1×32×32; onnxruntime and PyTorch differ by" in text
    assert out.stat().st_size < 61_706 * 1.6  # a byte per weight, biases in full, and the names of steps
    names = {tensor.name: tensor for tensor in onnx.load(out).graph.initializer}
    assert names["conv2.weight.int8"].data_type == onnx.TensorProto.INT8


def test_the_command_loads_weights_of_either_kind(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(deploy, "export", lambda model, path, shape, int8: seen.append((model, shape)) or
                        path.write_bytes(b"") or 0.0)  # fmt: skip
    model = models.SmallVGG(10, 3, batch_norm=True)
    save_weights(model, tmp_path / "weights.safetensors")
    torch.save(model.state_dict(), tmp_path / "state.pt")
    for name in ("weights.safetensors", "state.pt"):
        line = [str(tmp_path / name), str(tmp_path / "out.onnx"), "--model", "small-vgg", "--channels", "3"]
        assert main(["export", *line, "--size", "16"]) == 0
    for loaded, shape in seen:
        assert shape == (3, 16, 16)
        assert not loaded.training
        for key, value in model.state_dict().items():
            assert torch.equal(loaded.state_dict()[key], value)


def test_refusals_of_the_command(tmp_path, capsys):
    out = str(tmp_path / "out.onnx")
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pt")
    (tmp_path / "text.pt").write_text("no weights")
    for line, says in (
        ([str(tmp_path / "none.pt")], "MODEL: there is no file"),
        ([str(tmp_path / "other.pt")], "--model: expected a name, because there is no settings.json"),
        ([str(tmp_path / "other.pt"), "--model", "lenet5"], "MODEL: expected weights of LeNet5"),
        ([str(tmp_path / "text.pt"), "--model", "lenet5"], "MODEL: expected weights of LeNet5"),
    ):
        assert main(["export", line[0], out, *line[1:]]) == 2
        assert says in capsys.readouterr().err
