# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 19 · Segmentation and U-Net
#
# [Start](00_start_here.ipynb) · previous: [18 Detection](18_detection.ipynb) ·
# next: [20 One dimension, three dimensions, graphs](20_one_three_graphs.ipynb) ·
# [exercises of this unit](../exercises/19_segmentation/19_segmentation.ipynb)
#
# **After this lesson you can**
#
# - judge a segmentation by IoU, Dice and its boundary, and say what pixel accuracy hides;
# - enlarge maps with a transposed convolution, and say from its kernel alone whether it makes a checkerboard;
# - build a U-Net, and say what each of its skips carries;
# - choose a loss when the thing to be found is small;
# - run a network on a picture of any size, tile by tile, with the same result as in one piece.
#
# **Time** about 90 minutes, with the questions. The code runs in about a minute. On a short evening read sections 1, 2, 7
# and 8; sections 6, 10 and 11 can wait.
#
# **You should know** lesson 03 (stride, dilation), lesson 05 (the Fourier transform, for section 4), lesson 06 (the
# transposed matrix), lesson 07 (pooling), lesson 09 (the confusion matrix).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
from collections import Counter
from itertools import count, product

import numpy as np
import torch
import torch.nn.functional as F

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.numpy_nn import functional as NF
from cnncourse.numpy_nn import models as numpy_models
from cnncourse.numpy_nn import segmentation as measures
from cnncourse.numpy_nn.modules.init import bilinear_kernel
from cnncourse.numpy_nn.tiling import predict_tiles
from cnncourse.torch_nn import models as torch_models
from cnncourse.torch_nn.segmentation import dice_loss
from cnncourse.torch_nn.training import descend

torch.set_num_threads(1)  # for small networks, dividing the work costs more than the work

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# **Semantic segmentation** gives a class to *every pixel*. Here the class is "sandal", and all other pixels are
# background. Two programs have marked the sandal in this scene of four garments. A finds it, and marks two pixels too
# much all around. B has found nothing.

# %% tags=["plumbing"]
# The first scene from number 60 on whose sandal is of the right size for a puzzle.
SANDAL = 1 + data.FASHION_CLASSES.index("sandal")
for number in count(60):
    puzzle = data.scene(number, split="test", size=64, objects=4)
    sandal = puzzle.semantic == SANDAL
    grown = NF.max_pool2d(sandal[None, None].astype(float), 5, 1, 2)[0, 0] > 0
    if 0.35 < sandal.sum() / max(grown.sum(), 1) < 0.49:
        break

# %%
answers = {"A": grown, "B": np.zeros_like(sandal)}
show(
    viz.scene_row([puzzle.image] * 4, ["the scene", "truth", *answers],
                  [None, sandal, *answers.values()], height=2.4),
    "19/puzzle",
)  # fmt: skip

# %% [markdown]
# > **Predict.** Which of the two gives more pixels their true class?

# %%
accuracy = {name: (answer == sandal).mean() for name, answer in answers.items()}
for name, share in accuracy.items():
    print(f"{name}: {share:.1%} of the pixels are right")

# %% tags=["check"]
# Check that the text is true.
assert accuracy["A"] < accuracy["B"]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# B, which found nothing. Only one pixel in twenty belongs to the sandal, so the background decides. A has found the
# sandal, and pays for the pixels around it. A measure that prefers B is not the measure that we want. Section 2 has better
# ones.
# </details>
#
# ## 1. From one label to one label per pixel
#
# A classifier ends in one vector of scores per image. But its convolutions give maps, and a 1×1 convolution in the
# place of the linear layer gives a vector of scores *at each place* of the last map. The flattening or the global mean before it goes; nothing
# else has to change. This is
# a **fully convolutional network** (Long, Shelhamer and Darrell, 2015): it takes images of any size, and gives coarse
# maps of scores. How coarse? Each stride and each pooling of 2 halves the map:

# %%
fcn = torch_models.FCN(width=8, depth=3, skips=0)
maps = torch.zeros(1, 3, 64, 96)
print("picture", tuple(maps.shape[2:]))
for k, stage in enumerate(fcn.stages):
    maps = stage(maps)
    print(f"after stage {k + 1}: {maps.shape[1]} channels of {tuple(maps.shape[2:])}")
print("scores of 2 classes:", tuple(fcn.score[0](maps).shape[2:]))

# %% [markdown]
# What does a coarse map lose? We can ask without any network. Take the *true* mask of a garment, keep its mean over each
# block of $S \times S$ pixels, enlarge these means to the full size, and mark where they are at least one half. A network
# with the total stride $S$ whose scores are as good as they can be is not worse than that.
#
# Two masks are compared by their **intersection over union** (IoU): the pixels that are in both, divided by those that
# are in at least one. 1 is perfect, and 0 means that they have nothing in common. Counted over all pixels of 600
# scenes together:
#
# > **Predict.** How much of the IoU is left for $S = 8$, a typical stride? And does it help to enlarge by bilinear
# > interpolation and not by repeating?

# %%
unseen = data.scenes(600, split="test")  # one garment each, 32×32 pixels
truth = unseen.masks
COARSE = (2, 4, 8, 16)
left = {}
for S in COARSE:
    means = torch.from_numpy(NF.avg_pool2d(truth[:, None].astype(float), S))
    for mode, options in [("nearest", {}), ("bilinear", {"align_corners": False})]:
        large = F.interpolate(means, scale_factor=S, mode=mode, **options)[:, 0].numpy() >= 0.5
        left[mode, S] = (large & truth).sum() / (large | truth).sum()
