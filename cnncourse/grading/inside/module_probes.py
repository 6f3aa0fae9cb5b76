"""Probes of PyTorch modules: they run beside a learner's answer, like those of `probes`, and need PyTorch.

Each takes the module `probes` as its last argument: in a sandbox that has another name than in the package. What they
return are arrays. They judge nothing: whatever is concluded from these arrays is worked out where they arrive.
"""

import contextlib

import numpy as np
import torch

_kept = {}  # the objects of at most one construction


def module(target, args, kwargs, notes, probes):
    """Construct PyTorch modules and follow a script of steps; returns one plain result for each step.

    kwargs["script"] is a list of dicts. {"do": "describe"} gives the shapes and types of all
    parameters and buffers, {"do": "read"} their values; {"do": "load", "state": {name: array}, "double": bool} stores
    numbers in them; {"do": "forward", "inputs": [...], "training": bool, "grad_output": array or None, "short": bool}
    runs the module (see `_forward`). A step with "object": 1 is done with a second object of the same construction.
    Lazy layers get their shapes from kwargs["example"]. With kwargs["keep"] true the objects stay for a next call that
    says "kept".
    """
    script, seed = kwargs.pop("script"), kwargs.pop("seed", 0)
    keep, kept, example = kwargs.pop("keep", False), kwargs.pop("kept", False), kwargs.pop("example", None)
    notes.used = None
    with torch.random.fork_rng(devices=[]), _threads():  # the learner's random state stays
        seeded = torch.default_generator.manual_seed  # of the processor alone: torch.manual_seed takes a millisecond
        seeded(seed)
        key = id(target), repr((args, kwargs))
        objects = (_kept.get(key) if kept else None) or {}
        _kept.clear()
        steps, results = {"describe": _describe, "read": _read, "load": _load, "forward": _forward}, []
        for step in script:
            number = step.get("object", 0)
            if number not in objects:
                objects[number] = _constructed(target, args, kwargs, notes, probes)
                _give_shapes(objects[number], example)
            if step["do"] == "load":
                seeded(seed)  # however the module was made, dropout draws the same
            results.append(steps[step["do"]](objects[number], step, probes))
        if keep:
            _kept[key] = objects
        return results


def _constructed(target, args, kwargs, notes, probes):
    network = probes.call(target, args, kwargs, notes)
    if not isinstance(network, torch.nn.Module):
        raise probes.UnsupportedValue(f"a {type(network).__name__} where a torch.nn.Module is wanted")
    return network


@contextlib.contextmanager
def _threads(number=1):
    """Small arrays gain nothing from several threads, and lose much where other programs run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(number or threads)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _give_shapes(network, example):
    if example is not None and any(map(torch.nn.parameter.is_lazy, [*network.parameters(), *network.buffers()])):
        network.eval()
        with torch.no_grad():
            network(torch.tensor(example))


def _describe(network, step, probes):
    return {
        "parameters": {name: _shape(p) for name, p in network.named_parameters()},
        "buffers": {name: _shape(b) for name, b in network.named_buffers()},
    }


def _shape(tensor):
    return tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")


def _read(network, step, probes):
    return {name: _array(t) for name, t in [*network.named_parameters(), *network.named_buffers()]}


def _load(network, step, probes):
    if step.get("double"):
        network.double()
    tensors = dict([*network.named_parameters(), *network.named_buffers()])
    with torch.no_grad():
        for name, array in step["state"].items():
            tensors[name].copy_(torch.as_tensor(array))


def _forward(network, step, probes):
    """One call, and the gradients under a given upstream gradient (a whole number draws one).

    Returns `output`, `inputs` and `buffers` as they are after the call, `grad_inputs` and `grads` of all parameters;
    if the step is "short", of each gradient only the largest absolute value, and the `order` (see `_order`).
    """
    network.train(step.get("training", False))
    network.zero_grad(set_to_none=True)
    upstream = step.get("grad_output")
    inputs = [torch.tensor(array).requires_grad_(upstream is not None) for array in step["inputs"]]
    gradients = contextlib.nullcontext() if upstream is not None else torch.no_grad()
    with gradients, _makes(inputs[0].dtype), torch.jit.optimized_execution(False):
        output = network(*inputs)
    if not isinstance(output, torch.Tensor):
        raise probes.UnsupportedValue(f"from forward, a {type(output).__name__} where a tensor is wanted")
    result = {"output": _array(output), "inputs": [_array(t) for t in inputs]}
    result["buffers"] = {name: _array(b) for name, b in network.named_buffers()}
    if upstream is None:
        return result
    if isinstance(upstream, int):
        upstream = np.random.default_rng(upstream).standard_normal(tuple(output.shape))
    short = step.get("short", False)
    if short:
        result["order"] = _order(output, inputs[0], dict(network.named_parameters()))
    if tuple(output.shape) == upstream.shape and output.requires_grad:
        output.backward(torch.tensor(upstream, dtype=output.dtype))
    kept = _size if short else _array
    result["grad_inputs"] = [None if t.grad is None else kept(t.grad) for t in inputs]
    result["grads"] = {name: None if p.grad is None else kept(p.grad) for name, p in network.named_parameters()}
    return result


@contextlib.contextmanager
def _makes(dtype):
    """Tensors that a module makes by itself, such as channels of zeros, are as precise as what goes in."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(usual)


