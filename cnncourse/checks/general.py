"""What a wrong result looks like, whatever the task: flipped, scaled, cut off, kept from an earlier call."""

import itertools

import numpy as np

from cnncourse.checks.compare import same
from cnncourse.checks.failures import FAILURES

GENERAL = {
    "banned-library": "This task is to be solved with only NumPy and the standard library.",
    "changes-input": "The values are right, but the function changes its argument, and its caller loses "
    "their data. Work on a copy, or build a new array: `x = x - m` instead of `x -= m`.",
    "writes-into-input": "The module writes into its input, with `+=`, a function such as relu_, or inplace=True in "
    "its first layer. What came before still needs these values, and so does the gradient: write `x = x + y`.",
    "remembers-calls": "The first call is right, and the same call made again is not: something survives from one "
    "call to the next, such as a global variable, a mutable default argument or a cache.",
    "shares-results": "Each result is right when it comes, and a later call changes it: all calls return one and the "
    "same array. Make a new one in each call.",
    "shares-argument": "The values are right, but on some input the result is an array that was passed in, or a view "
    "of it: a change of one changes the other. The task asks for a new array: `x.copy()`.",
    "returns-none": "The function returns nothing. Is the `return` missing?",
    "low-precision": "The values are right, but only to single precision although the input is float64. Arrays made "
    "by `np.zeros(shape, dtype=np.float32)` round what is stored in them; use the input's dtype. A small number "
    "that is added, or a bound that cuts values off, may look alike.",
    "returns-list": "The result is a list where a NumPy array is wanted: wrap it in `np.array(...)`.",
    "returns-tuple": "The result is a tuple where one NumPy array is wanted.",
    "returns-string": "The result is a string; perhaps the function returns what it should only print.",
    "returns-number": "The result is one number where a whole array is wanted. Is a sum taken over too many axes?",
    "returns-array": "The result is an array where one number is wanted.",
    "float-for-int": "Sizes and counts are whole numbers: `/` gives a float, `//` an int.",
    "wrong-kind": "The result is of another kind than the task asks for.",
    "wrong-count": "The number of returned values is not what the task asks for.",
    "wrong-dtype": "The values are stored in another type of number than the task asks for.",
    "not-finite": "The result holds NaN or infinity: look for a division by zero, a log of zero, an exponential that "
    "overflows, or an array made by `np.empty` of which some entries were never written.",
    "all-zeros": "Every value is zero. Either nothing is stored in the array that is returned, or what is computed "
    "cancels: for example a difference of two values that are the same.",
    "axes-swapped": "The numbers are right, and stand in the wrong order of axes.",
    "flipped": "The numbers are right, but mirrored.",
    "wrong-sign": "Every value has the wrong sign.",
    "constant-factor": "Every value is wrong by one and the same factor: look for a forgotten or doubled division.",
    "constant-offset": "Every value is wrong by one and the same amount: look for something added that should not be, "
    "or left out.",
    "rounded": "The values are rounded. Return them with all their digits.",
    "rescaled": "The result is stretched: a · wanted + b, with numbers that depend on the image. Return the plain "
                "values.",
    "skips-places": "Only every second place (or third) is there: the window moves on by one pixel at a time here.",
    "first-entries-only": "The values are right, but further entries along axis 0 are missing.",
    "further-entries": "The right values are there, and further entries follow along axis 0.",
    "first-image-only": "Only the first one of the batch is there, and its axis is lost.",
    "results-swapped": "The returned values are right, in the wrong order.",
    "extra-axis": "The numbers are right, but the shape has an axis of length 1 too many or too few. squeeze() without "
    "an axis takes away all of them, also that of a single image, row or channel.",
    "flattened": "The numbers are right, but their shape is lost.",
    "crops-output": "The values are right where they exist, but a border of the output is missing: look at where the "
    "loop or slice ends.",
    "extra-border": "The output holds the right values and more around them: the window leaves the image, or padding "
    "was added that the task does not ask for.",
    "wrong-shape": "The result has another shape than the task asks for: print the shape after each step.",
    "off-by-one": "The number is one off: look at the + 1, and at where a range starts and ends; and at int(…), which "
    "cuts a float off that lies a little below.",
    "no-batch-norm": "The module has no batch norm layers, and the task asks for them.",
    "batch-norm-added": "The module has batch norm layers, and the task asks for none.",
    "nothing-learned": "The module has no parameters at all. Layers are found where they are attributes that __init__ "
    "sets (self.conv = …). In a plain list they are not: nn.ModuleList or nn.Sequential. Nor if forward makes them.",
    "too-few-convolutions": "The module has fewer convolutions than the task asks for. One that is used "
    "twice counts once; those in a plain list, or made in forward, are no part of the module.",
    "too-many-convolutions": "The module has more convolutions than the task asks for.",
    "wrong-kernel-size": "The kernels have another size than the task asks for.",
    "wrong-widths": "The convolutions have other numbers of channels than the task asks for.",
    "no-bias": "The convolutions have no bias, and without a batch norm behind them they need one.",
    "wrong-batch-norms": "The batch norm layers are not those the task asks for: count them, and their channels.",
    "wrong-layers": "The module's layers are not those the task asks for: compare the shapes of their arrays.",
    **{kind.slug: kind.advice for kind in FAILURES.values()},
}

