# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 07 · Pooling
#
# [Start](00_start_here.ipynb) · previous: [06 Backpropagation](06_backpropagation.ipynb) ·
# next: [08 Batch normalisation](08_batch_normalisation.ipynb) ·
# [exercises of this unit](../exercises/07_pooling/07_pooling.ipynb)
#
# **After this lesson you can**
#
# - compute maximum, average, global and adaptive pooling by hand and in NumPy, with overlap and padding as PyTorch
#   does;
# - send gradients back through them, ties included, and say why a numerical check fails at a tie;
# - say what pooling throws away, and for which features that is the right thing to throw away;
# - measure how far pooling makes a network indifferent to small shifts and to size, and where aliasing takes that back;
# - decide between pooling, strided convolution and blurred pooling by numbers.
#
# **Time** about 90 minutes, with the questions. The code runs in about a minute. On a short evening, read the puzzle
# and sections 1, 4, 6 and 7; section 5 can wait.
#
# **You should know** lesson 03 (windows, stride, padding), lesson 04 (equivariance and invariance) and lesson 06 (the
# upstream gradient `g`, scatter, the numerical check).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.numpy_nn import functional as NF
from cnncourse.torch_nn.training import descend
from cnncourse.viz.pooling import pooling, stripe_panels

torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# A striped T-shirt from Fashion-MNIST, and the same shirt one pixel lower. We shrink both to half their size by the
# most common layer after convolution: **max pooling**. It keeps, of every 2×2 pixels, the largest.
#
# > **Predict.** One pixel down is half a pixel in the small picture. Will the two small shirts look alike?

# %%
garments, labels = data.fashion_mnist("test")
shirt = garments[719] / 255
shirts = np.zeros((2, 1, 32, 32))
shirts[0, 0, 2:30, 2:30], shirts[1, 0, 3:31, 2:30] = shirt, shirt
small = NF.max_pool2d(shirts, 2)

# %% tags=["plumbing"]
# The two shirts, large and small.
titles = ["the shirt", "its 2×2 maxima", "one pixel lower", "its 2×2 maxima"]
pictures = [shirts[0, 0], small[0, 0], shirts[1, 0], small[1, 0]]
show(viz.image_row(pictures, titles, height=2.3), "07/shirt-one-pixel-down")
rows = [("the shirt", small[0, 0, 9:15, 8]), ("one pixel lower", small[1, 0, 9:15, 8])]
table(rows, {"": "", "six maxima in a column through the middle": ".1f"})

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The lower half is plain in one and striped in the other. Half a pixel decides what this shirt looks like to the next
# layer. And yet you can read that *max pooling makes a network robust to small shifts*. Both are true in a way. In
# section 7 we say why, and what helps.
# </details>

# %% [markdown]
# ## 1. Maximum and mean of a window
#
# Pooling slides a window like a convolution, but over each channel **on its own**, and it has **no weights**. With
# window side $K$ and stride $S$:
#
# $$ y_{\max}[n, c, i, j] = \max_{0 \le u, v < K} x[n, c,\; iS + u,\; jS + v], \qquad
#    y_{\text{avg}}[n, c, i, j] = \frac{1}{K^2} \sum_{u, v} x[n, c,\; iS + u,\; jS + v]. $$
#
# The usual case is $K = S = 2$: windows side by side, height and width halved. The default stride of pooling is
# $K$, unlike convolution's, which is 1.

# %%
image = np.array([[1, 3, 2, 0, 5, 1], [4, 2, 0, 1, 2, 2], [0, 0, 7, 3, 1, 6],
                  [2, 1, 3, 8, 6, 6], [5, 2, 1, 1, 0, 3], [3, 6, 2, 4, 4, 0]])  # fmt: skip
show(pooling(image, kernel_size=2, stride=2), "07/max-and-mean-by-hand")

# %% [markdown]
# As code that is the formula, and as fast code: the pixels that are number $(u, v)$ of their window form a slice with
# step $S$, as in lesson 06. So the maximum over windows is a maximum over $K^2$ slices.


