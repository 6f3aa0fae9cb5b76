# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
# ---

# %% [markdown]
# # 08 · Batch normalisation
#
# [Start](00_start_here.ipynb) · previous: [07 Pooling](07_pooling.ipynb) ·
# next: [09 Training a CNN](09_training.ipynb) ·
# [exercises of this unit](../exercises/08_batch_normalisation/08_batch_normalisation.ipynb)
#
# **After this lesson you can**
#
# - say why one normalises inside of a network, and measure what it does to activations, gradients and the largest
#   learning rate;
# - normalise a batch by hand and in NumPy, as PyTorch does in training and in evaluation, running statistics included;
# - derive the backward pass in two ways, and say which two parts of a gradient batch norm removes;
# - recognise its four classic accidents: `eval()` forgotten, a batch of one, statistics read too early, a bias in
#   front;
# - fold a batch norm into a convolution, and say where layer, instance, group and local response norm differ.
#
# **Time** about 95 minutes, with the questions. The code runs in about a minute. On a short evening, read the opening
# and sections 1, 2, 4 and 6; sections 3, 7 and 8 can wait.
#
# **You should know** lesson 01 (normalising per channel), lesson 06 (upstream gradient, numerical check) and means and
# variances.

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
from cnncourse.torch_nn.training import descend
from cnncourse.viz.histograms import histogram_rows, histogram_shares
from cnncourse.viz.normalisation import normalisation_groups

torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## Why normalise inside of a network?
#
# In lesson 01 we brought the *images* to mean 0 and variance 1, because gradient descent works best when all its inputs
# have the same scale. After one convolution this is lost: the outputs have whatever mean and scale the weights give
# them. There are three reasons to care.
#
# - **Depth multiplies.** If each of 20 layers makes its numbers smaller by a factor of 0.8, then $0.8^{20} = 0.012$ of
#   their size is left. With 1.2 they grow by a factor of $1.2^{20} = 38$. Only a factor of 1 is safe, and training changes the factor.
# - **The layers below keep changing.** While they learn, the numbers that they pass on change their mean and scale, and
#   the layers above have to follow.
# - **The learning rate must suit all layers.** Where the numbers are large, gradients are large too. One rate for all
#   layers is then too large for some and too small for others.
#
# A **batch norm** layer brings each channel back to mean 0 and variance 1, in every layer and at every step. Let us
# first see what that buys. Here is a small CNN for garments of 14×14 pixels, with four convolutions. We train it with
# batch norm behind each convolution and without, five random starts each, with the same learning rate.


# %%
def cnn(depth, width=12, norm=True, pool=()):
    """`depth` 3×3 convolutions, each with batch norm (or not) and ReLU; mean; linear layer."""
    layers, c_in = [], 1
    for level in range(depth):
        layers += [nn.Conv2d(c_in, width, 3, padding=1, bias=not norm)]
        layers += [nn.BatchNorm2d(width)] * norm + [nn.ReLU()] + [nn.MaxPool2d(2)] * (level in pool)
        c_in = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


def train(network, steps, lr, batch_size=50, watch=None):
    """Gradient descent: lesson 01's loop without momentum, lr falls to zero. Returns the losses."""
    return np.array(descend(network, x_train, y_train, steps=steps, lr=lr, batch_size=batch_size,
                            momentum=0, watch=watch))  # fmt: skip


x_train, y_train = data.small_garments("train", 10000)
x_test, y_test = data.small_garments("test", 2000)
STARTS = range(5)

# %% [markdown]
# > **Predict.** Which of the two has the smaller loss after 150 steps? By a little, or by far?

# %% tags=["nbval-ignore-output"]
networks, curves = [], {}
for name, norm in [("without batch norm", False), ("with batch norm", True)]:
    curves[name] = np.zeros((5, 150))
    for seed in STARTS:
        torch.manual_seed(seed)
        network = cnn(4, norm=norm, pool=(0, 1))
        curves[name][seed] = train(network, steps=150, lr=0.3)
        if norm:
            networks.append(network)

# %% tags=["plumbing", "nbval-ignore-output"]
# The losses of the five starts at the end, and the curves.
table([(name, losses[:, -20:].mean(axis=1)) for name, losses in curves.items()],
      {"": "", "loss of five starts, mean of the last 20 steps": ".2f"})  # fmt: skip
smooth = {
    name: np.convolve(losses.mean(axis=0), np.ones(10) / 10, "valid")
    for name, losses in curves.items()
}
show(
    viz.line_chart(
        np.arange(5, 146), smooth, "step", "training loss\n(mean of five starts and ten steps)"
    ),
    "08/what-it-buys",
)

# %% tags=["check"]
# Check that the text is true.
final = {name: losses[:, -20:].mean(axis=1) for name, losses in curves.items()}
at_most(final["with batch norm"] - final["without batch norm"], -0.3, "08/what-it-buys")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With batch norm the loss falls from the first steps on and ends far lower, from each of the five starts. Nothing
# else differs between the two, except that the convolutions in front of a batch norm have no bias (section 6 shows
# that it would do nothing there). Section 4 looks at what happens inside, and section 5 at larger learning rates.
# </details>
#
# ## A puzzle
#
# This layer has a price. We ask the networks with batch norm about the same 2,000 test images twice, in batches of 100.
# The first time the images are shuffled, so that each batch has garments of all kinds. The second time they are sorted:
# batches of T-shirts, then batches of trousers, and so on. Weights and images are the same.
#
# > **Predict.** Can the order of the test images change the accuracy? By how much?


# %% tags=["nbval-ignore-output"]
@torch.no_grad()
def accuracy(network, order, batch_size):
    """The accuracy on the test images in this order, in the network's present mode."""
    hits = 0
    for batch in order.split(batch_size):
        hits += (network(x_test[batch]).argmax(1) == y_test[batch]).sum().item()
    return hits / len(order)


shuffled = torch.from_numpy(rng.permutation(2000))
by_class = torch.argsort(y_test, stable=True)
trained = [{key: value.clone() for key, value in net.state_dict().items()} for net in networks]
puzzle = {
    "shuffled": np.array([accuracy(network, shuffled, 100) for network in networks]),
    "sorted by class": np.array([accuracy(network, by_class, 100) for network in networks]),
}
table(puzzle.items(), {"order": "", "accuracy of the five networks": ".2f"})

# %% tags=["check"]
# Check that the text is true.
at_least(puzzle["shuffled"], 0.7, "08/puzzle-shuffled")
at_least(puzzle["shuffled"] - puzzle["sorted by class"], 0.2, "08/puzzle-sorted-is-worse")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# It falls to a fraction. Every layer of lessons 02 to 07 looks at one image at a time. Here the prediction for one
# image depends on *which other images are in the batch*. Is that a bug? No, the layer does what it was told to do.
# </details>
#
# Let us see what that is.
#
# ## 1. One channel, mean zero, variance one
#
# A batch norm layer gets a batch of feature maps, (N, C, H, W). For **each channel** it takes all $M = N \cdot H \cdot
# W$ numbers of that channel, from all images and all places, and computes
#
# $$ \mu_B = \frac1M \sum_{n,i,j} x[n, c, i, j], \qquad
#    \sigma^2_B = \frac1M \sum_{n,i,j} (x[n, c, i, j] - \mu_B)^2, $$
#
# $$ \hat x[n,c,i,j] = \frac{x[n,c,i,j] - \mu_B}{\sqrt{\sigma_B^2 + \varepsilon}}, \qquad
#    y[n,c,i,j] = \gamma[c]\, \hat x[n,c,i,j] + \beta[c]. $$
#
# Ioffe and Szegedy (2015) do this in front of every nonlinearity, at every step of training, with the statistics of the
# current batch. Small numbers first: a batch of two images of 1×3.

