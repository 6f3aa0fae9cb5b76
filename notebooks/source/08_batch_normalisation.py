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
# - normalise a batch by hand and in NumPy, as PyTorch does in training and in evaluation, running statistics included;
# - derive the backward pass in two ways, and say which two parts of a gradient batch norm removes;
# - measure what batch norm does to activations, gradients and the largest learning rate of a deep network;
# - recognise its four classic accidents: `eval()` forgotten, a batch of one, statistics read too early, a bias in
#   front;
# - fold a batch norm into a convolution, and say where layer, instance, group and local response norm differ.
#
# **Time** about 100 minutes, with the questions. The code runs in under a minute.
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

from cnncourse import data, show, viz
from cnncourse.numpy_nn import functional as NF
from cnncourse.viz.histograms import histogram_rows, histogram_shares

torch.set_num_threads(1)  # for networks as small as these a second thread costs more than it brings

# %% [markdown]
# `F` is PyTorch's `torch.nn.functional`; `NF` is the course's own in NumPy, with the same names.
#
# ## A puzzle
#
# We train a small CNN on garments, shrunk to 14×14 pixels. It has four convolutions, each followed by the layer that
# this lesson is about, `nn.BatchNorm2d`.


# %%
def garments(split, count):
    images, labels = data.fashion_mnist(split)
    x = F.avg_pool2d(torch.from_numpy(images[:count]).float()[:, None] / 255, 2)
    return (x - 0.29) / 0.32, torch.from_numpy(labels[:count])  # about mean 0 and variance 1


def cnn(depth, width=12, norm=True, pool=()):
    """`depth` 3×3 convolutions, each with batch norm (or not) and ReLU; mean; linear layer."""
    layers, c_in = [], 1
    for level in range(depth):
        layers += [nn.Conv2d(c_in, width, 3, padding=1, bias=not norm)]
        layers += [nn.BatchNorm2d(width)] * norm + [nn.ReLU()] + [nn.MaxPool2d(2)] * (level in pool)
        c_in = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10))


def train(network, x, labels, steps, rate, batch_size=50, seed=0, watch=None):
    """Gradient descent with a falling rate; returns the losses. Calls `watch(step)` each step."""
    draw, parameters, losses = torch.Generator().manual_seed(seed), list(network.parameters()), []
    for step in range(steps):
        if watch:
            watch(step)
        batch = torch.randint(len(x), (batch_size,), generator=draw)
        loss = F.cross_entropy(network(x[batch]), labels[batch])
        losses.append(loss.item())
        if not np.isfinite(losses[-1]):
            return losses + [np.inf] * (steps - step - 1)
        with torch.no_grad():
            for p, g in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                p.sub_(rate * (1 - step / steps) * g)
    return losses


# %% [markdown]
# Then we ask it about the same 2,000 test pictures twice. Once in batches of all kinds, shuffled. Once sorted: a batch
# of T-shirts, a batch of trousers, and so on. Weights and pictures are the same.
#
# > **Predict.** How can the order of the test pictures change the number of right answers?

# %% tags=["nbval-ignore-output"]
x_train, y_train = garments("train", 10000)
x_test, y_test = garments("test", 2000)
torch.manual_seed(0)
network = cnn(4, pool=(0, 1))
train(network, x_train, y_train, steps=250, rate=0.3)
trained = {name: value.clone() for name, value in network.state_dict().items()}


@torch.no_grad()
def right(network, order, batch_size):
    """The share of right answers with test pictures in this order, in the network's mode."""
    hits = [
        (network(x_test[batch]).argmax(1) == y_test[batch]).sum().item()
        for batch in order.split(batch_size)
    ]
    return sum(hits) / len(order)


shuffled = torch.from_numpy(rng.permutation(2000))
by_class = torch.argsort(y_test, stable=True)
puzzle = {}
for name, order in [("shuffled", shuffled), ("sorted by class", by_class)]:
    puzzle[name] = right(network, order, 100)
    print(f"{name:16} {puzzle[name]:.3f} right")

# %% tags=["check"]
# Check that the text is true.
assert puzzle["shuffled"] > 0.7
assert puzzle["sorted by class"] < puzzle["shuffled"] - 0.2

# %% [markdown]
# Every layer of lessons 02 to 07 looks at one picture at a time. Here the answer about one picture depends on *who else
# is in the batch*. Is that a bug? It is what the layer was told to do. Let us see what that is.
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
# In lesson 01 we did the same once, to the *input*. Ioffe and Szegedy (2015) do it in front of every nonlinearity, at
# every step of training, with the statistics of the batch at hand. Small numbers first: a batch of two images of 1×3.

# %%
x = np.array([[1.0, 2, 3], [6, 7, 5]])[:, None, None]  # (2, 1, 1, 3)
mean, variance = x.mean(), x.var()
normalised = (x - mean) / np.sqrt(variance + 1e-5)
print(f"mean {mean:.0f}, variance {variance:.3f}")
print("x hat:", *normalised[:, 0, 0])
print(f"afterwards: mean {abs(normalised.mean()):.0f}, variance {normalised.var():.3f}")

