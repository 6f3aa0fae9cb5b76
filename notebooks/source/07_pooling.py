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
# - measure how far pooling makes a network indifferent to small shifts, and where aliasing takes that back;
# - decide between pooling, strided convolution and blurred pooling by numbers.
#
# **Time** about 80 minutes, with the questions. The code runs in under a minute.
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

from cnncourse import data, show, viz
from cnncourse.numpy_nn import functional as NF
from cnncourse.torch_nn.training import descend
from cnncourse.viz.pooling import pooling

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

show(
    viz.image_row(
        [shirts[0, 0], small[0, 0], shirts[1, 0], small[1, 0]],
        ["the shirt", "its 2×2 maxima", "one pixel lower", "its 2×2 maxima"],
        height=2.3,
    ),
    "07/shirt-one-pixel-down",
)
belly = small[:, 0, 9:15, 8]
print("down the belly of the small shirts:", belly[0].round(1), "and", belly[1].round(1))

# %% [markdown]
# Plain in one, striped in the other: half a pixel decides what this shirt looks like to the next layer. And yet one
# reads that *max pooling makes a network robust to small shifts*. Both are true in a way. By section 7 you can say
# why, and repair it.

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


x = rng.normal(size=(2, 3, 11, 9))
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
    print(
        f"K = {K}, S = {S}: {x.shape[2:]} → {maximum.shape[2:]}   slices, package and PyTorch "
        f"agree: {all(agree)}"
    )

# %% [markdown]
# With $K > S$ the windows **overlap**: $K = 3$, $S = 2$ is AlexNet's choice (lesson 11 (planned)), and its authors found that
# it overfits slightly less. The output size is lesson 03's formula, so an odd row at the end may be left over.
#
# Two facts that help to place the two kinds. *Average pooling is a convolution*: one with the constant weights
# $1/K^2$, channel by channel. So all that you know holds for it: it is linear, its backward pass is a transposed
# convolution. *Max pooling is not linear*. Both are ends of one family, $\big(\text{mean of } x^p\big)^{1/p}$ for
# $x \ge 0$:

# %%
K = 2
constant = np.full((3, 1, K, K), 1 / K**2)
print("average pooling is a depthwise convolution:",
      np.allclose(NF.avg_pool2d(x, K), NF.conv2d(x, constant, stride=K, groups=3)))  # fmt: skip
other = rng.normal(size=x.shape)
print(
    "max(x + x') = max(x) + max(x')?            ",
    np.allclose(NF.max_pool2d(x + other, K), NF.max_pool2d(x, K) + NF.max_pool2d(other, K)),
)
window = np.array([1.0, 3, 4, 2])
for p in [1, 2, 4, 16, 64]:
    print(f"p = {p:2}: {(window**p).mean() ** (1 / p):.3f}")

# %% [markdown]
# ## 2. What the padding is made of
#
# Pooling can be padded as well (ResNet's first pooling has $K = 3$, $S = 2$, $P = 1$). Zeros would be natural. Here is
# a map whose values are all negative, as they may be when pooling comes *before* the ReLU, or after an activation such
# as tanh.
#
# > **Predict.** What does max pooling with a rim of zeros make of it? Would you notice after a ReLU?


# %%
negative = -1.0 - rng.integers(0, 8, size=(1, 1, 5, 5))
with_zeros = NF.max_pool2d(np.pad(negative, ((0, 0), (0, 0), (1, 1), (1, 1))), 3, 2)
with_minus_infinity = NF.max_pool2d(negative, 3, 2, padding=1)
figure, axes = viz.figure_grid(1, 3, size=(7.2, 2.7), width_ratios=[5, 3, 3])
panels = {"x": negative, "max, rim of zeros": with_zeros, "max, rim of −∞": with_minus_infinity}
for place, (title, values) in zip(axes[0], panels.items(), strict=True):
    viz.draw_values(place, values[0, 0], -8, 0)
    place.set_title(title)
    for spine in place.spines.values():
        spine.set_visible(True)
show(figure, "07/padding-a-negative-map")

print(
    "PyTorch pads with −∞:",
    np.array_equal(F.max_pool2d(torch.from_numpy(negative), 3, 2, 1), with_minus_infinity),
)
positive = NF.relu(rng.normal(size=(1, 1, 5, 5)))
print("after a ReLU the two agree:",
      np.array_equal(NF.max_pool2d(np.pad(positive, ((0, 0), (0, 0), (1, 1), (1, 1))), 3, 2),
                     NF.max_pool2d(positive, 3, 2, 1)))  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert with_zeros.max() == 0 > with_minus_infinity.max()

