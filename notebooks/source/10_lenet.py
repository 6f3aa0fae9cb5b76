# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 10 · LeNet-5
#
# [Start](00_start_here.ipynb) · previous: [09 Training](09_training.ipynb) · next: [11 AlexNet and ZFNet](11_alexnet.ipynb) ·
# [exercises of this unit](../exercises/10_lenet/10_lenet.ipynb)
#
# **After this lesson you can**
#
# - draw LeNet-5 from memory, with the size of every layer, and count its parameters and connections as its paper does;
# - explain the four parts that are no longer built: subsampling with learned coefficients, the scaled tanh, the
#   connection table, and output units that compare with a fixed picture;
# - say what each of them was for, what replaced it, and what the replacement is worth *by measurement*;
# - train both forms and look at what they compute.
#
# **Time** about 75 minutes, with the questions. The code runs in about a minute. On a short evening, read the puzzle
# and sections 1, 4, 5, 7, 8 and 9; sections 2, 3 and 6 can wait.
#
# **You should know** lessons 02, 03 (shapes, counting), 07 (pooling) and 09 (cross-entropy, momentum).

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
from cnncourse.numpy_nn import models
from cnncourse.numpy_nn.models.lenet_tables import C3_TABLE, digit_codes
from cnncourse.numpy_nn.summary import summary
from cnncourse.torch_nn import models as torch_models
from cnncourse.torch_nn.training import descend
from cnncourse.viz.architecture import connection_table, layer_bars, map_stacks

torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings

# %% [markdown]
# ## A puzzle
#
# In 1998 LeCun, Bottou, Bengio and Haffner described the network that read the amounts on a good part of the cheques in
# the United States. By now you could write its convolutions yourself. This is what the first of them does to an image,
# with weights that have not learned anything yet. (The paper has digits. We use garments, since they come with the
# course.)

# %%
garments, labels = data.fashion_mnist("test")
CLASSES = data.FASHION_CLASSES


def to_input(images):
    """uint8 (N, 28, 28) → float32 (N, 1, 32, 32), with a rim of 2; 0 becomes −0.1, 255 1.175."""
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))[:, None]
    return (padded / 255 * 1.275 - 0.1).astype(np.float32)


boot = np.flatnonzero(labels == CLASSES.index("ankle boot"))[0]
original = models.LeNet5Original(rng=np.random.default_rng(7))
x = to_input(garments[boot : boot + 1])
c1 = original.c1(x)
titles = ["input 32×32", *[f"C1, map {c}" for c in range(6)]]
show(viz.image_row([x[0], *c1[0]], titles, share=False, height=1.35), "10/boot-and-six-maps")

# %% [markdown]
# After this come six maps of 14×14, and then sixteen maps of 10×10, by 5×5 windows again.
#
# > **Predict.** How many parameters does that second convolution have, the one from 6 maps to 16, with biases? Use
# > lesson 02's formula before you run the cell.

# %%
subsampling = original.s2.weight.size + original.s2.bias.size  # S2, which only halves the size
rows = [
    ("C3 by our formula", (5 * 5 * 6 + 1) * 16),
    ("C3 in the paper", original.c3.weight.size + original.c3.bias.size),
    ("S2, the halving before it, in the paper", subsampling),
]
table(rows, ["layer", "parameters"])

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Nine hundred parameters are missing, and a pooling layer has twelve that no pooling layer of lesson 07 had. Section 4
# finds the nine hundred, section 2 the twelve.
# </details>
#
# ## 1. The whole network
#
# The letters say what a layer does: **C** is a convolution, **S** a subsampling, **F** is fully connected.

# %%
shape_of = {
    row.name: row.output_shape for row in summary(original, (1, 1, 32, 32)).rows if row.name
}
layers = [("input", (1, 32, 32))]
for name in ["c1", "s2", "c3", "s4", "c5", "f6", "output"]:
    shape = shape_of[name][1:]
    layers.append(
        (name.upper() if len(name) == 2 else name, shape if len(shape) == 3 else (*shape, 1, 1))
    )
show(map_stacks(layers), "10/all-layers")

# %% [markdown]
# (6@28×28 means 6 maps of 28×28. The picture draws all maps of a layer, but never more than six, and a column of numbers is
# at most as high as the input.)
#
# | layer | window | stride | from → to | size |
# | --- | --- | --- | --- | --- |
# | C1 | 5×5 | 1 | 1 → 6 maps | 32 − 4 = 28 |
# | S2 | 2×2 | 2 | 6 → 6 | 14 |
# | C3 | 5×5 | 1 | 6 → 16, not all connected | 10 |
# | S4 | 2×2 | 2 | 16 → 16 | 5 |
# | C5 | 5×5 | 1 | 16 → 120 | 1 |
# | F6 | | | 120 → 84 numbers | |
# | output | | | 84 → 10 | |
#
# Two things are odd. **Why 32×32**, if the digits are at most 20×20 inside of 28×28? Because there is no padding. A
# corner of a digit should be able to lie in the *middle* of what a unit of C3 sees. Lesson 03's recursion tells where
# those middles are:

# %%
size, jump, start = 1, 1, 0.0  # of one pixel; start is the centre of the first unit's field
for K, S in [(5, 1), (2, 2), (5, 1)]:  # C1, S2, C3
    size, start, jump = size + (K - 1) * jump, start + (K - 1) / 2 * jump, jump * S
last = start + 9 * jump
from_pixel, to_pixel = int(start), int(last + 0.5)
rows = [
    ("side of what a unit of C3 sees, in pixels", size),
    ("the centres: first, last, step", [start, last, jump]),
    ("from pixel to pixel, how many", [from_pixel, to_pixel, to_pixel - from_pixel + 1]),
]
table(rows, ["C3", ""])