# %% [markdown]
# The formula as loops, and the same in five lines:


# %%
def batch_norm_loops(x, gamma, beta, eps=1e-5):
    N, C, H, W = x.shape
    y = np.empty_like(x)
    for c in range(C):
        mean = sum(x[n, c, i, j] for n in range(N) for i in range(H) for j in range(W)) / (
            N * H * W
        )
        square = sum(
            (x[n, c, i, j] - mean) ** 2 for n in range(N) for i in range(H) for j in range(W)
        ) / (N * H * W)
        for n, i, j in np.ndindex(N, H, W):
            y[n, c, i, j] = gamma[c] * (x[n, c, i, j] - mean) / np.sqrt(square + eps) + beta[c]
    return y


def batch_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    variance = x.var(axis=(0, 2, 3), keepdims=True)
    normalised = (x - mean) / np.sqrt(variance + eps)
    return gamma[:, None, None] * normalised + beta[:, None, None]


x = rng.normal(3, 2, size=(4, 3, 5, 6))
gamma, beta = rng.normal(size=3), rng.normal(size=3)
by_torch = F.batch_norm(
    *map(torch.from_numpy, (x, np.zeros(3), np.ones(3), gamma, beta)), training=True
).numpy()
for name, y in [
    ("loops", batch_norm_loops(x, gamma, beta)),
    ("five lines", batch_norm(x, gamma, beta)),
    ("NF.batch_norm", NF.batch_norm(x, None, None, gamma, beta, training=True)),
]:
    print(f"{name:14} equals PyTorch:", np.abs(y - by_torch).max() < 1e-12)

# %% [markdown]
# Three details that matter:
#
# - **Over N, H and W, not over C.** A kernel is shared by all places, so its map is *one* feature. Normalising each
#   place by itself would break equivariance (lesson 04); this way batch norm keeps it. There are $C$ means, $C$
#   variances, $2C$ parameters.
# - **γ and β** are learned. They look like a way to undo everything, and they can: $\gamma = \sigma$ and $\beta = \mu$
#   bring $x$ back. The point is that mean and spread are now *two parameters of this layer*, and no longer a side
#   effect of all the layers below.
# - **ε** keeps a constant channel from dividing by zero. It is a variance, inside the root.

# %%
undone = batch_norm(x, x.std(axis=(0, 2, 3)), x.mean(axis=(0, 2, 3)), eps=0)
print("gamma = sigma, beta = mu gives x back:", np.allclose(undone, x))

constant = np.full((2, 1, 2, 2), 7.0)
print("a constant channel:", np.unique(batch_norm(constant, np.ones(1), np.zeros(1))))
faint = 7 + 1e-4 * rng.normal(size=(50, 1, 4, 4))
y = batch_norm(faint, np.ones(1), np.zeros(1))
print(
    f"a channel with standard deviation 0.0001 gets {y.std():.3f}, for its variance is far below "
    "eps"
)

shifted = np.roll(x, 2, axis=3)
print(
    "equivariant:",
    np.allclose(batch_norm(shifted, gamma, beta), np.roll(batch_norm(x, gamma, beta), 2, axis=3)),
)
print(
    "does not see a scale or an offset before it:",
    np.allclose(batch_norm(x, gamma, beta, 0), batch_norm(5 * x + 2, gamma, beta, 0)),
)

# %% [markdown]
# ## 2. When the batch is gone: running statistics
#
# In use there may be one picture, and its answer must not depend on strangers. So the layer keeps an estimate of mean
# and variance for later. At each training step, with momentum $m = 0.1$:
#
# $$ \mu_{run} \leftarrow (1 - m)\, \mu_{run} + m\, \mu_B, \qquad
#    \sigma^2_{run} \leftarrow (1 - m)\, \sigma^2_{run} + m\, \tfrac{M}{M - 1}\, \sigma^2_B . $$
#
# In **training** mode, `train()`, the layer normalises with the batch's own $\mu_B, \sigma_B^2$ and updates the running
# ones. In **evaluation** mode, `eval()`, it normalises with the running ones and leaves them alone. Two traps:
#
# - `momentum` weighs the *new* value here. In gradient descent's momentum (lesson 09) it weighs the old one.
# - The factor $M/(M-1)$. To *normalise* the batch one divides by $M$: then the result has variance exactly 1. As an
#   *estimate* of the variance of all data, division by $M$ is too small on average ("biased"), by $(M-1)/M$. PyTorch
#   uses each where it belongs. Several well-known courses say otherwise, so we let PyTorch decide.
#
# > **Predict.** Three batches of two images, with maps of 1×2, so $M = 4$. By how much do the two rules differ?