MOST_WINDOWS = 1000  # that are looked through: some thousand are seconds
PLACES = " Compute by hand how many places the window can take."


def general_text(slug, parameters):
    """The explanation of a general slug; of a wrong shape another one where there is a window that moves."""
    moves = slug == "wrong-shape" and not {"kernel_size", "stride", "kernel", "weight"}.isdisjoint(parameters)
    return GENERAL.get(slug, "") + PLACES * moves


def general_slug(failed):
    """A general description that fits every failed trial."""
    pairs = [(t.outcome.value, t.wanted) for t in failed if t.outcome.error is None]
    if len(pairs) < len(failed) or not pairs:
        return None
    pairs = [_differing_part(*pair) for pair in pairs]
    for slug, fits in _TESTS:
        answers = [fits(got, wanted) for got, wanted in pairs]
        if True in answers and False not in answers:
            return slug
    return _common_slug(pairs)


def _common_slug(pairs):
    """What three wrong numbers or more have in common: the sign, a factor, an amount that is added."""
    if len({wanted for _, wanted in pairs if isinstance(wanted, float)}) < 3 or not all(map(_are_numbers, pairs)):
        return None
    got, wanted = np.array(pairs, dtype=float).T
    with np.errstate(all="ignore"):
        factors, amounts = got / wanted, got - wanted
    if got.any() and np.allclose(factors, factors[0], rtol=1e-6, atol=0):
        return "wrong-sign" if np.isclose(factors[0], -1) else "constant-factor"
    return "constant-offset" if np.allclose(amounts, amounts[0], rtol=1e-6, atol=0) else None


def _are_numbers(pair):
    return all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in pair)


def _differing_part(got, wanted):
    """Of two tuples that differ in one part, that part; of a module's results the output; everything else as it is."""
    if isinstance(got, dict) and isinstance(wanted, dict):
        return got.get("the output"), wanted.get("the output")
    if isinstance(got, (tuple, list)) and isinstance(wanted, (tuple, list)) and len(got) == len(wanted):
        different = [(g, w) for g, w in zip(got, wanted, strict=True) if not same(g, w)]
        if len(different) == 1:
            return different[0]
    return got, wanted


def _arrays(test):
    """Make a test of two arrays answer False for anything else, and None where the arrays are too small to tell."""

    def fits(got, wanted):
        if not (isinstance(got, np.ndarray) and isinstance(wanted, np.ndarray)):
            return False
        answer = test(*(a.astype(np.float64) if a.dtype.kind == "f" else a for a in (got, wanted)))
        return None if answer is None else bool(answer)

    return fits


def _is_zero(got, wanted):
    return got.size > 0 and not got.any() and bool(wanted.any())


def _is_permuted(got, wanted):
    orders = itertools.permutations(range(wanted.ndim))
    return got.ndim == wanted.ndim and any(
        order != tuple(range(wanted.ndim)) and same(got, wanted.transpose(order)) for order in orders
    )


def _is_flipped(got, wanted):
    if got.shape != wanted.shape:
        return False
    if wanted.size < 2:
        return None
    groups = (g for n in range(1, wanted.ndim + 1) for g in itertools.combinations(range(wanted.ndim), n))
    return any(same(got, np.flip(wanted, group)) for group in groups)


def _is_scaled(got, wanted):
    if got.shape != wanted.shape or got.dtype.kind != "f":
        return False
    if not wanted.any() or wanted.size < 2:
        return None
    factor = float(np.vdot(wanted, got) / np.vdot(wanted, wanted))
    return abs(factor) > 1e-6 and abs(factor - 1) > 1e-4 and same(got, factor * wanted)


def _is_offset(got, wanted):
    if got.shape != wanted.shape or got.dtype.kind != "f":
        return False
    if wanted.size < 3:
        return None
    shift = float((got - wanted).mean())
    return abs(shift) > 1e-9 * float(np.abs(wanted).max()) and not same(got, wanted) and same(got, wanted + shift)


