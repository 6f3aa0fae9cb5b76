# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 17 · Transfer learning
#
# [Start](00_start_here.ipynb) · previous: [16 What CNNs learn](16_what_cnns_learn.ipynb) ·
# next: [18 Detection](18_detection.ipynb) ·
# [exercises of this unit](../exercises/17_transfer_learning/17_transfer_learning.ipynb)
#
# **After this lesson you can**
#
# - use a trained network's features for a task of your own, with a probe, with neighbours, or with a new head;
# - choose the layer whose features you take, and measure that choice;
# - freeze a part of a network so that it really stays as it is;
# - name four accidents of transfer learning, and show each of them by a number;
# - say when features of a pre-trained network do not help.
#
# **Time** about 70 minutes, with the questions. The code runs in about a minute. On a short evening read sections 1, 2, 4
# and 8, and run the cells of 3 and 7 all the same: sections 4 and 8 use names from there. Section 11 can wait.
#
# **You should know** lesson 08 (batch normalisation), lesson 09 (training), lesson 15 (EfficientNet-Lite0).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.torch_nn.models import efficientnet_lite0
from cnncourse.torch_nn.training import descend
from cnncourse.transfer import (
    descend_groups,
    features,
    few_per_class,
    freeze,
    linear_probe,
    nearest_neighbours,
    replace_head,
)

torch.set_num_threads(1)  # for small networks, dividing the work costs more than the work

# %% [markdown]
# ## A puzzle
#
# The course has sixteen photographs. From the *left* half of each we cut small grey patches for training, and from the
# *right* half patches for the test. The question is always: which photograph is this patch from? Here is one training
# patch of each of eight photographs, and below it a test patch of the same photograph.

# %%
left, y_left = data.photograph_patches(100, "train")  # 100 of each: (1600, 1, 48, 48)
right, y_right = data.photograph_patches(15, "test")
shown = [0, 1, 2, 3, 4, 5, 9, 14]
titles = [data.PATCH_CLASSES[k] for k in shown]
pictures = [*left[shown, 0], *right[shown, 0]]
show(
    viz.image_row(pictures, [*titles, *[""] * 8], columns=8, share=False, height=1.2), "17/patches"
)

# %% [markdown]
# You have five labelled patches of each photograph, 80 pictures. Every patch is standardised, so that brightness and
# contrast say nothing. Which of these is the best base for a classifier, and which is the worst?
#
# - the pixels themselves;
# - the last features of EfficientNet-Lite0, which has learned a thousand kinds of objects from ImageNet;
# - features from the *middle* of the same network;
# - the last features of the same network with *random* weights;
# - a small CNN that is trained on the 80 pictures, from nothing.
#
# Write your order down. Sections 4 to 6 come back to it.
#
# ## 1. Features that are there already
#
# Lite0 ends in a linear layer. What goes into it is a vector $f$ of 1,280 numbers for each picture: its **features**.
# Donahue and others (2014) showed that such numbers serve for tasks that the network was never trained on. First, a
# picture has to look like those that the network knows: three channels, and values around zero with a standard deviation
# of about one half.


# %%
def as_input(images):
    """Grey images of any size as Lite0 wants to see them: (N, 1, H, W) to (N, 3, 48, 48)."""
    x = torch.from_numpy(images).float()
    x = x - x.mean(dim=(1, 2, 3), keepdim=True)
    x = x / (2 * x.std(dim=(1, 2, 3), keepdim=True) + 1e-3)
    x = x.expand(-1, 3, -1, -1)
    return F.interpolate(x, (48, 48), mode="bilinear", align_corners=False, antialias=True)


lite0 = efficientnet_lite0(pretrained=True)
torch.manual_seed(0)
untrained = efficientnet_lite0().eval()
cup = as_input(data.photograph("coffee")[None, :, :, 0][:, None])
print(f"standard deviation {cup.std():.2f}; features:", features(lite0, cup).shape)

# %% [markdown]
# A frozen network gives the same features each time, so they are **computed once and kept**. `features` writes them to a
# file whose name is a hash of the network, its weights, the layer, the pictures, and also of PyTorch's version and the
# processor, which decide the last digits. If any of these changes, another file is read or made. We time it twice on 160
# pictures, in a folder that is empty at first:

# %% tags=["nbval-ignore-output"]
x = as_input(left[:160])
with tempfile.TemporaryDirectory() as folder:  # an empty one
    for _ in range(2):
        start = time.perf_counter()
        features(lite0, x, folder=folder)
        print(f"{(time.perf_counter() - start) * 1e3:.0f} ms")

# %% [markdown]
# The second call only reads. With ten classifiers on the same features, the network still runs only once.
#
# ## 2. A linear probe
#
# The simplest classifier on features is linear. It asks how much of the answer can be *read off*, and therefore it is
# also called a **probe** (Alain and Bengio, 2016). Give each class a target of 1 for its own pictures and 0 for others,
# $y_n$, and fit them by least squares, with a penalty that holds the weights small:
#
# $$ L(W, b) = \sum_n \lVert W f_n + b - y_n \rVert^2 + \lambda \lVert W \rVert^2 $$
#
# No training loop is needed. Setting the derivative with respect to $b$ to zero gives $b = \bar y - W \bar f$: the fit
# goes through the means. With this $b$ only the differences from the means are left, $\tilde f_n = f_n - \bar f$ and
# $\tilde y_n = y_n - \bar y$. Setting the derivative with respect to $W$ to zero then gives
#
# $$ \boxed{\; \Big(\sum_n \tilde f_n \tilde f_n^\top + \lambda I\Big) W^\top = \sum_n \tilde f_n \tilde y_n^\top \;} $$
#
# With one feature this is one division. Four pictures, by hand:

