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
# - say what a transposed convolution is, and why the gradient of a strided layer shows a checkerboard.
#
# **Time** about 100 minutes, with the questions. The code runs in under a minute. On a short evening, read the puzzle
# and sections 1 to 4 and 6; sections 7, 9 and 10 can wait.
#
# **You should know** lesson 02 (the convolution layer), lesson 03 (stride, padding, dilation, groups), the matrix of
# lesson 04, and the chain rule. You do not need lesson 05: where this lesson uses something of it, it explains it.

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from cnncourse import data, show, table, viz
from cnncourse.numpy_nn import functional as NF
from cnncourse.numpy_nn.algorithms.toeplitz import conv_matrix
from cnncourse.viz.backward import backward_scatter, weight_gradient
from cnncourse.viz.matrices import matrix_row

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# A camera was moved while the shutter was open. The picture is smeared along a diagonal, and we know the smear: a
# 7×7 kernel `w` (enlarged in the figure), so that *blurred* = `conv2d`(*sharp*, `w`). Can we get the sharp picture back?

# %%
sharp = data.photograph("camera")[40:296:2, 130:386:2][None, None] / 255  # (1, 1, 128, 128)
smear = np.diag(0.7 ** np.arange(7))
smear /= smear.sum()
w = smear[None, None]
blurred = NF.conv2d(sharp, w)

# %% tags=["plumbing"]
# The three pictures.
titles = ["sharp (not known to us)", "the smear w", "blurred"]
figure = viz.image_row([sharp[0, 0], smear, blurred[0, 0]], titles, share=False, height=2.6)
figure.axes[1].images[0].set_clim(0, 1.2 * smear.max())  # the corner is not as white as the page
show(figure, "06/moved-while-exposed")

# %% [markdown]
# The idea: start from a plain grey picture `x`. Blur it and compare with the blurred photograph. The difference
# `g = conv2d(x, w) - blurred` is an image of errors. Use it to correct `x`, and repeat. But `g` is smaller than `x`
# (122×122 against 128×128), and each error was made by *a whole window of pixels together*. How does one hand it back
# to them? There are two proposals:
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


losses = {"A, slide": [], "B, stamp": []}
for name, hand_back in zip(losses, [slide, stamp], strict=True):
    x = np.full_like(sharp, 0.5)
    for _ in range(21):
        g = NF.conv2d(x, w) - blurred
        losses[name].append(0.5 * (g**2).sum())
        x = x - hand_back(g)
table([(name, *np.array(values)[[0, 5, 10, 20]]) for name, values in losses.items()],
      {"": ""} | {f"after {k} steps": ".2f" for k in (0, 5, 10, 20)},
      "Half the sum of squared errors")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert np.all(np.diff(losses["B, stamp"]) < 0)
assert losses["A, slide"][5] < losses["A, slide"][0] / 5
assert losses["A, slide"][20] > 5 * losses["A, slide"][0]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# B improves the picture with every step. A helps at first, and then the error grows beyond all bounds. This is not a
# matter of taste: the correction that makes the loss fall is the loss's **gradient**, and the chain rule tells us what
# that is. At the end of section 4 you can derive which proposal is the gradient, we say why the other one helps first
# and harms later, and we get the photograph back.
# </details>

# %% [markdown]
# ## 1. What arrives and what is returned
#
# Somewhere above our layer there is a loss $L$, one number. When the backward pass reaches the layer, it brings
#
# $$ g[n, o, i, j] = \frac{\partial L}{\partial y[n, o, i, j]}, $$
#
# an array with the shape of the layer's *output*: how much would $L$ grow if this one output grew? (Code calls it
# `grad_output`; it is also called the upstream gradient.) The layer must return three arrays: $\partial L/\partial w$
# and $\partial L/\partial b$ for the optimiser, and $\partial L/\partial x$ for the layer below, which takes it as
# *its* upstream gradient. Each has the shape of the array that it is the gradient of. What the loss is, and what lies
# above, does not matter.
#
# The only tool we need is the chain rule for a number that influences $L$ in many ways. If a number $p$ enters
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


rows = [("sum over n, i, j", g.sum(axis=(0, 2, 3))), ("PyTorch", torch_gradients(g, x, w, b)[2])]
table(rows, {"": "", "gradient of the four biases": ".3f"})

# %% [markdown]
# ## 3. The gradient of a shared weight
#
# *Which outputs did $w[o, c, u, v]$ influence?* Again all of channel $o$, because the kernel visits every place. The
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

# %%
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
# You can read this sentence in lecture notes. The sum and the average differ only by a factor, the number of positions.
# The *direction* is the same. Does it matter then, if the learning rate is chosen anyway?
#
# We train: images of random numbers, and a kernel that has to find out by gradient descent which kernel made the
# targets (as in lesson 02). The loss is the **mean** squared error, as usual. One learning rate, four image sizes, and
# for each size five draws of image and kernel.
#
# > **Predict.** How many steps until the loss has fallen to 1 %, with the sum: more for larger images, fewer, or about
# > as many? And with the average?


# %%
def steps_to_learn(side, draw, average, lr=0.1, limit=9000):
    own_rng = np.random.default_rng([side, draw])
    x, target = own_rng.normal(size=(1, 1, side, side)), own_rng.normal(size=(1, 1, 3, 3))
    wanted, w = NF.conv2d(x, target), np.zeros((1, 1, 3, 3))
    for step in range(limit):
        error = NF.conv2d(x, w) - wanted
        if (error**2).mean() < 0.01 * (wanted**2).mean():
            return step
        g = 2 * error / error.size  # the gradient of the mean of error²
        _, grad_w, _ = NF.conv2d_backward(g, x, w)
        w = w - lr * (grad_w / error.size if average else grad_w)
    return limit


sides, draws = [6, 8, 12, 16], range(5)
steps_by_rule = {}
for rule in ["sum", "average"]:
    runs = [[steps_to_learn(side, draw, rule == "average") for draw in draws] for side in sides]
    steps_by_rule[rule] = np.array(runs)  # (4 sizes, 5 draws)