def _order(output, image, parameters):
    """Where each parameter meets the way of the image: {name: [names of those in front, place among the operands]}.

    Read from the graph that autograd keeps. Parameters that never meet that way are left out.
    """
    bits = {id(tensor): 1 << i for i, tensor in enumerate((image, *parameters.values()))}
    behind, met = {None: 0}, {}  # for each node all that goes into it, as bits; for each parameter where it is met
    todo = [output.grad_fn]
    while todo:
        node = todo[-1]
        operands = [] if node is None else [one for one, _ in node.next_functions]
        missing = [one for one in operands if one not in behind]
        if missing:
            todo += missing
            continue
        todo.pop()
        if node in behind:
            continue
        behind[node] = bits.get(id(getattr(node, "variable", None)), 0)
        for one in operands:
            behind[node] |= behind[one]
        if behind[node] & 1:  # the image goes through here
            for place, one in enumerate(operands):
                if behind[one] and not behind[one] & 1:
                    for name, tensor in parameters.items():
                        if behind[one] & bits[id(tensor)]:
                            met.setdefault(name, (node, place))
    return {
        name: [[other for other, tensor in parameters.items() if behind[node] & bits[id(tensor)]], place]
        for name, (node, place) in met.items()
    }


def _size(tensor):
    return float(tensor.abs().max()) if tensor.numel() else 0.0


def trained(target, args, kwargs, notes, probes):
    """Train on arrays, then predict in eval mode: returns the outputs for kwargs["predict"].

    With kwargs["more"] nothing is trained anew: the network of the last call takes that number of steps more. With
    kwargs["lists"] a function will do as well, and what it gives for each batch comes back as it is. PyTorch has
    kwargs["threads"] threads, by default as many as it takes.
    """
    with _threads(kwargs.pop("threads", None)):
        return _trained(target, args, kwargs, notes, probes)


def _trained(target, args, kwargs, notes, probes):
    images, batch, seed = kwargs.pop("predict"), kwargs.pop("batch_size", 500), kwargs.pop("seed", 0)
    more, watch, lists = kwargs.pop("more", 0), kwargs.pop("watch", True), kwargs.pop("lists", False)
    notes.used = {} if watch else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if more:
            network = _kept.pop("trained")
            _train_on(network, *(torch.tensor(a) for a in args), more)
        else:
            network = probes.call(target, tuple(_tensors(a) for a in args), kwargs, notes)
    is_module = isinstance(network, torch.nn.Module)
    if not (is_module or lists and callable(network)):
        wanted = "a function or a torch.nn.Module" if lists else "a trained torch.nn.Module"
        raise probes.UnsupportedValue(f"a {type(network).__name__} where {wanted} is wanted")
    if is_module:
        _kept["trained"] = network
        network.eval()
    with torch.no_grad():
        outputs = [network(torch.tensor(images[i : i + batch])) for i in range(0, len(images), batch)]
    return [probes.plain(_without_tensors(part)) for part in outputs] if lists else _array(torch.cat(outputs))


def _tensors(value):
    return [torch.tensor(part) for part in value] if isinstance(value, list) else torch.tensor(value)


def _without_tensors(value):
    """A result in which arrays stand for tensors."""
    if isinstance(value, torch.Tensor):
        return _array(value)
    if isinstance(value, (list, tuple)):
        return (tuple if isinstance(value, tuple) else list)(map(_without_tensors, value))
    return value


def _train_on(network, images, labels, steps, batch=100):
    """Some steps of Adam, on batches drawn from all images."""
    network.train()
    learned = [p.requires_grad_() for p in network.parameters()]
    optimizer = torch.optim.Adam(learned, 0.001)
    for _ in range(steps):
        index = torch.randint(len(images), (batch,))
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images[index]), labels[index]).backward()
        optimizer.step()


def _array(tensor):
    return tensor.detach().cpu().numpy().copy()
