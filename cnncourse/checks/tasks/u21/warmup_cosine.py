"""The learning rate of a step: up in a line, down along half a cosine."""

import math

from cnncourse.checks.author import Call, Task

task = Task(see="Large batches")


@task.right
def warmup_cosine(step, total, warmup, peak, floor=0.0):
    """peak · step / warmup, then floor + (peak − floor) (1 + cos(π · progress)) / 2."""
    if step < warmup:
        return peak * step / warmup
    progress = min((step - warmup) / (total - warmup), 1.0)
    return floor + (peak - floor) * (1 + math.cos(math.pi * progress)) / 2


def drawn(rng, floor):
    """Arguments with a warm-up; with a floor or without."""
    warmup = int(rng.integers(2, 20))
    total = warmup + int(rng.integers(3, 40))
    more = {"floor": float(rng.uniform(0.01, 0.2))} if floor else {}
    return warmup, total, float(rng.uniform(0.3, 2)), more


@task.criterion(1)
def warm_up(rng):
    """From 0 in a straight line to the peak."""
    for number in range(8):
        warmup, total, peak, more = drawn(rng, number % 2)
        yield Call(0, total, warmup, peak, **more)
        yield Call(warmup // 2, total, warmup, peak, **more)
        yield Call(warmup - 1, total, warmup, peak, **more)
        yield Call(warmup, total, warmup, peak, **more)


@task.criterion(2)
def cosine(rng):
    """Half a cosine from the peak at step `warmup` to the floor at step `total`."""
    for number in range(8):
        warmup, total, peak, more = drawn(rng, number % 2)
        yield Call(warmup + 1, total, warmup, peak, **more)
        yield Call(int(rng.integers(warmup + 1, total)), total, warmup, peak, **more)
        yield Call(total - 1, total, warmup, peak, **more)
        yield Call(step=total, total=total, warmup=warmup, peak=peak, **more)


@task.criterion(1)
def no_warm_up(rng):
    """With warmup = 0 it starts at the peak."""
    for number in range(4):
        _, total, peak, more = drawn(rng, number % 2)
        yield Call(0, total, 0, peak, **more)
        yield Call(1, total, 0, peak, **more)
        yield Call(0, 1, 0, peak, **more)


@task.criterion(1)
def afterwards(rng):
    """After step `total` it stays at the floor, and before it has not been there."""
    for number in range(4):
        warmup, total, peak, more = drawn(rng, number % 2)
        yield Call(total + 1 if number else total - 1, total, warmup, peak, **more)
        yield Call(2 * total + number, total, warmup * (number > 1), peak, **more)


def scheduled(step, total, warmup, peak, floor=0.0, *, up=lambda s, w, p, f: p * s / w, low=True,
              end=lambda t, w: t - w, begin=lambda w: w, cut=True,
              wave=lambda x: (1 + math.cos(math.pi * x)) / 2):  # fmt: skip
    """Right with the options as they are."""
    if step < warmup:
        return up(step, warmup, peak, floor)
    floor = floor if low else 0.0
    progress = (step - begin(warmup)) / max(end(total, warmup), 1)
    return floor + (peak - floor) * wave(min(progress, 1.0) if cut else progress)


task.options(scheduled, {
    "warm-up-from-the-floor": ({"up": lambda s, w, p, f: f + (p - f) * s / w},
        "The warm-up starts at the floor. It starts at 0; the floor is the cosine's end only."),
    "one-step-early": ({"up": lambda s, w, p, f: p * (s + 1) / w},
        "The warm-up is one step ahead: step 0 has the rate 0, and the peak comes at step `warmup`."),
    "peak-one-step-late": ({"up": lambda s, w, p, f: p * s / (w + 1)},
        "The line would reach the peak at step warmup + 1. At step `warmup` it is there."),
    "warm-up-constant": ({"up": lambda s, w, p, f: p}, "There is no warm-up: the rate is at its peak from step 0 on."),
    "warm-up-at-zero": ({"up": lambda s, w, p, f: 0.0}, "During the warm-up the rate is 0. It rises in a straight "
    "line."),
    "warm-up-quadratic": ({"up": lambda s, w, p, f: p * (s / w) ** 2}, "The warm-up is a parabola. It is a straight "
    "line."),
    "floor-ignored": ({"low": False}, "The cosine goes down to 0. It ends at `floor`."),
    "cosine-from-step-0": ({"begin": lambda w: 0, "end": lambda t, w: t},
        "The cosine's progress counts from step 0, so the rate jumps at the end of the warm-up. Count from step "
        "`warmup`."),
    "cosine-ends-late": ({"end": lambda t, w: t},
        "The cosine is stretched over `total` steps. It has total − warmup of them: it ends at step `total`."),
    "cosine-ends-early": ({"end": lambda t, w: t - w - 1},
        "The floor is reached one step early. It is reached at step `total`, not at total − 1."),
    "rises-again": ({"cut": False}, "After step `total` the cosine goes up again. Stop the progress at 1."),
    "straight-down": ({"wave": lambda x: 1 - x}, "The rate falls in a straight line. Wanted is half a cosine."),
    "quarter-cosine": ({"wave": lambda x: math.cos(math.pi * x / 2)},
        "That is a quarter of a cosine's period, which ends steeply. Half a period ends flat: (1 + cos(π x)) / 2."),
    "whole-cosine": ({"wave": lambda x: (1 + math.cos(2 * math.pi * x)) / 2},
        "That is a whole period, which is back at the peak at its end. Half a period is cos(π x)."),
    "cosine-not-lifted": ({"wave": lambda x: math.cos(math.pi * x)},
        "The cosine runs from 1 to −1. (1 + cos) / 2 runs from 1 to 0."),
    "degrees": ({"wave": lambda x: (1 + math.cos(180 * x)) / 2}, "cos takes radians: half a turn is π, not 180."),
})  # fmt: skip


@task.mistake
def floor_added(right, step, warmup, floor=0.0):
    """The floor is added to a cosine of height `peak`, so that it starts above the peak. Its height is peak − floor."""
    peak_share = 0.0 if step < warmup else floor
    return right + peak_share


@task.mistake
def share_of_the_peak(right, peak):
    """The rate is given as a share of the peak. Multiply it by `peak`."""
    return right / peak
