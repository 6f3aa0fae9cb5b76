# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 11 · AlexNet and ZFNet
#
# [Start](00_start_here.ipynb) · previous: [10 LeNet-5](10_lenet.ipynb) · next: [12 VGG](12_vgg.ipynb) ·
# [exercises of this unit](../exercises/11_alexnet/11_alexnet.ipynb)
#
# **After this lesson you can**
#
# - go through AlexNet layer by layer, and say why its input has 227 pixels a side and where its 61 million parameters
#   are;
# - say what an ensemble gains, and compute the gain from how far its members disagree;
# - test the ideas of 2012 one by one: ReLU, response normalisation, dropout, crops, two groups;
# - explain what ZFNet changed in the first layer, and measure the aliasing that it removes.
#
# **Time** about 85 minutes, with the questions. The code runs in one to two minutes. On a short evening read sections 1 to
# 4, 6, 8 and 10. The others can wait.
#
# **You should know** lessons 03 (sizes), 07 (pooling, aliasing), 09 (training, dropout) and 10 (LeNet-5).

# %%
import cnncourse

rng = cnncourse.setup(seed=0)

# %%
from contextlib import suppress
from itertools import product

import numpy as np
import torch
from torch import nn

from cnncourse import at_least, at_most, data, show, table, viz
from cnncourse.numpy_nn import functional as NF
from cnncourse.numpy_nn import models
from cnncourse.numpy_nn.summary import summary
from cnncourse.torch_nn.models import SmallAlexNet
from cnncourse.torch_nn.training import descend
from cnncourse.viz.architecture import connection_table, layer_bars, map_stacks

torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings

# %% [markdown]
# ## A puzzle
#
# A striped pullover lies on a photograph of a cat. A stripe comes every 5 pixels. One filter of 11×11 pixels looks for
# such stripes, as some filters of AlexNet's first layer do. It moves 4 pixels at a time, as they do.


# %%
def stripe_filter(K, period):
    """Vertical stripes under a bell: K×K weights with mean zero."""
    t = np.arange(K) - (K - 1) / 2
    bell = np.exp(-(t**2) / (2 * (K / 5) ** 2))
    w = np.outer(bell, bell * np.cos(2 * np.pi * t / period))
    return (w - w.mean())[None, None]


garment, labels = data.fashion_mnist("test")
shape = np.kron(garment[labels == 2][1], np.ones((8, 8)))  # 28×28 to 224×224
picture = data.photograph("cat").mean(axis=2)[40:267, 110:337].copy() / 255
stripes = 0.5 + 0.5 * np.cos(2 * np.pi * np.arange(227) / 5)
cloth = np.pad(shape > 0, ((2, 1), (2, 1)))
picture = np.where(cloth, stripes, picture)
by_4 = NF.relu(NF.conv2d(picture[None, None], stripe_filter(11, 5), stride=4))[0, 0]
print("sizes:", picture.shape, by_4.shape)

# %% tags=["plumbing"]
# The picture and the map.
show(viz.image_row([picture, by_4], ["227×227", "11×11, stride 4"], share=False, height=3.4),
     "11/pullover-and-map")  # fmt: skip

# %% [markdown]
# The map shows stripes, and they are wide. Its pixels are 4 pixels of the picture apart, so the stripes of the map come
# every 20 pixels of the picture. The pullover has no such stripes.
#
# > **Predict.** (Section 10 gives the answers.) Where do the wide stripes come from? ZFNet, one year later, has filters
# > of 7×7 that move by 2. Which stripes will its map show?

# %% [markdown]
# ## 1. The competition, and the drop of 2012
#
# ILSVRC, the ImageNet competition, had 1.28 million training photographs of 1,000 classes. Many photographs show
# several things, but each has one label. So two errors are counted. In the **top-1** error an answer is wrong if the
# class with the largest logit is not the label. In the **top-5** error it is wrong if the label is not among the first
# five.

# %%
logits = np.array([2.0, 0.5, 3.1, -1.0, 2.6, 0.1, 1.2])  # seven classes; the label is class 0
order = np.argsort(-logits)
print("classes, best first:", *order, "   place of class 0:", int(np.where(order == 0)[0][0]) + 1)

# %% [markdown]
# The label has the third place: wrong for top-1, right for top-5. Krizhevsky, Sutskever and Hinton (2012) reported
# these top-5 errors (validation set; the last line is the test set's second-best entry, by another team):

# %%
REPORTED = [
    ("one AlexNet", 18.2), ("five, their probabilities averaged", 16.4),
    ("seven, two of them trained on more data first", 15.4), ("the second-best team", 26.2),
]  # fmt: skip
table(REPORTED, {"2012": "", "reported top-5 error, %": ".1f"})

# %% [markdown]
# The numbers that one finds quoted belong to different things. One network had 18.2 %. The entry that won had seven,
# and two of those had first been trained on all of ImageNet as it was in autumn 2011 (15 million images). So what is an
# ensemble worth?

# %% [markdown]
# ## 2. What an ensemble is worth
#
# We use the smallest network that has AlexNet's order of layers: convolution, ReLU, (a normalisation), overlapping
# pooling, twice; one more convolution; two linear layers with dropout in between. It sees garments of 14×14 pixels. The
# options are for later sections.


# %%
def tiny(activation=nn.ReLU, norm=nn.Identity, K=3, p=0.0, side=4):
    """About 27,000 parameters; `side` is that of the last map."""

    def pool():  # windows of K×K, stride 2: 14 → 7 → 4 pixels
        return nn.MaxPool2d(K, 2, padding=(K - 1) // 2, ceil_mode=K == 2)

    return nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), activation(), norm(), pool(),
        nn.Conv2d(12, 24, 3, padding=1), activation(), norm(), pool(),
        nn.Conv2d(24, 24, 3, padding=1), activation(), nn.Flatten(),
        nn.Linear(24 * side**2, 48), activation(), nn.Dropout(p), nn.Linear(48, 10),
    )  # fmt: skip


x_train, y_train = data.small_garments("train")
x_test, y_test = data.small_garments("test", 1000)


def accuracy(probabilities):
    return (probabilities.argmax(axis=-1) == y_test.numpy()).mean(axis=-1)


# %% [markdown]
# We train 20 such networks on the same 600 images. They differ in their first weights and in the order of the batches.
# From each we keep what it predicts at four stages: 6, 4 and 2 steps before its end, and at its end.

# %% tags=["nbval-ignore-output"]
LATE = [74, 76, 78]


