"""What a network that classifies too badly has gone through, as its outputs for several sets of pictures show it."""

import numpy as np

from cnncourse.checks.training import preparations

FIRST, OTHERS = 100, 900  # training pictures that a network may have learned by heart, and those that it may not know
PREPARED = 1000  # unseen pictures that are shown prepared, too
CLEAR = 5  # standard deviations: chance alone makes two accuracies differ so once in a million times
PREPARATIONS = preparations(0.22, 0.32) | {"inverted": lambda x: 1 - x}


def further_images(images, unseen):
    """The sets of pictures whose outputs tell something, by name."""
    prepared = {name: prepare(unseen[:PREPARED]) for name, prepare in PREPARATIONS.items()}
    return {"first": images[:FIRST], "others": images[-OTHERS:], **prepared}


def diagnose(case, trained):
    """The slug of what was done, None where the outputs show nothing."""
    guesses, labels = trained.outputs.argmax(axis=1), case.args[1]
    right = guesses == case.truth
    for name in PREPARATIONS:
        prepared = trained.also[name].argmax(axis=1) == case.truth[:PREPARED]
        if prepared.mean() > 0.5 and _clearly_more(prepared, right[:PREPARED]):
            return "prepares-images-outside"
    table = np.zeros((10, 10), int)
    np.add.at(table, (case.truth, guesses), 1)
    if _clearly_more(guesses == _best_numbering(table)[case.truth], right):
        return "classes-renumbered"
    first = trained.also["first"].argmax(axis=1) == labels[:FIRST]
    others = trained.also["others"].argmax(axis=1) == labels[-OTHERS:]
    spread = np.sqrt(first.var() / FIRST + others.var() / OTHERS)
    if first.mean() - others.mean() > CLEAR * spread:
        return "sees-few-images"
    # A network that is not trained answers one class, too, but with no more conviction than the others.
    if table.sum(axis=0).max() > 0.95 * len(right) and np.ptp(trained.outputs.mean(axis=0)) > 1:
        return "one-class-for-all"
    if _loss(trained.outputs, case.truth) > 0.95 * np.log(10):
        return "no-better-than-chance"
    if trained.later is not None and _clearly_more(trained.later.argmax(axis=1) == case.truth, right):
        return "stops-too-early"
    return None


def _clearly_more(one, other):
    """Whether more pictures are right in `one` than in `other`, of the same pictures, than chance explains."""
    gained, lost = (one & ~other).sum(), (other & ~one).sum()
    return gained - lost > CLEAR * np.sqrt(gained + lost)


def _best_numbering(table):
    """For each class another number, all different, so that most pictures of `table` (truth × guess) are right."""
    best = {0: (0, ())}  # set of numbers in use, as bits: most pictures right with them, the numbers in order
    for row in table.tolist():
        longer = {}
        for used, (count, numbers) in best.items():
            for guess, more in enumerate(row):
                if not used >> guess & 1:
                    now = used | 1 << guess
                    longer[now] = max(longer.get(now, (-1, ())), (count + more, (*numbers, guess)))
        best = longer
    return np.array(next(iter(best.values()))[1])


def _loss(logits, truth):
    """Mean cross-entropy."""
    logits = logits.astype(np.float64)
    logits = logits - logits.max(axis=1, keepdims=True)
    return float((np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(truth)), truth]).mean())
