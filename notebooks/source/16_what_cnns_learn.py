# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 16 · What CNNs learn
#
# [Start](00_start_here.ipynb) · previous: [15 SENet to ConvNeXt](15_senet_to_convnext.ipynb) ·
# next: [17 Transfer learning](17_transfer_learning.ipynb) ·
# [exercises of this unit](../exercises/16_what_cnns_learn/16_what_cnns_learn.ipynb)
#
# **After this lesson you can**
#
# - show what the layers of a network answer to: templates, filters, patches, and images made to excite them;
# - compute saliency, integrated gradients, occlusion, CAM and Grad-CAM, and derive how they are connected;
# - judge an explanation where the truth is known, and check whether it depends on the network at all;
# - measure whether a network reads shape or texture, what each of its layers knows, and how little deceives it.
#
# **Time** about 95 minutes, with the questions. The code runs in about a minute. On a short evening read sections 4, 5, 7,
# 8 and 9, and run the cells of section 6 all the same: section 9 uses names from there. Sections 1, 2 and 12 can wait.
#
# **You should know** lesson 06 (gradients with respect to the input), lesson 07 (global average pooling), lesson 09
# (softmax and cross-entropy).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from cnncourse import at_least, at_most, data, explain, show, table, viz
from cnncourse.data.cue_conflict import SHAPES, TEXTURES, cue_images
from cnncourse.explain.scene_networks import kept_comparison, kept_networks, mosaics
from cnncourse.torch_nn.models.efficientnet_lite import (
    efficientnet_lite0,
    imagenet_classes,
    preprocess,
)
from cnncourse.torch_nn.training import descend
from cnncourse.transfer import linear_probe
from cnncourse.viz.widgets.class_maps import ClassMaps

torch.set_num_threads(1)  # for small networks, dividing the work costs more than the work

# %% [markdown]
# ## A puzzle
#
# EfficientNet-Lite0 of lesson 15 sees a cup of coffee and says *espresso*. A method of 2014, **guided backpropagation**
# (section 5), makes a picture of what the network looked at. We make it twice: for the trained network, and for a copy
# whose last twelve layers have been destroyed. In each of these layers all weights were shuffled among themselves.

# %%
NAMES = imagenet_classes()
lite0 = efficientnet_lite0(pretrained=True)
x_cup = preprocess(data.photograph("coffee"))  # (1, 3, 224, 224)
ESPRESSO = [NAMES.index("espresso")]
destroyed = explain.randomise(lite0, np.random.default_rng(0), layers=12)


def best(network, x):
    """The class that the network finds most probable, and its probability."""
    with torch.no_grad():
        p = network(x).softmax(dim=1)[0]
    return NAMES[p.argmax()], p.max().item()


for name, network in (("trained", lite0), ("destroyed", destroyed)):
    print(f"{name:10}", "{}, p = {:.2f}".format(*best(network, x_cup)))


# %% tags=["plumbing"]
# Two pictures by guided backpropagation.
def as_grey(one, top=0.995):
    """A map in [0, 1], cut at a quantile: a few single pixels would make the rest black."""
    one = np.asarray(one)
    return np.clip(one / max(np.quantile(one, top), 1e-12), 0, 1)


pair = [
    as_grey(explain.guided_backpropagation(net, x_cup, ESPRESSO)[0]) for net in (destroyed, lite0)
]
cup_pixels = np.asarray(127 + 128 * x_cup[0].permute(1, 2, 0)).clip(0, 255).astype(np.uint8)
show(
    viz.image_row([cup_pixels, *pair], ["the photograph", "A", "B"], height=2.6),
    "16/which-is-which",
)

# %% tags=["check"]
# Check that the text is true.
assert best(lite0, x_cup)[0] == "espresso"
assert best(destroyed, x_cup)[0] != "espresso"

# %% [markdown]
# One of them explains a network that no longer tells a cup from a cat. **Which one, A or B?** Write your answer down.
# Section 9 has it, and says how to test an explanation.
#
# ## 1. Templates
#
# *(This section can wait.)* What can a weight look like at all? We train three networks on the same garments of 14×14
# pixels, from one start each, so that their accuracies do not rank them, and draw their weights: a linear classifier, an MLP with 16 hidden units, and a network whose only convolution
# has eight 5×5 filters.

# %% tags=["nbval-ignore-output"]
x_train, y_train = data.small_garments("train")
x_test, y_test = data.small_garments("test", 1000)
torch.manual_seed(0)
linear = nn.Sequential(nn.Flatten(), nn.Linear(196, 10))
mlp = nn.Sequential(nn.Flatten(), nn.Linear(196, 16), nn.ReLU(), nn.Linear(16, 10))
conv = nn.Sequential(nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                     nn.Linear(8 * 49, 10))  # fmt: skip
for name, net in {"linear": linear, "MLP": mlp, "convolution": conv}.items():
    descend(net, x_train, y_train, steps=200, lr=0.05)
    with torch.no_grad():
        right = (net(x_test).argmax(dim=1) == y_test).double().mean().item()
    print(f"{name:12}{right:.2f}")

# %% tags=["plumbing", "nbval-ignore-output"]
# The weights as pictures.
pictures = [
    *linear[1].weight.detach().reshape(10, 14, 14),
    *mlp[1].weight.detach()[:10].reshape(10, 14, 14),
    *conv[0].weight.detach()[:, 0],
]
titles = [
    *(name.split("/")[0] for name in data.FASHION_CLASSES),
    *(f"hidden {k}" for k in range(10)),
    *(f"filter {k}" for k in range(8)),
]
show(
    viz.image_row(pictures, titles, columns=10, share=False, signed=True, height=0.85),
    "16/templates",
)

# %% [markdown]
# In the first row each class has **one picture**: red where light pixels speak for the class, blue where they speak
# against it. You can see trousers and a pullover. One picture has to serve all pullovers. The MLP (second row) has a
# bank of such pictures, which its classes share. Each of them still covers the *whole* image: a pullover that is moved
# by some pixels needs another template. The filters of the convolution (third row) are templates of a *small piece*,
# and are used at every place.
#
# ## 2. The first layers of a real network
#
# *(This section can wait.)* Lite0's first layer has 3×3 kernels. A 3×3 picture shows little, so we look at what the next
# two blocks make of them. After its second block a unit sees 11×11 pixels. The units are not linear, but the mean of a
# unit's gradient over many photographs is a simple linear stand-in: an **effective filter** of 3×11×11.

# %%
crops = []
for name in data.photographs():
    pixels = data.photograph(name)
    pixels = np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels
    for y, x in rng.integers([len(pixels) - 32, pixels.shape[1] - 32], size=(6, 2)):
        crops.append(pixels[y : y + 32, x : x + 32].transpose(2, 0, 1))
crops = (torch.from_numpy(np.stack(crops)).float() - 127) / 128


def effective_filters(net):
    """The mean gradient of the middle unit of each channel after two blocks: (24, 3, 11, 11)."""
    x = crops.clone().requires_grad_()
    maps = F.relu6(net._bn0(net._conv_stem(x)))
    for block in net._blocks[:2]:
        maps = block(maps)
    middle = maps[:, :, 4, 4].sum(dim=0)
    rows = [torch.autograd.grad(unit, x, retain_graph=True)[0].mean(dim=0) for unit in middle]
    return torch.stack(rows)[:, :, 11:22, 11:22].numpy()


shuffled = explain.randomise(lite0, np.random.default_rng(0))  # all layers
learned, random = effective_filters(lite0), effective_filters(shuffled)

# %% [markdown]
# Unit 02 made kernels by hand:

# %% tags=["plumbing"]
# Five of unit 02's kernels: grey is zero.
sobel_x = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
by_hand = {
    "blur": np.ones((3, 3)), "Sobel x": sobel_x, "Sobel y": sobel_x.T,
    "diagonal": np.array([[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]),
    "Laplacian": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
}  # fmt: skip
rows = [np.repeat(0.5 + 0.5 * w[None] / np.abs(w).max(), 3, axis=0) for w in by_hand.values()]
show(viz.image_row(rows, list(by_hand), height=0.85), "16/kernels-by-hand")

# %% [markdown]
# > **Predict.** Which of them do you expect among the 24 effective filters?

# %% tags=["plumbing", "nbval-ignore-output"]
# Effective filters in colour: grey is zero.
rows = [0.5 + 0.5 * one / np.abs(one).max() for one in (*learned[:20], *random[:10])]
titles = ["learned"] * 20 + ["shuffled"] * 10
show(viz.image_row(rows, titles, columns=10, height=0.85), "16/effective-filters")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Edges at several angles, as in unit 02, and two things that were not there: **colours** (a green spot in a red
# surround, blue against yellow), and stripes that fade out to all sides. With shuffled weights nothing of it is left.
# </details>
#
# An eye finds what it looks for, so we measure: lay each kernel, also two and three times as large, at every place of a
# filter, and keep the largest cosine of the angle between the two (1: equal but for a factor). The best of 24 filters
# counts. Five networks with shuffled weights say what chance finds.


# %% tags=["nbval-ignore-output"]
def likeness(w, filters):
    """The largest |cosine| of w, at sizes 1 to 3 and at every place, with one of the filters."""
    lengths, best = np.sqrt((filters**2).sum(axis=(1, 2))), 0
    for size in (1, 2, 3):
        large = np.kron(w, np.ones((size, size)))
        windows = np.lib.stride_tricks.sliding_window_view(filters, large.shape, axis=(1, 2))
        products = np.einsum("nyxij,ij->nyx", windows, large) / np.linalg.norm(large)
        best = max(best, (np.abs(products).max(axis=(1, 2)) / lengths).max())
    return best


nets = [explain.randomise(lite0, one) for one in rng.spawn(5)]
by_chance = [effective_filters(net).sum(axis=1) for net in nets]
found = {name: likeness(w, learned.sum(axis=1)) for name, w in by_hand.items()}
chance = {name: [likeness(w, one) for one in by_chance] for name, w in by_hand.items()}
table(
    [(name, found[name], np.mean(chance[name]), np.std(chance[name], ddof=1)) for name in by_hand],
    {"kernel": "", "learned": ".2f", "shuffled, mean": ".2f", "standard deviation": ".2f"},
    "Likeness of unit 02's kernels to the most similar effective filter",
)

# %% tags=["check"]
# Check that the text is true.
at_least(min(found.values()), 0.6, "16/kernels-by-hand-are-found")
more = {name: found[name] - np.mean(chance[name]) for name in by_hand if name != "Laplacian"}
at_least(np.mean(list(more.values())), 0.1, "16/kernels-by-hand-beat-chance")

# %% [markdown]
# Blur and edges are there, in every direction, and more alike than chance finds. The Laplacian proves less: a spot with an
# opposite surround is what some shuffled networks have as well.
#
# A wave under a bell is called a **Gabor** function:
#
# $$ G(x, y) = e^{-(x^2 + y^2) / 2 s^2} \big( a \cos 2\pi f u + b \sin 2\pi f u \big), \qquad
#    u = x \cos\theta + y \sin\theta $$
#
# For given angle $\theta$, frequency $f$ and width $s$, the best $a$ and $b$ are a linear least-squares problem. So we
# try a grid of the other three and note which share of a filter's energy (the sum of its squares) the best Gabor function
# explains. We first add the three colours of each filter, so this is about its grey part only.

# %% tags=["nbval-ignore-output"]
rows, columns = np.indices((11, 11)) - 5.0
waves = []
for s in (1.2, 1.8, 2.6, 3.5):
    for f in (0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
        for angle in np.arange(12) * np.pi / 12:
            u = 2 * np.pi * f * (columns * np.cos(angle) + rows * np.sin(angle))
            bell = np.exp(-(rows**2 + columns**2) / (2 * s**2))
            waves.append(np.stack([bell * np.cos(u), bell * np.sin(u)], axis=-1).reshape(121, 2))


def explained(w):
    """The largest share of w's energy that one Gabor function explains."""
    fits = [wave @ np.linalg.lstsq(wave, w.ravel(), rcond=None)[0] for wave in waves]
    return 1 - min(((w.ravel() - fit) ** 2).sum() for fit in fits) / (w**2).sum()


grey = {"learned": learned.sum(axis=1), "shuffled": random.sum(axis=1),
        "white noise": rng.normal(size=(24, 11, 11))}  # fmt: skip
share = {name: np.array([explained(w) for w in filters]) for name, filters in grey.items()}
table(
    [(name, np.median(s), s.max()) for name, s in share.items()],
    {"": "", "median": ".2f", "largest": ".2f"},
    "Energy that a Gabor function explains",
)

# %% tags=["check"]
# Check that the text is true.
at_least(share["learned"], 0.4, "16/gabor-of-learned")
at_most(share["shuffled"], 0.3, "16/gabor-of-shuffled")

# %% [markdown]
# About half of the energy of a learned filter, and with five numbers; of noise a small part. Why this shape? A wave has a
# *direction* and a *frequency*, a bell has a *place*, and a Gabor function is the best compromise between the two.
# Filters like that come out of very different algorithms, if they are fed with photographs (Olshausen and Field, 1996).
# So they say at least as much about photographs as about CNNs.
#
# ## 3. Which patches excite a channel?
#
# Deeper down no effective filter helps: the units are far from linear. We do what Zeiler and Fergus (2014) did, and look
# for the pieces of real images to which a channel answers most. Thirteen photographs are few, but we have them all.

# %%
PHOTOS = ["astronaut", "camera", "cat", "coffee", "rocket", "motorcycle", "hubble", "moon", "coins",
          "brick", "grass", "gravel", "clock"]  # fmt: skip
x_photos = torch.cat([preprocess(data.photograph(name)) for name in PHOTOS])
LAYERS = {"block 2": (1, 20), "block 5": (4, 48), "block 11": (10, 96)}  # index, side of a patch
with torch.no_grad():
    maps, after = F.relu6(lite0._bn0(lite0._conv_stem(x_photos))), {}
    for k, block in enumerate(lite0._blocks[:11]):
        maps = block(maps)
        after[k] = maps
pixels = (127 + 128 * x_photos.permute(0, 2, 3, 1)).numpy().clip(0, 255).astype(np.uint8)


def strongest(maps, side, channel, count=4):
    """The patch around the maximum of each photograph, those of the `count` largest maxima."""
    patches, h = [], maps.shape[2]
    for n in maps[:, channel].amax(dim=(1, 2)).topk(count).indices.tolist():
        place = np.array(divmod(int(maps[n, channel].argmax()), h)) * 224 // h + 112 // h
        y, x = np.clip(place - side // 2, 0, 224 - side)
        patches.append(pixels[n, y : y + side, x : x + side])
    return patches


# %% [markdown]
# From each layer we take the two channels whose maxima stand out most from the channel's mean.
#
# > **Predict.** Early layers detect edges, late layers detect objects, say the lecture notes. What will the four patches
# > of one channel have in common in block 2, in block 5, in block 11?

# %% tags=["plumbing"]
# Two channels of each layer, four photographs each.
patches = []
for k, side in LAYERS.values():
    peak = after[k].amax(dim=(2, 3)).topk(4, dim=0).values.mean(dim=0)
    stands_out = (peak - after[k].mean(dim=(0, 2, 3))) / after[k].std(dim=(0, 2, 3))
    for channel in stands_out.topk(2).indices.tolist():
        patches += strongest(after[k], side, channel)
titles = [f"{name} {c}" if i == 0 else "" for name in LAYERS for c in "AB" for i in range(4)]
show(viz.image_row(patches, titles, columns=8, height=1.15), "16/patches")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In block 2 the patches have edges or thin lines, many of them upright, but not all. In block 5 one channel answers to bright curved
# strips. In block 11 the crater and the coins excite both channels, and the second one also the cat's eye. They are not
# one kind of object, rather something *round that stands apart*; and the mast and the motorcycle do not fit even that. So
# "objects" is a name that we give. The channel itself answers to whatever excites it, and thirteen photographs show a
# small part of that. Section 12 replaces names by a measurement.
# </details>
#
# One can also *make* an image that excites a unit, by gradient ascent from noise (Erhan and others, 2009). For three
# classes:
#
# > **Predict.** After 40 steps, how sure of its class will the network be, and will you recognise it?

# %% tags=["nbval-ignore-output"]
WANTED = ["espresso", "strawberry", "zebra"]
labels = torch.tensor([NAMES.index(name) for name in WANTED]).repeat(5)  # five draws of noise each
noise = torch.from_numpy(0.05 * np.random.default_rng(0).standard_normal((15, 3, 112, 112))).float()
dreamt = explain.activation_maximisation(lite0, noise, labels, steps=40, lr=2.0, l2=0.002, shift=6)
with torch.no_grad():
    sure = lite0(dreamt).softmax(dim=1)[range(15), labels].reshape(5, 3).numpy()
table([(WANTED[k], sure[:, k].mean(), sure[:, k]) for k in range(3)],
      {"": "", "probability, mean": ".2f", "by draw of noise": ".2f"})  # fmt: skip

# %% tags=["plumbing", "nbval-ignore-output"]
# The images of the first draw.
show(viz.image_row(list(0.5 + 0.3 * dreamt[:3].numpy()), WANTED, height=2.2), "16/dreamt")

# %% tags=["check"]
# Check that the text is true.
at_least(sure[:, 1:].mean(axis=1), 0.8, "16/sure-of-noise")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Of the strawberry and the zebra it is sure after each draw of noise, of the espresso after some. And we see noise, with
# an arc here and some stripes there at best. The pleasant pictures of this kind that one finds in books need
# further terms that prefer smooth images, so a good part of what they show comes from those terms and not from the network.
# And section 11 shows that such noise can be very small.
# </details>
#
# ## 4. The gradient as a map
#
# Now one image and one class. Which pixels matter? For small changes the answer is lesson 06's gradient: a pixel matters
# if the class's logit $z$ changes with it. Simonyan, Vedaldi and Zisserman (2014) take, at each pixel, the largest
# absolute derivative over the colours:
#
# $$ \boxed{\; M_{ij} = \max_c \left| \frac{\partial z_{label}}{\partial x_{cij}} \right| \;} $$
#
# By hand, with two pixels: $z = 2\,\mathrm{relu}(x_1 - x_2) - \mathrm{relu}(x_2)$.

# %%
rows = []
for pixels_by_hand in ([3.0, 1.0], [1.0, 3.0]):
    x = torch.tensor(pixels_by_hand, requires_grad=True)
    z = 2 * torch.relu(x[0] - x[1]) - torch.relu(x[1])
    (gradient,) = torch.autograd.grad(z, x)
    rows.append((str(pixels_by_hand), z.item(), gradient.tolist()))
table(rows, {"x": "", "z": ".0f", "gradient": ".0f"})

# %% tags=["check"]
# Check that the text is true.
assert rows == [("[3.0, 1.0]", 3.0, [2.0, -3.0]), ("[1.0, 3.0]", -3.0, [0.0, -1.0])]

# %% [markdown]
# In the first line both ReLUs are open: the derivatives are $2$ and $-2 - 1 = -3$, and the map is $(2, 3)$. In the second
# line one ReLU is closed, and the first pixel seems not to matter at all. Yet if it grew to 4, it would. **A gradient
# speaks of small changes only.**
#
# Three lines of PyTorch compute the map, and a handful more leave the network as it was: in evaluation mode, without a
# trace in any `.grad`. You write it in the exercises. A real map is noisy. *SmoothGrad* (Smilkov and others, 2017)
# averages the gradients of some noisy copies of the image.

# %%
maps = {
    "saliency": explain.saliency(lite0, x_cup, ESPRESSO),
    "SmoothGrad": explain.smoothgrad(lite0, x_cup, ESPRESSO, samples=6),
}

# %% [markdown]
# ## 5. Three rules for one ReLU
#
# On the way back, a ReLU passes a gradient where its *input* was positive. Two methods replace this rule. The **deconvnet**
# of Zeiler and Fergus (2014) asks only whether the *gradient* is positive. **Guided backpropagation** (Springenberg and
# others, 2014) asks for both. Four entries show all cases:

# %%
given, g = np.array([2.0, -1.0, 3.0, -4.0]), np.array([5.0, 6.0, -7.0, -8.0])
RULES = {"backpropagation": given > 0, "deconvnet": g > 0, "guided": (given > 0) & (g > 0)}
table(
    [
        ("input", given),
        ("gradient", g),
        *((name, np.where(passes, g, 0)) for name, passes in RULES.items()),
    ],
    {"": "", "four entries": ".0f"},
)

# %% tags=["check"]
# Check that the text is true.
assert np.where(RULES["guided"], g, 0).tolist() == [5, 0, 0, 0]

# %%
maps["guided"] = explain.guided_backpropagation(lite0, x_cup, ESPRESSO)
maps["deconvnet"] = explain.deconvnet(lite0, x_cup, ESPRESSO)

# %% tags=["plumbing"]
# Four maps of the cup.
show(
    viz.image_row([as_grey(one[0]) for one in maps.values()], list(maps), height=2.3),
    "16/four-gradients",
)

# %% [markdown]
# Which one would you publish? Guided backpropagation is cleaner than the plain gradient. SmoothGrad, with only six copies
# and rather strong noise, is no calmer here: the cup is hard to see in it. The grid in the deconvnet's map
# shows the strides of the network and nothing of the cup. Keep in mind that neither of the last two is the derivative
# of anything: with a rule of one's own, no chain rule says what comes out. Section 9 tests them.
#
# ## 6. Integrated gradients
#
# The second line of the table in section 4 said that a pixel does not matter because its ReLU is closed. Or take
# $f(x) = 1 - \mathrm{relu}(1 - x)$, which rises up to $x = 1$ and is flat from there. At $x = 2$ its derivative is 0,
# although $f(2) - f(0) = 1$. Sundararajan, Taly and Yan (2017) walk from a **baseline** $b$ to the image in a straight
# line and average the gradient *on the way*:
#
# $$ \boxed{\; M = (x - b) \odot \int_0^1 \nabla z\big(b + t (x - b)\big)\, dt \;} $$
#
# Here $\odot$ multiplies entry by entry, so $M$ has the shape of $x$. (For a picture we then add the three colours.)
#
# With four steps, taken in the middle: $x = 0.25, 0.75, 1.25, 1.75$. The derivatives are 1, 1, 0, 0, their mean is 0.5,
# and $(2 - 0) \cdot 0.5 = 1$: exactly $f(2) - f(0)$. This is no accident. By the chain rule
# $\frac{d}{dt} z(b + t(x - b)) = \nabla z \cdot (x - b)$, so the entries of $M$ **add up to** $z(x) - z(b)$. The method
# is *complete*. On one of three networks that come with this lesson (section 9), with a black image as the baseline:

# %%
networks = kept_networks()
test = data.scenes(200, split="test")
x_scenes, y_scenes = torch.from_numpy(test.images).float() / 255, torch.from_numpy(test.labels)
few, of_few = x_scenes[:10], y_scenes[:10]

# %% tags=["nbval-ignore-output"]
gaps = []
for steps in (1, 4, 16, 64):
    found = explain.integrated_gradients(networks[0], few, of_few, steps=steps)
    gap = explain.completeness_gap(networks[0], few, of_few, found).abs().mean().item()
    gaps.append((str(steps), found.sum(dim=(1, 2)).abs().mean().item(), gap))
table(gaps, {"steps": "", "mean |sum of the map|": ".2f", "mean gap": ".3f"})

# %% tags=["check"]
# Check that the text is true.
at_most(gaps[-1][2], 0.15 * gaps[0][2], "16/completeness-gap")

# %% [markdown]
# The gap closes as the steps grow. Completeness says how *much* is distributed, and not that it is distributed
# well: the factor $x - b$ gives nothing to a pixel that equals the baseline. With a black baseline, nothing black can
# ever be important.
#
# ## 7. Cover it and see
#
# All this needs derivatives. The simplest explanation needs none: cover a part, and see how far the logit falls (Zeiler
# and Fergus, 2014). By hand, on an image of 4×4 with a "network" that counts light in the upper half and subtracts what
# is in the lower right corner:

# %%
image = np.array([[9, 1, 0, 0], [1, 1, 0, 0], [0, 0, 2, 2], [0, 0, 2, 2.0]])


def count_light(image):
    return image[:2].sum() - image[2:, 2:].sum()


for place in ((0, 0), (0, 2), (2, 2)):
    covered = image.copy()
    covered[place[0] : place[0] + 2, place[1] : place[1] + 2] = 0
    print("square at", place, "fall:", count_light(image) - count_light(covered))

# %% tags=["check"]
# Check that the text is true.
assert count_light(image) == 4

# %% [markdown]
# The first square held what speaks for the class, the second nothing, the third what speaks *against* it: without it the
# number rises, so the fall is negative. On the photograph a square of 56×56 pixels moves in steps of 28. What does the
# square show where it covers? We choose grey; another choice gives another map.

# %%
maps["integrated"] = explain.integrated_gradients(lite0, x_cup, ESPRESSO, steps=8).abs()
maps["occlusion"] = explain.occlusion(lite0, x_cup, ESPRESSO, size=56, stride=28).relu()

# %% [markdown]
# ## 8. Class activation maps
#
# Lite0 ends as many networks do: the last maps $A_c$ (here 1280 of 7×7 places) are averaged, and one linear layer makes
# the logits. Mean and sum can change places (Zhou and others, 2016):
#
# $$ z_k = b_k + \sum_c W_{kc} \frac{1}{hw} \sum_{ij} A_{cij}
#        = b_k + \frac{1}{hw} \sum_{ij} \underbrace{\sum_c W_{kc} A_{cij}}_{\text{CAM}_{ij}} $$
#
# So the logit *is* the mean of a map, the **class activation map**, plus the bias. It needs this kind of head. *Grad-CAM*
# (Selvaraju and others, 2017) needs only gradients. It takes any layer's maps and weights each by its mean gradient:
#
# $$ M = \mathrm{relu}\Big(\sum_c \alpha_c A_c\Big), \qquad
#    \alpha_c = \frac{1}{hw} \sum_{ij} \frac{\partial z_k}{\partial A_{cij}} $$
#
# > **Predict.** For this head: what is $\partial z_k / \partial A_{cij}$? And what is then Grad-CAM, in terms of CAM?

# %%
cam = explain.cam(lite0, x_cup, ESPRESSO, resize=False)[0]
grad_cam = explain.grad_cam(lite0, x_cup, ESPRESSO, resize=False)[0]
with torch.no_grad():
    z = lite0(x_cup)[0, ESPRESSO[0]]
mean_plus_bias = cam.mean() + lite0._fc.bias[ESPRESSO[0]]
print("mean of the CAM + bias is the logit:", torch.isclose(z, mean_plus_bias, atol=1e-4).item())
ratio = (cam.relu() / grad_cam)[grad_cam > 1e-6]
print(f"relu(CAM) / Grad-CAM: {ratio.min():.3f} to {ratio.max():.3f}")

# %% tags=["check"]
# Check that the text is true.
assert torch.isclose(z, mean_plus_bias, atol=1e-4)
assert torch.allclose(49 * grad_cam, cam.relu(), atol=1e-3)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# $\partial z_k / \partial A_{cij} = W_{kc} / hw$, the same at each place. So $\alpha_c = W_{kc} / hw$, and Grad-CAM is
# relu(CAM)$/hw$: here a 49th of it. For this head the two are one method.
# </details>

# %% tags=["plumbing"]
# Four more maps of the cup.
maps["CAM"] = explain.cam(lite0, x_cup, ESPRESSO).relu()
shown = [cup_pixels, *(as_grey(maps[name][0]) for name in ("integrated", "occlusion", "CAM"))]
titles = ["the photograph", "integrated gradients", "occlusion", "CAM"]
show(viz.image_row(shown, titles, height=2.3), "16/coarse-and-fine")

# %% [markdown]
# CAM is coarse: 7×7 places, enlarged. It looks convincing because it is a smooth spot on the object. The widget has more
# of them: six classes, and five single channels of the last maps. Click a class or a channel, or use the
# arrow keys. Which parts of the photograph speak for *wooden spoon*, and which for *Egyptian cat*?

# %% tags=["plumbing"]
# Maps of eleven classes and channels, computed here once.
CLASSES = ["espresso", "cup", "coffee mug", "plate", "wooden spoon", "Egyptian cat"]
ids = torch.tensor([NAMES.index(name) for name in CLASSES])
with torch.no_grad():
    blocks, logits = F.relu6(lite0._bn0(lite0._conv_stem(x_cup))), lite0(x_cup)[0, ids]
    for block in lite0._blocks:
        blocks = block(blocks)
    last = F.relu6(lite0._bn1(lite0._conv_head(blocks)))[0]
by_class = explain.cam(lite0, x_cup.expand(len(ids), -1, -1, -1), ids, resize=False).numpy()
strong = (lite0._fc.weight[ESPRESSO[0]] * last.mean(dim=(1, 2))).topk(5).indices.tolist()
groups = {
    "classes": [
        (name, f"Its logit is {z:.1f}.", one)
        for name, z, one in zip(CLASSES, logits, by_class, strict=True)
    ],
    "channels of the last maps": [
        (f"channel {c}", "It adds much to espresso.", last[c].numpy()) for c in strong
    ],
}
thumbnail = (
    np.asarray(cup_pixels).reshape(112, 2, 112, 2, 3).mean(axis=(1, 3)).round().astype(np.uint8)
)
ClassMaps(thumbnail, groups)

# %% [markdown]
# ## 9. Explanations judged
#
# Everything so far was judged by eye. The eye asks: does the bright spot lie on the object? That is the wrong question if
# the *network* looked elsewhere. And it is a question that can be counted where the truth is known: on our scenes, in
# which class and mask of the one object are known for each pixel. Three small VGGs with a CAM head were trained on scenes
# of 32×32 pixels and come with the course. Their explanations were judged in five ways:
#
# - **pointing**: does the map's maximum lie on the object (Zhang and others, 2016)?
# - **inside**: which share of the map's positive part lies inside the mask?
# - **deletion** and **insertion**: how fast does the probability fall when the most important pixels are covered first,
#   and how fast does it rise when they come back first (Petsiuk, Das and Saenko, 2018)? The number is the mean probability on
#   the way from nothing to everything covered, or back. For deletion a small one is good, for insertion a large one.
# - **randomised**: how alike are the map and that of the network with shuffled weights (Adebayo and others, 2018)?
#   A map that stays the same explains no network.
# - **mosaic**: four scenes of different classes are put together to one image, and we ask for one of the classes. Which
#   share lies in its quarter (Böhle, Fritz and Schiele, 2021)? A map that does not depend on the class has a quarter.
#
# With them compete three maps that know nothing of the network: the **centre** of the image, its **edges**, and random
# numbers.
#
# > **Predict.** Which of the eight methods points at the object more often than the centre of the image does?

# %%
kept = kept_comparison()
print(kept["command"], "| scenes:", kept["scenes"], "| accuracies:",
      [round(run["accuracy"], 2) for run in kept["runs"]])  # fmt: skip
JUDGED = ["pointing", "inside", "deletion", "insertion", "randomised", "mosaic"]
METHODS = list(kept["runs"][0]["table"])


def judged(method, what):
    """The means of the three networks."""
    return np.array([run["table"][method][what][0] for run in kept["runs"]])


def entry(values):
    return f"{values.mean():.2f} ± {values.std(ddof=1):.2f}"


table(
    [(name, *(entry(judged(name, what)) for what in JUDGED)) for name in METHODS],
    dict.fromkeys(["", *JUDGED], ""),
    "Mean of three networks ± their standard deviation",
)

# %% tags=["plumbing"]
# The same as a figure: one dot per network.
figure, axes = viz.figure_grid(1, 6, size=(10, 3.4), sharey=True)
better = {"deletion": "less is better", "randomised": "near 0 is better"}
for place, what in zip(axes[0], JUDGED, strict=True):
    for k, name in enumerate(METHODS):
        network_free = name in explain.BASELINES
        place.plot(judged(name, what), [-k] * 3, "x" if network_free else "o", markersize=5,
                   color="0.45" if network_free else "tab:blue")  # fmt: skip
    place.set_title(what)
    place.set_xlabel(better.get(what, "more is better"), fontsize=9)
    place.grid(axis="x", color="0.9")
    place.axhline(-7.5, color="0.6", linewidth=0.8)
axes[0, 0].set_yticks(-np.arange(len(METHODS)), METHODS)
show(figure, "16/all-judged")

# %% tags=["check"]
# Check that the text is true.
middle = judged("centre", "pointing")
for name in ("integrated gradients", "guided backpropagation", "occlusion"):
    assert (judged(name, "pointing") > middle + 0.03).all()
for name in ("saliency", "deconvnet", "CAM", "Grad-CAM"):
    assert (judged(name, "pointing") < middle - 0.05).all()
for name in ("saliency", "SmoothGrad", "deconvnet"):
    assert (judged(name, "mosaic") < 0.3).all()
for name in ("integrated gradients", "guided backpropagation"):
    assert (judged(name, "inside") > 0.75).all()
    assert (judged(name, "mosaic") < 0.4).all()
for name in ("occlusion", "CAM", "Grad-CAM"):
    assert (judged(name, "mosaic") > 0.45).all()
assert (judged("edges", "randomised") == 1).all()

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Only three: integrated gradients, guided backpropagation and occlusion. Saliency, the deconvnet, CAM and Grad-CAM clearly lose
# against "it is in the middle", a map that has never seen the network, and SmoothGrad is not better, either. (It is lower by 0.05.
# From 200 scenes, a share of 0.8 has a standard error of $\sqrt{0.8 \cdot 0.2 / 200} = 0.03$, so this says little.) So a share of
# hits says nothing unless a map without a network is judged, too.
#
# Integrated gradients and guided backpropagation look perfect: they point at the object practically always, and more than three
# quarters of them lie inside. But the last column takes it back. In a mosaic only a third of them lies in the
# quarter that is asked for, little more than chance (a quarter). They show *things*, whatever the class. With
# occlusion, CAM and Grad-CAM half or more lies in the right quarter, and CAM, so poor at pointing, is among the best. The judgements do not
# agree with each other, because they ask different questions. (CAM and Grad-CAM differ a little: before it is judged, CAM keeps
# its negative values.)
# </details>
#
# How can two methods point at the object every time and hardly care for the class? We try one more map that knows nothing
# of any network, the **colourfulness** of each pixel: the largest of red, green and blue minus the smallest.
#
# > **Predict.** How often does the most colourful pixel lie on the object?

# %%
judged_scenes = data.scenes(kept["scenes"], seed=kept["scenes_seed"], split="test")
colourful = judged_scenes.images.max(axis=1).astype(float) - judged_scenes.images.min(axis=1)
points = explain.pointing_game(colourful, judged_scenes.masks)
lies_inside = explain.share_inside(colourful, judged_scenes.masks).mean()
print(f"colourfulness: pointing {points:.2f}, inside {lies_inside:.2f}")

# %% tags=["check"]
# Check that the text is true.
assert points > judged("occlusion", "pointing").mean()
assert lies_inside > judged("occlusion", "inside").mean()

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In 95 of 100 scenes: at least as often as with occlusion, and more often than with any other method but those two. The garments of our scenes are painted in vivid
# colours, and the photographs behind them are rather grey. So a map of colour contrasts wins at pointing,
# with a network or without. The truth was known to the pixel, and still the *data* had an easy way that the judge did not see.
# Ask of each benchmark which map without a network would do well in it.
# </details>
#
# The mosaics show best what "explaining *this* class" means. One of them, with the quarter that is asked for:

# %% tags=["nbval-ignore-output"]
images, wanted, quarters = mosaics(test, np.random.default_rng(4), 3)
x_mosaic = torch.from_numpy(images).float() / 255
CHOSEN = ["saliency", "integrated gradients", "guided backpropagation", "deconvnet", "Grad-CAM"]
on_mosaics = {
    name: explain.METHODS[name](networks[1], x_mosaic, torch.from_numpy(wanted)) for name in CHOSEN
}

# %% tags=["plumbing", "nbval-ignore-output"]
# Three mosaics and five maps of each.
pictures, titles = [], []
for n in range(3):
    y, x = np.argwhere(quarters[n])[0] // 32
    garment = data.FASHION_CLASSES[wanted[n]].split("/")[0]
    asked = f"{garment}, {['upper', 'lower'][y]} {['left', 'right'][x]}"
    pictures += [
        images[n],
        *(as_grey(np.maximum(np.asarray(one[n]), 0)) for one in on_mosaics.values()),
    ]
    titles += [
        asked,
        *(["saliency", "integrated", "guided", "deconvnet", "Grad-CAM"] if n == 0 else [""] * 5),
    ]
show(viz.image_row(pictures, titles, columns=6, height=1.5), "16/mosaics")

# %% [markdown]
# In the first row even Grad-CAM points at the wrong garment, the boot. That need not be the method's fault: for this
# network a boot speaks for *sneaker*, too. An explanation that points at the wrong object can be right about the network.
#
# Back to the puzzle. We shuffle Lite0's layers from the output on, first one layer, then more, and compare the map of the
# cup with that of the trained network (the rank correlation of the pixels: 1 is "the same picture").
#
# > **Predict.** Which map changes with the first layer? Which one is still the same after twelve?

# %% tags=["nbval-ignore-output"]
CASCADE = {"saliency": explain.saliency, "guided": explain.guided_backpropagation,
           "deconvnet": explain.deconvnet, "CAM": explain.cam}  # fmt: skip
LAYERS_SHUFFLED = (1, 12, 40)
alike = {(name, layers): [] for name in CASCADE for layers in LAYERS_SHUFFLED}
trained = {name: method(lite0, x_cup, ESPRESSO) for name, method in CASCADE.items()}
for shuffle in range(12):
    for layers in LAYERS_SHUFFLED:
        broken = explain.randomise(lite0, np.random.default_rng(shuffle), layers)
        for name, method in CASCADE.items():
            other = method(broken, x_cup, ESPRESSO)
            alike[name, layers].append(explain.similarity(trained[name], other)[0])
shown = {key: f"{np.mean(r):.2f} ± {np.std(r, ddof=1):.2f}" for key, r in alike.items()}
table([(name, *(shown[name, k] for k in LAYERS_SHUFFLED)) for name in CASCADE],
      {"": ""} | {f"{k} shuffled": "" for k in LAYERS_SHUFFLED})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(alike["guided", 12], 0.95, "16/guided-does-not-care")
at_least(alike["deconvnet", 12], 0.9, "16/deconvnet-does-not-care")
at_most(alike["CAM", 12], 0.3, "16/cam-cares")
at_most(alike["saliency", 12], 0.8, "16/saliency-cares-a-little")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The puzzle's answer: **A** is the destroyed network, and **B** the trained one. The two maps correlate by 0.95 or more,
# so the eye cannot tell them apart. Guided backpropagation and the deconvnet make the same picture whatever the last
# twelve layers compute: the deconvnet its grid, guided backpropagation the cup's edges. It answers to the image and to the
# first layers, much as an edge detector does. Nie, Zhang and Patel (2018) show why: with positive gradients only, it comes
# close to reconstructing the image. Saliency and CAM both change with the first layer. After twelve, nothing of CAM's map is
# left on average, as it should be (it has only 49 places, so single shuffles differ widely), but saliency's is still rather
# like the old one. (This is one photograph, shuffled twelve times; the table of the scenes has 200 of them.)
#
# But now look at the table of the scenes again, where guided backpropagation does well in the randomised test. There
# *all* layers were shuffled, the first ones included. One test is not enough.
# </details>
#
# ## 10. Texture or shape?
#
# "CNNs recognise shapes." Do our scene networks? We paint each garment with its own mean colour, so that nothing but the
# outline is left. Then we do the opposite, and cover the background with grey.

# %% tags=["nbval-ignore-output"]
on_object = torch.from_numpy(test.masks)[:, None]
colour = (x_scenes * on_object).sum(dim=(2, 3), keepdim=True) / on_object.sum(
    dim=(2, 3), keepdim=True
)
VERSIONS = {"as they are": x_scenes, "outline alone": torch.where(on_object, colour, x_scenes),
            "no background": torch.where(on_object, x_scenes, torch.tensor(0.5))}  # fmt: skip


def accuracy(net, x, y):
    with torch.no_grad():
        return (net(x).argmax(dim=1) == y).double().mean().item()


rights = {
    name: np.array([accuracy(net, x, y_scenes) for net in networks]) for name, x in VERSIONS.items()
}
table([(name, runs.mean(), runs) for name, runs in rights.items()],
      {"": "", "mean accuracy": ".2f", "three networks": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_most(rights["as they are"] - rights["outline alone"], 0.12, "16/outline-is-enough")

# %% [markdown]
# The outline is nearly all they need: in these scenes colour and texture say nothing about the class. So is the claim
# true? Geirhos and others (2019) showed networks trained on ImageNet a cat with an elephant's skin, and they said
# *elephant*. We build such a **cue conflict** in which both cues are equally good: outlines of trousers, bags and boots,
# filled with brick, grass or gravel. In training, outline and texture agree. In the test they contradict each other.

# %%
N = 1000
kinds = rng.integers(3, size=N)
agree = torch.from_numpy(cue_images(kinds, kinds, rng))
unrelated = torch.from_numpy(cue_images(kinds, rng.integers(3, size=N), rng))
shapes = rng.integers(3, size=300)
textures = (shapes + rng.integers(1, 3, size=300)) % 3
conflict = torch.from_numpy(cue_images(shapes, textures, rng, "test"))


def cue_network():
    layers, channels = [], 1
    for width in (8, 16, 32):
        layers += [
            nn.Conv2d(channels, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(2) if width < 32 else nn.AdaptiveAvgPool2d(1),
        ]
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32, 3))


# %% tags=["plumbing"]
# Three pictures of each kind.
pictures = [*agree[:4, 0], *conflict[:4, 0]]
titles = [f"{list(SHAPES)[k]}, {TEXTURES[k]}" for k in kinds[:4]]
titles += [
    f"{list(SHAPES)[s]}, {TEXTURES[t]}" for s, t in zip(shapes[:4], textures[:4], strict=True)
]
show(viz.image_row(pictures, titles, columns=4, height=1.5), "16/cue-conflict")

# %% [markdown]
# > **Predict.** A network that was trained on the upper row sees the lower row. Does it go by the outline or by the
# > texture? And one that was trained on pictures whose texture says nothing about the class?

# %% tags=["nbval-ignore-output"]
by = {}
for name, x in (("both cues agree", agree), ("texture says nothing", unrelated)):
    says = []
    for seed in range(5):
        torch.manual_seed(seed)
        net = cue_network()
        descend(net, x, torch.from_numpy(kinds), steps=100, lr=0.1, batch_size=32)
        with torch.no_grad():
            says.append(net.eval()(conflict).argmax(dim=1).numpy())
    by[name] = np.array([[(s == shapes).mean(), (s == textures).mean()] for s in says])
table(
    [(name, *runs.mean(axis=0), runs[:, 0]) for name, runs in by.items()],
    {
        "trained with": "",
        "by outline": ".2f",
        "by texture": ".2f",
        "by outline, five starts": ".2f",
    },
)

# %% tags=["check"]
# Check that the text is true.
both, nothing = by.values()
at_least(both[:, 1] - both[:, 0], 0.2, "16/texture-wins")
at_least(nothing[:, 0] - nothing[:, 1], 0.15, "16/shape-where-texture-is-useless")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# By the texture, clearly, although the outline would have served as well. A texture is local: small kernels and global
# average pooling find it within a few layers. The outline has to be put together from far apart pieces. Where the texture is
# useless, the same network learns the outline. So a CNN recognises **what the training data make easiest**, and the
# network is not to blame alone: Geirhos and others got a bias for shape by training with exchanged textures.
# </details>
#
# ## 11. Adversarial examples
#
# The gradient also says how to *mislead* a network. Goodfellow, Shlens and Szegedy (2015) add to each number of the image
# the same small $\varepsilon$, with the sign that raises the loss: $x + \varepsilon\, \mathrm{sign}(\partial L / \partial x)$,
# the **fast gradient sign method** (FGSM). If $z = w \cdot x$ were linear, it would change by $\varepsilon \sum_i |w_i|$.
# With $3 \cdot 224 \cdot 224 = 150{,}528$ numbers that is a lot, even for a small $\varepsilon$. A random sign for each number
# typically changes $z$ by $\varepsilon \sqrt{\sum_i w_i^2}$ only, which is smaller by a factor of up to
# $\sqrt{150{,}528} \approx 388$.
#
# > **Predict.** $\varepsilon$ is a quarter of a grey level: 0.25 of 255. No screen could show it. What is left of the
# > 0.91 for *espresso*? And with random signs?

# %% tags=["nbval-ignore-output"]
x = x_cup.clone().requires_grad_()
(slope,) = torch.autograd.grad(F.cross_entropy(lite0(x), torch.tensor(ESPRESSO)), x)
coin = torch.from_numpy(rng.choice([-1.0, 1.0], size=x_cup.shape)).float()
left = {}
with torch.no_grad():
    for levels in (0, 0.25, 1):
        for name, signs in (("FGSM", slope.sign()), ("random signs", coin)):
            p = lite0(x_cup + levels / 128 * signs).softmax(dim=1)[0]
            left[name, levels] = p[ESPRESSO[0]].item(), NAMES[p.argmax()]
table(
    [
        (name, *(f"{left[name, k][0]:.2f} ({left[name, k][1]})" for k in (0, 0.25, 1)))
        for name in ("FGSM", "random signs")
    ],
    {"grey levels:": "", "0": "", "0.25": "", "1": ""},
    "p(espresso), and the best class",
)

# %% tags=["check"]
# Check that the text is true.
at_most(left["FGSM", 0.25][0], 0.4, "16/fgsm-quarter-of-a-level")
at_least(left["random signs", 1][0], 0.8, "16/random-signs-do-nothing")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# A quarter of a grey level turns the espresso into a *consommé*. Random signs of four times that size change nothing.
# The direction does it, and not the size.
# </details>
#
# Is this a fault of one network? We compute the attack with one scene network and show the images to *another*, which
# was trained from another start.
#
# > **Predict.** $\varepsilon$ is 8 of 255. Which accuracy has the attacked network, which have the others, and which
# > have all of them under random signs?

# %% tags=["nbval-ignore-output"]
EPS = 8 / 255


def loss_signs(net):
    x = x_scenes.clone().requires_grad_()
    return torch.autograd.grad(F.cross_entropy(net(x), y_scenes), x)[0].sign()


coins = torch.from_numpy(rng.choice([-1.0, 1.0], size=x_scenes.shape)).float()
attacked = [(x_scenes + EPS * loss_signs(net)).clamp(0, 1) for net in networks]
hit = np.array(
    [[accuracy(net, x, y_scenes) for net in networks] for x in attacked]
)  # [made for, seen by]
noisy = np.array(
    [accuracy(net, (x_scenes + EPS * coins).clamp(0, 1), y_scenes) for net in networks]
)
own, others = np.diag(hit), hit[~np.eye(3, dtype=bool)]
rows = [
    ("no change", rights["as they are"]),
    ("random signs", noisy),
    ("made for another network", others),
    ("made for this network", own),
]
table([(name, runs.mean(), runs) for name, runs in rows],
      {"": "", "mean accuracy": ".2f", "each": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_most(own, 0.35, "16/fgsm-own")
at_most(others - rights["as they are"].mean(), -0.15, "16/fgsm-transfers")
at_least(noisy - rights["as they are"], -0.08, "16/noise-is-harmless")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Random signs do nothing. The attacked network falls below a third of its accuracy or so, and the attack **transfers**:
# networks that it was not made for lose much, too. They have learned similar functions from the same data, so similar directions
# mislead them.
# </details>
#
# ## 12. What each layer knows
#
# *(This section can wait.)* Run its cells all the same: later ones use `known`. Section 3 gave names to channels. A **linear probe** (Alain and Bengio, 2016) measures
# instead: train a linear classifier on a layer's outputs and see how well a property can be read from them. We ask for
# three properties of a scene: the *class*, the *colour* of the object (is red, green or blue its largest mean?), and its
# *position* (the column of its centre, by linear regression; the share $R^2$ of its variance that is explained). The
# features are a layer's channels, averaged over all places.
#
# > **Predict.** Which of the three rises with depth, and which falls? And can the position be read at all from
# > features that are averaged over all places?

# %%
probing = data.scenes(1200, seed=5, split="train")


def properties(batch):
    """Class, colour and column of each scene's object."""
    inside = batch.masks[:, None]
    colour = (batch.images * inside).sum(axis=(2, 3)) / inside.sum(axis=(2, 3))
    return batch.labels, colour.argmax(axis=1), batch.boxes[:, [0, 2]].mean(axis=1)


def features(net, batch):
    """The mean of each channel after each ReLU, standardised: a list of arrays (N, C)."""
    x, found = torch.from_numpy(batch.images).float() / 255, []
    with torch.no_grad():
        for layer in net[:-3]:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                found.append(x.mean(dim=(2, 3)).double().numpy())
    return found


# %% tags=["nbval-ignore-output"]
TRAIN, TEST = properties(probing), properties(test)
known = np.zeros((3, 3, 6))  # networks, properties, layers
for n, net in enumerate(networks):
    for layer, (f, g) in enumerate(zip(features(net, probing), features(net, test), strict=True)):
        mean, std = f.mean(axis=0), f.std(axis=0) + 1e-6
        f, g = (f - mean) / std, (g - mean) / std
        for k, classes in enumerate((10, 3)):
            W, b = linear_probe(f, TRAIN[k], classes, l2=30.0)
            known[n, k, layer] = ((g @ W.T + b).argmax(axis=1) == TEST[k]).mean()
        ones, more = (np.c_[a, np.ones(len(a))] for a in (f, g))
        guess = more @ np.linalg.lstsq(ones, TRAIN[2], rcond=None)[0]
        known[n, 2, layer] = 1 - ((guess - TEST[2]) ** 2).mean() / TEST[2].var()
table(
    [(f"layer {k + 1}", *known[:, :, k].mean(axis=0)) for k in range(6)],
    {"": "", "class": ".2f", "colour": ".2f", "position, R²": ".2f"},
    "Mean of three networks",
)

# %% tags=["plumbing", "nbval-ignore-output"]
# The same as lines, one for each network.
panels = {
    what: {f"network {n + 1}": known[n, k] for n in range(3)}
    for k, what in enumerate(("class", "colour", "position"))
}
show(
    viz.line_panels(
        np.arange(1, 7), panels, "layer", ["accuracy", "accuracy", "R²"], size=(10, 2.8)
    ),
    "16/what-layers-know",
)

# %% tags=["check"]
# Check that the text is true.
at_least(known[:, 0, 5] - known[:, 0, 0], 0.35, "16/class-rises")
at_most(known[:, 1, 5] - known[:, 1, 1], -0.1, "16/colour-falls")
at_least(known[:, 2, 5] - known[:, 2, 0], 0.1, "16/position-appears")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The class rises layer by layer, and much of the colour, which says nothing about the class, gets lost. The position is the
# surprise. In the first layers it cannot be read from averages, since a convolution does not know where it is. In the last
# two layers it can, best in the fifth, although the networks were not trained for it. The likely source is the **zero
# padding** (lesson 04): units near the border see zeros, and layer by layer this mark spreads inwards (Islam, Jia and Bruce,
# 2020). We have not tested that here; it would need networks with another padding.
# </details>
#
# ## Claims to test
#
# 1. "Early layers detect edges, late ones objects."
# 2. "A saliency map shows what the network looked at."
# 3. "CNNs recognise shapes."
#
# > **Predict.** In what sense is each of them true?

# %% tags=["plumbing", "nbval-ignore-output"]
# The measurements, one line per claim.
print(
    "1. class from layer 1 and 6:",
    known[:, 0, [0, 5]].mean(axis=0).round(2),
    "colour from layer 2 and 6:",
    known[:, 1, [1, 5]].mean(axis=0).round(2),
)
print(
    "2. pointing: saliency",
    entry(judged("saliency", "pointing")),
    "centre",
    entry(judged("centre", "pointing")),
    "| guided, twelve layers shuffled:",
    f"{np.mean(alike['guided', 12]):.2f}",
)
print(
    "3. by outline, by texture:",
    both.mean(axis=0).round(2),
    "texture useless:",
    nothing.mean(axis=0).round(2),
)

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **True as a tendency, and the names are ours.** Learned early filters are edges and colours. The class can be read
#    better from each later layer. But the channels in between answer to things without a name, and the late layers know
#    things that are no objects, such as the position.
# 2. **It shows where the logit is sensitive to small changes, and often not even the object.** Its maximum misses
#    the object more often than the centre of the image does. Some pictures of its kind hardly depend on the
#    network. An explanation has to be tested like any other measurement.
# 3. **True where the outline is what the data reward.** If outline and texture are equally good, small CNNs go by the
#    texture.
# </details>

# %% [markdown]
# ## Summary
#
# 1. Layers can be looked at through their weights, their effective filters, the patches that excite them, and linear
#    probes. Only the last measure how much a layer knows.
# 2. Saliency is $\max_c |\partial z / \partial x_c|$. Integrated gradients average the gradient, with its sign, on the way from a
#    baseline, and add up to $z(x) - z(b)$. Guided backpropagation and the deconvnet change ReLU's rule, and are derivatives of nothing.
# 3. With a head of global average pooling and one linear layer the logit is the mean of the CAM, plus a bias, and Grad-CAM is
#    relu(CAM)$/hw$.
# 4. Judge explanations where the truth is known, against maps that know nothing, and test whether they change with the
#    network and with the class.
# 5. CNNs take the easiest cue. A change of a quarter of a grey level, in the right direction, can change the answer.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** $z = 3\,\mathrm{relu}(x_1 + x_2) - x_2$ at $x = (1, 1)$. What is the saliency map? And at $(1, -2)$?
#
# <details><summary>Answer</summary>
#
# $(3, 2)$: the derivatives are 3 and $3 - 1$. At $(1, -2)$ the ReLU is closed: $(0, 1)$.
# </details>
#
# **2.** A ReLU's inputs are $(1, -1, 2)$, the gradients $(-3, 4, 5)$. What do the three rules pass on?
#
# <details><summary>Answer</summary>
#
# Backpropagation $(-3, 0, 5)$, deconvnet $(0, 4, 5)$, guided $(0, 0, 5)$.
# </details>
#
# **3.** $f(x) = x^2$ from $b = 0$ to $x = 2$. What do integrated gradients give with one step, and with many?
#
# <details><summary>Answer</summary>
#
# The derivative half-way is $2 \cdot 1 = 2$, times $(2 - 0)$: 4. That is exact already, since the derivative is
# linear and the midpoint rule integrates it exactly.
# </details>
#
# **4.** A square of 8 pixels moves over an image of 32×32 in steps of 4. How many forward passes does occlusion need?
#
# <details><summary>Answer</summary>
#
# $((32 - 8)/4 + 1)^2 = 49$, and one for the image itself: 50.
# </details>
#
# **5.** The last maps are 14×14. By what factor is relu(CAM) larger than Grad-CAM?
#
# <details><summary>Answer</summary>
#
# By $hw = 196$.
# </details>
#
# **6.** A linear classifier on 3×32×32 numbers has weights of $\pm 0.01$. How much can FGSM with $\varepsilon = 0.1$ change
# its output, and how large is the typical change by random signs?
#
# <details><summary>Answer</summary>
#
# $0.1 \cdot 3072 \cdot 0.01 = 3.07$, and $0.1 \cdot 0.01 \cdot \sqrt{3072} \approx 0.055$.
# </details>

# %%
for point in ((1.0, 1.0), (1.0, -2.0)):
    x = torch.tensor(point, requires_grad=True)
    (slope,) = torch.autograd.grad(3 * torch.relu(x[0] + x[1]) - x[1], x)
    print("1.", slope.abs().tolist())
given, g = np.array([1, -1, 2]), np.array([-3, 4, 5])
print("2.", np.where(given > 0, g, 0), np.where(g > 0, g, 0), np.where((given > 0) & (g > 0), g, 0))
print("3.", 2 * (2 * 1.0), 2 * np.mean(2 * np.linspace(0, 2, 1001)).round(3))
print("4.", ((32 - 8) // 4 + 1) ** 2 + 1)
print("5.", 14 * 14)
print("6.", round(0.1 * 3072 * 0.01, 2), round(0.1 * 0.01 * np.sqrt(3072), 3))

# %% [markdown]
# ## Where to read more
#
# - K. Simonyan, A. Vedaldi, A. Zisserman, "Deep inside convolutional networks: Visualising image classification models and
#   saliency maps" (2014), arXiv:1312.6034: sections 2 and 3.
# - M. D. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", ECCV (2014), arXiv:1311.2901:
#   sections 2 and 4.
# - J. T. Springenberg, A. Dosovitskiy, T. Brox, M. Riedmiller, "Striving for simplicity: The all convolutional net" (2014),
#   arXiv:1412.6806: section 3.4.
# - M. Sundararajan, A. Taly, Q. Yan, "Axiomatic attribution for deep networks", ICML (2017), arXiv:1703.01365.
# - D. Smilkov and others, "SmoothGrad: Removing noise by adding noise" (2017), arXiv:1706.03825.
# - B. Zhou, A. Khosla, A. Lapedriza, A. Oliva, A. Torralba, "Learning deep features for discriminative localization",
#   CVPR (2016), arXiv:1512.04150: CAM.
# - R. R. Selvaraju and others, "Grad-CAM: Visual explanations from deep networks via gradient-based localization", ICCV
#   (2017), arXiv:1610.02391.
# - J. Adebayo and others, "Sanity checks for saliency maps", NeurIPS (2018), arXiv:1810.03292.
# - W. Nie, Y. Zhang, A. Patel, "A theoretical explanation for perplexing behaviors of backpropagation-based
#   visualizations", ICML (2018), arXiv:1805.07039.
# - J. Zhang, Z. Lin, J. Brandt, X. Shen, S. Sclaroff, "Top-down neural attention by excitation backprop", ECCV (2016),
#   arXiv:1608.00507: the pointing game.
# - V. Petsiuk, A. Das, K. Saenko, "RISE: Randomized input sampling for explanation of black-box models", BMVC (2018),
#   arXiv:1806.07421: deletion and insertion.
# - M. Böhle, M. Fritz, B. Schiele, "Convolutional dynamic alignment networks for interpretable classifications", CVPR
#   (2021), arXiv:2104.00032: the mosaics.
# - R. Geirhos and others, "ImageNet-trained CNNs are biased towards texture; increasing shape bias improves accuracy and
#   robustness", ICLR (2019), arXiv:1811.12231.
# - I. J. Goodfellow, J. Shlens, C. Szegedy, "Explaining and harnessing adversarial examples", ICLR (2015),
#   arXiv:1412.6572.
# - G. Alain, Y. Bengio, "Understanding intermediate layers using linear classifier probes" (2016), arXiv:1610.01644.
# - M. A. Islam, S. Jia, N. D. B. Bruce, "How much position information do convolutional neural networks encode?", ICLR
#   (2020), arXiv:2001.08248.
# - D. Erhan, Y. Bengio, A. Courville, P. Vincent, "Visualizing higher-layer features of a deep network" (2009).
# - B. A. Olshausen, D. J. Field, "Emergence of simple-cell receptive field properties by learning a sparse code for natural
#   images", Nature (1996).
#
# **Next:** do the [exercises of this unit](../exercises/16_what_cnns_learn/16_what_cnns_learn.ipynb). Then lesson
# [17 Transfer learning](17_transfer_learning.ipynb) uses what a trained network knows for other tasks.
