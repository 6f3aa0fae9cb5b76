"""Task 01.mlp_parameters: what the first layer of an MLP costs on an image."""

import math

from cnncourse.checks.task import Case, Mistake, Task


def mlp_parameters(shape, hidden):
    """Right answer."""
    return math.prod(shape) * hidden + hidden


def cases(rng):
    """The lesson's two images, then drawn ones; one is so large that 32 bits do not hold the count."""
    small = [int(n) for n in rng.integers(2, 40, 5)]
    yield Case("weights and biases", (3, 224, 224), 512)
    yield Case("weights and biases", (3, 200, 200), 1)
    yield Case("weights and biases", (small[0], small[1], small[2] + 40), small[3])
    yield Case("weights and biases", (3, 4096, 2048), 1000 + small[4])
    yield Case("any shape", (1, 28, 28), 10 + small[0])
    yield Case("any shape", (17 + small[1], 9), 3 + small[2])
    yield Case("any shape", (41 + small[3],), 7)
    yield Case("any shape", [4, 2, 3, 1 + small[4]], 2)


def as_pixels(shape):
    """Height times width, the last two axes."""
    return math.prod(shape[-2:])


mistakes = [
    Mistake(
        "forgets-biases",
        lambda shape, hidden: math.prod(shape) * hidden,
        "The weights are right. Each hidden unit has a bias too: `hidden` numbers more.",
    ),
    Mistake(
        "one-bias",
        lambda shape, hidden: math.prod(shape) * hidden + 1,
        "You count one bias for the layer. Every hidden unit has its own.",
    ),
    Mistake(
        "bias-per-input",
        lambda shape, hidden: math.prod(shape) * hidden + math.prod(shape),
        "You count a bias for each input. A bias belongs to a hidden unit.",
    ),
    Mistake(
        "bias-per-weight",
        lambda shape, hidden: 2 * math.prod(shape) * hidden,
        "You count a bias for each weight. Each hidden unit has one bias, however many weights it has.",
    ),
    Mistake(
        "forgets-channels",
        lambda shape, hidden: as_pixels(shape) * hidden + hidden,
        "You count height times width. A flattened image has a number for each channel of each pixel.",
    ),
    Mistake(
        "adds-sides",
        lambda shape, hidden: sum(shape) * hidden + hidden,
        "The sides are added. Flattening gives their product.",
    ),
    Mistake(
        "counts-inputs-only",
        lambda shape, hidden: math.prod(shape) + hidden,
        "Each hidden unit is connected to *every* input: multiply by `hidden`.",
    ),
    Mistake(
        "three-axes-only",
        lambda shape, hidden: shape[0] * shape[1] * shape[2] * hidden + hidden,
        "You multiply the first three sides. The image may have fewer or more axes: multiply all of them.",
    ),
    Mistake(
        "colour-only",
        lambda shape, hidden: (lambda c, h, w: c * h * w * hidden + hidden)(*shape),
        "Your function unpacks exactly three sides. The image may have fewer or more axes: multiply all of them.",
    ),
    Mistake(
        "float-for-int",
        lambda shape, hidden: float(math.prod(shape) * hidden + hidden),
        "The number is right, and it is a float. A count is a whole number: return an int.",
    ),
    Mistake(
        "overflows",
        lambda shape, hidden: (math.prod(shape) * hidden + hidden + 2**31) % 2**32 - 2**31,
        "The count does not fit into 32 bits and wraps around. Python's own ints have no limit.",
    ),
]

task = Task(
    "01.mlp_parameters",
    {"weights and biases": 1, "any shape": 1},
    mlp_parameters,
    cases,
    mistakes,
    see="01#Why not simply a fully connected network?",
    place=4,
)
