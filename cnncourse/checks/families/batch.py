"""What happens to the images of a batch: their contributions add up, or each image keeps its own result."""

import numpy as np


def batch_sum(task, *names):
    """Mistakes with a result that is a sum over the images, such as a parameter's gradient.

    Parameters
    ----------
    task : Task whose right answer is known
    *names : the arguments whose first axis counts the images
    """

    def of_each_image(again, given):
        return [again(**{n: given[n][i : i + 1] for n in names}) for i in range(len(given[names[0]]))]

    for slug, reduce, explanation in (
        ("mean-over-the-batch", lambda parts: sum(parts) / len(parts),
         "The images' gradients are averaged. If L is a mean over the batch, the upstream gradient holds the 1/N "
         "already; here they add up."),
        ("batch-not-summed", np.concatenate,
         "The images' gradients stand one after the other. The parameter is the same for all images, so they add up."),
        ("one-gradient-per-image", np.stack,
         "There is one gradient per image. The parameter is the same for all images, so they add up."),
        ("first-image-only", lambda parts: parts[0], "Only the first image counts. Every image adds to the gradient."),
        ("last-image-only", lambda parts: parts[-1],
         "Only the last image counts. In a loop over images the gradient needs += and not =."),
    ):  # fmt: skip
        task.add_mistake(slug, lambda again, given, reduce=reduce: reduce(of_each_image(again, given)), explanation)


def images_apart(task, *names):
    """Mistakes with a result that has one entry per image: images mixed, or only the first one there."""

    def first_image_only(again, given):
        return again(**{n: given[n][:1] for n in names})

    def repeats_first_image(again, given):
        return again(**{n: np.repeat(given[n][:1], len(given[n]), axis=0) for n in names})

    task.add_mistake("first-image-only", first_image_only, "Only the first image of the batch comes out.")
    task.add_mistake(
        "repeats-first-image", repeats_first_image,
        "Every image gets the first one's result: look at which image the loop reads.",
    )  # fmt: skip
