# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 06 · Backpropagation through convolution
#
# [Start](00_start_here.ipynb) · previous: [05 Fast convolution](05_fast_convolution.ipynb) ·
# next: [07 Pooling](07_pooling.ipynb) ·
# [exercises of this unit](../exercises/06_backpropagation/06_backpropagation.ipynb)
#
# **After this lesson you can**
#
# - derive, index by index, how a loss changes with a convolution's bias, weights and input, for any stride, padding,
#   dilation and number of groups;
# - say why the gradient of a shared weight is a *sum*, and what goes wrong in training if one takes the mean;
# - write the backward pass as one loop, as correlations, and as a transposed matrix, and know that they are one thing;
# - check a gradient numerically so that a wrong one cannot pass;
# - explain what a transposed convolution is and where its checkerboard comes from.
#
# **Time** about 100 minutes, with the questions. The code runs in under a minute.
#
# **You should know** lesson 02 (the convolution layer), lesson 03 (stride, padding, dilation, groups), the matrix of
# lesson 04, and the chain rule.

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from cnncourse import data, show, viz
from cnncourse.numpy_nn import functional as NF
from cnncourse.numpy_nn.algorithms.toeplitz import conv_matrix
from cnncourse.viz.backward import backward_scatter, weight_gradient

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# A camera was jerked while the shutter was open. The picture is smeared along a diagonal; we even know the smear: a
# 7×7 kernel `w`, so that *blurred* = `conv2d`(*sharp*, `w`). Can we get the sharp picture back?

# %%
sharp = data.photograph("camera")[40:296:2, 130:386:2][None, None] / 255  # (1, 1, 128, 128)
smear = np.diag(0.7 ** np.arange(7))
smear /= smear.sum()
w = smear[None, None]
blurred = NF.conv2d(sharp, w)

figure = viz.image_row(
    [sharp[0, 0], smear, blurred[0, 0]],
    ["sharp (not known to us)", "the smear w", "blurred"],
    share=False,
    height=2.6,
)
show(figure, "06/moved-while-exposed")

# %% [markdown]
# The idea: start from a plain grey picture `x`. Blur it and compare with the blurred photograph. The difference
# `g = conv2d(x, w) - blurred` is an image of errors. Use it to correct `x`, and repeat. But `g` is smaller than `x`
# (122×122 against 128×128), and each error was made by *a whole window of pixels together*. How does one hand it back
# to them? Two proposals:
#
# - **A, slide.** Do with `g` what the layer does with pictures: pad it with 6 zeros all round and slide the same `w`
#   over it. The result has 128×128 numbers.
# - **B, stamp.** Take each number of `g` and add `g[i, j] * w`, a multiple of the whole kernel, to the 7×7 pixels of
#   the window it came from.
#
# > **Predict.** Both have the right shape and both spread an error over 7×7 pixels. Does it matter? We take 20 steps
# > with each, `x` minus the correction.


# %%
def slide(g):
    return NF.conv2d(np.pad(g, ((0, 0), (0, 0), (6, 6), (6, 6))), w)


def stamp(g):
    correction = np.zeros((1, 1, 128, 128))
    for i, j in np.ndindex(122, 122):
        correction[0, 0, i : i + 7, j : j + 7] += g[0, 0, i, j] * smear
    return correction


for name, hand_back in [("A, slide", slide), ("B, stamp", stamp)]:
    x = np.full_like(sharp, 0.5)
    losses = []
    for _ in range(21):
        g = NF.conv2d(x, w) - blurred
        losses.append(0.5 * (g**2).sum())
        x = x - hand_back(g)
    print(
        name,
        " sum of squared errors / 2 after 0, 5, 10, 20 steps:",
        *[f"{losses[k]:9.2f}" for k in (0, 5, 10, 20)],
    )

# %% [markdown]
# B improves the picture with every step. A seems to help at first, and then blows up. This is not a matter of taste:
# the correction that makes the loss fall is its **gradient**, and the chain rule says what that is. By the end of
# section 4 you can derive which proposal is the gradient, and we get the photograph back.

# %% [markdown]
# ## 1. What arrives and what is owed
#
# Backpropagation is a contract between layers. Somewhere above there is a loss $L$, one number. When the backward pass
# reaches our layer, it brings
#
# $$ g[n, o, i, j] = \frac{\partial L}{\partial y[n, o, i, j]}, $$
#
# an array with the shape of the layer's *output*: how much would $L$ grow if this one output grew? (Code calls it
# `grad_output`; it is also called the upstream gradient.) The layer owes three answers, each with the shape of
# the thing it speaks about: $\partial L/\partial w$ and $\partial L/\partial b$ for the optimiser, and
# $\partial L/\partial x$ to pass on to the layer below, for which it is *its* upstream gradient. What the loss is, and
# what lies above, does not matter.
#
# The only tool we need is the chain rule for something that influences $L$ along many ways. If a number $p$ enters
# several outputs, then
#
# $$ \frac{\partial L}{\partial p} = \sum_{\text{all outputs } k} g[k]\; \frac{\partial y[k]}{\partial p}. $$
#
# So there is one question to ask, three times: **which outputs did this number influence, and by which factor?**
# Everything in this lesson is an answer to it.

# %% [markdown]
# ## 2. The gradient of the bias
#
# We start with lesson 02's layer: stride 1, no padding.
#
# $$ y[n, o, i, j] = b[o] + \sum_{c, u, v} w[o, c, u, v]\; x[n, c, i + u, j + v]. $$
#
# *Which outputs did $b[o]$ influence?* All of channel $o$, in all images, at all places, each by the factor 1:
#
# $$ \boxed{\; \frac{\partial L}{\partial b[o]} = \sum_{n, i, j} g[n, o, i, j] \;} $$
#
# It is a sum, not a mean: when the bias grows by a little, *every* output grows by it. Compare with PyTorch, under a
# random upstream gradient (section 6 says why random):

# %%
x, w = rng.normal(size=(2, 3, 6, 7)), rng.normal(size=(4, 3, 3, 3))
b, g = rng.normal(size=4), rng.normal(size=(2, 4, 4, 5))


def torch_gradients(g, x, w, b, **options):
    """∂L/∂x, ∂L/∂w, ∂L/∂b by PyTorch, where g is ∂L/∂y."""
    x, w, b = (torch.from_numpy(array).requires_grad_() for array in (x, w, b))
    y = F.conv2d(x, w, b, **options)
    return [gradient.numpy() for gradient in torch.autograd.grad(y, (x, w, b), torch.from_numpy(g))]


print("sum over n, i, j:", g.sum(axis=(0, 2, 3)))
print("PyTorch:         ", torch_gradients(g, x, w, b)[2])

# %% [markdown]
# ## 3. The gradient of a shared weight
#
# *Which outputs did $w[o, c, u, v]$ influence?* Again all of channel $o$, for the kernel visits every place. The
# factor is the pixel that lay under this weight at that place: $\partial y[n, o, i, j] / \partial w[o, c, u, v] =
# x[n, c, i + u, j + v]$. So
#
# $$ \boxed{\; \frac{\partial L}{\partial w[o, c, u, v]} = \sum_{n, i, j} g[n, o, i, j]\; x[n, c, i + u, j + v] \;} $$
#
# In words: take every window that the kernel saw, multiply it by the gradient of the output that it made, and add the
# windows up. Small numbers: a 5×5 image, a 3×3 kernel, stride 2 (the windows start at rows and columns 0 and 2). There
# are **four** positions, so four windows to add.

