"""Questions of unit 02."""

from cnncourse.checks.question import Question

tasks = [
    Question(
        "02.answer_parameters",
        608,
        "Right: 8 filters with 3 · 5 · 5 = 75 weights each, and 8 biases.",
        {
            600: ("forgets-biases", "Those are the weights. Each of the 8 filters has a bias too."),
            601: ("one-bias", "600 weights are right. There is a bias for each of the 8 filters."),
            208: ("forgets-channels", "You count 5 · 5 weights a filter. A filter reaches through all 3 input "
                                      "channels."),
            603: ("bias-per-input-channel", "600 weights are right. Biases belong to the 8 filters, not to the 3 "
                                            "channels."),
            624: ("bias-per-kernel", "600 weights are right. One bias a filter, not one for each pair of channels."),
        },
        see="02#How many parameters?",
        place=91,
    ),
    Question(
        "02.answer_same_result",
        "c",
        "Right: turning by 180° must leave the kernel as it is, k[i, j] = k[K − 1 − i, K − 1 − j].",
        {
            "a": ("any-kernel", "Try it with [[1, 2], [3, 4]]: turned by 180° it is [[4, 3], [2, 1]]."),
            "b": (
                "transpose-symmetry",
                "k = kᵀ is symmetry about the diagonal. The flip turns by 180°: [[1, 0], [0, 2]] equals its "
                "transpose and is not the same after a turn.",
            ),
            "d": (
                "sum-zero",
                "The sum of the kernel says how a flat image comes out. Sobel's kernel sums to zero, and changes "
                "its sign when turned.",
            ),
        },
        see="02#Cross-correlation and convolution",
        place=92,
    ),
    Question(
        "02.answer_three_dice",
        27 / 216,
        "Right: 27 of the 216 triples add up to 10.",
        {
            1 / 16: ("equal-chances", "The 16 sums from 3 to 18 are not equally likely. Count triples, or convolve "
                                      "twice."),
            25 / 216: ("sum-of-nine", "That is the chance of 9. Mind the index: three dice that count from 1 start "
                                      "at 3."),
            1 / 6: ("two-dice-seven", "That is the chance of a 7 with two dice. Convolve once more."),
            3 / 36: ("two-dice", "That is the chance of a 10 with two dice. Convolve once more."),
        },
        see="02#The same sum, in a game of dice",
        place=93,
    ),
]
