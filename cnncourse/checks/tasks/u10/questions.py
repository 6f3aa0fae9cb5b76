"""Questions of unit 10."""

from cnncourse.checks.author import question


@question(see="Counting as in the paper")
def answer_largest_layer():
    """Right: (16·5·5 + 1)·120. C5 alone holds four fifths of LeNet-5's parameters."""
    return (16 * 5 * 5 + 1) * 120


answer_largest_layer.wrong = {
    48_000: ("biases-forgotten", "The 120 biases are missing."),
    3_000: ("one-input-map", "C5 sees all 16 maps: its kernels are 16×5×5."),
    3_120: ("one-input-map", "C5 sees all 16 maps: its kernels are 16×5×5."),
    1_200_120: ("ten-by-ten", "The maps of S4, which C5 sees, are 5×5."),
}


@question(see="S2 and S4")
def answer_subsampling():
    """Right: one coefficient and one bias for each of the 6 maps."""
    return 6 * (1 + 1)


answer_subsampling.wrong = {
    6: ("coefficients-only", "That is only the coefficients. Each map has a bias as well."),
    30: ("four-weights", "The four pixels of a window share one coefficient: they are added first."),
    2: ("shared-by-maps", "Each of the 6 maps has a coefficient and a bias of its own."),
    0: ("as-today", "Today's pooling learns nothing; that of 1998 does."),
}


@question(see="The whole network")
def answer_c5():
    """Right: its 5×5 kernels just cover the 5×5 maps, so it has one place to be at. On larger images it would give a
    map of outputs, which a linear layer cannot."""
    return "c"


answer_c5.wrong = {
    "a": ("no-difference", "For 32×32 images there is none. Give it 36×36 ones: S4's maps are then 6×6."),
    "b": ("more-weights", "Count: 120 kernels of 16×5×5, or a matrix of 120×400. The same."),
    "d": ("fewer-weights", "Count: 120 kernels of 16×5×5, or a matrix of 120×400. The same."),
}