# %% tags=["check"]
# Check that the text is true.
assert (size, jump, start, last) == (14, 2, 6.5, 24.5)

# %% [markdown]
# A field of 14 pixels has its middle between two pixels: 6.5 is between the pixels 6 and 7, and 24.5 between 24 and
# 25. So the middles cover twenty pixels, from 6 to 25. This is exactly the frame in which digits lie: the rim adds 2
# pixels on each side, and a digit of 20×20 begins 4 pixels further in, $2 + 4 = 6$. **Why is C5 called a convolution**, if its map has
# a single pixel? Because it is one. On a larger image it would give a larger map, and the network would read in all
# places at once (lesson 03, section 10); the paper uses this to read whole words.

# %%
larger = rng.normal(size=(1, 16, 9, 5)).astype(np.float32)  # what S4 gives for an image of 48×32
flattened = (
    larger[:, :, :5].reshape(1, -1) @ original.c5.weight.data.reshape(120, -1).T
    + original.c5.bias.data
)
on_5x5, on_9x5 = original.c5(larger[:, :, :5]), original.c5(larger)
print("C5 on 5×5:", on_5x5.shape[1:], "  on 9×5:", on_9x5.shape[1:])
print("on 5×5 it is the fully connected layer:", np.allclose(on_5x5.ravel(), flattened, atol=1e-5))

# %% [markdown]
# **A claim.** The paper sets the background of its images to −0.1 and the ink to 1.175, so that, it says, the mean of
# the input is roughly 0 and its variance roughly 1.
#
# > **Predict.** Can that be? Numbers that all lie between −0.1 and 1.175: what is the largest variance they can have?

# %%
inputs = to_input(garments)
largest = ((1.175 - -0.1) / 2) ** 2
halves = np.array([-0.1, 1.175]).repeat(500)  # half of them at either end
rows = [
    ("the garments", inputs.mean(), inputs.var()),
    ("half of the pixels at −0.1, half at 1.175", halves.mean(), halves.var()),
]
table(rows, {"": "", "mean": ".2f", "variance": ".3f"})
print(f"(1.275 / 2)² = {largest:.3f}")

# %% tags=["check"]
# Check that the text is true.
assert inputs.var() < largest < 0.5

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **The mean is not far from 0, the variance cannot be 1.** No value is farther from the middle of the range than half of
# it, $1.275 / 2$. So the mean squared distance from the middle is at most $(1.275 / 2)^2 = 0.41$, and the variance, the
# mean squared distance from the *mean*, is never larger than that. Half of the pixels at either end reach this bound.
# The variance of our garments stays far below it, with 0.18. The idea was good (lesson 01, “Normalising per channel”).
# Today we subtract the measured mean and divide by the measured standard deviation.
# </details>
#
# ## 2. S2 and S4: subsampling that learns
#
# *(This section can wait.)* Run its cells all the same: section 3 uses `f`.
#
# A unit of S2 *adds* its four inputs, multiplies by a coefficient $w_c$, adds a bias $b_c$, and passes the result
# through the nonlinearity of the next section:
#
# $$ y_{c,i,j} = f\Big( w_c \sum_{u=0}^{1}\sum_{v=0}^{1} x_{c,\,2i+u,\,2j+v} + b_c \Big) $$
#
# One $w_c$ and one $b_c$ per map: $2 \cdot 6 = 12$ parameters. These are the twelve. Here is what stands inside $f(\dots)$ as
# code, and the same as a convolution. It is depthwise, has stride 2, and its four weights are always equal (*tied*).