# %%
x = np.array([[1.0, 2, 3], [6, 7, 5]])[:, None, None]  # (2, 1, 1, 3)
mean, var = x.mean(), x.var()
x_hat = (x - mean) / np.sqrt(var + 1e-5)
print(f"mean {mean:.0f}, variance {var:.3f}")
print("x hat:", *x_hat[:, 0, 0])
print(f"afterwards: mean {abs(x_hat.mean()):.0f}, variance {x_hat.var():.3f}")

# %% [markdown]
# The formula as loops, and the same in five lines:


# %%
def batch_norm_loops(x, gamma, beta, eps=1e-5):
    N, C, H, W = x.shape
    M, y = N * H * W, np.empty_like(x)
    places = list(np.ndindex(N, H, W))
    for c in range(C):
        mean = sum(x[n, c, i, j] for n, i, j in places) / M
        var = sum((x[n, c, i, j] - mean) ** 2 for n, i, j in places) / M
        for n, i, j in places:
            y[n, c, i, j] = gamma[c] * (x[n, c, i, j] - mean) / np.sqrt(var + eps) + beta[c]
    return y


def batch_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    var = x.var(axis=(0, 2, 3), keepdims=True)
    x_hat = (x - mean) / np.sqrt(var + eps)
    return gamma[:, None, None] * x_hat + beta[:, None, None]


# %%
x = rng.normal(3, 2, size=(4, 3, 5, 6))
gamma, beta = rng.normal(size=3), rng.normal(size=3)
tensors = map(torch.from_numpy, (x, np.zeros(3), np.ones(3), gamma, beta))
by_torch = F.batch_norm(*tensors, training=True).numpy()
ways = {
    "loops": batch_norm_loops(x, gamma, beta),
    "five lines": batch_norm(x, gamma, beta),
    "NF.batch_norm": NF.batch_norm(x, None, None, gamma, beta, training=True),
}
table([(name, np.abs(y - by_torch).max() < 1e-12) for name, y in ways.items()],
      ["", "equals PyTorch to 1e-12"])  # fmt: skip

# %% [markdown]
# Four details that matter:
#
# - **Over N, H and W, not over C.** A filter is shared by all places, so its map is *one* feature. Normalising each
#   place separately would break equivariance (lesson 04); this way batch norm keeps it. There are $C$ means, $C$
#   variances, $2C$ parameters. Behind a linear layer there are no places: the input is (N, C), and $M = N$.
# - **γ and β** are learned. They look like a way to undo everything, and this is possible: $\gamma = \sigma$ and
#   $\beta = \mu$ bring $x$ back. The point is that mean and spread are now *two parameters of this layer*, and no
#   longer a side effect of all the layers below.
# - **ε** prevents a division by zero where a channel is constant. It is added to the variance, inside the root.
# - **Scale and offset before it have no effect**: the layer removes them, as long as the variance is much larger than ε.
#   (The next cell takes ε = 0 to show it exactly. The one after it has a channel whose variance is too small.)

# %%
undone = batch_norm(x, x.std(axis=(0, 2, 3)), x.mean(axis=(0, 2, 3)), eps=0)
y, shifted = batch_norm(x, gamma, beta, 0), np.roll(x, 2, axis=3)
vectors = rng.normal(size=(20, 3))  # (N, C), as behind a linear layer
by_columns = (vectors - vectors.mean(axis=0)) / np.sqrt(vectors.var(axis=0) + 1e-5)
by_torch = F.batch_norm(torch.from_numpy(vectors), None, None, training=True).numpy()
facts = [
    ("gamma = sigma, beta = mu gives x back", np.allclose(undone, x)),
    ("equivariant", np.allclose(batch_norm(shifted, gamma, beta, 0), np.roll(y, 2, axis=3))),
    ("5 x + 2 gives the same as x", np.allclose(y, batch_norm(5 * x + 2, gamma, beta, 0))),
    ("(N, C): a mean and a variance per column", np.allclose(by_columns, by_torch)),
]
table(facts, ["", "true"])

# %%
one, zero = np.ones(1), np.zeros(1)
constant = np.full((2, 1, 2, 2), 7.0)
faint = 7 + 1e-4 * rng.normal(size=(50, 1, 4, 4))
print("a constant channel gives", np.unique(batch_norm(constant, one, zero)))
y = batch_norm(faint, one, zero)
print(f"standard deviation 0.0001 becomes {y.std():.3f}: its variance is far below eps")

# %% [markdown]
# ## 2. When the batch is gone: running statistics
#
# At test time there may be a single image, and its prediction must not depend on other images. So the layer keeps an
# estimate of mean and variance for later. At each training step, with momentum $m = 0.1$:
#
# $$ \mu_{run} \leftarrow (1 - m)\, \mu_{run} + m\, \mu_B, \qquad
#    \sigma^2_{run} \leftarrow (1 - m)\, \sigma^2_{run} + m\, \tfrac{M}{M - 1}\, \sigma^2_B . $$
#
# In **training** mode, `train()`, the layer normalises with the batch's own $\mu_B, \sigma_B^2$ and updates the running
# ones. In **evaluation** mode, `eval()`, it normalises with the running ones and leaves them unchanged. Two traps:
#
# - `momentum` weighs the *new* value here. In gradient descent's momentum (lesson 09) it weighs the old one.
# - The factor $M/(M-1)$. To *normalise* the batch one divides by $M$: then the result has variance exactly 1. As an
#   *estimate* of the variance of all data, division by $M$ is too small on average ("biased"), by $(M-1)/M$. PyTorch
#   uses each where it belongs. Several well-known courses teach something else, so we let PyTorch decide.
#
# > **Predict.** Three batches of two images, with maps of 1×2, so $M = 4$. By how much do the two running variances
# > differ, the one that divides by $M$ and the one that divides by $M - 1$?

# %%
batches = rng.normal(2, 3, size=(3, 2, 3, 1, 2))
layer = nn.BatchNorm2d(3, dtype=torch.float64)
running = {"divided by M": np.ones(3), "divided by M - 1": np.ones(3)}
running_mean = np.zeros(3)
for x in batches:
    layer(torch.from_numpy(x))  # in training mode: updates its running statistics
    running_mean = 0.9 * running_mean + 0.1 * x.mean(axis=(0, 2, 3))
    for ddof, name in enumerate(running):  # NumPy's var divides by M - ddof: first 0, then 1
        running[name] = 0.9 * running[name] + 0.1 * x.var(axis=(0, 2, 3), ddof=ddof)
rows = [("PyTorch", layer.running_var.numpy(), True)]
for name, value in running.items():
    rows.append((name, value, np.allclose(value, layer.running_var)))
table(rows, {"": "", "running variance of three channels": ".3f", "equal": ""})

# %% tags=["check"]
# Check that the text is true.
assert np.allclose(running_mean, layer.running_mean)
assert np.allclose(running["divided by M - 1"], layer.running_var)
assert not np.allclose(running["divided by M"], layer.running_var, rtol=0.01)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# PyTorch divides by $M - 1$ here. With $M = 4$ each batch's variance is larger by a third ($\frac43$). The running
# variances differ by less, because they still hold a large part of the start, 1. With $M = 64 \cdot 28 \cdot 28$ the
# factor is nearly 1, and the error would go unnoticed, until one puts a batch norm after the last pooling, with maps
# of 1×1, and a small batch.
# </details>
#
# The running values start at 0 and 1, which describe no data. After $k$ steps they still hold a share
# $(1 - m)^k = 0.9^k$ of that start. So evaluation *early* in training gives a poor result even where the weights are
# good. We train five networks and look at them after 6, 15 and 60 steps, in both modes:

# %% tags=["nbval-ignore-output"]
looks = [6, 15, 60]
early = {"the batch's statistics": np.zeros((3, 5)), "eval()": np.zeros((3, 5))}
for seed in STARTS:
    torch.manual_seed(seed)
    young = cnn(4, pool=(0, 1))

    def look(step, young=young, seed=seed):
        if step in looks:
            early["eval()"][looks.index(step), seed] = accuracy(young.eval(), shuffled, 100)
            saved = {key: value.clone() for key, value in young.state_dict().items()}
            by_batch = accuracy(young.train(), shuffled, 100)
            young.load_state_dict(saved)  # the look itself has changed the running statistics
            early["the batch's statistics"][looks.index(step), seed] = by_batch

    train(young, steps=61, lr=0.3, watch=look)

rows = [(k, 0.9**k, *(f"{runs[place].mean():.2f} ± {runs[place].std(ddof=1):.2f}"
                      for runs in early.values())) for place, k in enumerate(looks)]  # fmt: skip
table(rows, {"steps": "d", "share of the start": ".3f"} | dict.fromkeys(early, ""),
      "Accuracy, mean and standard deviation of five networks")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
gap = early["the batch's statistics"] - early["eval()"]
at_least(gap[0], 0.07, "08/eval-too-early")
at_most(np.abs(gap[2].mean()), 0.15, "08/eval-after-60-steps")

# %% [markdown]
# **The batch's statistics are noisy**, and this has a useful side. Mean and variance of a batch depend on which images
# were drawn. So the same image gets a slightly different $\hat x$ in each batch, and the network cannot rely on the
# exact values. This is said to act like a mild regulariser. We measure only the noise itself. How large is it? We put
# one image into 50 different batches:

# %% tags=["nbval-ignore-output"]
first_map = networks[0][0](x_train).detach()[:, 0].numpy()  # channel 0, before its batch norm
draw, noise = np.random.default_rng(2), {}
for N in [4, 16, 64]:
    batches = [np.append(draw.integers(1, 10000, N - 1), 0) for _ in range(50)]  # image 0 is in all
    x_hat = [(first_map[0] - first_map[batch].mean()) / first_map[batch].std() for batch in batches]
    noise[N] = np.std(x_hat, axis=0).mean()
table(noise.items(), {"images per batch": "d", "standard deviation of x̂ over the batches": ".2f"})

# %% tags=["check"]
# Check that the text is true.
at_least(noise[4] / noise[64], 2, "08/small-batches-are-noisy")

# %% [markdown]
# With four times as many images the noise is about half as large.
#
# ## 3. Backward, two ways
#
# *(The derivation can wait. What the closed form means, at the end of this section, is used in section 5.)*
#
# Each $x$ influences its own output directly, and *all* outputs of its channel through $\mu_B$ and $\sigma^2_B$. The
# question of lesson 06 again: which outputs did this number influence, and by which factor?
#
# **First way: the graph.** Write the forward pass in steps that each do one thing, and go back through them. For one
# channel (sums and means are over its $M$ numbers; $g = \partial L/\partial y$):
#
# | forward | backward |
# | --- | --- |
# | $\mu = \text{mean}(x)$ | $\partial x$ gets, from $\mu$: $\partial\mu / M$ |
# | $d = x - \mu$ | $\partial x \mathrel{+}= \partial d$; $\partial\mu = -\sum \partial d$ |
# | $v = \text{mean}(d^2)$ | $\partial d \mathrel{+}= \partial v \cdot 2 d / M$ |
# | $s = (v + \varepsilon)^{-1/2}$ | $\partial v = -\frac12 s^3\, \partial s$ |
# | $\hat x = d s$ | $\partial d = \partial\hat x \cdot s$, $\partial s = \sum \partial\hat x \cdot d$ |
# | $y = \gamma\hat x+\beta$ | $\partial\hat x = \gamma g$, $\partial\gamma = \sum g\hat x$, $\partial\beta = \sum g$ |
#
# ($\partial\mu$ is short for $\partial L/\partial \mu$, and so on.) Read the right column from the bottom up. The code
# is for one channel, as the table is. (In the exercises you write it for all channels of a batch at once.)


# %%
def backward_graph(g, x, gamma, eps=1e-5):
    """One channel: g and x hold its M numbers, gamma is a number."""
    M = x.size
    mean = x.mean()
    d = x - mean
    v = (d**2).mean()
    s = (v + eps) ** -0.5
    x_hat = d * s

    grad_gamma, grad_beta = (g * x_hat).sum(), g.sum()
    grad_x_hat = gamma * g
    grad_d = grad_x_hat * s
    grad_s = (grad_x_hat * d).sum()
    grad_v = -0.5 * s**3 * grad_s
    grad_d = grad_d + grad_v * 2 * d / M
    grad_mean = -grad_d.sum()
    return grad_d + grad_mean / M, grad_gamma, grad_beta


# %% [markdown]
# **Second way: the closed form.** Put the lines into each other, one at a time.
#
# 1. Put $\partial s$ into $\partial v$, and $\partial v$ into what $\partial d$ gets from it:
#    $\;\partial v \cdot 2 d / M = -s^3\, d \cdot \frac1M \sum \partial\hat x\, d = -s^3\, d \cdot \text{mean}(\partial\hat
#    x\, d)$.
# 2. Write $d = \hat x / s$ in both places. Two of the three factors $s$ cancel: what is left is
#    $-s\, \hat x \cdot \text{mean}(\partial\hat x\, \hat x)$. With the other term of $\partial d$:
#    $$ \partial d = s\,\big(\partial\hat x - \hat x \cdot \text{mean}(\partial\hat x\; \hat x)\big). $$
# 3. Now $\partial\mu = -\sum \partial d$. Since $\sum \hat x = 0$, the second term adds nothing to this sum, so
#    $\partial\mu / M = -s\, \text{mean}(\partial\hat x)$.
# 4. Add the two: $\partial x = \partial d + \partial\mu / M = s\,\big(\partial\hat x - \text{mean}(\partial\hat x) - \hat x
#    \cdot \text{mean}(\partial\hat x\; \hat x)\big)$.
# 5. Last, $\partial\hat x = \gamma g$. The same $\gamma$ multiplies all $M$ numbers, so it can be taken out of the means:
#
# $$ \boxed{\; \frac{\partial L}{\partial x} = \frac{\gamma}{\sqrt{\sigma^2_B + \varepsilon}}
#    \Big( g - \text{mean}(g) - \hat x \cdot \text{mean}(g\, \hat x) \Big) \;} $$


# %%
def backward_closed(g, x, gamma, eps=1e-5):
    """One channel, as above."""
    s = 1 / np.sqrt(x.var() + eps)
    x_hat = (x - x.mean()) * s
    grad_x = gamma * s * (g - g.mean() - x_hat * (g * x_hat).mean())
    return grad_x, (g * x_hat).sum(), g.sum()


# %%
x, g = rng.normal(1, 2, size=(4, 3, 5, 6)), rng.normal(size=(4, 3, 5, 6))
c = 2  # the channel that we compare
closed = backward_closed(g[:, c], x[:, c], gamma[c])
tensors = [torch.from_numpy(a).requires_grad_() for a in (x, gamma, beta)]
y = F.batch_norm(tensors[0], None, None, tensors[1], tensors[2], training=True)
by_torch = torch.autograd.grad(y, tensors, torch.from_numpy(g))
package = NF.batch_norm_backward(g, x, None, None, gamma, beta, training=True)

ways = {"graph": backward_graph(g[:, c], x[:, c], gamma[c])}
for name, (of_x, of_gamma, of_beta) in {"PyTorch": by_torch,
                                        "NF": [package[k] for k in (0, 3, 4)]}.items():  # fmt: skip
    ways[name] = np.asarray(of_x)[:, c], float(of_gamma[c]), float(of_beta[c])
rows = [(name, *(np.abs(a - b).max() < 1e-10 for a, b in zip(closed, way, strict=True)))
        for name, way in ways.items()]  # fmt: skip
table(rows, ["", "x", "gamma", "beta"], "Gradients equal to the closed form's to 1e-10")

