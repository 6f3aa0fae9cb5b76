"""Questions of unit 04."""

from cnncourse.checks.author import question


@question(see="Stride and pooling")
def answer_pool_shift():
    """Right: then every window finds its old neighbour's content, and the output moves by half as many pixels. After a
    shift by one, the windows hold other groups of pixels."""
    return "c"


answer_pool_shift.wrong = {
    "a": ("always", "Try the row 0 9 9 0: its pools are 9, 9. One pixel to the right it is 0 0 9 9, with pools 0, 9."),
    "b": ("never", "Shift by two pixels: each window then holds what its neighbour held, and the output moves by one."),
    "d": ("borders", "The border is a second difficulty. Even with circular borders, a shift by one pixel groups the "
          "pixels differently."),
}  # fmt: skip


@question(see="The matrix behind a convolution")
def answer_nonzeros():
    """Right: 9 rows, one for each place of the window, with the kernel's 9 entries in each. The other 144 are zero, and
    the 81 hold only 9 different numbers."""
    return (5 - 3 + 1) ** 2 * 3**2


answer_nonzeros.wrong = {
    9: ("counts-different-values", "That is how many different numbers they hold: each is in M nine times, once per "
        "row."),
    9 * 25: ("counts-all-entries", "That is the size of M, 9 · 25. How many pixels does one output look at?"),
    9 * 25 - 81: ("counts-zeros", "Those are the zeros."),
    25: ("counts-columns", "25 is the number of columns, one for each pixel."),
}  # fmt: skip


@question(see="From equivariance to invariance")
def answer_global_pool():
    """Right: the convolutions' output moves along (equivariance), and its mean does not depend on where things are:
    together they are invariant."""
    return "b"


answer_global_pool.wrong = {
    "a": ("equivariant-output", "The output no longer has height and width: there is nothing left that could move."),
    "c": ("neither", "With stride 1 and circular borders the maps only move, and their means stay what they are."),
    "d": ("synonyms", "They are two properties: an equivariant output moves along with the input, an invariant one "
          "stays."),
}  # fmt: skip
