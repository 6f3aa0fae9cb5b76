# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 12 · VGG
#
# [Start](00_start_here.ipynb) · previous: [11 AlexNet and ZFNet](11_alexnet.ipynb) ·
# next: [13 GoogLeNet and Inception](13_inception.ipynb) ·
# [exercises of this unit](../exercises/12_vgg/12_vgg.ipynb)
#
# **After this lesson you can**
#
# - build VGG-11, 13, 16 and 19 from one line of configuration each, and count their parameters;
# - argue with numbers why three 3×3 convolutions are preferred to one 7×7, and where the argument ends;
# - say where a network keeps its parameters and where it spends its work, and what follows for changing it;
# - explain why nineteen layers could hardly be trained in 2014, and what batch norm does about it.
#
# **Time** about 45 minutes, with the questions. The code runs in about a minute. On a short evening read sections 1, 2
# and 5. The others can wait.
#
# **You should know** lessons 03 (receptive fields, cost), 08 (batch norm), 09 (first weights) and 10 (LeNet-5).

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
from cnncourse.numpy_nn.models.vgg import CONFIGS
from cnncourse.numpy_nn.summary import summary
from cnncourse.torch_nn.models import SmallVGG
from cnncourse.torch_nn.training import descend
from cnncourse.viz.architecture import layer_bars, map_stacks

torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings

# %% [markdown]
# ## A puzzle
#
# There are two ways to look at a photograph through a window of 7×7 pixels. The first is one convolution with a 7×7
# kernel. The second is three convolutions with 3×3 kernels, one after the other. Here all weights are equal (means):

# %%
cat = data.photograph("cat").mean(axis=2)[None, None, 60:220, 100:300] / 255


def mean_kernel(K):
    return np.full((1, 1, K, K), 1 / K**2)


once = NF.conv2d(cat, mean_kernel(7))
thrice = cat
for _ in range(3):
    thrice = NF.conv2d(thrice, mean_kernel(3))
print("sizes:", once.shape[2:], thrice.shape[2:])

# %% tags=["plumbing"]
# The photograph and the two results.
pictures = [cat[0, 0, 3:-3, 3:-3], once[0, 0], thrice[0, 0]]
show(viz.image_row(pictures, ["photograph", "one 7×7", "three 3×3"], height=2.2),
     "12/one-blur-or-three")  # fmt: skip

# %% [markdown]
# Both results have the same size, with the same 49 pixels behind each number.
#
# > **Predict.** (Section 2 gives the answers.) With $C$ channels before and after every convolution: which of the two has
# > fewer weights, and by what factor? Which needs fewer multiply-adds? Can the three compute *everything* that the one
# > can?

# %% [markdown]
# ## 1. The rule
#
# Simonyan and Zisserman (2015) asked one question: what does *depth* do, if nothing else changes? So they took all
# other choices away:
#
# - every convolution is 3×3, stride 1, padding 1: the size stays;
# - every pooling is a maximum over 2×2, stride 2: the size is halved;
# - after a pooling the number of channels doubles, up to 512.
#
# The convolutions between two poolings, with the pooling after them, are called a **stage**. A network is then a list of
# numbers (of output channels), with "M" for a pooling:

# %%
for depth, config in CONFIGS.items():
    print(f"VGG-{depth}:", *config)

# %% tags=["check"]
# Check that the text is true.
for depth, config in CONFIGS.items():
    assert sum(entry != "M" for entry in config) + 3 == depth  # three linear layers follow

# %% [markdown]
# The name counts the layers with weights: the convolutions and three linear layers after them. The code follows the
# rule:


# %%
def vgg_features(config, c_in):
    layers = []
    for entry in config:
        if entry == "M":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(c_in, entry, 3, padding=1), nn.ReLU()]
            c_in = entry
    return nn.Sequential(*layers)


# %%
sizes = [("input", (3, 224, 224))]
C, side = 3, 224
for entry in CONFIGS[16]:
    if entry == "M":
        side //= 2
        sizes.append((f"stage {len(sizes)}", (C, side, side)))
    else:
        C = entry
ours = sum(p.numel() for p in vgg_features(CONFIGS[16], 3).parameters())
table([(label, *shape) for label, shape in sizes], ["after", "channels", "height", "width"])
print(f"parameters of its convolutions: {ours:,}")

