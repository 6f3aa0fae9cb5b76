"""Questions of unit 05."""

from cnncourse.checks.question import Question

tasks = [
    Question(
        "05.answer_im2col_memory",
        9,
        "Right: there are as many windows as pixels, and each column holds 3 · 3 entries a channel. Nine times the "
        "memory is what im2col pays for one large matrix product.",
        {
            3: ("kernel-side", "A window holds 3 · 3 entries of each channel, not 3."),
            1: (
                "no-copies",
                "The windows overlap, and im2col writes every overlap down again: a pixel stands in nine windows.",
            ),
            27: ("channels-twice", "The input has its channels too: only the 3 · 3 entries of the window are new."),
            8: ("without-the-original", "Eight copies more, so nine times as much."),
        },
        see="05#im2col: every window a column",
        place=91,
    ),
    Question(
        "05.answer_winograd_saving",
        2.25,
        "Right: 2 × 2 outputs of a 3 × 3 kernel take 4 · 9 = 36 multiplications directly, and 4 · 4 = 16 here.",
        {
            1.5: (
                "one-dimensional",
                "That is the saving in one dimension, 6 / 4. In two dimensions the algorithm is nested in itself.",
            ),
            36 / 9: (
                "counts-kernel",
                "36 / 9 is wrong: a 4 × 4 tile needs 4 · 4 products, one for each of its entries.",
            ),
            3: ("adds-savings", "The two savings of 1.5 multiply."),
            16 / 36: ("inverse", "The question is how many times fewer: 36 / 16."),
            4: ("outputs", "Four is the number of outputs of a tile. Count multiplications: 36 directly, and here?"),
        },
        see="05#Winograd: fewer multiplications",
        place=92,
    ),
    Question(
        "05.answer_wrapped_part",
        "b",
        "Right: these windows begin inside the image and stick out at the far end, where the circular correlation "
        "wraps around. All others never reach the border.",
        {
            "a": ("all-wrong", "A window that lies inside the image never meets the border, circular or not."),
            "c": (
                "wrong-end",
                "That holds for a true convolution. In a correlation the window at (i, j) begins there and reaches "
                "down and to the right.",
            ),
            "d": (
                "all-right",
                "The transform takes the image as periodic: a window that sticks out finds the image's other side.",
            ),
        },
        see="05#FFT: multiply spectra instead",
        place=93,
    ),
]
