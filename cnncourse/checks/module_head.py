"""Judging a part of a network whatever the rest does: its convolutions, or its last layer.

Where the head is the learner's choice, what comes back through it, the gradient δ of the last feature map, is not
known. But everything in front of δ is: the gradients of the image and of all parameters of the convolutions are one
linear map of δ, the way back through the wanted layers. So we solve for the δ that explains the gradient of the
image. If one explains that and all others, the convolutions are right; no output of a layer need be looked at.
Where silent ReLUs hide a part of δ from the image, the gradients of the parameters settle that part.
"""

from functools import cache, partial

import numpy as np

from cnncourse.checks.compare import Difference
from cnncourse.checks.module_door import door_to
from cnncourse.checks.module_runs import digest, shapes_of

MOST_FEATURES = 400  # in front of the head; a right network of the tasks has fewer
MOST_DISTANT = 1e-6  # relative error up to which an explanation counts as exact


def linear_differs(answer, case, seen, assignment, upstream):
    """Whether the outputs are W h + b for one h per image, W and b being the trusted network's last two arrays.

    The gradient of W is Σ δₙ hₙᵀ, with the upstream gradient for δ: so h can be read from it, whatever stands before.
    """
    weight, bias = [a for a in shapes_of(answer, case) if a.learned][-2:]
    output, grads = seen.last["output"], seen.last["grads"]
    wanted = (len(case.input), weight.shape[0])
    if output.shape != wanted:
        return Difference("wrong-shape", f"the output has shape {output.shape}; wanted: {wanted}.")
    numbers = [assignment[a.name].take(seen.state, a.shape) for a in (weight, bias)]
    given = [assignment[a.name].take(grads, a.shape) for a in (weight, bias)]
    if any(grad is None for grad in given):
        return Difference("wrong-values", "No gradient reaches the last linear layer.")
    h = np.linalg.lstsq(upstream.T.astype(np.float64), given[0], rcond=None)[0]
    pairs = [(h @ numbers[0].T + numbers[1], output), (upstream.T @ h, given[0]), (upstream.sum(axis=0), given[1])]
    if all(_distance(theirs, ours) < (MOST_DISTANT if seen.double else 1e-3) for theirs, ours in pairs):
        return None
    return Difference("wrong-values", "The outputs are not W h + b, with W and b of the last linear layer.")


@cache
def convolutions_of(answer):
    """The constructor of the convolutional part of a trusted network."""
    return lambda *args, **kwargs: answer(*args, **kwargs).features


def convolutions_differ(answer, case, seen, assignment, upstream):
    """A Difference of a network whose head is the learner's choice: in its kind of output, or in the way back."""
    script = [{"do": "forward", "inputs": [case.input], "training": case.training, "grad_output": upstream}]
    outcome = case.once(("own", answer), lambda: door_to(answer).script(case, script))
    if outcome.error is not None:
        return Difference("raises", "")
    theirs = outcome.value[-1]
    kinds = [kind_of(result["output"]) for result in (seen.last, theirs)]
    shapes = [result["output"].shape for result in (seen.last, theirs)]
    if shapes[0] != shapes[1]:
        return Difference("wrong-shape", f"the output has shape {shapes[0]}; wanted: {shapes[1]}.")
    if kinds[0] != kinds[1]:
        return Difference(kinds[0] or "wrong-values", "The outputs are no logits, which may have any value.")
    if not case.training and not np.array_equal(seen.again, seen.last["output"]):
        return Difference("random-in-eval", "The same images give other outputs in eval mode.")
    if seen.alone is not None and not _distance(seen.alone[0], seen.last["output"][0]) < 1e-4:
        return Difference("images-mix", "The first image gives another output alone than in a batch.")
    passed = [_passed_by(result) for result in (seen.last, theirs)]
    if any(passed):
        text = "No gradient comes back to any of the convolutions."
        return None if all(passed) else Difference("head-skips-features", text)
    part = answer(*case.args, **case.kwargs).features.double().eval()
    if _features(part, case) > MOST_FEATURES:  # more than the image's pixels could tell apart: only the sizes speak
        sizes = [sorted(a.key for a in arrays if a.learned) for arrays in (seen.arrays, shapes_of(answer, case))]
        return None if sizes[0] == sizes[1] else Difference("wrong-values", "")
    if way_back(answer, part, case, seen, assignment) < MOST_DISTANT:
        return None
    if any(not a.learned for a in seen.arrays):
        return Difference("batch-norm-added", "There are running statistics, which no wanted layer has.")
    by_chance = case.training and not np.array_equal(seen.again, seen.last["output"])
    text = "What comes back to the image and to the kernels has not gone through the wanted layers."
    return Difference("dropout-added" if by_chance else "wrong-values", text)