# %%
batches = rng.normal(2, 3, size=(3, 2, 3, 1, 2))
layer = nn.BatchNorm2d(3, dtype=torch.float64)
running = {"divided by M": np.ones(3), "divided by M - 1": np.ones(3)}
running_mean = np.zeros(3)
for x in batches:
    layer(torch.from_numpy(x))  # in training mode: updates its running statistics
    running_mean = 0.9 * running_mean + 0.1 * x.mean(axis=(0, 2, 3))
    for ddof, name in enumerate(running):
        running[name] = 0.9 * running[name] + 0.1 * x.var(axis=(0, 2, 3), ddof=ddof)

print(f"{'PyTorch':18}", layer.running_var.numpy())
for name, value in running.items():
    print(f"{name:18}", value, " equal:", np.allclose(value, layer.running_var))
print("running mean equal:", np.allclose(running_mean, layer.running_mean))
unbiased_is_right = np.allclose(running["divided by M - 1"], layer.running_var)

# %% tags=["check"]
# Check that the text is true.
assert unbiased_is_right
assert not np.allclose(running["divided by M"], layer.running_var, rtol=0.01)

# %% [markdown]
# With $M = 64 \cdot 28 \cdot 28$ the factor is nearly 1, and the error would go unnoticed: until somebody puts a batch
# norm after the last pooling, with maps of 1×1, and a small batch.
#
# The running values start at 0 and 1, which are nobody's statistics. After $k$ steps they still hold a share
# $(1 - m)^k = 0.9^k$ of that start. So evaluation *early* in training is a lottery, with nothing wrong in the weights:

# %% tags=["nbval-ignore-output"]
start = 0.9 ** np.arange(60)
print("share of the start after 5, 20, 44 steps:", *[f"{start[k]:.3f}" for k in (5, 20, 44)])
early = {}
for steps in [5, 15, 60]:
    torch.manual_seed(0)
    young = cnn(4, pool=(0, 1))
    train(young, x_train, y_train, steps, rate=0.3)
    saved = {name: value.clone() for name, value in young.state_dict().items()}
    with_batch = right(young.train(), shuffled, 100)
    young.load_state_dict(saved)
    early[steps] = with_batch, right(young.eval(), shuffled, 100)
    print(
        f"after {steps:2} steps: {with_batch:.2f} right with the batch's statistics, "
        f"{early[steps][1]:.2f} in eval()"
    )

# %% tags=["check"]
# Check that the text is true.
assert early[5][1] < early[5][0] - 0.15
assert abs(early[60][1] - early[60][0]) < 0.15

# %% [markdown]
# ## 3. Backward, two ways
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
# ($\partial\mu$ is short for $\partial L/\partial \mu$, and so on.) Read the right column from the bottom up:

# %%
axes = (0, 2, 3)


def backward_graph(g, x, gamma, eps=1e-5):
    M = x.size // x.shape[1]
    gamma = gamma[:, None, None]
    mean = x.mean(axis=axes, keepdims=True)
    d = x - mean
    v = (d**2).mean(axis=axes, keepdims=True)
    s = (v + eps) ** -0.5
    x_hat = d * s

    grad_gamma, grad_beta = (g * x_hat).sum(axis=axes), g.sum(axis=axes)
    grad_x_hat = gamma * g
    grad_d = grad_x_hat * s
    grad_s = (grad_x_hat * d).sum(axis=axes, keepdims=True)
    grad_v = -0.5 * s**3 * grad_s
    grad_d = grad_d + grad_v * 2 * d / M
    grad_mean = -grad_d.sum(axis=axes, keepdims=True)
    return grad_d + grad_mean / M, grad_gamma, grad_beta


# %% [markdown]
# **Second way: the closed form.** Put the lines into each other. With $\partial v\, 2d/M = -s^3 d\, \frac1M\sum
# \partial\hat x\, d$ and $s\,d = \hat x$, the middle lines give
#
# $$ \partial d = s\,\big(\partial\hat x - \hat x \cdot \text{mean}(\partial\hat x\; \hat x)\big). $$
#
# Since $\sum \hat x = 0$, the second term adds nothing to $\sum \partial d$, so $\partial\mu / M = -s\,
# \text{mean}(\partial\hat x)$. Together:
#
# $$ \boxed{\; \frac{\partial L}{\partial x} = \frac{\gamma}{\sqrt{\sigma^2_B + \varepsilon}}
#    \Big( g - \text{mean}(g) - \hat x \cdot \text{mean}(g\, \hat x) \Big) \;} $$


# %%
def backward_closed(g, x, gamma, eps=1e-5):
    factor = 1 / np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    x_hat = (x - x.mean(axis=axes, keepdims=True)) * factor
    means = g.mean(axis=axes, keepdims=True), (g * x_hat).mean(axis=axes, keepdims=True)
    grad_x = gamma[:, None, None] * factor * (g - means[0] - x_hat * means[1])
    return grad_x, (g * x_hat).sum(axis=axes), g.sum(axis=axes)


x, g = rng.normal(1, 2, size=(4, 3, 5, 6)), rng.normal(size=(4, 3, 5, 6))
graph, closed = backward_graph(g, x, gamma), backward_closed(g, x, gamma)
tensors = [torch.from_numpy(a).requires_grad_() for a in (x, gamma, beta)]
y = F.batch_norm(tensors[0], None, None, tensors[1], tensors[2], training=True)
by_torch = [gradient.numpy() for gradient in torch.autograd.grad(y, tensors, torch.from_numpy(g))]
package = NF.batch_norm_backward(g, x, None, None, gamma, beta, training=True)

