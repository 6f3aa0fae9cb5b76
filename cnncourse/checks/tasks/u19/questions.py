"""Questions of unit 19."""

from cnncourse.checks.author import question


@question(see="How good is a segmentation?")
def answer_dice_of_half():
    """Right: 2 · 0.5 / (1 + 0.5) = 2/3."""
    return 2 / 3


answer_dice_of_half.wrong = {
    0.5: ("iou-itself", "That is the IoU. Dice is 2·IoU / (1 + IoU), and larger than IoU unless both are 0 or 1."),
    1 / 3: ("the-other-way", "That is the IoU of a Dice of 0.5: D / (2 − D). Here it is the other way round."),
    0.75: ("half-way", "That is half way to 1. Write both by the three counts: both, only true, only predicted."),
    1.0: ("not-halved", "That is 2·IoU. The divisor 1 + IoU is missing."),
}


@question(see="U-Net")
def answer_unpadded_size():
    """Right: 4 off by two convolutions, halved, 4 off, doubled, 4 off: ((124 − 4) / 2 − 4) · 2 − 4 = 108."""
    return 108


answer_unpadded_size.wrong = {
    124: ("padded", "That would be so with padding. Each 3×3 convolution without it costs two rows and two columns."),
    120: ("first-two-only", "That is after the first two convolutions. A pooling, two more, the way up, and two more "
        "follow."),
    116: ("too-few-rows", "Each 3×3 convolution costs two rows, one on each side, and there are six. What goes at half "
        "the size counts twice here."),
    112: ("four-rows-too-few", "Four rows too few are gone. Do the two convolutions after the way up count? And those "
        "at half the size cost four rows there, which are eight here."),
    60: ("after-the-pooling", "That is after the pooling. Two convolutions, the way up, and two more follow."),
    56: ("at-the-bottom", "That is at the bottom. The way up doubles the size, and two convolutions follow."),
    52: ("not-doubled", "The way up doubles the size again."),
}


@question(see="How good is a segmentation?")
def answer_flattering():
    """Right: all of the background's pixels are right, and that is nearly all of them."""
    return "c"


answer_flattering.wrong = {
    "a": ("iou", "The garment's IoU is 0: there is no pixel in which truth and prediction agree on it."),
    "b": ("dice", "Dice of the garment is 0, as its IoU is."),
    "d": ("boundary", "Nothing is predicted, so nothing has a boundary: it is 0 as well."),
}