def train_member(seed):
    """Probabilities (4, images, classes) of three late stages of one network, and of its end."""
    torch.manual_seed(seed)
    net, stages = tiny(), []

    @torch.no_grad()
    def keep(step):
        if step in LATE or step == 80:
            stages.append(net(x_test).softmax(dim=1).numpy())

    descend(net, x_train[:600], y_train[:600], steps=80, lr=0.07, batch_size=32, watch=keep)
    keep(80)
    return np.array(stages)


members = np.array([train_member(seed) for seed in range(20)])
alone = accuracy(members[:, -1])
print(f"accuracy of one network: {alone.mean():.3f}, from {alone.min():.3f} to {alone.max():.3f}")

# %% [markdown]
# Now five ensembles of four networks each. There are two ways to combine them: the **mean** of their probabilities, or
# a **vote**, in which each network names one class (ties go to the class with the lower number).
#
# > **Predict.** How much does the mean of four gain over one? Does voting gain less? And an ensemble of the four
# > stages of
# > *one* network: does it gain as much?


# %%
def gains(P):
    """(networks, images, classes) to the gain in accuracy of the mean and of the vote."""
    votes = np.eye(10)[P.argmax(axis=2)].sum(axis=0)
    one = accuracy(P).mean()
    return accuracy(P.mean(axis=0)) - one, accuracy(votes) - one


four = members[:, -1].reshape(5, 4, 1000, 10)  # five ensembles of four networks
stages = members[::4]  # five times the four stages of one network

# %% tags=["nbval-ignore-output"]
gain = {"four networks": np.array([gains(P) for P in four]).T,
        "four stages of one": np.array([gains(P) for P in stages]).T}  # fmt: skip
rows = [(f"{name}, {way}", values, values.mean())
        for name, pair in gain.items()
        for way, values in zip(["mean", "vote"], pair, strict=True)]  # fmt: skip
table(rows, {"": "", "gain of five ensembles": ".3f", "average": ".3f"})
sixty = [members[rng.permutation(20)[:4], -1] for _ in range(60)]  # groups of four of the twenty
votes_less = np.mean([np.subtract(*gains(P)) for P in sixty])
print(f"over sixty random groups of four, a vote gains {votes_less:.3f} less than the mean")

# %% tags=["check"]
# Check that the text is true.
at_least(gain["four networks"][0], 0.01, "11/ensemble-gains")
at_least(gain["four networks"][0] - gain["four stages of one"][0], 0.005, "11/stages-gain-less")
at_least(votes_less, 0, "11/votes-gain-less")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The mean of four networks gains a few hundredths. The vote gains a little less: it does not use how sure a network is,
# and with four networks there are ties. Four stages of one network gain much less, because they make nearly the same
# mistakes.
# </details>
#
# The gain can be computed. Let $y$ be the label as a vector of zeros and a one, $p_m$ the probabilities of member $m$
# of $M$, $\bar p$ their mean. Expand $\lVert p_m - y \rVert^2 = \lVert (p_m - \bar p) + (\bar p - y) \rVert^2$ and
# average over $m$. The mixed term vanishes, because the $p_m - \bar p$ sum to zero:
#
# $$ \lVert \bar p - y \rVert^2 = \underbrace{\frac1M \sum_m \lVert p_m - y \rVert^2}_{\text{mean error of a member}} -
#    \underbrace{\frac1M \sum_m \lVert p_m - \bar p \rVert^2}_{\text{disagreement}} . $$
#
# **In the squared error, the gain is the disagreement, exactly** (Krogh and Vedelsby, 1995). If errors of members have
# the correlation $\rho$ and the same mean square $\sigma^2$ (and mean zero), the disagreement is
# $\sigma^2 (1 - \rho)(1 - 1/M)$.

# %%
y = np.eye(10)[y_test.numpy()]


def square(a):
    return (a**2).sum(axis=-1).mean()


def parts(P):
    mean = P.mean(axis=0)
    errors = (P - y).reshape(len(P), -1)
    rho = np.corrcoef(errors)[np.triu_indices(len(P), 1)].mean()
    by_rho = square(P - y) * (1 - rho) * (1 - 1 / len(P))
    return square(P - y), square(mean - y), square(P - mean), by_rho, rho


