"""Features of a network, computed once and kept on disk: who trains ten heads on them runs the network once."""

import hashlib
import inspect
import warnings
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch

from cnncourse.data.storage import cache_folder
from cnncourse.torch_nn.undisturbed import undisturbed
from cnncourse.whole_files import whole_file

from .heads import last_linear

__all__ = ["features"]


def features(network, images, layers=None, folder=None, batch_size=32):
    """Return what a network knows of each image, in evaluation mode, from disk if it has been computed before.

    A file's name is the SHA-256 of the network (its structure, and the code of its classes), its parameters and
    buffers, the layer, the pictures, and what computes (PyTorch's version and the processor's instructions, which
    decide the last digits): whatever of these changes, another file is read or made. Files are written under another
    name first and then renamed; a damaged one is made again. The network is afterwards as before.

    Parameters
    ----------
    network : torch.nn.Module
    images : tensor or array (N, C, H, W), N ≥ 1
        As the network wants to see them.
    layers : str or sequence of str, optional
        Names of modules: of their outputs (N, C, h, w) the mean over places is taken, outputs (N, D) are taken as
        they are. By default what enters the last `nn.Linear`.
    folder : path, optional
        Where files are kept; by default "features" in the course's cache.
    batch_size : int

    Returns
    -------
    ndarray (N, D), or a dict of name → ndarray for a sequence of layers

    Raises
    ------
    ValueError
        A layer is none of the network's, or its output has no such shape.
    """
    images = torch.as_tensor(images).detach()
    if images.ndim != 4 or not len(images) or batch_size < 1:
        raise ValueError(
            f"images, batch_size: expected (N, C, H, W) and at least 1, got {tuple(images.shape)} and {batch_size}"
        )
    names = [layers] if layers is None or isinstance(layers, str) else list(layers)
    folder = cache_folder() / "features" if folder is None else Path(folder)
    common = fingerprint(network, images)
    paths = {name: folder / f"{hashlib.sha256(f'{common} {name!r}'.encode()).hexdigest()}.npy" for name in names}
    found = {name: read(path, len(images)) for name, path in paths.items()}
    missing = [name for name in names if found[name] is None]
    if missing:
        for name, array in computed(network, images, missing, batch_size).items():
            found[name] = array
            keep(paths[name], array)
    return found[layers] if layers is None or isinstance(layers, str) else found


def fingerprint(network, images):
    """Return the SHA-256 of a network's structure, code and values, of the pictures, and of what computes."""
    computes = f"{torch.__version__} {torch.backends.cpu.get_cpu_capability()}"
    digest = hashlib.sha256(f"{computes} {network!r}".encode())
    for kind in sorted({type(module) for module in network.modules()}, key=lambda kind: kind.__qualname__):
        digest.update(f"{kind.__module__}.{kind.__qualname__}".encode())
        if not kind.__module__.startswith("torch."):
            digest.update(source(kind))
    for name, module in network.named_modules():
        digest.update(f"{name} {settings(module)}".encode())
    for name, tensor in [*network.named_parameters(), *network.named_buffers(), ("images", images)]:
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()


def settings(module):
    """Return what decides a module's result besides its parameters: plain attributes, and whose hooks it has."""
    plain = {key: value for key, value in vars(module).items()
             if key != "training" and isinstance(value, bool | int | float | str | tuple | None)}  # fmt: skip
    hooks = [*module._forward_pre_hooks.values(), *module._forward_hooks.values()]
    return plain, [getattr(hook, "__qualname__", repr(hook)) for hook in hooks]


def source(kind):
    """Return the code of a class, empty where it cannot be had."""
    try:
        return inspect.getsource(kind).encode()
    except (OSError, TypeError):
        return b""


def computed(network, images, names, batch_size):
    """Return the features of each layer, by name."""
    parts = {name: [] for name in names}
    modules = dict(network.named_modules())
    device = next((p.device for p in network.parameters()), images.device)
    with undisturbed(network), torch.no_grad(), ExitStack() as stack:
        for name in names:
            if name is None:
                head = last_linear(network)
                stack.callback(head.register_forward_pre_hook(before_head(parts[None])).remove)
            elif name in modules:
                stack.callback(modules[name].register_forward_hook(after_layer(name, parts[name])).remove)
            else:
                raise ValueError(f"layers: expected names of the network's modules, got {name!r}")
        for batch in images.split(batch_size):
            network(batch.to(device, copy=True))
    found = {name: np.concatenate(arrays) for name, arrays in parts.items() if arrays}
    for name in names:
        if len(found.get(name, ())) != len(images):
            raise ValueError(f"layers: expected once per image, got {len(found.get(name, ()))} of {name or 'the head'}")
    return found


def before_head(arrays):
    def hook(module, inputs):
        arrays.append(as_features(None, inputs[0]))

    return hook


def after_layer(name, arrays):
    def hook(module, inputs, output):
        arrays.append(as_features(name, output))

    return hook


def as_features(name, output):
    """Return (N, D) of an output at once, before anything changes it in place."""
    if isinstance(output, torch.Tensor) and output.ndim in (2, 4):
        return (output.mean(dim=(2, 3)) if output.ndim == 4 else output).cpu().numpy().copy()
    got = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
    raise ValueError(f"layers: expected outputs (N, C, h, w) or (N, D), got {got} from {name or 'the last layer'}")


def read(path, count):
    """Return the array in a file, or None where there is none, or a damaged one."""
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if array.ndim == 2 and len(array) == count else None


def keep(path, array):
    """Write an array whole or not at all; where that is impossible, warn: it is computed again next time."""
    try:
        with whole_file(path) as unfinished, open(unfinished, "wb") as file:
            np.save(file, array, allow_pickle=False)
    except OSError as error:
        warnings.warn(f"folder: features cannot be kept in {path.parent} ({error.strerror or error})", stacklevel=3)
