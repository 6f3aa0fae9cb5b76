"""ReLU's backward step in guided backpropagation."""

import numpy as np

from cnncourse.checks.author import Call, Task, after_relu, normal
from cnncourse.checks.families import any_array

task = Task(see="Three rules for one ReLU")


@task.right
def guided_relu_backward(grad_output, input):
    """The gradient where input and gradient are both positive, 0 elsewhere."""
    return grad_output * ((input > 0) & (grad_output > 0))


@task.criterion(1)
def four_cases(rng):
    """All combinations of signs, in arrays of any shape."""
    yield Call(normal(rng, 2, 3, 4, 5), normal(rng, 2, 3, 4, 5))
    yield Call(normal(rng, 4, 4, 4, 4), normal(rng, 4, 4, 4, 4))
    yield Call(normal(rng, 7), normal(rng, 7))
    yield Call(normal(rng, 3, 6), 0.01 * normal(rng, 3, 6))
    yield Call(20 * normal(rng, 5, 5), normal(rng, 5, 5))
    yield Call(normal(rng, 2, 1, 3, 1), 9 * normal(rng, 2, 1, 3, 1))


@task.criterion(1)
def zeros(rng):
    """Where the input is exactly 0 nothing passes."""
    yield Call(normal(rng, 2, 2, 5, 3), after_relu(rng, 2, 2, 5, 3))
    yield Call(np.abs(normal(rng, 4, 6)), np.zeros((4, 6)))
    yield Call(after_relu(rng, 3, 8), normal(rng, 3, 8))


@any_array(task)
def arrays(rng):
    yield Call(normal(rng, 2, 3, 4, 2), normal(rng, 2, 3, 4, 2))


def passed(grad_output, input, where, value=lambda g, x: g):
    """Right with where=both."""
    return np.where(where(grad_output, input), value(grad_output, input), 0)


def both(g, x):
    """Right."""
    return (x > 0) & (g > 0)


task.options(passed, {
    "ordinary-backpropagation": ({"where": lambda g, x: x > 0},
        "That is the ordinary backward step. Guided backpropagation also stops negative gradients."),
    "deconvnet": ({"where": lambda g, x: g > 0},
        "That is the deconvnet's rule: it does not ask where the ReLU was open. Here both must be positive."),
    "either-is-enough": ({"where": lambda g, x: (x > 0) | (g > 0)},
        "It passes where one of the two is positive. Both must be: use & and not |."),
    "signs-alike": ({"where": lambda g, x: x * g > 0},
        "The product of the two is positive also where both are negative. Ask for each of them."),
    "sign-of-the-sum": ({"where": lambda g, x: x + g > 0},
        "The sum of input and gradient is asked for. Input and gradient must each be positive."),
    "gradient-larger-than-input": ({"where": lambda g, x: (x > 0) & (g > x)},
        "The gradient is compared with the input. Both are compared with 0."),
    "open-at-zero": ({"where": lambda g, x: (x >= 0) & (g > 0)},
        "At an input of exactly 0 the gradient passes. The ReLU is open only where its input is larger than 0."),
    "negative-gradients": ({"where": lambda g, x: (x > 0) & (g < 0)},
        "It passes the negative gradients, and stops the positive ones."),
    "closed-units": ({"where": lambda g, x: (x < 0) & (g > 0)},
        "It passes where the input is negative: there the ReLU was closed."),
    "absolute-gradient": ({"where": lambda g, x: x > 0, "value": lambda g, x: np.abs(g)},
        "Negative gradients come out with a positive sign. They become 0."),
    "times-the-input": ({"where": both, "value": lambda g, x: g * x},
        "The gradient is multiplied by the input. The slope of an open ReLU is 1."),
    "both-negative": ({"where": lambda g, x: (x < 0) & (g < 0)},
        "It passes where input and gradient are negative. Both must be positive."),
    "half-open-at-zero": ({"where": lambda g, x: g > 0, "value": lambda g, x: g * np.heaviside(x, 0.5)},
        "At an input of exactly 0 half of the gradient passes. The ReLU is open only where its input is larger than "
        "0."),
    "capped-at-one": ({"where": both, "value": lambda g, x: np.minimum(g, 1)},
        "Gradients above 1 are cut off. They pass as they are."),
    "leaks": ({"where": lambda g, x: True, "value": lambda g, x: np.where(both(g, x), g, 0.01 * g)},
        "A hundredth of the gradient passes where nothing should. It is 0 there."),
    "only-ones": ({"where": both, "value": lambda g, x: np.ones_like(g)},
        "Ones come out where it passes. What is passed back is the gradient itself."),
})  # fmt: skip


@task.mistake
def arguments_swapped(again, grad_output, input):
    """The input comes out where both are positive. What is passed back is the gradient, the first argument."""
    return again(grad_output=input, input=grad_output)


@task.mistake
def returns_a_mask(grad_output, input):
    """The mask comes out, as True and False. Multiply the gradient by it."""
    return both(grad_output, input)


@task.mistake
def changes_input(right, grad_output):
    """The values are right, but the caller's gradient is overwritten. Build a new array, with `*` or np.where."""
    grad_output[...] = right
    return grad_output
