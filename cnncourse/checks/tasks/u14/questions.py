"""Questions of unit 14."""

from cnncourse.checks.author import question


@question(see="Through many blocks")
def answer_identity_gradient():
    """Right: each block multiplies the gradient by 1 + F′ = 1. In a plain network it would be multiplied by F′ = 0."""
    return 1


answer_identity_gradient.wrong = {
    0: ("plain-network", "That is the plain network, y = F(x). Here the input is added: the slope is 1 + F′."),
    20: ("adds-blocks", "Blocks in a row multiply their slopes; they do not add them."),
    2**20: ("doubles", "The slope of a block is 1 + F′, and F′ is 0 here."),
}


@question(see="When the last γ is zero")
def answer_zero_gamma():
    """Right: with γ = 0 (and β = 0) the main path gives zero. The block passes its input on, and learns to add to
    it."""
    return "b"


answer_zero_gamma.wrong = {
    "a": ("memory", "A zero takes as much memory as any other number."),
    "c": ("stuck", "γ gets a gradient although it is zero, and moves away from it with the first steps."),
    "d": ("eval", "It is about the start of training. Eval has nothing to do with it."),
}