nudge = np.zeros_like(x)
nudge[1, c, 3, 4] = 1e-6
slope = ((batch_norm(x + nudge, gamma, beta) - batch_norm(x - nudge, gamma, beta)) * g).sum() / 2e-6
print(f"one entry, numerically {slope:.3f}, closed form {closed[0][1, 3, 4]:.3f}")

# %% tags=["check"]
# Check that the text is true.
assert all(all(row[1:]) for row in rows)
assert abs(slope - closed[0][1, 3, 4]) < 1e-6

# %% [markdown]
# **What the closed form says.** From the gradient two parts are taken away: its mean, and its part along $\hat x$. They
# are the directions in which a change of $x$ would do nothing: adding a constant to the channel, and (but for ε)
# scaling it.
#
# This leads to a trap for tests. Suppose a test checks a batch norm with `y.sum().backward()`. Then $g$ is all ones.
#
# > **Predict.** Three wrong backward passes: one returns zeros, one forgets that $\mu$ and $\sigma$ depend on $x$,
# > one forgets only the last term. Which of them pass the test with `sum()`?

# %%
axes = (0, 2, 3)
s = 1 / np.sqrt(x.var(axis=axes, keepdims=True) + 1e-5)
wrong = {
    "zeros": lambda g: np.zeros_like(g),
    "μ and σ are constants": lambda g: gamma[:, None, None] * s * g,
    "no last term": lambda g: gamma[:, None, None] * s * (g - g.mean(axis=axes, keepdims=True)),
}
ones, passed = np.ones_like(g), {}
true = {name: NF.batch_norm_backward(up, x, None, None, gamma, beta, training=True)[0]
        for name, up in {"ones": ones, "random": g}.items()}  # fmt: skip
for name, f in wrong.items():
    passed[name] = [
        np.allclose(f(ones), true["ones"], atol=1e-10),
        np.allclose(f(g), true["random"], atol=1e-10),
    ]
table([(name, *both) for name, both in passed.items()],
      ["backward pass", "passes under ones", "passes under a random g"])  # fmt: skip
largest = np.abs(true["ones"]).max().round(3)
print("largest entry of the true gradient under ones:", largest)

# %% tags=["check"]
# Check that the text is true.
assert [p[0] for p in passed.values()] == [True, False, True]
assert not any(p[1] for p in passed.values())

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The sum of a normalised channel is always $M \beta$, whatever $x$ is. So the true gradient of `y.sum()` with respect
# to $x$ is **zero**, and a function that returns zeros is right. In the third function $g - \text{mean}(g)$ is zero
# when $g$ is all ones, so its mistake is hidden, too. Only the second returns something else. Under a random upstream
# gradient all three fail.
# </details>
#
# One consequence for the layer below. If the weights of a convolution in front of a batch norm are multiplied by $a$,
# the output stays the same. So the loss does not depend on the weights' *length*: $L(aw) = L(w)$. The derivative of
# both sides with respect to $w$ is $a\, L'(aw) = L'(w)$. So the gradient shrinks by $1/a$:


# %%
def draw(*shape):
    return torch.from_numpy(rng.normal(size=shape))


images, weight, mix = draw(8, 2, 6, 6), draw(3, 2, 3, 3), draw(8, 3, 4, 4)
grads, rows = {}, []
for a in [1, 10]:
    w = (a * weight).requires_grad_()
    y = F.batch_norm(F.conv2d(images, w), None, None, training=True, eps=1e-12)
    loss = (torch.tanh(y) * mix).sum()
    (grads[a],) = torch.autograd.grad(loss, w)
    along = (grads[a] * w).sum().abs()
    rows.append((a, loss.item(), grads[a].norm().item(), along.item()))
table(rows, {"weights times": "d", "loss": ".3f", "length of the gradient": ".3f",
             "part along the weights": ".3f"})  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert torch.allclose(grads[10] * 10, grads[1])

# %% [markdown]
# The gradient has no part along the weights. This follows from $L(aw) = L(w)$, too: the derivative of both sides with
# respect to $a$, at $a = 1$, is $\sum w \cdot L'(w) = 0$ (the sum is over all weights). So each step of plain gradient
# descent is at right angles to the weights. Such a step makes the weights
# longer (Pythagoras), and longer weights get smaller gradients. So a step that was too large makes the following ones
# smaller by itself. Section 5 comes back to this.
#
# ## 4. Activations and gradients over depth
#
# **The claim**: *"Batch norm keeps activations from growing or collapsing."* Thirty convolutions of 3×3 with ReLU, no
# training yet. The weights are normal with the variance $2 / \text{fan\_in}$ that lesson 09 derives, and with half
# and twice that standard deviation. Here $\text{fan\_in} = C_{in} K^2$ is how many numbers enter one output. We measure
# the standard deviation after each ReLU, for one draw of the weights: what counts here are powers of ten.
#
# > **Predict.** Without batch norm, each of 30 layers doubles (or halves) what the right start would give. What is left
# > after all of them? With batch norm, does the start matter at all? And do the gradients keep their size on their way
# > back through 30 batch norms?


# %%
def signals(norm, gain, depth=30):
    """Standard deviation of each layer's output, root mean square of the gradient there."""
    torch.manual_seed(1)
    network, outputs = cnn(depth, width=16, norm=norm), []
    h = x_train[:64]
    for module in network:
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=gain * (2 / (9 * module.in_channels)) ** 0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        h = module(h)
        if isinstance(module, nn.ReLU):
            outputs.append(h)
    grads = torch.autograd.grad(F.cross_entropy(h, y_train[:64]), outputs)
    sizes = [o.std().item() for o in outputs], [g.pow(2).mean().sqrt().item() for g in grads]
    return np.array(sizes)


deep = {(norm, gain): signals(norm, gain) for norm in (False, True) for gain in (0.5, 1, 2)}

# %% tags=["plumbing"]
# Both quantities over the layers, on logarithmic axes.
lines = {f"{'with' if norm else 'without'}, × {gain}": sizes
         for (norm, gain), sizes in deep.items()}  # fmt: skip
panels = {
    title: {label: sizes[kind] for label, sizes in lines.items()}
    for kind, title in enumerate(("activations", "gradients"))
}
figure = viz.line_panels(
    np.arange(1, 31), panels, "layer", ["standard deviation", "root mean square"],
    log="y", legend="batch norm, start", markers=False,
)  # fmt: skip
for place, point, text in zip(figure.axes, [(18, 0.6), (8, 4e-4)], [(13, 60), (1, 0.05)],
                              strict=True):  # fmt: skip
    place.annotate("with: three lines coincide", point, text, fontsize=9,
                   arrowprops={"arrowstyle": "-", "color": "0.4"})  # fmt: skip
show(figure, "08/size-over-depth")

# %% tags=["plumbing"]
# The first and the last layer, compared.
rows = [
    ("with" if norm else "without", gain, np.log10(std[-1] / std[0]), np.log10(grad[0] / grad[-1]))
    for (norm, gain), (std, grad) in deep.items()
]
growth = (deep[True, 1][1][0] / deep[True, 1][1][-1]) ** (1 / 29)
table(rows, {"batch norm": "", "start ×": "", "activations, last over first": ".0f",
             "gradients, first over last": ".0f"}, "Powers of ten over 30 layers")  # fmt: skip
print(f"with batch norm, the gradient grows by a factor of {growth:.1f} per layer on its way back")

# %% tags=["check"]
# Check that the text is true.
assert all(np.ptp(np.log10(deep[True, gain][0])) < 0.3 for gain in (0.5, 1, 2))
assert deep[False, 2][0][-1] > 1e6 * deep[False, 2][0][0]
assert deep[False, 0.5][0][-1] < 1e-6 * deep[False, 0.5][0][0]
assert 1.1 < growth < 1.35

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# **The claim is true of activations**: with batch norm they are level over 30 layers, and the scale of the start does
# not matter at all. The three lines coincide because a batch norm removes any scale before it (section 1). Without it
# the activations collapse or explode, by a factor per layer, unless the start is just right.
#
# **It is not true of gradients.** With batch norm they *grow* towards the first layer, whatever the start: a fixed
# factor per layer. Yang and others (2019) computed it. For wide fully connected layers with ReLU it is
# $\sqrt{\pi / (\pi - 1)}$, which a later cell evaluates. Over 30 layers this makes two orders of magnitude.
# Yang and others report that very deep networks of this kind cannot be trained from the usual starts. Batch norm alone does not make very deep nets possible. Lesson 14 shows
# what does.
# </details>

