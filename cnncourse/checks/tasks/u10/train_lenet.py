"""Train a network on garments, judged on garments that it has not seen."""

from functools import lru_cache

import torch
from torch.nn import functional as F

from cnncourse.checks.tasks.u10._causes import diagnose, further_images
from cnncourse.checks.tasks.u10._garments import garments
from cnncourse.checks.tasks.u10.LeNet5 import LeNet5
from cnncourse.checks.training import TrainingCall, training_task

task = training_task("Today's form", diagnose)


def trained(network, images, labels, epochs=3, batch=50, lr=0.006):
    """Adam, with a learning rate that rises and falls."""
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


@task.right
def train_lenet(train_images, train_labels):
    """Three epochs are enough."""
    return trained(LeNet5(), train_images, train_labels)


@lru_cache(maxsize=1)
def pictures(rng):
    """10,000 new pictures of garments, their classes renumbered by chance; 2,000 of other garments, made likewise."""
    number = rng.permutation(10)
    images, labels = garments("train", 10_000, rng)
    unseen, truth = garments("test", 2_000, rng)
    return (images, number[labels]), {"predict": unseen, "truth": number[truth], "also": further_images(images, unseen)}


@task.criterion(1, "50 % right")
def half(rng):
    """Half of the unseen images."""
    seen, unseen = pictures(rng)
    yield TrainingCall(*seen, **unseen, level=0.5)


@task.criterion(1, "65 % right")
def two_thirds(rng):
    """About two thirds of the unseen images."""
    seen, unseen = pictures(rng)
    yield TrainingCall(*seen, **unseen, level=0.65)


@task.criterion(2, "75 % right")
def three_quarters(rng):
    """Three quarters of the unseen images."""
    seen, unseen = pictures(rng)
    yield TrainingCall(*seen, **unseen, level=0.75)


@task.mistake
def no_better_than_chance():
    """The network guesses. Is it trained at all, and is the trained one returned? Do images and labels belong together
    after shuffling? Do backward(), step() and zero_grad() come in each turn?"""
    return LeNet5()


@task.mistake
def one_class_for_all(train_images, train_labels):
    """The network answers the same class for nearly every image. Are the images shuffled? In order of their classes the
    last class wins. Is the learning rate too large? One step too far can silence all ReLUs."""
    network = LeNet5()
    optimizer = torch.optim.SGD(network.parameters(), 0.05)
    for index in train_labels.argsort()[:4000].split(50):
        optimizer.zero_grad()
        F.cross_entropy(network(train_images[index]), train_labels[index]).backward()
        optimizer.step()
    return network


@task.mistake
def stops_too_early(train_images, train_labels):
    """The network has learned something, and learns more where training goes on: more steps, a larger learning rate, or
    one that falls towards the end. Watch the loss: does it still fall?"""
    return trained(LeNet5(), train_images[:4500], train_labels[:4500], epochs=1, batch=150, lr=0.003)


@task.mistake
def sees_few_images(train_images, train_labels):
    """The network knows the first training images far better than unseen ones: it learns a few by heart. Does each
    epoch go through all images?"""
    return trained(LeNet5(), train_images[:100], train_labels[:100], epochs=100)


@task.mistake
def prepares_images_outside(train_images, train_labels):
    """The network is good on images that are scaled or normalised, and is tested on images in [0, 1]. What prepares the
    images belongs into the module, so that it comes along."""
    return trained(LeNet5(), 255 * train_images, train_labels, epochs=1, lr=0.002)


@task.mistake
def classes_renumbered(train_images, train_labels):
    """The network tells the classes apart, and calls them by other numbers. Are the labels changed, or sorted?"""
    return trained(LeNet5(), train_images, (train_labels + 1) % 10, epochs=1)


@task.mistake
def not_finite(train_images, train_labels):
    """The training has diverged: a weight became NaN or infinite. Take a smaller learning rate."""
    network = trained(LeNet5(), train_images[:500], train_labels[:500], epochs=1)
    with torch.no_grad():
        network.c1.weight.fill_(float("nan"))
    return network
