"""Questions of unit 01."""

from cnncourse.checks.author import question


@question(see="Batches")
def answer_batch_bytes():
    """Right: 32 · 3 · 224 · 224 numbers, 4 bytes each: a little over 19 million bytes."""
    return 32 * 3 * 224 * 224 * 4


answer_batch_bytes.wrong = {
    32 * 3 * 224 * 224: ("counts-numbers", "That is how many numbers there are. A float32 takes 4 bytes."),
    32 * 3 * 224 * 224 * 8: ("counts-float64", "You count 8 bytes per number, as float64 has. float32 has 4."),
    3 * 224 * 224 * 4: ("one-image-only", "That is one image. The batch has 32."),
    32 * 224 * 224 * 4: ("forgets-channels", "You count one channel. Each image has 3."),
}


@question(see="What flattening forgets")
def answer_shuffled_pixels():
    """Right. To an MLP the order of its inputs means nothing: it learns other weights and gets as far. A CNN counts on
    neighbours belonging together, and shuffling takes that away."""
    return "b"


answer_shuffled_pixels.wrong = {
    "a": ("cnn-does-not-care", "Turn it round: a convolution looks at neighbouring pixels together, so it is the CNN "
          "that needs them to be neighbours."),
    "c": ("both-suffer", "An MLP has a weight of its own for each pixel, so it can undo any fixed shuffling. Lesson 01 "
          "measures it."),
    "d": ("none-suffers", "The CNN does suffer: its filters see 3×3 neighbourhoods, which after shuffling are pixels "
          "from anywhere."),
}  # fmt: skip
