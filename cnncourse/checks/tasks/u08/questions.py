"""Questions of unit 08."""

from cnncourse.checks.question import Question

tasks = [
    Question(
        "08.answer_learned_numbers",
        128,
        "Right: γ and β, one of each for every channel. The running mean and variance are kept, not learned.",
        {
            64: ("one-vector", "That is only γ, or only β. Both are learned."),
            256: ("counts-running-values", "The running mean and variance follow the data; no gradient changes them."),
            131_072: ("counts-pixels", "Neither γ nor β knows about places: one number each for a whole channel."),
            2: ("one-pair", "Each of the 64 channels has its own γ and β."),
        },
        see="08#One channel",
        place=91,
    ),
    Question(
        "08.answer_running_variance",
        1.4,
        "Right: 0.9 · 1 + 0.1 · 5. The unbiased variance, 20 / 4, is what enters.",
        {
            1.3: (
                "biased",
                "20 / 5 = 4 is the biased variance, which normalises the batch. The running one is unbiased.",
            ),
            4.6: ("momentum-swapped", "Momentum weighs the new value: 0.9 of the old one stays."),
            5.0: ("overwritten", "The running value moves a tenth of the way only."),
            1.5: ("running-sum", "The old value is multiplied by 0.9 before the batch's share is added."),
        },
        see="08#When the batch is gone",
        place=92,
    ),
    Question(
        "08.answer_idle_bias",
        "b",
        "Right: a constant added to a channel moves its mean by the same constant, and the mean is subtracted. β does "
        "that job, which is why convolutions before batch norm have `bias=False`.",
        {
            "a": ("by-the-variance", "The division does not remove a constant. What does?"),
            "c": ("slower", "It is not slower; it does nothing at all, and its gradient is zero."),
            "d": ("needed", "Try it: add 5 to a channel of a batch, and normalise."),
        },
        see="08#A bias in front",
        place=93,
    ),
]
