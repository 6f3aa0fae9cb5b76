# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 03 · Shapes and receptive fields
#
# [Start](00_start_here.ipynb) · previous: [02 Convolution](02_convolution.ipynb) ·
# next: [04 Equivariance](04_equivariance.ipynb) ·
# [exercises of this unit](../exercises/03_shapes_and_receptive_fields/03_shapes_and_receptive_fields.ipynb)
#
# **After this lesson you can**
#
# - say what size a layer's output has, for any kernel, stride, padding and dilation, and where the formula comes
#   from;
# - choose the padding, and know what each choice does to the border of an image;
# - write the whole convolution of PyTorch, with groups, as a dozen lines of loops;
# - count what a layer costs in parameters, in multiply-adds and in memory;
# - say which part of the image one number deep inside a network can see, and which part it *does* see.
#
# **Time** about 110 minutes, with the questions. The code runs in under a minute. On a short evening, read sections 1, 2
# and 8; sections 9 and 10 can wait.
#
# **You should know** lesson 02: the sliding window, several channels, several filters.

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
import warnings
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnncourse import data, show, table, viz
from cnncourse.numpy_nn import functional as NF
from cnncourse.numpy_nn import modules
from cnncourse.numpy_nn.summary import summary
from cnncourse.viz.receptive import influence_row, receptive_cones

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# We blur a picture of a bag with a 5×5 window: each new pixel is the mean of 25 old ones. Then we blur the result,
# and so on. The window has to lie inside the picture, as in lesson 02.

# %%
garments, labels = data.fashion_mnist("test")
bag = garments[np.flatnonzero(labels == data.FASHION_CLASSES.index("bag"))[2]] / 255
mean_of_25 = np.full((1, 1, 5, 5), 1 / 25)

maps = [bag[None, None]]
while min(maps[-1].shape[2:]) >= 5:
    maps.append(NF.conv2d(maps[-1], mean_of_25))


def centred(image, side=28):
    """Lay a smaller image into the middle of an empty square, so that sizes can be compared."""
    canvas = np.full((side, side), np.nan)
    first = (side - len(image)) // 2
    canvas[first : first + len(image), first : first + len(image)] = image
    return canvas


# %% tags=["plumbing"]
# The bag after no, one and two layers.
titles = [f"{m.shape[2]}×{m.shape[3]}" for m in maps[:3]]
show(
    viz.image_row([centred(m[0, 0]) for m in maps[:3]], titles, low=0, high=1),
    "03/bag-after-two-layers",
)

# %% [markdown]
# With each layer the picture loses a rim.
#
# > **Predict.** (a) How many layers until nothing is left to put a window on? (b) Take one number of the last map
# > that exists. On how many pixels of the original bag does it depend?

# %%
print(len(maps) - 1, "layers; the last map has shape", maps[-1].shape[2:])

