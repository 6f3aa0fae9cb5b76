"""Probes of PyTorch modules: they run beside a learner's answer, like those of `probes`, and need PyTorch.

Each takes the module `probes` as its last argument: in a sandbox that has another name than in the package.
"""

import contextlib

import torch

_kept = {}  # at most one


def module(target, args, kwargs, notes, probes):
    """Construct a PyTorch module and follow a script of steps; returns one plain result a step.

    kwargs["script"] is a list of dicts: {"do": "describe", "inputs": [...]}, {"do": "load", "state": {name: array},
    "inputs": [...], "double": bool, "draw_others": bool} and {"do": "forward", "inputs": [...], "training": bool,
    "grad_output": array or None, "capture": bool}. With `capture`, the outputs of all 2-D convolutions come back in
    the order of their calls, and their gradients in the place of those of the parameters. With kwargs["watch"] false,
    calls of libraries are not noted; with kwargs["keep"] true, the module stays for a next call that says "kept".
    """
    script, seed = kwargs.pop("script"), kwargs.pop("seed", 0)
    keep, kept = kwargs.pop("keep", False), kwargs.pop("kept", False)
    notes.used = {} if kwargs.pop("watch", True) else None
    with torch.random.fork_rng(devices=[]), _one_thread():  # the learner's random state stays
        seeded = torch.default_generator.manual_seed  # of the processor alone: torch.manual_seed takes a millisecond
        seeded(seed)
        key = id(target), repr((args, kwargs))
        network = _kept.pop(key, None) if kept else None
        _kept.clear()
        if network is None:
            network = probes.call(target, args, kwargs, notes)
        if not isinstance(network, torch.nn.Module):
            raise probes.UnsupportedValue(f"a {type(network).__name__} where a torch.nn.Module is wanted")
        if keep:
            _kept[key] = network
        steps, results = {"describe": _describe, "load": _load, "forward": _forward}, []
        for step in script:
            results.append(steps[step["do"]](network, step, notes, probes))
            if step["do"] == "load":
                seeded(seed)  # however the module was made, dropout draws the same
        return results


@contextlib.contextmanager
def _one_thread():
    """Small arrays gain nothing from several threads, and lose much where other programs run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _describe(network, step, notes, probes):
    """Shapes of all arrays and of the output, and (layer, the layer whose output it is given) in the order of calls."""
    calls, makers, kept = {}, {}, []

    def note(name):
        def hook(module, given, output):
            calls.setdefault(name, makers.get(id(given[0])) if given else None)
            makers[id(output)] = name
            kept.extend([*given, output])  # while they live, no other tensor has their id

        return hook

    hooks = [m.register_forward_hook(note(name)) for name, m in network.named_modules() if _holds_arrays(m)]
    output = _try_out(network, step["inputs"])
    for hook in hooks:
        hook.remove()
    return {
        "output": tuple(output.shape) if isinstance(output, torch.Tensor) else None,
        "parameters": {name: _shape(p) for name, p in network.named_parameters()},
        "buffers": {name: _shape(b) for name, b in network.named_buffers()},
        "calls": list(calls.items()),
    }


def _try_out(network, inputs):
    """One call in eval mode, in which lazy layers get their shapes."""
    network.eval()
    with torch.no_grad():
        return network(*map(torch.tensor, inputs))


def _holds_arrays(module):
    own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
    return bool(own)


def _shape(tensor):
    return tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")


def _load(network, step, notes, probes):
    if any(torch.nn.parameter.is_lazy(p) for p in network.parameters()):
        _try_out(network, step["inputs"])
    if step.get("double"):
        network.double()
    tensors = dict([*network.named_parameters(), *network.named_buffers()])
    with torch.no_grad():
        for name, array in step["state"].items():
            tensors[name].copy_(torch.as_tensor(array))
        for name, parameter in network.named_parameters() if step.get("draw_others") else ():
            if name not in step["state"]:
                parameter.normal_(0, 2 / parameter.shape[1:].numel() ** 0.5)
    return None


class _Conv2dRecorder(torch.overrides.TorchFunctionMode):
    """Keeps the output of every 2-D convolution called meanwhile, and the gradient that comes back to it."""

    def __init__(self):
        super().__init__()
        self.outputs, self.grads = [], []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        output = func(*args, **(kwargs or {}))
        if func is torch.conv2d:
            place = len(self.outputs)
            self.outputs.append(_array(output))
            self.grads.append(None)
            if output.requires_grad:  # a hook sees the gradient of the value before a ReLU in place
                output.register_hook(lambda grad: self.grads.__setitem__(place, _array(grad)))
        return output


def _forward(network, step, notes, probes):
    network.train(step.get("training", False))
    network.zero_grad(set_to_none=True)
    inputs = [torch.tensor(array) for array in step["inputs"]]
    for tensor in inputs:
        tensor.requires_grad_(tensor.is_floating_point() and step.get("grad_output") is not None)
    kept, recorder = [tensor.detach().clone() for tensor in inputs], _Conv2dRecorder()
    with probes.watching(notes.used), recorder if step.get("capture") else contextlib.nullcontext():
        output = network(*inputs)
    if not isinstance(output, torch.Tensor):
        raise probes.UnsupportedValue(f"from forward, a {type(output).__name__} where a tensor is wanted")
    if any(not torch.equal(old, new.detach()) for old, new in zip(kept, inputs, strict=True)):
        notes.changed.append("input")
    result = {"output": _array(output), "buffers": {name: _array(b) for name, b in network.named_buffers()}}
    if step.get("grad_output") is not None:
        grad_output = torch.tensor(step["grad_output"])
        if grad_output.shape == output.shape and output.requires_grad:
            output.backward(grad_output.to(output.dtype))
        result["grad_inputs"] = [None if t.grad is None else _array(t.grad) for t in inputs]
    if step.get("capture"):
        return result | {"captured": recorder.outputs, "captured_grads": recorder.grads}
    if step.get("grad_output") is not None:
        result["grads"] = {name: None if p.grad is None else _array(p.grad) for name, p in network.named_parameters()}
    return result


def trained(target, args, kwargs, notes, probes):
    """Train on arrays, then predict in eval mode: returns the outputs for kwargs["predict"]."""
    images, batch, seed = kwargs.pop("predict"), kwargs.pop("batch_size", 500), kwargs.pop("seed", 0)
    notes.used = {} if kwargs.pop("watch", True) else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = probes.call(target, tuple(torch.tensor(a) for a in args), kwargs, notes)
    if not isinstance(network, torch.nn.Module):
        raise probes.UnsupportedValue(f"a {type(network).__name__} where a trained torch.nn.Module is wanted")
    network.eval()
    with torch.no_grad():
        outputs = [network(torch.tensor(images[i : i + batch])) for i in range(0, len(images), batch)]
    return _array(torch.cat(outputs))


def _array(tensor):
    return tensor.detach().cpu().numpy().copy()
