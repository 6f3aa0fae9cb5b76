# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 02 · Convolution
#
# [Start](00_start_here.ipynb) · previous: [01 Images as tensors](01_images_as_tensors.ipynb) ·
# next: [03 Shapes and receptive fields](03_shapes_and_receptive_fields.ipynb) ·
# [exercises of this unit](../exercises/02_convolution/02_convolution.ipynb)
#
# **After this lesson you can**
#
# - derive the convolution layer from a fully connected one, by two demands and nothing else;
# - compute any output of a convolution layer by hand, count its parameters, and write the layer in NumPy;
# - tell cross-correlation from convolution, say which one your library computes, and when that matters;
# - explain what convolution has to do with the sum of two dice;
# - read a small kernel, design one, and learn one from data by gradient descent.
#
# **Time** about 100 minutes, with the questions. The code runs in under a minute. On a short evening, read sections 1 to 4
# and 6, and leave sections 5 and 7 for another one.
#
# **You should know** lesson 01 (arrays (N, C, H, W), normalising, what a fully connected layer is) and the chain rule.

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
import numpy as np
import torch
import torch.nn.functional as F
from scipy import signal
from torch import nn

from cnncourse import data, show, table, viz
from cnncourse.numpy_nn import functional as NF
from cnncourse.viz.valleys import valleys

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# A neuron of a fully connected network computes one dot product of its weights with the whole image. We build one
# that has learned a cat's eye: its weights are the eye, at the place where the eye was, and zero elsewhere. (From the
# eye we subtract its mean. Section 2 shows what happens without that.)

# %%
cat = data.photograph("cat")[::2, ::2].mean(axis=2) / 255  # grey, 150×226
top, left, side = 42, 66, 36
eye = cat[top : top + side, left : left + side]
template = eye - eye.mean()

neuron = np.zeros_like(cat)
neuron[top : top + side, left : left + side] = template

# %% tags=["plumbing"]
# The picture, and the weights of the neuron.
figure = viz.image_row(
    [cat, neuron], ["the picture", "the neuron's weights"], share=False, height=2.4
)
# signed numbers: red adds, blue subtracts
figure.axes[1].images[0].set(cmap="RdBu_r", clim=(-0.5, 0.5))
show(figure, "02/cat-and-eye-weights")

# %% [markdown]
# Now the cat moves its head: we shift the picture to the right, one pixel at a time.
#
# > **Predict.** The neuron answers the unshifted picture with a certain number. By how many pixels must the cat move
# > until the answer has fallen to half? 1, 4, 10, or 36, the width of the eye?

# %%
shifts = range(37)
answers = [float((neuron * np.roll(cat, dx, axis=1)).sum()) for dx in shifts]
half = next(dx for dx in shifts if answers[dx] < answers[0] / 2)
print(f"answer unshifted: {answers[0]:.2f}; below half from a shift of {half} pixels on")

