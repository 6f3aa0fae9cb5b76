"""Find out what stochastic depth did to each image, and judge many draws of it."""

import numpy as np

from cnncourse.checks.tasks.u09._statistics import SIGMAS, another_seed_problem, kind_problem, share_is_off

CLOSE = 1e-5  # of the values' size: float32 is enough

# (factor of x, factor of the branch) of images that are neither kept nor dropped as they should be, by the mistake that
# gives them; k = 1 / (1 − p). An answer makes a mistake where each such image is one of its pairs.
OTHERWISE = {
    "not-rescaled": lambda p, k: [(1, 1)],
    "divides-by-p": lambda p, k: [(1, 1 / p)],
    "multiplies-by-the-share": lambda p, k: [(1, 1 - p)],
    "multiplies-by-p": lambda p, k: [(1, p)],
    "input-dropped-too": lambda p, k: [(0, 0), (1, 1)],
    "rescales-the-sum": lambda p, k: [(k, k), (0, 0), (k, 0)],
    "input-not-added": lambda p, k: [(0, k), (0, 1), (0, 0)],
    "input-dropped-instead": lambda p, k: [(k, 1), (0, 1), (1, 1)],
}


def problem(case, value):
    """What is wrong with many draws of one case, or None: (slug, sentence)."""
    x, branch, p = case.args
    if wrong_kind := kind_problem(value, x.shape):
        return wrong_kind
    draws, kept = np.stack(value["draws"]).astype(float), x + branch / (1 - p)
    limit = CLOSE * max(1, np.abs(kept).max())
    entries = np.abs(draws - kept) <= limit, np.abs(draws - x) <= limit
    kept, dropped = (e.all(axis=(2, 3, 4)) for e in entries)  # (draws, N)
    if p and np.abs(draws - x - branch).max() <= limit:
        return "never-drops", f"Every image is x + branch, although p is {p:g}."
    if p and np.abs(draws - x - (1 - p) * branch).max() <= limit:
        return "expectation-for-a-draw", f"Every image is x + {1 - p:.2g} · branch."
    if case.criterion == "generator":
        return _generator(value, kept, dropped)
    if not (kept | dropped).all():
        return _unknown(case, draws, entries, ~(kept | dropped))
    if p == 0:
        slug = "keeps-with-probability-p" if dropped.all() else "drops-at-zero"
        return None if kept.all() else (slug, "Images are dropped, although p is 0.")
    if case.criterion == "chance":
        return _chance(kept, p)
    return _dependence(kept, p) if case.criterion == "each image by itself" else None


def _generator(value, kept, dropped):
    """How the draws use the generator."""
    first = value["draws"][0]
    if value["global_state"]:
        return "global-random-state", "np.random's global state is used, not the generator rng."
    if kept.all() or dropped.all():
        return _chance(kept, 0.5)
    if all(np.array_equal(first, draw) for draw in value["draws"]):
        return "same-every-time", "All calls with one generator gave the same numbers."
    if not np.array_equal(first, value["again"]):
        return "ignores-rng", "The same seed gave other numbers: not all random numbers come from rng."
    return another_seed_problem(value)


def _unknown(case, draws, entries, strange):
    """What has been done to images that are neither x nor x + branch / (1 − p)."""
    x, branch, p = case.args
    text = f"With p = {p:g} an image of the result is neither x nor x + branch / {1 - p:.2g}."
    if (entries[0] | entries[1]).all():
        by_channel = (entries[0].all((3, 4)) | entries[1].all((3, 4))).all()
        return ("each-channel-by-itself" if by_channel else "each-entry-by-itself"), text
    pairs, places = [], np.argwhere(strange)[:60]
    for d, n in places:
        sides = np.stack([x[n].ravel(), branch[n].ravel()], axis=1).astype(float)
        pairs.append(np.linalg.lstsq(sides, draws[d, n].ravel(), rcond=None)[0])
        if np.abs(sides @ pairs[-1] - draws[d, n].ravel()).max() > 1e-4 * max(1, np.abs(draws[d, n]).max()):
            return "another-sum", text
    for slug, known in OTHERWISE.items() if p else ():
        distance = np.array(pairs)[:, None] - np.array(known(p, 1 / (1 - p)))
        if (np.abs(distance).max(axis=2).min(axis=1) < 1e-3).all():
            return slug, text
    shares = [1 - entries[1][d].all((1, 2, 3)).mean() for d, _ in places]
    if np.allclose(pairs, [(1, 1 / share) for share in shares], 0, 1e-3):
        return "divides-by-the-share-kept", text
    return "another-sum", text


def _chance(kept, p):
    """Whether as many images are kept as p lets expect."""
    said = f"With p = {p:g}, {kept.size - kept.sum()} of {kept.size} images are dropped."
    if kept.all() or not kept.any():
        rounded = kept.shape[1] == 1 and kept.all() == (p < 0.5)  # of one image, a share that is rounded: none or all
        return "fixed-number" if rounded else "never-drops" if kept.all() else "always-drops", said
    if not share_is_off(kept.sum(), kept.size, 1 - p):
        return None
    if len(kept[0]) > 1 and (kept == kept[:, :1]).all():
        return "one-draw-for-all", "In every call all images are kept, or none."
    return ("wrong-chance" if share_is_off(kept.sum(), kept.size, p) else "keeps-with-probability-p"), said


def _dependence(kept, p):
    """Whether what happens to an image says something about others, or about the next call."""
    calls, N = kept.shape
    if N > 1 and (kept == kept[:, :1]).all():
        return "one-draw-for-all", "In every call all images are kept, or none."
    if (kept == kept[:1]).all():
        return "images-depend", "In every call the same images are kept."
    if kept.any(axis=1).all() and (1 - p**N) ** calls < 1e-9:
        return "one-always-kept", f"In {calls} calls with {N} images it never happened that all were dropped."
    ratio = ((kept.sum(axis=1) - N * (1 - p)) ** 2).mean() / (N * p * (1 - p))  # χ² over its degrees of freedom
    third = 2 / (9 * calls)  # Wilson and Hilferty 1931: the cube root is nearly normal
    if ratio ** (1 / 3) < 1 - third - SIGMAS * np.sqrt(third):
        return "fixed-number", f"In {calls} calls nearly as many images are kept each time."
    same = p**2 + (1 - p) ** 2
    for one, other in ((kept[:, :-1], kept[:, 1:]), (kept[:-1], kept[1:])):
        if share_is_off((one == other).sum(), one.size, same):
            return "images-depend", "What happens to an image depends on what happened to another."
    off = any(share_is_off(share, calls, 1 - p) for share in kept.sum(axis=0))
    if off or ratio ** (1 / 3) > 1 - third + SIGMAS * np.sqrt(third):
        return "images-depend", "What happens to an image depends on its place, or on others."
    return None