# %%
image = np.array(
    [[1, 2, 0, 1, 3], [0, 1, 3, 2, 1], [2, 4, 1, 0, 0], [1, 0, 2, 5, 1], [3, 1, 0, 2, 2]]
)
from_above = np.array([[1, -2], [3, 1]])
show(weight_gradient(image, from_above, kernel_size=3, stride=2), "06/windows-and-their-gradients")

for S in [1, 2]:
    positions = NF.conv2d(image[None, None].astype(float), np.ones((1, 1, 3, 3)), stride=S).size
    print(f"3×3 kernel on 5×5, stride {S}: {positions} positions share each weight")

# %% [markdown]
# Why a sum? Look at it the other way round. Suppose the four positions did *not* share: each had a kernel of its own,
# $w_1, \dots, w_4$. Then each would have its own gradient, the products in the lower row. Sharing means
# $w_1 = w_2 = w_3 = w_4 = w$: when $w$ moves, all four move, and their effects on $L$ add up. PyTorch can tell us both:

# %%
x4, g4 = torch.from_numpy(image.astype(float)), torch.from_numpy(from_above.astype(float))
own = torch.ones(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)  # a kernel for each position
windows = x4.unfold(0, 3, 2).unfold(1, 3, 2)  # (2, 2, 3, 3)
y_own = (own * windows).sum(dim=(2, 3))
(separate,) = torch.autograd.grad(y_own, own, g4)

shared = torch.ones(1, 1, 3, 3, dtype=torch.float64, requires_grad=True)
(together,) = torch.autograd.grad(F.conv2d(x4[None, None], shared, stride=2)[0, 0], shared, g4)
print("the four separate gradients, added:\n", separate.sum(dim=(0, 1)).numpy())
print("the shared kernel's gradient:\n", together[0, 0].numpy())

# %% [markdown]
# Nothing in this is special to convolution: a weight that is used several times gets the sum of what its uses get. It
# is as true of a recurrent network, which uses its weights at every time step.
#
# ### The claim: "the kernel's gradient is the average over the receptive fields"
#
# One meets this sentence in lecture notes. The sum and the average differ by a factor only, the number of positions;
# the *direction* is the same. Then does it matter, if the learning rate is chosen anyway?
#
# We train: images of random numbers, and a kernel that has to find out by gradient descent which kernel made the
# targets (as in lesson 02). The loss is the **mean** squared error, as usual. One learning rate, four image sizes.
#
# > **Predict.** How many steps until the loss has fallen to 1 %, with the sum: more for larger images, fewer, or about
# > as many? And with the average?


# %%
def steps_to_learn(side, average, rate=0.1, limit=6000):
    own_rng = np.random.default_rng(side)
    x, target = own_rng.normal(size=(1, 1, side, side)), own_rng.normal(size=(1, 1, 3, 3))
    wanted, w = NF.conv2d(x, target), np.zeros((1, 1, 3, 3))
    for step in range(limit):
        error = NF.conv2d(x, w) - wanted
        if (error**2).mean() < 0.01 * (wanted**2).mean():
            return step
        g = 2 * error / error.size  # the gradient of the mean of error²
        _, grad_w, _ = NF.conv2d_backward(g, x, w)
        w = w - rate * (grad_w / error.size if average else grad_w)
    return limit


sides = [6, 8, 12, 16]
steps_by_rule = {
    rule: [steps_to_learn(side, rule == "average") for side in sides] for rule in ["sum", "average"]
}
for side, by_sum, by_average in zip(sides, *steps_by_rule.values(), strict=True):
    print(
        f"{side:2}×{side:<2} image, {(side - 2) ** 2:3} positions: sum {by_sum:3} steps, average "
        f"{by_average:5}"
    )
positions = [(side - 2) ** 2 for side in sides]
figure = viz.line_chart(
    positions,
    steps_by_rule,
    "positions that share the kernel",
    "steps to 1 % of the loss",
    log="xy",
    size=(6, 3),
)
figure.axes[0].set_xticks(positions, positions)
figure.axes[0].minorticks_off()
show(figure, "06/steps-over-positions")

# %%
ratio = np.array(steps_by_rule["average"]) / steps_by_rule["sum"]

x, w, g = (
    rng.normal(size=(1, 1, 9, 9)),
    rng.normal(size=(1, 1, 3, 3)),
    rng.normal(size=(1, 1, 7, 7)),
)
eps, place = 1e-6, (0, 0, 1, 2)
nudge = np.zeros_like(w)
nudge[place] = eps
difference = ((NF.conv2d(x, w + nudge) - NF.conv2d(x, w - nudge)) * g).sum() / (2 * eps)
the_sum = (g[0, 0] * x[0, 0, 1:8, 2:9]).sum()
print(
    f"measured slope of L {difference:.3f}   sum over 49 positions {the_sum:.3f}   average "
    f"{the_sum / 49:.3f}"
)

# %% tags=["check"]
# Check that the text is true.
assert max(steps_by_rule["sum"]) < 3 * min(steps_by_rule["sum"])
assert all(np.diff(ratio) > 0)
assert ratio[-1] > 100
assert abs(difference - the_sum) < 1e-6
assert abs(difference - the_sum / 49) > 0.01

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **The claim is false**: wiggling one weight changes the loss by the sum, as the last line shows, and with the sum one
# learning rate serves every image size. The *loss* already divided by the number of outputs; whoever divides the
# gradient once more makes a step that depends on the size of the image: on 16×16 it takes hundreds of times as many
# steps, and a network whose layers have maps of different sizes would learn at a different pace in each.
#
# What may be meant: if the loss is a mean over outputs, each $g$ carries a factor $1/\text{positions}$, and then
# the sum of these $g$ times windows *is* an average of something. But that average was taken by the loss, not by the
# layer.
# </details>

# %% [markdown]
# ## 4. The gradient of the input
#
# *Which outputs did the pixel $x[n, c, a, b]$ influence?* All windows that contained it. In the window of output
# $(i, j)$ it lay under the weight with $i + u = a$ and $j + v = b$. So the factor is
#
# $$ \frac{\partial y[n, o, i, j]}{\partial x[n, c, a, b]} = w[o, c,\; a - i,\; b - j] \quad\text{(zero where that
# index is outside the kernel)}, $$
#
# and with $u = a - i$, $v = b - j$ as summation variables
#
# $$ \boxed{\; \frac{\partial L}{\partial x[n, c, a, b]} = \sum_{o, u, v} w[o, c, u, v]\; g[n, o,\; a - u,\; b - v] \;}
# $$
#
# where $g$ counts as zero outside of its array. **Look at the minus signs.** Forward, the indices were added: $i + u$.
# Backward they are subtracted. By lesson 02 this is a *true convolution*, with the kernel flipped. The forward pass of
# a CNN is a cross-correlation; its backward pass is a convolution.
#
# The formula collects, for one pixel, what all windows send it: a *gather*. The same sum in the other order, "for each
# output: send to all pixels of its window", is a *scatter*. Nothing is flipped in it, and it is how one should picture
# the backward pass:

# %%
kernel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
from_above = np.array([[1, -2, 0], [3, 1, -1], [2, 0, 4]])
show(backward_scatter(from_above, kernel, size=(5, 5), position=(1, 1)), "06/scatter-one-entry")

