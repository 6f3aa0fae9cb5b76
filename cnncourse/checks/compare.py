"""Compare what an answer returned with what was wanted, and say how it differs."""

from dataclasses import dataclass
from typing import Any

import numpy as np

# Every tolerance of the checks. The first five are shares of the largest wanted value: a right answer may round in its
# own order (FFT, Winograd, float32 sums). What float32 arithmetic loses lies between "float64" and "single", so it
# shows in float64 results, as "low-precision". Two answers that make one mistake agree within "cause".
TOLERANCE = {
    "float64": 1e-9,
    "float32": 1e-4,
    "single": 1e-6,
    "cause": 1e-4,
    "cause of a number": 1e-6,
    "question": 1e-3,  # of the right number: three digits are enough
    "nothing": 1e-15,  # a number that is to be 0 may be what rounding leaves of numbers like 1
    "scale": 0.01,  # of the largest argument: results below this size are rounding, seen from there
}


def allowed(dtype):
    """The share of the size by which a right result of this dtype may differ."""
    return TOLERANCE["float32" if dtype == np.float32 else "float64"]


def wrong(got, wanted, scale=0.0, share=None):
    """Where two arrays of one shape differ by more than rounding: verdict, diagnosis and picture all use this mask.

    Parameters
    ----------
    got, wanted : arrays of one shape
    scale : size below which differences are rounding even where every wanted value is smaller (or zero)
    share : how much of the size a difference may be; by default what the dtype of `wanted` allows
    """
    if "f" not in (got.dtype.kind, wanted.dtype.kind) and "c" not in (got.dtype.kind, wanted.dtype.kind):
        return got != wanted
    wide = [a.astype(np.complex128 if a.dtype.kind == "c" else np.float64) for a in (got, wanted)]
    finite = np.isfinite(wide[1])
    size = max(float(np.abs(wide[1][finite]).max(initial=0.0)), scale) or 1.0
    limit = (allowed(wanted.dtype) if share is None else share) * size
    with np.errstate(invalid="ignore"):
        return ~((np.abs(wide[0] - wide[1]) <= limit) | (wide[0] == wide[1]) | (np.isnan(wide[0]) & np.isnan(wide[1])))


@dataclass
class Difference:
    """One way in which a result is not what was wanted.

    `slug` names the kind of difference, `text` names it with the values; `got` and `wanted` are the arrays where there
    are two, and `wrong` is the mask of the places at which they differ where both have one shape. `given` and `right`
    are the whole results, where the one that was judged is not what a call returned.
    """

    slug: str
    text: str
    got: Any = None
    wanted: Any = None
    wrong: Any = None
    given: Any = None
    right: Any = None


def compare(
    got, wanted, *, names=None, exact_dtype=False, lists_allowed=False, only=None, scale=0.0, what="the result"
):
    """Return None where `got` is right, else a Difference.

    Parameters
    ----------
    got, wanted : plain values (see `probes.plain`)
    names : names of the parts where `wanted` is a tuple
    exact_dtype : whether arrays must have the wanted dtype exactly
    lists_allowed : whether a flat list of numbers may stand for a 1-D array
    only : index of the one part to look at where `wanted` is a tuple; None for all
    scale : size below which differences are rounding even where every wanted value is smaller (or zero)
    what : how to call the value in sentences
    """
    if got is None:
        return None if wanted is None else Difference(
            "returns-none", f"{what} is None: is a `return` missing, or is a value stored and not returned?"
        )
    if wanted is None:
        return Difference("value-for-none", f"{what} should be None here, and is {show(got)}.")
    if isinstance(wanted, dict):
        return _compare_named(got, wanted, scale)
    if isinstance(wanted, (tuple, list)):
        return _compare_parts(got, wanted, names, exact_dtype, lists_allowed, only, scale, what)
    if isinstance(wanted, np.ndarray):
        if lists_allowed and wanted.ndim == 1 and is_flat_list(got):
            got = np.array(got, dtype=float if wanted.dtype.kind == "f" else None)
        return _compare_arrays(got, wanted, exact_dtype, scale, what)
    if isinstance(wanted, (bool, str)):
        right = type(got) is type(wanted) and got == wanted
        return None if right else Difference("wrong-value", f"{what} is {show(got)}; wanted: {show(wanted)}.")
    return _compare_numbers(got, wanted, scale, what)