# %%
def subsample(x, w, b):
    N, C, H, W = x.shape
    y = np.empty((N, C, H // 2, W // 2))
    for i in range(H // 2):
        for j in range(W // 2):
            window = x[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            y[:, :, i, j] = w * window.sum(axis=(2, 3)) + b
    return y


w, b = rng.normal(size=6), rng.normal(size=6)
by_loop = subsample(c1, w, b)
tied = np.broadcast_to(w[:, None, None, None], (6, 1, 2, 2))
by_conv = NF.conv2d(c1.astype(float), tied, b, stride=2, groups=6)
by_mean = 4 * w[:, None, None] * NF.avg_pool2d(c1, 2) + b[:, None, None]
rows = [
    ("a depthwise convolution with tied weights", np.allclose(by_loop, by_conv)),
    ("4w times the mean, plus b", np.allclose(by_loop, by_mean)),
]
table(rows, ["the loop equals", ""])

# %% [markdown]
# What can it learn? Feed it windows that hold 0 to 4 ones. The nonlinearity, in the next section, saturates at ±1.72.


# %%
def f(a):
    return 1.7159 * np.tanh(2 / 3 * a)


ones = np.arange(5)
settings = {"w = 0.1, b = −0.2": (0.1, -0.2), "w = 6, b = −3": (6, -3), "w = 6, b = −21": (6, -21)}
rows = [(name, f(w * ones + b)) for name, (w, b) in settings.items()]
table(rows, {"": "", "output for 0, 1, 2, 3, 4 ones in the window": ".2f"})

# %% tags=["check"]
# Check that the text is true.
assert (np.diff(f(0.1 * ones - 0.2)) > 0.05).all()
assert (f(6 * ones - 3) > 0).tolist() == [False, True, True, True, True]
assert (f(6 * ones - 21) > 0).tolist() == [False, False, False, False, True]

# %% [markdown]
# A small coefficient makes a mean, almost linear: a blur. A large one makes a decision. With one bias it asks "is there
# *any* 1 in the window?", with another "are *all* four 1?" The maximum of lesson 07 is the first of the two, without
# parameters, and without saturating.
#
# ## 3. The scaled tanh
#
# *(This section can wait.)*
#
# Every layer up to F6 ends in $f(a) = A \tanh(\tfrac23 a)$ with $A = 1.7159$. Two odd numbers, chosen for three
# properties:

# %%
a = np.linspace(-4, 4, 80001)
slope = np.gradient(f(a), a)
curvature = np.gradient(slope, a)
most_bent = abs(a[curvature.argmax()])
grid = slice(None, None, 400)
lines = {"1.7159 tanh(⅔ a)": f(a), "tanh(a)": np.tanh(a), "max(a, 0)": np.maximum(a, 0)}

# %% tags=["plumbing"]
# The three properties, and the curve beside tanh and ReLU.
rows = [
    ("f(1), f(−1)", [f(1.0), f(-1.0)]),
    ("slope at 0, at ±1", [slope[40000], slope[50000]]),
    ("curvature is largest at a = ±", most_bent),
]
table(rows, {"": "", " ": ".2f"})
lines = {name: values[grid] for name, values in lines.items()}
figure = viz.line_chart(a[grid], lines, "a", "output", size=(6.4, 3.0), markers=False)
show(figure, "10/scaled-tanh")

# %% tags=["check"]
# Check that the text is true.
assert abs(f(1.0) - 1) < 1e-4
assert abs(most_bent - 1) < 0.02

# %% [markdown]
# The output layer compares with codes of ±1 (section 5). Plain tanh comes near to ±1 but never reaches it, so weights
# would have to grow without end. Here ±1 is reached, where the curve bends most but is still steep. The
# price is paid in depth: beyond the middle the slope is below 1, and slopes multiply. ReLU, in wide use since about
# 2011, has slope 1 wherever it is not zero.
#
# ## 4. C3: the connection table
#
# Here are the nine hundred. A map of C3 does not look at all six maps of S2, but at those that a table gives it:

# %%
connected = np.zeros((6, 16), dtype=int)
for o, maps in enumerate(C3_TABLE):
    connected[list(maps), o] = 1
figure = connection_table(connected, row_label="map of S2", column_label="map of C3")
show(figure, "10/connection-table")

# %% [markdown]
# Six maps see three neighbours (going round from 5 to 0), six see four neighbours, three see two separate pairs of
# neighbours, and one sees all. A cross is one 5×5 kernel; a column has one bias:
#
# $$ \text{parameters} = 25 \cdot \text{crosses} + \text{maps} $$

# %%
crosses, all_crosses = connected.sum(), connected.size
rows = [("the table", crosses, 25 * crosses + 16)]
rows += [("all connected", all_crosses, 25 * all_crosses + 16)]
table(rows, ["", "crosses", "parameters"])
print("crosses by column:", connected.sum(axis=0))

# %% tags=["check"]
# Check that the text is true.
assert 25 * connected.sum() + 16 == 1516

# %% [markdown]
# $25 \cdot 60 + 16 = 1{,}516$. To compute it, no new operation is needed: put zeros where there is no cross. Naively:


# %%
def conv_by_table(x, kernels, b, connected):
    """kernels[o, c] is used only where connected[c, o] is 1."""
    N, C_in, H, W = x.shape
    C_out, K = len(kernels), kernels.shape[-1]
    y = np.zeros((N, C_out, H - K + 1, W - K + 1))
    for o in range(C_out):
        for c in range(C_in):
            if connected[c, o]:
                y[:, o] += NF.conv2d(x[:, c : c + 1], kernels[o : o + 1, c : c + 1])[:, 0]
        y[:, o] += b[o]
    return y


x, kernels, b = rng.normal(size=(2, 6, 14, 14)), rng.normal(size=(16, 6, 5, 5)), rng.normal(size=16)
masked = kernels * connected.T[:, :, None, None]
by_loop, at_once = conv_by_table(x, kernels, b, connected), NF.conv2d(x, masked, b)
print("loop over the crosses = one convolution with zeros:", np.allclose(by_loop, at_once))

# %% [markdown]
# A mask in the forward pass needs the same mask in the backward pass: a weight that is not there must stay zero.
#
# The paper gives two reasons for the table: it bounds the number of connections (a matter of money in 1998), and it
# *breaks the symmetry*: maps with different inputs are forced to find different features. Lesson 09 showed that random
# starts break it too. Groups (lesson 03) are today's form of such tables. Whether the table still helps, we
# measure in section 8.
#
# ## 5. The output: ten drawings
#
# Why 84 units in F6? Because $84 = 7 \cdot 12$ is a picture. Every class has a *fixed* code of 84 numbers ±1, drawn by
# hand: a small digit. (The paper prints drawings for all of ASCII; ours are drawn anew. Red is +1, blue is −1, on the scale of F6's
# outputs, from −1.72 to 1.72, so that section 9 can be compared with it.)

# %%
codes = digit_codes().astype(float)  # (10, 84)
drawn = list(codes.reshape(10, 12, 7))
show(viz.image_row(drawn, list("0123456789"), signed=True, height=1.3, low=-1.72, high=1.72),
     "10/ten-codes")  # fmt: skip

# %% [markdown]
# The output unit of class $k$ measures the squared distance of F6's 84 numbers $x$ to that class's code $w_k$:
#
# $$ d_k = \sum_{m=1}^{84} (x_m - w_{km})^2 $$
#
# The smallest distance wins. A function that depends only on the distance to one point is a **radial basis function**
# (RBF). $e^{-d_k}$ is, up to a factor, a Gaussian around $w_k$. Why drawings and not one-hot codes?
# Confusable characters get codes that are alike, so that a program that corrects spelling finds the second-best guess
# nearby.

# %%
cells = ((codes[:, None] - codes) ** 2).sum(axis=2) / 4  # a cell that differs adds (1 − (−1))² = 4
pairs = sorted((int(cells[i, k]), i, k) for i in range(10) for k in range(i + 1, 10))
rows = [(f"{i} and {k}", different) for different, i, k in pairs[:4] + pairs[-3:]]
table(rows, ["codes", "cells that differ"], "The four most alike, and the three least alike")

# %% [markdown]
# > **Predict.** Train $-d_k$ as logits with softmax and cross-entropy. Could an ordinary linear layer do the same?

# %%
x = rng.normal(size=(5, 84))
distances = ((x[:, None] - codes) ** 2).sum(axis=2)
linear = 2 * x @ codes.T
same = np.allclose(NF.softmax(-distances, dim=1), NF.softmax(linear, dim=1))
print("softmax of −d equals softmax of a linear layer:", same)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Multiply out: $-d_k = 2\, w_k \cdot x - \lVert w_k \rVert^2 - \lVert x \rVert^2$. Every code has $\lVert w_k \rVert^2
# = 84$, and $\lVert x \rVert^2$ is the same for all classes. Softmax does not depend on what is common to all. So under
# softmax the RBF layer *is* a linear layer whose weights $2 w_k$ are fixed. Today's form lets them learn.
# </details>
#
# What softmax throws away is *how far* the nearest code is. The paper keeps it: its loss (equation 9) has a constant
# $j$ (a number here, not an index), as if there were an eleventh class "rubbish" with the distance $j$,
#
# $$ E = d_y + \log\Big(e^{-j} + \sum_k e^{-d_k}\Big) , $$
#
# and it says that RBFs are better at rejecting what is not a character at all. We come back to that in section 9.
#
# ## 6. Counting as in the paper
#
# *(This section can wait.)*
#
# Parameters are learned numbers. **Connections** are uses of them, biases included: one for each arrow into each unit.

# %%
places = {"c1": 28 * 28, "s2": 14 * 14, "c3": 10 * 10, "s4": 5 * 5, "c5": 1, "f6": 1}
paper = {"c1": (156, 122_304), "s2": (12, 5_880), "c3": (1_516, 151_600), "s4": (32, 2_000),
         "c5": (48_120, 48_120), "f6": (10_164, 10_164)}  # fmt: skip
counted = {}
for name, area in places.items():
    layer = getattr(original, name)
    parameters = layer.weight.size + layer.bias.size
    # S: four inputs and a bias for one coefficient
    arrows = 5 * layer.bias.size if name in ("s2", "s4") else parameters
    counted[name] = parameters, arrows * area
parameters, connections = (sum(column) for column in zip(*counted.values(), strict=True))
rows = [(name.upper(), *both, both == paper[name]) for name, both in counted.items()]
rows += [("together", parameters, connections, None), ("the fixed codes", 0, codes.size, None)]
rows += [("together with them", parameters, connections + codes.size, None)]
table(rows, {"layer": "", "parameters": ",", "connections": ",", "as the paper": ""})

# %% tags=["check"]
# Check that the text is true.
assert counted == paper
assert parameters == 60_000 == summary(original, (1, 1, 32, 32)).parameters
assert connections + codes.size == 340_908

# %% [markdown]
# Exactly sixty thousand parameters, as the paper says. Its total of 340,908 connections is 840 more than its own layers
# sum to: the $10 \cdot 84$ fixed ones of the output layer are in it.

# %%
names, pairs = [name.upper() for name in counted], counted.values()
costs = {"parameters": [p for p, _ in pairs], "connections": [n for _, n in pairs]}
show(layer_bars(names, costs, size=(9, 2.8)), "10/counts-per-layer")

# %% [markdown]
# Four fifths of the parameters are in *one* layer, the one that flattens. Four fifths of the connections are in the two
# convolutions before it. Remember this picture: VGG has it, too, and more extreme (lesson 12).
#
# ## 7. Today's form
#
# What is called LeNet-5 in most programs is this:

# %%
modern = models.LeNet5(rng=np.random.default_rng(0))
print(summary(modern, (1, 1, 32, 32)))

# %% [markdown]
# | | 1998 | today | parameters |
# | --- | --- | --- | --- |
# | subsampling | sum, coefficient, bias, tanh | maximum | −12, −32 |
# | nonlinearity | scaled tanh | ReLU | |
# | C3 | 60 of the 96 kernels | all 96 | +900 |
# | output | distance to fixed codes | linear, learned | +850 |
# | loss | mean squared, or equation 9 | cross-entropy | |
#
# $60{,}000 - 44 + 900 + 850 = 61{,}706$. And the same in PyTorch: equal keys, equal numbers, for both forms.

# %%
batch, rows = to_input(garments[:8]), []
for ours, theirs in [(original, torch_models.LeNet5Original()), (modern, torch_models.LeNet5())]:
    weights = {name: torch.from_numpy(np.array(array)) for name, array in ours.state_dict().items()}
    theirs.load_state_dict(weights)
    with torch.no_grad():
        by_torch = theirs(torch.from_numpy(batch)).numpy()
    rows.append((type(ours).__name__, np.allclose(ours(batch), by_torch, rtol=1e-4, atol=1e-4)))
table(rows, ["", "NumPy equals PyTorch"])

# %% tags=["check"]
# Check that the text is true.
assert 60_000 - 44 + 900 + 850 == 61_706 == summary(modern, (1, 1, 32, 32)).parameters

# %% [markdown]
# ## 8. Which change was worth it?
#
# We train in PyTorch, with momentum and a learning rate that shrinks to zero (`descend` is the loop that lesson 01
# writes out). Besides the two forms there are two mixtures. Each is 1998's network with *one* part exchanged: all maps
# of C3 are connected, or the output layer is linear and learns. The loss is cross-entropy for all four; the outputs of
# the networks with codes are $-d_k$, as in section 5. Five random starts each, 320 batches of 25 garments.
# This is far from the best that these networks can do, and enough to compare. For each kind we tried four or five
# learning rates beforehand, and took the best.
#
# > **Predict.** Order the four by accuracy. Does it help more to connect all maps, or to let the
# > output layer learn? And where is today's form, by how much?


# %%
def make(kind):
    if kind == "today":
        return torch_models.LeNet5()
    network = torch_models.LeNet5Original()
    if kind == "1998, all connected":
        network.c3 = nn.Conv2d(6, 16, 5)
        for parameter in network.c3.parameters():
            nn.init.uniform_(parameter, -2.4 / 150, 2.4 / 150)  # the paper's rule: 2.4 / fan-in
    if kind == "1998, learned output":
        network.output = nn.Linear(84, 10)
    return network


LR = {"1998": 0.004, "1998, all connected": 0.004, "1998, learned output": 0.06, "today": 0.06}


# %%
def train(kind, seed, lr=None, loss_of=F.cross_entropy, steps=320):
    torch.manual_seed(seed)
    network = make(kind)
    lr = lr or LR[kind]
    descend(network, x_train, y_train, steps=steps, lr=lr, batch_size=25, loss_of=loss_of)
    return network


def accuracy(network):
    with torch.no_grad():
        return (network(x_test).argmax(dim=1) == y_test).float().mean().item()


train_images, train_labels = data.fashion_mnist("train")
x_train = torch.from_numpy(to_input(train_images[:4000]))
y_train = torch.from_numpy(train_labels[:4000]).long()
x_test, y_test = torch.from_numpy(inputs), torch.from_numpy(labels).long()

# %% tags=["nbval-ignore-output"]
networks = {kind: [train(kind, seed) for seed in range(5)] for kind in LR}
scores = {kind: np.array([accuracy(one) for one in group]) for kind, group in networks.items()}
rows = [(kind, runs.mean(), runs.std(ddof=1), runs) for kind, runs in scores.items()]
table(rows, {"": "", "mean accuracy": ".3f", "standard deviation": ".3f", "five starts": ".3f"})

# %% tags=["check"]
# Check that the text is true.
for kind, runs in scores.items():
    at_least(runs, 0.7, "10/learns-" + kind.replace(", ", "-").replace(" ", "-"))
at_most(scores["today"] - scores["1998"], 0.04, "10/today-not-far-ahead")
at_most(np.abs((scores["1998, all connected"] - scores["1998"]).mean()), 0.03, "10/table-or-not")
learned = scores["1998, learned output"] - scores["1998"]
at_most(np.abs(learned.mean()), 0.04, "10/codes-or-learned")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The network of 1998 is nearly as good as today's. With so little training all four means lie within a few hundredths.
# Compare them with the standard deviations between starts: the differences are not much larger. (A mean of five starts
# is uncertain by less than half as much as one start, by $1/\sqrt5$. So a difference can be small and still be more than
# chance.) What the changes bought is something else:
#
# - **All maps connected** costs 900 parameters and does not pay here. But it needs no table, and it is one plain
#   convolution, for which machines are built. The table does not help the accuracy much either.
# - **The learned output** is no better here, and it needs another learning rate. The codes are long
#   ($\lVert w_k \rVert^2 = 84$), so differences of logits, and with them gradients, are large from the first step. This
#   is why the first two entries of `LR` are so much smaller. But codes have to be invented, and for a thousand classes
#   that would be a lot of drawing.
# - **ReLU** pays in deep networks, and this one is not deep.
# </details>
#
# > **Predict.** The paper's claim about the table is that maps are *forced* to differ. In our trained networks, are
# > C3's maps more alike (correlated, over places and images) if all maps are connected?

# %% tags=["nbval-ignore-output"]
squash = torch_models.lenet.scaled_tanh


def likeness(network):
    """Mean absolute correlation between two different maps of C3."""
    with torch.no_grad():
        maps = network.c3(squash(network.s2(squash(network.c1(x_test[:300])))))
    between = np.corrcoef(maps.transpose(0, 1).flatten(1).numpy())
    return np.abs(between[~np.eye(16, dtype=bool)]).mean()


kinds = ["1998", "1998, all connected"]
alike = {kind: np.array([likeness(network) for network in networks[kind]]) for kind in kinds}
rows = [(kind, runs.mean(), runs.std(ddof=1)) for kind, runs in alike.items()]
heads = ["mean |correlation| of two maps", "standard deviation of five starts"]
table(rows, {"": ""} | dict.fromkeys(heads, ".2f"))

# %% tags=["check"]
# Check that the text is true.
at_most(np.abs((alike["1998, all connected"] - alike["1998"]).mean()), 0.15, "10/maps-alike")
at_most(alike["1998, all connected"], 0.7, "10/maps-differ")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With the table the maps are at most a little less alike. In both kinds of network they are far from equal. Maps that
# all see the same inputs do not become copies of one another, because the random start has already broken the symmetry.
# What the table saves is connections.
# </details>
#
# ## 9. Looking inside
#
# First today's form. Here is one trained network (of our five the one with the fewest maps that are zero all over), one
# photograph of a boot, and what every layer makes of it. The filters
# come first (red is positive, blue is negative, white is zero). Each map is drawn on its own scale, from its smallest value
# (black, for most of them zero) to its largest (white), because a shared scale would leave most of them black. A map that is
# zero all over is black.


# %% tags=["nbval-ignore-output"]
def through(network, image):
    """What each layer of today's form makes of one image (1, 1, 32, 32): name → (C, H, W)."""
    with torch.no_grad():
        c1 = torch.relu(network.conv1(image))
        s2 = F.max_pool2d(c1, 2)
        c3 = torch.relu(network.conv2(s2))
        s4 = F.max_pool2d(c3, 2)
        c5 = torch.relu(network.conv3(s4))
        f6 = torch.relu(network.fc1(c5.flatten(1)))
        output = network.fc2(f6)
    layers = dict(image=image, C1=c1, S2=s2, C3=c3, S4=s4, C5=c5, F6=f6, output=output)
    return {name: h[0].reshape(h.shape[1], *(h.shape[2:] or (1, 1))) for name, h in layers.items()}


def live_maps(maps):
    return int((maps.amax(dim=(1, 2)) > 0).sum())


picture = x_test[boot : boot + 1]
network = max(networks["today"], key=lambda one: live_maps(through(one, picture)["C3"]))
layers = through(network, picture)
print(f"of the network's 16 maps of C3, {live_maps(layers['C3'])} are not zero all over")

# %% tags=["plumbing"]
# The filters and the maps of both convolutions.
filters = network.conv1.weight.detach()[:, 0].numpy()
titles = [f"filter {c}" for c in range(6)]
show(viz.feature_maps(filters, titles, 6, height=1.3), "10/filters-of-c1")
titles = [f"C1, map {c}" for c in range(6)]
show(viz.feature_maps(layers["C1"].numpy(), titles, 6, share=False, height=1.4), "10/maps-of-c1")
titles = [f"C3, {c}" for c in range(16)]
show(viz.feature_maps(layers["C3"].numpy(), titles, 8, share=False, height=1.05), "10/maps-of-c3")

# %% tags=["check"]
# Check that the text is true.
at_least(live_maps(layers["C3"]), 8, "10/live-maps-of-c3")
with torch.no_grad():
    second = torch.relu(network.conv2(F.max_pool2d(torch.relu(network.conv1(x_test)), 2)))
at_least((second == 0).float().mean().item(), 0.3, "10/zeros-in-c3")

# %% [markdown]
# C1's maps are still pictures of a boot: edges and areas. C3's are much coarser. In a few of them the outline or the
# front edge of the boot can still be seen; the others are bright spots, which show *where* something is, but hardly
# *what*. A good part of the numbers is zero. A map may also be zero all over: then its ReLU is closed everywhere in
# this image, and the image teaches its filter nothing.
#
# ### Try it yourself
#
# All layers at once. Run the next cell and point at a unit, in any layer. The frames show which units of the previous layer
# it reads, and which pixels of the image it depends on through them. The brightest unit of the output is the network's
# answer: is it right?
#
# > **Predict.** How large is the part of the image that a unit of S4 depends on, and how large for a unit of C5? Then
# > point at one.

# %% tags=["open"]
from cnncourse.viz.widgets.layer_maps import LayerMaps

convolution, halving, linear = (5, 1, False), (2, 2, True), (1, 1, False)
reads = {"image": None, "C1": convolution, "S2": halving, "C3": convolution, "S4": halving}
reads |= {"C5": convolution, "F6": linear, "output": linear}
units = [(name, maps.numpy(), reads[name]) for name, maps in layers.items()]
LayerMaps(units, labels=CLASSES, level=3, unit=34)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# A unit of S4 depends on 16×16 pixels, a unit of C5 on all 32×32. Section 7's table said so in its last column, *sees*.
# From C5 on, every unit depends on the whole image, and place is gone.
#
# The answer need not be right: it may be *sneaker* for this ankle boot (in our run it was, by a little). The network was
# trained for a short time, and of ten images it gets two or more wrong (section 8).
# </details>
#
# Now 1998's F6. It can be looked at as it was meant: as a drawing.
#
# > **Predict.** Its classes are numbered 0 (T-shirt/top) to 9 (ankle boot), and the codes are drawings of digits.
# > What does the network draw when it sees a garment?


# %%
def draw(network, images):
    """The output of F6: (N, 84) numbers between −1.72 and 1.72."""
    with torch.no_grad():
        h = squash(network.s2(squash(network.c1(images))))
        h = squash(network.s4(squash(network.c3(h))))
        return squash(network.f6(squash(network.c5(h)).flatten(1))).numpy()


shown = [np.flatnonzero(labels == k)[0] for k in range(10)]
names = [CLASSES[k].split("/")[0] for k in range(10)]


def drawings(network):
    pictures = draw(network, x_test[shown]).reshape(10, 12, 7)
    return viz.image_row(list(pictures), names, signed=True, height=1.55, low=-1.72, high=1.72)


show(drawings(networks["1998"][0]), "10/drawn-by-softmax-network")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# There are no digits, although the network's accuracy is about three quarters!
# </details>
#
# > **Predict.** Why does it draw this? What does cross-entropy ask of the ten distances?

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# For cross-entropy it is enough that the distance to the *correct* code is smaller than those to the others. Only
# *differences* of distances count: the same fact that made the RBF layer a linear one in section 5. A cell in which all
# ten codes agree, such as the corners, gets no gradient at all. To make the network draw, the loss must ask for a small
# distance itself.
# </details>
#
# The paper's *first* criterion (equation 8) is another one: the mean of $d_y$ over the images, nothing else. With fixed
# codes that is possible. (With learned ones there would be a cheap way out: all codes equal, and F6
# constant.) We train 1998's network with it from three starts, twice as long. Divided by 84, it is the mean squared
# error of a cell. (Because of the longer training its accuracies cannot be
# compared with those of section 8.)


# %% tags=["nbval-ignore-output"]
def squared_error(outputs, targets):
    """Equation 8 of the paper, per cell; the outputs are −d."""
    return -outputs[torch.arange(len(targets)), targets].mean() / 84


networks["equation 8"] = [
    train("1998", seed, lr=0.2, loss_of=squared_error, steps=640) for seed in range(3)
]
scores["equation 8"] = np.array([accuracy(network) for network in networks["equation 8"]])
table([("equation 8", scores["equation 8"])], {"": "", "accuracy of three starts": ".3f"})

# %% tags=["nbval-ignore-output"]
show(drawings(networks["equation 8"][0]), "10/drawn-by-equation-8-network")

# %% [markdown]
# Can the drawings be read? For each class we average what F6 draws over its test images, and ask which code is nearest
# to the average. And how far are the single drawings from their codes, per cell?

# %% tags=["nbval-ignore-output"]
readable, error = {}, {}
for name in ["1998", "equation 8"]:
    readable[name], error[name] = [], []
    for network in networks[name]:
        drawn = draw(network, x_test)
        means = np.array([drawn[labels == k].mean(axis=0) for k in range(10)])
        nearest = ((means[:, None] - codes) ** 2).sum(axis=2).argmin(axis=1)
        readable[name].append((nearest == np.arange(10)).sum())
        error[name].append(((drawn - codes[labels]) ** 2).mean())
rows = [(name, np.array(readable[name]), np.array(error[name])) for name in readable]
heads = {"of 10 means, nearest to their own code": "d", "squared error of a cell": ".2f"}
table(rows, {"": ""} | heads, "One number per start")

# %% tags=["check"]
# Check that the text is true.
assert (codes == codes[0]).all(axis=0).sum() > 10  # cells in which all ten codes agree
for name in readable:
    at_least(readable[name], 8, "10/means-near-codes-" + name.replace(" ", "-"))
at_least(error["1998"], 0.4, "10/softmax-draws-nothing")
at_most(error["equation 8"], 0.4, "10/equation-8-draws")
at_least(scores["equation 8"], 0.65, "10/equation-8-learns")

# %% [markdown]
# With equation 8 the network *draws its answer*, and where it hesitates between classes (coat and shirt, for example),
# it draws a mixture. What the 1998 network draws after cross-entropy is, on average, also nearest to the correct code,
# but far away from it. What a layer's numbers mean is decided by the loss, not by the architecture.
#
# **A claim.** *"Distances to codes are better than softmax at rejecting what belongs to no class."* We can test
# this. The *outsiders* are patches of photographs, made grey, 28×28. One measure of "this is no garment" is the
# distance to the nearest code. Another is one minus the largest softmax probability. A measure is as good as its chance
# to rank a random outsider above a random garment: 0.5 is guessing, 1 is perfect.
#
# > **Predict.** Four rows: 1998's network with cross-entropy by distance and by softmax, with equation 8 by distance,
# > and today's form by softmax. Which is best?

# %%
draws = np.random.default_rng(5)
outsiders = []
for name in ["cat", "coffee", "astronaut"]:
    grey = data.photograph(name).mean(axis=2)
    for _ in range(200):
        top, left = draws.integers(0, grey.shape[0] - 28), draws.integers(0, grey.shape[1] - 28)
        outsiders.append(grey[top : top + 28, left : left + 28])
outsiders = torch.from_numpy(to_input(np.array(outsiders)))


def ranked_above(outside, usual):
    return (outside[:, None] > usual[None, :]).mean()


def distance(outputs):
    return -outputs.max(dim=1).values.numpy()


def doubt(outputs):
    return 1 - outputs.double().softmax(dim=1).max(dim=1).values.numpy()


# %% tags=["nbval-ignore-output"]
measures = {
    "1998, distance": ("1998", distance),
    "1998, softmax": ("1998", doubt),
    "equation 8, distance": ("equation 8", distance),
    "today, softmax": ("today", doubt),
}
rank = {}
with torch.no_grad():
    for name, (kind, measure) in measures.items():
        pairs = [(measure(one(outsiders)), measure(one(x_test))) for one in networks[kind]]
        rank[name] = np.array([ranked_above(*both) for both in pairs])
rows = [(name, runs.mean(), runs) for name, runs in rank.items()]
table(rows, {"": "", "mean": ".2f", "each start": ".2f"}, "An outsider ranks above a garment")

# %% tags=["check"]
# Check that the text is true.
for name, runs in rank.items():
    at_least(runs, 0.6, "10/outsiders-" + name.replace(", ", "-").replace(" ", "-"))
at_most(rank["1998, distance"] - rank["1998, softmax"], 0.03, "10/distance-no-better")
gain = rank["equation 8, distance"].mean() - rank["1998, softmax"].mean()
at_most(gain, 0.05, "10/equation-8-no-better")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **Not here.** All four tell outsiders from garments better than guessing. But the distance is no better than the
# softmax, not even where the loss asked for small distances. In our runs today's form with softmax has the highest mean.
# Outsiders of another kind, or the term $j$ of equation 9,
# may give another answer. You can try it: add a column of logits with the constant $-j$ in `train`.
# </details>
#
# ## Claims to test
#
# Six sentences from books and notes, each measured above. Decide for each in what sense it is true, then unfold.
#
# 1. "LeNet-5 has 60,000 parameters and 340,908 connections."
# 2. "Scaled to −0.1 and 1.175, the input has mean 0 and variance 1, roughly."
# 3. "The RBF output is another kind of classifier than a linear layer with softmax."
# 4. "The connection table is needed to make maps differ."
# 5. "Today's parts make LeNet-5 better."
# 6. "Distances to codes reject outsiders better than softmax does."
#
# <details><summary><b>Verdicts</b></summary>
#
# 1. **True to the last one**, if the output layer's 840 fixed connections are counted with the connections (section
#    6).
# 2. **The mean nearly, the variance never**: it cannot exceed 0.41 (section 1).
# 3. **Not under softmax**: it is a linear layer with fixed weights (section 5).
# 4. **Not with random starts** (section 8).
# 5. **Not by much at this depth, with this little training**; they make it simpler, and they are what depth needs
#    (section 8).
# 6. **Not in our test**, with either loss (section 9).
# </details>
#
# ## Summary
#
# 1. 32 → 28 → 14 → 10 → 5 → 1: convolution, halve, convolution, halve, then all together; maps grow in number as they
#    shrink in size. Nearly every network since has this shape.
# 2. In 1998 subsampling learned a coefficient and a bias per map. A small coefficient blurs, a large one decides like
#    OR or AND.
# 3. C3's table: 60 kernels of 96, $25 \cdot 60 + 16 = 1{,}516$ parameters. In code, a masked weight.
# 4. The RBF output compares 84 numbers with ten fixed drawings. Under softmax it is a linear layer with fixed weights.
# 5. Four fifths of the parameters are in the layer that flattens, four fifths of the connections in C1 and C3.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded. The folded cell after them computes every number.
#
# **1.** How many parameters would C1 have if its 28×28×6 units did *not* share weights, each with 25 weights and a
# bias?
#
# <details><summary>Answer</summary>
#
# As many as it has connections: $26 \cdot 784 \cdot 6 = 122{,}304$, instead of 156. Sharing divides by the number of
# places, 784.
# </details>
#
# **2.** Someone writes today's LeNet-5 for images of 28×28 *without* padding. Which layer does not fit, and what are
# the two usual repairs?
#
# <details><summary>Answer</summary>
#
# C5: 28 → 24 → 12 → 8 → 4, and its 5×5 window does not fit on 4×4. Repairs: padding 2 in C1 (that is 32×32 with a
# background of zeros), or a fully connected layer from $16 \cdot 4 \cdot 4 = 256$ instead of 400 numbers.
# </details>
#
# **3.** C3 with a table in which each output map sees exactly *one* input map, and each input map feeds three output
# maps (18 maps). Which setting of `nn.Conv2d` is that? How many parameters?
#
# <details><summary>Answer</summary>
#
# `groups=6` with 6 inputs and 18 outputs: $18 \cdot 25 + 18 = 468$.
# </details>
#
# **4.** What is the gradient of a unit of S2's coefficient $w_c$? Where did you see that sum before?
#
# <details><summary>Answer</summary>
#
# $\sum_{n,i,j} g_{n,c,i,j}\, s_{n,c,i,j}$, with $g$ the gradient with respect to what stands inside of $f(\dots)$, and
# $s$ the window's sum: a *shared* weight again, and again the sum over all places (lesson 06).
# </details>
#
# **5.** Under which condition on the codes is the RBF layer, under softmax, a linear layer *without bias*?
#
# <details><summary>Answer</summary>
#
# All codes must have the same length $\lVert w_k \rVert$. Otherwise $-\lVert w_k \rVert^2$ stays behind as a bias.
# Codes of ±1 always have the same length.
# </details>

# %% tags=["plumbing"]
# The numbers of the answers.
sizes = [28]
for K, S in [(5, 1), (2, 2), (5, 1), (2, 2)]:
    sizes.append((sizes[-1] - K) // S + 1)
layer, x = original.s2, rng.normal(size=(2, 6, 8, 8)).astype(np.float32)
g = rng.normal(size=layer(x).shape).astype(np.float32)
layer.weight.grad = None
layer.backward(g)
by_sum = (g * 4 * NF.avg_pool2d(x, 2)).sum(axis=(0, 2, 3))
x, uneven = rng.normal(size=(5, 84)), codes * np.linspace(0.1, 0.4, 10)[:, None]
by_distance = NF.softmax(-((x[:, None] - uneven) ** 2).sum(axis=2), dim=1)
bias = -(uneven**2).sum(axis=1)
rows = [
    ("1. parameters without sharing", 26 * 28 * 28 * 6),
    ("   divided by those of C1", 26 * 28 * 28 * 6 // 156),
    ("2. sizes without padding", sizes),
    ("   numbers to flatten", 16 * 4 * 4),
    ("3. parameters", sum(p.numel() for p in nn.Conv2d(6, 18, 5, groups=6).parameters())),
    ("4. the sum is the gradient", np.allclose(layer.weight.grad, by_sum, atol=1e-4)),
    ("5. equal without bias", np.allclose(by_distance, NF.softmax(2 * x @ uneven.T, dim=1))),
    ("   equal with bias", np.allclose(by_distance, NF.softmax(2 * x @ uneven.T + bias, dim=1))),
]
table(rows, ["question", "answer"])

# %% [markdown]
# ## Where to read more
#
# - Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document recognition", *Proceedings
#   of the IEEE* 86 (1998): section II.B is this lesson; appendix A is about the tanh and the first weights.
# - Y. LeCun and others, "Backpropagation applied to handwritten zip code recognition", *Neural Computation* 1 (1989):
#   the network before it, already with tables.
# - K. Fukushima, "Neocognitron", *Biological Cybernetics* 36 (1980): C and S layers, before they were trained by
#   gradients.
# - X. Glorot, A. Bordes, Y. Bengio, "Deep sparse rectifier neural networks", AISTATS (2011): why ReLU.
# - H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST" (2017), arXiv:1708.07747: the garments.
#
# **Next:** do the [exercises of this unit](../exercises/10_lenet/10_lenet.ipynb), then go on to [11 AlexNet
# and ZFNet](11_alexnet.ipynb).
