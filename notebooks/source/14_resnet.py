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
# [Start](00_start_here.ipynb) · previous: [12 VGG](12_vgg.ipynb) ·
# [exercises of this unit](../exercises/14_resnet/14_resnet.ipynb)
#
# **After this lesson you can**
#
# - show that a deeper network can be worse *on its own training data*, and say why that is strange;
# - write a residual block forward and backward, and say where the "+1" in its gradient comes from;
# - measure what a shortcut does to the gradients of a deep network, in size and in direction;
# - build every ResNet from 18 to 152 layers, count it, and load torchvision's weights into it;
# - say what pre-activation and a zero-initialised last $\gamma$ are for.
#
# **Time** about 90 minutes, with the questions. The code runs in about a minute.
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

from cnncourse import data, show, table, viz
from cnncourse.numpy_nn import functional as NF
from cnncourse.numpy_nn import models as numpy_models
from cnncourse.numpy_nn.gradcheck import GradientError, gradcheck, gradcheck_module
from cnncourse.numpy_nn.models.resnet import BasicBlock, projection
from cnncourse.numpy_nn.summary import summary
from cnncourse.torch_nn import models as torch_models
from cnncourse.torch_nn.training import descend
from cnncourse.viz.blocks import Block, residual_blocks

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# A photograph goes through a stack of 3×3 convolutions with 16 channels, each followed by batch norm and ReLU. Nothing
# is trained: the weights are as they were drawn. All layers have stride 1, so no pixel is thrown away.
#
# Two stacks. The **plain** one is as in VGG. The other one has a detour: after every second layer, what went *into*
# those two layers is added to what comes out. That is all; it has not one weight more. Here are both. `bodies` are the
# pairs of layers, and the one line that differs is `F.relu(...)` in `features`.

# %%
C = 16


def conv_bn(c_in, c_out, stride=1, batch_norm=True):
    conv = nn.Conv2d(c_in, c_out, 3, stride, padding=1, bias=False)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(c_out) if batch_norm else nn.Identity())


