"""Questions of unit 13."""

from cnncourse.checks.author import question


@question(see="What the block costs")
def answer_reduction_saves():
    """Right: without the reduction 25 · 192 · 32 = 153,600 weights, with it 192 · 16 + 25 · 16 · 32 = 15,872."""
    return 25 * 192 * 32 - (192 * 16 + 25 * 16 * 32)


answer_reduction_saves.wrong = {
    153_600: ("without-reduction", "That is what the 5×5 convolution alone would hold. Take off what the two hold."),
    15_872: ("with-reduction", "That is what both convolutions hold. How many fewer is it than the 5×5 alone?"),
    140_800: ("reduction-free", "The 1×1 convolution has weights, too: 192 · 16."),
    150_528: ("five-free", "The 5×5 convolution behind the reduction has weights, too: 25 · 16 · 32."),
}


@question(see="Large kernels from small ones")
def answer_separable_pairs():
    """Right: n·1 after 1·n holds 2n numbers in place of n², so a share of 2/7."""
    return 14


answer_separable_pairs.wrong = {
    49: ("whole-kernel", "That is the 7×7 kernel itself."),
    35: ("saved", "That is how many are saved. How many do the two hold?"),
    7: ("one-of-two", "That is one of them. There is a column and a row."),
    18: ("two-threes", "Those are two kernels of 3×3. Here it is 1×7 after 7×1."),
}


@question(see="Label smoothing")
def answer_smooth_logits():
    """Right: with a target of 0.91 and nine of 0.01, the loss is least where the probabilities are just these. One-hot
    targets are never reached, so that the logits grow without end."""
    return "b"


answer_smooth_logits.wrong = {
    "a": ("still-grows", "That is so without smoothing. Here a probability above its target makes the loss rise."),
    "c": ("all-equal", "That would be smoothing of 1. The label's target is far above the others."),
    "d": ("zero-loss", "The loss is least there, and that least value is the target's entropy, which is not 0."),
}
