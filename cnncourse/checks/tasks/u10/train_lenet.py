"""Task 10.train_lenet: train a network on garments, judged on garments that it has not seen."""

import numpy as np
import torch
from torch.nn import functional as F

from cnncourse.checks.task import Mistake
from cnncourse.checks.tasks.u10._garments import garments
from cnncourse.checks.tasks.u10.LeNet5 import LeNet5
from cnncourse.checks.training import TrainingCase, TrainingTask

FIRST, OTHERS = 100, 900  # training pictures that a network may have learned by heart, and those that it may not know
PREPARED = 1000  # unseen pictures that are shown prepared, too
CLEAR = 5  # standard deviations
PREPARATIONS = {  # what people do to pictures before they train
    "0 to 255": lambda x: 255 * x,
    "-1 to 1": lambda x: 2 * x - 1,
    "mean 0, standard deviation 1": lambda x: (x - np.float32(0.22)) / np.float32(0.32),
    "inverted": lambda x: 1 - x,
}


def train_lenet(train_images, train_labels):
    """Adam, three epochs, a learning rate that rises and falls."""
    return _train(LeNet5(), train_images, train_labels)


def _train(network, images, labels, epochs=3, batch=50, lr=0.006):
    optimizer = torch.optim.Adam(network.parameters(), lr)
    steps = epochs * -(-len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    for _ in range(epochs):
        for index in torch.randperm(len(images)).split(batch):
            loss = F.cross_entropy(network(images[index]), labels[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network


def cases(rng):
    """10,000 new pictures of garments, their classes renumbered by chance; 2,000 of other garments, made likewise."""
    number = rng.permutation(10)
    images, labels = garments("train", 10_000, rng)
    unseen, truth = garments("test", 2_000, rng)
    labels, truth = number[labels], number[truth]
    also = {"first": images[:FIRST], "others": images[-OTHERS:]}
    also |= {name: prepare(unseen[:PREPARED]) for name, prepare in PREPARATIONS.items()}
    yield TrainingCase(images, labels, predict=unseen, truth=truth, also=also)


def diagnose(case, outputs, also):
    """The slug of what was done, as the outputs for several sets of pictures show it; None where they show nothing.

    Two accuracies differ *clearly* where chance alone would make them differ so once in a million times.
    """
    right = outputs.argmax(axis=1) == case.truth
    for name in PREPARATIONS:
        prepared = also[name].argmax(axis=1) == case.truth[:PREPARED]
        if prepared.mean() > 0.5 and _clearly_more(prepared, right[:PREPARED]):
            return "prepares-images-outside"
    guesses = outputs.argmax(axis=1)
    table = np.zeros((10, 10), int)
    np.add.at(table, (case.truth, guesses), 1)
    if _clearly_more(guesses == _best_numbering(table)[case.truth], right):
        return "classes-renumbered"
    labels = case.args[1]
    first = also["first"].argmax(axis=1) == labels[:FIRST]
    others = also["others"].argmax(axis=1) == labels[-OTHERS:]
    spread = np.sqrt(first.var() / FIRST + others.var() / OTHERS)
    if first.mean() - others.mean() > CLEAR * spread:
        return "sees-few-images"
    # A network that is not trained answers one class, too, but with no more conviction than the others.
    if table.sum(axis=0).max() > 0.95 * len(right) and np.ptp(outputs.mean(axis=0)) > 1:
        return "one-class-for-all"
    if _loss(outputs, case.truth) > 0.95 * np.log(10):
        return "no-better-than-chance"
    return "stops-too-early"


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


def _in_order_of_classes(images, labels):
    order = labels.argsort()
    network = LeNet5()
    optimizer = torch.optim.SGD(network.parameters(), 0.05)
    for index in order[:4000].split(50):
        optimizer.zero_grad()
        F.cross_entropy(network(images[index]), labels[index]).backward()
        optimizer.step()
    return network


def _diverging(images, labels):
    network = _train(LeNet5(), images[:500], labels[:500], epochs=1)
    with torch.no_grad():
        network.c1.weight.fill_(float("nan"))
    return network


task = TrainingTask(
    "10.train_lenet",
    {"50 % right": 1, "65 % right": 1, "75 % right": 2},
    train_lenet,
    cases,
    [
        Mistake(
            "no-better-than-chance",
            lambda images, labels: LeNet5(),
            "The network guesses. Is it trained at all, and is the trained one returned? Do images and labels belong "
            "together after shuffling? Do backward(), step() and zero_grad() come in each turn?",
        ),
        Mistake(
            "one-class-for-all",
            _in_order_of_classes,
            "The network answers the same class for nearly every image. Are the images shuffled? In order of their "
            "classes the last class wins. Is the learning rate too large? One step too far can silence all ReLUs.",
        ),
        Mistake(
            "stops-too-early",
            lambda images, labels: _train(LeNet5(), images[:4500], labels[:4500], epochs=1, batch=150, lr=0.003),
            "The network has learned something, and could learn more: more steps, a larger learning rate, or one that "
            "falls towards the end. Watch the loss: does it still fall?",
        ),
        Mistake(
            "sees-few-images",
            lambda images, labels: _train(LeNet5(), images[:100], labels[:100], epochs=100),
            "The network knows the first training images far better than unseen ones: it learns a few by heart. Does "
            "each epoch go through all images?",
        ),
        Mistake(
            "prepares-images-outside",
            lambda images, labels: _train(LeNet5(), 255 * images, labels, epochs=1, lr=0.002),
            "The network is good on images that are scaled or normalised, and is tested on images in [0, 1]. What "
            "prepares the images belongs into the module, so that it comes along.",
        ),
        Mistake(
            "classes-renumbered",
            lambda images, labels: _train(LeNet5(), images, (labels + 1) % 10, epochs=1),
            "The network tells the classes apart, and calls them by other numbers. Are the labels changed, or sorted?",
        ),
        Mistake(
            "not-finite",
            _diverging,
            "The training has diverged: a weight became NaN or infinite. Take a smaller learning rate.",
        ),
    ],
    levels={"50 % right": 0.5, "65 % right": 0.65, "75 % right": 0.75},
    diagnose=diagnose,
    see="10#Today's form",
    place=3,
)
