# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 13 · GoogLeNet and Inception
#
# [Start](00_start_here.ipynb) · previous: [12 VGG](12_vgg.ipynb) · next: [14 ResNet](14_resnet.ipynb) ·
# [exercises of this unit](../exercises/13_inception/13_inception.ipynb)
#
# **After this lesson you can**
#
# - say what a 1×1 convolution computes, and build an Inception block with it, forward and backward;
# - count what a block costs with and without reductions, and compare the count with the measured time;
# - measure what auxiliary heads do to the gradients of early layers, and what batch norm does to them;
# - tell which kernels can be split into a column and a row, and how nearly trained ones can;
# - say what a mean over each map is worth as a head, and what label smoothing does to a network's confidence.
#
# **Time** about 85 minutes, with the questions. The code runs in about a minute. On a short evening read the puzzle
# and sections 1 to 3. The others can wait.
#
# **You should know** lessons 03 (receptive fields, cost), 06 (backpropagation), 08 (batch norm) and 12 (VGG).

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
from cnncourse.numpy_nn.models.googlenet import BLOCKS
from cnncourse.numpy_nn.summary import summary
from cnncourse.timing import seconds
from cnncourse.torch_nn import models as torch_models
from cnncourse.torch_nn.models.efficientnet_lite import imagenet_classes, preprocess
from cnncourse.torch_nn.training import descend
from cnncourse.viz.branches import parallel_branches
from cnncourse.viz.receptive import influence_row

torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings

# %% [markdown]
# ## A puzzle
#
# Here is a detector of bright spots: a narrow bump minus a wide one, so that its weights add up to zero. It exists in
# any size. We give three sizes the same photograph, and keep what is positive (ReLU).


# %%
def bump(K, width):
    t = np.arange(K) - K // 2
    row = np.exp(-(t**2) / (2 * (width * K) ** 2))
    return np.outer(row, row) / row.sum() ** 2


def spot(K):
    return bump(K, 1 / 8) - bump(K, 1 / 4)


