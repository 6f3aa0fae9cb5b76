"""Questions of unit 02."""

from cnncourse.checks.author import question


@question(see="How many parameters?")
def answer_parameters():
    """Right: 8 filters with 3 · 5 · 5 = 75 weights each, and 8 biases."""
    return 8 * (3 * 5 * 5 + 1)


answer_parameters.wrong = {
    600: ("forgets-biases", "Those are the weights. Each of the 8 filters has a bias too."),
    601: ("one-bias", "600 weights are right. There is a bias for each of the 8 filters."),
    208: ("forgets-channels", "You count 5 · 5 weights per filter. A filter reaches through all 3 input channels."),
    603: ("bias-per-input-channel", "600 weights are right. Biases belong to the 8 filters, not to the 3 channels."),
    624: ("bias-per-kernel", "600 weights are right. One bias per filter, not one for each pair of channels."),
}


@question(see="Cross-correlation and convolution")
def answer_same_result():
    """Right: turning by 180° must leave the kernel as it is, k[i, j] = k[K − 1 − i, K − 1 − j]."""
    return "c"


answer_same_result.wrong = {
    "a": ("any-kernel", "Try it with [[1, 2], [3, 4]]: turned by 180° it is [[4, 3], [2, 1]]."),
    "b": ("transpose-symmetry", "k = kᵀ is symmetry about the diagonal. The flip turns by 180°: [[1, 0], [0, 2]] "
          "equals its transpose and is not the same after a turn."),
    "d": ("sum-zero", "The sum of the kernel says how a flat image comes out. Sobel's kernel sums to zero, and "
          "changes its sign when turned."),
}  # fmt: skip


@question(see="The same sum, in a game of dice")
def answer_three_dice():
    """Right: 27 of the 216 triples add up to 10."""
    return 27 / 216


answer_three_dice.wrong = {
    1 / 16: ("equal-chances", "The 16 sums from 3 to 18 are not equally likely. Count triples, or convolve twice."),
    25 / 216: ("sum-of-nine", "That is the chance of 9. Mind the index: three dice that count from 1 start at 3."),
    21 / 216: ("index-of-the-sum", "That is the chance of 13. Index 10 belongs to faces that count from 0; with faces "
               "that count from 1 it is the sum 13."),
    6 / 56: ("unordered-triples", "You count triples without their order. Those are not equally likely: 1, 3, 6 comes "
             "in six orders, 2, 4, 4 in three."),
    12.5: ("per-cent", "That is in per cent. A probability is a number from 0 to 1."),
    1 / 6: ("two-dice-seven", "That is the chance of a 7 with two dice. Convolve once more."),
    3 / 36: ("two-dice", "That is the chance of a 10 with two dice. Convolve once more."),
}  # fmt: skip