class Stack(nn.Module):
    """One convolution, then pairs of them, then a linear layer: `depth` layers with weights."""

    def __init__(self, depth, skip, stride=2, batch_norm=True):
        super().__init__()
        self.skip = skip
        self.stem = conv_bn(1, C, stride, batch_norm)
        pairs = [
            (conv_bn(C, C, 1, batch_norm), conv_bn(C, C, 1, batch_norm))
            for _ in range((depth - 2) // 2)
        ]
        self.bodies = nn.ModuleList(
            nn.Sequential(first, nn.ReLU(), second) for first, second in pairs
        )
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
print("parameters at 42 layers, plain and with the detour:", *parameters.values())

# %% [markdown]
# How much of the photograph is left after $k$ layers? We ask for the best reconstruction that is *linear* in the 16
# channels: least squares, a weight for each channel and a constant, the same for all pixels.
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
    torch.manual_seed(0)
    with torch.no_grad():
        maps = Stack(42, skip, stride=1).features(x)
    found = [best_linear_readout(maps[pair]) for pair in (0, 5, 20)]
    kept[skip] = [1 - ((picture - cat) ** 2).mean() / cat.var() for picture in found]
    pictures += found[1:]
    print(
        f"{'with the detour' if skip else 'plain':16}  share of the variance kept after 1, 11, 41 "
        "layers:",
        *[f"{share:.2f}" for share in kept[skip]],
    )
titles = [
    "the photograph",
    "plain, 11 layers",
    "plain, 41 layers",
    "detour, 11 layers",
    "detour, 41 layers",
]
show(viz.image_row(pictures, titles, height=2.0), "14/cat-after-layers")

# %% tags=["check"]
# Check that the text is true.
assert min(kept[False][0], kept[True][0]) > 0.9
assert kept[False][2] < 0.2 < 0.3 < kept[True][2]

# %% [markdown]
# One plus sign decides whether the cat survives. What has this to do with training? Somebody must learn from what is
# left. The whole lesson is about this plus sign, and in section 3 you see its counterpart on the way *back*.

# %% [markdown]
# ## 1. Deeper is worse
#
# VGG (lesson 12) got better from 11 to 19 layers. Why did it stop there? An argument that deeper can never be worse:
# take a trained network of 8 layers and insert 12 more. **If the new ones compute the identity, the deeper network does
# what the shallow one does.** So the best deep network is at least as good as the best shallow one. Training only has
# to find it.
#
# We test the argument. Plain stacks with 8, 20 and 44 layers, on Fashion-MNIST garments of 14×14 pixels (the first
# layer has stride 2, the others work on 7×7). Batch norm is in every layer, so nobody can say that the activations
# died. Each network gets 80 steps of 32 images, with momentum, a learning rate that shrinks to zero, three random
# starts (`descend` is the loop that lesson 01 writes out). We look at the loss on **training** batches, since the claim
# is about what can be learned; no image is seen twice, so overfitting is not the matter.


# %%
torch.set_num_threads(1)  # on maps of 7×7, dividing the work costs more than the work


def prepare(images):
    return F.avg_pool2d((torch.from_numpy(images[:, None]).float() / 255 - 0.286) / 0.353, 2)


images, labels = data.fashion_mnist("train")
x_train, y_train = prepare(images), torch.from_numpy(labels)
test_images, test_labels = data.fashion_mnist("test")
x_test, y_test = prepare(test_images[:1000]), torch.from_numpy(test_labels[:1000])


def train(net, steps=80, rate=0.04):
    """The losses of so many steps, on batches of 32."""
    return np.array(descend(net, x_train, y_train, steps=steps, lr=rate, batch_size=32))


# %% [markdown]
# > **Predict.** Loss on training data after these steps, for 8, 20 and 44 layers: falling, equal, rising?

# %% tags=["nbval-ignore-output"]
DEPTHS, STARTS = [8, 20, 44], range(3)


def compare_depths(skip):
    """Losses (depths, starts, steps) and test accuracies (depths, starts)."""
    losses, accuracy = np.zeros((3, 3, 80)), np.zeros((3, 3))
    for (d, depth), seed in [(pair, seed) for pair in enumerate(DEPTHS) for seed in STARTS]:
        torch.manual_seed(seed)
        net = Stack(depth, skip)
        losses[d, seed] = train(net)
        with torch.no_grad():
            accuracy[d, seed] = (net(x_test).argmax(dim=1) == y_test).double().mean()
    for depth, final, right in zip(DEPTHS, at_the_end(losses), accuracy, strict=True):
        print(f"{depth:2} layers: training loss of three starts {final.round(2)}", end="   ")
        print(f"test accuracy {right.round(2)}")
    return losses, accuracy


def at_the_end(losses):
    return losses[..., -25:].mean(axis=-1)


plain_losses, plain_accuracy = compare_depths(skip=False)
plain = at_the_end(plain_losses)

# %% tags=["check"]
# Check that the text is true.
assert (np.diff(plain.mean(axis=1)) > 0.1).all()
assert plain[0].max() < plain[2].min()
assert plain_accuracy[0].min() > plain_accuracy[2].max()

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# It rises, with every start: the deeper, the worse, in training as in test. (For the test we normalise by the test
# batch's own statistics; after so few steps the running ones have not settled, see lesson 08.) This is the
# **degradation** that He and others described in 2015: their plain network of 56 layers had a higher training error
# than that of 20, also after full training. It is not overfitting, for that would show in the test only. And the
# argument at the top of this section is right: good weights *exist*. Gradient descent does not find them. Building the
# identity from two random convolutions, batch norm and ReLU is hard to learn, and the puzzle showed how far from it a
# stack is when it starts.
# </details>

# %% [markdown]
# ## 2. Learn the change, not the thing
#
# If the identity is hard to learn, give it for nothing. Let $F(x)$ be what the two layers compute, the **body**. The
# plain block gives $\mathrm{relu}(F(x))$; the **residual block** gives
#
# $$ \boxed{\; y = \mathrm{relu}\big(x + F(x)\big) \;} $$
#
# If the wanted function is $H(x)$, the body has to learn the rest that is missing, $F(x) = H(x) - x$, the *residual*.
# (It is not an error that is left over, as one sometimes reads; it is a difference of two functions.) For the identity
# the body has to be **zero**, and weights get to zero easily. The path along which $x$ travels unchanged is the
# **shortcut**, or skip connection.

# %%
pair = ("3×3, C", "BN", "ReLU", "3×3, C", "BN")
show(
    residual_blocks(
        [Block("plain", pair, shortcut=None), Block("residual: the basic block", pair)]
    ),
    "14/two-blocks",
)

# %% [markdown]
# > **Predict.** The same experiment, with the detour. 8, 20 and 44 layers: falling, equal, rising?

# %% tags=["nbval-ignore-output"]
residual_losses, residual_accuracy = compare_depths(skip=True)
residual = at_the_end(residual_losses)

figure, axes = viz.figure_grid(1, 2, size=(9.4, 3.2), sharey=True)
for place, title, losses in zip(
    axes[0], ["plain", "residual"], [plain_losses, residual_losses], strict=True
):
    curves = {
        f"{depth} layers": np.convolve(runs.mean(axis=0), np.ones(15) / 15, "valid")
        for depth, runs in zip(DEPTHS, losses, strict=True)
    }
    viz.draw_lines(place, np.arange(8, 74), curves)
    place.set(title=title, xlabel="step")
    place.legend()
axes[0, 0].set_ylabel("training loss\n(three starts, 15 steps)")
show(figure, "14/loss-plain-and-residual")

# %% tags=["check"]
# Check that the text is true.
assert residual.mean(axis=1)[1:].max() < residual.mean(axis=1)[0] - 0.05
assert (residual[2] < plain[2] - 0.3).all()
assert residual_accuracy[2].min() > plain_accuracy[2].max()

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The order is reversed: the deeper residual networks learn *more* in the same number of steps, and at 44 layers they
# are far ahead of the plain one, with the same number of weights. Mind what we did not show: that 44 is better than
# 20 (they are close), or that it stays so when trained to the end, on this small task.
# </details>
#
# Does the verdict hang on the learning rate? One start with two and a half times the rate, for both kinds.
#
# > **Predict.** Which of the two findings survives: *plain networks get worse with depth*, *residual ones better*?

# %% tags=["nbval-ignore-output"]
faster = {}
for kind, skip, depths in [("plain", False, (8, 44)), ("residual", True, (20, 44))]:
    for depth in depths:
        torch.manual_seed(0)
        faster[kind, depth] = at_the_end(train(Stack(depth, skip=skip), rate=0.1))
        print(
            f"{kind:9}{depth:3} layers, learning rate 0.1: training loss {faster[kind, depth]:.2f}"
        )

# %% tags=["check"]
# Check that the text is true.
assert faster["plain", 44] > faster["plain", 8] + 0.3
assert faster["residual", 44] < faster["plain", 44] - 0.3

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The plain network gets worse with depth at this rate too, and at 44 layers the residual one is still far ahead. But
# that *more layers learn faster* is not safe: at the larger rate our 44 residual layers were no better than 20. So the
# careful form of the finding is: a shortcut keeps depth from doing harm, *if* the learning rate suits the depth.
# Section 7 raises the rate further until the residual network of 44 layers fails as well, and mends it.
# </details>

# %% [markdown]
# ## 3. The way back
#
# Take the block without the last ReLU first, $y = x + F(x)$. By lesson 06's question, *which outputs did $x$
# influence, and by which factor?* It enters twice: directly, with factor 1, and through the body, with its Jacobian
# $J$, $J_{kl} = \partial F_k / \partial x_l$. The two ways add up:
#
# $$ \boxed{\; \frac{\partial L}{\partial x} = \underbrace{g}_{\text{along the shortcut}} +
# \underbrace{J^\top g}_{\text{through the body}} = (I + J)^\top g \;} $$
#
# There is the "+1", the identity $I$. Whatever the body does, the gradient from above arrives below *unchanged*, plus
# something. Code, with two convolutions as the body; the forward pass stands beside it, and the last line is the point:


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
print(
    "PyTorch agrees:",
    all(np.allclose(a, b.numpy(), atol=1e-11) for a, b in zip(ours, by_torch, strict=True)),
)

# %% [markdown]
# Two ways to get it wrong, and the check finds both: forget the shortcut, or overwrite where one has to add.

# %%
wrong = {
    "shortcut forgotten": lambda g, *a: (block_backward(g, *a)[0] - g, *block_backward(g, *a)[1:]),
    "shortcut alone": lambda g, *a: (g, *block_backward(g, *a)[1:]),
}
for name, backward in wrong.items():
    try:
        gradcheck(block_forward, backward, *arrays, names=["x", "w1", "w2"])
    except GradientError:
        print(f"{name}: the numerical check refuses it")

# %% [markdown]
# The ReLU after the sum comes first on the way back: it lets $g$ pass where $x + F(x) > 0$, and then the gradient goes
# both ways. So in the full block the shortcut's share is $g$ *masked*. The package's container `Residual(body,
# shortcut)` does what the box says, and the basic block is made of it. We check a whole block, with batch norm in
# training mode and a shortcut that changes the shape:

# %%
block = BasicBlock(3, 4, stride=2, shortcut=projection(3, 4, 2, rng), rng=rng).astype(np.float64)
x = rng.normal(size=(3, 3, 6, 5))
check = gradcheck_module(block, x)
print(
    "basic block with projection:",
    block(x).shape,
    " numerical check:",
    check.passed,
    "on",
    check.entries,
    "entries",
)

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
# (Veit, Wilber and Belongie, 2016, read ResNets as such a crowd of paths, most of them short.)

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
# by the output of each block: its norm relative to that at the last block. Four networks: plain and residual, each
# with and without batch norm.
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
norms = {}
for name, (skip, batch_norm) in KINDS.items():
    runs = []
    for seed in range(3):
        torch.manual_seed(seed)
        runs.append(gradient_norms(Stack(44, skip, batch_norm=batch_norm)))
    norms[name] = np.exp(np.log(runs).mean(axis=0))  # the geometric mean of three starts
    first = norms[name][0]
    print(f"{name:13} first block over last: about {float(f'{first:.1g}'):g}")
figure = viz.line_chart(
    np.arange(22), norms, "block", "gradient norm / at the last block", log="y", size=(6.5, 3.3)
)
show(figure, "14/gradient-over-depth")

# %% tags=["check"]
# Check that the text is true.
assert norms["plain, BN"][0] > 200
assert norms["residual"][0] > 200
assert norms["residual, BN"][0] < 60
assert 0.02 < norms["plain"][0] < 2

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In none of them, really! The plain stack without batch norm loses a factor of about ten over 44 layers: Kaiming's
# initial weights were made to keep it level. The plain stack **with** batch norm, which trained so badly in section 1,
# has gradients that *grow* by hundreds on the way down. The sentence "deep plain networks fail because gradients
# vanish" does not describe it; He and others said so themselves in 2015.
#
# The residual stack without batch norm grows too: each block adds to $x$ a body as large as $x$, so the mean square of
# the signal about doubles every time, and so does the gradient's on the way back. With batch norm each *body* has size
# 1 however large $x$ has become: block $l$ adds only about a share $1/l$ to the mean square, and the product of the
# factors $(1 + 1/l)$ grows as a power of the depth, not exponentially.
# </details>
#
# ### Does the gradient still mean something?
#
# A gradient promises: *go this way, and the loss falls*. It is only true nearby. So here is a second measurement: take
# the gradient of all weights, make one small step, and take it again, on the same batch. Is the new gradient parallel
# to the old one (cosine 1), or has it nothing to do with it (cosine 0)?


# %% tags=["nbval-ignore-output"]
def cosine_after_step(depth, skip, seed, rate=0.01):
    torch.manual_seed(seed)
    net = Stack(depth, skip)
    weights, seen = list(net.parameters()), []
    for _ in range(2):
        gradients = torch.autograd.grad(F.cross_entropy(net(x_some), y_some), weights)
        seen.append(torch.cat([g.ravel() for g in gradients]))
        with torch.no_grad():
            for w, g in zip(weights, gradients, strict=True):
                w.sub_(rate * g)
    return F.cosine_similarity(*seen, dim=0).item()


cosines = {}
for name, skip in [("plain", False), ("residual", True)]:
    cosines[name] = [
        np.median([cosine_after_step(depth, skip, seed) for seed in STARTS]) for depth in DEPTHS
    ]
    print(
        f"{name:8}  cosine of the gradients before and after a step:",
        *[
            f"{depth} layers {round(cosine, 1) + 0:4.1f}  "
            for depth, cosine in zip(DEPTHS, cosines[name], strict=True)
        ],
    )

# %% tags=["check"]
# Check that the text is true.
assert cosines["plain"][0] > 0.9
assert abs(cosines["plain"][2]) < 0.2
assert cosines["residual"][2] > 0.8

# %% [markdown]
# In the plain network of 44 layers one step makes the gradient obsolete: it is large *and* points nowhere. The shortcut
# keeps it valid. Balduzzi and others (2017) call this the "shattered gradients": with growing depth the gradient of a
# plain network, as a function of the input, comes to look like white noise.

# %% [markdown]
# ## 5. Blocks: new shapes, and the bottleneck
#
# $x + F(x)$ needs equal shapes. Where a stage starts, the size is halved and the channels are doubled, so the shortcut
# has to do the same. Two usual answers:
#
# - **A, pad**: take every second pixel, and zeros for the new channels. No parameters.
# - **B, projection**: a 1×1 convolution with stride 2 and batch norm. A matrix for each pixel, $C_{in} C_{out}$
#   weights.
#
# The deep ResNets of ImageNet use another body: a **bottleneck**, in which a 1×1 convolution narrows the channels to a
# quarter, the 3×3 works there, and another 1×1 widens them again.

# %%
show(
    residual_blocks(
        [
            Block("basic", ("3×3, 64", "BN", "ReLU", "3×3, 64", "BN")),
            Block(
                "basic, first of a stage",
                ("3×3, 128, S = 2", "BN", "ReLU", "3×3, 128", "BN"),
                "1×1\nS = 2\nBN",
            ),
            Block(
                "bottleneck", ("1×1, 64", "BN", "ReLU", "3×3, 64", "BN", "ReLU", "1×1, 256", "BN")
            ),
            Block(
                "pre-activation (section 8)",
                ("BN", "ReLU", "3×3, 64", "BN", "ReLU", "3×3, 64"),
                after=(),
            ),
        ]
    ),
    "14/four-blocks",
)

# %%
basic_64, basic_256 = 2 * 9 * 64 * 64, 2 * 9 * 256 * 256
bottleneck_256 = 256 * 64 + 9 * 64 * 64 + 64 * 256
print(
    f"weights of the body: basic on 64 channels {basic_64:,}, basic on 256 channels {basic_256:,}"
)
print(f"                     bottleneck on 256 channels {bottleneck_256:,}")

# %% tags=["check"]
# Check that the text is true.
assert bottleneck_256 < basic_64 < basic_256 / 10

# %% [markdown]
# The bottleneck lets the *stream* be 256 channels wide at less than the price of a basic block on 64. Both forms of
# the shortcut, in code that shows what they do to a pixel:

# %%
x = rng.normal(size=(1, 2, 4, 4))
padded = np.concatenate([x[:, :, ::2, ::2], np.zeros((1, 2, 2, 2))], axis=1)
matrix = rng.normal(size=(4, 2))
projected = NF.conv2d(x, matrix[:, :, None, None], stride=2)
print("A:", x.shape, "→", padded.shape, "  pixel (1, 1):", padded[0, :, 1, 1])
print("B:", x.shape, "→", projected.shape, "  pixel (1, 1):", projected[0, :, 1, 1])
print(
    "B is a matrix times the pixel (2, 2) of x:",
    np.allclose(matrix @ x[0, :, 2, 2], projected[0, :, 1, 1]),
)
print("share of the pixels that the shortcut reads:", x[:, :, ::2, ::2].size / x.size)

# %% [markdown]
# ## 6. The networks
#
# **For 32×32 images** (section 4.2 of the paper): a 3×3 convolution with 16 channels, then three stages of $n$ basic
# blocks with 16, 32, 64 channels at 32, 16, 8 pixels, global average pooling, one linear layer. Layers with weights:
# $1 + 3 \cdot 2n + 1 = 6n + 2$. ResNet-20 has $n = 3$. Its parameters by hand, and by the package's summary:

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
# It can be trained on two cores, in some patience: `cnncourse train resnet20 --help` says how.
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
# Networks of others are useful only if their weights can be loaded. That needs equal names and shapes for every array,
# and the same arithmetic. We cannot download trained weights here, but the proof does not need *trained* ones: build
# torchvision's network with random weights, copy its `state_dict` into ours, strictly, and compare the outputs. (Names
# and shapes are compared on the "meta" device, where an array has a shape and no memory.)

# %%
import torchvision.models as theirs

for depth in CONFIGURATIONS:
    name = f"resnet{depth}"
    with torch.device("meta"):
        networks = getattr(theirs, name)(), getattr(torch_models, name)()
    yours, ours = (
        {key: tuple(value.shape) for key, value in net.state_dict().items()} for net in networks
    )
    numpy_shapes = {
        key: parameter.shape for key, parameter in getattr(numpy_models, name)().named_parameters()
    }
    assert all(yours[key] == shape for key, shape in numpy_shapes.items())
    print(
        f"ResNet-{depth:<4} {len(yours)} arrays; names and shapes equal torchvision's: "
        f"{yours == ours}"
    )
    assert yours == ours

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


astronaut = data.photograph("astronaut")[30:222:3, 150:342:3] / 255  # (64, 64, 3)
picture = ((astronaut - 0.45) / 0.25).transpose(2, 0, 1)[None].astype(np.float32)
for depth in [18, 50]:
    original = shaken(getattr(theirs, f"resnet{depth}")())
    in_torch = getattr(torch_models, f"resnet{depth}")().eval()
    in_numpy = getattr(numpy_models, f"resnet{depth}")().eval()
    # strict: a missing or superfluous name is an error
    in_torch.load_state_dict(original.state_dict())
    in_numpy.load_state_dict(original.state_dict())
    with torch.no_grad():
        wanted = original(torch.from_numpy(picture)).numpy()
        agree = (
            np.abs(in_torch(torch.from_numpy(picture)).numpy() - wanted).max()
            < 1e-4 * np.abs(wanted).max()
        )
    agree_numpy = np.abs(in_numpy(picture) - wanted).max() < 1e-4 * np.abs(wanted).max()
    print(
        f"ResNet-{depth}: {wanted.shape[1]} logits; PyTorch as torchvision: {agree}, NumPy: "
        f"{agree_numpy}"
    )
    assert agree
    assert agree_numpy

# %% [markdown]
# With a network at hand, trained weights are one line: `theirs.resnet50(weights="IMAGENET1K_V2").state_dict()` in place
# of the random ones.
#
# One detail in which torchvision differs from the paper of 2015: in the first bottleneck of a stage, the stride sits on
# the 3×3 convolution and not on the first 1×1. A 1×1 with stride 2 throws three quarters of the pixels away unread.

# %% [markdown]
# ## 7. Start as the identity: the last $\gamma$ is zero
#
# Batch norm ends with $\gamma \hat x + \beta$. Draw all weights as usual, but set the *last* $\gamma$ of each body
# to 0. Then $F(x) = 0$ at the start, whatever the convolutions are.
#
# > **Predict.** (a) What does a fresh network of 44 layers compute then? (b) Can the convolutions of the bodies learn
# > at all: what are their gradients at the first step?


# %%
def zero_init(net):
    for body in net.bodies:
        nn.init.zeros_(body[-1][1].weight)  # the γ of the last batch norm
    return net


torch.manual_seed(0)
net = zero_init(Stack(44, skip=True))
maps = net.features(x_some)
print(
    "the output of the last block equals that of the first layer:", torch.equal(maps[0], maps[-1])
)
for depth in DEPTHS:
    first, *_, before, last = gradient_norms(zero_init(Stack(depth, skip=True)))
    print(
        f"{depth:2} layers, gradient norm: last block {last:.0f}, the one before {before:.2f}, "
        f"first {first:.2f}"
    )
    assert np.isclose(first, before)

loss = F.cross_entropy(net(x_some), y_some)
conv, gamma = net.bodies[10][0][0].weight, net.bodies[10][-1][1].weight
at_conv, at_gamma = torch.autograd.grad(loss, (conv, gamma))
print("a convolution inside a body has gradient zero:", not at_conv.any().item())
print("the last γ of that body has a gradient:       ", at_gamma.abs().min().item() > 0)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# (a) It computes what its first layer and its last compute: a network of 2 layers that *contains* 44. The outputs are
# equal to the last bit, for $\mathrm{relu}(x + 0) = x$ where $x$ comes from a ReLU. The gradient
# loses something once, at the last block, where the ReLU masks those places whose value is 0; from there it arrives at
# the first block unchanged, at any depth.
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
    for seed in range(2):
        torch.manual_seed(seed)
        losses.append(train(change(Stack(44, skip=True)), steps=60, rate=0.4)[-20:].mean())
    at_high_rate[name] = np.array(losses)
    print(
        f"{name:11} training loss of two starts at learning rate 0.4: {at_high_rate[name].round(2)}"
    )

# %% tags=["check"]
# Check that the text is true.
assert (at_high_rate["last γ = 0"] + 0.3 < at_high_rate["γ = 1"]).all()

# %% [markdown]
# From the usual start the large rate wrecks it at once; from the identity, it trains. Goyal and others (2017) needed
# it for just that: batches of 8,192 images with a learning rate that grows in proportion. It is no gift at every rate:
# each body has to grow from nothing first, which takes steps. Put `rate=0.04` into the cell and see.

# %% [markdown]
# ## 8. Pre-activation: keep the road clear
#
# In our block a ReLU stands *after* the sum, on the road itself. The stream can never become negative, and the gradient
# is masked at every block. He and others (2016b) move batch norm and ReLU *before* the convolutions, into the body (the
# fourth figure of section 5):
#
# $$ x_{l+1} = x_l + F(x_l) \quad\Rightarrow\quad x_L = x_0 + \sum_{l=0}^{L-1} F(x_l), \qquad
# \frac{\partial L}{\partial x_0} = g + (\dots)^\top g . $$
#
# The gradient from the very top arrives at the very bottom as it is, as one summand of the sum. To see the road alone
# we take bodies that give 0, and send a signed signal up and a signed gradient down, through 20 blocks:

# %%
signal = torch.from_numpy(rng.normal(size=(1, 4, 20, 20))).requires_grad_()
upstream = torch.from_numpy(rng.normal(size=(1, 4, 20, 20)))


def road(x, after_sum, blocks=20):
    for _ in range(blocks):
        x = after_sum(x + torch.zeros_like(x))
    return x


through = {}
for name, after_sum in [("post-activation", F.relu), ("pre-activation", lambda x: x)]:
    y = road(signal, after_sum)
    (gradient,) = torch.autograd.grad(y, signal, upstream)
    through[name] = (
        (y == signal).double().mean().item(),
        (gradient == upstream).double().mean().item(),
    )
    print(
        f"{name:16} share of the signal that arrives {through[name][0]:.2f}, of the gradient "
        f"{through[name][1]:.2f}"
    )

# %% tags=["check"]
# Check that the text is true.
assert through["pre-activation"] == (1.0, 1.0)
assert max(through["post-activation"]) < 0.7

# %% [markdown]
# About half of a signed signal is lost, and with it half of the gradient; but note that it is lost *once*. After the
# first ReLU everything is non-negative and 19 more change nothing. That is why ResNet-50 and its relatives do well with
# the ReLU where it is, and why the change paid in the paper at 1,001 layers and hardly at 100: bodies that subtract are
# then cut again at every block. And a pre-activation network at work:


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


torch.manual_seed(0)
pre = PreActivation(44, skip=True)
print(
    "the same parameters:",
    sum(p.numel() for p in pre.parameters()) == sum(p.numel() for p in net.parameters()),
)
with torch.no_grad():
    stream = pre.features(x_some)[:-1]
sizes = [stream[l].var().item() for l in (0, 5, 10, 20)]
print("variance of the stream after 0, 5, 10, 20 blocks:", *np.round(sizes, 0))

# %% tags=["check"]
# Check that the text is true.
assert sizes[0] < sizes[1] < sizes[2] < sizes[3]

# %% [markdown]
# The stream is a sum, so its variance grows with every block, about in proportion to their number: later blocks change
# it relatively less. This is why a last batch norm is needed before the head.

# %% [markdown]
# ## 9. The tour so far
#
# The ImageNet competition (ILSVRC) asked for the class of a photograph among 1,000; an answer is wrong if the right
# class is not among the network's first five. These are the networks that made the headlines of each year, with the
# number of layers that have weights. The errors are quoted, not measured by us:

# %%
ILSVRC = [
    ("2010", "shallow", None, 28.2), ("2012", "AlexNet", 8, 16.4), ("2013", "ZFNet", 8, 11.7),
    ("2014", "VGG", 19, 7.3), ("2014", "GoogLeNet", 22, 6.7), ("2015", "ResNet", 152, 3.57),
    ("2017", "SENet", None, 2.3),
]  # fmt: skip
for year, name, layers, error in ILSVRC:
    print(f"{year}  {name:10} {layers or '–':>4} layers   top-5 error {error:5.2f} %")
bars = {
    f"{name}\n{year}" + (f"\n{layers} layers" if layers else ""): error
    for year, name, layers, error in ILSVRC
}
show(viz.bar_chart(bars, "top-5 error in %", decimals=1, size=(9, 3.4)), "14/errors-by-year")

# %% [markdown]
# From 8 to 19 layers in two years, and from 22 to 152 in one: the jump is the plus sign. Lesson 12's VGG was at the
# edge of what a plain network can be. The shortcut has stayed: in DenseNets, U-Nets, and in every transformer.

# %% [markdown]
# ## Claims to test
#
# Decide for each in what sense it is true, then run the cell.
#
# 1. "Deeper is better."
# 2. "Deep plain networks fail because their gradients vanish."
# 3. "Residual networks are larger."
# 4. "A shortcut lets the gradient through unchanged."

# %% tags=["nbval-ignore-output"]
for name, losses in [("plain", plain), ("residual", residual)]:
    print(f"1. {name:9} mean training loss at {DEPTHS} layers:", losses.mean(axis=1).round(2))
print(
    "2. plain with batch norm, 44 layers: gradient at the first block over the last "
    f"{norms['plain, BN'][0]:.0f}"
)
print(f"3. ResNet-152 over VGG-16: parameters {big[152].parameters / vgg.parameters:.2f},",
      f"multiply-adds {big[152].multiply_adds / vgg.multiply_adds:.2f}")  # fmt: skip
print(
    "4. share of a signed gradient that passes the bare road:",
    {k: round(v[1], 2) for k, v in through.items()},
)

# %%
degrades = plain.mean(axis=1)[2] > plain.mean(axis=1)[0] + 0.2
improves = residual.mean(axis=1)[2] < residual.mean(axis=1)[0] - 0.05

# %% tags=["check"]
# Check that the text is true.
assert degrades
assert improves

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **False for plain networks, true for residual ones, within limits.** The same layers without the shortcut get
#    worse with depth, on training data, at both learning rates that we tried; with it, they get better at the smaller
#    rate and are far ahead of the plain ones at both. "Better" is measured here after a fixed number of steps. It does
#    not go on for ever: He and others saw 1,202 layers do worse than 110 on CIFAR-10's test images, and
#    that was overfitting.
# 2. **False for the networks that one builds.** With batch norm the gradient grows towards the input, and what is lost
#    is its meaning: after one step it points elsewhere. (Without normalisation and with badly scaled weights it does
#    vanish; that was the problem that Kaiming's rule and batch norm had solved before.)
# 3. **False.** The shortcut has no parameters, and the design around it is lean.
# 4. **True of the pre-activation form**, where it arrives as a summand. In the usual form each ReLU after a sum masks
#    it. And something is added to it always: the "+1" bounds nothing from above.
# </details>

# %% [markdown]
# ## Summary
#
# 1. A deeper plain network is worse even on its training data, though it could copy the shallow one: good weights exist
#    and are not found.
# 2. $y = \mathrm{relu}(x + F(x))$ makes "change nothing" the easy thing to learn. Backward:
#    $\partial L / \partial x = g + J^\top g$, where $g$ has passed the ReLU.
# 3. The shortcut keeps gradients of a useful size and, above all, valid beyond one step. Batch norm keeps the bodies
#    small beside the stream.
# 4. Basic block: two 3×3. Bottleneck: 1×1, 3×3, 1×1. New shapes: pad or project by 1×1. ResNet-$(6n + 2)$ and 18 to 152
#    are these and four numbers.
# 5. A last $\gamma$ of zero starts the network as a shallow one and allows large learning rates; pre-activation clears
#    the road entirely.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** How many layers with weights has the network for 32×32 images with $n = 9$ blocks a stage? Which $n$ gives 110?
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
# **5.** Somebody writes `out += x` *after* the last ReLU: $y = x + \mathrm{relu}(F(x))$. What can the stream no longer
# do?
#
# <details><summary>Answer</summary>
#
# Become smaller: each block can only add something non-negative, so values grow from block to block.
# </details>
#
# **6.** Why does the last batch norm of a body stand *before* the sum and not after it?
#
# <details><summary>Answer</summary>
#
# After the sum it would stand on the road: it would rescale the stream, and the gradient, at every block, and the
# zero $\gamma$ would shut the shortcut together with the body.
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
# **Next:** do the [exercises of this unit](../exercises/14_resnet/14_resnet.ipynb). The road ends here for now; look
# back at [12 VGG](12_vgg.ipynb) and see which of its layers you would build otherwise today, or go to the
# [start page](00_start_here.ipynb) for what you have not done yet.