# %% tags=["check"]
# Check that the text is true.
assert sizes[-1][1] == (512, 7, 7)

# %% tags=["plumbing"]
# The maps of VGG-16, to scale.
linear = [("fc6", (4096, 1, 1)), ("fc7", (4096, 1, 1)), ("fc8", (1000, 1, 1))]
show(map_stacks([*sizes, *linear], seen=4), "12/all-stages")

# %% [markdown]
# This is LeNet-5's shape (lesson 10), only larger. The maps become smaller and more numerous, and a head that flattens
# them decides. (64@112×112 means 64 maps of 112×112. The sides of the maps are to scale. At most four maps of a stage are
# drawn. The three columns are the linear layers; their usual names are fc6, fc7 and fc8. They are cut off.)
#
# ## 2. Three 3×3 against one 7×7
#
# Lesson 03's recursion: each 3×3 at stride 1 adds 2 to the receptive field: $1 \to 3 \to 5 \to 7$. Weights, for $C$
# channels in and out, no biases:
#
# $$ 3 \cdot (3 \cdot 3 \cdot C \cdot C) = 27\,C^2 \qquad\text{against}\qquad 7 \cdot 7 \cdot C \cdot C = 49\,C^2 . $$

# %%
rows = []
for C in [1, 64, 512]:
    three, one = 3 * (3 * 3 * C * C), 7 * 7 * C * C
    rows.append((C, three, one, 1 - three / one))
table(rows, {"C": "d", "three 3×3": ",d", "one 7×7": ",d", "saved": ".0%"}, "Weights")

# %% tags=["check"]
# Check that the text is true.
assert all(row[1:3] == (27 * row[0] ** 2, 49 * row[0] ** 2) for row in rows)
one = nn.Conv2d(64, 64, 7, padding=3, bias=False)
three = nn.Sequential(*[nn.Conv2d(64, 64, 3, padding=1, bias=False) for _ in range(3)])
assert sum(p.numel() for p in one.parameters()) == 49 * 64**2
assert sum(p.numel() for p in three.parameters()) == 27 * 64**2

# %% [markdown]
# The three have 45 % fewer. Multiply-adds are weights times places, so they fall by the same share. What grows is
# *memory*: three maps have to be kept for the backward pass instead of one.
#
# Do the three compute everything that the one can? Without ReLU between them, three 3×3 kernels in a row *are* one 7×7
# kernel (lesson 03, question 6, showed it for two of them). For one channel that kernel is made of 27 numbers, not 49. So let us try to *reach*
# given 7×7 kernels by gradient descent on the three: a binomial blur, and five kernels of random numbers.

# %%
binomial = np.array([1, 6, 15, 20, 15, 6, 1]) / 64
targets = {
    "blur": [np.outer(binomial, binomial)],
    "random": [np.random.default_rng(1 + k).normal(size=(7, 7)) for k in range(5)],
}


def reach(target, starts=4, steps=400):
    """The smallest relative squared error of three 3×3 kernels in a row, over random starts."""
    target = torch.from_numpy(target / np.linalg.norm(target))
    impulse = torch.zeros(1, 1, 7, 7, dtype=torch.float64)
    impulse[0, 0, 3, 3] = 1  # what a stack makes of a single one is its kernel (flipped: lesson 02)
    torch.manual_seed(0)
    w = (0.5 * torch.randn(starts, 3, 3, 3, dtype=torch.float64)).requires_grad_()
    mean, square = torch.zeros_like(w), torch.zeros_like(w)
    for step in range(1, steps + 1):
        x = impulse.expand(1, starts, 7, 7)
        for k in range(3):
            x = F.conv2d(x, w[:, k : k + 1], padding=1, groups=starts)
        error = ((x[0] - target) ** 2).sum(dim=(1, 2))
        (g,) = torch.autograd.grad(error.sum(), w)
        mean, square = 0.9 * mean + 0.1 * g, 0.99 * square + 0.01 * g**2
        with torch.no_grad():  # Adam: the step is scaled by the gradient's usual size
            w -= 0.03 * (mean / (1 - 0.9**step)) / ((square / (1 - 0.99**step)).sqrt() + 1e-8)
    return error.min().item()


