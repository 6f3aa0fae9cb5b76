"""Each value divided by what its neighbours in channel order make of it."""

import numpy as np

from cnncourse.checks.author import Call, Task, normal
from cnncourse.checks.families import any_array, images_apart

task = Task(see="Local response normalisation")


@task.right
def local_response_norm(input, size=5, alpha=1e-4, beta=0.75, k=2.0):
    """x[c] / (k + α Σ x[j]²)^β over the channels j from c − size // 2 to c + size // 2 that exist."""
    C, reach = input.shape[1], size // 2
    output = np.empty_like(input)
    for c in range(C):
        near = input[:, max(0, c - reach) : c + reach + 1]
        output[:, c] = input[:, c] / (k + alpha * (near**2).sum(axis=1)) ** beta
    return output


def maps(rng, *shape):
    """Activations as large as those of a network that sees pixels from 0 to 255."""
    return 60 * normal(rng, *shape)


@task.criterion(1)
def defaults(rng):
    """The paper's constants, on many channels."""
    yield Call(maps(rng, 2, 9, 3, 4))
    yield Call(maps(rng, 1, 16, 2, 2))


@task.criterion(2)
def any_constants(rng):
    """Other sizes, α, β and k; height and width different, and all sides equal."""
    yield Call(maps(rng, 2, 8, 3, 2), 3, 2e-3, 0.5, 1.0)
    yield Call(maps(rng, 3, 10, 2, 4), size=7, alpha=3e-4, beta=1.3, k=0.7)
    yield Call(normal(rng, 6, 6, 6, 6), size=3, alpha=0.6, beta=1.0, k=1.5)
    yield Call(normal(rng, 2, 7, 2, 5), alpha=0.4)
    yield Call(normal(rng, 2, 6, 3, 1), size=5, alpha=0.2, beta=2.0, k=3.0)


@task.criterion(1)
def few_channels(rng):
    """Fewer channels than `size`, one channel, and windows of one channel."""
    yield Call(normal(rng, 2, 3, 2, 4), size=5, alpha=0.5)
    yield Call(normal(rng, 2, 4, 3, 2), size=9, alpha=0.3, k=1.0)
    yield Call(normal(rng, 3, 1, 2, 3), size=3, alpha=0.7)
    yield Call(normal(rng, 2, 5, 1, 1), size=1, alpha=0.8, beta=0.9)


@any_array(task)
def arrays(rng):
    yield Call(maps(rng, 2, 7, 3, 4))
    yield Call(normal(rng, 2, 6, 2, 3), size=3, alpha=0.5)


def around(x, size, before=None, after=None, mode="constant"):
    """The windows along the channels, as the last axis; zeros (or something else) beyond the ends."""
    before = size // 2 if before is None else before
    after = size // 2 if after is None else after
    padded = np.pad(x, [(0, 0), (before, after), (0, 0), (0, 0)], mode=mode)
    return np.lib.stride_tricks.sliding_window_view(padded, before + after + 1, axis=1)


def squares(x, size, **how):
    """Σ x² of each window."""
    return (around(x, size, **how) ** 2).sum(axis=-1)


def existing(x, size):
    """How many channels of each window exist."""
    return around(np.ones_like(x), size).sum(axis=-1)


