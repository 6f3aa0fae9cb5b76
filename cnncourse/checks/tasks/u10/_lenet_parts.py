"""Which of an answer's parameters play which part in LeNet-5, in today's form or that of 1998."""

import numpy as np

from cnncourse.checks.module_arrays import arrays_of, fits


def parts_of(arrays, numbers, grads):
    """The parameters by the part that they play: {"linear": [...], "convolutions": [...]}, from the image on.

    A linear part is (weight, bias, their gradients for each image), a convolution (weight, vectors of its
    length, of which one is the bias, buffers of its length).
    """
    learned = [a for a in arrays if a.learned]
    for shape in ((120, 16, 5, 5), (120, 400)):
        wanted = _modern(shape)
        sources = next(fits(learned, wanted), None)
        if sources:
            take = {a.name: (sources[a.name], a.shape) for a in wanted}
            value = {name: source.take(numbers, shape) for name, (source, shape) in take.items()}
            each = {
                name: [source.take({k: np.zeros(numbers[k].shape) if g is None else g for k, g in one.items()}, shape)
                       for one in grads]
                for name, (source, shape) in take.items()
            }  # fmt: skip
            linear = [(value[f"{n}.weight"], value[f"{n}.bias"], each[f"{n}.weight"], each[f"{n}.bias"]) for n in HEAD]
            return {"linear": linear, "convolutions": [(value[f"{n}.weight"], [value[f"{n}.bias"]], []) for n in BODY]}
    return _parts_by_shape(arrays, numbers, grads)


BODY, HEAD = ("C1", "C3"), ("C5", "F6", "output")


def _modern(c5):
    shapes = {"C1": (6, 1, 5, 5), "C3": (16, 6, 5, 5), "C5": c5, "F6": (84, 120), "output": (10, 84)}
    named = [(f"{n}.{part}", shape if part == "weight" else shape[:1]) for n, shape in shapes.items()
             for part in ("weight", "bias")]  # fmt: skip
    return arrays_of({"parameters": {name: (shape, "float32") for name, shape in named}, "buffers": {}})


def _parts_by_shape(arrays, numbers, grads):
    """The same for other forms than today's: each layer takes as many numbers as the one before it gives."""
    rest = [a for a in arrays if a.learned and len(a.key) > 1]
    vectors = [a for a in arrays if len(a.key) == 1]

    def of_length(n, learned=True):
        return [a for a in vectors if a.learned == learned and a.key == (n,)]

    def each(array):
        return [np.zeros(array.shape) if g[array.name] is None else g[array.name] for g in grads]

    linear, outputs = [], 10 if of_length(10) else 84  # RBF outputs have no bias: then F6 is the last linear part
    while True:
        weight = next((a for a in rest if a.key[0] == outputs and len(a.key) in (2, 4) and of_length(outputs)), None)
        if weight is None:
            break
        bias = of_length(outputs)[0]
        linear.insert(0, (numbers[weight.name], numbers[bias.name].ravel(), each(weight), each(bias)))
        rest.remove(weight)
        outputs = weight.key[1]
        if len(weight.key) == 4:
            break
    masks = [numbers[a.name] for a in arrays if not a.learned and len(a.key) == 2]
    convolutions = []
    for weight in sorted((a for a in rest if len(a.key) > 2), key=lambda a: a.shape[0] == 60 or len(a.key) > 3):
        dense = _dense(numbers[weight.name], masks)
        own, buffers = of_length(len(dense)), of_length(len(dense), learned=False)
        if own:
            convolutions.append((dense, *([numbers[a.name].ravel() for a in vectors] for vectors in (own, buffers))))
    return {"linear": linear, "convolutions": convolutions}


def _dense(weight, masks):
    """The kernels of all pairs of maps; those of the table of 1998 stand one behind the other, or under a mask."""
    from cnncourse.torch_nn.models.lenet import C3_TABLE

    if weight.shape[0] == 60:
        dense = np.zeros((16, 6, *weight.shape[-2:]))
        dense[tuple(np.array([(o, c) for o, maps in enumerate(C3_TABLE) for c in maps]).T)] = weight.reshape(60, 5, 5)
        return dense
    fitting = [m for m in masks if m.squeeze().shape == weight.shape[:2]]
    return weight * fitting[0].reshape(*weight.shape[:2], 1, 1) if fitting else weight
