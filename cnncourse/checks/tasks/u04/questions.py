"""Questions of unit 04."""

from cnncourse.checks.question import Question

tasks = [
    Question(
        "04.answer_pool_shift",
        "c",
        "Right: then every window finds its old neighbour's content, and the output moves by half as many pixels. "
        "After a shift by one, the windows hold other groups of pixels.",
        {
            "a": (
                "always",
                "Try the row 0 9 9 0: its pools are 9, 9. One pixel to the right it is 0 0 9 9, with pools 0, 9.",
            ),
            "b": (
                "never",
                "Shift by two pixels: each window then holds what its neighbour held, and the output moves by one.",
            ),
            "d": (
                "borders",
                "The border is a second difficulty. Even with circular borders, a shift by one pixel groups the pixels "
                "otherwise.",
            ),
        },
        see="04#Stride and pooling",
        place=91,
    ),
    Question(
        "04.answer_nonzeros",
        81,
        "Right: 9 rows, one for each place of the window, with the kernel's 9 entries in each. The other 144 are zero, "
        "and the 81 hold only 9 different numbers.",
        {
            9: (
                "counts-different-values",
                "That is how many different numbers they hold: each stands in M nine times, once a row.",
            ),
            225: ("counts-all-entries", "That is the size of M, 9 · 25. How many pixels does one output look at?"),
            225 - 81: ("counts-zeros", "Those are the zeros."),
            225 // 9: ("counts-columns", "25 is the number of columns, one for each pixel."),
        },
        see="04#The matrix behind a convolution",
        place=92,
    ),
    Question(
        "04.answer_global_pool",
        "b",
        "Right: the convolutions' output moves along (equivariance), and its mean does not care where things stand: "
        "together they are invariant.",
        {
            "a": (
                "equivariant-output",
                "The output has no height and width any more: there is nothing left that could move along.",
            ),
            "c": (
                "neither",
                "With stride 1 and circular borders the maps only move, and their means stay what they are.",
            ),
            "d": (
                "synonyms",
                "They are two properties: an equivariant output moves along with the input, an invariant one stays.",
            ),
        },
        see="04#From equivariance to invariance",
        place=93,
    ),
]