for name, k in [("x", 0), ("gamma", 1), ("beta", 2)]:
    assert np.abs(graph[k] - closed[k]).max() < 1e-10
    assert np.abs(closed[k] - by_torch[k]).max() < 1e-10
    assert np.abs(closed[k] - package[[0, 3, 4][k]]).max() < 1e-10
    print(f"gradient of {name:5}: graph, closed form, PyTorch and NF agree to 1e-10")

place, nudge = (1, 2, 3, 4), np.zeros_like(x)
nudge[place] = 1e-6
slope = ((batch_norm(x + nudge, gamma, beta) - batch_norm(x - nudge, gamma, beta)) * g).sum() / 2e-6
print(f"one entry, numerically {slope:.3f}, closed form {closed[0][place]:.3f}")

# %% tags=["check"]
# Check that the text is true.
assert abs(slope - closed[0][place]) < 1e-6

# %% [markdown]
# **What the closed form says.** From the gradient two parts are taken away: its mean, and its part along $\hat x$. They
# are the directions in which a change of $x$ would do nothing: adding a constant to the channel, and (but for ε)
# scaling it. A gradient along them would be a promise that batch norm cannot keep.
#
# Hence the trap that has fooled many a test. Somebody checks a batch norm with `y.sum().backward()`. Then $g$ is all
# ones.
#
# > **Predict.** Three wrong backward passes: one returns zeros, one forgets that $\mu$ and $\sigma$ depend on $x$,
# > one forgets only the last term. Which of them pass the test with `sum()`?

# %%
s = 1 / np.sqrt(x.var(axis=axes, keepdims=True) + 1e-5)
wrong = {
    "zeros": lambda g: np.zeros_like(g),
    "μ and σ are constants": lambda g: gamma[:, None, None] * s * g,
    "no last term": lambda g: gamma[:, None, None] * s * (g - g.mean(axis=axes, keepdims=True)),
}
passed = {}
for name, f in wrong.items():
    ones = np.ones_like(g)
    passed[name] = [
        np.allclose(f(up), backward_closed(up, x, gamma)[0], atol=1e-10) for up in (ones, g)
    ]
    print(
        f"{name:22} passes under ones: {passed[name][0]!s:5}  under a random g: {passed[name][1]}"
    )
print(
    "the true gradient under ones:",
    np.abs(backward_closed(np.ones_like(g), x, gamma)[0]).max().round(3),
)

# %% tags=["check"]
# Check that the text is true.
assert [p[0] for p in passed.values()] == [True, False, True]
assert not any(p[1] for p in passed.values())

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# The sum of a normalised channel is always $M \beta$, whatever $x$ is. So the true gradient of `y.sum()` with respect
# to $x$ is **zero**, and a function that returns zeros is right. Only a random upstream gradient tells them apart.
# </details>
#
# One consequence for the layer below. If the weights of a convolution in front of a batch norm are multiplied by $a$,
# the output stays the same. So the loss does not depend on the weights' *length*, and its gradient shrinks by $1/a$:

# %%
images, weight = (
    torch.from_numpy(rng.normal(size=(8, 2, 6, 6))),
    torch.from_numpy(rng.normal(size=(3, 2, 3, 3))),
)
mix = torch.from_numpy(rng.normal(size=(8, 3, 4, 4)))
grads = {}
for a in [1, 10]:
    w = (a * weight).requires_grad_()
    loss = (
        torch.tanh(F.batch_norm(F.conv2d(images, w), None, None, training=True, eps=1e-12)) * mix
    ).sum()
    (grads[a],) = torch.autograd.grad(loss, w)
    print(
        f"weights times {a:2}: loss {loss.item():.3f}, length of the gradient "
        f"{grads[a].norm().item():7.3f}, gradient along the weights "
        f"{abs((grads[a] * w).sum().item()):.3f}"
    )

# %% tags=["check"]
# Check that the text is true.
assert torch.allclose(grads[10] * 10, grads[1])

# %% [markdown]
# A step at right angles to the weights makes them longer (Pythagoras), and longer weights get smaller gradients. So a
# step that was too large makes the following ones smaller by itself. Keep this for section 5.
#
# ## 4. Activations and gradients over depth
#
# **The claim**: *"Batch norm keeps activations from growing or collapsing."* Thirty convolutions of 3×3 with ReLU, no
# training yet. The weights are normal with the variance $2 / \text{fan\_in}$ that lesson 09 derives, and with half and
# twice that standard deviation. We measure the standard deviation after each ReLU.
#
# > **Predict.** Without batch norm: 30 layers, each doubles (or halves) what the right start would give. With batch
# > norm: does the start matter at all? And the gradients on their way back through 30 batch norms: do they keep their
# > size too?


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
    return np.array([o.std().item() for o in outputs]), np.array(
        [g.pow(2).mean().sqrt().item() for g in grads]
    )