def _compare_named(got, wanted, scale):
    """Parts that the checks themselves have put under names (what a module gave, see `modules`)."""
    for name, right in wanted.items():
        difference = compare(got.get(name), right, scale=scale, what=name)
        if difference:
            return difference
    return None


def is_flat_list(value):
    """Whether it is a list or tuple of numbers, one at least."""
    return isinstance(value, (list, tuple)) and all(isinstance(v, (int, float)) for v in value) and len(value) > 0


def _compare_parts(got, wanted, names, exact_dtype, lists_allowed, only, scale, what):
    count = len(wanted)
    if not isinstance(got, (tuple, list)):
        return Difference("wrong-kind", f"{what} is {describe(got)}; wanted: {count} values, {_join(names, count)}.")
    if len(got) != count:
        return Difference(
            "wrong-count", f"{what} has {len(got)} values; wanted: {count}, {_join(names, count)}."
        )
    labels = names or [f"value {i + 1} of the result" for i in range(count)]
    for i, (label, part, right) in enumerate(zip(labels, got, wanted, strict=True)):
        if only is not None and i != only:
            continue
        options = {"exact_dtype": exact_dtype, "lists_allowed": lists_allowed, "scale": scale}
        difference = compare(part, right, what=label, **options)
        if difference:
            return difference
    return None


def _join(names, count):
    return f"({', '.join(names)})" if names else f"a tuple of {count}"


def _compare_numbers(got, wanted, scale, what):
    if isinstance(got, np.ndarray) or not isinstance(got, (int, float)) or isinstance(got, bool):
        kind = "an int" if isinstance(wanted, int) else "one number"
        slug = "returns-array" if isinstance(got, np.ndarray) else "wrong-kind"
        return Difference(slug, f"{what} is {describe(got)}; wanted: {kind}.")
    if isinstance(wanted, int):
        if isinstance(got, float):
            slug = "float-for-int" if got == wanted else "wrong-value"
            hint = "; a size or a count is an int: use // where you divide" if got == wanted else ""
            return Difference(slug, f"{what} is the float {got}; wanted: the int {wanted}{hint}.")
        return None if got == wanted else Difference("wrong-value", f"{what} is {got}; wanted: {wanted}.")
    if not np.isfinite(got):
        return Difference("not-finite", f"{what} is {got}; wanted: {wanted:.6g}.")
    limit, scale = allowed(np.asarray(wanted).dtype), max(abs(float(wanted)), scale)  # float32 in allows for more
    wanted = float(wanted)
    if abs(got - wanted) <= max(limit * scale, TOLERANCE["nothing"] * (wanted == 0)):
        return None
    slug = "low-precision" if abs(got - wanted) <= TOLERANCE["single"] * scale else "wrong-value"
    return Difference(slug, f"{what} is {got:.10g}; wanted: {wanted:.10g}.")


_SLUGS = {list: "returns-list", tuple: "returns-tuple", str: "returns-string", dict: "wrong-kind"}


def _compare_arrays(got, wanted, exact_dtype, scale, what):
    if not isinstance(got, np.ndarray):
        slug = _SLUGS.get(type(got), "returns-number")
        return Difference(slug, f"{what} is {describe(got)}; wanted: a NumPy array of shape {wanted.shape}.")
    if got.shape != wanted.shape:
        return Difference("wrong-shape", f"{what} has shape {got.shape}; wanted: {wanted.shape}.", got, wanted)
    wrong_dtype = _dtype_problem(got, wanted, exact_dtype, what)
    strange = ~np.isfinite(got)
    if strange.any() and np.isfinite(wanted).all():
        index = tuple(int(i) for i in np.argwhere(strange)[0])
        return Difference(
            "not-finite", f"{what} holds {got[index]} at {_at(index)}; wanted there: {_number(wanted[index])}.",
            got, wanted, strange,
        )  # fmt: skip
    if wrong_dtype is None or exact_dtype:
        difference = _compare_values(got, wanted, scale, what)
        if difference and difference.slug != "low-precision" and got.dtype != np.float16:
            return difference
        return wrong_dtype or difference
    return wrong_dtype