# %% [markdown]
# A zero is not neutral for the maximum: it *wins* against negative numbers. Neutral is $-\infty$: it never wins. After
# a ReLU nobody sees the difference, which is why the mistake lives long. For the same reason a window must not lie in
# the padding altogether:

# %%
try:
    NF.max_pool2d(x, 2, padding=2)
except ValueError as error:
    print("ValueError:", error)

ones = np.ones((1, 1, 5, 5))
print("average of ones, K = 3, P = 1, zeros count:\n", NF.avg_pool2d(ones, 3, 1, 1)[0, 0])
print(
    "and where only real pixels count:\n",
    NF.avg_pool2d(ones, 3, 1, 1, count_include_pad=False)[0, 0, :2],
)

# %% [markdown]
# For the *mean* the rim is zeros, and by default they count: at a corner 5 of 9 numbers are padding, and the mean of
# ones is $4/9$. `count_include_pad=False` divides by the number of real pixels.
#
# ## 3. Global and adaptive pooling
#
# Take the window as large as the map: **global average pooling** turns (N, C, H, W) into (N, C), whatever H and W
# are. Lin, Chen and Yan proposed it in 2013 in place of the huge matrices at the end of networks. Two things follow:
# the head takes *any image size*, and it is small.


# %%
def global_avg_pool2d(x):
    return x.mean(axis=(2, 3))


head = rng.normal(size=(10, 16))  # ten classes from sixteen channels
for side in [7, 12, 31]:
    maps = rng.normal(size=(2, 16, side, side))
    pooled = global_avg_pool2d(maps)
    same = np.allclose(pooled, F.adaptive_avg_pool2d(torch.from_numpy(maps), 1).flatten(1))
    print(
        f"maps {maps.shape} → {pooled.shape} → scores {(pooled @ head.T).shape}   PyTorch agrees: "
        f"{same}"
    )

print(
    f"from 512 maps of 7×7 to 4096 units, flattened: {512 * 7 * 7 * 4096:11,} weights (VGG's first "
    "linear layer)"
)
print(f"from 512 global averages to 1000 classes:      {512 * 1000:11,} weights")

# %% [markdown]
# It also forgets *where* anything was, completely. Global pooling of an equivariant map is **invariant** (exactly, if
# the map is exactly equivariant: lesson 04).
#
# **Adaptive pooling** asks for the output size $O$ instead of the window: bin $o$ reaches from
# $\lfloor oI/O \rfloor$ to just before $\lceil (o+1)I/O \rceil$. With $O = 1$ it is global; where $O$ does not divide
# $I$, bins overlap.