# %% tags=["plumbing"]
# The median of the five draws, and the smallest and the largest number.
positions = [(side - 2) ** 2 for side in sides]
middle = {rule: np.median(steps, axis=1) for rule, steps in steps_by_rule.items()}
rows = []
for place, side in enumerate(sides):
    row = [f"{side}×{side}", positions[place]]
    for rule, steps in steps_by_rule.items():
        row += [middle[rule][place], f"{steps[place].min()} to {steps[place].max()}"]
    rows.append(row)
table(rows, {"image": "", "positions": "d", "sum: median steps": ".0f", "all five": "",
             "average: median steps": ".0f", "all five ": ""})  # fmt: skip
ylabel = "steps to 1 % of the loss\n(median of five draws)"
figure = viz.line_chart(
    positions, middle, "positions that share the kernel", ylabel, log="xy", size=(6, 3)
)
figure.axes[0].set_xticks(positions, positions)
figure.axes[0].minorticks_off()
show(figure, "06/steps-over-positions")

# %%
# And the slope itself, measured: another kernel, with 49 positions, whose weight [1, 2] is nudged.
x, w = rng.normal(size=(1, 1, 9, 9)), rng.normal(size=(1, 1, 3, 3))
g = rng.normal(size=(1, 1, 7, 7))
nudge = np.zeros_like(w)
nudge[0, 0, 1, 2] = 1e-6
slope = ((NF.conv2d(x, w + nudge) - NF.conv2d(x, w - nudge)) * g).sum() / 2e-6
the_sum = (g[0, 0] * x[0, 0, 1:8, 2:9]).sum()
rows = [("measured", slope), ("sum over 49 positions", the_sum), ("average", the_sum / 49)]
table(rows, {"": "", "slope of L": ".3f"})

# %% tags=["check"]
# Check that the text is true.
ratio = middle["average"] / middle["sum"]
assert max(middle["sum"]) < 3 * min(middle["sum"])
assert all(np.diff(ratio) > 0)
assert ratio[-1] > 100
assert abs(slope - the_sum) < 1e-6
assert abs(slope - the_sum / 49) > 0.01

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **The claim is false.** When one weight changes a little, the loss changes by the sum, as the last table shows. With
# the sum, one learning rate serves all four image sizes. The *loss* has already divided by the number of outputs. If
# the gradient is divided once more, the step depends on the size of the image: on 16×16 pixels it takes more than a
# hundred times as many steps. In a network whose layers have maps of different sizes, each layer would learn at a
# different pace.
#
# What may be meant: if the loss is a mean over outputs, each $g$ carries a factor $1/\text{positions}$, and then
# the sum of these $g$ times windows *is* an average of something. But that average was taken by the loss, not by the
# layer.
# </details>

# %% [markdown]
# ## 4. The gradient of the input
#
# *Which outputs did the pixel $x[n, c, a, a']$ influence?* (Its row is $a$ and its column $a'$, because $b$ is the bias.)
# All windows that contained it. In the window of output $(i, j)$ it lay under the weight with $i + u = a$ and
# $j + v = a'$. So the factor is
#
# $$ \frac{\partial y[n, o, i, j]}{\partial x[n, c, a, a']} = w[o, c,\; a - i,\; a' - j] \quad\text{(zero where that
# index is outside the kernel)}, $$
#
# and the chain rule of section 1 sums over all outputs of this image:
#
# $$ \frac{\partial L}{\partial x[n, c, a, a']} = \sum_{o, i, j} g[n, o, i, j]\; w[o, c,\; a - i,\; a' - j]. $$
#
# Most of these terms are zero. To see which are left, count by the place in the kernel instead of the place in the
# output: call $u = a - i$ and $v = a' - j$. The pixel $(a, a')$ is fixed, so each $i$ belongs to exactly one $u$, namely
# $i = a - u$, and summing over all $i$ is the same as summing over all $u$. Where $u$ is not one of $0, \dots, K - 1$
# the weight is zero, so $K^2$ terms remain for each $o$:
#
# $$ \boxed{\; \frac{\partial L}{\partial x[n, c, a, a']} = \sum_{o, u, v} w[o, c, u, v]\; g[n, o,\; a - u,\; a' - v] \;}
# $$
#
# where $g$ counts as zero outside of its array (there is no window with such a number). **Look at the minus signs.**
# Forward, the indices were added: $i + u$. Backward they are subtracted. By lesson 02 this is a *true convolution*,
# with the kernel flipped. The forward pass of a CNN is a cross-correlation; its backward pass is a convolution.
#
# The formula collects, for one pixel, what all windows send it: a *gather*. The same sum in the other order, "for each
# output: send to all pixels of its window", is a *scatter*. Nothing is flipped in it, and it is how one should picture
# the backward pass:

# %%
kernel = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
from_above = np.array([[1, -2, 0], [3, 1, -1], [2, 0, 4]])
show(backward_scatter(from_above, kernel, size=(5, 5), position=(1, 1)), "06/scatter-one-entry")

# %% [markdown]
# ### Try it yourself
#
# Each entry of `g` adds its multiple of the kernel to the window it came from. Move through `g` with the arrow keys
# (click on it first, or reach it with Tab), or press *play*. Hatched cells are padding: what is scattered
# there is dropped in the end. Cells with a struck-through zero are read by *no* window, so nothing ever arrives there.
#
# > **Predict**, before you touch anything: at stride 2, which of the pixels get contributions from most windows? Then
# > tick *only count arrivals* and go to the end. Or run the cell after the widget. It shows two still pictures (with other
# > numbers than the widget): the last of four steps at stride 2, and the count of arrivals.

# %% tags=["open"]
from cnncourse.viz.widgets.backward_scatter import BackwardScatter

digits = np.random.default_rng(1)
upstream, weights = (digits.choice([-2, -1, 1, 2, 3], size=(side, side)) for side in (9, 4))
BackwardScatter(upstream, weights, stride=2, position=1)

