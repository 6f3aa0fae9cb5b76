"""Probes of PyTorch modules: they run beside a learner's answer, like those of `probes`, and need PyTorch.

Each takes the module `probes` as its last argument: in a sandbox that has another name than in the package.
"""

import torch


def module(target, args, kwargs, notes, probes):
    """Construct a PyTorch module and follow a script of steps; returns one plain result a step.

    kwargs["script"] is a list of dicts: {"do": "describe"}, {"do": "load", "state": {name: array}} and
    {"do": "forward", "inputs": [...], "training": bool, "grad_output": array or None, "capture": class name}.
    With `capture`, the outputs of all submodules of that class come back too, in the order of their calls.
    """
    script, seed = kwargs.pop("script"), kwargs.pop("seed", 0)
    with torch.random.fork_rng(devices=[]):  # the learner's own random numbers go on as if nothing had been
        torch.manual_seed(seed)
        network = probes.call(target, args, kwargs, notes)
        if not isinstance(network, torch.nn.Module):
            raise probes.UnsupportedValue(f"a {type(network).__name__} where a torch.nn.Module is wanted")
        steps = {"describe": _describe, "load": _load, "forward": _forward}
        return [steps[step["do"]](network, step, notes, probes) for step in script]


def _describe(network, step, notes, probes):
    return {
        "parameters": {name: _array(p) for name, p in network.named_parameters()},
        "buffers": {name: _array(b) for name, b in network.named_buffers()},
        "modules": {name: type(m).__name__ for name, m in network.named_modules()},
    }


def _load(network, step, notes, probes):
    tensors = dict([*network.named_parameters(), *network.named_buffers()])
    with torch.no_grad():
        for name, array in step["state"].items():
            tensors[name].copy_(torch.as_tensor(array))
    return None


def _forward(network, step, notes, probes):
    network.train(step.get("training", False))
    network.zero_grad(set_to_none=True)
    inputs = [torch.tensor(array) for array in step["inputs"]]
    for tensor in inputs:
        tensor.requires_grad_(tensor.is_floating_point() and step.get("grad_output") is not None)
    kept, captured = [tensor.detach().clone() for tensor in inputs], []
    hooks = [
        m.register_forward_hook(lambda module, given, output: captured.append(_array(output)))
        for m in network.modules() if type(m).__name__ == step.get("capture")
    ]  # fmt: skip
    with probes.watching(notes.used):
        output = network(*inputs)
    for hook in hooks:
        hook.remove()
    if not isinstance(output, torch.Tensor):
        raise probes.UnsupportedValue(f"from forward, a {type(output).__name__} where a tensor is wanted")
    if any(not torch.equal(old, new.detach()) for old, new in zip(kept, inputs, strict=True)):
        notes.changed.append("input")
    result = {"output": _array(output), "captured": captured}
    if step.get("grad_output") is not None:
        grad_output = torch.tensor(step["grad_output"])
        if grad_output.shape == output.shape and output.requires_grad:
            output.backward(grad_output.to(output.dtype))
        result["grad_inputs"] = [None if t.grad is None else _array(t.grad) for t in inputs]
        result["grads"] = {name: None if p.grad is None else _array(p.grad) for name, p in network.named_parameters()}
    result["buffers"] = {name: _array(b) for name, b in network.named_buffers()}
    return result


def trained(target, args, kwargs, notes, probes):
    """Train on arrays, then predict in eval mode: returns the outputs for kwargs["predict"]."""
    images, batch, seed = kwargs.pop("predict"), kwargs.pop("batch_size", 500), kwargs.pop("seed", 0)
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