# %% [markdown]
# ### Under your hands
#
# Each entry of `g` adds its multiple of the kernel to the window it came from. Move through `g` with the arrow keys
# (click on it first, or reach it with Tab), or press *play*. Hatched cells are padding: what is scattered
# there is dropped in the end. Cells with a struck-through zero are read by *no* window, so nothing ever arrives there.
#
# > **Predict**, before you touch anything: at stride 2, which of the pixels get contributions from most windows? Then
# > tick *only count arrivals* and go to the end.

# %% tags=["open"]
from cnncourse.viz.widgets.backward_scatter import BackwardScatter

digits = np.random.default_rng(1)
upstream, weights = (digits.choice([-2, -1, 1, 2, 3], size=(side, side)) for side in (9, 4))
BackwardScatter(upstream, weights, stride=2, position=1)

# %% [markdown]
# The same as still pictures, at stride 2: the last of the four steps, and the count of arrivals.

# %%
show(
    backward_scatter([[1, -2], [3, 1]], kernel, size=(5, 5), position=(1, 1), stride=2),
    "06/scatter-with-stride",
)
arrivals = NF.conv_transpose2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 3, 3)), stride=2)[0, 0]
show(viz.pixel_grid(arrivals, "windows that reach each pixel"), "06/arrivals-per-pixel")

# %% [markdown]
# Uneven counts: the middle pixel has four times the say of a corner. We come back to that in section 10.
#
# Now scatter and gather in code, and both against PyTorch. (The gather is the fast one: pad `g` by $K - 1$, flip the
# kernel, swap its two channel axes, and *reuse the forward convolution*.)


# %%
def grad_input_scatter(g, w, input_shape):
    grad_x = np.zeros(input_shape)
    K = w.shape[-1]
    for n, o, i, j in np.ndindex(*g.shape):
        grad_x[n, :, i : i + K, j : j + K] += g[n, o, i, j] * w[o]
    return grad_x


def grad_input_gather(g, w):
    P = w.shape[-1] - 1
    return NF.conv2d(g, w[:, :, ::-1, ::-1].swapaxes(0, 1), padding=P)


x, w = rng.normal(size=(2, 3, 6, 7)), rng.normal(size=(4, 3, 3, 3))
b, g = rng.normal(size=4), rng.normal(size=(2, 4, 4, 5))
by_torch = torch_gradients(g, x, w, b)[0]
print(
    "scatter agrees with PyTorch to 1e-12:",
    np.abs(grad_input_scatter(g, w, x.shape) - by_torch).max() < 1e-12,
)
print(
    "gather agrees with PyTorch to 1e-12: ",
    np.abs(grad_input_gather(g, w) - by_torch).max() < 1e-12,
)
without_flip = NF.conv2d(g, np.ascontiguousarray(w.swapaxes(0, 1)), padding=2)
print("gather without the flip agrees:      ", np.abs(without_flip - by_torch).max() < 1e-12)

# %% [markdown]
# ### The puzzle, solved
#
# Proposal B, *stamp*, is the scatter: the gradient of $L = \frac12 \sum g^2$ by the picture. Proposal A slides the
# kernel without flipping it: the classic mistake, which no shape reveals. With the gradient we simply walk on:

# %%
w = smear[None, None]
x = np.full_like(sharp, 0.5)
pictures, losses = [x], []
for step in range(1, 201):
    g = NF.conv2d(x, w) - blurred
    losses.append(0.5 * (g**2).sum())
    x = x - grad_input_gather(g, w)
    if step in (1, 5, 20, 200):
        pictures.append(x)
print("loss at the start:", round(losses[0], 3), "  after 200 steps below 1e-6:", losses[-1] < 1e-6)
print(f"typical error of a pixel: {np.sqrt(((x - sharp) ** 2).mean()):.3f}; "
      f"away from the rim: {np.sqrt(((x - sharp)[..., 6:-6, 6:-6] ** 2).mean()):.3f}")  # fmt: skip
show(
    viz.image_row(
        [p[0, 0] for p in pictures],
        [f"{k} step{'s' * (k != 1)}" for k in (0, 1, 5, 20, 200)],
        low=0,
        high=1,
        height=1.95,
    ),
    "06/picture-recovered",
)

# %% tags=["check"]
# Check that the text is true.
assert losses[-1] < 1e-6

# %% [markdown]
# <details><summary><b>Why it works, and why not quite</b></summary>
#
# The loss goes to zero, but the picture is not perfect near the rim. Rim pixels lie in few windows (lesson 03 counted
# them), so the 122×122 blurred pixels do not pin down all 128×128 sharp ones: many pictures have the same blur, and
# the gradient cannot tell them apart. The gradient of the input is a tool in its own right: the same walk
# makes the pictures of lesson 16 (planned), which show what a network looks for.
# </details>

# %% [markdown]
# ## 5. Stride, padding, dilation, groups: three lines in one loop
#
# The full layer of lesson 03 reads other pixels, but each output is still a sum of weight times pixel:
#
# $$ y[n, o, i, j] = b[o] + \sum_{c, u, v} w[o, c, u, v]\; x[n,\; c_o + c,\; \underbrace{iS + uD - P}_{a},\;
#    \underbrace{jS + vD - P}_{b}], $$
#
# with $x = 0$ outside the image, and $c_o = \lfloor o \,/\, (C_\text{out}/G) \rfloor \cdot C_\text{in}/G$ the first
# channel of the group of output $o$. The rule "which outputs did it influence, by which factor" now reads:
#
# $$ \frac{\partial L}{\partial w[o, c, u, v]} = \sum_{n, i, j} g[n, o, i, j]\; x[n,\, c_o + c,\, iS + uD - P,\, jS +
# vD - P], $$
#
# $$ \frac{\partial L}{\partial x[n, c', a, b]} = \sum_{\substack{o, c, i, j, u, v:\;\; c_o + c = c' \\
#    iS + uD - P = a,\;\; jS + vD - P = b}} g[n, o, i, j]\; w[o, c, u, v]. $$
#
# The second looks forbidding, for it must find all $(i, u)$ with $iS + uD - P = a$: with stride 2 only every other
# weight can reach a given pixel. The scatter needs no such search. Every product $w \cdot x$ of the forward pass sends
# $g \cdot x$ to its weight and $g \cdot w$ to its pixel. **The backward pass is the forward pass's own loop with
# other lines inside:**