# %% tags=["plumbing"]
# The bag after each layer.
titles = [f"{k}: {m.shape[2]}×{m.shape[3]}" for k, m in enumerate(maps)]
show(
    viz.image_row([centred(m[0, 0]) for m in maps], titles, low=0, high=1, height=1.4),
    "03/bag-after-each-layer",
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Six layers, and a 4×4 map remains. If you found this by subtracting 4 six times, you have the first of the two ideas of
# this lesson. Question (b) waits until section 8, where you will answer it without running anything.
# </details>
#
# ## 1. How many windows fit?
#
# Take one axis; height and width go the same way. An image has $I$ pixels, numbered $0 \dots I-1$. A kernel of size
# $K$ that starts at pixel $a$ reads pixels $a, a+1, \dots, a+K-1$. The last one must exist: $a + K - 1 \le I - 1$.
# So $a$ runs over $0 \dots I-K$, and there are
#
# $$ O = I - K + 1 $$
#
# places. Now three changes, one at a time.
#
# - **Padding** $P$: add $P$ pixels on either side. $I$ becomes $I + 2P$.
# - **Dilation** $D$: the kernel reads every $D$-th pixel only: $a, a + D, \dots, a + D(K-1)$. It reaches over
#   $D(K-1) + 1$ pixels, its **extent**, which takes the place of $K$.
# - **Stride** $S$: use only every $S$-th start, $0, S, 2S, \dots$ The largest start that fits is at most
#   $I + 2P - D(K-1) - 1$; call it the *room*. Among $0 \dots \text{room}$ there are
#   $\lfloor \text{room} / S \rfloor + 1$ multiples of $S$.
#
# Together:
#
# $$ O = \left\lfloor \frac{I + 2P - D(K-1) - 1}{S} \right\rfloor + 1 . $$
#
# The naive code lists the starts, and we count them. (You write the formula as code in the exercises.)


# %%
def starts(I, K, S=1, P=0, D=1):
    """All starts at which the window fits. 0 is the first pixel of the padded image."""
    last = I + 2 * P - 1
    return [start for start in range(0, last + 1, S) if start + D * (K - 1) <= last]


print("9 pixels, K = 4, S = 2: the windows start at", starts(9, 4, S=2))
rows = [
    ("28 pixels, K = 5", len(starts(28, 5)), 28 - 5 + 1),
    ("32 pixels, K = 5, P = 2", len(starts(32, 5, P=2)), 32 + 4 - 5 + 1),
    ("224 pixels, K = 7, S = 2, P = 3", len(starts(224, 7, 2, 3)), (224 + 6 - 7) // 2 + 1),
    ("32 pixels, K = 3, D = 4", len(starts(32, 3, D=4)), 32 - 4 * 2),
]
table(rows, ["layer", "counted", "formula"])

# %% [markdown]
# A formula with a floor in it is easy to get wrong by one. So we test it where off-by-one errors live: on all small
# cases, against counting, against PyTorch and against our own NumPy convolution. Where the formula says less than 1,
# no window fits, and both libraries have to refuse.


# %%
def size_or_none(conv2d, x, w, **settings):
    try:
        return tuple(conv2d(x, w, **settings).shape[2:])
    except (RuntimeError, ValueError):  # PyTorch raises the first, the course the second
        return None


cases = refused = wrong = 0
for I, K, S, P, D in product(range(1, 10), range(1, 5), range(1, 4), range(3), range(1, 4)):
    # height and width differ on purpose
    wanted = [(i + 2 * P - D * (k - 1) - 1) // S + 1 for i, k in ((I, K), (I + 2, 2))]
    wrong += len(starts(I, K, S, P, D)) != max(wanted[0], 0)
    wanted = tuple(wanted) if min(wanted) >= 1 else None
    x, w = np.zeros((1, 1, I, I + 2)), np.zeros((1, 1, K, 2))
    settings = dict(stride=S, padding=P, dilation=D)
    wrong += size_or_none(F.conv2d, *map(torch.from_numpy, (x, w)), **settings) != wanted
    wrong += size_or_none(NF.conv2d, x, w, **settings) != wanted
    cases, refused = cases + 1, refused + (wanted is None)
print(f"{cases} cases, {wrong} disagreements; in {refused} cases no window fits, and both refuse")

# %% tags=["check"]
# Check that the text is true.
assert wrong == 0

# %% [markdown]
# ### Try it yourself
#
# Run the cell and move the sliders; the arrow keys move the window when the output has the focus (click on it, or reach it with Tab).
# Hatched pixels are padding. Pixels struck through are read by *no* window. The kernel is all ones, so that you can
# check each sum in your head.
#
# > **Predict**, before you run the cell: with $I=6, K=3, P=1, S=2$, is there a pixel that no window reads? What if you
# > change $I$ to 7?

# %%
from cnncourse.viz.widgets.window_stepper import WindowStepper

digits = rng.integers(0, 10, size=(9, 9))
WindowStepper(digits, size=6, kernel_size=3, stride=2, padding=1, position=4)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With $I = 6$ the room is $6 + 2 - 3 = 5$, which 2 does not divide: the floor throws away a remainder of 1, and the
# last row and column of padding are never read. With $I = 7$ the room is 6 and everything is used. Without padding
# it is pixels of the *image* that are lost at the lower and right border. No error tells you; the formula's remainder
# does.
# </details>
#
# The remainder also decides whether a common saying is true: "A 3×3 convolution with padding 1 and stride 2 divides
# the size by 2, rounded down."
#
# > **Predict.** Is it true for 5 pixels? For 6?

# %%
rows = [(str(I), I // 2, len(starts(I, 3, 2, 1)), len(starts(I, 2, 2))) for I in range(5, 13)]
table(rows, ["input size I", "I // 2", "3×3, padding 1, stride 2", "2×2, stride 2"])

# %% tags=["check"]
# Check that the text is true.
assert all(len(starts(I, 3, S, 1)) == -(-I // S) for I in range(1, 50) for S in range(1, 6))
assert all(len(starts(I, 2, 2)) == I // 2 for I in range(2, 50))

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# It is true for even sizes only. It rounds **up**: with $K = 3, P = 1$ the formula is
# $\lfloor (I-1)/S \rfloor + 1 = \lceil I/S \rceil$. A 2×2 pooling window with stride 2 rounds down:
# $\lfloor (I-2)/2 \rfloor + 1 = \lfloor I/2 \rfloor$. A network that adds the output of the one to the output of the
# other fails on images of odd size, and only on those.
# </details>
#
# ## 2. Padding: valid, same, more
#
# Three amounts have names (stride 1; the *extent* is $E = D(K-1) + 1$):
#
# | name | padding $P$ | output | idea |
# | --- | --- | --- | --- |
# | **valid** | $0$ | $I - E + 1$ | only windows of real pixels |
# | **same** | $(E-1)/2$ | $I$ | the size stays; stack as many layers as you like |
# | **full** | $E - 1$ | $I + E - 1$ | every window that touches at least one real pixel |
#
# "Same" needs $E - 1$ to be even. For an even kernel half a pixel is missing; PyTorch then puts the extra zero at
# the *end*, and so does our `NF.conv2d`. That is one reason why kernels are odd: an odd kernel has a middle.
#
# "Full" you have met in lesson 02: the sum of two dice. The probabilities of $X + Y$ have length $n + m - 1$,
# because each outcome of one die meets each outcome of the other; `np.convolve` pads by $m - 1$ and flips.

# %%
x, w = rng.normal(size=(1, 1, 7, 7)), rng.normal(size=(1, 1, 4, 4))  # an even kernel
same = NF.conv2d(x, w, padding="same")
by_hand = NF.conv2d(np.pad(x, ((0, 0), (0, 0), (1, 2), (1, 2))), w)
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PyTorch warns that an even kernel makes it copy the input
    in_torch = F.conv2d(torch.from_numpy(x), torch.from_numpy(w), padding="same").numpy()
die, loaded = np.full((1, 1, 6), 1 / 6), np.array([[[0.1, 0.1, 0.1, 0.1, 0.6]]])
full = NF.conv1d(die, loaded[:, :, ::-1], padding=4)
by_numpy = np.convolve(die[0, 0], loaded[0, 0])
print("same, K = 4:", same.shape, np.allclose(same, by_hand), np.allclose(same, in_torch))
print("full:", full.shape[2], "sums; equal to np.convolve:", np.allclose(full[0, 0], by_numpy))

# %% [markdown]
# **A claim.** *"Same padding makes the network weigh every pixel equally, the border too."* Let us count: in how
# many windows does each pixel of a 7×7 image lie?
#
# > **Predict.** For a 3×3 kernel: the count in a corner, at an edge, in the middle; with valid, same and full
# > padding.


# %%
def visits(I, K, P):
    """How many windows read each of I pixels (one axis, stride 1)."""
    counts = np.zeros(I + 2 * P, dtype=int)
    for start in starts(I, K, P=P):
        counts[start : start + K] += 1
    return counts[P : P + I]


counts = {
    name: np.outer(visits(7, 3, P), visits(7, 3, P))
    for name, P in [("valid", 0), ("same", 1), ("full", 2)]
}

# %% tags=["plumbing"]
# The counts.
figure, axes = viz.figure_grid(1, 3, size=(8.4, 3.0))
for place, (name, count) in zip(axes[0], counts.items(), strict=True):
    viz.draw_values(place, count.astype(float), 0, 10)
    place.set_title(f"{name} padding")
    for spine in place.spines.values():
        spine.set_visible(True)
show(figure, "03/windows-per-pixel")

# %% tags=["check"]
# Check that the text is true.
assert (counts["valid"][0, 0], counts["same"][0, 0], counts["full"][0, 0]) == (1, 4, 9)
assert (counts["same"][0, 3], counts["same"][3, 3]) == (6, 9)
assert counts["full"].min() == counts["full"].max() == 9

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Same padding keeps the *size*. A corner pixel still lies in 4 windows, an inner one in 9. Only full padding treats
# all alike, at the price of an output that grows and whose rim is made mostly of zeros.
# </details>
#
# Does depth repair it? In a stack of layers count the *paths* from a pixel to any output: with each layer a path may
# go on to each window that reads the place. On one axis that is a matrix product: $A[i, o] = 1$ if window $o$ reads
# place $i$. For two axes the counts multiply.
#
# > **Predict.** After ten layers with same padding on 28×28, is the corner's share of paths, relative to the middle,
# > larger than after one layer, equal, or smaller?

# %%
A = np.eye(28) + np.eye(28, k=1) + np.eye(28, k=-1)  # K = 3, P = 1: window o reads o − 1, o, o + 1
share = {}
for L in (1, 2, 3, 5, 10, 20):
    paths = np.linalg.matrix_power(A, L).sum(axis=1)
    share[str(L)] = (paths[0] / paths[14]) ** 2
table(share.items(), {"layers": "", "paths of a corner pixel / of a middle pixel": ".3f"})

# %% tags=["check"]
# Check that the text is true.
assert np.isclose(share["1"], 4 / 9)
assert all(np.diff(list(share.values())) < 0)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Smaller, and it keeps falling. **Verdict: false.** Same padding preserves the size, not the weight of the border.
# </details>
#
# ## 3. What the padding is made of
#
# Zeros are usual, but not the only choice. The four usual **padding modes**, on the numbers 1 to 5 with $P = 3$:

# %%
modes = ["constant", "reflect", "replicate", "circular"]
row = np.arange(1.0, 6.0)[None, None]
padded = {mode: NF.pad(row, (3, 3), mode=mode) for mode in modes}
in_torch = {mode: F.pad(torch.from_numpy(row), (3, 3), mode=mode).numpy() for mode in modes}
equal = {mode: np.array_equal(padded[mode], in_torch[mode]) for mode in modes}
table([(mode, padded[mode][0, 0].astype(int), equal[mode]) for mode in modes],
      ["mode", "1 to 5, padded", "equal to PyTorch"])  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert all(equal.values())

# %% [markdown]
# `reflect` mirrors without repeating the border pixel, `replicate` repeats the border pixel, `circular` comes in
# again at the other side. Each is a guess about what lies outside of the picture. We can *test* guesses: cut the
# middle out of a photograph, pad it, and compare with what the photographer saw.

# %%
coffee = data.photograph("coffee").transpose(2, 0, 1)[None] / 255
inner = coffee[:, :, 120:280, 180:380]
guesses = [NF.pad(inner, (50, 50, 50, 50), mode=mode)[0] for mode in modes]

# %% tags=["plumbing"]
# The truth and four guesses.
show(
    viz.image_row(
        [coffee[0, :, 70:330, 130:430], *guesses], ["the truth", "zeros", *modes[1:]], height=1.55
    ),
    "03/guessed-surroundings",
)

# %% [markdown]
# What matters to a network is the error that the guess makes in its outputs at the border.
#
# ### Why zeros want a mean of zero
#
# Take zeros first. In an image in $[0, 1]$ zero is *black*: the padding is a dark frame that was never there, with a hard
# edge. After normalising (lesson 01), zero is the *mean colour*.

# %%
photo = coffee[:, :, ::4, ::4]
mean, std = photo.mean(axis=(0, 2, 3), keepdims=True), photo.std(axis=(0, 2, 3), keepdims=True)
raw_rim = NF.pad(photo, (12, 12, 12, 12))
normalised_rim = NF.pad((photo - mean) / std, (12, 12, 12, 12))

# %% tags=["plumbing"]
# Both, the second one back in colours.
show(
    viz.image_row(
        [raw_rim[0], (normalised_rim * std + mean)[0]],
        ["zeros around [0, 1]", "zeros around normalised values"],
        height=2.2,
    ),
    "03/cup-with-two-rims",
)

# %% [markdown]
# How bad is a rim of constant value $c$? Let $B$ be a pixel at the border of a random image. The expected squared jump
# between it and the rim is
#
# $$ \mathbb{E}\big[(B - c)^2\big] = \operatorname{Var}(B) + \big(\mathbb{E}[B] - c\big)^2 , $$
#
# smallest at $c = \mathbb{E}[B]$, the mean *of the border pixels*. For most photographs the border is not very different
# from the rest, so the mean of all pixels is a good choice.
#
# > **Predict.** We measure the jump, as a root mean square, for zero and for the mean as rim, on four photographs and on
# > Fashion-MNIST (garments on black). Will the mean win every time?


# %%
def jump_at_border(images, c):
    """Root mean square of (border pixel − c), for images (N, H, W)."""
    border = [images[:, 0, :], images[:, -1, :], images[:, 1:-1, 0], images[:, 1:-1, -1]]
    border = np.concatenate([side.ravel() for side in border])
    return np.sqrt(((border - c) ** 2).mean())


photographs = ["cat", "coffee", "motorcycle", "rocket"]
sets = {name: data.photograph(name).mean(axis=2)[None] / 255 for name in photographs}
sets["garments"] = garments / 255
jumps = {
    name: {"rim 0": jump_at_border(x, 0), "rim = mean": jump_at_border(x, x.mean())}
    for name, x in sets.items()
}

# %% tags=["plumbing"]
# The jumps as bars.
show(viz.bar_chart(jumps, "jump at the border", size=(7, 3)), "03/jump-at-the-rim")

# %% tags=["check"]
# Check that the text is true.
assert all(jumps[name]["rim = mean"] < jumps[name]["rim 0"] for name in photographs)
assert jumps["garments"]["rim = mean"] > jumps["garments"]["rim 0"]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# For the photographs the mean wins clearly. For Fashion-MNIST it loses: the garments lie on black, so black is nearer to
# the mean *of the border pixels*, and a normalised image gets a grey frame around its black background. So "normalise,
# then zero padding is neutral" is a statement about the data, and here you have seen data for which it is false.
# </details>
#
# ### Which mode guesses best?
#
# Now all four modes. We take crops of five photographs, normalise each photograph to mean 0 (so that zeros have a fair
# chance), apply a 7×7 mean with padding 3, and compare the outputs whose windows reach outside with those computed from
# the true surroundings.
#
# > **Predict.** Put the four modes in order, best guess first.

# %%
names = ["cat", "coffee", "motorcycle", "rocket", "camera"]
blur = np.full((1, 1, 7, 7), 1 / 49)
error, inner_error = {mode: [] for mode in modes}, 0
for name in names:
    photo = data.photograph(name).astype(float)
    photo = photo if photo.ndim == 2 else photo.mean(axis=2)
    photo = (photo - photo.mean()) / photo.std()
    for top, left in product(range(20, 220, 40), repeat=2):
        crop = photo[top : top + 64, left : left + 64][None, None]
        truth = NF.conv2d(photo[top - 3 : top + 67, left - 3 : left + 67][None, None], blur)
        for mode in modes:
            difference = (NF.conv2d(NF.pad(crop, (3, 3, 3, 3), mode=mode), blur) - truth)[0, 0]
            inside = difference[3:-3, 3:-3]
            error[mode].append((difference**2).sum() - (inside**2).sum())  # only the rim can differ
            inner_error = max(inner_error, np.abs(inside).max())
rim = 64**2 - 58**2
rms = {mode: np.sqrt(np.mean(e) / rim) for mode, e in error.items()}
print(f"mean square error, circular / zeros: {(rms['circular'] / rms['constant']) ** 2:.1f}")

# %% tags=["plumbing"]
# The errors as bars.
show(
    viz.bar_chart(
        {("zeros" if mode == "constant" else mode): value for mode, value in rms.items()},
        "error at the border (RMS)",
        decimals=3,
        size=(6, 2.8),
    ),
    "03/error-of-padding-modes",
)

# %% tags=["check"]
# Check that the text is true.
assert inner_error < 1e-10
assert rms["replicate"] < rms["reflect"] < rms["constant"] < rms["circular"]
assert 1.2 < (rms["circular"] / rms["constant"]) ** 2 < 2

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Neighbouring pixels are alike, so a guess made from the pixels next to the border is good, the nearest one best.
# The mean (zero) is a poor guess, and the far side of the picture a worse one. For two unrelated pixels that had to
# be so: the difference of two independent numbers has twice the variance of one of them. The far side of a crop is
# not quite unrelated, so the ratio is less than 2, but well above 1.
#
# Yet networks use zeros. They are the cheapest, most of an image is not border, and they have a use, as the next
# experiment shows. Circular padding will be useful in lesson 04, where exactness is wanted, and for pictures
# that *are* circular, such as panoramas.
# </details>
#
# In PyTorch, zeros are part of the convolution (`padding=3`; their mode is called `constant` in `F.pad` and `"zeros"` in
# `nn.Conv2d`). The other modes are
# `nn.Conv2d(…, padding_mode="reflect")`, which pads first and then convolves without padding, just as we did:

# %%
layer = nn.Conv2d(3, 4, 7, padding=3, padding_mode="reflect", dtype=torch.float64)
weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
ours = NF.conv2d(NF.pad(inner, (3, 3, 3, 3), mode="reflect"), weight, bias)
print("equal:", np.allclose(layer(torch.from_numpy(inner)).detach().numpy(), ours))

# %% [markdown]
# **What zeros tell.** Here is an image on which all pixels are 1, after 1, 3 and 9 layers of a 3×3 mean with zero
# padding. A convolution should not know where it is.
#
# > **Predict.** How many pixels of the 28×28 are still 1 after nine layers?

# %%
flat, states = np.ones((1, 1, 28, 28)), {}
for L in range(1, 10):
    flat = NF.conv2d(flat, np.full((1, 1, 3, 3), 1 / 9), padding=1)
    states[L] = flat[0, 0]
untouched = {L: (states[L] > 1 - 1e-12).sum() for L in states}

# %% tags=["plumbing"]
# The map after 1, 3 and 9 layers.
titles = [f"{L} layer{'s' * (L > 1)}\n{untouched[L]} pixels are 1" for L in (1, 3, 9)]
show(
    viz.image_row([states[L] for L in (1, 3, 9)], titles, low=0, high=1, bar=True, height=1.8),
    "03/rim-after-layers",
)

# %% tags=["check"]
# Check that the text is true.
assert all(untouched[L] == (28 - 2 * L) ** 2 for L in states)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With each layer the border's influence travels one pixel inwards; after nine layers only the inner 10×10 pixels are
# still 1, and all others can tell from their value how near the border is.
# </details>
#
# Islam, Jia and Bruce (2020) showed that
# real networks read their position off the zeros in this way. It is sometimes wanted and sometimes not, and it is
# the first exception to "a convolution treats all places alike". Lesson 04 measures it.
#
# ## 4. Stride
#
# A layer with stride $S$ computes what the layer with stride 1 computes, and keeps every $S$-th row and column:
#
# $$ y_S[o_h, o_w] = y_1[S\,o_h,\; S\,o_w] . $$

# %%
camera = data.photograph("camera")[None, None, 40:296, 130:386] / 255
edges = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])[None, None]
dense = NF.conv2d(camera, edges, padding=1)
strided = {S: NF.conv2d(camera, edges, stride=S, padding=1) for S in (2, 4)}
same = [np.array_equal(y, dense[:, :, ::S, ::S]) for S, y in strided.items()]
print("every S-th row and column of the dense result:", *same)

# %% tags=["plumbing"]
# The photograph and its edges.
pictures = [camera[0, 0], *(np.abs(y[0, 0]) for y in [dense, *strided.values()])]
names = ["input", "S = 1", "S = 2", "S = 4"]
titles = [f"{name}\n{p.shape[0]}×{p.shape[1]}" for name, p in zip(names, pictures, strict=True)]
show(viz.image_row(pictures, titles, share=False, height=2.2), "03/strides")

# %% [markdown]
# It *computes* only what it keeps, so stride $S$ saves a factor of $S^2$ in this layer, and in every layer after it.
# What it throws away is position: at stride 2 a later layer cannot always tell whether an edge has moved by
# one pixel. Lessons 04 and 07 return to that price.
#
# ## 5. Dilation
#
# A dilated kernel is an ordinary kernel with holes. The same number of weights, the same number of multiplications,
# a larger reach:

# %% tags=["plumbing"]
# A dilated window.
show(
    viz.sliding_window(
        digits[:7, :7], np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]), position=(1, 1), dilation=2
    ),
    "03/dilated-window",
)

# %%
x, w = rng.normal(size=(2, 3, 20, 23)), rng.normal(size=(4, 3, 3, 3))
with_holes = np.zeros((4, 3, 7, 7))
with_holes[:, :, ::3, ::3] = w
same = np.allclose(NF.conv2d(x, w, dilation=3), NF.conv2d(x, with_holes))
print("dilation 3 equals a 7×7 kernel with holes:", same)
print("weights that are used:", w[0, 0].size, "of", with_holes[0, 0].size)

# %% [markdown]
# Dilation widens the view without losing resolution, which is why networks that predict something for *every pixel* use
# it. Its trap is shown in section 8.
#
# ## 6. Groups, depthwise, 1×1: which channels meet
#
# So far each filter read all input channels. With **groups** $G$ the channels are divided into $G$ groups, and each
# filter reads one of them: filter $o$ belongs to group $\lfloor o / (C_\text{out}/G) \rfloor$ and reads the
# $C_\text{in}/G$ channels of that group. The weight tensor shrinks to $(C_\text{out}, C_\text{in}/G, K_h, K_w)$.
# With all letters in place, the definition is
#
# $$ y[n, o, i, j] = b[o] + \sum_{c=0}^{C_\text{in}/G - 1} \sum_{u=0}^{K_h - 1} \sum_{v=0}^{K_w - 1}
#    w[o, c, u, v] \;\; x_\text{padded}\big[n,\; c_0(o) + c,\; S i + D u,\; S j + D v\big], $$
#
# where $c_0(o)$ is the first channel of $o$'s group. As code that *is* the formula:


# %%
def conv2d_naive(x, w, b, S=1, P=0, D=1, groups=1):
    N, C_in, H, W = x.shape
    C_out, C_group, K_h, K_w = w.shape
    x = np.pad(x, ((0, 0), (0, 0), (P, P), (P, P)))
    y = np.empty((N, C_out, len(starts(H, K_h, S, P, D)), len(starts(W, K_w, S, P, D))))
    for n, o, i, j in np.ndindex(y.shape):
        first = o // (C_out // groups) * C_group
        total = b[o]
        for c, u, v in np.ndindex(C_group, K_h, K_w):
            total += w[o, c, u, v] * x[n, first + c, S * i + D * u, S * j + D * v]
        y[n, o, i, j] = total
    return y


# %%
worst = 0.0
for S, P, D, groups in product((1, 2), (0, 1, 2), (1, 2), (1, 2, 4)):
    x, w = rng.normal(size=(2, 4, 6, 7)), rng.normal(size=(8, 4 // groups, 3, 2))
    b, options = rng.normal(size=8), dict(stride=S, padding=P, dilation=D, groups=groups)
    naive = conv2d_naive(x, w, b, S, P, D, groups)
    fast = NF.conv2d(x, w, b, **options)
    in_torch = F.conv2d(*map(torch.from_numpy, (x, w, b)), **options).numpy()
    worst = max(worst, np.abs(naive - fast).max(), np.abs(naive - in_torch).max())
print("loops, NumPy and PyTorch differ by less than 1e-12:", worst < 1e-12)

# %% tags=["check"]
# Check that the text is true.
assert worst < 1e-12

# %% [markdown]
# This is PyTorch's `conv2d`, nothing left out, except that PyTorch also takes a pair (height, width) for each number. The
# exercise asks you to write one that does not need seven nested loops.
#
# Which channels meet? Ask the layer itself: feed images in which a single channel is 1, and see which outputs
# respond. Below, a row is an output channel and a column an input channel.

# %%
C = 8
one_channel = np.eye(C)[:, :, None, None]  # image n has channel n set to 1, everything else is 0
meets = {}
for groups in (1, 2, 4, 8):
    ones = np.ones((C, C // groups, 1, 1))
    # rows: outputs, columns: inputs
    meets[groups] = NF.conv2d(one_channel, ones, groups=groups)[:, :, 0, 0].T

# %% tags=["plumbing"]
# Which output reads which channel.
titles = [f"groups = {g}\n{int(m.sum())} connections" for g, m in meets.items()]
show(
    viz.image_row([1 - m for m in meets.values()], titles, low=0, high=1, height=1.9),
    "03/who-reads-which-channel",
)

# %% [markdown]
# At one end, $G = 1$: every output channel reads every input channel. At the other, $G = C_\text{in}$: each channel
# is filtered alone, a **depthwise** convolution. It looks at places and never mixes channels.
#
# Its opposite is the **1×1 convolution**, which mixes channels and never looks at neighbouring places. A 1×1 window
# is a single pixel, so the layer is one matrix $w$ of shape $(C_\text{out}, C_\text{in})$ applied to each pixel's
# channel vector:
#
# $$ y[n, :, i, j] = w\, x[n, :, i, j] . $$
#
# It is a tiny fully connected layer at every pixel, the same one everywhere. Here it computes from (R, G, B) how bright
# a pixel is, how much redder than green, and how much yellower than blue:

# %%
w = np.array([[0.299, 0.587, 0.114], [1, -1, 0], [0.5, 0.5, -1]])
astronaut = data.photograph("astronaut").transpose(2, 0, 1)[None] / 255
by_conv = NF.conv2d(astronaut, w[:, :, None, None])
by_matrix = np.einsum("oc,nchw->nohw", w, astronaut)
print("1×1 convolution = matrix per pixel:", np.allclose(by_conv, by_matrix))

# %% tags=["plumbing"]
# The input and the three maps.
show(
    viz.image_row([astronaut[0], by_conv[0, 0]], ["input", "brightness"], height=2.4),
    "03/one-by-one-brightness",
)
show(
    viz.image_row(
        by_conv[0, 1:], ["red − green", "yellow − blue"], signed=True, height=2.4, bar=True
    ),
    "03/one-by-one-colours",
)

# %% [markdown]
# Depthwise, then 1×1: places first, channels afterwards. Together they are called a **depthwise separable**
# convolution, and the next section shows why whole families of networks are built from it.
#
# ## 7. What a layer costs
#
# A layer has three costs. **Parameters**: each of the $C_\text{out}$ filters has $K_h K_w C_\text{in}/G$
# weights and a bias. **Multiply-adds**: each of the $C_\text{out} H_\text{out} W_\text{out}$ outputs is a dot
# product of that length (products with the padding's zeros count, since they are computed). **Memory**: the outputs
# have to be stored, in training until the backward pass has used them; 4 bytes per number.
#
# $$ \text{parameters} = C_\text{out} \Big( \frac{K_h K_w\, C_\text{in}}{G} + 1 \Big), \qquad
#    \text{multiply-adds} = C_\text{out} H_\text{out} W_\text{out} \cdot \frac{K_h K_w\, C_\text{in}}{G} . $$
#
# The sizes of the image appear in the second and not in the first: **parameters do not depend on the image, work
# does.**
#
# > **Predict.** A 3×32×32 image, ten filters of 5×5, stride 1, padding 2. Output shape? Parameters? Multiply-adds?


# %%
def conv_cost(c_in, c_out, K, h_out, w_out, groups=1):
    weights = c_out * K * K * c_in // groups
    return weights + c_out, weights * h_out * w_out  # parameters with biases, multiply-adds without


side = len(starts(32, 5, S=1, P=2))
parameters, multiply_adds = conv_cost(3, 10, 5, side, side)
layer = nn.Conv2d(3, 10, kernel_size=5, stride=1, padding=2)
in_torch = (
    tuple(layer(torch.zeros(1, 3, 32, 32)).shape[1:]),
    sum(w.numel() for w in layer.parameters()),
)
print("output:", (10, side, side), " PyTorch:", in_torch[0])
print("parameters:", parameters, " PyTorch:", in_torch[1])
print(f"multiply-adds: {multiply_adds:,}")

# %% tags=["check"]
# Check that the text is true.
assert (side, parameters, multiply_adds) == (32, 760, 768_000)
assert in_torch == ((10, 32, 32), 760)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The output is 10×32×32, since the padding keeps the size. $10 \cdot (25 \cdot 3 + 1) = 760$ parameters. And each of the
# 10,240 outputs takes 75 products: 768,000 multiply-adds.
# </details>
#
# Now a whole network, of the most common kind: 3×3 convolutions with padding 1; after each, the size is halved and
# the next layer has twice the channels. Input 3×224×224.
#
# > **Predict.** Which layer has the most parameters? Which does the most multiply-adds? Which needs the most memory
# > for its outputs: the first, the last, or one between?

# %%
side, c_in = 224, 3
bills, rows = {}, []
for number, c_out in enumerate([64, 128, 256, 512, 1024], start=1):
    parameters, multiply_adds = conv_cost(c_in, c_out, 3, side, side)
    memory = 4 * c_out * side * side
    bills[f"layer {number}"] = (parameters, multiply_adds, memory)
    rows.append(
        (str(number), f"{c_out}×{side}×{side}", parameters, multiply_adds, f"{memory / 1e6:.1f} MB")
    )
    side, c_in = side // 2, c_out
table(rows, {"layer": "", "output": "", "parameters": ",", "multiply-adds": ",", "memory": ""})

# %% tags=["plumbing"]
# Each layer's share of the three sums.
total = np.sum(list(bills.values()), axis=0)
kinds = ["parameters", "multiply-adds", "memory"]
shares = {
    name: dict(zip(kinds, 100 * np.array(bill) / total, strict=True))
    for name, bill in bills.items()
}
show(
    viz.bar_chart(shares, "share of the total (%)", decimals=0, size=(9, 3.2)), "03/cost-per-layer"
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Halving the side and doubling the channels divides the memory by 2 (a quarter of the places, twice the channels),
# multiplies the parameters by 4 ($2 C_\text{in} \cdot 2 C_\text{out}$), and leaves the multiply-adds as they are
# ($4 \cdot \tfrac14$). The first layer is the exception, with only 3 input channels. So *memory sits early,
# parameters sit late, work is spread evenly*: keep this picture for lessons 12 and 14, whose networks follow this
# rule.
# </details>
#
# And the depthwise separable layer? At each place an ordinary convolution takes $K^2 C_\text{in} C_\text{out}$
# multiply-adds, a depthwise one $K^2 C_\text{in}$, and a 1×1 convolution $C_\text{in} C_\text{out}$. So the share is
#
# $$ \frac{K^2 C_\text{in} + C_\text{in} C_\text{out}}{K^2 C_\text{in} C_\text{out}} = \frac{1}{C_\text{out}} +
# \frac{1}{K^2} . $$
#
# For layer 3 above (128 → 256 channels on 56×56), an ordinary 3×3 convolution
# against a depthwise 3×3 followed by a 1×1:

# %%
ordinary = conv_cost(128, 256, 3, 56, 56)[1]
separable = conv_cost(128, 128, 3, 56, 56, groups=128)[1] + conv_cost(128, 256, 1, 56, 56)[1]
print(f"ordinary {ordinary:,}, separable {separable:,}: {separable / ordinary:.3f} of it")
print(f"1/C_out + 1/K² = {1 / 256 + 1 / 9:.3f}")

# %% tags=["check"]
# Check that the text is true.
assert np.isclose(separable / ordinary, 1 / 256 + 1 / 9)

# %% [markdown]
# So the work is almost 9 times less for 3×3 kernels. The price is a restriction: such a layer can only mix channels *after*
# each has been filtered alone. How much accuracy that costs is an empirical question.
#
# ## 8. How far does a unit see?
#
# A **unit** is one number in one of a network's maps. Its **receptive field** is the part of the input on which it
# depends. In the *previous* layer that is its window, of extent $D(K-1)+1$. In the *input* it is larger: every unit
# of that window has a receptive field of its own.
#
# Keep three numbers for each layer (one axis; the other goes the same way):
#
# - **size** $r$: how many input pixels a unit's receptive field spans;
# - **jump** $j$: by how many input pixels the fields of two neighbouring units are shifted ($j$ is no index here);
# - **start** $s$: the first input pixel of the field of unit 0 (negative if that lies in the padding).
#
# The input itself has $r = 1,\ j = 1,\ s = 0$. Now add a layer with $K, S, P, D$. Its unit 0 reads the units
# $-P,\; -P + D,\; \dots,\; -P + D(K-1)$ of the layer below. From the first to the last of these are $D(K-1)$ steps
# of $j$ pixels each, and then the last one's own field:
#
# $$ r \leftarrow r + D(K-1)\, j, \qquad s \leftarrow s - P\, j, \qquad j \leftarrow j\, S . $$
#
# ($r$ and $s$ use the *old* jump.) Unit $o$ then spans the pixels $s + o\,j \,\dots\, s + o\,j + r - 1$.


# %%
def receptive_fields(layers):
    """(size, jump, start) of the input and after each layer; layers are (K, S, P, D)."""
    size, jump, start = 1, 1, 0
    fields = [(size, jump, start)]
    for K, S, P, D in layers:
        size += D * (K - 1) * jump
        start -= P * jump
        jump *= S
        fields.append((size, jump, start))
    return fields


# %% [markdown]
# > **Predict.** The puzzle's question (b), now with the recursion and a pencil: six layers of 5×5 with stride 1. On how
# > many pixels of the bag does one number of the last map depend? And what do three layers of 3×3 see?

# %%
stacks = {
    "the puzzle, six 5×5": [(5, 1, 0, 1)] * 6,
    "three 3×3": [(3, 1, 0, 1)] * 3,
    "one 7×7": [(7, 1, 0, 1)],
}
rows = [(name, str([field[0] for field in receptive_fields(layers)]))
        for name, layers in stacks.items()]  # fmt: skip
table(rows, ["stack", "size, from the input to the last layer"])

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# A number of the last map depends on $25 \times 25 = 625$ pixels of the bag, since each layer adds 4. And
# $28 - 25 + 1 = 4$, the map's size, is no coincidence: the six layers together are one window of 25×25.
# </details>
#
# **Three 3×3 layers see what one 7×7 layer sees.** With $C$ channels everywhere they need $3 \cdot 9\, C^2 = 27 C^2$
# weights instead of $49 C^2$, and have three places for a nonlinearity instead of one. That is the idea behind VGG
# (lesson 12).

# %%
rows = []
for C in (64, 256):
    three = 3 * nn.Conv2d(C, C, 3, bias=False).weight.numel()
    one = nn.Conv2d(C, C, 7, bias=False).weight.numel()
    rows.append((str(C), three, three // C**2, one, one // C**2))
table(rows, {"C": "", "three 3×3": ",", "in C²": "d", "one 7×7": ",", "in C² ": "d"})

# %% [markdown]
# Here are stacks on one axis, each with all that its middle unit depends on. First as a still picture, then to try
# out: choose a stack, then walk with the arrow keys.

# %%
stacks = {
    "three 3×3": [(3, 1, 1)] * 3,
    "one 7×7": [(7, 1, 1)],
    "3×3, pool, 3×3, pool": [(3, 1, 1), (2, 2, 1), (3, 1, 1), (2, 2, 1)],
    "dilation 1, 2, 4": [(3, 1, 1), (3, 1, 2), (3, 1, 4)],
    "dilation 2, 2, 2": [(3, 1, 2)] * 3,
}  # K, S, D of each layer; no padding
drawn = {name: layers for name, layers in stacks.items() if name != "one 7×7"}

# %% tags=["plumbing"]
# Four stacks, each with all that one unit depends on.
show(receptive_cones(drawn, width=23), "03/receptive-cones")

# %%
from cnncourse.viz.widgets.receptive_field import ReceptiveFieldExplorer

ReceptiveFieldExplorer(stacks, width=23)

# %% [markdown]
# Look at *dilation 2, 2, 2*. The recursion says size 13, and the span is 13; yet the unit reads only every second
# pixel. Its neighbour reads the others, and no layer ever brings the two together: the pixels fall into separate
# sets that never meet, two on one axis, four in two dimensions. This is the **gridding** trap. Dilations such as 1, 2, 4
# leave no holes.
#
# ### Measured by back-propagation
#
# The recursion is a claim about programs. To test it: which pixels does an output *actually* depend on? Those for
# which the derivative of the output is not zero. PyTorch's backward pass gives all of these derivatives at once. We
# build random stacks and compare the first and last pixel of the measured field with the prediction.


# %%
def influence(network, shape, unit):
    """|∂ output[0, 0, unit] / ∂ input|, summed over the input's channels: (H, W)."""
    x = torch.zeros(1, *shape, dtype=torch.float64, requires_grad=True)
    network(x)[(0, 0, *unit)].backward()
    return x.grad[0].abs().sum(dim=0).numpy()


# %%
checked = wrong = 0
for _ in range(40):
    layers = [tuple(int(rng.integers(low, high)) for low, high in [(1, 6), (1, 4), (0, 3), (1, 4)])
              for _ in range(3)]  # fmt: skip
    convs = [nn.Conv2d(1, 1, K, S, P, D, dtype=torch.float64) for K, S, P, D in layers]
    network = nn.Sequential(*convs)
    size, jump, start = receptive_fields(layers)[-1]
    side = size + 3 * jump
    outputs = network(torch.zeros(1, 1, side, side, dtype=torch.float64)).shape[2]
    for unit in range(outputs):
        rows = np.flatnonzero(influence(network, (1, side, side), (unit, outputs // 2)).any(axis=1))
        reads_first, reads_last = start + unit * jump, start + unit * jump + size - 1
        if 0 <= reads_first and reads_last < side:  # not cut off by the border
            checked += 1
            wrong += (rows[0], rows[-1]) != (reads_first, reads_last)
print(f"{checked} units of 40 random stacks, {wrong} of them not as predicted")

# %% tags=["check"]
# Check that the text is true.
assert checked > 40
assert wrong == 0

# %% [markdown]
# **A claim.** *"Each pooling layer doubles the receptive field."* Take 3×3 convolutions with a 2×2 pool, stride 2,
# after each.
#
# > **Predict** the receptive field after each of the six layers.

# %%
conv, pool = (3, 1, 1, 1), (2, 2, 0, 1)
fields = receptive_fields([conv, pool] * 3)
names = ["input", *["conv 3×3", "pool 2×2"] * 3]
sizes, jumps = [field[0] for field in fields], [field[1] for field in fields]
table(zip(names, sizes, jumps, strict=True), ["after", "size", "jump"])

pairs_of_layers = [nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.AvgPool2d(2)) for _ in range(3)]
network = nn.Sequential(*pairs_of_layers).double()
measured = (influence(network, (1, 64, 64), (4, 4)) > 0).any(axis=1).sum()
print("measured after the last layer:", measured)

# %% tags=["check"]
# Check that the text is true.
assert sizes == [1, 3, 4, 8, 10, 18, 22]
assert measured == sizes[-1]
assert all(sizes[k] < 2 * sizes[k - 1] for k in (2, 4, 6))
assert all(jumps[k] == 2 * jumps[k - 1] for k in (2, 4, 6))
assert [sizes[k] - sizes[k - 1] for k in (1, 3, 5)] == [2, 4, 8]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **Verdict: false as it stands.** A 2×2 pool adds one jump: 3 → 4, 8 → 10, 18 → 22. What it doubles is the *jump*,
# and with it the growth of every later layer: the convolutions add 2, then 4, then 8. The effect of a pool on the
# receptive field comes *after* the pool.
# </details>
#
# That is one reason why deep networks shrink their maps. How many 3×3 layers until one unit sees a whole 224×224 image?

# %%
recipes = {
    "stride 1": lambda k: (3, 1, 1, 1),
    "stride 2 in every layer": lambda k: (3, 2, 1, 1),
    "dilation 1, 2, 4, 8, …": lambda k: (3, 1, 1, 2**k),
}
needed = {}
for name, recipe in recipes.items():
    L = 1
    while receptive_fields([recipe(k) for k in range(L)])[-1][0] < 224:
        L += 1
    needed[name] = L
rows = [(name, L, receptive_fields([recipes[name](k) for k in range(L)])[-1][0])
        for name, L in needed.items()]  # fmt: skip
table(rows, ["recipe", "layers", "size"])

# %% tags=["check"]
# Check that the text is true.
assert list(needed.values()) == [112, 7, 7]

# %% [markdown]
# The course's package computes all this for every network that is built from its NumPy modules: shapes, parameters,
# multiply-adds, and what a unit sees. (Its `receptive_field` stores the *centre* of unit 0's field instead of its
# first pixel: the same information, $s + (r - 1)/2$.) The stack of the claim above, with 8, 16 and 32 channels:

# %% tags=["answer"]
widths = [(3, 8), (8, 16), (16, 32)]
blocks = [
    layer for a, b in widths for layer in (modules.Conv2d(a, b, 3, padding=1), modules.MaxPool2d(2))
]
books = summary(modules.Sequential(*blocks), (1, 3, 64, 64))
print(books)

# %% tags=["check"]
# Check that the text is true.
assert [row.receptive_field.size[0] for row in books.rows] == sizes[1:]
assert books.rows[0].multiply_adds == conv_cost(3, 8, 3, 64, 64)[1]

# %% [markdown]
# ## 9. How far does it really look?
#
# *(This section can wait.)*
#
# All pixels of the receptive field *can* influence a unit. Do they influence it *equally*?
#
# Take the plainest stack: $L$ layers, each a 3×3 kernel of ninths, no nonlinearity. The influence of a pixel is then
# the number of paths from it to the unit, divided by $9^L$. Along one axis each layer moves the path by $-1$, $0$ or
# $+1$ with equal weight. So the influence at distance $d$ is the probability that $L$ three-sided dice with faces
# $-1, 0, 1$ show the sum $d$: lesson 02's distribution of a sum, $L$ times over. One such die has variance $\tfrac23$;
# variances of independent dice add; and the sum of many dice approaches a bell curve, the normal distribution. So
#
# $$ \text{spread of the influence} = \sqrt{\tfrac{2}{3} L}, \qquad\text{whereas the receptive field is } 2L + 1 . $$
#
# The influence spreads like the *square root* of the depth. Most of a deep unit's receptive field lies in the far
# tail of the bell.
#
# With equal weights the influence itself is the distribution. Random weights of mean zero give influences of either
# sign, so for them we take the mean of the *squares* as the distribution, and measure how far it spreads. (The scale $2/(9\, C_\text{in})$ of the weights' variance keeps the numbers
# from dying out; lesson 09 says why.)


# %%
def stack(L, weights, relu):
    """L layers of 3×3 from one channel to one; 8 channels between, or 1 with equal weights."""
    widths = [1, *[1 if weights == "equal" else 8] * (L - 1), 1]
    layers = []
    for c_in, c_out in zip(widths[:-1], widths[1:], strict=True):
        layer = nn.Conv2d(c_in, c_out, 3, padding=1, bias=False)
        with torch.no_grad():
            layer.weight.fill_(1 / 9) if weights == "equal" else layer.weight.normal_(
                std=(2 / (9 * c_in)) ** 0.5
            )
        layers += [layer, nn.ReLU()] if relu else [layer]
    return nn.Sequential(*layers[: len(layers) - relu])  # no ReLU after the last layer


# %%
def squared_influences(L, weights, relu=False, draws=24):
    """(∂ middle unit / ∂ pixel)² on 61×61 pixels, for each of `draws` random networks; sum 1."""
    maps = np.empty((draws, 61, 61))
    for k in range(draws):
        x = torch.randn(1, 1, 61, 61, requires_grad=True)
        stack(L, weights, relu)(x)[0, 0, 30, 30].backward()
        squares = x.grad[0, 0].double().numpy() ** 2
        maps[k] = squares / squares.sum()
    return maps


def spread(maps):
    """Standard deviation of the row, for the mean of the maps as a distribution; and its error."""
    mean_square = (maps.sum(axis=2) / maps.sum(axis=(1, 2))[:, None]) @ (np.arange(61) - 30) ** 2
    error = mean_square.std() / np.sqrt(len(maps))  # how well 24 networks know the mean
    return np.sqrt(mean_square.mean()), error / (2 * np.sqrt(mean_square.mean()))


# %% [markdown]
# > **Predict.** That was for equal weights. With random weights and ReLUs between the layers, is the influence
# > spread more widely, less, or about the same?

# %% tags=["nbval-ignore-output"]
depths = np.array([1, 2, 4, 8, 16, 28])
with_relu = {L: squared_influences(L, "random", relu=True) for L in depths}
measured = {
    "equal weights": [spread(np.sqrt(squared_influences(L, "equal", draws=1))) for L in depths],
    "random weights": [spread(squared_influences(L, "random")) for L in depths],
    "random, ReLU": [spread(with_relu[L]) for L in depths],
}
root_law = np.sqrt(2 * depths / 3)
rows = [
    (
        str(L),
        root_law[k],
        *(f"{value[k][0]:.2f} ± {value[k][1]:.2f}" for value in measured.values()),
    )
    for k, L in enumerate(depths)
]
table(rows, {"L": "", "√(2L/3)": ".2f"} | dict.fromkeys(measured, ""), "spread in pixels")

# %% tags=["plumbing", "nbval-ignore-output"]
# The spread beside the radius of the receptive field; the measured spread over the computed one.
figure, axes = viz.figure_grid(1, 2, size=(9.5, 3.4))
lines = {"radius of the receptive field, L": depths, "√(2L/3)": root_law,
         "measured, random, ReLU": [value for value, _ in measured["random, ReLU"]]}  # fmt: skip
viz.draw_lines(axes[0, 0], depths, lines)
axes[0, 0].set(xlabel="layers of 3×3", ylabel="pixels")
axes[0, 0].legend()
for k, (name, values) in enumerate(measured.items()):
    value, error = np.array(values).T
    axes[0, 1].errorbar(depths * 1.03 ** (k - 1), value / root_law, error / root_law,
                        fmt="os^"[k], capsize=3, label=name)  # fmt: skip
axes[0, 1].axhline(1, color="0.5", linewidth=0.8, linestyle="-")
axes[0, 1].set(xlabel="layers of 3×3", ylabel="measured / √(2L/3)", ylim=(0.5, 1.5), xscale="log")
axes[0, 1].set_xticks(depths, [str(L) for L in depths])
axes[0, 1].minorticks_off()
axes[0, 1].legend()
show(figure, "03/spread-over-depth")

# %% tags=["check"]
# Check that the text is true.
ratio = {name: np.array(values)[:, 0] / root_law for name, values in measured.items()}
assert np.allclose(ratio["equal weights"], 1, rtol=1e-3)
assert np.abs(ratio["random weights"] - 1).max() < 0.25
assert np.abs(ratio["random, ReLU"] - 1).max() < 0.25

# %% tags=["nbval-ignore-output"]
inside = {}  # the share of the receptive field that holds 95 % of the squared influence
for L in (4, 8, 16, 28):
    mass = np.sort(with_relu[L].mean(axis=0).ravel())[::-1].cumsum()
    inside[L] = (np.searchsorted(mass, 0.95) + 1) / (2 * L + 1) ** 2

# %% tags=["plumbing"]
# Where the influence is, with the receptive field as a frame.
frames = [(30 - L, 30 - L, 2 * L + 1, 2 * L + 1) for L in inside]
titles = [f"{L} layers: 95 % within\n{share:.0%} of the field" for L, share in inside.items()]
show(
    influence_row([np.sqrt(with_relu[L].mean(axis=0)) for L in inside], titles, frames, height=2.3),
    "03/influence-with-relu",
)

# %% tags=["check"]
# Check that the text is true.
assert inside[28] < inside[8] < 1

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# About the same: all three kinds lie near the square root. On average a layer of random weights spreads the squared
# influence evenly over its nine places, as equal weights spread the influence. The last picture shows the influence
# itself (the root of the mean square, each panel on its own scale). The frame is the receptive field, and the titles
# say how many of its pixels hold 95 % of the squared influence. The bright part is called the **effective receptive
# field** (Luo, Li, Urtasun and Zemel, 2016): it looks like a bell curve and is an ever smaller part of the
# theoretical one. Training can widen it, and strides, dilation and shortcuts (lesson 14) change it; but "the receptive
# field covers the whole object" is a necessary condition for seeing the object, and by far not a sufficient one.
# </details>
#
# ## 10. One network, every size
#
# *(This section can wait.)*
#
# **A claim.** *"CNNs only work at one image size."* A convolution's weights do not depend on $H$ and $W$. So what
# breaks? We give images of four sizes to a stack of convolutions with two different heads.
#
# > **Predict.** Which of the two heads refuses which sizes?

# %%
features = nn.Sequential(
    nn.Conv2d(3, 8, 5), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3), nn.ReLU(), nn.MaxPool2d(2),
)  # fmt: skip
heads = {
    "flatten, linear": nn.Sequential(nn.Flatten(), nn.Linear(16 * 6 * 6, 10)),
    "global mean, linear": nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10)),
}
outcome = {}
for H, W in [(32, 32), (28, 28), (45, 60), (300, 451)]:
    maps = features(torch.zeros(1, 3, H, W))
    outcome[f"{H}×{W}"] = [str(tuple(maps.shape[1:]))]
    for head in heads.values():
        try:
            outcome[f"{H}×{W}"].append(str(tuple(head(maps).shape)))
        except RuntimeError:
            outcome[f"{H}×{W}"].append("refused")
table([(size, *results) for size, results in outcome.items()], ["image", "features", *heads])

# %% tags=["check"]
# Check that the text is true.
assert [results[1:] for results in outcome.values()] == [
    ["(1, 10)", "(1, 10)"],
    *[["refused", "(1, 10)"]] * 3,
]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **Verdict: false for the convolutional part, true for a flattening head.** What fixes the size is the matrix behind
# `flatten`. Replace flattening by a global mean over each map and the same weights take every size. (Whether they
# *work well* at a size they were not trained for is another question, which this table does not answer.)
# </details>
#
# And what do the maps of a larger image *mean*? Here everything of this lesson comes together. The stack has a
# receptive field with some size, jump and start. So the feature vector at place $(a, b)$ must be what the network
# says about the *crop* of that size whose first pixel is $(s + a\,j,\; s + b\,j)$: the network on a large image
# **is** the network on a sliding window, for all windows at once.

# %%
layers = [(5, 1, 0, 1), (2, 2, 0, 1), (3, 1, 0, 1), (2, 2, 0, 1)]
size, jump, start = receptive_fields(layers)[-1]
cat = torch.from_numpy(data.photograph("cat").transpose(2, 0, 1)[None] / 255).float()
rows = []
with torch.no_grad():
    everywhere = features(cat)
    for a, b in [(0, 0), (10, 50), (71, 109)]:
        top, left = start + a * jump, start + b * jump
        alone = features(cat[:, :, top : top + size, left : left + size])
        equal = torch.allclose(everywhere[0, :, a, b], alone[0, :, 0, 0], atol=1e-5)
        rows.append((f"({a}, {b})", f"({top}, {left})", str(tuple(alone.shape[1:])), equal))
print(f"receptive field {size}, jump {jump}, start {start}")
table(rows, ["place", "first pixel of the crop", "maps of the crop", "equal"])
print(f"one pass over the photograph = {everywhere.shape[2] * everywhere.shape[3]:,} crops")

# %% tags=["check"]
# Check that the text is true.
assert all(row[-1] for row in rows)

# %% [markdown]
# This is how a classifier becomes a detector that answers at every place (Sermanet and others' OverFeat, 2014), and
# how a classification network becomes one for segmentation (Long, Shelhamer and Darrell, 2015). With *padding* it
# would not be exact, because a crop's border would be padded where the photograph goes on.

# %% [markdown]
# ## Claims to test
#
# Sayings from lecture notes. The first five were measured above, the last one is measured below.
#
# 1. "Same padding weighs every pixel equally."
# 2. "3×3, padding 1, stride 2 gives half the size, rounded down."
# 3. "Each pool doubles the receptive field."
# 4. "CNNs only work at one image size."
# 5. "A unit whose receptive field covers the object sees the object."
# 6. "One subtracts the mean from each image, so that padding with zeros is padding with the average."
#
# > **Predict.** In what sense is each of them true?

# %%
grey = data.scenes(2000).images.mean(axis=1) / 255
own_mean = grey.mean(axis=(1, 2), keepdims=True)
rims = [("zero, images in [0, 1]", jump_at_border(grey, 0)),
        ("the data set's mean", jump_at_border(grey, grey.mean())),
        ("each image's own mean", jump_at_border(grey - own_mean, 0))]  # fmt: skip
table(rims, {"6. rim, for scenes": "", "jump at the border": ".3f"})

# %% tags=["check"]
# Check that the text is true.
assert rims[2][1] < rims[1][1] < rims[0][1]

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **False.** Four windows read a corner, nine a middle pixel, and depth makes it worse (section 2).
# 2. **False for odd sizes**: it rounds up (section 1).
# 3. **Not the field: the jump**, and so the growth of every later layer (section 8).
# 4. **False for the convolutional part**, which takes any size that leaves room for a window; a flattening head fixes
#    the size, a global mean frees it (section 10).
# 5. **Necessary, not sufficient**: nearly all influence comes from the middle of the field (section 9).
# 6. **One of two ways.** Subtracting each image's own mean brings the rim nearer to the border than the data set's mean
#    does. It also removes the image's overall brightness, which may matter. Today the data set's mean, per channel, is
#    usual. For images on black neither is neutral: their border is black and both means are grey. (Section 3 measured it
#    for the data set's mean.)
# </details>
#
# ## Summary
#
# 1. $O = \lfloor (I + 2P - D(K-1) - 1)/S \rfloor + 1$: count the starts that fit. The remainder is pixels that
#    no window reads.
# 2. Same padding keeps the size, not the weight of the border. Zeros are one guess of four about the outside, not
#    the best one, and they tell a network where it is.
# 3. Groups decide which channels meet: all, a group of them, or none (depthwise). A 1×1 convolution is one matrix in
#    every pixel.
# 4. Parameters do not depend on the image's size; multiply-adds and memory do. Memory sits early, parameters late.
# 5. $r \leftarrow r + D(K-1)\,j$ and $j \leftarrow j\,S$: strides and dilation make later layers reach farther. The
#    field of a stack grows with its depth, the part of it that counts only with the root of the depth.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** An image of 227×227 pixels, a kernel of 11×11, stride 4, no padding (the first layer of AlexNet,
# [lesson 11](11_alexnet.ipynb)).
# What is the output's size? And with 224×224 pixels: how many rows at the bottom are read by no window?
#
# <details><summary>Answer</summary>
#
# $\lfloor (227 - 11)/4 \rfloor + 1 = 55$, without remainder. With 224: $\lfloor 213/4 \rfloor + 1 = 54$; the
# remainder of $213/4$ is 1, so one row and one column are never read.
# </details>
#
# **2.** Which padding keeps the size with $K = 5$, $D = 3$, $S = 1$?
#
# <details><summary>Answer</summary>
#
# The extent is $3 \cdot 4 + 1 = 13$, so $P = (13 - 1)/2 = 6$. $(K - 1)/2 = 2$ forgets the dilation.
# </details>
#
# **3.** A convolution from 64 to 96 channels, 3×3, with 32 groups. What is the shape of its weight? How many
# parameters with biases? Can it have 40 groups?
#
# <details><summary>Answer</summary>
#
# $(96,\, 64/32,\, 3,\, 3) = (96, 2, 3, 3)$: 1,728 weights and 96 biases, 1,824 together. 40 divides neither 64 nor
# 96, so no.
# </details>
#
# **4.** A network has the layers: 7×7 stride 2; 3×3 pool stride 2; 3×3; 3×3. What is the receptive field of one of
# its units, and its jump?
#
# <details><summary>Answer</summary>
#
# Sizes $1 \to 7 \to 7 + 2\cdot 2 = 11 \to 11 + 2 \cdot 4 = 19 \to 27$; jumps $1 \to 2 \to 4 \to 4 \to 4$. This is
# how ResNet begins (lesson 14).
# </details>
#
# **5.** In the table of section 7 we feed images of 112×112 instead of 224×224. Which of the three costs change, and
# by how much?
#
# <details><summary>Answer</summary>
#
# Parameters: not at all. Multiply-adds and memory: a quarter each, in every layer.
# </details>
#
# **6.** Two 3×3 convolutions in a row *without* anything between them: is there one 5×5 kernel that computes the
# same? Then why does anyone stack them?
#
# <details><summary>Answer</summary>
#
# Yes (for one channel; away from padding): the full convolution of the two kernels. The stack reaches only a part of
# all 5×5 kernels, with fewer weights. What makes it *more* than a 5×5 kernel is the nonlinearity that one puts in
# between.
# </details>

# %%
print("1.", len(starts(227, 11, 4)), len(starts(224, 11, 4)), (224 - 11) % 4)
print("2.", (3 * (5 - 1) + 1 - 1) // 2, len(starts(50, 5, 1, 6, 3)))
layer = nn.Conv2d(64, 96, 3, groups=32)
parameters = sum(w.numel() for w in layer.parameters())
print("3.", tuple(layer.weight.shape), parameters, 64 % 40 == 0 and 96 % 40 == 0)
layers = [(7, 2, 3, 1), (3, 2, 1, 1), (3, 1, 1, 1), (3, 1, 1, 1)]
print("4.", [field[:2] for field in receptive_fields(layers)])
print("5.", *[conv_cost(64, 128, 3, side, side) for side in (112, 56)])

x, (first, second) = rng.normal(size=(1, 1, 12, 12)), rng.normal(size=(2, 1, 1, 3, 3))
# full, and flipped: lesson 02's true convolution
five = NF.conv2d(first, second[:, :, ::-1, ::-1], padding=2)
both = NF.conv2d(NF.conv2d(x, first), second)
print("6. one 5×5 kernel does both:", np.allclose(both, NF.conv2d(x, five)))

# %% [markdown]
# ## Where to read more
#
# - V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning" (2016), arXiv:1603.07285: the sizes,
#   with pictures of all cases.
# - A. Araujo, W. Norris, J. Sim, "Computing receptive fields of convolutional neural networks", *Distill* (2019):
#   the recursion, with branches.
# - W. Luo, Y. Li, R. Urtasun, R. Zemel, "Understanding the effective receptive field in deep convolutional neural
#   networks", NeurIPS (2016), arXiv:1701.04128.
# - M. A. Islam, S. Jia, N. D. B. Bruce, "How much position information do convolutional neural networks encode?",
#   ICLR (2020), arXiv:2001.08248.
# - F. Yu, V. Koltun, "Multi-scale context aggregation by dilated convolutions", ICLR (2016), arXiv:1511.07122; and
#   P. Wang and others, "Understanding convolution for semantic segmentation", WACV (2018), arXiv:1702.08502, on
#   gridding.
# - L. Sifre, S. Mallat, "Rigid-motion scattering for texture classification" (2014), arXiv:1403.1687, and A. G.
#   Howard and others, "MobileNets" (2017), arXiv:1704.04861: depthwise separable convolutions.
# - P. Sermanet and others, "OverFeat", ICLR (2014), arXiv:1312.6229, and J. Long, E. Shelhamer, T. Darrell, "Fully
#   convolutional networks for semantic segmentation", CVPR (2015), arXiv:1411.4038: one network, every size.
#
# **Next:** do the [exercises of this
# unit](../exercises/03_shapes_and_receptive_fields/03_shapes_and_receptive_fields.ipynb), then go on to
# [04 Equivariance](04_equivariance.ipynb), which asks what a convolution does when the picture moves.
