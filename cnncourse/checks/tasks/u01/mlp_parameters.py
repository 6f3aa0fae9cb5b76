"""What the first layer of a multilayer perceptron costs on an image."""

import math

from cnncourse.checks.author import Call, Task

task = Task(see="Why not simply a fully connected network?")


@task.right
def mlp_parameters(shape, hidden):
    """A weight from each number of the image to each hidden unit, and a bias per hidden unit."""
    return math.prod(shape) * hidden + hidden


def small(rng, count):
    """Sides that a mistake does not hide behind: from 2 to 40."""
    return tuple(int(n) for n in rng.integers(2, 40, count))


@task.criterion(1)
def weights_and_biases(rng):
    """Colour images (C, H, W)."""
    yield Call((3, 224, 224), 512)
    yield Call((3, 200, 200), 1)
    yield Call((3, 4096, 2048), 1000 + small(rng, 1)[0])  # more than 32 bits hold
    for _ in range(100):
        yield Call(small(rng, 3), int(rng.integers(2, 600)))


@task.criterion(1)
def any_shape(rng):
    """Shapes with one side, two, three or more, as a tuple or a list."""
    yield Call((1, 28, 28), 10)
    for _ in range(100):
        shape = small(rng, rng.integers(1, 6))
        yield Call(shape if rng.random() < 0.7 else list(shape), int(rng.integers(2, 60)))


@task.mistake
def forgets_biases(right, hidden):
    """The weights are right. Each hidden unit has a bias too: `hidden` numbers more."""
    return right - hidden


@task.mistake
def one_bias(right, hidden):
    """You count one bias for the layer. Every hidden unit has its own."""
    return right - hidden + 1


@task.mistake
def bias_per_input(right, shape, hidden):
    """You count a bias for each input. A bias belongs to a hidden unit."""
    return right - hidden + math.prod(shape)


@task.mistake
def bias_per_weight(shape, hidden):
    """You count a bias for each weight. Each hidden unit has one bias, however many weights it has."""
    return 2 * math.prod(shape) * hidden


@task.mistake
def forgets_channels(again, shape):
    """You count height times width. A flattened image has a number for each channel of each pixel."""
    return again(shape=shape[-2:])


@task.mistake
def adds_sides(again, shape):
    """The sides are added. Flattening gives their product."""
    return again(shape=[sum(shape)])


@task.mistake
def counts_inputs_only(shape, hidden):
    """Each hidden unit is connected to *every* input: multiply by `hidden`."""
    return math.prod(shape) + hidden


@task.mistake
def three_axes_only(again, shape):
    """You multiply the first three sides. The image may have fewer or more axes: multiply all of them."""
    return again(shape=(shape[0], shape[1], shape[2]))


@task.mistake
def colour_only(right, shape):
    """Your function unpacks exactly three sides. The image may have fewer or more axes: multiply all of them."""
    _, _, _ = shape
    return right


@task.mistake
def float_for_int(right):
    """The number is right, and it is a float. A count is a whole number: return an int."""
    return float(right)


@task.mistake
def overflows(right):
    """The count does not fit into 32 bits and wraps around. Python's own ints have no limit."""
    return (right + 2**31) % 2**32 - 2**31
