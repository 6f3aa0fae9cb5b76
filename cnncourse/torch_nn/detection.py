"""Learning to detect without anchors; see `numpy_nn.detection` for the targets and for what comes after."""

import torch
from torch.nn import functional as F

from ..numpy_nn import detection
from .boxes import focal_loss
from .training import shuffled_batches

__all__ = ["detect", "detection_loss", "fit_detector"]


def detection_loss(output, targets, stride):
    """Return (of classes, of boxes): focal loss, and 1 − IoU, both over the number of places with a thing.

    Parameters
    ----------
    output : tensor (N, classes + 4, H, W)
        At each place a logit for each class, and the logarithms of four distances in places.
    targets : tensor (N, 5, H, W)
        `numpy_nn.detection.detection_targets` of each picture.
    stride : int
    """
    classes = output.shape[1] - 4
    labels = targets[:, 0].long()
    there = labels >= 0
    count = there.sum().clamp(min=1)
    wanted = F.one_hot(labels.clamp(min=0), classes).permute(0, 3, 1, 2) * there[:, None]
    of_classes = focal_loss(output[:, :classes], wanted.to(output))
    ours = (stride * output[:, classes:].exp()).permute(0, 2, 3, 1)[there]
    theirs = targets[:, 1:].permute(0, 2, 3, 1)[there].to(output)
    shared = _area(torch.minimum(ours, theirs))  # both boxes hold the place
    iou = shared / (_area(ours) + _area(theirs) - shared)
    return of_classes / count, (1 - iou).sum() / count


def fit_detector(model, images, targets, steps, lr=0.01, batch_size=16, class_weight=3.0, watch=None):
    """Train by Adam, its learning rate rising for thirty steps and then falling to zero; return the losses (steps, 2).

    Parameters
    ----------
    model : torch.nn.Module
        With its `stride`; it is in training mode afterwards.
    images : float tensor (count, C, H, W)
    targets : tensor (count, 5, H / stride, W / stride)
    steps : int
        Of how many batches; the images are gone through in a new order each time around.
    lr, batch_size, class_weight
        The largest learning rate; images in a batch; the weight of the loss of the classes (that of the boxes is 1).
    watch : function (step), optional
        Called before each step.
    """
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr, betas=(0.9, 0.99))
    losses = []
    for step, batch in enumerate(shuffled_batches(len(images), batch_size, steps)):
        if watch:
            watch(step)
        optimizer.param_groups[0]["lr"] = lr * min(1, (step + 1) / 30) * (1 - step / steps)
        of_classes, of_boxes = detection_loss(model(images[batch]), targets[batch], model.stride)
        optimizer.zero_grad()
        (class_weight * of_classes + of_boxes).backward()
        optimizer.step()
        losses.append([of_classes.item(), of_boxes.item()])
    return torch.tensor(losses).numpy()


@torch.no_grad()
def detect(model, images, **options):
    """Return (boxes, labels, scores) of each image, as arrays; options as of `numpy_nn.detection.detections`.

    The network is in evaluation mode afterwards.
    """
    output = model.eval()(images)
    return detection.detections(output.numpy(), model.stride, **options)


def _area(distances):
    """(M, 4) distances to the left, upper, right and lower side: (M,)."""
    return (distances[:, 0] + distances[:, 2]) * (distances[:, 1] + distances[:, 3])
