"""Questions of unit 07."""

from cnncourse.checks.author import question


@question(see="Maximum and mean of a window")
def answer_overlapping():
    """Right: ⌊(13 − 3) / 2⌋ + 1 = 6. Neighbouring windows share a row or a column."""
    return 6


answer_overlapping.wrong = {
    5: ("forgets-plus-one", "The window at the beginning counts too: ⌊(13 − 3) / 2⌋ + 1."),
    4: ("stride-is-three", "That is with windows side by side. These move by 2."),
    7: ("rounds-up", "There is no remainder here to round: the last window starts at 10."),
    11: ("stride-is-one", "That is with stride 1."),
}


@question(see="Backward: one winner takes all")
def answer_gradient_entries():
    """Right: one for each of the 4 · 4 windows. All other pixels had no influence on the output."""
    return 16


answer_gradient_entries.wrong = {
    64: ("everyone", "Three of the four pixels of a window have no influence on its maximum."),
    4: ("per-window", "Four is the size of a window. Each of the 16 windows passes its gradient to one pixel."),
    48: ("counts-zeros", "Those are the zeros."),
    32: ("two-per-window", "A window passes its gradient to one pixel, not to two."),
}


@question(see="What the padding is made of")
def answer_zero_padding():
    """Right: there the padding would win. After a ReLU nothing is below zero, which is why the mistake can stay hidden
    for long."""
    return "c"


answer_zero_padding.wrong = {
    "a": ("never", "Take a window at the border with −2 and −1: its maximum is −1, with zeros beside it 0."),
    "b": ("after-relu", "After a ReLU no entry is below zero, so the padding's zeros change no maximum."),
    "d": ("always", "Where a window holds a positive entry, that entry wins over the zeros."),
}
