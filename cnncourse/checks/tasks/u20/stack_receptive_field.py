"""How far back a stack of dilated layers sees."""

import math

from cnncourse.checks.author import Call, Task

task = Task(see="A long memory from few layers")


@task.right
def stack_receptive_field(kernel_size, dilations):
    """1 + (K − 1) Σ D: each layer reaches D·(K − 1) steps further back."""
    return 1 + (kernel_size - 1) * sum(dilations)


def drawn(rng, count, smallest=1):
    """Stacks of one to seven layers with dilations up to 16."""
    for _ in range(count):
        depth = int(rng.integers(smallest, 8))
        yield Call(int(rng.integers(1, 8)), [int(D) for D in rng.integers(1, 17, depth)])


@task.criterion(1)
def doubling(rng):
    """Dilations 1, 2, 4, …, as in WaveNet, with kernels of two taps and more."""
    for K in (2, 3, 5):
        for depth in (1, 2, 4, 9):
            yield Call(K, [2**layer for layer in range(depth)])
    for K, depth in rng.integers((4, 3), (12, 9), (3, 2)):
        yield Call(int(K), [2**layer for layer in range(depth)])


@task.criterion(1)
def any_stack(rng):
    """Dilations in any order, and equal ones."""
    yield Call(3, [1, 1, 1])
    yield Call(2, [8, 4, 2, 1])
    yield Call(4, (3, 1, 5))
    yield from drawn(rng, 30, 2)


@task.criterion(1)
def little(rng):
    """No layer at all, where an output is an input, and kernels of one tap; beside others, so that no constant is
    enough."""
    yield Call(3, [])
    yield Call(1, [4, 2])
    yield from drawn(rng, 3)


def counted(kernel_size, dilations, *, count):
    """Another way to count."""
    return count(kernel_size, list(dilations))


def jumping(kernel_size, dilations):
    """As if dilations were strides."""
    return 1 + sum((kernel_size - 1) * math.prod(dilations[: i + 1]) for i in range(len(dilations)))


task.options(counted, {
    "present-forgotten": ({"count": lambda K, D: (K - 1) * sum(D)},
        "That is how far back the stack reaches. The present is seen, too: add 1."),
    "whole-kernels": ({"count": lambda K, D: 1 + K * sum(D)},
        "Each layer adds K·D in your sum. A kernel of K taps has K − 1 gaps of D steps."),
    "ignores-dilations": ({"count": lambda K, D: 1 + (K - 1) * len(D)},
        "The dilations are not used. A layer whose taps are D apart reaches D·(K − 1) steps back."),
    "sum-of-kernels": ({"count": lambda K, D: K * sum(D)},
        "That is K times the sum of the dilations. Windows overlap: each layer adds (K − 1)·D, and 1 is the start."),
    "both-directions": ({"count": lambda K, D: 1 + 2 * (K - 1) * sum(D)},
        "You count past and future. The stack is causal: it sees the past and the present."),
    "power-of-two": ({"count": lambda K, D: 2 ** len(D)},
        "2^L is right for kernels of two taps whose dilations are 1, 2, 4, … . The task allows any."),
    "power-of-the-kernel": ({"count": lambda K, D: K ** len(D)},
        "K^L belongs to dilations 1, K, K², … . The task allows any: add up what each layer reaches."),
    "product-of-dilations": ({"count": lambda K, D: 1 + (K - 1) * math.prod(D)},
        "The dilations are multiplied. Strides multiply; dilations add up."),
    "last-layer-only": ({"count": lambda K, D: 1 + (K - 1) * (D[-1] if D else 0)},
        "That is what the last layer sees of the layer before. Go on to the input."),
    "largest-dilation-only": ({"count": lambda K, D: 1 + (K - 1) * max(D, default=0)},
        "Only the largest dilation counts in your answer. Every layer reaches further: add them up."),
    "adds-ones": ({"count": lambda K, D: len(D) + (K - 1) * sum(D)},
        "1 is added for every layer. The layers overlap in the present: it counts once."),
    "gaps-for-dilations": ({"count": lambda K, D: 1 + (K - 1) * sum(d + 1 for d in D)},
        "The taps are D + 1 apart in your sum. Dilation 1 is an ordinary kernel: taps are D apart."),
    "effective-kernels-added": ({"count": lambda K, D: 1 + sum((K - 1) * d + 1 for d in D)},
        "The layers' windows, (K − 1)·D + 1 each, are added up. They overlap in one step: each layer adds (K − 1)·D."),
    "first-dilation-forgotten": ({"count": lambda K, D: K + (K - 1) * sum(D[1:])},
        "The first layer counts as K, whatever its dilation. It reaches (K − 1)·D back, as the others do."),
    "equal-dilations-once": ({"count": lambda K, D: 1 + (K - 1) * sum(set(D))},
        "Equal dilations count once. Every layer reaches further."),
    "always-doubling": ({"count": lambda K, D: 1 + (K - 1) * (2 ** len(D) - 1)},
        "1 + 2 + 4 + … is taken for the sum, whatever the dilations are. The task allows any."),
    "two-taps": ({"count": lambda K, D: 1 + sum(D)}, "K is taken for 2. Each layer reaches (K − 1)·D steps back."),
    "three-taps": ({"count": lambda K, D: 1 + 2 * sum(D)},
        "K is taken for 3. Each layer reaches (K − 1)·D steps back."),
    "jumps": ({"count": jumping}, "Each dilation multiplies all later ones, as strides do. A dilation counts steps of "
        "the signal: add them up."),
    "no-layer-no-step": ({"count": lambda K, D: 1 + (K - 1) * sum(D) if D else 0},
        "Without any layer an output is an input: it sees 1 step, not 0."),
    "no-layer-one-kernel": ({"count": lambda K, D: 1 + (K - 1) * sum(D) if D else K},
        "Without any layer an output is an input: it sees 1 step, not K."),
    "starts-with-a-kernel": ({"count": lambda K, D: K + (K - 1) * sum(D)},
        "You start from K. With no layer an output is an input: it sees 1 step, and every layer adds (K − 1)·D."),
    "used-weights": ({"count": lambda K, D: K * len(D)},
        "That counts the taps of all layers. Asked is how many steps of the input lie in the window."),
})  # fmt: skip


@task.mistake
def changes_input(right, dilations):
    """The list that was passed in is shorter after the call. Loop over it instead of taking layers out."""
    if isinstance(dilations, list):
        dilations.clear()
    return right
