"""Train a network that marks the garment, judged on scenes that it has not seen."""

import torch
from torch import nn
from torch.nn import functional as F

from cnncourse.checks.tasks.u19._segmented import call, segmenting_task
from cnncourse.checks.tasks.u19.UNet import UNet

task = segmenting_task("What the skips carry")


def network(width=8):
    """A small U-Net that normalises its pictures itself."""
    return nn.Sequential(nn.BatchNorm2d(3, affine=False), UNet(3, 2, width))


def trained(net, images, masks, steps=400, batch=8, lr=0.01):
    """Adam, whose step grows and then shrinks to zero."""
    optimizer = torch.optim.Adam(net.parameters(), lr)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    for _ in range(steps):
        index = torch.randint(len(images), (batch,))
        loss = F.cross_entropy(net(images[index]), masks[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return net


@task.right
def train_segmenter(images, masks):
    """400 small batches are enough."""
    return trained(network(), images, masks)


@task.criterion(1, "mean IoU 0.75")
def a_blob(rng):
    """Garments are found, better than a formula of colours finds them."""
    yield call(rng, 0.75)


@task.criterion(1, "mean IoU 0.76")
def a_shape(rng):
    """Their shapes are right on the whole."""
    yield call(rng, 0.76)


@task.criterion(2, "mean IoU 0.77")
def an_outline(rng):
    """Their outlines are right nearly everywhere."""
    yield call(rng, 0.77)


def constant(background, garment):
    """A network that gives these two scores to every pixel."""
    net = UNet(3, 2, 4)
    with torch.no_grad():
        net.head.weight.zero_()
        net.head.bias.copy_(torch.tensor([background, garment]))
    return net


@task.mistake
def background_everywhere(images, masks):
    """Nearly every pixel is background, which is right for most of them. Every network begins so: is yours trained for
    enough steps, with a learning rate that is large enough? Or has a step that was too large silenced all ReLUs?"""
    return constant(2.0, -2.0)


@task.mistake
def garment_everywhere(images, masks):
    """Nearly every pixel is garment. Are the weights of the two classes exchanged, or far too large for the garment?"""
    return constant(-2.0, 2.0)


@task.mistake
def prepares_images_outside(images, masks):
    """The network is good on images that are scaled or normalised, and is tested on images in [0, 1]. What prepares the
    images belongs into the module, so that it comes along."""
    return trained(UNet(3, 2, 8), (images - 0.45) / 0.25, masks)


@task.mistake
def classes_exchanged(images, masks):
    """Garment and background are exchanged: channel 0 of the outputs is the background, as the masks number them."""
    return trained(network(), images, 1 - masks)


@task.mistake
def not_finite(images, masks):
    """The training has diverged: a weight became NaN or infinite. Take a smaller learning rate."""
    net = network(4)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(float("nan"))
    return net