# %% tags=["plumbing"]
# The answer over the shift.
show(
    viz.line_chart(
        shifts, {"answer": answers}, "shift of the picture (pixels)", "answer", size=(5.5, 2.6)
    ),
    "02/answer-over-shift",
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Four pixels are enough. The neuron has not learned what an eye is. It has learned what this eye is *at this place*. To
# find it everywhere, a fully connected network would have to learn the eye again at every place, from examples of eyes
# at every place.
# </details>
#
# **The puzzle:** which weights must a layer have so that, when the picture moves, its answers *move along* and are
# otherwise unchanged? There is exactly one answer, and we now derive it.

# %% [markdown]
# ## 1. From a fully connected layer to convolution
#
# Give the layer as many outputs as pixels and arrange them as an image, too. Then each weight has four indices:
# output $(i, j)$ looks at input $(a, b)$ with weight $W[i, j, a, b]$ ($W$ with four indices is a weight, $W$ alone
# stays the width),
#
# $$ y[i, j] = \sum_{a, b} W[i, j, a, b]\; x[a, b]. $$
#
# For 28×28 pixels that is $784^2$ weights. Without changing anything, count the input's place *relative* to the
# output's: $a = i + u$, $b = j + v$, and $V[i, j, u, v] = W[i, j, i + u, j + v]$:
#
# $$ y[i, j] = \sum_{u, v} V[i, j, u, v]\; x[i + u, j + v]. $$
#
# **First demand: equivariance.** *When the input is shifted, the output is shifted in the same way.* Write
# $x'[a, b] = x[a - p, b - q]$ for the shifted input. We demand $y'[i, j] = y[i - p, j - q]$ for every $x$ and every
# shift $(p, q)$. The left side is
#
# $$ y'[i, j] = \sum_{u, v} V[i, j, u, v]\; x[i - p + u,\; j - q + v], $$
#
# the right side is
#
# $$ y[i - p, j - q] = \sum_{u, v} V[i - p, j - q, u, v]\; x[i - p + u,\; j - q + v]. $$
#
# Both are sums over the same pixels of $x$. They agree for *every* $x$ only if the weights agree one by one:
# $V[i, j, u, v] = V[i - p, j - q, u, v]$ for all shifts. So **$V$ cannot depend on $i, j$ at all**. Call it $w[u, v]$:
#
# $$ \boxed{\; y[i, j] = \sum_{u, v} w[u, v]\; x[i + u, j + v] \;} $$
#
# We did not decide to "share weights": the demand forced it. (To shift an image something must come in from outside. The
# derivation is exact on an endless image, or on one whose edges are glued together; lesson 04 measures what happens
# at real borders.)
#
# Here are the weights with which two different outputs look at a 15×15 image. For the fully connected layer they are
# random numbers. For $w[u, v]$ we take rings around $u = v = 0$, so that one can see what moves.
#
# > **Predict.** In the equivariant layer: where is the centre of the rings for output (4, 4), where for output (10, 8)?

# %%
side, delta, outputs = 15, 2, [(4, 4), (10, 8)]
free = rng.uniform(-1, 1, size=(2, side, side))  # W[i, j]: each output has its own
offset = np.arange(1 - side, side)  # u and v, from −14 to 14
distance = np.hypot(offset[:, None], offset[None, :])
relative = np.cos(1.2 * distance) * np.exp(-distance / 6)  # w[u, v]
near = np.abs(offset) <= delta
local = relative * near[:, None] * near[None, :]

maps = []
for k, (i, j) in enumerate(outputs):
    # u = a − i, v = b − j
    seen = np.s_[side - 1 - i : 2 * side - 1 - i, side - 1 - j : 2 * side - 1 - j]
    maps += [free[k], relative[seen], local[seen]]

# %% tags=["plumbing"]
# The weights of both outputs.
titles = [
    f"{kind}\noutput {place}"
    for place in outputs
    for kind in ("fully connected", "equivariant", "and local")
]
figure = viz.image_row(maps, titles, columns=3, signed=True, height=1.9)
for place, (i, j) in zip(figure.axes, np.repeat(outputs, 3, axis=0), strict=True):
    place.plot(
        j, i, "o", markersize=9, markerfacecolor="none", markeredgecolor="black", markeredgewidth=2
    )
show(figure, "02/weights-of-two-outputs")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# At the output's own place, which is circled: the rings move with the output. The right column already shows the next
# demand.
# </details>
#
# **Second demand: locality.** *What is at a place is decided by its surroundings*: $w[u, v] = 0$ unless $|u|, |v| \le
# \Delta$. What remains are $(2\Delta + 1)^2$ numbers, the **kernel**.

# %%
H = W = 28
rows = [("fully connected", (H * W) ** 2), ("equivariant", (2 * H - 1) * (2 * W - 1))]
rows += [(f"and local, Δ = {delta}: kernel {2 * delta + 1}×{2 * delta + 1}", (2 * delta + 1) ** 2)
         for delta in (1, 2, 3)]  # fmt: skip
table(rows, {"layer from 28×28 to 28×28": "", "weights": ","})

# %% [markdown]
# ### Is that really all?
#
# A derivation deserves an attempt to break it. Take a tiny image, 4×4, edges glued. *Any* linear map from it to
# itself is a 16×16 matrix $M$: 256 free numbers. Let $S_y$ and $S_x$ be the matrices that shift down and right by one
# pixel. Equivariance means $M S_y = S_y M$ and $M S_x = S_x M$: linear equations for the 256 unknowns. We let linear
# algebra count the solutions.
#
# For that the unknowns must form one vector. Write the columns of $M$ below one another and call the result
# $\operatorname{vec}(M)$. A product with another matrix from the left acts on each column alone, a product from the right
# mixes the columns. Write $1$ for the 16×16 identity matrix and $\otimes$ for the Kronecker product (each entry of the
# left matrix times the whole right matrix): $\operatorname{vec}(S M) = (1 \otimes S)\operatorname{vec}(M)$ and
# $\operatorname{vec}(M S) = (S^\top \otimes 1)\operatorname{vec}(M)$. So each demand reads
# $(S^\top \otimes 1 - 1 \otimes S)\operatorname{vec}(M) = 0$.
#
# > **Predict.** How many independent solutions are there?

# %%
size = 4
identity = np.eye(size * size)
pixels = np.arange(size * size).reshape(size, size)
shift_down = identity[np.roll(pixels, 1, axis=0).ravel()]
shift_right = identity[np.roll(pixels, 1, axis=1).ravel()]

any_matrix = rng.normal(size=(16, 16))  # to test the formula; ravel("F") goes down the columns
one_demand = np.kron(shift_down.T, identity) - np.kron(identity, shift_down)
by_formula = one_demand @ any_matrix.ravel("F")
directly = (any_matrix @ shift_down - shift_down @ any_matrix).ravel("F")
print("the formula is right:", np.allclose(by_formula, directly))
equations = np.vstack(
    [np.kron(S.T, identity) - np.kron(identity, S) for S in (shift_down, shift_right)]
)
solutions = equations.shape[1] - np.linalg.matrix_rank(equations)
print(f"{equations.shape[0]} equations for {equations.shape[1]} unknowns leave {solutions} free")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Sixteen, the number of relative positions on a glued 4×4 image: one kernel as large as the image. So there is no other
# equivariant linear layer: **linear and translation-equivariant means
# convolution**. (On an unglued image there are $(2H-1)(2W-1)$ relative positions. On a glued one of four pixels across,
# $+3$ and $-1$ lead to the same pixel, so four remain along each axis.) The same argument with rotations or other groups in place of shifts gives other layers: that is the idea
# of Cohen and Welling's group equivariant networks.
# </details>

# %% [markdown]
# ## 2. The sliding window, by hand
#
# Indices from $-\Delta$ to $\Delta$ are pretty in a derivation and awkward in code. From here on the kernel has $K$
# rows and columns, numbered from 0, and we compute only where the window fits inside the image ("valid"):
#
# $$ y[i, j] = \sum_{u=0}^{K-1} \sum_{v=0}^{K-1} w[u, v]\; x[i + u, j + v], \qquad 0 \le i \le H - K,\; 0 \le j \le W
# - K. $$
#
# A 5×5 image and a 3×3 kernel:

# %%
x = np.array([[1, 2, 0, 1, 3], [0, 1, 3, 2, 1], [2, 4, 1, 0, 0], [1, 0, 2, 5, 1], [3, 1, 0, 2, 2]])
w = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
print(x, w, sep="\n\n")

# %% [markdown]
# > **Predict.** Do the nine products for the output at row 1, column 2. What is their sum?

# %% tags=["plumbing"]
# The window at row 1, column 2.
show(viz.sliding_window(x, w, position=(1, 2)), "02/one-window")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The window holds (3, 2, 1), (1, 0, 0), (2, 5, 1). The middle column of the kernel is zero, so the sum is
# $1 \cdot 3 - 1 \cdot 1 + 2 \cdot 1 - 2 \cdot 0 + 1 \cdot 2 - 1 \cdot 1 = 5$.
# </details>
#
# One output is the double sum of the formula. This image has room for 3 × 3 windows, so there are nine outputs. (In the
# exercises you write it for images and kernels of every size.)


# %% tags=["answer"]
def output_at(x, w, i, j):
    """The formula for one output: the products in the window at row i, column j, added up."""
    total = 0
    for u in range(3):
        for v in range(3):
            total += w[u, v] * x[i + u, j + v]
    return total


def nine_outputs(x, w):
    """All outputs of a 5×5 image under a 3×3 kernel."""
    return np.array([[output_at(x, w, i, j) for j in range(3)] for i in range(3)])


print(nine_outputs(x, w))

# %% tags=["check"]
# Check that the text is true.
assert x[1:4, 2:5].tolist() == [[3, 2, 1], [1, 0, 0], [2, 5, 1]]
assert nine_outputs(x, w)[1, 2] == 5

# %% [markdown]
# ### Try it yourself
#
# The same on a photograph of 48×48 pixels. Choose a kernel; drag the window, or press *play* and watch the output fill.
# (Click on the photograph first, then the arrow keys move the window, too.) Where is the sum large, where is it near
# zero? Which way do the edges run that “changes along x” finds?

# %% tags=["open"]
from cnncourse.viz.widgets.sliding_window import SlidingWindow

head = data.photograph("camera")[50:194:3, 178:322:3] / 255
edges_x, blur_3 = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]), np.ones((3, 3)) / 9
kernels = {"changes along x": edges_x, "changes along y": edges_x.T, "mean": blur_3}
SlidingWindow(head, kernels, position=(20, 29))

# %% [markdown]
# Each output is a **dot product** of the kernel with the window under it. That is why a kernel is also called a
# *filter* or a *feature detector*: among windows of equal length (as vectors), the dot product is largest for the
# window that points the way the kernel does. Now the puzzle's eye becomes a kernel, and slides.
#
# > **Predict.** Where will the answer be largest, with the eye itself as kernel? And with the eye minus its mean?
# > (The place of an answer is that of its window's top left pixel.)
#
# Python loops over so many windows take long. SciPy has a fast function for any image and kernel:


# %%
def correlate(x, w):
    """One output for each place where the window fits."""
    return signal.correlate2d(x, w, "valid")


same = np.array_equal(correlate(x, w), nine_outputs(x, w))
print("on the 5×5 image it gives our nine outputs:", same)

raw_map, template_map = correlate(cat, eye), correlate(cat, template)


def place_of_maximum(y):
    return tuple(int(k) for k in np.unravel_index(y.argmax(), y.shape))


places = {
    "the eye is at": (top, left),
    "largest answer, the eye as kernel": place_of_maximum(raw_map),
    "largest answer, eye minus its mean": place_of_maximum(template_map),
}
table([(name, *place) for name, place in places.items()], ["", "row", "column"])

