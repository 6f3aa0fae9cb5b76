# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 14 · ResNet
#
# [Start](00_start_here.ipynb) · previous: [13 GoogLeNet and Inception](13_inception.ipynb) ·
# next: [15 SENet, MobileNet, EfficientNet, ConvNeXt](15_senet_to_convnext.ipynb) ·
# [exercises of this unit](../exercises/14_resnet/14_resnet.ipynb)
#
# **After this lesson you can**
#
# - measure what depth does to a plain network *on its own training data*, and say what is strange about the result;
# - write a residual block forward and backward, and say where the "+1" in its gradient comes from;
# - measure what a shortcut does to the gradients of a deep network, in size and in direction;
# - build every ResNet from 18 to 152 layers, count it, and load torchvision's weights into it *(can wait)*;
# - say what pre-activation and a zero-initialised last $\gamma$ are for.
#
# **Time** about 90 minutes, with the questions. The code runs in about a minute and a half. On a short evening read
# sections 1 to 3; sections 5, 6 and 8 can wait.
#
# **You should know** lesson 06 (backpropagation through convolution), lesson 08 (batch normalisation), lesson 12 (VGG).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
from itertools import combinations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.numpy_nn import functional as NF
from cnncourse.numpy_nn import models as numpy_models
from cnncourse.numpy_nn.gradcheck import GradientError, gradcheck, gradcheck_module
from cnncourse.numpy_nn.models.resnet import BasicBlock, projection
from cnncourse.numpy_nn.summary import summary
from cnncourse.torch_nn import models as torch_models
from cnncourse.torch_nn.training import descend
from cnncourse.viz.blocks import Block, residual_blocks
from cnncourse.viz.nested import function_classes

torch.set_num_threads(1)  # on maps of 7×7, dividing the work costs more than the work

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# A photograph goes through a stack of 3×3 convolutions with 16 channels, each followed by batch norm and ReLU. Nothing
# is trained: the weights are as they were drawn. All layers have stride 1, so no pixel is thrown away.
#
# There are two stacks. The **plain** one is as in VGG. The other one has **shortcuts**: after every second layer, what
# went *into* those two layers is added to what comes out. That is all, and it has no extra weights. Here are both.
# `bodies` are the groups of two layers, and the one line that differs is `F.relu(...)` in `features`.

# %%
C = 16


def conv_bn(c_in, c_out, stride=1, batch_norm=True):
    conv = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(c_out) if batch_norm else nn.Identity())


def two_layers(batch_norm):
    return nn.Sequential(conv_bn(C, C, 1, batch_norm), nn.ReLU(), conv_bn(C, C, 1, batch_norm))


