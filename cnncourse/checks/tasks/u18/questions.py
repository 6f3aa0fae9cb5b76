"""Questions of unit 18."""

from cnncourse.checks.author import question


@question(see="Intersection over union")
def answer_shifted_iou():
    """Right: 8·10 in common, and 2·100 − 80 altogether."""
    return 80 / 120


answer_shifted_iou.wrong = {
    0.8: ("share-of-one", "That is the share of one box that is covered. The divisor is the area of the union, 120."),
    0.4: ("common-area-counted-twice", "The union is 100 + 100 − 80. The area in common counts once."),
    160 / 200: ("dice", "That is Dice, 2·80 / 200. IoU is 80 / 120."),
    0.64: ("both-axes", "The box is shifted along one axis only: 8·10 pixels are in common."),
    1 / 3: ("one-minus", "That is 1 − IoU."),
    64 / 136: ("shifted-along-both", "The box is shifted along one axis only: 8·10 pixels are in common."),
    1.5: ("upside-down", "That is the union over the area in common. IoU is never above 1."),
    0.2: ("shift", "That is the shift over the side."),
}


@question(see="Anchors, matching, offsets")
def answer_double_size():
    """Right: ln(box / anchor), and ln 2 is 0.693 for every size."""
    return 0.6931471805599453


answer_double_size.wrong = {
    2.0: ("ratio", "That is the ratio itself. The offset is its natural logarithm."),
    1.0: ("base-two", "The logarithm is the natural one, not that to base 2."),
    -0.6931471805599453: ("upside-down", "The ratio is box over anchor, which is greater than 1 here."),
    0.3010299956639812: ("base-ten", "The logarithm is the natural one, not that to base 10."),
    0.5: ("half", "The ratio is box over anchor, and then its logarithm is taken."),
}


@question(see="Many easy places")
def answer_focal_factor():
    """Right: (1 − 0.9)² = 0.01, a hundredth of its cross-entropy."""
    return 0.01


answer_focal_factor.wrong = {
    0.81: ("power-of-p", "That is p². The factor is (1 − p)²."),
    0.1: ("power-forgotten", "That is 1 − p. With γ = 2 it is squared."),
    0.2: ("factor-for-power", "That is 2 · (1 − p). γ is a power."),
    100.0: ("upside-down", "It is multiplied by 0.01, that is, divided by 100."),
    0.99: ("one-minus", "That is 1 − the factor."),
    1.8: ("factor-of-p", "That is 2 · p. The factor is (1 − p)²."),
    0.0025: ("with-alpha", "Here α is left aside: only the factor (1 − p)^γ."),
}


@question(see="One thing, many boxes")
def answer_low_threshold():
    """Right: then a box of the second thing overlaps the best box of the first by more than the threshold, and goes."""
    return "c"


answer_low_threshold.wrong = {
    "a": ("duplicates", "A low threshold drops more boxes, and duplicates are the first to go."),
    "b": ("slower", "The time hardly changes."),
    "d": ("scores", "Ordinary NMS changes no score."),
}
