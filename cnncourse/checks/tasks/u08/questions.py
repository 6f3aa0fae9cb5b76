"""Questions of unit 08."""

from cnncourse.checks.author import question


@question(see="One channel")
def answer_learned_numbers():
    """Right: γ and β, one of each for every channel. The running mean and variance are kept, not learned."""
    return 128


answer_learned_numbers.wrong = {
    64: ("one-vector", "That is only γ, or only β. Both are learned."),
    256: ("counts-running-values", "The running mean and variance follow the data; no gradient changes them."),
    131_072: ("counts-pixels", "Neither γ nor β knows about places: one number each for a whole channel."),
    2: ("one-pair", "Each of the 64 channels has its own γ and β."),
}


@question(see="When the batch is gone")
def answer_running_variance():
    """Right: 0.9 · 1 + 0.1 · 5. The unbiased variance, 20 / 4, is what enters."""
    return 1.4


answer_running_variance.wrong = {
    1.3: ("biased", "20 / 5 = 4 is the biased variance, which normalises the batch. The running one is unbiased."),
    4.6: ("momentum-swapped", "Momentum weighs the new value: 0.9 of the old one stays."),
    5.0: ("overwritten", "The running value moves only a tenth of the way."),
    1.5: ("running-sum", "The old value is multiplied by 0.9 before the batch's share is added."),
}


@question(see="A bias in front")
def answer_idle_bias():
    """Right: a constant added to a channel moves its mean by the same constant, and the mean is subtracted. β does that
    job, which is why convolutions before batch norm have `bias=False`."""
    return "b"


answer_idle_bias.wrong = {
    "a": ("by-the-variance", "The division does not remove a constant. What does?"),
    "c": ("slower", "It is not slower; it does nothing at all, and its gradient is zero."),
    "d": ("needed", "Try it: add 5 to a channel of a batch, and normalise."),
}