# %%
def conv2d_loops(x, w, b, S=1, P=0, D=1, groups=1, g=None):
    """Without g: the output y. With g: the gradients (grad_x, grad_w, grad_b)."""
    (N, _, H, W), (C_out, C_group, K_h, K_w) = x.shape, w.shape
    H_out, W_out = ((I + 2 * P - D * (K - 1) - 1) // S + 1 for I, K in [(H, K_h), (W, K_w)])
    y = np.zeros((N, C_out, H_out, W_out)) + b[:, None, None]
    grad_x, grad_w = np.zeros_like(x), np.zeros_like(w)
    for n, o, i, j in np.ndindex(*y.shape):
        first = o // (C_out // groups) * C_group
        for c, u, v in np.ndindex(C_group, K_h, K_w):
            pixel = n, first + c, i * S + u * D - P, j * S + v * D - P
            weight = o, c, u, v
            if 0 <= pixel[2] < H and 0 <= pixel[3] < W:
                y[n, o, i, j] += w[weight] * x[pixel]
                if g is not None:
                    grad_w[weight] += g[n, o, i, j] * x[pixel]
                    grad_x[pixel] += g[n, o, i, j] * w[weight]
    return y if g is None else (grad_x, grad_w, g.sum(axis=(0, 2, 3)))


# %% [markdown]
# You can read off three things. What is scattered into the padding is dropped (the `if`). A pixel that no window
# reads gets a zero. And each gradient costs exactly as many multiply-adds as the forward pass: **backward costs twice
# forward**. (The first layer of a network may skip `grad_x`: nobody asks for the gradient of the photograph, except
# in our puzzle.)

# %%
options = dict(S=2, P=1, D=2, groups=2)
x, w, b = rng.normal(size=(2, 4, 9, 8)), rng.normal(size=(6, 2, 3, 2)), rng.normal(size=6)
g = rng.normal(size=conv2d_loops(x, w, b, **options).shape)
ours = conv2d_loops(x, w, b, **options, g=g)
theirs = torch_gradients(g, x, w, b, stride=2, padding=1, dilation=2, groups=2)
for name, mine, other in zip(["grad_x", "grad_w", "grad_b"], ours, theirs, strict=True):
    print(
        f"{name} {str(mine.shape):13} agrees with PyTorch to 1e-12: "
        f"{np.abs(mine - other).max() < 1e-12}"
    )

# %% [markdown]
# ## 6. Is it right? The numerical check
#
# PyTorch will not always be there to compare with. A gradient can be checked against the definition: nudge one number
# $p$ by $\pm\varepsilon$ and see what the loss does,
#
# $$ \frac{\partial L}{\partial p} \approx \frac{L(p + \varepsilon) - L(p - \varepsilon)}{2\varepsilon},
#    \qquad L = \sum g \cdot y \quad\text{for a fixed random array } g. $$
#
# With this $L$ the upstream gradient is exactly $g$. Three details decide whether the check is worth anything.
#
# **First detail: a random $g$.** Many checks use `y.sum()` as loss, because it is easy to write. Then $g$ is all ones.
# Here are three wrong gradients: one mixes up the rows and columns of $g$, one replaces $g$ by its mean, one sends
# each output channel the gradient of another.
#
# > **Predict.** Which of them pass a check with $g = 1$? Which pass with a random $g$?


# %%
def numerical_gradient(f, x, g, eps=1e-6):
    """The gradient of (f(x) · g).sum() by the array x, one entry at a time."""
    gradient = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        kept = x[place]
        x[place] = kept + eps
        above = (f(x) * g).sum()
        x[place] = kept - eps
        below = (f(x) * g).sum()
        x[place] = kept
        gradient[place] = (above - below) / (2 * eps)
    return gradient


wrong_versions = {
    "rows and columns of g swapped": lambda g: g.swapaxes(2, 3),
    "g replaced by its mean": lambda g: np.full_like(g, g.mean()),
    "channels of g in reverse order": lambda g: g[:, ::-1],
}
x, w = rng.normal(size=(2, 2, 6, 6)), rng.normal(size=(3, 2, 3, 3))
for kind, g in [("g all ones", np.ones((2, 3, 4, 4))), ("g random", rng.normal(size=(2, 3, 4, 4)))]:
    truth = numerical_gradient(lambda w, x=x: NF.conv2d(x, w), w, g)
    for name, spoil in {"right": lambda g: g, **wrong_versions}.items():
        _, grad_w, _ = NF.conv2d_backward(np.ascontiguousarray(spoil(g)), x, w)
        print(
            f"{kind:10}  {name:31} "
            f"{'passes' if np.allclose(grad_w, truth, rtol=1e-6, atol=1e-6) else 'FAILS'}"
        )

# %% [markdown]
# All three wrong ones pass under ones: a constant $g$ cannot show that somebody shuffled it. (For batch
# normalisation, lesson 08, it is worse: under $g = 1$ the true gradient is zero, and *everything* that returns zero
# passes.)
#
# **Second detail: awkward sizes.** Section 4's `grad_input_scatter` was written for stride 1. Somebody uses it at
# stride 2. The shapes fit and no error is raised; a check at stride 1 alone finds nothing:

# %%
x, w, b = rng.normal(size=(1, 2, 9, 8)), rng.normal(size=(3, 2, 3, 3)), np.zeros(3)
for S in [1, 2]:
    g = rng.normal(size=NF.conv2d(x, w, stride=S).shape)
    got, truth = grad_input_scatter(g, w, x.shape), NF.conv2d_backward(g, x, w, stride=S)[0]
    print(
        f"stride {S}: shapes equal {got.shape == truth.shape}, values equal "
        f"{np.allclose(got, truth)}"
    )

# %% [markdown]
# **Third detail: the step, and float64.** Below is the error of the difference quotient over $\varepsilon$, for a
# weight of a convolution followed by a tanh, and for a convolution alone.
#
# > **Predict.** The smaller $\varepsilon$, the better the approximation of a derivative. Is the best choice the
# > smallest? And is the answer the same for both functions?

# %%
steps = 10.0 ** np.arange(-11, 1)
x, w = rng.normal(size=(1, 1, 6, 6)), rng.normal(size=(1, 1, 3, 3))
g = rng.normal(size=(1, 1, 4, 4))
y = NF.conv2d(x, w)
exact = {"convolution, then tanh": NF.conv2d_backward(g * (1 - np.tanh(y) ** 2), x, w)[1],
         "convolution alone": NF.conv2d_backward(g, x, w)[1]}  # fmt: skip
functions = {
    "convolution, then tanh": lambda w: np.tanh(NF.conv2d(x, w)),
    "convolution alone": lambda w: NF.conv2d(x, w),
}
errors = {
    name: [np.abs(numerical_gradient(f, w, g, eps) - exact[name]).max() for eps in steps]
    for name, f in functions.items()
}
best = {name: steps[int(np.argmin(error))] for name, error in errors.items()}
show(
    viz.line_chart(steps, errors, "step ε", "largest error", log="xy", size=(6.5, 3.2)),
    "06/error-over-step-size",
)

# %% tags=["check"]
# Check that the text is true.
assert 1e-8 < best["convolution, then tanh"] < 1e-3 <= best["convolution alone"]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Two errors compete. The difference of two nearly equal numbers loses digits: about $10^{-16} |L| / \varepsilon$, the
# falling branch. And the quotient is not the derivative: an error of order $\varepsilon^2$, the rising branch. The
# best compromise is near $\varepsilon = 10^{-5}$, and $10^{-6}$ is a safe habit. In float32, with seven digits, the V
# would bottom out around one part in a thousand: too coarse to find a mistake. So check gradients in **float64**.
#
# The convolution alone has no rising branch: it is *linear* in its weights, and for a linear function the quotient is
# exact at any step. A surprise worth keeping: you can check a convolution's gradient with $\varepsilon = 1$.
# </details>
#
# Now the real check: our loops, the package, PyTorch and the numerical gradient, over a grid of strides, paddings,
# dilations and groups, on an image that is not square with a kernel that is not square.

# %%
x, b = rng.normal(size=(2, 2, 7, 6)), rng.normal(size=4)
cases, worst = 0, {"numerical": 0.0, "torch": 0.0}
for S, P, D, groups in product([1, 2, 3], [0, 1, 2], [1, 2], [1, 2]):
    w = rng.normal(size=(4, 2 // groups, 3, 2))
    call = dict(stride=S, padding=P, dilation=D, groups=groups)
    g = rng.normal(size=NF.conv2d(x, w, b, **call).shape)
    ours = NF.conv2d_backward(g, x, w, b, **call)
    # Nudging x, w or b in place is enough, since the function reads all three anew.
    numerical = [
        numerical_gradient(lambda _, w=w, call=call: NF.conv2d(x, w, b, **call), p, g)
        for p in (x, w, b)
    ]
    for name, others in [("numerical", numerical), ("torch", torch_gradients(g, x, w, b, **call))]:
        worst[name] = max(
            worst[name], *[np.abs(a - c).max() for a, c in zip(ours, others, strict=True)]
        )
    cases += 1
print(
    f"{cases} settings; all three gradients within 1e-6 of the differences: "
    f"{worst['numerical'] < 1e-6}, within 1e-12 of PyTorch: {worst['torch'] < 1e-12}"
)

w = rng.normal(size=(4, 1, 3, 2))
g = rng.normal(size=NF.conv2d(x, w, b, 2, 1, 2, 2).shape)
pairs = zip(
    conv2d_loops(x, w, b, 2, 1, 2, 2, g), NF.conv2d_backward(g, x, w, b, 2, 1, 2, 2), strict=True
)
print("the loops of section 5 agree as well:", all(np.abs(a - c).max() < 1e-12 for a, c in pairs))

# %% tags=["check"]
# Check that the text is true.
assert worst["numerical"] < 1e-6
assert worst["torch"] < 1e-12

# %% [markdown]
# ## 7. The fast code: correlations again
#
# Loops over all six indices are slow. Vectorise all but two: for a fixed place $(u, v)$ in the kernel, the pixels that
# lie under that weight form a regular grid in the padded image, a *slice* with step $S$. On that slice forward and
# backward are small matrix products over channels:


# %%
def conv2d_backward(g, x, w, S=1, P=0, D=1):
    """∂L/∂x, ∂L/∂w, ∂L/∂b for one group; K² steps, each with two matrix products."""
    H_out, W_out = g.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (P, P), (P, P)))
    grad_padded, grad_w = np.zeros_like(padded), np.zeros_like(w)
    for u, v in np.ndindex(*w.shape[2:]):
        rows = slice(u * D, u * D + S * (H_out - 1) + 1, S)
        columns = slice(v * D, v * D + S * (W_out - 1) + 1, S)
        grad_w[:, :, u, v] = np.einsum("noij,ncij->oc", g, padded[:, :, rows, columns])
        grad_padded[:, :, rows, columns] += np.einsum("noij,oc->ncij", g, w[:, :, u, v])
    H, W = x.shape[2:]
    return grad_padded[:, :, P : P + H, P : P + W], grad_w, g.sum(axis=(0, 2, 3))


x, w, b = rng.normal(size=(2, 3, 10, 9)), rng.normal(size=(4, 3, 3, 3)), rng.normal(size=4)
g = rng.normal(size=NF.conv2d(x, w, stride=2, padding=1).shape)
pairs = zip(
    conv2d_backward(g, x, w, S=2, P=1),
    torch_gradients(g, x, w, b, stride=2, padding=1),
    strict=True,
)
print("agrees with PyTorch:", all(np.abs(a - c).max() < 1e-12 for a, c in pairs))

# %% [markdown]
# With groups, each group is a layer of its own on its own channels. So nothing new is needed.
#
# Now read the formula of $\partial L/\partial w$ once more: $\sum_{i} g[i]\; x[iS + uD - P]$. The sum runs over $i$,
# and the result is indexed by $u$. That is a forward convolution in which **$g$ plays the kernel**: it reads $x$ at
# steps of $S$, which is a *dilation* of $S$, and moves on by $D$ for each next $u$, which is a *stride* of $D$.
#
# | | slides over | kernel | stride | dilation | padding |
# | --- | --- | --- | --- | --- | --- |
# | forward, $y$ | $x$ | $w$ | $S$ | $D$ | $P$ |
# | $\partial L/\partial w$ | $x$ | $g$ | $D$ | $S$ | $P$ |
# | $\partial L/\partial x$ | $g$ with $S - 1$ zeros between its entries | $w$ flipped | 1 | $D$ | $D(K - 1) - P$ |
#
# Stride and dilation have changed places. The sum over images $n$ takes the role of the sum over channels, so the
# first two axes are swapped on the way in and out. We test the table as it stands:


# %%
def grad_weight_as_convolution(g, x, w, S, P, D):
    by_channel = NF.conv2d(
        x.swapaxes(0, 1).copy(), g.swapaxes(0, 1).copy(), stride=D, dilation=S, padding=P
    )
    K_h, K_w = w.shape[2:]
    # pixels beyond the last window give extra rows
    return by_channel.swapaxes(0, 1)[:, :, :K_h, :K_w]


def grad_input_as_convolution(g, x, w, S, P, D):
    (H, W), (K_h, K_w) = x.shape[2:], w.shape[2:]
    spread = np.zeros((*g.shape[:2], H + 2 * P - D * (K_h - 1), W + 2 * P - D * (K_w - 1)))
    # S − 1 zeros in between, and what stride left over
    spread[:, :, ::S, ::S][:, :, : g.shape[2], : g.shape[3]] = g
    flipped = w[:, :, ::-1, ::-1].swapaxes(0, 1).copy()
    # Pad with D(K − 1) and cut P off: as padding with D(K − 1) − P, also where that is negative.
    full = NF.conv2d(spread, flipped, dilation=D, padding=(D * (K_h - 1), D * (K_w - 1)))
    return full[:, :, P : P + H, P : P + W]


agree = []
for S, P, D in product([1, 2, 3], [0, 1, 2], [1, 2]):
    g = rng.normal(size=NF.conv2d(x, w, stride=S, padding=P, dilation=D).shape)
    grad_x, grad_w, _ = torch_gradients(g, x, w, b, stride=S, padding=P, dilation=D)
    agree.append(np.allclose(grad_weight_as_convolution(g, x, w, S, P, D), grad_w, atol=1e-12))
    agree.append(np.allclose(grad_input_as_convolution(g, x, w, S, P, D), grad_x, atol=1e-12))
print(f"{sum(agree)} of {len(agree)} comparisons agree")

# %% tags=["check"]
# Check that the text is true.
assert all(agree)

# %% [markdown]
# So all six algorithms of lesson 05 serve the backward pass too: it is made of convolutions. In particular, with
# im2col the whole backward pass is two matrix products and one `col2im`.

# %% [markdown]
# ## 8. As a matrix: the transpose
#
# Lesson 04 wrote the layer as a matrix: `y.ravel() = M @ x.ravel()`, each row the kernel laid out for one window. For
# $y = Mx$ the chain rule says $\partial L/\partial x[a] = \sum_k g[k]\, M[k, a]$, so
#
# $$ \boxed{\; \frac{\partial L}{\partial x} = M^\top g \;} $$
#
# Rows of $M$ are windows: which pixels does an output read? Rows of $M^\top$ are pixels: which outputs does a pixel
# serve? The question of section 1 *is* the transposition of a matrix.

# %%
kernel = np.arange(1.0, 10).reshape(1, 1, 3, 3)
M = conv_matrix(kernel, 5, 5, stride=2)
figure, axes = viz.figure_grid(1, 2, size=(9.5, 4.6), width_ratios=[25, 5.2])
for place, (title, matrix) in zip(
    axes[0], {"M: (4 outputs) × (25 pixels)": M, "Mᵀ": M.T}.items(), strict=True
):
    viz.draw_values(place, np.where(matrix == 0, np.nan, matrix), 0, 9, cell=0.28)
    place.set_title(title)
    for spine in place.spines.values():
        spine.set_visible(True)
show(figure, "06/matrix-and-transpose")

# %% [markdown]
# And the weight's gradient? If all 100 entries of $M$ were free, their gradient would be $\partial L/\partial M =
# g\,x^\top$. But the zeros are fixed (sparse connectivity), and each of the nine weights stands in four entries (weight
# sharing): its gradient is the sum over the entries where it stands. Both of lesson 04's properties in two lines:

# %%
x, g = rng.normal(size=(1, 1, 5, 5)), rng.normal(size=(1, 1, 2, 2))
grad_x, grad_w, _ = NF.conv2d_backward(g, x, kernel, stride=2)
grad_M = np.outer(g.ravel(), x.ravel())
# the nine weights are different numbers
summed = [grad_M[weight == M].sum() for weight in kernel.ravel()]
print("Mᵀ g is the input's gradient:              ", np.allclose(M.T @ g.ravel(), grad_x.ravel()))
print("g xᵀ, summed where a weight stands, is ∂L/∂w:", np.allclose(summed, grad_w.ravel()))

# %% [markdown]
# ## 9. In PyTorch: a function of your own
#
# PyTorch lets one supply both passes by hand. `forward` may keep tensors for later in `ctx`; `backward` gets the
# upstream gradient and returns one gradient for each argument of `forward`, `None` where there is none. With lesson
# 05's `unfold` (im2col) the forward pass is a matrix product, and `fold` (col2im) is its adjoint: it adds overlapping
# windows up. That is our scatter.


# %%
class Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b, stride, padding, dilation):
        ctx.window = dict(
            kernel_size=w.shape[2:], stride=stride, padding=padding, dilation=dilation
        )
        columns = F.unfold(x, **ctx.window)  # (N, C_in·K·K, L): one column a window
        ctx.save_for_backward(columns, w)
        ctx.size = x.shape[2:]
        H_out, W_out = (
            (size + 2 * padding - dilation * (K - 1) - 1) // stride + 1
            for size, K in zip(x.shape[2:], w.shape[2:], strict=True)
        )
        return (w.flatten(1) @ columns + b[:, None]).reshape(len(x), len(w), H_out, W_out)

    @staticmethod
    def backward(ctx, g):
        columns, w = ctx.saved_tensors
        g = g.flatten(2)  # (N, C_out, L)
        grad_w = (g @ columns.transpose(1, 2)).sum(dim=0).reshape(w.shape)
        grad_x = F.fold(w.flatten(1).T @ g, ctx.size, **ctx.window)
        return grad_x, grad_w, g.sum(dim=(0, 2)), None, None, None