# %% tags=["plumbing"]
# Both maps, with a circle at the largest answer.
titles = ["kernel: the eye", "kernel: eye minus its mean"]
figure = viz.image_row([raw_map, template_map], titles, share=False, height=2.4)
for axes, response in zip(figure.axes, [raw_map, template_map], strict=False):
    i, j = place_of_maximum(response)
    axes.plot(j, i, "o", markersize=14, markerfacecolor="none", markeredgecolor="#E69F00",
              markeredgewidth=2.5, clip_on=False)  # fmt: skip
show(figure, "02/where-is-the-eye")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The raw eye answers to *brightness*: all its weights are positive, so a bright window wins, whatever it shows.
# Subtracting the mean makes the weights sum to zero: then a constant added to the whole window changes nothing,
# and the eye is found, to the pixel. So "the answer is largest where the pattern is" is not true of every kernel, and even the
# mean-free one still answers to *contrast* (a window of twice the contrast gives twice the answer).
# </details>
#
# And what the puzzle asked for: the picture moves, the answers move along.

# %% tags=["answer"]
rows = []
for dx in (0, 7, 25):
    answer = correlate(np.roll(cat, dx, axis=1), template)
    rows.append((str(dx), answer.max(), *place_of_maximum(answer)))
table(rows, {"moved by": "", "largest answer": ".2f", "row": "d", "column": "d"})

# %% tags=["check"]
# Check that the text is true.
assert place_of_maximum(template_map) == (top, left) != place_of_maximum(raw_map)
assert [row[2:] for row in rows] == [(top, left + dx) for dx in (0, 7, 25)]

# %% [markdown]
# ## 3. Channels, filters, bias: the convolution layer
#
# A colour picture has $C_\text{in} = 3$ channels. The window is then a *box* of $C_\text{in} \times K \times K$
# numbers, the filter is as deep as the input, and one dot product still gives one number: the sum runs over channels,
# too. A layer has $C_\text{out}$ such filters, each with a bias, and each gives one channel of the output, a
# **feature map**:
#
# $$ y[n, o, i, j] = b[o] + \sum_{c=0}^{C_\text{in}-1} \sum_{u=0}^{K-1} \sum_{v=0}^{K-1} w[o, c, u, v]\; x[n, c, i +
# u, j + v]. $$


# %%
def conv2d_naive(x, w, b):
    """x (N, C_in, H, W), w (C_out, C_in, K, K), b (C_out,) → (N, C_out, H − K + 1, W − K + 1)."""
    N, C_in, H, W = x.shape
    C_out, _, K, _ = w.shape
    y = np.zeros((N, C_out, H - K + 1, W - K + 1), dtype=x.dtype)
    for n, o, i, j in np.ndindex(*y.shape):
        y[n, o, i, j] = b[o]
        for c in range(C_in):
            for u in range(K):
                for v in range(K):
                    y[n, o, i, j] += w[o, c, u, v] * x[n, c, i + u, j + v]
    return y


def conv2d(x, w, b):
    """The same: all windows at once, and the sum over (c, u, v) left to einsum."""
    K = w.shape[-1]
    # (N, C_in, H', W', K, K)
    windows = np.lib.stride_tricks.sliding_window_view(x, (K, K), axis=(2, 3))
    return np.einsum("ncijuv,ocuv->noij", windows, w) + b[:, None, None]


# %% [markdown]
# The fast version is the formula once more: the letters in `einsum` are the indices of the sum. Four implementations
# must agree: the loops, the windows, the package's own, and PyTorch's. We try them on random numbers, in float64, and
# on sides that are not equal.

# %%
x = rng.normal(size=(2, 3, 9, 12))
w, b = rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4)
loops = conv2d_naive(x, w, b)
others = {
    "windows and einsum": conv2d(x, w, b),
    "NF.conv2d": NF.conv2d(x, w, b),
    "torch": F.conv2d(torch.from_numpy(x), torch.from_numpy(w), torch.from_numpy(b)).numpy(),
}
print("output shape", loops.shape)
rows = [(name, np.abs(y - loops).max() < 1e-12) for name, y in others.items()]
table(rows, ["", "agrees with the loops to 1e-12"])

# %% tags=["check"]
# Check that the text is true.
assert all(row[1] for row in rows)

# %% [markdown]
# One filter over three channels is three kernels whose answers are added. That makes a detector for *colour*: plus on
# red, minus on blue, nothing on green, each averaged over 3×3 pixels. The astronaut wears an orange suit.

# %%
astronaut = data.photograph("astronaut")[::2, ::2].transpose(2, 0, 1) / 255
average = np.ones((3, 3)) / 9
orange_filter = np.stack([average, 0 * average, -average])[None]  # (1, 3, 3, 3)
parts = [
    conv2d(astronaut[None, c : c + 1], orange_filter[:, c : c + 1], np.zeros(1))[0, 0]
    for c in range(3)
]
whole = conv2d(astronaut[None], orange_filter, np.zeros(1))[0, 0]
print("the three parts add up to the whole:", np.allclose(sum(parts), whole))

# %% tags=["plumbing"]
# The input, the three parts, and their sum.
figure = viz.image_row(
    [astronaut, *parts, whole],
    ["input", "red × (+1/9)", "green × 0", "blue × (−1/9)", "sum: orange"],
    signed=True,
    height=1.9,
)
show(figure, "02/filter-on-three-channels")

# %% [markdown]
# ### How many parameters?
#
# One filter has $K^2 C_\text{in}$ weights and one bias; so the layer has $(K^2 C_\text{in} + 1)\, C_\text{out}$.
# **The size of the image does not occur in it.** Check the formula against layers that PyTorch built:

# %%
examples = {"one 3×3 filter on a grey image": (1, 1, 3), "3 → 8 channels, 5×5": (3, 8, 5),
            "five filters of 3×8×8": (3, 5, 8)}  # fmt: skip
rows = []
for name, (c_in, c_out, K) in examples.items():
    layer = nn.Conv2d(c_in, c_out, K)
    by_formula = (K**2 * c_in + 1) * c_out
    rows.append((name, layer.weight.numel(), layer.bias.numel(), by_formula))
table(rows, ["layer", "weights", "biases", "formula"])

# %% tags=["check"]
# Check that the text is true.
assert all(weights + biases == by_formula for _, weights, biases, by_formula in rows)

# %% [markdown]
# ## 4. Cross-correlation and convolution
#
# What we have called convolution so far, mathematics calls **cross-correlation**. The **convolution** of $x$ and $w$
# has minus signs:
#
# $$ \text{cross-correlation:}\quad (w \star x)[i, j] = \sum_{u, v} w[u, v]\, x[i + u, j + v], \qquad
#    \text{convolution:}\quad (w * x)[i, j] = \sum_{u, v} w[u, v]\, x[i - u, j - v]. $$
#
# Going backwards through the image is the same as going forwards with the kernel **flipped** along both axes (turned by
# 180°); only the indices of the outputs move by $K - 1$. The simplest image shows it: a single bright pixel.
#
# > **Predict.** The image is zero but for one 1 in its middle; the kernel holds the numbers 1 to 9. What will
# > the 3×3 output of each of the two look like?

# %%
impulse = np.zeros((5, 5), dtype=int)
impulse[2, 2] = 1
w = np.arange(1, 10).reshape(3, 3)
by_definition = nine_outputs(impulse, w), nine_outputs(impulse, w[::-1, ::-1])
panels = {"image": impulse, "kernel": w, "cross-correlation": by_definition[0],
          "convolution": by_definition[1]}  # fmt: skip