# %% tags=["nbval-ignore-output"]
missed = {
    name: np.array([reach(kernel) for kernel in kernels]) for name, kernels in targets.items()
}
table(missed.items(), {"kernel": "", "missed share of its squared size": ".1%"})

# %% tags=["check"]
# Check that the text is true.
at_most(missed["blur"], 0.01, "12/blur-reached")
at_least(missed["random"], 0.03, "12/random-not-reached")

# %% [markdown]
# The blur is reached. Of each random kernel a part stays out of reach, even in the best of four starts. **Without
# nonlinearities, three 3×3 are *less* than one 7×7**: the stack is restricted, "a regularisation" in the paper's words,
# to kernels that are built up step by step. It becomes more by what one puts in between: three ReLUs instead of one.
#
# **A claim.** *"Three 3×3 layers see the same 7×7 pixels."* They *can*. Lesson 03 found how unequally they do. With
# equal weights, this is the number of ways in which each pixel of the field enters the result:

# %%
impulse = np.zeros((1, 1, 7, 7))
impulse[0, 0, 3, 3] = 1.0
influence = impulse
for _ in range(3):
    influence = NF.conv2d(influence, mean_kernel(3), padding=1)
counts = np.round(influence[0, 0] * 9**3)
print(counts.astype(int))
print(f"corner : middle = 1 : {int(counts[3, 3] / counts[0, 0])}")

# %% tags=["check"]
# Check that the text is true.
assert counts[0, 0] == 1
assert counts[3, 3] == 49

# %% [markdown]
# There is one path from the corner and forty-nine from the middle ($7^2$: on one axis there are 7 ways to get from the
# middle back to the middle in three steps of −1, 0 or 1). **Verdict: the same field, weighted differently.** This is
# also why the three kernels of the puzzle blur the photograph less than the one: they give the middle more weight.
#
# ## 3. The family, counted
#
# *(This section can wait.)* Run its cells all the same: later ones use `family`.
#
# > **Predict.** VGG-19 has eight convolutions more than VGG-11. By how much do the parameters grow? And the work
# > (the multiply-adds)?

# %%
family = {depth: summary(getattr(models, f"vgg{depth}")(), (1, 3, 224, 224)) for depth in CONFIGS}
rows = []
for depth, counted in family.items():
    field = [row.receptive_field.size[0] for row in counted.rows if row.layer == "MaxPool2d"][-1]
    rows.append((f"VGG-{depth}", counted.parameters, counted.multiply_adds, f"{field}×{field}"))
table(rows, {"": "", "parameters": ",d", "multiply-adds": ",d",
             "pixels seen by one unit before the head": ""})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert {depth: counted.parameters for depth, counted in family.items()} == {
    11: 132_863_336,
    13: 133_047_848,
    16: 138_357_544,
    19: 143_667_240,
}
assert family[19].multiply_adds > 2.5 * family[11].multiply_adds
assert family[19].parameters < 1.1 * family[11].parameters

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# From 11 to 19 layers the parameters grow by 8 %, the work by a factor of more than two and a half. The parameters
# must be somewhere else than in the convolutions.
# </details>
#
# ## 4. Where the parameters are, and where the work is
#
# *(This section can wait.)*
#
# Three numbers for each layer with weights of VGG-16: its parameters, its multiply-adds, and how many numbers it gives
# out, which have to be kept in memory for the backward pass.

# %% tags=["plumbing"]
# Bars for every layer.
rows = [row for row in family[16].rows if row.parameters]
names = [
    f"{row.layer.replace('2d', '')} → {'×'.join(map(str, row.output_shape[1:]))}" for row in rows
]
numbers = [int(np.prod(row.output_shape)) for row in rows]
show(
    layer_bars(
        names,
        {
            "parameters": [row.parameters for row in rows],
            "multiply-adds": [row.multiply_adds for row in rows],
            "numbers kept": numbers,
        },
        size=(10, 5),
    ),
    "12/counts-per-layer",
)