# %%
f, y, penalty = np.array([0.0, 1.0, 2.0, 5.0]), np.array([0.0, 0.0, 1.0, 1.0]), 2.0
top = sum((f_n - f.mean()) * (y_n - y.mean()) for f_n, y_n in zip(f, y, strict=True))
bottom = sum((f_n - f.mean()) ** 2 for f_n in f)
w_hand = top / (bottom + penalty)
b_hand = y.mean() - w_hand * f.mean()
print(f"w = {top:.0f} / ({bottom:.0f} + {penalty:.0f}) = {w_hand:.4f}, b = {b_hand:.3f}")
print(
    "fitted:",
    (w_hand * f + b_hand).round(3),
    " class 1 where above 0.5:",
    w_hand * f + b_hand > 0.5,
)

# %% tags=["check"]
# Check that the text is true.
assert np.allclose([w_hand, b_hand], [3 / 16, 0.125])
W_two, b_two = linear_probe(f[:, None], y.astype(int), 2, penalty)
assert np.allclose([W_two[1, 0], b_two[1]], [w_hand, b_hand])

# %% [markdown]
# The third picture has $f = 2$, right at the mean, and the fit gives it 0.5: neither class. The penalty makes $w$ smaller
# (without it $w = 3/14$), and $b$ follows. You write the function for any number of features and classes in the
# exercises. The package's `linear_probe` does it. On the real features of 80 patches, the gradient of $L$ must vanish
# at its result, and we ask PyTorch whether it does:

# %%
five = few_per_class(y_left, 5, np.random.default_rng(0))  # 5 of each class: 80 indices
f_80 = features(lite0, as_input(left[five]))
W, b = (torch.from_numpy(a).requires_grad_() for a in linear_probe(f_80, y_left[five], 16, 2.0))
one_hot = torch.eye(16, dtype=torch.float64)[torch.from_numpy(y_left[five])]
loss = ((torch.from_numpy(f_80).double() @ W.T + b - one_hot) ** 2).sum() + 2.0 * (W**2).sum()
slopes = torch.autograd.grad(loss, (W, b))
print("shapes:", tuple(W.shape), tuple(b.shape), " all slopes below 1e-8:",
      max(slope.abs().max().item() for slope in slopes) < 1e-8)  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert max(slope.abs().max().item() for slope in slopes) < 1e-8

# %% [markdown]
# There are 1,280 unknowns per class and 80 pictures. Without the penalty there would be infinitely many solutions. All
# probes below take the mean off and divide the features by one common factor, so that one $\lambda$ serves all layers:


# %%
def score(train, labels, test, truth, penalty=0.1):
    """Accuracy of a linear probe on test pictures."""
    centre, size = train.mean(axis=0), train.std() * np.sqrt(train.shape[1])
    W, b = linear_probe((train - centre) / size, labels, truth.max() + 1, penalty)
    return (((test - centre) / size @ W.T + b).argmax(axis=1) == truth).mean()


def scores(train, labels, test, truth, per_class, draws=5):
    """The same for several draws of the training pictures."""
    chosen = [few_per_class(labels, per_class, np.random.default_rng(k)) for k in range(draws)]
    return np.array([score(train[rows], labels[rows], test, truth) for rows in chosen])


# %% [markdown]
# ## 3. Nearest neighbours
#
# A classifier without any fit: take the class of the most similar training pictures. Similar means a large **cosine**,
# the scalar product of two vectors divided by both lengths. It ignores the length, which in a network of ReLUs grows
# with contrast:

# %%
a = np.array([3.0, 4.0])
for other in ([30.0, 40.0], [4.0, 3.0], [-4.0, 3.0]):
    cosine = a @ other / np.linalg.norm(a) / np.linalg.norm(other)
    print(other, f"cosine {cosine:.2f}, distance {np.linalg.norm(a - other):.1f}")

# %% [markdown]
# The first vector is the farthest, and its cosine is the largest. Now three test patches, and for each the three most similar
# of the 1,600 training patches: by pixels, and by the features of Lite0's ninth block. (It has sixteen; section 4 compares
# them.)

# %% tags=["plumbing"]
# Each row: a test patch, its three nearest by pixels, its three nearest by features.
flat = {
    "train": as_input(left)[:, 0].flatten(1).numpy(),
    "test": as_input(right)[:, 0].flatten(1).numpy(),
}
LAYERS = [
    "_bn0",
    *(f"_blocks.{i}" for i in range(16)),
    None,
]  # None: what enters the last linear layer
known = {
    part: features(lite0, as_input(x), LAYERS) for part, x in [("train", left), ("test", right)]
}
middle = {part: known[part]["_blocks.8"] for part in known}


def most_alike(train, one):
    cosines = train @ one / np.linalg.norm(train, axis=1) / np.linalg.norm(one)
    return np.argsort(-cosines)[:3]


panels, names = [], []
for n in (4, 9, 14):
    rows = [most_alike(where["train"], where["test"][n]) for where in (flat, middle)]
    chosen = np.concatenate(rows)
    panels += [right[n, 0], *left[chosen, 0]]
    names += [
        f"test: {data.PATCH_CLASSES[y_right[n]]}",
        *(data.PATCH_CLASSES[y_left[i]] for i in chosen),
    ]
show(viz.image_row(panels, names, columns=7, share=False, height=1.3), "17/neighbours")

