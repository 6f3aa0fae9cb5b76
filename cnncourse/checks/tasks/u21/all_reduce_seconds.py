"""How long a ring needs to add up the gradients of all devices."""

import math

from cnncourse.checks.author import Call, Task

task = Task(see="The ring")


@task.right
def all_reduce_seconds(size, devices, bandwidth, latency):
    """2(P − 1) rounds, each with a message of size / P; none for one device."""
    return 2 * (devices - 1) * (latency + size / (devices * bandwidth))


def drawn(rng, devices, **more):
    """Arguments whose two terms are of one size."""
    return Call(float(rng.uniform(2, 9)), devices, float(rng.uniform(1, 3)), float(rng.uniform(0.2, 2)), **more)


@task.criterion(2)
def rings(rng):
    """Two devices and more."""
    for devices in (2, 3, 4, 5, 8, 16, 64):
        yield drawn(rng, devices)
        yield drawn(rng, devices)
    yield Call(size=100, devices=8, bandwidth=10, latency=1)


@task.criterion(1)
def one_device(rng):
    """One device has nothing to send: 0; beside three that have."""
    for devices in (1, 1, 1, 3):
        yield drawn(rng, devices)


@task.criterion(1)
def limits(rng):
    """No latency, or nothing to send."""
    for devices in (2, 3, 7, 10):
        yield Call(float(rng.uniform(2, 9)), devices, float(rng.uniform(1, 3)), 0.0)
        yield Call(0.0, devices, float(rng.uniform(1, 3)), float(rng.uniform(1, 2)))


def timed(size, devices, bandwidth, latency, *, rounds=lambda p: 2 * (p - 1), part=lambda s, p: s / p,
          wait=lambda a, b: a + b, waits=None):  # fmt: skip
    """Right with the options as they are."""
    messages = part(size, devices) / bandwidth
    if waits is not None:
        return rounds(devices) * messages + waits(devices) * latency
    return rounds(devices) * wait(latency, messages)


task.options(timed, {
    "one-way-only": ({"rounds": lambda p: p - 1},
        "Those are the rounds that add up. As many follow, in which the sums are handed round: 2(P − 1)."),
    "a-round-too-many": ({"rounds": lambda p: 2 * p},
        "After P − 1 rounds a part has met all others: 2(P − 1) rounds, not 2P. One device needs none."),
    "a-round-for-each-device": ({"rounds": lambda p: 2 * p if p > 1 else 0},
        "After P − 1 rounds a part has met all others: 2(P − 1) rounds, not 2P."),
    "one-round-more": ({"rounds": lambda p: 2 * p - 1 if p > 1 else 0}, "There are P − 1 rounds in each of the two "
    "halves: 2(P − 1), not 2P − 1."),
    "all-devices-added-up": ({"rounds": lambda p: 2 * p * (p - 1)}, "The devices' times are added up. They all send at "
    "the same time."),
    "tree": ({"rounds": lambda p: 2 * math.ceil(math.log2(p)), "part": lambda s, p: s},
        "That is a tree, in which the whole array goes up and down. In a ring there are 2(P − 1) rounds with a P-th."),
    "two-rounds-less": ({"rounds": lambda p: 2 * max(p - 2, 0)}, "There are P − 1 rounds in each of the two halves, "
    "not P − 2."),
    "one-round-less": ({"rounds": lambda p: max(2 * p - 3, 0)}, "There are P − 1 rounds in each of the two halves: "
    "2(P − 1)."),
    "two-rounds": ({"rounds": lambda p: 2 if p > 1 else 0},
        "Two rounds would do if everyone could send to everyone at once. In a ring a part needs P − 1 rounds to get "
        "round, twice."),
    "whole-array-each-round": ({"part": lambda s, p: s},
        "Each message is the whole array. In each round a device sends one of P parts: size / P."),
    "one-part-less": ({"part": lambda s, p: s / max(p - 1, 1)}, "The array is cut into P parts, not into "
    "P − 1: a device sends a little less than the array twice."),
    "both-directions": ({"part": lambda s, p: s / (2 * p)}, "Half of each part is sent. Each device sends in one "
    "direction, to its neighbour: size / P."),
    "part-rounded-down": ({"part": lambda s, p: s // p}, "`//` rounds the part down. Divide with `/`."),
    "part-rounded-up": ({"part": lambda s, p: math.ceil(s / p)}, "The part is rounded up. It is size / P."),
    "two-halves": ({"part": lambda s, p: s / 2}, "The array is cut in two. It is cut into P parts, one per device."),
    "latency-once": ({"waits": lambda p: float(p > 1)}, "The latency is counted once. Each of the 2(P − 1) rounds "
    "waits for it."),
    "latency-twice": ({"waits": lambda p: 2.0 * (p > 1)}, "The latency is counted once for each half. Each of the "
    "2(P − 1) rounds waits for it."),
    "latency-per-device": ({"waits": lambda p: p * (p > 1)},
        "The latency is counted once per device. Each of the 2(P − 1) rounds waits for it."),
    "latency-one-way": ({"waits": lambda p: p - 1}, "The latency is counted in half of the rounds. There are 2(P − "
    "1) of them."),
    "latency-forgotten": ({"wait": lambda a, b: b}, "The latency is missing: each round waits for it."),
    "latency-only": ({"wait": lambda a, b: a}, "Only the latency is counted. The bytes take time as well: size / (P "
    "· bandwidth)."),
    "latency-subtracted": ({"wait": lambda a, b: b - a}, "The latency is subtracted. It is added."),
    "longer-of-the-two": ({"wait": max}, "The longer of latency and transfer is taken. They come one after the "
    "other: add them."),
})  # fmt: skip


@task.mistake
def multiplies_by_bandwidth(again, bandwidth):
    """Seconds are size *divided* by bandwidth."""
    return again(bandwidth=1 / bandwidth)


@task.mistake
def latency_divided(again, devices, latency):
    """The latency is divided by P as the array is. A message waits as long, however short it is."""
    return again(latency=latency / devices)


@task.mistake
def one_device_sends(right, size, devices, bandwidth, latency):
    """One device sends nothing, and takes 0 seconds."""
    return latency + size / bandwidth if devices == 1 else right


@task.mistake
def bits_for_bytes(again, size):
    """The size is multiplied by 8. Size and bandwidth are in the same unit already."""
    return again(size=8 * size)


@task.mistake
def through_one_server(size, devices, bandwidth, latency):
    """That is one device that collects all arrays and sends the sum back. In a ring each message is a P-th of the "
    "array."""
    transfers = 2 * (devices - 1) * size / bandwidth
    return transfers + (2 * (devices - 1) * latency if devices > 2 else latency)