def _dtype_problem(got, wanted, exact_dtype, what):
    right = got.dtype == wanted.dtype or not (
        exact_dtype or _KINDS[got.dtype.kind] != _KINDS[wanted.dtype.kind] or got.dtype == np.float16
    )
    text = "" if right else f"{what} has dtype {got.dtype}; wanted: {wanted.dtype}."
    return None if right else Difference("wrong-dtype", text, got, wanted)


_KINDS = {"f": "floating point", "i": "integers", "u": "integers", "b": "booleans", "c": "complex numbers"}


def _compare_values(got, wanted, scale, what):
    places = wrong(got, wanted, scale)
    if not places.any():
        return None
    if wanted.dtype == np.float64 and not wrong(got, wanted, scale, TOLERANCE["single"]).any():
        size = max(float(np.abs(wanted).max()), scale) or 1.0
        return Difference(
            "low-precision",
            f"{what} is right to about {float(np.abs(got - wanted).max()) / size:.0e} of its size only: somewhere "
            "float64 became float32 (let the arrays that you create take their dtype from the input), or a small "
            "number was added.",
            got, wanted, places,
        )  # fmt: skip
    return _first_wrong(got, wanted, places, "wrong-values", what)


def _first_wrong(got, wanted, places, slug, what):
    index = tuple(int(i) for i in np.argwhere(places)[0])
    count = int(places.sum())
    share = f"{count} of {wanted.size} values are wrong" if wanted.size > 1 else "the value is wrong"
    return Difference(
        slug,
        f"In {what} {share}. The first, at {_at(index)}: got {_number(got[index])}, wanted {_number(wanted[index])}.",
        got, wanted, places,
    )  # fmt: skip


def _at(index):
    return f"[{', '.join(map(str, index))}]"


def _number(value):
    return f"{value:.6g}" if np.asarray(value).dtype.kind in "fc" else str(value)


def describe(value):
    """Say what kind of thing a value is: 'float32 array of shape (3, 4)', 'a list of 3'."""
    if isinstance(value, np.ndarray):
        return f"a {value.dtype} array of shape {value.shape}"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    if value is None:
        return "None"
    return f"the {type(value).__name__} {show(value)}"


def show(value):
    """Write a value shortly, as it would stand in a call."""
    if isinstance(value, np.ndarray):
        return f"<{value.dtype} {value.shape}>"
    if isinstance(value, dict):
        return value.get("__callable__", f"a dict of {len(value)}")
    if isinstance(value, (list, tuple)) and any(isinstance(item, np.ndarray) for item in value):
        return f"[{', '.join(map(show, value[:4]))}{', ...' if len(value) > 4 else ''}]"
    text = f"{value:.6g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def same(a, b, exact_dtype=False, scale=0.0):
    """Whether two results are the same answer, rounding and precision aside."""
    if isinstance(b, dict):
        return isinstance(a, dict) and a.keys() == b.keys() and all(same(a[k], b[k], exact_dtype, scale) for k in b)
    if isinstance(b, (tuple, list)):
        return isinstance(a, (tuple, list)) and len(a) == len(b) and all(
            same(x, y, exact_dtype, scale) for x, y in zip(a, b, strict=True)
        )
    if isinstance(b, np.ndarray) and b.ndim:
        return isinstance(a, np.ndarray) and _same_arrays(a, b, exact_dtype, scale)
    if isinstance(a, np.ndarray):
        return False
    b = b.item() if isinstance(b, (np.ndarray, np.generic)) else b
    if isinstance(a, float) and isinstance(b, float):
        limit = max(TOLERANCE["cause of a number"] * min(abs(a), abs(b)), TOLERANCE["nothing"])
        return a == b or bool(abs(a - b) <= limit) or (a != a and b != b)
    return type(a) is type(b) and a == b


def _same_arrays(a, b, exact_dtype, scale):
    if a.shape != b.shape or (exact_dtype and a.dtype != b.dtype):
        return False
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        return a.dtype.kind == b.dtype.kind and bool((a == b).all())
    return not wrong(a, b, scale, TOLERANCE["cause"]).any()
