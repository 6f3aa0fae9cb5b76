"""A PyTorch network as an ONNX file, with weights in full or as 8-bit integers, and checked against onnxruntime.

It needs the extra `deploy`: pip install 'cnncourse[deploy]'.
"""

import contextlib
import io
import logging
import warnings

import numpy as np
import torch

from cnncourse.torch_nn.quantization import fold_batch_norms, quantize, quantized, weighted_layers
from cnncourse.whole_files import whole_file

INPUT, OUTPUT = "images", "logits"
TOLERANCE = 1e-4  # of the largest output; float32 sums in another order differ by about 1e-6


def export(model, path, shape, int8=None):
    """Write `model` in evaluation mode to an ONNX file that takes any number of images; check it first.

    Parameters
    ----------
    model : torch.nn.Module
        On the CPU, float32; not changed.
    path : path
        Written under another name first and then renamed.
    shape : tuple of int
        (C, H, W) of one image.
    int8 : "channel", "tensor" or None
        Store the weights of convolutions and linear layers as 8-bit integers, with one scale per channel or per layer.

    Returns
    -------
    float
        The largest difference between onnxruntime's outputs and PyTorch's, as a share of the largest output.

    Raises
    ------
    ValueError
        `int8` is something else, or the outputs differ by more than rounding; then nothing is written.
    ImportError
        The extra `deploy` is not installed.
    """
    if int8 not in (None, "channel", "tensor"):
        raise ValueError(f"int8: expected 'channel', 'tensor' or None, got {int8!r}")
    model = fold_batch_norms(model)
    with whole_file(path) as unfinished:
        _run_exporter(model, unfinished, shape)
        if int8:
            _store_as_integers(model, unfinished, per_channel=int8 == "channel")
            model = quantized(model, int8 == "channel")
        difference = largest_difference(model, unfinished, shape)
        if not difference <= TOLERANCE:
            wanted = f"onnxruntime's outputs within {TOLERANCE} of PyTorch's"
            raise ValueError(f"model: expected {wanted}, got a difference of {difference:.2g}; nothing was written")
    return difference


def largest_difference(model, path, shape, seed=0):
    """Run one image and then three through onnxruntime and PyTorch; return the largest difference, relative."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng, worst = np.random.default_rng(seed), 0.0
    for count in (1, 3):
        images = rng.normal(size=(count, *shape)).astype(np.float32)
        (got,) = session.run(None, {INPUT: images})
        with torch.no_grad():
            wanted = model(torch.from_numpy(images)).numpy()
        if got.shape != wanted.shape:
            return np.inf
        worst = max(worst, float(np.abs(got - wanted).max() / np.abs(wanted).max()))
    return worst


def _run_exporter(model, path, shape):
    """Let torch's exporter write the file, without what it prints."""
    images = torch.zeros(2, *shape)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (images,), path, dynamo=True, input_names=[INPUT], output_names=[OUTPUT],
            dynamic_shapes=({0: torch.export.Dim("N")},), external_data=False, verbose=False,
        )  # fmt: skip


def _store_as_integers(model, path, per_channel):
    """Replace each layer's weights in the file by 8-bit integers, a scale, and a step that multiplies the two."""
    import onnx
    from onnx import helper, numpy_helper

    file = onnx.load(path)
    stored = {weight.name: weight for weight in file.graph.initializer}
    for number, (name, layer) in enumerate(weighted_layers(model).items()):
        key = f"{name}.weight"
        if key not in stored or list(stored[key].dims) != list(layer.weight.shape):
            raise ValueError(f"model: expected the exporter to keep {key} as it is; it cannot be stored as integers")
        q, scale = quantize(layer.weight.detach(), per_channel)
        scale = scale if per_channel else scale[0]
        file.graph.initializer.remove(stored[key])
        file.graph.initializer.append(numpy_helper.from_array(q.numpy(), f"{key}.int8"))
        file.graph.initializer.append(numpy_helper.from_array(scale.numpy(), f"{key}.scale"))
        inputs, axis = [f"{key}.int8", f"{key}.scale"], {"axis": 0} if per_channel else {}
        file.graph.node.insert(number, helper.make_node("DequantizeLinear", inputs, [key], **axis))
    onnx.checker.check_model(file)
    onnx.save(file, path)
