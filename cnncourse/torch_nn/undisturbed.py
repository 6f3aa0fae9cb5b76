"""Look into a network and leave it as it was: modes, `.grad`, `requires_grad`, buffers and hooks."""

from contextlib import contextmanager

import torch


@contextmanager
def undisturbed(model):
    """Within the block `model` is in evaluation mode and gradients are recorded; afterwards all is as before.

    Gradients are asked for with `torch.autograd.grad`, which writes to no parameter's `.grad`. Buffers that a
    network changes even in evaluation mode get their values back.

    Parameters
    ----------
    model : torch.nn.Module
        Its submodules may have modes of their own; each gets its own back.
    """
    modes = [(module, module.training) for module in model.modules()]
    buffers = [(module._buffers, name, buffer, None if buffer is None else buffer.clone())
               for module in model.modules() for name, buffer in module._buffers.items()]  # fmt: skip
    try:
        model.eval()
        with torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode
        for owner, name, buffer, before in buffers:
            owner[name] = buffer
            if buffer is not None and not torch.equal(buffer, before):
                with torch.no_grad():
                    buffer.copy_(before)