cat = data.photograph("cat").mean(axis=2)[None, None, 20:220, 80:330] / 255
cat -= cat.mean()  # so that the zeros of the padding are neither dark nor bright
seen = {K: NF.conv2d(cat, spot(K)[None, None], padding=K // 2)[0, 0] for K in (5, 15, 45)}

# %% tags=["plumbing"]
# The photograph and the three answers.
# (The brightest half per cent is cut off: one reflection in the eye would make the rest dark.)
pictures = [cat[0, 0], *(np.clip(one, 0, np.quantile(one, 0.995)) for one in seen.values())]
titles = ["photograph", *(f"spots, {K}×{K}" for K in seen)]
show(viz.image_row(pictures, titles, share=False, height=1.8), "13/three-sizes")

# %% [markdown]
# Three sizes see three different cats: hairs, stripes, broad parts of the face. Which size should a layer have?
# Szegedy and
# others (2015) answered: **do not choose, take them all**, and let the next layer decide.
#
# > **Predict.** (Sections 3 and 7 give the answers.) A layer reads $C_\text{in} = 192$ maps of 28×28. Side by side it
# > has 64 filters of
# > 1×1, 128 of 3×3 and 32 of 5×5. Where is most of the work? Can it be halved, with the same
# > number of maps at the end? And how many numbers per pixel does the 45×45 detector really have to multiply: 2,025, or
# > fewer?

# %% [markdown]
# ## 1. A small network at every place
#
# A 1×1 convolution has no neighbours in its window. At each place it multiplies the vector of the $C$ channels by a
# matrix, the same matrix everywhere: it is a linear layer per pixel. With a ReLU and a second one it is a small
# network per pixel, an MLP with shared weights. Lin, Chen and Yan (2013) put one behind each convolution and called it
# *network in network*.
#
# A single linear combination of red, green and blue cannot give 0 to every grey pixel and more than 0 to every coloured
# one. Half-way between red (1, 0, 0) and cyan (0, 1, 1) lies grey, and there a linear layer gives the mean of its two
# answers. If grey gets 0, red and cyan cannot both get more than 0. Two layers can do it:
# $|R - G| + |G - B|$ is zero exactly for grey, and $|a| = \mathrm{relu}(a) + \mathrm{relu}(-a)$.

# %%
photograph = data.photograph("rocket")[::2, ::2].transpose(2, 0, 1) / 255
w1 = np.array([[1, -1, 0], [-1, 1, 0], [0, 1, -1], [0, -1, 1]])  # R − G, G − R, G − B, B − G
w2 = np.ones((1, 4))
hidden = np.maximum(np.einsum("mc,chw->mhw", w1, photograph), 0)
colour = np.einsum("om,mhw->ohw", w2, hidden)

columns = np.vstack([photograph.reshape(3, -1), np.ones(colour.size)]).T
nearest = columns @ np.linalg.lstsq(columns, colour.ravel(), rcond=None)[0]
left = np.mean((nearest - colour.ravel()) ** 2) / colour.var()
print(f"the best single linear layer leaves {left:.0%} of the variance unexplained")

# %% tags=["plumbing"]
# The photograph, and both answers.
pictures = [photograph, colour[0], nearest.reshape(colour.shape[1:])]
titles = ["photograph", "two layers of 1×1", "the best single one"]
show(viz.image_row(pictures, titles, height=2.2), "13/how-coloured")

# %% [markdown]
# The same, as PyTorch's convolution and as its linear layer over the last axis:

# %%
x = torch.from_numpy(photograph)[None]
weights = [torch.from_numpy(w.astype(float)) for w in (w1, w2)]
as_convolution = F.conv2d(
    F.relu(F.conv2d(x, weights[0][:, :, None, None])), weights[1][:, :, None, None]
)
pixels = x.permute(0, 2, 3, 1)
as_linear = F.linear(F.relu(F.linear(pixels, weights[0])), weights[1]).permute(0, 3, 1, 2)
print("convolution = linear layer per pixel:", torch.allclose(as_convolution, as_linear))
print("ours = PyTorch's:                    ", np.allclose(as_convolution[0], colour))

# %% tags=["check"]
# Check that the text is true.
assert left > 0.6
assert torch.allclose(as_convolution, as_linear)

# %% [markdown]
# So a 1×1 convolution mixes channels and leaves places alone. It can also *change their number* at a small price,
# $C_\text{in} \cdot C_\text{out}$ weights. That is what the next sections use it for.
#
# ## 2. One place, seen at four sizes
#
# The Inception block sends its input through four branches. All keep height and width (stride 1, padding $K // 2$),
# so their maps can be put one after the other, along the channels:
#
# $$ y = [\, y_1,\; y_3,\; y_5,\; y_\text{pool} \,], \qquad C_\text{out} = c_1 + c_3 + c_5 + c_\text{pool} . $$

# %% tags=["plumbing"]
# The block.
show(parallel_branches([["1×1, c1"], ["1×1, reduce*", "3×3, c3"], ["1×1, reduce*", "5×5, c5"],
                        ["3×3 max pool", "1×1, c_pool"]],
                       "concatenate: c1 + c3 + c5 + c_pool maps"), "13/four-branches")  # fmt: skip

# %% [markdown]
# The pooling branch is a maximum over 3×3 at *stride 1*. The dashed 1×1 layers are for section 3. After every
# convolution comes a ReLU. This is block 3a, the first of GoogLeNet's nine:

# %%
c1, c3, c5, c_pool = BLOCKS["3a"]  # c3 and c5: (maps after the reduction, maps at the end)
print("c1, c3, c5, c_pool =", c1, c3, c5, c_pool)
block = torch_models.Inception(192, c1, c3, c5, c_pool)
y = block(torch.zeros(1, 192, 28, 28))
print("from", (192, 28, 28), "to", tuple(y.shape[1:]))

# %% [markdown]
# Which pixels can each branch see? We measure it with the gradient. The input is noise. We add up the branch's maps in
# the
# middle of the output, and take the derivative with respect to each input pixel. Its absolute value, averaged over 20
# draws of the noise, says how much the pixel counts.
#
# > **Predict.** The side of the square that each branch sees. And after two blocks in a row, through any branches?


# %%
def seen_from_the_middle(network, side=15, draws=20):
    """Mean size of the derivative of the middle output with respect to each input pixel."""
    torch.manual_seed(0)
    size = torch.zeros(side, side)
    for _ in range(draws):
        x = torch.rand(1, 8, side, side, requires_grad=True)
        network(x)[0, :, side // 2, side // 2].sum().backward()
        size += x.grad[0].abs().sum(dim=0) / draws
    return size.numpy()


torch.manual_seed(0)
small = torch_models.Inception(8, 8, (8, 8), (8, 8), 8)
then = torch_models.Inception(32, 8, (8, 8), (8, 8), 8)
views = {f"branch {k}": getattr(small, f"branch{k}") for k in (1, 2, 3, 4)}
views["two blocks"] = nn.Sequential(small, then)
maps = {name: seen_from_the_middle(part) for name, part in views.items()}
sides = {name: int((one > 0).any(axis=0).sum()) for name, one in maps.items()}
print(sides)

# %% tags=["plumbing"]
# The five maps.
show(influence_row(list(maps.values()), list(maps), height=1.8), "13/seen-by-branch")

# %% tags=["check"]
# Check that the text is true.
assert list(sides.values()) == [1, 3, 5, 3, 9]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# 1, 3, 5 and 3: four branches, but only three different sizes, since the pooling looks at 3×3, too. Two blocks see 9: 5×5
# after 5×5. But through two blocks there are paths of every odd size from 1 to 9, so one unit reads fine and coarse
# detail of the
# same place together. For two blocks the middle weighs most, because the windows of all paths contain it.
# </details>
#
# ## 3. What the block costs
#
# First without reductions, at 28×28 and with 192 maps in. A convolution has $K^2\,C_\text{in}\,C_\text{out}$ weights (we
# leave the biases out), and each is used at $H \cdot W$ places.
#
# > **Predict.** A 1×1 convolution before the 3×3 reduces 192 maps to 96, one before the 5×5 reduces them to 16.
# > Each adds work. What is left in all: two thirds, half, a third?

# %%
C_in, H, W = 192, 28, 28
without = {
    "1×1": C_in * c1,
    "3×3": 9 * C_in * c3[1],
    "5×5": 25 * C_in * c5[1],
    "pool, 1×1": C_in * c_pool,
}
reduced = {
    "1×1": C_in * c1,
    "3×3": C_in * c3[0] + 9 * c3[0] * c3[1],
    "5×5": C_in * c5[0] + 25 * c5[0] * c5[1],
    "pool, 1×1": C_in * c_pool,
}
rows = [(name, H * W * without[name], H * W * reduced[name]) for name in without]
total = [H * W * sum(costs.values()) for costs in (without, reduced)]
table([*rows, ("all", *total)], {"branch": "", "without": ",d", "with reductions": ",d"},
      "Multiply-adds of block 3a")  # fmt: skip
print(f"left: {total[1] / total[0]:.0%};  of the 5×5 branch: {reduced['5×5'] / without['5×5']:.0%}")

# %% tags=["check"]
# Check that the text is true.
ours = models.Inception(192, c1, c3, c5, c_pool)
assert summary(ours, (1, 192, 28, 28)).multiply_adds == total[1]
assert 0.4 < total[1] / total[0] < 0.45
assert without["3×3"] > without["5×5"]

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Less than half is left. Most of the work was in the 3×3 filters, because there are so many of them. The 5×5 branch falls
# to a tenth. (Our `summary` counts the same: a check cell compares.)
#
# The 1×1 after the pooling has another purpose. Without it, that branch would pass on all of its 192 maps, and the
# block would give $64 + 128 + 32 + 192 = 416$ instead of 256. The next one would give even more: the number of maps
# could only grow.
# </details>
#
# ### Does it cost anything?
#
# **A claim.** *"1×1 reductions cost nothing: they only save work."* We test it with three networks on garments of 14×14.
# Each has a stem (3×3 at stride 2), one block and a head. **Reduced** has the block with reductions. **Same maps** has no
# reductions and the same numbers of maps. **Same work** has no reductions, and fewer maps in the stem and in every
# branch, so that it has about as many multiply-adds as the first. All have batch norm. Each is trained with 80 batches
# of 25 images, from five random starts.


# %%
def unit(C_in, C_out, K):
    conv = nn.Conv2d(C_in, C_out, K, padding=K // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(C_out), nn.ReLU())


class FourViews(nn.Module):
    """The block without reductions."""

    def __init__(self, C_in, c1, c3, c5, c_pool):
        super().__init__()
        pool = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), unit(C_in, c_pool, 1))
        self.branches = nn.ModuleList(
            [unit(C_in, c1, 1), unit(C_in, c3, 3), unit(C_in, c5, 5), pool]
        )

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], dim=1)