arrays = rng.normal(size=(2, 3, 8, 7)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
x, w, b = (torch.from_numpy(array).requires_grad_() for array in arrays)
y = Convolution.apply(x, w, b, 2, 1, 2)
print(
    "forward as F.conv2d: ", torch.allclose(y, F.conv2d(x, w, b, stride=2, padding=1, dilation=2))
)
g = torch.from_numpy(rng.normal(size=y.shape))
ours = torch.autograd.grad(y, (x, w, b), g)
theirs = torch_gradients(g.numpy(), *arrays, stride=2, padding=1, dilation=2)
print("backward as F.conv2d:", all(np.allclose(a, c) for a, c in zip(ours, theirs, strict=True)))
print(
    "PyTorch's own numerical check passes:",
    torch.autograd.gradcheck(Convolution.apply, (x, w, b, 2, 1, 2)),
)

# %% [markdown]
# `torch.autograd.gradcheck` does what section 6 did, in float64, for every output in turn. Does the layer train? Put it
# in place of `F.conv2d`, take the same steps, and compare the weights:

# %%
x, target = (
    torch.from_numpy(rng.normal(size=(4, 3, 8, 8))),
    torch.from_numpy(rng.normal(size=(4, 5, 4, 4))),
)
start = torch.from_numpy(0.1 * rng.normal(size=(5, 3, 3, 3))), torch.zeros(5, dtype=torch.float64)
trained = []
for layer in [
    lambda *p: Convolution.apply(*p, 2, 1, 1),
    lambda *p: F.conv2d(*p, stride=2, padding=1),
]:
    w, b = (p.clone().requires_grad_() for p in start)
    for _ in range(50):
        loss = ((layer(x, w, b) - target) ** 2).mean()
        grad_w, grad_b = torch.autograd.grad(loss, (w, b))
        with torch.no_grad():
            w -= 0.5 * grad_w
            b -= 0.5 * grad_b
    trained.append(w)
print(
    "after 50 steps the weights agree to 1e-12:",
    (trained[0] - trained[1]).abs().max().item() < 1e-12,
)

# %% [markdown]
# ## 10. Transposed convolution and its checkerboard
#
# $M^\top$ maps small arrays to large ones. So it can be used as a *forward* layer wherever a network has to enlarge its
# maps: to say a class for each pixel (lesson 19 (planned)), or to draw pictures. That layer is called **transposed
# convolution**: PyTorch's `conv_transpose2d`, our `NF.conv_transpose2d`. Its output has
#
# $$ (I - 1) S - 2P + D(K - 1) + 1 $$
#
# pixels, lesson 03's formula solved for the input size. It is *not* an inverse: it restores the shape, not the values
# (people who call it "deconvolution" mean something else). And its backward pass is, of course, the convolution.

# %%
x, kernel = rng.normal(size=(1, 1, 7, 7)), rng.normal(size=(1, 1, 3, 3))
y = NF.conv2d(x, kernel, stride=2)
back = NF.conv_transpose2d(y, kernel, stride=2)
grad_x = NF.conv2d_backward(y, x, kernel, stride=2)[0]
print(
    "shapes:",
    x.shape[2:],
    "→",
    y.shape[2:],
    "→",
    back.shape[2:],
    "  equal to x:",
    np.allclose(back, x),
)
print("conv_transpose2d(g) is conv2d's gradient of the input for g:", np.allclose(back, grad_x))
print(
    "by PyTorch:",
    np.allclose(back, F.conv_transpose2d(torch.from_numpy(y), torch.from_numpy(kernel), stride=2)),
)
for side in [7, 8]:
    print(
        f"{side}×{side} at stride 2 → "
        f"{NF.conv2d(np.ones((1, 1, side, side)), kernel, stride=2).shape[2:]}"
    )

# %% [markdown]
# The last two lines: 7 and 8 pixels both become 3, so "back from 3" is ambiguous. PyTorch returns the smaller one, and
# `output_padding=1` asks for the other.
#
# ### The checkerboard
#
# Count the arrivals, as in the widget: a constant input, a kernel of ones.

# %%
ones = np.ones((1, 1, 5, 5))
maps = [NF.conv_transpose2d(ones, np.ones((1, 1, K, K)), stride=2)[0, 0] for K in (2, 3, 4)]
figure, axes = viz.figure_grid(1, 3, size=(10, 3.7), width_ratios=[10, 11, 12])
for place, counts, K in zip(axes[0], maps, (2, 3, 4), strict=True):
    viz.draw_values(place, counts, 0, 4, cell=0.27)
    place.set_title(f"K = {K}, S = 2")
show(figure, "06/arrivals-for-three-kernels")

# %% [markdown]
# With $K = 3$ a flat input comes out as a **checkerboard**: 4, 2, 2, 1. The rule one reads (Odena, Dumoulin and Olah,
# 2016, who explained these patterns in generated pictures) is: *choose $K$ divisible by $S$*. Ones as weights are a
# special case, though. Let the weights be random, as in a network before training, with 16 input channels, each of a
# constant value. Away from the rim the output then consists of four numbers that repeat, one for each parity of
# (row, column). Their variance, as a share of their mean square, is 0 for a flat output.
#
# > **Predict.** Which of $K = 2, 3, 4$ have no checkerboard? And an enlargement by repeating each pixel, followed by an
# > ordinary 3×3 convolution?


# %%
def parity_values(y):
    """One number for each parity of (row, column), away from the rim: (4,)."""
    inner = y[0, 0, 4:-4, 4:-4]
    return np.array([inner[p::2, q::2].mean() for p, q in product([0, 1], repeat=2)])


def enlarge(K, x, weights):
    if K == "repeat":
        return NF.conv2d(
            x.repeat(2, axis=2).repeat(2, axis=3), weights.swapaxes(0, 1).copy(), padding=1
        )
    return NF.conv_transpose2d(x, weights, stride=2)


for K in [2, 3, 4, "repeat"]:
    flat, energy = [], []
    for _ in range(200):
        side = 3 if K == "repeat" else K
        weights = rng.normal(size=(16, 1, side, side))
        constant = np.broadcast_to(rng.normal(size=(1, 16, 1, 1)), (1, 16, 8, 8)).copy()
        values = parity_values(enlarge(K, constant, weights))
        flat.append(values.var() / (values**2).mean())
        energy.append(parity_values(enlarge(K, rng.normal(size=(1, 16, 8, 8)), weights) ** 2))
    energy = np.mean(energy, axis=0) / np.mean(energy)
    print(
        f"K = {K!s:6}  checkerboard on flat inputs {np.mean(flat):.1f}   energy by parity on noise",
        energy.round(1),
    )
    assert (np.mean(flat) > 0.6) == (K != "repeat")
    assert (energy.max() / energy.min() > 3) == (K == 3)

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
# Can training repair it? We ask for the best 3×3 kernel for enlarging a photograph, in the sense of least squares: from
# every second pixel of every second row, reconstruct all.
#
# > **Predict.** Nine numbers. Is there a kernel with $K = 3$, $S = 2$ and no checkerboard at all?

# %%
camera = data.photograph("camera")[:257, 130:387] / 255
small = camera[None, None, ::2, ::2].copy()
basis = np.eye(9).reshape(9, 1, 1, 3, 3)
columns = [
    NF.conv_transpose2d(small, k, stride=2, padding=1)[0, 0, 2:-2, 2:-2].ravel() for k in basis
]
best = np.linalg.lstsq(np.array(columns).T, camera[2:-2, 2:-2].ravel(), rcond=None)[0].reshape(3, 3)
sums = [best[p::2, q::2].sum() for p, q in product([0, 1], repeat=2)]
print("the best kernel:\n", best.round(2), "\nsums by parity:", np.round(sums, 2))

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(sums, 1, atol=0.01)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The best kernel is close to $\frac14 \begin{pmatrix} 1 & 2 & 1 \\ 2 & 4 & 2 \\ 1 & 2 & 1 \end{pmatrix}$: *bilinear
# interpolation*, found by the data. Its four parity sums are 1: no checkerboard, although 3 is not divisible by 2. So
# the rule is neither necessary nor sufficient. It is about the *start*: training has to find equal sums, and where it
# ends before that, or the loss does not see it, the pattern stays. FCN, the first
# network of this kind, started its transposed convolutions at bilinear kernels.
# </details>
#
# There is one place where no training removes it: the **gradient**. The backward pass through a strided convolution
# *is* a transposed convolution. So in a network that begins with 3×3 convolutions of stride 2, some pixels are read by
# four windows and others by one. Through two such layers, with random weights, we look at the mean square of the
# input's gradient, pixel by pixel.
#
# > **Predict.** How many times as much does the best-read pixel get as the worst-read? (Along one axis first: count
# > the paths from a pixel through both layers. Then square.)


# %%
def gradient_energy(K, P, runs=300):
    """Mean square of the input's gradient over random weights, relative to its mean: (16, 16)."""
    total = np.zeros((32, 32))
    for _ in range(runs):
        x = torch.zeros(1, 1, 32, 32, dtype=torch.float64, requires_grad=True)
        first, second = (
            torch.from_numpy(rng.normal(size=shape)) for shape in [(8, 1, K, K), (8, 8, K, K)]
        )
        y = F.conv2d(F.conv2d(x, first, stride=2, padding=P), second, stride=2, padding=P)
        (gradient,) = torch.autograd.grad(y, x, torch.from_numpy(rng.normal(size=y.shape)))
        total += gradient[0, 0].numpy() ** 2
    return total[8:24, 8:24] / total[8:24, 8:24].mean()


energies = {}
for K in [3, 4]:
    energy = energies[f"K = {K}, S = 2, twice"] = gradient_energy(K, P=1)
    by_place = energy.reshape(4, 4, 4, 4).mean(axis=(0, 2))  # the pattern repeats every 4 pixels
    ones = np.ones((1, 1, K, K))
    paths = NF.conv_transpose2d(
        NF.conv_transpose2d(np.ones((1, 1, 8, 8)), ones, None, 2, 1), ones, None, 2, 1
    )
    print(f"K = {K}: most over least {by_place.max() / by_place.min():.0f},   paths along one axis",
          *np.sqrt(paths[0, 0, range(8, 16), range(8, 16)]).astype(int))  # fmt: skip
    assert (by_place.max() / by_place.min() > 5) == (K == 3)
show(
    viz.image_row(list(energies.values()), list(energies), height=2.8, low=0, bar=True),
    "06/where-gradients-arrive",
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Along one axis the paths are 1, 3, 2, 3, 1, 3, 2, 3, …: nine times as many for the best-read pixel as for the
# worst-read, when rows and columns are multiplied. The mean square of the gradient follows the number of paths.
# </details>
#
# So some pixels weigh many times as much as their neighbours: to the loss, and to anybody who looks at such
# gradients to see "what the network looked at" (lesson 16 (planned)). The eye sees a pattern in the picture; it is in the
# arithmetic.

# %% [markdown]
# ## Claims to test
#
# Decide for each in what sense it is true, then run the cell.
#
# 1. "The kernel's gradient is the average over the receptive fields."
# 2. "Backpropagation through a convolution is a convolution."
# 3. "The backward pass costs as much as the forward pass."
# 4. "A transposed convolution undoes a convolution."

# %%
print(
    "1. steps to learn on 16×16 pixels:",
    {name: values[-1] for name, values in steps_by_rule.items()},
)

x, w, g = (
    rng.normal(size=(1, 1, 8, 8)),
    rng.normal(size=(1, 1, 3, 3)),
    rng.normal(size=(1, 1, 6, 6)),
)
truth = NF.conv2d_backward(g, x, w)[0]
for name, kernel in [
    ("cross-correlation with w", w),
    ("true convolution with w", w[:, :, ::-1, ::-1].copy()),
]:
    print(f"2. {name}: {np.allclose(NF.conv2d(g, kernel, padding=2), truth)}")

tensors = [torch.zeros(shape, requires_grad=True) for shape in [(1, 3, 8, 8), (4, 3, 3, 3)]]
with FlopCounterMode(display=False) as forward:
    y = F.conv2d(*tensors)
with FlopCounterMode(display=False) as backward:
    y.sum().backward()
print(
    f"3. multiply-adds forward {forward.get_total_flops() // 2}, backward "
    f"{backward.get_total_flops() // 2}"
)

y = NF.conv2d(x, w)
print(
    "4. conv_transpose2d(conv2d(x)) equals x:",
    np.allclose(NF.conv_transpose2d(y, w), x),
    "  rank of MᵀM:",
    np.linalg.matrix_rank(conv_matrix(w, 8, 8).T @ conv_matrix(w, 8, 8)),
    "of 64",
)

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **False.** It is the sum (section 3). The average points the same way, with a step that depends on the size of
#    the map; averaging belongs to the loss, which may or may not do it.
# 2. **True, and more exactly than is meant**: the gradient of the input is a *true* convolution, with the flip; the
#    forward pass is the one that is not. With a stride, zeros stand between the entries of $g$. The gradient of
#    the weights is a cross-correlation of $x$ with $g$.
# 3. **It costs twice as much**: once for the weights, once for the input. (Memory costs more still: `x` has to be kept
#    until the backward pass comes.)
# 4. **False.** It restores the shape. $M^\top M$ is not the identity; here it is not even invertible, for 36 outputs
#    cannot hold 64 pixels.
# </details>

# %% [markdown]
# ## Summary
#
# 1. One question gives all three gradients: which outputs did this number influence, and by which factor? Then sum.
# 2. Bias: the sum of $g$. Weight: the sum of $g$ times the window's pixel, over *all* positions and images, never the
#    mean.
# 3. Input: each output's gradient times the kernel, added to its window (scatter); the same as a true convolution
#    (gather); the same as $M^\top g$. Its loop is the forward loop.
# 4. A check needs float64, a random upstream gradient and awkward strides. With ones, wrong gradients pass.
# 5. The transposed convolution is this backward pass used forward. Uneven overlaps, and more generally unequal sums by
#    parity, make a checkerboard, in its outputs and in the gradients of every strided layer.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** One channel, an image of 5×5, a 3×3 kernel, stride 1. How many products does $\partial L/\partial w[0, 0]$ sum
# up? With stride 2? With stride 2 and padding 1?
#
# <details><summary>Answer</summary>
#
# 9, 4 and 9 positions. In the last case those windows that hold padding under $w[0,0]$ contribute zero: 4 of the 9
# products are with pixels of the image.
# </details>
#
# **2.** An image of 6×6, a 3×3 kernel, stride 2, no padding. Which pixels get no gradient?
#
# <details><summary>Answer</summary>
#
# The windows start at 0 and 2 and end at 4. Row 5 and column 5 are read by no window: 11 pixels with gradient zero.
# </details>
#
# **3.** $x$ is 1×1×3×3 of ones, $w$ is 3×3, stride 1, padding 1, and $g$ is all ones. What is
# $\partial L / \partial w$?
#
# <details><summary>Answer</summary>
#
# For each weight, the number of positions where it lies on the image: 9 in the middle, 6 at the edges, 4 at the
# corners.
# </details>
#
# **4.** Somebody's layer returns `grad_b = g.mean(axis=(0, 2, 3))`. The network trains all the same. What is different?
#
# <details><summary>Answer</summary>
#
# The biases move in the right direction with a step that is smaller by $N H' W'$; in a batch of 64 maps of 28×28 that
# is 50,176. They hardly learn, and nothing fails. Only a numerical check finds it.
# </details>
#
# **5.** Which `padding` must `conv_transpose2d` have so that a 3×3 kernel at stride 1 keeps the size? Which kernel size
# at stride 2 and padding 1 doubles the size exactly?
#
# <details><summary>Answer</summary>
#
# $(I - 1) - 2P + 3 = I$ gives $P = 1$. $(I - 1)\cdot 2 - 2 + K = 2I$ gives $K = 4$.
# </details>
#
# **6.** Is the gradient of the *input* of a depthwise convolution (groups $= C$) mixed across channels?
#
# <details><summary>Answer</summary>
#
# No. Channel $c$ of the input influences channel $c$ of the output only, so it hears from that channel only.
# </details>


# %%
def number_of_positions(I, K, S, P):
    return ((I + 2 * P - K) // S + 1) ** 2


one = np.ones((1, 1, 5, 5))
in_image = NF.conv2d_backward(
    np.ones((1, 1, 3, 3)), one, np.ones((1, 1, 3, 3)), stride=2, padding=1
)[1][0, 0, 0, 0]
settings = [(5, 3, 1, 0), (5, 3, 2, 0), (5, 3, 2, 1)]
print(
    "1.",
    *[number_of_positions(*setting) for setting in settings],
    " of the last, in the image:",
    int(in_image),
)

x = np.ones((1, 1, 6, 6))
grad_x = NF.conv2d_backward(np.ones((1, 1, 2, 2)), x, np.ones((1, 1, 3, 3)), stride=2)[0]
outside = grad_x[0, 0, 5].any() or grad_x[0, 0, :, 5].any()
print("2.", int((grad_x == 0).sum()), "pixels; a gradient in row 5 or column 5:", bool(outside))
x = np.ones((1, 1, 3, 3))
print("3.", *NF.conv2d_backward(x, x, x, padding=1)[1][0, 0].astype(int))
print("4.", 64 * 28 * 28)
for K, S in [(3, 1), (4, 2)]:
    print(
        f"5. K = {K}, S = {S}: 5 →",
        NF.conv_transpose2d(one, np.ones((1, 1, K, K)), stride=S, padding=1).shape[2],
    )
x, w, g = rng.normal(size=(1, 3, 5, 5)), rng.normal(size=(3, 1, 3, 3)), np.zeros((1, 3, 3, 3))
g[:, 1] = 1
print(
    "6. channels with a gradient:",
    np.abs(NF.conv2d_backward(g, x, w, groups=3)[0]).sum(axis=(0, 2, 3)) > 0,
)

# %% [markdown]
# ## Where to read more
#
# - V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning" (2016), arXiv:1603.07285, chapter 4:
#   transposed convolution, case by case.
# - A. Odena, V. Dumoulin, C. Olah, "Deconvolution and checkerboard artifacts", *Distill* (2016): where the pattern
#   comes from, also in gradients.
# - J. Long, E. Shelhamer, T. Darrell, "Fully convolutional networks for semantic segmentation", CVPR (2015),
#   arXiv:1411.4038, section 3.3: enlarging by "backwards convolution", started at bilinear interpolation.
# - M. D. Zeiler, D. Krishnan, G. W. Taylor, R. Fergus, "Deconvolutional networks", CVPR (2010): what the other name
#   once meant.
# - I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning* (2016), section 9.5: the three operations that training a
#   convolution needs.
# - A. Griewank, A. Walther, *Evaluating Derivatives*, 2nd edition (2008): why the reverse mode costs a small multiple of
#   the function.
#
# **Next:** do the [exercises of this unit](../exercises/06_backpropagation/06_backpropagation.ipynb), then go on to
# [07 Pooling](07_pooling.ipynb), whose backward pass has only one window's winner to thank.