# %%
class Stack(nn.Module):
    """One convolution, then bodies of two, then a linear layer: `depth` layers with weights."""

    def __init__(self, depth, skip, stride=2, batch_norm=True):
        super().__init__()
        self.skip = skip
        self.stem = conv_bn(1, C, stride, batch_norm)
        self.bodies = nn.ModuleList(two_layers(batch_norm) for _ in range((depth - 2) // 2))
        self.fc = nn.Linear(C, 10)

    def features(self, x):
        maps = [F.relu(self.stem(x))]
        for body in self.bodies:
            x = maps[-1]
            maps.append(F.relu(body(x) + x if self.skip else body(x)))
        return maps

    def forward(self, x):
        return self.fc(self.features(x)[-1].mean(dim=(2, 3)))


parameters = {skip: sum(p.numel() for p in Stack(42, skip).parameters()) for skip in (False, True)}
print("parameters at 42 layers, plain and with shortcuts:", *parameters.values())

# %% [markdown]
# How much of the photograph is left after $k$ layers? We take the best reconstruction that is *linear* in the 16
# channels. It has one coefficient per channel and a constant, the same for all pixels, found by least squares.
#
# > **Predict.** After 1 layer both stacks keep nearly all of it. After 11? After 41?

# %%
cat = data.photograph("cat")[20:260:2, 90:330:2].mean(axis=2) / 255  # (120, 120)
x = torch.from_numpy(((cat - cat.mean()) / cat.std()).astype(np.float32))[None, None]


def best_linear_readout(maps):
    """The linear combination of the channels (120, 120) that is nearest to the cat."""
    columns = np.vstack([maps[0].reshape(C, -1).double().numpy(), np.ones(cat.size)]).T
    return (columns @ np.linalg.lstsq(columns, cat.ravel(), rcond=None)[0]).reshape(cat.shape)


pictures, kept = [cat], {}
for skip in [False, True]:
    runs = []
    for seed in range(5):
        torch.manual_seed(seed)
        with torch.no_grad():
            maps = Stack(42, skip, stride=1).features(x)
        found = [best_linear_readout(maps[block]) for block in (0, 5, 20)]
        runs.append([1 - ((picture - cat) ** 2).mean() / cat.var() for picture in found])
        pictures += found[1:] if seed == 0 else []
    kept[skip] = np.array(runs)

# %% tags=["plumbing"]
# The shares, and the reconstructions of the first of the five stacks of each kind.
rows = [(name, *runs.mean(axis=0), runs[:, 2].std(ddof=1))
        for name, runs in zip(["plain", "with shortcuts"], kept.values(), strict=True)]  # fmt: skip
table(rows, {"": "", "after 1 layer": ".2f", "after 11": ".2f", "after 41": ".2f",
             "spread after 41": ".2f"},
      "Share of the variance kept, five random stacks")  # fmt: skip
titles = ["the photograph", "plain, 11 layers", "plain, 41 layers", "shortcuts, 11 layers",
          "shortcuts, 41 layers"]  # fmt: skip
show(viz.image_row(pictures, titles, height=2.0), "14/cat-after-layers")

# %% tags=["check"]
# Check that the text is true.
at_least([runs[:, 0].mean() for runs in kept.values()], 0.9, "14/first-layer-keeps")
at_most(kept[False][:, 2], 0.15, "14/plain-loses-the-cat")
at_least(kept[True][:, 1] - kept[False][:, 1], 0.2, "14/shortcuts-keep-more-after-11")
at_least(kept[True][:, 2] - kept[False][:, 2], 0.05, "14/shortcuts-keep-more-after-41")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# One plus sign decides whether the cat survives. With shortcuts several times as much of it is left after 11 layers and
# after 41. How much depends on the random weights: the spread (the standard deviation of the five stacks) is large, and the pictures show the first of the five
# stacks, which keeps more than the average. What does this have to do with training? Later layers can only learn from
# what is left.
# </details>
#
# The whole lesson is about this plus sign. In section 3 you see its counterpart on the way *back*.
#
# ### Try it yourself
#
# Here is the first stack of each kind once more, layer by layer. Run the next cell, switch the shortcuts off and on, and
# move the slider. (The arrow keys move it, too.)

# %% tags=["answer"]
from cnncourse.viz.widgets.shortcut_switch import ShortcutSwitch

LAYERS = [1, 3, 5, 7, 9, 11, 15, 21, 31, 41]
left = {}
for skip in [False, True]:
    torch.manual_seed(0)
    with torch.no_grad():
        maps = Stack(42, skip, stride=1).features(x)
    left[skip] = [best_linear_readout(maps[k // 2])[::2, ::2] for k in LAYERS]
ShortcutSwitch(cat[::2, ::2], left[False], left[True], LAYERS)

# %% [markdown]
# ## 1. Is deeper better?
#
# VGG (lesson 12) got better from 11 to 19 layers. Why did it stop there? Here is an argument that deeper can never be
# worse. Take a trained network of 8 layers and insert 12 more. **If the new ones compute the identity, the deeper network does
# what the shallow one does.** So the best deep network is at least as good as the best shallow one. Training only has
# to find it.
#
# We test the argument with plain stacks of 8, 20 and 44 layers, on Fashion-MNIST garments of 14×14 pixels (the first
# layer has stride 2, the others work on 7×7). Batch norm is in every layer, so the activations cannot vanish. Each network
# gets 80 steps of 32 images, with momentum, a learning rate that shrinks to zero, five random starts (`descend` is the
# loop that lesson 01 writes out). We look at the loss on **training** batches, since the claim is about what can be
# learned. No image is seen twice, so overfitting plays no role.

# %%
x_train, y_train = data.small_garments("train")
x_test, y_test = data.small_garments("test", 1000)
DEPTHS, STARTS = [8, 20, 44], range(5)


def train(net, steps=80, lr=0.04):
    """The losses of `steps` steps, on batches of 32."""
    return np.array(descend(net, x_train, y_train, steps=steps, lr=lr, batch_size=32))


def at_the_end(losses):
    return losses[..., -25:].mean(axis=-1)


# %% [markdown]
# > **Predict.** Loss on training data after these steps, for 8, 20 and 44 layers: falling, equal, rising?


# %% tags=["nbval-ignore-output"]
def compare_depths(skip):
    """Losses (depths, starts, steps) and test accuracies (depths, starts)."""
    losses, accuracy = np.zeros((3, 5, 80)), np.zeros((3, 5))
    for d, depth in enumerate(DEPTHS):
        for seed in STARTS:
            torch.manual_seed(seed)
            net = Stack(depth, skip)
            losses[d, seed] = train(net)
            with torch.no_grad():
                accuracy[d, seed] = (net(x_test).argmax(dim=1) == y_test).double().mean()
    rows = zip(DEPTHS, at_the_end(losses), accuracy.mean(axis=1), strict=True)
    table(
        rows, {"layers": "d", "training loss of five starts": ".2f", "test accuracy, mean": ".2f"}
    )
    return losses, accuracy


plain_losses, plain_accuracy = compare_depths(skip=False)
plain = at_the_end(plain_losses)

# %% tags=["check"]
# Check that the text is true.
at_least(plain[1] - plain[0], 0, "14/plain-20-worse-than-8")
at_least(plain[2] - plain[1], 0.1, "14/plain-44-worse-than-20")
at_least(plain_accuracy[0] - plain_accuracy[2], 0.1, "14/plain-44-worse-in-test")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# It rises: the deeper, the worse, in training as in test. In our run the loss differs by between two and three standard errors
# from 8 to 20 layers, and by about four from 20 to 44. (For the test we normalise by the test batch's own
# statistics, because after so few steps the running ones have not settled, see lesson 08.)
#
# This is the **degradation** that He and others described in 2015: their plain network of 56 layers had a higher
# training error than that of 20, also after full training. It is not overfitting, because that would show in the test
# only. And the argument at the top of this section is right: good weights *exist*. Gradient descent does not find them.
# To build the identity from two random convolutions, batch norm and ReLU is hard to learn, and the puzzle showed how
# far from it a stack is when it starts. Eighty steps are few: section 2 ends with networks that were trained until
# their curves are flat.
# </details>

# %% [markdown]
# ## 2. Learn the change, not the thing
#
# If the identity is hard to learn, build it in. Let $R(x)$ be what the two layers compute, the **body**. The plain
# block gives $\mathrm{relu}(R(x))$. The **residual block** gives
#
# $$ \boxed{\; y = \mathrm{relu}\big(x + R(x)\big) \;} $$
#
# If the wanted function is $H(x)$, the body has to learn what is missing, $R(x) = H(x) - x$, the *residual*. (It is not
# an error that is left over, as one sometimes reads. It is a difference of two functions.) For the identity the body
# has to be **zero**, and weights get to zero easily. The path along which $x$ travels unchanged is the **shortcut**, or
# skip connection. The values that travel along the shortcuts from block to block are called the **stream**.

# %% tags=["plumbing"]
# The two blocks.
layers = ("3×3, C", "BN", "ReLU", "3×3, C", "BN")
blocks = [Block("plain", layers, shortcut=None), Block("residual: the basic block", layers)]
show(residual_blocks(blocks), "14/two-blocks")

# %% [markdown]
# Another way to see it. Draw all functions that training finds with 1, 2 or 3 blocks as sets, and the wanted function
# as a star. If the sets merely grow, the largest one need not come nearest to the star. (The dotted line is its
# distance.) If each set *contains* the one before, more blocks can only come nearer. A residual block whose body is
# zero hands its input on, so a network with one block more can do at once whatever the shallower one does: its sets are
# nested by construction.

# %% tags=["plumbing"]
# Sets of functions, and the wanted one.
show(function_classes(), "14/sets-of-functions")

# %% [markdown]
# > **Predict.** The same experiment with shortcuts. 8, 20 and 44 layers: falling, equal, rising?

# %% tags=["nbval-ignore-output"]
residual_losses, residual_accuracy = compare_depths(skip=True)
residual = at_the_end(residual_losses)

# %% tags=["plumbing", "nbval-ignore-output"]
# Both experiments, as means over the starts and over 15 steps.
panels = {
    title: {
        f"{depth} layers": np.convolve(runs.mean(axis=0), np.ones(15) / 15, "valid")
        for depth, runs in zip(DEPTHS, losses, strict=True)
    }
    for title, losses in [("plain", plain_losses), ("residual", residual_losses)]
}
show(
    viz.line_panels(np.arange(8, 74), panels, "step", "training loss\n(five starts, 15 steps)",
                    sharey=True),
    "14/loss-plain-and-residual",
)  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_most(residual[1] - residual[0], -0.05, "14/residual-20-better-than-8")
at_most(residual[2] - residual[0], -0.03, "14/residual-44-better-than-8")
at_most(residual[2] - plain[2], -0.5, "14/residual-44-better-than-plain")
at_least(residual_accuracy[2] - plain_accuracy[2], 0.2, "14/residual-44-better-in-test")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The order is reversed: 20 and 44 layers learn *more* than 8 in the same number of steps, and at 44 layers the residual
# networks are far ahead of the plain ones, with the same number of weights. We did not show that 44 is better than 20:
# they are close.
# </details>
#
# Does this depend on the learning rate? Three starts with two and a half times the rate, for both kinds.
#
# > **Predict.** Which of the two findings survives: *plain networks get worse with depth*, *residual ones better*?

# %% tags=["nbval-ignore-output"]
faster = {}
for kind, skip, depth in [
    ("plain", False, 8),
    ("plain", False, 44),
    ("residual", True, 20),
    ("residual", True, 44),
]:
    faster[kind, depth] = []
    for seed in range(3):
        torch.manual_seed(seed)
        faster[kind, depth].append(at_the_end(train(Stack(depth, skip), lr=0.1)))
rows = [(f"{kind}, {depth} layers", np.array(losses)) for (kind, depth), losses in faster.items()]
table(rows, {"": "", "training loss of three starts at learning rate 0.1": ".2f"})

# %% tags=["check"]
# Check that the text is true.
difference = np.subtract(faster["plain", 44], faster["plain", 8])
at_least(difference, 0.3, "14/plain-44-worse-at-rate-0.1")
difference = np.subtract(faster["residual", 44], faster["plain", 44])
at_most(difference, -0.3, "14/residual-44-better-at-rate-0.1")
difference = np.subtract(faster["residual", 44], faster["residual", 20])
at_least(difference, -0.1, "14/residual-44-no-better-than-20-at-rate-0.1")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The plain network gets worse with depth at this rate too, and at 44 layers the residual one is still far ahead. But
# that *more layers learn faster* is not safe: at the larger rate our 44 residual layers are no better than 20. So the
# careful form of the finding is: a shortcut keeps depth from doing harm, *if* the learning rate suits the depth.
# Section 7 raises the rate further until the residual network of 44 layers fails as well, and shows what fixes it.
# </details>
#
# ### Trained until the curves are flat
#
# All this was seen in the first 80 steps. Perhaps the plain networks are only slow? To find out one has to train to the
# end, which takes longer than a lesson. `cnncourse train` did it beforehand, and its numbers are stored with the
# course. The networks are those of section 6 with 20 and 56 layers, with shortcuts (`resnet20`, `resnet56`) and without
# (`plain20`, `plain56`). They saw a subset: 5,000 garments of 16×16 pixels, 20 times each, while the learning rate fell
# to zero. The test accuracy is measured on 2,000 images. Each network was trained once, so a small difference means
# nothing.
#
# > **Predict.** At the end, which of the four has the lowest accuracy on its own *training* images? By little or by
# > much?

# %%
kept_runs = data.training_history("14_degradation")
ORDER = ["plain20", "plain56", "resnet20", "resnet56"]
print(kept_runs["resnet20"]["command"])

# %% tags=["plumbing"]
# The last epoch, and all of them.
table(
    [(name, *(kept_runs[name][key][-1] for key in
              ("train_loss", "train_accuracy", "test_loss", "test_accuracy"))) for name in ORDER],
    {"": "", "training loss": ".2f", "training accuracy": ".3f", "test loss": ".2f",
     "test accuracy": ".3f"}, "After 20 epochs, one start each",
)  # fmt: skip
panels = {
    title: {name: kept_runs[name][key] for name in ORDER}
    for title, key in [("training loss", "train_loss"), ("training accuracy", "train_accuracy"),
                       ("test accuracy", "test_accuracy")]
}  # fmt: skip
show(
    viz.line_panels(
        np.arange(1, 21), panels, "epoch", ["loss", "accuracy", "accuracy"], size=(10, 3.0)
    ),
    "14/trained-to-the-end",
)

# %% tags=["check"]
# Check that the text is true.
final = {key: {name: kept_runs[name][key][-1] for name in ORDER}
         for key in ("train_accuracy", "test_accuracy")}  # fmt: skip
for accuracies in final.values():
    assert accuracies["plain56"] < accuracies["plain20"] - 0.15  # far worse
    assert abs(accuracies["resnet56"] - accuracies["resnet20"]) < 0.05  # close together
    assert min(accuracies["resnet20"], accuracies["resnet56"]) > accuracies["plain56"] + 0.15
assert all(np.ptp(kept_runs[name]["train_accuracy"][-2:]) < 0.005 for name in ORDER)  # flat

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The plain network of 56 layers, by far. It ends at 0.71 on the images that it was trained on; the plain network of 20
# layers reaches 0.96. In test it is 0.70 against 0.87. The curves are flat at the end (also because the learning rate
# has gone to zero), so this is no longer a slow start. This is **degradation**.
#
# With shortcuts the network of 56 layers reaches 0.97 in training. It is close to the one of 20 layers, a little below
# it in training and in test. So the shortcut takes away nearly all of the harm that depth does here. It does not make
# 56 layers *better* than 20 on these small images in 20 epochs, and from one start each we cannot rank `plain20`,
# `resnet20` and `resnet56` by their test accuracy.
# </details>

# %% [markdown]
# ## 3. The way back
#
# First take the block without its last ReLU, $y = x + R(x)$. Ask as in lesson 06: *which outputs did $x$ influence, and
# by which factor?* It enters twice: directly, with factor 1, and through the body, with its Jacobian $J$, where $J_{kl}
# = \partial R_k / \partial x_l$. The two ways add up:
#
# $$ \boxed{\; \frac{\partial L}{\partial x} = \underbrace{g}_{\text{along the shortcut}} +
# \underbrace{J^\top g}_{\text{through the body}} = (I + J)^\top g \;} $$
#
# There is the "+1", the identity $I$. Whatever the body does, the gradient from above arrives below *unchanged*, plus
# something. Here is the code, with two convolutions as the body, forward and backward. Its last line is the point:


# %%
def block_forward(x, w1, w2):
    a = NF.conv2d(x, w1, padding=1)
    return x + NF.conv2d(NF.relu(a), w2, padding=1)


def block_backward(g, x, w1, w2):
    a = NF.conv2d(x, w1, padding=1)
    grad_h, grad_w2, _ = NF.conv2d_backward(g, NF.relu(a), w2, padding=1)
    grad_body, grad_w1, _ = NF.conv2d_backward(NF.relu_backward(grad_h, a), x, w1, padding=1)
    return g + grad_body, grad_w1, grad_w2


arrays = rng.normal(size=(2, 3, 5, 4)), rng.normal(size=(6, 3, 3, 3)), rng.normal(size=(3, 6, 3, 3))
check = gradcheck(block_forward, block_backward, *arrays, names=["x", "w1", "w2"])
print("numerical check:", check.passed, "on", check.entries, "entries")

x, w1, w2 = (torch.from_numpy(array).requires_grad_() for array in arrays)
g = rng.normal(size=(2, 3, 5, 4))
y = x + F.conv2d(F.relu(F.conv2d(x, w1, padding=1)), w2, padding=1)
by_torch = torch.autograd.grad(y, (x, w1, w2), torch.from_numpy(g))
ours = block_backward(g, *arrays)
agree = [np.allclose(a, b.numpy(), atol=1e-11) for a, b in zip(ours, by_torch, strict=True)]
print("PyTorch agrees on x, w1, w2:", *agree)

# %% [markdown]
# Two ways to get it wrong, and the check finds both: forget the shortcut, or overwrite where one has to add.


# %%
def shortcut_forgotten(g, *arrays):
    grad_x, grad_w1, grad_w2 = block_backward(g, *arrays)
    return grad_x - g, grad_w1, grad_w2


def body_overwritten(g, *arrays):
    _, grad_w1, grad_w2 = block_backward(g, *arrays)
    return g, grad_w1, grad_w2


for backward in [shortcut_forgotten, body_overwritten]:
    try:
        gradcheck(block_forward, backward, *arrays, names=["x", "w1", "w2"])
    except GradientError:
        print(f"{backward.__name__}: the numerical check refuses it")

# %% [markdown]
# The ReLU after the sum comes first on the way back. It lets $g$ pass where $x + R(x) > 0$, and then the gradient goes
# both ways. So in the full block the shortcut's share is $g$ *masked*. The package's container `Residual(body,
# shortcut)` does what the box says, and the basic block is made of it. We check a whole block, with batch norm in
# training mode and a shortcut that changes the shape (a *projection*, section 5):

# %%
block = BasicBlock(3, 4, stride=2, shortcut=projection(3, 4, 2, rng), rng=rng).astype(np.float64)
x = rng.normal(size=(3, 3, 6, 5))
check = gradcheck_module(block, x)
print("basic block with projection:", block(x).shape)
print("numerical check:", check.passed, "on", check.entries, "entries")

# %% tags=["check"]
# Check that the text is true.
assert check.passed

# %% [markdown]
# ### Through many blocks
#
# Small numbers first: let each layer be a single slope $f_l$. Through a plain chain the gradient is multiplied by
# $f_1 f_2 \cdots f_n$, and one slope near zero closes the way. Through residual blocks it is
#
# $$ \prod_{l=1}^n (1 + f_l) = 1 + \sum_l f_l + \sum_{k<l} f_k f_l + \dots + f_1 f_2 \cdots f_n , $$
#
# a sum over $2^n$ paths, one for each choice of which bodies to pass. The plain chain has only the last of these terms.
# (Veit, Wilber and Belongie, 2016, read ResNets as such a collection of paths, most of them short.)

# %%
slopes = np.array([0.3, -0.2, 0.4, 0.1, -0.3])
by_length = [
    sum(np.prod(slopes[list(c)]) for c in combinations(range(5), length)) for length in range(6)
]
print("paths of length 0, 1, …, 5:", np.round(by_length, 4), " sum:", round(sum(by_length), 4))
print("product of the 1 + f:", np.prod(1 + slopes).round(4), "  plain:", np.prod(slopes).round(5))

many = rng.normal(scale=0.2, size=40)
print(f"40 random slopes of size 0.2: plain 10^{np.log10(np.abs(np.prod(many))):.0f}, "
      f"residual {np.prod(1 + many):.2f}")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert np.isclose(sum(by_length), np.prod(1 + slopes))

# %% [markdown]
# The "+1" is no guarantee. With slopes around 1 instead of 0.2 the residual product would be $2^{40}$. So the identity
# makes it harder for a gradient to vanish; that it does not *explode* is up to the bodies being small. Keep this in
# mind for the next measurement, and for section 7.

# %% [markdown]
# ## 4. Gradient flow, measured
#
# Now 44 layers at the start of training. We send one batch of 256 garments through and look at the gradient of the loss
# with respect to the output of each block: its norm relative to that at the last block. There are four networks, plain
# and residual, each with and without batch norm. (The spread in the table is the standard deviation of the logarithms
# over five starts, written as a factor.)
#
# > **Predict.** In which of the four does the gradient *vanish* on its way to the first layer?

# %% tags=["nbval-ignore-output"]
x_some, y_some = x_train[:256], y_train[:256]


def gradient_norms(net):
    """Norm of ∂L/∂(output of block), first to last, relative to the last."""
    maps = net.features(x_some)
    loss = F.cross_entropy(net.fc(maps[-1].mean(dim=(2, 3))), y_some)
    norms = np.array([gradient.norm().item() for gradient in torch.autograd.grad(loss, maps)])
    return norms / norms[-1]


KINDS = {
    "plain": (False, False),
    "plain, BN": (False, True),
    "residual": (True, False),
    "residual, BN": (True, True),
}
norms, first = {}, {}
for name, (skip, batch_norm) in KINDS.items():
    runs = []
    for seed in STARTS:
        torch.manual_seed(seed)
        runs.append(np.log(gradient_norms(Stack(44, skip, batch_norm=batch_norm))))
    norms[name] = np.exp(np.mean(runs, axis=0))  # the geometric mean of five starts
    first[name] = np.array(runs)[:, 0]


# %% tags=["plumbing", "nbval-ignore-output"]
# The norm at the first block, and the curves.
def rounded(value):
    return float(f"{value:.1g}")


table([(name, rounded(np.exp(logs.mean())), np.exp(logs.std(ddof=1)))
       for name, logs in first.items()],
      {"": "", "first block over last": "g", "spread, a factor of": ".1f"})  # fmt: skip
figure = viz.line_chart(
    np.arange(22), norms, "block", "gradient norm / at the last block", log="y", size=(6.5, 3.3)
)
show(figure, "14/gradient-over-depth")

# %% tags=["check"]
# Check that the text is true.
at_least(first["plain, BN"], np.log(200), "14/plain-bn-gradient-grows")
at_least(first["residual"], np.log(200), "14/residual-gradient-grows")
at_most(first["residual, BN"], np.log(60), "14/residual-bn-gradient-grows-little")
at_least(first["plain"], np.log(0.02), "14/plain-gradient-does-not-vanish")
at_most(first["plain"], np.log(2), "14/plain-gradient-does-not-grow")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In none of them. The plain stack without batch norm loses a factor of about ten over 44 layers: Kaiming's
# initial weights were made to keep it level. The plain stack **with** batch norm, which trained so badly in section 1,
# has gradients that *grow* by a factor of hundreds on the way back to the input. The sentence "deep plain networks fail
# because gradients vanish" does not describe it; He and others said so themselves in 2015.
#
# The residual stack without batch norm grows too. Kaiming's weights keep the mean square of a signal through a body, and
# that of a gradient on its way back. So each sum adds two parts that are about equally large and have little to do
# with each other: $x$ and $R(x)$ forward, $g$ and $J^\top g$ backward. Each time the mean square about doubles.
#
# With batch norm each body has variance 1, however large $x$ has become. After $l$ blocks the stream has a variance of
# about $l$, so block $l$ adds only a share $1/l$ to it. The gradient gets the factor $1/l$ too, because the body's first
# batch norm divides by the standard deviation of its input, about $\sqrt l$. In addition each batch norm with ReLU
# enlarges the gradient's mean square by about $\pi/(\pi-1)$ (lesson 08), and a body has two. So a block multiplies the
# mean square by $1 + \left(\frac{\pi}{\pi-1}\right)^2 / l = 1 + 2.15/l$. A product of such factors grows as a power of the
# depth, not exponentially.
# </details>
#
# Do these two estimates hold? The norm is the root of the mean square:

# %% tags=["nbval-ignore-output", "answer"]
l = np.arange(1, 22)  # the blocks
estimate = {
    "residual": 2 ** (21 / 2),
    "residual, BN": np.sqrt(np.prod(1 + (np.pi / (np.pi - 1)) ** 2 / l)),
}
table([(name, value, norms[name][0]) for name, value in estimate.items()],
      {"": "", "first block over last, estimated": ".0f", "measured": ".0f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
for name, value in estimate.items():
    off = np.abs(first[name].mean() - np.log(value))
    at_most(off, np.log(2), "14/estimate-" + name.replace(", ", "-"))

# %% [markdown]
# They do: each agrees with the measurement to within a factor of two.
#
# ### Does the gradient still mean something?
#
# A gradient tells in which direction the loss falls. This is only true nearby. So here is a second measurement. Take
# the gradient of all weights, make one small step, and take it again, on the same batch. Is the new gradient parallel
# to the old one (cosine 1), or has it nothing to do with it (cosine 0)?
#
# > **Predict.** The step is small. For which of the six networks (plain or residual; 8, 20 or 44 layers) is the cosine
# > near 1, for which near 0?


# %% tags=["nbval-ignore-output"]
def cosine_after_step(depth, skip, seed, lr=0.01):
    torch.manual_seed(seed)
    net = Stack(depth, skip)
    weights, seen = list(net.parameters()), []
    for _ in range(2):
        gradients = torch.autograd.grad(F.cross_entropy(net(x_some), y_some), weights)
        seen.append(torch.cat([g.ravel() for g in gradients]))
        with torch.no_grad():
            for w, g in zip(weights, gradients, strict=True):
                w.sub_(lr * g)
    return F.cosine_similarity(*seen, dim=0).item()


cosines = {}
for name, skip in [("plain", False), ("residual", True)]:
    cosines[name] = np.array(
        [[cosine_after_step(depth, skip, seed) for seed in STARTS] for depth in DEPTHS]
    )
rows = [(f"{name}, {depth} layers", runs + 0) for name, values in cosines.items()
        for depth, runs in zip(DEPTHS, values, strict=True)]  # fmt: skip
table(rows, {"": "", "cosine before and after a step, five starts": ".1f"})

# %% tags=["check"]
# Check that the text is true.
at_least(cosines["plain"][0], 0.85, "14/cosine-plain-8")
at_most(np.abs(np.median(cosines["plain"][2])), 0.3, "14/cosine-plain-44")
at_least(cosines["residual"][2], 0.7, "14/cosine-residual-44")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In the plain network of 44 layers one small step changes the gradient completely: it is large, and after the step it
# points elsewhere. The shortcut keeps it valid.
# </details>
#
# Balduzzi and others (2017) call this the "shattered gradients": with
# growing depth the gradient of a plain network, as a function of the input, comes to look like white noise.

# %% [markdown]
# ## 5. Blocks: new shapes, and the bottleneck
#
# *(This section can wait.)* $x + R(x)$ needs equal shapes. Where a stage starts, the size is halved and the channels are
# doubled, so the shortcut has to do the same. Two usual answers:
#
# - **A, pad**: take every second pixel, and zeros for the new channels. No parameters.
# - **B, projection**: a 1×1 convolution with stride 2 and batch norm. A matrix for each pixel, $C_{in} C_{out}$
#   weights.
#
# The deep ResNets of ImageNet use another body: a **bottleneck**, in which a 1×1 convolution narrows the channels to a
# quarter, the 3×3 works there, and another 1×1 widens them again.

# %% tags=["plumbing"]
# Four blocks.
first_of_stage = ("3×3, 128, S = 2", "BN", "ReLU", "3×3, 128", "BN")
bottleneck = ("1×1, 64", "BN", "ReLU", "3×3, 64", "BN", "ReLU", "1×1, 256", "BN")
blocks = [
    Block("basic", ("3×3, 64", "BN", "ReLU", "3×3, 64", "BN")),
    Block("basic, first of a stage", first_of_stage, "1×1\nS = 2\nBN"),
    Block("bottleneck", bottleneck),
    Block(
        "pre-activation (section 8)", ("BN", "ReLU", "3×3, 64", "BN", "ReLU", "3×3, 64"), after=()
    ),
]
show(residual_blocks(blocks), "14/four-blocks")

# %%
basic_64, basic_256 = 2 * 9 * 64 * 64, 2 * 9 * 256 * 256
bottleneck_256 = 256 * 64 + 9 * 64 * 64 + 64 * 256
rows = [("basic", 64, basic_64), ("basic", 256, basic_256), ("bottleneck", 256, bottleneck_256)]
table(rows, {"body": "", "channels": "d", "weights": ",d"})

# %% tags=["check"]
# Check that the text is true.
assert bottleneck_256 < basic_64 < basic_256 / 10

# %% [markdown]
# The bottleneck lets the stream (section 2) be 256 channels wide with fewer weights
# than a basic block on 64. Both forms of the shortcut, in code that shows what they do to a pixel:

# %%
x = rng.normal(size=(1, 2, 4, 4))
padded = np.concatenate([x[:, :, ::2, ::2], np.zeros((1, 2, 2, 2))], axis=1)
matrix = rng.normal(size=(4, 2))
projected = NF.conv2d(x, matrix[:, :, None, None], stride=2)
print("A:", x.shape, "→", padded.shape, "  pixel (1, 1):", padded[0, :, 1, 1])
print("B:", x.shape, "→", projected.shape, "  pixel (1, 1):", projected[0, :, 1, 1])
same = np.allclose(matrix @ x[0, :, 2, 2], projected[0, :, 1, 1])
print("B is a matrix times the pixel (2, 2) of x:", same)
print("share of the pixels that the shortcut reads:", x[:, :, ::2, ::2].size / x.size)

# %% [markdown]
# ## 6. The networks
#
# *(This section can wait.)* Run its cells all the same: the claims use `big` and `vgg`.
#
# **For 32×32 images** (section 4.2 of the paper) the network is a 3×3 convolution with 16
# channels, then three stages of $n$ basic blocks with 16, 32, 64 channels at 32, 16, 8 pixels, global average pooling,
# one linear layer. The number of layers with weights is $1 + 3 \cdot 2n + 1 = 6n + 2$. ResNet-20 has $n = 3$. Its
# parameters by hand, and by the package's summary:

# %%
batch_norms = 2 * (16 * 7 + 32 * 6 + 64 * 6)  # γ and β of each channel
convs = 9 * (3 * 16 + 6 * 16 * 16 + 16 * 32 + 5 * 32 * 32 + 32 * 64 + 5 * 64 * 64)
linear = 64 * 10 + 10
projections = 16 * 32 + 32 * 64 + 2 * (32 + 64)
by_hand = convs + batch_norms + linear
print(f"by hand: {by_hand:,} with shortcut A, {by_hand + projections:,} with B")

small = {
    kind: summary(numpy_models.resnet20(shortcut=kind), (1, 3, 32, 32))
    for kind in ["pad", "projection"]
}
for kind, net in small.items():
    print(f"summary, {kind:10} {net.parameters:,} parameters, {net.multiply_adds:,} multiply-adds")

# %% tags=["check"]
# Check that the text is true.
assert small["pad"].parameters == by_hand == 269_722
assert small["projection"].parameters == by_hand + projections == 272_474

# %% [markdown]
# You can train it on two cores if you are patient. The command is `cnncourse train resnet20`, and its `--help` explains
# the options and what to expect.
#
# **For ImageNet**: a 7×7 convolution with stride 2 and max pooling bring 224 pixels to 56; four stages follow, at 56,
# 28, 14, 7 pixels; then global average pooling and one linear layer for 1,000 classes. The family differs in the block
# and in four numbers only:

# %%
CONFIGURATIONS = {
    18: ("basic", (2, 2, 2, 2)), 34: ("basic", (3, 4, 6, 3)), 50: ("bottleneck", (3, 4, 6, 3)),
    101: ("bottleneck", (3, 4, 23, 3)), 152: ("bottleneck", (3, 8, 36, 3)),
}  # fmt: skip
big, rows = {}, []
for depth, (block, counts) in CONFIGURATIONS.items():
    net = big[depth] = summary(getattr(numpy_models, f"resnet{depth}")(), (1, 3, 224, 224))
    layers = 2 + sum(counts) * {"basic": 2, "bottleneck": 3}[block]
    rows.append((f"ResNet-{depth}", block, counts, layers, net.parameters, net.multiply_adds / 1e9))
vgg = summary(numpy_models.vgg16(), (1, 3, 224, 224))
rows.append(("VGG-16", None, None, 13 + 3, vgg.parameters, vgg.multiply_adds / 1e9))
columns = {"network": "", "block": "", "blocks per stage": "d", "layers": "d", "parameters": ",d"}
table(rows, columns | {"multiply-adds in 10⁹": ".1f"}, "Networks for 224×224 pixels")

# %% tags=["check"]
# Check that the text is true.
assert [row[3] for row in rows] == [*CONFIGURATIONS, 16]
assert big[18].parameters == 11_689_512
assert big[50].parameters == 25_557_032
assert {d: big[d].parameters for d in (34, 101, 152)} == {
    34: 21_797_672,
    101: 44_549_160,
    152: 60_192_808,
}
assert big[152].parameters < vgg.parameters / 2
assert big[152].multiply_adds < vgg.multiply_adds

# %% [markdown]
# "152 layers" sounds monstrous. It has less than half of VGG-16's parameters and fewer multiply-adds: no large linear
# layers, and early reduction to 56 pixels.
#
# ### Torchvision's weights fit
#
# Trained networks of other authors are useful only if their weights can be loaded. That needs equal names and shapes
# for every array, and the same arithmetic. The lesson downloads nothing, but the proof does not need *trained* weights.
# Build torchvision's network with random weights, copy its `state_dict` into ours, strictly, and compare the outputs. (Names
# and shapes are compared on the "meta" device, where an array has a shape and no memory.)

# %%
import torchvision.models as theirs

rows = []
for depth in CONFIGURATIONS:
    name = f"resnet{depth}"
    with torch.device("meta"):
        networks = getattr(theirs, name)(), getattr(torch_models, name)()
    yours, ours = (
        {key: tuple(value.shape) for key, value in net.state_dict().items()} for net in networks
    )
    in_numpy = dict(getattr(numpy_models, name)().named_parameters())
    same = all(yours[key] == parameter.shape for key, parameter in in_numpy.items())
    rows.append((f"ResNet-{depth}", len(yours), yours == ours, same))
table(rows, ["", "arrays", "our PyTorch", "our NumPy"], "Names and shapes equal torchvision's")

# %% tags=["check"]
# Check that the text is true.
assert all(row[2] and row[3] for row in rows)

# %% [markdown]
# An untrained network is a weak test: every $\gamma$ is 1, every running mean 0. So we shake those first, then compare
# in evaluation mode, with our PyTorch and with our NumPy network.


# %%
def shaken(network):
    """Random numbers for γ, β and the running statistics, so that forgetting one would show."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.0)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


# %%
astronaut = data.photograph("astronaut")[30:222:3, 150:342:3] / 255  # (64, 64, 3)
picture = ((astronaut - 0.45) / 0.25).transpose(2, 0, 1)[None].astype(np.float32)
rows = []
for depth in [18, 50]:
    original = shaken(getattr(theirs, f"resnet{depth}")())
    in_torch = getattr(torch_models, f"resnet{depth}")().eval()
    in_numpy = getattr(numpy_models, f"resnet{depth}")().eval()
    # strict: a missing or superfluous name is an error
    in_torch.load_state_dict(original.state_dict())
    in_numpy.load_state_dict(original.state_dict())
    with torch.no_grad():
        wanted = original(torch.from_numpy(picture)).numpy()
        by_torch = in_torch(torch.from_numpy(picture)).numpy()
    errors = [
        np.abs(got - wanted).max() / np.abs(wanted).max() for got in (by_torch, in_numpy(picture))
    ]
    rows.append((f"ResNet-{depth}", wanted.shape[1], *(error < 1e-4 for error in errors)))
table(rows, ["", "logits", "our PyTorch", "our NumPy"], "Outputs equal torchvision's to 1e-4")

# %% tags=["check"]
# Check that the text is true.
assert all(row[2] and row[3] for row in rows)

# %% [markdown]
# With an internet connection, trained weights are one line: `theirs.resnet50(weights="IMAGENET1K_V2").state_dict()` in place
# of the random ones.
#
# One detail in which torchvision differs from the paper of 2015: in the first bottleneck of a stage, the stride sits on
# the 3×3 convolution and not on the first 1×1. A 1×1 convolution with stride 2 never reads three quarters of the pixels.

# %% [markdown]
# ## 7. When the last γ is zero
#
# Batch norm ends with $\gamma \hat x + \beta$. Draw all weights as usual, but set the *last* $\gamma$ of each body
# to 0. Then $R(x) = 0$ at the start, whatever the convolutions are.
#
# > **Predict.** (a) How large is the gradient at the first block of a fresh network, relative to that at the last
# > block, with 8 layers and with 44? (b) Can the convolutions of the bodies learn
# > at all: what are their gradients at the first step?


# %%
def zero_init(net):
    for body in net.bodies:
        nn.init.zeros_(body[-1][1].weight)  # the γ of the last batch norm
    return net


torch.manual_seed(0)
net = zero_init(Stack(44, skip=True))
maps = net.features(x_some)
print("the last block's output equals the first layer's:", torch.equal(maps[0], maps[-1]))
ends = {depth: gradient_norms(zero_init(Stack(depth, skip=True))) for depth in DEPTHS}
table([(depth, last, before, first) for depth, (first, *_, before, last) in ends.items()],
      {"layers": "d", "last block": ".2f", "the one before": ".2f", "first block": ".2f"},
      "Gradient norms")  # fmt: skip

loss = F.cross_entropy(net(x_some), y_some)
conv, gamma = net.bodies[10][0][0].weight, net.bodies[10][-1][1].weight
at_conv, at_gamma = torch.autograd.grad(loss, (conv, gamma))
rows = [("a convolution inside a body", at_conv), ("the last γ of that body", at_gamma)]
table([(name, gradient.count_nonzero(), gradient.numel()) for name, gradient in rows],
      {"gradient of": "", "entries that are not zero": "d", "entries": "d"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert torch.equal(maps[0], maps[-1])
assert all(np.isclose(values[0], values[-2]) for values in ends.values())
assert not at_conv.any()
assert at_gamma.all()

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# (a) The network computes what its first layer and its last compute: a network of 2 layers that *contains* 44. The
# outputs are equal to the last bit, because $\mathrm{relu}(x + 0) = x$ where $x$ comes from a ReLU. The gradient loses
# something once, at the last block, where the ReLU masks those places whose value is 0; from there it arrives at the
# first block unchanged, at any depth.
#
# (b) At the first step the convolutions get no gradient, since they are multiplied by $\gamma = 0$. But $\gamma$
# itself gets one: $\partial L / \partial \gamma = \sum g\, \hat x$. After one step $\gamma \ne 0$ and everything
# moves. (Set *both* $\gamma$ and all convolutions to zero and nothing ever would.)
# </details>
#
# What is it good for? Take the residual network of 44 layers from section 2 with *ten times* the learning rate, 0.4.

# %% tags=["nbval-ignore-output"]
at_high_rate = {}
for name, change in [("γ = 1", lambda net: net), ("last γ = 0", zero_init)]:
    losses = []
    for seed in range(3):
        torch.manual_seed(seed)
        losses.append(train(change(Stack(44, skip=True)), steps=60, lr=0.4)[-20:].mean())
    at_high_rate[name] = np.array(losses)
table(at_high_rate.items(), {"": "", "training loss of three starts at learning rate 0.4": ".2f"})

# %% tags=["check"]
# Check that the text is true.
at_most(at_high_rate["last γ = 0"] - at_high_rate["γ = 1"], -0.3, "14/zero-gamma-at-rate-0.4")

# %% [markdown]
# From the usual start the large rate ruins it at once. From the identity, it trains. Goyal and others (2017) needed it
# for batches of 8,192 images, with a learning rate that grows in proportion. It does not help at every rate, because
# each body has to grow from nothing first, which takes steps. Put `lr=0.04` into the cell and see.

# %% [markdown]
# ## 8. Pre-activation: keep the shortcut clear
#
# *(This section can wait.)* Run its cells all the same: the claims use `through`.
#
# In our block a ReLU comes *after* the sum, on the shortcut itself. The stream can never
# become negative, and the gradient is masked at every block. He and others (2016b) move batch norm and ReLU *before* the
# convolutions, into the body (the fourth block in the figure of section 5):
#
# $$ x_{l+1} = x_l + R_l(x_l) \quad\Rightarrow\quad x_n = x_0 + \sum_{l=0}^{n-1} R_l(x_l) . $$
#
# Here $n$ is the number of blocks, and $L$ below is the loss. On the way back each block multiplies by $(I +
# J_l)^\top$, where $J_l$ is the Jacobian of its body (section 3). The product has one term without any $J$:
#
# $$ \frac{\partial L}{\partial x_0} = (I + J_0)^\top (I + J_1)^\top \cdots (I + J_{n-1})^\top g
#    = g + \sum_l J_l^\top g + \sum_{k<l} J_k^\top J_l^\top g + \dots $$
#
# So the gradient from the very top arrives at the very bottom as it is, as one summand. To see the shortcuts alone we
# take bodies that give 0, and send a signed signal up and a signed gradient down, through 20 blocks:

# %%
signal = torch.from_numpy(rng.normal(size=(1, 4, 20, 20))).requires_grad_()
upstream = torch.from_numpy(rng.normal(size=(1, 4, 20, 20)))


def shortcuts(x, after_sum, blocks=20):
    for _ in range(blocks):
        x = after_sum(x + torch.zeros_like(x))
    return x


through = {}
for name, after_sum in [("post-activation", F.relu), ("pre-activation", lambda x: x)]:
    y = shortcuts(signal, after_sum)
    (gradient,) = torch.autograd.grad(y, signal, upstream)
    arrived = (y == signal).double().mean().item(), (gradient == upstream).double().mean().item()
    through[name] = arrived
table([(name, *both) for name, both in through.items()],
      {"": "", "share of the signal that arrives": ".2f", "of the gradient": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert through["pre-activation"] == (1.0, 1.0)
assert max(through["post-activation"]) < 0.7

# %% [markdown]
# About half of a signed signal is lost, and with it half of the gradient; but note that it is lost *once*. After the
# first ReLU everything is non-negative and 19 more change nothing. That is why ResNet-50 and its relatives do well with
# the ReLU where it is. In the paper the change helped much at 1,001 layers and little at about 100: bodies that subtract
# are cut again at every block. Here is a pre-activation network at work:


# %%
class PreActivation(Stack):
    """The same convolutions; batch norm and ReLU before each of them, nothing after the sum."""

    def features(self, x):
        maps = [self.stem[0](x)]
        for (conv1, norm1), _, (conv2, norm2) in self.bodies:
            x = maps[-1]
            maps.append(x + conv2(F.relu(norm2(conv1(F.relu(norm1(x)))))))
        # one last batch norm and ReLU before the head
        return [*maps[:-1], F.relu(self.stem[1](maps[-1]))]


sizes = []
for seed in range(5):
    torch.manual_seed(seed)
    pre = PreActivation(44, skip=True)
    with torch.no_grad():
        stream = pre.features(x_some)[:-1]
    sizes.append([stream[l].var().item() for l in (0, 5, 10, 20)])
counts = [sum(p.numel() for p in network.parameters()) for network in (pre, net)]
print("the same number of parameters:", counts[0] == counts[1])
table(zip((0, 5, 10, 20), np.transpose(sizes), strict=True),
      {"blocks": "d", "variance of the stream, five draws of the weights": ".0f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert (np.diff(sizes) > 0).all()

# %% [markdown]
# The stream is a sum, so its variance grows with every block, about
# in proportion to their number: later blocks change
# it relatively less. Because of this a last batch norm is needed before the head.

# %% [markdown]
# ## 9. The tour so far
#
# The ImageNet competition (ILSVRC) was about the class of a photograph among 1,000. An answer counts as wrong if the
# true class is not among the network's first five (the top-5 error). These are the best-known networks of each year, with
# the number of layers that have weights. The errors are quoted, not measured by us. Some are those of ensembles: 11.7 % is
# that of the winner of 2013, several networks like ZFNet ([lesson 11](11_alexnet.ipynb#10.-ZFNet:-a-finer-first-layer)).

# %%
ILSVRC = [
    ("2010", "shallow", None, 28.2), ("2012", "AlexNet", 8, 16.4), ("2013", "ZFNet", 8, 11.7),
    ("2014", "VGG", 19, 7.3), ("2014", "GoogLeNet", 22, 6.7), ("2015", "ResNet", 152, 3.57),
    ("2017", "SENet", None, 2.3),
]  # fmt: skip

# %% tags=["plumbing"]
# The errors as a table and as bars.
table([(year, name, layers, error) for year, name, layers, error in ILSVRC],
      {"year": "", "network": "", "layers": "d", "top-5 error in %": ".1f"})  # fmt: skip
bars = {
    f"{name}\n{year}" + (f"\n{layers} layers" if layers else ""): error
    for year, name, layers, error in ILSVRC
}
show(viz.bar_chart(bars, "top-5 error in %", decimals=1, size=(9, 3.4)), "14/errors-by-year")

# %% [markdown]
# The number of layers went from 8 to 19 and 22 in two years, and then to 152 in one. Other things changed as well, so the
# fall of the error is not due to the shortcut alone. But without it such a depth could not be trained. Shortcuts are in
# nearly every network since, in DenseNets, in U-Nets, and in every transformer.

# %% [markdown]
# ## Claims to test
#
# You will read sentences like these.
#
# 1. "Deeper is better."
# 2. "Deep plain networks fail because their gradients vanish."
# 3. "Residual networks are larger."
# 4. "A shortcut lets the gradient through unchanged."
#
# > **Predict.** In what sense is each of them true?

# %% tags=["plumbing", "nbval-ignore-output"]
# The measurements, one line or more per claim.
table([(f"1. {name}", *losses.mean(axis=1))
       for name, losses in [("plain", plain), ("residual", residual)]],
      {"": ""} | {f"{depth} layers": ".2f" for depth in DEPTHS}, "Mean training loss")  # fmt: skip
growth = norms["plain, BN"][0]
print(
    f"2. plain with batch norm, 44 layers: gradient at the first block over the last {growth:.0f}"
)
print(f"3. ResNet-152 over VGG-16: parameters {big[152].parameters / vgg.parameters:.2f},",
      f"multiply-adds {big[152].multiply_adds / vgg.multiply_adds:.2f}")  # fmt: skip
print("4. share of a signed gradient that passes the bare shortcuts:",
      {name: round(both[1], 2) for name, both in through.items()})  # fmt: skip

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **False for plain networks, true for residual ones, within limits.** The same layers without the shortcut get
#    worse with depth, on training data, at both learning rates that we tried, and also when they are trained for 20
#    epochs. With it, 20 and 44 layers are better than 8 at the smaller rate, and far ahead of the plain ones at both. It
#    does not go on for ever: He and others saw 1,202 layers do worse than 110 on CIFAR-10's test images, and explained
#    it by overfitting.
# 2. **False for the networks that one builds.** With batch norm the gradient grows towards the input, and after one
#    step it points elsewhere. (Without normalisation and with badly scaled weights it does vanish. Kaiming's rule and
#    batch norm had solved that problem before.)
# 3. **False.** The identity shortcut has no parameters, and ResNets have no large linear layers.
# 4. **True of the pre-activation form**, where it arrives as a summand. In the usual form each ReLU after a sum masks
#    it. And something is added to it always: the "+1" bounds nothing from above.
# </details>

# %% [markdown]
# ## Summary
#
# 1. A deeper plain network is worse even on its training data, though it could copy the shallow one: good weights exist
#    and are not found.
# 2. $y = \mathrm{relu}(x + R(x))$ makes "change nothing" the easy thing to learn. Backward:
#    $\partial L / \partial x = g + J^\top g$, where $g$ has passed the ReLU.
# 3. The shortcut keeps gradients of a useful size and, above all, valid beyond one step. Batch norm keeps the bodies
#    small beside the stream.
# 4. Basic block: two 3×3. Bottleneck: 1×1, 3×3, 1×1. New shapes: pad or project by 1×1. ResNet-18 to 152
#    differ in the block and in four numbers, ResNet-$(6n + 2)$ only in $n$.
# 5. A last $\gamma$ of zero starts the network as a shallow one and allows large learning rates; pre-activation keeps
#    the shortcut free of any function.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** How many layers with weights has the network for 32×32 images with $n = 9$ blocks per stage? Which $n$ gives 110?
#
# <details><summary>Answer</summary>
#
# $6 \cdot 9 + 2 = 56$; $n = 18$. Projections on shortcuts are not counted.
# </details>
#
# **2.** A chain of 10 blocks of slope $f = -1$ each. What arrives, plain and residual?
#
# <details><summary>Answer</summary>
#
# $(-1)^{10} = 1$ through the plain one, $(1 - 1)^{10} = 0$ through the residual one: a body *can* cancel its shortcut.
# </details>
#
# **3.** How many of the $2^{10}$ paths through 10 blocks pass exactly 5 bodies? How many pass at most 2?
#
# <details><summary>Answer</summary>
#
# $\binom{10}{5} = 252$; $1 + 10 + 45 = 56$.
# </details>
#
# **4.** The first bottleneck of ResNet-50's first stage gets 64 channels at 56×56 and has stride 1. Does its shortcut
# need a projection? How many parameters has it, with batch norm?
#
# <details><summary>Answer</summary>
#
# Yes: the block gives 256 channels. $64 \cdot 256 + 2 \cdot 256 = 16{,}896$.
# </details>
#
# **5.** Suppose `out += x` comes *after* the last ReLU: $y = x + \mathrm{relu}(R(x))$. What can the stream no longer do?
#
# <details><summary>Answer</summary>
#
# Become smaller: each block can only add something non-negative, so values grow from block to block.
# </details>
#
# **6.** Why does the last batch norm of a body come *before* the sum and not after it?
#
# <details><summary>Answer</summary>
#
# After the sum it would be on the shortcut. It would rescale the stream and the gradient at every block, and a
# $\gamma$ of zero would set the shortcut to zero together with the body.
# </details>

# %%
from math import comb

print("1.", 6 * 9 + 2, (110 - 2) // 6)
print("2.", (-1) ** 10, (1 - 1) ** 10)
print("3.", comb(10, 5), sum(comb(10, k) for k in range(3)))
by_key = dict(numpy_models.resnet50().named_parameters())
kept_by_shortcut = [p.size for key, p in by_key.items() if key.startswith("layer1.0.downsample")]
print("4.", f"{sum(kept_by_shortcut):,}", sum(kept_by_shortcut) == 64 * 256 + 2 * 256)
stream = np.abs(rng.normal(size=1000))
grown = [stream := stream + np.maximum(rng.normal(size=1000), 0) for _ in range(5)]
print("5. means after each block:", np.round([values.mean() for values in grown], 1))
x = rng.normal(size=(2, 3, 4, 4))
ones, zeros = np.ones(3), np.zeros(3)
shut = NF.batch_norm(x + 0 * x, zeros, ones, weight=zeros, bias=zeros, training=True)
print("6. with γ = 0 after the sum, anything left of x:", bool(np.any(shut)))

# %% [markdown]
# ## Where to read more
#
# - K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR (2016), arXiv:1512.03385:
#   sections 3 and 4.2; written so that one can follow every sentence.
# - K. He, X. Zhang, S. Ren, J. Sun, "Identity mappings in deep residual networks", ECCV (2016b), arXiv:1603.05027:
#   pre-activation, and the derivation of section 8.
# - A. Veit, M. Wilber, S. Belongie, "Residual networks behave like ensembles of relatively shallow networks", NIPS
#   (2016), arXiv:1605.06431: the $2^n$ paths; what happens if one removes a block.
# - D. Balduzzi and others, "The shattered gradients problem: If resnets are the answer, then what is the question?",
#   ICML (2017), arXiv:1702.08591.
# - P. Goyal and others, "Accurate, large minibatch SGD: Training ImageNet in 1 hour" (2017), arXiv:1706.02677: the
#   zero $\gamma$.
# - S. De, S. L. Smith, "Batch normalization biases residual blocks towards the identity function in deep networks",
#   NeurIPS (2020), arXiv:2002.10444: why normalised bodies stay small beside the stream.
#
# **Next:** do the [exercises of this unit](../exercises/14_resnet/14_resnet.ipynb). Then lesson
# [15 SENet, MobileNet, EfficientNet, ConvNeXt](15_senet_to_convnext.ipynb) takes this network apart once more and makes it
# cheaper and better, one change after the other.
