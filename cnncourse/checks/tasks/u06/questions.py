"""Questions of unit 06."""

from cnncourse.checks.author import question


@question(see="The gradient of a shared weight")
def answer_terms():
    """Right: the window has 2 × 2 places, and at each of them the weight meets one pixel."""
    return 2 * 2


answer_terms.wrong = {
    9: ("stride-one", "That is with stride 1. With stride 2 the window takes every other place."),
    25: ("counts-pixels", "A weight does not meet every pixel: only one for each place of the window."),
    36: ("counts-all-weights", "That is 9 weights with 4 terms each; the question is about one weight."),
    1: ("one-place", "The weight is shared: it is used at every place of the window."),
}


@question(see="Stride, padding, dilation, groups: three lines in one loop")
def answer_unreached():
    """Right: windows start at rows 0, 2 and 4, so they reach rows 0 to 6. The last row and the last column, 8 + 8 − 1
    pixels, reach no output, and their gradient is zero."""
    return 8 + 8 - 1


answer_unreached.wrong = {
    0: ("rest-forgotten", "With stride 2 the last window starts at row 4 and ends at row 6. Row 7 is not reached."),
    16: ("corner-twice", "The corner belongs to the last row and to the last column: count it once."),
    49: ("counts-reached", "Those are the pixels that are reached."),
    8: ("one-side", "The last row is not reached, and the last column is not reached either."),
    1: ("corner-only", "It is not only the corner: it is the whole last row and the whole last column."),
}


@question(see="Is it right? The numerical check")
def answer_ones_upstream():
    """Right: where all upstream values are equal, it makes no difference which one is read. A random upstream gradient
    tells them apart."""
    return "b"


answer_ones_upstream.wrong = {
    "a": ("mean-is-seen", "A wrong divisor changes every value, under ones as under anything else: the check would "
          "notice."),
    "c": ("shape-is-seen", "A wrong shape is noticed before any value is compared."),
    "d": ("nothing-hidden", "If all places carry the same gradient, mixed-up places do not show. What then?"),
}  # fmt: skip