# %% [markdown]
# ## 5. Training: histograms and learning rates
#
# Now we train six layers, from PyTorch's default start. Before each nonlinearity we collect what the ReLU is given, in
# every layer, again and again while the network learns: without and with batch norm, with the same learning rate, from one
# start each. (The opening has five.)
#
# PyTorch draws first weights evenly from $-1/\sqrt{\text{fan\_in}}$ to $1/\sqrt{\text{fan\_in}}$. A number drawn
# evenly from $-r$ to $r$ has the variance $r^2/3$, here $1/(3\,\text{fan\_in})$. That is a sixth of section 4's
# $2/\text{fan\_in}$, so the standard deviation is $1/\sqrt6 = 0.41$ times that of the middle start there.
#
# > **Predict.** What will the layers of the plain network look like at step 0? And at step 130?

# %% tags=["nbval-ignore-output"]
edges, frames = np.linspace(-3, 3, 41), list(range(0, 131, 10))


@torch.no_grad()
def given_to_relus(net):
    """What each ReLU gets; batch norms use the batch's statistics and keep their running ones."""
    h, given = x_test[:50], []
    for module in net:
        if isinstance(module, nn.ReLU):
            given.append(h.numpy().copy())
        if isinstance(module, nn.BatchNorm2d):
            h = F.batch_norm(h, None, None, module.weight, module.bias, training=True)
        else:
            h = module(h)
    return given


histograms, spreads, losses = {}, {}, {}
for name, norm in [("without batch norm", False), ("with batch norm", True)]:
    torch.manual_seed(0)
    net, seen = cnn(6, norm=norm), []
    losses[name] = train(net, steps=131, lr=0.2, watch=lambda step, net=net, seen=seen: (
        seen.append(given_to_relus(net)) if step in frames else None))  # fmt: skip
    histograms[name] = np.array([histogram_shares(given, edges) for given in seen])
    spreads[name] = np.array([[values.std() for values in given] for given in seen])

# %% tags=["plumbing", "nbval-ignore-output"]
# The losses at the end, and the histograms at the start and at the end.
table([(name, values[-20:].mean()) for name, values in losses.items()],
      {"": "", "loss, mean of the last 20 steps": ".2f"})  # fmt: skip
table([(name, values[0]) for name, values in spreads.items()],
      {"": "", "standard deviation at step 0, layers 1 to 6": ".2f"})  # fmt: skip
stills = {f"{name}, step {frames[k]}": histograms[name][k] for k in (0, -1) for name in histograms}
show(
    histogram_rows(stills, edges, "what the ReLU is given", columns=2, height=2.8),
    "08/histograms-during-training",
)

# %% tags=["check"]
# Check that the text is true.
at_most(spreads["without batch norm"][0, -1] / spreads["with batch norm"][0, -1], 0.1, "08/needles")
assert np.all(np.abs(spreads["with batch norm"][0] - 1) < 0.05)
at_least(losses["without batch norm"][-20:].mean(), 2.2, "08/six-plain-layers-guess")
at_most(losses["with batch norm"][-20:].mean(), 1.8, "08/six-normalised-layers-learn")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# At step 0 the second and the third layer of the plain network each have less than half the spread of the layer before
# (second table). Further up the spread stops shrinking, but that is no comfort. What is left is little more than the
# spread of the random *biases* from channel to channel, the same for every picture. (PyTorch draws them as it draws the
# weights. With 12 channels $\text{fan\_in}$ is 108, so their standard deviation is $1/\sqrt{3 \cdot 108} = 1/18 =
# 0.056$.) At the end the histograms have hardly changed, and the loss is that of guessing. The network with batch norm
# starts with six bells of standard deviation 1, and learns. Its bells need not *stay* at 1, because γ and β are
# learned. (Each histogram is scaled to its own height. The bars at $-3$ and 3 hold all that lies beyond.)
# </details>
#
# ### Try it yourself
#
# Run the next cell. Then drag *training step* (or reach it with Tab and use the arrow keys), or press *play*. Each row is
# a layer, the first at the bottom. Each histogram is scaled to its own height, and the outermost bins hold all that lies
# beyond.

# %% tags=["answer"]
from cnncourse.viz.widgets.histogram_player import HistogramPlayer

HistogramPlayer(histograms, spreads, frames, low=-3, high=3)

# %% [markdown]
# ### The largest learning rate
#
# The opening's network again, a little narrower (8 channels), with the *good* start of lesson 09, so that the plain
# one is not at a disadvantage. Fifty steps at each learning rate, five random starts each. (As in all trainings of this
# lesson, this is the rate of the first step. From there it falls to zero in a straight line.)
#
# > **Predict.** By how much does batch norm raise the best learning rate, the one with the smallest loss after the fifty
# > steps? Does the plain network still learn at that rate?

# %% tags=["nbval-ignore-output"]
rates = [0.1, 0.3, 1, 3, 10]


def loss_after(norm, lr, seed, steps=50):
    torch.manual_seed(seed)
    net = cnn(4, width=8, norm=norm, pool=(0, 1))
    for module in net:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    loss = train(net, steps, lr, batch_size=40)[-10:].mean()
    return min(loss, 4) if np.isfinite(loss) else 4  # 4: "exploded", to have it in the chart


reached = {
    name: np.array([[loss_after(norm, lr, seed) for seed in STARTS] for lr in rates])
    for name, norm in [("without batch norm", False), ("with batch norm", True)]
}

# %% tags=["plumbing", "nbval-ignore-output"]
# The losses reached, and their valleys.
rows = zip(rates, *(runs.mean(axis=1) for runs in reached.values()),
           *(runs.std(axis=1, ddof=1) for runs in reached.values()), strict=True)  # fmt: skip
table(rows, {"learning rate": ""} | dict.fromkeys(reached, ".2f")
      | {f"spread {name}": ".2f" for name in reached},
      "Loss after 50 steps, five starts")  # fmt: skip
ylabel = "loss after 50 steps (at most 4),\nfive starts (bars: standard deviation)"
figure = viz.line_chart(rates, reached, "learning rate", ylabel, log="x", size=(7, 3.2))
figure.axes[0].axhline(np.log(10), color="0.5", linewidth=1, linestyle=":")
figure.axes[0].annotate("guessing: log 10", (0.11, np.log(10)), (0, 4),
                        textcoords="offset points", fontsize=9)  # fmt: skip
show(figure, "08/loss-over-rate")

# %% tags=["check"]
# Check that the text is true.
with_norm, without = reached["with batch norm"], reached["without batch norm"]
at_most(with_norm[3] - without[3], -0.5, "08/learns-at-rate-3")
at_least(without[2:], 1.7, "08/plain-fails-from-rate-1")
at_most(with_norm[2:4].min(axis=0) - without.min(axis=0), -0.15, "08/gets-further")
best_rate = {name: np.log10(np.array(rates)[runs.argmin(axis=0)]) for name, runs in reached.items()}
times = best_rate["with batch norm"] - best_rate["without batch norm"]
at_least(times, np.log10(2), "08/best-rate-is-larger")
at_least(np.mean(with_norm[:2] - without[:2], axis=0), -0.2, "08/nothing-at-small-rates")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With batch norm, learning rates work that break the plain network, and in the same fifty steps it gets further.
# Compare the two lowest points: with batch norm the best rate is several times as large. At a rate of 3 it learns
# well, and the plain network hardly learns. At the two smallest rates batch norm does not help here. With a good start the plain network learns about as well there; it cannot use the
# larger rates. Section 3 gave one reason: the length of the weights does not matter, and a step that is too large
# makes the next ones smaller.
#
# *Why* batch norm helps is still argued about. The authors spoke of "internal covariate shift": each layer's input
# keeps changing its distribution while the layers below learn. Santurkar and others (2018) put noise with changing
# mean and variance *behind* each batch norm, so that the shift was back: it trained as well as before. They, and
# Bjorck and others (2018), point to two other causes: a smoother loss, and the larger learning rates. What we
# measured supports the larger learning rates. It says nothing about the smoothness of the loss or about the shift.
# </details>

