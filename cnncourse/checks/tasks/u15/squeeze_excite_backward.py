"""Two ways back through a gate: past it, and through what opens it."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, upstream
from cnncourse.checks.tasks.u15._gates import SIZES, drawn, overflowing, sigmoid, wide

NAMES = ("grad_input", "grad_w1", "grad_b1", "grad_w2", "grad_b2")
task = Task(see="Squeeze and excite", names=NAMES, lists_allowed=True)


@task.right
def squeeze_excite_backward(grad_output, input, w1, b1, w2, b2):
    """g · s directly; and through s, its sigmoid, the two matrices and the mean, which shares among H·W pixels."""
    mean = input.mean(axis=(2, 3))
    before = mean @ w1.T + b1
    hidden = np.maximum(before, 0)
    gate = 0.5 * (1 + np.tanh(0.5 * (hidden @ w2.T + b2)))
    grad_logits = (grad_output * input).sum(axis=(2, 3)) * gate * (1 - gate)
    grad_before = grad_logits @ w2 * (before > 0)
    share = grad_before @ w1 / (input.shape[2] * input.shape[3])
    return (
        grad_output * gate[:, :, None, None] + share[:, :, None, None],
        grad_before.T @ mean,
        grad_before.sum(axis=0),
        grad_logits.T @ hidden,
        grad_logits.sum(axis=0),
    )


def call(rng, arguments):
    """A call with an upstream gradient whose mean differs from channel to channel."""
    n, c, h, w = arguments[0].shape
    return Call(normal(rng, n, c, h, w) + normal(rng, n, c, 1, 1), *arguments)


def blocks(rng):
    """Images square and not, all sides equal, one channel, one pixel, one hidden value."""
    for sizes in SIZES:
        yield call(rng, drawn(rng, *sizes))


SENTENCES = {
    "grad_input": (3, "What passes the gate, and what comes back through the gate's own argument."),
    "grad_w1": (1, "The gradient before the ReLU times the means, summed over the images."),
    "grad_b1": (1, "The gradient before the ReLU, summed over the images."),
    "grad_w2": (1, "The gradient before the sigmoid times the hidden values, summed over the images."),
    "grad_b2": (1, "The gradient before the sigmoid, summed over the images."),
}
for name, (points, sentence) in SENTENCES.items():

    def part(rng):
        """Of one of the five results."""
        yield from blocks(rng)

    part.__doc__ = sentence
    task.criterion(points, name)(part)


@task.criterion(1)
def gates_of_every_size(rng):
    """Arguments of the sigmoid in the thousands: its slope is 0 there, without overflow."""
    yield call(rng, wide(rng))


@any_array(task, points=2)
def arrays(rng):
    yield call(rng, drawn(rng, 3, 4, 3, 2, 5))


def by_mean(input):
    """(N, C)."""
    return input.mean(axis=(2, 3))


def backward(
    grad_output, input, w1, b1, w2, b2, *, direct=lambda g, s: g * s, share=lambda g, x: g / x[0, 0].size,
    to_gate=lambda g, x: (g * x).sum(axis=(2, 3)), slope=lambda z, s: s * (1 - s), inner=lambda z, g: z > 0,
    hidden=lambda z: np.maximum(z, 0), gate=sigmoid, means=by_mean, divisor=lambda x: 1,
):  # fmt: skip
    """The right answer, in parts that can go wrong."""
    z1 = by_mean(input) @ w1.T + b1
    h = hidden(z1)
    z2 = h @ w2.T + b2
    s = gate(z2)
    g2 = to_gate(grad_output, input) * slope(z2, s)
    g1 = g2 @ w2
    g1 = g1 * inner(z1, g1)
    grads = g1.T @ means(input), g1.sum(axis=0), g2.T @ h, g2.sum(axis=0)
    grad_input = direct(grad_output, s[:, :, None, None]) + share(g1 @ w1, input)[:, :, None, None]
    return grad_input, *(g / divisor(input) for g in grads)


task.options(backward, {
    "gate-taken-for-a-constant": ({"share": lambda g, x: 0 * g},
        "The input's gradient is only g · s. The gate depends on the input, too: add what comes back through the "
        "mean."),
    "only-through-the-gate": ({"direct": lambda g, s: 0 * g},
        "The input's gradient is only what comes back through the gate. The input is multiplied by it, too: add "
        "g · s."),
    "gate-forgotten-on-the-direct-way": ({"direct": lambda g, s: g},
        "The upstream gradient is added as it came. On the direct way it is multiplied by the gate: g · s."),
    "mean-not-divided": ({"share": lambda g, x: g},
        "What comes back through the mean is not divided. Each of the H·W pixels has the share 1 / (H·W)."),
    "divides-by-the-height": ({"share": lambda g, x: g / x.shape[2]},
        "What comes back through the mean is divided by H. There are H·W pixels."),
    "divides-by-all-values": ({"share": lambda g, x: g / x[0].size},
        "What comes back through the mean is divided by C·H·W. A mean is over the H·W pixels of one map."),
    "input-forgotten-on-the-way-to-the-gate": ({"to_gate": lambda g, x: g.sum(axis=(2, 3))},
        "The gate's gradient is the sum of g. The gate is multiplied by the input: it is the sum of g · x."),
    "gate-gradient-averaged": ({"to_gate": lambda g, x: (g * x).mean(axis=(2, 3))},
        "The gate's gradient is the mean of g · x over the pixels. One gate acts on all of them: their sum."),
    "sigmoid-slope-missing": ({"slope": lambda z, s: 1}, "The slope of the sigmoid is missing: times s · (1 − s)."),
    "sigmoid-for-its-slope": ({"slope": lambda z, s: s}, "The sigmoid stands for its slope, which is s · (1 − s)."),
    "slope-of-the-argument": ({"slope": lambda z, s: z * (1 - z)},
        "The slope is computed as z · (1 − z) from the sigmoid's argument. It is s · (1 − s), of its value."),
    "slope-of-tanh": ({"slope": lambda z, s: 1 - s**2}, "That is the slope of tanh. The sigmoid's is s · (1 − s)."),
    "no-inner-relu": ({"inner": lambda z, g: 1},
        "The ReLU is left out on the way back. Multiply by (w1 m + b1 > 0)."),
    "gate-of-the-gradient": ({"inner": lambda z, g: g > 0},
        "The ReLU's gradient passes where the gradient is positive. It passes where the ReLU's *argument* is."),
    "hidden-not-rectified": ({"hidden": lambda z: z},
        "The hidden values are taken before the ReLU. The forward pass puts relu(w1 m + b1) into w2."),
    "sums-for-means": ({"means": lambda x: x.sum(axis=(2, 3))},
        "grad_w1 is computed from the sums over the pixels. w1 is applied to the means."),
    "mean-over-batch": ({"divisor": len},
        "The parameters' gradients are divided by N. They are the sums over the images."),
    "overflows": ({"gate": overflowing},
        "exp(z) overflows for large z, and ∞/∞ is NaN. Take 1 / (1 + exp(−z)), or exp(z) only where z is negative."),
})  # fmt: skip
upstream(task)


@task.mistake
def transposed(right):
    """The gradients of w1 and w2 are transposed: a gradient has the shape of its array, also where it is square."""
    return right[0], right[1].T, right[2], right[3].T, right[4]


@task.mistake
def biases_averaged(right, input):
    """The biases' gradients are means over the images. They are sums, as the weights' are."""
    return right[0], right[1], right[2] / len(input), right[3], right[4] / len(input)


@task.mistake
def argument_for_hidden(right, grad_output, input, w1, b1, w2, b2):
    """grad_w2 is computed from what stands before the ReLU. w2 is applied to the hidden values: relu(w1 m + b1)."""
    before = by_mean(input) @ w1.T + b1
    s = sigmoid(np.maximum(before, 0) @ w2.T + b2)
    grad_logits = (grad_output * input).sum(axis=(2, 3)) * s * (1 - s)
    return *right[:3], grad_logits.T @ before, right[4]


@task.mistake
def weights_before_biases(right):
    """The gradients come in another order. Wanted: (grad_input, grad_w1, grad_b1, grad_w2, grad_b2)."""
    return right[0], right[1], right[3], right[2], right[4]


@task.mistake
def biases_forgotten_in_the_forward_pass(again, b1, b2):
    """The forward pass is computed again without the biases, so gate and hidden values are others."""
    return again(b1=0 * b1, b2=0 * b2)


@task.mistake
def bias_gradients_not_summed(right, grad_output, input, w1, b1, w2, b2):
    """The biases' gradients are one row per image. A bias is the same for all images: sum over them."""
    each = [squeeze_excite_backward(g[None], x[None], w1, b1, w2, b2) for g, x in zip(grad_output, input, strict=True)]
    return right[0], right[1], np.stack([e[2] for e in each]), right[3], np.stack([e[4] for e in each])


@task.mistake
def changes_input(right, grad_output):
    """The values are right, but grad_output is changed in place. Write `g * s`, not `g *= s`."""
    grad_output[...] = 0
    return right
