"""Where the time of a network goes: every layer of both libraries timed in the same run."""

from collections import defaultdict

from benchmarks import measure

OUTSIDE = "outside of layers"


def compare(ours, theirs, our_model, their_model, rounds=5):
    """Return [(label, [NumPy's seconds, PyTorch's]), …] for one call, the most expensive for NumPy first.

    Layers of one shape are added up. PyTorch's backward pass runs outside of its layers.
    """
    found = defaultdict(lambda: [0.0, 0.0])
    for side, (call, model) in enumerate(((ours, our_model), (theirs, their_model))):

        def tell(label, took, side=side):
            found[label][side] += took / rounds
            found[OUTSIDE][side] -= took / rounds

        measure.warm_up(call)
        undo = watch_steps(model, their_model, tell) if hasattr(model, "steps") else watch_layers(model, tell)
        start = measure.clock()
        for _ in range(rounds):
            call()
        found[OUTSIDE][side] += (measure.clock() - start) / rounds
        undo()
    return sorted(found.items(), key=lambda item: -sum(item[1]))


def watch_layers(model, tell):
    """Time `forward` and `backward` of every layer without parts of its own; return a function that undoes it."""
    watched = []
    for layer in model.modules():
        if not any(True for _ in layer.named_children()):
            for name in ("forward", "backward", "_backward"):
                if hasattr(layer, name) and not (name == "backward" and hasattr(layer, "_backward")):
                    label = f"{describe(layer)} {name.lstrip('_')}"
                    setattr(layer, name, timed(getattr(layer, name), label, tell))
                    watched.append((layer, name))
    return lambda: [delattr(layer, name) for layer, name in watched]


def watch_steps(graph, twin, tell):
    """The same for the steps of a translated module, named after the layers of the module it was."""
    steps = graph.steps
    graph.steps = [(node, timed(function, describe_step(node, twin), tell)) for node, function in steps]
    return lambda: setattr(graph, "steps", steps)


def describe(layer):
    """Name a layer, a convolution with its shape."""
    name = type(layer).__name__
    if name != "Conv2d":
        return name
    (K, _), (S, _), (C_out, C_in) = layer.kernel_size, layer.stride, layer.weight.shape[:2]
    channels = f"depthwise {C_out}" if layer.groups == C_out > 1 else f"{C_in}→{C_out}"
    return f"Conv2d {K}×{K}{f' stride {S}' if S > 1 else ''}, {channels}"


def describe_step(node, twin):
    """Name a step by the layer that it comes from, or by what it computes."""
    layer = twin.get_submodule(list(node.meta.get("nn_module_stack") or [""])[-1])
    alone = not any(True for _ in layer.named_children())
    return (describe(layer) if alone else getattr(node.target, "__name__", node.target)) + " forward"


def timed(function, label, tell):
    """Return `function` that tells how long it took."""

    def call(*args, **kwargs):
        start = measure.clock()
        result = function(*args, **kwargs)
        tell(label, measure.clock() - start)
        return result

    return call
