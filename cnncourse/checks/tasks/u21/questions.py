"""Questions of unit 21."""

import math

from cnncourse.checks.author import question


@question(see="The ring")
def answer_ring_traffic():
    """Right: 2(P − 1) messages of a P-th each, 2 · 7/8 · 96 = 168 MB."""
    return 2 * 7 * 96 / 8


answer_ring_traffic.wrong = {
    84: ("one-way-only", "That is the way to the sum. The sums must be handed round as well."),
    96: ("once", "That is the array once. Count the messages: 2(P − 1) of size / P."),
    192: ("two-arrays", "That is the limit of many devices. With P = 8 it is 2 · 7/8 of the array."),
    1344: ("whole-array-each-round", "Each message is an eighth of the array, not all of it."),
    672: ("to-everyone",
        "That is the array to each of the 7 others. In a ring each device sends to its neighbour only."),
    12: ("one-message", "That is one message. There are 2(P − 1) of them."),
}


@question(see="Where batch norm breaks it")
def answer_batch_norm_pieces():
    """Right: each piece is normalised by its own mean and variance, which are not those of the whole batch."""
    return "c"


answer_batch_norm_pieces.wrong = {
    "a": ("mean-of-means", "With the right weights the mean of the pieces' mean losses is the mean loss. That is not"
    " it."),
    "b": ("rounding", "Rounding differs in the last digits. Batch norm changes the first ones."),
    "d": ("parameters", "γ and β are in both networks, and their gradients add up as all others do."),
}


@question(see="Large batches")
def answer_linear_rule():
    """Right: the rate grows as the batch does, 0.1 · 4096 / 256."""
    return 0.1 * 4096 / 256


answer_linear_rule.wrong = {
    0.4: ("square-root",
        "That grows with the square root of the batch. The linear rule multiplies both by one factor."),
    0.1: ("unchanged", "The rate stays. With k times the batch the linear rule takes k times the rate."),
    0.00625: ("upside-down", "A larger batch takes fewer and *longer* steps."),
    16.0: ("factor-itself", "That is the factor. Multiply the rate 0.1 by it."),
    25.6: ("factor-256", "The factor is 4096 / 256 = 16."),
}


@question(see="Sixteen bits")
def answer_bfloat16_sum():
    """Right: beyond 256 the neighbours are 2 apart; 257 is in the middle, and 256 has the even last bit."""
    return 256


answer_bfloat16_sum.wrong = {
    257: ("exact", "257 = 1.00000001 · 2⁸ in binary: that takes 8 bits behind the point, and bfloat16 has 7."),
    258: ("halves-up", "257 lies in the middle between 256 and 258. The last bit of 258 is 1, that of 256 is 0."),
    384: ("too-coarse", "With 7 bits behind the point the neighbours of 256 are 2 apart."),
    512: ("next-power", "With 7 bits behind the point the neighbours of 256 are 2 apart."),
}


@question(see="How many images?")
def answer_learning_curve():
    """Right: (n′/n)^−0.4 = 1/2, so n′/n = 2^(1/0.4) = 2^2.5."""
    return 2**2.5


answer_learning_curve.wrong = {
    2.0: ("twice", "Twice the images divide the error by 2^0.4 only."),
    2**0.4: ("not-solved", "That is by how much twice the images divide the error. Solve k^0.4 = 2."),
    5.0: ("two-over-the-exponent", "That is 2 / 0.4. The exponent is an exponent: solve k^0.4 = 2."),
    2**-2.5: ("upside-down", "That is the part of the images with which the error is twice as large. Here it halves."),
    2.5: ("one-over-the-exponent", "That is 1 / 0.4, the power to which 2 is to be raised."),
    4.0: ("square", "That is right for an exponent of 0.5."),
    math.exp(2.5): ("base-e", "The base is 2, as the error is to be halved: 2^2.5."),
}