deep = {(norm, gain): signals(norm, gain) for norm in (False, True) for gain in (0.5, 1, 2)}
figure, places = viz.figure_grid(1, 2, size=(10, 3.4))
for place, kind, title in zip(places[0], (0, 1), ("activations", "gradients"), strict=True):
    lines = {
        f"{'with' if norm else 'without'}, start × {gain}": values[kind]
        for (norm, gain), values in deep.items()
    }
    viz.draw_lines(place, np.arange(1, 31), lines, markers=False)
    place.set_yscale("log")
    place.set(
        xlabel="layer",
        ylabel="standard deviation" if kind == 0 else "root mean square",
        title=title,
    )
figure.legend(
    *places[0, 0].get_legend_handles_labels(), title="batch norm", loc="outside right center"
)
show(figure, "08/size-over-depth")

# %%
for (norm, gain), (std, grad) in deep.items():
    print(f"batch norm {norm!s:5} start × {gain:<3}: "
          f"activations, last over first: 10^{round(np.log10(std[-1] / std[0])):<3}"
          f"gradients, first over last: 10^{round(np.log10(grad[0] / grad[-1]))}")  # fmt: skip
growth = (deep[True, 1][1][0] / deep[True, 1][1][-1]) ** (1 / 29)
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
# not matter at all (the three lines lie on one another: section 3's "does not see a scale"). Without it they
# collapse or explode, a factor per layer, unless the start is just right.
#
# **It is not true of gradients.** With batch norm they *grow* towards the first layer, whatever the start: a fixed
# factor per layer. Yang and others (2019) computed it: for wide fully connected layers with ReLU, it is
# $\sqrt{\pi / (\pi - 1)}$, which a later cell evaluates. Over 30 layers it makes two orders of magnitude; over 100 a
# network of this kind can hardly be trained. Batch norm alone does not make very deep nets possible. Lesson 14 shows
# what does.
# </details>

# %% [markdown]
# ## 5. Training: histograms and learning rates
#
# Now we train, six layers, from PyTorch's default start. Before each nonlinearity we collect what the ReLU is given, in
# every layer, again and again while the network learns: once without and once with batch norm, same learning rate.
#
# > **Predict.** PyTorch's default start has about 0.4 times the standard deviation of section 4's middle one. What will
# > the layers of the plain network look like at step 0? And at step 130?

# %% tags=["nbval-ignore-output"]
edges, frames = np.linspace(-3, 3, 41), list(range(0, 131, 10))
histograms, spreads, losses = {}, {}, {}
for name, norm in [("without batch norm", False), ("with batch norm", True)]:
    torch.manual_seed(0)
    net = cnn(6, norm=norm)
    shares, stds = [], []

    def watch(step, net=net, norm=norm, shares=shares, stds=stds):
        if step in frames:
            net.train()
            h, given = x_test[:50], []
            with torch.no_grad():
                for module in net:
                    if isinstance(module, nn.ReLU):
                        given.append(h.numpy().copy())
                    # the batch's statistics, without changing the running ones
                    h = F.batch_norm(h, None, None, module.weight, module.bias, True) if isinstance(
                        module, nn.BatchNorm2d) else module(h)  # fmt: skip
            shares.append(histogram_shares(given, edges))
            stds.append([values.std() for values in given])

    losses[name] = train(net, x_train, y_train, frames[-1] + 1, rate=0.2, watch=watch)
    histograms[name], spreads[name] = np.array(shares), np.array(stds)
    print(f"{name:19} loss, mean of the last 20 steps: {np.mean(losses[name][-20:]):.2f}")

# %% [markdown]
# ### Under your hands
#
# Drag *training step* (or reach it with Tab and use the arrow keys), or press *play*. Each row is a layer, the first at
# the bottom; each histogram is scaled to its own height, and the outermost bins hold all that lies beyond.

# %%
from cnncourse.viz.widgets.histogram_player import HistogramPlayer

HistogramPlayer(histograms, spreads, frames, low=-3, high=3)

# %% [markdown]
# The same as still pictures, at the start and at the end:

# %%
stills = {f"{name}, step {frames[k]}": histograms[name][k] for k in (0, -1) for name in histograms}
show(
    histogram_rows(stills, edges, "what the ReLU is given", columns=2, height=2.8),
    "08/histograms-during-training",
)

# %%
needles = spreads["without batch norm"][0] / spreads["with batch norm"][0]