# %% [markdown]
# ## 6. Four accidents
#
# ### eval() forgotten
#
# Back to the puzzle. The networks were still in training mode: each batch was normalised by its own mean. A batch of
# trousers has the mean of trousers, and *what all trousers have in common was subtracted*. In `eval()` each image is
# judged alone, and the order does not matter.
#
# There is a second harm. A look at the test images in training mode also *updates the running statistics*, with each
# batch. (They are the means and variances that `eval()` uses: section 2.) We forget `eval()` for **one** look at 1,000
# test images, then remember it and evaluate as one should. The weights never change.
#
# > **Predict.** The forgotten look had batches of 1, 10 or 100 images, shuffled or sorted by class. In which of
# > these cases is the *later* evaluation with `eval()` spoilt?

# %% tags=["nbval-ignore-output"]
sizes, orders = [1, 10, 100], {"shuffled": shuffled[::2], "sorted": by_class[::2]}
during, later = ({name: np.zeros((3, 5)) for name in orders} for _ in range(2))
correct, in_order = np.zeros(5), np.zeros(5)
for start, (network, state) in enumerate(zip(networks, trained, strict=True)):
    network.load_state_dict(state)  # as it was after training, before the puzzle
    correct[start] = accuracy(network.eval(), shuffled[::2], 100)
    in_order[start] = accuracy(network, shuffled[::2].sort().values, 100)
    for name, order in orders.items():
        for k, size in enumerate(sizes):
            network.load_state_dict(state)
            during[name][k, start] = accuracy(network.train(), order, size)  # eval() forgotten
            later[name][k, start] = accuracy(network.eval(), shuffled[::2], 100)  # and remembered

# %% tags=["plumbing", "nbval-ignore-output"]
# The accuracies in both situations, and their chart.
rows = [(f"{name}, batches of {size}", during[name][k].mean(), later[name][k].mean(),
         later[name][k].std(ddof=1))
        for name in orders for k, size in enumerate(sizes)]  # fmt: skip
table([("never in training mode", correct.mean(), correct.mean(), correct.std(ddof=1)), *rows],
      {"the forgotten look": "", "accuracy during it": ".2f", "accuracy later, in eval()": ".2f",
       "spread": ".2f"}, "Five networks")  # fmt: skip
panels = {
    title: found | {"eval() all along": np.full(3, correct.mean())}
    for title, found in [("during the forgotten look", during), ("later, in eval()", later)]
}
ylabel = "accuracy of five networks\n(bars: standard deviation)"
figure = viz.line_panels(sizes, panels, "images per batch in the look", ylabel, log="x",
                         sharey=True)  # fmt: skip
for axes_ in figure.axes[:2]:
    axes_.set_xticks(sizes, sizes)
    axes_.minorticks_off()
show(figure, "08/accuracy-over-batch-size")

# %% tags=["check"]
# Check that the text is true.
assert np.array_equal(correct, in_order)  # in eval() the order does not matter
at_least(during["shuffled"][2] - correct, -0.05, "08/large-shuffled-batches")
at_most(during["shuffled"][0] - correct, -0.2, "08/shuffled-ones")
at_most(during["sorted"].max(axis=0) - correct, -0.15, "08/sorted-batches")
at_most(later["sorted"][0] - correct, -0.07, "08/sorted-ones-spoil")
at_least(later["sorted"][2] - correct, -0.05, "08/sorted-hundreds-do-not")
at_least(later["shuffled"][1:] - correct, -0.05, "08/shuffled-tens-do-not")

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# *During* the look, sorted batches are poor at every size, and shuffled ones are good if they are large. *Later*, in
# `eval()`, large batches have done little harm, sorted or not: 10 batches of 100 leave running values that average
# over all classes. Sorted batches of one are different. After 1,000 updates the running statistics are those of the
# last dozens of images, and these are all ankle boots. One forgotten `eval()` has then spoilt the correct evaluation
# that follows, although no weight has changed. Sorted batches of ten do less harm, but not none.
# Shuffled batches of one can do a little, too: the variance within one image is smaller than the variance over many
# images.
# </details>
#
# `torch.no_grad()` does not help. It switches gradients off and has nothing to do with the mode:

# %%
network.load_state_dict(trained[4])
rows = []
for name, mode, context in [
    ("train(), with no_grad()", True, torch.no_grad),
    ("eval(), without no_grad()", False, torch.enable_grad),
]:
    network.train(mode)
    before = network[1].running_mean.clone()
    with context():
        network(x_test[:10])
    rows.append((name, torch.equal(before, network[1].running_mean)))
table(rows, ["", "running mean unchanged"])

# %% tags=["check"]
# Check that the text is true.
assert [unchanged for _, unchanged in rows] == [False, True]

# %% [markdown]
# ### A batch of one
#
# > **Predict.** A batch norm on maps of 1×1 in training, with two images in the batch. What are the possible outputs?
# > With one image?

# %%
two = rng.normal(size=(2, 3, 1, 1)) * [[[[1]], [[100]], [[1e4]]]]
ones, zeros = np.ones(3), np.zeros(3)
print("two images, 1×1 maps:", *batch_norm(two, ones, zeros)[:, :, 0, 0].round(2))

# %% tags=["plumbing"]
# One image, by both libraries, and one image with larger maps.
for normalise, image in [(NF.batch_norm, two[:1]), (F.batch_norm, torch.from_numpy(two[:1]))]:
    try:
        normalise(image, None, None, training=True)
    except ValueError as error:
        print("one image:", error)
one = rng.normal(size=(1, 3, 5, 5))
same = np.allclose(batch_norm(one, ones, zeros), NF.instance_norm(one))
print("one image, 5×5 maps: equals instance norm:", same)

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With two numbers, one is $+1$ and the other is $-1$, whatever they were: only the order is left. With one number
# nothing is left, and both libraries refuse. (It happens in practice when the last batch of an epoch has one image.)
# With larger maps one image is enough to compute, but the contrast of the whole image is lost. Small batches mean noisy
# statistics, as section 2 and the chart above show.
# </details>
#
# ### Statistics read too early
#
# Section 2 showed this accident. Until step 44 more than one per cent of the running statistics is the arbitrary
# start ($0.9^{43} = 0.011$). The same happens when a trained network gets a few steps of training on new images: most
# of the running statistics still describes the old ones. Remedies are more steps, or `momentum=None` (the plain
# average of all batches).
#
# ### A bias in front
#
# A convolution's bias adds a constant to its channel; batch norm subtracts it again.

# %%
images, weight, bias = (rng.normal(size=shape) for shape in [(4, 2, 6, 6), (3, 2, 3, 3), (3,)])
with_bias, without = NF.conv2d(images, weight, bias), NF.conv2d(images, weight)
same = np.allclose(batch_norm(with_bias, gamma, beta), batch_norm(without, gamma, beta))
g = rng.normal(size=without.shape)
grads = NF.batch_norm_backward(g, with_bias, None, None, gamma, beta, training=True)
grad_bias = grads[0].sum(axis=(0, 2, 3))
print("same output with and without the bias:", same)
print("gradient of the bias is zero:", np.abs(grad_bias).max() < 1e-10)