table([(S, left["nearest", S], left["bilinear", S]) for S in COARSE],
      {"S": "d", "IoU, repeated": ".2f", "IoU, interpolated": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert 0.55 < left["nearest", 8] < 0.7
assert all(left["bilinear", S] > left["nearest", S] + 0.05 for S in (2, 4, 8))
assert left["bilinear", 16] < 0.3

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With blocks of 8 pixels, more than a third of the IoU is gone, although every block has its true share. Interpolation
# helps: a share of one half in a block becomes an edge that runs through it. With blocks of 16 pixels, a scene is
# $2 \times 2$ numbers, and no interpolation can help.
# </details>
#
# So a segmentation network has two tasks. It must see far, and for that it makes its maps small (lesson 03). And it must
# come back to every pixel. Sections 3 to 5 are about the way back, section 6 about not going away, and section 7
# about keeping the fine maps.
#
# ## 2. How good is a segmentation?
#
# All measures start from one table: how many pixels of each true class were given which class? Twelve pixels and three
# classes, by hand:

# %%
target = np.array([[0, 0, 0, 1], [0, 2, 1, 1], [2, 2, 1, 1]])
guess = np.array([[0, 0, 1, 1], [0, 2, 2, 1], [0, 2, 2, 1]])
pairs = Counter(zip(target.ravel().tolist(), guess.ravel().tolist(), strict=True))
print("(true, given): how many\n", dict(sorted(pairs.items())))
for c in range(3):
    both = pairs[c, c]
    missed = sum(n for (t, g), n in pairs.items() if t == c != g)
    invented = sum(n for (t, g), n in pairs.items() if g == c != t)
    iou = both / (both + missed + invented)
    dice = 2 * both / (2 * both + missed + invented)
    print(f"class {c}: both {both}, missed {missed}, invented {invented};",
          f"IoU {iou:.2f}, Dice {dice:.2f}")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
counts = measures.confusion_matrix(target, guess, 3)
assert counts.tolist() == [[pairs[t, g] for g in range(3)] for t in range(3)]
assert np.allclose(measures.class_iou(counts), [3 / 5, 3 / 6, 2 / 5])
assert np.allclose(measures.class_dice(counts), [6 / 8, 6 / 9, 4 / 7])

# %% [markdown]
# As a table with the truth in rows, this is lesson 09's **confusion matrix**, of pixels. In the exercises you count it
# for whole batches. With $a$ pixels in both, $m$ missed and $f$ invented,
#
# $$ \mathrm{IoU} = \frac{a}{a + m + f}, \qquad \mathrm{Dice} = \frac{2a}{2a + m + f}, \qquad
#    \boxed{\; \mathrm{Dice} = \frac{2\, \mathrm{IoU}}{1 + \mathrm{IoU}} \;} $$
#
# The last formula follows if one divides numerator and denominator of Dice by $a + m + f$, because
# $2a + m + f = (a + m + f) + a$. So Dice is never below IoU, and for *one* class in *one* picture both put all
# predictions in the same order. (The two are often confused. A paper's "Dice 0.9" is an IoU of 0.82.)
#
# > **Predict.** Two networks, two pictures. P has an IoU of 0.5 in both pictures. Q has 1.0 in one and 0.05 in the other.
# > Which has the higher mean IoU, and which has the higher mean Dice?

# %%
networks = {"P": np.array([0.5, 0.5]), "Q": np.array([1.0, 0.05])}
rows = [(name, iou, iou.mean(), (2 * iou / (1 + iou)).mean()) for name, iou in networks.items()]
table(rows, {"": "", "IoU of the pictures": ".2f", "mean IoU": ".3f", "mean Dice": ".3f"})

# %% tags=["check"]
# Check that the text is true.
assert rows[0][2] < rows[1][2]
assert rows[0][3] > rows[1][3]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# They disagree. Dice grows fast where IoU is small and slowly where it is large, so a mean of Dice values is kinder
# to middling results. The order is the same for a single number only. Say which one you report, and over what the mean is
# taken: over pictures, over classes, or of a table that was counted over all pictures first.
# </details>
#
# **Boundaries.** Large areas hide their edges, too. Let the truth be a square of $n \times n$ pixels, and let the
# prediction lose one pixel all around. `boundary_iou` (Cheng and others, 2021) compares only the pixels that are at most
# one step from the edge:

# %%
rows = []
for n in (6, 12, 24, 48):
    square = np.ones((n, n), bool)
    smaller = np.pad(square[2:, 2:], 1)
    iou = (square & smaller).sum() / (square | smaller).sum()
    rows.append((n, iou, measures.boundary_iou(square, smaller)))
table(rows, {"n": "d", "IoU": ".2f", "boundary IoU": ".2f"}, "One pixel lost all around")

rows = []
for name, answer in answers.items():
    counts = measures.confusion_matrix(sandal.astype(int), answer.astype(int), 2)
    iou, dice = measures.class_iou(counts)[1], measures.class_dice(counts)[1]
    rows.append((name, accuracy[name], iou, dice, measures.boundary_iou(sandal, answer)))
table(rows, {"": "", "pixel accuracy": ".2f", "IoU": ".2f", "Dice": ".2f", "boundary IoU": ".2f"},
      "The puzzle")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert rows[0][2] > 0.3
assert rows[1][2:] == (0, 0, 0)
assert rows[0][4] < rows[0][2]

# %% [markdown]
# The larger the square, the less IoU sees of the mistake. The boundary measure sees it every time. In the puzzle, IoU and
# Dice prefer A, and the boundary measure gives 0 to both: A's edge is nowhere where the true edge is.
#
# ## 3. Back up: transposed convolution
#
# Lesson 06 writes a convolution as a matrix, $y = Mx$, and finds $M^\top$ in its backward pass. $M^\top$ maps small
# arrays to large ones, so it can also serve as a *forward* layer: **transposed convolution**. Each input number puts down
# the kernel, multiplied by that number, and the next one does so $S$ places further. Where kernels overlap, they add up.
# Three numbers, a kernel of three, $S = 2$:

# %%
x, kernel, S = [1, 2, 3], [1, 10, 100], 2
line = np.zeros((len(x) - 1) * S + len(kernel), int)
for i, value in enumerate(x):
    put = value * np.array(kernel)
    line[i * S : i * S + len(kernel)] += put
    print(f"x[{i}] = {value} puts {put} at {i * S} … {i * S + len(kernel) - 1}:", line)
spread = np.zeros(len(x) * S - 1, int)
spread[::S] = x
print("zeros between:", spread, " convolved with the kernel:", np.convolve(spread, kernel))

# %% tags=["check"]
# Check that the text is true.
assert np.array_equal(line, np.convolve(spread, kernel))
assert len(line) == 2 * S + 3

# %% [markdown]
# The last line says the same in another way: put $S - 1$ zeros between the numbers, then convolve (with the flip, lesson
# 02). For $I$ numbers along an axis the output has
#
# $$ (I - 1)\, S - 2P + K $$
#
# pixels, which is lesson 03's formula solved for the input. The padding $P$ is *cut off*. In PyTorch the layer is
# `conv_transpose2d`, and its weight has the shape $(C_{in}, C_{out}, K, K)$, the other way round than a
# convolution's. You write it in the exercises. It is *not* an inverse: it restores the shape, not the values. (People who
# call it "deconvolution" mean something else.)

# %%
x, kernel = rng.normal(size=(1, 1, 7, 7)), rng.normal(size=(1, 1, 3, 3))
y = NF.conv2d(x, kernel, stride=2)
back = NF.conv_transpose2d(y, kernel, stride=2)
by_torch = F.conv_transpose2d(torch.from_numpy(y), torch.from_numpy(kernel), stride=2)
print("conv_transpose2d(conv2d(x)) has the shape of x:", back.shape == x.shape,
      "  equals x:", np.allclose(back, x))  # fmt: skip
print("equals conv2d's gradient of the input for g = y:",
      np.allclose(back, NF.conv2d_backward(y, x, kernel, stride=2)[0]),
      "  equals PyTorch's:", np.allclose(back, by_torch))  # fmt: skip
for side in (7, 8):
    y = NF.conv2d(np.ones((1, 1, side, side)), kernel, stride=2)
    print(f"{side}×{side} at stride 2 → {y.shape[2]}×{y.shape[3]}")

# %% tags=["check"]
# Check that the text is true.
assert not np.allclose(back, x)
assert np.allclose(back, by_torch)

# %% [markdown]
# The last two lines: 7 and 8 pixels both become 3, so "back from 3" is ambiguous. PyTorch returns the smaller size. With
# `output_padding=1` it returns the other.
#
# ## 4. Checkerboards
#
# Count how many kernels reach each pixel: a constant input, a kernel of ones.

# %%
ones = np.ones((1, 1, 5, 5))
arrivals = [NF.conv_transpose2d(ones, np.ones((1, 1, K, K)), stride=2)[0, 0] for K in (2, 3, 4)]
show(viz.value_row(arrivals, [f"K = {K}, S = 2" for K in (2, 3, 4)]), "19/arrivals")

# %% [markdown]
# With $K = 3$ a flat input comes out as a **checkerboard**: 4, 2, 2, 1. The usual rule (Odena, Dumoulin and Olah,
# 2016, who explained these patterns in generated pictures) is: *choose $K$ divisible by $S$*. Ones as weights are a
# special case, though. Let the weights be random, as in a network before training, with 16 input channels, each of a
# constant value. Away from the rim the output then consists of four numbers that repeat, one for each parity of
# (row, column). A pattern that repeats every two pixels has three frequencies: half a wave per pixel from left to right,
# from top to bottom, or both. So we take the Fourier transform (lesson 05), and ask for the share of the energy at
# these three places: 0 for a flat output. We also put in random numbers and not constants, and compare the mean square
# ("energy") of the output at the four parities.
#
# > **Predict.** Which of $K = 2, 3, 4$ have no checkerboard? And an enlargement by repeating each pixel, followed by an
# > ordinary 3×3 convolution?


# %%
def checkerboard(y):
    """The share of the energy at the three frequencies of one half; H and W are even."""
    energy = np.abs(np.fft.fft2(y[0, 0])) ** 2
    half = energy.shape[0] // 2
    return (energy[half, half] + energy[0, half] + energy[half, 0]) / energy.sum()


def parities(y):
    """The mean at each parity of (row, column): (4,)."""
    return np.array([y[0, 0, p::2, q::2].mean() for p, q in product([0, 1], repeat=2)])


def enlarge(K, x, weights):
    if K == "repeat":
        repeated = x.repeat(2, axis=2).repeat(2, axis=3)
        y = NF.conv2d(repeated, weights.swapaxes(0, 1).copy(), padding=1)
    else:
        y = NF.conv_transpose2d(x, weights, stride=2)
    return y[:, :, 4:16, 4:16]


# %%
rows = []
for K in [2, 3, 4, "repeat"]:
    flat, energy = [], []
    for _ in range(200):
        side = 3 if K == "repeat" else K
        weights = rng.normal(size=(16, 1, side, side))
        constant = np.broadcast_to(rng.normal(size=(1, 16, 1, 1)), (1, 16, 10, 10)).copy()
        flat.append(checkerboard(enlarge(K, constant, weights)))
        energy.append(parities(enlarge(K, rng.normal(size=(1, 16, 10, 10)), weights) ** 2))
    energy = np.mean(energy, axis=0) / np.mean(energy)
    rows.append(("repeated, then 3×3" if K == "repeat" else f"K = {K}", np.mean(flat), energy))
on_flat = {name: share for name, share, _ in rows}
table(rows, {"": "", "checkerboard on flat inputs": ".1f", "energy by parity on noise": ".1f"},
      "Means over 200 draws of the weights")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
for (_, share, energy), K in zip(rows, [2, 3, 4, "repeat"], strict=True):
    assert (share > 0.6) == (K != "repeat")
    assert (energy.max() / energy.min() > 3) == (K == 3)
assert np.allclose(rows[1][2] * 9 / 4, [4, 2, 2, 1], atol=0.4)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# On flat inputs **all three** have it, $K = 2$ and $K = 4$ as badly as $K = 3$! The four parities are computed by
# *different* weights: parity $(p, q)$ by those $w[u, v]$ with $u \equiv p$, $v \equiv q \pmod S$. A flat input comes
# out flat exactly if the four sums $\sum_{u \equiv p,\, v \equiv q} w[u, v]$ are equal, and for random weights they are
# not. What "divisible" does buy is in the second column: each parity gets equally *many* weights, so on random inputs
# all pixels have the same energy, where $K = 3$ has about 4 : 2 : 2 : 1. Repeating pixels first lets *one* kernel make
# all of them, so a flat input stays flat.
# </details>
#
# The spectrum says the same in one picture. Zeros between the pixels *copy* the spectrum of a picture: the copies are
# centred at the three frequencies above (the counterpart of lesson 07's aliasing, where
# high frequencies appear as low ones). The kernel multiplies the spectrum by its own
# transform. Equal parity sums mean that this transform is **zero at the three centres**, and the copies are suppressed:

# %%
camera = data.photograph("camera")[:257, 130:387] / 255
small = camera[None, None, :256:4, :256:4].copy()  # (1, 1, 64, 64)
hat = np.array([0.5, 1.0, 0.5])
kernels = {"zeros between": np.ones((1, 1)), "random, K = 3": rng.normal(size=(3, 3)),
           "K = 3, equal sums": np.outer(hat, hat)}  # fmt: skip
spectra = []
for kernel in kernels.values():
    large = NF.conv_transpose2d(small - small.mean(), kernel[None, None], stride=2)[0, 0]
    spectrum = np.abs(np.fft.fftshift(np.fft.fft2(large[:126, :126])))
    spectra.append(np.log10(spectrum / spectrum.max() + 1e-4))
show(viz.image_row(spectra, list(kernels), height=2.7, low=-4, high=0), "19/copies")

# %% tags=["check"]
# Check that the text is true.
flat = np.ones((1, 1, 8, 8))
share = {
    name: checkerboard(NF.conv_transpose2d(flat, k[None, None], stride=2)[:, :, 3:13, 3:13])
    for name, k in kernels.items()
}
assert share["zeros between"] > 0.7
assert share["K = 3, equal sums"] < 1e-20 < 0.05 < share["random, K = 3"]

# %% [markdown]
# (Logarithmic; black is a ten-thousandth of the largest. The middle of each panel is frequency 0, and the rim is half a
# wave per pixel.) On the right, it is dark at the rim, where the copies had their centres.
#
# Can training find equal sums? We ask for the best 3×3 kernel for enlarging a photograph, in the sense of least squares:
# from every second pixel of every second row, reconstruct all.
#
# > **Predict.** Nine numbers, and nothing in the fit speaks of parities. How different are the four sums of the kernel that is found:
# > equal, or as different as random ones?

# %%
fewer = camera[None, None, ::2, ::2].copy()
basis = np.eye(9).reshape(9, 1, 1, 3, 3)
columns = [
    NF.conv_transpose2d(fewer, k, stride=2, padding=1)[0, 0, 2:-2, 2:-2].ravel() for k in basis
]
best = np.linalg.lstsq(np.array(columns).T, camera[2:-2, 2:-2].ravel(), rcond=None)[0].reshape(3, 3)
sums = [best[p::2, q::2].sum() for p, q in product([0, 1], repeat=2)]
print("the best kernel:\n", best.round(2), "\nsums by parity:", np.round(sums, 2))

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(sums, 1, atol=0.01)
assert np.allclose(best, np.outer(hat, hat), atol=0.06)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The best kernel is close to $\frac14 \begin{pmatrix} 1 & 2 & 1 \\ 2 & 4 & 2 \\ 1 & 2 & 1 \end{pmatrix}$: *bilinear
# interpolation*, found by the data. Each new pixel is the mean of its nearest old ones. Its four parity sums are 1: no
# checkerboard, although 3 is not divisible by 2. So the rule is neither necessary nor sufficient. It is about the
# *start*: training has to find equal sums, and where it ends before that, or the loss does not see it, the pattern stays.
# (In the *gradients* of strided layers the loss never sees it: lesson 06, section 10.)
# </details>
#
# ## 5. A start that interpolates
#
# The kernel above has its old pixels *on* the new ones. In a network, $2 \times 2$ new pixels take the place of each old
# one, and the old one is in their middle. The kernel for that has $K = 4$ for $S = 2$. Along one axis a new pixel is one
# quarter of a step from its nearest old one and three quarters from the next. So it takes 3/4 of the one and 1/4 of the
# other:

# %%
print("along one axis:", bilinear_kernel(2).sum(axis=0) / 2)
print("the sum of the kernel for S = 2, 3, 4:", *(bilinear_kernel(S).sum() for S in (2, 3, 4)))
ramp = np.broadcast_to(np.arange(5.0), (1, 1, 5, 5)).copy()
wide = NF.conv_transpose2d(ramp, bilinear_kernel(2)[None, None], stride=2, padding=1)
print("0 1 2 3 4 becomes", wide[0, 0, 4])

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(bilinear_kernel(2)[1] * 4 / 3, [0.25, 0.75, 0.75, 0.25])
assert np.allclose(wide[0, 0, 4, 1:-1], np.arange(0.25, 4, 0.5))

# %% [markdown]
# Away from the rim, a straight ramp stays straight. The sum is $S^2$, because each new pixel needs weights of sum 1, and
# there are $S^2$ kinds of new pixels. FCN starts its transposed convolutions at these kernels, one channel each, and lets
# them learn. So it begins with the interpolation of section 1's last column, and
# training can change it. In the exercises you find the
# kernel for every $S$.
#
# ## 6. Dilation instead of stride
#
# *(This section can wait.)* One can also not go down at all. Take away the stride of a pooling, and the maps stay large.
# But the next 3×3 kernel then sees neighbours at half the distance. Spread it by $D = 2$ (lesson 03), and it sees what it
# saw before. So a trained network can be made dense *afterwards*, without a new weight (Yu and Koltun, 2016):

# %%
x = rng.normal(size=(1, 4, 12, 12))
weights = rng.normal(size=(4, 4, 3, 3))
coarse = NF.conv2d(NF.max_pool2d(x, 2, 2), weights)
dense = NF.conv2d(NF.max_pool2d(x, 2, 1), weights, dilation=2)
print("stride 2:", coarse.shape[2:], "  stride 1 and dilation 2:", dense.shape[2:])
same = np.allclose(dense[:, :, ::2, ::2], coarse)
print("every second output of the dense network is the coarse network's:", same)

# %% tags=["check"]
# Check that the text is true.
assert same
assert dense.shape[2] == 7

# %% [markdown]
# The dense network gives the coarse one's answer at every place of the picture. The price: each layer after the former
# stride has $S^2$ times as many places, and as many multiply-adds and as much memory. So one removes the last one or
# two strides, not all.
#
# ## 7. U-Net
#
# Ronneberger, Fischer and Brox (2015) go down *and* up again, and hand the fine maps across. On each level there are two
# 3×3 convolutions with ReLU. Pooling leads down and doubles the channels; a 2×2 transposed convolution with
# stride 2 leads up and halves them. On the way up, the **skip** lays the fine maps of the same level in front of those that
# come from below. A 1×1 convolution gives the scores. A small one, level by level:

# %%
unet = torch_models.UNet(3, 2, width=8, depth=2)
with torch.no_grad():
    x, fine = torch.zeros(1, 3, 32, 32), []
    for level, block in enumerate(unet.encoder):
        x = block(F.max_pool2d(x, 2) if level else x)
        fine.append(x)
        print(f"down, level {level}: {x.shape[1]:2} channels of {tuple(x.shape[2:])}")
    for level in (1, 0):
        raised = unet.up[level](x)
        joined = torch.cat([fine[level], raised], dim=1)
        x = unet.decoder[level](joined)
        print(f"up, level {level}: {raised.shape[1]} raised, {joined.shape[1]} with the skip,",
              f"{x.shape[1]} out")  # fmt: skip
    print("scores:", unet.head(x).shape[1], "channels of", tuple(x.shape[2:]))

# %% [markdown]
# The published network has five levels, of 64 to 1,024 channels, and **no padding**: each 3×3 convolution takes off one
# pixel on each side, so that every output is computed from pixels only, none from zeros. The skips are then larger than
# what comes from below, and are cut to their middle. What comes out is smaller than what goes in:

# %%
published = torch_models.UNet(1, 2, width=64, depth=4, padding=False)
narrow = torch_models.UNet(1, 2, width=1, depth=4, padding=False)  # the sizes are the same
with torch.no_grad():
    out = narrow(torch.zeros(1, 1, 572, 572))
parameters = sum(p.numel() for p in published.parameters())
print(f"{parameters:,} parameters")
print("572 pixels become", out.shape[2], "  margin:", published.margin)
size = 572
for _ in range(4):
    size = (size - 4) // 2
for _ in range(4):
    size = (size - 4) * 2
print("by hand:", size - 4)

# %% tags=["check"]
# Check that the text is true.
assert out.shape[2] == 388 == size - 4 == 572 - 2 * published.margin
assert parameters == 31_030_658

# %% [markdown]
# 388 of 572 pixels, as in the paper's figure 1. (Does the margin of 92 pixels have to be lost? Section 10.)
#
# ## 8. What the skips carry
#
# We train small networks to find the garment: 120 steps of 8 scenes, from five to eight starts each. The U-Net of section 7 has two
# skips, a fine one at 32×32 and a coarse one at 16×16. We also train it with one of them cut out. (The layer behind the
# missing skip gets half of the channels.) And there are two FCNs with three stages. One enlarges its scores from 4×4 in
# one step. In the other, the two finer stages give scores as well, and all are added. (Their step size is larger, 0.05 and
# not 0.03: both kinds were tried with both.)
#
# > **Predict.** Which of the two skips is worth more? Does the U-Net with two skips beat the one with only the better
# > skip? And where is FCN?


# %%
def normalised(images):
    return (torch.from_numpy(images).float() / 255 - 0.45) / 0.25


scenes = data.scenes(400)
x_train, y_train = normalised(scenes.images), torch.from_numpy(scenes.masks).long()
x_test = normalised(unseen.images)
NETWORKS = {
    "U-Net, both skips": lambda: torch_models.UNet(width=8),
    "U-Net, fine skip only": lambda: torch_models.UNet(width=8, skips=(True, False)),
    "U-Net, coarse skip only": lambda: torch_models.UNet(width=8, skips=(False, True)),
    "FCN, scores at 4×4": lambda: torch_models.FCN(width=8, skips=0),
    "FCN, scores at 16, 8 and 4": lambda: torch_models.FCN(width=8, skips=2),
}
STARTS = range(5)  # eight where two networks are much alike


def mean_boundary_iou(masks):
    return np.mean([measures.boundary_iou(a, b) for a, b in zip(truth, masks, strict=True)])


def marked(net, images):
    with torch.no_grad():
        return net(images).argmax(dim=1).numpy()


# %%
trained, iou, edges, accuracy = {}, {}, {}, {}


def train_and_measure(name, lr, starts=STARTS):
    trained[name], given = [], []
    for seed in starts:
        torch.manual_seed(seed)
        net = NETWORKS[name]()
        descend(net, x_train, y_train, steps=120, lr=lr, batch_size=8)
        trained[name].append(net)
        given.append(marked(net, x_test))
    tables = [measures.confusion_matrix(truth.astype(int), masks, 2) for masks in given]
    iou[name] = np.array([measures.class_iou(counts)[1] for counts in tables])
    accuracy[name] = np.array([measures.pixel_accuracy(counts) for counts in tables])
    edges[name] = np.array([mean_boundary_iou(masks == 1) for masks in given])


both, fine, coarse, one_step, summed = NETWORKS
for name in (both, fine):
    train_and_measure(name, lr=0.03, starts=range(8))

# %%
train_and_measure(coarse, lr=0.03)
train_and_measure(one_step, lr=0.05, starts=range(8))
train_and_measure(summed, lr=0.05)

# %% tags=["plumbing", "nbval-ignore-output"]
# The measures, one row per network.
rows = [(name, iou[name].mean(), edges[name].mean(), edges[name]) for name in NETWORKS]
table(rows, {"": "", "IoU": ".2f", "boundary IoU": ".2f", "the same, each start": ".2f"})

# %% tags=["check"]
# Check that the text is true.
at_least(edges[both][:5] - edges[coarse], 0.0, "19/fine-skip-brings-edges")
at_most(edges[both] - edges[fine], 0.15, "19/coarse-skip-adds-little")
at_least(iou[both] - iou[one_step], 0.0, "19/unet-beats-one-step")
at_least(edges[summed] - edges[one_step][:5], 0.1, "19/finer-scores-bring-edges")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Nearly everything is in the **fine** skip. Without it, the boundary suffers clearly, and the IoU somewhat less. The coarse
# skip adds about nothing to the fine one: what it carries can also be had from below. And FCN is not worse *because*
# it is FCN. With scores at 4×4 only, it finds the garment but not its edge. With finer scores added it comes close to
# U-Net. So "skips" is the idea that counts, and whether they are joined or added is a detail at this size.
# </details>
#
# Now look at the faults. These are the four scenes that the first U-Net marks worst:

# %% tags=["nbval-ignore-output"]
given = [marked(net, x_test) == 1 for net in trained[both]]
own = [(a & b).sum() / (a | b).sum() for a, b in zip(truth, given[0], strict=True)]
worst = np.argsort(own)[:4]
show(
    viz.scene_row([unseen.images[k] for k in worst] * 2,
                  [f"IoU {own[k]:.2f}" for k in worst] + ["truth"] * 4,
                  [given[0][k] for k in worst] + [truth[k] for k in worst], columns=4, alpha=0.5),
    "19/faults",
)  # fmt: skip

# %% [markdown]
# > **Predict.** All ten kinds of garments occur, in all colours. Which kind has the lowest IoU? Does the colour matter?


# %% tags=["nbval-ignore-output"]
def iou_where(chosen):
    """IoU over the pixels of some scenes, one number per start."""
    a = truth[chosen]
    return np.array([(a & b[chosen]).sum() / (a | b[chosen]).sum() for b in given])


by_garment = {name: iou_where(unseen.labels == k) for k, name in enumerate(data.FASHION_CLASSES)}
colours = np.array(
    [image[:, mask].mean(axis=1) for image, mask in zip(unseen.images, truth, strict=True)]
).argmax(axis=1)
pixels = unseen.images.transpose(1, 0, 2, 3)[:, ~truth]  # (3, count), of the background
largest = [(pixels[c] > np.delete(pixels, c, axis=0).max(axis=0)).mean() for c in range(3)]
by_colour = {name: iou_where(colours == c) for c, name in enumerate(["red", "green", "blue"])}
rows = sorted((values.mean(), name) for name, values in by_garment.items())
print("IoU by garment:", ", ".join(f"{name} {value:.2f}" for value, name in rows))
table([(name, values.mean(), values, part)
       for (name, values), part in zip(by_colour.items(), largest, strict=True)],
      {"mostly": "", "IoU of such garments": ".2f", "each start": ".2f",
       "share of the background": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
others = np.median([values for name, values in by_garment.items() if name != "sandal"], axis=0)
at_most(by_garment["sandal"] - others, 0.0, "19/sandals-are-hard")
at_least(by_colour["blue"] - by_colour["red"], 0.05, "19/red-garments-are-hard")
assert largest[0] > 2 * max(largest[1:])

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Sandals are among the hardest, as one expects: they are all edge, with straps as thin as a pixel or two. But thin straps do not
# explain the worst pictures. There, garments in plain sight are hardly marked at all, and most of them are rather red. **Red**
# garments fare worse than blue ones. The last column gives a reason: much of the background is red, too, as wood, brick and faces are. (What is missing to 1 is
# mostly grey.) In this short training the network goes by colour more than by shape. One mean IoU says nothing of
# this. Look at the parts, and at the worst pictures.
# </details>
#
# ## 9. Losses when the thing is small
#
# Cross-entropy is a mean over pixels, so each pixel has one vote, as in pixel accuracy. What if the garment is tiny? We
# shrink garments to 8×8 pixels and put each on a patch of a photograph of 32×32. About 2 % of the pixels are garment.


# %%
def tiny_garments(count, split, seed):
    """Images and masks with one garment of at most 8×8 pixels."""
    rng = np.random.default_rng(seed)
    whole = data.scenes(count, seed, split)
    patches, _ = data.photograph_patches(count // 16, split, 32, seed, grey=False)
    images, masks = patches.astype(np.float32), np.zeros((count, 32, 32), bool)
    garments = NF.avg_pool2d(whole.images.astype(np.float32), 4)
    shapes = NF.avg_pool2d(whole.masks[:, None].astype(float), 4)[:, 0] >= 0.5
    for k, (y, x) in enumerate(rng.integers(0, 25, (count, 2))):
        here = np.s_[y : y + 8, x : x + 8]
        images[k][:, *here] = np.where(shapes[k], garments[k], images[k][:, *here])
        masks[k][here] = shapes[k]
    return images, masks


tiny, tiny_masks = tiny_garments(400, "train", 1)
tiny_test, tiny_truth = tiny_garments(208, "test", 2)
share = tiny_masks.mean()
print(f"garment: {share:.1%} of the pixels")
show(viz.scene_row(tiny_test[:5].astype(np.uint8), regions=tiny_truth[:5], alpha=0.3), "19/tiny")

# %% [markdown]
# Two remedies. **Weights**: each garment pixel counts as much as $w$ background pixels, where
# $w$ is the number of background pixels over that of garment pixels, here about 50. And the **Dice loss**
# (Milletari, Navab and Ahmadi, 2016), which is 1 minus Dice with probabilities $p$ in the place of marks, for each picture:
#
# $$ L = 1 - \frac{2 \sum p\,t + \varepsilon}{\sum p + \sum t + \varepsilon}, \qquad
#    \boxed{\; \frac{\partial L}{\partial p_i} = \frac{A - 2\, t_i\, B}{B^2} \;} $$
#
# with the numerator $A$ and the denominator $B$, by the rule for quotients. The many background pixels are in no sum where
# $p = 0$. And all pixels of one kind have the same gradient, up to the sigmoid's slope $p(1 - p)$. At the start, every
# $p$ is 1/2.
#
# > **Predict.** Which share of all the gradient, in absolute value, is then at garment pixels, for each of the three losses?

# %%
t = tiny_masks[:1, None].astype(float)
logits = np.zeros_like(t)  # p = 1/2 everywhere
pull = {}
p = 0.5
pull["cross-entropy"] = p - t
pull["weighted"] = (p - t) * np.where(t == 1, (1 - share) / share, 1)
pull["Dice"] = measures.dice_loss_backward(np.float64(1), logits, t)[0]
for name, gradient in pull.items():
    part = np.abs(gradient[t == 1]).sum() / np.abs(gradient).sum()
    print(f"{name:>13}: {part:.0%} of the gradient is at garment pixels ({t.mean():.0%} of all)")

# %% tags=["check"]
# Check that the text is true.
parts = {name: np.abs(g[t == 1]).sum() / np.abs(g).sum() for name, g in pull.items()}
assert parts["cross-entropy"] < 0.05 < 0.3 < parts["weighted"]
assert 0.3 < parts["Dice"]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Cross-entropy pulls equally at every pixel, so garment has its share of the pixels. Weights are made to give it half. Dice does
# so by itself: of $n$ pixels let $m$ be garment. Then $A \approx m$ and $B \approx n/2 + m$, the $m$ garment pixels have
# $m (2B - A) \approx mn$ together (over $B^2$), and the others have $(n - m) A \approx mn$.
# </details>
#
# > **Predict.** A small FCN, 100 steps of 8 pictures. What does plain cross-entropy learn? And which is best by IoU:
# > weighted cross-entropy, the Dice loss, or plain cross-entropy plus Dice loss?

# %%
weight = torch.tensor([1.0, float((1 - share) / share)])


def dice(scores, masks):
    return dice_loss(scores[:, 1:] - scores[:, :1], masks[:, None].float())


LOSSES = {
    "cross-entropy": F.cross_entropy,
    "weighted": lambda scores, masks: F.cross_entropy(scores, masks, weight),
    "Dice": dice,
    "cross-entropy + Dice": lambda *pair: F.cross_entropy(*pair) + dice(*pair),
}
inputs, labels = normalised(tiny), torch.from_numpy(tiny_masks).long()

# %% tags=["nbval-ignore-output"]
small_iou, small_accuracy, rows = {}, {}, []
for name, loss in LOSSES.items():
    tables = []
    for seed in STARTS:
        torch.manual_seed(seed)
        net = torch_models.FCN(width=8, depth=2, skips=1)
        descend(net, inputs, labels, steps=100, lr=0.1, batch_size=8, loss_of=loss)
        guesses = marked(net, normalised(tiny_test))
        tables.append(measures.confusion_matrix(tiny_truth.astype(int), guesses, 2))
    small_iou[name] = np.array([measures.class_iou(counts)[1] for counts in tables])
    small_accuracy[name] = np.array([measures.pixel_accuracy(counts) for counts in tables])
    rows.append((name, small_accuracy[name].mean(), small_iou[name].mean(), small_iou[name]))
table(rows, {"": "", "pixel accuracy": ".2f", "IoU": ".2f", "IoU, five starts": ".2f"})

# %% tags=["check"]
# Check that the text is true.
at_most(small_iou["cross-entropy"], 0.05, "19/cross-entropy-finds-nothing")
at_least(small_accuracy["cross-entropy"], 0.97, "19/cross-entropy-accuracy")
at_least(small_iou["weighted"], 0.15, "19/weights-find-it")
at_least(small_iou["weighted"] - small_iou["Dice"], 0.05, "19/weights-beat-dice-here")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Plain cross-entropy has learned to be B of the puzzle: background everywhere. It has 98 % of the pixels right. (With many more steps it would find garments; it first takes what is cheap.) With weights, the network finds
# the garments and marks too much around them, because a false mark costs only a fiftieth of a missed pixel.
#
# The surprise is the Dice loss, which many texts recommend for just this case. Here, in these few steps, it is *worse*
# than weights, and its results differ from start to start. Most of its networks still mark much too much background. Its
# gradient has the right balance, but it is small at the start: one fraction per picture, whose denominator counts half of all
# pixels. And its factor $p(1 - p)$ vanishes where a pixel is surely wrong, where cross-entropy's $p - t$ is largest. The sum
# of both is a common choice. Here its mean is higher than that of Dice alone, but only by about two standard errors,
# because its results differ most from start to start. What a loss does has to be measured for the task at hand, and with a step size of its own: these four share one.
# </details>
#
# ## 10. Pictures of any size
#
# *(This section can wait.)* A convolutional network takes pictures of any size, but the memory does not. So one cuts a large
# picture into tiles. At the rim of a tile, though, zeros stand where the picture goes on.
#
# > **Predict.** A photograph of 96×128 pixels in tiles of 32×32, without overlap. How many of the outputs differ from those
# > of the whole picture: a few at the seams, or most?

# %%
photo = data.photograph("coffee")[100:196, 200:328].transpose(2, 0, 1)[None] / 255
shares = []
for seed in range(10):
    net = numpy_models.UNet(3, 2, width=4, depth=2, rng=np.random.default_rng(seed))
    net = net.astype(np.float64).eval()
    whole, naive = net(photo), np.zeros((1, 2, 96, 128))
    for i, j in product(range(0, 96, 32), range(0, 128, 32)):
        naive[:, :, i : i + 32, j : j + 32] = net(photo[:, :, i : i + 32, j : j + 32])
    apart = np.abs(naive - whole).max(axis=1)
    shares.append([(apart > 1e-9).mean(), (apart > 0.1 * whole.std()).mean()])
table([("at all", 100 * np.array(shares)[:, 0]),
       ("by more than a tenth of their spread", 100 * np.array(shares)[:, 1])],
      {"outputs that differ": "", "% with ten draws of the weights": ".0f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
different, far = np.transpose(shares)
at_least(different, 0.6, "19/tiles-differ")
at_least(far, 0.3, "19/tiles-differ-much")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Most: from two thirds to nearly all, depending on the weights, which are random here. And about half of all outputs differ by
# more than a tenth of their standard deviation. An output sees as far as
# its receptive field goes (lesson 03), and here that is more than a tile, so even the middle of a tile is affected.
# </details>
#
# **Overlap-tile** (figure 2 of the U-Net paper): give each tile a margin of everything that its outputs see, and keep only
# the middle. There is a second condition. The poolings cut the picture into blocks of $2^{depth}$ pixels, and tiles that
# begin elsewhere cut it differently. So tiles begin at multiples of this step. `predict_tiles` does both:

# %%
print("step", net.step, " margin", net.margin)
TRIED = {
    "tiles of 32": (net.margin, 0),
    "half of the margin": (net.margin // 2, 0),
    "begins 2 pixels later": (net.margin, 2),
}
for name, (margin, shift) in TRIED.items():
    moved = np.roll(photo, -shift, axis=3)
    tiled = predict_tiles(net, moved, 32, step=net.step, margin=margin)
    error = np.abs(np.roll(tiled, shift, axis=3) - whole)[:, :, 36:60, 36:92].max()
    print(f"{name}: equal to rounding {error < 1e-12}")
odd = predict_tiles(net, photo[:, :, :91, :117], 32, step=net.step, margin=net.margin)
print("a picture of 91×117 pixels gives", odd.shape[2:])

# %% tags=["check"]
# Check that the text is true.
tiled = predict_tiles(net, photo, 32, step=net.step, margin=net.margin)
assert np.abs(tiled - whole).max() < 1e-12
tiled = predict_tiles(net, photo, 32, step=net.step, margin=net.margin // 2)
assert np.abs(tiled - whole).max() > 1e-9

# %% [markdown]
# The published U-Net needs the margin anyway, since it has no padding. At the border of the picture there is nothing to
# take it from, and the picture goes on as in a mirror. (Layers that average over the whole picture, such as instance
# norm or a squeeze-and-excitation gate, are not exact in tiles.)
#
# ## 11. Instances
#
# *(This section can wait.)* A semantic mask does not count. Suppose that it is perfect: scenes of four garments, the true
# class at each pixel. Are the connected pieces of each class the objects?


# %%
def pieces(mask):
    """How many connected pieces: each pixel takes the largest number around it, again and again."""
    numbers = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        p = np.pad(numbers, 1)
        around = [p[1:-1, 1:-1], p[:-2, 1:-1], p[2:, 1:-1], p[1:-1, :-2], p[1:-1, 2:]]
        larger = np.max(around, axis=0) * mask
        if (larger == numbers).all():
            return len(np.unique(numbers[mask]))
        numbers = larger


# %% [markdown]
# > **Predict.** In what share of such scenes are there exactly four pieces?

# %%
pieces_by_class, own = [], []
for k in range(60):
    one = data.scene(k, split="test", size=64, objects=4)
    pieces_by_class.append(sum(pieces(one.semantic == c) for c in np.unique(one.labels + 1)))
    objects = zip(one.boxes.astype(int), one.labels, one.masks, strict=True)
    for (x0, y0, x1, y1), label, mask in objects:
        guess = np.zeros_like(mask)
        guess[y0:y1, x0:x1] = one.semantic[y0:y1, x0:x1] == label + 1
        own.append((guess & mask).sum() / (guess | mask).sum())
found, own = np.array(pieces_by_class), np.array(own)
print(f"exactly four pieces: {(found == 4).mean():.0%}, fewer {(found < 4).mean():.0%},",
      f"more {(found > 4).mean():.0%}")  # fmt: skip
print(f"with true boxes: mean IoU {own.mean():.2f}, wrong {(own < 1).mean():.0%} of the objects")

# %% tags=["check"]
# Check that the text is true.
assert (found == 4).mean() < 0.4
assert (found > 4).mean() > (found < 4).mean() > 0.05
assert own.mean() > 0.95
assert 0.05 < (own < 1).mean() < 0.3

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In about a quarter; usually there are more. Two shirts that touch are one piece, and a garment that another one hides in part, or a sandal with its straps, is
# several. A box around each object nearly solves it (last line). What is left are objects of one class whose boxes overlap.
# </details>
#
# This is the idea of **Mask R-CNN** (He and others, 2017): detect boxes, and let a small network answer
# "object or not" for each pixel *inside of each box*, separately. Two masks may then claim the same pixel. In **panoptic
# segmentation** (Kirillov and others, 2019) each pixel gets exactly one pair of class and object, also for things that
# cannot be counted, such as grass. [Lesson 18](18_detection.ipynb) is about boxes.

# %% [markdown]
# ## Claims to test
#
# 1. "Pixel accuracy tells how good a segmentation is."
# 2. "U-Net's skips bring back what pooling lost."
# 3. "A kernel size that the stride divides avoids checkerboards."
# 4. "The Dice loss cures class imbalance."
#
# > **Predict.** In what sense is each of them true?

# %% tags=["plumbing", "nbval-ignore-output"]
# The measurements, one or two lines per claim.
nothing = measures.confusion_matrix(truth.astype(int), np.zeros(truth.shape, int), 2)
print(f"1. all background: pixel accuracy {measures.pixel_accuracy(nothing):.2f},",
      f"IoU {measures.class_iou(nothing)[1]:.2f}; U-Net {accuracy[both].mean():.2f},",
      f"{iou[both].mean():.2f}")  # fmt: skip
print("2. boundary IoU:",
      ", ".join(f"{name} {edges[name].mean():.2f}" for name in (both, fine, coarse)))  # fmt: skip
ones, bilinear = np.ones((1, 1, 8, 8)), np.outer(hat, hat)[None, None]
on_flat["K = 3, bilinear"] = checkerboard(
    NF.conv_transpose2d(ones, bilinear, stride=2)[:, :, 3:13, 3:13]
)
print("3. checkerboard on flat inputs:",
      "; ".join(f"{name} {value:.1f}" for name, value in on_flat.items()))  # fmt: skip
print("4. IoU:", ", ".join(f"{name} {values.mean():.2f}" for name, values in small_iou.items()))

# %% tags=["check"]
# Check that the text is true.
assert 0.65 < measures.pixel_accuracy(nothing) < 0.75
assert measures.class_iou(nothing)[1] == 0
at_least(iou[both], 0.65, "19/unet-iou")

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **False.** On our scenes, an answer that finds nothing has about 70 % of the pixels right, and on the tiny garments
#    98 %. Report the IoU of each class, and a boundary measure where edges matter.
# 2. **True of the fine skip.** Cut it, and the boundary is clearly worse. The coarse skip adds about nothing here.
# 3. **False as it stands.** What counts are equal sums of the weights by parity. Divisibility gives each pixel equally
#    many weights, which balances the energy at the start.
# 4. **It changes the balance of the gradient, as weights do.** In our short training it was worse than weights.
# </details>

# %% [markdown]
# ## Summary
#
# 1. A 1×1 convolution in place of the linear layer gives scores at each place. A stride of $S$ costs the detail below
#    $S$ pixels, and interpolation brings a part of it back.
# 2. IoU and Dice ignore the background that is right. $\mathrm{Dice} = 2\,\mathrm{IoU}/(1 + \mathrm{IoU})$ for one class
#    and picture, not for means.
# 3. A transposed convolution puts down its kernel $S$ pixels apart and adds up. No checkerboard if and only if the
#    weights of each parity have the same sum, as bilinear kernels have.
# 4. U-Net's fine skip brings the edges. Adding fine scores, as FCN does, works nearly as well at this size.
# 5. Tiles give the whole picture's result exactly, if they have the full margin and begin at multiples of the total stride.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** A mask has a Dice of 0.8 with the truth. What is its IoU?
#
# <details><summary>Answer</summary>
#
# $\mathrm{IoU} = D / (2 - D) = 0.8/1.2 = 0.667$.
# </details>
#
# **2.** A class covers 1 % of the pixels. A network marks it exactly, and as many wrong pixels besides. What are pixel
# accuracy and IoU?
#
# <details><summary>Answer</summary>
#
# 1 % of the pixels are wrong: 0.99. Intersection 1 %, union 2 %: 0.5.
# </details>
#
# **3.** How large is the output of a transposed convolution with $K = 5$, $S = 3$, $P = 1$ for 10 pixels?
#
# <details><summary>Answer</summary>
#
# $9 \cdot 3 - 2 + 5 = 30$.
# </details>
#
# **4.** $K = 3$, $S = 2$, along one axis: $w = (a, b, c)$. For which weights is there no checkerboard?
#
# <details><summary>Answer</summary>
#
# Even places get $a + c$, odd places $b$. So $b = a + c$, as in $(0.5, 1, 0.5)$.
# </details>
#
# **5.** A U-Net without padding has three poolings. What is the smallest input size from which an output comes out, and
# how large is it?
#
# <details><summary>Answer</summary>
#
# Let the lowest level give $b$ pixels. Upwards, each level doubles and takes off 4: $2b - 4$, $4b - 12$, $8b - 28$. So $b = 4$ is the
# smallest that leaves something: 4 pixels. From there back to the input, each level doubles and adds 4: $b + 4 = 8$,
# $2 \cdot 8 + 4 = 20$, $2 \cdot 20 + 4 = 44$, $2 \cdot 44 + 4 = 92$. The margin is $(92 - 4)/2 = 44$ on each side.
# </details>
#
# **6.** A U-Net with padding has step 4 and margin 24. How many pixels go through the network for a 32×32 tile in the
# middle, as a multiple of the tile's own?
#
# <details><summary>Answer</summary>
#
# $(32 + 48)^2 / 32^2 = 6.25$. Larger tiles waste less.
# </details>

# %%
print("1.", round(0.8 / 1.2, 3))
print("2.", 1 - 0.01, 0.01 / 0.02)
ten, five = np.ones((1, 1, 10, 10)), np.ones((1, 1, 5, 5))
print("3.", NF.conv_transpose2d(ten, five, stride=3, padding=1).shape[2])
even_odd = NF.conv_transpose2d(np.ones((1, 1, 1, 9)), np.array([[[[0.5, 1.0, 0.5]]]]), stride=2)
print("4.", even_odd[0, 0, 0, 4:8])
deep = torch_models.UNet(1, 2, width=2, depth=3, padding=False)
print("5.", deep.margin, deep(torch.zeros(1, 1, 92, 92)).shape[2])
print("6.", (32 + 2 * 24) ** 2 / 32**2)

# %% [markdown]
# ## Where to read more
#
# - J. Long, E. Shelhamer, T. Darrell, "Fully convolutional networks for semantic segmentation", CVPR (2015),
#   arXiv:1411.4038: sections 3 and 4.
# - O. Ronneberger, P. Fischer, T. Brox, "U-Net: Convolutional networks for biomedical image segmentation", MICCAI (2015),
#   arXiv:1505.04597: figures 1 and 2.
# - A. Odena, V. Dumoulin, C. Olah, "Deconvolution and checkerboard artifacts", *Distill* (2016).
# - F. Yu, V. Koltun, "Multi-scale context aggregation by dilated convolutions", ICLR (2016), arXiv:1511.07122.
# - F. Milletari, N. Navab, S.-A. Ahmadi, "V-Net: Fully convolutional neural networks for volumetric medical image
#   segmentation", 3DV (2016), arXiv:1606.04797: section 3, the Dice loss.
# - B. Cheng, R. Girshick, P. Dollár, A. C. Berg, A. Kirillov, "Boundary IoU: Improving object-centric image segmentation
#   evaluation", CVPR (2021), arXiv:2103.16562.
# - K. He, G. Gkioxari, P. Dollár, R. Girshick, "Mask R-CNN", ICCV (2017), arXiv:1703.06870.
# - A. Kirillov, K. He, R. Girshick, C. Rother, P. Dollár, "Panoptic segmentation", CVPR (2019), arXiv:1801.00868.
#
# **Next:** do the [exercises of this unit](../exercises/19_segmentation/19_segmentation.ipynb). Then lesson
# [20 One dimension, three dimensions, graphs](20_one_three_graphs.ipynb) leaves the plane.