# %% tags=["check"]
# Check that the text is true.
assert needles[-1] < 0.1
assert np.all(np.abs(spreads["with batch norm"][0] - 1) < 0.05)
assert np.mean(losses["with batch norm"][-20:]) < np.mean(losses["without batch norm"][-20:]) - 0.3

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# At step 0 the first layers of the plain network each hand on less than half of what they got. Further up the needles
# stop shrinking, but that is no comfort: what is left is little more than the spread of the random *biases* from
# channel to channel, the same for every picture. Nearly no gradient comes back, so the network has hardly moved by the
# end: its loss is that of guessing. The network with batch norm starts with six bells of standard deviation 1, and
# learns from the first step. Its bells need not *stay* at 1: γ and β move. That is their purpose.
# </details>
#
# ### The largest learning rate
#
# The puzzle's network again, with the *good* start of lesson 09, so that the plain one is not handicapped. Sixty steps
# at each learning rate, two random starts each.
#
# > **Predict.** By how much does batch norm raise the largest learning rate that still learns?

# %% tags=["nbval-ignore-output"]
rates = [0.01, 0.03, 0.1, 0.3, 1, 3, 10]


def loss_after(norm, rate, seed, steps=60):
    torch.manual_seed(seed)
    net = cnn(4, width=8, norm=norm, pool=(0, 1))
    for module in net:
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    loss = np.mean(train(net, x_train, y_train, steps, rate, batch_size=40, seed=seed)[-10:])
    return min(loss, 4) if np.isfinite(loss) else 4  # 4: "exploded", to have it in the chart


reached = {}
for name, norm in [("without batch norm", False), ("with batch norm", True)]:
    reached[name] = np.array(
        [np.mean([loss_after(norm, rate, seed) for seed in (0, 1)]) for rate in rates]
    )
    print(f"{name:19}", reached[name].round(2))
figure = viz.line_chart(
    rates, reached, "learning rate", "loss after 60 steps (at most 4)", log="x", size=(7, 3.2)
)
figure.axes[0].axhline(np.log(10), color="0.5", linewidth=1, linestyle=":")
figure.axes[0].annotate(
    "guessing: log 10", (0.011, np.log(10)), (0, 4), textcoords="offset points", fontsize=9
)
show(figure, "08/loss-over-rate")

# %%
learns = {
    name: [rates[k] for k in np.flatnonzero(values < 2.0)] for name, values in reached.items()
}

# %% tags=["check"]
# Check that the text is true.
assert max(learns["with batch norm"]) >= 3 * max(learns["without batch norm"], default=0.01)
assert min(reached["with batch norm"]) < min(reached["without batch norm"]) - 0.2

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# With batch norm, learning rates work that break the plain network, and in the same sixty steps it gets further.
# Section 3 gave one reason: the length of the weights does not matter, and too large a step tames itself.
#
# *Why* batch norm helps is still argued about. The authors spoke of "internal covariate shift": each layer's input
# keeps changing its distribution while the layers below learn. Santurkar and others (2018) put noise with changing
# mean and variance *behind* each batch norm, so that the shift was back: it trained as well as before. They, and
# Bjorck and others (2018), point to a smoother loss and to the larger learning rates instead. What we measured
# supports the latter and says nothing about the former.
# </details>

# %% [markdown]
# ## 6. Four accidents
#
# ### eval() forgotten
#
# Back to the puzzle. The network was still in training mode: each batch was normalised by its own mean. A batch of
# trousers has the mean of trousers, and *what all trousers have in common was subtracted*. In `eval()` each picture is
# judged alone:

# %% tags=["nbval-ignore-output"]
network.load_state_dict(trained)  # as it was after training, before the puzzle
accident = {
    "eval()": right(network.eval(), shuffled, 100),
    "eval(), sorted": right(network, by_class, 100),
}
sizes = [1, 2, 4, 10, 30, 100]
curve = {"train(), shuffled": [], "train(), sorted": []}
for size in sizes:
    for name, order in [("train(), shuffled", shuffled), ("train(), sorted", by_class)]:
        curve[name].append(right(network.train(), order, size))
accident["eval() afterwards"] = right(network.eval(), shuffled, 100)
curve["eval()"] = [accident["eval()"]] * len(sizes)
print({name: round(value, 3) for name, value in accident.items()})
figure = viz.line_chart(
    sizes, curve, "batch size at test time", "share of right answers", log="x", size=(7, 3.2)
)
figure.axes[0].set_xticks(sizes, sizes)
figure.axes[0].minorticks_off()
show(figure, "08/accuracy-over-batch-size")

# %% tags=["check"]
# Check that the text is true.
assert accident["eval()"] == accident["eval(), sorted"]
assert curve["train(), shuffled"][-1] > accident["eval()"] - 0.05
assert curve["train(), shuffled"][1] < accident["eval()"] - 0.05
assert max(curve["train(), sorted"]) < accident["eval()"] - 0.15

# %% [markdown]
# Worse, there is a lasting harm: each of these looks in training mode has *updated the running statistics* with test
# data, in the last case from odd little batches. So forgetting `eval()` once spoils the later, correct evaluation too:
# compare "eval()" and "eval() afterwards" in the output. And `torch.no_grad()` does not help; it stops gradients, and
# says nothing about the mode:

# %%
network.load_state_dict(trained)
network.train()
before = network[1].running_mean.clone()
with torch.no_grad():
    network(x_test[:10])