# %%
def pool_naive(x, K, S, reduce):
    N, C, H, W = x.shape
    y = np.zeros((N, C, (H - K) // S + 1, (W - K) // S + 1))
    for n, c, i, j in np.ndindex(*y.shape):
        y[n, c, i, j] = reduce(x[n, c, i * S : i * S + K, j * S : j * S + K])
    return y


def slices(x, K, S):
    """The K² arrays of first, second, … entries of all windows."""
    H_out, W_out = (x.shape[2] - K) // S + 1, (x.shape[3] - K) // S + 1
    return [
        x[:, :, u : u + S * (H_out - 1) + 1 : S, v : v + S * (W_out - 1) + 1 : S]
        for u, v in np.ndindex(K, K)
    ]


# %%
x, rows = rng.normal(size=(2, 3, 11, 9)), []
for K, S in [(2, 2), (3, 2), (3, 1)]:
    maximum, mean = pool_naive(x, K, S, np.max), pool_naive(x, K, S, np.mean)
    agree = [
        np.array_equal(np.max(slices(x, K, S), axis=0), maximum),
        np.allclose(np.mean(slices(x, K, S), axis=0), mean),
        np.array_equal(NF.max_pool2d(x, K, S), maximum)
        and np.allclose(NF.avg_pool2d(x, K, S), mean),
        np.array_equal(F.max_pool2d(torch.from_numpy(x), K, S), maximum),
        np.allclose(F.avg_pool2d(torch.from_numpy(x), K, S), mean),
    ]
    rows.append((f"K = {K}, S = {S}", f"{x.shape[2:]} → {maximum.shape[2:]}", all(agree)))
table(rows, ["", "size", "slices, package and PyTorch agree"])

# %% [markdown]
# With $K > S$ the windows **overlap**: $K = 3$, $S = 2$ is the choice of AlexNet ([lesson 11](11_alexnet.ipynb)). Its authors
# found that such a network overfits slightly less. The output size is lesson 03's formula. So a last row or column
# may be left over, as with $K = S = 2$ above: 11 rows make 5 pairs.
#
# Two facts that help to place the two kinds. *Average pooling is a convolution*: one with the constant weights
# $1/K^2$, channel by channel. So it is linear, and its backward pass is a transposed convolution. *Max pooling is not
# linear*. Both are ends of one family, $\big(\text{mean of } x^p\big)^{1/p}$ for $x \ge 0$. With $p = 1$ it is the
# mean. The larger $p$, the nearer it comes to the maximum:

# %%
K = 2
constant = np.full((3, 1, K, K), 1 / K**2)
by_convolution = NF.conv2d(x, constant, stride=K, groups=3)
other = rng.normal(size=x.shape)
apart = NF.max_pool2d(x, K) + NF.max_pool2d(other, K)
rows = [
    (
        "average pooling is a depthwise convolution",
        np.allclose(NF.avg_pool2d(x, K), by_convolution),
    ),
    ("max(x + x') = max(x) + max(x')", np.allclose(NF.max_pool2d(x + other, K), apart)),
]
table(rows, ["", "true"])

# %%
window = np.array([1.0, 3, 4, 2])
family = [(p, (window**p).mean() ** (1 / p)) for p in [1, 2, 4, 16, 64]]
table(family, {"p": "d", "(mean of x^p)^(1/p) for x = 1, 3, 4, 2": ".3f"})

# %% [markdown]
# ## 2. What the padding is made of
#
# Pooling can be padded as well (ResNet's first pooling has $K = 3$, $S = 2$, $P = 1$). Zeros would be natural. Here is
# a map whose values are all negative, as they may be when pooling comes *before* the ReLU, or after an activation such
# as tanh.
#
# > **Predict.** What does max pooling with a rim of zeros make of it? Would you notice the rim if a ReLU came before the
# > pooling?

# %%
negative = -1.0 - rng.integers(0, 8, size=(1, 1, 5, 5))
with_zeros = NF.max_pool2d(np.pad(negative, ((0, 0), (0, 0), (1, 1), (1, 1))), 3, 2)
with_minus_infinity = NF.max_pool2d(negative, 3, 2, padding=1)
by_torch = F.max_pool2d(torch.from_numpy(negative), 3, 2, 1)
positive = NF.relu(rng.normal(size=(1, 1, 5, 5)))
after_relu = NF.max_pool2d(np.pad(positive, ((0, 0), (0, 0), (1, 1), (1, 1))), 3, 2)

# %% tags=["plumbing"]
# The map, its maxima with both kinds of rim, and what PyTorch does.
panels = {"x": negative, "max, rim of zeros": with_zeros, "max, rim of −∞": with_minus_infinity}
show(
    viz.value_row([one[0, 0] for one in panels.values()], list(panels)), "07/padding-a-negative-map"
)
rows = [
    ("PyTorch pads with −∞", np.array_equal(by_torch, with_minus_infinity)),
    ("after a ReLU both rims agree", np.array_equal(after_relu, NF.max_pool2d(positive, 3, 2, 1))),
]
table(rows, ["", "true"])

# %% tags=["check"]
# Check that the text is true.
assert with_zeros.max() == 0 > with_minus_infinity.max()

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# A zero is not neutral for the maximum: it *wins* against negative numbers. Neutral is $-\infty$: it never wins. If a
# ReLU comes before the pooling, there is no difference, as the table shows. If it comes directly behind, there is none
# either, because it sets negative maxima to zero anyway. So the mistake can stay in a program for a long time. It does
# harm where the negative numbers are used, for instance between tanh layers.
# </details>
#
# For the same reason no window may lie in the padding altogether: its maximum would be $-\infty$. So the padding is
# at most half of the window's side:

# %%
try:
    NF.max_pool2d(x, 2, padding=2)
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# And the mean? Two rules are possible. Here is a map of ones, averaged by both:

# %%
ones = np.ones((1, 1, 5, 5))
counted, real = (NF.avg_pool2d(ones, 3, 1, 1, count_include_pad=count) for count in (True, False))
print("average of ones, K = 3, P = 1, zeros count:\n", counted[0, 0])
print("and where only real pixels count:\n", real[0, 0, :2])

# %% [markdown]
# For the *mean* the rim is zeros, and by default they count: at a corner 5 of 9 numbers are padding, and the mean of
# ones is $4/9$. `count_include_pad=False` divides by the number of real pixels.
#
# ## 3. Global and adaptive pooling
#
# Take the window as large as the map: **global average pooling** turns (N, C, H, W) into (N, C), whatever H and W
# are. Lin, Chen and Yan proposed it in 2013 in place of the huge matrices at the end of networks. So the head (the
# last layers, which give the scores of the classes) takes *any image size*, and it is small.

# %%
head, rows = rng.normal(size=(10, 16)), []  # ten classes from sixteen channels
for side in [7, 12, 31]:
    maps = rng.normal(size=(2, 16, side, side))
    pooled = NF.adaptive_avg_pool2d(maps, 1)[:, :, 0, 0]  # (2, 16, 1, 1) → (2, 16)
    same = np.allclose(pooled, F.adaptive_avg_pool2d(torch.from_numpy(maps), 1).flatten(1))
    rows.append((str(maps.shape), str(pooled.shape), str((pooled @ head.T).shape), same))
table(rows, ["maps", "global averages", "scores", "PyTorch agrees"])

print(f"from 512 maps of 7×7 to 4096 units, flattened: {512 * 7 * 7 * 4096:,} weights (VGG)")
print(f"from 512 global averages to 1000 classes: {512 * 1000:,} weights")

# %% [markdown]
# Global pooling also forgets *where* anything was, completely. Global pooling of an equivariant map is **invariant**
# (exactly, if the map is exactly equivariant: lesson 04).
#
# **Adaptive pooling** asks for the output size $O$ instead of the window: bin $o$ reaches from $\lfloor oI/O \rfloor$
# to just before $\lceil (o+1)I/O \rceil$ (the first rounded down, the second rounded up). With $O = 1$ it is global;
# where $O$ does not divide $I$, bins overlap.


# %%
def bins(I, O):
    # // rounds down; the two minus signs make it round up
    return [(o * I // O, -(-(o + 1) * I // O)) for o in range(O)]


rows = []
for I, O in [(6, 3), (7, 3), (5, 4), (3, 5)]:
    row = rng.normal(size=(1, 1, 1, I))
    by_hand = [row[..., a:b].mean() for a, b in bins(I, O)]
    by_torch = F.adaptive_avg_pool2d(torch.from_numpy(row), (1, O)).numpy().ravel()
    rows.append((f"{I} → {O}", " ".join(map(str, bins(I, O))), np.allclose(by_hand, by_torch)))
table(rows, ["", "bins", "PyTorch agrees"])

# %% [markdown]
# ## 4. Backward: one winner takes all
#
# Lesson 06's question: *which outputs did this number influence, by which factor?*
#
# - **Mean.** Each pixel of a window enters with the factor $1/K^2$. So each gets $g / K^2$ from each window it lies in.
# - **Maximum.** Nudge the largest pixel of a window, and the output follows: factor 1. Nudge any other, and nothing
#   happens: factor 0. So the whole $g$ goes **to the winner**, and the others get nothing.
#
# (Global average pooling is the mean with one window: every pixel of the map gets $g / (HW)$.)

# %%
from_above = np.array([[1, -2, 3], [2, 1, -1], [4, 2, -3]])
show(pooling(image, kernel_size=2, stride=2, grad_output=from_above), "07/backward-by-hand")

# %% [markdown]
# Look at the window in the middle right: it holds 6 three times. Three winners? Only the first, in reading order, got
# the gradient. PyTorch does the same. It is a convention, and here is why one is needed. At a **tie** the maximum has
# a kink and no derivative.
#
# > **Predict.** All four numbers of a window are equal, and $g = 1$. What does the numerical check of lesson 06 say
# > for each of the four? And what is the sum of the four?


# %%
def max_pool2d_backward(g, x, K, S, tie="first"):
    grad_x = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*g.shape):
        window = x[n, c, i * S : i * S + K, j * S : j * S + K]
        target = grad_x[n, c, i * S : i * S + K, j * S : j * S + K]
        if tie == "first":
            # argmax: the first in reading order
            target[np.unravel_index(window.argmax(), (K, K))] += g[n, c, i, j]
        else:
            target[window == window.max()] += g[n, c, i, j]  # a well-known mistake
    return grad_x


def differences(g, x, K, S):
    """The numerical check of max pooling: each pixel in turn by a millionth up and down."""
    rises = []
    for step in 1e-6 * np.eye(x.size).reshape(-1, *x.shape):
        rises.append(((NF.max_pool2d(x + step, K, S) - NF.max_pool2d(x - step, K, S)) * g).sum())
    return np.reshape(rises, x.shape) / 2e-6


def torch_backward(g, x, K, S):
    leaf = torch.from_numpy(x).requires_grad_()
    return torch.autograd.grad(F.max_pool2d(leaf, K, S), leaf, torch.from_numpy(g))[0].numpy()


# %%
tied, g = np.full((1, 1, 2, 2), 5.0), np.ones((1, 1, 1, 1))
ways = {
    "numerical": differences(g, tied, 2, 2),
    "first winner": max_pool2d_backward(g, tied, 2, 2),
    "PyTorch": torch_backward(g, tied, 2, 2),
    "to all that tie": max_pool2d_backward(g, tied, 2, 2, tie="all"),
}
table([(name, gradient.ravel(), gradient.sum()) for name, gradient in ways.items()],
      {"": "", "gradient of the four": ".1f", "sum": ".1f"})  # fmt: skip

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Nudged up, any of the four becomes the maximum, and the output follows: $+\varepsilon$. Nudged down, the other three
# hold the output, and it does not change. The central difference is one half for each. They sum to 2, and this is not
# the gradient of anything. At a kink there is no single correct value. Giving all of $g$ to one of the winners keeps
# the sum. Giving it to *all* of them makes the gradient too large, as many times as there are ties.
# </details>
#
# Are ties rare? With real-valued activations, yes. But pooling usually follows a **ReLU**, and then whole windows may
# be zero. Eight random filters, a ReLU, and 2×2 windows:

# %%
photo = data.photograph("camera")[None, None] / 255
some = np.ascontiguousarray(garments[:50, None] / 255)
filters = rng.normal(size=(8, 1, 3, 3))
filters -= filters.mean(axis=(2, 3), keepdims=True)
shares = {}
for name, pictures in [("a photograph", photo), ("50 garments", some)]:
    after_relu = NF.relu(NF.conv2d(pictures, filters))
    windows = np.stack(slices(after_relu, 2, 2))
    winners = windows == windows.max(axis=0)
    shares[name] = (winners.sum(axis=0) > 1).mean()
table(shares.items(), {"": "", "windows with a tie": ".0%"})

g = rng.normal(size=winners.shape[1:])
sums = {
    "upstream": g.sum(),
    "after 'first winner'": NF.max_pool2d_backward(g, after_relu, 2).sum(),
    "after 'all that tie'": (g * winners).sum(),
}
table(sums.items(), {"50 garments": "", "sum of the gradient": ".2f"})

# %% tags=["check"]
# Check that the text is true.
assert min(shares.values()) > 0.1
assert abs(sums["upstream"] - sums["after 'first winner'"]) < 1e-9

# %% [markdown]
# (Where the ties are zeros, there is no harm in the end: the gradient next goes back through the ReLU, which
# multiplies it by zero there. A check with tied *positive* numbers finds the mistake.) For a numerical check, draw
# numbers without ties, and test ties separately. Where windows overlap, their gradients add up, as always:

# %%
x = rng.permutation(2 * 2 * 9 * 8).reshape(2, 2, 9, 8).astype(float)  # all different
rows = []
for K, S in [(2, 2), (3, 2), (3, 1)]:
    g = rng.normal(size=NF.max_pool2d(x, K, S).shape)
    ours = max_pool2d_backward(g, x, K, S)
    package = NF.max_pool2d_backward(g, x, K, S)
    others = [differences(g, x, K, S), torch_backward(g, x, K, S), package]
    agree = [np.allclose(ours, other, atol=1e-6) for other in others]
    rows.append((f"K = {K}, S = {S}", *agree, (ours != 0).mean()))
table(rows, {"": "", "equals differences": "", "PyTorch": "", "package": "",
             "pixels with a gradient": ".0%"})  # fmt: skip

# %% [markdown]
# ## 5. Lossy on purpose
#
# *(This section can wait.)* Run its cells all the same: later ones use `first_pixel`, `errors` and `height`.
#
# Pooling of 2×2 drops three quarters of the numbers, larger windows drop more. What is lost? Let us enlarge the small picture again, so that each number
# fills its window, and compare with the original photograph.
#
# > **Predict.** Rank three ways to choose the one number: the window's mean, its maximum, its first (upper left) pixel.
# > Which reconstructs best, which worst?


# %%
def first_pixel(x, K):
    return x[:, :, ::K, ::K]


def enlarge(y, K):
    return y.repeat(K, axis=2).repeat(K, axis=3)


ways = {"mean": NF.avg_pool2d, "first pixel": first_pixel, "maximum": NF.max_pool2d}
errors = {name: {} for name in ways}
for K in [2, 4, 8]:
    for name, shrink in ways.items():
        difference = enlarge(shrink(photo, K), K) - photo
        errors[name][f"{K}×{K}"] = np.sqrt((difference**2).mean())

# %% tags=["plumbing"]
# Part of the photograph, three ways, and the errors.
coarse = [enlarge(shrink(photo, 8), 8) for shrink in ways.values()]
parts = [picture[0, 0, 50:250, 130:330] for picture in (photo, *coarse)]
titles = ["original", *(f"{name} of 8×8" for name in ways)]
show(viz.image_row(parts, titles, height=2.35), "07/three-ways-to-shrink")
figure = viz.bar_chart(errors, "error (root mean square)", decimals=3, size=(7, 2.9))
show(figure, "07/reconstruction-error")

# %% tags=["check"]
# Check that the text is true.
for K in ["2×2", "4×4", "8×8"]:
    assert errors["mean"][K] < errors["first pixel"][K] < errors["maximum"][K]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The mean is best, as it must be: of all single numbers it minimises the sum of squared differences. The maximum is
# *worst*, worse than keeping the first pixel, because it is biased: its errors are all towards bright.
# </details>
#
# Then why is max pooling everywhere? Because a feature map is not a picture. It does not tell how bright it is here. It
# tells whether there is, for example, an eye anywhere here. Remember lesson 02's template, the cat's eye: its map has
# one sharp peak. We pool that map and ask how far the peak stands out: how many standard deviations above the map's
# mean?
#
# > **Predict.** Which of the three ways keeps the peak standing out for windows of 8×8? What happens to it under
# > the mean?

# %%
cat = data.photograph("cat")[::2, ::2].mean(axis=2) / 255
eye = cat[54:84, 62:92]
template = (eye - eye.mean())[None, None]
response = NF.relu(NF.conv2d(cat[None, None], template))


def stands_out(y):
    return (y.max() - y.mean()) / y.std()


sizes = [4, 8, 16]
height = {name: shrink(response, 8).max() / response.max() for name, shrink in ways.items()}
rows = [("the map itself", *[stands_out(response)] * 3, 1)]
for name, shrink in ways.items():
    rows.append((name, *[stands_out(shrink(response, K)) for K in sizes], height[name]))
heads = {f"peak stands out, {K}×{K}": ".1f" for K in sizes}
table(rows, {"": ""} | heads | {"height of the peak, 8×8": ".2f"})

# %% tags=["check"]
# Check that the text is true.
assert height["maximum"] == 1
assert height["mean"] < 0.5

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# For windows of 8×8 the peak stands out most under the maximum and least under the mean, but less than in the map
# itself under all three. The last column tells more: the maximum keeps the full height of the peak, always. That is
# its definition. The mean mixes a narrow peak with the small numbers around it. The first pixel has the peak only by
# chance. Here it caught two thirds of it with 8×8, and with 16×16 it falls far behind the maximum.
# </details>
#
# So the rule of thumb: **sparse features, maximum;
# dense quantities, mean** (Boureau, Ponce and LeCun work it out as statistics, 2010). The price of the maximum is the
# bright bias: over many windows of pure noise it reports something, too.
#
# How many different windows have the same maximum? With four grey levels a 2×2 window has 256 states:

# %%
states = np.stack(np.meshgrid(*[range(4)] * 4), axis=-1).reshape(-1, 4)
rows = [
    ("maximum 0, 1, 2, 3", np.bincount(states.max(axis=1))),
    ("sum 0, 1, 2, …, 12", np.bincount(states.sum(axis=1))),
]
table(rows, ["windows for each", ""])

# %% [markdown]
# More than two thirds of all windows (175 of 256) become the same 3, so the maximum of a bright window tells next to
# nothing about it. The mean spreads the windows over thirteen values.

# %% [markdown]
# ## 6. Local invariance, and equivariance: measured
#
# Why throw information away at all? To save work: a quarter of the numbers for all later layers. To let later windows
# see farther: the jump doubles (lesson 03). And, it is said, to become indifferent to small shifts. We can measure
# that. Two different questions (lesson 04):
#
# - **Invariance**: does the output *stay the same*? Distance between $f(\text{shifted } x)$ and $f(x)$.
# - **Equivariance**: does the output *move along*? Distance between $f(\text{shifted } x)$ and shifted $f(x)$.
#
# As input: edge maps of six photographs (four Sobel filters and ReLU), shifted in a circle so that no border
# interferes.


# %%
def wrap(x, before, after):
    """Pad circularly, by (before, after) on both axes."""
    return np.pad(x, ((0, 0), (0, 0), (before, after), (before, after)), mode="wrap")


names = ["camera", "cat", "coffee", "astronaut", "brick", "grass"]
photos = [data.photograph(name)[:256:2, :256:2] for name in names]
# (6, 1, 128, 128)
photos = np.stack([p if p.ndim == 2 else p.mean(axis=2) for p in photos])[:, None] / 255
sobel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]) / 8
edges = NF.relu(
    NF.conv2d(wrap(photos, 1, 1), np.stack([sobel, -sobel, sobel.T, -sobel.T])[:, None])
)


# %%
def change(f, x, dx):
    """How far f moves when x is shifted by dx pixels, relative to the spread of f(x)."""
    before, after = f(x), f(np.roll(x, dx, axis=3))
    return np.linalg.norm(after - before) / np.linalg.norm(before - before.mean())


layers = {
    "no pooling": lambda x: x,
    "every 4th pixel": lambda x: first_pixel(x, 4),
    "mean 4×4": lambda x: NF.avg_pool2d(x, 4),
    "max 4×4": lambda x: NF.max_pool2d(x, 4),
    "max 8×8": lambda x: NF.max_pool2d(x, 8),
}
shifts = range(9)
curves = {name: [change(f, edges, dx) for dx in shifts] for name, f in layers.items()}

# %% [markdown]
# ### Try it yourself
#
# The shirt of the puzzle. Shift it with the sliders (Tab reaches them, the arrow keys move them), and watch the maxima
# and the means, and what the shift has changed in them. Try windows of 2, then of 4. At which shifts do both only move
# along? At which do they change most?

# %% tags=["answer"]
from cnncourse.viz.widgets.shifted_pooling import ShiftedPooling

ShiftedPooling(shirts[0, 0], window=2, down=1)

# %% [markdown]
# The same, measured on the edge maps, over shifts of 0 to 8 pixels.
#
# > **Predict.** At a shift of 1: which changes least, which most? Is dropping pixels ("every 4th") more
# > invariant than no pooling at all? How far does the invariance of a 4×4 window reach?

# %%
show(
    viz.line_chart(
        shifts, curves, "shift of the picture (pixels)", "change of the map", size=(7.5, 3.4)
    ),
    "07/change-over-shift",
)
at_one = {name: curve[1] for name, curve in curves.items()}
table(at_one.items(), {"": "", "change at a shift of 1": ".2f"})

# %% tags=["check"]
# Check that the text is true.
assert abs(at_one["every 4th pixel"] - at_one["no pooling"]) < 0.15
assert max(at_one["mean 4×4"], at_one["max 4×4"]) < 0.7 * at_one["no pooling"]
assert at_one["max 8×8"] < at_one["max 4×4"]
assert curves["max 4×4"][8] > 0.8

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Dropping pixels gives *no* invariance. Mean and maximum do, about equally: the change is nearly halved at a shift of
# one pixel. The maximum of 8×8 changes least. Beyond one pixel the maximum of 4×4 changes less than the mean. But the invariance is **local** (a window
# of side 4 helps most for one or two pixels) and **partial**: at a shift of 1 the maps still change by about half of
# their spread. (On this scale, two maps that have nothing to do with each other differ by $\sqrt2$.) Only the global
# pooling of section 3 is fully invariant.
# </details>
#
# ### The claim: "pooling commutes with translation"
#
# Equivariance now. Shift by a multiple of the stride, and the output should move by whole pixels:


# %%
kinds = {
    "max 2×2, stride 2": (lambda x: NF.max_pool2d(x, 2), 2),
    "mean 4×4, stride 4": (lambda x: NF.avg_pool2d(x, 4), 4),
    "max 3×3, stride 1": (lambda x: NF.max_pool2d(wrap(x, 1, 1), 3, 1), 1),
}
commutes = {}
for name, (f, _) in kinds.items():
    commutes[name] = []
    for dx in range(9):
        moved, still = f(np.roll(edges, dx, axis=3)), f(edges)
        # is there a shift of the output by whole pixels that makes the two equal?
        if min(np.abs(moved - np.roll(still, k, axis=3)).max() for k in range(9)) < 1e-12:
            commutes[name].append(dx)
table(commutes.items(), ["", "commutes with shifts by"])

# %% tags=["check"]
# Check that the text is true.
assert all(commutes[name] == list(range(0, 9, S)) for name, (_, S) in kinds.items())

# %% [markdown]
# **Verdict: only for multiples of the stride.** With stride 1 pooling is perfectly equivariant; it is the
# *subsampling* that breaks it. For a shift of one pixel at stride 2 the output would have to move by half a pixel,
# and the numbers between the pixels are gone. So the same shirt, one pixel lower, gives two different small shirts.
# That is the puzzle.

# %% [markdown]
# ## 7. Aliasing, and what to do about it
#
# Think of stripes $\cos(2\pi \nu\, t)$ with frequency $\nu$, in stripes per pixel. Keep every second pixel, $t = 2k$:
#
# $$ \cos(2\pi \nu \cdot 2k) = \cos\big(2\pi\,(2\nu)\,k\big) = \cos\big(2\pi\,(1 - 2\nu)\,k\big) \quad\text{for whole } k. $$
#
# (The last step: $\cos(2\pi k - \alpha)$ with $\alpha = 2\pi(2\nu)k$. For whole $k$ the angle $2\pi k$ is $k$ full
# turns and can be left out, and $\cos(-\alpha) = \cos\alpha$.)
#
# In the small picture, frequency $2\nu$ cannot be told from $1 - 2\nu$. For $\nu$ up to $\frac14$ nothing is lost.
# Beyond it, narrow stripes appear as *wide* ones that do not exist: **aliasing**. The sampling theorem names the
# remedy: before you take every second pixel, remove what is finer than $\nu = \frac14$. A blur does that. Here is a
# picture whose stripes grow narrower from left to right, shrunk in four ways. *Blur* is the kernel $(1, 2, 1)/4$ along
# both axes.
#
# > **Predict.** In the right half the stripes are too fine for the small picture. Ideally it would be plain grey. *Every
# > second pixel* will show false stripes there. Do the maximum and the mean of 2×2 prevent them? And how grey will it be
# > after the blur?


# %%
def blur_pool(x, kernel=(1, 2, 1)):
    """Blur each channel (circularly) and keep every second pixel."""
    one_d = np.array(kernel) / np.sum(kernel)
    before = (len(kernel) - 1) // 2
    weight = np.broadcast_to(
        np.outer(one_d, one_d), (x.shape[1], 1, len(kernel), len(kernel))
    ).copy()
    return NF.conv2d(wrap(x, before, len(kernel) - 1 - before), weight, stride=2, groups=x.shape[1])


def max_blur_pool(x, kernel=(1, 2, 1)):
    return blur_pool(NF.max_pool2d(wrap(x, 0, 1), 2, stride=1), kernel)


t = np.arange(256)
frequency = 0.5 * t / 256  # from 0 to half a stripe per pixel
stripes = 0.5 + 0.5 * np.cos(2 * np.pi * np.cumsum(frequency))
chart = np.broadcast_to(stripes, (1, 1, 40, 256)).copy()
halves = {
    "every second pixel": lambda x: first_pixel(x, 2),
    "max 2×2": lambda x: NF.max_pool2d(x, 2),
    "mean 2×2": lambda x: NF.avg_pool2d(x, 2),
    "blur, then every second": blur_pool,
}
panels = {"stripes": chart} | {name: f(chart) for name, f in halves.items()}

# %% tags=["plumbing"]
# The five pictures, and the contrast of the stripes in the right half.
show(stripe_panels({name: one[0, 0] for name, one in panels.items()}), "07/stripes-made-small")
contrast = {name: panels[name][0, 0, 0, 70:125].std() for name in halves}
table(contrast.items(), {"": "", "contrast of the false stripes": ".2f"})

# %% tags=["check"]
# Check that the text is true.
subsampled, maximum, mean, blur = contrast.values()
assert subsampled > maximum > mean > blur

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Every second pixel shows false stripes that grow *wider* to the right, at nearly full contrast. The maximum and the
# mean show them, too, with less contrast. The maximum is also too bright. After the blur the right half is nearly
# grey. (At the right end even the large picture, on top, turns grey. There the frequency is nearly half a stripe per
# pixel, and all pixels happen to lie halfway between a light and a dark stripe. The lowest strip begins with a grey
# pixel, because `blur_pool` wraps around: there the left end is mixed with the right end.)
# </details>
#
# The maximum is not a blur, so it cannot prevent aliasing. But it can be split: **max pooling with stride 2 is max
# pooling with stride 1, then keep every second pixel.** The first half is perfectly equivariant; the harm comes from
# the second. Zhang (2019) puts a blur in between: *max, blur, subsample*.
#
# How good is the equivariance then? For a shift of 1, we compare $f(\text{shifted } x)$ with $f(x)$ moved by *half* a
# pixel. A map without too fine detail can be moved by half a pixel: the discrete Fourier transform (used in lesson 05)
# writes it as a sum of waves, and a shift multiplies each wave by a phase, which may be any number.


# %%
def shift_by_fraction(y, dx):
    phase = np.exp(-2j * np.pi * np.fft.fftfreq(y.shape[3]) * dx)
    return np.fft.ifft(np.fft.fft(y, axis=3) * phase, axis=3).real


def half_pixel_error(f, x):
    moved, expected = f(np.roll(x, 1, axis=3)), shift_by_fraction(f(x), 0.5)
    return np.linalg.norm(moved - expected) / np.linalg.norm(expected - expected.mean())


layers = {
    "every\nsecond": halves["every second pixel"],
    "mean\n2×2": halves["mean 2×2"],
    "max\n2×2": halves["max 2×2"],
    "max 3×3\n(overlap)": lambda x: NF.max_pool2d(wrap(x, 1, 0), 3, stride=2),
    "blur\n1 2 1": blur_pool,
    "max, blur\n1 2 1": max_blur_pool,
    "max, blur\n1 4 6 4 1": lambda x: max_blur_pool(x, (1, 4, 6, 4, 1)),
}
half = {name: half_pixel_error(f, edges) for name, f in layers.items()}
show(viz.bar_chart(half, "equivariance error at 1 pixel", size=(9, 3.2)), "07/half-a-pixel")

# %% tags=["check"]
# Check that the text is true.
assert np.array_equal(
    NF.max_pool2d(edges, 2), first_pixel(NF.max_pool2d(wrap(edges, 0, 1), 2, stride=1), 2)
)

subsampled, mean, maximum, overlapping, blur, max_blur, wide_blur = half.values()
assert subsampled > 1.3 * max(mean, maximum)
assert min(mean, maximum) > overlapping > 1.1 * blur
assert blur > 1.5 * max_blur > 2.5 * wide_blur

# %% [markdown]
# Dropping pixels is worst. Mean and maximum are better, overlap helps a little, and a blur helps most, above all after
# the maximum. Now the shirt:

# %%
blurred = np.stack([max_blur_pool(one[None])[0] for one in shirts])
plain, with_blur = (np.abs(y[0] - y[1]).mean() / y.mean() for y in (small, blurred))
column = shirt[10:28, 12]  # through the middle of the large shirt
spectrum = np.abs(np.fft.rfft(column - column.mean(), n=200))
strongest = spectrum.argmax() / 200

# %% tags=["plumbing"]
# The four small shirts, and three numbers.
titles = ["max 2×2", "one pixel lower", "max, blur", "one pixel lower"]
pictures = [small[0, 0], small[1, 0], blurred[0, 0], blurred[1, 0]]
show(viz.image_row(pictures, titles, height=2.2, low=0, high=1), "07/shirt-pooled-in-two-ways")
rows = [
    ("difference of the two shirts, max 2×2, in units of their mean", plain),
    ("difference of the two shirts, max and blur", with_blur),
    ("strongest frequency of the stripes, in stripes per pixel", strongest),
]
table(rows, {"": "", " ": ".2f"})

# %% tags=["check"]
# Check that the text is true.
assert with_blur < 0.75 * plain
assert strongest > 0.25

# %% [markdown]
# The puzzle is solved: the shirt's stripes are just too narrow for the small picture, $\nu > \frac14$. Plain pooling
# turns them into something that depends on where the windows happen to lie. The blur removes most of them instead.
# That is a loss, too. Whether a network is better off is a question for an experiment.

# %% [markdown]
# ## 8. The experiment: pooling, stride or blur?
#
# Springenberg and others (2014) asked: is pooling needed at all? A convolution with stride 2 shrinks the map as
# well, it can *learn* how, and it computes only a quarter of the outputs. We compare six small networks: two 3×3
# convolutions with ReLU, each followed by a halving, then one matrix.
#
# - **max**, **mean**, **max, blur**: convolutions of stride 1 with 6 and 12 channels, then the pooling. (The costs below
#   leave out the pooling itself, and so the blur's multiplications, too.)
# - **stride**: the convolutions themselves have stride 2. The same number of weights, and much less work.
# - **stride, equal cost**: stride 2, with as many more channels as the saved work pays for.
# - **none**: no halving at all, for comparison. Its matrix has sixteen times as many weights, and it costs most.


# %%
class BlurPool(nn.Module):
    def __init__(self, channels):
        super().__init__()
        one_d = torch.tensor([1.0, 2.0, 1.0]) / 4
        weight = torch.outer(one_d, one_d).expand(channels, 1, 3, 3).contiguous()
        self.register_buffer("weight", weight)

    def forward(self, x):
        padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
        return F.conv2d(padded, self.weight, stride=2, groups=len(self.weight))


HALVE = {
    "max": lambda channels: [nn.MaxPool2d(2)],
    "mean": lambda channels: [nn.AvgPool2d(2)],
    "max, blur": lambda channels: [nn.MaxPool2d(2, stride=1), BlurPool(channels)],
}


# %%
def make(kind):
    first, second = (12, 27) if kind == "stride, equal cost" else (6, 12)
    stride, side = 2 if kind.startswith("stride") else 1, 32 if kind == "none" else 8
    halve = HALVE.get(kind, lambda channels: [])
    return nn.Sequential(
        nn.Conv2d(1, first, 3, stride, padding=1), nn.ReLU(), *halve(first),
        nn.Conv2d(first, second, 3, stride, padding=1), nn.ReLU(), *halve(second),
        nn.Flatten(), nn.Linear(second * side * side, 10),
    )  # fmt: skip


# %%
def cost(kind, side=32):
    """Multiply-adds of the two convolutions and the matrix, for one image."""
    first, second = (12, 27) if kind == "stride, equal cost" else (6, 12)
    sizes = [side, side // 2, side // 4]  # of what the two convolutions and the matrix compute with
    if kind.startswith("stride"):
        sizes = [side // 2, side // 4, side // 4]
    if kind == "none":
        sizes = [side] * 3
    a, b, c = (size**2 for size in sizes)
    return 9 * first * a + 9 * first * second * b + 10 * second * c


kinds = ["max", "mean", "stride", "stride, equal cost", "max, blur", "none"]
rows = [(kind, sum(p.numel() for p in make(kind).parameters()), cost(kind)) for kind in kinds]
table(rows, {"": "", "parameters": ",", "multiply-adds": ","})

# %% tags=["check"]
# Check that the text is true.
assert abs(cost("stride, equal cost") / cost("max") - 1) < 0.02

# %% [markdown]
# They train on 2,000 garments in the middle of a 32×32 frame, five random starts each. Then we shift the *test*
# images by 0 to 3 pixels (in four directions) and measure two things: accuracy, and how many **predictions change**
# when the image moves by one pixel, whether they were correct or not.


# %%
def prepare(images):
    """uint8 (N, 28, 28) → float32 (N, 1, 32, 32), normalised, a rim of black around."""
    x = (np.pad(images, ((0, 0), (2, 2), (2, 2)))[:, None] / 255 - 0.286) / 0.353
    return torch.from_numpy(x.astype(np.float32))


def train(kind, seed, images=2000, steps=200, lr=0.04):
    """Gradient descent with momentum; `descend` is the loop that lesson 01 writes out."""
    torch.manual_seed(seed)
    network = make(kind)
    descend(network, x_train[:images], y_train[:images], steps=steps, lr=lr, batch_size=25)
    return network


# %%
def predictions(network, x):
    with torch.no_grad():
        return network(x).argmax(dim=1).numpy()


def moved(x, shift):
    """The images moved in the four directions."""
    moves = [(shift, 0), (-shift, 0), (0, shift), (0, -shift)]
    return [torch.roll(x, move, dims=(2, 3)) for move in moves]


train_images, train_labels = data.fashion_mnist("train")
x_train, y_train = prepare(train_images[:2000]), torch.from_numpy(train_labels[:2000])
x_test, y_test = prepare(garments[:500]), labels[:500]

# %% [markdown]
# > **Predict.** (a) At equal cost, is max pooling more accurate than stride, less, or about equal? (b) Order the six
# > by how many predictions one pixel changes. (c) How much of its accuracy has the max-pooling network lost at 3
# > pixels?

# %% tags=["nbval-ignore-output"]
STARTS = range(5)
networks = {kind: [train(kind, seed) for seed in STARTS] for kind in kinds}
accuracy, changed = {}, {}
for kind in kinds:
    outputs = [[[predictions(one, x) for x in moved(x_test, shift)] for shift in range(4)]
               for one in networks[kind]]  # fmt: skip
    outputs = np.array(outputs)  # (5 starts, 4 shifts, 4 directions, 500 images)
    accuracy[kind] = (outputs == y_test).mean(axis=(2, 3))
    changed[kind] = (outputs[:, 1] != outputs[:, 0]).mean(axis=(1, 2))
difference_at_0 = (accuracy["max"] - accuracy["stride, equal cost"])[:, 0].mean()

# %% tags=["plumbing", "nbval-ignore-output"]
# Means of the five starts, with their standard deviations.
rows = [(kind, accuracy[kind].mean(axis=0), accuracy[kind][:, 0].std(ddof=1),
         changed[kind].mean(), changed[kind].std(ddof=1)) for kind in kinds]  # fmt: skip
heads = ["accuracy at shifts of 0, 1, 2, 3", "standard deviation at 0",
         "changed by one pixel", "standard deviation"]  # fmt: skip
table(rows, {"": ""} | dict.fromkeys(heads, ".3f"), "Five starts each")
by_start = {kind: runs.T for kind, runs in accuracy.items()}
xlabel = "shift of the test image (pixels)"
ylabel = "test accuracy of five starts\n(bars: standard deviation)"
figure = viz.line_chart(range(4), by_start, xlabel, ylabel, size=(7, 3.6))
figure.axes[0].set_xticks(range(4))
show(figure, "07/accuracy-over-shift")
on_lines = {kind.replace(", ", ",\n"): runs for kind, runs in changed.items()}
bars = {kind: runs.mean() for kind, runs in on_lines.items()}
spread = {kind: runs.std(ddof=1) for kind, runs in on_lines.items()}
ylabel = "predictions changed by one pixel\n(lines: standard deviation)"
show(viz.bar_chart(bars, ylabel, size=(7, 3), spread=spread), "07/predictions-that-change")

# %% tags=["check"]
# Check that the text is true.
at_most(abs(difference_at_0), 0.03, "07/equal-cost-equal-accuracy")
at_least(changed["stride, equal cost"] - changed["max"], 0.015, "07/stride-less-stable")
at_least(changed["stride"] - changed["mean"], 0.015, "07/stride-less-stable-than-mean")
at_least(changed["none"] - changed["max"], 0.02, "07/none-less-stable")
at_least(changed["max"] - changed["max, blur"], 0.01, "07/blur-most-stable")
difference = accuracy["max"][:, 1] - accuracy["stride, equal cost"][:, 1]
at_least(difference, 0, "07/max-better-at-one-pixel")
for kind in kinds:
    at_least(
        accuracy[kind][:, 0] - accuracy[kind][:, 3],
        0.1,
        "07/all-fall-" + kind.replace(", ", "-").replace(" ", "-"),
    )

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# - **Accuracy on unshifted images**: no clear difference at equal cost. It is no larger than the differences between
#   starts. Springenberg and others found the same on larger networks.
# - **Stability**: a clear order. The predictions of the strided networks change often, and more channels do not help
#   much. Those of the network without any halving change at least as often. With max and mean pooling fewer change
#   (about equally many), and with the blurred maximum fewest.
# - **Yet all of them fall**: at three pixels all have lost a great part of their accuracy. With max pooling it is about
#   a third of it, with the blur less, with all others more. Two poolings of 2×2 help
#   for a pixel or two. The matrix at the end has its own weights for every place, and this does the rest (lessons 01
#   and 04). Lesson 09 measures two things that help: global pooling before the head, and training on shifted images.
# </details>
#
# ### The claim: "pooling adds a bit of scale invariance"
#
# The same networks. Now the test images are made smaller or larger, by 10 and by 20 per cent, around their middle.
#
# > **Predict.** How many predictions change with 10 per cent? Is pooling better than stride here, too?


# %% tags=["nbval-ignore-output"]
def resized(x, factor):
    """The images, larger by this factor around their middle; what is outside is black."""
    black = x.min()
    matrix = torch.tensor([[1 / factor, 0, 0], [0, 1 / factor, 0]]).expand(len(x), 2, 3)
    grid = F.affine_grid(matrix, x.shape, align_corners=False)
    return F.grid_sample(x - black, grid, align_corners=False) + black


factors, by_size = [0.8, 0.9, 1.1, 1.2], {}
for kind in kinds:
    same = np.array([predictions(one, x_test) for one in networks[kind]])
    other = [[predictions(one, resized(x_test, k)) for k in factors] for one in networks[kind]]
    by_size[kind] = (np.array(other) != same[:, None]).mean(axis=2)  # (5 starts, 4 factors)
rows = [(kind, runs.mean(axis=0), runs.std(axis=0, ddof=1)) for kind, runs in by_size.items()]
heads = ["predictions changed by 0.8, 0.9, 1.1, 1.2", "standard deviation of five starts"]
table(rows, {"": ""} | dict.fromkeys(heads, ".2f"))

# %% tags=["check"]
# Check that the text is true.
by_ten = {kind: runs[:, 1:3].mean(axis=1) for kind, runs in by_size.items()}
at_least(by_ten["stride, equal cost"] - by_ten["max, blur"], 0.02, "07/blur-and-size")
at_least(by_ten["stride, equal cost"] - by_ten["mean"], 0.01, "07/mean-and-size")
at_least(by_ten["none"] - by_ten["max"], 0.03, "07/none-and-size")
at_least(by_ten["max, blur"], 0.08, "07/ten-per-cent-changes-many")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **True, and a bit is the word.** With 10 per cent, between one seventh and one third of the predictions change, in
# all six. Without any halving most change. Pooling is better than that by about a tenth, and better than stride by a
# few hundredths, which is little more than the difference between starts. The blur helps most, though at 10 per cent
# hardly more than the mean. The reason is the same as for shifts: when an image grows by 10 per cent, its parts
# *move*, near the middle by less than a pixel, at the rim by more. Pooling helps for the small moves. The change of
# size itself is not what a window of 2×2 is built for.
# </details>
#
# ### The claim: "pooling helps against overfitting"
#
# The usual reason: pooling makes the layers after it smaller. We train on only 200 images, until the networks know
# them by heart. What is their accuracy on other images?
#
# > **Predict.** Is the accuracy on the test images higher with pooling? With max or with mean? And is it the pooling,
# > or only the smaller matrix, which a stride makes as well?

# %% tags=["nbval-ignore-output"]
x_all = prepare(garments)  # all 2,000 test images
few, known, other = ["max", "mean", "stride, equal cost", "none"], {}, {}
for kind in few:
    group = [train(kind, seed, images=200, steps=300) for seed in STARTS]
    found = [predictions(one, x_train[:200]) == y_train[:200].numpy() for one in group]
    known[kind] = np.mean(found, axis=1)
    other[kind] = np.array([(predictions(one, x_all) == labels).mean() for one in group])
rows = [(kind, known[kind].mean(), other[kind].mean(), other[kind].std(ddof=1)) for kind in few]
heads = ["accuracy on the 200 images", "on 2,000 test images", "standard deviation"]
table(rows, {"": ""} | dict.fromkeys(heads, ".3f"), "Five starts each")

# %% tags=["check"]
# Check that the text is true.
for kind in few:
    at_least(known[kind], 0.93, "07/knows-200-" + kind.replace(", ", "-").replace(" ", "-"))
gain = other["max"] - other["none"]
at_least(gain, 0, "07/pooling-against-overfitting")
at_most(np.abs((other["max"] - other["stride, equal cost"]).mean()), 0.05, "07/max-or-stride")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **Probably, by a little.** All four know their 200 images by heart, and all are wrong on about a quarter of the others.
# With max pooling the accuracy on these is higher than without any halving, by two or three hundredths. In our run this
# is between two and three of its standard errors (lesson 01, section 7), so it is likely and not certain. Mean pooling and the stride lie between. So part of the gain seems to come
# from the smaller matrix, and part from the maximum. (Five starts are too few to be sure.) Pooling helps, but it is
# no remedy for too few images. Lesson 09 (section 6) measures three that are meant to be.
# </details>

# %% [markdown]
# ## Claims to test
#
# Sentences that one reads.
#
# 1. "Pooling commutes with translation."
# 2. "Pooling makes the network robust to small shifts."
# 3. "Stride can replace pooling."
# 4. "Max pooling keeps the most important information."
# 5. "Pooling adds a bit of scale invariance."
# 6. "Pooling helps against overfitting."
#
# (5 and 6 were measured in section 8.)
#
# > **Predict.** In what sense is each of them true?

# %% tags=["nbval-ignore-output"]
pooled = NF.max_pool2d(edges, 2)
one_pixel = NF.max_pool2d(np.roll(edges, 1, axis=3), 2) - pooled
two_pixels = NF.max_pool2d(np.roll(edges, 2, axis=3), 2) - np.roll(pooled, 1, axis=3)
rows = [
    ("1. a shift of 2 moves the output by 1, exactly", np.abs(two_pixels).max() == 0),
    ("   a shift of 1 leaves it as it is", np.abs(one_pixel).max() == 0),
    (
        "2. fewer changed predictions than with stride",
        changed["max"].mean() < changed["stride"].mean(),
    ),
    ("   fewer still with blur", changed["max, blur"].mean() < changed["max"].mean()),
    ("3. at equal cost the accuracy is the same to 0.03", abs(difference_at_0) < 0.03),
    ("4. best reconstruction", min(errors, key=lambda name: errors[name]["4×4"])),
    ("   highest peak of a sparse feature", max(height, key=height.get)),
]
table(rows, ["", " "])

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **Only for shifts that are multiples of the stride.** Pooling with stride 1 commutes with all shifts. Subsampling
#    commutes with one shift in $S$ along each axis.
# 2. **True, in part.** It lowers the change of the maps and the number of changed predictions, for shifts smaller
#    than the window. Aliasing takes some of it back, and a blur before the subsampling gets it again.
# 3. **For accuracy yes, for stability no**, here and at equal cost. A strided convolution is a convolution followed by
#    dropping pixels, and dropping is what aliases.
# 4. **It keeps what is largest.** Whether that is important depends on the map: for a sparse detector yes. For a
#    photograph it is the worst of three choices.
# 5. **True, a bit.** Ten per cent larger or smaller still changes many predictions, fewer with pooling.
# 6. **Probably, by a little.** On 200 images all networks overfit. With max pooling the test accuracy is two or three
#    hundredths higher than without any halving, which five starts cannot prove.
# </details>

# %% [markdown]
# ## Summary
#
# 1. Pooling takes the maximum or mean of each window, channel by channel, without weights. Max pads with $-\infty$,
#    mean with zeros that count.
# 2. Backward: the mean shares $g$ equally, the maximum gives it to the winner, the first one at a tie; overlaps add up.
# 3. It is lossy on purpose: the mean keeps amounts, the maximum keeps peaks.
# 4. It makes maps *locally and partly* invariant, and equivariant only for multiples of the stride. Global pooling is
#    fully invariant.
# 5. Subsampling aliases. Max, then blur, then subsample is the most stable. Stride saves work and is less stable.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded. The folded cell after them computes every number.
#
# **1.** A map of 13×13: what sizes do max pooling 2×2 and 3×3 with stride 2 give? And 3×3 with stride 2 and padding 1?
#
# <details><summary>Answer</summary>
#
# $\lfloor 11/2 \rfloor + 1 = 6$ (the last row and column are dropped), $\lfloor 10/2 \rfloor + 1 = 6$ (all are used),
# $\lfloor 12/2 \rfloor + 1 = 7$.
# </details>
#
# **2.** How many parameters has a 3×3 average pooling of 64 channels? And the depthwise convolution that does the
# same? The ordinary convolution that does?
#
# <details><summary>Answer</summary>
#
# None. $64 \cdot 9 = 576$ weights, all equal to $1/9$. $64 \cdot 64 \cdot 9 = 36{,}864$, nearly all zero.
# </details>
#
# **3.** Do max pooling and ReLU commute? Mean pooling and ReLU? Where both orders are right, which is cheaper?
#
# <details><summary>Answer</summary>
#
# ReLU is increasing, and an increasing function commutes with the maximum. So pool first: ReLU then works on a quarter
# of the numbers. With the mean it does not commute: of $+1$ and $-1$ the mean is 0, of their ReLUs $\frac12$.
# </details>
#
# **4.** Two 2×2 max poolings, one after the other: one max pooling of which size? Is it the same for the mean?
# For 3×3 with stride 2?
#
# <details><summary>Answer</summary>
#
# 4×4 with stride 4, in both cases (the mean because all windows have equally many pixels). 3×3 with stride 2, twice:
# for the maximum 7×7 with stride 4; for the mean no, since overlapping pixels count more often.
# </details>
#
# **5.** Through max pooling 2×2, how large a share of the pixels gets a gradient of zero? With 3×3 and stride 1?
#
# <details><summary>Answer</summary>
#
# Three quarters (without ties). With overlap a pixel may win several windows, so others win none. The cell
# measures it on random numbers: most pixels still get none.
# </details>
#
# **6.** A network was trained with max pooling. Now it is used with mean pooling and the same weights. Does its
# accuracy collapse?
#
# <details><summary>Answer</summary>
#
# The shapes allow it, and the worst could be expected: all later layers now see smaller inputs. It loses a few per cent
# only. Neighbouring pixels of a map are alike, so the maximum and the mean of four of them are strongly correlated (the
# cell prints it), and a smaller input changes the scores more than their order.
# </details>

# %% tags=["plumbing", "nbval-ignore-output"]
# The numbers of the answers.
maps = np.zeros((1, 1, 13, 13))
sizes = [NF.max_pool2d(maps, K, 2, P).shape[2] for K, P in [(2, 0), (3, 0), (3, 1)]]
rows = [("1. sizes", sizes), ("2. parameters", [0, 64 * 9, 64 * 64 * 9])]
x = rng.normal(size=(2, 3, 16, 16))
for name, pool in [("max", NF.max_pool2d), ("mean", NF.avg_pool2d)]:
    both = NF.relu(pool(x, 2)), pool(NF.relu(x), 2)
    rows.append((f"3. {name} commutes with ReLU", np.allclose(*both)))
    rows.append((f"4. {name}: twice 2×2 is 4×4", np.allclose(pool(pool(x, 2), 2), pool(x, 4))))
    twice = pool(pool(x, 3, 2), 3, 2)
    rows.append((f"   {name}: twice 3×3 is 7×7", np.allclose(twice, pool(x, 7, 4))))

x = rng.normal(size=(1, 1, 200, 200))
for K, S in [(2, 2), (3, 1)]:
    g = np.ones_like(NF.max_pool2d(x, K, S))
    share = (NF.max_pool2d_backward(g, x, K, S) == 0).mean()
    rows.append((f"5. K = {K}, S = {S}: without gradient", f"{share:.0%}"))

lost, together = [], []
for network in networks["max"]:
    swapped = make("mean")
    swapped.load_state_dict(network.state_dict())
    before, after = ((predictions(one, x_test) == y_test).mean() for one in (network, swapped))
    with torch.no_grad():
        maps = torch.relu(network[0](x_test)).numpy()
    both = NF.max_pool2d(maps, 2).ravel(), NF.avg_pool2d(maps, 2).ravel()
    lost.append(before - after)
    together.append(np.corrcoef(*both)[0, 1])
rows.append(("6. accuracy lost, mean of five networks", f"{np.mean(lost):.2f}"))
rows.append(("   correlation of maximum and mean", f"{np.mean(together):.2f}"))
table(rows, ["question", "answer"])

# %% tags=["check"]
# Check that the text is true.
at_most(lost, 0.1, "07/max-swapped-for-mean")
at_least(together, 0.9, "07/max-and-mean-correlate")

# %% [markdown]
# ## Where to read more
#
# - Y.-L. Boureau, J. Ponce, Y. LeCun, "A theoretical analysis of feature pooling in visual recognition", ICML (2010):
#   when the maximum and when the mean.
# - D. Scherer, A. Müller, S. Behnke, "Evaluation of pooling operations in convolutional architectures for object
#   recognition", ICANN (2010): maximum, subsampling and overlap compared.
# - M. Lin, Q. Chen, S. Yan, "Network in network" (2013), arXiv:1312.4400, section 3.2: global average pooling.
# - J. T. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller, "Striving for simplicity: the all convolutional net"
#   (2014), arXiv:1412.6806.
# - R. Zhang, "Making convolutional networks shift-invariant again", ICML (2019), arXiv:1904.11486: max, blur,
#   subsample.
# - A. Azulay, Y. Weiss, "Why do deep convolutional networks generalize so poorly to small image transformations?",
#   *JMLR* 20 (2019), arXiv:1805.12177: the sampling theorem, and what one pixel does to ImageNet networks.
# - A. V. Oppenheim, R. W. Schafer, *Discrete-Time Signal Processing*, the chapter on sampling: aliasing.
#
# **Next:** do the [exercises of this unit](../exercises/07_pooling/07_pooling.ipynb), then go on to
# [08 Batch normalisation](08_batch_normalisation.ipynb).
