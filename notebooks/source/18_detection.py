# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 18 · Detection
#
# [Start](00_start_here.ipynb) · previous: [17 Transfer learning](17_transfer_learning.ipynb) ·
# next: [19 Segmentation and U-Net](19_segmentation.ipynb) ·
# [exercises of this unit](../exercises/18_detection/18_detection.ipynb)
#
# **After this lesson you can**
#
# - turn a classifier of windows into a network that sees a whole picture at once, and say where the two differ;
# - measure how well two boxes agree, and write down what leads from an anchor to a box;
# - say what suppression keeps and what it loses;
# - compute average precision in the five forms that go by this name, and say what it does not see;
# - train a small detector without anchors, and sort its faults.
#
# **Time** about 80 minutes, with the questions. The code runs in about a minute. On a short evening read sections 2, 4, 6
# and 9; sections 7 and 10 can wait.
#
# **You should know** lesson 03 (stride and padding) and lesson 09 (cross-entropy).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
import numpy as np
import torch
from torch import nn

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.from_torch import from_torch
from cnncourse.numpy_nn import boxes as B
from cnncourse.numpy_nn.average_precision import (
    COCO_THRESHOLDS,
    FORMS,
    average_precision,
    envelope,
    match_detections,
    mean_average_precision,
    precision_recall,
)
from cnncourse.numpy_nn.detection import FAULTS, detection_targets, detections, mended, sort_faults
from cnncourse.torch_nn import boxes as TB
from cnncourse.torch_nn.detection import detect, fit_detector
from cnncourse.torch_nn.models import Detector
from cnncourse.viz.widgets.box_suppression import BoxSuppression

torch.set_num_threads(1)  # for small networks, dividing the work costs more than the work

# %% [markdown]
# `B` is the course's package for boxes in NumPy, and `TB` has the same names in PyTorch. Everywhere a box is
# $(x_0, y_0, x_1, y_1)$ in pixels, x to the right and y downwards. It is half open: column $x_1$ and row $y_1$ lie
# outside, so the width is $x_1 - x_0$.
#
# ## A puzzle
#
# Classification gives one class for a picture. **Detection** gives a list: for each thing its class, its box, and a score
# that says how sure the detector is. Here are 200 scenes of one to four garments, and two detectors that we pretend to
# have. (We make their answers from the true boxes.)
#
# - *Rough* finds every garment. But its boxes are shifted, by 15 % of their sides along both axes.
# - *Exact* finds only seven garments in ten. But its boxes are true to the pixel.

# %%
batch = data.scenes(200, split="test", size=32, objects=(1, 4))
scenes = batch.images
truth = [(b[own >= 0], own[own >= 0]) for b, own in zip(batch.boxes, batch.labels, strict=True)]


def pretend(truth, shift, share, rng):
    """Detections that find a share of the true boxes, shifted by a part of their sides."""
    found = []
    for boxes, labels in truth:
        sides = boxes[:, 2:] - boxes[:, :2]
        moved = boxes + shift * np.tile(sides, 2)
        seen = rng.random(len(boxes)) < share
        found.append((moved[seen], labels[seen], rng.uniform(0.5, 1, seen.sum())))
    return found


rough = pretend(truth, 0.15, 1.0, np.random.default_rng(0))
exact = pretend(truth, 0.0, 0.7, np.random.default_rng(0))

# %% tags=["plumbing"]
# Three scenes with true boxes (dashed), once with each detector.
chosen = [2, 4, 9]
show(viz.detection_row(
    [scenes[n] for n in chosen] * 2, [d[n] for d in (rough, exact) for n in chosen],
    [truth[n] for n in chosen] * 2, data.FASHION_CLASSES,
    [f"{name}, scene {n}" for name in ("rough", "exact") for n in chosen], columns=3, height=2.9,
), "18/two-detectors")  # fmt: skip

# %% [markdown]
# The number that papers compare is **average precision**, AP. There are several of that name. PASCAL VOC counts a box as
# correct if it agrees with the true one at least half. COCO takes the mean over ten such thresholds, from 0.50 to 0.95.
#
# > **Predict.** Which of the two detectors is better, by VOC's AP, and by COCO's?

