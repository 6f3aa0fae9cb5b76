# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 04 · Equivariance
#
# [Start](00_start_here.ipynb) · previous: [03 Shapes and receptive fields](03_shapes_and_receptive_fields.ipynb) ·
# next: [05 Fast convolution](05_fast_convolution.ipynb) ·
# [exercises of this unit](../exercises/04_equivariance/04_equivariance.ipynb)
#
# **After this lesson you can**
#
# - keep equivariance and invariance apart, and *measure* either for any function on images;
# - say when a convolution, a strided layer, a pooling layer commutes with a shift, and when it does not;
# - explain what blurring before subsampling repairs, and what global pooling adds;
# - say what a CNN does *not* have built in (rotation, scale), and what augmentation buys in its place;
# - write a convolution as a matrix, and see sparseness, sharing and equivariance in it;
# - name the four inductive biases of a CNN, and say what a true one, and a false one, is worth in examples.
#
# **Time** about 90 minutes, with the questions. The code runs in about a minute. On a short evening, read sections 1, 3 and
# 5; sections 6 and 8 can wait.
#
# **You should know** lessons 02 (a convolution is the linear layer that commutes with shifts) and 03 (padding,
# stride).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.data import transforms
from cnncourse.numpy_nn import functional as NF
from cnncourse.viz.matrices import matrix_row, shift_maps

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# Two sentences from lecture notes: *"Convolution is translation **invariant**."* *"Convolution is translation
# **equivariant**."* Here are a sandal, its vertical edges by a convolution, and the same for the sandal moved six
# pixels to the right.

# %%
garments, labels = data.fashion_mnist("test")
fifth_sandal = np.flatnonzero(labels == data.FASHION_CLASSES.index("sandal"))[4]
sandal = np.pad(garments[fifth_sandal] / 255, 8)[None, None]
moved = np.roll(sandal, 6, axis=3)
sobel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])[None, None]
edges, edges_of_moved = NF.conv2d(sandal, sobel, padding=1), NF.conv2d(moved, sobel, padding=1)

# %% tags=["plumbing"]
# The sandal, moved, and the edges of both.
show(
    viz.image_row([sandal[0, 0], moved[0, 0]], ["x", "x, moved"], height=2.0), "04/sandal-and-moved"
)
show(
    viz.image_row(
        [edges[0, 0], edges_of_moved[0, 0]],
        ["edges of x", "edges of the moved x"],
        signed=True,
        height=2.0,
    ),
    "04/edges-of-both",
)

# %% [markdown]
# > **Predict.** We form two differences: (a) the edges of the moved sandal minus the edges of the sandal; (b) the
# > edges of the moved sandal minus the *moved* edges of the sandal. Which of them is zero everywhere? Which sentence
# > is right?

# %%
difference_a = edges_of_moved - edges
difference_b = edges_of_moved - np.roll(edges, 6, axis=3)
print(f"largest: (a) {np.abs(difference_a).max():.2f}, (b) {np.abs(difference_b).max():.2f}")