# %%
rows = [row for row in family[16].rows if row.parameters]
convs, linears = [[row for row in rows if row.layer == kind] for kind in ("Conv2d", "Linear")]
total, work = family[16].parameters, family[16].multiply_adds
fc6 = linears[0].parameters
print(f"the first linear layer: 512·7·7·4096 + 4096 = {512 * 7 * 7 * 4096 + 4096:,}")
groups = {
    "all convolutions": convs,
    "the three linear layers": linears,
    "the first of these": linears[:1],
    "the first stage": convs[:2],
}
kept = sum(int(np.prod(row.output_shape)) for row in rows)
table(
    [
        (
            name,
            sum(row.parameters for row in group) / total,
            sum(row.multiply_adds for row in group) / work,
            sum(int(np.prod(row.output_shape)) for row in group) / kept,
        )
        for name, group in groups.items()
    ],
    {"share of": "", "parameters": ".1%", "multiply-adds": ".1%", "numbers kept": ".1%"},
)

# %% tags=["check"]
# Check that the text is true.
assert fc6 == 102_764_544
assert 0.7 < fc6 / total < 0.8
assert sum(r.parameters for r in convs) == ours == 14_714_688
assert sum(r.multiply_adds for r in convs) / work > 0.99
assert 0.4 < sum(int(np.prod(row.output_shape)) for row in convs[:2]) / kept < 0.5

# %% [markdown]
# Three costs, three places. One linear layer holds three quarters of the parameters, the convolutions do 99 % of the
# work, and the two layers of the first stage give out almost half of the numbers that are kept. For a *smaller file* one
# changes the head, for a *faster* network the convolutions, and for *larger batches* the first layers.
#
# > **Predict.** Replace the head by a global mean over each of the 512 maps and one linear layer to 1,000 classes. How
# > many parameters are left of the 138 million?

# %%
lean = sum(row.parameters for row in convs) + 512 * 1000 + 1000
lean_work = sum(row.multiply_adds for row in convs) + 512 * 1000
print(f"{lean:,} parameters, {lean / total:.0%} of the original; work: {lean_work / work:.1%}")

# %% tags=["check"]
# Check that the text is true.
assert lean == 15_227_688

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# A ninth is left, and the work hardly changes. The global mean comes from Lin, Chen and Yan (2013), who took one map per
# class and needed no linear layer. With one linear layer after it, this head is in nearly every network since. Our small
# VGG of section 6 has it.
# </details>
#
# **Why double the channels?** Halving both sides divides the places by 4, and alone it would leave a quarter of the work.
# Doubling the channels in and out multiplies the weights by 4. So convolutions *inside* of the stages cost the same:

# %%
inside = [row for before, row in zip(rows[:-1], rows[1:], strict=True)
          if row.layer == "Conv2d" and before.output_shape == row.output_shape]  # fmt: skip
