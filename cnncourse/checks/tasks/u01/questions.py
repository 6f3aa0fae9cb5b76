"""Questions of unit 01."""

from cnncourse.checks.question import Question

tasks = [
    Question(
        "01.answer_batch_bytes",
        32 * 3 * 224 * 224 * 4,
        "Right: 32 · 3 · 224 · 224 numbers, 4 bytes each: a little over 19 million bytes.",
        {
            32 * 3 * 224 * 224: ("counts-numbers", "That is how many numbers there are. A float32 takes 4 bytes."),
            32 * 3 * 224 * 224 * 8: ("counts-float64", "You count 8 bytes a number, as float64 has. float32 has 4."),
            3 * 224 * 224 * 4: ("one-image-only", "That is one image. The batch has 32."),
            32 * 224 * 224 * 4: ("forgets-channels", "You count one channel. Each image has 3."),
        },
        see="01#Batches",
        place=91,
    ),
    Question(
        "01.answer_shuffled_pixels",
        "b",
        "Right. To an MLP the order of its inputs means nothing: it learns other weights and gets as far. A CNN "
        "counts on neighbours belonging together, and shuffling takes that away.",
        {
            "a": (
                "cnn-does-not-care",
                "Turn it round: a convolution looks at neighbouring pixels together, so it is the CNN that needs "
                "them to be neighbours.",
            ),
            "c": (
                "both-suffer",
                "An MLP has a weight of its own for each pixel, so it can undo any fixed shuffling. Lesson 01 "
                "measures it.",
            ),
            "d": (
                "none-suffers",
                "The CNN does suffer: its filters see 3×3 neighbourhoods, which after shuffling are pixels from "
                "anywhere.",
            ),
        },
        see="01#What flattening forgets",
        place=92,
    ),
]
