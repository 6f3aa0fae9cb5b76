"""Questions of unit 05."""

from cnncourse.checks.author import question


@question(see="im2col: every window a column")
def answer_im2col_memory():
    """Right: there are as many windows as pixels, and each column holds 3 · 3 entries per channel. Nine times the
    memory is what im2col pays for one large matrix product."""
    return 3 * 3


answer_im2col_memory.wrong = {
    3: ("kernel-side", "A window holds 3 · 3 entries of each channel, not 3."),
    1: ("no-copies", "The windows overlap, and im2col writes every overlap down again: a pixel is in nine windows."),
    27: ("channels-twice", "The input has its channels too: only the 3 · 3 entries of the window are new."),
    8: ("without-the-original", "Eight copies more, so nine times as much."),
}


@question(see="Strides: all windows without a copy")
def answer_channel_stride():
    """Right: to go to the next channel is to pass 4 · 5 numbers of 4 bytes."""
    return 4 * 5 * 4


answer_channel_stride.wrong = {
    20: ("counts-numbers", "That is the number of numbers to pass. Strides count bytes: 4 each."),
    60: ("whole-array", "That is how many numbers the whole array has. One channel has 4 · 5 of them."),
    4: ("last-axis", "That is the stride of the last axis, from column to column."),
    5: ("one-row", "That is how many numbers a row has. A channel has 4 rows, and strides count bytes."),
    240: ("whole-array-bytes", "That is the size of the whole array in bytes. One channel is a third of it."),
}


@question(see="Winograd: fewer multiplications")
def answer_winograd_saving():
    """Right: 2 × 2 outputs of a 3 × 3 kernel take 4 · 9 = 36 multiplications directly, and 4 · 4 = 16 here."""
    return 36 / 16


answer_winograd_saving.wrong = {
    1.5: ("one-dimensional", "That is the saving in one dimension, 6 / 4. In two dimensions the algorithm is nested in "
          "itself."),
    4: ("outputs", "Four is the number of outputs of a tile, and 36 / 9. A 4 × 4 tile needs 4 · 4 products, one for "
        "each of its entries; directly it takes 36."),
    3: ("adds-savings", "The two savings of 1.5 multiply."),
    16 / 36: ("inverse", "The question is how many times fewer: 36 / 16."),
}  # fmt: skip


@question(see="FFT: multiply spectra instead")
def answer_wrapped_part():
    """Right: these windows begin inside the image and stick out at the far end, where the circular correlation wraps
    around. All others never reach the border."""
    return "b"


answer_wrapped_part.wrong = {
    "a": ("all-wrong", "A window that lies inside the image never meets the border, circular or not."),
    "c": ("wrong-end", "That holds for a true convolution. In a correlation the window at (i, j) begins there and "
          "reaches down and to the right."),
    "d": ("all-right", "The transform takes the image as periodic: a window that sticks out finds the image's other "
          "side."),
}  # fmt: skip
