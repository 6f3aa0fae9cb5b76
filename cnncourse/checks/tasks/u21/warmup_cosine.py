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
              end=lambda t, w: t - w, begin=lambda w: w, cut=True, stop=False,
              wave=lambda x: (1 + math.cos(math.pi * x)) / 2):  # fmt: skip
    """Right with the options as they are."""
    if step < warmup:
        return up(step, warmup, peak, floor)
    if stop and step >= total:
        return floor
    floor = floor if low else 0.0
    progress = (step - begin(warmup)) / max(end(total, warmup), 1)
    return floor + (peak - floor) * wave(min(progress, 1.0) if cut else progress)


WAVES = {
    "straight-down": ({"wave": lambda x: 1 - x}, "The rate falls in a straight line. Wanted is half a cosine."),
    "quarter-cosine": ({"wave": lambda x: math.cos(math.pi * x / 2)},
        "That is a quarter of a cosine's period, which ends steeply. Half a period ends flat: (1 + cos(π x)) / 2."),
    "whole-cosine": ({"wave": lambda x: (1 + math.cos(2 * math.pi * x)) / 2},
        "That is a whole period, which is back at the peak at its end. Half a period is cos(π x)."),
    "cosine-not-lifted": ({"wave": lambda x: math.cos(math.pi * x)},
        "The cosine runs from 1 to −1. (1 + cos) / 2 runs from 1 to 0."),
    "cosine-not-halved": ({"wave": lambda x: 1 + math.cos(math.pi * x)}, "1 + cos runs from 2 to 0. Halve it."),
    "cosine-upside-down": ({"wave": lambda x: (1 - math.cos(math.pi * x)) / 2}, "(1 − cos) / 2 rises from 0 to 1. The "
        "rate falls: (1 + cos) / 2."),
    "cosine-one-step-ahead": ({"begin": lambda w: w - 1}, "The cosine is one step ahead. At step `warmup` its progress "
        "is 0."),
    "degrees": ({"wave": lambda x: (1 + math.cos(180 * x)) / 2}, "cos takes radians: half a turn is π, not 180."),
}  # fmt: skip

task.options(scheduled, WAVES)
STOPPED = ("whole-cosine", "cosine-not-lifted", "cosine-upside-down", "degrees")
task.options(scheduled, {
    f"{slug}-until-the-end": ({**WAVES[slug][0], "stop": True}, WAVES[slug][1]) for slug in STOPPED
})
task.options(scheduled, {
    "warm-up-from-the-floor": ({"up": lambda s, w, p, f: f + (p - f) * s / w},
        "The warm-up starts at the floor. It starts at 0; the floor is the cosine's end only."),
    "one-step-early": ({"up": lambda s, w, p, f: p * (s + 1) / w},
        "The warm-up is one step ahead: step 0 has the rate 0, and the peak comes at step `warmup`."),
    "peak-one-step-late": ({"up": lambda s, w, p, f: p * s / (w + 1)},
        "The line would reach the peak at step warmup + 1. At step `warmup` it is there."),
    "one-step-early-and-slower": ({"up": lambda s, w, p, f: p * (s + 1) / (w + 1)},
        "The warm-up begins at peak / (warmup + 1). Step 0 has the rate 0."),
    "peak-one-step-early": ({"up": lambda s, w, p, f: p * s / max(w - 1, 1)},
        "The line reaches the peak at step warmup − 1. It is there at step `warmup`."),
    "warm-up-not-below-the-floor": ({"up": lambda s, w, p, f: max(f, p * s / w)},
        "The warm-up does not go below the floor. It starts at 0; the floor is the cosine's end only."),
    "warm-up-as-a-cosine": ({"up": lambda s, w, p, f: p * (1 - math.cos(math.pi * s / w)) / 2},
        "The warm-up is half a cosine. It is a straight line."),
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
})  # fmt: skip


@task.mistake
def floor_added(right, again, step, warmup, floor):
    """The floor is added to a cosine of height `peak`, so that it starts above the peak. Its height is peak − floor."""
    return right if step < warmup else floor + again(floor=0.0)


@task.mistake
def floor_as_a_bound(right, again, step, warmup, floor):
    """The cosine goes down to 0 and is cut off at the floor. It is flatter: floor + (peak − floor) · (1 + cos) / 2."""
    return right if step < warmup else max(floor, again(floor=0.0))


@task.mistake
def zero_afterwards(right, step, total):
    """After the end the rate is 0. It stays at `floor`."""
    return 0.0 if step >= total else right


@task.mistake
def no_warm_up_divides_by_zero(right, step, warmup, peak):
    """It divides by `warmup` where that is 0. Then there is nothing to rise: ask `step < warmup`, not `<=`."""
    if warmup == 0 and step == 0:
        raise ZeroDivisionError("division by zero")
    return right


@task.mistake
def no_warm_up_starts_at_zero(right, step, warmup):
    """Without a warm-up step 0 has the rate 0. It starts at its peak then."""
    return 0.0 if step == warmup == 0 else right


@task.mistake
def no_warm_up_takes_one_step(again, warmup):
    """A warm-up of 0 steps is taken for one of 1. With 0 the rate starts at its peak."""
    return again(warmup=max(warmup, 1))


@task.mistake
def warm_up_over_all_steps(right, step, total, warmup, peak):
    """The line would reach the peak at step `total`. It reaches it at step `warmup`."""
    return peak * step / total if step < warmup else right


@task.mistake
def cosine_jumps_at_the_end(right, step, total, warmup, peak, floor):
    """The cosine is stretched over `total` steps, so it jumps to the floor. It has total − warmup steps, and arrives
    there."""
    if step < warmup or step >= total:
        return right
    return floor + (peak - floor) * (1 + math.cos(math.pi * (step - warmup) / total)) / 2


@task.mistake
def warm_up_ignored(again):
    """There is no warm-up: the cosine begins at step 0."""
    return again(warmup=0)


@task.mistake
def share_of_the_peak(right, peak):
    """The rate is given as a share of the peak. Multiply it by `peak`."""
    return right / peak
