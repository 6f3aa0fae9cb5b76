"""Questions of unit 16."""

from cnncourse.checks.author import question


@question(see="Cover it and see")
def answer_covered_images():
    """Right: (96 − 32) / 16 + 1 = 5 places along each side, 25 together."""
    return ((96 - 32) // 16 + 1) ** 2


answer_covered_images.wrong = {
    16: ("last-place-missing", "(96 − 32) / 16 = 4 is the number of steps. There is one place more than steps."),
    5: ("one-side", "That is the number of places along one side."),
    36: ("places-of-the-stride", "96 / 16 = 6 squares along a side: the last one would reach over the border."),
    9: ("side-by-side", "Those are squares side by side. They move by 16, half their side, and overlap."),
    26: ("image-counted", "That counts the image itself, too. Asked for are the covered images."),
    4225: ("steps-of-one", "That is a step of one pixel. The square moves by 16."),
}


@question(see="Integrated gradients")
def answer_sum_of_the_map():
    """Right: the map adds up to z(x) − z(b), however it is distributed."""
    return 5.5 - (-1.25)


answer_sum_of_the_map.wrong = {
    4.25: ("baseline-added", "z(b) is negative, and it is subtracted: 5.5 − (−1.25)."),
    5.5: ("baseline-forgotten", "That is z(x). The map adds up to the difference from the baseline."),
    -6.75: ("turned-round", "That is z(b) − z(x). The map says what the image adds to the baseline."),
    1.0: ("shares", "The map is not scaled: it adds up to the difference of the logits."),
    0.0: ("zero", "Positive and negative entries may cancel in part. Their sum is fixed by completeness."),
}


@question(see="Adversarial examples")
def answer_linear_attack():
    """Right: each of the 3·64·64 numbers moves by 0.05 in the direction of its weight: 0.05 · 12,288 · 0.02."""
    return 0.05 * 3 * 64 * 64 * 0.02


answer_linear_attack.wrong = {
    0.05 * 64 * 64 * 0.02: ("pixels-for-numbers", "An image has three numbers per pixel."),
    0.05 * 0.02: ("one-number", "That is what one number of the image does. All of them move at once."),
    0.05 * 0.02 * (3 * 64 * 64) ** 0.5: (
        "random-signs", "That is the typical change by random signs. FGSM's signs all agree with the weights.",
    ),
    3 * 64 * 64 * 0.02: ("eps-forgotten", "That is the sum of |w|. Multiply it by ε."),
    0.05 * 3 * 64 * 64: ("weights-forgotten", "Each change counts times its weight, 0.02."),
}


@question(see="Explanations judged")
def answer_same_map():
    """Right: whatever these layers compute, the map is the same, so it cannot tell anything about them."""
    return "c"


answer_same_map.wrong = {
    "a": ("robust-network", "The network has changed its answer. Only the map has not."),
    "b": ("useless-layers", "The layers matter for the answer: without them the network finds another class."),
    "d": ("lies-on-the-object", "It may lie on the object in both cases. An edge detector does that, too, without "
    "any network."),
}
