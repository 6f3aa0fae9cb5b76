"""Questions of unit 11."""

from cnncourse.checks.author import question


@question(see="Layer by layer")
def answer_first_size():
    """Right: ⌊(227 − 11) / 4⌋ + 1 = 55. With the 224 pixels that the paper names it would be 54, with a remainder."""
    return (227 - 11) // 4 + 1


answer_first_size.wrong = {
    54: ("starts-at-zero", "Count the places: (227 − 11) / 4 steps, and the place where the window starts."),
    57: ("width-over-stride", "That is 227 / 4, rounded up. The window itself takes 11 pixels: (227 − 11) / 4 + 1."),
    56: ("width-over-stride-down", "That is 227 // 4, or a first layer with padding. Without: (227 − 11) / 4 + 1."),
    217: ("forgets-stride", "That is at stride 1. The window moves by 4 pixels."),
    27: ("after-pooling", "That is behind the pooling. The convolution itself gives a larger map."),
}


@question(see="Two GPUs, two groups")
def answer_group_weights():
    """Right: 256 filters of 48 · 5 · 5 weights. Without groups each filter would reach through all 96 channels, twice
    as many."""
    return 256 * 48 * 5 * 5


answer_group_weights.wrong = {
    614_400: ("without-groups", "That is without groups. Each filter sees the 48 channels of its own group."),
    153_600: ("divides-twice", "There are still 256 filters: 128 in each group, and two groups."),
    307_456: ("counts-biases", "You count the biases as well."),
    61_440: ("side-for-area", "A kernel has 5 · 5 weights per channel, not 5."),
    12_800: ("forgets-channels", "Each kernel reaches through 48 channels."),
}


@question(see="Dropout")
def answer_dropout_at_test():
    """Right: the kept ones were divided by 1 − p while training, so the mean over all masks is the value itself.
    Nothing is left to do at test time."""
    return "d"


answer_dropout_at_test.wrong = {
    "a": ("published-form", "That belongs to the form as published, which does not divide while it trains."),
    "b": ("masks-at-test", "Then the answer for a picture would be random."),
    "c": ("doubles-again", "The kept ones were made larger while training. At test time all are there."),
}