def _is_first(got, wanted):
    """Whether got is the first entry of wanted; where there is one alone, it may be only its axis that is lost."""
    return got.ndim == wanted.ndim - 1 and same(got, wanted[0]) and (None if len(wanted) == 1 else True)


def _has_other_axes(got, wanted):
    """Whether the shapes differ by axes of length 1 alone; a number has no axes."""
    if not isinstance(wanted, np.ndarray) or not isinstance(got, (np.ndarray, float)):
        return False
    got = np.asarray(got)
    squeezed = got.ndim != wanted.ndim and got.squeeze().shape == wanted.squeeze().shape
    return squeezed and same(got.ravel(), wanted.ravel())


def _is_window(small, large):
    """Whether `small` is what a window cut out of `large` shows."""
    if small.ndim != large.ndim or small.shape == large.shape or (small.ndim == 1 and small.dtype.kind in "iu"):
        return False  # a list of indices has no border
    if any(s > l for s, l in zip(small.shape, large.shape, strict=True)):
        return False
    if small.ndim > 2 and len(small) < len(large):  # images or maps, which have no border
        return False
    if small.size < 2:
        return None
    starts = itertools.product(*(range(min(l - s, 8) + 1) for s, l in zip(small.shape, large.shape, strict=True)))
    return any(
        same(small, large[tuple(slice(b, b + s) for b, s in zip(start, small.shape, strict=True))])
        for start in itertools.islice(starts, MOST_WINDOWS)
    )


def _begins(long, short):
    """Whether, of images or maps, the first ones of `long` are `short`."""
    more = long.ndim == short.ndim > 2 and long.shape[1:] == short.shape[1:] and len(long) > len(short) > 0
    return more and same(long[: len(short)], short)


def _is_affine(got, wanted):
    """Whether got = a · wanted + b."""
    if got.shape != wanted.shape or got.dtype.kind != "f" or not np.isfinite(got).all():
        return False
    if wanted.size < 4 or not np.ptp(wanted):
        return None
    if (got == wanted).all():
        return False
    centred = wanted - wanted.mean()
    slope = float((centred * got).sum() / (centred**2).sum())
    return abs(slope) > 1e-6 and same(got, slope * centred + got.mean())


def _skips_places(got, wanted):
    """Whether got holds every second or third place of wanted."""
    if got.ndim != wanted.ndim or got.ndim < 2 or got.shape == wanted.shape:
        return None if wanted.size == got.size == 1 else False
    return any(same(got, wanted[..., ::step, ::step]) for step in (2, 3, 4))


def _is_rounded(got, wanted):
    """Whether got is what is left of wanted with few digits behind the point."""
    if not all(isinstance(value, (float, np.ndarray)) for value in (got, wanted)):
        return False
    if np.shape(got) != np.shape(wanted) or not np.any(got) or np.array_equal(got, wanted):
        return False
    return any(np.allclose(got, np.round(wanted, digits), rtol=0, atol=1e-12) for digits in range(7))


def _is_one_off(got, wanted):
    return type(got) is int and type(wanted) is int and abs(got - wanted) == 1


def _is_reversed(got, wanted):
    pair = isinstance(got, (tuple, list)) and isinstance(wanted, (tuple, list)) and len(wanted) > 1
    return pair and same(list(got)[::-1], list(wanted))


_TESTS = (
    ("results-swapped", _is_reversed),
    ("all-zeros", _arrays(_is_zero)),
    ("axes-swapped", _arrays(_is_permuted)),
    ("flipped", _arrays(_is_flipped)),
    ("wrong-sign", _arrays(lambda got, wanted: got.dtype.kind == "f" and same(got, -wanted))),
    ("constant-factor", _arrays(_is_scaled)),
    ("constant-offset", _arrays(_is_offset)),
    ("rescaled", _arrays(_is_affine)),
    ("skips-places", _arrays(_skips_places)),
    ("first-image-only", _arrays(_is_first)),
    ("first-entries-only", _arrays(lambda got, wanted: _begins(wanted, got))),
    ("further-entries", _arrays(lambda got, wanted: _begins(got, wanted))),
    ("extra-axis", _has_other_axes),
    ("flattened", _arrays(lambda got, wanted: got.ndim < wanted.ndim and same(got.ravel(), wanted.ravel()))),
    ("crops-output", _arrays(lambda got, wanted: _is_window(got, wanted))),
    ("extra-border", _arrays(lambda got, wanted: _is_window(wanted, got))),
    ("rounded", _is_rounded),
    ("off-by-one", _is_one_off),
)