# %% tags=["plumbing"]
# The image, the kernel, and both outputs.
figure, axes = viz.figure_grid(1, 4, size=(9.2, 2.6), width_ratios=[5, 3, 3, 3])
for place, (title, values) in zip(axes[0], panels.items(), strict=True):
    viz.draw_values(place, values.astype(float), 0, 11 if values.max() > 1 else 1.3)
    place.set_title(title)
show(figure, "02/one-bright-pixel")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Convolution stamps the *kernel* wherever there is a bright pixel. Cross-correlation stamps the *turned* kernel: the
# pixel is first met by the window's last corner. Every pixel of a picture is such an impulse, and by linearity the
# whole output is a sum of stamps.
# </details>
#
# So which one does PyTorch's `conv2d` compute? Never trust a name; use an impulse. SciPy offers both.
#
# > **Predict.** Which of the two is PyTorch's `conv2d`, which is SciPy's `convolve2d`?

# %%
as_tensors = (torch.from_numpy(a[None, None].astype(float)) for a in (impulse, w))
from_torch = F.conv2d(*as_tensors).numpy()[0, 0]
from_scipy = signal.convolve2d(impulse, w, "valid")
rows = [(name, *(np.array_equal(y, wanted) for wanted in by_definition))
        for name, y in [("PyTorch's conv2d", from_torch),
                        ("SciPy's convolve2d", from_scipy)]]  # fmt: skip
table(rows, ["", "is a cross-correlation", "is a convolution"])

# %% tags=["check"]
# Check that the text is true.
assert [row[1:] for row in rows] == [(True, False), (False, True)]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# SciPy's is a convolution, PyTorch's is not. For PyTorch you could know it: in section 3 its `conv2d` agreed with our
# loops, whose formula has plus signs. The usual deep learning libraries compute cross-correlation and call
# it convolution.
# </details>
#
# Whether it matters for a *learned* kernel, section 7 will show. It does matter
# when you put in a kernel by hand, take weights from elsewhere, or use a theorem. Convolution has the better algebra:

# %%
a, b, c = rng.integers(-3, 4, size=(3, 4, 4))  # three random 4×4 arrays of whole numbers
convolve, cross = signal.convolve2d, signal.correlate2d  # both "full": every overlap, however small
rows = [(name, np.array_equal(op(a, b), op(b, a)),
         np.array_equal(op(op(a, b), c), op(a, op(b, c))))
        for name, op in [("convolution", convolve), ("cross-correlation", cross)]]  # fmt: skip
table(rows, ["", "commutative", "associative"])

# %% tags=["check"]
# Check that the text is true.
assert [row[1:] for row in rows] == [(True, True), (False, False)]

# %% [markdown]
# ## 5. The same sum, in a game of dice
#
# Why is there a minus sign at all? Because convolution is older than images: it is how chances add up.
# Throw two dice, $X$ and $Y$, and take the sum. Each of the 36 cells below is a possible throw; the cells with the
# same sum lie on a diagonal.

# %%
sums = np.arange(1, 7)[:, None] + np.arange(1, 7)[None, :]

# %% tags=["plumbing"]
# The 36 throws.
figure = viz.pixel_grid(sums, "X + Y for each throw", first=(1, 1), high=14)
figure.axes[0].set(xlabel="second die, Y", ylabel="first die, X")
show(figure, "02/sums-of-two-dice")

# %% [markdown]
# The list of the chances of all results is the **distribution** of $X + Y$. To get $z$, the first die must show some $x$
# and the second what is missing, $z - x$. For independent dice the two chances are multiplied, and the ways are added.
# With $p[x] = P(X = x)$ and $q[y] = P(Y = y)$ for the two distributions (here $p$ and $q$ are no shifts):
#
# $$ P(X + Y = z) = \sum_x P(X = x)\; P(Y = z - x) = (p * q)[z]. $$
#
# There is the minus sign: what one die has more, the other must have less. Now with two *loaded* dice, so that
# nothing is symmetric.

# %%
p = np.array([0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.5])  # index = number of eyes; a die that loves the 6
q = np.array([0, 0.4, 0.2, 0.1, 0.1, 0.1, 0.1])  # one that loves the 1


def chance_of(z):
    """The formula for one sum: every x that leaves a possible throw z − x to the second die."""
    return sum(p[x] * q[z - x] for x in range(7) if 0 <= z - x <= 6)


chances = np.array([chance_of(z) for z in range(13)])

throws = rng.choice(7, size=200_000, p=p) + rng.choice(7, size=200_000, p=q)
rows = [(str(z), chances[z], (throws == z).mean()) for z in range(2, 13)]
table(rows, {"sum": "", "formula": ".3f", "thrown": ".3f"})

# %% tags=["check"]
# Check that the text is true.
assert all(abs(by_formula - thrown) < 0.005 for _, by_formula, thrown in rows)

# %% [markdown]
# To compute all sums with a sliding window, lay $p$ on a strip, **flip** $q$, and slide it along: at each position
# multiply the numbers in the same column, and add. So a library that cross-correlates computes the distribution of a sum
# if we flip one die first. Take the sum $z = 5$ as an example. In the picture the numbers above the cells are $x$, the
# eyes of the first die:

# %%
z = 5
strip = np.concatenate([np.zeros(6), p, np.zeros(6)])  # p[0] is in column 6
window = np.zeros(len(strip))
window[z : z + 7] = q[::-1]  # q[0] is in column 6 + z
flipped = q[::-1].reshape(1, 1, -1).copy()
by_layer = NF.conv1d(p.reshape(1, 1, -1), flipped, padding=len(q) - 1)[0, 0]
print(f"sum of the products {(strip * window).sum():.3f}, P(X + Y = 5) {chances[5]:.3f}")
print("conv1d with the flipped die gives the distribution:", np.allclose(by_layer, chances))
print("np.convolve, which flips by itself, too:", np.allclose(np.convolve(p, q), chances))

# %% tags=["plumbing"]
# p, the flipped q, and the products; above them x, the number of eyes of the first die.
shown = np.full((3, len(strip)), np.nan)
shown[0, 6:13], shown[1, z : z + 7] = p, q[::-1]
shown[2, 6 : z + 7] = (strip * window)[6 : z + 7]
figure, axes = viz.figure_grid(size=(9.5, 1.9))
viz.draw_values(axes[0, 0], shown, 0, 0.6, decimals=2)
axes[0, 0].set_yticks(range(3), ["p[x]", "q flipped, moved to z = 5: q[5 − x]", "products"])
axes[0, 0].set_xticks(range(len(strip)), range(-6, len(strip) - 6))
axes[0, 0].xaxis.tick_top()
axes[0, 0].tick_params(length=0)
for spine in axes[0, 0].spines.values():
    spine.set(visible=True, color="0.4", linewidth=0.8)
show(figure, "02/dice-as-a-sliding-window")

# %% tags=["check"]
# Check that the text is true.
assert np.isclose((strip * window).sum(), chances[5])
assert np.allclose(by_layer, chances)
assert np.allclose(np.convolve(p, q), chances)

# %% [markdown]
# > **Predict.** And without the flip? `conv1d(p, q)` by itself is a cross-correlation. It is also the distribution of
# > something: of what?

# %%
plain = q.reshape(1, 1, -1)
without_flip = NF.conv1d(p.reshape(1, 1, -1), plain, padding=len(q) - 1)[0, 0]
print("13 numbers:", *(f"{chance:.2f}" for chance in without_flip))

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Of the *difference* $X - Y$, from $-6$ to $6$: $P(X - Y = d) = \sum_y P(X = d + y)\, P(Y = y)$, a cross-correlation.
# Convolution gives the distribution of a sum, cross-correlation that of a difference, and to flip is to go from $Y$ to
# $-Y$.
# </details>
#
# Throws of both dice test it:

