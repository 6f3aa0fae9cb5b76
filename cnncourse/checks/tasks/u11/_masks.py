"""Looks at many dropout masks: does each fit its output, and is each entry kept by itself and by the right chance?"""

import numpy as np

from cnncourse.checks.compare import TOLERANCE, allowed
from cnncourse.checks.tasks.u09._statistics import SIGMAS, generator_problem, share_is_off

SCALES = {  # what the kept entries are multiplied by, in place of 1 / (1 − p)
    "not-scaled": lambda p: 1.0,
    "multiplies-by-keep": lambda p: 1 - p,
    "divides-by-p": lambda p: 1 / p,
    "multiplies-by-p": lambda p: p,
    "scaled-twice": lambda p: 1 / (1 - p) ** 2,
}


def problem(case, value):
    """None, or (slug, sentence)."""
    x, p = case.args
    for draw in [*value["draws"], value["again"], *value["other"]]:
        if wrong_kind := _kind_problem(draw, x):
            return wrong_kind
    outputs, masks = (np.stack([draw[i] for draw in value["draws"]]) for i in (0, 1))
    if case.criterion == "generator":
        other = [mask for _, mask in value["other"]]
        return generator_problem(value | {"draws": list(masks), "again": value["again"][1], "other": other})
    if case.criterion == "mask":
        return _chance_problem(masks, x, p)
    share = allowed(x.dtype) if case.criterion == "any array" else TOLERANCE["float32"]
    return _output_problem(outputs.astype(float), masks, x, p, share)


def _kind_problem(draw, x):
    if draw is None:
        return "returns-none", "The result is None: is a `return` missing?"
    if isinstance(draw, np.ndarray) and draw.shape == x.shape:
        return "one-result-only", "The result is one array; wanted are two, (output, mask)."
    if not isinstance(draw, (tuple, list)) or len(draw) != 2 or not all(isinstance(a, np.ndarray) for a in draw):
        return "wrong-kind", f"The result is no pair of arrays (output, mask), each of shape {x.shape}."
    output, mask = draw
    if output.dtype == bool and mask.dtype.kind == "f":
        return "mask-first", "The first array is boolean: the mask comes second."
    for name, array in (("output", output), ("mask", mask)):
        if array.shape != x.shape:
            return "wrong-shape", f"The {name} has shape {array.shape}; wanted: {x.shape}."
    if mask.dtype != bool:
        numbers = np.unique(mask)
        slug = "mask-of-numbers" if np.isin(numbers, (0, 1)).all() else "mask-holds-the-scale"
        return slug, f"The mask has dtype {mask.dtype}; wanted: bool."
    if output.dtype.kind != "f" or output.dtype.itemsize < 4:
        return "wrong-dtype", f"The output has dtype {output.dtype}; wanted: floating point."
    return None if np.isfinite(output).all() else ("not-finite", "The output holds NaN or infinity.")


def _output_problem(outputs, masks, x, p, share):
    def close(wanted):
        return bool((np.abs(outputs - wanted) <= share * np.abs(wanted).max(initial=1e-300)).all())

    kept = np.where(masks, x, 0).astype(float)
    if close(kept / (1 - p)):
        return None
    said = "The output is not x / (1 − p) where the mask is True, and 0 elsewhere."
    single = TOLERANCE["single"]
    if share < single and np.allclose(outputs, kept / (1 - p), rtol=0, atol=single * np.abs(x).max() / (1 - p)):
        return "low-precision", "The output is right to single precision only, and x is float64."
    dropped = np.where(masks, 0, x)
    if close(dropped / (1 - p)) or close(dropped / p if p else dropped):
        return "mask-of-the-dropped", "The output is zero where the mask is True, and not where it is False."
    if close(x / (1 - p)) or close(x):
        return "mask-not-used", "The output is not zero where the mask is False."
    for slug, scale in SCALES.items():
        if p and close(kept * scale(p)):
            swapped = slug == "divides-by-p" and not share_is_off(masks.sum(), masks.size, p)
            return ("p-is-the-chance-of-keeping" if swapped else slug), said
    shares = masks.reshape(len(masks), -1).mean(axis=1).reshape(-1, *[1] * x.ndim)
    if close(kept / np.where(shares, shares, 1)):
        return "divides-by-the-share-kept", said
    return "output-does-not-fit", said


def _chance_problem(masks, x, p):
    times, entries = len(masks), masks.reshape(len(masks), -1)
    said = f"{entries.sum()} of {entries.size} entries are kept; wanted: about {100 * (1 - p):g} %."
    if p == 0:
        return None if entries.all() else ("wrong-chance", said)
    if (masks == masks[0]).all():
        return "same-every-time", "Every call drops the same entries."
    for axis in range(x.ndim):
        if x.shape[axis] > 1 and (masks == masks.take([0], axis=axis + 1)).all():
            slug = "one-mask-for-all-images" if axis == 0 and x.ndim > 1 else "entries-share-a-draw"
            return slug, f"Along axis {axis}, all entries are kept or all are dropped."
    if not entries[:, x.ravel() == 0].any() and (x == 0).any():
        return "mask-from-the-output", "Where x is 0, the mask is never True."
    for counts, size in ((entries.sum(1), entries.shape[1]), (masks.reshape(times * len(x), -1).sum(1), x[0].size)):
        kept = entries.mean()
        spread, wanted = ((counts - counts.mean()) ** 2).mean(), size * kept * (1 - kept)
        if wanted > 2 and counts.size > 1 and spread == 0:
            return "fixed-number", f"Each call keeps {counts[0]} entries, neither more nor fewer."
        if wanted > 2 and abs(spread / wanted - 1) > SIGMAS * np.sqrt(2.5 / counts.size):
            return "entries-depend", "The number of entries kept varies more, or less, than independent draws make it."
    if share_is_off(entries.sum(), entries.size, 1 - p):
        return ("keeps-with-p" if not share_is_off(entries.sum(), entries.size, p) else "wrong-chance"), said
    if any(share_is_off(count, times, 1 - p) for count in entries.sum(0)):
        return "wrong-chance", "Some entries are kept more often than others."
    z = (entries - (1 - p)) / np.sqrt(p * (1 - p))
    together = z.T @ z / times
    np.fill_diagonal(together, 0)
    if np.abs(together).max() > SIGMAS / np.sqrt(times) * 1.3:
        return "entries-depend", "Some entries are kept together, or one in the place of the other."
    if abs((z[1:] * z[:-1]).mean()) > SIGMAS / np.sqrt(z[1:].size):
        return "entries-depend", "One call's mask depends on the last one's."
    return None