# %%
def network(stem, block):
    first = [
        nn.Conv2d(1, stem, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(stem),
        nn.ReLU(),
    ]
    with torch.no_grad():
        maps = block(torch.zeros(2, stem, 7, 7)).shape[1]
    return nn.Sequential(*first, block, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(maps, 10))


# %%
def published():
    return torch_models.Inception(48, 16, (24, 32), (4, 8), 8, batch_norm=True)


KINDS = {
    "reduced": lambda: network(48, published()),
    "same maps": lambda: network(48, FourViews(48, 16, 32, 8, 8)),
    "same work": lambda: network(32, FourViews(32, 10, 20, 5, 5)),
}


# %%
@torch.no_grad()
def accuracy(net, images, labels):
    return (net.eval()(images).argmax(dim=1) == labels).double().mean().item()


def multiply_adds(net):
    """Counted by hooks, for one image."""
    counts = []

    def count(layer, inputs, output):
        counts.append(output[0].numel() * layer.weight[0].numel())

    hooks = [layer.register_forward_hook(count) for layer in net.modules()
             if isinstance(layer, (nn.Conv2d, nn.Linear))]  # fmt: skip
    net.eval()(torch.zeros(1, 1, 14, 14))
    for hook in hooks:
        hook.remove()
    return sum(counts)


work = {name: multiply_adds(make()) for name, make in KINDS.items()}
table(work.items(), {"": "", "multiply-adds": ",d"})

# %% [markdown]
# > **Predict.** Test accuracy: which of the three is best? And the time for 50 images: does it follow the multiply-adds?


# %% tags=["nbval-ignore-output"]
garments, kinds = data.small_garments("train", 2000)
garments_test, kinds_test = data.small_garments("test", 1000)
scores, nets = {}, {}
for name, make in KINDS.items():
    scores[name] = []
    for seed in range(10):
        torch.manual_seed(seed)
        nets[name, seed] = make()
        descend(nets[name, seed], garments, kinds, steps=80, lr=0.1, batch_size=25)
        scores[name].append(accuracy(nets[name, seed], garments_test, kinds_test))
    scores[name] = np.array(scores[name])
with torch.inference_mode():
    calls = {name: lambda net=nets[name, 0]: net(garments[:50]) for name in KINDS}
    took = seconds(calls, least=0.05)
table([(name, work[name], values, values.mean(), 1e3 * took[name])
       for name, values in scores.items()],
      {"": "", "multiply-adds": ",d", "test accuracy of ten starts": ".2f", "mean": ".3f",
       "ms for 50": ".1f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert work["same maps"] > 2 * work["reduced"]
assert abs(work["same work"] / work["reduced"] - 1) < 0.08
at_least(scores["reduced"] - scores["same maps"], -0.03, "13/reductions-cost-no-accuracy")
at_least(scores["reduced"] - scores["same work"], -0.03, "13/reductions-not-below-same-work")
at_least(took["reduced"] / took["same maps"], 1 / 2, "13/reductions-save-less-time-than-work")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In these short runs the reductions cost no accuracy that we could measure, neither against the same maps nor against
# the same work. On average the reduced network is a little ahead of both, but by less than single starts
# of one network differ. (It also has one more layer in two branches. So this compares designs, and not only the work.)
#
# Time is another matter. Of the multiply-adds of the same maps less than half are left, of the time far more. The
# reduced block has six convolutions instead of four, and small ones: each has to be started, and reads and writes its
# maps. A count of multiply-adds leaves this out (lesson 05). The network of the same work has fewer layers and maps,
# and was the fastest of the three on the computer where this page was made.
# </details>
#
# ## 4. The gradient of a concatenation
#
# On the way back, the gradient $g$ with respect to $y = [y_1, y_3, y_5, y_\text{pool}]$ has one slice of channels for
# each
# branch. Each branch gets only its own slice $g_b$, because it has computed only these maps. It returns
# $J_b^\top g_b$, where $J_b$ is its Jacobian, the matrix of the derivatives of its output with respect to $x$. All
# branches have read the same $x$, so these gradients are **added** (lesson 06: what is used several times gets the sum):
#
# $$ \frac{\partial L}{\partial x} = \sum_b J_b^\top\, g_b, \qquad g = [\, g_1,\; g_3,\; g_5,\; g_\text{pool} \,] . $$
#
# By hand, with two branches on one number: $y = [\,2x,\; x^2\,]$ at $x = 3$ and $g = [10, 100]$ gives
# $2 \cdot 10 + 2 \cdot 3 \cdot 100 = 620$. The same with our NumPy block:

# %%
block = models.Inception(6, 2, (3, 4), (2, 3), 1, rng=rng).astype(np.float64)
x, g = rng.normal(size=(2, 6, 7, 7)), rng.normal(size=(2, 10, 7, 7))
block(x)
whole = block.backward(g)

by_hand, start = np.zeros_like(x), 0
for name, count in [("branch1", 2), ("branch2", 4), ("branch3", 3), ("branch4", 1)]:
    branch = getattr(block, name)
    branch(x)
    by_hand += branch.backward(g[:, start : start + count])
    start += count
print("the sum over the branches is the block's gradient:", np.allclose(whole, by_hand))

value = torch.tensor(3.0, requires_grad=True)
torch.stack([2 * value, value**2]).backward(torch.tensor([10.0, 100.0]))
print("by hand 620, PyTorch:", value.grad.item())

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(whole, by_hand)
assert value.grad.item() == 620

# %% [markdown]
# ## 5. GoogLeNet, counted
#
# A stem (7×7 at stride 2, pooling, 1×1, 3×3, pooling) makes 192 maps of 28×28. Then come nine blocks: two at 28×28, five
# at 14×14, two at 7×7, with pooling between these. At the end the mean of each of the 1,024 maps, and one linear layer.
# A layer counts if it has weights, and a block counts as two.
#
# > **Predict.** AlexNet has 61 million parameters, VGG-16 138 million. How many has GoogLeNet, with its 22 layers? The
# > paper says 12 times fewer than AlexNet.

# %%
image = (1, 3, 224, 224)
rows, counted = [], {}
for name, net, shape in [
    ("AlexNet, two groups", models.AlexNet(), (1, 3, 227, 227)),
    ("VGG-16", models.vgg16(), image),
    ("GoogLeNet", models.GoogLeNet(), image),
    ("GoogLeNet, with auxiliary heads", models.GoogLeNet(aux_logits=True), image),
    ("torchvision's form, without heads", models.googlenet(), image),
]:
    counted[name] = summary(net, shape)
    rows.append((name, counted[name].parameters, counted[name].multiply_adds))
fewer = {name: rows[0][1] / parameters for name, parameters, _ in rows}
table([(*row, fewer[row[0]]) for row in rows],
      {"": "", "parameters": ",d", "multiply-adds": ",d",
       "AlexNet's over these": ".1f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert counted["AlexNet, two groups"].parameters == 60_965_224
assert counted["GoogLeNet"].parameters == 6_998_552
assert counted["GoogLeNet, with auxiliary heads"].parameters == 13_378_280
assert [round(fewer[name], 1) for name in list(fewer)[2:]] == [8.7, 4.6, 9.2]
assert counted["GoogLeNet"].multiply_adds > 1.9 * counted["AlexNet, two groups"].multiply_adds

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# We count 7.0 million, 8.7 times fewer, and with the auxiliary heads, which are needed in training, 4.6 times fewer.
# None of the three counts in the table gives 12. (For that, GoogLeNet would need about 5.1 million. The layers of the
# paper's
# own table add up to nearly 7 million, so its text and its table do not agree.) The *direction* is right. But fewer
# parameters do not mean less work: it does more than twice AlexNet's multiply-adds.
# </details>
#
# Where do AlexNet's parameters go, that GoogLeNet does not have? Here are both, by kind of layer:

# %%
rows = []
for name in ["AlexNet, two groups", "VGG-16", "GoogLeNet", "GoogLeNet, with auxiliary heads"]:
    both = [sum(row.parameters for row in counted[name].rows if row.layer == kind)
             for kind in ("Conv2d", "Linear")]  # fmt: skip
    rows.append((name, *both))
table(rows, {"parameters in": "", "convolutions": ",d", "linear layers": ",d"})

# %% tags=["check"]
# Check that the text is true.
assert rows[2][2] == 1024 * 1000 + 1000
assert rows[0][1] < rows[2][1]  # AlexNet's convolutions are smaller than GoogLeNet's
assert rows[0][2] > 50e6

# %% [markdown]
# AlexNet's convolutions have *fewer* parameters than GoogLeNet's. All that is saved, and more, is saved in
# the head (section 8). And each of the two auxiliary heads, with its two linear layers, has nearly half as many
# parameters as the whole network.

# %% [markdown]
# ## 6. Auxiliary heads
#
# *(This section can wait.)* Twenty-two layers without batch norm: the paper feared that little gradient would reach
# the first of them. So
# two extra classifiers look at the maps of blocks 4a and 4d. In training their losses are added,
# $L = L_\text{main} + 0.3\,(L_1 + L_2)$; afterwards they are thrown away.
#
# > **Predict.** The gradient's norm at the first convolution: what happens to it when the heads are added? And with
# > batch norm instead?
#
# The paper does not say how its first weights were drawn, so we take two rules: Glorot's
# $\sigma^2 = 2/(\text{fan in} + \text{fan out})$, which was usual in 2014,
# and Kaiming's (2015). We measure before the first step, in GoogLeNet at an eighth of its width, on 12 scenes of
# 64×64, with
# five starts. (It is torchvision's form. Without batch norm it has the paper's response normalisation instead.)

# %%
few = data.scenes(12, size=64)
few_x = torch.from_numpy(((few.images / 255 - 0.45) / 0.25).astype(np.float32))
few_y = torch.from_numpy(few.labels)
DRAWS = {
    "Glorot": nn.init.xavier_normal_,
    "Kaiming": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
}


def first_gradient(draw, batch_norm, seed):
    """Norms at the first convolution: of the main loss, and of the sum with the heads."""
    torch.manual_seed(seed)
    net = torch_models.GoogLeNet(10, form="torchvision", batch_norm=batch_norm, aux_logits=True,
                                 dropout=0, width=1 / 8)  # fmt: skip
    for layer in net.modules():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            draw(layer.weight)
    main, second, first = [F.cross_entropy(logits, few_y) for logits in net(few_x)]
    weight = net.conv1.conv.weight
    alone = torch.autograd.grad(main, weight, retain_graph=True)[0]
    both = torch.autograd.grad(main + 0.3 * (first + second), weight)[0]
    return alone.norm().item(), both.norm().item()


# %% tags=["nbval-ignore-output"]
norms = {
    (rule, batch_norm): np.array([first_gradient(draw, batch_norm, seed) for seed in range(5)])
    for rule, draw in DRAWS.items()
    for batch_norm in (False, True)
}
ratio = {key: values[:, 1] / values[:, 0] for key, values in norms.items()}
table([(f"{rule}, batch norm" if batch_norm else rule, *values.mean(axis=0),
        ratio[rule, batch_norm].mean(), ratio[rule, batch_norm])
       for (rule, batch_norm), values in norms.items()],
      {"first weights": "", "main loss": ".3f", "with the heads": ".3f", "ratio": ".1f",
       "the same, five starts": ".1f"},
      "Norm of the gradient at the first convolution, mean of five starts")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(ratio["Glorot", False], 1.5, "13/heads-help-glorot")
at_most(ratio["Glorot", True], 2, "13/heads-add-little-to-batch-norm")
at_least(
    np.log(norms["Glorot", True][:, 0] / norms["Glorot", False][:, 1]),
    np.log(20),
    "13/batch-norm-beats-heads",
)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **The claim is true where there is a shortage.** With Glorot's rule each ReLU halves the mean square, so the signal
# shrinks from layer to layer, and the heads multiply the gradient of the first layer several times. Kaiming's rule
# makes up for the halving and leaves less to do. With batch norm the gradient is more than twenty times as
# large, with the heads or without, and the heads hardly change it. GoogLeNet was from 2014. Batch norm and Kaiming's
# rule came half a year later, and the heads lost this purpose.
# (Szegedy and others, 2016, say that the heads did not speed up early training, and that they act more like a
# regulariser.)
# A larger norm is not yet better training: lesson 14 shows gradients that are large and useless.
# </details>
#
# ## 7. Large kernels from small ones
#
# Two years later Szegedy and others (2016) took the large kernels apart. A 5×5 becomes two 3×3: $18\,C^2$ weights
# instead of
# $25\,C^2$ (lesson 12 has the argument and its limits). And a $K \times K$ becomes a column $K \times 1$ and a row
# $1 \times K$: $2K$ numbers instead of $K^2$. For
# one input channel and one output channel, column $u$ and row $v$ in sequence are the kernel
#
# $$ w[i, j] = u[i] \cdot v[j], $$
#
# a matrix of **rank one**. Which kernels have rank one?

# %%
kernels = {
    "blur": np.outer([1, 2, 1], [1, 2, 1]),
    "edge (Sobel)": np.outer([1, 2, 1], [-1, 0, 1]),
    "Laplacian": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "diagonal line": np.eye(3),
    "the puzzle's 45×45": spot(45),
}


def energies(kernel):
    """Squared singular values as shares of their sum: what each column times row holds."""
    squared = np.linalg.svd(kernel, compute_uv=False) ** 2
    return squared / squared.sum(axis=-1, keepdims=True)


rows = [
    (name, np.linalg.matrix_rank(kernel), energies(kernel)[:3]) for name, kernel in kernels.items()
]
table(rows, {"kernel": "", "rank": "d", "shares of its first three columns times rows": ".3f"})

# %% tags=["check"]
# Check that the text is true.
assert [np.linalg.matrix_rank(kernel) for kernel in kernels.values()] == [1, 1, 2, 3, 2]

# %% [markdown]
# The singular value decomposition writes any kernel as a sum of columns times rows,
# $w = \sum_k \sigma_k\, u_k v_k^\top$, the largest first. The share of the first in the sum of
# squares, $\sigma_1^2 / \sum_k \sigma_k^2$, says how near to rank one a kernel is. A diagonal is as far from it as
# possible. The puzzle's
# detector is a difference of two bumps, each of rank one, so it needs two columns and two rows: $4 \cdot 45 = 180$
# numbers per pixel instead of 2,025. It is exact:

# %%
U, sigma, Vt = np.linalg.svd(spot(45))
by_parts = np.zeros_like(cat)
for k in range(2):
    column, row = sigma[k] * U[:, k], Vt[k]
    tall = NF.conv2d(cat, column.reshape(1, 1, 45, 1), padding=(22, 0))
    by_parts += NF.conv2d(tall, row.reshape(1, 1, 1, 45), padding=(0, 22))
print("two columns and two rows give the same picture:", np.allclose(by_parts[0, 0], seen[45]))

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(by_parts[0, 0], seen[45])

# %% [markdown]
# With a single map between them, a column and a row can only learn a kernel of rank one. (With $M$ maps between, it is a
# sum of $M$ products, so its rank can be higher.) What do kernels look like that were free? We look at EfficientNet-Lite0, with
# its real weights from ImageNet. After its first layer, all its 3×3 and 5×5 filters read a single channel
# ([lesson 15](15_senet_to_convnext.ipynb#3.-Depthwise-separable-convolution) says why), so each *is* a matrix. (Some
# are zero and are left out.)
#
# > **Predict.** What share has the first column times row, on average, in random 5×5 kernels? In trained ones?


# %%
def spatial(net):
    """The kernels larger than 1×1 that read a single channel, layer by layer."""
    return [p for p in net.parameters() if p.ndim == 4 and p.shape[1] == 1]


lite0 = torch_models.efficientnet_lite0(pretrained=True)
shares, sizes = [], []
for weight in spatial(lite0):
    alive = weight.detach().double().numpy()[:, 0]
    alive = alive[np.abs(alive).max(axis=(1, 2)) > 1e-6]
    shares.append(energies(alive)[:, 0])
    sizes.append(alive.shape[-1])
random = {K: energies(np.random.default_rng(K).normal(size=(2000, K, K)))[:, 0] for K in (3, 5)}
rows = []
for K in (3, 5):
    trained = np.concatenate(
        [share for share, size in zip(shares, sizes, strict=True) if size == K]
    )
    rows.append(
        (f"{K}×{K}", len(trained), random[K].mean(), trained.mean(), (trained > 0.99).mean())
    )
table(rows, {"kernels": "", "how many": "d", "random": ".2f", "trained": ".2f",
             "of these above 99 %": ".0%"}, "Mean share of the first column times row")  # fmt: skip

# %% tags=["plumbing"]
# The first twelve 5×5 kernels of one layer.
twelve = spatial(lite0)[12].detach().numpy()[:12, 0]
titles = [f"{energies(kernel)[0]:.0%}" for kernel in twelve]
show(
    viz.kernel_row(list(twelve), titles, columns=6, share=False, values=False, height=1.2),
    "13/trained-kernels",
)

# %% tags=["check"]
# Check that the text is true.
assert all(trained > plain + 0.1 for _, _, plain, trained, _ in rows)
assert all(0.8 < trained < 0.95 for _, _, _, trained, _ in rows)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# These trained kernels are far nearer to rank one than random ones: one column times one row holds well over 80 % of
# their
# sum of squares. Random ones reach 75 % at 3×3 and 55 % at 5×5. (Above each picture is its share. Red is positive,
# blue negative, and each
# kernel has its own scale.) So one might expect to lose little without the rest.
# </details>
#
# What about our own kernels? The network *same maps* of section 3 has 5×5 kernels from 48 maps to 8, trained for 80
# steps:

# %% tags=["nbval-ignore-output"]
own = [nets["same maps", seed][3].branches[2][0].weight.detach().numpy() for seed in range(5)]
own_share = np.array([energies(weight.reshape(-1, 5, 5))[:, 0].mean() for weight in own])
print(f"our own 5×5 kernels: {own_share.mean():.2f} (standard deviation of five starts "
      f"{own_share.std(ddof=1):.3f}), random: {random[5].mean():.2f}")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_most(own_share, 0.7, "13/own-kernels-near-random")

# %% [markdown]
# Ours are still much like random ones: each is one of 48 that are added, and short training has moved it little. What
# is near
# to rank one is *these* trained kernels, not every trained kernel.
#
# So let us throw the rest away. In every one of these layers each kernel is replaced by its best column times row, and
# the
# network looks at the twelve photographs of the course. Then the same with two columns and rows. As a control, each
# kernel
# is kept whole, and *random* noise is added to it, as large as the part that one column times row leaves out.
#
# > **Predict.** For how many of the 12 is the first answer still the same as before?


# %%
@torch.no_grad()
def answers(kind, draw=0):
    net = torch_models.efficientnet_lite0(pretrained=True)
    noise = torch.Generator().manual_seed(draw)
    for w in spatial(net):
        U, sigma, Vt = torch.linalg.svd(w)
        rank = 2 if kind == "two columns and rows" else 1
        near = (U[..., :rank] * sigma[..., None, :rank]) @ Vt[..., :rank, :]
        if "column" in kind:
            w.copy_(near)
        elif kind == "noise instead":
            e = torch.randn(w.shape, generator=noise)
            w.add_(e * ((w - near).norm(dim=(2, 3)) / e.norm(dim=(2, 3)))[..., None, None])
    return net(views).argmax(dim=1)


photographs = list(data.photographs().values())
views = torch.cat([preprocess(picture) for picture in photographs])
KEPT = ["all", "one column and row", "two columns and rows", "noise instead"]
found = {kind: answers(kind) for kind in KEPT}
agree = {kind: int((answer == found["all"]).sum()) for kind, answer in found.items()}
names = imagenet_classes()
cat_is = list(data.photographs()).index("cat")
table([(kind, agree[kind], names[found[kind][cat_is]]) for kind in KEPT],
      {"kept of each kernel": "", "same answer, of 12": "d", "the cat is": ""})  # fmt: skip

# %% tags=["nbval-ignore-output"]
noisy = [int((answers("noise instead", draw) == found["all"]).sum()) for draw in range(5)]
print("noise instead, five draws of it:", *noisy)

# %% tags=["check"]
# Check that the text is true.
assert len(views) == 12
assert agree["one column and row"] <= 2
assert max(noisy) <= 2
assert agree["two columns and rows"] <= 6

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# For none. More than five sixths of the kernels' sum of squares is kept on average, and yet all twelve answers change.
# Two columns and rows bring back only a few of them. The control keeps none, either, in any of its five draws: random noise of the same size does the
# same harm. So
# an error of this size is already too much, whatever its form. The errors of sixteen layers build up, and the
# network was never trained with them. **Near to rank one in squares, far from it in function.** To use columns and
# rows, one has to train with them, as Szegedy and others did in 2016.
# </details>

# %% [markdown]
# ## 8. A mean instead of a large head
#
# GoogLeNet's head takes the mean of each map, and gives the 1,024 means to one linear layer. Lesson 12 counted what
# this saves.
# What does it do to behaviour? Flattening gives every *place* its own weights; the mean forgets places. Two small
# networks differ only in the head, and each has a learning rate that suits it. They learn garments of 14×14 in the
# middle of a
# black 20×20. Then the garment is moved, in the test only.
#
# > **Predict.** Accuracy in the middle: which head is better? And 1, 2, 3 pixels down and to the right?

# %%
BLACK = garments.min().item()


def placed(images, side, shift=0):
    """Images in the middle of black squares, or `shift` pixels further down and right."""
    top = (side - images.shape[2]) // 2 + shift
    canvas = torch.full((len(images), 1, side, side), BLACK)
    canvas[:, :, top : top + images.shape[2], top : top + images.shape[3]] = images
    return canvas


def with_head(head):
    layers = [nn.Conv2d(1, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16), nn.ReLU(),
              nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU()]  # fmt: skip
    mean = [nn.AdaptiveAvgPool2d(1)] if head == "mean" else []
    return nn.Sequential(*layers, *mean, nn.Flatten(), nn.Linear(32 if mean else 32 * 100, 10))


# %% tags=["nbval-ignore-output"]
HEADS = {"flatten": 0.02, "mean": 0.1}  # with the learning rate of each
moved, trained = {}, {}
for head, lr in HEADS.items():
    runs = []
    for seed in range(5):
        torch.manual_seed(seed)
        trained[head, seed] = with_head(head)
        descend(trained[head, seed], placed(garments, 20), kinds, steps=100, lr=lr)
        runs.append([accuracy(trained[head, seed], placed(garments_test, 20, shift), kinds_test)
                     for shift in range(4)])  # fmt: skip
    moved[head] = np.array(runs)
size = {head: sum(p.numel() for p in with_head(head)[-1].parameters()) for head in HEADS}
table([(head, size[head], *(f"{one.mean():.2f} ± {one.std(ddof=1):.2f}" for one in runs.T))
       for head, runs in moved.items()],
      {"head": "", "its parameters": ",d", "middle": "", "1 pixel": "", "2": "", "3": ""},
      "Test accuracy, mean and standard deviation of five starts")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(moved["flatten"][:, 0] - moved["mean"][:, 0], 0.03, "13/flatten-better-in-the-middle")
at_least(moved["mean"][:, 2] - moved["flatten"][:, 2], 0.2, "13/mean-better-after-shift")
at_most(moved["flatten"][:, 3], 0.35, "13/flatten-fails-after-shift")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In the middle, flattening is better: it has one weight per map *and place*, 3,200 for each class, and may learn where
# a sleeve is. Moved by two pixels it is lost, and the mean loses far less. But the mean loses something, too. The first
# layer has stride 2, so after a shift by one pixel it takes other samples (lesson 04). And near the border, padding
# comes into the windows: padding is 0, and black is about −0.9 after normalising. **A mean over places forgets places
# only as far as the layers before it are equivariant.**
# </details>
#
# A mean also runs at any size, where a flattened head cannot. Three tests with the same networks: garments of 14×14
# without a border, in a larger black square, and at
# their full size of 28×28.
#
# > **Predict.** It runs at each size. How much of its accuracy is left?

# %% tags=["nbval-ignore-output"]
large = torch.from_numpy(data.fashion_mnist("test")[0][:1000, None]).float()
large = (large / 255 - 0.286) / 0.321
sizes = {
    "as in training": placed(garments_test, 20),
    "no border": garments_test,
    "square of 28×28": placed(garments_test, 28),
    "garment of 28×28": large,
}
at_size = {
    name: np.array([accuracy(trained["mean", seed], images, kinds_test) for seed in range(5)])
    for name, images in sizes.items()
}
table([(name, values, values.mean()) for name, values in at_size.items()],
      {"": "", "test accuracy of five starts": ".2f", "mean": ".2f"})  # fmt: skip
try:
    trained["flatten", 0](garments_test)
except RuntimeError as error:
    print("flatten:", error)

# %% tags=["check"]
# Check that the text is true.
for name in list(sizes)[1:]:
    at_least(
        at_size["as in training"] - at_size[name], 0.1, f"13/{name.replace(' ', '-')}-is-worse"
    )

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# It runs, and is much worse each time. With another share of black, every mean is diluted or concentrated, and the
# linear layer has learned *how large* the means are. A garment of twice the size is seen through windows of the
# same size, so each window holds a smaller part of it. **"Works for any size" means that
# it computes something.** What it computes has to be trained at such sizes, or tested.
# </details>
#
# ## 9. Label smoothing
#
# The network of 2016, Inception-v3, has one more idea that stayed. Cross-entropy with a one-hot target has no
# minimum: the larger the logit of the true class, the smaller the loss. Label smoothing takes a share $s$ of the target
# away and divides it equally among all classes. In this section $C$ is the number of classes:
#
# $$ q_c = (1 - s)\,[c = \text{label}] + \frac{s}{C}, \qquad
#    L = -\sum_c q_c \log p_c, \qquad \frac{\partial L}{\partial z_c} = p_c - q_c . $$
#
# Here $p$ is the softmax of the logits $z$, and $[c = \text{label}]$ is 1 for the true class and 0 for the others. The
# gradient is zero at $p = q$, which finite logits can reach. For $C = 10$ and $s = 0.1$
# the best confidence is 0.91, and the best distance of the true logit from the others is $\log(0.91 / 0.01) = 4.51$.

# %%
s, C = 0.1, 10
z = torch.tensor(rng.normal(size=(1, C)), requires_grad=True)
F.cross_entropy(z, torch.tensor([3]), label_smoothing=s).backward()
q = torch.full((1, C), s / C, dtype=torch.float64)
q[0, 3] += 1 - s
p = z.detach().softmax(dim=1)
print("PyTorch's gradient is p − q:", torch.allclose(z.grad, p - q))
print(f"best confidence {q.max().item():.2f}, best distance {np.log(0.91 / 0.01):.2f}")

# %% tags=["check"]
# Check that the text is true.
assert torch.allclose(z.grad, p - q)
assert np.isclose(q.max().item(), 0.91)

# %% [markdown]
# Is a network with label smoothing better *calibrated*: when it says 80 %, is it right in 80 of 100 cases? We compare
# its mean
# confidence (the largest probability) with its accuracy, in ten bins of confidence. The mean distance between both,
# weighted by the number of images, is the
# **expected calibration error** (Guo and others, 2017).
#
# Two situations: many images and few steps, so that each image is seen once; and few images and many steps, so that
# each image is seen 25 times.
#
# > **Predict.** Smoothing lowers the confidence in both. Does it improve the calibration in both?


# %%
def calibration(probabilities, labels, bins=10):
    """Confidence, accuracy, and the mean distance between them over bins of equal width."""
    confidence, guess = probabilities.max(dim=1)
    right = (guess == labels).float()
    bin_of = (confidence * bins).long().clamp(max=bins - 1)
    error = 0.0
    for k in range(bins):
        inside = bin_of == k
        if inside.any():
            distance = (confidence[inside].mean() - right[inside].mean()).abs()
            error += inside.float().mean() * distance
    return confidence.mean().item(), right.mean().item(), float(error)


# %% tags=["nbval-ignore-output"]
many, many_kinds = data.small_garments("train", 4000)
SITUATIONS = {"4,000 images, 80 steps": (4000, 80), "300 images, 150 steps": (300, 150)}
measured = {}
for situation, (count, steps) in SITUATIONS.items():
    for s in (0.0, 0.1):
        runs = []
        for seed in range(5):
            torch.manual_seed(seed)
            net = with_head("flatten")
            net[-1] = nn.Linear(32 * 49, 10)  # for 14×14
            descend(net, many[:count], many_kinds[:count], steps=steps, lr=0.03,
                    loss_of=lambda z, y, s=s: F.cross_entropy(z, y, label_smoothing=s))  # fmt: skip
            with torch.no_grad():
                runs.append(calibration(net.eval()(garments_test).softmax(dim=1), kinds_test))
        measured[situation, s] = np.array(runs)
table([(situation, s, *(f"{one.mean():.3f} ± {one.std(ddof=1):.3f}" for one in runs.T))
       for (situation, s), runs in measured.items()],
      {"": "", "smoothing": ".1f", "confidence": "", "accuracy": "", "calibration error": ""},
      "Mean and standard deviation of five starts")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
(few_steps, by_heart), gap = SITUATIONS, {key: runs[:, 2] for key, runs in measured.items()}
at_least(gap[few_steps, 0.1] - gap[few_steps, 0.0], 0.03, "13/smoothing-worse-when-fitted-little")
at_most(gap[by_heart, 0.1] - gap[by_heart, 0.0], -0.01, "13/smoothing-better-when-known-by-heart")
at_least(measured[by_heart, 0.0][:, 0] - measured[by_heart, 0.0][:, 1], 0.05, "13/overconfident")
at_most(measured[by_heart, 0.1][:, 0] - measured[by_heart, 0.1][:, 1], -0.03, "13/underconfident")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# No. The network that has seen its images once was well calibrated before, and smoothing makes it too modest. The one
# that
# has seen its images 25 times is too sure of itself, and smoothing brings its confidence nearer to its accuracy. In our
# run it even overshoots: the confidence is then *below* the accuracy, but less far away. **Smoothing moves the
# confidence down. Whether this is an improvement depends on
# where it was.** Its size $s$ is a setting that has to be checked on images that were not trained on.
# </details>

# %% [markdown]
# ## Claims to test
#
# You will read sentences like these. Each is measured above. Decide for each in what sense it is true, then unfold.
#
# 1. "GoogLeNet has 12 times fewer parameters than AlexNet."
# 2. "1×1 reductions cost nothing: they only save work."
# 3. "Auxiliary classifiers bring gradient to early layers."
# 4. "Any kernel is a column times a row."
# 5. "With a global mean a network does not care where things are, or how large the image is."
# 6. "Label smoothing improves calibration."
#
# <details><summary><b>Verdicts</b></summary>
#
# 1. **8.7 times by our count, 4.6 times with the heads that training needs.** The direction is right. The parameters
#    are saved in the head
#    (section 5).
# 2. **No loss of accuracy in our runs**, also at equal work. But they save much less time than multiply-adds
#    (section 3).
# 3. **Yes, where there is a shortage**: several times more with Glorot's rule, less with Kaiming's, next to nothing
#    with batch norm,
#    which brings far more by itself (section 6).
# 4. **Only kernels of rank one.** Those of EfficientNet-Lite0 hold well over 80 % of their squares in the first column
#    times row, and yet the network fails without the rest. Our own are only a little nearer to rank one than random ones
#    (section 7).
# 5. **Partly.** It tolerates shifts much better than a flattened head, at a price in the middle, and runs at any size,
#    but not with the same accuracy (section 8).
# 6. **Where the network is too sure of itself.** Where it was calibrated, smoothing makes it worse (section 9).
# </details>
#
# ## Summary
#
# 1. A 1×1 convolution is a linear layer at every place. It mixes channels, and changes their number cheaply.
# 2. An Inception block sees one place at sizes 1, 3 and 5 and puts the maps one after the other. Backward: slice the
#    gradient,
#    and add what the branches hand back.
# 3. Reductions leave less than half of block 3a's work. GoogLeNet has 6,998,552 parameters, 13,378,280 with its
#    auxiliary heads. With batch norm the heads hardly change the first layer's gradient.
# 4. A kernel is a column times a row if its rank is one. The trained kernels of EfficientNet-Lite0 are near to it, and
#    the network still fails without the rest.
# 5. A mean over each map as head saves most parameters and forgets places; label smoothing lowers confidence.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** Block 3b reads 256 maps and has $c_1 = 128$, $c_3 = (128, 192)$, $c_5 = (32, 96)$, $c_\text{pool} = 64$. How
# many maps does it give? How many parameters has it, with biases?
#
# <details><summary>Answer</summary>
#
# $128 + 192 + 96 + 64 = 480$ maps; 388,736 parameters.
# </details>
#
# **2.** To how many maps can a 1×1 reduce 192 maps before a 3×3 with 128 outputs at most, so that work is saved at all?
#
# <details><summary>Answer</summary>
#
# $192\,r + 9 \cdot 128\,r < 9 \cdot 192 \cdot 128$ gives $r < 164.6$, so at most 164.
# </details>
#
# **3.** The first linear layer of an auxiliary head reads 4×4×128 numbers and gives 1,024. How many parameters is
# that? How
# many has the head of the whole network?
#
# <details><summary>Answer</summary>
#
# $2048 \cdot 1024 + 1024 = 2{,}098{,}176$ against $1024 \cdot 1000 + 1000 = 1{,}025{,}000$: twice as many.
# </details>
#
# **4.** A 7×7 becomes a 7×1 and a 1×7, with $C$ channels in, between and out. What share of the weights is left?
#
# <details><summary>Answer</summary>
#
# $14\,C^2 / 49\,C^2 = 2/7$, or 29 %.
# </details>
#
# **5.** With $C = 1{,}000$ classes and $s = 0.1$: which confidence does label smoothing aim at, and how far is the
# true logit from the
# others?
#
# <details><summary>Answer</summary>
#
# $0.9 + 0.0001 = 0.9001$; $\log(0.9001 / 0.0001) = 9.1$. It is rather far: with many classes the same $s$ bounds the
# logits less.
# </details>

# %%
c1, c3, c5, c_pool = BLOCKS["3b"]
counts = summary(models.Inception(256, c1, c3, c5, c_pool), (1, 256, 28, 28))
print("1.", c1 + c3[1] + c5[1] + c_pool, f"{counts.parameters:,}")
print("2.", f"{9 * 192 * 128 / (192 + 9 * 128):.1f}")
print("3.", f"{4 * 4 * 128 * 1024 + 1024:,}", f"{1024 * 1000 + 1000:,}")
print("4.", f"{14 / 49:.0%}")
print("5.", f"{0.9 + 0.1 / 1000:.4f}", f"{np.log((0.9 + 0.1 / 1000) / (0.1 / 1000)):.1f}")

# %% [markdown]
# ## Where to read more
#
# - C. Szegedy and others, "Going deeper with convolutions", CVPR (2015), arXiv:1409.4842: table 1 is the network,
#   section 5 the auxiliary heads.
# - C. Szegedy and others, "Rethinking the Inception architecture for computer vision", CVPR (2016), arXiv:1512.00567:
#   sections 3, 4 and 7.
# - M. Lin, Q. Chen, S. Yan, "Network in network" (2013), arXiv:1312.4400: the 1×1 layers and the global mean.
# - C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural networks", ICML (2017),
#   arXiv:1706.04599.
# - R. Müller, S. Kornblith, G. Hinton, "When does label smoothing help?", NeurIPS (2019), arXiv:1906.02629.
#
# **Next:** do the [exercises of this unit](../exercises/13_inception/13_inception.ipynb), then go on to
# [14 ResNet](14_resnet.ipynb).
