"""Questions of unit 17."""

from cnncourse.checks.author import question


@question(see="A new head, and more than the head")
def answer_head_parameters():
    """Right: a weight for each of 512 features and 20 classes, and 20 biases."""
    return 512 * 20 + 20


answer_head_parameters.wrong = {
    512 * 20: ("no-biases", "The biases are missing: one for each class."),
    512 * 1000 + 1000: ("old-head", "That is a head for 1,000 classes, such as ImageNet's."),
    512 * 20 + 512: ("biases-of-the-inputs", "There is one bias for each output, not for each input."),
    512 * 20 + 1: ("one-bias", "There is one bias for each output, and there are 20."),
    512 + 20: ("sum-for-product", "Each class has its own weight for each feature: a product."),
}


@question(see="One learning rate for old and new")
def answer_first_rate():
    """Right: the first of 7 stages is 6 steps from the end: 0.08 · 0.5⁶."""
    return 0.08 * 0.5**6


answer_first_rate.wrong = {
    0.08 * 0.5**7: ("one-step-too-many", "The last stage has the power 0, so the first of 7 has the power 6."),
    0.08 * 0.5**5: ("one-step-too-few", "From the seventh stage back to the first there are 6 steps."),
    0.08: ("no-decay", "That is the last stage's rate."),
    0.08 * 2**6: ("wrong-way", "Earlier stages learn more slowly: half the rate, not twice."),
    0.08 / 6: ("divided-by-the-steps", "The rates fall by a factor from stage to stage; they are not shared out."),
    0.08 * 0.5: ("one-step", "Each stage is ½ of the next one, not all of them ½ of the last."),
    0.08 / 7: ("divided", "The rates fall by a factor from stage to stage; they are not shared out."),
}


@question(see="A frozen network that learns")
def answer_momentum_left():
    """Right: after n batches (1 − momentum)ⁿ of the old running mean is left: 0.99¹⁰⁰."""
    return 0.99**100


answer_momentum_left.wrong = {
    1 - 0.99**100: ("what-is-new", "That is the share of the new batches. What is left of the old value?"),
    0.0: ("nothing-left",
        "1 − 100 · 0.01 counts each batch as if none came after it. Each step keeps 99 % of what is there."),
    0.9**100: ("other-momentum", "That is PyTorch's usual momentum of 0.1. Here it is 0.01."),
    0.99: ("one-batch", "That is what one batch leaves. There are 100."),
    0.01: ("momentum", "That is the share of a new batch. What is left of the old value after 100 of them?"),
    1.0: ("frozen", "requires_grad does not stop running statistics: in training mode they move."),
    0.01**100: ("powers-of-momentum", "In each step the old value is kept with weight 1 − momentum."),
}


@question(see="Test pictures among the training pictures")
def answer_duplicates():
    """Right: 0.3 · 1 + 0.7 · 0.6. Each duplicate is found; the others are right as often as new ones."""
    return 0.3 + 0.7 * 0.6


answer_duplicates.wrong = {
    0.6: ("not-counted", "That is the accuracy on new pictures. What do the duplicates add?"),
    0.9: ("added",
        "The share of the duplicates is added to the accuracy. Only the other 70 % are right in 60 % of the cases."),
    0.3 * 0.6 + 0.7: ("shares-swapped", "The duplicates are 30 %, and they are the ones that are always right."),
    0.7 * 0.6: ("duplicates-forgotten", "That is what the new pictures add. The duplicates are right, too."),
    0.6 + 0.3 * 0.6: ("share-of-the-right-ones", "All duplicates are right, and 60 % of the others: 0.3 + 0.7 · 0.6."),
    72.0: ("per-cent", "That is in per cent. Give a number from 0 to 1."),
    0.65: ("mean", "Weigh the two accuracies by how many pictures they are for."),
}
