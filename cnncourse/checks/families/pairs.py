"""Arguments that are an int or a pair (height, width), as in PyTorch, and common ways to get them wrong."""

WORDS = {  # argument: (word in slugs, slug where the height serves for both axes, what a pair's first number is)
    "kernel_size": ("kernel", "square-kernel", "the first number is the kernel's height"),
    "stride": ("stride", "one-stride-for-both", "the first stride moves down, the second to the right"),
    "padding": ("padding", "one-padding-for-both", "the first padding goes above and below, the second left and right"),
    "dilation": ("dilation", "one-dilation-for-both", "the first dilation spreads the rows, the second the columns"),
}


def pair(value):
    """Return (height, width) for an int or a pair."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def swap(value):
    """Return a pair the wrong way round, an int as it is."""
    return tuple(value)[::-1] if isinstance(value, (tuple, list)) else value


def pairs(task, *names, square=None, leave_out=()):
    """Mistakes with pairs: axes swapped, the height used for both axes, pairs not handled at all.

    The task needs cases in which each of these arguments is a pair of different numbers.

    Parameters
    ----------
    task : Task whose right answer is known
    *names : those of kernel_size, stride, padding and dilation that may be pairs
    square : slug for the kernel's height used for both axes, where "square-kernel" does not fit
    leave_out : slugs that this task's cases cannot tell from others
    """

    def add(slug, explanation, change):
        if slug not in leave_out:
            task.add_mistake(slug, change, explanation)

    for name in names:
        word, both, first = WORDS[name]
        add(f"{word}-axes-swapped", f"A pair is (height, width): {first}.", _changing(name, swap))
        both = square if square and name == "kernel_size" else both
        add(
            both, f"The first number of {name} is used along both axes: a pair is (height, width).",
            _changing(name, lambda value: None if value is None else pair(value)[0]),
        )  # fmt: skip
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    add("pairs-not-handled", f"A pair (height, width) raises an error: {listed} may be an int or a pair.",
        _ints_only(names))  # fmt: skip


def _changing(name, change):
    return lambda again, given: again(**{name: change(given[name])})


def _ints_only(names):
    def answer(right, given):
        if any(isinstance(given[name], (tuple, list)) for name in names):
            raise TypeError("unsupported operand type(s) for a tuple and an int")
        return right

    return answer