print(
    "no_grad() in training mode leaves the running mean alone:",
    torch.equal(before, network[1].running_mean),
)
network.eval()
before = network[1].running_mean.clone()
network(x_test[:10])
print("eval() without no_grad() leaves it alone:", torch.equal(before, network[1].running_mean))

# %% [markdown]
# ### A batch of one
#
# > **Predict.** A batch norm on maps of 1×1 in training, with two pictures in the batch. What are the possible outputs?
# > With one picture?

# %%
two = rng.normal(size=(2, 3, 1, 1)) * [[[[1]], [[100]], [[1e4]]]]
print("two pictures, 1×1 maps:", *batch_norm(two, np.ones(3), np.zeros(3))[:, :, 0, 0].round(2))
try:
    NF.batch_norm(two[:1], None, None, training=True)
except ValueError as error:
    print("NF:     ", error)
try:
    F.batch_norm(torch.from_numpy(two[:1]), None, None, training=True)
except ValueError as error:
    print("PyTorch:", error)
one = rng.normal(size=(1, 3, 5, 5))
instance = NF.instance_norm(one)
print(
    "one picture, 5×5 maps, equals instance norm:",
    np.allclose(batch_norm(one, np.ones(3), np.zeros(3)), instance),
)

# %% [markdown]
# With two numbers, one is $+1$ and the other is $-1$, whatever they were: only the order is left. With one number
# nothing is left, and both libraries refuse. (It happens in practice when the last batch of an epoch has one
# picture.) With larger maps one picture is enough to compute, but the contrast of the whole picture is thrown away.
# Small batches mean noisy statistics, as the curve above shows.
#
# ### Statistics read too early
#
# Section 2: before some 44 steps more than one percent of the running statistics is the arbitrary start. The same
# happens in fine-tuning with a handful of steps. Remedies: more steps, or `momentum=None` (the plain average of all
# batches).
#
# ### A bias in front
#
# A convolution's bias adds a constant to its channel; batch norm subtracts it again.

# %%
images, weight, b = (rng.normal(size=shape) for shape in [(4, 2, 6, 6), (3, 2, 3, 3), (3,)])
with_bias, without = (NF.conv2d(images, weight, bias) for bias in (b, None))
same = np.allclose(batch_norm(with_bias, gamma, beta), batch_norm(without, gamma, beta))
g = rng.normal(size=without.shape)
grad_bias = backward_closed(g, with_bias, gamma)[0].sum(axis=axes)
print("same output with and without the bias:", same)
print("gradient of the bias is zero:", np.abs(grad_bias).max() < 1e-10)

# %% tags=["check"]
# Check that the text is true.
assert same
assert np.abs(grad_bias).max() < 1e-10

# %% [markdown]
# It costs memory and never learns: write `bias=False` in front of a batch norm; β does its work. (Weight decay will
# slowly shrink such a bias, for no other gradient holds against it.)
#
# ## 7. Folding into the convolution
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


network.load_state_dict(trained)
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
print(f"largest error inside {error[1:-1, 1:-1].max():.3f}, at the border {error.max():.3f}")
show(viz.image_row([error], ["error of folding backwards"], height=2.2, bar=True),
     "08/folding-backward-error")  # fmt: skip

# %% tags=["check"]
# Check that the text is true.
assert error[1:-1, 1:-1].max() < 1e-10
assert error.max() > 0.1

# %% [markdown]
# <details><summary><b>What happened</b></summary>
#
# Inside it works. At the border the convolution reads padding: zeros *after* the batch norm. Folded, the zeros come
# *before* it and would have to be $\mu - \beta\sigma/\gamma$ instead. Exact with no padding; at the border not
# otherwise.
# </details>
#
# ## 8. The relatives
#
# All of these compute $(x - \mu)/\sqrt{\sigma^2 + \varepsilon}$. They differ in *which numbers share* a mean and a
# variance. The maps show images (rows) and channels (columns); marked is all that is averaged together with the first
# image's first channel, each time over all of H and W.

# %%
groups = {name: np.zeros((4, 6)) for name in ["batch", "layer", "instance", "group (2 groups)"]}
groups["batch"][:, 0] = groups["layer"][0] = groups["instance"][0, 0] = groups["group (2 groups)"][
    0, :3
] = 1
figure, places = viz.figure_grid(1, 4, size=(10, 1.9), sharey=True)
for place, (name, marked) in zip(places[0], groups.items(), strict=True):
    place.pcolormesh(
        np.arange(1, 7), np.arange(1, 5), marked, cmap="Blues", vmin=0, vmax=1.3, edgecolors="0.5"
    )
    place.set(title=name, xlabel="channel", xticks=range(1, 7), yticks=range(1, 5), aspect="equal")
places[0, 0].invert_yaxis()
places[0, 0].set_ylabel("image")
show(figure, "08/who-shares-a-mean")

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
for name, (ours, package, by_torch) in relatives.items():
    agree = np.allclose(ours, package) and np.allclose(ours, by_torch.numpy())
    print(f"{name:9} formula, NF and PyTorch agree: {agree}")