# %% tags=["check"]
# Check that the text is true.
assert same
assert np.abs(grad_bias).max() < 1e-10

# %% [markdown]
# It costs memory and never learns. So write `bias=False` in front of a batch norm; β takes its place. (Weight decay
# slowly shrinks such a bias, because no other gradient acts on it.)
#
# ## 7. Folding into the convolution
#
# *(This section can wait until you want to make a trained network faster.)*
#
# In evaluation, batch norm is a fixed scale and shift per channel: linear. So is the convolution before it. Two linear
# maps in a row are one:
#
# $$ w'[o] = \frac{\gamma[o]}{\sqrt{\sigma^2_{run}[o] + \varepsilon}}\; w[o], \qquad
#    b'[o] = \beta[o] + \frac{\gamma[o]}{\sqrt{\sigma^2_{run}[o] + \varepsilon}}\,\big(b[o] - \mu_{run}[o]\big). $$
#
# The trained network without its batch norms:


# %%
def fold(conv, norm):
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    b = torch.zeros_like(norm.bias) if conv.bias is None else conv.bias
    folded = nn.Conv2d(
        conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding
    )
    folded.weight.data = (conv.weight * factor[:, None, None, None]).detach()
    folded.bias.data = (norm.bias + (b - norm.running_mean) * factor).detach()
    return folded


network.load_state_dict(trained[4])
layers = list(network.eval())
pairs = zip(layers, layers[1:] + [None], strict=True)
plain = [
    fold(a, b) if isinstance(b, nn.BatchNorm2d) else a
    for a, b in pairs
    if not isinstance(a, nn.BatchNorm2d)
]
folded = nn.Sequential(*plain)
with torch.no_grad():
    difference = (folded(x_test) - network(x_test)).abs().max().item()
print(f"{len(layers)} layers become {len(folded)}; same logits to 1e-4: {difference < 1e-4}")

# %% tags=["check"]
# Check that the text is true.
assert difference < 1e-4

# %% [markdown]
# Other order, batch norm first and *then* the convolution: it looks just as linear.
#
# > **Predict.** Can a batch norm be folded into the convolution *behind* it, if that pads with zeros?

# %%
x, weight = rng.normal(size=(1, 2, 8, 8)), rng.normal(size=(1, 2, 3, 3))
mu, var, offset = np.array([2.0, -1]), np.array([4.0, 0.25]), np.array([0.5, 1])
true = NF.conv2d(NF.batch_norm(x, mu, var, np.ones(2), offset), weight, padding=1)
factor = 1 / np.sqrt(var + 1e-5)
folded_bias = (weight * (offset - mu * factor)[:, None, None]).sum(axis=(1, 2, 3))
attempt = NF.conv2d(x, weight * factor[:, None, None], folded_bias, padding=1)
error = np.abs(attempt - true)[0, 0]

# %% tags=["plumbing"]
# The two results, compared.
print(f"largest error inside {error[1:-1, 1:-1].max():.3f}, at the border {error.max():.3f}")
show(viz.value_row([error], ["error of this folding"]), "08/folding-backward-error")

# %% tags=["check"]
# Check that the text is true.
assert error[1:-1, 1:-1].max() < 1e-10
assert error.max() > 0.1

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Inside it works (white: no error). At the border the convolution reads padding, zeros that are added *after* the
# batch norm. In the folded network they are added *before* it, and would have to be $\mu - \beta\sigma/\gamma$
# instead. So the folding is exact without padding, and wrong at the border with it.
# </details>
#
# ## 8. The relatives
#
# *(This section can wait.)* All of these compute $(x - \mu)/\sqrt{\sigma^2 + \varepsilon}$. They differ in *which numbers
# share* a mean and a variance. The picture shows a batch of four images (rows) with six channels each (columns). Each
# map is drawn as 3×3 pixels. All that is averaged together with the first image's first channel is coloured.

# %% tags=["plumbing"]
# Four batches of maps, coloured.
show(normalisation_groups(images=4, channels=6, groups=2), "08/who-shares-a-mean")

# %%
x = rng.normal(1, 2, size=(4, 6, 5, 5))
t = torch.from_numpy(x)


def standardise(x, axes):
    return (x - x.mean(axis=axes, keepdims=True)) / np.sqrt(x.var(axis=axes, keepdims=True) + 1e-5)


by_batch = NF.batch_norm(x, None, None, training=True), F.batch_norm(t, None, None, training=True)
in_groups = standardise(x.reshape(4, 2, 3, 5, 5), (2, 3, 4)).reshape(x.shape)
relatives = {
    "batch": (standardise(x, (0, 2, 3)), *by_batch),
    "layer": (standardise(x, (1, 2, 3)), NF.layer_norm(x, (6, 5, 5)), F.layer_norm(t, (6, 5, 5))),
    "instance": (standardise(x, (2, 3)), NF.instance_norm(x), F.instance_norm(t)),
    "group": (in_groups, NF.group_norm(x, 2), F.group_norm(t, 2)),
}
rows = [(name, np.allclose(ours, package), np.allclose(ours, by_torch.numpy()))
        for name, (ours, package, by_torch) in relatives.items()]  # fmt: skip
table(rows, ["", "formula equals NF", "formula equals PyTorch"])
extremes = NF.group_norm(x, 1), NF.group_norm(x, 6)
same = [np.allclose(extreme, relatives[name][0])
        for extreme, name in zip(extremes, ["layer", "instance"], strict=True)]  # fmt: skip
print("group norm with 1 group is layer norm:", same[0], " with C groups instance norm:", same[1])

# %% tags=["check"]
# Check that the text is true.
assert all(same)
assert all(all(row[1:]) for row in rows)

# %% [markdown]
# Only batch norm mixes *images*. The other three need no running statistics and no `eval()`, and they work with a
# batch of one. (Wu and He, 2018, made group norm for large detectors, where only two images at a time fit on a GPU.)
# They also lose something. In evaluation they are not linear, so they cannot be folded. And they remove each image's
# own contrast. Transformers use layer norm.
#
# **Local response normalisation** is older (AlexNet, 2012) and of another kind: it subtracts nothing. Each number is
# divided by the strength of its neighbours *along the channels, at the same place*. (PyTorch calls the exponent $p$ of
# this formula `beta`. It has nothing to do with the offset β.)
#
# $$ y[n, c, i, j] = x[n,c,i,j] \Big/ \Big( k + \frac{\alpha}{\text{size}} \sum_{|c' - c| \le \text{size}/2}
#    x[n, c', i, j]^2 \Big)^{p}. $$