# %% tags=["plumbing"]
# The last of the four steps, and the count of arrivals.
show(
    backward_scatter([[1, -2], [3, 1]], kernel, size=(5, 5), position=(1, 1), stride=2),
    "06/scatter-with-stride",
)
arrivals = NF.conv_transpose2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 3, 3)), stride=2)[0, 0]
show(viz.value_row([arrivals], ["windows that reach each pixel"]), "06/arrivals-per-pixel")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Away from the rim, every second row and every second column is shared by two windows. (On 5×5 pixels that is only the
# middle row and the middle column.) Where such a row meets such a column, four windows overlap. The counts are
# uneven: in the still picture the middle pixel is reached four times, a corner once. We come back to that in section
# 10.
# </details>
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


# %%
x, w = rng.normal(size=(2, 3, 6, 7)), rng.normal(size=(4, 3, 3, 3))
b, g = rng.normal(size=4), rng.normal(size=(2, 4, 4, 5))
by_torch = torch_gradients(g, x, w, b)[0]
ways = {
    "scatter": grad_input_scatter(g, w, x.shape),
    "gather": grad_input_gather(g, w),
    "gather without the flip": NF.conv2d(g, w.swapaxes(0, 1).copy(), padding=2),
}
table([(name, np.abs(ours - by_torch).max() < 1e-12) for name, ours in ways.items()],
      ["", "equals PyTorch to 1e-12"])  # fmt: skip

# %% [markdown]
# ### The puzzle, solved
#
# Proposal B, *stamp*, is the scatter: the gradient of $L = \frac12 \sum g^2$ with respect to the picture. Proposal A
# slides the kernel without flipping it. This is the classic mistake, and no shape reveals it.
#
# Why does A help at first, and then blow up? Look at the error $e = x - x_{sharp}$ of the picture, and think of it as a
# sum of waves (away from the rim). Blurring multiplies a wave by a number $\hat w$ that depends on its wavelength, and
# moves it. Handing the blurred error back multiplies it once more. So at each step
#
# $$ \text{B:}\quad e \leftarrow (1 - |\hat w|^2)\, e, \qquad\qquad \text{A:}\quad e \leftarrow (1 - \hat w^2)\, e. $$
#
# ($\hat w$ is taken with the middle of the kernel as its origin.) B undoes the movement, because it flips the kernel:
# what is left is $|\hat w|^2$, a number between 0 and 1, so *every* wave of the error shrinks or stays. A moves the
# wave twice the same way. Then $\hat w^2$ is a complex number, and the wave may be added to the error instead of being
# taken away. Our smear is 7 pixels long, so let us compute the factor for waves of several lengths along the diagonal:

# %%
lengths = np.array([100, 30, 15, 9, 6, 3])  # pixels along the diagonal, from crest to crest
phase = 2 * np.pi / lengths[:, None] * (np.arange(7) - 3)
w_hat = (np.diag(smear) * np.exp(1j * phase)).sum(axis=1)
by_a, by_b = np.abs(1 - w_hat**2), 1 - np.abs(w_hat) ** 2
rows = zip(lengths, by_b, by_a, by_a**5, by_a**20, strict=True)
heads = ["B, one step", "A, one step", "A, 5 steps", "A, 20 steps"]
table(rows, {"length of the wave": "d"} | dict.fromkeys(heads, ".2f"), "The error is multiplied by")

# %% tags=["check"]
# Check that the text is true.
assert np.all((by_b > 0) & (by_b < 1))
assert np.all(by_a[:2] ** 5 < 0.1)
assert by_a[3] > 1.15
assert by_a[3] ** 20 > 30

# %% [markdown]
# Long waves are the broad areas of light and dark. They make up most of a picture's error, and within five steps A
# removes nearly all of it. That is the good beginning. Waves of about 9 pixels grow by a fifth with every step of A. At
# first they are too weak to be seen, but a factor that is larger than 1 wins in the end. With the gradient, we simply
# go on:

# %%
w = smear[None, None]
x = np.full_like(sharp, 0.5)
pictures, losses = {0: x}, []
for step in range(1, 201):
    g = NF.conv2d(x, w) - blurred
    losses.append(0.5 * (g**2).sum())
    x = x - grad_input_gather(g, w)
    if step in (1, 5, 20, 200):
        pictures[step] = x
error = x - sharp
print(f"loss at the start {losses[0]:.3f}; after 200 steps below 1e-6: {losses[-1] < 1e-6}")
print(f"typical error of a pixel: {np.sqrt((error**2).mean()):.3f}; "
      f"away from the rim: {np.sqrt((error[..., 6:-6, 6:-6] ** 2).mean()):.3f}")  # fmt: skip

# %% tags=["plumbing"]
# The picture after 0, 1, 5, 20 and 200 steps.
titles = [f"{k} step{'s' * (k != 1)}" for k in pictures]
pictures = [picture[0, 0] for picture in pictures.values()]
show(viz.image_row(pictures, titles, low=0, high=1, height=1.95), "06/picture-recovered")

# %% tags=["check"]
# Check that the text is true.
assert losses[-1] < 1e-6

# %% [markdown]
# <details><summary><b>Why it works, and why not quite</b></summary>
#
# The loss goes to zero, but the picture is not perfect near the rim. Rim pixels lie in few windows (lesson 03 counted
# them), so the 122×122 blurred pixels do not pin down all 128×128 sharp ones: many pictures have the same blur, and
# the gradient cannot tell them apart. The gradient of the input has other uses, too: the same steps
# make the pictures of [lesson 16](16_what_cnns_learn.ipynb), which show what a network looks for.
# </details>

# %% [markdown]
# ## 5. Stride, padding, dilation, groups: three lines in one loop
#
# The full layer of lesson 03 reads other pixels, but each output is still a sum of weight times pixel:
#
# $$ y[n, o, i, j] = b[o] + \sum_{c, u, v} w[o, c, u, v]\; x[n,\; c_o + c,\; \underbrace{iS + uD - P}_{a},\;
#    \underbrace{jS + vD - P}_{a'}], $$
#
# with $x = 0$ outside the image, and $c_o = \lfloor o \,/\, (C_\text{out}/G) \rfloor \cdot C_\text{in}/G$ the first
# channel of the group of output $o$. The rule "which outputs did it influence, by which factor" now reads:
#
# $$ \frac{\partial L}{\partial w[o, c, u, v]} = \sum_{n, i, j} g[n, o, i, j]\; x[n,\, c_o + c,\, iS + uD - P,\, jS +
# vD - P], $$
#
# $$ \frac{\partial L}{\partial x[n, c', a, a']} = \sum_{\substack{o, c, i, j, u, v:\;\; c_o + c = c' \\
#    iS + uD - P = a,\;\; jS + vD - P = a'}} g[n, o, i, j]\; w[o, c, u, v]. $$
#
# The second is awkward. It must find all $(i, u)$ with $iS + uD - P = a$, and with stride 2 only every other
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
            x_index = n, first + c, i * S + u * D - P, j * S + v * D - P
            w_index = o, c, u, v
            if 0 <= x_index[2] < H and 0 <= x_index[3] < W:
                y[n, o, i, j] += w[w_index] * x[x_index]
                if g is not None:
                    grad_w[w_index] += g[n, o, i, j] * x[x_index]
                    grad_x[x_index] += g[n, o, i, j] * w[w_index]
    return y if g is None else (grad_x, grad_w, g.sum(axis=(0, 2, 3)))


# %% [markdown]
# You can read off three things. What is scattered into the padding is dropped (the `if`). A pixel that no window
# reads gets a zero. And each gradient costs exactly as many multiply-adds as the forward pass: **backward costs twice
# forward**. (The first layer of a network may skip `grad_x`: training does not need the gradient of the
# photograph. Our puzzle did.)

# %%
options = dict(S=2, P=1, D=2, groups=2)
x, w, b = rng.normal(size=(2, 4, 9, 8)), rng.normal(size=(6, 2, 3, 2)), rng.normal(size=6)
g = rng.normal(size=conv2d_loops(x, w, b, **options).shape)
ours = conv2d_loops(x, w, b, **options, g=g)
theirs = torch_gradients(g, x, w, b, stride=2, padding=1, dilation=2, groups=2)
rows = []
for name, mine, other in zip(["grad_x", "grad_w", "grad_b"], ours, theirs, strict=True):
    rows.append((name, str(mine.shape), np.abs(mine - other).max() < 1e-12))
table(rows, ["", "shape", "equals PyTorch to 1e-12"])

# %% [markdown]
# ## 6. Is it right? The numerical check
#
# PyTorch will not always be there to compare with. A gradient can be checked against the definition: nudge one number
# $p$ by $\pm\varepsilon$ and see what the loss does,
#
# $$ \frac{\partial L}{\partial p} \approx \frac{L(p + \varepsilon) - L(p - \varepsilon)}{2\varepsilon},
#    \qquad L = \sum g \cdot y \quad\text{for a fixed array } g. $$
#
# With this $L$ the upstream gradient is exactly $g$. Three details decide whether the check is worth anything.
#
# **First detail: which $g$?** Many checks use `y.sum()` as loss, because it is easy to write. Then $g$ is all ones.
# Below are three wrong gradients: one mixes up the rows and columns of $g$, one replaces $g$ by its mean, one takes the
# output channels of $g$ in reverse order.
#
# The check of one number comes first. It is slow, and it is simple enough to be trusted. For a whole array one calls it
# at every place.


# %%
def slope(loss, p, place, eps=1e-6):
    """How steeply loss() rises with the one number p[place]."""
    kept = p[place]
    p[place] = kept + eps
    above = loss()
    p[place] = kept - eps
    below = loss()
    p[place] = kept
    return (above - below) / (2 * eps)


# %% [markdown]
# > **Predict.** Which of the three wrong gradients pass a check with $g = 1$? Which pass with a random $g$?

# %%
versions = {
    "correct": lambda g: g,
    "rows and columns of g swapped": lambda g: g.swapaxes(2, 3),
    "g replaced by its mean": lambda g: np.full_like(g, g.mean()),
    "channels of g in reverse order": lambda g: g[:, ::-1],
}
x, w = rng.normal(size=(2, 2, 6, 6)), rng.normal(size=(3, 2, 3, 3))
passes = {name: [] for name in versions}
for g in [np.ones((2, 3, 4, 4)), rng.normal(size=(2, 3, 4, 4))]:

    def loss(g=g):
        return (NF.conv2d(x, w) * g).sum()

    truth = [slope(loss, w, place) for place in np.ndindex(w.shape)]
    for name, change in versions.items():
        _, grad_w, _ = NF.conv2d_backward(change(g).copy(), x, w)
        passes[name].append(np.allclose(grad_w.ravel(), truth, rtol=1e-6, atol=1e-6))
table([(name, *both) for name, both in passes.items()],
      ["the gradient of w", "passes with g = 1", "passes with a random g"])  # fmt: skip

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# All three wrong ones pass with ones: an array of equal numbers does not show that its entries have been moved. (For
# batch normalisation a check with $g = 1$ is even worse. Lesson 08 shows why.)
# </details>
#
# **Second detail: awkward strides and sizes.** Section 4's `grad_input_scatter` was written for stride 1. Let us use
# it at stride 2. The shapes fit and no error is raised, so a check at stride 1 alone finds nothing:

# %%
x, w, b = rng.normal(size=(1, 2, 9, 8)), rng.normal(size=(3, 2, 3, 3)), np.zeros(3)
rows = []
for S in [1, 2]:
    g = rng.normal(size=NF.conv2d(x, w, stride=S).shape)
    got, truth = grad_input_scatter(g, w, x.shape), NF.conv2d_backward(g, x, w, stride=S)[0]
    rows.append((S, got.shape == truth.shape, np.allclose(got, truth)))
table(rows, {"stride": "d", "shapes equal": "", "values equal": ""})

# %% [markdown]
# **Third detail: the step, and float64.** Below is the error of the difference quotient over $\varepsilon$, relative to
# the largest entry of the gradient, for the weights of a convolution followed by a tanh, and for a convolution alone.
# We compute in float64 and, for the first, in float32, too. Each point is the median of 20 draws of `x`, `w` and `g`.
#
# > **Predict.** The smaller $\varepsilon$, the better the approximation of a derivative. Is the best choice the
# > smallest? Is it the same for both functions? And how good can it get in float32, with its seven digits?


# %%
def relative_errors(dtype, tanh, draw):
    """The largest error at each step, as a share of the gradient's largest entry."""
    own_rng = np.random.default_rng(draw)
    x, w, g = (own_rng.normal(size=(1, 1, side, side)) for side in (6, 3, 4))
    by_tanh = 1 - np.tanh(NF.conv2d(x, w)) ** 2 if tanh else 1
    exact = NF.conv2d_backward(g * by_tanh, x, w)[1]
    x, w, g = (array.astype(dtype) for array in (x, w, g))

    def loss():
        y = NF.conv2d(x, w)
        return ((np.tanh(y) if tanh else y) * g).sum()

    places = list(np.ndindex(w.shape))
    found = [[slope(loss, w, place, dtype(eps)) for place in places] for eps in steps]
    return [np.abs(one - exact.ravel()).max() / np.abs(exact).max() for one in found]


steps = 10.0 ** np.arange(-11, 0.5, 0.5)
settings = {"convolution, then tanh": (np.float64, True),
            "convolution, then tanh, float32": (np.float32, True),
            "convolution alone": (np.float64, False)}  # fmt: skip
errors = {}
for name, setting in settings.items():
    errors[name] = np.median([relative_errors(*setting, draw) for draw in range(20)], axis=0)

# %% tags=["plumbing", "nbval-ignore-output"]
# The curves, and where they are lowest.
show(
    viz.line_chart(steps, errors, "step ε", "relative error", log="xy", size=(7.5, 3.6)),
    "06/error-over-step-size",
)
lowest = {name: int(np.argmin(errors[name])) for name in list(errors)[:2]}
table([(name, steps[place], errors[name][place]) for name, place in lowest.items()],
      {"": "", "best step": ".0e", "error there": ".0e"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
best = {name: steps[int(np.argmin(error))] for name, error in errors.items()}
assert 1e-6 <= best["convolution, then tanh"] <= 1e-4
assert 1e-3 <= best["convolution, then tanh, float32"] <= 1e-2
assert best["convolution alone"] == 1
assert 2e-5 < min(errors["convolution, then tanh, float32"]) < 8e-5
assert errors["convolution, then tanh, float32"][np.argmin(np.abs(steps - 1e-6))] > 0.05
assert min(errors["convolution, then tanh"]) < 2e-10

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Two errors compete. The difference of two nearly equal numbers loses digits: about $10^{-16} |L| / \varepsilon$ in
# float64, the falling branch. And the quotient is not the derivative: an error of order $\varepsilon^2$, the rising
# branch. The best compromise in float64 is a few millionths, and $10^{-6}$ is a safe habit. In float32 the falling
# branch is higher by about nine powers of ten. So the best step is much larger, a few thousandths, and the best that
# one gets is an error of some 10⁻⁵. At the usual step of $10^{-6}$ the error is a tenth of the gradient, and a correct
# gradient fails. (At the far left of the float32 curve $p + \varepsilon$ is rounded back to $p$. The quotient is zero,
# and its error is all of the gradient.) So check gradients in **float64**.
#
# The convolution alone has no rising branch: it is *linear* in its weights, and for a linear function the quotient is
# exact at any step. This is a surprise worth keeping: you can check a convolution's gradient with $\varepsilon = 1$.
# </details>
#
# Now the real check: our loops, the package, PyTorch and the numerical gradient, over a grid of strides, paddings,
# dilations and groups, on an image that is not square with a kernel that is not square.

# %%
x, b = rng.normal(size=(2, 2, 7, 6)), rng.normal(size=4)
cases, worst = 0, {"numerical gradient": 0.0, "PyTorch": 0.0, "the loops of section 5": 0.0}
for S, P, D, groups in product([1, 2, 3], [0, 1, 2], [1, 2], [1, 2]):
    w = rng.normal(size=(4, 2 // groups, 3, 2))
    call = dict(stride=S, padding=P, dilation=D, groups=groups)
    g = rng.normal(size=NF.conv2d(x, w, b, **call).shape)
    ours = NF.conv2d_backward(g, x, w, b, **call)

    def loss(w=w, g=g, call=call):
        return (NF.conv2d(x, w, b, **call) * g).sum()

    slopes = [[slope(loss, p, place) for place in np.ndindex(p.shape)] for p in (x, w, b)]
    numerical = [np.reshape(found, p.shape) for found, p in zip(slopes, (x, w, b), strict=True)]
    by_loops = conv2d_loops(x, w, b, S, P, D, groups, g)
    theirs = numerical, torch_gradients(g, x, w, b, **call), by_loops
    for name, others in zip(worst, theirs, strict=True):
        differences = [np.abs(a - c).max() for a, c in zip(ours, others, strict=True)]
        worst[name] = max(worst[name], *differences)
    cases += 1
rows = [(name, value < 1e-6, value < 1e-12) for name, value in worst.items()]
table(rows, ["the package and", "agree to 1e-6", "to 1e-12"], f"{cases} settings")

# %% tags=["check"]
# Check that the text is true.
assert worst["numerical gradient"] < 1e-6
assert worst["PyTorch"] < 1e-12
assert worst["the loops of section 5"] < 1e-12

# %% [markdown]
# ## 7. The fast code: correlations again
#
# *(This section can wait.)*
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


# %%
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
# first two axes are swapped on the way in and out.
#
# **Where the last padding comes from.** One axis is enough. Write $g'$ for $g$ with $S - 1$ zeros between its entries:
# $g'[iS] = g[i]$. Forward, the weight $u$ of output $i$ reads the pixel $a = iS + uD - P$. So the pixel $a$ needs the
# entry of $g'$ at $iS = a + P - uD$:
#
# $$ \frac{\partial L}{\partial x[a]} = \sum_u w[u]\; g'[a + P - uD]. $$
#
# Now flip the kernel, $w'[u'] = w[u]$ with $u' = K - 1 - u$, so that the index runs upwards, as in a forward pass:
#
# $$ \frac{\partial L}{\partial x[a]} = \sum_{u'} w'[u']\; g'\big[a + u'D - \underbrace{(D(K - 1) - P)}_{\text{the padding}}\big]. $$
#
# This is the formula of a layer with stride 1, dilation $D$ and padding $D(K - 1) - P$. Where the stride left a
# remainder, the last pixels are read by no window. Then $g'$ gets as many zeros at its end, so that the result has the
# size of $x$. We test the table:


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
    # S − 1 zeros in between, and zeros at the end for the remainder of the stride
    spread[:, :, ::S, ::S][:, :, : g.shape[2], : g.shape[3]] = g
    flipped = w[:, :, ::-1, ::-1].swapaxes(0, 1).copy()
    # Pad with D(K − 1) and cut P off: as padding with D(K − 1) − P, also where that is negative.
    full = NF.conv2d(spread, flipped, dilation=D, padding=(D * (K_h - 1), D * (K_w - 1)))
    return full[:, :, P : P + H, P : P + W]


# %%
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
# So every fast algorithm for the forward pass serves the backward pass too, because it is made of convolutions. (Lesson
# 05 has six of them. You can read it now or later.)

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
figure = matrix_row([M, M.T], ["M: (4 outputs) × (25 pixels)", "Mᵀ"], values=True, cell=0.28)
show(figure, "06/matrix-and-transpose")

# %% [markdown]
# What is the gradient of the weights? If all 100 entries of $M$ were free, their gradient would be $\partial L/\partial
# M = g\,x^\top$. But the zeros are fixed (sparse connectivity), and each of the nine weights is in four entries (weight
# sharing). So its gradient is the sum over these four entries:

# %%
x, g = rng.normal(size=(1, 1, 5, 5)), rng.normal(size=(1, 1, 2, 2))
grad_x, grad_w, _ = NF.conv2d_backward(g, x, kernel, stride=2)
grad_M = np.outer(g.ravel(), x.ravel())
# the nine weights are different numbers
summed = [grad_M[M == value].sum() for value in kernel.ravel()]
print("Mᵀ g is the input's gradient:", np.allclose(M.T @ g.ravel(), grad_x.ravel()))
print("g xᵀ, summed over the places of a weight, is ∂L/∂w:", np.allclose(summed, grad_w.ravel()))

# %% [markdown]
# ## 9. In PyTorch: a function of your own
#
# *(This section can wait.)*
#
# PyTorch lets you write both passes yourself. `forward` may keep tensors for later in `ctx`. `backward` gets the
# upstream gradient and returns one gradient for each argument of `forward`, and `None` where there is none.
#
# We use two functions of PyTorch that take an image apart into windows, and put it together again. `F.unfold` writes
# each window as a column of numbers (this is called *im2col*). Then the forward pass is a matrix product: filters times
# columns. `F.fold` goes back: it adds each column to the window that it came from (*col2im*). Where windows overlap,
# the numbers add up. That is our scatter. On a 3×3 image with 2×2 windows:

# %%
tiny = torch.arange(1.0, 10).reshape(1, 1, 3, 3)
columns = F.unfold(tiny, kernel_size=2)
print("one column per window:\n", columns[0].numpy().astype(int))
back = F.fold(columns, (3, 3), kernel_size=2)
print("added back to the windows:\n", back[0, 0].numpy().astype(int))


# %%
class Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b, stride, padding, dilation):
        ctx.window = dict(kernel_size=w.shape[2:], stride=stride)
        ctx.window |= dict(padding=padding, dilation=dilation)
        columns = F.unfold(x, **ctx.window)  # (N, C_in·K·K, windows): one column per window
        ctx.save_for_backward(columns, w)
        ctx.size = x.shape[2:]
        H_out, W_out = (
            (I + 2 * padding - dilation * (K - 1) - 1) // stride + 1
            for I, K in zip(x.shape[2:], w.shape[2:], strict=True)
        )
        return (w.flatten(1) @ columns + b[:, None]).reshape(len(x), len(w), H_out, W_out)

    @staticmethod
    def backward(ctx, g):
        columns, w = ctx.saved_tensors
        g = g.flatten(2)  # (N, C_out, windows)
        grad_w = (g @ columns.transpose(1, 2)).sum(dim=0).reshape(w.shape)
        grad_x = F.fold(w.flatten(1).T @ g, ctx.size, **ctx.window)
        return grad_x, grad_w, g.sum(dim=(0, 2)), None, None, None


# %%
arrays = rng.normal(size=(2, 3, 8, 7)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
x, w, b = (torch.from_numpy(array).requires_grad_() for array in arrays)
y = Convolution.apply(x, w, b, 2, 1, 2)
g = torch.from_numpy(rng.normal(size=y.shape))
ours = torch.autograd.grad(y, (x, w, b), g)
theirs = torch_gradients(g.numpy(), *arrays, stride=2, padding=1, dilation=2)
by_torch = F.conv2d(x, w, b, stride=2, padding=1, dilation=2)
rows = [
    ("forward equals F.conv2d", torch.allclose(y, by_torch)),
    ("backward equals F.conv2d", all(np.allclose(a, c) for a, c in zip(ours, theirs, strict=True))),
    ("gradcheck passes", torch.autograd.gradcheck(Convolution.apply, (x, w, b, 2, 1, 2))),
]
table(rows, ["", " "])

# %% [markdown]
# `torch.autograd.gradcheck` does what section 6 did, in float64, for every output in turn. Does the layer train? Put it
# in place of `F.conv2d`, take the same steps, and compare the weights:

# %%
x = torch.from_numpy(rng.normal(size=(4, 3, 8, 8)))
target = torch.from_numpy(rng.normal(size=(4, 5, 4, 4)))
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
equal = (trained[0] - trained[1]).abs().max().item() < 1e-12
print("after 50 steps the weights agree to 1e-12:", equal)

# %% [markdown]
# ## 10. Transposed convolution and its checkerboard
#
# *(This section can wait.)*
#
# $M^\top$ maps small arrays to large ones. So it can be used as a *forward* layer wherever a network has to enlarge its
# maps. That layer is called **transposed convolution**: PyTorch's `conv_transpose2d`, our `NF.conv_transpose2d`. Its
# output has
#
# $$ (I - 1) S - 2P + D(K - 1) + 1 $$
#
# pixels along an axis where the input has $I$: lesson 03's formula solved for the input size. It is *not* an inverse: it
# restores the shape, not the values. (It is often called "deconvolution", too. Elsewhere that word means to undo a
# convolution, as we did with the blurred photograph.) And its backward pass is, of course, the convolution. [Lesson
# 19](19_segmentation.ipynb#3.-Back-up:-transposed-convolution) uses it, and shows the checkerboards that it can make in
# a network's *outputs*.

# %%
x, kernel = rng.normal(size=(1, 1, 7, 7)), rng.normal(size=(1, 1, 3, 3))
y = NF.conv2d(x, kernel, stride=2)
back = NF.conv_transpose2d(y, kernel, stride=2)
grad_x = NF.conv2d_backward(y, x, kernel, stride=2)[0]
by_torch = F.conv_transpose2d(torch.from_numpy(y), torch.from_numpy(kernel), stride=2)
rows = [
    ("has the shape of x", back.shape == x.shape),
    ("equals x", np.allclose(back, x)),
    ("equals conv2d's gradient of the input for g = y", np.allclose(back, grad_x)),
    ("equals PyTorch's", np.allclose(back, by_torch)),
]
table(rows, ["conv_transpose2d(conv2d(x))", ""])

# %% [markdown]
# Here we look at the **gradient**. The backward pass through a strided convolution *is* a transposed convolution. At
# $S = 2$ and $K = 3$ a pixel is read by four windows, by two or by one, as the widget of section 4 counts; with $K$
# divisible by $S$ all are read equally often, away from the rim. A network may begin with two 3×3 convolutions of stride
# 2. Through two such layers, with random weights, we look at the mean square of the input's gradient, pixel by pixel, over
# 2,000 networks. We divide it by its mean over all pixels, so that 1 is average.
#
# > **Predict.** How many times as much does the pixel that is read most often get as the one that is read least? (Along
# > one axis first: count the paths from a pixel through both layers. Then square.)


# %%
def gradient_energy(K, runs=2000, at_once=200):
    """Mean square of the input's gradient over random networks, relative to its mean: (16, 16)."""
    R = at_once  # networks side by side, as groups of one convolution
    total = np.zeros((32, 32))
    for _ in range(runs // R):
        x = torch.zeros(1, R, 32, 32, requires_grad=True)
        shapes = [(8 * R, 1, K, K), (8 * R, 8, K, K), (1, 8 * R, 8, 8)]
        first, second, g = (torch.from_numpy(rng.normal(size=shape)).float() for shape in shapes)
        y = F.conv2d(x, first, stride=2, padding=1, groups=R)
        y = F.conv2d(y, second, stride=2, padding=1, groups=R)
        (gradient,) = torch.autograd.grad(y, x, g)
        total += (gradient[0].double().numpy() ** 2).sum(axis=0)
    return total[8:24, 8:24] / total[8:24, 8:24].mean()


def paths_along_one_axis(K):
    ones, y = np.ones((1, 1, K, K)), np.ones((1, 1, 8, 8))
    for _ in range(2):
        y = NF.conv_transpose2d(y, ones, None, 2, 1)
    return np.sqrt(y[0, 0, range(8, 16), range(8, 16)]).astype(int)


# %%
energies, rows = {}, []
for K in [3, 4]:
    energies[f"K = {K}, S = 2, twice"] = energy = gradient_energy(K)
    by_place = energy.reshape(4, 4, 4, 4).mean(axis=(0, 2))  # the pattern repeats every 4 pixels
    rows.append((f"K = {K}", paths_along_one_axis(K), by_place.max() / by_place.min()))

# %% tags=["plumbing"]
# The counts, and the mean squares as pictures.
table(rows, {"": "", "paths along one axis": "d", "gradient: most over least": ".1f"})
show(
    viz.image_row(list(energies.values()), list(energies), height=2.8, low=0, bar=True),
    "06/where-gradients-arrive",
)

# %% tags=["check"]
# Check that the text is true.
assert abs(rows[0][2] - 9) < 1.2
assert rows[1][2] < 1.2

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Along one axis the paths are 1, 3, 2, 3, 1, 3, 2, 3, …. With rows and columns multiplied there are nine times as many
# for the pixel that is read most often. The mean square of the gradient follows the number of paths. (The measured
# ratio is not exactly nine. 2,000 networks with random weights are not infinitely many, so some noise is left. Four of
# the sixteen places are read most often, and the cell takes the largest of their four values.)
# </details>
#
# So some pixels influence the loss many times as much as their neighbours. One sees it when such gradients are drawn to
# show "what the network looked at" ([lesson 16](16_what_cnns_learn.ipynb#9.-Explanations-judged)). The pattern in such a picture comes
# from the arithmetic, not from the image.

# %% [markdown]
# ## Claims to test
#
# Sentences that one reads.
#
# 1. "The kernel's gradient is the average over the receptive fields."
# 2. "Backpropagation through a convolution is a convolution."
# 3. "The backward pass costs as much as the forward pass."
# 4. "A transposed convolution undoes a convolution."
#
# > **Predict.** In what sense is each of them true?

# %%
x, w = rng.normal(size=(1, 1, 8, 8)), rng.normal(size=(1, 1, 3, 3))
g, flipped = rng.normal(size=(1, 1, 6, 6)), w[:, :, ::-1, ::-1].copy()
truth = NF.conv2d_backward(g, x, w)[0]

tensors = [torch.zeros(shape, requires_grad=True) for shape in [(1, 3, 8, 8), (4, 3, 3, 3)]]
with FlopCounterMode(display=False) as forward:
    y = F.conv2d(*tensors)
with FlopCounterMode(display=False) as backward:
    y.sum().backward()
M = conv_matrix(w, 8, 8)
again = NF.conv_transpose2d(NF.conv2d(x, w), w)
steps_16 = [int(middle[rule][-1]) for rule in middle]
flops = [counter.get_total_flops() // 2 for counter in (forward, backward)]
rows = [
    ("1. steps on 16×16: with the sum, with the average", steps_16),
    ("2. a cross-correlation of g with w", np.allclose(NF.conv2d(g, w, padding=2), truth)),
    ("   a true convolution of g with w", np.allclose(NF.conv2d(g, flipped, padding=2), truth)),
    ("3. multiply-adds forward, backward", flops),
    ("4. conv_transpose2d(conv2d(x)) equals x", np.allclose(again, x)),
    ("   rank of MᵀM, which is 64×64", np.linalg.matrix_rank(M.T @ M)),
]
table(rows, ["", " "])

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **False.** It is the sum (section 3). The average points the same way, with a step that depends on the size of
#    the map. Averaging belongs to the loss, which may or may not do it.
# 2. **True, and in a stricter sense than is usually meant**: the gradient of the input is a *true* convolution, with
#    the flip; the forward pass is the one that is not. With a stride, zeros stand between the entries of $g$. The
#    gradient of the weights is a cross-correlation of $x$ with $g$.
# 3. **It costs twice as much**: once for the weights, once for the input. (And it needs memory: `x` has to be kept
#    until the backward pass comes.)
# 4. **False.** It restores the shape. $M^\top M$ is not the identity; here it is not even invertible, because 36
#    outputs cannot hold 64 pixels.
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
# 5. The transposed convolution is this backward pass used forward. In the gradients of a strided layer, $K$ not divisible
#    by $S$ makes a checkerboard.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded. The folded cell after them computes every number.
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
# **4.** A layer returns `grad_b = g.mean(axis=(0, 2, 3))`. The network trains all the same. What is different?
#
# <details><summary>Answer</summary>
#
# The biases move in the right direction with a step that is smaller by a factor of $N H_{out} W_{out}$. In
# a batch of 64 maps of 28×28 that is 50,176. They hardly learn, and nothing fails. Only a numerical check finds it.
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
# No. Channel $c$ of the input influences channel $c$ of the output only, so its gradient comes from that channel only.
# </details>


# %% tags=["plumbing"]
# The numbers of the answers.
ones = {side: np.ones((1, 1, side, side)) for side in range(2, 7)}
positions = [((5 + 2 * P - 3) // S + 1) ** 2 for S, P in [(1, 0), (2, 0), (2, 1)]]
in_image = NF.conv2d_backward(ones[3], ones[5], ones[3], stride=2, padding=1)[1][0, 0, 0, 0]
grad_x = NF.conv2d_backward(ones[2], ones[6], ones[3], stride=2)[0]
outside = grad_x[0, 0, 5].any() or grad_x[0, 0, :, 5].any()
by_weight = NF.conv2d_backward(ones[3], ones[3], ones[3], padding=1)[1][0, 0]
x, w, g = rng.normal(size=(1, 3, 5, 5)), rng.normal(size=(3, 1, 3, 3)), np.zeros((1, 3, 3, 3))
g[:, 1] = 1
reached = np.abs(NF.conv2d_backward(g, x, w, groups=3)[0]).sum(axis=(0, 2, 3)) > 0
rows = [
    ("1. positions at stride 1, stride 2, stride 2 with padding 1", positions),
    ("   of the last, with a pixel of the image under w[0, 0]", int(in_image)),
    ("2. pixels without a gradient", int((grad_x == 0).sum())),
    ("   a gradient in row 5 or column 5", bool(outside)),
    ("3. gradient of the nine weights", by_weight.astype(int).ravel()),
    ("4. outputs per channel", 64 * 28 * 28),
    ("6. channels with a gradient, where only channel 1 of g is not zero", np.flatnonzero(reached)),
]
for K, S in [(3, 1), (4, 2)]:
    enlarged = NF.conv_transpose2d(ones[5], ones[K], stride=S, padding=1).shape[2]
    rows.insert(-1, (f"5. K = {K}, S = {S}: 5 pixels become", enlarged))
table(rows, ["question", "answer"])

# %% [markdown]
# ## Where to read more
#
# - V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning" (2016), arXiv:1603.07285, chapter 4:
#   transposed convolution, case by case.
# - A. Odena, V. Dumoulin, C. Olah, "Deconvolution and checkerboard artifacts", *Distill* (2016): where the pattern
#   comes from, also in gradients.
# - M. D. Zeiler, D. Krishnan, G. W. Taylor, R. Fergus, "Deconvolutional networks", CVPR (2010): what the other name
#   once meant.
# - I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning* (2016), section 9.5: the three operations that training a
#   convolution needs.
# - A. Griewank, A. Walther, *Evaluating Derivatives*, 2nd edition (2008): why the reverse mode costs a small multiple
#   of the function.
#
# **Next:** do the [exercises of this unit](../exercises/06_backpropagation/06_backpropagation.ipynb), then go on to
# [07 Pooling](07_pooling.ipynb), where only one pixel of each window gets the gradient.