print(
    "group norm with 1 group is layer norm:",
    np.allclose(NF.group_norm(x, 1), relatives["layer"][0]),
    "  with C groups instance norm:",
    np.allclose(NF.group_norm(x, 6), relatives["instance"][0]),
)

# %% [markdown]
# Only batch norm mixes *images*. The other three need no running statistics, no `eval()`, and work with a batch of one
# (Wu and He, 2018, made group norm for detectors that fit two pictures on a GPU). What they lose: in evaluation they
# are not linear, so they cannot be folded, and they throw away each picture's own contrast. Layer norm
# rules in transformers.
#
# **Local response normalisation** is older (AlexNet, 2012) and of another kind: it subtracts nothing. Each number is
# divided by the strength of its neighbours *along the channels, at the same place*:
#
# $$ y[n, c, i, j] = x[n,c,i,j] \Big/ \Big( k + \frac{\alpha}{\text{size}} \sum_{|c' - c| \le \text{size}/2}
#    x[n, c', i, j]^2 \Big)^{\beta}. $$

# %%
# AlexNet: size 5, β 0.75, k 2; α larger here, so that one sees something
size, alpha, b, k = 5, 1e-1, 0.75, 2.0
y = np.empty_like(x)
for c in range(6):
    near = x[:, max(0, c - size // 2) : c + size // 2 + 1]
    y[:, c] = x[:, c] / (k + alpha / size * (near**2).sum(axis=1)) ** b
print(
    "loop equals NF:",
    np.allclose(y, NF.local_response_norm(x, size, alpha, b, k)),
    "  equals PyTorch:",
    np.allclose(y, F.local_response_norm(t, size, alpha, b, k).numpy()),
)
company = x.copy()
company[1:] = rng.normal(size=(3, 6, 5, 5))
norms = {
    "batch": lambda x: NF.batch_norm(x, None, None, training=True),
    "layer": lambda x: NF.layer_norm(x, (6, 5, 5)),
    "instance": NF.instance_norm,
    "group": lambda x: NF.group_norm(x, 2),
    "local response": lambda x: NF.local_response_norm(x, size, alpha, b, k),
}
for name, f in norms.items():
    alone = np.allclose(f(x)[0], f(company)[0])
    scaled = np.allclose(f(x), f(3 * x), atol=1e-3)
    print(
        f"{name:15} the first image does not depend on the others: {alone!s:5}   blind to the "
        f"scale of x: {scaled}"
    )

# %% [markdown]
# ## Claims to test
#
# Decide for each in what sense it is true, then run the cell.
#
# 1. "Batch norm keeps activations from growing or collapsing."
# 2. "Batch norm cures vanishing and exploding gradients."
# 3. "PyTorch's running variance is the biased one."
# 4. "`torch.no_grad()` switches batch norm to evaluation."
# 5. "Batch norm makes the weights' initialisation irrelevant."

# %%
level = max(np.ptp(np.log10(deep[True, gain][0])) for gain in (0.5, 1, 2))
print(f"1. over 30 layers: with batch norm within a factor of {10**level:.1f}")
print(
    f"2. gradient per layer × {growth:.1f} (theory for wide layers "
    f"{np.sqrt(np.pi / (np.pi - 1)):.2f})"
)
print("3. divided by M - 1 is PyTorch's:", unbiased_is_right)
fresh = nn.BatchNorm2d(1)
with torch.no_grad():
    fresh(x_test[:10])
print("4. running mean changed under no_grad():", bool(fresh.running_mean != 0))
same_forward = np.allclose(deep[True, 0.5][0], deep[True, 2][0], rtol=0.01)
zero = cnn(3)
for module in zero:
    if isinstance(module, nn.Conv2d):
        nn.init.constant_(module.weight, 0.1)
spread = zero[:3](x_test[:10]).std(dim=1).max().item()
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
#    weights turn: gradients go with one over their length.
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
# 5. Call `eval()`, beware of tiny batches, drop the bias in front; fold into the convolution for use.

# %% [markdown]
# ## Questions
#
# Answer first, on paper. The explanations are folded; the cell after them computes every number.
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
# **5.** A student's network reaches 90 % on training batches and 10 % in `eval()`. Name two causes from this lesson.
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

# %%
layer = nn.BatchNorm2d(64)
running_numbers = layer.running_mean.numel() + layer.running_var.numel()
print("1.", sum(p.numel() for p in layer.parameters()), running_numbers, 32 * 14 * 14)
x = np.array([0.0, 0, 0, 4]).reshape(4, 1, 1, 1)
print(
    "2.",
    batch_norm(x, np.ones(1), np.zeros(1), 0).ravel(),
    NF.batch_norm_running(x, np.zeros(1), np.ones(1))[1],
)
print("3.", int(np.argmax(0.9 ** np.arange(100) < 0.001)))
x, g, mu, var = (
    rng.normal(size=(2, 3, 2, 2)),
    rng.normal(size=(2, 3, 2, 2)),
    rng.normal(size=3),
    rng.uniform(1, 2, 3),
)
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