# %%
# AlexNet: size 5, p = 0.75, k = 2; α larger here, so that one sees something
size, alpha, p, k = 5, 1e-1, 0.75, 2.0
y = np.empty_like(x)
for c in range(6):
    near = x[:, max(0, c - size // 2) : c + size // 2 + 1]
    y[:, c] = x[:, c] / (k + alpha / size * (near**2).sum(axis=1)) ** p
by_torch = F.local_response_norm(t, size, alpha, p, k).numpy()
same = np.allclose(y, NF.local_response_norm(x, size, alpha, p, k)), np.allclose(y, by_torch)
print("loop equals NF:", same[0], "  equals PyTorch:", same[1])

# %%
others = x.copy()
others[1:] = rng.normal(size=(3, 6, 5, 5))  # the same first image, other images beside it
norms = {
    "batch": lambda x: NF.batch_norm(x, None, None, training=True),
    "layer": lambda x: NF.layer_norm(x, (6, 5, 5)),
    "instance": NF.instance_norm,
    "group": lambda x: NF.group_norm(x, 2),
    "local response": lambda x: NF.local_response_norm(x, size, alpha, p, k),
}
rows = [
    (name, np.allclose(f(x)[0], f(others)[0]), np.allclose(f(x), f(3 * x), atol=1e-3))
    for name, f in norms.items()
]
table(rows, ["", "the first image does not depend on the others", "x and 3 x give the same"])

# %% tags=["check"]
# Check that the text is true.
assert all(same)
assert [row[1] for row in rows] == [False, True, True, True, True]
assert [row[2] for row in rows] == [True, True, True, True, False]

# %% [markdown]
# ## Claims to test
#
# Sentences that one reads.
#
# 1. "Batch norm keeps activations from growing or collapsing."
# 2. "Batch norm cures vanishing and exploding gradients."
# 3. "PyTorch's running variance is the biased one."
# 4. "`torch.no_grad()` switches batch norm to evaluation."
# 5. "Batch norm makes the weights' initialisation irrelevant."
#
# > **Predict.** In what sense is each of them true?

# %%
level = max(np.ptp(np.log10(deep[True, gain][0])) for gain in (0.5, 1, 2))
theory = np.sqrt(np.pi / (np.pi - 1))
fresh = nn.BatchNorm2d(1)
with torch.no_grad():
    fresh(x_test[:10])
same_forward = np.allclose(deep[True, 0.5][0], deep[True, 2][0], rtol=0.01)
equal = cnn(3)
for module in equal:
    if isinstance(module, nn.Conv2d):
        nn.init.constant_(module.weight, 0.1)
spread = equal[:3](x_test[:10]).std(dim=1).max().item()

# %% tags=["plumbing"]
# The five measurements.
print(f"1. over 30 layers: with batch norm within a factor of {10**level:.1f}")
print(f"2. gradient per layer × {growth:.1f} (theory for wide layers {theory:.2f})")
print("3. the running variance divides by M - 1: see section 2")
print("4. running mean changed under no_grad():", bool(fresh.running_mean != 0))
print(f"5. outputs the same for half and double the scale: {same_forward}; "
      f"all weights equal: channels differ by {spread:.3f}")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert level < 0.3
assert bool(fresh.running_mean != 0)
assert same_forward
assert spread < 1e-5

# %% [markdown]
# <details><summary><b>Verdicts</b></summary>
#
# 1. **True**, at the start of training and measured behind each batch norm and ReLU: level over 30 layers, for any
#    scale of the weights. Later γ and β may scale it as they like.
# 2. **Not by itself.** Gradients keep growing by a factor per layer on the way back. It cures the wild dependence on
#    the start; depth needs shortcuts.
# 3. **False.** The normalisation uses the biased one, the running estimate the unbiased one.
# 4. **False.** Mode and gradients are two switches.
# 5. **Their scale, yes; the rest, no.** Equal filters stay equal (lesson 09), and the scale still sets how fast the
#    weights turn: gradients are proportional to one over their length.
# </details>

# %% [markdown]
# ## Summary
#
# 1. Per channel, over N, H and W: subtract the mean, divide by the root of variance plus ε, then γ and β.
# 2. Training uses the batch and updates the running values (momentum weighs the new; unbiased variance); `eval()` uses
#    the running ones.
# 3. Backward removes two parts of the gradient: its mean and its part along $\hat x$. Under `sum()` nothing remains, so
#    test with a random upstream gradient.
# 4. Activations stay level over depth and larger learning rates work; gradients still grow towards the first layer.
# 5. Call `eval()` before you evaluate, even once. Beware of tiny batches, drop the bias in front, and fold the layer
#    into the convolution for use.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded. The folded cell after them computes every number.
#
# **1.** A batch norm on (32, 64, 14, 14). How many parameters? How many running numbers? How many values enter one
# mean?
#
# <details><summary>Answer</summary>
#
# $2 \cdot 64 = 128$ parameters, 128 running numbers, $32 \cdot 14 \cdot 14 = 6{,}272$ values.
# </details>
#
# **2.** One channel holds 0, 0, 0, 4. What is $\hat x$ (ε = 0)? What does the running variance become from 1?
#
# <details><summary>Answer</summary>
#
# Mean 1, variance $(1 + 1 + 1 + 9)/4 = 3$: $-0.577$ three times, and $1.732$. Running: $0.9 + 0.1 \cdot 12/3 = 1.3$.
# </details>
#
# **3.** How many steps until the start's share of the running values is below one in a thousand?
#
# <details><summary>Answer</summary>
#
# $0.9^k < 0.001$: $k = 66$.
# </details>
#
# **4.** In eval mode, what is $\partial L/\partial x$?
#
# <details><summary>Answer</summary>
#
# $\gamma\, g / \sqrt{\sigma^2_{run} + \varepsilon}$: the statistics are constants there, so nothing is subtracted.
# </details>
#
# **5.** A network reaches an accuracy of 90 % on training batches and 10 % in `eval()`. Name two causes from this
# lesson.
#
# <details><summary>Answer</summary>
#
# Running statistics read too early or never updated (wrong momentum, a hand-written layer); or statistics of training
# batches that are unlike the test data, for instance sorted by class.
# </details>
#
# **6.** Two batch norms directly one after the other, in training mode: what does the second do, if the first has γ =
# 2?
#
# <details><summary>Answer</summary>
#
# It undoes the first one's γ and β (but for ε) and puts its own in their place.
# </details>

# %% tags=["plumbing"]
# The numbers of the answers.
layer = nn.BatchNorm2d(64)
running_numbers = layer.running_mean.numel() + layer.running_var.numel()
print("1.", sum(p.numel() for p in layer.parameters()), running_numbers, 32 * 14 * 14)
x = np.array([0.0, 0, 0, 4]).reshape(4, 1, 1, 1)
x_hat = batch_norm(x, np.ones(1), np.zeros(1), 0).ravel()
print("2.", x_hat, NF.batch_norm_running(x, np.zeros(1), np.ones(1))[1])
print("3.", int(np.argmax(0.9 ** np.arange(100) < 0.001)))
x, g = rng.normal(size=(2, 2, 3, 2, 2))
mu, var = rng.normal(size=3), rng.uniform(1, 2, 3)
evaluation = NF.batch_norm_backward(g, x, mu, var, gamma, beta)[0]
print("4.", np.allclose(evaluation, (gamma / np.sqrt(var + 1e-5))[:, None, None] * g))
once = batch_norm(x, np.ones(3), np.zeros(3))
twice = batch_norm(batch_norm(x, np.full(3, 2.0), np.ones(3)), np.ones(3), np.zeros(3))
print("6.", np.allclose(once, twice, atol=1e-3))

# %% [markdown]
# ## Where to read more
#
# - S. Ioffe, C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
#   shift", ICML (2015), arXiv:1502.03167.
# - S. Santurkar, D. Tsipras, A. Ilyas, A. Madry, "How does batch normalization help optimization?", NeurIPS (2018),
#   arXiv:1805.11604; J. Bjorck, C. Gomes, B. Selman, K. Weinberger, "Understanding batch normalization", NeurIPS
#   (2018), arXiv:1806.02375.
# - G. Yang, J. Pennington, V. Rao, J. Sohl-Dickstein, S. Schoenholz, "A mean field theory of batch normalization", ICLR
#   (2019), arXiv:1902.08129: why gradients grow.
# - Y. Wu, K. He, "Group normalization", ECCV (2018), arXiv:1803.08494; J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer
#   normalization" (2016), arXiv:1607.06450; D. Ulyanov, A. Vedaldi, V. Lempitsky, "Instance normalization" (2016),
#   arXiv:1607.08022.
# - A. Krizhevsky, I. Sutskever, G. E. Hinton, "ImageNet classification with deep convolutional neural networks",
#   NeurIPS (2012), section 3.3: local response normalisation.
# - Y. Wu, J. Johnson, "Rethinking 'Batch' in BatchNorm" (2021), arXiv:2105.07576: many more accidents.
#
# **Next:** do the [exercises of this unit](../exercises/08_batch_normalisation/08_batch_normalisation.ipynb), then go
# on to [09 Training a CNN](09_training.ipynb).
