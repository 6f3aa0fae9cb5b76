"""Weights in files, the same for NumPy and PyTorch models: the safetensors format, which cannot run code."""

import os
from pathlib import Path

import numpy as np


def save_weights(model, path):
    """Write a model's `state_dict` to `path`.

    Parameters
    ----------
    model : cnncourse.numpy_nn Module or torch.nn.Module
    path : path
        Conventionally ends in .safetensors. Written under another name first and then renamed.
    """
    from safetensors.numpy import save

    arrays = {name: np.array(_as_array(value), order="C") for name, value in model.state_dict().items()}
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(save(arrays))
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def load_weights(model, path):
    """Read `path` into a NumPy or PyTorch model of the same keys and shapes; return the model.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is damaged or no safetensors file, or its entries do not fit the model.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(Path(path).read_bytes())
    except SafetensorError as error:
        raise ValueError(f"path: expected a safetensors file, got {path} ({error})") from error
    if _is_torch(model):
        import torch

        try:
            model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in arrays.items()})
        except RuntimeError as error:
            raise ValueError(f"path: {path} does not fit the model: {error}") from error
    else:
        model.load_state_dict(arrays)
    return model


def _is_torch(model):
    return any(cls.__module__.startswith("torch.") for cls in type(model).__mro__)


def _as_array(value):
    return value.detach().cpu().numpy() if hasattr(value, "detach") else value