table([("×".join(map(str, row.output_shape[1:])), row.multiply_adds) for row in inside],
      {"output": "", "multiply-adds": ",d"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert len({row.multiply_adds for row in inside if row.output_shape[2] > 14}) == 1

# %% [markdown]
# They are all alike until the last stage, where the channels stop doubling and the work falls to a quarter.
#
# ## 5. Why depth was hard: the size of the signal
#
# The paper drew first weights from a normal distribution of standard deviation 0.01. Eleven layers could be trained
# from there; the deeper networks began with layers copied from the trained shallow one. Let us see why. By lesson 09, a
# layer with ReLU multiplies the mean square of its input by about $\tfrac12 \cdot 9\,C_\text{in}\,\sigma^2$. With
# $\sigma = 0.01$ and $C_\text{in} = 64$ that is $0.029$; with 512 it is $0.23$. We measure with one draw of the weights:
# what counts are powers of ten.
#
# > **Predict.** After the 16 convolutions of VGG-19: how large is a typical number (the root mean square),
# > if the input's is 1? With
# > $\sigma = 0.01$, and with Kaiming's $\sigma^2 = 2 / (9\,C_\text{in})$?


# %%
@torch.no_grad()
def typical_sizes(spread_of, batch_norm=False, seed=0):
    """Root mean square after each of VGG-19's convolutions and ReLU, for 32×32 noise."""
    torch.manual_seed(seed)
    x, sizes = torch.randn(2, 3, 32, 32), []
    for entry in CONFIGS[19]:
        if entry == "M":
            x = F.max_pool2d(x, 2)
            continue
        x = F.conv2d(x, spread_of(x.shape[1]) * torch.randn(entry, x.shape[1], 3, 3), padding=1)
        if batch_norm:
            x = F.batch_norm(x, None, None, training=True)
        x = F.relu(x)
        sizes.append(x.square().mean().sqrt().item())
    return sizes


# %%
sizes_by = {
    "σ = 0.01": typical_sizes(lambda C: 0.01),
    "Kaiming": typical_sizes(lambda C: (2 / (9 * C)) ** 0.5),
    "σ = 0.01, batch norm": typical_sizes(lambda C: 0.01, batch_norm=True),
}

# %% tags=["plumbing"]
# The three curves.
show(
    viz.line_chart(
        np.arange(1, 17), sizes_by, "convolution", "root mean square", log="y", size=(7, 3.2)
    ),
    "12/size-over-depth",
)

# %% tags=["check"]
# Check that the text is true.
assert sizes_by["σ = 0.01"][-1] < 1e-6
assert 0.01 < sizes_by["Kaiming"][-1] < 100
assert 0.1 < sizes_by["σ = 0.01, batch norm"][-1] < 10

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With $\sigma = 0.01$ the signal shrinks to less than a millionth. The gradient of the first layers passes similar
# factors on its way back (with $C_\text{out}$ in place of $C_\text{in}$). Kaiming's scale (He and others, 2015) keeps the size; batch norm sets it anew in every layer,
# *whatever* the weights are. Both came within a year of VGG. (Kaiming's curve falls at the end, because the last maps
# are 2×2: five of the nine pixels in each window are padding.)
# </details>
#
# ## 6. A small VGG on scenes
#
# *(This section can wait.)* Now the rule at a size that trains in seconds: 3×32×32 scenes (garments over photographs,
# ten classes), three stages of two convolutions, a global mean, one linear layer. (The last column of the summary
# counts padding, too, so it can say more than 32×32.) We train it with and without batch norm, on 160 batches of 25
# scenes, from five random starts (`descend` is the loop that lesson 01 writes out). These are eight of the scenes that
# test it, each with its class:

# %%
seen, unseen = data.scenes(2000), data.scenes(500, split="test")

# %% tags=["plumbing"]
# Eight of the scenes.
names = [data.FASHION_CLASSES[k].split("/")[0] for k in unseen.labels[:8]]
show(viz.image_row(list(unseen.images[:8]), names, height=1.2), "12/eight-scenes")

# %% [markdown]
# > **Predict.** Both start from Kaiming's weights, so that no signal dies. Does batch norm still make a difference
# > after so few steps?

# %% tags=["open"]
SMALL = (12, 12, "M", 24, 24, "M", 48, 48, "M")
print(summary(models.SmallVGG(config=SMALL), (1, 3, 32, 32)))


def train(batch_norm, seed, images, targets):
    torch.manual_seed(seed)
    network = SmallVGG(batch_norm=batch_norm, config=SMALL)
    descend(network, images, targets, steps=160, lr=0.05, batch_size=25)
    return network.eval()


# %% tags=["nbval-ignore-output"]
def to_tensor(images):
    return torch.from_numpy(((images / 255 - 0.45) / 0.25).astype(np.float32))


x_train, y_train = to_tensor(seen.images), torch.from_numpy(seen.labels)
x_test, y_test = to_tensor(unseen.images), torch.from_numpy(unseen.labels)
scores = {}
for name, batch_norm in [("without batch norm", False), ("with batch norm", True)]:
    networks = [train(batch_norm, seed, x_train, y_train) for seed in range(5)]
    with torch.no_grad():
        guesses = [network(x_test).argmax(dim=1) for network in networks]
    scores[name] = np.array([(guess == y_test).float().mean().item() for guess in guesses])
rows = [(name, values, values.mean()) for name, values in scores.items()]
table(rows, {"": "", "test accuracy of five starts": ".2f", "mean": ".2f"})

# %% tags=["check"]
# Check that the text is true.
at_least(scores["with batch norm"] - scores["without batch norm"], 0.08, "12/batch-norm-helps")
at_least(scores["with batch norm"], 0.33, "12/batch-norm-learns")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# There is a clear difference. Without batch norm the network has learned little after these few steps, and how much
# depends on the start. With it, the mean accuracy is above one in three. The right scale at the beginning is not enough.
# *Why* batch norm helps is still argued about (lesson 08, section 5). This run only shows that it does, at this learning
# rate. (The paper's own networks learned without it, in weeks.)
# </details>

# %% [markdown]
# ## Claims to test
#
# You will read sentences like these. Each is measured above. Decide for each in what sense it is true, then unfold.
#
# 1. "Three 3×3 layers are one 7×7 with fewer weights."
# 2. "They see the same pixels."
# 3. "VGG-16 is big because it is deep."
# 4. "Most of the parameters means most of the work."
# 5. "Doubling the channels when the size is halved keeps the cost of a layer."
#
# <details><summary><b>Verdicts</b></summary>
#
# 1. **Same field, $27C^2$ against $49C^2$, but not the same functions**: without nonlinearities they reach fewer
#    kernels (section 2).
# 2. **Yes, with different weights**: 1 to 49 from corner to middle (section 2).
# 3. **No**: three quarters of its parameters are one linear layer. VGG-19 has only 8 % more than VGG-11 (sections 3
#    and 4).
# 4. **The opposite here**: 99 % of the work is in the convolutions, which hold a ninth of the parameters (section 4).
# 5. **True inside of the stages**, until the number of channels stops at 512 (section 4).
# </details>
#
# ## Summary
#
# 1. One rule: 3×3, stride 1, padding 1; halve by 2×2 maximum; double the channels.
# 2. Three 3×3 see 7×7 pixels for $27C^2$ instead of $49C^2$ weights, with three nonlinearities instead of one.
# 3. VGG-16 has 138,357,544 parameters, most of them in the layer that flattens; its work is in the convolutions, almost
#    half of its memory in the first stage. With a global mean and one linear layer as the head, a ninth of the parameters
#    is left.
# 4. With first weights that are too small a deep network passes nothing on. Kaiming's scale or batch norm prevents
#    this.
# 5. In the paper, depth helped from 11 to 16 layers; 19 layers were no better than 16. Lesson 14 asks what happens beyond.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** How many weights have two 3×3 layers, and how many has one 5×5, with $C$ channels in and out and no biases?
#
# <details><summary>Answer</summary>
#
# $18C^2$ against $25C^2$, 28 % fewer.
# </details>
#
# **2.** How many 3×3 layers see 11×11 pixels? How many weights have they, and how many has one 11×11?
#
# <details><summary>Answer</summary>
#
# Five ($1 + 2 \cdot 5 = 11$): $45C^2$ against $121C^2$.
# </details>
#
# **3.** How many parameters does VGG-16 have with 10 instead of 1,000 classes?
#
# <details><summary>Answer</summary>
#
# Only the last layer changes: $4097 \cdot 990 = 4{,}056{,}030$ fewer, 134,301,514. It hardly matters.
# </details>
#
# **4.** The first linear layer reads 7×7×512 numbers. Which convolution is it equal to?
#
# <details><summary>Answer</summary>
#
# One with 7×7 kernels from 512 to 4096 channels, without padding: on a 7×7 map it gives 1×1. On larger images it
# gives a map; the paper tests that way.
# </details>

# %%
print("1.", 2 * 3**2, 5**2, f"{1 - 18 / 25:.0%}")
print("2.", 1 + 2 * 5, 5 * 3**2, 11**2)
print("3.", f"{summary(models.vgg16(10), (1, 3, 224, 224)).parameters:,}", f"{4097 * 990:,}")
# 8 and 6 channels instead of 512 and 4096
x, w = rng.normal(size=(1, 8, 7, 7)), rng.normal(size=(6, 8 * 7 * 7))
print("4.", np.allclose(x.reshape(1, -1) @ w.T, NF.conv2d(x, w.reshape(6, 8, 7, 7))[:, :, 0, 0]))

# %% [markdown]
# ## Where to read more
#
# - K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR (2015),
#   arXiv:1409.1556: table 1 is the family, the text after it the argument for 3×3.
# - M. Lin, Q. Chen, S. Yan, "Network in network" (2013), arXiv:1312.4400: the global mean instead of a large head.
# - X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS (2010),
#   and K. He and others, "Delving deep into rectifiers", ICCV (2015), arXiv:1502.01852: the scale of first weights.
# - S. Ioffe, C. Szegedy, "Batch normalization", ICML (2015), arXiv:1502.03167.
#
# **Next:** do the [exercises of this unit](../exercises/12_vgg/12_vgg.ipynb), then go on to [13
# GoogLeNet and Inception](13_inception.ipynb).
