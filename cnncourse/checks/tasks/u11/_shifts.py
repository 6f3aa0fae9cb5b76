"""Looks at many colour shifts: one per picture, along the principal axes, as large as wanted, independent?"""

import numpy as np

from cnncourse.checks.tasks.u09._statistics import SIGMAS, generator_problem, kind_problem
from cnncourse.checks.tasks.u11._axes import OTHERWISE, right_root


def whitened(shifts, roots):
    """(z, inside): z with shift = R z, as many columns as R has ranks; whether the shifts stay where R can lead.

    z is None where the pictures' roots differ in rank.
    """
    columns, inside = [], True
    for n, root in enumerate(np.broadcast_to(roots, (shifts.shape[1], 3, 3))):
        left, sizes, _ = np.linalg.svd(root)
        used = sizes > 1e-9 * max(sizes[0], 1e-12)
        z = shifts[:, n] @ left
        inside &= bool((np.abs(z[:, ~used]) <= 1e-4 * max(sizes[0], 1e-12)).all())
        columns.append(z[:, used] / sizes[used])
    alike = len({z.shape for z in columns}) == 1
    return (np.stack(columns, axis=1) if alike else None), inside


def as_wanted(shifts, roots):
    """Whether shifts (T, N, 3) have the covariance R Rᵀ, as far as chance lets one tell."""
    z, inside = whitened(shifts, roots)
    if z is None or not inside or not z.size:
        return False
    rows = z.reshape(-1, z.shape[-1])
    off = rows.T @ rows / len(rows) - np.eye(rows.shape[1])
    return bool((np.abs(off) <= SIGMAS * np.sqrt(2 / len(rows)) * 1.2).all())


def problem(case, value):
    """None, or (slug, sentence)."""
    images, sigma = case.args[0], case.kwargs.get("sigma", 0.1)
    if wrong_kind := kind_problem({"draws": [*value["draws"], value["again"]]}, images.shape):
        return wrong_kind
    if all(np.array_equal(draw, images) for draw in value["draws"]):
        return "never-shifts", "The pictures come back as they were."
    if case.criterion == "generator":
        return generator_problem(value)
    shifts = np.stack(value["draws"]).astype(float) - images
    size = max(np.abs(images).max(), np.abs(shifts).max())
    if np.ptp(shifts, axis=(3, 4)).max() > (1e-4 if images.dtype == np.float32 else 1e-6) * size:
        return _uneven(shifts, images)
    shifts = shifts.mean(axis=(3, 4))
    right = right_root(images, sigma)
    if case.criterion == "axes and sizes":
        return _scale_problem(shifts, images, sigma, right)
    return _independence_problem(whitened(shifts, right)[0])


def _uneven(shifts, images):
    outputs = shifts + images
    span = np.ptp(images) * 1e-6
    inside = (outputs > outputs.min() + span) & (outputs < outputs.max() - span)
    ends = (np.isclose(outputs, outputs.min()).sum() > outputs.size / 50, np.isclose(outputs, outputs.max()).sum() > 9)
    largest, smallest = (np.where(inside, shifts, end) for end in (-np.inf, np.inf))
    apart = largest.max(axis=(3, 4)) - smallest.min(axis=(3, 4))  # −∞ where no pixel is inside
    if any(ends) and apart.max() < 1e-4 * np.ptp(images):
        return "clipped", "Values end at one number: the result is clipped."
    return "one-shift-per-pixel", "Within a channel of one picture, not all pixels move by the same amount."


def _scale_problem(shifts, images, sigma, right):
    if len(images) > 1 and np.allclose(shifts, shifts[:, :1]):
        return "one-shift-for-all", "All pictures of a batch are shifted by the same amount."
    z = whitened(shifts, right)[0]
    rows = z.reshape(-1, z.shape[-1])
    if (np.abs(rows.mean(axis=0)) > SIGMAS * rows.std(axis=0) / np.sqrt(len(rows)) + 1e-12).any():
        return "mean-not-zero", "The shifts are not zero on average."
    if as_wanted(shifts, right):
        return None
    ranks = [np.linalg.matrix_rank(a.T @ a, tol=1e-9 * np.abs(a).max() ** 2) for a in (shifts.reshape(-1, 3), right)]
    if ranks[0] == 1 < ranks[1]:
        return "one-draw-for-three", "All shifts lie on one line."
    for slug, (root, _) in OTHERWISE.items():
        if as_wanted(shifts, root(images, sigma)):
            return slug, "The shifts do not have the covariance σ² Σ λᵢ² pᵢ pᵢᵀ."
    return "other-covariance", "The shifts do not have the covariance σ² Σ λᵢ² pᵢ pᵢᵀ."


def _independence_problem(z):
    times, count, axes_ = z.shape
    if count > 1 and np.allclose(z, z[:, :1]):
        return "one-shift-for-all", "All pictures of a batch are shifted by the same amount."
    z = (z - z.mean(axis=(0, 1))) / (z.std(axis=(0, 1)) + 1e-300)
    columns = z.reshape(times, -1)
    together = columns.T @ columns / times - np.eye(columns.shape[1])
    np.fill_diagonal(together, 0)
    if np.abs(together).max() > SIGMAS / np.sqrt(times) * 1.1:
        return "draws-depend", "The draws of one call depend on each other."
    if abs((z[1:] * z[:-1]).mean()) > SIGMAS / np.sqrt(z[1:].size):
        return "draws-depend", "One call's draws depend on the last one's."
    kurtosis = (z**4).mean()
    if abs(kurtosis - 3) > SIGMAS * np.sqrt(24 / z.size) * 1.3:
        slug = "uniform-for-normal" if abs(kurtosis - 1.8) < 0.15 else "not-normal"
        return slug, f"The kurtosis of aᵢ is {kurtosis:.2f}; the normal distribution's is 3."
    return None