# %% tags=["plumbing"]
# Both differences.
show(
    viz.image_row(
        [difference_a[0, 0], difference_b[0, 0]],
        ["(a)", "(b)"],
        signed=True,
        height=2.0,
        low=-4,
        high=4,
    ),
    "04/two-differences",
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# (b) is zero: the map of the edges has *moved along*. It is not the same map. So the first sentence is false and the
# second is true, at least for this sandal, which stays far from the border.
# </details>
#
# The rest of the lesson makes both words exact and then finds out how far the true sentence holds.
#
# ## 1. Two words, two measurements
#
# Let $T$ be a transformation of images, here a shift by $(d_y, d_x)$: $(T x)[i, j] = x[i - d_y,\; j - d_x]$. A
# function $f$ is
#
# $$ \textbf{equivariant} \text{ to } T \text{ if } f(T x) = T f(x) \text{ for all } x, \qquad
#    \textbf{invariant} \text{ to } T \text{ if } f(T x) = f(x) \text{ for all } x. $$
#
# Equivariant: the answer moves along. Invariant: the answer does not change. "Where is the cat?" should be
# equivariant; "is there a cat?" should be invariant. They are different properties. If $f$ has both for every shift, then
# $T f(x) = f(x)$: its map looks the same after every shift, so it is constant. Of an equivariant $f$ one also says that
# it *commutes* with $T$: the order of the two does not matter.
#
# For a shift one has to decide what comes in at the side. We take two kinds. `circular`: what leaves on the right comes
# in on the left, as if opposite edges were *glued* together (exact, every shift can be undone). `zeros`: black comes in
# (like a camera that turns, except that the world is not black). NumPy's `roll` does the first, the course's
# `transforms.shift` the second.


# %%
def shift_by(dy, dx):
    """T: it moves images (N, C, H, W) dy down and dx to the right, edges glued."""
    return lambda x: np.roll(x, (dy, dx), axis=(2, 3))


row = np.arange(1.0, 6)[None, None, None]
T = shift_by(0, 2)
print(row.ravel(), "→ circular", T(row).ravel(), " zeros", transforms.shift(row, 0, 2).ravel())

# %% [markdown]
# Both definitions can be measured, for any $T$: how far is the left side from the right?


# %%
def equivariance_error(f, T, x):
    return float(np.abs(f(T(x)) - T(f(x))).max())


def invariance_error(f, T, x):
    return float(np.abs(f(T(x)) - f(x)).max())


# %% [markdown]
# Now some functions, on four scenes and under one shift.
#
# > **Predict.** The second cell below lists seven functions. Read it, but do not run it yet. For each function: is the
# > equivariance error zero? Is the invariance error?

# %%
x = data.scenes(4).images / 255
kernel = rng.normal(size=(3, 3, 3, 3))
gain_of_pixel = rng.uniform(size=(32, 32))


def circular_conv(x, weight):
    P = weight.shape[2] // 2
    return NF.conv2d(NF.pad(x, (P, P, P, P), mode="circular"), weight)


# %%
functions = {
    "relu(x − ½)": lambda x: np.maximum(x - 0.5, 0),
    "conv, circular padding": lambda x: circular_conv(x, kernel),
    "conv, zero padding": lambda x: NF.conv2d(x, kernel, padding=1),
    "minus the image's mean": lambda x: x - x.mean(axis=(2, 3), keepdims=True),
    "each pixel its own gain": lambda x: x * gain_of_pixel,
    "sort each row": lambda x: np.sort(x, axis=3),
    "global mean": lambda x: NF.adaptive_avg_pool2d(x, 1),
}
T, error = shift_by(0, 5), {}
for name, f in functions.items():
    error[name] = equivariance_error(f, T, x), invariance_error(f, T, x)
table([(name, *both) for name, both in error.items()],
      {"": "", "equivariance error": ".2f", "invariance error": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
exact = ["relu(x − ½)", "conv, circular padding", "minus the image's mean"]
assert all(error[name][0] < 1e-12 and error[name][1] > 0.1 for name in exact)
assert error["conv, zero padding"][0] > 0.1
assert error["each pixel its own gain"][0] > 0.1
assert error["sort each row"][1] < 1e-12
assert max(error["global mean"]) < 1e-12

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# - What treats each pixel alike (relu) is equivariant. So is the convolution with circular padding, whatever its
#   weights.
# - "Minus the image's mean" is equivariant too, though it is not local: equivariance and locality are two things.
# - A gain that depends on the place is not: it knows where it is.
# - Zero padding breaks it. Section 2 looks at where.
# - Sorting each row and the global mean are *invariant* to this shift: they forget the places. (The map of a global mean
#   has one pixel. To shift it changes nothing, so here its equivariance error is zero as well.)
# </details>
#
# **A claim.** *"Convolution is translation invariant."*
#
# <details><summary><b>Verdict</b></summary>
#
# No. Its invariance error is large. It is *equivariant*, and exactly so with stride 1 and circular padding (or away from
# the borders).
# </details>
#
# ### Why it must be so, and why depth keeps it
#
# Write $y = f(x)$ for a cross-correlation on an endless or glued image, and put in $T x$:
#
# $$ f(Tx)[i, j] = \sum_{u,v} w[u, v]\,(Tx)[i + u,\, j + v] = \sum_{u,v} w[u, v]\; x[i - d_y + u,\; j - d_x + v]
#    = y[i - d_y,\; j - d_x] = (T f(x))[i, j] . $$
#
# Nothing about $w$ was used: trained or random, it holds. Lesson 02 went the other way: *only* convolutions can do
# it among linear layers. And if $f_1$ and $f_2$ are equivariant, so is their composition:
# $f_2(f_1(Tx)) = f_2(T f_1(x)) = T f_2(f_1(x))$. So a network of any depth is equivariant if each layer is. If an equivariant
# $f$ is followed by an *invariant* $h$, the whole is invariant: $h(f(Tx)) = h(T f(x)) = h(f(x))$. **Equivariant
# layers, then one invariant step:** that is the plan of a classifier.

# %%
weights = [rng.normal(size=(8, c_in, 3, 3)) / np.sqrt(4.5 * c_in) for c_in in (3, 8, 8, 8, 8)]


def five_layers(x):
    for weight in weights:
        x = np.maximum(circular_conv(x, weight), 0)
    return x


def with_global_mean(x):
    return five_layers(x).mean(axis=(2, 3))


shifts = [shift_by(dy, dx) for dy in (0, 3, -7) for dx in (1, 16, -5)]
deep = max(equivariance_error(five_layers, T, x) for T in shifts)
head = max(invariance_error(with_global_mean, T, x) for T in shifts)
torch_layer = nn.Conv2d(
    3, 8, 3, padding=1, padding_mode="circular", bias=False, dtype=torch.float64
)
in_torch = equivariance_error(
    lambda x: torch_layer(torch.from_numpy(x)).detach().numpy(), shift_by(3, -5), x
)
rows = [("equivariance, five layers", deep), ("invariance, five layers, then global mean", head),
        ("equivariance, a PyTorch layer with circular padding", in_torch)]  # fmt: skip
table([(name, value < 1e-12) for name, value in rows], ["error of", "below 1e-12"])

# %% tags=["check"]
# Check that the text is true.
assert max(deep, head, in_torch) < 1e-12

# %% [markdown]
# ## 2. At the border
#
# Real networks pad with zeros, and real pictures have no glued edges. Now something leaves the picture on one side
# and zeros come in on the other. *Where* does $f(Tx)$ differ from $T f(x)$?
#
# > **Predict.** We move a photograph by 12 pixels down and 12 to the right, with zeros coming in, through stacks of
# > 1, 3 and 6 layers (3×3, zero padding, ReLU). Where will the errors be: everywhere, near the new border, near the
# > old one? How wide?

# %%
photo = data.photograph("camera")[60:156, 200:296][None, None] / 255
layer_weights = [
    rng.normal(size=(8, c_in, 3, 3)) / np.sqrt(4.5 * c_in) for c_in in (1, 8, 8, 8, 8, 8)
]


def zero_padded(x, L):
    for weight in layer_weights[:L]:
        x = np.maximum(NF.conv2d(x, weight, padding=1), 0)
    return x


d, wrong = 12, {}
for L in (1, 3, 6):
    a = zero_padded(transforms.shift(photo, d, d), L)
    b = transforms.shift(zero_padded(photo, L), d, d)
    wrong[L] = (np.abs(a - b) > 1e-9)[0].any(axis=0)  # in any of the 8 channels

# %% tags=["plumbing"]
# The photograph, and the places that differ.
titles = [f"{L} layer{'s' * (L > 1)}: {wrong[L].mean():.0%} differ" for L in wrong]
show(
    viz.image_row(
        [photo[0, 0], *wrong.values()], ["the photograph", *titles], low=0, high=1, height=2.1
    ),
    "04/places-that-differ",
)

# %% tags=["check"]
# Check that the text is true.
assert wrong[1].mean() < wrong[3].mean() < wrong[6].mean()
assert not any(wrong[L][d + L : 96 - L, d + L : 96 - L].any() for L in wrong)  # inside they agree

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Two L-shaped bands. At the *right and below*, content has left the picture: where $f(x)$ had seen it, $f(Tx)$ sees
# padding. At *left and above* lies the edge of the moved picture: in $f(x)$ it was the border, behind which each
# layer again put zeros; in $f(Tx)$ the layers have room to write beyond it, and the next layer reads what was
# written. With each layer the first band grows by one pixel, inwards, just as the receptive field does. The second
# grows by one pixel outwards and, from the second layer on, by one pixel inwards, too. (A few pixels inside a band can
# agree by chance, where the ReLU made zeros of both.) In the interior the two agree to within $10^{-9}$.
# </details>
#
# So the exact sentence is: **with stride 1, a convolutional network is equivariant wherever the receptive field sees
# neither the border of the image nor that of the shifted image.** For the last layers of a deep network, whose
# receptive fields are larger than the picture, that is nowhere. They *can* know where they are (lesson 03 saw how),
# and networks that are trained do use it.
#
# ## 3. Stride and pooling
#
# Small numbers first. A signal of eight numbers, max pooling with windows of 2 and stride 2, circular shifts:

# %%
signal = np.array([0.0, 0, 1, 1, 0, 0, 1, 1])[None, None]
shifted = {shift: np.roll(signal, shift, axis=2) for shift in range(4)}
table([(str(shift), x[0, 0], NF.max_pool1d(x, 2)[0, 0]) for shift, x in shifted.items()],
      {"shift": "", "signal": ".0f", "max pool": ".0f"})  # fmt: skip

# %% [markdown]
# A shift by 2 moves the output by 1: good. A shift by 1 gives an output that is *no* shift of the first one: ones
# everywhere. The windows lie on a fixed grid of even places, and the picture has moved relative to the grid.
#
# In general let $f$ be a stride-1 equivariant layer followed by keeping every $S$-th place. A shift by $S\,d$ moves
# what is kept by exactly $d$:
#
# $$ f\big(T_{S d}\, x\big) = T_{d}\, f(x) . $$
#
# For a shift that is no multiple of $S$, $T_{d/S}$ is not even defined. The kindest measure then is to try the
# nearest whole shifts and to keep the best match, relative to the map's own variation:


# %%
def best_match_error(f, x, S, dy, dx):
    """min over the nearest whole shifts of |f(Tx) − T'f(x)|, as a share of f(x)'s spread."""
    y, z = f(x), f(shift_by(dy, dx)(x))
    candidates = product((dy // S, -(-dy // S)), (dx // S, -(-dx // S)))
    return min(
        float(np.sqrt(np.mean((z - shift_by(a, b)(y)) ** 2)) / y.std()) for a, b in candidates
    )


# %%
def max_pool(x, kernel_size=2, stride=2):
    return NF.max_pool2d(x, kernel_size, stride)


def overlapping(x):
    """3×3 max pooling with stride 1 on a glued image."""
    return NF.max_pool2d(NF.pad(x, (1, 1, 1, 1), mode="circular"), 3, 1)


grey = photo[:, :, :64, :64]
one = rng.normal(size=(1, 1, 3, 3))
layers = {
    "conv, S = 1": (lambda x: circular_conv(x, one), 1),
    "max pool 3×3, S = 1": (overlapping, 1),
    "conv, S = 2": (lambda x: circular_conv(x, one)[:, :, ::2, ::2], 2),
    "max pool 2×2, S = 2": (max_pool, 2),
    "two max pools": (lambda x: max_pool(max_pool(x)), 4),
}
error = {name: np.array([[best_match_error(f, grey, S, dy, dx) for dx in range(6)]
                         for dy in range(6)])
         for name, (f, S) in layers.items()}  # fmt: skip

# %% [markdown]
# > **Predict** the pattern of zeros in the 6×6 table of shifts, for each of the five.

# %% tags=["plumbing"]
# The five tables.
show(shift_maps(list(error.values()), list(error), height=1.75), "04/error-over-shifts")

# %% tags=["check"]
# Check that the text is true.
for name, (_, S) in layers.items():
    multiple = np.array([[dy % S == 0 and dx % S == 0 for dx in range(6)] for dy in range(6)])
    assert error[name][multiple].max() < 1e-12
    assert S == 1 or error[name][~multiple].min() > 0.05

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The error is zero where both shifts are multiples of the stride, and nowhere else. (Two poolings together have a
# stride of 4.)
# </details>
#
# **A claim.** *"Pooling commutes with translation."*
#
# <details><summary><b>Verdict</b></summary>
#
# Only for shifts that are multiples of the stride. The reason is not the maximum, but the stride: max pooling with
# stride 1 commutes with every shift, and a convolution with stride 2 fails in the same places. With $k$ poolings of
# stride 2, one shift in $4^k$ remains (both $d_y$ and $d_x$ have to be multiples of $2^k$).
# </details>
#
# ## 4. Blur before you subsample
#
# Why is the failure so large? Take the maximum of the signal 0 0 1 1 0 0 1 1 with stride 1 first: 0 1 1 1 0 1 1 1. Pooling
# with stride 2 keeps every second place of this. The even places are 0 1 0 1, the odd ones 1 1 1 1: the zeros are only
# one place wide, so one grid meets all of them and the other none. On the coarse grid no signal can change faster than
# 0 1 0 1. A finer pattern comes out as another, slower one, and the place of the grid decides which. That is
# **aliasing**, and signal processing has a
# remedy: remove what the coarse grid cannot carry, by blurring, *before* subsampling. Zhang (2019) built it into
# networks as **blur-pool**: take the maximum with stride 1 (equivariant), blur (equivariant), then keep every second
# place.

# %% tags=["check"]
# Check that the text is true.
stride_1 = np.maximum(signal, np.roll(signal, -1, axis=2))[0, 0]
assert stride_1.tolist() == [0, 1, 1, 1, 0, 1, 1, 1]

# %%
blur = np.array([1.0, 2, 1]) / 4


def blur_pool_1d(x):
    dense = np.maximum(x, np.roll(x, -1, axis=2))  # max over (i, i + 1), stride 1, glued
    return NF.conv1d(NF.pad(dense, (1, 1), mode="circular"), blur[None, None])[:, :, ::2]


rows = [(str(shift), x[0, 0], NF.max_pool1d(x, 2)[0, 0], blur_pool_1d(x)[0, 0])
        for shift, x in shifted.items()]  # fmt: skip
table(rows, {"shift": "", "signal": ".0f", "max pool": ".0f", "blur-pool": ".2f"})

# %% [markdown]
# Between neighbouring shifts the numbers now change by a quarter, not by one. Now a network: three times (3×3
# convolution with random weights, ReLU, halve the size), then the global mean of each map, on 32×32 scenes with
# circular padding. A shift of the scene should not change these 8 numbers. We apply all 8 · 8 shifts that matter (a
# shift by 8, the total stride, moves the last map by one whole pixel and does not change its mean), and compare how
# much the numbers vary over the shifts of *one* scene with how much they vary *between* scenes.
#
# > **Predict.** Four ways to halve the size: keep every second pixel; 2×2 max pool; 2×2 mean; blur-pool. Order them.


# %%
def every_second(x):
    return x[:, :, ::2, ::2]


def mean_pool(x):
    return NF.avg_pool2d(x, 2)


def blur_pool(x):
    C = x.shape[1]
    dense = NF.max_pool2d(NF.pad(x, (0, 1, 0, 1), mode="circular"), 2, 1)
    kernels = np.tile(np.outer(blur, blur), (C, 1, 1, 1))
    return NF.conv2d(NF.pad(dense, (1, 1, 1, 1), mode="circular"), kernels, groups=C)[
        :, :, ::2, ::2
    ]


# %%
some = data.scenes(12).images / 255
ways = {
    "every second": every_second,
    "max pool": max_pool,
    "mean": mean_pool,
    "blur-pool": blur_pool,
}


def variation(halve, random_weights):
    """How much the numbers vary over the shifts of a scene, in % of how much between scenes."""
    answers = []
    for dy, dx in product(range(8), repeat=2):
        h = shift_by(dy, dx)(some)
        for weight in random_weights:
            h = halve(np.maximum(circular_conv(h, weight), 0))
        answers.append(h.mean(axis=(2, 3)))
    answers = np.array(answers)  # (shifts, scenes, channels)
    return 100 * answers.std(axis=0).mean() / answers.mean(axis=0).std(axis=0).mean()


# %%
wobble = {name: [] for name in ways}
for _ in range(3):
    random_weights = [
        rng.normal(size=(8, c_in, 3, 3)) * np.sqrt(2 / (9 * c_in)) for c_in in (3, 8, 8)
    ]
    for name, halve in ways.items():
        wobble[name].append(variation(halve, random_weights))
table([(name, np.array(values)) for name, values in wobble.items()],
      {"% of the variation between scenes": "", "three networks": ".1f"})  # fmt: skip

# %% tags=["plumbing"]
# The means of the three networks as bars.
show(
    viz.bar_chart(
        {name: np.mean(values) for name, values in wobble.items()},
        "variation over shifts,\n% of that between scenes",
        decimals=1,
        size=(6.5, 2.8),
        spread={name: np.std(values, ddof=1) for name, values in wobble.items()},
    ),
    "04/variation-over-shifts",
)

# %% tags=["check"]
# Check that the text is true.
for every, largest, mean, blurred in zip(*wobble.values(), strict=True):
    assert mean < blurred < largest < every
    assert blurred < 0.5 * largest
    assert mean > 0.01

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# (A bar is the mean of the three networks, the thin line on it their standard deviation.) Keeping every second pixel is
# worst. The max pool is better, but its windows still jump over the picture in steps of
# two. Blur-pool takes the same maximum and only adds a blur before it subsamples; that removes most of the
# variation. And the plain 2×2 mean, perhaps to your surprise, varies least of all. It *is* a blur, it counts
# each pixel exactly once, and no maximum makes new sharp detail before it. (Then why does anyone take the maximum?
# Because little variation is not all that one wants; lesson 07 compares the two.) None of the four is zero: blurring makes
# the invariance better, not exact.
# </details>
#
# ## 5. From equivariance to invariance
#
# A classifier should be invariant. We have the plan: equivariant layers, then an invariant step. What do networks do
# that are *not* built to this plan? Garments of Fashion-MNIST, always centred in training on a 40×40 canvas; tested
# moved by up to 6 pixels, so that they never leave the canvas. Four competitors:
#
# - an **MLP**;
# - a CNN (three convolutions, the first of stride 2, and one 2×2 max pooling) whose maps are **flattened** and read by
#   a matrix, as in lesson 01;
# - the same CNN with a **global maximum** of each map in place of the flattening (no biases, so that empty canvas
#   stays exactly zero);
# - the flattening CNN again, trained on *shifted* images: **augmentation** by up to 3 pixels.
#
# Each is trained from three random starts. Three are few: we speak of large differences only.
#
# > **Predict.** Their accuracies at shifts 0, 3 and 6. Which is best at 0? Which falls least? Does augmentation by 3
# > help at 6?


# %%
torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings


def body():
    return [
        nn.Conv2d(1, 16, 5, stride=2, padding=2, bias=False), nn.ReLU(),
        nn.Conv2d(16, 16, 3, padding=1, bias=False), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.ReLU(),
    ]  # fmt: skip


def make(kind):
    if kind == "MLP":
        return nn.Sequential(nn.Flatten(), nn.Linear(1600, 64), nn.ReLU(), nn.Linear(64, 10))
    if kind == "global":
        return nn.Sequential(*body(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, 10))
    return nn.Sequential(*body(), nn.Flatten(), nn.Linear(32 * 10 * 10, 10))


# %%
def train(kind, images, labels, augment=lambda x: x, seed=0, epochs=4, lr=0.05, momentum=0.9):
    torch.manual_seed(seed)
    network = make(kind)
    weights = list(network.parameters())
    velocity = [torch.zeros_like(w) for w in weights]
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(100):
            x = torch.from_numpy(np.ascontiguousarray(augment(images[batch.numpy()])))
            loss = F.cross_entropy(network(x), labels[batch])
            with torch.no_grad():
                for w, v, dw in zip(
                    weights, velocity, torch.autograd.grad(loss, weights), strict=True
                ):
                    v.mul_(momentum).add_(dw)
                    w.sub_(lr * v)
    return network


@torch.no_grad()
def accuracy(network, images, labels):
    logits = network(torch.from_numpy(np.ascontiguousarray(images)))
    return (logits.argmax(1) == labels).float().mean().item()


# %% tags=["nbval-ignore-output"]
def on_canvas(images):
    """uint8 (N, 28, 28) → float32 (N, 1, 40, 40), with spread about 1, background still 0."""
    return np.pad((images[:, None] / 90).astype(np.float32), ((0, 0), (0, 0), (6, 6), (6, 6)))


train_images, train_labels = data.fashion_mnist("train")
x_train, x_test = on_canvas(train_images[:6000]), on_canvas(garments[:1000])
y_train, y_test = torch.from_numpy(train_labels[:6000]), torch.from_numpy(labels[:1000])
competitors = {
    "MLP": ("MLP", lambda x: x),
    "CNN, flattened": ("flat", lambda x: x),
    "CNN, global maximum": ("global", lambda x: x),
    "CNN, flattened, augmented": ("flat", lambda x: transforms.random_shift(x, 3, rng)),
}
networks = {
    name: [train(kind, x_train, y_train, augment, seed) for seed in range(3)]
    for name, (kind, augment) in competitors.items()
}
distances = range(7)
moved_tests = [transforms.shift(x_test, d, d) for d in distances]
over_shift = {  # (starts, shifts)
    name: np.array([[accuracy(network, x, y_test) for x in moved_tests] for network in trained])
    for name, trained in networks.items()
}

# %% tags=["plumbing", "nbval-ignore-output"]
# The accuracies: mean of three starts over the shifts, and how far the starts are apart.
rows = [
    (name, *values.mean(axis=0), np.ptp(values, axis=0).max())
    for name, values in over_shift.items()
]
columns = {"accuracy at shift": ""} | {str(d): ".2f" for d in distances}
table(rows, columns | {"largest difference between starts": ".2f"})
xlabel = "shift down and right (pixels)"
ylabel = "test accuracy of three starts\n(bars: standard deviation)"
by_start = {name: values.T for name, values in over_shift.items()}
show(viz.line_chart(distances, by_start, xlabel, ylabel, size=(7.5, 3.4)), "04/accuracy-over-shift")

# %%
# 64×64: no window that sees a garment is cut off
roomy = np.pad(x_test[:200], ((0, 0), (0, 0), (12, 12), (12, 12)))
network = networks["CNN, global maximum"][0]
with torch.no_grad():
    at = {d: network(torch.from_numpy(shift_by(d, d)(roomy))) for d in (0, 2, 4)}
equal = {d: torch.allclose(at[0], at[d], atol=1e-4) for d in (2, 4)}
table([("global maximum", equal[2], equal[4])],
      ["outputs equal to those of the unmoved garments", "at shift 2", "at shift 4"])  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
drop = {name: values[:, 0] - values[:, 4] for name, values in over_shift.items()}
at_least(drop["MLP"], 0.3, "04/mlp-falls")
at_least(drop["CNN, flattened"], 0.3, "04/flattened-cnn-falls")
at_most(drop["CNN, global maximum"], 0.1, "04/global-maximum-comes-back")
six = {name: values[:, 6] for name, values in over_shift.items()}
for name in ("MLP", "CNN, flattened", "CNN, flattened, augmented"):
    at_least(
        six["CNN, global maximum"] - six[name],
        0.15,
        "04/global-maximum-at-6-beats-" + name.split()[-1],
    )
augmented = over_shift["CNN, flattened, augmented"]
at_most(augmented[:, 0] - augmented[:, 3], 0.12, "04/augmented-stands-3")
at_least(augmented[:, 3] - augmented[:, 6], 0.3, "04/augmented-falls-at-6")
at_least(
    over_shift["CNN, flattened"][:, 0] - over_shift["CNN, global maximum"][:, 0],
    0.01,
    "04/places-help-at-0",
)
assert equal == {2: False, 4: True}

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# - The **flattened CNN** falls nearly as steeply as the MLP. Its maps move along exactly, and then a matrix reads them
#   that has other weights for each place. Convolutions make a network equivariant; they do not make a classifier invariant.
# - The **global maximum** forgets places. Its total stride is $2 \cdot 2 = 4$, so at shifts of 0 and 4 its outputs
#   are *equal* (on a canvas large enough that the border stays out of it; a network with a global head takes any
#   size, as lesson 03 said). In between the grid of the strides shows, as section 3 said: the curve dips and comes
#   back. It had to learn without places, which costs some accuracy at 0.
# - **Augmentation** buys what it shows: the accuracy falls little up to 3 pixels, and steeply beyond. It is *learned* for
#   the shifts that were seen, and not *built in* for all.
# </details>
#
# ## 6. Rotation and scale: nothing is built in
#
# *(This section can wait.)*
#
# The proof of section 1 used that a shift moves every pixel by the same amount. A rotation does not. Rotations by
# 90° can be tested without any interpolation, and magnification by 2 by repeating each pixel.
#
# > **Predict.** For a random kernel, for a kernel that looks the same from all sides, and for the *magnitude* of the
# > gradient (two Sobel kernels): is $f(\text{rotated } x) = \text{rotated } f(x)$? And is
# > $f(\text{magnified } x) = \text{magnified } f(x)$?


# %%
def quarter_turn(x):
    return np.rot90(x, axes=(2, 3))


def magnify(x):
    return x.repeat(2, axis=2).repeat(2, axis=3)


def gradient_magnitude(x):
    return np.hypot(NF.conv2d(x, sobel), NF.conv2d(x, np.ascontiguousarray(sobel.swapaxes(2, 3))))


# %%
ring = np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])[None, None] / 16
candidates = {
    "1×1 convolution, relu": lambda x: np.maximum(2 * x - 1, 0),
    "random 3×3 kernel": lambda x: NF.conv2d(x, one),
    "symmetric 3×3 kernel": lambda x: NF.conv2d(x, ring),
    "gradient magnitude": gradient_magnitude,
}
result = {}
for name, f in candidates.items():
    turned = np.abs(f(np.ascontiguousarray(quarter_turn(grey))) - quarter_turn(f(grey))).max()
    small, large = magnify(f(grey)), f(magnify(grey))
    # without padding the larger map loses less of its rim
    rim = (large.shape[2] - small.shape[2]) // 2
    middle = slice(rim, large.shape[2] - rim)
    result[name] = turned, np.abs(large[:, :, middle, middle] - small).max()
table([(name, *both) for name, both in result.items()],
      {"": "", "error, quarter turn": ".2f", "error, magnified by 2": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert [turned < 1e-12 for turned, _ in result.values()] == [True, False, True, True]
assert [larger < 1e-12 for _, larger in result.values()] == [True, False, False, False]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Rotation: only layers whose *weights* have the symmetry are equivariant, and a learned kernel has none. The gradient
# magnitude has it as a whole: a quarter turn makes one Sobel kernel into the other, up to the sign, and
# $\sqrt{G_x^2 + G_y^2}$ does not change if the two are exchanged or change their signs. (A network
# can be *built* from rotated copies of its kernels, which gives equivariance to quarter turns: Cohen and Welling,
# 2016.) Magnification: nothing that looks beyond one pixel commutes with it, because a 3×3 window on a picture twice
# as large sees a quarter of what it saw.
# </details>
#
# What does augmentation buy here? Two more networks (flattened, as before): one sees every garment turned by a
# random angle of up to 60°, one magnified by a random factor from 0.6 to 1.4. We test all three on turned and on
# magnified garments.
#
# > **Predict.** (a) Accuracy at 180° of the network trained up to ±60°. (b) Is the network that was trained on
# > rotations better on other *sizes*, too? (c) What does each lose on unchanged garments?

# %% tags=["nbval-ignore-output"]
augments = {
    "rotated up to ±60°": lambda x: transforms.random_rotate(x, 60, rng),
    "magnified 0.6–1.4": lambda x: transforms.random_scale(x, 0.6, 1.4, rng),
}
trained = {"no augmentation": networks["CNN, flattened"]} | {
    name: [train("flat", x_train, y_train, augment, seed) for seed in range(3)]
    for name, augment in augments.items()
}
angles, factors = range(0, 181, 20), [0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.4]
turned_tests = [transforms.rotate(x_test, angle) for angle in angles]
sized_tests = [transforms.scale(x_test, factor) for factor in factors]
over_angle, over_factor = (
    {name: np.array([[accuracy(net, x, y_test) for x in tests] for net in nets])
     for name, nets in trained.items()}
    for tests in (turned_tests, sized_tests)
)  # fmt: skip

# %% tags=["plumbing", "nbval-ignore-output"]
# Means of three starts over angle and size, and how far the starts are apart.
for title, values, places in [
    ("turned by", over_angle, angles),
    ("magnified by", over_factor, factors),
]:
    rows = [(name, *one.mean(axis=0), np.ptp(one, axis=0).max()) for name, one in values.items()]
    columns = {title: ""} | {f"{place}": ".2f" for place in places}
    table(rows, columns | {"largest difference": ".2f"})
figure, axes = viz.figure_grid(1, 2, size=(9.5, 3.3), sharey=True)
viz.draw_lines(axes[0, 0], angles, {name: one.T for name, one in over_angle.items()})
viz.draw_lines(axes[0, 1], factors, {name: one.T for name, one in over_factor.items()})
ylabel = "test accuracy of three starts\n(bars: standard deviation)"
axes[0, 0].set(xlabel="turned by (degrees)", ylabel=ylabel, ylim=(0, 1))
axes[0, 1].set(xlabel="magnified by")
axes[0, 1].legend(loc="lower right")
show(figure, "04/accuracy-over-angle-and-size")

# %% tags=["check"]
# Check that the text is true.
plain, turned, sized = (over_angle[name] for name in trained)
plain_s, turned_s, sized_s = (over_factor[name] for name in trained)
at_most(plain[:, 3], 0.4, "04/plain-at-60-degrees")
at_least(turned[:, 2] - plain[:, 2], 0.3, "04/rotations-help-at-40")
at_most(turned[:, 0] - turned[:, 2], 0.08, "04/rotations-level-to-40")
at_least(turned[:, 0] - turned[:, 9], 0.3, "04/rotations-lost-at-180")
at_least(plain[:, 0] - turned[:, 0], 0.02, "04/rotations-cost-at-0")
at_least(sized_s[:, 2] - plain_s[:, 2], 0.2, "04/sizes-help-at-0.6")
at_least(turned[:, 3] - sized[:, 3], 0.3, "04/sizes-do-not-help-angles")
others = [place for place, factor in enumerate(factors) if factor != 1]
at_most((turned_s - plain_s)[:, others].mean(axis=1), 0.03, "04/rotations-no-better-at-sizes")
at_most((sized - plain)[:, 1:4].mean(axis=1), 0.1, "04/sizes-no-better-at-angles")
at_least(sized[:, 0] - turned[:, 0], 0.02, "04/sizes-cost-less-at-0")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Augmentation buys, once more, what it shows, and nothing else. The network that saw rotations is nearly level up to
# 40°, declines at 60°, the edge of what it saw, and fails beyond. The network that saw sizes is better by more than
# 0.2 at 0.6 of the size. But on other sizes the first is no better than the network without augmentation, and the
# second is not clearly better at angles. On unchanged garments the network
# that saw rotations is somewhat worse after the same four passes over the data: it had more to learn. The one that
# saw sizes loses less.
#
# Turned by 180°, a 6 is a 9, and to recognise a boot that stands on its head is of no use. *Which* transformations should
# not matter is knowledge about the task, and it is yours, not the network's.
# </details>
#
# ## 7. The matrix behind a convolution
#
# A convolution is linear, so it is a matrix. Write the image as one long vector, row by row, and each output as a
# row of the matrix: output $(i, j)$ has weight $w[u, v]$ in the column of pixel $(i + u, j + v)$, and zero
# everywhere else.
#
# $$ M\big[(i, j),\, (i + u,\, j + v)\big] = w[u, v], \qquad y = M x . $$
#
# There is a way to find the matrix of *any* linear function, without a formula: its columns are what the function makes
# of the unit vectors. Here these are images with one pixel of 1. We let the convolution itself write its matrix, and see
# whether it looks as the formula says. (In the exercises you build it from the formula.)


# %%
def matrix_of_conv(w, H, W):
    """M with M @ image.ravel() = the valid cross-correlation of image (H, W) with w."""
    unit_images = np.eye(H * W).reshape(-1, 1, H, W)  # image number p has its 1 at pixel p
    answers = NF.conv2d(unit_images, w[None, None])
    return answers.reshape(H * W, -1).T  # answer number p becomes column p


# %%
one_row = matrix_of_conv(np.array([[1.0, 2, 3]]), 1, 8)
w = np.arange(1.0, 10).reshape(3, 3)
M = matrix_of_conv(w, 5, 5)
image = rng.normal(size=(5, 5))
by_conv = NF.conv2d(image[None, None], w[None, None])
print("M @ x equals the convolution:", np.allclose(M @ image.ravel(), by_conv.ravel()))
row_of_1_2 = M.reshape(3, 3, 5, 5)[1, 2]  # the row of output (1, 2), laid out as an image
print("the row of output (1, 2):", row_of_1_2, sep="\n")

# %% tags=["plumbing"]
# Both matrices.
show(
    matrix_row([one_row], ["one axis: 8 pixels, kernel 1 2 3"], values=True),
    "04/matrix-of-one-axis",
)
show(
    matrix_row(
        [M],
        ["two axes: a 5×5 image, a 3×3 kernel with weights 1 to 9"],
        [(3, 5)],
        values=True,
        cell=0.34,
    ),
    "04/matrix-of-two-axes",
)

# %% [markdown]
# On one axis each row is the row above moved by one: every diagonal is constant. Such a matrix is called a
# **Toeplitz** matrix. On two axes the matrix falls into blocks, one for each pair (row of the output, row of the
# image). Each block is Toeplitz, and the blocks themselves are equal along diagonals: **doubly block Toeplitz**.
#
# The picture shows the two ways in which a convolution layer saves weights:
#
# - **sparse connectivity** (locality): most entries are zero;
# - **weight sharing** (equivariance): the others are few numbers, repeated.
#
# > **Predict.** For a 28×28 image and one 3×3 filter (valid): how many entries has the matrix, how many are not
# > zero, how many different numbers are there among those?

# %%
M28 = matrix_of_conv(rng.normal(size=(3, 3)), 28, 28)
nonzero = np.count_nonzero(M28)
different = len(np.unique(M28[M28 != 0]))
layers = [("any matrix", M28.size), ("local, not shared", nonzero), ("convolution", different)]
table(layers, {f"{M28.shape[0]}×{M28.shape[1]}": "", "different numbers": ","})

# %% tags=["check"]
# Check that the text is true.
assert (M28.size, nonzero, different) == (676 * 784, 676 * 9, 9)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# 676 rows and 784 columns: 529,984 entries. Nine in each row are not zero, 6,084 together, and they are nine different
# numbers. So locality saves a factor of 87 here, and sharing a factor of 676.
# </details>
#
# ### Equivariance is a commuting matrix
#
# A circular shift of $n$ numbers is a matrix, too: $S$, with ones below the diagonal and one in the corner. (In this
# part of the lesson $S$ is not a stride.)
# Equivariance, $f(Sx) = S f(x)$ for all $x$, now reads $M S = S M$: **the layer's matrix commutes with the
# shift's.** Lesson 02 counted the solutions of that equation. Here is a way to *make* one. Take any matrix $M$ and
# average it over all shifts: shift the input by $d$, apply $M$, shift the output back.
#
# $$ \bar M = \frac1n \sum_{d=0}^{n-1} S^{-d}\, M\, S^{d} . $$
#
# > **Predict.** We start from a matrix of random numbers. What does the average look like?

# %%
n = 12
S = np.roll(np.eye(n), 1, axis=0)
M_random = rng.normal(size=(n, n))
power = np.linalg.matrix_power
averaged = sum(power(S, -d) @ M_random @ power(S, d) for d in range(n)) / n

# %% tags=["plumbing"]
# The shift, a random matrix, and its average.
show(
    matrix_row(
        [S, M_random, averaged],
        ["the shift S", "any matrix", "averaged over all shifts"],
        cell=0.21,
    ),
    "04/averaged-matrix",
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# All diagonals are constant and continue around the edge. (Each of the three pictures has its own colour scale.) Such
# a matrix is called **circulant**: it is a circular convolution, with a kernel as wide as the image. If you insist that
# no place is special, then what is left of *any* linear layer is a convolution. (Why it commutes: $S^{-1} \bar M S$ is
# the same sum with its terms in another order, because $S^n = 1$. So $S^{-1} \bar M S = \bar M$, and multiplying by $S$
# from the left gives $\bar M S = S \bar M$.) Lesson 05 computes with this matrix, and lesson 06 reads
# the backward pass off it: gradients go through $M^\top$.
# </details>
#
# We test both: that the average commutes with the shift, and that it is a convolution.

# %% tags=["answer"]
row = averaged[0]  # output 0 reads input k with weight row[k]
x_line = rng.normal(size=n)
glued = NF.conv1d(np.concatenate([x_line, x_line[:-1]])[None, None], row[None, None])[0, 0]
commutes = {name: np.allclose(matrix @ S, S @ matrix)
            for name, matrix in [("random", M_random), ("averaged", averaged)]}  # fmt: skip
is_convolution = np.allclose(averaged @ x_line, glued)
table(commutes.items(), ["matrix", "commutes with the shift"])
print("averaged matrix times x = circular convolution with its first row:", is_convolution)

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(averaged @ S, S @ averaged)
assert np.allclose(averaged @ x_line, glued)

# %% [markdown]
# ## 8. Four inductive biases
#
# *(This section can wait.)*
#
# What a network assumes before it has seen any data is its **inductive bias**. A CNN has four:
#
# | bias | the assumption about images | built in by | measured |
# | --- | --- | --- | --- |
# | **locality** | what is at a place is decided by its surroundings | small kernels: sparse matrix | section 7 |
# | **equivariance** | a thing looks the same at every place | weight sharing: equal diagonals | sections 1–3, 7 |
# | **invariance** | *what* it is does not depend on *where* it is | global pooling, partly strides | section 5 |
# | **hierarchy** | large things are made of small things | depth: growing receptive fields | lesson 03, section 8 |
#
# What is a bias worth? We count it in *examples*. The task: learn an unknown linear
# map from 8×8 patches of photographs to 6×6 maps, by least squares, from $N$ patches. Three learners: **dense**, any
# matrix (64 unknowns for each output); **local**, nine weights for each output, not shared; **conv**, nine weights,
# shared.
#
# In task A the map is a 3×3 edge filter. In task B the same, but each place has its own gain (a lens that is darker
# towards the corners). The answers carry a little noise. All learners get the same ten draws of patches and noise.
#
# > **Predict.** From how many patches on does each learner have a small error, in task A? Who wins task B?

# %%
patches = []
for name in ("cat", "coffee", "motorcycle"):
    half = data.photograph(name)[::2, ::2].mean(axis=2) / 255
    corners = product(range(0, len(half) - 7, 8), range(0, half.shape[1] - 7, 8))
    patches += [half[i : i + 8, j : j + 8].ravel() for i, j in corners]
patches = rng.permutation(patches - np.mean(patches, axis=1, keepdims=True))
# (36, 64): which pixels each output may read
reads = matrix_of_conv(np.ones((3, 3)), 8, 8).astype(bool)
distance = np.hypot(*np.meshgrid(np.arange(6) - 2.5, np.arange(6) - 2.5)).ravel()
gain = {"task A": np.ones(36), "task B": 1 - 0.22 * distance}


def learn(kind, x, y):
    """The least-squares matrix (36, 64) of that kind."""
    if kind == "dense":
        return np.linalg.lstsq(x, y, rcond=None)[0].T
    windows = np.stack([x[:, pixels] for pixels in reads], axis=1)  # (N, 36, 9)
    M = np.zeros((36, 64))
    if kind == "local":
        for o, pixels in enumerate(reads):
            M[o, pixels] = np.linalg.lstsq(windows[:, o], y[:, o], rcond=None)[0]
    else:
        shared = np.linalg.lstsq(windows.reshape(-1, 9), y.ravel(), rcond=None)[0]
        M = matrix_of_conv(shared.reshape(3, 3), 8, 8)
    return M


# %%
counts, unseen, seen = [1, 2, 4, 9, 16, 32, 64, 128, 512], patches[-1000:], patches[:-1000]
curves = {}
for task, factor in gain.items():
    true = factor[:, None] * matrix_of_conv(sobel[0, 0], 8, 8)
    curves[task] = {kind: np.zeros((len(counts), 10)) for kind in ("dense", "local", "conv")}
    for (n, N), draw in product(enumerate(counts), range(10)):
        own = np.random.default_rng([N, draw])
        x = own.permutation(seen)[:N]
        y = x @ true.T + 0.02 * own.normal(size=(N, 36))
        for kind, errors in curves[task].items():
            error = unseen @ (learn(kind, x, y) - true).T
            errors[n, draw] = np.sqrt((error**2).mean() / ((unseen @ true.T) ** 2).mean())

# %% tags=["plumbing"]
# The errors over the number of patches.
figure, axes = viz.figure_grid(1, 2, size=(9.5, 3.4), sharey=True)
for place, (task, lines) in zip(axes[0], curves.items(), strict=True):
    viz.draw_lines(place, counts, lines)
    place.set(xscale="log", yscale="log", xlabel="training patches N", title=task)
axes[0, 0].set(
    ylabel="relative error on unseen patches,\nten draws (bars: standard deviation)",
    title="task A: the same filter everywhere",
)
axes[0, 1].set(title="task B: a gain at each place")
axes[0, 0].legend()
show(figure, "04/four-learners")

# %%
error_a, error_b = (
    {kind: dict(zip(counts, values, strict=True)) for kind, values in lines.items()}
    for lines in curves.values()
)


def enough(errors):
    """The number of patches from which on the mean error is below 10 %."""
    return next((str(N) for N in counts if errors[N].mean() < 0.1), "never")


rows = [(kind, enough(error_a[kind]), enough(error_b[kind])) for kind in error_a]
table(rows, ["mean error below 10 % from", "task A, patches", "task B, patches"])

# %% tags=["check"]
# Check that the text is true.
assert error_a["conv"][4].max() < 0.1 < error_a["local"][4].min()
assert (error_a["local"][128] < error_a["dense"][128]).all()
assert all(error_b["conv"][N].min() > 0.1 for N in counts)
assert (error_b["local"][512] < error_b["conv"][512]).all()

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# *Task A.* The assumption is true. Each patch gives the convolution 36 equations for its 9 unknowns, one for each
# place. The local learner gets one equation per patch for the 9 unknowns of each place, the dense one has 64 unknowns
# there. So sharing multiplies the examples by the number of places. (The measured gain is less than 36, because
# neighbouring windows overlap, so their equations are nearly the same. A single patch may show too little, and then even the
# convolution is far off: at $N = 1$ its draws differ much.)
#
# *The peaks* at $N = 9$ (local) and $N = 64$ (dense) have a reason. There are as many equations as unknowns, so there is
# just one solution, and it reproduces the noise exactly, with large weights. (For the dense learner this is nearly so:
# the mean of each patch was subtracted, so only 63 of its 64 numbers are free.)
# With fewer examples least squares takes the *smallest*
# solution, with more it averages the noise out. More data or fewer unknowns are both a cure. But on the way up to the
# peak more data makes things *worse*.
#
# *Task B.* The assumption is false, and no amount of data helps the convolution: it learns the best *common* filter
# and keeps an error for ever. The local learner, with the weaker and true assumption, overtakes it. An inductive bias
# is an assumption. For most images the assumption that all places are alike is good. For passport photographs, which have
# the eyes always in the same place, it is less so.
# </details>

# %% [markdown]
# ## Claims to test
#
# Sayings from lecture notes, each measured above. Decide for each in what sense it is true, then unfold.
#
# 1. "Convolution is translation invariant."
# 2. "Pooling commutes with translation."
# 3. "A CNN recognises an object wherever it is, because convolutions are equivariant."
# 4. "CNNs are robust to rotation and scale."
#
# <details><summary><b>Verdicts</b></summary>
#
# 1. **No: equivariant**, and exactly so only with stride 1, away from the borders or with circular padding (sections 1
#    and 2).
# 2. **Only for multiples of its stride.** It is the stride, not the pooling: with stride 1 it always commutes (section
#    3).
# 3. **Not by itself**: behind a flattening head a CNN falls like an MLP. An invariant step does it, or augmentation
#    within the range that was shown (section 5).
# 4. **No**; augmentation buys what it shows (section 6).
# </details>
#
# ## Summary
#
# 1. Equivariant: $f(Tx) = T f(x)$, the answer moves along. Invariant: $f(Tx) = f(x)$. Convolutions are the first,
#    not the second.
# 2. Exact only for stride 1 away from borders; a layer of stride $S$ commutes with shifts by multiples of $S$;
#    blurring before subsampling softens the rest.
# 3. Equivariant layers and then a global mean or maximum give invariance. A flattening head does not.
# 4. A convolution is a sparse matrix with shared weights, doubly block Toeplitz; equivariance says that it commutes
#    with the shift's matrix.
# 5. Locality, equivariance, invariance, hierarchy: true assumptions save examples by large factors; a false one is
#    not cured by data.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** A network has four layers of stride 2, stride 1 elsewhere, circular padding. Of the shifts $(d_y, d_x)$ with
# $0 \le d_y, d_x < 64$, how many commute exactly with it?
#
# <details><summary>Answer</summary>
#
# Both have to be multiples of $2^4 = 16$: $4 \cdot 4 = 16$ of 4,096, one in 256.
# </details>
#
# **2.** Is "flip left to right" a function that is equivariant to shifts?
#
# <details><summary>Answer</summary>
#
# No: after the flip a shift to the right has become a shift to the left. $f(T_d x) = T_{-d} f(x)$. (Mathematicians
# still speak of equivariance, with another action of the shift on the output.)
# </details>
#
# **3.** Which of these commute with circular shifts: softmax over the channels in each pixel; softmax over all
# pixels of a channel; batch normalisation in evaluation, $(x - \mu_c)/\sigma_c$; adding a learned number to each
# pixel ("position embedding")?
#
# <details><summary>Answer</summary>
#
# The first three: they treat all places alike. The fourth does not; it is there to tell the places apart.
# </details>
#
# **4.** How many entries has the matrix of a 3×3 convolution from 64 to 64 channels on 56×56 pixels (padding 1), how
# many parameters has the layer, and how much memory would the matrix take in float32?
#
# <details><summary>Answer</summary>
#
# $(64 \cdot 56^2)^2 = 40{,}282{,}095{,}616$ entries, 161 GB, for 36,864 parameters without biases. This matrix is
# never stored; it is for *thinking*.
# </details>
#
# **5.** Is the matrix of a *strided* convolution still Toeplitz?
#
# <details><summary>Answer</summary>
#
# No. Each row is the row above moved by $S$, so its diagonals are not constant. It is made of every $S$-th row of a
# Toeplitz matrix.
# </details>

# %%
exact = [(dy, dx) for dy in range(64) for dx in range(64) if dy % 16 == 0 and dx % 16 == 0]
print("1.", len(exact), "of", 64 * 64)

x = rng.normal(size=(1, 3, 8, 8))


def flip(x):
    return x[:, :, :, ::-1]


right, left = shift_by(0, 3), shift_by(0, -3)
print("2.", *(np.allclose(flip(right(x)), move(flip(x))) for move in (right, left)))
four = [
    lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
    lambda x: np.exp(x) / np.exp(x).sum(axis=(2, 3), keepdims=True),
    lambda x: (x - np.array([1, 2, 3])[:, None, None]) / 2,
    lambda x: x + np.arange(64).reshape(8, 8),
]
entries = (64 * 56**2) ** 2
print("3.", [equivariance_error(f, shift_by(2, 3), x) < 1e-12 for f in four])
print(f"4. {entries:,} entries, {4 * entries / 1e9:.0f} GB, {64 * 64 * 9:,} parameters")
M_strided = matrix_of_conv(np.array([[1.0, 2, 3]]), 1, 8)[::2]
print("5. constant diagonals:", np.array_equal(M_strided[1:, 1:], M_strided[:-1, :-1]))

# %% [markdown]
# ## Where to read more
#
# - I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning* (2016), sections 9.2 and 9.4: sparse interactions,
#   sharing, equivariance, and convolution as an infinitely strong prior.
# - M. M. Bronstein, J. Bruna, T. Cohen, P. Veličković, "Geometric deep learning" (2021), arXiv:2104.13478:
#   symmetries first, layers second.
# - T. S. Cohen, M. Welling, "Group equivariant convolutional networks", ICML (2016), arXiv:1602.07576: rotations and
#   reflections.
# - R. Zhang, "Making convolutional networks shift-invariant again", ICML (2019), arXiv:1904.11486: blur-pool.
# - A. Azulay, Y. Weiss, "Why do deep convolutional networks generalize so poorly to small image transformations?",
#   JMLR 20 (2019), arXiv:1805.12177.
# - O. S. Kayhan, J. C. van Gemert, "On translation invariance in CNNs: convolutional layers can exploit absolute
#   spatial location", CVPR (2020), arXiv:2003.07064.
#
# **Next:** do the [exercises of this unit](../exercises/04_equivariance/04_equivariance.ipynb), then go on to
# [05 Fast convolution](05_fast_convolution.ipynb): the same output six ways, the matrix among them.