def _features(part, case):
    import torch

    with torch.no_grad():
        return part(torch.tensor(case.input[:1], dtype=torch.float64)).numel()


def _passed_by(result):
    """Whether no kernel has a gradient, although there is an output."""
    kernels = [grad for grad in result["grads"].values() if grad is None or grad.ndim == 4 and grad.shape[2] > 1]
    return bool(result["output"].any()) and not any(grad is not None and grad.any() for grad in kernels)


def way_back(answer, part, case, seen, assignment):
    """How far the observed gradients are from any that can come back through a trusted network's convolutions.

    Parameters
    ----------
    part : the convolutional part of a network that the trusted `answer` makes, in float64
    assignment : dict from names of its parameters to `Source`s

    Returns
    -------
    float : relative error of the best explanation
    """
    import torch

    images, parameters = torch.tensor(case.input, dtype=torch.float64), dict(part.named_parameters())
    numbers = {name: assignment[name].take(seen.state, tuple(t.shape)) for name, t in parameters.items()}
    with torch.no_grad():
        for name, tensor in parameters.items():
            tensor.copy_(torch.as_tensor(numbers[name]))
    key, ways, deltas = (answer, digest(numbers)), [], []
    for n, grad in enumerate(seen.last["grad_inputs"][0]):
        ways.append(case.once(("way", n, *key), partial(_way, part, images[n : n + 1])))
        deltas.append(ways[-1].nearest(grad.ravel()))
        distance = _distance(grad.ravel(), ways[-1].back(deltas[-1]))
        if not distance <= MOST_DISTANT:  # NaN, too
            return distance
    silent = case.once(("silent", *key), partial(_silent, part, images, ways))
    wanted = _gradients(part, images, np.array(deltas))
    given = [assignment[name].take(seen.last["grads"], tuple(t.shape)) for name, t in parameters.items()]
    given = [np.zeros(t.shape) if g is None else g for g, t in zip(given, parameters.values(), strict=True)]
    if silent is not None:
        wanted += silent.back(silent.nearest(np.concatenate([g.ravel() for g in given]) - wanted))
    parts = np.split(wanted, np.cumsum([t.numel() for t in parameters.values()])[:-1])
    return float(np.max([_distance(g.ravel(), w) for g, w in zip(given, parts, strict=True)]))


def _way(part, image):
    """The way back to one image."""
    import torch

    with torch.no_grad():
        shape = part(image).shape[1:]
    count = int(np.prod(shape))
    copies = image.expand(count, *image.shape[1:]).clone().requires_grad_(True)
    units = torch.eye(count, dtype=torch.float64).reshape(count, *shape)
    (rows,) = torch.autograd.grad(part(copies), copies, units)
    return Way(rows.reshape(count, -1).numpy())


def _silent(part, images, ways):
    """The way back to the parameters, of what the images do not show; None where they show all."""
    pairs = zip(images, ways, strict=True)
    columns = [_gradients(part, image[None], unit) for image, way in pairs for unit in way.silent]
    return Way(np.array(columns)) if columns else None


def _gradients(part, images, delta):
    """The gradients of all parameters in one row."""
    import torch

    output = part(images)
    grads = torch.autograd.grad(output, list(part.parameters()), torch.tensor(delta).reshape(output.shape))
    return torch.cat([grad.ravel() for grad in grads]).numpy()


class Way:
    """A matrix whose rows say what each δ makes: which δ comes nearest to what is seen, and what it makes.

    `silent` is a basis of what makes nothing.
    """

    def __init__(self, rows):
        left, sizes, right = np.linalg.svd(rows, full_matrices=False)
        told = sizes > 1e-10 * sizes[0]
        self.left, self.sizes, self.right, self.silent = left[:, told], sizes[told], right[told], left[:, ~told].T

    def nearest(self, seen):
        """The shortest δ for which δ @ rows comes nearest to what is seen."""
        return self.left @ (self.right @ seen / self.sizes)

    def back(self, delta):
        """δ @ rows."""
        return (delta @ self.left * self.sizes) @ self.right


def _distance(given, wanted):
    size = max(np.abs(given).max(), np.abs(wanted).max())
    return float(np.abs(given - wanted).max() / size) if size else 0.0


def kind_of(output):
    """What an output is instead of logits: the slug of a mistake, or None."""
    if output.ndim != 2 or not output.size:
        return None
    if not output.any():
        return "all-zeros"
    sums = np.exp(output - output.max(axis=1, keepdims=True)).sum(axis=1) * np.exp(output.max(axis=1))
    if np.allclose(sums, 1, rtol=0, atol=1e-4):
        return "log-softmax-in-the-network"
    if ((output >= 0) & (output <= 1)).all():
        return "softmax-in-the-network"
    return "relu-on-logits" if (output == 0).any() else None
