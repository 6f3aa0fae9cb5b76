"""Questions of unit 09."""

import math

from cnncourse.checks.author import question


@question(see="Softmax and cross-entropy")
def answer_first_loss():
    """Right: log 10 ≈ 2.303. A network that knows nothing gives each class a tenth. If the first loss is far from that,
    something is wrong with the start."""
    return math.log(10)


answer_first_loss.wrong = {
    0.1: ("probability", "That is the probability of each class. The loss is minus its logarithm."),
    1.0: ("base-ten", "That is the logarithm to base 10. Cross-entropy uses the natural one."),
    10.0: ("classes", "Ten is the number of classes; the loss is the logarithm of it."),
    -math.log(10): ("sign", "The loss is *minus* the logarithm of the probability: positive."),
    math.log2(10): ("base-two", "That is the logarithm to base 2. Cross-entropy uses the natural one."),
}


@question(see="The start")
def answer_identical_filters():
    """Right: alike filters give alike outputs, get alike gradients, and take alike steps. Chance is what sets them
    apart at the start."""
    return "a"


answer_identical_filters.wrong = {
    "b": ("step-size", "A larger step is the same step for all of them."),
    "c": ("data-decides", "The data are the same for both filters, and so are the gradients."),
    "d": ("momentum", "The velocities start alike, and are fed by the same gradients."),
}


@question(see="The step")
def answer_velocity():
    """Right: v = 0.9·v + g stands still where 0.1·v = g. The step becomes ten times as long as without momentum."""
    return 10


answer_velocity.wrong = {
    1: ("no-memory", "That is the first step's velocity. The next one adds 0.9 of it."),
    9: ("old-share-only", "0.9·v of the old velocity, plus the new gradient: v = 0.9·v + 1."),
    0.9: ("one-share", "That is what remains of the first gradient after one more step."),
    1.9: ("two-steps", "That is after two steps. It keeps growing, by less and less."),
}
