"""Judging a network's convolutions whatever stands behind them.

The head is the learner's choice, so what comes back through it, the gradient δ of the last feature map, is not
known. But everything in front of δ is: the gradients of the image and of all parameters of the convolutions are one
linear map of δ, the way back through the wanted layers. So we solve for the δ that explains the gradient of the
image. If one explains that and all others, the convolutions are right; no output of a layer need be looked at.
Where silent ReLUs hide a part of δ from the image, the gradients of the parameters settle that part.
"""

from functools import cache

import numpy as np

from cnncourse.checks.module_runs import door_to, shapes_of

MOST_FEATURES = 400  # in front of the head; a right network of the tasks has fewer
MOST_DISTANT = 1e-6  # relative error up to which an explanation counts as exact
WAY_BACK = "whether what comes back went through the wanted layers"
CUT_OFF = "whether the output is cut off at zero"


@cache
def convolutions_of(answer):
    """The constructor of the convolutional part of a trusted network."""
    return lambda *args, **kwargs: answer(*args, **kwargs).features


def without_head(answer, case, seen, assignment, upstream):
    """What is compared of a network whose head is the learner's choice: the way back, and what kind of output it is."""
    script = [{"do": "forward", "inputs": [case.input], "training": case.training, "grad_output": upstream}]
    outcome = case.once(("own", answer), lambda: door_to(answer).script(case, script))
    if outcome.error is not None:
        return None
    theirs = outcome.value[-1]
    given, wanted = (
        {**facts(result["output"]), "whether the features reach the output": _reached(result)}
        for result in (seen.last, theirs)
    )
    if given != wanted or not _reached(theirs):
        return given, wanted  # whatever the convolutions are
    part = answer(*case.args, **case.kwargs).features
    if _features(part, case) > MOST_FEATURES:  # more than the image's pixels could tell apart: only the sizes speak
        sizes = [sorted(a.key for a in arrays if a.learned) for arrays in (seen.arrays, shapes_of(answer, case))]
        return given | {WAY_BACK: sizes[0] == sizes[1]}, wanted | {WAY_BACK: True}
    return given | {WAY_BACK: way_back(part, case, seen, assignment) < MOST_DISTANT}, wanted | {WAY_BACK: True}


def _features(part, case):
    import torch

    with torch.no_grad():
        return part(torch.tensor(case.input[:1])).numel()


def _reached(result):
    grad = result["grad_inputs"][0]
    return grad is not None and bool(np.any(grad))


def way_back(part, case, seen, assignment):
    """How far the observed gradients are from any that can come back through a trusted network's convolutions.

    Parameters
    ----------
    part : trusted nn.Module: the convolutional part
    assignment : dict from names of its parameters to `Source`s

    Returns
    -------
    float : relative error of the best explanation
    """
    import torch

    part, images = part.double().eval(), torch.tensor(case.input, dtype=torch.float64)
    parameters = dict(part.named_parameters())
    with torch.no_grad():
        for name, tensor in parameters.items():
            tensor.copy_(torch.as_tensor(assignment[name].take(seen.state, tuple(tensor.shape))))
    deltas, columns = [], []
    for image, grad in zip(images, seen.last["grad_inputs"][0], strict=True):
        delta, silent, back = _explanation(part, image[None], grad)
        if not _distance(grad, back) <= MOST_DISTANT:  # NaN, too
            return _distance(grad, back)
        deltas.append(delta)
        columns += [_gradients(part, image[None], other[None]) for other in silent]
    wanted = _gradients(part, images, torch.stack(deltas))
    given = [assignment[name].take(seen.last["grads"], tuple(t.shape)) for name, t in parameters.items()]
    given = [np.zeros(t.shape) if g is None else g for g, t in zip(given, parameters.values(), strict=True)]
    if columns:
        rest = torch.tensor(np.concatenate([g.ravel() for g in given])) - wanted
        wanted += _solved(torch.stack(columns), rest)[0] @ torch.stack(columns)
    parts = wanted.split([t.numel() for t in parameters.values()])
    return float(np.max([_distance(g.ravel(), w.numpy()) for g, w in zip(given, parts, strict=True)]))


def _explanation(part, image, grad):
    """The δ for one image that comes nearest to the gradient of the image.

    Returns
    -------
    (delta, silent, back) : δ, a basis of what could be added to it without any effect on the image (the parameters may
        notice), and the gradient of the image as δ makes it
    """
    import torch

    with torch.no_grad():
        shape = part(image).shape[1:]
    count = int(np.prod(shape))
    copies = image.expand(count, *image.shape[1:]).clone().requires_grad_(True)
    (rows,) = torch.autograd.grad(part(copies), copies, torch.eye(count, dtype=torch.float64).reshape(count, *shape))
    rows, grad = rows.reshape(count, -1), torch.tensor(grad, dtype=torch.float64)
    delta, silent = _solved(rows, grad.ravel())
    return delta.reshape(shape), silent.reshape(-1, *shape), (delta @ rows).reshape(grad.shape).numpy()


def _gradients(part, images, delta):
    """The gradients of all parameters in one row."""
    import torch

    grads = torch.autograd.grad(part(images), list(part.parameters()), delta)
    return torch.cat([grad.ravel() for grad in grads])


def _solved(rows, wanted):
    """The shortest w for which w @ rows comes nearest to what is wanted, and a basis of all w with w @ rows = 0."""
    import torch

    left, sizes, right = torch.linalg.svd(rows, full_matrices=False)
    told = sizes > 1e-10 * sizes[0]
    return left[:, told] @ (right[told] @ wanted / sizes[told]), left[:, ~told].T


def _distance(given, wanted):
    size = max(np.abs(given).max(), np.abs(wanted).max())
    return float(np.abs(given - wanted).max() / size) if size else 0.0


def facts(output):
    """What kind of output it is: its shape, and what tells logits from what they become later."""
    seen = {"the shape of the output": tuple(output.shape)}
    if output.ndim != 2 or not output.size:
        return seen
    sums = np.exp(output - output.max(axis=1, keepdims=True)).sum(axis=1) * np.exp(output.max(axis=1))
    return seen | {
        "whether the output is probabilities": bool(((output >= 0) & (output <= 1)).all()),
        "whether the output is log-probabilities": bool(np.allclose(sums, 1, rtol=0, atol=1e-4)),
        CUT_OFF: bool((output == 0).any()),
    }
