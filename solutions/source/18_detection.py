# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 18 · Detection: exercises
#
# [Start](../../notebooks/00_start_here.ipynb) · the lesson:
# [18 Detection](../../notebooks/18_detection.ipynb) ·
# previous: [exercises 17](../17_transfer_learning/17_transfer_learning.ipynb) ·
# next: [exercises 19](../19_segmentation/19_segmentation.ipynb)
#
# Overlap, suppression, offsets, which anchor and which detection belongs to which thing, average precision, a loss for many
# easy places, with its gradient, and a detector that you train. About 225 minutes.
#
# Tasks 1 to 9 use NumPy, task 10 PyTorch. A box is (x0, y0, x1, y1) in pixels, half open: x to the right, y downwards, and x1 − x0 is its width.

# %%
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from cnncourse.checks import check

# %% [markdown]
# ## Task 1 · `box_iou`
#
# Difficulty ●○○ · 15 minutes · 4 points ·
# lesson section [Intersection over union](../../notebooks/18_detection.ipynb#2.-Intersection-over-union)
#
# IoU of each box of one list with each box of another: the area in common, divided by the area of the union. Either list may be
# empty. A box without area has IoU 0 with every box, itself included.

# %% task="18.box_iou"
def box_iou(boxes1, boxes2):
    """Intersection over union of each box with each.

    Parameters
    ----------
    boxes1 : float array (N, 4), N ≥ 0, with x0 ≤ x1 and y0 ≤ y1
    boxes2 : float array (M, 4), M ≥ 0

    Returns
    -------
    array (N, M)
    """
    ### BEGIN SOLUTION
    a, b = boxes1[:, None], boxes2[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    common = np.maximum(sides, 0).prod(axis=2)
    size1, size2 = ((box[..., 2:] - box[..., :2]).prod(axis=2) for box in (a, b))
    union = size1 + size2 - common
    return common / np.where(union > 0, union, 1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the box in common</summary>
#
# It begins at the larger of the two x0 and ends at the smaller of the two x1. If it ends before it begins, there is nothing in
# common along x, whatever y says.
#
# </details>
# <details><summary>Hint 2: each with each</summary>
#
# `boxes1[:, None]` has shape (N, 1, 4) and `boxes2[None]` (1, M, 4). What you compute from both has shape (N, M, …).
#
# </details>

# %% check="18.box_iou"
check("18.box_iou", box_iou)

# %% [markdown]
# ## Task 2 · `nms`
#
# Difficulty ●●○ · 20 minutes · 5 points ·
# lesson section [One thing, many boxes](../../notebooks/18_detection.ipynb#4.-One-thing,-many-boxes)
#
# Go through the boxes by falling score. A box is dropped if its IoU with a box that was *kept* before is greater than the threshold.
# Of equal scores the lower index comes first.

# %% task="18.nms"
def nms(boxes, scores, threshold):
    """Non-maximum suppression.

    Parameters
    ----------
    boxes : float array (N, 4), N ≥ 0
    scores : float array (N,)
    threshold : float

    Returns
    -------
    list of ints, or integer array: indices of the boxes that are kept, by falling score
    """
    ### BEGIN SOLUTION
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept = []
    for i in np.argsort(-scores, kind="stable"):
        rivals = boxes[kept]
        sides = np.minimum(rivals[:, 2:], boxes[i, 2:]) - np.maximum(rivals[:, :2], boxes[i, :2])
        common = np.maximum(sides, 0).prod(axis=1)
        if not (common > threshold * (area[kept] + area[i] - common)).any():
            kept.append(int(i))
    return kept
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the order</summary>
#
# `np.argsort(scores)[::-1]` turns the order of equal scores round. `np.argsort(-scores, kind="stable")` does not.
#
# </details>
# <details><summary>Hint 2: which boxes to compare</summary>
#
# Keep a list of the boxes that are kept, and compare the next box with those only. One that was dropped drops no other.
#
# </details>

# %% check="18.nms"
check("18.nms", nms)

# %% [markdown]
# ## Task 3 · `encode_boxes`
#
# Difficulty ●○○ · 10 minutes · 2 points ·
# lesson section [Anchors, matching, offsets](../../notebooks/18_detection.ipynb#3.-Anchors,-matching,-offsets)
#
# Four numbers lead from an anchor to a box, row by row. (c_x, c_y) is the centre, w and h are the sides, and the index a stands
# for the anchor:
#
# $$\frac{c_x - c_{x,a}}{w_a}, \qquad \frac{c_y - c_{y,a}}{h_a}, \qquad \ln\frac{w}{w_a}, \qquad \ln\frac{h}{h_a}$$

# %% task="18.encode_boxes"
def encode_boxes(boxes, anchors):
    """Offsets from anchors to boxes, row by row.

    Parameters
    ----------
    boxes : float array (N, 4), all sides greater than 0
    anchors : float array (N, 4), all sides greater than 0

    Returns
    -------
    array (N, 4)
    """
    ### BEGIN SOLUTION
    size, size_a = boxes[:, 2:] - boxes[:, :2], anchors[:, 2:] - anchors[:, :2]
    shift = (boxes[:, :2] + boxes[:, 2:] - anchors[:, :2] - anchors[:, 2:]) / 2
    return np.concatenate([shift / size_a, np.log(size / size_a)], axis=1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# `boxes[:, 2:] - boxes[:, :2]` is (N, 2): width and height of each box. Half the sum of the same two parts is the centre.
#
# </details>

# %% check="18.encode_boxes"
check("18.encode_boxes", encode_boxes)

# %% [markdown]
# ## Task 4 · `decode_boxes`
#
# Difficulty ●○○ · 10 minutes · 2 points ·
# lesson section [Anchors, matching, offsets](../../notebooks/18_detection.ipynb#3.-Anchors,-matching,-offsets)
#
# The way back: the box to which four offsets lead from an anchor. Nothing is cut off.

# %% task="18.decode_boxes"
def decode_boxes(offsets, anchors):
    """The boxes to which offsets lead, row by row: the inverse of `encode_boxes`.

    Parameters
    ----------
    offsets : float array (N, 4)
    anchors : float array (N, 4), all sides greater than 0

    Returns
    -------
    array (N, 4) of boxes (x0, y0, x1, y1)
    """
    ### BEGIN SOLUTION
    size_a = anchors[:, 2:] - anchors[:, :2]
    centre = (anchors[:, :2] + anchors[:, 2:]) / 2 + offsets[:, :2] * size_a
    size = size_a * np.exp(offsets[:, 2:])
    return np.concatenate([centre - size / 2, centre + size / 2], axis=1)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint</summary>
#
# First the new centre and the new sides, then two corners: half a side before the centre and half a side behind it.
#
# </details>

# %% check="18.decode_boxes"
check("18.decode_boxes", decode_boxes)

# %% [markdown]
# ## Task 5 · `match_anchors`
#
# Difficulty ●●● · 30 minutes · 6 points ·
# lesson section [Anchors, matching, offsets](../../notebooks/18_detection.ipynb#3.-Anchors,-matching,-offsets)
#
# In training, each anchor stands for a true box, for background, or for nothing. Two rounds decide:
#
# 1. Each anchor looks for the box with the largest IoU (the first of equals). Where this IoU is at least `high`, the anchor gets the
#    index of the box; where it is less than `low`, −1 (background); between them −2 (left out).
# 2. Each box claims the anchor with which it has the largest IoU (the first of equals), whatever this IoU is, if it is greater
#    than 0. The claim replaces what the first round gave. Of two boxes that claim one anchor, the one with the larger IoU wins,
#    then the one with the lower index. The loser gets no substitute.
#
# Without boxes all anchors get −1.

# %% task="18.match_anchors"
def match_anchors(anchors, boxes, high, low):
    """Say which box each anchor stands for.

    Parameters
    ----------
    anchors : float array (A, 4)
    boxes : float array (M, 4), M ≥ 0
    high, low : floats, 0 < low ≤ high

    Returns
    -------
    integer array (A,): an index of `boxes`, −1 or −2
    """
    ### BEGIN SOLUTION
    a, b = anchors[:, None], boxes[None]
    common = np.maximum(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0).prod(axis=2)
    union = (a[..., 2:] - a[..., :2]).prod(axis=2) + (b[..., 2:] - b[..., :2]).prod(axis=2) - common
    iou = common / np.where(union > 0, union, 1)
    if iou.size == 0:
        return np.full(len(anchors), -1)
    best = iou.max(axis=1)
    matches = np.where(best >= high, iou.argmax(axis=1), np.where(best < low, -1, -2))
    claimed, overlap = iou.argmax(axis=0), iou.max(axis=0)
    order = sorted(range(len(boxes)), key=lambda m: (overlap[m], -m))  # the winner comes last and stays
    for m in order:
        if overlap[m] > 0:
            matches[claimed[m]] = m
    return matches
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: two directions</summary>
#
# Make one table of IoU, (A, M). The first round looks along its rows, the second along its columns. `argmax` gives the first of
# equals.
#
# </details>
# <details><summary>Hint 2: who wins</summary>
#
# Go through the boxes by rising IoU of their claims. Then the winner writes last. Think about equal IoU.
#
# </details>

# %% check="18.match_anchors"
check("18.match_anchors", match_anchors)

# %% [markdown]
# ## Task 6 · `match_detections`
#
# Difficulty ●●○ · 25 minutes · 5 points ·
# lesson section [What average precision is](../../notebooks/18_detection.ipynb#6.-What-average-precision-is)
#
# Which detections of one class in one picture are correct? By falling score (of equal scores the lower index first), a detection
# takes the true box with the largest IoU (the first of equals) among those that are still *free*, if this IoU is at least the
# threshold. A true box that was taken is not free any more. (This is COCO's rule, and not PASCAL VOC's.)

# %% task="18.match_detections"
def match_detections(boxes, scores, truth, threshold):
    """Say of each detection whether it is correct.

    Parameters
    ----------
    boxes : float array (N, 4), N ≥ 0, the detections
    scores : float array (N,)
    truth : float array (M, 4), M ≥ 0
    threshold : float greater than 0, of IoU

    Returns
    -------
    bool array (N,), in the order of `boxes`
    """
    ### BEGIN SOLUTION
    a, b = boxes[:, None], truth[None]
    common = np.maximum(np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2]), 0).prod(axis=2)
    union = (a[..., 2:] - a[..., :2]).prod(axis=2) + (b[..., 2:] - b[..., :2]).prod(axis=2) - common
    iou = common / np.where(union > 0, union, 1)
    correct, free = np.zeros(len(boxes), dtype=bool), np.ones(len(truth), dtype=bool)
    for i in np.argsort(-scores, kind="stable"):
        if not free.any():
            break
        j = np.where(free, iou[i], -1).argmax()
        if iou[i, j] >= threshold:
            correct[i], free[j] = True, False
    return correct
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: what is free</summary>
#
# Keep a mask of the free true boxes. `np.where(free, iou[i], -1)` is the row of IoU in which taken boxes cannot win.
#
# </details>
# <details><summary>Hint 2: the order of the result</summary>
#
# You go through the detections by score, but you write to `correct[i]`, where i is the index that was given.
#
# </details>

# %% check="18.match_detections"
check("18.match_detections", match_detections)

# %% [markdown]
# ## Task 7 · `average_precision`
#
# Difficulty ●●○ · 25 minutes · 5 points ·
# lesson section [What average precision is](../../notebooks/18_detection.ipynb#6.-What-average-precision-is)
#
# Sort the detections of all pictures by falling score (of equal scores the lower index first). After the first, the first two, …,
# precision is the share of them that is correct, and recall the share of the `count` true boxes that is found. The envelope at a
# recall is the largest precision at that recall or a larger one, and 0 beyond the largest recall. Wanted is the area under it,
# with all its points.

# %% task="18.average_precision"
def average_precision(scores, correct, count):
    """Area under the envelope of precision over recall.

    Parameters
    ----------
    scores : float array (N,), N ≥ 0
    correct : bool array (N,)
    count : int, the number of true boxes, found or not

    Returns
    -------
    float in [0, 1]; 0 without true boxes or without detections
    """
    ### BEGIN SOLUTION
    if count == 0 or len(scores) == 0:
        return 0.0
    found = np.cumsum(correct[np.argsort(-scores, kind="stable")])
    precision = found / np.arange(1, len(found) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.diff(found, prepend=0) / count
    return float((envelope * steps).sum())
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: counting</summary>
#
# `np.cumsum` of the sorted bools counts the correct ones among the first n detections. Everything follows from it.
#
# </details>
# <details><summary>Hint 2: the envelope</summary>
#
# A running maximum from the right: turn the array round, `np.maximum.accumulate`, turn it back.
#
# </details>
# <details><summary>Hint 3: the area</summary>
#
# Each correct detection adds 1 / `count` to the recall. The area is a sum of steps of this width.
#
# </details>

# %% check="18.average_precision"
check("18.average_precision", average_precision)

# %% [markdown]
# ## Task 8 · `focal_loss`
#
# Difficulty ●●○ · 15 minutes · 5 points ·
# lesson section [Many easy places](../../notebooks/18_detection.ipynb#5.-Many-easy-places)
#
# Let p = σ(logit), and let p_t be the probability of what is true: p where the target is 1, and 1 − p where it is 0. The weight α_t is
# α where the target is 1, and 1 − α where it is 0. Then the loss is the sum over all places of
#
# $$-\alpha_t\,(1 - p_t)^\gamma \ln p_t$$
#
# It must be finite and right for logits of ±1,000, also in float32.

# %% task="18.focal_loss"
def focal_loss(logits, targets, alpha=0.25, gamma=2.0):
    """Focal loss, summed over all places.

    Parameters
    ----------
    logits : float array of any shape
    targets : array of the same shape, 0 or 1
    alpha : float in [0, 1]
    gamma : float, at least 0

    Returns
    -------
    float
    """
    ### BEGIN SOLUTION
    z = np.where(targets == 1, logits, -logits)
    weight = np.where(targets == 1, alpha, 1 - alpha).astype(logits.dtype)
    log_p, log_rest = -np.logaddexp(0, -z), -np.logaddexp(0, z)
    return -(weight * np.exp(gamma * log_rest) * log_p).sum()
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: one case for two</summary>
#
# Turn the sign of the logit where the target is 0. With this z, p_t = σ(z) for both targets.
#
# </details>
# <details><summary>Hint 2: logarithms without overflow</summary>
#
# ln σ(z) = −ln(1 + exp(−z)), and `np.logaddexp(0, -z)` is ln(1 + exp(−z)) for every z. A power of σ(−z) is the exponential of a
# multiple of its logarithm.
#
# </details>

# %% check="18.focal_loss"
check("18.focal_loss", focal_loss)

# %% [markdown]
# ## Task 9 · `focal_loss_backward`
#
# Difficulty ●●● · 25 minutes · 5 points ·
# lesson section [Many easy places](../../notebooks/18_detection.ipynb#5.-Many-easy-places)
#
# The gradient with respect to each logit. It must be finite and right for the same logits, and for every γ ≥ 0, such as 0.5.

# %% task="18.focal_loss_backward"
def focal_loss_backward(logits, targets, alpha=0.25, gamma=2.0):
    """Gradient of `focal_loss` with respect to the logits.

    Parameters
    ----------
    logits : float array of any shape
    targets : array of the same shape, 0 or 1
    alpha : float in [0, 1]
    gamma : float, at least 0

    Returns
    -------
    array of the same shape
    """
    ### BEGIN SOLUTION
    sign = np.where(targets == 1, 1, -1).astype(logits.dtype)
    weight = np.where(targets == 1, alpha, 1 - alpha).astype(logits.dtype)
    z = sign * logits
    log_p, log_rest = -np.logaddexp(0, -z), -np.logaddexp(0, z)
    p, rest = np.exp(log_p), np.exp(log_rest)
    return -sign * weight * np.exp(gamma * log_rest) * (rest - gamma * p * log_p)
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: the product rule</summary>
#
# With q = 1 − p_t the loss is −α_t q^γ ln p_t, and both factors depend on z. dp_t/dz = p_t q, and dq/dz = −p_t q.
#
# </details>
# <details><summary>Hint 2: powers below 0</summary>
#
# q^(γ − 1) is infinite where q is rounded to 0 and γ < 1. The slope p_t q brings the missing factor q: cancel it on paper.
#
# </details>

# %% check="18.focal_loss_backward"
check("18.focal_loss_backward", focal_loss_backward)

# %% [markdown]
# ## Task 10 · `train_detector`
#
# Difficulty ●●● · 50 minutes · 4 points ·
# lesson section [A detector without anchors](../../notebooks/18_detection.ipynb#8.-A-detector-without-anchors)
#
# Train a network that finds garments, on 2,000 scenes of 32×32 pixels with one to four garments each. It is judged on 200 scenes that it
# has not seen, by the mean over the classes of the average precision at an IoU of 0.5: 1 point from 0.05, 1 more from 0.12, 2 more from
# 0.18. Of each picture the 100 boxes with the highest scores count.
#
# How it finds them is up to you: with anchors (tasks 3 to 5) or without. You may call your own functions from above. `cnncourse` and
# torchvision are not there when your work is graded. You have four minutes and one thread of PyTorch, for the training and for the
# pictures that are judged. A few hundred small batches and a network of six to nine convolutions are enough.

# %% task="18.train_detector"
def train_detector(images, boxes, labels):
    """Train a detector.

    Parameters
    ----------
    images : tensor (N, 3, 32, 32), float32 in [0, 1]
    boxes : list of N tensors (M, 4), float32: (x0, y0, x1, y1) in pixels, 1 ≤ M ≤ 4
    labels : list of N tensors (M,), int64: the classes of these boxes, 0 to 9

    Returns
    -------
    function or Module: for images (B, 3, 32, 32), in [0, 1], a list of B times (boxes, labels, scores), tensors or arrays of shapes
        (M, 4), (M,) and (M,), where M may differ and may be 0. A Module is put into evaluation mode; gradients are not recorded.
    """
    ### BEGIN SOLUTION
    # What each place of a map with stride 4 shall say: the class (−1 for background), and four distances.
    stride, count = 4, len(images)
    middle = (torch.arange(8) + 0.5) * stride
    x, y = middle[None, :], middle[:, None]
    classes, sides = torch.full((count, 8, 8), -1), torch.ones(count, 4, 8, 8)
    for n in range(count):
        areas = (boxes[n][:, 2:] - boxes[n][:, :2]).prod(dim=1)
        for m in areas.argsort(descending=True):  # the smallest comes last and stays
            x0, y0, x1, y1 = boxes[n][m]
            away = torch.stack(torch.broadcast_tensors(x - x0, y - y0, x1 - x, y1 - y))
            near = ((away[0] - away[2]).abs() < 12) & ((away[1] - away[3]).abs() < 12)  # of its centre
            here = near & (away.amin(dim=0) > 0)
            classes[n, here] = labels[n][m]
            sides[n, :, here] = away[:, here]

    layers, c_in = [], 3
    for c_out, step in [(24, 2), (24, 1), (48, 2), (48, 1), (48, 1)]:
        layers += [nn.Conv2d(c_in, c_out, 3, step, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU()]
        c_in = c_out
    head = nn.Conv2d(c_in, 10 + 4, 1)
    nn.init.normal_(head.weight, std=0.01)
    nn.init.constant_(head.bias[:10], -math.log(99))
    network, steps = nn.Sequential(*layers, head), 600

    optimizer = torch.optim.Adam(network.parameters(), 0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=steps, pct_start=0.1)
    for _ in range(steps):
        batch = torch.randint(count, (16,))
        output, label = network(images[batch]), classes[batch]
        logits, there = output[:, :10], label >= 0
        target = F.one_hot(label.clamp(min=0), 10).movedim(3, 1) * there[:, None].float()
        entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        focal = (logits.sigmoid() - target) ** 2 * entropy  # γ = 2
        ours, theirs = (maps.movedim(1, 3)[there] for maps in (output[:, 10:], (sides[batch] / stride).log()))
        loss = (focal.sum() + F.l1_loss(ours, theirs, reduction="sum") / 4) / there.sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    network.eval()

    def detect(pictures):
        found = []
        for maps in network(pictures):
            p = maps[:10].sigmoid()
            label, i, j = (p > 0.1).nonzero(as_tuple=True)
            left, up, right, down = stride * maps[10:, i, j].exp()
            box = torch.stack([middle[j] - left, middle[i] - up, middle[j] + right, middle[i] + down], dim=1)
            score = p[label, i, j]
            apart = box + 1000 * label[:, None]  # boxes of different classes do not meet
            kept = nms(apart.numpy(), score.numpy(), 0.5)
            found.append((box[kept], label[kept], score[kept]))
        return found

    return detect
    ### END SOLUTION


# %% [markdown]
# <details><summary>Hint 1: what each place shall say</summary>
#
# Three convolutions of which two have stride 2 lead from 32×32 pixels to 8×8 places. Place (i, j) has its middle at x = 4(j + ½),
# y = 4(i + ½). Make an array of classes (N, 8, 8), −1 for background, and one of distances (N, 4, 8, 8) before the training. A place stands
# for a box if it lies in it and near its centre; go through the boxes from the largest to the smallest, and the smallest stays.
#
# </details>
# <details><summary>Hint 2: the network and its loss</summary>
#
# The last layer is a 1×1 convolution to 10 + 4 maps: a logit for each class, and the logarithms of four distances. The loss of the classes is
# taken at *all* places, with target 0 for every class on background: `F.binary_cross_entropy_with_logits` with `reduction="none"`, times
# (p − target)², is the focal loss with γ = 2. The loss of the distances is taken where a box is. Divide both by the number of these places.
#
# </details>
# <details><summary>Hint 3: it finds nothing, or learns slowly</summary>
#
# Let the bias of the ten logits begin at −ln 99, use batch norm after each convolution, and Adam with a learning rate of 0.01 that rises
# first and falls to zero: `torch.optim.lr_scheduler.OneCycleLR`.
#
# </details>
# <details><summary>Hint 4: from maps to lists</summary>
#
# `label, i, j = (p > 0.1).nonzero(as_tuple=True)` gives the classes and places that count, for p of shape (10, 8, 8). Your `nms` takes
# arrays (`tensor.numpy()`). Move the boxes of each class far away from those of the others, and one call serves all classes. Call
# `network.eval()` before you return your function.
#
# </details>
# <details><summary>Hint 5: look at what it finds</summary>
#
# In a cell of your own, train on scenes that you know, and look at the scores first: `from cnncourse import data`, then
# `batch = data.scenes(500, seed=1, objects=(1, 4))`. Its boxes and labels are −1 where a scene has fewer garments:
# `own = batch.labels[0]`, `batch.boxes[0][own >= 0]`. `cnncourse.viz.detection_row` draws lists beside the true boxes, as in the lesson.
#
# </details>

# %% check="18.train_detector"
check("18.train_detector", train_detector)

# %% [markdown]
# ## Questions
#
# **Question 1** (1 point). A box of 10×10 pixels lies where the true box lies, but 2 pixels further to the right. What is the IoU?

# %% task="18.answer_shifted_iou"
def answer_shifted_iou():
    """A number, to three digits at least."""
    ### BEGIN SOLUTION
    return 80 / 120
    ### END SOLUTION


# %% check="18.answer_shifted_iou"
check("18.answer_shifted_iou", answer_shifted_iou)

# %% [markdown]
# **Question 2** (1 point). A box is twice as wide as its anchor. What is the third of the four offsets?

# %% task="18.answer_double_size"
def answer_double_size():
    """A number, to three digits at least."""
    ### BEGIN SOLUTION
    return float(np.log(2))
    ### END SOLUTION


# %% check="18.answer_double_size"
check("18.answer_double_size", answer_double_size)

# %% [markdown]
# **Question 3** (1 point). A place is classified right with probability 0.9. By what factor does the focal loss with γ = 2 multiply its
# cross-entropy? (Leave α aside.)

# %% task="18.answer_focal_factor"
def answer_focal_factor():
    """A number, to three digits at least."""
    ### BEGIN SOLUTION
    return (1 - 0.9) ** 2
    ### END SOLUTION


# %% check="18.answer_focal_factor"
check("18.answer_focal_factor", answer_focal_factor)

# %% [markdown]
# **Question 4** (1 point). Two things stand close together, and the threshold of the suppression is lowered. What may happen?
#
# - `"a"`: each of them is reported several times
# - `"b"`: the detector takes longer
# - `"c"`: one of the two is lost, because its box overlaps the other's
# - `"d"`: the scores of both fall

# %% task="18.answer_low_threshold"
def answer_low_threshold():
    """One letter, "a", "b", "c" or "d"."""
    ### BEGIN SOLUTION
    return "c"
    ### END SOLUTION


# %% check="18.answer_low_threshold"
check("18.answer_low_threshold", answer_low_threshold)