def over_places(x, size):
    """Σ x² over windows within each map."""
    wide = np.pad(x, [(0, 0), (0, 0), (size // 2, size // 2), (size // 2, size // 2)])
    return (np.lib.stride_tricks.sliding_window_view(wide, (size, size), axis=(2, 3)) ** 2).sum(axis=(-2, -1))


def normalised(input, size=5, alpha=1e-4, beta=0.75, k=2.0, total=squares, divide=None):
    """Right with the options as they are."""
    divide = divide or (lambda x, s, k, alpha, beta, size: x / (k + alpha * s) ** beta)
    with np.errstate(all="ignore"):
        return divide(input, total(input, size), k, alpha, beta, size)


task.options(normalised, {
    "alpha-divided-by-size": ({"divide": lambda x, s, k, a, b, size: x / (k + a / size * s) ** b},
        "α is divided by `size`, as PyTorch does it: its window takes the mean of the squares, the paper's their sum."),
    "mean-of-those-that-exist": ({"total": lambda x, size: squares(x, size) / existing(x, size)},
        "The squares are averaged. The paper adds them up."),
    "over-the-places": ({"total": over_places},
        "The window lies over neighbouring pixels of one map. It lies over neighbouring channels at one pixel."),
    "over-all-channels": ({"total": lambda x, size: (x**2).sum(axis=1, keepdims=True)},
        "The sum runs over all channels. It takes `size` of them, with channel c in the middle."),
    "squares-forgotten": ({"total": lambda x, size: around(x, size).sum(axis=-1)},
        "The values are added up as they are. Square them first."),
    "square-of-the-sum": ({"total": lambda x, size: around(x, size).sum(axis=-1) ** 2},
        "The sum is squared. Each value is squared before the sum is taken."),
    "only-itself": ({"total": lambda x, size: x**2}, "Only the channel itself counts. Its neighbours belong to the "
        "sum as well."),
    "without-itself": ({"total": lambda x, size: squares(x, size) - x**2},
        "The channel itself is left out of the sum. It is in the middle of its own window."),
    "size-on-each-side": ({"total": lambda x, size: squares(x, size, before=size, after=size)},
        "There are `size` channels on each side. The whole window has `size`, so size // 2 on each side."),
    "last-neighbour-missing": ({"total": lambda x, size: squares(x, size, after=size // 2 - 1) if size > 1 else 0 * x},
        "The last channel of the window is missing. A slice ends before its second number: c + size // 2 + 1."),
    "starts-at-the-channel": ({"total": lambda x, size: squares(x, size, before=0, after=size - 1)},
        "The window begins at channel c. Channel c is in its middle."),
    "wraps-around": ({"total": lambda x, size: squares(x, size, mode="wrap")},
        "Beyond the last channel the window goes on with the first. It is cut off at the ends."),
    "negative-slice": ({"total": lambda x, size: np.stack([(x[:, c - size // 2 : c + size // 2 + 1] ** 2).sum(axis=1)
                                                           for c in range(x.shape[1])], axis=1)},
        "For the first channels the slice begins at a negative number, which counts from the end. Write max(0, …)."),
    "beta-not-used": ({"divide": lambda x, s, k, a, b, size: x / (k + a * s)}, "The power β is missing."),
    "beta-on-the-sum-only": ({"divide": lambda x, s, k, a, b, size: x / (k + (a * s) ** b)},
        "Only α Σ x² is raised to the power β. The bracket holds k, too."),
    "multiplies": ({"divide": lambda x, s, k, a, b, size: x * (k + a * s) ** b},
        "The value is multiplied by the bracket. It is divided by it."),
})  # fmt: skip
images_apart(task, "input")


@task.mistake
def over_the_images(input, again):
    """The window lies over neighbouring images of the batch (axis 0). Channels are axis 1."""
    return again(input=input.swapaxes(0, 1)).swapaxes(0, 1)


@task.mistake
def default_k_of_one(again, k=1.0):
    """Without an argument k is 1, as in PyTorch. The paper's is 2."""
    return again(k=k)


@task.mistake
def neighbours_normalised_already(input, size=5, alpha=1e-4, beta=0.75, k=2.0):
    """The channels are overwritten one after the other, so that the sums contain values that are normalised already.
    Write the results into a new array."""
    x = input.copy()
    for c in range(x.shape[1]):
        near = x[:, max(0, c - size // 2) : c + size // 2 + 1]
        x[:, c] = x[:, c] / (k + alpha * (near**2).sum(axis=1)) ** beta
    return x


@task.mistake
def changes_input(right, input):
    """The values may be right, but the input is changed in place. Write the results into a new array."""
    input[...] = right
    return right