# %%
def bins(I, O):
    return [(o * I // O, -(-(o + 1) * I // O)) for o in range(O)]


for I, O in [(6, 3), (7, 3), (5, 4), (3, 5)]:
    row = rng.normal(size=(1, 1, 1, I))
    by_hand = [row[..., a:b].mean() for a, b in bins(I, O)]
    by_torch = F.adaptive_avg_pool2d(torch.from_numpy(row), (1, O)).numpy().ravel()
    print(f"{I} → {O}: bins {bins(I, O)}   PyTorch agrees: {np.allclose(by_hand, by_torch)}")

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
# the gradient. PyTorch does the same; it is a convention, and here is why one is needed. At a **tie** the maximum has
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


def numerical_gradient(f, x, g, eps=1e-6):
    gradient = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        step = np.zeros_like(x)
        step[place] = eps
        gradient[place] = ((f(x + step) - f(x - step)) * g).sum() / (2 * eps)
    return gradient


def torch_backward(g, x, K, S):
    leaf = torch.from_numpy(x).requires_grad_()
    return torch.autograd.grad(F.max_pool2d(leaf, K, S), leaf, torch.from_numpy(g))[0].numpy()


tied, g = np.full((1, 1, 2, 2), 5.0), np.ones((1, 1, 1, 1))
print("numerical:       ", numerical_gradient(lambda x: NF.max_pool2d(x, 2), tied, g).ravel())
print("first winner:    ", max_pool2d_backward(g, tied, 2, 2).ravel())
print("PyTorch:         ", torch_backward(g, tied, 2, 2).ravel())
print("to all that tie: ", max_pool2d_backward(g, tied, 2, 2, tie="all").ravel())

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Nudged up, any of the four becomes the maximum: $+\varepsilon$. Nudged down, the other three hold the output:
# 0. The central difference is one half for each, and they sum to 2: it is the gradient of nothing. What is right at a
# kink? Anything between; giving all of $g$ to one of the winners keeps the sum. Giving it to *all* of them multiplies
# the gradient by the number of ties.
# </details>
#
# Are ties rare? With real-valued activations, yes. But pooling mostly follows a **ReLU**, and then whole windows may
# be zero. Eight random filters, a ReLU, and 2×2 windows:

# %%
photo = data.photograph("camera")[None, None] / 255
some = np.ascontiguousarray(garments[:50, None] / 255)
filters = rng.normal(size=(8, 1, 3, 3))
filters -= filters.mean(axis=(2, 3), keepdims=True)
for name, pictures in [("a photograph", photo), ("50 garments", some)]:
    after_relu = NF.relu(NF.conv2d(pictures, filters))
    windows = np.stack(slices(after_relu, 2, 2))
    winners = windows == windows.max(axis=0)
    tied_windows = (winners.sum(axis=0) > 1).mean()
    print(f"{name}: {tied_windows:.0%} of the windows have no single winner")
    assert tied_windows > 0.1

g = rng.normal(size=winners.shape[1:])
print("sum of the upstream gradient:", round(g.sum(), 2))
print("sum after 'first winner':    ", round(NF.max_pool2d_backward(g, after_relu, 2).sum(), 2))
print("sum after 'all that tie':    ", round((g * winners).sum(), 2))

# %% [markdown]
# (There the ReLU below multiplies what a zero received by zero, so nothing happens in the end. A check that feeds tied
# *positive* numbers sees it.) For a check against differences draw numbers without ties; test ties apart. Overlapping
# windows add up, as ever:

# %%
x = rng.permutation(2 * 2 * 9 * 8).reshape(2, 2, 9, 8).astype(float)  # all different
for K, S in [(2, 2), (3, 2), (3, 1)]:
    g = rng.normal(size=NF.max_pool2d(x, K, S).shape)
    ours = max_pool2d_backward(g, x, K, S)
    numerical = numerical_gradient(lambda x, K=K, S=S: NF.max_pool2d(x, K, S), x, g)
    print(f"K = {K}, S = {S}: differences {np.abs(ours - numerical).max() < 1e-6}, "
          f"PyTorch {np.allclose(ours, torch_backward(g, x, K, S))}, "
          f"package {np.allclose(ours, NF.max_pool2d_backward(g, x, K, S))}; "
          f"pixels with a gradient {(ours != 0).mean():.0%}")  # fmt: skip

# %% [markdown]
# ## 5. Lossy on purpose
#
# Pooling throws three quarters of the numbers away. What is lost? Let us blow the small picture up again, each number
# filling its window, and compare with the original photograph.
#
# > **Predict.** Rank three ways to choose the one number: the window's mean, its maximum, its first (upper left) pixel.
# > Which reconstructs best, which worst?


# %%
def first_pixel(x, K):
    return x[:, :, ::K, ::K]


def blow_up(y, K):
    return y.repeat(K, axis=2).repeat(K, axis=3)


ways = {"mean": NF.avg_pool2d, "first pixel": first_pixel, "maximum": NF.max_pool2d}
errors = {name: {} for name in ways}
for K in [2, 4, 8]:
    for name, shrink in ways.items():
        errors[name][f"{K}×{K}"] = np.sqrt(((blow_up(shrink(photo, K), K) - photo) ** 2).mean())
coarse = [blow_up(shrink(photo, 8), 8)[..., 50:250, 130:330] for shrink in ways.values()]
show(
    viz.image_row(
        [part[0, 0] for part in (photo[..., 50:250, 130:330], *coarse)],
        ["original", *(f"{name} of 8×8" for name in ways)],
        height=2.35,
    ),
    "07/three-ways-to-shrink",
)
show(
    viz.bar_chart(errors, "error (root mean square)", decimals=3, size=(7, 2.9)),
    "07/reconstruction-error",
)

# %%
for K in ["2×2", "4×4", "8×8"]:
    assert errors["mean"][K] < errors["first pixel"][K] < errors["maximum"][K]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The mean is best, as it must be: of all single numbers it minimises the sum of squared differences. The maximum is
# *worst*, worse than dropping pixels blindly, because it is biased: it always errs towards bright.
# </details>
#
# Then why is max pooling everywhere? Because a feature map is not a picture. Its question is not "how bright is it
# here?" but "is there an eye anywhere here?". Remember lesson 02's template, the cat's eye: its map has one
# sharp peak. We pool that map and ask how far the peak stands out: how many standard deviations above the map's mean?
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


print(f"the map itself: {stands_out(response):.1f} standard deviations")
peaks = {
    name: {f"{K}×{K}": stands_out(shrink(response, K)) for K in [4, 8, 16]}
    for name, shrink in ways.items()
}
for name, by_size in peaks.items():
    print(f"{name:12}", "   ".join(f"{size} {value:.1f}" for size, value in by_size.items()))

height = {name: shrink(response, 8).max() / response.max() for name, shrink in ways.items()}
print(
    "height of the peak after 8×8, as a share:",
    {name: round(float(value), 2) for name, value in height.items()},
)

# %% tags=["check"]
# Check that the text is true.
assert height["maximum"] == 1
assert height["mean"] < 0.5

# %% [markdown]
# The maximum keeps the full height of the peak, always: that is its definition. The mean dilutes a narrow peak with its
# empty neighbourhood, and the first pixel catches it only by luck. So the rule of thumb: **sparse features, maximum;
# dense quantities, mean** (Boureau, Ponce and LeCun work it out as statistics, 2010). The price of the maximum is the
# bright bias: over many windows of pure noise it reports something, too.
#
# How many different windows have the same maximum? With four grey levels a 2×2 window has 256 states:

# %%
states = np.stack(np.meshgrid(*[range(4)] * 4), axis=-1).reshape(-1, 4)
print("windows for each maximum 0, 1, 2, 3:   ", np.bincount(states.max(axis=1)))
print("windows for each sum 0, 1, 2, …, 12:   ", np.bincount(states.sum(axis=1)))

# %% [markdown]
# Two thirds of all windows become the same 3: of a bright window the maximum remembers next to nothing. The mean
# spreads them over thirteen values.

# %% [markdown]
# ## 6. Local invariance, and equivariance: measured
#
# Why throw information away at all? To save work: a quarter of the numbers for all later layers. To let later windows
# see farther: the jump doubles (lesson 03). And, it is said, to become indifferent to small shifts. We can measure
# that. Two different questions (lesson 04):
#
# - **Invariance**: does the output *stay*? Distance between $f(\text{shifted } x)$ and $f(x)$.
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
# > **Predict.** At a shift of 1: which changes least, which most? Is dropping pixels ("every 4th") more
# > invariant than no pooling at all? How far does the invariance of a 4×4 window reach?

# %%
show(
    viz.line_chart(
        shifts, curves, "shift of the picture (pixels)", "change of the map", size=(7.5, 3.4)
    ),
    "07/change-over-shift",
)
print(
    "change at a shift of 1:", {name: round(float(curve[1]), 2) for name, curve in curves.items()}
)

# %%
at_one = {name: curve[1] for name, curve in curves.items()}

# %% tags=["check"]
# Check that the text is true.
assert abs(at_one["every 4th pixel"] - at_one["no pooling"]) < 0.15
assert max(at_one["mean 4×4"], at_one["max 4×4"]) < 0.7 * at_one["no pooling"]
assert at_one["max 8×8"] < at_one["max 4×4"]
assert curves["max 4×4"][8] > 0.8

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Dropping pixels buys *no* invariance. Mean and maximum do, about equally: nearly halved at a shift of 1. But it is
# **local** (a window of side 4 forgives one or two pixels) and **partial**: at a shift of 1 the maps still change by
# about half of their spread. Full invariance has only the global pooling of section 3.
# </details>
#
# ### The claim: "pooling commutes with translation"
#
# Equivariance now. Shift by a multiple of the stride, and the output should move by whole pixels:


# %%
for name, f, S in [
    ("max 2×2, stride 2", lambda x: NF.max_pool2d(x, 2), 2),
    ("mean 4×4, stride 4", lambda x: NF.avg_pool2d(x, 4), 4),
    ("max 3×3, stride 1", lambda x: NF.max_pool2d(wrap(x, 1, 1), 3, 1), 1),
]:
    commutes = []
    for dx in range(9):
        whole = [
            np.abs(f(np.roll(edges, dx, axis=3)) - np.roll(f(edges), k, axis=3)).max()
            for k in range(9)
        ]
        commutes.append(min(whole) < 1e-12)  # does any shift of the output by whole pixels do?
        assert commutes[-1] == (dx % S == 0)
    print(f"{name:19} commutes with shifts by", *[dx for dx in range(9) if commutes[dx]])

# %% [markdown]
# **Verdict: only for multiples of the stride.** With stride 1 pooling is perfectly equivariant; it is the
# *subsampling* that breaks it. For a shift of one pixel at stride 2 the output would have to move by half a pixel,
# and what should be between the pixels is not there any more. Then two network passes on the same shirt, one pixel
# apart, see two different shirts. That is the puzzle.

# %% [markdown]
# ## 7. Aliasing, and what to do about it
#
# Think of stripes $\cos(2\pi f\, t)$ with frequency $f$, in stripes a pixel. Keep every second pixel, $t = 2k$:
#
# $$ \cos(2\pi f \cdot 2k) = \cos\big(2\pi\,(2f)\,k\big) = \cos\big(2\pi\,(1 - 2f)\,k\big) \quad\text{for whole } k. $$
#
# In the small picture, frequency $2f$ cannot be told from $1 - 2f$. For $f$ up to $\frac14$ all is well. Beyond, narrow
# stripes appear as *wide* ones that do not exist: **aliasing**. The sampling theorem says: before you take every
# second pixel, remove what is finer than $f = \frac14$. A blur does that. Here is a picture whose stripes grow
# narrower from left to right, shrunk in four ways; *blur* is the kernel $(1, 2, 1)/4$ along both axes.
#
# > **Predict.** In the right half the stripes are too fine for the small picture. Ideally it would be plain grey.
# > What will it be in each of the four?


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
frequency = 0.5 * t / 256  # from 0 to half a stripe a pixel
stripes = 0.5 + 0.5 * np.cos(2 * np.pi * np.cumsum(frequency))
chart = np.broadcast_to(stripes, (1, 1, 40, 256)).copy()
halves = {
    "every second pixel": lambda x: first_pixel(x, 2),
    "max 2×2": lambda x: NF.max_pool2d(x, 2),
    "mean 2×2": lambda x: NF.avg_pool2d(x, 2),
    "blur, then every second": blur_pool,
}
figure, axes = viz.figure_grid(5, 1, size=(9, 4.6))
panels = {"stripes": chart, **{name: f(chart) for name, f in halves.items()}}
for place, (title, picture) in zip(axes[:, 0], panels.items(), strict=True):
    place.imshow(picture[0, 0], vmin=0, vmax=1, extent=(0, 0.5, 0, 0.06), aspect="auto")
    place.set(yticks=[], xticks=[], title=title)
axes[-1, 0].set_xticks([0, 0.125, 0.25, 0.375, 0.5])
axes[-1, 0].set_xlabel("frequency of the stripes (stripes a pixel)")
show(figure, "07/stripes-made-small")
for name, f in halves.items():
    print(f"{name:24} contrast of the false stripes {f(chart)[0, 0, 0, 70:125].std():.2f}")

# %% [markdown]
# The maximum is not a blur, so it cannot prevent aliasing. But it can be split: **max pooling with stride 2 is max
# pooling with stride 1, then keep every second pixel.** The first half is perfectly equivariant; the harm is in the
# second. Zhang (2019) puts a blur in between: *max, blur, subsample*.
#
# How good is the equivariance then? For a shift of 1, we compare $f(\text{shifted } x)$ with $f(x)$ moved by *half* a
# pixel. A map without too fine detail can be moved by half a pixel: in the Fourier picture of lesson 05 a shift is a
# phase, and a phase may be any number.


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

# %%
subsampled, mean, maximum, overlapping, blur, max_blur, wide_blur = half.values()

blurred = np.stack([max_blur_pool(one[None])[0] for one in shirts])
show(
    viz.image_row(
        [small[0, 0], small[1, 0], blurred[0, 0], blurred[1, 0]],
        ["max 2×2", "one pixel lower", "max, blur", "one pixel lower"],
        height=2.2,
        low=0,
        high=1,
    ),
    "07/shirt-pooled-in-two-ways",
)
plain, repaired = (np.abs(y[0] - y[1]).mean() / y.mean() for y in (small, blurred))
print(
    f"difference between the two small shirts, in units of their mean: {plain:.2f}; with blur "
    f"{repaired:.2f}"
)

column = shirt[10:28, 12]  # down the belly of the large shirt
spectrum = np.abs(np.fft.rfft(column - column.mean(), n=200))
print(f"strongest frequency of its stripes: {spectrum.argmax() / 200:.2f} stripes a pixel")

# %% tags=["check"]
# Check that the text is true.
assert subsampled > 1.3 * max(mean, maximum)
assert min(mean, maximum) > overlapping > 1.1 * blur
assert blur > 1.5 * max_blur > 2.5 * wide_blur
assert repaired < 0.75 * plain

# %% [markdown]
# The puzzle is solved: the shirt's stripes are just too narrow for the small picture, $f > \frac14$. Plain pooling
# turns them into something that depends on where the windows happen to lie. The blur admits that they cannot be shown.
# That is lossy, too; whether a network is better off is a question for an experiment.

# %% [markdown]
# ## 8. The experiment: pooling, stride or blur?
#
# Springenberg and others (2014) asked: is pooling needed at all? A convolution with stride 2 shrinks the map as
# well, it can *learn* how, and it computes only a quarter of the outputs. We compare five small networks: two 3×3
# convolutions with ReLU, each followed by a halving, then one matrix.
#
# - **max**, **mean**, **max, blur**: convolutions of stride 1 with 6 and 12 channels, then the pooling.
# - **stride**: the convolutions themselves have stride 2. The same number of weights, and much less work.
# - **stride, equal cost**: stride 2, with as many more channels as the saved work pays for.


# %%
class BlurPool(nn.Module):
    def __init__(self, channels):
        super().__init__()
        one_d = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer(
            "weight", torch.outer(one_d, one_d).expand(channels, 1, 3, 3).contiguous()
        )

    def forward(self, x):
        return F.conv2d(
            F.pad(x, (1, 1, 1, 1), mode="replicate"), self.weight, stride=2, groups=len(self.weight)
        )


def make(kind):
    first, second = (12, 27) if kind == "stride, equal cost" else (6, 12)
    stride = 2 if kind.startswith("stride") else 1
    halve = {
        "max": lambda channels: [nn.MaxPool2d(2)],
        "mean": lambda channels: [nn.AvgPool2d(2)],
        "max, blur": lambda channels: [nn.MaxPool2d(2, stride=1), BlurPool(channels)],
    }.get(kind, lambda channels: [])
    return nn.Sequential(
        nn.Conv2d(1, first, 3, stride, padding=1), nn.ReLU(), *halve(first),
        nn.Conv2d(first, second, 3, stride, padding=1), nn.ReLU(), *halve(second),
        nn.Flatten(), nn.Linear(second * 8 * 8, 10),
    )  # fmt: skip


def cost(kind, side=32):
    """Multiply-adds of the two convolutions and the matrix, for one image."""
    first, second = (12, 27) if kind == "stride, equal cost" else (6, 12)
    at = [side, side // 2] if kind in ("max", "mean", "max, blur") else [side // 2, side // 4]
    return 9 * first * at[0] ** 2 + 9 * first * second * at[1] ** 2 + second * 8 * 8 * 10


kinds = ["max", "mean", "stride", "stride, equal cost", "max, blur"]
for kind in kinds:
    weights = sum(p.numel() for p in make(kind).parameters())
    print(f"{kind:18} {weights:6,} parameters   {cost(kind):7,} multiply-adds")

# %% tags=["check"]
# Check that the text is true.
assert abs(cost("stride, equal cost") / cost("max") - 1) < 0.02

# %% [markdown]
# They train on 2,000 garments in the middle of a 32×32 frame, three random starts each. Then we shift the *test*
# images by 0 to 3 pixels (in four directions) and measure two things: accuracy, and how many **predictions change**
# when the image moves by one pixel, right or wrong.
#
# > **Predict.** (a) At equal cost, is max pooling more accurate than stride, less, or about equal? (b) Order the five
# > by how many predictions one pixel changes. (c) How much of its accuracy has the max-pooling network lost at 3
# pixels?


# %%
torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings


def prepare(images):
    """uint8 (N, 28, 28) → float32 (N, 1, 32, 32), normalised, a rim of black around."""
    x = (np.pad(images, ((0, 0), (2, 2), (2, 2)))[:, None] / 255 - 0.286) / 0.353
    return torch.from_numpy(x.astype(np.float32))


def train(kind, x, labels, seed):
    """200 steps with momentum; `descend` is the loop that lesson 01 writes out."""
    torch.manual_seed(seed)
    network = make(kind)
    descend(network, x, labels, steps=200, lr=0.04, batch_size=25)
    return network


def predictions(network, x, shift):
    """One row for each of the four directions."""
    moves = [(shift, 0), (-shift, 0), (0, shift), (0, -shift)]
    with torch.no_grad():
        return torch.stack(
            [network(torch.roll(x, move, dims=(2, 3))).argmax(dim=1) for move in moves]
        )


# %% tags=["nbval-ignore-output"]
train_images, train_labels = data.fashion_mnist("train")
x_train, y_train = prepare(train_images[:2000]), torch.from_numpy(train_labels[:2000])
x_test, y_test = prepare(garments[:500]), torch.from_numpy(labels[:500])

networks, accuracy, changed = {}, {}, {}
for kind in kinds:
    networks[kind] = [train(kind, x_train, y_train, seed) for seed in range(3)]
    outputs = np.array(
        [[predictions(network, x_test, s).numpy() for s in range(4)] for network in networks[kind]]
    )
    accuracy[kind] = (outputs == y_test.numpy()).mean(axis=(0, 2, 3))  # one for each shift
    changed[kind] = (outputs[:, 1] != outputs[:, 0]).mean()
    print(f"{kind:18} accuracy at shifts 0 to 3:", *[f"{a:.3f}" for a in accuracy[kind]],
          f"  changed by one pixel: {changed[kind]:.3f}")  # fmt: skip

# %%
figure = viz.line_chart(
    range(4), accuracy, "shift of the test image (pixels)", "test accuracy", size=(7, 3.4)
)
figure.axes[0].set_xticks(range(4))
show(figure, "07/accuracy-over-shift")
show(
    viz.bar_chart(
        {kind.replace(", ", ",\n"): value for kind, value in changed.items()},
        "predictions changed by one pixel",
        size=(7, 3),
    ),
    "07/predictions-that-change",
)

# %% tags=["check"]
# Check that the text is true.
assert abs(accuracy["max"][0] - accuracy["stride, equal cost"][0]) < 0.04
assert changed["stride, equal cost"] > changed["max"] + 0.015
assert changed["stride"] > changed["mean"] + 0.015
assert changed["max, blur"] < changed["max"] - 0.01
assert accuracy["max"][1] > accuracy["stride, equal cost"][1]
assert accuracy["max"][3] < accuracy["max"][0] - 0.15

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# - **Accuracy on unshifted images**: no clear difference at equal cost, only the scatter of small networks and of 500
#   test images (one image is 0.2 per cent). Springenberg and others found the same on larger ones.
# - **Stability**: a clear order. The strided networks change their minds most often, and more channels do not help.
#   Max and mean pooling change less, the blurred maximum least.
# - **Yet all of them fall**: at three pixels all have lost a great part of their accuracy. Two poolings of 2×2 forgive
#   a pixel or two; the matrix at the end, which knows places only, does the rest (lessons 01 and 04). Global pooling
#   before the head, or training on shifted images (lesson 09), are the stronger cures.
# </details>

# %% [markdown]
# ## Claims to test
#
# Decide for each in what sense it is true, then run the cell.
#
# 1. "Pooling commutes with translation."
# 2. "Pooling makes the network robust to small shifts."
# 3. "Stride can replace pooling."
# 4. "Max pooling keeps the most important information."

# %%
one_pixel = NF.max_pool2d(np.roll(edges, 1, axis=3), 2) - NF.max_pool2d(edges, 2)
two_pixels = NF.max_pool2d(np.roll(edges, 2, axis=3), 2) - np.roll(
    NF.max_pool2d(edges, 2), 1, axis=3
)
print("1. largest difference at a shift of 2 is zero:", np.abs(two_pixels).max() == 0,
      "  at a shift of 1:", np.abs(one_pixel).max() == 0)  # fmt: skip
print("2. fewer changed predictions than with stride:", changed["max"] < changed["stride"],
      "  fewer still with blur:", changed["max, blur"] < changed["max"])  # fmt: skip
gap = abs(accuracy["max"][0] - accuracy["stride, equal cost"][0])
less_stable = changed["stride, equal cost"] > changed["max"]
print(f"3. accuracy at equal cost within 4 %: {gap < 0.04}   but less stable: {less_stable}")
print("4. best reconstruction of a photograph:", min(errors, key=lambda name: errors[name]["4×4"]),
      "  highest peak of a sparse feature:", max(height, key=height.get))  # fmt: skip

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **Only for shifts that are multiples of the stride.** Pooling itself (stride 1) commutes with all; subsampling
#    with one in $S$ along each axis.
# 2. **True, in part.** It lowers the change of the maps and the number of changed predictions, for shifts smaller
#    than the window. Aliasing takes some of it back; a blur before the subsampling returns it.
# 3. **For accuracy yes, for stability no**, here and at equal cost. A strided convolution is a convolution followed by
#    dropping pixels, and dropping is what aliases.
# 4. **It keeps what is largest.** Whether that is important depends on the map: for a sparse detector yes; for a
#    photograph it is the worst of three choices.
# </details>

# %% [markdown]
# ## Summary
#
# 1. Pooling takes the maximum or mean of each window, channel by channel, without weights. Max pads with $-\infty$,
#    mean with zeros that count.
# 2. Backward: the mean shares $g$ equally, the maximum gives it to the winner, the first one at a tie; overlaps add up.
# 3. It is lossy on purpose: the mean keeps amounts, the maximum keeps peaks.
# 4. It makes maps *locally and partly* invariant, and equivariant only for multiples of the stride; global pooling is
#    invariant altogether.
# 5. Subsampling aliases. Max, then blur, then subsample is the most stable; stride saves work and is the least.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
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
# Three quarters (without ties). With overlap a pixel may win several windows, so at least some; the cell measures it
# on random numbers: most still get none.
# </details>
#
# **6.** A network was trained with max pooling. Somebody swaps it for mean pooling and keeps the weights. Does the
# accuracy collapse?
#
# <details><summary>Answer</summary>
#
# The shapes allow it, and one would expect the worst: all later layers now see smaller inputs. It loses a few per cent
# only. Neighbouring pixels of a map are alike, so the maximum and the mean of four of them go nearly together (the
# cell prints their correlation), and a smaller input changes the scores more than their order. With windows of 8×8 it
# would be another story.
# </details>

# %%
maps = np.zeros((1, 1, 13, 13))
print("1.", *[NF.max_pool2d(maps, K, 2, P).shape[2] for K, P in [(2, 0), (3, 0), (3, 1)]])
print(
    "2.",
    nn.AvgPool2d(3) and sum(p.numel() for p in nn.AvgPool2d(3).parameters()),
    64 * 9,
    64 * 64 * 9,
)

x = rng.normal(size=(2, 3, 16, 16))
for name, pool in [("max", NF.max_pool2d), ("mean", NF.avg_pool2d)]:
    print(f"3. {name:4} commutes with ReLU:", np.allclose(NF.relu(pool(x, 2)), pool(NF.relu(x), 2)),
          f"  4. twice 2×2 is 4×4: {np.allclose(pool(pool(x, 2), 2), pool(x, 4))},",
          f"twice 3×3 is 7×7: {np.allclose(pool(pool(x, 3, 2), 3, 2), pool(x, 7, 4))}")  # fmt: skip

x = rng.normal(size=(1, 1, 200, 200))
for K, S in [(2, 2), (3, 1)]:
    g = np.ones_like(NF.max_pool2d(x, K, S))
    print(
        f"5. K = {K}, S = {S}: {(NF.max_pool2d_backward(g, x, K, S) == 0).mean():.0%} without "
        "gradient"
    )

network = networks["max"][0]
swapped = make("mean")
swapped.load_state_dict(network.state_dict())
before, after = (
    (predictions(n, x_test, 0)[0] == y_test).float().mean().item() for n in (network, swapped)
)
with torch.no_grad():
    maps = torch.relu(network[0](x_test)).numpy()
together = np.corrcoef(NF.max_pool2d(maps, 2).ravel(), NF.avg_pool2d(maps, 2).ravel())[0, 1]
print(
    f"6. falls by less than 0.12: {before - after < 0.12};  correlation of maximum and mean above "
    f"0.9: {together > 0.9}"
)

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
