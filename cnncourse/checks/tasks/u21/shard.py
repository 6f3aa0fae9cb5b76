"""Which images one of several processes sees in an epoch."""

import numpy as np

from cnncourse.checks.author import Call, Task

task = Task(see="Two processes, one network", lists_allowed=True)


@task.right
def shard(count, world_size, rank, epoch, seed):
    """Every world_size-th of the shuffled images from rank on, the order repeated from its start to a full multiple."""
    order = np.random.default_rng([seed, epoch]).permutation(count)
    length = -(-count // world_size)
    return np.resize(order, length * world_size)[rank::world_size]


@task.criterion(2)
def whole_multiples(rng):
    """The number of images is a multiple of the number of processes."""
    for size, length in ((2, 5), (3, 4), (4, 3), (5, 2)):
        for rank in range(size):
            yield Call(size * length, size, rank, int(rng.integers(1, 9)), int(rng.integers(10, 99)))


@task.criterion(2)
def remainders(rng):
    """It is not: the shuffled order goes on from its own start, and all shares are of one length."""
    for count, size in ((7, 2), (11, 3), (10, 4), (9, 5)):
        for rank in range(size):
            yield Call(count, size, rank, int(rng.integers(1, 9)), int(rng.integers(10, 99)))


@task.criterion(1)
def more_processes_than_images(rng):
    """More processes than images, and more than twice as many."""
    for count, size in ((3, 5), (2, 7), (1, 4), (4, 9)):
        for rank in (0, 1, size - 2, size - 1):
            yield Call(count, size, rank, epoch=int(rng.integers(1, 9)), seed=int(rng.integers(10, 99)))


@task.criterion(1)
def one_process(rng):
    """One process sees all images; another order in each epoch, the same one for the same seed."""
    for epoch in range(6):
        yield Call(int(rng.integers(5, 40)), 1, 0, epoch, int(rng.integers(10, 99)))


def shared(count, world_size, rank, epoch, seed, *, draw=lambda c, e, s: np.random.default_rng([s, e]).permutation(c),
           fill=np.resize, length=lambda c, w: -(-c // w), take=lambda a, r, w: a[r::w]):  # fmt: skip
    """Right with the options as they are."""
    order = draw(count, epoch, seed)
    return take(fill(order, length(count, world_size) * world_size), rank, world_size)


def reflected(order, n):
    """The order, and then backwards and forwards again."""
    return np.resize(np.concatenate([order, order[::-1]]), n)


task.options(shared, {
    "blocks-instead-of-strides": ({"take": lambda a, r, w: a[r * (len(a) // w) : (r + 1) * (len(a) // w)]},
        "Each process takes a block of neighbours. Here it takes every world_size-th, from rank on."),
    "rank-off-by-one": ({"take": lambda a, r, w: np.roll(a, -1)[r::w]},
        "The share starts one place too late: process `rank` begins at the entry `rank`."),
    "rank-one-too-small": ({"take": lambda a, r, w: np.roll(a, 1)[r::w]},
        "The share starts one place too early: process `rank` begins at the entry `rank`."),
    "ranks-from-one": ({"take": lambda a, r, w: a[(r + 1) % w :: w]}, "Each process gets the next one's share: process "
        "`rank` begins at the entry `rank`."),
    "ranks-reversed": ({"take": lambda a, r, w: a[w - 1 - r :: w]}, "The processes are counted from the end."),
    "everyone-sees-all": ({"take": lambda a, r, w: a}, "Each process gets all images. It gets every world_size-th."),
    "everyone-the-same": ({"take": lambda a, r, w: a[0::w]},
        "All processes get the same images: the slice does not start at `rank`."),
    "drops-the-remainder": ({"length": lambda c, w: c // w},
        "The last images are dropped where the count is no multiple. Here the order goes on from its start instead."),
    "shares-differ-in-length": ({"fill": lambda a, n: a},
        "The shares differ in length where the count is no multiple, and some process would wait for ever. Repeat "
        "the order "
        "from its start up to a multiple."),
    "repeats-the-last": ({"fill": lambda a, n: np.concatenate([a, np.full(n - len(a), a[-1])])},
        "The last image is repeated. The order goes on from its own start."),
    "repeats-the-first": ({"fill": lambda a, n: np.concatenate([a, np.full(n - len(a), a[0])])},
        "The first image is repeated. The order goes on from its own start: its first entry, its second, …"),
    "fills-with-the-last": ({"fill": lambda a, n: np.concatenate([a, a[2 * len(a) - n :]])},
        "The last images of the order are repeated. It goes on from its own start."),
    "one-more-always": ({"length": lambda c, w: c // w + 1},
        "The share is one too long where the count is a multiple: ⌈count / world_size⌉."),
    "fills-from-the-end": ({"fill": lambda a, n: np.concatenate([a, np.resize(a, n - len(a))[::-1]])},
        "What is filled in comes in the reversed order. The order goes on from its own start: its first entry, its "
        "second, …"),
    "reflects": ({"fill": reflected}, "At its end the order turns round. It goes on from its own start."),
    "fills-with-image-0": ({"fill": lambda a, n: np.concatenate([a, np.zeros(n - len(a), int)])},
        "The gap is filled with image 0 each time. Repeat the shuffled order from its start."),
    "fills-once": ({"fill": lambda a, n: np.concatenate([a, a])[:n]},
        "The order is repeated once at most. With many processes it takes several turns: np.resize repeats as often "
        "as needed."),
    "not-shuffled": ({"draw": lambda c, e, s: np.arange(c)}, "The images are not shuffled."),
    "epoch-ignored": ({"draw": lambda c, e, s: np.random.default_rng(s).permutation(c)},
        "Every epoch has the same order. Use default_rng([seed, epoch])."),
    "seed-ignored": ({"draw": lambda c, e, s: np.random.default_rng(e).permutation(c)},
        "The order does not depend on the seed. Use default_rng([seed, epoch])."),
    "old-generator": ({"draw": lambda c, e, s: np.random.RandomState([s, e]).permutation(c)},
        "np.random.RandomState draws another order than default_rng([seed, epoch]) does."),
    "old-generator-and-sum": ({"draw": lambda c, e, s: np.random.RandomState(s + e).permutation(c)},
        "np.random.seed and RandomState draw another order than default_rng([seed, epoch]) does, and seed + epoch is "
        "one number for several pairs."),
    "choice-for-permutation": ({"draw": lambda c, e, s: np.random.default_rng([s, e]).choice(c, c, replace=False)},
        "`choice` without replacement draws another order than `permutation` does."),
    "sum-of-seed-and-epoch": ({"draw": lambda c, e, s: np.random.default_rng(s + e).permutation(c)},
        "seed + epoch is one number: seed 1 in epoch 0 is as seed 0 in epoch 1. Use default_rng([seed, epoch])."),
    "epoch-first": ({"draw": lambda c, e, s: np.random.default_rng([e, s]).permutation(c)},
        "The list is the wrong way round: default_rng([seed, epoch])."),
})  # fmt: skip


@task.mistake
def own_shuffle(count, world_size, rank, epoch, seed):
    """Each process shuffles for itself (the rank is in the seed), so some images are seen twice and others never."""
    draw = lambda c, e, s: np.random.default_rng([s, e, rank]).permutation(c)
    return shared(count, world_size, rank, epoch, seed, draw=draw)


@task.mistake
def own_share_repeated(count, world_size, rank, epoch, seed):
    """A share that is too short is filled from its own start. The *order* goes on from its start."""
    share = np.random.default_rng([seed, epoch]).permutation(count)[rank::world_size]
    return np.resize(share, -(-count // world_size))


@task.mistake
def fills_before_shuffling(count, world_size, rank, epoch, seed):
    """The numbers are filled up first and shuffled then. The order of all images is drawn, and goes on from its own
    start."""
    filled = np.resize(np.arange(count), -(-count // world_size) * world_size)
    return np.random.default_rng([seed, epoch]).permutation(filled)[rank::world_size]


@task.mistake
def numbers_for_places(count, world_size, rank, epoch, seed):
    """Images whose *number* divided by world_size leaves the rank are taken. Places in the order count:
    order[rank::world_size]."""
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return order[order % world_size == rank]


@task.mistake
def sorted_share(right):
    """The share is sorted. It keeps the shuffled order."""
    return np.sort(right)