# %% tags=["answer"]
throws = rng.choice(7, size=200_000, p=p) - rng.choice(7, size=200_000, p=q)
difference = np.array([(throws == d).mean() for d in range(-6, 7)])
table(zip([str(d) for d in range(-6, 7)], without_flip, difference, strict=True),
      {"": "", "without the flip": ".2f", "X − Y, thrown": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert np.abs(without_flip - difference).max() < 0.005

# %% [markdown]
# ### A blur is a random displacement
#
# Here dice and images meet. A photographer's hand trembles: while the shutter is open, the picture is shifted by a
# random $(U, V)$. What the sensor collects is the *mean* of the shifted pictures, weighted by their chances:
#
# $$ \sum_{u, v} P(U = u, V = v)\; x[i - u, j - v] . $$
#
# That is a convolution of the picture with the distribution of the shift. (The hand below trembles equally in all
# directions. For such a symmetric distribution a cross-correlation gives the same.)

# %%
camera = data.photograph("camera")[40:296:2, 130:386:2] / 255  # 128×128
chance_of_shift = np.array([0.1, 0.2, 0.4, 0.2, 0.1])  # from −2 to 2
blur = np.outer(chance_of_shift, chance_of_shift)  # the distribution of (U, V)

trembling = np.zeros_like(camera)
for _ in range(2000):
    dy, dx = rng.choice(5, size=2, p=chance_of_shift) - 2
    trembling += np.roll(camera, (dy, dx), axis=(0, 1)) / 2000

convolved = signal.convolve2d(camera, blur, "valid")
inside = trembling[2:-2, 2:-2]
print(f"largest difference: {np.abs(inside - convolved).max():.2f} (pixels run from 0 to 1)")

# %% tags=["plumbing"]
# Sharp, shaken and convolved.
show(
    viz.image_row(
        [camera[2:-2, 2:-2], inside, convolved],
        ["sharp", "mean of 2000 shifted", "convolved"],
        height=2.6,
    ),
    "02/trembling-hand",
)

# %% tags=["check"]
# Check that the text is true.
assert np.abs(inside - convolved).max() < 0.06

# %% [markdown]
# ### From sums to an integral (can wait)
#
# If $X$ and $Y$ take any real value, with densities $p$ and $q$, cut the line into steps of width $h$. The chance that
# $X$ falls into the step at $x$ is about $p(x)\,h$, and in the same way for $Y$ and for the sum. So the formula becomes
# $(p * q)(z)\,h \approx \sum_x p(x)\,h \; q(z - x)\,h$. Divide by $h$:
#
# $$ (p * q)(z) \approx \sum_x p(x)\, q(z - x)\; h \;\longrightarrow\; (p * q)(z) = \int p(x)\, q(z - x)\, dx \qquad
# (h \to 0). $$
#
# Test: two independent numbers between 0 and 1 with density $p(x) = 2x$. The integral can be done by hand (it is
# $\tfrac{2}{3} z^3$ up to 1, and $2z - \tfrac43 - 2z(z-1)^2 + \tfrac43 (z-1)^3$ from there to 2). How fast does the
# sum approach it?

# %%
rows = []
for h in (0.2, 0.1, 0.05, 0.025):
    t = np.arange(0, 1, h) + h / 2  # middles of the steps
    z = 2 * t[0] + h * np.arange(2 * len(t) - 1)  # the sums of two middles
    rising, falling = 2 / 3 * z**3, 2 * z - 4 / 3 - 2 * z * (z - 1) ** 2 + 4 / 3 * (z - 1) ** 3
    error = np.abs(h * np.convolve(2 * t, 2 * t) - np.where(z < 1, rising, falling)).max()
    rows.append((f"{h:.3f}", error, error / h**2))
table(rows, {"h": "", "largest error": ".4f", "error / h²": ".2f"})

# %% [markdown]
# Half the step, a quarter of the error: the sum goes to the integral. And if we keep adding random numbers?

# %%
h = 0.01
box = np.ones(100)  # the density of a number between 0 and 1, in 100 steps
densities = [box]
for _ in range(3):
    densities.append(h * np.convolve(densities[-1], box))
grids = {f"sum of {k + 1}": h * (np.arange(len(p_z)) + (k + 1) / 2)
         for k, p_z in enumerate(densities)}  # fmt: skip
variance = 4 / 12  # of a sum of four
normal = np.exp(-((grids["sum of 4"] - 2) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)
off = np.abs(densities[-1] - normal).max()
print(f"sum of 4 and a normal distribution: they differ by {off:.3f} of {normal.max():.3f}")

# %% tags=["plumbing"]
# The densities of one number and of sums.
show(
    viz.line_chart(
        grids, dict(zip(grids, densities, strict=True)), "value", "density", size=(6, 2.8)
    ),
    "02/densities-of-sums",
)

# %% [markdown]
# Box, triangle, bell: repeated convolution smooths everything towards the normal distribution. Keep this picture: in
# lesson 03 it explains the shape of a network's *effective receptive field*.

# %% [markdown]
# ## 6. Kernels made by hand
#
# Before kernels were learned they were designed. Read these seven (each has its own scale of colours, because the
# numbers of the blur are so small). Two questions take you far: what is the **sum** of
# the weights, and what is the output on a patch of constant grey?

# %%
sobel_x = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
kernels = {
    "identity": np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
    "blur": np.ones((3, 3)) / 9,
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "Sobel x": sobel_x,
    "Sobel y": sobel_x.T,
    "Laplacian": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "emboss": np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
}
# %% tags=["plumbing"]
# The seven kernels.
show(
    viz.kernel_row(list(kernels.values()), list(kernels), share=False, height=1.25),
    "02/seven-kernels",
)

# %%
constant = np.full((3, 3), 0.5)  # one window of constant grey
rows = [(name, kernel.sum(), correlate(constant, kernel)[0, 0]) for name, kernel in kernels.items()]
table(rows, {"kernel": "", "sum": ".1f", "output on constant grey 0.5": ".1f"})

# %% [markdown]
# > **Predict.** The table tells what each kernel makes of the sky, which is nearly constant. What will it make of the
# > rest of the photograph? Which way will the edges run that "Sobel x" finds?

# %%
x = camera[None, None]
filtered = {
    name: conv2d(x, kernel[None, None].astype(float), np.zeros(1))[0, 0]
    for name, kernel in kernels.items()
}
keeps = ["identity", "blur", "sharpen", "emboss"]
drops = ["Sobel x", "Sobel y", "Laplacian"]

# %% tags=["plumbing"]
# What the seven kernels make of the photograph.
show(
    viz.image_row([filtered[name] for name in keeps], keeps, height=2.3, low=0, high=1),
    "02/kernels-with-sum-one",
)
show(
    viz.image_row(
        [filtered[name] for name in drops], drops, signed=True, height=2.6, bar=True, low=-2, high=2
    ),
    "02/kernels-with-sum-zero",
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# - **Sum 1** keeps the mean brightness: blur, sharpen and emboss still look like the photograph. **Sum 0** gives zero
#   where the picture is constant: the sky is white on the signed scale.
# - *Sobel x* takes the difference right minus left, so it reacts to changes *along x*, and that is at **upright**
#   edges. Its sign says which side is brighter.
# - The *Laplacian* is the sum of second differences; at an edge it changes sign, hence the double lines. *Sharpen* is
#   the identity minus the Laplacian: it adds what the blur takes away.
# - *Emboss* mixes identity and a diagonal difference: bright on one side of things, dark on the other, as if lit.
# </details>
#
# Sobel's kernel is an outer product: smooth along one axis, differentiate along the other. So it is a blur *and* a
# derivative, and two 1-D passes (3 + 3 multiplications) do the work of nine. On a ramp that rises by $s$ per pixel its
# output is $8s$. Call the outputs of Sobel x and Sobel y $G_x$ and $G_y$. Together they give the strength of an edge,
# whatever its direction: $\sqrt{G_x^2 + G_y^2}$.

# %%
smooth, derive = np.array([1, 2, 1]), np.array([-1, 0, 1])
ramp = 3 * np.tile(np.arange(6), (5, 1))
difference = kernels["identity"] - kernels["Laplacian"]
print("Sobel x = smooth ⊗ derive:", np.array_equal(np.outer(smooth, derive), sobel_x))
print("sharpen = identity − Laplacian:", np.array_equal(difference, kernels["sharpen"]))
print("on a ramp that rises by 3:", np.unique(correlate(ramp, sobel_x)))

strength = np.hypot(filtered["Sobel x"], filtered["Sobel y"])

# %% tags=["plumbing"]
# The photograph and its edges.
show(
    viz.image_row([camera, strength], ["photograph", "strength of edges"], share=False, height=2.8),
    "02/edge-strength",
)

# %% [markdown]
# ## 7. A kernel learned from data
#
# Now turn the question round. We are given pictures before and after an unknown filter. Can we find its kernel?
# We know the form of the answer, $\hat y = w \star x$, and choose $w$ to make the mean squared error small:
#
# $$ L(w) = \frac{1}{H'W'} \sum_{i, j} e[i, j]^2, \qquad e[i, j] = \sum_{u, v} w[u, v]\, x[i + u, j + v] - y[i, j], $$
#
# with $H' \times W'$ outputs. The weight $w[u, v]$ takes part in *every* output; by the chain rule each contributes, and
# $\partial e[i, j] / \partial w[u, v] = x[i + u, j + v]$:
#
# $$ \frac{\partial L}{\partial w[u, v]} = \frac{2}{H'W'} \sum_{i, j} e[i, j]\; x[i + u, j + v]. $$
#
# Look at the right side: it is **again a cross-correlation**, of the input with the *error map* as a huge kernel. The
# sum over positions is there because the weight is shared; the $1/(H'W')$ is there only because our loss is a
# mean.


# %%
def loss_and_gradient(w, x, y):
    e = correlate(x, w) - y
    # the windows of x are as large as e: a 3×3 result
    return (e**2).mean(), 2 / e.size * correlate(x, e)


# %%
def numerical_gradient(w, x, y, eps=1e-5):
    gradient = np.zeros_like(w)
    for u, v in np.ndindex(*w.shape):
        step = np.zeros_like(w)
        step[u, v] = eps
        above, below = loss_and_gradient(w + step, x, y)[0], loss_and_gradient(w - step, x, y)[0]
        gradient[u, v] = (above - below) / (2 * eps)
    return gradient


x, y, w = rng.normal(size=(7, 9)), rng.normal(size=(5, 7)), rng.normal(size=(3, 3))
analytic, numerical = loss_and_gradient(w, x, y)[1], numerical_gradient(w, x, y)


def agrees(gradient):
    return np.abs(gradient - numerical).max() < 1e-8


print("the formula agrees with differences to 1e-8:", agrees(analytic))
print("does the check notice a flipped gradient?   ", not agrees(analytic[::-1, ::-1]))

# %% tags=["check"]
# Check that the text is true.
assert agrees(analytic)
assert not agrees(analytic[::-1, ::-1])

# %% [markdown]
# A derivation is not done until numbers agree; and a check is not done until you have seen it fail. Now the data: the
# unknown filter is Sobel's, with some noise on its answers (a tenth of their standard deviation). We have two
# photographs to learn from, the photographer and a heap of gravel, and we may normalise or not.

# %%
gravel = data.photograph("gravel")[:512:4, :512:4] / 255


def normalised(x):
    return (x - x.mean()) / x.std()


def before_and_after(x, kernel=sobel_x, noise=0.1):
    y = correlate(x, kernel)
    return x, y + noise * y.std() * np.random.default_rng(1).normal(size=y.shape)


examples = {
    "gravel, normalised": before_and_after(normalised(gravel)),
    "photographer, normalised": before_and_after(normalised(camera)),
    "photographer, raw [0, 1]": before_and_after(camera),
}

# %% tags=["plumbing"]
# The two photographs.
show(
    viz.image_row([gravel, camera], ["gravel", "photographer"], height=2.2),
    "02/gravel-and-photograph",
)

# %% [markdown]
# How large may a step be? Near its minimum the loss is a bowl. Take a direction in which it has the curvature $\lambda$,
# and let $d$ be the distance from the minimum along it. Then the loss is $\tfrac12 \lambda d^2$, its gradient
# $\lambda d$, and one step of gradient descent with learning rate $\eta$ gives
#
# $$ d \;\leftarrow\; d - \eta\,\lambda d = (1 - \eta\lambda)\, d . $$
#
# The distance shrinks by the same factor at every step, if that factor lies between $-1$ and $1$. Our loss has nine
# weights, so it has a 9×9 matrix of second derivatives. Differentiate the gradient above once more: the entry for
# $w[u, v]$ and $w[u', v']$ is $\frac{2}{H'W'} \sum_{i, j} x[i + u, j + v]\, x[i + u', j + v']$. The matrix's nine
# eigenvectors are such directions, and its eigenvalues are
# their curvatures, from $\lambda_\text{min}$ to $\lambda_\text{max}$. There is one $\eta$ for
# all of them. $\eta = 1/\lambda_\text{max}$ is the largest step that overshoots in no direction. (Above
# $2/\lambda_\text{max}$ the loss explodes.) Then the steepest direction is done in one step, and in the flattest one the
# distance shrinks by $1 - \lambda_\text{min}/\lambda_\text{max}$ per step: **the ratio of the curvatures decides.** If it is
# 1,000, a thousand steps are needed until the distance has fallen to about a third.


# %%
def second_derivatives(x):
    """Of the loss with respect to the nine weights: 2/(H'W') times the sum of window ⊗ window."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3)).reshape(-1, 9)
    return 2 / len(windows) * windows.T @ windows


def learn(x, y, steps=100, seed=2):
    w = 0.1 * np.random.default_rng(seed).normal(size=(3, 3))
    lr, losses = 1 / np.linalg.eigvalsh(second_derivatives(x))[-1], []
    for _ in range(steps):
        loss, gradient = loss_and_gradient(w, x, y)
        losses.append(loss / y.var())
        w = w - lr * gradient
    return w, losses


# %% [markdown]
# > **Predict.** From which of the three is the kernel learned fastest: gravel, the normalised photographer, or the raw
# > one?

# %%
learned = {name: learn(x, y) for name, (x, y) in examples.items()}
losses = {name: result[1] for name, result in learned.items()}
after_20 = {name: np.array([learn(x, y, 21, seed)[1][-1] for seed in range(5)])
            for name, (x, y) in examples.items()}  # fmt: skip
ratio = {}
for name, (x, _) in examples.items():
    eigenvalues = np.linalg.eigvalsh(second_derivatives(x))
    ratio[name] = eigenvalues[-1] / eigenvalues[0]
table([(name, ratio[name], after_20[name]) for name in examples],
      {"": "", "λ max / λ min": ".0f", "loss after 20 steps, from five starts": ".3f"})  # fmt: skip

# %% tags=["plumbing"]
# The loss over the steps, and the kernels after 100 steps.
show(
    viz.line_chart(
        np.arange(1, 101),
        losses,
        "step",
        "loss / variance of y",
        log="xy",
        size=(6.5, 3.2),
        markers=False,
    ),
    "02/loss-while-learning-a-kernel",
)
show(
    viz.kernel_row(
        [sobel_x, *[w for w, _ in learned.values()]],
        ["the truth", "gravel", "photographer", "raw"],
        decimals=1,
    ),
    "02/learned-kernels",
)

# %% tags=["plumbing"]
# The loss of two neighbouring weights, with 20 steps of gradient descent.
show(
    valleys(
        {name: second_derivatives(x)[3:5, 3:5] for name, (x, _) in examples.items()},
        names=("w[1, 0] − best", "w[1, 1] − best"),
    ),
    "02/three-valleys",
)

# %% tags=["check"]
# Check that the text is true.
assert np.abs(learned["gravel, normalised"][0] - sobel_x).max() < 0.05
worst, best = ([function(losses) for losses in after_20.values()] for function in (np.max, np.min))
assert worst[0] < best[1] <= worst[1] < best[2]
assert list(ratio.values()) == sorted(ratio.values())
for x, y in examples.values():  # the minimum itself
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3)).reshape(-1, 9)
    lowest = np.linalg.lstsq(windows, y.ravel(), rcond=None)[0].reshape(3, 3)
    assert np.abs(lowest - sobel_x).max() < 0.05

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Gravel wins by far, from every start, though the photographer is the better picture. In a smooth photograph neighbouring
# pixels are nearly equal, so nearly the same outputs come from many different kernels: what one weight gains its
# neighbour can lose. The loss is a long narrow valley, and gradient descent crosses it at once and then creeps along its
# floor. The last picture shows it for two of the nine weights, counted from their best values; the star is the minimum.
# Gravel is rough: neighbouring pixels differ, and the ratio of the curvatures is small.
# Without subtracting the mean, all nine inputs share one large common part, and the valley becomes still narrower. That
# is the reason, promised in lesson 01, why inputs are normalised. In all three cases the minimum is at the same kernel,
# Sobel's, up to the noise: only the way there is longer.
# </details>
#
# The same in PyTorch, which finds the gradient by itself. From the same start with the same step the two must agree
# at every step, not only at the end:

# %%
x, y = examples["gravel, normalised"]
layer = nn.Conv2d(1, 1, kernel_size=3, bias=False, dtype=torch.float64)
with torch.no_grad():
    layer.weight[0, 0] = torch.from_numpy(0.1 * np.random.default_rng(2).normal(size=(3, 3)))
inputs, targets = torch.from_numpy(x)[None, None], torch.from_numpy(y)[None, None]
lr = 1 / np.linalg.eigvalsh(second_derivatives(x))[-1]

torch_losses = []
for _ in range(100):
    loss = ((layer(inputs) - targets) ** 2).mean()
    layer.weight.grad = None
    loss.backward()
    with torch.no_grad():
        layer.weight -= lr * layer.weight.grad
    torch_losses.append(loss.item() / y.var())

w = layer.weight.detach().numpy()[0, 0]
numpy_w, numpy_losses = learned["gravel, normalised"]
same_losses = np.allclose(torch_losses, numpy_losses, rtol=0, atol=1e-10)
same_kernels = np.abs(w - numpy_w).max() < 1e-10
print("to 1e-10: losses agree at every step:", same_losses, " kernels agree:", same_kernels)

# %% tags=["check"]
# Check that the text is true.
assert same_losses
assert same_kernels

# %% [markdown]
# ### What can a layer learn?
#
# > **Predict.** Three new targets for the same layer, on gravel, without noise. What share of the target's variance
# > will the best kernel explain, and what will the kernel be?
# >
# > 1. A true *convolution* with the kernel 1 … 9 (minus 5).
# > 2. The strength of edges, $\sqrt{G_x^2 + G_y^2}$.
# > 3. The picture moved by one pixel to the left.

# %%
x = normalised(gravel)
ramp = np.arange(1.0, 10).reshape(3, 3) - 5
gx, gy = correlate(x, sobel_x), correlate(x, sobel_x.T)
targets = {
    "convolution": signal.convolve2d(x, ramp, "valid"),
    "strength of edges": np.hypot(gx, gy),
    "moved left": x[1:-1, 2:],
}
found, explained = {}, {}
for name, y in targets.items():
    y = y - y.mean()  # the layer has no bias
    found[name], losses_of_target = learn(x, y, steps=300)
    explained[name] = 1 - losses_of_target[-1]
table(explained.items(), {"target": "", "share of the variance explained": ".2f"})

# %% tags=["plumbing"]
# The kernels that were learned.
show(
    viz.kernel_row(
        [ramp, *found.values()],
        ["used in the convolution", *found],
        share=False,
        decimals=1,
        height=1.7,
    ),
    "02/kernels-for-three-targets",
)

# %% tags=["check"]
# Check that the text is true.
assert np.abs(found["convolution"] - ramp[::-1, ::-1]).max() < 1e-3
assert explained["strength of edges"] < 0.1
assert min(explained["convolution"], explained["moved left"]) > 0.99

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# 1. Everything is explained, and the layer learned the kernel **turned by 180°**. For a layer that learns it makes no
#    difference whether the library flips. It matters when you compare a learned kernel with one in a textbook.
# 2. Little is explained. An edge from light to dark and an edge from dark to light have the same strength. But a linear
#    filter gives them outputs of opposite signs, so it cannot be right for both. This is why networks put a
#    **nonlinearity** after each convolution.
# 3. Everything: to shift *is* a convolution, with a single 1 beside the middle. Such kernels appear again in lesson 05
#    (a convolution is a sum of shifted pictures).
# </details>

# %% [markdown]
# ## Claims to test
#
# 1. "PyTorch's `Conv2d` computes a convolution."
# 2. "A 3×3 filter has ten parameters whatever the size of the image, so its cost does not depend on the image."
# 3. "A feature map is largest where the feature is."
# 4. "A kernel that reaches Δ pixels in each direction has (2Δ)² = 4Δ² weights."
# 5. "A filter on a colour image is one kernel for each channel, whose answers are summed."
#
# > **Predict.** In what sense is each of them true?

# %%
impulse = torch.zeros(1, 1, 5, 5)
impulse[0, 0, 2, 2] = 1
kernel = torch.arange(1.0, 10).reshape(1, 1, 3, 3)
answer = F.conv2d(impulse, kernel)
reach = [2 * delta + 1 for delta in (1, 2, 3)]
image, kernels3 = rng.normal(size=(3, 8, 8)), rng.normal(size=(3, 3, 3))
summed = sum(correlate(image[c], kernels3[c]) for c in range(3))
whole = NF.conv2d(image[None], kernels3[None])[0, 0]

# %% tags=["plumbing"]
# The five measurements.
print("1. an impulse comes out as the kernel:", torch.equal(answer, kernel),
      "  as the kernel turned by 180°:", torch.equal(answer, kernel.flip(2, 3)))  # fmt: skip
print("2. multiplications:", {f"{n}×{n}": (n - 2) ** 2 * 9 for n in (28, 224)})
print("3. raw eye found at", place_of_maximum(raw_map),
      "  mean-free eye at", place_of_maximum(template_map), "  it is at", (top, left))  # fmt: skip
print("4. Δ = 1, 2, 3:", [K * K for K in reach], "weights, not", [4 * d**2 for d in (1, 2, 3)])
print("5. the sum of three equals the whole to 1e-12:", np.abs(summed - whole).max() < 1e-12)

# %% tags=["check"]
# Check that the text is true.
assert torch.equal(answer, kernel.flip(2, 3))
assert np.abs(summed - whole).max() < 1e-12

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **No**: cross-correlation. Harmless for learned kernels, a bug for kernels from a book.
# 2. **Half true.** The parameters do not depend on the size, the multiplications grow with the area.
# 3. **Only for some kernels.** With a mean left in it, a kernel finds brightness. Even without, contrast counts as
#    well as similarity.
# 4. **No**: $(2\Delta + 1)^2$, because the middle counts, too.
# 5. **True**, because the sum over channels is just a part of the one big sum. (Each *output* channel has its own set
#    of kernels; "one kernel for each channel and no sum" is another layer, the depthwise convolution of lesson 03.)
# </details>

# %% [markdown]
# ## Summary
#
# 1. A linear layer whose output moves with its input is a convolution: the demand leaves one weight per *relative*
#    position. Locality keeps $(2\Delta + 1)^2$ of them.
# 2. $y[n, o, i, j] = b[o] + \sum_{c, u, v} w[o, c, u, v]\, x[n, c, i + u, j + v]$: dot products of filters with
#    windows. The layer has $(K^2 C_\text{in} + 1)\, C_\text{out}$ parameters, at any image size.
# 3. Libraries compute cross-correlation; convolution flips the kernel first. Convolution gives the distribution of
#    $X + Y$, cross-correlation that of $X - Y$.
# 4. The sum of a kernel's weights is its output on constant brightness 1: 1 for blur and sharpen, 0 for Sobel and
#    Laplacian.
# 5. A kernel's gradient is the cross-correlation of input and error, a sum over all positions; with it the kernel is
#    learned from data, fast if the inputs are centred and rough.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** The image has rows (1, 2, 0), (0, 1, 3), (2, 0, 1); the kernel has rows (1, 0), (0, −1). What is the valid
# cross-correlation? And the convolution?
#
# <details><summary>Answer</summary>
#
# Cross-correlation subtracts from each pixel its neighbour down and right: rows $(1-1, 2-3) = (0, -1)$ and
# $(0-0, 1-1) = (0, 0)$. The flipped kernel has rows (−1, 0), (0, 1): everything changes its sign.
# </details>
#
# **2.** A layer takes 16 channels to 32 with 3×3 filters. How many parameters? How many if two layers of 1×1
# filters, from 16 to 8 and from 8 to 32, replace it?
#
# <details><summary>Answer</summary>
#
# $(9 \cdot 16 + 1) \cdot 32 = 4640$; and $(16 + 1) \cdot 8 + (8 + 1) \cdot 32 = 136 + 288 = 424$. But 1×1 filters see
# no neighbours.
# </details>
#
# **3.** For which of the seven kernels of section 6 do convolution and cross-correlation give the same? What happens
# for Sobel's?
#
# <details><summary>Answer</summary>
#
# For those that look the same turned by 180°: identity, blur, sharpen, Laplacian. Sobel's change their sign; emboss
# lights the scene from the other side.
# </details>
#
# **4.** You blur twice with the 3×3 mean. Which single kernel does the same? (Think of dice with three faces.)
#
# <details><summary>Answer</summary>
#
# The distribution of the sum of two throws of a three-faced die is (1, 2, 3, 2, 1)/9; in two dimensions it is the outer
# product with itself, a 5×5 kernel. Blurs add up like random displacements.
# </details>
#
# **5.** On a 32×32 image: how many weights has (a) a fully connected layer from image to image, (b) one that is local
# with 3×3 windows but shares nothing (edges ignored), (c) one that shares but is not local, edges glued, (d) a
# convolution 3×3?
#
# <details><summary>Answer</summary>
#
# (a) $1024^2 = 1{,}048{,}576$; (b) $9 \cdot 1024 = 9216$; (c) 1024; (d) 9. Locality saves a factor of about a
# hundred, sharing a factor of about a thousand: of the two demands equivariance is the stronger one.
# </details>
#
# **6.** In section 7 the loss is a mean over $H'W'$ outputs. A colleague leaves out the $1/(H'W')$ and keeps the learning
# rate. What happens?
#
# <details><summary>Answer</summary>
#
# All gradients and curvatures are $H'W'$ times as large, here about 16,000 times. The step is far beyond
# $2/\lambda_\text{max}$, and the weights explode within a few steps. The minimum itself is unchanged. So a learning rate
# only means something together with the loss's normalisation; lesson 06 returns to this.
# </details>

# %%
image, kernel = np.array([[1, 2, 0], [0, 1, 3], [2, 0, 1]]), np.array([[1, 0], [0, -1]])
convolved = signal.convolve2d(image, kernel, "valid")
print("1.", correlate(image, kernel).tolist(), convolved.tolist())
print("2.", (9 * 16 + 1) * 32, (16 + 1) * 8 + (8 + 1) * 32)
same = [name for name, kernel in kernels.items() if np.array_equal(kernel, kernel[::-1, ::-1])]
twice = signal.convolve2d(kernels["blur"], kernels["blur"])
print("3.", same)
print("4.", np.round(81 * twice).astype(int).tolist(), "/ 81")
print("   outer product:", np.allclose(twice, np.outer([1, 2, 3, 2, 1], [1, 2, 3, 2, 1]) / 81))
print("5.", 1024**2, 9 * 1024, 1024, 9)

x, y = examples["gravel, normalised"]
w, lr = np.zeros((3, 3)), 1 / np.linalg.eigvalsh(second_derivatives(x))[-1]
for _ in range(3):
    w = w - lr * y.size * loss_and_gradient(w, x, y)[1]
print(
    "6.", y.size, "outputs; a weight is above a million after three steps:", np.abs(w).max() > 1e6
)

# %% [markdown]
# ## Where to read more
#
# - I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning* (2016), chapter 9, sections 9.1 and 9.2: the operation and
#   the motivation.
# - C. M. Bishop and H. Bishop, *Deep Learning: Foundations and Concepts* (2024), section 10.2: feature detectors,
#   equivariance, several channels.
# - A. Zhang, Z. C. Lipton, M. Li, A. J. Smola, *Dive into Deep Learning* (2023), "From fully connected layers to
#   convolutions": the route of section 1.
# - R. Szeliski, *Computer Vision: Algorithms and Applications* (2nd edition, 2022), section 3.2: linear filters by
#   hand.
# - C. M. Grinstead, J. L. Snell, *Introduction to Probability* (2nd edition, 1997): the chapter on sums of
#   independent random variables.
# - K. Fukushima, "Neocognitron", *Biological Cybernetics* 36 (1980), and Y. LeCun and others, "Backpropagation
#   applied to handwritten zip code recognition", *Neural Computation* 1 (1989): shared local weights, first designed,
#   then learned.
# - T. S. Cohen, M. Welling, "Group equivariant convolutional networks", ICML (2016): the derivation of section 1 for
#   rotations and reflections, too.
#
# **Next:** the [exercises of this unit](../exercises/02_convolution/02_convolution.ipynb), then
# [03 Shapes and receptive fields](03_shapes_and_receptive_fields.ipynb): padding, stride, dilation, and how far a
# network sees.