# %%
PRETENDED = {"rough": rough, "exact": exact}
voc = {name: mean_average_precision(found, truth) for name, found in PRETENDED.items()}
over_iou = {
    name: [mean_average_precision(found, truth, t, "101 points") for t in COCO_THRESHOLDS]
    for name, found in PRETENDED.items()
}
coco = {name: np.mean(values) for name, values in over_iou.items()}
table([(name, voc[name], coco[name]) for name in voc],
      {"": "", "VOC's AP": ".2f", "COCO's AP": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert voc["rough"] > 0.95 > 0.75 > voc["exact"] > 0.6
assert coco["rough"] < 0.3 < 0.6 < coco["exact"]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# VOC's AP says that *rough* is better, and by much. COCO's says that *exact* is. Neither is wrong: they answer different
# questions. To count garments, take *rough*; to cut them out, take *exact*.
# Section 6 takes AP apart.
# </details>
#
# ## 1. From windows to a map
#
# The oldest detector is a classifier that looks at every window of the picture. Take one for windows of 14×14 pixels:

# %%
torch.manual_seed(0)


def stages(padding):
    return (
        nn.Conv2d(3, 8, 3, padding=padding), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=padding), nn.ReLU(),
    )  # fmt: skip


def classifier(padding=0):
    side = 4 if padding == 0 else 7  # 14 → 12 → 6 → 4, or 14 → 14 → 7 → 7
    return nn.Sequential(*stages(padding), nn.Flatten(), nn.Linear(16 * side**2, 10)).double()


def as_map(net, padding=0):
    """The same layers, the linear one as a convolution: for pictures of any size."""
    *early, _, linear = net
    side = 4 if padding == 0 else 7
    head = nn.Conv2d(16, 10, side).double()
    with torch.no_grad():
        head.weight.copy_(linear.weight.view(10, 16, side, side))
        head.bias.copy_(linear.bias)
    return nn.Sequential(*early, head)


# %% [markdown]
# A linear layer on maps of 4×4 is a convolution with kernels of 4×4 (lesson 03): on one window it gives one number
# per class. On a larger picture it gives a *map* of numbers. Pooling has stride 2, so neighbours on the map
# stand for windows that are 2 pixels apart. For 48×48 pixels there are $(48 - 14)/2 + 1 = 18$ of them along each axis.
#
# > **Predict.** Is the map equal to what the classifier says of each of the 324 windows? And how many times fewer
# > multiply-adds does it take?

# %%
picture = torch.from_numpy(data.scenes(1, size=48, objects=2).images / 255.0)


def both_ways(padding):
    """The classifier's answers for every window, and the map: each (18, 18, 10)."""
    net = classifier(padding)
    windows = picture.unfold(2, 14, 2).unfold(3, 14, 2)[0].permute(1, 2, 0, 3, 4)
    with torch.no_grad():
        one_by_one = net(windows.reshape(-1, 3, 14, 14)).view(18, 18, 10)
        return one_by_one, as_map(net, padding)(picture)[0].permute(1, 2, 0)


def multiply_adds(side):
    """Of the three layers, on a square picture."""
    first, second = side - 2, (side - 2) // 2 - 2
    return first**2 * 3 * 9 * 8 + second**2 * 8 * 9 * 16 + (second - 3) ** 2 * 16 * 16 * 10


one_by_one, at_once = both_ways(padding=0)
print("equal:", torch.allclose(one_by_one, at_once, rtol=0, atol=1e-12))
work = 324 * multiply_adds(14), multiply_adds(48)
print(f"multiply-adds: {work[0]:,} and {work[1]:,}, {work[0] / work[1]:.1f} times fewer")

# %% tags=["check"]
# Check that the text is true.
assert torch.allclose(one_by_one, at_once, rtol=0, atol=1e-12)
assert 9 < work[0] / work[1] < 10

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Equal to rounding, and more than nine times cheaper, because neighbouring windows share most of their work. Sermanet and
# others built OverFeat, the winner of ImageNet's localisation task of 2013, in this way. Most detectors since then
# compute one map for the whole picture.
# </details>
#
# > **Predict.** Now the convolutions pad with zeros (the linear layer then sees 7×7). At how many of the 324 places are
# > the two still equal?

# %%
padded, padded_map = both_ways(padding=1)
equal = (padded - padded_map).abs().amax(dim=2) < 1e-12
print(f"equal at {int(equal.sum())} of {equal.numel()} places")

# %% tags=["check"]
# Check that the text is true.
assert int(equal.sum()) == 0

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# At none. Each single window has a border of zeros on all four sides. On the map a window has its neighbours there, and even in
# a corner of the picture only two sides are zeros. A classifier that was trained on padded windows has to be trained again as
# a map.
# </details>
#
# ## 2. Intersection over union
#
# How well do two boxes agree? The usual measure is the area that they have in common over the area of both together, their
# **union**, in which the area in common counts once:
#
# $$ \boxed{\; \mathrm{IoU} = \frac{|A \cap B|}{|A \cup B|} = \frac{|A \cap B|}{|A| + |B| - |A \cap B|} \;} $$
#
# By hand, for one pair:


# %%
def iou_of_two(a, b):
    """IoU of two boxes, step by step."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0  # nothing in common
    common = width * height
    areas = (a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])
    print(f"common {width}·{height} = {common}, union {areas[0]} + {areas[1]} − {common}")
    return common / (sum(areas) - common)


by_hand = iou_of_two((0, 0, 4, 4), (2, 1, 6, 5))
pair = np.array([[0.0, 0, 4, 4], [2, 1, 6, 5]])
in_torch = TB.box_iou(torch.from_numpy(pair), torch.from_numpy(pair)).numpy()
print(f"IoU {by_hand:.3f}; NumPy and PyTorch agree:", np.allclose(B.box_iou(pair, pair), in_torch))

# %% tags=["check"]
# Check that the text is true.
assert np.isclose(by_hand, 6 / 26)
assert np.isclose(B.box_iou(pair, pair)[0, 1], by_hand)
assert np.allclose(B.box_iou(pair, pair), in_torch)

# %% [markdown]
# > **Predict.** A box of the right size is shifted by half its width, so that it covers half of the true one. What is the
# > IoU? And what if it is shifted by half a side along *both* axes?

# %%
shifts = np.linspace(0, 1, 41)
square = np.array([[0.0, 0, 1, 1]])
along = {
    "along x": B.box_iou(square, square + shifts[:, None] * [1, 0, 1, 0])[0],
    "along both": B.box_iou(square, square + shifts[:, None] * [1, 1, 1, 1])[0],
}
for name, values in along.items():
    print(f"shifted by half a side {name}: IoU {values[20]:.3f}")
show(viz.line_chart(shifts, along, "shift over side", "IoU"), "18/iou-over-shift")

# %% tags=["check"]
# Check that the text is true.
assert np.isclose(along["along x"][20], 1 / 3)
assert np.isclose(along["along both"][20], 1 / 7)
assert np.allclose(along["along x"], (1 - shifts) / (1 + shifts))

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# One third, and one seventh: with the share $c$ of each box in common, IoU is $c / (2 - c)$. So an IoU of 0.5, at which VOC counts
# a box as correct, is better than it sounds. Along one axis it allows a shift of a third of the side.
# </details>
#
# IoU has no size: it does not change if both boxes grow by the same factor. So one pixel costs a small box more than a large one:

# %%
sides = np.array([4, 8, 16, 64])
rows = [(s, *((s - k) / (s + k) for k in (1, 2))) for s in sides]
table(rows, {"side": "d", "shifted by 1 pixel": ".2f", "by 2 pixels": ".2f"}, "IoU")

# %% [markdown]
# **Boxes that do not touch** have IoU 0, however far apart they are, so its gradient is 0 as well. Generalised IoU (Rezatofighi
# and others, 2019) subtracts the share of the *hull* (the smallest box around both) that belongs to neither:

# %%
fixed = torch.tensor([[0.0, 0, 4, 4]])
far = torch.tensor([[10.0, 0, 14, 4]], requires_grad=True)
for name, measure in (("IoU", TB.box_iou), ("generalised", TB.generalized_box_iou)):
    value = measure(fixed, far)
    (slope,) = torch.autograd.grad(value.sum(), far)
    print(f"{name}: {value.item():.3f}, gradient with respect to x0 {slope[0, 0].item():.3f}")

# %% tags=["check"]
# Check that the text is true.
assert np.isclose(value.item(), 0 - (14 * 4 - 32) / (14 * 4))
assert slope[0, 0] < 0

# %% [markdown]
# The gradient of the second says what to do: a smaller $x_0$ is better.
#
# ## 3. Anchors, matching, offsets
#
# A map has the same number of outputs at every place, and a picture has any number of things. Faster R-CNN (Ren and others,
# 2015) lays boxes of several sizes and shapes over every place beforehand, the **anchors**. Each anchor gets a
# class, or "background", and four numbers that lead from the anchor to the box. With the centre $(c_x, c_y)$ and the sides $w$ and
# $h$ of the box, and those of the anchor with the index $a$, they are
#
# $$ \frac{c_x - c_{x,a}}{w_a}, \qquad \frac{c_y - c_{y,a}}{h_a}, \qquad \ln\frac{w}{w_a}, \qquad \ln\frac{h}{h_a} $$
#
# By hand: the anchor (8, 8, 24, 24) has its centre at (16, 16). The box (10, 6, 26, 38) has its centre at (18, 22), and it is
# twice as high. So the four are 2/16, 6/16, ln 1 and ln 2. And the same picture, five times as large:

# %%
anchor, box = np.array([[8.0, 8, 24, 24]]), np.array([[10.0, 6, 26, 38]])
print(B.encode_boxes(box, anchor).round(3))
print(B.encode_boxes(5 * box, 5 * anchor).round(3), "five times as large")
back = B.decode_boxes(B.encode_boxes(box, anchor), anchor)
print("and back:", back)
four = np.array([[0, 0, -3.0, 4.0]])
print("any four numbers give a box:", B.decode_boxes(four, anchor).round(2))

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(B.encode_boxes(box, anchor), [[0.125, 0.375, 0, np.log(2)]])
assert np.allclose(B.encode_boxes(5 * box, 5 * anchor), B.encode_boxes(box, anchor))
assert np.allclose(back, box)

# %% [markdown]
# Dividing by the anchor's sides makes the numbers mean the same at all sizes. **Why logarithms?** A network's output may be any
# number, and the exponential of any number is a valid side. Also, twice as large and half as large are equally far away:
# $\ln 2 = -\ln \tfrac12$.
#
# In training each anchor must know which true box it stands for. It takes the one with the largest IoU, if this is
# at least `high`; below `low` it is background; between them it is left out of the loss. Then each box claims its best anchor,
# whatever the IoU.
#
# > **Predict.** Our scenes have 32×32 pixels. A map of 8×8 places with six anchors each has 384 anchors. What share of them
# > stands for a garment, with `high` 0.5 and `low` 0.4? And how many of the garments would have no anchor without the
# > claims?

# %%
anchors = B.grid_anchors(8, 8, 4, sizes=[9, 13, 18], ratios=[1.0, 2.0])
matches = [B.match_anchors(anchors, boxes, 0.5, 0.4) for boxes, _ in truth]
kinds = np.concatenate(matches)  # the box of each anchor; −1 background, −2 left out
best = np.concatenate([B.box_iou(anchors, boxes).max(axis=0) for boxes, _ in truth])
saved = (best < 0.5).mean()
shares = {"garment": (kinds >= 0).mean(), "left out": (kinds == -2).mean()}
shares["background"] = (kinds == -1).mean()
print({name: f"{share:.1%}" for name, share in shares.items()})
print(f"garments that only a claim gives an anchor: {saved:.1%}")

# %% tags=["check"]
# Check that the text is true.
at_most(shares["garment"], 0.06, "18/few-anchors-are-garments")
at_least(shares["background"], 0.85, "18/most-anchors-are-background")
at_least(saved, 0.02, "18/claims-save-some")
at_most(saved, 0.25, "18/claims-save-few")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Nearly everything is background. Section 5 is about what this does to the loss. And nearly one garment in ten fits no
# anchor well: without claims, the network would never learn it. Anchors are a choice of sizes and shapes, and it must fit the data.
# Section 8 does without them.
# </details>
#
# ## 4. One thing, many boxes
#
# Neighbouring places see the same thing, and each of them gives a box. **Non-maximum suppression** (NMS) takes the box
# with the highest score, drops all boxes whose IoU with it is greater than a threshold, and goes on with what is left.
#
# Here are detections around two garments that overlap. Drag your own box, or move it with the arrow keys, and look at its IoU. Then
# move the threshold, and watch how many boxes are kept, and what becomes of the curve (section 6 says what it is).


# %% tags=["open"]
def crowd(boxes, each, spread, rng):
    """`each` detections around every box, moved at random, with scores at random."""
    near = np.repeat(boxes, each, axis=0)
    return near + spread * rng.normal(size=near.shape), rng.uniform(0.3, 1, len(near))


two = data.scene(15, seed=3, size=64, objects=2)
near, scores = crowd(two.boxes.astype(float), 9, 2.0, np.random.default_rng(2))
BoxSuppression(two.image, two.boxes, near, scores, box=(20, 20, 44, 52), threshold=50)

# %% [markdown]
# *"NMS removes duplicates."* We test it. Two boxes of 20×20 pixels overlap by a given IoU. Each gets ten detections, whose
# sides are off by about a pixel. After NMS we count how many of the two things are found, and how many boxes are
# left beyond those.
#
# > **Predict.** A threshold of 0.3 leaves the fewest duplicates. Up to which overlap of the two things does it find both of
# > them? And where do thresholds of 0.5 and 0.7 lose the second?

# %%
LIMITS, OVERLAPS, TRIALS = (0.3, 0.5, 0.7), np.arange(0, 0.85, 0.1), 200
found, extra = np.zeros((2, len(LIMITS), len(OVERLAPS)))
trial_rng = np.random.default_rng(0)
for k, overlap in enumerate(OVERLAPS):
    shift = 20 * (1 - overlap) / (1 + overlap)  # section 2's formula, solved for the shift
    pair = np.array([[0.0, 0, 20, 20], [shift, 0, 20 + shift, 20]])
    for _ in range(TRIALS):
        near, scores = crowd(pair, 10, 1.0, trial_rng)
        for limit, threshold in enumerate(LIMITS):
            kept = B.nms(near, scores, threshold)
            right = match_detections(near[kept], scores[kept], pair, 0.5)
            found[limit, k] += right.sum() / 2 / TRIALS
            extra[limit, k] += (len(kept) - right.sum()) / TRIALS
names = [f"threshold {t}" for t in LIMITS]
lines = [dict(zip(names, rows, strict=True)) for rows in (found, extra)]
show(viz.line_panels(
    OVERLAPS, {"share of things found": lines[0], "boxes too many": lines[1]},
    "IoU of the two things", ["recall", "per pair"],
), "18/suppression")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(found[0, :3].min(), 0.95, "18/small-threshold-finds-both-that-overlap-little")
at_most(found[0, 5:].max(), 0.7, "18/small-threshold-loses-the-second")
at_most(found[1, 7:].max(), 0.7, "18/middle-threshold-loses-the-second")
at_least(found[2, :6].min(), 0.9, "18/large-threshold-finds-both")
at_least(extra[2, 0], 0.5, "18/large-threshold-leaves-duplicates")
at_most(extra[0, 0], 0.05, "18/small-threshold-leaves-none")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# NMS cannot know whether two boxes that overlap mean one thing or two. For 0.3 and 0.5, the recall falls from 1 to one half
# somewhat above the threshold: of the two things one is left. The threshold of 0.7 finds both nearly up to the right end of the
# picture, but it leaves duplicates, because two detections of *one* thing may have an IoU below 0.7. The other two leave none here.
# </details>
#
# Does it matter in our scenes? NMS runs in each class by itself. So a perfect detector loses a garment only if it overlaps another
# one *of its class*:

# %%
closest, alike = [], []
for boxes, labels in truth:
    iou = B.box_iou(boxes, boxes) - np.eye(len(boxes))
    closest += list(iou.max(axis=1))
    alike += list((iou * (labels[:, None] == labels)).max(axis=1))
closest, alike = np.array(closest), np.array(alike)
for threshold in (0.3, 0.5):
    print(f"IoU above {threshold}: with any garment {np.mean(closest > threshold):.1%},",
          f"with one of its class {np.mean(alike > threshold):.1%}")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(np.mean(closest > 0.3) - np.mean(alike > 0.3), 0.0, "18/other-classes-overlap-more")
at_most(np.mean(alike > 0.5), 0.02, "18/one-class-hardly-overlaps")

# %% [markdown]
# In these scenes it hardly does. In a picture of many people, who are all of one class, it does. *Soft* NMS (Bodla and others, 2017)
# lowers the scores of what overlaps instead of dropping it. It lowers them more the more they overlap, so duplicates fall
# behind a neighbour. Two things with an IoU of 2/3:

# %%
close = np.array([[0.0, 0, 20, 20], [4, 0, 24, 20]])  # IoU 2/3
hard_both, soft_both, places = 0, 0, []
for _ in range(TRIALS):
    near, scores = crowd(close, 10, 1.0, trial_rng)
    kept, (order, lowered) = B.nms(near, scores, 0.5), B.soft_nms(near, scores)
    hard_both += match_detections(near[kept], scores[kept], close, 0.5).sum() == 2
    right = np.flatnonzero(match_detections(near[order], lowered, close, 0.5))
    soft_both += len(right) == 2
    places.append(right[-1] + 1)
print(f"both of two things are found in {hard_both} of {TRIALS} trials by NMS,",
      f"in {soft_both} by soft NMS")  # fmt: skip
print(f"the second one stands in place {np.mean(places):.1f} of its list on average")

# %% tags=["check"]
# Check that the text is true.
at_least(soft_both / TRIALS, 0.97, "18/soft-nms-finds-both")
at_most(hard_both / TRIALS, 0.5, "18/nms-loses-one")

# %% [markdown]
# ## 5. Many easy places
#
# Section 3 counted: about nine anchors in ten are background, and most of them are easy. Take a picture with 100,000
# places of background, for which the network is already 99 % sure, and 100 places with a thing, at which it is
# wrong: it gives what is true a probability of 0.1. Lin and others (2017) multiply cross-entropy by a power of $1 - p_t$, where $p_t$
# is the probability of what is true, and by a weight $\alpha_t$, which is $\alpha$ where the target is 1 and $1 - \alpha$ where it is 0:
#
# $$ \boxed{\; \mathrm{FL} = -\alpha_t\, (1 - p_t)^\gamma \ln p_t \;} \qquad
#    p_t = p \text{ where the target is 1, and } 1 - p \text{ where it is 0} $$
#
# > **Predict.** Which share of the whole cross-entropy comes from the easy places? And which share of the focal loss with
# > $\gamma = 2$? (Leave $\alpha$ aside.)

# %%
rows = []
for gamma in (0, 1, 2, 5):
    easy = 100_000 * (1 - 0.99) ** gamma * -np.log(0.99)
    hard = 100 * (1 - 0.1) ** gamma * -np.log(0.1)
    rows.append((gamma, easy, hard, easy / (easy + hard)))
table(rows, {"γ": "d", "easy": ",.2f", "hard": ".1f", "share of the easy": ".4f"}, "Loss in all")

# %% tags=["check"]
# Check that the text is true.
assert rows[0][3] > 0.8 > 0.1 > rows[1][3] > 0.01 > rows[2][3]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# More than four fifths of the cross-entropy is about places that are right already. With $\gamma = 2$ it is less than
# a thousandth: the loss turns to what is wrong.
# </details>
#
# Two details decide whether it works. The first is the beginning: if every class starts with a probability of one half, the
# background outweighs everything in the first steps. So the last bias starts at $-\ln 99$, and each class at a probability of 0.01. The second is
# rounding: for a logit of 100 a probability is rounded to 1, and $\ln(1 - p)$ is $-\infty$. Written with $\ln(1 + e^{z})$
# it is exact. You do this in the exercises. Here the package's loss in both libraries:

# %%
logits = np.array([-1000.0, -3, 0, 2, 1000])
targets = np.array([1.0, 0, 1, 1, 0])
z = torch.tensor(logits, requires_grad=True)
in_torch = TB.focal_loss(z, torch.from_numpy(targets), gamma=0.5)
in_torch.backward()
grad, _ = B.focal_loss_backward(np.float64(1), logits, targets, gamma=0.5)
print(f"NumPy {B.focal_loss(logits, targets, gamma=0.5):.3f}, PyTorch {in_torch.item():.3f}")
print("gradients agree, and are finite:", np.allclose(grad, z.grad), np.isfinite(grad).all())

# %% tags=["check"]
# Check that the text is true.
assert np.isclose(B.focal_loss(logits, targets, gamma=0.5), in_torch.item())
assert np.allclose(grad, z.grad)

# %% [markdown]
# ## 6. What average precision is
#
# Sort the detections of one class in all pictures by falling score. A detection is correct if it has enough IoU with a true box
# that no better one has taken. After the first $n$ detections there are two shares:
#
# - **precision**: of these $n$ detections, how many are correct;
# - **recall**: of all true boxes, how many are found.
#
# By hand, with five true boxes and seven detections:

# %%
scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3])
correct = np.array([True, False, True, True, False, False, True])
precision, recall = precision_recall(scores, correct, 5)
rows = [(str(n + 1), correct[n], precision[n], recall[n], envelope(precision)[n]) for n in range(7)]
table(rows, {"": "", "correct": "", "precision": ".2f", "recall": ".1f", "envelope": ".2f"})

# %% tags=["plumbing"]
# The curve and its envelope, with VOC's eleven points.
show(viz.precision_recall_curves({"seven detections": (precision, recall)}, np.arange(11) / 10),
     "18/curve-by-hand")  # fmt: skip

# %% [markdown]
# The curve has teeth: each wrong detection lowers the precision, each correct one raises it. The **envelope** takes away the teeth:
# at each recall it is the largest precision there or at a larger recall. AP is the area under one or the other, or a mean at some
# points:

# %%
rows = [(form, average_precision(scores, correct, 5, form)) for form in FORMS]
table(rows, {"form": "", "AP": ".3f"}, "One list of detections")

# %% tags=["check"]
# Check that the text is true.
aps = dict(rows)
assert np.isclose(aps["raw"], (1 + 2 / 3 + 3 / 4 + 4 / 7) / 5)
assert np.isclose(aps["envelope"], (1 + 3 / 4 + 3 / 4 + 4 / 7) / 5)
assert len({round(value, 3) for value in aps.values()}) == 4

# %% [markdown]
# - *raw*: the precision at each correct detection, summed, over the number of true boxes: (1 + 2/3 + 3/4 + 4/7)/5. This is an area
#   of steps, a little more than the area under the slanting lines in the picture;
# - *11 points*: the mean of the envelope at recall 0, 0.1, … 1 (VOC until 2009, Everingham and others, 2010);
# - *envelope*: the area under the envelope (VOC from 2010 on);
# - *101 points*: the same mean at 0, 0.01, … 1 (COCO, for one IoU threshold);
# - the fifth: the mean of this over the IoU thresholds 0.50, 0.55, … 0.95 (COCO's AP, Lin and others, 2014).
#
# For several classes there is an AP each, and their mean is what a table shows, often as "mAP". Now the puzzle, at every threshold
# of IoU:

# %%
show(viz.line_chart(COCO_THRESHOLDS, over_iou, "IoU that makes a box correct", "AP"),
     "18/ap-over-iou")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert over_iou["rough"][0] > over_iou["exact"][0]
assert over_iou["rough"][2] < over_iou["exact"][2]

# %% [markdown]
# *Rough* falls from 1 to nearly nothing between 0.55 and 0.60: a shift of 0.15 along both axes leaves an IoU of 0.57. VOC's AP is one
# point of these curves, and COCO's is their mean.
#
# > **Predict.** We spoil *exact*: to every picture we add 30 boxes at random places, of random classes, with scores below
# > all the others. How far does its AP fall?


# %%
def with_junk(found, count, rng):
    """Random boxes of random classes, with the lowest scores."""
    spoilt = []
    for boxes, labels, scores in found:
        corner, side = rng.uniform(0, 20, (count, 2)), rng.uniform(8, 20, (count, 2))
        junk = np.concatenate([corner, corner + side], axis=1)
        spoilt.append((
            np.concatenate([boxes, junk]), np.concatenate([labels, rng.integers(0, 10, count)]),
            np.concatenate([scores, rng.uniform(0, 0.1, count)]),
        ))  # fmt: skip
    return spoilt


spoilt = with_junk(exact, 30, np.random.default_rng(1))
wrong = sum(len(own[2]) for own in spoilt) - sum(len(own[2]) for own in exact)
after = mean_average_precision(spoilt, truth)
print(f"{wrong:,} more boxes, AP before {voc['exact']:.3f}, after {after:.3f}")

# %% tags=["check"]
# Check that the text is true.
assert wrong == 6000
assert after > voc["exact"]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# It *rises*. What comes behind the last correct detection costs nothing, and a few of the 6,000 boxes are right by chance. AP is about
# the *order* of the detections. It does not care how many useless ones follow, nor what the scores mean: any rising function of
# them has the same AP. So AP alone does not tell which score to use as a limit in a camera.
# </details>
#
# ## 7. RoI pooling and RoIAlign
#
# *(This section can wait.)* Some detectors have two stages: the first proposes boxes, and the second looks at each of them
# again. For this it cuts a small map of fixed size out of the large one, for a box of any size. **RoI pooling** (Girshick, 2015)
# rounds the box to whole places of the map, and takes the maximum in each cell. **RoIAlign** (He and others, 2017) rounds nothing: it
# takes values *between* the places, mixed from four neighbours.
#
# What does rounding cost? Take a map with stride 8 whose value at each place is the x coordinate of its centre. We move a
# box to the right, half a pixel at a time, and look at how far its mean value moves.
#
# > **Predict.** How far are the two off, at most, in pixels?

# %%
STRIDE = 8
ramp = np.tile((np.arange(16) + 0.5) * STRIDE, (1, 1, 16, 1))
moves = np.arange(0, 24.5, 0.5)
moving = [np.array([[8 + move, 8, 56 + move, 56]]) for move in moves]
pooled = np.array([B.roi_pool(ramp, [box], 3, 1 / STRIDE).mean() for box in moving])
aligned = np.array([
    B.roi_align(ramp, [box], 3, 1 / STRIDE, sampling_ratio=2, aligned=True).mean() for box in moving
])  # fmt: skip
seen = {"RoI pooling": pooled - pooled[0], "RoIAlign": aligned - aligned[0]}
for name, values in seen.items():
    print(f"{name}: off by at most {np.abs(values - moves).max():.2f} pixels")
show(viz.line_chart(moves, seen, "the box moves by (pixels)", "its mean value moves by (pixels)",
                    markers=False), "18/roi-moves")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert np.abs(seen["RoIAlign"] - moves).max() < 1e-9
assert 3.9 < np.abs(seen["RoI pooling"] - moves).max() < 4.1

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# RoIAlign follows exactly. RoI pooling moves in jumps of 8 pixels, the stride, and is off by up to half of it. For a class this
# hardly matters. For a box, and even more for a mask, four pixels are much.
# </details>
#
# ## 8. A detector without anchors
#
# FCOS (Tian and others, 2019) asks each place of the map directly: what thing are you in, and how far away are its left, upper, right
# and lower sides? Ours is a small one: eight convolutions, a map with stride 4, and at each place ten logits and four
# distances (as logarithms). A place stands for a thing if it lies inside of its box and near its middle, and of several things it takes
# the smallest. The loss is three times the focal loss for the classes plus $1 - \mathrm{IoU}$ for the boxes.


# %%
def tensors(batch):
    """Images in [0, 1] and what each place shall say."""
    true = [(b[own >= 0], own[own >= 0]) for b, own in zip(batch.boxes, batch.labels, strict=True)]
    targets = np.stack([detection_targets(*one, 8, 8, stride=4) for one in true])
    return torch.from_numpy(batch.images).float() / 255, torch.from_numpy(targets)


images, wanted = tensors(data.scenes(4000, size=32, objects=(1, 4)))
test_images, test_wanted = tensors(batch)
there = (wanted[:, 0] >= 0).double().mean().item()
print(f"places that stand for a garment: {there:.1%}")

# %% tags=["nbval-ignore-output"]
torch.manual_seed(0)
detector = Detector(width=24)
losses = fit_detector(detector, images, wanted, steps=800)
print(f"{sum(p.numel() for p in detector.parameters()):,} parameters")
smooth = losses.reshape(16, 50, 2).mean(axis=1)
show(viz.line_chart(np.arange(25, 800, 50), {"classes": smooth[:, 0], "boxes": smooth[:, 1]},
                    "step", "loss"), "18/training")  # fmt: skip

# %% [markdown]
# Then each place gives boxes, and NMS thins them out. The network runs in NumPy as well:

# %%
in_numpy = from_torch(detector.eval())
output = in_numpy(test_images[:8].numpy())
with torch.no_grad():
    in_torch = detector(test_images[:8])
print("NumPy's maps equal PyTorch's:", np.allclose(output, in_torch, atol=1e-4))
print("maps:", output.shape, " lists:", len(detections(output, Detector.stride)))

# %% [markdown]
# > **Predict.** What AP does it reach at an IoU of 0.5: about 0.1, 0.4, 0.7 or 0.9? And how much higher is its AP if the class does
# > not count, only the box?


# %% tags=["nbval-ignore-output"]
def any_class(lists):
    """The same with one class for all."""
    return [(boxes, 0 * labels, *rest) for boxes, labels, *rest in lists]


answers = detect(detector, test_images)
ap = {form: mean_average_precision(answers, truth, form=form) for form in FORMS}
ap["COCO's mean"] = mean_average_precision(answers, truth, COCO_THRESHOLDS, "101 points")
merged = [tuple(v[B.nms(one[0], one[2], 0.5)] for v in one) for one in answers]  # of all classes
ap["envelope, any class"] = mean_average_precision(any_class(merged), any_class(truth))
table(list(ap.items()), {"form": "", "AP": ".3f"})

# %% tags=["plumbing", "nbval-ignore-output"]
# Detections with a score of at least 0.3 beside true boxes (dashed); of several classes the best.
good = [tuple(values[one[2] >= 0.3] for values in one) for one in answers]
single = [tuple(v[B.nms(one[0], one[2], 0.5)] for v in one) for one in good]
chosen = [1, 3, 5, 7, 10, 12]
show(viz.detection_row([scenes[n] for n in chosen], [single[n] for n in chosen],
                       [truth[n] for n in chosen], data.FASHION_CLASSES, columns=3, height=2.9),
     "18/what-it-finds")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(ap["envelope"], 0.2, "18/detector-ap")
at_least(ap["envelope, any class"] - ap["envelope"], 0.08, "18/class-is-hard")
at_least(ap["envelope"] - ap["COCO's mean"], 0.08, "18/coco-is-stricter")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# About 0.4. With one class for all it is clearly higher: the network often finds a garment, and takes it for another kind. The first four
# forms differ little here, by a few hundredths. COCO's mean is much lower, because these boxes are seldom true to the pixel.
# </details>
#
# One training is one draw. So `python -m tools.keep_detector` has trained this network from five starts, with other first weights and
# other batches each time. The results are stored with the command, the seeds and the time. The spread is the standard
# deviation over the starts:

# %% tags=["answer"]
kept = data.training_history("18_detector")["starts"]


def over_starts(results):
    """One row per number: its name, mean, spread, smallest and largest value over the starts."""
    return [(name, np.mean(v), np.std(v, ddof=1), min(v), max(v)) for name, v in results.items()]


SPREAD = {"mean": ".3f", "spread": ".3f", "lowest": ".3f", "highest": ".3f"}
print(f"{kept['command']} took {kept['seconds']} s of one core")
table(over_starts(kept["ap"]), {"form": ""} | SPREAD, "AP over five starts")

# %% tags=["check"]
# Check that the text is true.
stored = {form: np.array(values) for form, values in kept["ap"].items()}
forms = np.array([stored[form] for form in FORMS])
assert 0.35 < stored["envelope"].min() < stored["envelope"].max() < 0.45
assert np.ptp(forms, axis=0).max() < 0.05
assert (stored["envelope, any class"] - stored["envelope"]).min() > 0.2
assert (stored["envelope"] - stored["COCO's mean"]).min() > 0.1
assert 0.005 < stored["envelope"].std(ddof=1) < 0.015
assert 0.02 < np.ptp(stored["envelope"]) < 0.03

# %% [markdown]
# What was said above holds for all five. But the *same* detector differs from start to start by about a hundredth of AP, and the best start from
# the worst by more than two. So a change of the detector that gains as little shows nothing until it is trained from several starts as well.
#
# Section 5 said what the focal loss does. In the trained network it can be measured:

# %% tags=["nbval-ignore-output"]
with torch.no_grad():
    logits = detector(test_images)[:, :10]
inside = (test_wanted[:, 0] >= 0)[:, None]
labels = torch.arange(10)[None, :, None, None] == test_wanted[:, :1]
background = {}
for gamma in (0.0, 2.0):
    loss = TB.focal_loss(logits, labels.double(), alpha=0.5, gamma=gamma, reduction="none")
    background[gamma] = ((loss * ~inside).sum() / loss.sum()).item()
    print(f"γ = {gamma:.0f}: {background[gamma]:.0%} of the loss comes from places of background")

# %% tags=["check"]
# Check that the text is true.
at_least(background[0.0] - background[2.0], 0.05, "18/focal-turns-from-background")
shares_kept = {gamma: np.array(values) for gamma, values in kept["from_background"].items()}
assert (shares_kept["0"] - shares_kept["2"]).min() > 0.2

# %% [markdown]
# ## 9. Its faults, sorted
#
# One number does not say what to improve. TIDE (Bolya and others, 2020) sorts what is wrong by the IoU with the nearest true box:
#
# | Fault | The detection has |
# | --- | --- |
# | place | the right class, and an IoU between 0.1 and 0.5 |
# | class | another class, and an IoU of at least 0.5 |
# | both | neither, but an IoU above 0.1 |
# | duplicate | the right class and place, but a better one has found the same |
# | background | no IoU above 0.1 with anything |
# | missed | (a true box that is neither found nor hit by a detection of the first two kinds) |
#
# And it asks what each kind *costs*: how much would AP rise if this kind alone were corrected?
#
# > **Predict.** Section 8 has shown that the class costs much. How much do the others cost: are wrong places, or missed garments,
# > nearly as bad? And do the *duplicates* cost much, after NMS?

# %% tags=["nbval-ignore-output"]
sorted_faults = [sort_faults(one, true) for one, true in zip(good, truth, strict=True)]
counts = {kind: sum((f.kinds == kind).sum() for f in sorted_faults) for kind in FAULTS}
counts["missed"] = sum(f.missed.sum() for f in sorted_faults)
cost = {}
for kind in counts:
    pairs = [mended(one, true, kind) for one, true in zip(answers, truth, strict=True)]
    mean = mean_average_precision([one for one, _ in pairs], [true for _, true in pairs])
    cost[kind] = mean - ap["envelope"]
table([(kind, int(counts[kind]), cost[kind]) for kind in counts],
      {"fault": "", "how many (scores from 0.3)": "d", "AP if corrected, more": ".3f"})  # fmt: skip

# %% tags=["plumbing", "nbval-ignore-output"]
# One picture of each kind: the best score that has it.
firsts, titles = [], []
for kind in counts:
    ranked = []
    for n, faults in enumerate(sorted_faults):
        if kind == "missed":
            ranked += [(0.0, n, None)] if faults.missed.any() else []
        else:
            ranked += [(-good[n][2][i], n, i) for i in np.flatnonzero(faults.kinds == kind)]
    if ranked:
        _, n, i = min(ranked, key=lambda one: one[:2])
        faults = sorted_faults[n]
        own = -1 if i is None else faults.nearest[i]
        both = (faults.nearest == own) & np.isin(faults.kinds, ("correct", "duplicate"))
        shown = slice(0, 0) if i is None else np.flatnonzero(both) if kind == "duplicate" else [i]
        firsts.append((n, shown))
        true = data.FASHION_CLASSES[truth[n][1][own]]
        titles.append(f"{kind} (truth: {true})" if own >= 0 else kind)
show(viz.detection_row(
    [scenes[n] for n, _ in firsts], [tuple(v[i] for v in good[n]) for n, i in firsts],
    [truth[n] for n, _ in firsts], data.FASHION_CLASSES, titles, columns=3, height=2.9,
), "18/faults")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(cost["class"] - cost["duplicate"], 0.08, "18/classes-cost-most")
at_most(cost["duplicate"], 0.05, "18/duplicates-cost-little")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The class costs most: a shirt is taken for a coat. The confusions of garments come back that lesson 09 shows, here in small
# garments over photographs.
# Duplicates cost next to nothing, since NMS takes care of them. What is missed costs little as well: the counts are for scores
# from 0.3, but AP looks at all detections, and nearly every garment has one with a lower score. So a better NMS would not improve this detector, and a
# better classifier would. This is what sorting is for.
# </details>
#
# From the five starts, what each kind of fault costs:

# %% tags=["answer"]
table(over_starts(kept["cost"]), {"fault": ""} | SPREAD, "AP if corrected, more, over five starts")

# %% tags=["check"]
# Check that the text is true.
costs = {kind: np.array(values) for kind, values in kept["cost"].items()}
others = np.array([values for kind, values in costs.items() if kind != "class"])
assert (costs["class"] - others.max(axis=0)).min() > 0.1
assert max(costs["duplicate"].max(), costs["missed"].max()) < 0.02

# %% [markdown]
# ## 10. The family
#
# *(This section can wait.)* The detectors from 2013 to 2020 in one table. Each step removed a part that was slow, or that was chosen by hand:
#
# | Year | Detector | What it removed |
# | --- | --- | --- |
# | 2013 | OverFeat | one pass per window: the classifier becomes a map (section 1) |
# | 2014 | R-CNN | windows on a grid: 2,000 proposals of another algorithm are cut out and classified |
# | 2015 | Fast R-CNN | one pass per proposal: one map, and RoI pooling for each box (section 7) |
# | 2015 | Faster R-CNN | the other algorithm: the network proposes boxes itself, from anchors (section 3) |
# | 2016 | YOLO, SSD | the second stage: one pass gives classes and boxes |
# | 2017 | Mask R-CNN | rounding (RoIAlign); and it adds a mask for each box |
# | 2017 | RetinaNet | choosing hard places by hand: the focal loss (section 5) |
# | 2019 | FCOS | the anchors (section 8) |
# | 2020 | DETR | suppression: a set of boxes, each matched to one thing in training (section 4) |
#
# DETR's way is interesting after section 4: if the *training* allows one detection per thing, nothing has to be removed
# afterwards, and neighbours that overlap are no problem.

# %% [markdown]
# ## Claims to test
#
# 1. "A higher AP is a better detector."
# 2. "NMS removes duplicates."
#
# > **Predict.** In what sense is each of them true?

# %% tags=["plumbing"]
# The measurements, one line per claim.
print(f"1. VOC's AP: rough {voc['rough']:.2f}, exact {voc['exact']:.2f};",
      f"COCO's: rough {coco['rough']:.2f}, exact {coco['exact']:.2f}")  # fmt: skip
print(f"   6,000 random boxes more: AP {voc['exact']:.3f} → {after:.3f}")
print(f"2. threshold 0.5: things found at IoU 0.3 {found[1, 3]:.2f}, at IoU 0.7 {found[1, 7]:.2f}")
print(f"   boxes too many at IoU 0: {extra[0, 0]:.2f} for 0.3, {extra[2, 0]:.2f} for 0.7")

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **Only for the AP in question, and for what it asks.** Two forms put our two detectors in opposite order, and 6,000 useless
#    boxes raised an AP. Say which form it is, look at AP over IoU, and sort the faults.
# 2. **True, and it removes neighbours as well.** It knows nothing but overlap. Two things that overlap by clearly more than the
#    threshold become one. A threshold of 0.7 spares them, and leaves duplicates.
# </details>

# %% [markdown]
# ## Summary
#
# 1. A classifier without padding and its fully convolutional form give the same numbers, and the second does shared work once.
# 2. IoU is common area over union. Half of a box covered is one third. One pixel costs a small box more than a large one.
# 3. Anchors get a box by four offsets, with logarithms for the sides. Nearly all of them are background, so the focal loss turns away
#    from what is right already.
# 4. NMS keeps the best of what overlaps; it loses neighbours that overlap more than its threshold.
# 5. AP is an area under precision over recall, in five forms. It sees only the order of the detections. Sorted faults say what
#    to improve.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** A true box of 20×20 lies inside a detection of 30×30. What is the IoU?
#
# <details><summary>Answer</summary>
#
# $400 / 900 = 0.444$: not correct at 0.5, although all of it is covered.
# </details>
#
# **2.** A box is half as wide as its anchor and twice as high, with the same centre. What are the four offsets?
#
# <details><summary>Answer</summary>
#
# $0, 0, -0.693, 0.693$.
# </details>
#
# **3.** A classifier for windows of 32 pixels has a total stride of 8 and no padding. How many windows does its map of a 224×224
# picture stand for?
#
# <details><summary>Answer</summary>
#
# $((224 - 32)/8 + 1)^2 = 25^2 = 625$.
# </details>
#
# **4.** Three detections, correct, wrong, correct, and two true boxes. What is AP by the raw curve and by the envelope?
#
# <details><summary>Answer</summary>
#
# $(1 + 2/3)/2 = 0.833$ for both: the only tooth is where the recall stays.
# </details>
#
# **5.** By what factor does the focal loss with $\gamma = 2$ lower the cross-entropy of a place with $p_t = 0.75$?
#
# <details><summary>Answer</summary>
#
# $(1 - 0.75)^2 = 1/16$.
# </details>

# %%
inner, outer = np.array([[5.0, 5, 25, 25]]), np.array([[0.0, 0, 30, 30]])
print("1.", B.box_iou(inner, outer).round(3))
print("2.", B.encode_boxes(np.array([[5.0, -10, 15, 30]]), np.array([[0.0, 0, 20, 20]])).round(3))
print("3.", ((224 - 32) // 8 + 1) ** 2)
three = np.array([0.9, 0.8, 0.7]), np.array([True, False, True]), 2
print("4.", *(round(average_precision(*three, form), 3) for form in ("raw", "envelope")))
print("5.", (1 - 0.75) ** 2)

# %% [markdown]
# ## Where to read more
#
# - P. Sermanet and others, "OverFeat: Integrated recognition, localization and detection using convolutional networks", ICLR
#   (2014), arXiv:1312.6229: section 3.5, windows as a map.
# - S. Ren, K. He, R. Girshick, J. Sun, "Faster R-CNN: Towards real-time object detection with region proposal networks",
#   NeurIPS (2015), arXiv:1506.01497: section 3.1, anchors and offsets.
# - R. Girshick, "Fast R-CNN", ICCV (2015), arXiv:1504.08083: section 2.1, RoI pooling.
# - K. He, G. Gkioxari, P. Dollár, R. Girshick, "Mask R-CNN", ICCV (2017), arXiv:1703.06870: section 3, RoIAlign.
# - T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, "Focal loss for dense object detection", ICCV (2017),
#   arXiv:1708.02002: section 3.
# - N. Bodla, B. Singh, R. Chellappa, L. S. Davis, "Soft-NMS: Improving object detection with one line of code", ICCV
#   (2017), arXiv:1704.04503.
# - H. Rezatofighi and others, "Generalized intersection over union: A metric and a loss for bounding box regression", CVPR
#   (2019), arXiv:1902.09630.
# - Z. Tian, C. Shen, H. Chen, T. He, "FCOS: Fully convolutional one-stage object detection", ICCV (2019),
#   arXiv:1904.01355: section 3.
# - D. Bolya, S. Foley, J. Hays, J. Hoffman, "TIDE: A general toolbox for identifying object detection errors", ECCV (2020),
#   arXiv:2008.08115.
# - M. Everingham and others, "The PASCAL visual object classes (VOC) challenge", International Journal of Computer Vision (2010):
#   section 4.2, the envelope at eleven recalls.
# - T.-Y. Lin and others, "Microsoft COCO: Common objects in context", ECCV (2014), arXiv:1405.0312.
#
# **Next:** do the [exercises of this unit](../exercises/18_detection/18_detection.ipynb). Then lesson
# [19 Segmentation and U-Net](19_segmentation.ipynb) gives every pixel a class.