# %% tags=["nbval-ignore-output"]
measured = {
    "four networks": np.array([parts(P) for P in four]),
    "four stages of one": np.array([parts(P) for P in stages]),
}
table([(name, *values.mean(axis=0)) for name, values in measured.items()],
      {"mean of five ensembles": "", "error of a member": ".3f", "error of the mean": ".3f",
       "disagreement": ".4f", "by correlation": ".4f", "correlation": ".3f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
for values in measured.values():
    assert np.allclose(values[:, 0] - values[:, 1], values[:, 2])
at_least(
    measured["four networks"][:, 2] / measured["four stages of one"][:, 2], 2, "11/disagreement"
)
at_least(measured["four networks"][:, 4], 0.8, "11/errors-correlated")
at_least(
    measured["four stages of one"][:, 4] - measured["four networks"][:, 4],
    0.01,
    "11/stages-more-correlated",
)

# %% [markdown]
# The third column is the first minus the second, and the formula with $\rho$ gives nearly the same. The errors of
# separately trained networks are highly correlated, because the same garments are hard for all of them. So even
# infinitely many networks would gain only the share $1 - \rho$ of the error, and four of them have three quarters of
# that already:

# %% tags=["plumbing", "nbval-ignore-output"]
# Squared error of the mean of M networks, measured and by the formula.
sizes = [1, 2, 4, 5, 10, 20]
by_size = [np.mean([square(P.mean(axis=0) - y) for P in members[:, -1].reshape(-1, M, 1000, 10)])
           for M in sizes]  # fmt: skip
drop = (by_size[0] - by_size[1]) * 2  # what is left to gain with infinitely many
formula = [by_size[0] - drop * (1 - 1 / M) for M in sizes]
figure = viz.line_chart(sizes, {"measured": by_size, "from M = 1 and 2, by 1 − 1/M": formula},
                        "networks M", "squared error", size=(7, 3))  # fmt: skip
figure.axes[0].set_xticks(sizes)
show(figure, "11/error-over-size")

# %% tags=["check"]
# Check that the text is true.
at_most(np.abs(np.array(by_size) - formula).max(), 0.01, "11/gain-follows-1-over-M")

# %% [markdown]
# ## 3. Layer by layer
#
# Every convolution is followed by a ReLU, and so is every linear layer but the last; the table leaves these out. In the
# pictures the convolutions are conv1 to conv5, the last pooling is pool5, and the linear ("fully connected") layers
# are fc6
# to fc8. These are the usual names. `summary` only counts, without making any weights.

# %%
alexnet = summary(models.AlexNet(), (1, 3, 227, 227))
rows = [row for row in alexnet.rows if row.layer not in ("ReLU", "Dropout", "Flatten")]
table([(row.layer, "×".join(map(str, row.output_shape[1:])), row.parameters, row.multiply_adds)
       for row in rows],
      {"layer": "", "output": "", "parameters": ",d", "multiply-adds": ",d"})  # fmt: skip

# %% tags=["plumbing"]
# The maps, to scale.
stacks = [("input", (3, 227, 227)), ("conv1", (96, 55, 55)), ("conv2", (256, 27, 27)),
          ("conv3", (384, 13, 13)), ("conv4", (384, 13, 13)), ("conv5", (256, 13, 13)),
          ("pool5", (256, 6, 6)), ("fc6", (4096, 1, 1)), ("fc7", (4096, 1, 1)),
          ("fc8", (1000, 1, 1))]  # fmt: skip
show(map_stacks(stacks, seen=4), "11/all-maps")

# %% [markdown]
# **227, not 224.** The paper says that images have 224×224 pixels and that the first maps have 55×55. Lesson 03's
# formula for $K = 11$, $S = 4$:


# %%
def places(H, P):
    return (H + 2 * P - 11) / 4 + 1


rows = [(f"{H} pixels, padding {P}", places(H, P)) for H, P in [(224, 0), (227, 0), (224, 2)]]
table(rows, {"": "", "(H + 2P − 11) / 4 + 1": ".2f"})

# %% [markdown]
# With 224 pixels and no padding there are 54. The paper's 55 needs 227, or 224 and a padding that it does not mention:
# the later form in torchvision has 224 and padding 2, and leaves a remainder.
#
# **Three networks are called AlexNet.** In the form of 2012 convolutions 2, 4 and 5 have two groups: each half of their
# filters sees only one half of the maps before (section 8). The others have no groups.
#
# > **Predict.** What do the groups save, in percent of the network without groups: how much of its parameters, and how
# > much
# > of its multiply-adds?

# %%
family = {
    "2012, two groups": alexnet,
    "the same without groups": summary(models.AlexNet(groups=1), (1, 3, 227, 227)),
    "one column (2014), torchvision's": summary(models.alexnet(), (1, 3, 224, 224)),
}
table([(name, one.parameters, one.multiply_adds) for name, one in family.items()],
      {"": "", "parameters": ",d", "multiply-adds": ",d"})  # fmt: skip

# %% tags=["plumbing"]
# Bars for every layer with weights.
learned = [row for row in alexnet.rows if row.parameters]
names = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"]
costs = {"parameters": [row.parameters for row in learned],
         "multiply-adds": [row.multiply_adds for row in learned]}  # fmt: skip
show(layer_bars(names, costs, size=(9, 3)), "11/costs-by-layer")

# %% tags=["check"]
# Check that the text is true.
counted = [one.parameters for one in family.values()]
assert counted == [60_965_224, 62_378_344, 61_100_840]
in_linear = sum(costs["parameters"][5:]) / counted[0]
assert 0.95 < in_linear < 0.97
assert 0.60 < costs["parameters"][5] / counted[0] < 0.63
assert 0.9 < sum(costs["multiply-adds"][:5]) / alexnet.multiply_adds < 0.95
assert 0.022 < (counted[1] - counted[0]) / counted[1] < 0.023
assert alexnet.multiply_adds / family["the same without groups"].multiply_adds < 0.65

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The groups save 1.4 million of 62 million parameters, 2.3 %, but more than a third of the multiply-adds. The three
# linear layers hold 96 % of the parameters; the first of them alone 62 %. The five convolutions do more than nine
# tenths of the work. (The bars count layers with weights only, without the 477,024 multiply-adds of the response
# normalisation. So their total is a little smaller than the table's.)
# </details>

# %% [markdown]
# ## 4. ReLU against tanh
#
# LeNet-5 had tanh. "Deep convolutional neural networks with ReLUs train several times faster than their equivalents
# with tanh units": the paper's figure 1 shows a convolutional network of four layers on CIFAR-10 that gets to 25 %
# training error six times faster. We count the same for our `tiny`: the steps until the training error of the last 20
# batches is below 25 %. The learning rates were chosen for each activation separately, as in the paper; the first
# weights are Kaiming's for ReLU, and half of that variance for tanh.


# %%
def steps_to_a_quarter(activation, lr, seed, steps=240):
    torch.manual_seed(seed)
    net, wrong = tiny(activation), []
    for layer in net:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            kind = "relu" if activation is nn.ReLU else "linear"
            nn.init.kaiming_normal_(layer.weight, nonlinearity=kind)
            nn.init.zeros_(layer.bias)

    def loss_of(logits, wanted):
        if len(wrong) >= 20 and np.mean(wrong[-20:]) < 0.25:
            raise StopIteration  # it is there
        wrong.append((logits.argmax(dim=1) != wanted).float().mean().item())
        return nn.functional.cross_entropy(logits, wanted)

    with suppress(StopIteration):
        descend(net, x_train, y_train, steps=steps, lr=lr, batch_size=32, loss_of=loss_of)
    return len(wrong)


# %% [markdown]
# > **Predict.** Who is first, and by what factor? (A network that does not get there counts as 240 steps.)

# %% tags=["nbval-ignore-output"]
RATES = {nn.ReLU: 0.02, nn.Tanh: 0.04}
needed = {f: np.array([steps_to_a_quarter(f, lr, seed) for seed in range(10)])
          for f, lr in RATES.items()}  # fmt: skip
table([(f"{f.__name__}, learning rate {RATES[f]}", steps, steps.mean())
       for f, steps in needed.items()],
      {"": "", "steps of ten starts": "d", "mean": ".0f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(needed[nn.ReLU] - needed[nn.Tanh], 0, "11/relu-not-faster-here")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Tanh is not slower: on average it needs *fewer* steps here than ReLU, each at its own learning rate. We did not expect
# that. (The two rates are the best of five, from 0.01 to 0.15, that we tried for each. For ReLU 0.01 was about as good
# as 0.02, so a still smaller one might do better.) Our network is small, its inputs have variance 1, and 240 steps are a
# short training. We did not test which of these matters. The paper's factor of six is a result for its own network and
# data. It is not a property of the two functions.
# </details>

# %% [markdown]
# ## 5. Local response normalisation
#
# *(This section can wait.)* Run its cells all the same: later ones use `normalised` and `scores`.
#
# Lesson 08 (section 8) wrote it out: each number is divided by the strength of its neighbours along the channels. The
# paper has
#
# $$ b_c = a_c \Big/ \Big( k + \alpha \sum_{|c' - c| \le 2} a_{c'}^2 \Big)^{\beta}, \qquad k = 2,\ \alpha = 10^{-4},\ \beta = 0.75 . $$
#
# As an example, take one place where all five channels have the activation 3, and compute the middle channel. **PyTorch
# divides `alpha` by the number of channels in the sum**, here 5, so its `alpha` has to be five times the paper's α:

# %%
a = np.full((1, 5, 1, 1), 3.0)
by_hand = 3 / (2 + 1e-4 * 5 * 3**2) ** 0.75
rows = [("paper's formula", by_hand)]
for alpha in (1e-4, 5e-4):
    b = NF.local_response_norm(a, 5, alpha=alpha, beta=0.75, k=2.0)[0, 2, 0, 0]
    rows.append((f"package and PyTorch, alpha = {alpha:.0e}", b))
table(rows, {"": "", "the middle channel": ".5f"})

# %% tags=["check"]
# Check that the text is true.
assert abs(rows[2][1] - rows[0][1]) < 1e-12 < abs(rows[1][1] - rows[0][1])

# %% [markdown]
# How strong is it? If all five neighbours have the value $a$, the activation is multiplied by
# $(2 + 5 \cdot 10^{-4} a^2)^{-0.75}$:

# %%
table([(a, (2 + 5e-4 * a**2) ** -0.75) for a in (0, 1, 3, 10, 30, 100, 300)],
      {"activation": "d", "multiplied by": ".3f"})  # fmt: skip

# %% [markdown]
# Up to about 10 it is nearly a multiplication by $2^{-0.75} = 0.595$. The paper fed its network pixels of 0 to 255
# with the
# mean taken off, whose activations can be large. Our inputs have variance 1.
#
# > **Predict.** Seven starts or ten, 100 steps, learning rate 0.05: `tiny` without it, with it, and with a *constant*
# > factor of $2^{-0.75}$ in its place. Does it help? Which two will be alike?


# %%
class Constant(nn.Module):
    def forward(self, x):
        return x * 2**-0.75


def lrn():
    return nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)


def scores(seeds=range(10), **options):
    """Test accuracy of each start."""
    found = []
    for seed in seeds:
        torch.manual_seed(seed)
        net = tiny(**options)
        descend(net, x_train, y_train, steps=100, lr=0.05, batch_size=32)
        with torch.no_grad():
            found.append(accuracy(net(x_test).numpy()))
    return np.array(found)


# %% tags=["nbval-ignore-output"]
few = {"with it": scores(range(7), norm=lrn), "constant": scores(range(7), norm=Constant)}
normalised = {"without": scores()} | few
table([(name, values, values.mean()) for name, values in normalised.items()],
      {"": "", "test accuracy, each start": ".2f", "mean": ".3f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(normalised["without"][:7] - normalised["with it"], 0, "11/lrn-does-not-help")
at_most(np.abs(normalised["with it"] - normalised["constant"]), 0.04, "11/lrn-like-constant")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# It does not help. It makes learning slower at this rate, and a constant factor does nearly the same, start by start.
# With inputs of this size, the paper's constants make the normalisation a rescaling. This says nothing about the
# paper's own setting, where it reported 1.2 % less top-5 error. VGG's authors found no use for it, and batch norm has
# replaced it.
# </details>

# %% [markdown]
# ## 6. Dropout
#
# Lesson 09 used dropout. The paper had it behind its two large linear layers: in training each number is set to zero
# with probability ½; in testing all are kept and **halved**. Today one doubles the kept ones in training and does
# nothing in testing ("inverted" dropout):

# %%
h = np.array([1.0, 2, 3, 4, 5, 6])
mask = np.array([True, False, True, True, False, False])
inverted = NF.dropout(h, 0.5, mask=mask)
table([("2012", mask * h, h / 2), ("inverted", inverted, NF.dropout(h, training=False))],
      {"": "", "in training": ".1f", "in testing": ".1f"})  # fmt: skip

# %% [markdown]
# The two rows of the table differ by a factor of 2 throughout. The weights of the next layer can be scaled to undo it.
# One
# reason that the paper gives for dropout is an *ensemble*: each mask is another network. Halving, it says, is a
# reasonable
# approximation to the *geometric* mean of what they predict. Is that so?
#
# **One softmax layer: exactly, for the geometric mean.** With 8 inputs $h$ there are $2^8$ masks $m$. The geometric
# mean of the probabilities is, up to a common factor, $\exp$ of the mean of the logits, and logits are linear in $m$:
#
# $$ \prod_m p_k(m)^{1/256} \;\propto\; \exp\Big( \tfrac{1}{256} \sum_m \big( W (m \odot h) + b \big)_k \Big) = \exp\big( \tfrac12 W h + b \big)_k . $$

# %%
draw = np.random.default_rng(1)
W, b, h = draw.normal(size=(3, 8)), draw.normal(size=3), draw.normal(size=8)
masks = np.array(list(product([0, 1], repeat=8)))
p = NF.softmax((masks * h) @ W.T + b, dim=1)  # (256, 3)
geometric = np.exp(np.log(p).mean(axis=0))
geometric /= geometric.sum()
halved = NF.softmax((W @ h / 2 + b)[None], dim=1)[0]
table([("halved", *halved), ("geometric mean of 256", *geometric),
       ("mean of 256", *p.mean(axis=0))],
      {"probability of class": "", "0": ".4f", "1": ".4f", "2": ".4f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(halved, geometric)
assert np.abs(halved - p.mean(axis=0)).max() > 0.01

# %% [markdown]
# For one layer the paper is exactly right, and the arithmetic mean is something else. **Two layers: not exactly.** The
# ReLU in between is not linear in the mask. So we measure: five networks with two hidden layers of 64, dropout ½ behind
# both, trained on garments. Each predicts in three ways: with one mask, with the usual (arithmetic) mean of the
# probabilities over 100 masks, and with all units and halved weights (inverted: `eval()`).
#
# > **Predict.** How near are halved weights to the mean over masks? Which of the three has the best accuracy?


# %%
@torch.no_grad()
def three_ways(seed):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Flatten(), nn.Linear(196, 64), nn.ReLU(), nn.Dropout(0.5),
                        nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.5),
                        nn.Linear(64, 10))  # fmt: skip
    with torch.enable_grad():
        descend(net, x_train, y_train, steps=300, lr=0.05, batch_size=32)
    by_mask = np.array([net(x_test).softmax(dim=1).numpy() for _ in range(100)])
    return by_mask[0], by_mask.mean(axis=0), net.eval()(x_test).softmax(dim=1).numpy()


def distance(p, q):
    """Half the sum of the differences: 0 for equal, 1 for disjoint."""
    return np.abs(p - q).sum(axis=1).mean() / 2


# %% tags=["nbval-ignore-output"]
runs = [three_ways(seed) for seed in range(5)]
NAMES = ["one mask", "mean over 100 masks", "halved weights"]
ways = {name: np.array([accuracy(run[k]) for run in runs]) for k, name in enumerate(NAMES)}
far = {"one mask": np.array([distance(one, mean) for one, mean, _ in runs]),
       "mean over 100 masks": np.zeros(5),
       "halved weights": np.array([distance(half, mean) for _, mean, half in runs])}  # fmt: skip
table([(name, *(f"{one[name].mean():.3f} ± {one[name].std(ddof=1):.3f}" for one in (ways, far)))
       for name in ways],
      ["", "test accuracy", "distance to that mean"],
      "Mean and standard deviation of five starts")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(ways["halved weights"] - ways["one mask"], 0.02, "11/halved-better-than-one-mask")
at_most(np.abs(ways["halved weights"] - ways["mean over 100 masks"]), 0.02, "11/halved-like-mean")
at_least(far["one mask"] / far["halved weights"], 1.5, "11/halved-nearer-to-mean")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Halved weights are as accurate as the mean over masks, and a single mask is worse. Their probabilities are not the same
# as that mean: they are about half as far from it as a single mask is. So for the accuracy the picture of an ensemble is
# a good one here. But it is an ensemble of networks that share all weights and were trained together.
# </details>

# %% [markdown]
# ## 7. Overlapping pooling, crops, flips and colours
#
# *(This section can wait.)*
#
# **Overlap.** Windows of 3×3 with stride 2 instead of 2×2: the paper reports 0.3 % less top-5 error.
#
# > **Predict.** `tiny` with both, ten starts each, as in section 5: which is better?

# %% tags=["nbval-ignore-output"]
pooled = {"3×3, overlapping": normalised["without"], "2×2": scores(K=2)}
table([(name, values, values.mean()) for name, values in pooled.items()],
      {"": "", "test accuracy of ten starts": ".2f", "mean": ".3f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(pooled["2×2"] - pooled["3×3, overlapping"], -0.01, "11/overlap-does-not-help")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# It does not help here. The network with 2×2 was even ahead in nine of the ten starts when we ran it. These are 100 steps of a
# small network, so this says nothing about the paper's setting.
# </details>
#
# **Crops and flips.** In training the paper cuts a random 224×224 out of 256×256 and mirrors it in half of the cases.
# It calls this an increase "by a factor of 2048". Counted as in lesson 03, the number of different crops and mirrored
# crops
# is:

# %%
print(f"({256} - {224} + 1)² · 2 = {(256 - 224 + 1) ** 2 * 2}")

# %% [markdown]
# The paper's $32^2 \cdot 2 = 2048$ counts one place too few on each axis. In testing it averages the probabilities of
# **ten crops**: four corners and the centre, and all five mirrored.

# %% tags=["plumbing"]
# The five places on a photograph.
photo = data.photograph("cat")[22:278, 90:346]
places_5 = {"top left": (0, 0), "top right": (0, 32), "centre": (16, 16), "bottom left": (32, 0),
            "bottom right": (32, 32)}  # fmt: skip
show(viz.image_row([photo[i : i + 224, j : j + 224] for i, j in places_5.values()], list(places_5),
                   height=1.8), "11/five-crops")  # fmt: skip

# %% [markdown]
# We do the same with 12×12 of 14×14 pixels. In training one crop is drawn for each batch.
#
# > **Predict.** What do ten crops gain over the centre alone?


# %%
class RandomCrop(nn.Module):
    """In training: cut a random 12×12 out of each batch, mirrored half the time."""

    def forward(self, x):
        if not self.training:
            return x
        i, j, mirror = torch.randint(0, 3, (1,)), torch.randint(0, 3, (1,)), torch.rand(1) < 0.5
        x = x[:, :, i : i + 12, j : j + 12]
        return x.flip(3) if mirror else x


@torch.no_grad()
def centre_and_ten(seed):
    torch.manual_seed(seed)
    net = nn.Sequential(RandomCrop(), *tiny(side=3))
    with torch.enable_grad():
        descend(net, x_train, y_train, steps=100, lr=0.05, batch_size=32)
    net.eval()
    views = [
        x_test[:, :, i : i + 12, j : j + 12] for i, j in [(1, 1), (0, 0), (0, 2), (2, 0), (2, 2)]
    ]
    p = [net(view).softmax(dim=1).numpy() for view in views]
    mirrored = [net(view.flip(3)).softmax(dim=1).numpy() for view in views]
    return accuracy(p[0]), accuracy(np.mean(p + mirrored, axis=0))


# %% tags=["nbval-ignore-output"]
crops = np.array([centre_and_ten(seed) for seed in range(5)]).T
table([("centre", crops[0], crops[0].mean()), ("ten crops", crops[1], crops[1].mean())],
      {"": "", "test accuracy of five starts": ".3f", "mean": ".3f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_most(crops[1] - crops[0], 0.06, "11/ten-crops-gain-little")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Little, for ten times the work, and not in every start: from five starts we cannot tell it from nothing. The paper's
# gain was 1.3 % in top-5 error (18.3 % to 17.0 % on the data of 2010). Ten views of one network are an ensemble, too, and
# its gain depends on how much they disagree (section 2). Both rows are far below the accuracy of `tiny` in section 5:
# this
# network sees only 12×12 pixels, and another crop in every step.
# </details>
#
# **Colours.** The paper adds to each image a random multiple of the principal axes of all colours:
# $\sum_i a_i \lambda_i \mathbf p_i$, with $\lambda_i$ and $\mathbf p_i$ the eigenvalues and eigenvectors of the
# covariance of R, G and B, and $a_i$ normal with standard deviation 0.1. For one photograph:

# %%
coffee = data.photograph("coffee") / 255
pixels = coffee.reshape(-1, 3) - coffee.mean(axis=(0, 1))
_, lengths, axes = np.linalg.svd(pixels[::10], full_matrices=False)
variances = lengths**2 / len(pixels[::10])  # the λ
signs = np.sign(axes.sum(axis=1))
table([(k + 1, variances[k], *(signs[k] * axes[k])) for k in range(3)],
      {"axis": "d", "variance λ": ".4f", "R": ".2f", "G": ".2f", "B": ".2f"})  # fmt: skip

# %% tags=["plumbing"]
# The photograph, moved along the first and the second axis.
moved = [coffee + 0.2 * signs[k] * axes[k] * way for k in (0, 1) for way in (-1, 1)]
titles = ["photograph", "axis 1, −0.2", "axis 1, +0.2", "axis 2, −0.2", "axis 2, +0.2"]
show(viz.image_row([coffee, *moved], titles, height=1.3), "11/along-the-axes")

# %% [markdown]
# Most of the variance is along an axis on which all three rise together: light. The second is roughly from blue to
# orange. **The λ are variances, so the shift depends on the unit of the pixels.** Multiply the pixels by 255 and the λ
# grow by 255²:

# %%
shift = 0.1 * variances[0]
table([("0 to 1", shift, shift * 255), ("0 to 255", shift * 255**2, shift * 255**2)],
      {"pixels": "", "typical shift 0.1 λ": ".3f", "in grey levels of 255": ".0f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert variances[0] / variances.sum() > 0.7
assert (signs[0] * axes[0] > 0).all()
assert shift * 255 < 5
assert shift * 255**2 > 255

# %% [markdown]
# In the first unit the shift can hardly be seen, in the second it is more than the whole range. The network of the paper
# got pixels of 0 to 255, but the paper does not name the unit of this formula. So anyone who uses the formula has to
# choose one.

# %% [markdown]
# ## 8. Two GPUs, two groups
#
# The graphics cards of the paper had 3 GB each. The network was spread over two: each held half of the maps of every
# layer. Layers
# 2, 4 and 5 saw only the maps on their own card; layer 3 and the linear layers saw all. A layer that sees only its own
# half is a convolution in **two groups**: two smaller layers side by side, with half of the weights of one.

# %%
torch.manual_seed(0)
grouped = nn.Conv2d(6, 8, 3, padding=1, groups=2)
x = torch.randn(2, 6, 9, 9)
with torch.no_grad():
    halves = [nn.functional.conv2d(x[:, 3 * g : 3 * g + 3], grouped.weight[4 * g : 4 * g + 4],
                                   grouped.bias[4 * g : 4 * g + 4], padding=1)
              for g in range(2)]  # fmt: skip
    print(
        "two layers side by side:", torch.allclose(torch.cat(halves, dim=1), grouped(x), atol=1e-6)
    )
print("weights:", grouped.weight.numel(), "instead of", nn.Conv2d(6, 8, 3).weight.numel())

# %% [markdown]
# Which input each output sees, as crosses:

# %% tags=["plumbing"]
# The connections of the grouped layer.
seen_by = np.kron(np.eye(2, dtype=int), np.ones((3, 4), dtype=int))
show(connection_table(seen_by, size=(3.6, 2.3)), "11/what-connects")

# %% [markdown]
# The paper shows its first filters. Those on one card have almost no colour, most of those on the other are coloured. It
# says that this happens in every run, whatever the first weights are. We train a small AlexNet with two
# groups on 2,000 scenes, five starts, and take the **colour share** of a filter: what is left of its squared weights
# when the mean over R, G and B is taken off. It is 0 for a grey filter. For the random filters at the start its
# expectation is $\frac23$.
#
# > **Predict.** Do the two halves differ in their mean colour share by more than two halves drawn at random from the
# > same filters?


# %%
def colour_share(w):
    """(filters, 3, K, K) to one number for each filter."""
    coloured = w - w.mean(axis=1, keepdims=True)
    return (coloured**2).sum(axis=(1, 2, 3)) / (w**2).sum(axis=(1, 2, 3))


def to_tensor(images):
    return torch.from_numpy(((images / 255 - 0.45) / 0.25).astype(np.float32))


seen, unseen = data.scenes(2000), data.scenes(500, split="test")
scenes, classes = to_tensor(seen.images), torch.from_numpy(seen.labels)
scenes_test = to_tensor(unseen.images)


def small_alexnet(seed, steps=110):
    torch.manual_seed(seed)
    net = SmallAlexNet(widths=(16, 16, 24, 24, 16), hidden=32, lrn=False, dropout=0.0)
    with torch.no_grad():
        for layer in net.classifier[::3]:  # the linear ones: smaller logits at the start
            layer.weight *= 0.55
    descend(net, scenes, classes, steps=steps, lr=0.03, batch_size=32)
    with torch.no_grad():
        right = (net(scenes_test).argmax(dim=1).numpy() == unseen.labels).mean()
    return right, net.features[0].weight.detach().numpy()


# %% tags=["nbval-ignore-output"]
trained = [small_alexnet(seed) for seed in range(5)]
rows, on_scenes = [], np.array([right for right, _ in trained])
for start, (_, w) in enumerate(trained):
    c = colour_share(w)
    chance = [np.split(rng.permutation(c), 2) for _ in range(2000)]
    gap = abs(c[:8].mean() - c[8:].mean())
    larger = np.mean([abs(one.mean() - two.mean()) >= gap for one, two in chance])
    rows.append((start, c[:8].mean(), c[8:].mean(), larger))
table(rows, {"start": "d", "first half": ".2f", "second half": ".2f",
             "random halves that differ as much": ".0%"}, "Mean colour share")  # fmt: skip
specialised = sum(row[3] < 0.01 for row in rows)
print(f"{specialised} of 5 differ more than 99 % of random halves")

# %% tags=["check"]
# Check that the text is true.
at_most(specialised, 2, "11/halves-do-not-specialise")

# %% tags=["plumbing", "nbval-ignore-output"]
# The first filters of the first start, the first half above the second.
w = trained[0][1]
filters = [(one - one.min()) / (one.max() - one.min()) for one in w]
show(viz.image_row(filters, columns=8, height=0.8), "11/first-filters")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# In our runs the halves do not specialise: random halves of the same filters often differ as much. This does not
# contradict the paper. Our networks are small and trained briefly, and in the picture their first filters still look
# random. What we can say is that two groups alone do not bring the specialisation at once.
# </details>

# %% [markdown]
# ## 9. The recipe
#
# *(This section can wait.)*
#
# Batches of 128, momentum 0.9, weight decay 0.0005, learning rate 0.01, divided by 10 when the validation error stopped
# falling (three times); weights from a normal distribution of standard deviation 0.01; biases of 1 in layers 2, 4, 5
# and the hidden linear layers, so that their ReLUs begin with positive inputs; about 90 epochs, five to six days on two
# cards. The update as the paper writes it:
#
# $$ v \leftarrow 0.9\,v - 0.0005\,\varepsilon\,w - \varepsilon\,g, \qquad w \leftarrow w + v . $$
#
# PyTorch's SGD keeps the learning rate $\varepsilon$ out of $v$: $v \leftarrow 0.9\,v + g + 0.0005\,w$,
# $w \leftarrow w - \varepsilon v$.
#
# > **Predict.** Are the two the same? Always?

# %%
w_paper = w_torch = 1.0
v_paper = v_torch = 0.0
rows = []
for step, lr in enumerate([0.01, 0.01, 0.01, 0.001, 0.001]):
    v_paper = 0.9 * v_paper - 0.0005 * lr * w_paper - lr * 1.0  # a gradient of 1 in every step
    w_paper += v_paper
    v_torch = 0.9 * v_torch + 1.0 + 0.0005 * w_torch
    w_torch -= lr * v_torch
    rows.append((step, lr, w_paper, w_torch))
table(rows, {"step": "d", "learning rate": ".3f", "w, paper": ".4f", "w, PyTorch": ".4f"})

# %% tags=["check"]
# Check that the text is true.
assert abs(rows[2][2] - rows[2][3]) < 1e-12
assert rows[4][2] < rows[4][3] - 0.02

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# They are the same until the learning rate changes. PyTorch's next step is much smaller at once. The paper's $v$ still
# contains the large steps of before, and loses only about a tenth of its size in each step.
# </details>
#
# How well did the five small AlexNets of section 8 do on scenes? Guessing gives 0.10.

# %% tags=["nbval-ignore-output"]
table([("small AlexNet", on_scenes, on_scenes.mean())],
      {"": "", "test accuracy of five starts": ".2f", "mean": ".2f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
at_least(on_scenes, 0.12, "11/alexnet-learns-scenes")

# %% [markdown]
# They have begun to learn, in about a hundred steps; the small VGG of lesson 12 gets further in 160, with batch norm.
# `cnncourse train small-alexnet --data scenes` trains a larger one for as long as you like.

# %% [markdown]
# ## 10. ZFNet: a finer first layer
#
# Zeiler and Fergus (2014) looked at what AlexNet's maps respond to. They found first filters for very high and very low
# frequencies with little in between, and patterns in the second layer that they put down to aliasing by the stride of
# 4. Their first layer is 7×7 at stride 2.
#
# **The puzzle.** The pullover's stripes have the frequency $\nu = \frac15$ per pixel. On a map with stride $S$ that is
# $S \nu$ per place. A grid cannot tell a frequency from one that differs by a whole number (lesson 07, section 7), and
# it shows the lowest of them: $|S\nu - \text{nearest whole number}|$.

# %%
grating = np.broadcast_to(stripes, (1, 1, 20, 227)).copy()
rows = []
for K, S in [(11, 1), (7, 2), (11, 4)]:
    formula = abs(S / 5 - round(S / 5))
    row = NF.conv2d(grating, stripe_filter(K, 5), stride=S)[0, 0, 0]
    peak = np.abs(np.fft.rfft(row - row.mean())).argmax() / len(row)
    rows.append((f"{K}×{K}, stride {S}", S / 5, formula, peak, S / formula))
table(rows, {"filter": "", "per place": ".2f", "shown, by the formula": ".2f",
             "shown, measured": ".2f", "pixels per stripe": ".0f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert [round(row[4]) for row in rows] == [5, 5, 20]
assert all(abs(row[2] - row[3]) < 0.01 for row in rows)

# %% [markdown]
# The measured frequency is the strongest one in a row of the map. With stride 4 the 5 pixels become 20, with stride 2
# they stay 5. **A stride of $S$ keeps frequencies up to $1 / (2S)$**: stripes of at least 8 pixels with $S = 4$, of at
# least 4 with $S = 2$. Here are both first layers on the pullover, with their ReLU. With stride 2 a stripe has 2.5
# places,
# which the grid shows as a narrow bright stripe and a wide grey one in turn: two stripes in 5 places, which are 10
# pixels.

# %% tags=["plumbing"]
# The two maps.
by_2 = NF.relu(NF.conv2d(picture[None, None], stripe_filter(7, 5), stride=2))[0, 0]
show(viz.image_row([picture, by_4, by_2], ["227×227", "11×11, stride 4", "7×7, stride 2"],
                   share=False, height=3.0), "11/pullover-twice")  # fmt: skip

# %% [markdown]
# Is this a matter of striped pullovers only? For photographs we ask: of all that a filter responds to, which share is
# too fine for its stride? That is the part of the squared response at stride 1 whose frequency, along either axis, is
# beyond $1/(2S)$. (A window that falls to zero at the borders keeps the borders out of it.) And we move the photograph
# by one pixel. Without aliasing the map moves by $1/S$ of a place; the error is what is left.
#
# > **Predict.** Filters for stripes of 3 to 12 pixels. Where is the share high, for 11×11 at stride 4 and for 7×7 at
# > stride 2?


# %%
def windowed(name, side=240):
    grey = data.photograph(name).astype(float)
    grey = (grey.mean(axis=2) if grey.ndim == 3 else grey)[20 : 20 + side, 60 : 60 + side]
    bell = np.hanning(side)
    return (grey - grey.mean()) * np.outer(bell, bell)


def alias_and_shift(image, w, S):
    """Share of the response beyond 1/(2S), and the relative error after a shift by one pixel."""
    spectrum = np.fft.fft2(image) * np.conj(np.fft.fft2(w[0, 0], s=image.shape))
    nu = np.fft.fftfreq(len(image))
    too_fine = np.maximum(np.abs(nu)[:, None], np.abs(nu)[None]) > 1 / (2 * S)
    share = (np.abs(spectrum) ** 2)[too_fine].sum() / (np.abs(spectrum) ** 2).sum()
    response = np.fft.ifft2(spectrum).real
    here, moved = response[::S, ::S], np.roll(response, 1, axis=1)[::S, ::S]
    phase = np.exp(-2j * np.pi * np.fft.fftfreq(here.shape[1]) / S)
    guess = np.fft.ifft(np.fft.fft(here, axis=1) * phase, axis=1).real
    return share, np.linalg.norm(guess - moved) / np.linalg.norm(moved)


# %%
periods = [3, 4, 5, 6, 8, 10, 12]
photos = [
    windowed(name) for name in ["cat", "astronaut", "coffee", "motorcycle", "brick", "gravel"]
]
LAYERS = {"11×11, stride 4": (11, 4), "7×7, stride 2": (7, 2)}
found = {
    name: np.array([
        np.mean([alias_and_shift(image, stripe_filter(K, period), S) for image in photos], axis=0)
        for period in periods
    ])
    for name, (K, S) in LAYERS.items()
}  # fmt: skip

# %% tags=["plumbing"]
# Both measures over the width of a stripe.
panels = {title: {name: values[:, k] for name, values in found.items()}
          for k, title in enumerate(["too fine for the stride", "error after a shift by a pixel"])
}  # fmt: skip
show(viz.line_panels(periods, panels, "pixels per stripe",
                     ["share of the response", "relative error"], size=(10, 3)),
     "11/alias-over-period")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
coarse, fine = found.values()
assert (coarse[:3, 0] > 0.5).all()
assert (fine[1:, 0] < 0.2).all()
assert fine[0, 0] > 0.4
assert (coarse > fine).all()
assert (fine[1:, 1] < 0.7 * coarse[1:, 1]).all()

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With stride 4 most of the response of a filter for stripes of up to 5 pixels is too fine, and the map of the moved
# photograph is not the moved map (an error of 1.4 is what two unrelated maps have). With stride 2 the share is large
# for 3 pixels only, and the error is smaller for all wider stripes. With wide stripes both shares are small. So a
# stride is not too large in itself, but *for a filter*.
# </details>
#
# **Counted.** ZFNet has 20,736 parameters fewer than AlexNet without groups, $3 \cdot 96 \cdot (11^2 - 7^2)$. Its
# first maps
# have four times as many places, 110×110 instead of 55×55. Its second convolution has stride 2 as well, so the later maps
# are about as large as AlexNet's. The work grows only a little:

# %%
zfnet = summary(models.ZFNet(), (1, 3, 224, 224))
table([("AlexNet, two groups", alexnet.parameters, alexnet.multiply_adds),
       ("AlexNet without groups", counted[1], family["the same without groups"].multiply_adds),
       ("ZFNet", zfnet.parameters, zfnet.multiply_adds)],
      {"": "", "parameters": ",d", "multiply-adds": ",d"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert counted[1] - zfnet.parameters == 20_736 == 3 * 96 * (11**2 - 7**2)

# %% [markdown]
# The often quoted "ZFNet, 2013: 11.7 %" is the error of the ensemble that won that year, by Zeiler's company Clarifai.
# The
# paper's own best ensemble had 14.7 %, and one ZFNet 16.5 % (reported), against AlexNet's 18.2 %. The tour of the
# networks so far, as the course's package lists them:

# %% tags=["plumbing"]
# The first rows of the tour.
tour = viz.tour_of_networks()
table([(stop.name, stop.year, stop.parameters, stop.top5) for stop in tour.stops[:4]],
      {"network": "", "year": "", "parameters": ",d", "top-5 error, %": ".1f"},
      "One network each")  # fmt: skip

# %% [markdown]
# ## Claims to test
#
# You will read sentences like these. Decide for each in what sense it is true, then unfold.
#
# 1. "ReLU trains several times faster than tanh."
# 2. "Dropout averages an ensemble."
# 3. "Local response normalisation helps."
# 4. "The two GPU halves specialise."
# 5. "AlexNet had a top-5 error of 15.4 %, ZFNet of 11.7 %."
#
# <details><summary><b>Verdicts</b></summary>
#
# 1. **Not here**: with a learning rate for each, tanh needed fewer steps than ReLU in our small network (section 4).
#    The paper's factor of six
#    belongs to its network, data and rates.
# 2. **Exactly for the geometric mean and one softmax layer.** With two hidden layers halved weights had the accuracy
#    of the
#    mean, but not its probabilities (section 6).
# 3. **Not here**: with inputs of variance 1 its constants make it a factor of 0.6 (section 5).
# 4. **Not in our runs**, which are short; the paper reports it of every run of its own (section 8).
# 5. **Both were ensembles**, and the second was not the paper's. One AlexNet had 18.2 %, one ZFNet 16.5 % (sections 1
#    and 10).
# </details>
#
# ## Summary
#
# 1. AlexNet: five convolutions, three linear layers, 227 pixels, 60,965,224 parameters, 96 % of them in the linear
#    layers.
# 2. An ensemble's gain in squared error is the disagreement of its members, exactly. It shrinks with their correlation.
# 3. Halving the weights after dropout is the geometric mean over all masks for one softmax layer. With two hidden
#    layers it was
#    as accurate as the mean over masks.
# 4. Of what the paper gives as reasons, we could repeat some at small size and others not: see the claims.
# 5. A stride of $S$ aliases what is finer than $2S$ pixels. ZFNet's first layer, 7×7 at stride 2, aliases less than
#    11×11 at stride 4.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
#
# **1.** How many weights has the second convolution of AlexNet, 256 filters of 5×5, with two groups and without?
#
# <details><summary>Answer</summary>
#
# With two groups each filter sees 48 of the 96 maps: $256 \cdot 48 \cdot 25 = 307{,}200$; without, 614,400.
# </details>
#
# **2.** Five networks have errors of equal variance with correlation 0.9. Which share of the squared error does their
# mean save?
#
# <details><summary>Answer</summary>
#
# $(1 - 0.9)(1 - \frac15) = 8$ %. With infinitely many it would be 10 %.
# </details>
#
# **3.** Which value of the paper's α corresponds to PyTorch's `LocalResponseNorm(5, alpha=1e-4)`?
#
# <details><summary>Answer</summary>
#
# $10^{-4} / 5 = 2 \cdot 10^{-5}$.
# </details>
#
# **4.** Stripes of 6 pixels, stride 4. How wide are they on the map, in pixels of the picture?
#
# <details><summary>Answer</summary>
#
# $4/6 = 0.67$ per place is seen as $0.33$: 3 places, 12 pixels.
# </details>
#
# **5.** How many steps are 90 epochs of 1.28 million images in batches of 128?
#
# <details><summary>Answer</summary>
#
# $90 \cdot 10{,}000 = 900{,}000$.
# </details>

# %%
seen_as = abs(4 / 6 - round(4 / 6))
rows = [
    ("1. two groups, one", f"{256 * 48 * 25:,}  {256 * 96 * 25:,}"),
    ("2. five, and the limit", f"{(1 - 0.9) * (1 - 1 / 5):.0%}  {1 - 0.9:.0%}"),
    ("3. the paper's α", f"{1e-4 / 5:.0e}"),
    ("4. places, pixels", f"{1 / seen_as:.0f}  {4 / seen_as:.0f}"),
    ("5. steps", f"{90 * 1_280_000 // 128:,}"),
]
table(rows, ["question", "answer"])

# %% [markdown]
# ## Where to read more
#
# - A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet classification with deep convolutional neural networks", NIPS
#   (2012): sections 3 to 6 are
#   this lesson.
# - M. D. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", ECCV (2014), arXiv:1311.2901:
#   sections 4.1 and 5.
# - A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks" (2014), arXiv:1404.5997: the form
#   with one column.
# - A. Krogh, J. Vedelsby, "Neural network ensembles, cross validation, and active learning", NIPS (1995): the gain is
#   the disagreement.
# - N. Srivastava and others, "Dropout: A simple way to prevent neural networks from overfitting", *JMLR* 15 (2014).
#
# **Next:** do the [exercises of this unit](../exercises/11_alexnet/11_alexnet.ipynb), then go on to [12
# VGG](12_vgg.ipynb).