# %% [markdown]
# Columns two to four are the neighbours by pixels, five to seven those by features. Pixels find patches that are dark at
# the same *places*. Features mostly find the same kind of *surface*, wherever its parts lie, though not always: two of the
# rocket's neighbours are bricks. In numbers, for $k = 1$ and only 20 training patches of each photograph:

# %% tags=["nbval-ignore-output"]
def neighbour_scores(where, per_class):
    """Accuracy of the nearest neighbour, for five draws of the training pictures."""
    draws = [few_per_class(y_left, per_class, np.random.default_rng(seed)) for seed in range(5)]
    found = [nearest_neighbours(where["train"][c], y_left[c], where["test"], 1) for c in draws]
    return (np.array(found) == y_right).mean(axis=1)


by_neighbour = {"pixels": neighbour_scores(flat, 20), "ninth block": neighbour_scores(middle, 20)}
table([(name, runs.mean(), runs) for name, runs in by_neighbour.items()],
      {"nearest neighbour by": "", "accuracy": ".2f", "five draws": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(by_neighbour["ninth block"], 0.5, "17/neighbours-by-features")
at_most(by_neighbour["pixels"], 0.3, "17/neighbours-by-pixels")

# %% [markdown]
# ## 4. Which layer?
#
# Most people take the last features. Is that the best choice? We put a probe
# on every layer (the mean over all places, one number per channel), with the puzzle's five patches per class and 20 draws of
# them, and do the same with three untrained networks and ten draws for each. Layer 0 is the first convolution with its batch
# norm, layers 1 to 16 are the blocks, and layer 17 is the last features.
#
# > **Predict.** For the trained network: does the accuracy rise to the end? And for the untrained ones: which of their layers
# > is the best?

# %%
def probe_layers(train, test, draws):
    """Accuracies (layers, draws) of probes on five patches per class."""
    labels = y_left[: len(train["_bn0"])]
    return np.array([
        scores(train[layer], labels, test[layer], y_right, 5, draws) for layer in LAYERS
    ])  # fmt: skip


blind = []  # three networks with random weights; they see 20 training patches of each class
for seed in range(3):
    torch.manual_seed(seed)
    net = efficientnet_lite0().eval()
    blind.append([features(net, as_input(x), LAYERS) for x in (left[:320], right)])
by_layer = {
    "ImageNet weights": probe_layers(known["train"], known["test"], draws=20),
    "random weights": np.concatenate([probe_layers(*one, draws=10) for one in blind], axis=1),
}

# %% tags=["plumbing"]
# Accuracy over the layer: 0 the first convolution, 1 to 16 the blocks, 17 the last features.
ylabel = "mean accuracy of the draws\n(bars: standard deviation)"
chart = viz.line_chart(np.arange(18), by_layer, "layer", ylabel, size=(7, 3.2))
chart.axes[0].set_xticks(range(0, 18, 2))
show(chart, "17/by-layer")

# %% tags=["plumbing", "nbval-ignore-output"]
# The accuracy of three layers: mean and standard deviation of the draws, for each network.
rows = [("ImageNet weights", by_layer["ImageNet weights"])]
rows += [(f"random weights, {k + 1}", runs)
         for k, runs in enumerate(np.split(by_layer["random weights"], 3, axis=1))]  # fmt: skip
heads = {"": "", "first block": "", "ninth block": "", "last features": ""}
table([(name, *(f"{runs[n].mean():.2f} ± {runs[n].std(ddof=1):.2f}" for n in (1, 9, 17)))
       for name, runs in rows], heads)  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
trained, random = by_layer["ImageNet weights"], by_layer["random weights"]
at_least(trained[9] - trained[17], 0.01, "17/middle-beats-last")
at_most(trained[9].mean() - trained[6:12].mean(), 0.03, "17/choice-flatters-little")
at_least(random[1], 0.25, "17/random-first-above-chance")
at_least(random[1] - random[17], 0.1, "17/random-first-beats-last")
at_least(trained[9].mean() - random[1].mean(), 0.2, "17/middle-beats-random")
at_most(trained[1].mean() - random[1].mean(), 0.05, "17/trained-first-block-no-better")
at_most(trained[0], 0.15, "17/batch-norm-means")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The trained network is best in its middle, and a little worse at its end. Yosinski and others (2014) describe the two sides: first
# layers are general, last layers are specific to the task they were trained for, and our patches are none of ImageNet's
# objects. The untrained networks are best at their *beginning*. Random filters are filters, too, and a mean of their ReLUs
# describes a texture; each further random layer mixes this up. In the first block the trained network has no clear advantage
# over the random ones. So "features from a network" beat pixels by far even
# without training (section 5 puts a probe on pixels), and training adds about as much again.
#
# One warning. We have now chosen a layer by its accuracy on the *test* patches, and we go on with the same patches. In a task of
# your own, choose the layer on validation pictures. Here the ninth block is hardly better than the mean of the blocks from the
# sixth to the eleventh, so the choice flatters the later numbers only a little.
#
# The first point of both curves is near chance, one in sixteen. There the features are the means of a convolution and
# batch norm *without* a ReLU. A mean of a linear filter is only the mean of the picture, and every patch has mean zero.
# </details>
#
# ## 5. How many labels?
#
# "Pre-trained features are always better." We test this on four tasks, from near to photographs to far from them:
#
# - **faces**: grey crops of 25×25 pixels of photographs, with a face or without;
# - **photographs**: the sixteen classes of the puzzle;
# - **garments**: Fashion-MNIST;
# - **shuffled garments**: the same garments, all with their 784 pixels in one fixed *random order*. A linear probe on
#   pixels cannot notice that. A convolution can: neighbours are no neighbours any more (lesson 01).
#
# > **Predict.** Five labels per class. On which tasks do Lite0's features beat the pixels? And where on this list does a
# > network with *random* weights beat the one with ImageNet weights?


# %%
def some(split, per_class=30):
    images, labels = data.fashion_mnist(split)
    chosen = few_per_class(labels, per_class, np.random.default_rng(0))
    return images[chosen][:, None], labels[chosen]


def shuffled(images):
    order = np.random.default_rng(1).permutation(784)
    return images.reshape(len(images), 784)[:, order].reshape(images.shape)


faces = [(images[:, None], labels) for images, labels in map(data.faces, ("train", "test"))]
garments = [some(split) for split in ("train", "test")]
TASKS = {
    "faces": faces,
    "garments": garments,
    "shuffled garments": [(shuffled(images), labels) for images, labels in garments],
}

# %%
sources = {"photographs": {
    "pixels": flat, "middle": middle, "last": {p: known[p][None] for p in known},
    "random last": {"train": blind[0][0][None], "test": blind[0][1][None]},
}}  # fmt: skip
for task, parts in TASKS.items():
    x = {part: as_input(images) for part, (images, _) in zip(("train", "test"), parts, strict=True)}
    ours = {part: features(lite0, x[part], ["_blocks.8", None]) for part in x}
    sources[task] = {
        "pixels": {part: x[part][:, 0].flatten(1).numpy() for part in x},
        "middle": {part: ours[part]["_blocks.8"] for part in x},
        "last": {part: ours[part][None] for part in x},
        "random last": {part: features(untrained, x[part]) for part in x},
    }


# %%
def on_task(task, source, per_class, draws=5):
    labels = {t: (p[0][1], p[1][1]) for t, p in TASKS.items()} | {"photographs": (y_left, y_right)}
    train, truth = labels[task]
    where = sources[task][source]
    train = train[: len(where["train"])]
    return scores(where["train"], train, where["test"], truth, per_class, draws)


NEAR_TO_FAR = ["faces", "photographs", "garments", "shuffled garments"]
SOURCES = ["pixels", "random last", "last", "middle"]
at_five = {
    task: {source: on_task(task, source, 5, draws=20) for source in SOURCES} for task in NEAR_TO_FAR
}

# %% tags=["plumbing", "nbval-ignore-output"]
# The four tasks, near to far.
heads = {"task, 5 labels per class": ""} | dict.fromkeys(SOURCES, ".2f")
table([(task, *(runs.mean() for runs in one.values())) for task, one in at_five.items()], heads)
table([(task, *(runs.std(ddof=1) for runs in one.values())) for task, one in at_five.items()],
      heads, "Standard deviation over the twenty draws")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
gain = {task: one["middle"] - one["pixels"] for task, one in at_five.items()}
at_least(gain["faces"], 0.02, "17/faces-gain")
at_least(gain["photographs"], 0.4, "17/photographs-gain")
near = at_five["garments"]
at_most(abs(gain["garments"].mean()), 0.1, "17/garments-middle-like-pixels")
at_least(near["middle"] - near["last"], 0.01, "17/garments-middle-beats-last")
at_most(near["last"] - near["pixels"], 0.02, "17/garments-last-no-gain")
at_most(gain["shuffled garments"], -0.03, "17/shuffled-loss")
far = at_five["shuffled garments"]
at_most(far["last"] - far["random last"], -0.02, "17/shuffled-random-wins")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# On faces and on photographs the features win, on photographs by a very wide margin. On garments those of the middle are about
# as good as the pixels (the difference is smaller than its spread over the draws), and the last ones are worse than the middle:
# a garment stands in the middle of its picture, so its pixels are already a good description. On shuffled garments the features
# *lose*, and the last features of the network with random weights are better than those of the one with ImageNet weights.
# What Lite0 has learned about photographs (edges continue, neighbours are alike) is false there, and false knowledge is worse
# than none.
# </details>
#
# Now from 1 to 100 labels per class, on the photographs:

# %% tags=["plumbing"]
# Labels per class against accuracy.
PER_CLASS = (1, 2, 5, 10, 20, 50, 100)
curves = {
    name: np.array([on_task("photographs", source, n) for n in PER_CLASS])
    for name, source in [
        ("probe, ninth block", "middle"),
        ("probe, last features", "last"),
        ("probe, pixels", "pixels"),
    ]
}
curves["neighbour, ninth block"] = np.array([neighbour_scores(middle, n) for n in PER_CLASS])


def over_labels(x, curves):
    ylabel = "accuracy of five draws\n(bars: standard deviation)"
    chart = viz.line_chart(x, curves, "labels per class", ylabel, size=(7, 3.2), log="x")
    chart.axes[0].set_xticks(x, labels=map(str, x))
    chart.axes[0].minorticks_off()
    return chart


show(over_labels(PER_CLASS, curves), "17/labels")

# %% tags=["check"]
# Check that the text is true.
probe = curves["probe, ninth block"]
at_least(probe[0] - curves["probe, pixels"][-1], 0.2, "17/one-label-beats-hundred")
at_most(curves["probe, pixels"], 0.2, "17/pixels-never")

# %% [markdown]
# With *one* label per class the features are better than the pixels with a hundred. The pixels never leave chance: a
# texture has no fixed places, so no linear function of the pixels can know it. This is a task on which features are
# everything. (At 100 labels every draw is all of the 1,600 patches, so there is no spread.)
#
# The ninth block and the last features come closer to each other from left to right. Their difference, on the same draws:

# %% tags=["nbval-ignore-output"]
ahead = {}
for n in (1, 2, 5, 20):
    ninth, last = (on_task("photographs", source, n, draws=20) for source in ("middle", "last"))
    ahead[n] = ninth - last
heads = {"labels per class": "d", "mean of 20 draws": ".3f", "standard deviation": ".3f"}
table([(n, gap.mean(), gap.std(ddof=1)) for n, gap in ahead.items()], heads,
      "Accuracy, ninth block minus last features")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(ahead[1], 0.04, "17/middle-beats-last-at-one-label")
at_most(ahead[20] - ahead[1], 0, "17/middle-is-less-ahead-at-20")

# %% [markdown]
# So which layer is the best depends on the number of labels, too. With one or two labels per class the middle is well ahead.
# With 20 the difference is smaller and no longer far from its spread over the draws, so a few draws cannot show whether the
# middle is still ahead.
#
# ## 6. A new head, and more than the head
#
# A probe leaves the network as it is. The next step is to put a **new head** in the place of the last linear layer and
# to train it by gradient descent, together with as much of the old network as one likes. How many numbers learn?

# %%
network = replace_head(efficientnet_lite0(pretrained=True), 16)
everything = sum(p.numel() for p in network.parameters())
head = sum(p.numel() for p in network._fc.parameters())
late = head + sum(p.numel() for part in (*network._blocks[11:], network._conv_head, network._bn1)
                  for p in part.parameters())  # fmt: skip
print(f"head only: {head:,}   from block 12 on: {late:,}   everything: {everything:,}")

# %% tags=["check"]
# Check that the text is true.
assert head == 1280 * 16 + 16 == 20_496

# %% [markdown]
# Fine-tuning takes too long for this page, so it was done by a command of the course,
# `python -m tools.keep_transfer`, and its results are stored with the command, the seeds and the time. Five draws each, 60 steps
# of 16 patches. Batch norms keep ImageNet's statistics. The small CNN from nothing has three convolutions and 400 steps.
#
# > **Predict.** Which is best with 5 labels per class, and which with 100: the probe on the middle, the last blocks with a new
# > head, everything, or the small CNN from nothing?

# %%
kept = data.training_history("17_transfer")
STORED = {"small CNN, from nothing": "patches-scratch", "last blocks": "patches-last-blocks",
          "everything": "patches-everything"}  # fmt: skip
counts = kept["patches-everything"]["per_class"]
stored = {name: np.array(kept[run]["accuracy"]) for name, run in STORED.items()}
stored["probe, ninth block"] = np.array([probe[PER_CLASS.index(n)] for n in counts])
print(
    kept["patches-everything"]["command"],
    "took",
    kept["patches-everything"]["seconds"],
    "s of one core",
)

# %% tags=["plumbing", "nbval-ignore-output"]
# The stored runs beside the probe.
table([(name, *(f"{runs.mean():.2f} ± {runs.std(ddof=1):.2f}" for runs in rows))
       for name, rows in stored.items()],
      ["labels per class", *map(str, counts)],
      "Accuracy: mean and standard deviation of five draws")  # fmt: skip

# %% tags=["plumbing"]
# The same as curves.
show(over_labels(counts, stored), "17/fine-tuned")

# %% tags=["check"]
# Check that the text is true.
at = {name: dict(zip(counts, runs, strict=True)) for name, runs in stored.items()}
at_least(at["probe, ninth block"][1] - at["everything"][1], 0.03, "17/probe-beats-all-at-1")
at_least(at["probe, ninth block"][100] - at["everything"][100], 0.05, "17/probe-beats-all-at-100")
assert all(stored["probe, ninth block"].mean(axis=1) > stored["everything"].mean(axis=1))
at_least(at["everything"][5] - at["small CNN, from nothing"][5], 0.05, "17/pretrained-start-helps")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The probe wins at every number of labels, although it has no training loop and the least freedom. Every weight that may
# move has to be determined by the labels, and 80 pictures do not determine millions of weights. With 100 labels per class
# the probe has seen all 1,600 pictures, and 60 steps have seen 960. With many more steps the gap may narrow; that is not
# measured here. The start from ImageNet is worth it in any case: with five labels per class, *everything* is far above
# the small CNN.
#
# The puzzle's order for five labels is: middle, last features, small CNN, random weights, pixels.
# </details>
#
# So try the cheap method first. It also tells you what fine-tuning has to beat.
#
# Sections 7 to 10 show four accidents. None of them raises an error.
#
# ## 7. Preprocessing that differs
#
# A network knows pictures of one scale. Suppose that someone forgets the scaling and gives it values from 0 to 1, or
# from 0 to 255. We try all pairs: the probe is fitted with one preprocessing (row) and tested with another (column).
#
# > **Predict.** Which is worse: the *same wrong* preprocessing in training and test, or a *right* one in training and a
# > wrong one in the test?

# %% tags=["nbval-ignore-output"]
WRONG = {"0 to 1": lambda x: (x + 1) / 2, "0 to 255": lambda x: 127 + 128 * x}
x_left, x_right = as_input(left[:640]), as_input(right)  # 40 training patches of each class
seen = {"right": [middle["train"][:640], middle["test"]]}
for name, change in WRONG.items():
    seen[name] = [features(lite0, change(x), "_blocks.8") for x in (x_left, x_right)]
mixed = np.array([
    [scores(train, y_left[:640], test, y_right, 20, draws=10) for _, test in seen.values()]
    for train, _ in seen.values()
])  # fmt: skip
table([(name, *(f"{runs.mean():.2f} ± {runs.std(ddof=1):.2f}" for runs in row))
       for name, row in zip(seen, mixed, strict=True)],
      ["training \\ test", *seen],
      "Accuracy, 20 labels per class: mean and standard deviation of ten draws")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(mixed[0, 0] - mixed[2, 2], 0.03, "17/wrong-twice-costs")
at_least(mixed[2, 2] - mixed[0, 2], 0.2, "17/wrong-once-costs-more")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The same wrong preprocessing on both sides costs something, and less than one would fear: the probe adapts to the odd features.
# A *difference* between training and test is worse. Between the first two ways, which are near to each other, it costs little.
# With 0 to 255 on one side only, it is a disaster. So the most dangerous place for this accident is not the
# training script but the program that uses the network later. Keep preprocessing and weights together, and test the pair on a
# picture whose answer you know.
# </details>
#
# ## 8. A frozen network that learns
#
# "Freezing is `requires_grad = False`." We freeze Lite0 that way, put a new head on it, call `train()` as every training
# loop does, and train only the head, with 20 labels per class, for 30 steps of 16 patches. Before and after we look at what
# should not have changed: the features of the test patches.
#
# > **Predict.** The old weights get no gradient, and no optimiser knows them. Can the features change?


# %% tags=["nbval-ignore-output"]
def train_head(frozen_with, seed):
    """Train a new head; return the change of the features, and the test accuracy."""
    torch.manual_seed(seed)
    network = efficientnet_lite0(pretrained=True)
    frozen_with(network)
    replace_head(network, 16)
    nn.init.zeros_(network._fc.weight)
    chosen = few_per_class(y_left, 20, np.random.default_rng(seed))
    groups = [{"params": list(network._fc.parameters()), "lr": 0.1}]
    x, y = as_input(left[chosen]), torch.from_numpy(y_left[chosen])
    network.train()
    descend_groups(network, groups, x, y, steps=30)
    after = features(network, x_right)
    with torch.no_grad():
        found = network._fc(torch.from_numpy(after)).argmax(dim=1).numpy()
    before = known["test"][None]
    change = np.linalg.norm(after - before) / np.linalg.norm(before)
    return change, (found == y_right).mean()


by_flag = np.array([train_head(lambda net: net.requires_grad_(False), seed) for seed in range(5)])
by_freeze = np.array([train_head(freeze, seed) for seed in range(5)])
table([("requires_grad = False", *by_flag.T), ("freeze", *by_freeze.T)],
      {"five starts": "", "change of the features": ".2f", "accuracy": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(by_flag[:, 0], 0.3, "17/flag-moves-features")
assert (by_freeze[:, 0] < 1e-6).all()  # the same to rounding
at_least(by_freeze[:, 1] - by_flag[:, 1], 0, "17/freeze-is-better")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The features change by a large part of their size, in every start, and with `freeze` not at all. Batch norm has two kinds of
# memory: $\gamma$ and $\beta$ learn by gradients, the running mean and variance learn by *looking* (lesson 08). In training mode
# each forward pass moves them, with any value of `requires_grad`. Besides, the head was trained on features that were normalised
# with each batch's own statistics, and is used with others. On average of the five starts the accuracy is lower, by an amount that
# differs much from start to start.
# </details>
#
# `freeze` of the package sets the flag, *and* keeps the batch norms in evaluation mode, also when `train()` is called later.
# Dropout is left alone. You write it in the exercises. Where nothing in the frozen part changes, its features can
# also be kept on disk, and then the accident cannot happen at all.
#
# How fast do running statistics move? With momentum $m$ each batch leaves $1 - m$ of what was there. By hand, for a mean of 0
# and batches whose mean is 1. (This is one batch norm. The features pass through all of Lite0's, one after the other, so
# a change of one part need not be a change of the same part in them.)

# %%
running, momentum = 0.0, 0.01  # Lite0's momentum; PyTorch's usual one is 0.1
for _ in range(30):
    running = (1 - momentum) * running + momentum * 1.0
print(f"after 30 batches: {running:.3f}, and 1 − 0.99^30 = {1 - 0.99**30:.3f}")

# %% tags=["check"]
# Check that the text is true.
assert np.isclose(running, 1 - 0.99**30)

# %% [markdown]
# ## 9. One learning rate for old and new
#
# A new head starts from nothing and needs a large learning rate. The old layers know something, and a large rate destroys
# it before the head can send a useful gradient. Section 6 used 0.02 for the head and a tenth of it for the rest. The
# stored runs have one more: 0.02 for *everything*.
#
# > **Predict.** Five labels per class, five starts. How much accuracy does one rate for all cost?

# %% tags=["nbval-ignore-output"]
two_rates = np.array(kept["patches-everything"]["accuracy"][counts.index(5)])
one_rate = np.array(kept["patches-one-rate"]["accuracy"][0])
table([("a tenth for old layers", two_rates.mean(), two_rates),
       ("one rate", one_rate.mean(), one_rate)],
      {"": "", "mean accuracy": ".2f", "five starts": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(two_rates - one_rate, 0.1, "17/one-rate-costs")
at_most(one_rate, 0.15, "17/one-rate-guesses")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Everything. Four of the five networks end at exactly one in sixteen: this is what a network has that gives every patch the
# same class. The fifth is hardly above. The two rates differ by a factor of ten, and the old layers do not survive the larger one.
# </details>
#
# Howard and Ruder (2018) go further and give *each* stage a rate of its own: the last learns at $\eta$, each earlier one
# at $d$ times the rate of the next, so the stage that is $k$ steps from the end has
#
# $$ \boxed{\; \eta_k = \eta\, d^{\,k} \;} $$
#
# because early layers are the most general. For five stages:

# %%
eta, decay = 0.1, 0.5
print("from the first stage to the last:", [eta * decay**k for k in range(4, -1, -1)])

# %% [markdown]
# ## 10. Test pictures among the training pictures
#
# Data sets are collected, and the same picture gets into training and test. With nearest neighbours we can compute what
# that does: a duplicate has cosine 1 with itself. If a share $s$ of the test pictures is also in the training set, and the
# accuracy on new pictures is $a$, the measured one is $s \cdot 1 + (1 - s)\, a$.
#
# More common is a *near* duplicate: another crop of the same photograph, the next frame of a film, another slice of the same
# patient. Here that is easy to make: test patches that overlap with training patches, because they come from the left
# halves too.
#
# > **Predict.** The probe on the ninth block, 20 and 100 labels per class: how much does a test set from the left halves flatter?

# %% tags=["nbval-ignore-output"]
near, y_near = data.photograph_patches(15, "train", seed=1)  # other patches of the same halves
f_near = features(lite0, as_input(near), "_blocks.8")
rows, gaps = [], {}
for n in (20, 100):
    new = scores(middle["train"], y_left, middle["test"], y_right, n)
    flattered = scores(middle["train"], y_left, f_near, y_near, n)
    gaps[n] = flattered - new
    rows.append((n, new.mean(), flattered.mean(), gaps[n]))
table(
    rows,
    {
        "labels per class": "d",
        "right halves": ".2f",
        "left halves": ".2f",
        "difference, five draws": ".2f",
    },
)

# %% tags=["check"]
# Check that the text is true.
at_least(gaps[20], 0.06, "17/near-duplicates-flatter")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The number looks clearly better, and nothing has improved. Only the question has become easier: "have I seen this place?"
# in place of "is this the same surface?". Barz and Denzler (2020) found that 3.3 % of CIFAR-10's test images, and 10 % of CIFAR-100's,
# have such near duplicates in the training set. The cure is to **split by source** (photograph, patient, day) before
# cutting anything. And features find duplicates: look at the pairs with the largest cosines.
# </details>
#
# ## 11. Forgetting, and first layers from noise
#
# *(This section can wait.)* A fine-tuned network has a new task. What is left of the old one? The stored runs kept ImageNet's old
# head. After fine-tuning they put it back and asked for the class of 96 colour crops of 112 pixels, from the right halves. The number is
# how often the class is the same as before.
#
# > **Predict.** 60 steps at the small rate, on 16 or on 80 grey patches. On what share of the crops does the network still agree
# > with its former self?

# %% tags=["nbval-ignore-output"]
agrees = np.array(kept["patches-everything"]["still_agrees"])
table([(n, runs.mean(), runs) for n, runs in zip(counts, agrees, strict=True)],
      {"labels per class": "d", "still agrees": ".2f", "five draws": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_most(agrees[1:], 0.3, "17/forgets")
at_most(agrees[0], 0.6, "17/forgets-from-16-patches")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With one label per class on about a third, with more labels on a tenth or less. The old head still stands for the old classes, but the features under it have moved. McCloskey and
# Cohen (1989) called this *catastrophic interference*: nothing in the new loss asks to keep the old knowledge. A network that has to do both
# keeps the old weights (a probe does), or trains on both.
# </details>
#
# And one question about *what* transfers. We train a tiny network on garments of five classes, and its
# twin on pure noise with random labels. Then the first layer of each (16 filters, ReLU, pooling) gives features for the
# *other* five classes, with a probe on ten labels each. A third network is not trained at all.
#
# > **Predict.** In which order do garments, noise and nothing come?


# %% tags=["nbval-ignore-output"]
def tiny():
    return nn.Sequential(nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(784, 5))  # fmt: skip


x_small, y_small = data.small_garments("train")
x_check, y_check = data.small_garments("test", 1000)
old, later, checked = y_small < 5, y_small >= 5, y_check >= 5
found = {"garments": [], "noise": [], "nothing": []}
for seed in range(5):
    chosen = few_per_class(y_small[later].numpy(), 10, np.random.default_rng(seed))
    for teacher, results in found.items():
        torch.manual_seed(seed)
        net, noise = tiny(), torch.randn(500, 1, 14, 14)
        if teacher == "garments":
            descend(net, x_small[old], y_small[old], steps=100, lr=0.02, batch_size=32)
        elif teacher == "noise":
            descend(net, noise, torch.randint(5, (500,)), steps=100, lr=0.02, batch_size=32)
        with torch.no_grad():
            f_few, f_check = (net[:4](x).numpy()
                              for x in (x_small[later][chosen], x_check[checked]))  # fmt: skip
        labels = y_small[later][chosen].numpy() - 5, y_check[checked].numpy() - 5
        results.append(score(f_few, labels[0], f_check, labels[1]))
table([(name, np.mean(runs), np.array(runs)) for name, runs in found.items()],
      {"first layer learned from": "", "accuracy": ".2f", "five starts": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
differences = np.array(
    [np.subtract(found["garments"], found[name]) for name in ("noise", "nothing")]
)
at_most(np.abs(differences.mean(axis=1)), 0.04, "17/first-layers-are-alike")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In no order: the three are about equal. Sixteen filters of any kind, a ReLU and pooling keep nearly all that is in a
# small picture, and the probe does the rest. So a first layer is no proof that something was transferred. In Lite0, too,
# the trained first block has no clear advantage over random ones (the figure of section 4). What ImageNet teaches sits deeper.
# </details>
#
# For a full run, `cnncourse train lite0 --data fashion-mnist --freeze 12` trains Lite0 with its first twelve parts frozen: the
# first convolution and eleven blocks, as for "last blocks" in section 6. `--freeze features` trains a new head only, and
# `--size` sets the side, in pixels, to which the images are enlarged.
#
# ## Claims to test
#
# 1. "Pre-trained features are always better."
# 2. "Freezing is `requires_grad = False`."
#
# > **Predict.** In what sense is each of them true?

# %% tags=["plumbing", "nbval-ignore-output"]
# The measurements, one line per claim.
print(
    "1. ninth block minus pixels, five labels:",
    {task: round(float(g.mean()), 2) + 0 for task, g in gain.items()},
)
print(
    f"2. change of the features: {by_flag[:, 0].mean():.2f} with the flag, "
    f"{by_freeze[:, 0].mean():.2f} with freeze"
)

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **True near to what the network has seen, false far from it.** On photographs one label with features beats a hundred
#    with pixels. On garments there is hardly a difference, and on shuffled garments ImageNet's weights lose to the
#    pixels and even to random weights. And it matters *which* features: with few labels the middle was better than the end.
# 2. **True of the parameters, false of the network.** Running statistics move all the same, and the features with them.
# </details>

# %% [markdown]
# ## Summary
#
# 1. A frozen network is a function from pictures to features. Compute them once and keep them. A linear probe has a closed
#    form, and neighbours need no fit at all.
# 2. Choose the layer by measuring. The last one is made for the old task.
# 3. With few labels the probe beats fine-tuning. Fine-tune with a small rate for old layers and a large one for the new
#    head.
# 4. Freeze statistics as well as gradients, use one preprocessing everywhere, and split by source before cutting.
# 5. What was learned helps where it is true. On a task with other regularities it can be worse than nothing.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** Features 0, 2, 4 of three pictures, targets 0, 0, 1, $\lambda = 4$. What is $w$, and what is $b$?
#
# <details><summary>Answer</summary>
#
# $w = 2/(8 + 4) = 1/6$. The means are 2 and 1/3, so $b = 1/3 - 2/6 = 0$.
# </details>
#
# **2.** What does the probe predict for very large $\lambda$?
#
# <details><summary>Answer</summary>
#
# $W$ goes to 0, and $b$ to the shares of the classes. The most frequent class always wins.
# </details>
#
# **3.** A network has eight stages, the last learns at 0.1 and $d = 0.5$. At which rate does the first one learn?
#
# <details><summary>Answer</summary>
#
# It is 7 steps from the end: $0.1 \cdot 0.5^7 \approx 0.00078$.
# </details>
#
# **4.** With momentum 0.1, after how many batches has less than 1 % of the old running mean remained?
#
# <details><summary>Answer</summary>
#
# $0.9^n < 0.01$ for $n \geq 44$.
# </details>
#
# **5.** Nearest neighbours reach 0.76 on a test set. A fifth of it turns out to be in the training set. How good are they on new
# pictures?
#
# <details><summary>Answer</summary>
#
# $0.76 = 0.2 + 0.8\, a$, so $a = 0.7$.
# </details>

# %%
f, y = np.array([0.0, 2.0, 4.0]), np.array([0.0, 0.0, 1.0])
w = ((f - f.mean()) @ (y - y.mean())) / (((f - f.mean()) ** 2).sum() + 4)
print("1.", round(w, 4), abs(round(y.mean() - w * f.mean(), 4)))
W, b = linear_probe(f[:, None], np.array([0, 0, 1]), 2, 1e9)
print("2.", np.abs(W).max() < 1e-6, b.round(3))
print("3.", 0.1 * 0.5**7)
print("4.", next(n for n in range(100) if 0.9**n < 0.01))
print("5.", round((0.76 - 0.2) / 0.8, 3))

# %% [markdown]
# ## Where to read more
#
# - J. Donahue, Y. Jia, O. Vinyals, J. Hoffman, N. Zhang, E. Tzeng, T. Darrell, "DeCAF: A deep convolutional activation
#   feature for generic visual recognition", ICML (2014), arXiv:1310.1531.
# - J. Yosinski, J. Clune, Y. Bengio, H. Lipson, "How transferable are features in deep neural networks?", NIPS (2014),
#   arXiv:1411.1792: general and specific layers.
# - G. Alain, Y. Bengio, "Understanding intermediate layers using linear classifier probes" (2016), arXiv:1610.01644.
# - J. Howard, S. Ruder, "Universal language model fine-tuning for text classification", ACL (2018), arXiv:1801.06146:
#   section 3.2, a rate for each layer.
# - B. Barz, J. Denzler, "Do we train on test data? Purging CIFAR of near-duplicates", Journal of Imaging (2020),
#   arXiv:1902.00423.
# - M. McCloskey, N. J. Cohen, "Catastrophic interference in connectionist networks: The sequential learning problem",
#   Psychology of Learning and Motivation 24 (1989).
#
# **Next:** do the [exercises of this unit](../exercises/17_transfer_learning/17_transfer_learning.ipynb). Then lesson
# [18 Detection](18_detection.ipynb) asks not only what is in a picture, but where.
